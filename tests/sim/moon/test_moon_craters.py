"""Craters: how many and how deep by the site's laws, and the shape of one."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moon.craters import Craters, crater_density, crater_law, dig
from sim.moon.scatter import HALF_MM
from sim.moon.surface import surface
from tests.sim.moon.conftest import FAR, centred


@pytest.fixture(scope="module")
def population(site):
    x, y = 2 * site.anchor_mm[0] + FAR, 2 * site.anchor_mm[1]
    window = (x, y, x + 2000 * HALF_MM, y + 2000 * HALF_MM)
    return [centred(surface(site, seed).seeded_craters(window, from_m=1.0), window) for seed in (1, 2, 3)]


def test_craters_follow_the_equilibrium_line(population):
    """Over a decade and a half of size: each seed within a factor 1.5, all together within their scatter."""
    for diameter_m in (1.0, 2.0, 3.0, 6.0, 12.0, 30.0):
        law = 0.0468 * (diameter_m / 1000) ** -1.83 * 4.0
        counts = [int((craters.diameter_m > diameter_m).sum()) for craters in population]
        assert all(law / 1.5 < count < 1.5 * law for count in counts)
        assert sum(counts) == pytest.approx(3 * law, rel=0.1)


@pytest.mark.parametrize("diameter_m", [1.0, 30.0, 141.0, 142.0, 5000.0])
def test_the_law_is_the_lesser_of_two_lines(site, diameter_m):
    km, craters = diameter_m / 1000, site.craters
    lines = (
        craters.equilibrium_per_km2 * km**-craters.equilibrium_exponent,
        craters.production_per_km2 * km**-craters.production_exponent,
    )
    assert crater_law(craters, diameter_m) == pytest.approx(min(lines))
    fall = crater_law(craters, diameter_m) - crater_law(craters, diameter_m * 1.000001)
    assert crater_density(craters)(diameter_m) == pytest.approx(fall / (1e-6 * diameter_m) * 1e-6, rel=1e-4)


def test_craters_are_shallow_on_the_whole_and_deep_when_fresh(population):
    for craters in population:
        ratio = (craters.depth_m / craters.diameter_m)[craters.diameter_m < 50]
        assert 0.05 < ratio.mean() < 0.08
        assert ratio.min() < 0.02
        assert 0.14 < ratio.max() <= 0.1501


def test_craters_lie_evenly(population):
    """Counts in a grid of squares vary as a Poisson process does: no lattice, no clumps."""
    for craters in population:
        small = craters.where(craters.diameter_m > 1.5)
        x = small.place - small.place.min(axis=0)
        counts = np.histogram2d(x[:, 0], x[:, 1], bins=31)[0]
        assert 0.85 < counts.var() / counts.mean() < 1.15


def test_no_seeded_crater_stands_among_the_known_ones(site):
    """Within 125 km those of 5 km and more are all features; beyond, some are made up."""
    margin = 300_000 * HALF_MM
    found = surface(site, 1).seeded_craters((-margin, -margin, margin, margin), from_m=5000.0)
    radius_m = np.hypot(*(found.place / HALF_MM).T)
    assert (radius_m > site.craters.known_radius_m).all()
    assert len(radius_m) > 20


def one_crater(diameter_m, depth_m, freshness, place=(0, 0), stretch=(0.0, 0.0)):
    return Craters(
        place=np.array([place], dtype=np.int64),
        diameter_m=np.array([diameter_m]),
        depth_m=np.array([depth_m]),
        freshness=np.array([freshness]),
        stretch=np.array([stretch]),
    )


def dug(crater, half_cells, step):
    height = np.zeros((2 * half_cells + 1, 2 * half_cells + 1))
    dig(height, crater, np.ones(1), -half_cells * step, -half_cells * step, step)
    return height


@pytest.mark.parametrize("freshness", [0.0, 0.3, 1.0])
def test_a_crater_has_its_depth_and_a_rim(freshness):
    elevation = dug(one_crater(40.0, 4.0, freshness), 150, 1000)
    assert np.ptp(elevation) == pytest.approx(4.0, rel=0.02)
    assert elevation.argmin() == elevation.size // 2
    assert (0.1 if freshness < 0.5 else 0.7) < elevation.max() < 1.2
    along = elevation[150, 150:]
    assert 0.5 * along.argmax() == pytest.approx(20.0, abs=1.0), "the diameter is rim to rim"
    assert abs(elevation[0]).max() == 0.0
    assert abs(along[130:]).max() < 0.05
    assert (np.diff(along[: along.argmax()]) > 0).all()
    assert (np.diff(along[along.argmax() :]) < 1e-4).all()


@pytest.mark.parametrize("freshness", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("diameter_m", [0.5, 0.9, 3.0, 40.0])
@pytest.mark.parametrize("stretch", [(0.0, 0.0), (0.1, -0.06)])
def test_a_crater_moves_ground_and_makes_none(diameter_m, freshness, stretch):
    """Its volume against that of its bowl, in cells of 1 m and wherever it lies among them."""
    for place in ((0, 0), (731, -1204)):
        depth_m = 0.1 * diameter_m
        height = dug(one_crater(diameter_m, depth_m, freshness, place, stretch), 75, 2000)
        bowl = 0.125 * np.pi * diameter_m**2 * depth_m
        assert abs(height.sum()) < 0.02 * bowl
        assert height.min() < 0


@pytest.mark.parametrize(("fine", "coarse"), [(100, 900), (400, 2000), (2000, 14_000)])
def test_the_mean_of_a_craters_cells_is_its_coarse_cell(fine, coarse):
    share = coarse // fine
    for diameter_m in (0.8 * coarse / HALF_MM, 2.5 * coarse / HALF_MM, 12.0 * coarse / HALF_MM):
        crater = one_crater(diameter_m, 0.1 * diameter_m, 0.5, (311, -97), (0.05, 0.04))
        cells = 2 * int(2 * diameter_m * HALF_MM / coarse) + 3
        means, relief = [], 0.0
        for step, count in ((fine, cells * share), (coarse, cells)):
            height = np.zeros((count, count))
            first = -(count * step) // 2 + step // 2
            dig(height, crater, np.ones(1), first, first, step)
            relief = max(relief, np.ptp(height))
            means.append(height.reshape(cells, count // cells, cells, count // cells).mean(axis=(1, 3)))
        assert abs(means[0] - means[1]).max() < 0.01 * relief
