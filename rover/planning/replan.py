"""The exact search that keeps what it has learnt: costs change in windows, the start moves, the goal stays.

The search runs outwards from the goal, so that what changes near the rover touches the last labels only. There is no
heuristic, unlike in D* Lite (Koenig and Likhachev 2002): the order of cells then does not depend on the start, which
may move freely, and one label per cell will do.

Why the answer is exact. Each cell has a label and, unless it is the goal, a parent. Two laws hold whenever a cell is
taken up:

1. A label that is not raised is no less than its parent's label plus the move between them.
2. No label is more than a quiet neighbour's label plus the move between them.

An edit raises what breaks law 1 and opens what breaks law 2. A raised cell that is taken up raises its children and is
relabelled by its quiet neighbours; an open one becomes quiet and relabels its neighbours. Both keep the laws whatever
the order. What hangs on an edit and is less than the start's label is therefore lifted at once, before any open cell
is taken up; what is not waits for its turn, which for ground behind the rover never comes. Of a small window all labels
are taken away and made anew by sweeps (`window_kernels`), which keeps the laws as well.

Now let the start be quiet, with a label no more than K, the least label of any open or raised cell. Labels fall along
parents, so from the start to the goal all are quiet, and by law 1 the start's label is no less than the cost of that
way. Were another way cheaper, then along it, from the goal, there would be a first cell that is not quiet or whose
label is more than the way so far. By law 2 its label is no more; so it is open or raised, and less than K, which was
the least. Sums are those of floating point: monotonic, and taken one step up where rounding would lose the move. So
labels below K equal those of a search afresh bit for bit, and a way read off them depends on the costs alone.
"""

from __future__ import annotations

import math
import sys

import numpy as np
import numpy.typing as npt

from rover.core.errors import PlaceError
from rover.planning.astar import GridRoute
from rover.planning.explain import nearest_free
from rover.planning.grid_checks import Cell, checked_cell, costs_and_extremes, refuse_unaddable
from rover.planning.problem import Cause, NoPlan
from rover.planning.replan_kernels import (
    OPEN,
    changed_in_rows,
    descend,
    replace_window,
    settle,
    tidy,
)
from rover.planning.spread_kernels import spread
from rover.planning.window_kernels import mend, put_prices

Costs = npt.NDArray[np.floating]

_MOST_BUCKETS = 4096
"""Beyond this ratio of costs the first search takes the heap."""
_LEAST_ANEW = 4096
"""Cells to repair before a search afresh is thought of, which is at a third of the map."""
_MOST_SWEPT = 1 << 14
"""Cells of a window that is labelled anew as a whole; of a larger one only what has changed is gone into."""
_LOOSE_ENTRIES = 4096
"""Entries that may be added to twice what the heap held when last tidied."""


class IncrementalSearch:
    """Ways of least cost to one goal over a grid whose costs change.

    Moves and prices are those of `rover.planning.astar.search_grid`. It holds 17 bytes per cell, the costs included,
    and at most some 32 for each open one. The first route labels the cells that are no farther from the goal than its
    start; a start that is farther extends them.
    """

    def __init__(
        self, cost_s_per_m: Costs, goal: Cell, *, resolution_m: float, corner_cutting: bool = False
    ) -> None:
        """Take the costs over; nothing is searched yet.

        Args:
            cost_s_per_m: (rows, cols), positive; +inf is lethal. Copied.
            goal: (row, col).
            resolution_m: Side of a cell.
            corner_cutting: Whether a diagonal may pass a lethal orthogonal neighbour.

        Raises:
            CostMapError, PlaceError: As `search_grid`.
        """
        cost, least, greatest = costs_and_extremes(cost_s_per_m, resolution_m)
        self.goal = checked_cell("goal", goal, cost.shape)
        self.shape: tuple[int, int] = (cost.shape[0], cost.shape[1])
        self.resolution_m = float(resolution_m)
        self.corner_cutting = bool(corner_cutting)
        self._width = self.shape[1] + 2
        count = (self.shape[0] + 2) * self._width
        self._nodes = np.full((count, 2), math.inf)
        self._state = np.zeros(count, np.uint8)
        self._least, self._greatest = math.inf, 0.0
        self._admit(least, greatest)
        self._prices()[:] = cost
        self._labelled = False
        self._keys: npt.NDArray[np.float64]
        self._items: npt.NDArray[np.int64]
        self._raised: npt.NDArray[np.int64]
        self._entries: int
        self._listed: int
        self._forget()

    @property
    def cost_s_per_m(self) -> npt.NDArray[np.float64]:
        """(rows, cols) the costs as they are now; a read-only view."""
        view = self._prices()
        view.flags.writeable = False
        return view

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays held."""
        held = (self._nodes, self._state, self._keys, self._items, self._raised)
        return sum(array.nbytes for array in held)

    def changed_in_rows(self, cost_s_per_m: Costs) -> npt.NDArray[np.int64]:
        """Return (rows, 2) int64: of each row the first column in which other costs differ, and the last and one.

        Both are 0 where the row is the same.

        Raises:
            ValueError: `cost_s_per_m` has another shape.
        """
        if np.shape(cost_s_per_m) != self.shape:
            raise ValueError(f"costs of shape {np.shape(cost_s_per_m)} beside {self.shape}")
        spans: npt.NDArray[np.int64] = changed_in_rows(self._nodes, cost_s_per_m)
        return spans

    def edit(self, row: int, col: int, window: Costs) -> None:
        """Replace the costs of a window.

        Args:
            row, col: Its first cell.
            window: (rows, cols), positive; +inf is lethal. Cells may open, close, become cheaper or dearer.

        Raises:
            CostMapError: As `search_grid` for the window; nothing is changed.
            PlaceError: The window does not lie inside the map; nothing is changed.
        """
        row, col = checked_cell("window", (row, col), self.shape)
        cost, least, greatest = costs_and_extremes(window, self.resolution_m, (row, col))
        last = (row + cost.shape[0] - 1, col + cost.shape[1] - 1)
        if last[0] >= self.shape[0] or last[1] >= self.shape[1]:
            raise PlaceError(
                f"reaches outside the map of {self.shape[0]} rows and {self.shape[1]} columns",
                remedy="give a window that ends inside",
                field="window",
                value=f"({row}, {col}) to {last}",
            )
        self._admit(least, greatest)
        labelled, self._labelled = self._labelled, False  # if this is cut short, the next route begins anew
        if not labelled or cost.size <= _MOST_SWEPT:
            put_prices(self._nodes, self._width, row, col, cost)
            if labelled:
                self._windows.append((row, col, *cost.shape))
        else:
            self._raised, self._listed, self._keys, self._items, self._entries = replace_window(
                self._nodes, self._state, self._width, self._node(self.goal), self.resolution_m, self.corner_cutting,
                row, col, cost, self._raised, self._listed, self._keys, self._items, self._entries,
            )  # fmt: skip
        self._labelled = labelled

    def route(self, start: Cell) -> GridRoute | NoPlan:
        """Return a way of least cost from `start` to the goal; the same whatever was asked and edited before.

        `expanded` and `generated` count this call's work alone.

        Raises:
            PlaceError: Start is not a whole (row, col) inside the map.
        """
        start = checked_cell("start", start, self.shape)
        for cell, cause in ((start, Cause.START_LETHAL), (self.goal, Cause.GOAL_LETHAL)):
            if math.isinf(self._nodes[self._node(cell), 1]):
                return self._lethal_end(cell, cause)
        node = self._node(start)
        labelled, self._labelled = self._labelled, False
        expanded, generated = self._repair(node) if labelled else self._search(node)
        self._tidy()
        self._labelled = True
        cost_s = float(self._nodes[node, 0])
        if math.isinf(cost_s):
            return NoPlan(
                cause=Cause.NO_ROUTE,
                where=f"lethal cells close in those from which {self.goal} can be reached, {start} not among them",
                remedy="raise a limit or choose another goal",
                expanded=expanded,
            )
        cells = descend(
            self._nodes, self._width, node, self._node(self.goal), self.resolution_m, self.corner_cutting
        )
        return GridRoute(
            cells=cells, cost_s=cost_s, expanded=expanded, generated=generated, lower_bound_s=cost_s
        )

    def _node(self, cell: Cell) -> int:
        return (cell[0] + 1) * self._width + cell[1] + 1

    def _prices(self) -> npt.NDArray[np.float64]:
        return self._nodes[:, 1].reshape(self.shape[0] + 2, self._width)[1:-1, 1:-1]

    def _admit(self, least: float, greatest: float) -> None:
        """Take note of the range of new costs, or refuse them."""
        refuse_unaddable(greatest, self.resolution_m, self.shape[0] * self.shape[1])
        self._least = min(self._least, least)
        self._greatest = max(self._greatest, greatest)

    def _forget(self) -> None:
        """Let go of the heap and of the list of raised nodes; labels are worth nothing without them."""
        self._keys = np.empty(_LOOSE_ENTRIES, np.float64)
        self._items = np.empty(_LOOSE_ENTRIES, np.int64)
        self._raised = np.empty(_LOOSE_ENTRIES, np.int64)
        self._entries = self._tidied = self._listed = 0
        self._windows: list[tuple[int, ...]] = []

    def _search(self, start: int) -> tuple[int, int]:
        """Label from nothing; return how many nodes were expanded and generated."""
        self._forget()
        self._nodes[:, 0] = math.inf
        self._state[:] = 0
        goal, moves = self._node(self.goal), (self.resolution_m, self.corner_cutting)
        buckets = self._least * self.resolution_m >= sys.float_info.min  # or their number per cost overflows
        if not buckets or self._greatest / self._least > _MOST_BUCKETS:
            return self._search_by_heap(start)
        self._keys, self._items, self._entries, expanded, generated = spread(
            self._nodes, self._state, self._width, start, goal, *moves, self._least, self._greatest
        )
        return expanded, generated

    def _search_by_heap(self, start: int) -> tuple[int, int]:
        goal = self._node(self.goal)
        self._nodes[goal, 0], self._state[goal] = 0.0, OPEN
        self._keys[0], self._items[0], self._entries = 0.0, goal, 1
        return self._settle(start, len(self._nodes) ** 2)

    def _settle(self, start: int, most: int) -> tuple[int, int]:
        self._keys, self._items, self._entries, expanded, generated = settle(
            self._nodes, self._state, self._width, start, self.resolution_m, self.corner_cutting,
            self._keys, self._items, self._entries, most,
        )  # fmt: skip
        return expanded, generated

    def _repair(self, start: int) -> tuple[int, int]:
        """Make the label of `start` true again, and those it rests on; return nodes expanded and generated."""
        most = max(_LEAST_ANEW, len(self._nodes) // 3)
        windows = np.array(list(dict.fromkeys(self._windows)), np.int64).reshape(-1, 4)
        if int((windows[:, 2] * windows[:, 3]).sum()) > most:
            return self._search(start)
        self._raised, self._keys, self._items, self._entries, lifted, swept = mend(
            self._nodes, self._state, self._width, start, self._node(self.goal), self.resolution_m,
            self.corner_cutting, windows, self._raised, self._listed, self._keys, self._items, self._entries, most,
        )  # fmt: skip
        self._windows.clear()
        self._listed = 0
        if lifted > most:
            return self._search(start)
        expanded, generated = self._settle(start, most)
        if expanded > most:
            more, made = self._search(start)
            return swept + expanded + more, generated + made
        return swept + expanded, generated

    def _tidy(self) -> None:
        """Keep the heap from growing with every edit: what lies beyond the start is never taken up."""
        if self._entries > 2 * self._tidied + _LOOSE_ENTRIES:
            self._entries = self._tidied = tidy(
                self._nodes, self._state, self._keys, self._items, self._entries
            )

    def _lethal_end(self, cell: Cell, cause: Cause) -> NoPlan:
        end = "start" if cause is Cause.START_LETHAL else "goal"
        free = nearest_free(np.isfinite(self.cost_s_per_m), cell)
        remedy = "no cell of the map is free" if free is None else f"the nearest free cell is {free}"
        return NoPlan(cause=cause, where=f"the {end} cell {cell} is lethal", remedy=remedy)
