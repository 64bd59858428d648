"""What every move of a map costs, in seconds and joules, and the least of it from everywhere to the goal."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.directional_kernels import move_cost
from rover.planning.heap_kernels import drop_first, put

ROWS_OFF = (1, 0, -1, 0, 1, -1, -1, 1)
COLS_OFF = (0, 1, 0, -1, 1, 1, -1, -1)
DIAGONAL = math.sqrt(0.5)
EASTS = (0.0, 1.0, 0.0, -1.0, DIAGONAL, DIAGONAL, -DIAGONAL, -DIAGONAL)
NORTHS = (1.0, 0.0, -1.0, 0.0, DIAGONAL, -DIAGONAL, -DIAGONAL, DIAGONAL)
"""Neighbours in the order of `rover.limits.base.MOVES`."""


@kernel
def fill_legs(layers, cells, moves, halves, cell_m, rules, slip, legs_s, legs_j, first, last):  # type: ignore[no-untyped-def]
    """Fill the moves of rows `first` up to `last`, inf where one is not allowed.

    Both cells must be open and allow the heading; of a diagonal the two whose corner it passes as well.

    Args:
        layers: grade east, grade north and mean square grade of roughness, each (rows, cols) float32.
        cells: (rows, cols) bool, where the rover may be.
        moves: (8, rows, cols) bool, headings at which a cell may be crossed.
        halves: (8, rows, cols) bool, headings at which it may be left, or entered the other way.
        cell_m: Side of a cell.
        rules, slip: Of `DirectionalCost`.
        legs_s, legs_j: (rows, cols, 8) float32 to fill.
    """
    grade_east, grade_north, rough = layers
    rows, cols = cells.shape
    for r in range(first, last):
        for c in range(cols):
            for d in range(8):
                legs_s[r, c, d] = np.inf
                legs_j[r, c, d] = np.inf
                down, across = ROWS_OFF[d], COLS_OFF[d]
                to_r, to_c = r + down, c + across
                if not (0 <= to_r < rows and 0 <= to_c < cols):
                    continue
                if not (halves[d, r, c] and halves[d ^ 2, to_r, to_c]):
                    continue
                if not (cells[r, c] and cells[to_r, to_c] and moves[d, r, c] and moves[d, to_r, to_c]):
                    continue
                length = cell_m
                if d >= 4:
                    if not (cells[to_r, c] and cells[r, to_c] and moves[d, to_r, c] and moves[d, r, to_c]):
                        continue
                    length = cell_m * math.sqrt(2.0)
                seconds, joules = move_cost(
                    *(grade_east, grade_north, rough, r, c, to_r, to_c, EASTS[d], NORTHS[d], length),
                    *(rules, slip),
                )
                legs_s[r, c, d] = seconds
                legs_j[r, c, d] = joules


@kernel
def least_worst_to(goal, cols, legs, price, worst):  # type: ignore[no-untyped-def]
    """Fill the least that the dearest cell costs on the best way from every cell to the goal, both ends included.

    Args:
        goal, cols: Cell by number, columns of the map.
        legs: (n, 8) float32, inf where there is no move.
        price: (n,) float64 of being on a cell.
        worst: (n,) float64 to fill.
    """
    count = len(worst)
    for cell in range(count):
        worst[cell] = np.inf
    keys, items, size = np.empty(1024), np.empty(1024, np.int64), 0
    worst[goal] = price[goal]
    keys, items, size = put(keys, items, size, price[goal], goal)
    while size > 0:
        dearest, cell = keys[0], items[0]
        size = drop_first(keys, items, size)
        if dearest > worst[cell]:
            continue
        for d in range(8):
            row, col = cell // cols - ROWS_OFF[d], cell % cols - COLS_OFF[d]
            if not (0 <= col < cols and row >= 0 and row * cols + col < count):
                continue
            before = row * cols + col
            if not legs[before, d] < np.inf:
                continue
            through = max(dearest, price[before])
            if through < worst[before]:
                worst[before] = through
                keys, items, size = put(keys, items, size, through, before)


@kernel
def needs_of(legs_s, legs_j, short, window, cols, standing_w, best_w, shortest_s, price):  # type: ignore[no-untyped-def]
    """Fill what moves take at the least beyond standing where the array gives what is counted on, J.

    Args:
        legs_s, legs_j: (n, 8) seconds and joules of moves, inf where there is none.
        short, window: (n, windows) by how many watts the array falls short on each cell; which of them is asked for.
        cols: Columns of the map.
        standing_w: Least load of a rover that waits awake or drives, W.
        best_w: The most that the array gives on any cell at any time, W.
        shortest_s: Of open bins. Longer moves run on into a bin with another light, at the output of that in which they
            began: what they take beyond the best output ever is all that is sure.
        price: (n, 8) float32 to fill.
    """
    for cell in range(len(price)):
        for d in range(8):
            seconds = np.float64(legs_s[cell, d])
            if not seconds < np.inf:
                price[cell, d] = np.inf
                continue
            less_w = best_w
            if seconds <= shortest_s:
                to = cell + ROWS_OFF[d] * cols + COLS_OFF[d]
                less_w = standing_w - 0.5 * (np.float64(short[cell, window]) + np.float64(short[to, window]))
            price[cell, d] = max(0.0, np.float64(legs_j[cell, d]) - less_w * seconds)
