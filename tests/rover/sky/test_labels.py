"""Local solar time and the number of the lunar day."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.sky.labels import local_solar_time_h, lunar_day
from rover.sky.sun import sun_from_moon

CHANGE_4_LONGITUDE = math.radians(177.5991)
LANDING = parse_utc("2019-01-03T02:26:00Z")
longitudes = st.floats(-math.pi, 2 * math.pi)
years = st.floats(-118.0, 81.0)


def test_local_time_at_the_landing_of_change_4() -> None:
    """9.25 h (of the site's facts)."""
    assert local_solar_time_h(CHANGE_4_LONGITUDE, *LANDING.tt_at(0.0))[0] == pytest.approx(9.25, abs=0.01)
    assert lunar_day(CHANGE_4_LONGITUDE, *LANDING.tt_at(0.0)).tolist() == [1]


def test_lunar_days_run_from_sunrise_to_sunset(reference: Path) -> None:
    rows = list(csv.DictReader((reference / "sky" / "sun_table.csv").open(encoding="utf-8")))
    assert len(rows) == 16
    for row in rows:
        times = [parse_utc(row[name]) for name in ("sunrise_utc", "noon_utc", "sunset_utc")]
        days = [int(lunar_day(CHANGE_4_LONGITUDE, *epoch.tt_at(0.0))[0]) for epoch in times]
        assert days == [int(row["lunar_day"])] * 3
        sunrise, noon, sunset = (
            local_solar_time_h(CHANGE_4_LONGITUDE, *epoch.tt_at(0.0))[0] for epoch in times
        )
        assert sunrise == pytest.approx(6.0, abs=0.12)  # the Sun is up to 1.6 deg off the equator
        assert noon == pytest.approx(12.0, abs=0.03)
        assert sunset == pytest.approx(18.0, abs=0.12)


@settings(deadline=None, max_examples=40)
@given(st.floats(-1.4, 1.4), longitudes, years)
def test_the_number_changes_in_the_night_and_only_there(
    latitude: float, longitude: float, year: float
) -> None:
    jd1, jd2 = LANDING.tt_at(year * 365.25 * 86_400.0 + np.arange(0.0, 3.2 * SYNODIC_MONTH_S, 6 * 3600.0))
    days = lunar_day(longitude, jd1, jd2)
    hours = local_solar_time_h(longitude, jd1, jd2)
    steps = np.diff(days)
    assert set(steps.tolist()) == {0, 1}
    assert 3 <= steps.sum() <= 4
    np.testing.assert_array_equal(steps == 1, np.diff(hours) < 0)  # at local midnight
    elevation = sun_from_moon(latitude, longitude, jd1, jd2).elevation_rad
    assert np.degrees(elevation[1:][steps == 1]).max() < 0.0


@settings(deadline=None, max_examples=100)
@given(longitudes, years)
def test_noon_is_where_the_sun_crosses_the_meridian(longitude: float, year: float) -> None:
    """By the azimuth over the equator: 90 deg before noon, 270 after."""
    times = LANDING.tt_at(year * 365.25 * 86_400.0)
    hour = local_solar_time_h(longitude, *times)[0]
    sun = sun_from_moon(0.0, longitude, *times)
    east = math.sin(sun.azimuth_rad[0]) * math.cos(sun.elevation_rad[0])
    up = math.sin(sun.elevation_rad[0])
    assert 0.0 <= hour < 24.0
    angle = math.atan2(-east, up)  # the hour angle, but for the parallax of the Moon's radius
    assert math.remainder((hour - 12.0) * math.pi / 12.0 - angle, 2 * math.pi) == pytest.approx(0.0, abs=2e-5)


@settings(deadline=None, max_examples=100)
@given(longitudes, longitudes)
def test_day_one_is_everywhere_the_one_under_way_at_the_landing(longitude: float, other: float) -> None:
    assert lunar_day(longitude, *LANDING.tt_at(0.0))[0] == 1
    times = LANDING.tt_at(80 * SYNODIC_MONTH_S)
    assert abs(int(lunar_day(longitude, *times)[0]) - int(lunar_day(other, *times)[0])) <= 1
    turned = lunar_day(longitude + 2 * math.pi, *times)
    assert turned[0] == lunar_day(longitude, *times)[0]


@pytest.mark.parametrize("utc", ["1900-01-02T00:00:00Z", "1959-12-31T00:00:00Z", "2100-12-30T00:00:00Z"])
def test_days_are_counted_as_the_mean_moon_does_over_two_centuries(utc: str) -> None:
    """Lunations between dates by Meeus, Astronomical Algorithms, ch. 49 (k of the new Moon), within one."""
    epoch = parse_utc(utc)

    def lunations(jd: float) -> float:
        k = (jd - 2_451_550.09766) / 29.530588861
        return k - 0.00015437 * (k / 1236.85) ** 2 / 29.530588861

    between = lunations(epoch.tt_jd1 + epoch.tt_jd2) - lunations(LANDING.tt_jd1 + LANDING.tt_jd2)
    for longitude in np.linspace(-3.0, 3.0, 7):
        assert abs(int(lunar_day(longitude, *epoch.tt_at(0.0))[0]) - 1 - between) <= 1.02
