"""Where the relay satellite Queqiao stands over a place on the Moon, and how long a signal takes through it.

The halo orbit is laid on the true line from Earth to Moon: lengths are multiples of their distance at the instant
(a pulsating frame), and the orbit's phase runs with the angle that the line has turned by. With these for units of
length and time the elliptic problem has the circular one's equations but for a divisor 1 + e cos(true anomaly)
(Szebehely 1967, Theory of Orbits, ch. 10). With days for a clock the rate of turning, hence the Coriolis force, would
vary by a ninth either way, and the orbit would run up to half a day ahead of its own forces and behind them. The mean
period is the same: 14.81 days.

What is left out: the force of the Sun, the divisor just named, and upkeep of the orbit. The phase that Queqiao had at
any instant is not published; it is a parameter, and whatever it is set to is an assumption. Directions and ranges are
those of one instant: while light is under way, the relay moves by 0.1 km against the place on the Moon and 2 km
against the Earth, which is worth 0.0003 deg.
"""

from __future__ import annotations

from dataclasses import dataclass

import erfa
import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import AU_M, MOON, SPEED_OF_LIGHT_M_S
from rover.core.place import check_place
from rover.core.time import Epoch, check_served
from rover.sky.halo import MASS_RATIO, PERIOD_RAD, halo_position
from rover.sky.sun import moon_orientation
from rover.sky.topocentric import azimuth_elevation_range, east_north_up, instants

Vector = npt.NDArray[np.float64]

PHASE_EPOCH = Epoch(tt_jd1=2_458_486.5, tt_jd2=0.0)
"""2019-01-03T00:00 TT, the day of Chang'e 4's touchdown: the instant that a relay's phase is given for."""

ASSUMED_PHASE = 0.0
"""Phase at `PHASE_EPOCH` where nobody names another: at the southernmost point. An assumption, since none is published;
any other from 0 to 1 is as good."""

_J2000 = 2_451_545.0
_OBLIQUITY_RAD = np.radians(84_381.406 / 3600)
"""Of the ecliptic at J2000 (IAU 2006)."""

_MEAN_LONGITUDE_RAD = np.radians([218.316654, 481_266.484371 / 36_525.0])
"""The Moon's mean longitude at J2000 and its rate per day, from the equinox of J2000 (Chapront-Touze and Chapront 1988,
ELP 2000-85). Only whole turns are counted by it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelayTrack:
    """The relay from one place on the Moon at n times.

    Attributes:
        azimuth_rad: (n,) clockwise from true north, 0 to 2 pi.
        elevation_rad: (n,) above the plane of a sphere's horizon.
        range_m: (n,) from the place to the relay.
        earth_range_m: (n,) from the relay to the Earth's centre.
    """

    azimuth_rad: Vector
    elevation_rad: Vector
    range_m: Vector
    earth_range_m: Vector

    def __post_init__(self) -> None:
        count = len(self.azimuth_rad)
        for name in ("azimuth_rad", "elevation_rad", "range_m", "earth_range_m"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))

    @property
    def light_time_s(self) -> Vector:
        """(n,) light time from the place through the relay to the Earth's centre, one way."""
        return (self.range_m + self.earth_range_m) / SPEED_OF_LIGHT_M_S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulsatingFrame:
    """The line from Earth to Moon at n instants.

    Attributes:
        distance_m: (n,) from the Earth's centre to the Moon's: the unit of length.
        axes: (n, 3, 3) unit vectors in the celestial frame, as rows: towards the Moon, along its motion across that
            line, along the angular momentum of its orbit.
        turned_rad: (n,) angle that the line has turned by, whole turns counted; zero lies at the equinox of J2000.
    """

    distance_m: Vector
    axes: Vector
    turned_rad: Vector


def relay_from_moon(
    latitude_rad: float, longitude_rad: float, tt_jd1: float, tt_jd2: npt.ArrayLike, *, phase_at_epoch: float
) -> RelayTrack:
    """Return the relay from a place on the Moon's reference sphere.

    Args:
        latitude_rad: North positive, mean-Earth frame.
        longitude_rad: East positive.
        tt_jd1, tt_jd2: Two-part Julian date in TT; the second part an (n,) array or a number.
        phase_at_epoch: Phase at `PHASE_EPOCH` in turns since the southernmost point, 0 to 1.

    Raises:
        ValueError: A place, date or phase that is not finite or out of range.
        TimeError: A date outside the years served.
    """
    check_place(latitude_rad, longitude_rad)
    jd2 = instants(tt_jd1, tt_jd2)
    frame = pulsating_frame(tt_jd1, jd2)
    place = _in_frame(frame, phase_at_epoch)
    from_moon = _celestial(frame, place - np.array([1 - MASS_RATIO, 0.0, 0.0]))
    axes = east_north_up(latitude_rad, longitude_rad)
    towards = np.einsum("nij,nj->ni", moon_orientation(tt_jd1, jd2), from_moon) - axes[2] * MOON.radius_m
    azimuth, elevation, distance = azimuth_elevation_range(towards, axes)
    return RelayTrack(
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        range_m=distance,
        earth_range_m=np.linalg.norm(place + _EARTH_TO_BARYCENTRE, axis=1) * frame.distance_m,
    )


def relay_from_earth(tt_jd1: float, tt_jd2: npt.ArrayLike, *, phase_at_epoch: float) -> Vector:
    """Return (n, 3) from the Earth's centre to the relay in metres, in the celestial frame.

    Args:
        tt_jd1, tt_jd2, phase_at_epoch: As for `relay_from_moon`.

    Raises:
        ValueError: A date or phase that is not finite or out of range.
        TimeError: A date outside the years served.
    """
    frame = pulsating_frame(tt_jd1, instants(tt_jd1, tt_jd2))
    return _celestial(frame, _in_frame(frame, phase_at_epoch) + _EARTH_TO_BARYCENTRE)


def pulsating_frame(tt_jd1: float, tt_jd2: Vector) -> PulsatingFrame:
    """Return the line from Earth to Moon by pyerfa's `moon98` (Meeus), within 0.0051 deg and 13 km of DE421 (tested).

    Raises:
        TimeError: A date outside the years served, as `rover.core.time.check_served` has it.
    """
    check_served(tt_jd1, tt_jd2)
    moon = erfa.moon98(tt_jd1, tt_jd2)
    position, velocity = moon["p"], moon["v"]
    distance = np.linalg.norm(position, axis=-1)
    momentum = np.cross(position, velocity)
    along = position / distance[:, None]
    normal = momentum / np.linalg.norm(momentum, axis=-1)[:, None]
    return PulsatingFrame(
        distance_m=distance * AU_M,
        axes=np.stack([along, np.cross(normal, along), normal], axis=1),
        turned_rad=_turned(position, (tt_jd1 - _J2000) + tt_jd2),
    )


_EARTH_TO_BARYCENTRE = np.array([MASS_RATIO, 0.0, 0.0])


def _turned(position: Vector, days: Vector) -> Vector:
    """Return the Moon's longitude on the ecliptic of J2000, whole turns counted.

    The angle along its own orbit differs by 0.12 deg at most, and by 0.08 deg a year; the phase is not known to that.
    """
    x, y, z = position.T
    longitude = np.arctan2(y * np.cos(_OBLIQUITY_RAD) + z * np.sin(_OBLIQUITY_RAD), x)
    mean = _MEAN_LONGITUDE_RAD[0] + _MEAN_LONGITUDE_RAD[1] * days
    return np.asarray(mean + (longitude - mean + np.pi) % (2 * np.pi) - np.pi)


def _in_frame(frame: PulsatingFrame, phase_at_epoch: float) -> Vector:
    """Return (n, 3) positions of the relay in the frame, from the barycentre, in its unit."""
    if not 0.0 <= phase_at_epoch <= 1.0:
        raise ValueError(f"phase_at_epoch = {phase_at_epoch} is not within 0 to 1 turn")
    start = pulsating_frame(PHASE_EPOCH.tt_jd1, np.array([PHASE_EPOCH.tt_jd2])).turned_rad[0]
    return halo_position(phase_at_epoch + (frame.turned_rad - start) / PERIOD_RAD)


def _celestial(frame: PulsatingFrame, position: Vector) -> Vector:
    """Return (n, 3) in metres along the celestial axes from (n, 3) in the frame."""
    return np.asarray(np.einsum("nij,ni->nj", frame.axes, position) * frame.distance_m[:, None])
