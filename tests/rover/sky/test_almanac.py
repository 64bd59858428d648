"""The almanac against the series it samples, and the edges that are found in it."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.grid import Site
from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.sky.almanac import Almanac, build_almanac, next_crossing
from rover.sky.sun import sun_from_moon

CHANGE_4 = Site(
    latitude_rad=math.radians(-45.4446), longitude_rad=math.radians(177.5991), body="moon", crs_wkt=""
)
EPOCH = parse_utc("2018-12-28T00:00:00Z")
MONTHS = 16.2


@pytest.fixture(scope="module")
def almanac() -> Almanac:
    return build_almanac(CHANGE_4, EPOCH, duration_s=MONTHS * SYNODIC_MONTH_S)


def turned(site: Site, north_rad: float) -> Site:
    return Site(
        latitude_rad=site.latitude_rad,
        longitude_rad=site.longitude_rad,
        body=site.body,
        crs_wkt="",
        grid_north_rad=north_rad,
    )


def test_the_spline_follows_the_series(almanac: Almanac) -> None:
    time_s = np.random.default_rng(1).uniform(0.0, MONTHS * SYNODIC_MONTH_S, 2000)
    track = sun_from_moon(CHANGE_4.latitude_rad, CHANGE_4.longitude_rad, *EPOCH.tt_at(time_s))
    elevation = almanac.elevations(time_s)
    assert (
        np.degrees(np.abs(elevation - track.elevation_rad)).max() < 1e-8
    )  # degrees; the almanac promises 1e-5
    for i in range(0, 2000, 50):
        sun = almanac.sun_at(float(time_s[i]))
        assert sun.elevation_rad == pytest.approx(elevation[i], abs=1e-14)
        assert math.remainder(sun.azimuth_rad - track.azimuth_rad[i], 2 * math.pi) == pytest.approx(
            0, abs=1e-6
        )
        assert sun.distance_m == pytest.approx(track.distance_m[i], rel=1e-9)
        assert 0 <= sun.azimuth_rad < 2 * math.pi


def test_rising_is_before_noon(almanac: Almanac) -> None:
    for time_s in np.random.default_rng(2).uniform(0, 3 * SYNODIC_MONTH_S, 200):
        sun, later = almanac.sun_at(time_s), almanac.sun_at(time_s + 60.0)
        assert type(sun.rising) is bool
        if abs(later.elevation_rad - sun.elevation_rad) > 1e-7:
            assert sun.rising == (later.elevation_rad > sun.elevation_rad)


def test_azimuths_are_counted_from_the_rasters_north() -> None:
    month = SYNODIC_MONTH_S
    true, grid = (build_almanac(turned(CHANGE_4, north), EPOCH, duration_s=month) for north in (0.0, 0.2))
    for time_s in np.linspace(0, month, 9):
        a, b = true.sun_at(time_s), grid.sun_at(time_s)
        assert math.remainder(a.azimuth_rad - b.azimuth_rad - 0.2, 2 * math.pi) == pytest.approx(0, abs=1e-9)
        assert a.elevation_rad == pytest.approx(b.elevation_rad, abs=1e-12)


def test_nothing_is_said_of_times_outside(almanac: Almanac) -> None:
    for outside in (almanac.time_s[0] - 1.0, almanac.time_s[-1] + 1.0, math.nan):
        with pytest.raises(ValueError, match="outside the almanac"):
            almanac.sun_at(outside)
        with pytest.raises(ValueError, match="outside the almanac"):
            almanac.elevations([0.0, outside])
    assert almanac.time_s[0] <= -SYNODIC_MONTH_S + 7200
    assert almanac.time_s[-1] >= MONTHS * SYNODIC_MONTH_S


def seconds(utc: str) -> float:
    return EPOCH.seconds_until(parse_utc(utc))


def test_sunrise_noon_and_sunset_of_sixteen_lunar_days(almanac: Almanac, reference: Path) -> None:
    """Within the table's rounding: two minutes of time, 0.01 deg of noon elevation."""
    rows = list(csv.DictReader((reference / "sky" / "sun_table.csv").open(encoding="utf-8")))
    assert len(rows) == 16
    for row in rows:
        noon_s = seconds(row["noon_utc"])
        from_s, until_s = noon_s - 0.6 * SYNODIC_MONTH_S, noon_s + 0.6 * SYNODIC_MONTH_S
        found = {
            "sunrise_utc": next_crossing(almanac.elevations, 0.0, rising=True, from_s=from_s, until_s=noon_s),
            "sunset_utc": next_crossing(
                almanac.elevations, 0.0, rising=False, from_s=noon_s, until_s=until_s
            ),
            "el7p2_am_utc": next_crossing(
                almanac.elevations, math.radians(7.2), rising=True, from_s=from_s, until_s=noon_s
            ),
            "el9p1_pm_utc": next_crossing(
                almanac.elevations, math.radians(9.1), rising=False, from_s=noon_s, until_s=until_s
            ),
        }
        for column, time_s in found.items():
            assert time_s is not None, (row["lunar_day"], column)
            assert abs(time_s - seconds(row[column])) <= 120.0, (row["lunar_day"], column)
        rate = next_crossing(
            climb(almanac), 0.0, rising=False, from_s=noon_s - 36_000, until_s=noon_s + 36_000
        )
        assert rate is not None
        assert abs(rate - noon_s) <= 120.0
        assert math.degrees(almanac.sun_at(rate).elevation_rad) == pytest.approx(
            float(row["noon_el_deg"]), abs=0.011
        )
        assert datetime.fromisoformat(EPOCH.utc_at(noon_s)) == datetime.fromisoformat(row["noon_utc"])


def climb(almanac: Almanac) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    return lambda time_s: almanac.elevations(time_s + 5.0) - almanac.elevations(time_s - 5.0)


@settings(deadline=None)
@given(st.floats(-0.99, 0.99), st.booleans(), st.floats(0, 5e5), st.floats(1e3, 2e6))
def test_a_crossing_is_where_the_function_passes_the_level(
    level: float, rising: bool, from_s: float, span_s: float
) -> None:
    period = 4e5

    def wave(time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.sin(2 * np.pi * time_s / period)

    found = next_crossing(wave, level, rising=rising, from_s=from_s, until_s=from_s + span_s)
    # By algebra: the phases at which a sine rises and falls through the level.
    phase = math.asin(level) if rising else math.pi - math.asin(level)
    exact = phase / (2 * math.pi) * period
    exact += math.ceil((from_s - exact) / period) * period
    if min(abs(exact - from_s), abs(exact - from_s - span_s), abs(exact - from_s - period)) < 1.0:
        return  # on the edge of the span
    if exact > from_s + span_s:
        assert found is None
    else:
        assert found == pytest.approx(exact, abs=0.02)


def test_a_level_that_is_never_passed_gives_none(almanac: Almanac) -> None:
    span = {"from_s": 0.0, "until_s": SYNODIC_MONTH_S}
    assert next_crossing(almanac.elevations, math.radians(47), rising=True, **span) is None
    assert next_crossing(almanac.elevations, 0.0, rising=True, from_s=5.0, until_s=5.0) is None


def test_rises_and_sets_take_turns(almanac: Almanac) -> None:
    time_s, rising, gaps = 0.0, True, []
    for _ in range(12):
        found = next_crossing(
            almanac.elevations, 0.0, rising=rising, from_s=time_s, until_s=time_s + SYNODIC_MONTH_S
        )
        assert found is not None
        assert found > time_s
        gaps.append(found - time_s)
        time_s, rising = found, not rising
    assert min(gaps[1:]) > 13.9 * 86_400
    assert max(gaps[1:]) < 15.6 * 86_400
