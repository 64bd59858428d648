"""The Sun at the mission's own times."""

from __future__ import annotations

import math

import pytest

from rover.core.time import parse_utc
from sim.mission.daylight import sunlight_at
from sim.run.scenario_ground import load_site


@pytest.mark.parametrize(
    "utc, elevation_deg",
    [
        ("2019-01-03T02:26:00Z", 31.5),  # touchdown
        ("2019-01-03T14:22:00Z", 34.7),  # the rover on the ground
        ("2019-01-11T08:47:00Z", 20.8),  # the portraits
    ],
)
def test_the_sun_stands_as_high_as_published_times_have_it(utc: str, elevation_deg: float) -> None:
    sun = sunlight_at(load_site("von-karman"), parse_utc(utc))
    assert math.degrees(sun.elevation_rad) == pytest.approx(elevation_deg, abs=0.1)


def test_the_sun_s_azimuth_is_counted_from_the_ground_s_north() -> None:
    site = load_site("von-karman")
    assert site.anchor is not None
    north = site.grid_north_rad(site.anchor.latitude_deg, site.anchor.longitude_deg)
    sun = sunlight_at(site, parse_utc("2019-01-03T02:26:00Z"))
    assert math.degrees(sun.azimuth_rad + north) == pytest.approx(50.7, abs=0.1)  # from true north
