"""Kernels of `rover.planning.wall`."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel

_UNSEEN = 255


@kernel
def fewest_closed(free, start, goal):  # type: ignore[no-untyped-def]
    """Return (n, 2) int64 cells of an edge-connected way that enters the fewest closed cells, the shortest of those.

    Two queues: free cells are entered at no charge, closed ones wait for the next round. Either queue is in order of
    length, and so is their merger: the first to come upon a cell does so by the best way.

    Args:
        free: (rows, cols) bool.
        start, goal: Indices of cells in row order.
    """
    rows, cols = free.shape
    came_by = np.full(rows * cols, _UNSEEN, np.uint8)
    near = np.empty(rows * cols, np.int64)
    near_length = np.empty(rows * cols, np.int64)
    count = 0
    for r in range(rows):
        for c in range(cols):
            count += not free[r, c]
    later = np.empty(count + 1, np.int64)
    later_length = np.empty(count + 1, np.int64)
    row_step = np.array([1, 0, -1, 0])
    col_step = np.array([0, 1, 0, -1])
    near[0] = start
    near_length[0] = 0
    came_by[start] = 4
    taken, put = 0, 1
    later_taken, later_put, round_end = 0, 0, 0
    while came_by[goal] == _UNSEEN:
        if taken < put and (later_taken == round_end or near_length[taken] <= later_length[later_taken]):
            at = near[taken]
            length = near_length[taken]
            taken += 1
        elif later_taken < round_end:
            at = later[later_taken]
            length = later_length[later_taken]
            later_taken += 1
        else:
            round_end = later_put
            continue
        row = at // cols
        col = at - row * cols
        for k in range(4):
            r = row + row_step[k]
            c = col + col_step[k]
            if r < 0 or r >= rows or c < 0 or c >= cols or came_by[r * cols + c] != _UNSEEN:
                continue
            came_by[r * cols + c] = k
            if free[r, c]:
                near[put] = r * cols + c
                near_length[put] = length + 1
                put += 1
            else:
                later[later_put] = r * cols + c
                later_length[later_put] = length + 1
                later_put += 1
    count = 1
    at = goal
    while at != start:
        at -= row_step[came_by[at]] * cols + col_step[came_by[at]]
        count += 1
    cells = np.empty((count, 2), np.int64)
    at = goal
    for i in range(count - 1, -1, -1):
        cells[i, 0] = at // cols
        cells[i, 1] = at % cols
        if i > 0:
            at -= row_step[came_by[at]] * cols + col_step[came_by[at]]
    return cells
