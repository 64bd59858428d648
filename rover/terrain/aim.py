"""Where Sun or relay stand at each time, among the planes and steps of a horizon map.

At the map's middle they stand where the almanac says. A place nearer to them by a distance d sees them higher by
d / R, the Moon's radius R: at first order the elevation over a cell x to the east and y to the north of the middle is
that over the middle plus (x sin a + y cos a) / R, with a their azimuth. What that leaves out grows with the distance r
from the middle and the elevation h: elevations are too high by up to r^2 / (2 R^2) tan h, and azimuths, which are taken
as those over the middle, are off by up to (r / R) tan h. In the corners of a map of 10 km that is 0.0005 deg and
0.23 deg times tan h, of one of 186 km 0.16 deg and 4.3 deg times tan h: 0.014 and 0.38 deg at an elevation of 5 deg,
where light is decided.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rover.core.bodies import BODIES
from rover.core.errors import UsageError
from rover.core.grid import GridGeometry
from rover.sky.events import Direction
from rover.terrain.horizon import STEP_RAD, HorizonMap, middle_of

Floats = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]


_CELLS_OF_A_STRIP = 131_072
"""A tenth of a millisecond's work for one map; less is not worth handing to another core."""


class Aims(NamedTuple):
    """A body in the sky at n times, in a horizon map's own terms; arrays for kernels.

    Attributes:
        before, after: (n,) int64 planes of the horizon on either side of the azimuth.
        weight: (n,) float32 of the plane after, 0 to 1.
        whole, rest: (n,) float32 elevation over the map's middle in steps, as a whole number and what is left: so
            that differences between it and a horizon near it keep all their digits.
        floor: (n,) float32 of the lowest horizon there can be, in steps less `whole`.
        eastward, northward: (n,) float32 of a unit vector towards the body.
        east, north: (cols,) and (rows,) float32 angle from the map's middle in steps.
    """

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    weight: Floats
    whole: Floats
    rest: Floats
    floor: Floats
    eastward: Floats
    northward: Floats
    east: Floats
    north: Floats


def aims_at(horizon: HorizonMap, body: Direction, *, lowered_rad: npt.ArrayLike = 0.0) -> Aims:
    """Return where a body stands.

    Args:
        horizon: The horizon map.
        body: Azimuth from true north and elevation, over the site of the map.
        lowered_rad: Taken off the elevation: a margin, or the height above the centre at which a disc counts as up;
            a number or (n,).

    Raises:
        UsageError: An azimuth or elevation that is not finite, or none at all.
    """
    azimuth, elevation = _checked(body, "azimuth_rad"), _checked(body, "elevation_rad")
    on_raster = azimuth - horizon.geometry.site.grid_north_rad
    planes = horizon.steps.shape[0]
    before, weight = _planes(on_raster, planes)
    steps = (elevation - np.asarray(lowered_rad) + math.pi / 2) / STEP_RAD
    whole = np.round(steps)
    east, north = _angles(horizon.geometry, horizon.middle_m)
    return Aims(
        before=before % planes,
        after=(before + 1) % planes,
        weight=weight.astype(np.float32),
        whole=whole.astype(np.float32),
        rest=(steps - whole).astype(np.float32),
        floor=((math.pi / 2 - horizon.dip_rad) / STEP_RAD - whole).astype(np.float32),
        eastward=np.sin(on_raster).astype(np.float32),
        northward=np.cos(on_raster).astype(np.float32),
        east=east,
        north=north,
    )


def elevations_over(geometry: GridGeometry, azimuth_rad: float, elevation_rad: float) -> Floats:
    """Return (rows, cols) elevation of a body over each cell, at first order as this module says.

    Args:
        geometry: Where the cells are.
        azimuth_rad: Of the body over the map's middle, from the raster's north.
        elevation_rad: Likewise.
    """
    east, north = _angles(geometry, middle_of(geometry))
    nearer = north[:, None] * np.float32(math.cos(azimuth_rad)) + east * np.float32(math.sin(azimuth_rad))
    return np.asarray(np.float32(elevation_rad) + nearer * np.float32(STEP_RAD), np.float32)


def least_rows(geometry: GridGeometry) -> int:
    """Return how many rows of one map are worth handing to another core."""
    return max(1, _CELLS_OF_A_STRIP // geometry.cols)


def _checked(body: Direction, name: str) -> Vector:
    values = np.atleast_1d(np.asarray(getattr(body, name), np.float64))
    if values.size == 0 or not np.isfinite(values).all():
        remedy = "give at least one direction, each finite"
        raise UsageError("no direction in the sky", remedy=remedy, field=name, value=values.tolist())
    return values


def _planes(azimuth_rad: Vector, planes: int) -> tuple[npt.NDArray[np.int64], Vector]:
    """Return the plane before each azimuth, and how far it lies towards the next, 0 to 1."""
    place = azimuth_rad % (2 * math.pi) / (2 * math.pi) * planes
    before = np.floor(place)
    return before.astype(np.int64), place - before


def _angles(geometry: GridGeometry, middle_m: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return the angle at the body's centre from the map's middle to each column and to each row, in steps."""
    known = {body.name: body.radius_m for body in BODIES}
    # A body of unknown size has no curvature that one could know of.
    radius_m = known.get(geometry.site.body, math.inf)
    axes = (
        (geometry.cols, geometry.resolution_m, geometry.east_m - middle_m[0]),
        (geometry.rows, geometry.resolution_north_m, geometry.north_m - middle_m[1]),
    )
    # Half cells, whole numbers, so that a window's angles are the same bits as in the whole.
    east, north = (
        ((np.arange(count) + round(2 * first_m / side_m) / 2) * (side_m / radius_m / STEP_RAD)).astype(
            np.float32
        )
        for count, side_m, first_m in axes
    )
    return east, north
