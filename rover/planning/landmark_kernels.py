"""Kernels that choose landmarks: one pass over what a search from a landmark has found, one for the next landmark."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.planning.sweep_kernels import HALO, SIDE
from rover.planning.tile_kernels import UNREACHED


@kernel
def greatest_label(board, first, last):  # type: ignore[no-untyped-def]
    """Return the greatest finite label of tiles `first` up to `last`, 0 if there is none."""
    greatest = 0.0
    for tile in range(first, last):
        if board.used[tile] != 0:
            for i in range(HALO, HALO + SIDE):
                for j in range(HALO, HALO + SIDE):
                    label = board.labels[tile, i, j]
                    greatest = label if greatest < label < np.inf else greatest
    return greatest


@kernel
def note_labels(board, codes, k, per_unit, nearest, first, last):  # type: ignore[no-untyped-def]
    """Put labels of rows `first` up to `last` into `codes[:, :, k]`; lower `nearest` to them, or, if k is 0, set it."""
    for row in range(first, last):
        tile_row = row // SIDE * board.tile_cols
        i = row % SIDE + HALO
        for c in range(board.tile_cols):
            left = c * SIDE
            used = board.used[tile_row + c] != 0
            for col in range(left, min(left + SIDE, codes.shape[1])):
                label = board.labels[tile_row + c, i, col - left + HALO] if used else np.inf
                whole = min(label * per_unit, UNREACHED - 1.0) if label < np.inf else float(UNREACHED)
                codes[row, col, k] = np.uint16(whole)
                rounded = np.float32(label)
                nearest[row, col] = rounded if k == 0 else min(rounded, nearest[row, col])


@kernel
def count_parts(part, sizes):  # type: ignore[no-untyped-def]
    """Add to `sizes` how many cells have each number; number 0 is none's."""
    for row in range(part.shape[0]):
        for col in range(part.shape[1]):
            if part[row, col] > 0:
                sizes[part[row, col] - 1] += 1


@kernel
def corner_of(part, number):  # type: ignore[no-untyped-def]
    """Return the cell of a part, which has some, whose row and column come to the least; the first in row order."""
    rows, cols = part.shape
    least, at_row, at_col = rows + cols, 0, 0
    for row in range(rows):
        for col in range(min(cols, least - row)):
            if part[row, col] == number:
                least, at_row, at_col = row + col, row, col
                break
    return at_row, at_col


@kernel
def dearest_of(field, part, number, first, last):  # type: ignore[no-untyped-def]
    """Return the greatest value in rows `first` up to `last` of the cells whose part has a number, and the first cell.

    The value is -1 where there is no such cell; none is less than 0.
    """
    greatest, at_row, at_col = -1.0, 0, 0
    for row in range(first, last):
        for col in range(field.shape[1]):
            if part[row, col] == number and field[row, col] > greatest:
                greatest, at_row, at_col = field[row, col], row, col
    return greatest, at_row, at_col
