"""The strength of the soil: a pure function of place, within the site's ranges, loose round fresh craters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.moon.regolith import regolith_at
from sim.moon.regolith_kernels import SOFT_RADII
from sim.moon.scatter import HALF_MM
from sim.moon.surface import surface

FIELDS = ("cohesion_pa", "friction_rad", "stiffness_pa_m_n", "exponent", "density_kg_m3")
places = st.tuples(st.floats(-2.7e6, 2.7e6), st.floats(-2.7e6, 2.7e6))


@pytest.fixture(scope="module")
def ground(site):
    return surface(site, 1)


@pytest.fixture(scope="module")
def lattice(ground):
    """East and north of points 2 m apart in a square of 300 m, 10 km east of the lander, and their soil."""
    at = np.arange(-150.0, 150.0, 2.0)
    east = ground.anchor[0] / HALF_MM + 10_000.0 + at[None, :]
    north = ground.anchor[1] / HALF_MM + at[:, None]
    east, north = np.broadcast_arrays(east, north)
    return east, north, regolith_at(ground, east, north)


@settings(max_examples=25, deadline=None)
@given(st.lists(places, min_size=2, max_size=6))
def test_the_same_whatever_points_are_asked_together(ground, points):
    east, north = np.array(points).T
    together = regolith_at(ground, east, north)
    backwards = regolith_at(ground, east[::-1], north[::-1])
    for k, (x, y) in enumerate(points):
        alone = regolith_at(ground, x, y)
        for field in ("firmness", *FIELDS):
            assert getattr(together, field)[k] == getattr(alone, field)
            assert getattr(backwards, field)[len(points) - 1 - k] == getattr(alone, field)


def test_a_grid_is_its_points(ground, lattice):
    east, north, soil = lattice
    for row, col in np.random.default_rng(1).integers(0, 150, size=(20, 2)).tolist():
        alone = regolith_at(ground, east[row, col], north[row, col])
        assert alone.firmness == soil.firmness[row, col]
    apart = np.meshgrid(east[0, :5], [north[3, 0], north[90, 0]])
    assert np.array_equal(regolith_at(ground, *apart).firmness, soil.firmness[np.ix_([3, 90], range(5))])


def test_figures_keep_to_the_sites_ranges(site, lattice):
    soil = lattice[2]
    loose_firm = {
        "cohesion_pa": site.regolith.cohesion_pa,
        "friction_rad": tuple(math.radians(deg) for deg in site.regolith.friction_deg),
        "stiffness_pa_m_n": tuple(1000 * kpa for kpa in site.regolith.stiffness_kpa),
        "exponent": site.regolith.exponent,
        "density_kg_m3": site.regolith.density_kg_m3,
    }
    assert set(loose_firm) == set(FIELDS)
    assert soil.firmness.min() >= 0
    assert soil.firmness.max() <= 1
    assert soil.firmness.min() < 0.2
    assert soil.firmness.max() > 0.8
    for field, (loose, firm) in loose_firm.items():
        found = getattr(soil, field)
        assert np.allclose((found - loose) / (firm - loose), soil.firmness, atol=1e-9)
        assert not found.flags.writeable


def test_all_firmnesses_occur_about_a_middling_mean(lattice):
    firmness = lattice[2].firmness
    assert 0.35 < firmness.mean() < 0.6
    assert 0.15 < firmness.std() < 0.35


def test_patches_are_as_wide_as_the_site_says(ground, site):
    """Alike at a fifth of a patch, strangers at two patches."""
    patch, rng = site.regolith.patch_m, np.random.default_rng(2)
    east, north = rng.uniform(-40_000, 40_000, size=(2, 500))
    here = regolith_at(ground, east, north).firmness
    for away, low, high in ((0.2 * patch, 0.9, 1.0), (2.5 * patch, -0.15, 0.25)):
        there = regolith_at(ground, east + away, north).firmness
        assert low < np.corrcoef(here, there)[0, 1] < high
    step = abs(regolith_at(ground, east + 0.01, north).firmness - here)
    assert step.max() < 0.05, "no steps"


def test_soil_is_loose_round_fresh_craters(ground, lattice):
    """The fresher the looser: at most what freshness leaves, and nothing lost beyond two radii."""
    east, north, soil = lattice
    window = [int(v * HALF_MM) for v in (east.min(), north.min(), east.max(), north.max())]
    craters = ground.craters_in(tuple(window), from_m=1.0)
    craters = craters.where((craters.diameter_m > 6) & (craters.diameter_m < 60))
    x, y = craters.place.T / HALF_MM
    inside = (x > east.min()) & (x < east.max()) & (y > north.min()) & (y < north.max())
    fresh = inside & (craters.freshness > 0.6)
    assert fresh.sum() >= 5
    firmness = regolith_at(ground, x[fresh], y[fresh]).firmness
    assert (firmness <= 1.0 - craters.freshness[fresh] + 1e-12).all()
    rim = 0.5 * craters.diameter_m[fresh]
    on_rim = regolith_at(ground, x[fresh] + 0.99 * rim, y[fresh]).firmness
    assert (on_rim <= 1.0 - craters.freshness[fresh] + 1e-12).all()
    assert firmness.mean() < 0.6 * soil.firmness.mean()
    assert on_rim.mean() < 0.6 * soil.firmness.mean()


def test_soil_far_from_fresh_craters_is_that_of_a_site_without_any(ground, changed, lattice):
    east, north, soil = lattice
    smooth = surface(changed(craters={"equilibrium_per_km2": 1e-12}, feature=[]), 1)
    plain = regolith_at(smooth, east, north).firmness
    assert (soil.firmness <= plain + 1e-12).all()
    window = [int(v * HALF_MM) for v in (east.min(), north.min(), east.max(), north.max())]
    craters = ground.craters_in(tuple(window), from_m=1.0)
    beyond = np.ones(east.shape, dtype=bool)
    for (x, y), radius in zip(craters.place / HALF_MM, 0.5 * craters.diameter_m, strict=True):
        beyond &= np.hypot(east - x, north - y) > SOFT_RADII * radius
    assert 0.02 < beyond.mean() < 0.98
    assert np.array_equal(soil.firmness[beyond], plain[beyond])
    assert (soil.firmness[~beyond] < plain[~beyond]).mean() > 0.9


def test_seeds_give_other_soil(site, lattice):
    east, north, soil = lattice
    other = regolith_at(surface(site, 2), east, north).firmness
    assert abs(np.corrcoef(other.ravel(), soil.firmness.ravel())[0, 1]) < 0.3
    again = regolith_at(surface(site, 1), east, north).firmness
    assert again.tobytes() == soil.firmness.tobytes()
