"""When a rover that sleeps through the lunar night wakes and goes to sleep: a rule, its fit and its errors.

Yutu-2 wakes by itself once its array gives enough (CNSA, by HK01 2019-09); it is put to sleep by command. So the wake
is where a measure of the morning Sun passes a threshold, the sleep where the evening Sun is down to an elevation. Both
thresholds are medians over published times: best by mean absolute error, each in its own unit. The command goes through
the relay, so one of the stations that worked the mission must see it; else it went before the last one lost it.

The measure is the array's output: the cosine of the angle of incidence on an array that leans to the north, over the
square of the Sun's distance, and nothing below the horizon. A lean to the east or west needs no parameter: at dawn the
Sun is within 10 deg of due east, where such a lean moves the threshold and hardly a time. Nor does the array's
temperature: at dawn it follows from the output itself.

What is left is how the rover stood. For the same design, Yutu, a place to sleep had to keep the body's roll within -2
to +1 deg, because the wing that is left open then decides when it wakes (Wang Shaolin, of Chang'e 3's rover, in China
Youth Daily, December 2013). With the rover across the Sun's way a degree of roll is a degree of Sun elevation: 2.8 h.
The roll of each night is not published, and a band of 3 deg filled evenly has a standard deviation of 0.87 deg, 2.5 h.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rover.core.bodies import AU_M
from rover.core.logged_day import LoggedDay
from rover.core.station import Station
from rover.core.time import SECONDS_PER_DAY, Epoch
from rover.sky.ephemeris import Target
from rover.sky.events import Horizon, crossings, find_edges
from rover.sky.lunar_day import EPOCH, lunar_day_span
from rover.sky.relay import ASSUMED_PHASE
from rover.sky.stations import stations_see
from rover.sky.sun import Track, sun_from_moon
from rover.sky.track import spline_track

Vector = npt.NDArray[np.float64]
Measure = Callable[[Track], Vector]
"""From the Sun at n times to (n,) values that grow in the morning."""

LEAN_NORTH_RAD = np.radians(12.0)
"""Lean of the array towards the noon Sun, at a site in the south. Assumed: no attitude is published. With any lean in
`LEANS_JUDGED_DEG`, lunar days 2 to 16 left out of the fit come out better than by a constant elevation (tested); later
days do not tell a lean."""

LEANS_JUDGED_DEG = (8, 20)

_STEP_S, _CONTACT_STEP_S = 3600.0, 600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DormancyRule:
    """When to wake and when to sleep.

    Attributes:
        latitude_rad, longitude_rad: Of the site.
        measure: Of the morning Sun.
        wake_at: Its value at which the rover wakes.
        sleep_at_rad: Elevation of the evening Sun at which it goes to sleep.
        stations: Of which one must see the relay for the command to sleep; where there are none it comes at any time.
    """

    latitude_rad: float
    longitude_rad: float
    measure: Measure
    wake_at: float
    sleep_at_rad: float
    stations: tuple[Station, ...] = ()

    def wake(self, lunar_day: int) -> Epoch | None:
        """Return when the rover wakes, or None where the measure stays on one side of its threshold."""
        span, sun = _day(self.latitude_rad, self.longitude_rad, lunar_day)

        def gives_enough(time_s: Vector) -> npt.NDArray[np.bool_]:
            return self.measure(sun(time_s)) >= self.wake_at

        return _first(find_edges(gives_enough, *span, step_s=_STEP_S).to(True))

    def sleep(self, lunar_day: int) -> Epoch | None:
        """Return when it goes to sleep, or None where the Sun stays above that elevation or below it.

        Where no station sees the relay when the Sun is down to the elevation, that is when the last one lost it.
        """
        span, sun = _day(self.latitude_rad, self.longitude_rad, lunar_day)
        down = crossings(sun, *span, step_s=_STEP_S, elevation_rad=self.sleep_at_rad).to(False)
        return _first(np.array([self._last_contact(float(time_s)) for time_s in down[:1]]))

    def _last_contact(self, time_s: float) -> float:
        """Return the last time of the day before `time_s` at which a command could be sent, if there is one."""
        if not self.stations:
            return time_s

        def in_contact(at_s: Vector) -> npt.NDArray[np.bool_]:
            jd1, jd2 = EPOCH.tt_at(at_s)
            seen = stations_see(self.stations, jd1, jd2, phase_at_epoch=ASSUMED_PHASE)
            return np.asarray(seen.any(axis=0))

        if in_contact(np.array([time_s]))[0]:
            return time_s
        lost = find_edges(in_contact, time_s - SECONDS_PER_DAY, time_s, step_s=_CONTACT_STEP_S).to(False)
        return float(lost[-1]) if len(lost) else time_s


@lru_cache(maxsize=256)
def _day(
    latitude_rad: float, longitude_rad: float, lunar_day: int
) -> tuple[tuple[float, float], Callable[[Vector], Track]]:
    """Return a lunar day's midnights and the Sun between them: made once for all rules that are set beside."""
    from_s, until_s = lunar_day_span(longitude_rad, lunar_day)
    place = latitude_rad, longitude_rad
    return (from_s, until_s), spline_track(Target.SUN, *place, EPOCH, from_s=from_s, until_s=until_s).at


def _first(time_s: Vector) -> Epoch | None:
    if len(time_s) == 0:
        return None
    jd1, jd2 = EPOCH.tt_at(float(time_s[0]))
    return Epoch(tt_jd1=jd1, tt_jd2=float(jd2))


@dataclass(frozen=True, slots=True, eq=False)
class ArrayOutput:
    """The output of an array that leans to the north, over that of one that faces the Sun at 1 au: a `Measure`.

    Attributes:
        lean_north_rad: Angle from the vertical to the array's normal.
        horizon: Elevation of the horizon by azimuth from true north; by default the plane one.
    """

    lean_north_rad: float = LEAN_NORTH_RAD
    horizon: Horizon | None = None

    def __call__(self, sun: Track) -> Vector:
        """Return (n,) outputs, 0 to a little over 1."""
        level = np.cos(sun.elevation_rad) * np.cos(sun.azimuth_rad)
        facing = np.cos(self.lean_north_rad) * np.sin(sun.elevation_rad) + np.sin(self.lean_north_rad) * level
        above = sun.elevation_rad > (0.0 if self.horizon is None else self.horizon(sun.azimuth_rad))
        distance_au = sun.distance_m / AU_M
        return np.where(above, np.maximum(facing, 0.0) / (distance_au * distance_au), 0.0)


def sun_elevation(sun: Track) -> Vector:
    """Return the Sun's elevation, radians: the measure of a rule with a constant elevation."""
    return sun.elevation_rad


def fit_rule(
    measure: Measure,
    log: Iterable[LoggedDay],
    *,
    latitude_rad: float,
    longitude_rad: float,
    stations: tuple[Station, ...] = (),
) -> DormancyRule:
    """Return the rule whose thresholds are the medians at the times of a log that count; the rest as it says itself.

    Raises:
        ValueError: The log has no wake or no sleep that counts.
    """
    wakes, sleeps = [], []
    for day in log:
        if day.wake is not None and day.wake_counts:
            wakes.append(float(measure(_sun_at(day.wake, latitude_rad, longitude_rad))[0]))
        if day.sleep is not None and day.sleep_counts:
            sleeps.append(float(_sun_at(day.sleep, latitude_rad, longitude_rad).elevation_rad[0]))
    if not (wakes and sleeps):
        raise ValueError("a rule is fitted to one published wake and one published sleep at least")
    return DormancyRule(
        latitude_rad=latitude_rad,
        longitude_rad=longitude_rad,
        measure=measure,
        wake_at=float(np.median(wakes)),
        sleep_at_rad=float(np.median(sleeps)),
        stations=stations,
    )


def sun_elevation_at(rule: DormancyRule, epoch: Epoch) -> float:
    """Return the Sun's elevation at a rule's site, radians."""
    return float(_sun_at(epoch, rule.latitude_rad, rule.longitude_rad).elevation_rad[0])


def _sun_at(epoch: Epoch, latitude_rad: float, longitude_rad: float) -> Track:
    return sun_from_moon(latitude_rad, longitude_rad, epoch.tt_jd1, np.array([epoch.tt_jd2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayError:
    """How much later than published a lunar day's wake and sleep are predicted, hours; None where neither is known."""

    lunar_day: int
    wake_h: float | None
    sleep_h: float | None


def errors(rule: DormancyRule, log: Iterable[LoggedDay]) -> list[DayError]:
    """Return the errors of a rule on the days of a log."""
    return [_error(rule, day) for day in log]


def errors_left_out(rule: DormancyRule, log: Sequence[LoggedDay]) -> list[DayError]:
    """Return the errors on each day of a log by the same kind of rule, fitted to the other days alone."""
    found = []
    for day in log:
        others = [other for other in log if other is not day]
        fitted = fit_rule(
            rule.measure,
            others,
            latitude_rad=rule.latitude_rad,
            longitude_rad=rule.longitude_rad,
            stations=rule.stations,
        )
        found.append(_error(fitted, day))
    return found


def _error(rule: DormancyRule, day: LoggedDay) -> DayError:
    """Return a rule's error; what is not published is not predicted."""
    return error_of(
        day,
        None if day.wake is None else rule.wake(day.lunar_day),
        None if day.sleep is None else rule.sleep(day.lunar_day),
    )


def error_of(day: LoggedDay, wake: Epoch | None, sleep: Epoch | None) -> DayError:
    """Return how much later than published a wake and a sleep are."""
    return DayError(lunar_day=day.lunar_day, wake_h=_hours(day.wake, wake), sleep_h=_hours(day.sleep, sleep))


def _hours(published: Epoch | None, predicted: Epoch | None) -> float | None:
    if published is None or predicted is None:
        return None
    return published.seconds_until(predicted) / 3600.0


def counted(found: Iterable[DayError], log: Iterable[LoggedDay]) -> Vector:
    """Return (n,) the errors of a log that count, hours."""
    values = []
    for error, day in zip(found, log, strict=True):
        values += [error.wake_h] if day.wake_counts and error.wake_h is not None else []
        values += [error.sleep_h] if day.sleep_counts and error.sleep_h is not None else []
    return np.array(values)
