"""Firmness square by square, and patches of ground kept by place."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moon.ground import NEAR_M, Ground
from sim.moon.regolith import regolith_at
from sim.moon.soil import NOMINAL, SQUARE_M, Soil
from sim.moon.surface import surface
from sim.run.scenario_ground import load_site
from tests.sim.shaped import plane

SITE = load_site("von-karman")


def test_nodes_have_the_sites_firmness_in_the_frame_of_the_ground() -> None:
    origin_mm = (40_000_000, -90_000_000)
    patch = Soil.synthetic(SITE, seed=3, origin_mm=origin_mm).near(5.0, -7.0)
    rows, cols = patch.firmness.shape
    east = 40_000.0 + patch.east_m + patch.node_m * np.arange(cols)
    north = -90_000.0 + patch.north_m + patch.node_m * np.arange(rows)
    found = regolith_at(surface(SITE, 3), east[None, :], north[:, None]).firmness
    np.testing.assert_allclose(patch.firmness, found, atol=1e-6)
    assert np.ptp(patch.firmness) > 0.01


@pytest.mark.parametrize("east, north", [(0.0, 0.0), (15.9, -0.1), (-16.0, 31.99), (-0.01, -47.3)])
def test_a_patch_holds_what_lies_three_metres_about(east: float, north: float) -> None:
    patch = Soil.uniform(0.3).near(east, north)
    rows, cols = patch.firmness.shape
    for at, first, count in ((east, patch.east_m, cols), (north, patch.north_m, rows)):
        assert first <= at - 3
        assert at + 3 <= first + (count - 1) * patch.node_m
    assert (patch.firmness == np.float32(0.3)).all()


def test_neighbouring_squares_agree_where_they_overlap() -> None:
    soil = Soil.synthetic(SITE, seed=1)
    here, there = soil.near(1.0, 1.0), soil.near(SQUARE_M + 1.0, 1.0)
    shared = here.firmness.shape[1] - SQUARE_M
    np.testing.assert_array_equal(here.firmness[:, -shared:], there.firmness[:, :shared])


def test_what_was_made_is_kept_and_does_not_hang_on_the_order() -> None:
    one, other = Soil.synthetic(SITE, seed=2), Soil.synthetic(SITE, seed=2)
    first = one.near(0.0, 0.0)
    assert one.near(10.0, 10.0) is first
    other.near(100.0, 100.0)
    np.testing.assert_array_equal(other.near(3.0, 3.0).firmness, first.firmness)
    assert np.abs(Soil.synthetic(SITE, seed=3).near(0.0, 0.0).firmness - first.firmness).max() > 0.01


def test_soil_of_a_measured_dem_counts_from_its_corner() -> None:
    corner = (1000.0, -2000.0)
    here = Soil.detail(SITE, seed=5, corner_m=corner).near(1008.0, -1992.0)
    there = Soil.detail(SITE, seed=5, corner_m=(1032.0, -1968.0)).near(1040.0, -1960.0)
    np.testing.assert_array_equal(here.firmness, there.firmness)


def test_of_soil_that_is_not_known_the_middle_is_taken() -> None:
    assert (Soil.uniform().near(0.0, 0.0).firmness == np.float32(NOMINAL)).all()


@pytest.mark.parametrize("resolution_mm", [50, 250])
def test_ground_near_a_point_is_one_patch_by_square(resolution_mm: int) -> None:
    ground = plane(0.5, -0.25, resolution_mm=resolution_mm)
    generator = np.random.default_rng(0)
    for east, north in generator.uniform(-20, 20, (20, 2)).tolist():
        patch = ground.near(east, north, 1.5)
        assert ground.near(east, north, 1.5) is patch
        rows, cols = patch.elevation_m.shape
        for at, first, count in ((east, patch.east_m, cols), (north, patch.north_m, rows)):
            assert first <= at - 1.5
            assert at + 1.5 <= first + (count - 1) * patch.resolution_m
        other = Ground.near(plane(0.5, -0.25, resolution_mm=resolution_mm), east, north, 1.5)
        np.testing.assert_array_equal(other.elevation_m, patch.elevation_m)
        inside = (np.floor(np.array([east, north]) / NEAR_M) + 0.5) * NEAR_M
        assert ground.near(float(inside[0]), float(inside[1]), 1.5) is patch
