"""The grid search on ground of one cost: by jump points, which pass over the many ways that are as short.

With eight neighbours and no corner cut, on a map whose free cells all cost the same. The order of work hangs on the
map alone, never on threads or time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from rover.core.errors import TimeLimitError
from rover.core.strips import by_strips
from rover.planning.bitmap_kernels import mark_stops, number_corners, pack, transpose
from rover.planning.heap_kernels import doubled
from rover.planning.jump_kernels import (
    DIAGONALS,
    DONE,
    EXPANDED,
    GENERATED,
    MOST_CELLS,
    PARENT,
    ROOM,
    STATE_WORDS,
    STRAIGHTS,
    Ground,
    Search,
    begin,
    run,
    trace,
)

Cell = tuple[int, int]

_NODES_AT_ONCE = 50_000
"""Expanded between two looks at the clock and for an interruption, some 20 ms."""

_BUCKETS_PER_CELL_OF_A_SIDE = 16
"""What lies beyond is kept in a heap."""

_LISTS = ("nexts", "listed", "keys", "items")

_KEPT_BYTES = 1 << 28

_CELLS_OF_A_STRIP = 1 << 20
"""To be made a bitmap, for handing them to a thread to be worth it."""


def can_jump(shape: tuple[int, ...], *, neighbours: int, corner_cutting: bool) -> bool:
    """Return whether a search by jump points knows these moves, and a map of this size."""
    return neighbours == 8 and not corner_cutting and math.prod(shape) < MOST_CELLS


class JumpSearch:
    """A shortest way between two free cells of a map whose free cells cost the same.

    Args:
        cost: (rows, cols) checked costs per metre, C-contiguous and read-only.
        start, goal: (row, col), free.
        metre: What a metre costs.
        resolution_m: Side of a cell.
        memory: To write to, as `jump_memory` lends it.
    """

    def __init__(
        self,
        cost: npt.NDArray[np.floating],
        start: Cell,
        goal: Cell,
        *,
        metre: float,
        resolution_m: float,
        memory: JumpMemory,
    ) -> None:
        self._cost, self._start, self._goal = cost, start, goal
        self._step_s = metre * resolution_m
        self._ground, corners = _ground(cost, goal, memory)
        most_hits = 8 * (min(cost.shape) + 1)
        nodes = memory.words("nodes", 2 * corners).reshape(corners, 2)
        nodes[:, 0] = 0
        self._search = Search(
            nodes=nodes,
            hits=memory.words("hits", 5 * most_hits).reshape(most_hits, 5),
            heads=np.full(_BUCKETS_PER_CELL_OF_A_SIDE * sum(cost.shape), -1, np.int64),
            nexts=np.empty(2 * most_hits, np.int64),
            listed=np.empty(2 * most_hits, np.int64),
            keys=np.empty(2 * most_hits),
            items=np.empty(2 * most_hits, np.int64),
            state=np.zeros(STATE_WORDS, np.int64),
            goal=(goal[0] + 1, goal[1] + 1),
        )
        self._search.state[PARENT] = -1

    def run(self, *, time_limit_s: float | None = None) -> float:
        """Search; return the least cost, inf if there is no way.

        Raises:
            TimeLimitError: The time is over; the message states the least cost that a route can have.
        """
        state, began = self._search.state, time.monotonic()
        if self._start == self._goal:
            state[PARENT] = (self._start[0] + 1) << 32 | (self._start[1] + 1)
            return 0.0
        begin(self._ground, self._search, self._start[0] + 1, self._start[1] + 1)
        while True:
            ended, moves = run(self._ground, self._search, _NODES_AT_ONCE)
            if ended == DONE:
                break
            if ended == ROOM:
                longer = {name: doubled(getattr(self._search, name)) for name in _LISTS}
                self._search = self._search._replace(**longer)
            elif time_limit_s is not None and not time.monotonic() - began <= time_limit_s:  # or it is NaN
                raise self._too_late(time_limit_s, float(moves))
        return self._found_s()

    def route(self) -> npt.NDArray[np.int64]:
        """Return (n, 2) cells from start to goal, once `run` has found a way."""
        cells: npt.NDArray[np.int64] = trace(
            self._ground, self._search, self._start[0] + 1, self._start[1] + 1
        )
        return cells

    def reachable(self) -> int:
        """Return the number of cells that can be reached from the start."""
        part, _ = label(np.isfinite(self._cost))  # no corner is cut: diagonal steps lead nowhere else
        return int(np.count_nonzero(part == part[self._start]))

    @property
    def expanded(self) -> int:
        """Nodes whose successors were looked for, the start included."""
        return max(1, int(self._search.state[EXPANDED]))

    @property
    def generated(self) -> int:
        """Labels that corners were given, repeats counted."""
        return int(self._search.state[GENERATED])

    def _found_s(self) -> float:
        state = self._search.state
        if state[PARENT] < 0:
            return math.inf
        return self._step_s * (int(state[STRAIGHTS]) + int(state[DIAGONALS]) * math.sqrt(2.0))

    def _too_late(self, time_limit_s: float, moves: float) -> TimeLimitError:
        reached = self._found_s()
        found = "" if math.isinf(reached) else f", and one of {reached:.6g} is found"
        error = TimeLimitError(
            f"the search did not end in time: every route costs {moves * self._step_s:.6g} at least{found}",
            remedy="allow more time, or ask for a goal that is nearer",
            field="time_limit_s",
            value=time_limit_s,
        )
        error.known_s = None if math.isinf(reached) else reached
        return error


def _ground(cost: npt.NDArray[np.floating], goal: Cell, memory: JumpMemory) -> tuple[Ground, int]:
    """Return a map's bitmaps, all jumps stopping at the goal, and the number of corners."""
    lines, columns = cost.shape[0] + 2, cost.shape[1] + 2
    words, words_down = -(-columns // 64), -(-lines // 64)
    plane, plane_down = lines * words, columns * words_down
    bits = memory.words("bits", 4 * plane + 3 * plane_down).view(np.uint64)
    free, east, west, corner = bits[: 4 * plane].reshape(4, lines, words)
    turned = bits[4 * plane :].reshape(3, columns, words_down)
    south, north = memory.words("to turn", 2 * plane).view(np.uint64).reshape(2, lines, words)
    free[0] = free[-1] = 0
    least = -(-_CELLS_OF_A_STRIP // cost.shape[1])
    by_strips(cost.shape[0], lambda first, last: pack(cost, free, first, last), least=least)
    mark_stops(free, east, west, south, north, corner, 0, lines)
    for by_rows, by_columns in zip((free, south, north), turned, strict=True):
        transpose(by_rows, by_columns, 0, words)
    before = memory.words("before", plane)
    corners = int(number_corners(corner, before.reshape(lines, words)))
    row, col = goal[0] + 1, goal[1] + 1
    for stops in (east, west):
        stops[row, col >> 6] |= np.uint64(1 << (col & 63))
    for stops in turned[1:]:
        stops[col, row >> 6] |= np.uint64(1 << (row & 63))
    return Ground(bits=bits, words=(words, plane, words_down, plane_down), before=before), corners


class JumpMemory:
    """Arrays that are kept from one search to the next: fresh memory costs the system as much as the search."""

    def __init__(self) -> None:
        self._kept: dict[str, npt.NDArray[np.int64]] = {}

    def words(self, name: str, count: int) -> npt.NDArray[np.int64]:
        """Return (count,) of anything, the array of this name; what it held before is lost."""
        held = self._kept.get(name)
        if held is None or len(held) < count:
            held = self._kept[name] = np.empty(count, np.int64)
        return held[:count]

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self._kept.values())


_waiting: list[JumpMemory] = []
"""One or none; taken and put back by single operations, so that a fork finds no lock held."""


@contextmanager
def jump_memory() -> Iterator[JumpMemory]:
    """Lend memory for one search: that of an earlier one if it is free, and kept afterwards unless it is too large."""
    try:
        memory = _waiting.pop()
    except IndexError:  # lent, or not made yet
        memory = JumpMemory()
    try:
        yield memory
    finally:
        if memory.nbytes <= _KEPT_BYTES:
            _waiting[:] = [memory]
