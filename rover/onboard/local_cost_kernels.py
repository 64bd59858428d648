"""Kernels of `rover.onboard.local_cost`: relief by cell, and least costs from a window's cells to its seeds."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.planning.heap_kernels import drop_first, put

MOVES = (
    (0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, -1), (-1, 1),
    (1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2),
)  # fmt: skip
"""Rows and columns: to the neighbours, across corners, and as a knight; a way's length is 2.7 % off at most."""


@kernel
def block_extremes(z, block, low, high, mean):  # type: ignore[no-untyped-def]
    """Fill lowest, highest and mean height of blocks of cells; NaN where less than half of one is known.

    Args:
        z: (rows * block, cols * block) float32.
        block: Cells along a block.
        low, high, mean: (rows, cols) float64.
    """
    rows, cols = low.shape
    for i in range(rows):
        for j in range(cols):
            least, most, total, count = np.inf, -np.inf, 0.0, 0
            for r in range(i * block, (i + 1) * block):
                for c in range(j * block, (j + 1) * block):
                    height = np.float64(z[r, c])
                    if not math.isnan(height):
                        least, most = min(least, height), max(most, height)
                        total += height
                        count += 1
            known = 2 * count >= block * block
            low[i, j] = least if known else np.nan
            high[i, j] = most if known else np.nan
            mean[i, j] = total / count if known else np.nan


@kernel
def relief_by_cell(low, high, east, north, inner, relief):  # type: ignore[no-untyped-def]
    """Fill what heights differ by over a cell and its neighbours, the plane through them taken off; NaN if unknown.

    Args:
        low, high: (rows, cols) of each cell.
        east, north: (rows, cols) rise of the ground per cell.
        inner: Share of a cell's side between the outermost heights in it.
        relief: (rows, cols).
    """
    rows, cols = low.shape
    for i in range(rows):
        for j in range(cols):
            if math.isnan(low[i, j]):
                relief[i, j] = np.nan
                continue
            e, n = east[i, j], north[i, j]
            least, most = np.inf, -np.inf
            for r in range(max(0, i - 1), min(rows, i + 2)):
                for c in range(max(0, j - 1), min(cols, j + 2)):
                    plane = n * (r - i) + e * (c - j)
                    if not math.isnan(low[r, c]):
                        least = min(least, low[r, c] - plane)
                        most = max(most, high[r, c] - plane)
            relief[i, j] = max(0.0, most - least - inner * (abs(e) + abs(n)))


@kernel
def cost_to_seeds(cost, resolution, field):  # type: ignore[no-untyped-def]
    """Lower `field` to the least cost from each cell to a seed and on from there.

    A move costs its length times the mean of the two cells' costs; a knight's that of the four cells it crosses.

    Args:
        cost: (rows, cols) s/m; +inf is lethal.
        resolution: Side of a cell, m.
        field: (rows, cols) cost on from each seed, +inf elsewhere.
    """
    rows, cols = cost.shape
    keys, items, size = np.empty(1024), np.empty(1024, np.int64), 0
    for i in range(rows):
        for j in range(cols):
            if field[i, j] < np.inf:
                keys, items, size = put(keys, items, size, field[i, j], i * cols + j)
    while size > 0:
        key, item = keys[0], items[0]
        size = drop_first(keys, items, size)
        i, j = item // cols, item % cols
        if key > field[i, j]:
            continue
        for m in range(len(MOVES)):
            r, c = i + MOVES[m][0], j + MOVES[m][1]
            if not (0 <= r < rows and 0 <= c < cols):
                continue
            reached = key + _move(cost, i, j, r, c) * resolution
            if reached < field[r, c]:
                field[r, c] = reached
                keys, items, size = put(keys, items, size, reached, r * cols + c)


@kernel
def _move(cost, i, j, r, c):  # type: ignore[no-untyped-def]
    """Cost of a move between two cells of side 1."""
    up, along = r - i, c - j
    if abs(up) == 2:
        middle = i + up // 2
        return math.sqrt(5.0) * (cost[i, j] + cost[middle, j] + cost[middle, c] + cost[r, c]) / 4.0
    if abs(along) == 2:
        middle = j + along // 2
        return math.sqrt(5.0) * (cost[i, j] + cost[i, middle] + cost[r, middle] + cost[r, c]) / 4.0
    if up != 0 and along != 0:
        if cost[i, c] == np.inf or cost[r, j] == np.inf:
            return np.inf
        return math.sqrt(2.0) * (cost[i, j] + cost[r, c]) / 2.0
    return (cost[i, j] + cost[r, c]) / 2.0
