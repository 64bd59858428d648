"""The search of `rover.planning.anyangle`: A* over cell centres whose parents need not be neighbours.

A cell that is about to be closed asks for shortcuts: from the parents of its closed neighbours, then from their
ancestors, by the exact line integral (Nash, Daniel, Koenig and Felner 2007 join lines of sight on uniform ground so,
and leave the test to the moment of closing in 2010; on weighted ground a line is taken where it costs no more).
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.planning.heap_kernels import drop_first, push
from rover.planning.line_kernels import CLEAR, line_cost

MOVES = 16
_ROOT_2 = math.sqrt(2.0)
_KNIGHT = math.sqrt(5.0) / 4.0
_TIE = 1.0 + 1e-12
"""Of two equal ways the one with fewer turns is taken."""
_ASKED = 8

SIZE, EXPANDED, GENERATED, ARRIVED, STATE_LENGTH = 0, 1, 2, 3, 4


@kernel
def begin(best, parents, keys, items, state, start):  # type: ignore[no-untyped-def]
    """Put `start` on the open list; `best` holds inf for every cell."""
    best[start] = 0.0
    parents[start] = start
    keys[0] = 0.0
    items[0] = start
    state[SIZE] = 1
    state[GENERATED] = 1


@kernel
def expand(best, parents, flat, width, ahead, floor, reach, most_cost, start, goal, keys, items, state, most):  # type: ignore[no-untyped-def]
    """Close up to `most` cells; `state` says how far it came.

    Args:
        best: (cells,) best known cost, negated once closed; written.
        parents: (cells,) int64, written.
        flat, width: As in `line_cost`.
        ahead: (cells,) estimate of the cost to the goal.
        floor: Least cost on the map.
        reach: Longest shortcut, cells.
        most_cost: A cost that a way is known to have; what is expected to be dearer is not looked at.
        start, goal: Indices of free cells.
        keys, items: The open list, with room for `MOVES * most` more.
        state: (STATE_LENGTH,) int64, written.
        most: Cells to close before returning.
    """
    row_steps = np.array([1, 0, -1, 0, 1, -1, -1, 1, 2, 1, -1, -2, -2, -1, 1, 2])
    col_steps = np.array([0, 1, 0, -1, 1, 1, -1, -1, 1, 2, 2, 1, -1, -2, -2, -1])
    offsets = row_steps * width + col_steps
    size = state[SIZE]
    closed = 0
    while size > 0 and closed < most:
        u = items[0]
        size = drop_first(keys, items, size)
        if best[u] <= 0.0 and u != start:
            continue  # closed already, by a better entry
        closed += 1
        so_far = _shortened(best, parents, flat, width, u, offsets, floor, reach)
        best[u] = -so_far
        if u == goal:
            state[ARRIVED] = 1
            break
        free = 0
        for k in range(MOVES):
            v = u + offsets[k]
            if not (0 <= v < len(flat)) or flat[v] == np.inf:
                continue
            if k < 4:
                free |= 1 << k
            if best[v] <= 0.0:
                continue
            reached = so_far + _move_cost(flat, u, v, k, free, width, row_steps[k], col_steps[k])
            if reached < best[v]:
                bound = reached + ahead[v]
                if bound <= most_cost:
                    best[v] = reached
                    parents[v] = u
                    size = push(keys, items, size, bound, v)
                    state[GENERATED] += 1
    state[SIZE] = size
    state[EXPANDED] += closed


@kernel
def _move_cost(flat, u, v, k, free, width, row_step, col_step):  # type: ignore[no-untyped-def]
    """Return the line integral of move `k` from centre to centre; `free` has a bit for each orthogonal neighbour."""
    ends = flat[u] + flat[v]
    if k < 4:
        return 0.5 * ends
    if k < 8:
        corner = (1 << (k - 4)) | (1 << ((k - 3) & 3))
        return 0.5 * _ROOT_2 * ends if (free & corner) == corner else np.inf
    if abs(row_step) == 2:
        half = (row_step // 2) * width
        return _KNIGHT * (ends + flat[u + half] + flat[v - half])
    half = col_step // 2
    return _KNIGHT * (ends + flat[u + half] + flat[v - half])


@kernel
def _shortened(best, parents, flat, width, u, offsets, floor, reach):  # type: ignore[no-untyped-def]
    """Give `u` the parent that makes it cheapest, of those that lie near at hand; return its cost."""
    least = best[u]
    own = parents[u]
    row = u // width
    col = u - row * width
    asked = np.empty(_ASKED, np.int64)
    count = 0
    for k in range(8):
        w = u + offsets[k]
        if not best[w] <= 0.0:
            continue
        q = parents[w]
        known = q == own
        for j in range(count):
            known = known or asked[j] == q
        if known:
            continue
        asked[count] = q
        count += 1
        cost = _by_way_of(best, flat, width, q, row, col, floor, reach, least)
        if cost <= least * _TIE:
            least = cost
            own = q
    while parents[own] != own:
        q = parents[own]
        cost = _by_way_of(best, flat, width, q, row, col, floor, reach, least)
        if not cost <= least * _TIE:
            break
        least = cost
        own = q
    parents[u] = own
    return least


@kernel
def _by_way_of(best, flat, width, q, row, col, floor, reach, least):  # type: ignore[no-untyped-def]
    """Return the cost of (row, col) by a straight line from closed cell `q`, or inf where it is no better."""
    so_far = abs(best[q])
    from_row = q // width
    from_col = q - from_row * width
    apart = math.hypot(row - from_row, col - from_col)
    if apart > reach or so_far + floor * apart > least * _TIE:
        return np.inf
    left = least * _TIE - so_far
    return so_far + line_cost(flat, width, from_row + 0.5, from_col + 0.5, row + 0.5, col + 0.5, left, CLEAR)


@kernel
def trace(parents, width, start, goal):  # type: ignore[no-untyped-def]
    """Return (n, 2) positions of cell centres from `start` to `goal`, after a search that arrived."""
    count = 1
    at = goal
    while at != start:
        at = parents[at]
        count += 1
    points = np.empty((count, 2), np.float64)
    at = goal
    for i in range(count - 1, -1, -1):
        points[i, 0] = at // width + 0.5
        points[i, 1] = at % width + 0.5
        at = parents[at]
    return points
