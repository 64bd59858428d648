"""Kernels of `rover.planning.alternatives`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

DIAGONAL = math.sqrt(2.0)


@kernel
def descend(field, cost, row, col, half_cell):  # type: ignore[no-untyped-def]
    """Return (n, 2) int64 cells from a cell down a field of costs to where it is 0, by the moves it was made with.

    They end early where no neighbour costs less: where moves are too cheap to change a sum.

    Args:
        field: (rows, cols) float64 cost to the goal, finite at (row, col).
        cost: (rows, cols), +inf is lethal.
        row, col: Where to begin.
        half_cell: Half the side of a cell.
    """
    rows, cols = field.shape
    cells = np.empty((1024, 2), np.int64)
    count = 0
    while True:
        if count == len(cells):
            longer = np.empty((2 * count, 2), np.int64)
            for k in range(count):  # assigning to a slice takes seconds to compile
                longer[k, 0], longer[k, 1] = cells[k, 0], cells[k, 1]
            cells = longer
        cells[count, 0] = row
        cells[count, 1] = col
        count += 1
        if field[row, col] == 0.0:
            return cells[:count].copy()
        best = np.inf
        to_row, to_col = row, col
        for i in range(-1, 2):
            for j in range(-1, 2):
                r = row + i
                c = col + j
                if (i == 0 and j == 0) or r < 0 or r >= rows or c < 0 or c >= cols or cost[r, c] == np.inf:
                    continue
                length = half_cell
                if i != 0 and j != 0:
                    if cost[r, col] == np.inf or cost[row, c] == np.inf:
                        continue
                    length = half_cell * DIAGONAL
                through = field[r, c] + length * (cost[row, col] + cost[r, c])
                if through < best and field[r, c] < field[row, col]:
                    best = through
                    to_row, to_col = r, c
        if best == np.inf:
            return cells[:count].copy()
        row, col = to_row, to_col


@kernel
def join_plateaus(from_start, to_goal, cost, worst, slack, half_cell, parent):  # type: ignore[no-untyped-def]
    """Join, in the forest `parent`, cells between which a move lies both on a best way from the start and to the goal.

    Args:
        from_start, to_goal: (rows, cols) float64 fields.
        cost: (rows, cols), +inf is lethal.
        worst: Greatest cost of a whole way that is looked at.
        slack: What rounding may make of two sums that are equal.
        half_cell: Half the side of a cell.
        parent: (rows * cols,) int64, each its own parent; written.
    """
    rows, cols = cost.shape
    row_step = np.array([0, 1, 1, 1])
    col_step = np.array([1, -1, 0, 1])
    for row in range(rows):
        for col in range(cols):
            if not from_start[row, col] + to_goal[row, col] <= worst:
                continue
            for k in range(4):
                r = row + row_step[k]
                c = col + col_step[k]
                if r >= rows or c < 0 or c >= cols or cost[r, c] == np.inf:
                    continue
                length = half_cell
                if k == 1 or k == 3:
                    if cost[r, col] == np.inf or cost[row, c] == np.inf:
                        continue
                    length = half_cell * DIAGONAL
                price = length * (cost[row, col] + cost[r, c])
                gained = from_start[r, c] - from_start[row, col]
                lost = to_goal[row, col] - to_goal[r, c]
                onward = abs(gained - price) <= slack and abs(lost - price) <= slack
                back = abs(gained + price) <= slack and abs(lost + price) <= slack
                if onward or back:
                    a = _root(parent, row * cols + col)
                    b = _root(parent, r * cols + c)
                    parent[max(a, b)] = min(a, b)


@kernel
def _root(parent, at):  # type: ignore[no-untyped-def]
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at


@kernel
def plateau_spans(from_start, parent, low, high):  # type: ignore[no-untyped-def]
    """Fill, by root, the least and greatest cost from the start of each plateau; point every cell at its root."""
    cols = from_start.shape[1]
    for at in range(len(parent)):
        root = _root(parent, at)
        parent[at] = root
        value = from_start[at // cols, at % cols]
        low[root] = min(low[root], value)
        high[root] = max(high[root], value)
