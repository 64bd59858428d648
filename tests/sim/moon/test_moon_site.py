"""Site files and the metric frame of a site."""

from __future__ import annotations

import copy
import math

import pytest

from rover.core.errors import SiteError
from sim.moon.craters import crater_field
from sim.moon.powers import exp, interpolate_log, log, power
from sim.moon.site import site_from_table


def test_the_lander_lies_at_its_offset(site):
    """Against the great circle: haversine distance and azimuth on the same sphere."""
    east_mm, north_mm = site.anchor_mm
    a, b = math.radians(-44.6257), math.radians(-45.4446)
    away = math.radians(177.5991 - 176.2058)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(away / 2) ** 2
    distance = 2 * 1_737_400 * math.asin(math.sqrt(half))
    assert math.hypot(east_mm, north_mm) / 1000 == pytest.approx(distance, abs=3.0)
    assert (east_mm, north_mm) == pytest.approx((29_642_161, -25_088_638), abs=2)


@pytest.mark.parametrize(("latitude", "longitude"), [(-45.4446, 177.5991), (-41.0, 170.0), (-48.0, 181.5)])
def test_projection_and_back(site, latitude, longitude):
    assert site.unproject(*site.project(latitude, longitude)) == pytest.approx(
        (latitude, longitude), abs=1e-11
    )


def test_projection_keeps_angles_and_grid_north(site):
    latitude, longitude, step = -45.4446, 177.5991, 1e-5
    east, north = site.project(latitude, longitude)
    to_north = [b - a for a, b in zip((east, north), site.project(latitude + step, longitude), strict=True)]
    to_east = [b - a for a, b in zip((east, north), site.project(latitude, longitude + step), strict=True)]
    assert to_north[0] * to_east[0] + to_north[1] * to_east[1] == pytest.approx(0.0, abs=1e-5)
    true_north_on_grid = math.atan2(to_north[0], to_north[1])
    assert site.grid_north_rad(latitude, longitude) == pytest.approx(-true_north_on_grid, abs=1e-6)
    assert math.degrees(site.grid_north_rad(latitude, longitude)) == pytest.approx(-0.993, abs=0.01)


def test_every_table_names_its_source(table):
    for key, value in table.items():
        rows = value if isinstance(value, list) else [value]
        assert all(len(row["source"]) > 20 for row in rows if isinstance(row, dict)), key


BAD = {
    "unknown key": (("relief", "roughness"), 3.0, "relief.roughness"),
    "missing": (("rocks", "decay_per_m"), None, "rocks.decay_per_m"),
    "wrong type": (("frame", "datum_m"), "low", "frame.datum_m"),
    "NaN": (("frame", "datum_m"), math.nan, "frame.datum_m"),
    "negative": (("craters", "largest_m"), -1.0, "craters.largest_m"),
    "share over one": (("rocks", "covered_fraction"), 1.5, "rocks.covered_fraction"),
    "lengths differ": (("relief", "wavelength_m"), [1.0, 2.0], "relief"),
    "radius goes back": (("profile", "radius_m"), [0.0, 5.0, 3.0], "profile"),
    "deeper than wide": (
        ("craters", "fresh_ratio"),
        [0.9, 0.9, 0.9, 0.9, 0.9],
        "craters.fresh_ratio.0 = 0.9: ",
    ),
    "ghost over fresh": (
        ("craters", "ghost_ratio"),
        [0.01, 0.01, 0.2, 0.01, 0.01],
        "craters.ghost_ratio.2 = 0.2: a ghost as deep as a fresh crater (0.16); give less than fresh_ratio.2",
    ),
    "ratios of other points": (("craters", "fresh_ratio"), [0.2, 0.2], "craters: lists that do not match"),
    "tilt finer than its lattice": (
        ("anchor", "tilt_radius_m"),
        5.0,
        "anchor.tilt_radius_m = 5.0: out of range",
    ),
    "a newer format": (("format",), 2, "format"),
    "another body": (("body",), "mars", "body"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_site_is_refused_by_name(table, name):
    path, value, field = BAD[name]
    bad = copy.deepcopy(table)
    holder = bad
    for part in path[:-1]:
        holder = holder[part]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    with pytest.raises(SiteError) as refused:
        site_from_table(bad, file="moon.toml")
    assert f"farside: error[SITE]: moon.toml: {field}" in str(refused.value)


def test_a_crater_deeper_than_wide_is_refused(table):
    bad = copy.deepcopy(table)
    bad["feature"][0]["height_m"] = 20.0
    with pytest.raises(SiteError, match=r"feature\.0"):
        site_from_table(bad, file="moon.toml")


@pytest.mark.parametrize("diameters_m", [(1.0, 100.0), (900.0, 1000.0), (0.1, 24e3)])
def test_no_crater_is_deeper_than_the_tables_deepest(changed, diameters_m):
    """Two points with a steep line between them: beyond them the ratios hold, and do not run on."""
    steep = changed(
        craters={
            "ratio_diameter_m": diameters_m,
            "ghost_ratio": [0.02, 0.1],
            "fresh_ratio": [0.1, 0.45],
            "known_radius_m": 0.0,
        }
    )
    ratios = crater_field(steep.craters, 1).ratios
    assert ratios.max() <= 0.45
    assert ratios.min() >= 0.02
    assert (ratios[:, 0] < ratios[:, 1]).all()


def test_features_need_the_anchor_they_count_from(table):
    bad = copy.deepcopy(table)
    del bad["anchor"]
    with pytest.raises(SiteError, match="anchor"):
        site_from_table(bad, file="moon.toml")


def test_all_errors_come_at_once(table):
    bad = copy.deepcopy(table)
    bad["name"], bad["rocks"]["tall_ratio"] = 3, -1.0
    with pytest.raises(SiteError, match=r"\+1 more"):
        site_from_table(bad, file="moon.toml")


@pytest.mark.parametrize("x", [-40.0, -1.3, -1e-9, 0.0, 0.4, 3.0, 200.0])
def test_exponential(x):
    assert exp(x) == pytest.approx(math.exp(x), rel=1e-13)


@pytest.mark.parametrize("x", [1e-12, 0.3, 0.5, 0.75, 0.999999, 1.0, 2.0, 7.3e9])
def test_logarithm(x):
    assert log(x) == pytest.approx(math.log(x), abs=2e-14)


def test_powers_and_interpolation():
    assert power(0.0123, -1.83) == pytest.approx(0.0123**-1.83, rel=1e-12)
    xs, ys = (1.0, 10.0, 1000.0), (2.0, 20.0, 0.2)
    assert interpolate_log(3.0, xs, ys) == pytest.approx(6.0)
    assert interpolate_log(100.0, xs, ys) == pytest.approx(2.0)
    assert interpolate_log(0.1, xs, ys) == pytest.approx(0.2)
    assert interpolate_log(1e5, xs, ys) == pytest.approx(0.002)
