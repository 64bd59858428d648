"""Bilinear interpolation between cell centres."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def interpolate(
    grid: npt.NDArray[np.floating[Any]], row: npt.NDArray[np.float64], col: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return values of a grid at fractional rows and columns, exact on planes.

    NaN where any of the four cells around is NaN (whatever its weight), and outside the outermost cell
    centres.

    Args:
        grid: (rows, cols).
        row, col: Cell centres are whole; any shapes that broadcast together.
    """
    south, v = _cell_below(row, grid.shape[0])
    west, u = _cell_below(col, grid.shape[1])
    north, east = np.minimum(south + 1, grid.shape[0] - 1), np.minimum(west + 1, grid.shape[1] - 1)
    a, b = grid[south, west].astype(np.float64), grid[south, east].astype(np.float64)
    c, d = grid[north, west].astype(np.float64), grid[north, east].astype(np.float64)
    low, high = a + u * (b - a), c + u * (d - c)
    value: npt.NDArray[np.float64] = low + v * (high - low)
    return value


def _cell_below(
    at: npt.NDArray[np.float64], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the cell before a fractional index and the rest, NaN outside [0, count - 1]."""
    inside = (at >= 0) & (at <= count - 1)
    held = np.where(inside, at, 0.0)
    below = np.minimum(held.astype(np.int64), max(0, count - 2))
    return below, np.where(inside, held - below, np.nan)
