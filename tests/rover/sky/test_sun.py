"""Sun and Earth from the Moon, against JPL Horizons, CSPICE and a worked example."""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.bodies import AU_M, MOON
from rover.core.errors import TimeError
from rover.core.grid import Site
from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.sky.almanac import build_almanac
from rover.sky.sun import (
    Track,
    earth_from_moon,
    moon_orientation,
    subsolar_point,
    sun_from_moon,
)
from tests.builders.libration import subearth_point

CHANGE_4 = (-45.4446, 177.5991)
WITHIN_DEG = 0.01


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def epochs_of(texts: Iterable[str]) -> tuple[float, npt.NDArray[np.float64]]:
    epochs = [parse_utc(text) for text in texts]
    first = epochs[0]
    return first.tt_jd1, np.array([(e.tt_jd1 - first.tt_jd1) + e.tt_jd2 for e in epochs])


def column(rows: list[dict[str, str]], name: str) -> npt.NDArray[np.float64]:
    return np.array([float(row[name]) for row in rows])


def turn_deg(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (np.degrees(a) - b + 180.0) % 360.0 - 180.0


def misses_deg(
    track: Track, azimuth: npt.NDArray[np.float64], elevation: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(2, n): how far elevation, and azimuth on the sky, are out."""
    level = np.cos(np.radians(elevation))
    return np.stack(
        [np.degrees(track.elevation_rad) - elevation, turn_deg(track.azimuth_rad, azimuth) * level]
    )


def test_every_row_of_horizons(reference: Path) -> None:
    rows = rows_of(reference / "sky" / "horizons_sun_earth.csv")
    assert len(rows) == 27
    assert min(row["utc"] for row in rows) < "1970" < "2044" < max(row["utc"] for row in rows)
    times = epochs_of(row["utc"].replace(" ", "T") + "Z" for row in rows)
    places = np.radians(column(rows, "lat_deg")), np.radians(column(rows, "lon_east_deg"))
    for body, track in (("sun", sun_from_moon(*places, *times)), ("earth", earth_from_moon(*places, *times))):
        out = misses_deg(track, column(rows, f"{body}_az_deg"), column(rows, f"{body}_el_deg"))
        assert np.abs(out).max() < WITHIN_DEG, body


def test_every_row_of_cspice(reference: Path) -> None:
    rows = rows_of(reference / "sky" / "sun_earth_site_golden.csv")
    assert len(rows) > 100
    times = epochs_of(row["utc"] for row in rows)
    sun = sun_from_moon(*np.radians(CHANGE_4), *times)
    out = misses_deg(sun, column(rows, "sun_az_deg"), column(rows, "sun_el_deg"))
    assert np.abs(out).max() < WITHIN_DEG
    assert np.sqrt((out**2).mean()) < 0.002
    for name, point in (("subsolar", subsolar_point(*times)), ("subearth", subearth_point(*times))):
        latitude, longitude = column(rows, f"{name}_lat_deg"), column(rows, f"{name}_lon_deg")
        assert np.abs(np.degrees(point.latitude_rad) - latitude).max() < WITHIN_DEG
        assert np.abs(turn_deg(point.longitude_rad, longitude)).max() < WITHIN_DEG
    earth_range_km = subearth_point(*times).distance_m / 1000.0
    assert np.abs(earth_range_km - column(rows, "earth_range_km")).max() < 13.0  # what moon98 is good for


def test_subsolar_point_of_meeus_example_53a() -> None:
    """1992 April 12, 0h TD: colongitude 22.11 deg, that is 67.89 deg E; latitude +1.46 deg."""
    point = subsolar_point(2_448_724.5, 0.0)
    assert np.degrees(point.latitude_rad) == pytest.approx(1.46, abs=0.02)
    assert np.degrees(point.longitude_rad) == pytest.approx(67.89, abs=0.02)


def test_libration_of_meeus_example_53a() -> None:
    """The same instant: libration in longitude -1.23 deg, in latitude +4.20 deg.

    His angles are of the principal axes (Eckhardt's series), which are 0.03 deg from the mean-Earth ones.
    """
    point = subearth_point(2_448_724.5, 0.0)
    assert np.degrees(point.latitude_rad) == pytest.approx(4.20, abs=0.03)
    assert np.degrees(point.longitude_rad) == pytest.approx(-1.23, abs=0.03)
    # Example 47a, at one instant; the Earth goes 38 km while the light is under way.
    assert point.distance_m[0] / 1000 == pytest.approx(368_409.7, abs=40.0)


def test_a_body_is_in_the_zenith_of_its_sub_point() -> None:
    jd1, jd2 = 2_451_545.0, np.linspace(-20_000.0, 20_000.0, 101)
    for from_moon, point in (
        (sun_from_moon, subsolar_point(jd1, jd2)),
        (earth_from_moon, subearth_point(jd1, jd2)),
    ):
        track = from_moon(point.latitude_rad, point.longitude_rad, jd1, jd2)
        assert np.degrees(track.elevation_rad).min() > 90.0 - 1e-4
        # The light of the last radius is a thousandth of a millisecond of the Earth's way
        np.testing.assert_allclose(track.distance_m, point.distance_m - MOON.radius_m, rtol=0, atol=200.0)


def test_the_earth_never_rises_at_change_4() -> None:
    """Over 19 years, a round of the nodes: -51.6 to -37.1 deg, mean -44.5 (DE421 and the IAU Moon)."""
    epoch = parse_utc("2019-01-01T00:00:00Z")
    jd1, jd2 = epoch.tt_at(np.arange(0.0, 19 * 365.25 * 86_400.0, 6 * 3600.0))
    elevation = np.degrees(earth_from_moon(*np.radians(CHANGE_4), jd1, jd2).elevation_rad)
    assert elevation.max() == pytest.approx(-37.1, abs=0.2)
    assert elevation.min() == pytest.approx(-51.6, abs=0.2)
    assert elevation.mean() == pytest.approx(-44.5, abs=0.2)


def test_discs_are_as_wide_as_they_are() -> None:
    """The Sun 0.523-0.543 deg (of the site's facts), the Earth about 3.67 times the Moon's disc on Earth."""
    times = parse_utc("2019-01-01T00:00Z").tt_at(np.arange(0, 3.2e7, 8.64e4))
    sun = np.degrees(sun_from_moon(0.0, 0.0, *times).angular_diameter_rad)
    assert sun.min() == pytest.approx(0.523, abs=0.001)
    assert sun.max() == pytest.approx(0.543, abs=0.001)
    earth = earth_from_moon(0.0, 0.0, *times)
    np.testing.assert_allclose(np.sin(earth.angular_diameter_rad / 2) * earth.distance_m, 6_378_137.0)
    assert np.degrees(earth.angular_diameter_rad).mean() == pytest.approx(1.91, abs=0.03)


def test_places_may_come_one_per_time() -> None:
    jd1, jd2 = 2_451_545.0, np.array([0.0, 700.0, 7000.0])
    latitude, longitude = np.array([-1.5, 0.1, 0.7]), np.array([3.0, -2.0, 0.0])
    together = sun_from_moon(latitude, longitude, jd1, jd2)
    for i in range(3):
        alone = sun_from_moon(latitude[i], longitude[i], jd1, jd2[i])
        assert alone.azimuth_rad[0] == pytest.approx(together.azimuth_rad[i], abs=1e-12)
        assert alone.elevation_rad[0] == pytest.approx(together.elevation_rad[i], abs=1e-12)


@pytest.mark.parametrize("from_moon", [sun_from_moon, earth_from_moon])
@pytest.mark.parametrize(
    ("latitude", "longitude", "jd2", "error", "says"),
    [
        (2.0, 0.0, 0.0, ValueError, "latitude_rad = 2.0"),
        ([0.1, math.nan], [0.0, 0.0], [0.0, 1.0], ValueError, "latitude_rad = nan"),
        (0.0, [0.0, 9.0], [0.0, 1.0], ValueError, "longitude_rad = 9.0"),
        (0.0, 0.0, math.nan, ValueError, "Julian date is not finite"),
        (0.0, 0.0, [0.0, math.inf], ValueError, "Julian date is not finite"),
        (0.0, 0.0, [[0.0]], ValueError, "tt_jd2 has shape"),
        (0.0, 0.0, [0.0, 365_000.0], TimeError, "outside 1900-2100"),
        (0.0, 0.0, [-182_621.0, 0.0], TimeError, "outside 1900-2100"),
    ],
)
def test_places_and_times_that_are_none(
    from_moon: Any, latitude: Any, longitude: Any, jd2: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        from_moon(latitude, longitude, 2_451_545.0, jd2)


@pytest.mark.parametrize("utc", ["1900-01-01T00:00:00Z", "2100-12-31T23:59:59Z"])
def test_the_years_served_raise_no_warning(utc: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        track = sun_from_moon(0.0, 0.0, *parse_utc(utc).tt_at([-SYNODIC_MONTH_S, 0.0, SYNODIC_MONTH_S]))
    assert np.isfinite(track.elevation_rad).all()


def test_orientation_is_a_rotation_and_turns_once_a_sidereal_month() -> None:
    turned = moon_orientation(2_451_545.0, np.array([0.0, 1000.0, 1000.0 + 27.321661 * 40]))
    for matrix in turned:
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(matrix) == pytest.approx(1.0)
    assert np.degrees(np.arccos(np.clip((np.trace(turned[1] @ turned[2].T) - 1) / 2, -1, 1))) < 2.0


def test_elevations_at_opposite_places_are_opposite_but_for_the_moons_size() -> None:
    epoch = parse_utc("2020-06-01T00:00Z")
    times = epoch.tt_at(np.arange(0, 2.5e6, 1e5))
    here = sun_from_moon(0.3, 1.0, *times)
    there = sun_from_moon(-0.3, 1.0 - math.pi, *times)
    parallax = 2 * 1_737_400.0 / AU_M
    np.testing.assert_allclose(here.elevation_rad, -there.elevation_rad, atol=parallax)


def test_distance_stays_between_perihelion_and_aphelion() -> None:
    times = parse_utc("2019-01-01T00:00Z").tt_at(np.arange(0, 3.2e7, 8.64e4))
    distance_au = sun_from_moon(0.0, 0.0, *times).distance_m / AU_M
    assert 0.9805 < distance_au.min() < 0.9835
    assert 1.0165 < distance_au.max() < 1.0195


def test_noon_elevations_and_day_lengths_of_2019_to_2022() -> None:
    """Noon 43.0-46.1 deg and daylight of 347.3-360.6 h, from DE421 and the IAU Moon."""
    latitude_rad, longitude_rad = (math.radians(angle) for angle in CHANGE_4)
    site = Site(latitude_rad=latitude_rad, longitude_rad=longitude_rad, body="moon", crs_wkt="")
    almanac = build_almanac(site, parse_utc("2019-01-01T00:00Z"), duration_s=4 * 365.25 * 86_400.0)
    time_s = np.arange(0.0, 4 * 365.25 * 86_400.0, 900.0)
    elevation = np.degrees(almanac.elevations(time_s))
    top = (elevation[1:-1] > elevation[:-2]) & (elevation[1:-1] >= elevation[2:])
    noons = elevation[1:-1][top]
    assert noons.min() == pytest.approx(43.0, abs=0.1)
    assert noons.max() == pytest.approx(46.1, abs=0.1)
    up = elevation > 0
    rises, sets = np.flatnonzero(up[1:] & ~up[:-1]), np.flatnonzero(~up[1:] & up[:-1])
    sets = sets[sets > rises[0]]
    hours = (time_s[sets] - time_s[rises[: len(sets)]]) / 3600
    assert hours.min() == pytest.approx(347.3, abs=0.6)
    assert hours.max() == pytest.approx(360.6, abs=0.6)
