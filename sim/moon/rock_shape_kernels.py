"""Raising: means of rocks over the cells of a grid of heights, and boulders at their centres."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.quadrature_kernels import POINTS, WEIGHTS

_METRES = 0.0005


@kernel
def raise_boulders(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    size_m: npt.NDArray[np.float64],
) -> None:
    """Set each cell to the highest boulder over its centre.

    Args:
        height_m: (rows, cols) height of boulder above the ground, zero where none; raised.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        size_m: (n, 2) diameter and height of a spheroid that rests whole on the ground.
    """
    rows, cols = height_m.shape
    for k in range(place.shape[0]):
        radius, half = 0.5 * size_m[k, 0], 0.5 * size_m[k, 1]
        reach = np.int64(radius / _METRES) + 1
        for row in range(
            max(0, -((north - place[k, 1] + reach) // step)),
            min(rows - 1, (place[k, 1] + reach - north) // step) + 1,
        ):
            y = (north + row * step - place[k, 1]) * _METRES / radius
            for col in range(
                max(0, -((east - place[k, 0] + reach) // step)),
                min(cols - 1, (place[k, 0] + reach - east) // step) + 1,
            ):
                x = (east + col * step - place[k, 0]) * _METRES / radius
                square = x * x + y * y
                if square < 1.0:
                    height_m[row, col] = max(height_m[row, col], half + half * math.sqrt(1.0 - square))


COLUMNS = 16
"""Columns along each axis that a rock is cut into."""


@kernel
def add_rocks(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    size_m: npt.NDArray[np.float64],
) -> None:
    """Add the means over cells of half-buried spheroids, which do not overlap.

    A rock of four cells and more is averaged in each cell. A smaller one is cut into columns, each shared out
    among the cells it stands in, so that no volume is lost however small the rock is.

    Args:
        height_m: (rows, cols), added to.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        size_m: (n, 2) diameter and height above the ground.
    """
    for k in range(place.shape[0]):
        x, y = place[k, 0] - east, place[k, 1] - north
        if size_m[k, 0] >= 4 * step * _METRES:
            _add_wide_rock(height_m, x, y, step, size_m[k, 0], size_m[k, 1])
        else:
            _add_narrow_rock(height_m, x, y, step, size_m[k, 0], size_m[k, 1])


@kernel
def _add_wide_rock(
    height_m: npt.NDArray[np.float64], x: int, y: int, step: int, diameter_m: float, top_m: float
) -> None:
    rows, cols = height_m.shape
    reach = int(diameter_m * (0.5 / _METRES)) + step
    scale = 2.0 * _METRES / diameter_m
    for row in range(max(0, -((reach - y) // step)), min(rows - 1, (y + reach) // step) + 1):
        for col in range(max(0, -((reach - x) // step)), min(cols - 1, (x + reach) // step) + 1):
            mean = 0.0
            for m in range(4):
                v = (row * step - y + POINTS[3, m] * step) * scale
                for n in range(4):
                    u = (col * step - x + POINTS[3, n] * step) * scale
                    square = 1.0 - u * u - v * v
                    if square > 0.0:
                        mean += WEIGHTS[3, m] * WEIGHTS[3, n] * math.sqrt(square)
            height_m[row, col] += top_m * mean


@kernel
def _add_narrow_rock(
    height_m: npt.NDArray[np.float64], x: int, y: int, step: int, diameter_m: float, top_m: float
) -> None:
    rows, cols = height_m.shape
    total = 0.0
    for m in range(COLUMNS):
        for n in range(COLUMNS):
            total += _column(m, n)
    cell_m = step * _METRES
    # the volume of half a spheroid, pi / 6 d^2 h, as height over one cell
    share = 0.5235987755982988 * diameter_m * diameter_m * top_m / (total * cell_m * cell_m)
    width = diameter_m / (cell_m * COLUMNS)
    east_cell, north_cell = x // step, y // step  # apart, so that no bit depends on the window
    west = (x - east_cell * step) / step + 0.5 - 0.5 * COLUMNS * width
    south = (y - north_cell * step) / step + 0.5 - 0.5 * COLUMNS * width
    for m in range(COLUMNS):
        row, above = _split(south + m * width, width)
        row += north_cell
        for n in range(COLUMNS):
            volume = share * _column(m, n)
            if volume == 0.0:
                continue
            col, beyond = _split(west + n * width, width)
            col += east_cell
            for j in range(2):
                for i in range(2):
                    part = (above if j else 1.0 - above) * (beyond if i else 1.0 - beyond)
                    if part > 0.0 and 0 <= row + j < rows and 0 <= col + i < cols:
                        height_m[row + j, col + i] += part * volume


@kernel
def _column(m: int, n: int) -> float:
    """Return the height of a column of the unit half sphere."""
    u, v = (2 * n + 1 - COLUMNS) / COLUMNS, (2 * m + 1 - COLUMNS) / COLUMNS
    return math.sqrt(max(0.0, 1.0 - u * u - v * v))


@kernel
def _split(low: float, width: float) -> tuple[int, float]:
    """Return the cell that [low, low + width) begins in, and the share of it that lies in the next."""
    cell = math.floor(low)
    return cell, max(0.0, low + width - (cell + 1)) / width
