"""Rocks: how much they cover, where they lie, how tall they are, and their volume in a raster."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from rover.io.bundle import site_names
from sim.moon.rocks import NO_ROCKS, rock_law
from sim.moon.scatter import HALF_MM
from sim.moon.surface import surface
from sim.run.scenario_ground import load_site
from tests.sim.moon.conftest import FAR, centred


def strewn_m(site, squares, side_m):
    """Diameters of the rocks in squares strewn about 100 km, of five seeds; one array a square."""
    rng, sizes_m = np.random.default_rng(7), []
    for k, (x, y) in enumerate(rng.integers(-50_000, 50_000, size=(squares, 2)).tolist()):
        window = (x * HALF_MM, y * HALF_MM, (x + side_m) * HALF_MM, (y + side_m) * HALF_MM)
        sizes_m.append(centred(surface(site, 1 + k % 5).rocks_in(window), window).diameter_m)
    return sizes_m


def covered_by(diameter_m):
    return float((0.25 * np.pi * diameter_m**2).sum())


@pytest.mark.parametrize(
    ("covered", "squares", "side_m"), [(0.002, 400, 60), (0.05, 400, 20), (0.2, 200, 12)]
)
def test_rocks_cover_what_they_should(changed, covered, squares, side_m):
    """Ground as it comes, fresh craters and all: the plain mean is what the site asks, in rocks of 5 cm and more."""
    asked = changed(rocks={"covered_fraction": covered})
    sizes_m = strewn_m(asked, squares, side_m)
    every = np.concatenate(sizes_m)
    assert covered_by(every) / (squares * side_m**2) == pytest.approx(covered, rel=0.1)
    for diameter_m in (0.1, 0.2):
        share = covered_by(every[every > diameter_m]) / covered_by(every)
        assert share == pytest.approx(np.exp(-10 * (diameter_m - 0.05)), rel=0.1)
        assert rock_law(asked.rocks, diameter_m) == pytest.approx(covered * np.exp(-10 * (diameter_m - 0.05)))
    assert every.min() >= asked.rocks.smallest_m
    assert every.max() <= asked.rocks.largest_m


@pytest.mark.parametrize("name", site_names())
def test_bundled_sites_have_the_rocks_that_they_ask(name):
    site = load_site(name)
    found = covered_by(np.concatenate(strewn_m(site, 250, 80))) / (250 * 80**2)
    assert found == pytest.approx(site.rocks.covered_fraction, rel=0.1)


def test_the_rock_law_ends_at_the_largest_rock(site):
    """Where few sizes are asked, they have all of the area: 3 cm to 20 cm under a decay that hardly falls."""
    few = site.rocks.model_copy(
        update={"decay_per_m": 2.0, "smallest_m": 0.03, "largest_m": 0.2, "covered_fraction": 0.1}
    )
    shares = [rock_law(few, diameter_m) for diameter_m in (0.0, 0.03, 0.1, 0.2, 1.0)]
    whole = np.exp(-2 * 0.03) - np.exp(-2 * 0.2)
    assert shares == pytest.approx([0.1, 0.1, 0.1 * (np.exp(-0.2) - np.exp(-0.4)) / whole, 0.0, 0.0])


@pytest.mark.parametrize("covered", [0.0021, 0.2])
def test_rocks_do_not_overlap(changed, covered):
    side = int((150 if covered < 0.01 else 40) * HALF_MM)
    found = surface(changed(rocks={"covered_fraction": covered}), 1).rocks_in((0, -side, side, 0))
    tree = cKDTree(found.place / HALF_MM)
    one, other = tree.query_pairs(2.0, output_type="ndarray").T
    apart = np.hypot(*(found.place[one] - found.place[other]).T / HALF_MM)
    assert len(one) > 1000
    assert (apart >= 0.5 * (found.diameter_m[one] + found.diameter_m[other])).all()


def test_rocks_lie_closer_in_fresh_craters(site):
    ground, side = surface(site, 1), 1500 * HALF_MM
    x, y = 2 * site.anchor_mm[0] + FAR, 2 * site.anchor_mm[1] + FAR
    window = (x, y, x + side, y + side)
    craters = ground.craters_in(window, from_m=8.0)
    density = {"fresh": [0, 0.0], "worn": [0, 0.0]}
    for name, kept in (("fresh", craters.freshness > 0.95), ("worn", craters.freshness < 0.5)):
        few = craters.where(kept & (craters.diameter_m < 60))
        for place, diameter_m in zip(few.place[:40].tolist(), few.diameter_m[:40], strict=True):
            half = int(0.35 * diameter_m * HALF_MM)
            inside = (place[0] - half, place[1] - half, place[0] + half, place[1] + half)
            density[name][0] += len(centred(ground.rocks_in(inside), inside).diameter_m)
            density[name][1] += (2 * half / HALF_MM) ** 2
    fresh, worn = (rocks / area_m2 for rocks, area_m2 in (density["fresh"], density["worn"]))
    assert density["fresh"][0] > 200
    assert 0.6 * site.rocks.fresh_crater_factor < fresh / worn < 1.1 * site.rocks.fresh_crater_factor


def test_rocks_are_as_tall_as_the_site_says(site):
    found = surface(site, 1).rocks_in((0, 0, 100 * HALF_MM, 100 * HALF_MM))
    ratio = found.height_m / found.diameter_m
    low, high = site.rocks.flat_ratio, site.rocks.tall_ratio
    assert ratio.min() == pytest.approx(low, abs=0.01)
    assert ratio.max() == pytest.approx(high, abs=0.01)
    assert ratio.mean() == pytest.approx(0.5 * (low + high), abs=0.01)


@pytest.mark.parametrize("resolution_mm", [20, 50, 250])
def test_a_raster_holds_the_volume_of_its_rocks(changed, cells_about, resolution_mm):
    """Half spheroids that do not overlap: 2/3 of section times height, to the cells' last drop."""
    ground = surface(changed(rocks={"covered_fraction": 0.05}), 1)
    cells = cells_about((5_000_000, 0), resolution_mm, 15_000 // resolution_mm, 15_000 // resolution_mm)
    raised = ground.elevation_m(cells, NO_ROCKS, rocks=True) - ground.bare_m(cells)
    rocks = centred(ground.rocks_in(cells.window), cells.window)
    volume = (np.pi / 6 * rocks.diameter_m**2 * rocks.height_m).sum()
    assert raised.sum() * (resolution_mm / 1000) ** 2 == pytest.approx(volume, rel=0.06)
    assert raised.min() > -1e-4
