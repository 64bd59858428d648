"""The libration of the Moon, by an ephemeris under test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.sky.ephemeris import Ephemeris, Target
from rover.sky.sun import SERIES, SubPoint


def subearth_point(tt_jd1: float, tt_jd2: npt.ArrayLike, *, ephemeris: Ephemeris = SERIES) -> SubPoint:
    """Return where on the Moon the Earth stands in the zenith."""
    jd2 = np.atleast_1d(np.asarray(tt_jd2, np.float64))
    x, y, z = ephemeris.seen_from_moon(Target.EARTH, np.zeros(3), tt_jd1, jd2).T
    level = np.hypot(x, y)
    return SubPoint(
        latitude_rad=np.arctan2(z, level), longitude_rad=np.arctan2(y, x), distance_m=np.hypot(level, z)
    )
