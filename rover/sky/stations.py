"""The relay from ground stations on Earth: functions of time in which passes can be looked for.

UTC serves for UT1: they differ by less than 0.9 s, 0.004 deg of the Earth's turning, while there are leap seconds, and
by what the Earth's clock will have lost since when there are none; before 1960 they are the same (`rover.core.time`).
There is no refraction, which would raise a target at 10 deg by 0.1 deg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import erfa
import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.station import Station
from rover.core.time import utc_julian_date
from rover.sky.relay import relay_from_earth
from rover.sky.topocentric import azimuth_elevation_range, east_north_up, instants

Vector = npt.NDArray[np.float64]

_WGS84 = 1
"""As `erfa.gd2gc` counts ellipsoids."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StationTrack:
    """The relay from one station at n times.

    Attributes:
        azimuth_rad: (n,) clockwise from true north, 0 to 2 pi.
        elevation_rad: (n,) above the plane of the ellipsoid's horizon.
        range_m: (n,) from the station.
    """

    azimuth_rad: Vector
    elevation_rad: Vector
    range_m: Vector

    def __post_init__(self) -> None:
        count = len(self.azimuth_rad)
        for name in ("azimuth_rad", "elevation_rad", "range_m"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))


def stations_see(
    stations: Sequence[Station], tt_jd1: float, tt_jd2: npt.ArrayLike, *, phase_at_epoch: float
) -> npt.NDArray[np.bool_]:
    """Tell as (m, n) whether the relay stands at the masks of m stations or above.

    Args:
        stations: On the ellipsoid.
        tt_jd1, tt_jd2, phase_at_epoch: As for `rover.sky.relay.relay_from_moon`.

    Raises:
        ValueError: A date or phase that is not finite or out of range.
        TimeError: A date outside the years served.
    """
    relay = terrestrial_relay(tt_jd1, tt_jd2, phase_at_epoch=phase_at_epoch)
    seen = [seen_from(station, relay).elevation_rad >= station.mask_rad for station in stations]
    return np.array(seen, bool).reshape(len(stations), len(relay))


def terrestrial_relay(tt_jd1: float, tt_jd2: npt.ArrayLike, *, phase_at_epoch: float) -> Vector:
    """Return (n, 3) from the Earth's centre to the relay in metres, in the frame that turns with the Earth."""
    jd2 = instants(tt_jd1, tt_jd2)
    relay = relay_from_earth(tt_jd1, jd2, phase_at_epoch=phase_at_epoch)
    return np.asarray(np.einsum("nij,nj->ni", earth_orientation(tt_jd1, jd2), relay))


def seen_from(station: Station, towards: Vector) -> StationTrack:
    """Return where a station sees (n, 3) points in metres of the frame that turns with the Earth."""
    latitude, longitude = station.latitude_rad, station.longitude_rad
    here = erfa.gd2gc(_WGS84, longitude, latitude, 0.0)
    azimuth, elevation, distance = azimuth_elevation_range(towards - here, east_north_up(latitude, longitude))
    return StationTrack(azimuth_rad=azimuth, elevation_rad=elevation, range_m=distance)


def earth_orientation(tt_jd1: float, tt_jd2: Vector) -> Vector:
    """Return (n, 3, 3) rotations from the celestial frame to that which turns with the Earth.

    IAU 2000B precession and nutation, good to 0.001 arcsec, an order cheaper than 2000A; no polar motion.
    """
    utc = utc_julian_date(tt_jd1, tt_jd2)
    return np.asarray(erfa.c2t00b(tt_jd1, tt_jd2, tt_jd1, utc, 0.0, 0.0))
