"""Bilinear interpolation between cell centres."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel


@kernel
def interpolate_points(
    grid: npt.NDArray[np.floating[Any]],
    row: npt.NDArray[np.float64],
    col: npt.NDArray[np.float64],
    value: npt.NDArray[np.float64],
) -> None:
    """Set `value` (n,) to the grid at fractional rows and columns (n,), NaN outside the outermost centres."""
    rows, cols = grid.shape
    for k in range(value.shape[0]):
        if not (0 <= row[k] <= rows - 1 and 0 <= col[k] <= cols - 1):
            value[k] = np.nan
            continue
        south, west = min(int(row[k]), max(0, rows - 2)), min(int(col[k]), max(0, cols - 2))
        north, east = min(south + 1, rows - 1), min(west + 1, cols - 1)
        u, v = col[k] - west, row[k] - south
        a, b = np.float64(grid[south, west]), np.float64(grid[south, east])
        c, d = np.float64(grid[north, west]), np.float64(grid[north, east])
        low, high = a + u * (b - a), c + u * (d - c)
        value[k] = low + v * (high - low)
