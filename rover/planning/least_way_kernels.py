"""The least sum of a price of moves over a map of eight neighbours, from where it is known to everywhere else."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.planning.heap_kernels import doubled, drop_first, push
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF


@kernel
def turn_moves(cols, moves, back, first, last):  # type: ignore[no-untyped-def]
    """Fill the moves of cells `first` up to `last` with those that come the other way.

    Args:
        cols: Columns of the map.
        moves: (n, 8) float32 price of the move from each cell, inf where there is none.
        back: (n, 8) float32 to fill: price of the move to each cell from its neighbour in that direction.
        first, last: Numbers of cells.
    """
    count = len(moves)
    for cell in range(first, last):
        col = cell % cols
        for d in range(8):
            there = cell + ROWS_OFF[d] * cols + COLS_OFF[d]
            inside = 0 <= col + COLS_OFF[d] < cols and 0 <= there < count
            back[cell, d] = moves[there, d ^ 2] if inside else np.inf


@kernel
def spread_least(cols, moves, least):  # type: ignore[no-untyped-def]
    """Lower what is known of each cell to the least that moves bring it from the others (Dijkstra).

    Args:
        cols: Columns of the map.
        moves: (n, 8) float32 price of the move from each cell, 0 or more, inf where there is none or it leaves the map.
        least: (n,) float64 what is known, inf where nothing is; lowered.
    """
    keys, items, size = np.empty(1024), np.empty(1024, np.int64), 0
    for cell in range(len(least)):
        if least[cell] < np.inf:
            leads_on = False
            for d in range(8):
                leads_on = leads_on or moves[cell, d] < np.inf
            if leads_on:
                if size == len(keys):
                    keys, items = doubled(keys), doubled(items)
                size = push(keys, items, size, least[cell], cell)
    while size > 0:
        so_far, cell = keys[0], items[0]
        size = drop_first(keys, items, size)
        if so_far > least[cell]:
            continue
        if size + 8 > len(keys):
            keys, items = doubled(keys), doubled(items)
        for d in range(8):
            price = np.float64(moves[cell, d])
            if price < np.inf:
                to = cell + ROWS_OFF[d] * cols + COLS_OFF[d]
                if so_far + price < least[to]:
                    least[to] = so_far + price
                    size = push(keys, items, size, least[to], to)
