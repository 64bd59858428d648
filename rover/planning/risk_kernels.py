"""A search by two prices, of which one is weighted."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.planning.directional_kernels import span
from rover.planning.heap_kernels import drop_first, put
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF


@kernel
def least_weighted(base, risk, weight, floor, ends, cols, reached, came_by):  # type: ignore[no-untyped-def]
    """Find the way of least `base + weight risk` by A*; return how many cells were expanded.

    Args:
        base, risk: (n, 8) float64 prices of moves, in the order of `leg_kernels`; base is inf where there is none.
        weight: Not negative.
        floor: A lower bound of base for a move of one cell, and of base over sqrt(2) for a diagonal.
        ends: Start and goal by number.
        cols: Columns of the map.
        reached: (n,) float64 to fill, inf where not reached; final at the goal.
        came_by: (n,) int8 to fill with the move that led to each cell.
    """
    start, goal = ends
    goal_row, goal_col = goal // cols, goal % cols
    for cell in range(len(reached)):
        reached[cell] = np.inf
        came_by[cell] = -1
    keys, items, size = np.empty(1024), np.empty(1024, np.int64), 0
    reached[start] = 0.0
    keys, items, size = put(keys, items, size, 0.0, start)
    expanded = 0
    while size > 0:
        key, cell = keys[0], items[0]
        size = drop_first(keys, items, size)
        if cell == goal:
            break
        row, col = cell // cols, cell % cols
        so_far = reached[cell]
        if key > so_far + floor * span(row - goal_row, col - goal_col, 8) + 1e-9 * abs(so_far):
            continue
        expanded += 1
        for d in range(8):
            if base[cell, d] == math.inf:
                continue
            to_row, to_col = row + ROWS_OFF[d], col + COLS_OFF[d]
            to = to_row * cols + to_col
            through = so_far + base[cell, d] + weight * risk[cell, d]
            if through < reached[to]:
                reached[to] = through
                came_by[to] = d
                ahead = floor * span(to_row - goal_row, to_col - goal_col, 8)
                keys, items, size = put(keys, items, size, through + ahead, to)
    return expanded
