"""Bilinear interpolation between cell centres."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.moon.bilinear_kernels import interpolate_points


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
    rows, cols = np.broadcast_arrays(row, col)
    value, held = np.empty(rows.size), grid.view()
    held.flags.writeable = False  # so that the kernel is compiled for one kind of array
    interpolate_points(held, np.ravel(rows), np.ravel(cols), value)
    return value.reshape(rows.shape)
