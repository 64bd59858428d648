"""Where the Sun stands over a place on the Moon.

The Earth from pyerfa's `epv00`, the Moon from its `moon98`, the Moon's orientation from the IAU working group's
series for the mean-Earth frame, with light time and aberration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import erfa
import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import AU_M, MOON, SPEED_OF_LIGHT_M_S
from rover.core.time import SECONDS_PER_DAY

Vector = npt.NDArray[np.float64]

_LIGHT_DAY_AU = SPEED_OF_LIGHT_M_S * SECONDS_PER_DAY / AU_M
_J2000 = 2_451_545.0

# Archinal et al. 2011, Report of the IAU Working Group on Cartographic Coordinates and Rotational Elements: 2009,
# doi:10.1007/s10569-010-9320-4, table 2. Rows: argument at J2000 (deg), rate (deg/day), and the coefficients
# (deg) of its sine in right ascension, of its cosine in declination, of its sine in the prime meridian.
_LIBRATION = np.array(
    [
        [125.045, -0.0529921, -3.8787, 1.5419, 3.5610],
        [250.089, -0.1059842, -0.1204, 0.0239, 0.1208],
        [260.008, 13.0120009, 0.0700, -0.0278, -0.0642],
        [176.625, 13.3407154, -0.0172, 0.0068, 0.0158],
        [357.529, 0.9856003, 0.0, 0.0, 0.0252],
        [311.589, 26.4057084, 0.0072, -0.0029, -0.0066],
        [134.963, 13.0649930, 0.0, 0.0009, -0.0047],
        [276.617, 0.3287146, 0.0, 0.0, -0.0046],
        [34.226, 1.7484877, 0.0, 0.0, 0.0028],
        [15.134, -0.1589763, -0.0052, 0.0008, 0.0052],
        [119.743, 0.0036096, 0.0, 0.0, 0.0040],
        [239.961, 0.1643573, 0.0, 0.0, 0.0019],
        [25.053, 12.9590088, 0.0043, -0.0009, -0.0044],
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SunTrack:
    """The Sun from one place at n times.

    Attributes:
        azimuth_rad: (n,) clockwise from true north, 0 to 2 pi.
        elevation_rad: (n,) of the Sun's centre above the plane of a sphere's horizon.
        distance_m: (n,).
    """

    azimuth_rad: Vector
    elevation_rad: Vector
    distance_m: Vector

    def __post_init__(self) -> None:
        count = len(self.azimuth_rad)
        for name in ("azimuth_rad", "elevation_rad", "distance_m"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))


def sun_from_moon(
    latitude_rad: float, longitude_rad: float, tt_jd1: float, tt_jd2: npt.ArrayLike
) -> SunTrack:
    """Return the apparent Sun from a place on the Moon's reference sphere.

    Args:
        latitude_rad: North positive, mean-Earth frame.
        longitude_rad: East positive.
        tt_jd1, tt_jd2: Two-part Julian date in TT; the second part an (n,) array or a number.

    Returns:
        Azimuth, elevation and distance; within 0.01 deg of JPL Horizons over 1969-2045 (tested).
    """
    jd2 = np.atleast_1d(np.asarray(tt_jd2, np.float64))
    to_body = moon_orientation(tt_jd1, jd2)
    site = np.array(
        [
            np.cos(latitude_rad) * np.cos(longitude_rad),
            np.cos(latitude_rad) * np.sin(longitude_rad),
            np.sin(latitude_rad),
        ]
    )
    observer, velocity = _moon_barycentric(tt_jd1, jd2)
    observer = observer + np.einsum("nij,i->nj", to_body, site) * (MOON.radius_m / AU_M)
    towards = _apparent(_sun_barycentric, tt_jd1, jd2, observer, velocity)
    distance_au = np.linalg.norm(towards, axis=1)
    direction = np.einsum("nij,nj->ni", to_body, towards / distance_au[:, None])
    azimuth, elevation = _azimuth_elevation(direction, latitude_rad, longitude_rad)
    return SunTrack(azimuth_rad=azimuth, elevation_rad=elevation, distance_m=distance_au * AU_M)


def moon_orientation(jd1: float, jd2: Vector) -> Vector:
    """Return (n, 3, 3) rotations from the celestial frame to the Moon's mean-Earth frame.

    TT serves for TDB: they differ by 2 ms at most, in which the Moon turns 3e-7 deg.
    """
    days = (jd1 - _J2000) + jd2
    centuries = days / 36_525.0
    argument = np.radians(_LIBRATION[:, 0] + np.outer(days, _LIBRATION[:, 1]))
    sine, cosine = np.sin(argument), np.cos(argument)
    ascension = 269.9949 + 0.0031 * centuries + sine @ _LIBRATION[:, 2]
    declination = 66.5392 + 0.0130 * centuries + cosine @ _LIBRATION[:, 3]
    meridian = 38.3213 + 13.17635815 * days - 1.4e-12 * days**2 + sine @ _LIBRATION[:, 4]
    return np.asarray(
        _about_z(np.radians(meridian))
        @ _about_x(np.radians(90.0 - declination))
        @ _about_z(np.radians(90.0 + ascension))
    )


def _about_z(angle: Vector) -> Vector:
    c, s, o, i = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack([c, s, o, -s, c, o, o, o, i], axis=-1).reshape(-1, 3, 3)


def _about_x(angle: Vector) -> Vector:
    c, s, o, i = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack([i, o, o, o, c, s, o, -s, c], axis=-1).reshape(-1, 3, 3)


def _moon_barycentric(jd1: float, jd2: Vector) -> tuple[Vector, Vector]:
    """Return (n, 3) position (au) and velocity (au/day) of the Moon's centre."""
    _, earth = erfa.epv00(jd1, jd2)
    moon = erfa.moon98(jd1, jd2)
    return earth["p"] + moon["p"], earth["v"] + moon["v"]


def _sun_barycentric(jd1: float, jd2: Vector) -> Vector:
    heliocentric, barycentric = erfa.epv00(jd1, jd2)
    return np.asarray(barycentric["p"] - heliocentric["p"])


def _apparent(
    target: Callable[[float, Vector], Vector], jd1: float, jd2: Vector, observer: Vector, velocity: Vector
) -> Vector:
    """Return (n, 3) from observer to target in au, with light time and stellar aberration."""
    delay = np.zeros_like(jd2)
    for _ in range(2):
        towards = target(jd1, jd2 - delay) - observer
        delay = np.linalg.norm(towards, axis=1) / _LIGHT_DAY_AU
    distance = np.linalg.norm(towards, axis=1)[:, None]
    shifted = towards / distance + velocity / _LIGHT_DAY_AU
    return np.asarray(shifted / np.linalg.norm(shifted, axis=1)[:, None] * distance)


def _azimuth_elevation(direction: Vector, latitude: float, longitude: float) -> tuple[Vector, Vector]:
    sin_lat, cos_lat = np.sin(latitude), np.cos(latitude)
    sin_lon, cos_lon = np.sin(longitude), np.cos(longitude)
    east = direction @ np.array([-sin_lon, cos_lon, 0.0])
    north = direction @ np.array([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat])
    up = direction @ np.array([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat])
    return np.arctan2(east, north) % (2 * np.pi), np.arctan2(up, np.hypot(east, north))
