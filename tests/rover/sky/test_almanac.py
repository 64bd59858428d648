"""The almanac against the series it samples, and the edges that are found in it."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Site
from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.io.stations import read_stations
from rover.sky.almanac import Almanac, build_almanac
from rover.sky.events import find_edges, growing
from rover.sky.relay import relay_from_moon
from rover.sky.stations import stations_see
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


SPAN = (0.0, 15.8 * SYNODIC_MONTH_S)


@pytest.mark.parametrize(
    ("column", "level_deg", "rising"),
    [
        ("sunrise_utc", 0.0, True),
        ("sunset_utc", 0.0, False),
        ("el7p2_am_utc", 7.2, True),
        ("el9p1_pm_utc", 9.1, False),
    ],
)
def test_sunrise_and_sunset_of_sixteen_lunar_days(
    almanac: Almanac, reference: Path, column: str, level_deg: float, rising: bool
) -> None:
    """Within two minutes of a table that is rounded to one."""
    rows = list(csv.DictReader((reference / "sky" / "sun_table.csv").open(encoding="utf-8")))
    level = math.radians(level_deg)
    found = find_edges(lambda t: almanac.elevations(t) >= level, *SPAN, step_s=3600.0).to(rising)
    told = [EPOCH.seconds_until(parse_utc(row[column])) for row in rows]
    np.testing.assert_allclose(found, told, atol=60.0)


def test_noon_of_sixteen_lunar_days(almanac: Almanac, reference: Path) -> None:
    rows = list(csv.DictReader((reference / "sky" / "sun_table.csv").open(encoding="utf-8")))
    found = find_edges(growing(almanac.elevations), *SPAN, step_s=3600.0).to(False)
    told = [EPOCH.seconds_until(parse_utc(row["noon_utc"])) for row in rows]
    np.testing.assert_allclose(found, told, atol=60.0)
    highest = [float(row["noon_el_deg"]) for row in rows]
    np.testing.assert_allclose(np.degrees(almanac.elevations(found)), highest, atol=0.011)


def test_a_level_that_is_never_passed_gives_none(almanac: Almanac) -> None:
    def high(time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        return almanac.elevations(time_s) >= math.radians(47)

    found = find_edges(high, 0.0, SYNODIC_MONTH_S, step_s=3600.0)
    assert len(found.time_s) == 0 and not found.before[0]


def test_rises_and_sets_take_turns(almanac: Almanac) -> None:
    found = find_edges(lambda t: almanac.elevations(t) >= 0, *SPAN, step_s=3600.0)
    assert (found.value[1:] != found.value[:-1]).all()
    gaps = np.diff(found.time_s)
    assert gaps.min() > 13.9 * 86_400
    assert gaps.max() < 15.6 * 86_400


# ---- the relay ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linked() -> Almanac:
    return build_almanac(
        turned(CHANGE_4, 0.2),
        EPOCH,
        duration_s=3 * SYNODIC_MONTH_S,
        relay_phase=0.3,
        stations=list(read_stations().stations.values()),
    )


def test_without_a_phase_there_is_no_relay(almanac: Almanac) -> None:
    assert almanac.relay is None


def test_the_relay_leaves_the_sun_alone(linked: Almanac) -> None:
    alone = build_almanac(turned(CHANGE_4, 0.2), EPOCH, duration_s=3 * SYNODIC_MONTH_S)
    np.testing.assert_array_equal(alone.direction, linked.direction)
    np.testing.assert_array_equal(alone.time_s, linked.time_s)


def test_the_relays_spline_follows_the_relay(linked: Almanac) -> None:
    assert linked.relay is not None
    times = np.random.default_rng(3).uniform(-SYNODIC_MONTH_S, 3 * SYNODIC_MONTH_S, 400)
    track = relay_from_moon(
        CHANGE_4.latitude_rad, CHANGE_4.longitude_rad, *EPOCH.tt_at(times), phase_at_epoch=0.3
    )
    told = [linked.relay.relay_at(t) for t in times.tolist()]
    degree = math.radians(1.0)
    elevation = np.array([relay.elevation_rad for relay in told])
    np.testing.assert_allclose(elevation, track.elevation_rad, atol=1e-5 * degree)
    azimuth = (
        np.array([relay.azimuth_rad for relay in told]) - track.azimuth_rad + 0.2
    )  # of the raster's north
    assert np.abs(np.angle(np.exp(1j * azimuth)) * np.cos(elevation)).max() < 1e-5 * degree
    np.testing.assert_allclose([relay.range_m for relay in told], track.range_m, atol=10.0)
    np.testing.assert_allclose([relay.light_time_s for relay in told], track.light_time_s, atol=1e-7)


def test_there_is_a_link_where_a_station_sees_the_relay(linked: Almanac) -> None:
    assert linked.relay is not None
    stations = list(read_stations().stations.values())
    times = np.random.default_rng(4).uniform(-SYNODIC_MONTH_S, 3 * SYNODIC_MONTH_S, 2000)
    seen = stations_see(stations, *EPOCH.tt_at(times), phase_at_epoch=0.3).any(axis=0)
    assert 0.8 < seen.mean() < 1.0
    told = np.array([linked.relay.is_seen(t) for t in times.tolist()])
    for time_s in times[told != seen]:  # but for the second that edges are found to
        assert np.abs(linked.relay.seen_s - time_s).min() < 1.0
    relays = [linked.relay.relay_at(t) for t in times.tolist()]
    assert [relay.seen for relay in relays] == told.tolist()
    assert all(math.radians(20) < relay.elevation_rad < math.radians(70) for relay in relays)
    assert all(1.45 < relay.light_time_s < 1.92 for relay in relays)  # 1.50-1.87 s +- 0.05


def test_the_link_begins_with_aos_and_ends_before_los(linked: Almanac) -> None:
    assert linked.relay is not None
    for aos, los in linked.relay.seen_s[1:6].tolist():
        assert linked.relay.is_seen(aos) and not linked.relay.is_seen(math.nextafter(aos, -math.inf))
        assert not linked.relay.is_seen(los) and linked.relay.is_seen(math.nextafter(los, -math.inf))
    for outside in (linked.relay.time_s[0] - 1.0, linked.relay.time_s[-1] + 1.0, math.nan):
        with pytest.raises(ValueError, match="outside the almanac"):
            linked.relay.relay_at(outside)


def test_without_stations_there_is_no_link() -> None:
    almanac = build_almanac(CHANGE_4, EPOCH, duration_s=86_400.0, relay_phase=0.0)
    assert almanac.relay is not None
    assert not almanac.relay.relay_at(1000.0).seen
