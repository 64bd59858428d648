"""From labels back to the route that has them."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.planning.sweep_kernels import DIAGONAL, KNIGHT
from rover.planning.tile_kernels import known_label

DOWN = np.array([1, 0, -1, 0, 1, -1, -1, 1, 1, -1, -1, 1, 2, 2, -2, -2])
ACROSS = np.array([0, 1, 0, -1, 1, 1, -1, -1, 2, 2, -2, -2, 1, -1, 1, -1])
"""Moves, the first 4, 8 or all 16 of which there are."""

_FIRST = 4096


@kernel
def trace(board, rules, row, col, source_row, source_col):  # type: ignore[no-untyped-def]
    """Return (n, 2) cells from one that has a label back to the source, or as far as labels fall.

    Each cell's predecessor is the first neighbour, in a fixed order, whose label is less and, with the move from there,
    makes up the cell's own.
    """
    labels, used, prices = board.labels, board.used, board.prices
    tile_cols, step, moves, cutting = board.tile_cols, rules.step, rules.moves, rules.cutting
    cells = np.empty((_FIRST, 2), np.int64)
    cells[0, 0], cells[0, 1] = row, col
    count = 1
    while row != source_row or col != source_col:
        k = _predecessor(labels, used, prices, tile_cols, step, moves, cutting, row, col)
        if k < 0:
            break
        row, col = row + DOWN[k], col + ACROSS[k]
        if count == len(cells):
            cells = _doubled(cells)
        cells[count, 0], cells[count, 1] = row, col
        count += 1
    return cells[:count].copy()


@kernel
def move_cost(board, rules, row, col, down, across):  # type: ignore[no-untyped-def]
    """Cost of the move from (row + down, col + across) to (row, col), inf where there is none, rounded as in sweeps."""
    return _move_cost(board.prices, rules.step, rules.cutting, row, col, down, across)


@kernel
def _move_cost(prices, step, cutting, row, col, down, across):  # type: ignore[no-untyped-def]
    if not (0 <= row + down < prices.shape[0] and 0 <= col + across < prices.shape[1]):
        return np.inf
    here, there = np.float64(prices[row, col]), np.float64(prices[row + down, col + across])
    if down == 0 or across == 0:
        return 0.5 * step * (here + there)
    side_a, side_b = np.float64(prices[row + down, col]), np.float64(prices[row, col + across])
    if abs(down) == 1 and abs(across) == 1:
        if not cutting and side_a + side_b == np.inf:
            return np.inf
        return 0.5 * DIAGONAL * step * (here + there)
    leg = 0.25 * KNIGHT * step
    if abs(across) == 2:
        half = across // 2
        beside = np.float64(prices[row + down, col + half])
        return leg * (there + beside + np.float64(prices[row, col + half]) + here)
    half = down // 2
    beside = np.float64(prices[row + half, col + across])
    return leg * (there + beside + np.float64(prices[row + half, col]) + here)


@kernel
def predecessor(board, rules, row, col):  # type: ignore[no-untyped-def]
    """Number of the first move from a lesser label that makes up this cell's, -1 if there is none."""
    return _predecessor(
        board.labels,
        board.used,
        board.prices,
        board.tile_cols,
        rules.step,
        rules.moves,
        rules.cutting,
        row,
        col,
    )


@kernel
def _predecessor(labels, used, prices, tile_cols, step, moves, cutting, row, col):  # type: ignore[no-untyped-def]
    """The same of single arrays, since a record of them is counted by locked instructions at each call."""
    label = known_label(labels, used, prices.shape, tile_cols, row, col)
    for k in range(moves):
        down, across = DOWN[k], ACROSS[k]
        before = known_label(labels, used, prices.shape, tile_cols, row + down, col + across)
        if before < label and before + _move_cost(prices, step, cutting, row, col, down, across) <= label:
            return k
    return -1


@kernel
def _doubled(cells):  # type: ignore[no-untyped-def]
    longer = np.empty((2 * len(cells), 2), np.int64)
    for k in range(len(cells)):  # assigning to a slice takes seconds to compile
        longer[k, 0], longer[k, 1] = cells[k, 0], cells[k, 1]
    return longer
