"""How much of the Sun's disc the world's ground lets through, by its own ray march."""

from __future__ import annotations

import math

from rover.core.grid import Dem
from sim.physics.light_kernels import horizon_tangent

SUN_RADIUS_M = 6.957e8
"""Nominal solar radius (IAU 2015 resolution B3)."""


def lit_fraction(
    dem: Dem,
    *,
    east_m: float,
    north_m: float,
    height_m: float,
    azimuth_rad: float,
    elevation_rad: float,
    sun_distance_m: float,
) -> float:
    """Return the fraction of the solar disc in view from a point, 0 to 1.

    Args:
        dem: The ground that may cast a shadow; beyond its edge lies open sky down to the horizontal plane.
        east_m, north_m: The point, in the DEM's frame.
        height_m: Its height above the DEM's datum.
        azimuth_rad: The Sun's, clockwise from the raster's north.
        elevation_rad: Of the Sun's centre.
        sun_distance_m: Gives its size.
    """
    geometry = dem.geometry
    tangent = horizon_tangent(
        dem.elevation_m,
        geometry.resolution_m,
        (north_m - geometry.north_m) / geometry.resolution_m,
        (east_m - geometry.east_m) / geometry.resolution_m,
        height_m,
        math.cos(azimuth_rad),
        math.sin(azimuth_rad),
    )
    horizon = max(0.0, math.atan(tangent))
    return disc_above(elevation_rad - horizon, math.asin(SUN_RADIUS_M / sun_distance_m))


def disc_above(centre_rad: float, radius_rad: float) -> float:
    """Return the share of a disc above a level edge that its centre stands `centre_rad` over (circular segment)."""
    x = max(-1.0, min(1.0, centre_rad / radius_rad))
    return 0.5 + (x * math.sqrt(1.0 - x * x) + math.asin(x)) / math.pi
