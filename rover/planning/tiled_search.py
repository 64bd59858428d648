"""The grid search itself: labels of least cost by tiles, in rounds that threads share.

The order of work hangs on the map alone, never on threads or time, so that labels and routes are the same whatever
`FARSIDE_THREADS` says.
"""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.errors import TimeLimitError
from rover.core.strips import by_strips, threads
from rover.planning.landmark_kernels import greatest_label, note_labels
from rover.planning.round_kernels import DONE, SHARE_WORDS, WIDE, YIELD, begin, run
from rover.planning.sweep_kernels import SIDE
from rover.planning.tile_helpers import TileHelpers
from rover.planning.tile_kernels import Board, Rules, count_labels, gather, label_at
from rover.planning.trace_kernels import ACROSS, DOWN, move_cost, predecessor, trace

Cell = tuple[int, int]

MOVES = (4, 8, 16)
"""Numbers of neighbours that there are moves to; with 16, the knight's moves too."""

_TILES_AT_ONCE = 2048
"""Tiles settled between two looks at the clock and for an interruption: some 20 ms, each taking some ten us."""

_WIDE = 6
"""Tiles that wait at once, for starting other threads to be worth it: that takes about as long as settling ten."""

SLACK, BAND = 0.25, math.inf
"""Tiles are settled together whose bounds, and whose labels, lie within so much of each other, in shares of what it
typically costs to cross one."""

SLACK_BY_LANDMARKS, BAND_BY_LANDMARKS = 0.05, 2.0
"""Where the heuristic is strong all bounds are alike, and it is labels that say which tiles should wait for others."""

_TILES_TO_COUNT = 1024
"""Whose labels are counted, for handing them to a thread to be worth it."""

_SAMPLES = 1024
"""To look at, each of them likely to be waited for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landmarks:
    """Costs from some cells to all, by which the heuristic is stronger.

    Attributes:
        cells: (n, 2) rows and columns.
        codes: (rows, cols, n) uint16 costs in whole units, cut off; as of `Rules.far`.
        unit_s: Of these.
    """

    cells: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint16]
    unit_s: float


NO_LANDMARKS = Landmarks(cells=np.empty((0, 2), np.int64), codes=np.empty((0, 0, 0), np.uint16), unit_s=0.0)


class TiledSearch:
    """Labels of least cost from one cell, as far as a goal needs them, or everywhere.

    Args:
        cost: (rows, cols) checked costs per metre, C-contiguous and read-only.
        source: (row, col), free.
        goal: (row, col), or None for labels everywhere.
        resolution_m: Side of a cell.
        neighbours: One of `MOVES`.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        landmarks: Of this map, with these moves.
        floor: Least finite cost.
        labels: (tiles, SPAN, SPAN) memory to write to, as `LABEL_MEMORY` lends it.
    """

    def __init__(
        self,
        cost: npt.NDArray[np.floating],
        source: Cell,
        goal: Cell | None,
        *,
        resolution_m: float,
        neighbours: int = 8,
        corner_cutting: bool = False,
        landmarks: Landmarks = NO_LANDMARKS,
        floor: float,
        labels: npt.NDArray[np.float64],
    ) -> None:
        self.source, self.goal = source, goal
        self.bound_s = 0.0
        goal_row, goal_col = goal or (-1, -1)
        far_goal = landmarks.codes[goal_row, goal_col] if len(landmarks.cells) else np.empty(0, np.uint16)
        self._rules = Rules(
            step=resolution_m,
            floor=floor * resolution_m,
            moves=neighbours,
            cutting=corner_cutting,
            goal_row=goal_row,
            goal_col=goal_col,
            far=landmarks.codes,
            far_goal=far_goal,
            unit=landmarks.unit_s,
        )
        self._board = _board(cost, labels)
        # Never 0, which times an endless band would be no band at all.
        crossing = max(SIDE * resolution_m * _typical(cost), sys.float_info.min)
        shares = (SLACK_BY_LANDMARKS, BAND_BY_LANDMARKS) if len(landmarks.cells) else (SLACK, BAND)
        self._bands = shares[0] * crossing, shares[1] * crossing

    def run(self, *, time_limit_s: float | None = None) -> float:
        """Search until the goal's label is proven, or all there is has one; return the goal's label, inf if none.

        Args:
            time_limit_s: Longest time to take, None for any.

        Raises:
            TimeLimitError: The time is over; the message states the least cost that a route can have.
        """
        begin(self._board, self._rules, *self.source)
        helpers = TileHelpers(self._board, self._rules)
        helpers.led(lambda: self._lead(helpers, time_limit_s))
        return self.goal_label()

    def _lead(self, helpers: TileHelpers, time_limit_s: float | None) -> None:
        began, wanted = time.monotonic(), threads() - 1
        while True:
            wide = _WIDE if helpers.count < wanted else 0
            state, bound_s = run(self._board, self._rules, *self._bands, wide, _TILES_AT_ONCE, True)
            if state == DONE:
                return
            self.bound_s = max(self.bound_s, bound_s)  # a pause before anything was chosen knows of none
            if state == WIDE:
                helpers.start(wanted)
            elif state == YIELD:
                # Another process has a helper's processor: what is left until the next pause is done alone.
                helpers.dismiss()
                helpers.wait()
                wanted = 0
            elif wanted == 0:
                wanted = threads() - 1
            if time_limit_s is not None and not time.monotonic() - began <= time_limit_s:  # or it is NaN
                raise self._too_late(time_limit_s)

    def goal_label(self) -> float:
        """Return the label of the goal: the least cost, once `run` is through."""
        return float(label_at(self._board, self._rules.goal_row, self._rules.goal_col))

    def route(self) -> npt.NDArray[np.int64]:
        """Return (n, 2) cells from the source to the goal, which has a label."""
        if self.goal is None:
            raise ValueError("a search without a goal has no route")
        parts = [self._traced(self.goal)]
        while (last := _last(parts)) != self.source:
            parts.append(self._over_level(last))
            parts.append(self._traced(_last(parts))[1:])
        return np.ascontiguousarray(np.concatenate(parts)[::-1])

    def _traced(self, cell: Cell) -> npt.NDArray[np.int64]:
        cells: npt.NDArray[np.int64] = trace(
            self._board, self._rules, cell[0], cell[1], self.source[0], self.source[1]
        )
        return cells

    def _over_level(self, cell: Cell) -> npt.NDArray[np.int64]:
        """Return (n, 2) cells after `cell` to the nearest one that is the source or has a lesser predecessor.

        Where moves are too cheap to change a sum, neighbours have the same label; these are gone through breadth first.
        """
        board, rules = self._board, self._rules
        label = label_at(board, *cell)
        came_from: dict[Cell, Cell] = {cell: cell}
        queue = deque([cell])
        while queue:
            row, col = here = queue.popleft()
            if here == self.source or predecessor(board, rules, row, col) >= 0:
                way = [here]
                while (here := came_from[here]) != cell:
                    way.append(here)
                return np.array(way[::-1], np.int64)
            for down, across in zip(
                DOWN[: rules.moves].tolist(), ACROSS[: rules.moves].tolist(), strict=True
            ):
                there = (row + down, col + across)
                if there in came_from or label_at(board, *there) != label:
                    continue
                if label + move_cost(board, rules, row, col, down, across) <= label:
                    came_from[there] = here
                    queue.append(there)
        raise AssertionError("a label that no neighbour explains")

    def field(self) -> npt.NDArray[np.float64]:
        """Return (rows, cols) labels, inf where there is none."""
        field = np.empty(self._board.prices.shape, np.float64)
        by_strips(len(field), lambda first, last: gather(self._board, field, first, last))
        return field

    def greatest(self) -> float:
        """Return the greatest label."""
        found: list[float] = []
        by_strips(
            len(self._board.used),
            lambda first, last: found.append(greatest_label(self._board, first, last)),
            least=_TILES_TO_COUNT,
        )
        return max(found)

    def note(
        self, codes: npt.NDArray[np.uint16], k: int, unit_s: float, nearest: npt.NDArray[np.float32]
    ) -> None:
        """Enter the labels as the costs from landmark k.

        Args:
            codes: (rows, cols, n), of which [:, :, k] is set.
            k: Number of the landmark that is the source.
            unit_s: Of the codes.
            nearest: (rows, cols) least of the landmarks up to this one; lowered, or set by the first.
        """
        by_strips(
            len(codes),
            lambda first, last: note_labels(self._board, codes, k, 1.0 / unit_s, nearest, first, last),
        )

    @property
    def expanded(self) -> int:
        """Cells that have a label."""
        counts: list[int] = []
        labels, used = self._board.labels, self._board.used
        by_strips(
            len(used),
            lambda first, last: counts.append(count_labels(labels, used, first, last)),
            least=_TILES_TO_COUNT,
        )
        return sum(counts)

    @property
    def generated(self) -> int:
        """Labels worked out from a neighbouring row, repeats counted."""
        used = self._board.used != 0
        return int(self._board.relaxed[used].sum()) * SIDE

    def _too_late(self, time_limit_s: float) -> TimeLimitError:
        if self.goal is None:
            return TimeLimitError(
                f"the search did not end in time: what it has not reached costs {self.bound_s:.6g} at least",
                remedy="allow more time, or take a smaller map",
                field="time_limit_s",
                value=time_limit_s,
            )
        reached = self.goal_label()
        found = "" if math.isinf(reached) else f", and one of {reached:.6g} is found"
        error = TimeLimitError(
            f"the search did not end in time: every route costs {self.bound_s:.6g} at least{found}",
            remedy="allow more time, or ask for a goal that is nearer",
            field="time_limit_s",
            value=time_limit_s,
        )
        error.known_s = None if math.isinf(reached) else reached
        return error


def _last(parts: list[npt.NDArray[np.int64]]) -> Cell:
    row, col = next(part[-1] for part in reversed(parts) if len(part)).tolist()
    return row, col


def tile_count(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of tiles of a map."""
    return -(-shape[0] // SIDE), -(-shape[1] // SIDE)


def _board(cost: npt.NDArray[np.floating], labels: npt.NDArray[np.float64]) -> Board:
    tile_rows, tile_cols = tile_count(cost.shape)
    count = tile_rows * tile_cols

    return Board(
        prices=cost,
        tile_cols=tile_cols,
        labels=labels,
        used=np.zeros(count, np.uint8),
        done=np.zeros(count, np.uint8),
        noted=np.zeros(count, np.uint8),
        queued=np.zeros(count, np.uint8),
        dirty=np.empty((count, 3), np.uint64),
        upwards=np.zeros(count, np.uint8),
        bound=np.full(count, np.inf),
        label=np.full(count, np.inf),
        waiting=np.empty(count, np.int64),
        active=np.empty(count, np.int64),
        targets=np.empty(count, np.int64),
        counts=np.zeros(4, np.int64),
        share=np.zeros(SHARE_WORDS, np.int64),
        relaxed=np.empty(count, np.int64),
    )


def _typical(cost: npt.NDArray[np.floating]) -> float:
    """A quartile of finite costs, of an even sample. What is done in one round hangs on it, and no result."""
    # An odd stride, since an even one may pass over most columns.
    sample = cost.reshape(-1)[:: max(1, cost.size // _SAMPLES) | 1]
    finite = np.sort(sample[np.isfinite(sample)])
    return float(finite[len(finite) // 4]) if len(finite) else float(cost[np.isfinite(cost)].min())
