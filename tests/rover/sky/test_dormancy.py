"""The rule for wake and sleep: its laws, and its errors on the published log."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rover.core.bodies import AU_M
from rover.core.time import parse_utc
from rover.io.dormancy_log import read_dormancy_log
from rover.io.stations import read_stations
from rover.sky.dormancy import (
    LEANS_JUDGED_DEG,
    ArrayOutput,
    counted,
    errors,
    errors_left_out,
    fit_rule,
    sun_elevation,
    sun_elevation_at,
)
from rover.sky.relay import ASSUMED_PHASE
from rover.sky.stations import stations_see
from rover.sky.sun import sun_from_moon

PLACE = {"latitude_rad": np.radians(-45.4446), "longitude_rad": np.radians(177.5991)}


@pytest.fixture(scope="module")
def log():
    return read_dormancy_log()


@pytest.fixture(scope="module")
def rule(log):
    return fit_rule(ArrayOutput(), log, **PLACE)


@pytest.fixture(scope="module")
def constant(log):
    return fit_rule(sun_elevation, log, **PLACE)


def sun_over_a_day():
    epoch = parse_utc("2019-01-29T12:00Z")
    return sun_from_moon(*PLACE.values(), *epoch.tt_at(np.arange(0.0, 29.5 * 86400, 7200)))


def test_output_of_a_level_array_is_the_sine_of_the_elevation_over_the_square_of_the_distance():
    sun = sun_over_a_day()
    wanted = np.maximum(np.sin(sun.elevation_rad), 0.0) / (sun.distance_m / AU_M) ** 2
    assert ArrayOutput(0.0)(sun) == pytest.approx(wanted, abs=1e-12)


def test_output_of_an_array_that_faces_the_sun_is_whole():
    sun = sun_over_a_day()
    noon = int(np.argmax(sun.elevation_rad))
    lean = np.pi / 2 - sun.elevation_rad[noon]
    facing = ArrayOutput(lean)(sun)[noon] * (sun.distance_m[noon] / AU_M) ** 2
    assert facing == pytest.approx(1.0, abs=2e-3)  # the Sun is within 2 h of the meridian


def test_nothing_comes_over_a_horizon():
    sun = sun_over_a_day()
    high = ArrayOutput(horizon=lambda azimuth: np.full_like(azimuth, 0.2))(sun)
    assert (high[sun.elevation_rad <= 0.2] == 0).all()
    above = sun.elevation_rad > 0.2
    assert np.array_equal(high[above], ArrayOutput()(sun)[above])


def test_a_horizon_puts_off_the_wake_until_the_sun_is_over_it(rule):
    hidden = replace(rule, measure=ArrayOutput(horizon=lambda azimuth: np.full_like(azimuth, 0.15)))
    wake = hidden.wake(5)
    assert np.sin(sun_elevation_at(hidden, wake)) >= np.sin(0.15) - 1e-6
    assert rule.wake(5).seconds_until(wake) > 3600


def test_a_wake_is_where_the_measure_passes_its_threshold(rule):
    for day in (1, 9, 30, 100):
        wake = rule.wake(day)
        before, after = (
            rule.measure(sun_from_moon(*PLACE.values(), wake.tt_jd1, wake.tt_jd2 + np.array([dt / 86400])))
            for dt in (-60.0, 60.0)
        )
        assert before < rule.wake_at < after
        assert np.degrees(sun_elevation_at(rule, rule.sleep(day))) == pytest.approx(
            np.degrees(rule.sleep_at_rad), abs=1e-4
        )
        assert 250 < wake.seconds_until(rule.sleep(day)) / 3600 < 340


def test_lunar_days_follow_each_other(rule):
    wakes = [rule.wake(day) for day in range(1, 45)]
    apart = np.array([a.seconds_until(b) / 3600 for a, b in zip(wakes[:-1], wakes[1:], strict=True)])
    assert ((apart > 706) & (apart < 712)).all()


def test_never_where_the_sun_never_comes(rule):
    """At 89.9 S the Sun stays under 2 deg."""
    polar = replace(rule, latitude_rad=np.radians(-89.9), measure=sun_elevation, wake_at=rule.sleep_at_rad)
    assert polar.wake(4) is None
    assert polar.sleep(4) is None


def test_published_events_are_met(log, rule):
    """Median absolute error 1.5 h at most, none over 5 h."""
    found = np.abs(counted(errors(rule, log), log))
    assert len(found) == 11
    assert np.median(found) < 1.0
    assert found.max() < 4.0


@pytest.mark.parametrize("lean_deg", [*LEANS_JUDGED_DEG, 12.0, 16.0])
def test_days_left_out_come_out_better_than_by_a_constant_elevation(log, constant, lean_deg):
    leaning = fit_rule(ArrayOutput(np.radians(lean_deg)), log, **PLACE)
    own, other = (np.abs(counted(errors_left_out(rule, log), log)) for rule in (leaning, constant))
    assert own.mean() < 0.95 * other.mean()
    assert np.sqrt((own**2).mean()) < np.sqrt((other**2).mean())
    assert own.max() < 5.0


def test_wake_and_sleep_by_the_facts(rule, log):
    """Mean Sun elevation of published wakes 6.9 deg, of sleeps 8.7; awake 299 to 316 h on the days published."""
    for day in (2, 4, 7, 16):
        awake_h = rule.wake(day).seconds_until(rule.sleep(day)) / 3600
        assert 299 - 12 < awake_h < 316 + 12
        assert np.degrees(sun_elevation_at(rule, rule.wake(day))) == pytest.approx(6.9, abs=1.0)
        assert np.degrees(sun_elevation_at(rule, rule.sleep(day))) == pytest.approx(8.7, abs=0.5)


def test_what_does_not_count_changes_nothing(log, rule):
    kept = [day for day in log if day.wake_counts or day.sleep_counts]
    assert len(kept) < len(log)
    again = fit_rule(ArrayOutput(), kept, **PLACE)
    assert (again.wake_at, again.sleep_at_rad) == (rule.wake_at, rule.sleep_at_rad)


def test_a_log_without_a_sleep_is_refused(log):
    with pytest.raises(ValueError, match="one published sleep"):
        fit_rule(ArrayOutput(), [day for day in log if day.lunar_day == 4], **PLACE)


def test_the_command_to_sleep_waits_for_no_station_but_comes_in_a_pass() -> None:
    """Sleep is as by the Sun where a station sees the relay then, else when it lost it, within the day before."""
    kashi = read_stations().stations["kashi"]
    free = fit_rule(ArrayOutput(), read_dormancy_log(), **PLACE)
    bound = replace(free, stations=(kashi,))
    moved = 0
    for lunar_day in range(2, 20):
        by_sun, by_pass = free.sleep(lunar_day), bound.sleep(lunar_day)
        assert by_sun is not None and by_pass is not None
        earlier_s = by_pass.seconds_until(by_sun)
        seen = [
            bool(
                stations_see([kashi], at.tt_jd1, at.tt_jd2 + shift_s / 86400, phase_at_epoch=ASSUMED_PHASE)[
                    0, 0
                ]
            )
            for at, shift_s in ((by_sun, 0.0), (by_pass, -60.0), (by_pass, 60.0))
        ]
        if seen[0]:
            assert earlier_s == pytest.approx(0.0, abs=1e-3)
        else:
            assert 0 < earlier_s < 86400
            assert seen[1] and not seen[2]
            moved += 1
    assert 3 < moved < 15
