"""The Sun from the Moon, against JPL Horizons, CSPICE and a worked example."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from rover.core.bodies import AU_M
from rover.core.grid import Site
from rover.core.time import parse_utc
from rover.sky.almanac import build_almanac
from rover.sky.sun import moon_orientation, sun_from_moon

CHANGE_4 = (-45.4446, 177.5991)
WITHIN_DEG = 0.01


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def misses_deg(
    utc: str, latitude_deg: float, longitude_deg: float, azimuth: float, elevation: float
) -> tuple[float, float]:
    """How far elevation, and azimuth on the sky, are out."""
    epoch = parse_utc(utc)
    track = sun_from_moon(math.radians(latitude_deg), math.radians(longitude_deg), *epoch.tt_at([0.0]))
    turn = (math.degrees(track.azimuth_rad[0]) - azimuth + 180) % 360 - 180
    return math.degrees(track.elevation_rad[0]) - elevation, turn * math.cos(math.radians(elevation))


def test_every_row_of_horizons_since_1972(reference: Path) -> None:
    compared = 0
    for row in rows_of(reference / "sky" / "horizons_sun_earth.csv"):
        if int(row["utc"][:4]) < 1972:
            continue
        place = float(row["lat_deg"]), float(row["lon_east_deg"])
        utc = row["utc"].replace(" ", "T") + "Z"
        out = misses_deg(utc, *place, float(row["sun_az_deg"]), float(row["sun_el_deg"]))
        assert max(map(abs, out)) < WITHIN_DEG, row
        compared += 1
    assert compared >= 20


def test_every_row_of_cspice(reference: Path) -> None:
    rows = rows_of(reference / "sky" / "sun_earth_site_golden.csv")
    assert len(rows) > 100
    out = np.array([
        misses_deg(row["utc"], *CHANGE_4, float(row["sun_az_deg"]), float(row["sun_el_deg"])) for row in rows
    ])  # fmt: skip
    assert np.abs(out).max() < WITHIN_DEG
    assert np.sqrt((out**2).mean()) < 0.002


def subsolar_deg(utc: str) -> tuple[float, float]:
    """The place where the Sun stands overhead, by where it stands over three other places."""
    epoch = parse_utc(utc)
    axes = [(0.0, 0.0), (0.0, math.pi / 2), (math.pi / 2, 0.0)]  # the zeniths are x, y and z
    x, y, z = (math.sin(sun_from_moon(*place, *epoch.tt_at([0.0])).elevation_rad[0]) for place in axes)
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def test_subsolar_point_of_meeus_example_53a() -> None:
    """1992 April 12, 0h TD: colongitude 22.11 deg, that is 67.89 deg E; latitude +1.46 deg."""
    latitude, longitude = subsolar_deg("1992-04-11T23:59:01Z")  # TD less 59 s
    assert latitude == pytest.approx(1.46, abs=0.02)
    assert longitude == pytest.approx(67.89, abs=0.02)


def test_subsolar_point_of_cspice(reference: Path) -> None:
    for row in rows_of(reference / "sky" / "sun_earth_site_golden.csv")[::12]:
        latitude, longitude = subsolar_deg(row["utc"])
        assert latitude == pytest.approx(float(row["subsolar_lat_deg"]), abs=WITHIN_DEG)
        assert abs((longitude - float(row["subsolar_lon_deg"]) + 180) % 360 - 180) < WITHIN_DEG


def test_orientation_is_a_rotation_and_turns_once_a_sidereal_month() -> None:
    turned = moon_orientation(2_451_545.0, np.array([0.0, 1000.0, 1000.0 + 27.321661 * 40]))
    for matrix in turned:
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(matrix) == pytest.approx(1.0)
    assert np.degrees(np.arccos(np.clip((np.trace(turned[1] @ turned[2].T) - 1) / 2, -1, 1))) < 6.0


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
