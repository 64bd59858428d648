"""Every bundled site: its file, its ground at all scales, and its own targets."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from typer.testing import CliRunner

from rover.core.grid import Dem, Site
from rover.io.bundle import find_site, scenario_names, site_names
from rover.io.crs import local_crs_wkt
from rover.io.crs import project as proj_project
from rover.io.raster import read_dem
from rover.io.toml import read_toml
from rover.terrain.report import report_terrain
from sim.cli.main import app
from sim.moon.cells import Cells
from sim.moon.craters import crater_law, crater_ratio
from sim.moon.dem import Window, rocks_in, synthesize
from sim.moon.scatter import HALF_MM
from sim.moon.site import SiteParams
from sim.moon.surface import surface
from sim.run.scenario_ground import load_site
from tests.sim.moon.conftest import centred

NAMES = site_names()
SEEDED = ("highland", "mare-plain", "south-pole")
"""Sites whose shape is left to the seed where nothing is known of it."""
WINDOW_M = 2000.0
"""Side of the window that `farside synth NAME` makes, at 2 m about the anchor."""
NOWHERE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
SCALES_MM = (50, 500, 5_000, 50_000, 500_000)


def square(
    site: SiteParams, half_cells: int, resolution_mm: int, *, seed: int, centre: str = "anchor"
) -> Dem:
    half = half_cells * resolution_mm
    return synthesize(
        site,
        seed=seed,
        window=Window(east_mm=-half, north_mm=-half, width_mm=2 * half, height_mm=2 * half),
        resolution_mm=resolution_mm,
        geometry_site=NOWHERE,
        origin_mm=site.anchor_mm if centre == "anchor" else (0, 0),
    )


@cache
def figures(name: str, seed: int) -> dict[str, float]:
    """Return what `farside terrain` finds in the site's own window; rocks of its middle 400 m."""
    site = load_site(name)

    law, ratio = (
        np.vectorize(partial(of, site.craters), otypes=[np.float64]) for of in (crater_law, crater_ratio)
    )
    made = report_terrain(square(site, 500, 2000, seed=seed), crater_law=law, crater_ratio=ratio).figures
    window = Window(east_mm=-200_000, north_mm=-200_000, width_mm=400_000, height_mm=400_000)
    found = rocks_in(site, seed=seed, window=window, origin_mm=site.anchor_mm)
    return made | {"rock_fraction": float((0.25 * math.pi * found.diameter_m**2).sum()) / 400.0**2}


def test_sites_are_bundled_under_names_of_their_own():
    assert {"von-karman", *SEEDED} <= set(NAMES)
    assert not set(NAMES) & set(scenario_names())
    for name in NAMES:
        assert load_site(name).name == name
    assert len({load_site(name).title for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_table_names_its_source(name):
    table = read_toml(find_site(name, ValueError))
    for key, value in table.items():
        rows = value if isinstance(value, list) else [value]
        assert all(len(row["source"]) > 20 for row in rows if isinstance(row, dict)), key
    assert table["target"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution_mm", SCALES_MM)
def test_ground_at_every_scale(name, resolution_mm):
    site = load_site(name)
    for centre in ("anchor", "origin"):
        elevation = square(site, 24, resolution_mm, seed=3, centre=centre).elevation_m
        assert np.isfinite(elevation).all()
        assert 0 < np.ptp(elevation) < 12_000


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
@pytest.mark.parametrize("name", NAMES)
def test_a_site_meets_its_own_targets(name, seed):
    found, held = figures(name, seed), 0
    for figure, target in load_site(name).targets.items():
        if target.side_m in (None, WINDOW_M):
            assert target.low <= found[figure] <= target.high, (figure, found[figure])
            held += 1
    assert held >= 4


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_figures_of_craters_are_those_of_the_list_they_were_made_from(seed):
    """What the search finds of them, half, is corrected to what is there: 370 craters of 16 m and more."""
    site, found = load_site("von-karman"), figures("von-karman", seed)
    (x, y), half = (2 * mm for mm in site.anchor_mm), round(HALF_MM * WINDOW_M / 2)
    window = x - half, y - half, x + half, y + half
    made = centred(surface(site, seed).craters_in(window, from_m=16.0), window)
    per_km2 = len(made.diameter_m) / (WINDOW_M / 1000) ** 2
    assert found["crater_ratio_to_law"] == pytest.approx(per_km2 / crater_law(site.craters, 16.0), rel=0.35)
    small = made.where(made.diameter_m < 50)
    assert found["depth_over_diameter"] == pytest.approx((small.depth_m / small.diameter_m).mean(), rel=0.1)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_von_karman_has_the_relief_of_its_landing_square(seed):
    """The one target that is of another square than the window: 5.12 km at 5 m."""
    site = load_site("von-karman")
    (named,) = [name for name, target in site.targets.items() if target.side_m is not None]
    assert (named, site.targets[named].side_m) == ("relief_m", 5120.0)
    found = report_terrain(square(site, 512, 5000, seed=seed)).figures["relief_m"]
    assert site.targets[named].low <= found <= site.targets[named].high


ANCHORS_MM = {
    "highland": (0, 0),
    "mare-plain": (0, 0),
    "south-pole": (16_353_590, -10_840_878),
    "von-karman": (29_642_161, -25_088_638),
}
"""Projected by the C library, then rounded: the one place where it stands between a site and its bits."""


@pytest.mark.parametrize("name", NAMES)
def test_the_anchor_is_the_same_millimetre_everywhere(name):
    site = load_site(name)
    assert site.anchor_mm == ANCHORS_MM[name]
    if site.anchor is not None:
        place_mm = 1000 * np.array(site.project(site.anchor.latitude_deg, site.anchor.longitude_deg))
        assert abs(place_mm % 1 - 0.5).min() > 1e-4, "far enough from a half that no last bit turns it"


@pytest.mark.parametrize("name", [name for name in NAMES if load_site(name).anchor is not None])
def test_what_meets_an_anchors_elevation_is_no_cone(name):
    """The lift adds under 2 deg anywhere, and on the whole the site's table needs none."""
    site = load_site(name)
    reach_m = site.anchor.level_radius_m
    count = 60
    cells = Cells(
        east=2 * site.anchor_mm[0] - round(HALF_MM * reach_m * (1 - 1 / count)),
        north=2 * site.anchor_mm[1] - round(HALF_MM * reach_m * (1 - 1 / count)),
        step=2 * round(HALF_MM * reach_m / count),
        rows=count,
        cols=count,
    )
    lifts = []
    for seed in range(1, 31):
        base = surface(site, seed).base
        lifts.append(base.lift_m)
        if seed <= 10:
            added = base.means_m(cells) - replace(base, lift_m=0.0).means_m(cells)
            north, east = np.gradient(added, cells.cell_m)
            assert np.degrees(np.arctan(np.hypot(north, east))).max() < 2.0
            assert added.max() - added.min() > 0.9 * abs(base.lift_m)
    assert abs(np.mean(lifts)) < 40.0


def test_sites_differ_as_the_places_do():
    """Steepest in the highlands, then the ridge, then the plain; smooth ground has the lesser exponent."""
    slope = {name: figures(name, 1)["bidirectional_slope_deg"] for name in SEEDED}
    assert slope["highland"] > 1.2 * slope["south-pole"] > 1.5 * slope["mare-plain"]
    assert figures("highland", 1)["hurst_exponent"] > figures("mare-plain", 1)["hurst_exponent"]
    rocks = {name: figures(name, 1)["rock_fraction"] for name in SEEDED}
    assert rocks["highland"] < rocks["mare-plain"]


def test_the_same_seed_gives_other_ground_at_another_site():
    ground = [square(load_site(name), 40, 2000, seed=1).elevation_m for name in NAMES]
    for i, one in enumerate(ground):
        for other in ground[:i]:
            assert np.abs(one - one.mean() - (other - other.mean())).max() > 1.0


def test_shackleton_by_its_published_shape():
    """21 km wide, 4.1 to 4.2 km deep, walls of about 30 deg: Zuber et al. 2012, Haruyama et al. 2008."""
    site = load_site("south-pole")
    elevation = square(site, 150, 100_000, seed=1, centre="origin").elevation_m.astype(np.float64)
    at = (np.arange(300) - 149.5) * 0.1
    radius = np.hypot(at[None, :], at[:, None])
    ring_km = np.arange(0.5, 14.5, 0.25)
    rings = np.array([elevation[abs(radius - km) < 0.25].mean() for km in ring_km])
    assert ring_km[rings.argmax()] == pytest.approx(10.5, abs=0.8)
    assert rings.max() - rings[ring_km < 3].min() == pytest.approx(4150, abs=200)
    north, east = np.gradient(elevation, 100.0)
    slope = np.degrees(np.arctan(np.hypot(north, east)))
    assert np.median(slope[(radius > 4) & (radius < 9)]) == pytest.approx(31, abs=2.5)
    assert np.median(slope[radius < 2.5]) < 12


def test_the_ridge_is_as_high_for_every_seed():
    site = load_site("south-pole")
    for seed in (1, 2, 3):
        around = square(site, 5, 2000, seed=seed).elevation_m
        assert around[4:6, 4:6].mean() + site.frame.datum_m == pytest.approx(1900.0, abs=1.0)


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.0, -10_500.0), (16_354.0, -10_841.0), (-30e3, -40e3)])
def test_the_frame_holds_at_and_past_the_pole(place):
    """Against PROJ, and against polar stereographic coordinates, which have no trouble there."""
    site = load_site("south-pole")
    latitude, longitude = site.unproject(*place)
    assert site.project(latitude, longitude) == pytest.approx(place, abs=1e-3)
    wkt = local_crs_wkt(math.radians(site.frame.latitude_deg), math.radians(site.frame.longitude_deg))
    by_proj = proj_project(wkt, math.radians(latitude), math.radians(longitude))
    assert tuple(map(float, by_proj)) == pytest.approx(place, abs=1e-3)
    polar = [
        2 * 1_737_400 * math.tan(math.radians(90 + lat) / 2) * np.exp(1j * math.radians(lon))
        for lat, lon in ((latitude, longitude), (site.frame.latitude_deg, site.frame.longitude_deg))
    ]
    assert abs(polar[0] - polar[1]) == pytest.approx(math.hypot(*place), rel=1e-3)


def test_the_pole_is_on_the_rim_of_shackleton():
    site = load_site("south-pole")
    assert site.project(-90.0, 0.0) == pytest.approx((0.0, -10_007), abs=1.0)


@pytest.mark.parametrize("name", NAMES)
def test_synth_knows_it_by_name(name, tmp_path):
    out = tmp_path / f"{name}.tif"
    words = ["synth", name, "--set", "terrain.size_m=200", "--seed", "4", "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    site, dem = load_site(name), read_dem(out)
    assert dem.geometry.shape == (100, 100)
    assert np.isfinite(dem.elevation_m).all()
    expected = square(site, 50, 2000, seed=4)
    shown = dem.elevation_m.astype(np.float64) + dem.datum_m
    apart = np.abs(shown - expected.elevation_m - expected.datum_m)
    assert np.median(apart) < 2.0  # the window is laid to whole metres
    latitude, longitude = site.unproject(*(mm / 1000 for mm in site.anchor_mm))
    assert math.degrees(dem.geometry.site.latitude_rad) == pytest.approx(latitude, abs=1e-4)
    turn = math.degrees(dem.geometry.site.longitude_rad) - longitude
    assert (turn + 180) % 360 - 180 == pytest.approx(0.0, abs=1e-2)
