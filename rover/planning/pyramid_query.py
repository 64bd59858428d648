"""One question of a pyramid on its way to an answer: a route, then the proof of its bound."""

from __future__ import annotations

import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import TimeLimitError
from rover.core.memory import check_memory
from rover.core.strips import threads
from rover.planning.astar import GridRoute, search_grid
from rover.planning.grid_checks import Cell
from rover.planning.problem import Cause, NoPlan
from rover.planning.pyramid import Pyramid
from rover.planning.pyramid_codes_kernels import BLOCK
from rover.planning.pyramid_front import UNBOUNDED, Front
from rover.planning.pyramid_kernels import meet
from rover.planning.pyramid_landmarks import octile_beyond

Units = npt.NDArray[np.int64]

_HALF_WIDTHS = (4, 16)
"""Blocks to each side of the guide's way: first, and where that is cut off."""
_SLACKS = (1 / 64, 1 / 8, 1 / 2, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0)
"""Of the loss allowed: how far over the lower bound a way is looked for where the guide's is cut off. Close together:
what is searched in vain is little, until the bound passes the least cost."""
_CORRIDOR_STEPS = 1 << 21
_LEAST_ROUND = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PyramidRoute:
    """A way over the cells of a pyramid, and how far from the least it can be.

    Attributes:
        cells: (n, 2) int64 rows and columns, start and goal included.
        cost_s: Its cost, between cell centres.
        lower_bound_s: No way costs less.
        expanded: Cells whose neighbours were looked at.
        generated: Entries put on open lists.
    """

    cells: npt.NDArray[np.int64]
    cost_s: float
    lower_bound_s: float
    expanded: int
    generated: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", locked(self.cells, np.int64, (None, 2), "cells"))

    @property
    def bound(self) -> float:
        """The factor over the least cost that is proven, at least 1."""
        return max(1.0, self.cost_s / self.lower_bound_s) if self.cost_s > 0 else 1.0


@dataclass(slots=True)
class Query:
    """One question, and what is known of its answer so far; costs are in units of the codes."""

    pyramid: Pyramid
    start: Cell
    goal: Cell
    epsilon: float = field(kw_only=True)
    corner_cutting: bool = field(kw_only=True)
    deadline: float = field(kw_only=True)
    wide: bool = False
    way: npt.NDArray[np.int64] | None = None
    cost_s: float = math.inf
    lower: int = 0
    expanded: int = 0
    generated: int = 0

    @property
    def known_apart(self) -> bool:
        """Whether one end lies in the landmarks' ground and the other does not."""
        marks, node = self.pyramid.landmarks, self.pyramid.coded.node
        if marks is None or (self.corner_cutting and not marks.corner_cutting):
            return False  # moves that their searches did not make might join the two
        return marks.reach(node(self.start)) != marks.reach(node(self.goal))

    def answer(self) -> PyramidRoute | NoPlan:
        if self.pyramid.coded.unit_s < sys.float_info.min:  # rounded so far that its multiples bound nothing
            return self._search_uncoded()
        self._check_memory()
        beyond = self._beyond(self.goal)
        self.lower = int(beyond[self.pyramid.coded.block(self.start)])
        narrow, wide = _HALF_WIDTHS
        self._search_corridor(narrow)
        if self.way is None:
            self._search_near_bound(beyond)
        if self.way is None:
            self._search_corridor(wide)
        if self.cost_s <= (1 + self.epsilon) * self._lower_s:
            return self._route()
        if not self._prove(beyond, self._beyond(self.start)):
            return self.no_route()
        if self.cost_s > (1 + self.epsilon) * self._lower_s:
            return self._search_uncoded()
        return self._route()

    @property
    def _lower_s(self) -> float:
        return self.lower * self.pyramid.coded.unit_s

    @property
    def _enough(self) -> int:
        """Units that a way costs less than if it is better than the one known by more than is allowed."""
        if self.way is None:
            return UNBOUNDED
        return math.floor(self.cost_s / (1 + self.epsilon) / self.pyramid.coded.unit_s) + 1

    def _beyond(self, end: Cell) -> Units:
        """Lower bounds by block of the cost to an end."""
        coded, marks = self.pyramid.coded, self.pyramid.landmarks
        bound = octile_beyond(coded, end)
        serve = marks is not None and (marks.corner_cutting or not self.corner_cutting)
        if marks is not None and serve and marks.reach(coded.node(end)):
            bound = np.maximum(bound, marks.beyond(coded.block(end)))
        return bound

    def _search_corridor(self, half_width: int) -> None:
        """Look for a way within so many blocks of the guide's."""
        coded = self.pyramid.coded
        ends = coded.block(self.start), coded.block(self.goal)
        guided = search_grid(self.pyramid.guide, *ends, resolution_m=float(BLOCK), corner_cutting=True)
        if isinstance(guided, NoPlan):
            return
        beyond = np.full(coded.blocks, 2 * UNBOUNDED, np.int64)
        for row, col in guided.cells:
            beyond[
                max(0, row - half_width) : row + half_width + 1,
                max(0, col - half_width) : col + half_width + 1,
            ] = 0
        front = self._front(self.start, target=coded.node(self.goal))
        while not (front.dry or front.arrived):
            self._check_time()
            front.run(beyond.ravel(), steps=_CORRIDOR_STEPS)
        self._count(front)
        if front.arrived:
            self._take(front.way_back(coded.node(self.goal))[::-1])

    def _search_near_bound(self, beyond: Units) -> None:
        """Look for a way that costs little more than the lower bound. The first to arrive is the least there is."""
        target = self.pyramid.coded.node(self.goal)
        least = self.lower
        for slack in _SLACKS:
            front = self._front(self.start, target=target)
            bound = math.floor(least * (1 + slack * self.epsilon)) + 1
            while not (front.dry or front.arrived):
                self._check_time()
                front.run(beyond.ravel(), bound=bound, steps=_CORRIDOR_STEPS)
            self._count(front)
            if not front.arrived:
                self.lower = max(self.lower, bound)  # there is none below it
            if front.arrived:
                self._take(front.way_back(target)[::-1])
                self.lower = max(self.lower, front.cost(target) or 0)
                return

    def _prove(self, beyond_to_goal: Units, beyond_to_start: Units) -> bool:
        """Search from both ends until no better way can be left; return whether there is a way at all.

        A way that costs less than the radii of both searches together was met: its last cell inside the first
        radius was expanded, so the next one has its true cost from there, and lies inside the second radius.
        """
        coded = self.pyramid.coded
        fronts = self._front(self.start), self._front(self.goal)
        beyond = beyond_to_goal.ravel(), beyond_to_start.ravel()
        bound, where = self._enough, -1
        steps = max(_LEAST_ROUND, len(coded.codes) >> 8)
        with ThreadPoolExecutor(max_workers=2) as pool:
            each = pool.map if threads() > 1 else map
            while sum(front.radius for front in fronts) < bound:
                self._check_time()
                now = bound
                list(
                    each(
                        lambda front, ahead: front.run(ahead, bound=now, steps=steps, until=now),  # noqa: B023
                        fronts,
                        beyond,
                    )
                )
                met, node = self._meet(*fronts)
                if met < bound:
                    bound, where = met, node
                self.lower = max(self.lower, min(bound, sum(front.radius for front in fronts)))
        for front in fronts:
            self._count(front)
        if where >= 0:
            forth, back = (front.way_back(where) for front in fronts)
            self._take(np.concatenate([forth[::-1], back[1:]]))
        self.lower = max(self.lower, bound) if self.way is not None else 0
        return self.way is not None

    def _meet(self, front: Front, other: Front) -> tuple[int, int]:
        """Return the least cost of a way through a cell that both have reached, and the cell's node."""
        near = np.pad(front.touched.reshape(self.pyramid.coded.blocks), 1)
        for axis in (0, 1):
            near = near | np.roll(near, 1, axis) | np.roll(near, -1, axis)
        both = near[1:-1, 1:-1].ravel() & other.touched
        # An end is reached before its block is touched.
        for end in (self.start, self.goal):
            both[np.ravel_multi_index(self.pyramid.coded.block(end), self.pyramid.coded.blocks)] = 1
        blocks = np.flatnonzero(both)
        least, node = meet(front.room, other.room, front.limit, blocks, self.pyramid.coded.width)
        return int(least), int(node)

    def _front(self, source: Cell, target: int = -1) -> Front:
        coded = self.pyramid.coded
        return Front(
            coded, coded.node(source), corner_cutting=self.corner_cutting, wide=self.wide, target=target
        )

    def _take(self, nodes: npt.NDArray[np.int64]) -> None:
        """Hold the better of this way and the one known, by its true cost."""
        cells = self.pyramid.coded.cells(nodes)
        price = self.pyramid.costs.at(cells)
        steps = np.diff(cells, axis=0)
        length_m = np.hypot(steps[:, 0], steps[:, 1]) * self.pyramid.resolution_m
        cost_s = math.fsum(length_m * (price[:-1] + price[1:]) / 2)
        if cost_s < self.cost_s:
            self.way, self.cost_s = cells, cost_s

    def _route(self) -> PyramidRoute:
        assert self.way is not None
        return PyramidRoute(
            cells=self.way,
            cost_s=self.cost_s,
            lower_bound_s=min(self._lower_s, self.cost_s),
            expanded=self.expanded,
            generated=self.generated,
        )

    def _search_uncoded(self) -> PyramidRoute | NoPlan:
        """Search the costs themselves, where their range is too wide for codes, or they are too small."""
        whole = self.pyramid.costs.whole()
        self._check_fits(17 * whole.size)
        found = search_grid(
            whole,
            self.start,
            self.goal,
            resolution_m=self.pyramid.resolution_m,
            corner_cutting=self.corner_cutting,
            time_limit_s=None if math.isinf(self.deadline) else max(0.0, self.deadline - time.monotonic()),
        )
        if isinstance(found, NoPlan):
            return found
        assert isinstance(found, GridRoute)
        return PyramidRoute(
            cells=found.cells,
            cost_s=found.cost_s,
            lower_bound_s=found.cost_s * (1 - 1e-12),
            expanded=self.expanded + found.expanded,
            generated=self.generated + found.generated,
        )

    def no_route(self) -> NoPlan:
        if self.expanded == 0:
            where = f"of {self.start} and {self.goal} one lies in the largest ground that hangs together, one does not"
        else:
            where = f"lethal cells part {self.start} from {self.goal}: all that can be reached from one was searched"
        remedy = "raise a limit or choose another goal"
        return NoPlan(cause=Cause.NO_ROUTE, where=where, remedy=remedy, expanded=self.expanded)

    def _count(self, front: Front) -> None:
        self.expanded += front.expanded
        self.generated += front.generated

    def _check_time(self) -> None:
        if time.monotonic() < self.deadline:
            return
        known = "no way was found yet"
        if self.way is not None:
            known = f"the best way found costs {self.cost_s:.6g} s"
            if self.lower > 0:
                known += f", at most {self.cost_s / self._lower_s:.4f} times the least"
        raise TimeLimitError(
            f"the time for a search is over; {known}, and none costs less than {self._lower_s:.6g} s",
            field="time_limit_s",
            remedy="allow more time or a larger loss",
        )

    def _check_memory(self) -> None:
        self._check_fits(2 * (8 if self.wide else 4) * len(self.pyramid.coded.codes))

    def _check_fits(self, needed: int) -> None:
        rows, cols = self.pyramid.shape
        check_memory(
            needed,
            what=f"a search of {rows} x {cols} cells",
            field="cost_s_per_m",
            value=None,
            remedy="take a coarser resolution, a part of the map or a machine with more memory",
        )
