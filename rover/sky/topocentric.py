"""Directions as seen from a place: azimuth and elevation on any body."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]


def east_north_up(latitude_rad: float, longitude_rad: float) -> Vector:
    """Return (3, 3): the unit vectors east, north and up of a place as rows, in the body's frame.

    The latitude is that of the vertical: planetocentric on a sphere, geodetic on an ellipsoid.
    """
    sin_lat, cos_lat = np.sin(latitude_rad), np.cos(latitude_rad)
    sin_lon, cos_lon = np.sin(longitude_rad), np.cos(longitude_rad)
    return np.array(
        [
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )


def azimuth_elevation_range(
    towards: Vector, latitude_rad: float, longitude_rad: float
) -> tuple[Vector, Vector, Vector]:
    """Return azimuth, elevation and length of (n, 3) vectors from a place, in the body's frame.

    Azimuths are clockwise from true north, 0 to 2 pi; elevations are above the plane of the horizon.
    """
    east, north, up = (towards @ east_north_up(latitude_rad, longitude_rad).T).T
    level = np.hypot(east, north)
    return np.arctan2(east, north) % (2 * np.pi), np.arctan2(up, level), np.hypot(level, up)


def instants(tt_jd1: float, tt_jd2: npt.ArrayLike) -> Vector:
    """Return the second part of a two-part Julian date as an (n,) array.

    Raises:
        ValueError: A date is not finite, or the array has more than one axis.
    """
    jd2 = np.atleast_1d(np.asarray(tt_jd2, np.float64))
    if jd2.ndim != 1:
        raise ValueError(f"tt_jd2 has shape {jd2.shape}, expected (n,)")
    if not np.isfinite(tt_jd1 + jd2).all():
        raise ValueError("a Julian date is not finite")
    return jd2
