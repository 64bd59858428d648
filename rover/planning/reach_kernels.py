"""Backwards in time: the latest departure from every cell that still reaches one of some ends."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.planning.drive_kernels import open_through
from rover.planning.heap_kernels import drop_first, put
from rover.planning.label_kernels import CELL, CYCLE_S, EDGE, OPEN_UNTIL, TIME
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF


@kernel
def bin_before(time, bins):  # type: ignore[no-untyped-def]
    """Return the bin that a time is in or ends; -1 before the first."""
    low, high = -1, len(bins) - 1  # the last bin that begins before the time
    while high - low > 1:
        middle = (low + high) >> 1
        if bins[middle, EDGE] < time:
            low = middle
        else:
            high = middle
    return low


@kernel
def latest_start(cell, to, seconds, by, first, ground):  # type: ignore[no-untyped-def]
    """Return the latest time to begin a move that ends by a time, and lies within a bin or begins with it; or -inf.

    Args:
        cell, to, seconds: The move.
        by: Latest end.
        first: No earlier than this.
        ground: A `traverse_record_kernels.Ground`.
    """
    bins = ground.bins
    k = bin_before(by, bins)
    while k >= 0 and bins[k + 1, EDGE] > first:
        ends = min(by, bins[k + 1, EDGE], bins[k, OPEN_UNTIL] - ground.rules[CYCLE_S])
        begins = ends - seconds
        if seconds > bins[k + 1, EDGE] - bins[k, EDGE]:
            begins = bins[k, EDGE]
            ends = begins + seconds
            if ends > by or ends + ground.rules[CYCLE_S] > bins[k, OPEN_UNTIL]:
                begins = -np.inf
        inside = begins >= max(first, bins[k, EDGE])
        if inside and open_through(cell, k, ends, ground) and open_through(to, k, ends, ground):
            return begins
        k -= 1
    return -np.inf


@kernel
def fill_latest(ground, first, latest):  # type: ignore[no-untyped-def]
    """Raise the latest departures of all cells to what moves allow, waiting allowed at all times and places.

    Args:
        ground: A `traverse_record_kernels.Ground`.
        first: No departure before this.
        latest: (n,) float64, of the ends by when to be there and of all others -inf; filled.
    """
    count, cols = len(latest), ground.cols
    keys, items, size = np.empty(1024), np.empty(1024, np.int64), 0
    for cell in range(count):
        if latest[cell] > -np.inf:
            keys, items, size = put(keys, items, size, -latest[cell], cell)
    while size > 0:
        by, to = -keys[0], items[0]
        size = drop_first(keys, items, size)
        if by < latest[to]:
            continue
        for d in range(8):
            row, col = to // cols - ROWS_OFF[d], to % cols - COLS_OFF[d]
            if not (0 <= col < cols and row >= 0 and row * cols + col < count):
                continue
            cell = row * cols + col
            seconds = np.float64(ground.legs_s[cell, d])
            if not seconds < np.inf or by - seconds <= latest[cell]:
                continue
            begins = latest_start(cell, to, seconds, by, first, ground)
            if begins > latest[cell]:
                latest[cell] = begins
                keys, items, size = put(keys, items, size, -begins, cell)


@kernel
def fold_arrivals(reals, whole, first, made, arrivals):  # type: ignore[no-untyped-def]
    """Lower arrivals to the times of labels `first` up to `made`; return how many cells were not reached before."""
    fresh = 0
    for label in range(first, made):
        cell = whole[label, CELL]
        if reals[label, TIME] < arrivals[cell]:
            fresh += arrivals[cell] == np.inf
            arrivals[cell] = reals[label, TIME]
    return fresh


@kernel
def count_connected(legs_s, cols, start):  # type: ignore[no-untyped-def]
    """Return how many cells moves lead to from a start, itself among them, whatever the time."""
    seen = np.zeros(len(legs_s), np.bool_)
    stack = np.empty(len(legs_s), np.int64)
    stack[0], size, found = start, 1, 1
    seen[start] = True
    while size > 0:
        size -= 1
        cell = stack[size]
        for d in range(8):
            if legs_s[cell, d] < np.inf:
                to = cell + ROWS_OFF[d] * cols + COLS_OFF[d]
                if not seen[to]:
                    seen[to] = True
                    stack[size] = to
                    size += 1
                    found += 1
    return found
