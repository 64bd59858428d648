"""Sun, Earth and relay over the landing site: rows 1 to 5 and 23 to 26."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rover.core.bodies import SPEED_OF_LIGHT_M_S
from rover.core.time import parse_utc
from rover.sky.halo import MASS_RATIO, PERIOD_RAD, halo_position
from rover.sky.lunar_day import EPOCH, tell_lunar_day
from rover.sky.relay import ASSUMED_PHASE, RelayTrack, relay_from_moon
from rover.sky.sun import earth_from_moon, subsolar_point, sun_from_moon
from rover.sky.table import SkyPlace
from sim.validation.place import LANDING_RAD
from sim.validation.targets import SunTimes

Vector = npt.NDArray[np.float64]

_TOUCHDOWN = "2019-01-03T02:26:00Z"
_MEEUS_JDE = 2_448_724.5
_YEARS_FROM, _DAYS_OF_2019_TO_2022 = parse_utc("2019-01-01T00:00:00Z"), range(1, 51)
_DAYS_PER_YEAR = 365.25
_RELAY_YEARS, _RELAY_STEP_D = 3.0, 0.05
_EARTH_YEARS, _EARTH_STEP_D = 19.0, 0.125
_MASK_DEG = 10.0
_MEAN_DISTANCE_MM, _SIDEREAL_MONTH_D = 384.4, 27.321661
"""Earth and Moon apart, and the month from star to star, in the mean (Explanatory Supplement to the Astronomical
Almanac): units of the restricted problem."""


def touchdown() -> Iterator[tuple[str, float]]:
    """Row 1."""
    epoch = parse_utc(_TOUCHDOWN)
    track = sun_from_moon(*LANDING_RAD, epoch.tt_jd1, np.array([epoch.tt_jd2]))
    yield "touchdown_sun_deg", math.degrees(track.elevation_rad[0])


def meeus() -> Iterator[tuple[str, float]]:
    """Row 2."""
    point = subsolar_point(_MEEUS_JDE, np.zeros(1))
    yield "subsolar_longitude_deg", math.degrees(point.longitude_rad[0])
    yield "subsolar_latitude_deg", math.degrees(point.latitude_rad[0])


def sun_table(sun: Sequence[SunTimes]) -> Iterator[tuple[str, float]]:
    """Row 3."""
    off_s = []
    for asked in sun:
        rise, noon, sunset, _ = _sun_of(asked.lunar_day)
        for found, told in ((rise, asked.sunrise_utc), (noon, asked.noon_utc), (sunset, asked.sunset_utc)):
            off_s.append(abs(EPOCH.seconds_until(parse_utc(told)) - found))
    yield "sun_table_worst_min", max(off_s) / 60.0


def days() -> Iterator[tuple[str, float]]:
    """Rows 4 and 5, of the lunar days whose noon is in 2019 to 2022."""
    from_s = EPOCH.seconds_until(_YEARS_FROM)
    until_s = EPOCH.seconds_until(parse_utc("2023-01-01T00:00:00Z"))
    held = [_sun_of(day) for day in _DAYS_OF_2019_TO_2022]
    inside = [one for one in held if from_s <= one[1] < until_s]
    noon = [one[3] for one in inside]
    light_h = [(one[2] - one[0]) / 3600.0 for one in inside]
    yield "noon_least_deg", min(noon)
    yield "noon_greatest_deg", max(noon)
    yield "daylight_least_h", min(light_h)
    yield "daylight_greatest_h", max(light_h)


@lru_cache(maxsize=64)
def _sun_of(lunar_day: int) -> tuple[float, float, float, float]:
    """Return sunrise, noon and sunset in seconds since `EPOCH`, and the Sun's elevation at noon in degrees."""
    place = SkyPlace(latitude_rad=LANDING_RAD[0], longitude_rad=LANDING_RAD[1], phase_at_epoch=ASSUMED_PHASE)
    told = tell_lunar_day(place, lunar_day)
    (noon_s,) = [event.time_s for event in told.events if event.name == "noon"]
    jd1, jd2 = EPOCH.tt_at(np.array([noon_s]))
    height = sun_from_moon(*LANDING_RAD, jd1, jd2).elevation_rad[0]
    return float(told.sunrise_s[0]), noon_s, float(told.sunset_s[0]), math.degrees(height)


def halo() -> Iterator[tuple[str, float]]:
    """Row 23."""
    moon = np.array([1.0 - MASS_RATIO, 0.0, 0.0])
    away = np.linalg.norm(halo_position(np.linspace(0.0, 1.0, 4001)) - moon, axis=1) * _MEAN_DISTANCE_MM
    yield "halo_period_d", PERIOD_RAD / (2 * math.pi) * _SIDEREAL_MONTH_D
    yield "halo_least_mm", float(away.min())
    yield "halo_greatest_mm", float(away.max())


def relay() -> Iterator[tuple[str, float]]:
    """Rows 24 and 25."""
    track = _relay_track()
    elevation = np.degrees(track.elevation_rad)
    light_s = (track.range_m + track.earth_range_m) / SPEED_OF_LIGHT_M_S
    yield "relay_least_deg", float(elevation.min())
    yield "relay_greatest_deg", float(elevation.max())
    yield "relay_in_view_percent", 100.0 * float((elevation >= _MASK_DEG).mean())
    yield "light_time_least_s", float(light_s.min())
    yield "light_time_greatest_s", float(light_s.max())


def _relay_track() -> RelayTrack:
    at = _YEARS_FROM.tt_jd2 + np.arange(0.0, _RELAY_YEARS * _DAYS_PER_YEAR, _RELAY_STEP_D)
    return relay_from_moon(*LANDING_RAD, _YEARS_FROM.tt_jd1, at, phase_at_epoch=ASSUMED_PHASE)


def earth() -> Iterator[tuple[str, float]]:
    """Row 26."""
    at = _YEARS_FROM.tt_jd2 + np.arange(0.0, _EARTH_YEARS * _DAYS_PER_YEAR, _EARTH_STEP_D)
    yield (
        "earth_greatest_deg",
        math.degrees(earth_from_moon(*LANDING_RAD, _YEARS_FROM.tt_jd1, at).elevation_rad.max()),
    )
