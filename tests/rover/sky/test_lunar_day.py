"""The table of the sky against the functions it is made of, and the events of a lunar day against the reference."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.io.stations import read_stations
from rover.sky.events import station_passes
from rover.sky.lunar_day import EPOCH, LunarDay, lunar_day_span, tell_lunar_day
from rover.sky.table import SkyPlace, sky_table

STATIONS = tuple(read_stations().stations.values())
LEVELS = [math.radians(7.2), math.radians(9.1)]


def place_at(latitude_deg: float, longitude_deg: float) -> SkyPlace:
    return SkyPlace(
        latitude_rad=math.radians(latitude_deg),
        longitude_rad=math.radians(longitude_deg),
        phase_at_epoch=0.0,
        stations=STATIONS,
    )


CHANGE_4 = place_at(-45.4446, 177.5991)


def time_of(day: LunarDay, name: str) -> float:
    (time_s,) = [event.time_s for event in day.events if event.name == name]
    return time_s


def test_every_day_of_the_reference(reference: Path) -> None:
    rows = list(csv.DictReader((reference / "sky" / "sun_table.csv").open(encoding="utf-8")))
    assert len(rows) == 16
    names = {
        "sunrise_utc": "sunrise",
        "noon_utc": "noon",
        "sunset_utc": "sunset",
        "el7p2_am_utc": "sun_above_7p2_deg",
        "el9p1_pm_utc": "sun_below_9p1_deg",
    }
    for row in rows:
        day = tell_lunar_day(CHANGE_4, int(row["lunar_day"]), elevations_rad=LEVELS)
        for column, name in names.items():
            off_s = time_of(day, name) - EPOCH.seconds_until(parse_utc(row[column]))
            assert abs(off_s) < 60.0, (row["lunar_day"], column)


def test_days_follow_one_another_and_events_are_in_order() -> None:
    spans = [lunar_day_span(CHANGE_4.longitude_rad, number) for number in range(-2, 4)]
    for (begin, end), (after, _) in zip(spans, spans[1:], strict=False):
        assert end == pytest.approx(after, abs=1.0)
        assert (end - begin) == pytest.approx(SYNODIC_MONTH_S, rel=0.02)
    day = tell_lunar_day(CHANGE_4, 1)
    times = [event.time_s for event in day.events]
    assert times == sorted(times)
    assert day.begin_s < day.sunrise_s[0] < time_of(day, "noon") < day.sunset_s[0] < day.end_s


def test_extremes_and_passes_are_those_of_the_relay() -> None:
    day = tell_lunar_day(CHANGE_4, 5)
    relay = CHANGE_4.relay_track(EPOCH)
    for name, better in (("relay_highest", -1), ("relay_lowest", 1)):
        for time_s in [event.time_s for event in day.events if event.name == name]:
            before, there, after = relay(time_s + np.array([-1800.0, 0.0, 1800.0])).elevation_rad * better
            assert there < before and there < after
    alone = station_passes(STATIONS, EPOCH, *day.light_s, phase_at_epoch=0.0)
    np.testing.assert_array_equal(day.passes.any_station, alone.any_station)
    aos = [event.time_s for event in day.events if event.name == "aos_jiamusi"]
    assert set(aos) <= set(alone.by_station["jiamusi"][:, 0].tolist())
    assert len(aos) >= 12


def test_a_polar_day_may_have_no_sunrise() -> None:
    """At 89.9 N the Sun is down for months about the southern solstice of the Moon."""
    kinds = set()
    for number in range(1, 14):
        day = tell_lunar_day(place_at(89.9, 0.0), number)
        kinds.add(len(day.sunrise_s))
        assert [event.name for event in day.events].count("sun_on_meridian") == 1
        if not len(day.sunrise_s):
            assert day.light_s == (day.begin_s, day.end_s)
    assert 0 in kinds


@pytest.mark.parametrize("step_s", [60.0, 3600.0, 50_000.0])
def test_the_table_does_not_depend_on_what_else_is_asked(step_s: float) -> None:
    """Short steps go through a spline, long ones do not."""
    times = np.arange(40) * step_s
    whole = sky_table(CHANGE_4, EPOCH, times)
    for i in (0, 7, 39):
        one = sky_table(CHANGE_4, EPOCH, times[i : i + 1])
        for body in ("sun", "earth"):
            a, b = getattr(whole, body), getattr(one, body)
            for angle in ("azimuth_rad", "elevation_rad", "angular_diameter_rad"):
                assert abs(getattr(a, angle)[i] - getattr(b, angle)[0]) < math.radians(1e-6)
        assert whole.relay.range_m[i] == pytest.approx(one.relay.range_m[0], rel=1e-12)
        assert whole.lunar_day[i] == one.lunar_day[0]
        np.testing.assert_array_equal(whole.seen[:, i], one.seen[:, 0])


def test_places_and_phases_that_are_none_are_refused() -> None:
    for words in ({"latitude_rad": 2.0}, {"phase_at_epoch": 1.5}, {"phase_at_epoch": math.nan}):
        asked = {"latitude_rad": 0.0, "longitude_rad": 0.0, "phase_at_epoch": 0.0} | words
        with pytest.raises(ValueError, match="is not within"):
            SkyPlace(**asked)
