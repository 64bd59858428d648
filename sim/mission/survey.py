"""What the ground knows no better than it can be measured from orbit and by pictures: the map, and the start.

What is uplinked to a rover that finds its own place must not be the truth, or matching against it proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry

MAP_SIGMA_M, MAP_LENGTH_M = 0.5, 20.0
"""Error of a map and its correlation length: of elevations by stereo of the narrow-angle cameras, whose relative
precision is half a metre to one at posts of 2 m (Henriksen et al. 2017, Icarus 283, doi:10.1016/j.icarus.2016.05.012);
the length is assumed, of ten posts."""

ROUND_THE_WAY_M = 200.0
"""A rover is sent the map so far to each side of the box about start and goal."""

START_STREAM = 3
"""Of `SeedSequence(seed, spawn_key=(stream, 0))`: by how much the start is out."""

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]


def surveyed(dem: Dem, error_m: Callable[[GridGeometry], Floats]) -> Dem:
    """Return a true map with the error of one that was measured from orbit: all that ground and rover ever see of it.

    Args:
        dem: As it is.
        error_m: Draws (rows, cols) errors of the elevations of a map.
    """
    elevation = dem.elevation_m + error_m(dem.geometry)
    return replace(dem, elevation_m=elevation.astype(np.float32), source=f"{dem.source}, as surveyed")


def round_the_way(dem: Dem, *, places_m: list[Place]) -> Dem:
    """Return the part of a map that a rover is sent.

    Args:
        dem: The map.
        places_m: Start and goal.
    """
    g = dem.geometry
    at = np.array(places_m)
    low, high = at.min(axis=0) - ROUND_THE_WAY_M, at.max(axis=0) + ROUND_THE_WAY_M
    cols = _span(g.east_m, g.resolution_m, g.cols, low[0], high[0])
    rows = _span(g.north_m, g.resolution_north_m, g.rows, low[1], high[1])
    east_m, north_m = g.centre_of(rows.start, cols.start)
    part = replace(
        g, rows=rows.stop - rows.start, cols=cols.stop - cols.start, east_m=east_m, north_m=north_m
    )
    return replace(dem, geometry=part, elevation_m=dem.elevation_m[rows, cols])


def _span(first_m: float, cell_m: float, count: int, low_m: float, high_m: float) -> slice:
    begin = min(max(0, math.floor((low_m - first_m) / cell_m)), count - 1)
    return slice(begin, max(begin + 1, min(count, math.ceil((high_m - first_m) / cell_m) + 1)))


def fix_of_start(
    seed: int, place_m: Place, yaw_rad: float, *, place_sigma_m: float, yaw_sigma_rad: float
) -> tuple[Place, float]:
    """Return place and heading at the start as the ground tells them: the true ones, and a draw of their error.

    Args:
        seed: Of the draw.
        place_m, yaw_rad: As they are.
        place_sigma_m, yaw_sigma_rad: Standard deviations, along each axis.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(START_STREAM, 0)))
    draws: Floats = rng.standard_normal(3)
    east, north = (place + place_sigma_m * float(draw) for place, draw in zip(place_m, draws, strict=False))
    return (east, north), yaw_rad + yaw_sigma_rad * float(draws[2])
