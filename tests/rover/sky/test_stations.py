"""The relay from ground stations: a worked example, the laws of the daily turn, and three that cover the day."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta

import erfa
import numpy as np
import numpy.typing as npt
import pytest

from rover.core.bodies import SPEED_OF_LIGHT_M_S
from rover.core.station import Station
from rover.core.time import parse_utc
from rover.io.stations import read_stations
from rover.sky.relay import relay_from_earth, relay_from_moon
from rover.sky.stations import (
    StationTrack,
    earth_orientation,
    seen_from,
    stations_see,
    terrestrial_relay,
)

NEW_YEAR_2019 = 2_458_484.5
YEAR = np.arange(0.0, 365.25, 1 / 144)
STATIONS = tuple(read_stations().stations.values())


def station_at(latitude_deg: float, longitude_deg: float, mask_deg: float = 10.0) -> Station:
    return Station(
        name="here",
        title="Here",
        latitude_rad=math.radians(latitude_deg),
        longitude_rad=math.radians(longitude_deg),
        mask_rad=math.radians(mask_deg),
    )


def station_track(station: Station, phase_at_epoch: float) -> StationTrack:
    """The relay over the year."""
    return seen_from(station, terrestrial_relay(NEW_YEAR_2019, YEAR, phase_at_epoch=phase_at_epoch))


def test_venus_over_washington_in_meeus_example_13b() -> None:
    """1987 April 10, 19h21m UT, Naval Observatory: azimuth 68.0337 deg west of south, altitude 15.1249 deg."""
    epoch = parse_utc("1987-04-10T19:21:00Z")
    jd2 = np.array([epoch.tt_jd2])
    of_date = erfa.s2c(math.radians(347.3193375), math.radians(-6.719891667))  # true equator and equinox
    celestial = erfa.pnm06a(epoch.tt_jd1, epoch.tt_jd2).T @ of_date
    towards = earth_orientation(epoch.tt_jd1, jd2)[0] @ celestial * 1e16  # so far that the place matters not
    seen = seen_from(station_at(38 + 55 / 60 + 17 / 3600, -(77 + 3 / 60 + 56 / 3600)), towards[None])
    assert math.degrees(seen.elevation_rad[0]) == pytest.approx(
        15.1249, abs=0.005
    )  # UT1 for UTC: up to 0.004
    assert math.degrees(seen.azimuth_rad[0]) == pytest.approx(68.0337 + 180, abs=0.005)


def test_the_earth_turns_as_by_the_full_iau_2006_model() -> None:
    days = np.arange(0.0, 3000.0, 97.3)
    utc = erfa.taiutc(*erfa.tttai(NEW_YEAR_2019 - 2000, days))
    full = erfa.c2t06a(NEW_YEAR_2019 - 2000, days, *utc, 0.0, 0.0)
    np.testing.assert_allclose(earth_orientation(NEW_YEAR_2019 - 2000, days), full, atol=2e-8)  # 4 mas


@pytest.mark.parametrize("utc", ["1900-03-01T12:00:00Z", "1930-06-01T06:00:00Z", "1965-07-01T18:00:00Z"])
def test_the_earth_turns_by_the_clock_that_times_are_told_in(utc: str) -> None:
    """UT1 is what the text says, before 1960 too, when Terrestrial Time was up to 33 s from it."""
    epoch = parse_utc(utc)
    clock = (datetime.fromisoformat(utc) - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
    full = erfa.c2t06a(epoch.tt_jd1, epoch.tt_jd2, 2_451_545.0, clock, 0.0, 0.0)
    np.testing.assert_allclose(earth_orientation(epoch.tt_jd1, np.array([epoch.tt_jd2]))[0], full, atol=2e-8)


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.name)
def test_culminations_follow_from_latitude_and_declination(station: Station) -> None:
    """Altitude at its highest is 90 deg less |latitude - declination|, but for the parallax of 0.9 deg at most."""
    relay = relay_from_earth(NEW_YEAR_2019, YEAR, phase_at_epoch=0.4)
    declination = np.degrees(np.arcsin(relay[:, 2] / np.linalg.norm(relay, axis=1)))
    elevation = np.degrees(station_track(station, 0.4).elevation_rad)
    top = np.flatnonzero((elevation[1:-1] > elevation[:-2]) & (elevation[1:-1] >= elevation[2:])) + 1
    assert 345 < len(top) < 358  # the Moon culminates every 24 h 50 min
    expected = 90 - np.abs(math.degrees(station.latitude_rad) - declination[top])
    out = expected - elevation[top]
    assert (
        out.min() > -0.3
    )  # the pole of 2019 is 0.1 deg from that of J2000, the ellipsoid's vertical 0.2 deg aside
    assert out.max() < 0.95 + 0.3


def test_ranges_keep_to_the_triangle() -> None:
    relay = np.linalg.norm(relay_from_earth(NEW_YEAR_2019, YEAR, phase_at_epoch=0.7), axis=1)
    for station in STATIONS:
        track = station_track(station, 0.7)
        here_m = np.linalg.norm(erfa.gd2gc(1, station.longitude_rad, station.latitude_rad, 0.0))
        assert (np.abs(track.range_m - relay) < here_m).all()
        up = track.elevation_rad > 0.02
        assert (track.range_m[up] < relay[up]).all()


def test_the_whole_way_to_a_station_is_that_to_the_centre_within_the_earths_radius() -> None:
    moon = relay_from_moon(-0.793, 3.0997, NEW_YEAR_2019, YEAR, phase_at_epoch=0.7)
    for station in STATIONS:
        track = station_track(station, 0.7)
        whole_s = (moon.range_m + track.range_m) / SPEED_OF_LIGHT_M_S
        assert np.abs(whole_s - moon.light_time_s).max() < 6_378_137.0 / 299_792_458.0
        (sees,) = stations_see([station], NEW_YEAR_2019, YEAR, phase_at_epoch=0.7)
        assert (whole_s[sees] < moon.light_time_s[sees]).all()


def test_it_stands_due_south_at_its_highest_north_of_the_tropics() -> None:
    jiamusi = next(station for station in STATIONS if station.name == "jiamusi")
    track = station_track(jiamusi, 0.0)
    top = track.elevation_rad
    highest = np.flatnonzero((top[1:-1] > top[:-2]) & (top[1:-1] >= top[2:])) + 1
    assert np.abs(np.degrees(track.azimuth_rad[highest]) - 180).max() < 4.0
    rising = np.flatnonzero((top[1:] > 0) & (top[:-1] <= 0))
    assert (np.degrees(track.azimuth_rad[rising]) < 180).all()


def test_a_station_under_the_horizon_of_another_sees_when_that_does_not() -> None:
    """From opposite places the elevations are opposite but for the Earth's size."""
    here = station_track(station_at(30.0, 100.0), 0.2).elevation_rad
    there = station_track(station_at(-30.0, -80.0), 0.2).elevation_rad
    assert np.degrees(here + there).max() < 0
    assert np.degrees(here + there).min() > -2 * 0.95


@pytest.mark.parametrize(
    "phase", [pytest.param(k / 12, marks=() if k in (0, 3, 7) else pytest.mark.slow) for k in range(12)]
)
def test_the_three_stations_see_it_most_of_the_day_and_none_sees_it_always(phase: float) -> None:
    sees = stations_see(STATIONS, NEW_YEAR_2019, YEAR, phase_at_epoch=phase)
    assert sees.shape == (3, len(YEAR))
    share = sees.mean(axis=1)
    assert (share > 0.35).all()
    assert (share < 0.5).all()  # below half: the mask is above the horizon
    assert 0.93 < sees.any(axis=0).mean() < 1.0
    for station, row in zip(STATIONS, sees, strict=True):
        elevation = station_track(station, phase).elevation_rad
        np.testing.assert_array_equal(row, elevation >= station.mask_rad)


def test_a_higher_mask_never_shows_more() -> None:
    low, high = station_at(46.5, 130.8, 5.0), station_at(46.5, 130.8, 15.0)
    sees = stations_see((low, high), NEW_YEAR_2019, YEAR, phase_at_epoch=0.9)
    assert (sees[0] | ~sees[1]).all()
    assert sees[0].sum() > sees[1].sum()


def test_no_stations_see_nothing() -> None:
    sees = stations_see((), NEW_YEAR_2019, YEAR[:5], phase_at_epoch=0.9)
    assert sees.shape == (0, 5)
    assert not sees.any(axis=0).any()


def test_a_hundred_thousand_times_cost_seconds_at_most() -> None:
    """Below one second each on one core; several times that is a fault."""
    days = np.linspace(0.0, 1461.0, 100_000)
    begun = time.process_time()
    relay_from_moon(-0.793, 3.0997, NEW_YEAR_2019, days, phase_at_epoch=0.2)
    terrestrial_relay(NEW_YEAR_2019, days, phase_at_epoch=0.2)
    assert time.process_time() - begun < 8.0


@pytest.mark.parametrize("phase", [-1e-9, math.nan, 2.0])
def test_a_phase_that_is_none(phase: float) -> None:
    with pytest.raises(ValueError, match="phase_at_epoch"):
        stations_see(STATIONS[:1], NEW_YEAR_2019, 0.0, phase_at_epoch=phase)


@pytest.mark.parametrize("jd2", [math.nan, np.array([0.0, math.inf])])
def test_dates_that_are_none(jd2: npt.ArrayLike) -> None:
    with pytest.raises(ValueError, match="Julian date"):
        stations_see(STATIONS[:1], NEW_YEAR_2019, jd2, phase_at_epoch=0.0)


@pytest.mark.parametrize(
    ("latitude", "longitude", "mask", "named"),
    [
        (91.0, 0.0, 5.0, "latitude_rad"),
        (math.nan, 0.0, 5.0, "latitude_rad"),
        (0.0, 361.0, 5.0, "longitude_rad"),
        (0.0, math.inf, 5.0, "longitude_rad"),
        (0.0, 0.0, -1.0, "mask_rad"),
        (0.0, 0.0, 90.0, "mask_rad"),
        (0.0, 0.0, math.nan, "mask_rad"),
    ],
)
def test_a_station_that_is_none(latitude: float, longitude: float, mask: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        station_at(latitude, longitude, mask)
