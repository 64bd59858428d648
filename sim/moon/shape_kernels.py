"""Raising and digging: craters and rocks onto a grid of heights."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel

REACH = 3.0
"""Radii at which a crater's ejecta end."""

_METRES = 0.0005


def profile(square: float, depth_m: float, rim_m: float, rounding_m: float) -> float:
    """Return a crater's height at `square` = (distance / radius)^2, from 0 to REACH squared.

    The lower of a parabolic bowl and of ejecta that end at REACH, rounded where they meet.
    """
    taper = (REACH * REACH - square) / (REACH * REACH - 1.0)
    cube = taper * taper * taper
    ejecta = rim_m * cube * cube
    bowl = rim_m - depth_m * (1.0 - square)
    apart = (bowl - ejecta) * (bowl - ejecta)
    rounding = rounding_m * rounding_m * taper * taper
    return 0.5 * (bowl + ejecta - math.sqrt(apart + rounding * rounding / (rounding + apart)))


_profile = kernel(profile)


@kernel
def add_craters(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    reach: npt.NDArray[np.int64],
    shape: npt.NDArray[np.float64],
    samples: npt.NDArray[np.int64],
) -> None:
    """Add craters to a grid, in the order given, each averaged over the cell by `samples` squared points.

    Args:
        height_m: (rows, cols), added to.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        reach: (n,) half side of the square that holds the crater, half-millimetres.
        shape: (n, 6): xx, xy, yy of the ellipse's form (1/m2), bowl depth, rim height and rounding, metres.
        samples: (n,) points per cell and axis.
    """
    rows, cols = height_m.shape
    for k in range(place.shape[0]):
        first_col = max(0, -((east - place[k, 0] + reach[k]) // step))
        last_col = min(cols - 1, (place[k, 0] + reach[k] - east) // step)
        first_row = max(0, -((north - place[k, 1] + reach[k]) // step))
        last_row = min(rows - 1, (place[k, 1] + reach[k] - north) // step)
        count = samples[k]
        share = 1.0 / (count * count)
        part = step * _METRES / count
        corner = part * (0.5 - 0.5 * count)
        for row in range(first_row, last_row + 1):
            y0 = (north + row * step - place[k, 1]) * _METRES + corner
            for col in range(first_col, last_col + 1):
                x0 = (east + col * step - place[k, 0]) * _METRES + corner
                total = 0.0
                for m in range(count):
                    y = y0 + m * part
                    for n in range(count):
                        x = x0 + n * part
                        square = (shape[k, 0] * x + shape[k, 1] * y) * x + shape[k, 2] * y * y
                        if square < REACH * REACH:
                            total += _profile(square, shape[k, 3], shape[k, 4], shape[k, 5])
                height_m[row, col] += total * share


@kernel
def raise_rocks(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    size_m: npt.NDArray[np.float64],
) -> None:
    """Set each cell to the highest rock over its centre.

    Args:
        height_m: (rows, cols) height of rock above the ground, zero where none; raised.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        size_m: (n, 3) radius, height of the widest section above the ground and height of the top above that.
    """
    rows, cols = height_m.shape
    for k in range(place.shape[0]):
        radius = size_m[k, 0]
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
                    top = size_m[k, 1] + size_m[k, 2] * math.sqrt(1.0 - square)
                    height_m[row, col] = max(height_m[row, col], top)
