"""Where Sun and Earth stand over a place on the Moon.

The Earth and the Sun from pyerfa's `epv00`, the Moon from its `moon98`, the Moon's orientation from the IAU working
group's series for the mean-Earth frame, with light time and aberration. Against DE421 and its librations, 1950-2050,
the orientation is within 0.0055 deg, the Moon's place within 0.0051 deg and 13 km, and these two are what limits: the
Earth's place counts for nothing beside them. The bending of light by the Sun (5e-4 deg at its limb) is left out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import erfa
import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import AU_M, MOON, SPEED_OF_LIGHT_M_S
from rover.core.place import check_place
from rover.core.time import SECONDS_PER_DAY, check_served
from rover.sky.ephemeris import Ephemeris, Target
from rover.sky.topocentric import azimuth_elevation_range, east_north_up, instants

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
class Track:
    """A body in the sky of one or more places on the Moon, at n times.

    Attributes:
        azimuth_rad: (n,) clockwise from true north, 0 to 2 pi.
        elevation_rad: (n,) of the body's centre above the plane of a sphere's horizon.
        distance_m: (n,) from the place to the body's centre, as the light travels.
        angular_diameter_rad: (n,) of the disc.
    """

    azimuth_rad: Vector
    elevation_rad: Vector
    distance_m: Vector
    angular_diameter_rad: Vector

    def __post_init__(self) -> None:
        count = len(self.azimuth_rad)
        for name in ("azimuth_rad", "elevation_rad", "distance_m", "angular_diameter_rad"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SubPoint:
    """The place on the Moon over which a body stands in the zenith, at n times.

    Attributes:
        latitude_rad: (n,) north positive.
        longitude_rad: (n,) east positive, -pi to pi.
        distance_m: (n,) from the Moon's centre.
    """

    latitude_rad: Vector
    longitude_rad: Vector
    distance_m: Vector

    def __post_init__(self) -> None:
        count = len(self.latitude_rad)
        for name in ("latitude_rad", "longitude_rad", "distance_m"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))


@dataclass(frozen=True, slots=True)
class SeriesEphemeris:
    """Sun and Earth by the series that this module names; they hold from 1900 to 2100."""

    @property
    def source(self) -> str:
        """Where positions and orientation come from."""
        return "ERFA epv00 and moon98, IAU WGCCRE 2009 orientation, frame MOON_ME"

    def seen_from_moon(self, target: Target, place_m: Vector, tt_jd1: float, tt_jd2: Vector) -> Vector:
        """Return (n, 3) vectors in metres to Sun or Earth as they appear; see `Ephemeris`."""
        check_served(tt_jd1, tt_jd2)
        to_body = moon_orientation(tt_jd1, tt_jd2)
        sun, earth = _sun_and_earth(tt_jd1, tt_jd2)
        moon = erfa.moon98(tt_jd1, tt_jd2)
        places = np.broadcast_to(place_m / AU_M, (len(tt_jd2), 3))
        observer = earth[0] + moon["p"] + np.einsum("nij,ni->nj", to_body, places)
        position, velocity = sun if target is Target.SUN else earth
        towards = _apparent(position - observer, velocity, earth[1] + moon["v"])
        return np.asarray(np.einsum("nij,nj->ni", to_body, towards) * AU_M)


SERIES = SeriesEphemeris()


def sun_from_moon(
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    tt_jd1: float,
    tt_jd2: npt.ArrayLike,
    *,
    ephemeris: Ephemeris = SERIES,
) -> Track:
    """Return the apparent Sun from a place on the Moon's reference sphere.

    Args:
        latitude_rad: North positive, mean-Earth frame; a number, or (n,) for a place per time.
        longitude_rad: East positive.
        tt_jd1, tt_jd2: Two-part Julian date in TT; the second part an (n,) array or a number.
        ephemeris: Where positions come from.

    Returns:
        Azimuth, elevation, distance, diameter; directions within 0.01 deg of JPL's ephemerides (tested).

    Raises:
        ValueError: A place or date that is not finite or out of range.
        TimeError: A time that the ephemeris does not cover.
    """
    return _track(Target.SUN, latitude_rad, longitude_rad, tt_jd1, tt_jd2, ephemeris)


def earth_from_moon(
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    tt_jd1: float,
    tt_jd2: npt.ArrayLike,
    *,
    ephemeris: Ephemeris = SERIES,
) -> Track:
    """Return the apparent Earth from a place on the Moon's reference sphere; arguments as of `sun_from_moon`."""
    return _track(Target.EARTH, latitude_rad, longitude_rad, tt_jd1, tt_jd2, ephemeris)


def subsolar_point(tt_jd1: float, tt_jd2: npt.ArrayLike, *, ephemeris: Ephemeris = SERIES) -> SubPoint:
    """Return where on the Moon the Sun stands in the zenith, as it appears from the Moon's centre."""
    x, y, z = ephemeris.seen_from_moon(Target.SUN, np.zeros(3), tt_jd1, instants(tt_jd1, tt_jd2)).T
    level = np.hypot(x, y)
    return SubPoint(
        latitude_rad=np.arctan2(z, level), longitude_rad=np.arctan2(y, x), distance_m=np.hypot(level, z)
    )


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


def _track(
    target: Target,
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    tt_jd1: float,
    tt_jd2: npt.ArrayLike,
    ephemeris: Ephemeris,
) -> Track:
    check_place(latitude_rad, longitude_rad)
    axes = east_north_up(latitude_rad, longitude_rad)
    jd2 = instants(tt_jd1, tt_jd2)
    towards = ephemeris.seen_from_moon(target, axes[..., 2, :] * MOON.radius_m, tt_jd1, jd2)
    azimuth, elevation, distance = azimuth_elevation_range(towards, axes)
    return Track(
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        distance_m=distance,
        angular_diameter_rad=2 * np.arcsin(target.radius_m / distance),
    )


def _sun_and_earth(jd1: float, jd2: Vector) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
    """Return barycentric position (au) and velocity (au/day), (n, 3) each, of the Sun and of the Earth."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # a lunar day beyond 1900-2100 is as good
        heliocentric, barycentric = erfa.epv00(jd1, jd2)
    position, velocity = barycentric["p"], barycentric["v"]
    return (position - heliocentric["p"], velocity - heliocentric["v"]), (position, velocity)


def _apparent(towards: Vector, velocity: Vector, observer_velocity: Vector) -> Vector:
    """Return (n, 3) from observer to target in au, with light time and stellar aberration.

    The target is carried back along its velocity, from which the Sun strays by less than a metre over the light
    time, the Earth by millimetres. Aberration is classical; that of the Moon's own turning (5 m/s) is left out.
    """
    delay = np.linalg.norm(towards, axis=1)[:, None] / _LIGHT_DAY_AU
    then = towards - velocity * delay
    delay = np.linalg.norm(then, axis=1)[:, None] / _LIGHT_DAY_AU
    then = towards - velocity * delay
    distance = np.linalg.norm(then, axis=1)[:, None]
    shifted = then / distance + observer_velocity / _LIGHT_DAY_AU
    return np.asarray(shifted / np.linalg.norm(shifted, axis=1)[:, None] * distance)
