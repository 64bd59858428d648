"""Directions as seen from a place: azimuth and elevation on any body."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]


def east_north_up(latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike) -> Vector:
    """Return (3, 3), or (n, 3, 3) of n places: unit vectors east, north and up as rows, in the body's frame.

    The latitude is that of the vertical: planetocentric on a sphere, geodetic on an ellipsoid.
    """
    latitude, longitude = np.broadcast_arrays(
        np.asarray(latitude_rad, np.float64), np.asarray(longitude_rad, np.float64)
    )
    sin_lat, cos_lat, sin_lon, cos_lon = (f(x) for x in (latitude, longitude) for f in (np.sin, np.cos))
    rows = (
        (-sin_lon, cos_lon, np.zeros_like(latitude)),
        (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat),
        (cos_lat * cos_lon, cos_lat * sin_lon, sin_lat),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def azimuth_elevation_range(towards: Vector, axes: Vector) -> tuple[Vector, Vector, Vector]:
    """Return azimuth, elevation and length of (n, 3) vectors in the body's frame, by the axes of `east_north_up`.

    Azimuths are clockwise from true north, 0 to 2 pi; elevations are above the plane of the horizon.
    """
    east, north, up = (axes @ towards[..., None])[..., 0].T
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
