"""A lunar day at one place: when it begins and ends, and what happens in its sky."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.sky.ephemeris import Ephemeris
from rover.sky.events import (
    StationPasses,
    crossings,
    culminations,
    find_edges,
    growing,
    station_passes,
    transits,
)
from rover.sky.labels import lunar_day
from rover.sky.sun import SERIES
from rover.sky.table import SkyPlace

Vector = npt.NDArray[np.float64]

EPOCH = parse_utc("2019-01-03T00:00:00Z")
"""What times are counted from; it lies in lunar day 1 wherever one is on the Moon, as Chang'e 4's landing does."""

_STEP_S = 3600.0
"""Of the searches: near a pole the Sun may be up for less than that once a year, and is not told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyEvent:
    """Something that happens in the sky.

    Attributes:
        name: What, in words with underscores, such as `sunrise` or `aos_jiamusi`.
        time_s: When, since `EPOCH`.
    """

    name: str
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LunarDay:
    """A lunar day at one place.

    Attributes:
        number: Which.
        begin_s, end_s: Local midnights, since `EPOCH`.
        sunrise_s, sunset_s: (k,) when the Sun's centre rises and sets: once each, but near a pole.
        events: What happens, in order of time; of relay and stations, from the first sunrise to the last sunset, or
            from midnight to midnight where there is no such span.
        passes: Of the same span.
    """

    number: int
    begin_s: float
    end_s: float
    sunrise_s: Vector
    sunset_s: Vector
    events: tuple[SkyEvent, ...]
    passes: StationPasses

    @property
    def light_s(self) -> tuple[float, float]:
        """From the first sunrise to the last sunset, or from midnight to midnight."""
        return _light(self.begin_s, self.end_s, self.sunrise_s, self.sunset_s)


def lunar_day_span(
    longitude_rad: float, number: int, *, ephemeris: Ephemeris = SERIES
) -> tuple[float, float]:
    """Return when a lunar day begins and ends at a longitude, at local midnights, in seconds since `EPOCH`."""
    guess_s = (number - 1) * SYNODIC_MONTH_S
    numbers = find_edges(
        lambda time_s: lunar_day(longitude_rad, *EPOCH.tt_at(time_s), ephemeris=ephemeris),
        guess_s - 1.1 * SYNODIC_MONTH_S,
        guess_s + 1.1 * SYNODIC_MONTH_S,
        step_s=86_400.0,
    )
    return float(numbers.to(number)[0]), float(numbers.to(number + 1)[0])


def tell_lunar_day(
    place: SkyPlace, number: int, *, elevations_rad: Sequence[float] = (), relay_mask_rad: float = 0.0
) -> LunarDay:
    """Return a lunar day and its events.

    Args:
        place: The place.
        number: Of the lunar day, 1 being that of Chang'e 4's landing.
        elevations_rad: Elevations that the Sun's passing of is told.
        relay_mask_rad: Elevation at which the relay rises and sets.

    Raises:
        TimeError: A time that the ephemeris does not cover.
    """
    begin_s, end_s = lunar_day_span(place.longitude_rad, number, ephemeris=place.ephemeris)
    sun = place.sun_track(EPOCH, begin_s, end_s)
    level = crossings(sun, begin_s, end_s, step_s=_STEP_S)
    light = _light(begin_s, end_s, level.to(True), level.to(False))
    told = {"sunrise": level.to(True), "sunset": level.to(False)}
    told["noon"] = culminations(sun, begin_s, end_s, step_s=_STEP_S)
    told["sun_on_meridian"] = transits(sun, begin_s, end_s, step_s=_STEP_S)
    for elevation in elevations_rad:
        passed = crossings(sun, begin_s, end_s, step_s=_STEP_S, elevation_rad=elevation)
        words = f"{math.degrees(elevation):g}_deg".replace(".", "p")
        told[f"sun_above_{words}"], told[f"sun_below_{words}"] = passed.to(True), passed.to(False)
    told |= _relay_events(place, light, relay_mask_rad)
    passes = station_passes(place.stations, EPOCH, *light, phase_at_epoch=place.phase_at_epoch)
    for name, spans in passes.by_station.items():
        told[f"aos_{name}"] = spans[spans[:, 0] > light[0], 0]
        told[f"los_{name}"] = spans[spans[:, 1] < light[1], 1]
    listed = [SkyEvent(name=name, time_s=float(t)) for name, times in told.items() for t in times]
    return LunarDay(
        number=number,
        begin_s=begin_s,
        end_s=end_s,
        sunrise_s=level.to(True),
        sunset_s=level.to(False),
        events=tuple(sorted(listed, key=lambda event: event.time_s)),
        passes=passes,
    )


def _light(begin_s: float, end_s: float, rises: Vector, sets: Vector) -> tuple[float, float]:
    if len(rises) and len(sets) and rises[0] < sets[-1]:
        return float(rises[0]), float(sets[-1])
    return begin_s, end_s


def _relay_events(place: SkyPlace, light: tuple[float, float], mask_rad: float) -> dict[str, Vector]:
    relay = place.relay_track(EPOCH)
    up = crossings(relay, *light, step_s=_STEP_S, elevation_rad=mask_rad)
    higher = find_edges(growing(lambda time_s: relay(time_s).elevation_rad), *light, step_s=_STEP_S)
    return {
        "relay_rises": up.to(True),
        "relay_sets": up.to(False),
        "relay_highest": higher.to(False),
        "relay_lowest": higher.to(True),
    }
