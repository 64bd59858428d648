"""Kernels that choose landmarks: one pass over what a search from a landmark has found, one for the next landmark."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel


@kernel
def note_field(field, far, k, nearest, first, last):  # type: ignore[no-untyped-def]
    """Put rows `first` up to `last` of a (rows, cols) field into `far[:, :, k]`, as float32; lower `nearest` to it.

    Return its greatest finite value, 0 if there is none.
    """
    greatest = 0.0
    for row in range(first, last):
        for col in range(field.shape[1]):
            label = field[row, col]
            far[row, col, k] = np.float32(label)
            nearest[row, col] = min(label, nearest[row, col])
            greatest = label if greatest < label < np.inf else greatest
    return greatest


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
