"""How much of the Sun's disc the world's ground lets through, by its own ray march over near and far ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rover.core.bodies import BODIES, MOON, SUN_RADIUS_M
from rover.core.grid import Dem
from sim.physics.light_kernels import horizon_tangent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FarGround:
    """Coarse ground that reaches further than the map, in the map's frame.

    Attributes:
        dem: Its elevations.
        lowest_m: The least of them above its datum.
    """

    dem: Dem
    lowest_m: float


def far_ground(dem: Dem) -> FarGround:
    """Return coarse ground ready to be seen."""
    return FarGround(dem=dem, lowest_m=float(np.nanmin(dem.elevation_m)))


def lit_fraction(
    dem: Dem,
    *,
    east_m: float,
    north_m: float,
    height_m: float,
    azimuth_rad: float,
    elevation_rad: float,
    sun_distance_m: float,
    far: FarGround | None = None,
) -> float:
    """Return the fraction of the solar disc in view from a point, 0 to 1.

    Args:
        dem: The ground that may cast a shadow.
        east_m, north_m: The point, in the DEM's frame.
        height_m: Its height above the DEM's datum.
        azimuth_rad: The Sun's, clockwise from the raster's north.
        elevation_rad: Of the Sun's centre.
        sun_distance_m: Gives its size.
        far: Ground that reaches further, asked beyond the edge of `dem`.
    """
    horizon = horizon_rad(
        dem, east_m=east_m, north_m=north_m, height_m=height_m, azimuth_rad=azimuth_rad, far=far
    )
    return disc_above(elevation_rad - horizon, math.asin(SUN_RADIUS_M / sun_distance_m))


def horizon_rad(
    dem: Dem,
    *,
    east_m: float,
    north_m: float,
    height_m: float,
    azimuth_rad: float,
    far: FarGround | None = None,
) -> float:
    """Return the elevation of the horizon in one direction; arguments as for `lit_fraction`.

    The ground sinks away with the body's curvature. Where the far ground is known the horizon may lie below the level
    plane, as deep as that of a sphere through its lowest place; where it is not, the sky is open down to that plane.
    """
    way = math.cos(azimuth_rad), math.sin(azimuth_rad)
    tangent = _tangent(dem, east_m, north_m, height_m, way, from_m=0.0)
    if far is None:
        return max(0.0, math.atan(tangent))
    above_far_m = height_m + dem.datum_m - far.dem.datum_m
    beyond_m = _reach_m(dem, east_m, north_m, way)
    tangent = max(tangent, _tangent(far.dem, east_m, north_m, above_far_m, way, from_m=beyond_m))
    return max(-_dip_rad(far, above_far_m), math.atan(tangent))


def skyline_rad(dem: Dem, far: FarGround, azimuth_rad: float) -> float:
    """Return the elevation of the far ground alone, seen from the ground in the middle of the near one."""
    geometry = dem.geometry
    row, col = geometry.rows // 2, geometry.cols // 2
    east_m, north_m = geometry.centre_of(row, col)
    known_m = float(dem.elevation_m[row, col])
    height_m = (known_m if math.isfinite(known_m) else 0.0) + dem.datum_m - far.dem.datum_m
    way = math.cos(azimuth_rad), math.sin(azimuth_rad)
    from_m = _reach_m(dem, east_m, north_m, way)
    tangent = _tangent(far.dem, east_m, north_m, height_m, way, from_m=from_m)
    return max(-_dip_rad(far, height_m), math.atan(tangent))


def disc_above(centre_rad: float, radius_rad: float) -> float:
    """Return the share of a disc above a level edge that its centre stands `centre_rad` over (circular segment)."""
    x = max(-1.0, min(1.0, centre_rad / radius_rad))
    return 0.5 + (x * math.sqrt(1.0 - x * x) + math.asin(x)) / math.pi


def _tangent(
    dem: Dem, east_m: float, north_m: float, height_m: float, way: tuple[float, float], *, from_m: float
) -> float:
    geometry = dem.geometry
    return float(
        horizon_tangent(
            dem.elevation_m,
            geometry.resolution_m,
            (north_m - geometry.north_m) / geometry.resolution_m,
            (east_m - geometry.east_m) / geometry.resolution_m,
            height_m,
            *way,
            max(1.0, from_m / geometry.resolution_m),
            _half_curvature(dem),
        )
    )


def _half_curvature(dem: Dem) -> float:
    """Return by how much the ground sinks over the square of a distance, 1/m: half of one over the radius."""
    radius_m = next((body.radius_m for body in BODIES if body.name == dem.geometry.site.body), MOON.radius_m)
    return 0.5 / (radius_m + dem.datum_m)


def _reach_m(dem: Dem, east_m: float, north_m: float, way: tuple[float, float]) -> float:
    """Return how far it is to the outermost cell centres of a DEM in a direction; 0 from outside."""
    geometry, reach = dem.geometry, math.inf
    for at, first, count, step in (
        (north_m, geometry.north_m, geometry.rows, way[0]),
        (east_m, geometry.east_m, geometry.cols, way[1]),
    ):
        last = first + (count - 1) * geometry.resolution_m
        if not first <= at <= last:
            return 0.0
        if step:
            reach = min(reach, ((last if step > 0 else first) - at) / step)
    return reach


def _dip_rad(far: FarGround, height_m: float) -> float:
    """Return how far below the level plane the horizon lies of a sphere through the lowest of the far ground."""
    above_m = max(0.0, height_m - far.lowest_m)
    return math.acos(1.0 / (1.0 + above_m * 2.0 * _half_curvature(far.dem)))
