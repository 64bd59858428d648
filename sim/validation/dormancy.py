"""When the rover wakes, naps and sleeps, and when the lander wakes: rows 6 to 11."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from rover.core.logged_day import LoggedDay
from rover.core.station import Station
from rover.core.time import parse_utc
from rover.io.dormancy_log import read_dormancy_log, read_lander_log
from rover.io.site_horizon import read_site_horizon
from rover.io.stations import read_stations
from rover.sky.dormancy import ArrayOutput, DormancyRule, fit_rule, sun_elevation, sun_elevation_at
from rover.sky.ephemeris import Target
from rover.sky.events import crossings, sampled_horizon
from rover.sky.lunar_day import EPOCH, lunar_day_span
from rover.sky.sun import sun_from_moon
from rover.sky.track import spline_track
from sim.run.scenario_operations import OperationsTable
from sim.validation.place import LANDING_RAD

_COMMAND_STATIONS = ("jiamusi", "kashi")
_LUNAR_DAYS = range(2, 17)
_NAP_DAY, _NAP_EXIT_UTC = 4, "2019-04-08T14:04:00Z"


@lru_cache(maxsize=1)
def _log() -> tuple[LoggedDay, ...]:
    return tuple(day for day in read_dormancy_log() if day.lunar_day in _LUNAR_DAYS)


def _rule_of(log: Sequence[LoggedDay]) -> DormancyRule:
    """Return the product's rule, fitted to the days given."""
    known = read_stations().stations
    stations: tuple[Station, ...] = tuple(known[name] for name in _COMMAND_STATIONS)
    return fit_rule(
        ArrayOutput(horizon=sampled_horizon(*read_site_horizon())),
        log,
        latitude_rad=LANDING_RAD[0],
        longitude_rad=LANDING_RAD[1],
        stations=stations,
    )


def wakes() -> Iterator[tuple[str, float]]:
    """Rows 6, 7 and 9: each day by the rule that is fitted to the others."""
    wake_deg, wake_h, sleep_deg = [], [], []
    for day in _log():
        rule = _rule_of([other for other in _log() if other is not day])
        if day.wake is not None and day.wake_counts and (wake := rule.wake(day.lunar_day)) is not None:
            wake_deg.append(math.degrees(sun_elevation_at(rule, wake)))
            wake_h.append(abs(day.wake.seconds_until(wake)) / 3600.0)
        if day.sleep is not None and day.sleep_counts and (sleep := rule.sleep(day.lunar_day)) is not None:
            sleep_deg.append(math.degrees(sun_elevation_at(rule, sleep)))
    yield "wake_sun_deg", float(np.mean(wake_deg))
    yield "wake_error_median_h", float(np.median(wake_h))
    yield "wake_error_greatest_h", max(wake_h)
    yield "sleep_sun_deg", float(np.mean(sleep_deg))


def lander_wakes() -> Iterator[tuple[str, float]]:
    """Row 8: each day by the Sun elevation that is fitted to the lander's other wakes."""
    log, found_deg = read_lander_log(), []
    for day in log:
        others = [other for other in log if other is not day]
        rule = fit_rule(sun_elevation, others, latitude_rad=LANDING_RAD[0], longitude_rad=LANDING_RAD[1])
        if day.wake_counts and (wake := rule.wake(day.lunar_day)) is not None:
            found_deg.append(math.degrees(sun_elevation_at(rule, wake)))
    yield "lander_wake_sun_deg", float(np.mean(found_deg))


def awake() -> Iterator[tuple[str, float]]:
    """Row 10."""
    rule, hours = _rule_of(_log()), []
    for day in _LUNAR_DAYS:
        wake, sleep = rule.wake(day), rule.sleep(day)
        if wake is not None and sleep is not None:
            hours.append(wake.seconds_until(sleep) / 3600.0)
    yield "awake_least_h", min(hours)
    yield "awake_greatest_h", max(hours)


def nap() -> Iterator[tuple[str, float]]:
    """Row 11, by the elevation of a scenario that names none."""
    exit_deg = OperationsTable(mode="teleoperated").nap_exit_sun_elevation_deg
    from_s, until_s = lunar_day_span(LANDING_RAD[1], _NAP_DAY)
    sun = spline_track(Target.SUN, *LANDING_RAD, EPOCH, from_s=from_s, until_s=until_s).at
    down = crossings(sun, from_s, until_s, step_s=3600.0, elevation_rad=math.radians(exit_deg)).to(False)
    found_s = float(down[0])
    jd1, jd2 = EPOCH.tt_at(np.array([found_s]))
    yield "nap_exit_error_h", (found_s - EPOCH.seconds_until(parse_utc(_NAP_EXIT_UTC))) / 3600.0
    yield "nap_exit_sun_deg", math.degrees(sun_from_moon(*LANDING_RAD, jd1, jd2).elevation_rad[0])
