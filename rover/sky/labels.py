"""Local solar time and the number of the lunar day: what people say instead of an instant."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from rover.core.time import SECONDS_PER_DAY, SYNODIC_MONTH_S, parse_utc
from rover.sky.ephemeris import Ephemeris
from rover.sky.sun import SERIES, subsolar_point

_LANDING_UTC = "2019-01-03T02:26:00Z"
"""Touchdown of Chang'e 4 (CNSA), in what its operators call the first lunar day."""


def local_solar_time_h(
    longitude_rad: npt.ArrayLike, tt_jd1: float, tt_jd2: npt.ArrayLike, *, ephemeris: Ephemeris = SERIES
) -> npt.NDArray[np.float64]:
    """Return (n,) hours, 0 to 24, of the Sun's hour angle: 12 when it crosses the meridian, whatever the latitude.

    An hour is a 24th of the lunar day, 29.5 hours of the clock.

    Args:
        longitude_rad: East positive; a number or (n,). At a pole, that of the meridian that is meant.
        tt_jd1, tt_jd2: Two-part Julian date in TT; the second part an (n,) array or a number.
        ephemeris: Where the Sun's place comes from.
    """
    return 24.0 * _fraction_of_day(longitude_rad, tt_jd1, tt_jd2, ephemeris)


def lunar_day(
    longitude_rad: npt.ArrayLike, tt_jd1: float, tt_jd2: npt.ArrayLike, *, ephemeris: Ephemeris = SERIES
) -> npt.NDArray[np.int64]:
    """Return (n,) numbers of the lunar day, counted at each place from local midnight to local midnight.

    Day 1 is, at every place, the one that was under way when Chang'e 4 landed; earlier ones are 0 and less. Where the
    Sun rises and sets, it does both within one number. Arguments as of `local_solar_time_h`.
    """
    fraction = _fraction_of_day(longitude_rad, tt_jd1, tt_jd2, ephemeris)
    landing_jd1, landing_jd2 = _landing()
    fraction_then = _fraction_of_day(longitude_rad, landing_jd1, landing_jd2, ephemeris)
    elapsed_s = ((tt_jd1 - landing_jd1) + (np.asarray(tt_jd2, np.float64) - landing_jd2)) * SECONDS_PER_DAY
    # The mean Sun tells the whole days: the true one is never more than 0.01 of a day from it (2.4 deg).
    whole = np.rint(elapsed_s / SYNODIC_MONTH_S - (fraction - fraction_then))
    return np.asarray(whole, np.int64) + 1


def _fraction_of_day(
    longitude_rad: npt.ArrayLike, tt_jd1: float, tt_jd2: npt.ArrayLike, ephemeris: Ephemeris
) -> npt.NDArray[np.float64]:
    """Return (n,) 0 to 1 since local midnight."""
    sun = subsolar_point(tt_jd1, tt_jd2, ephemeris=ephemeris)
    turns = (np.asarray(longitude_rad, np.float64) - sun.longitude_rad) / (2 * math.pi) + 0.5
    fraction = turns - np.floor(turns)
    return np.asarray(np.where(fraction < 1.0, fraction, 0.0))


@cache
def _landing() -> tuple[float, float]:
    epoch = parse_utc(_LANDING_UTC)
    return epoch.tt_jd1, epoch.tt_jd2
