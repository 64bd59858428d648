"""The area of rocks: by hand from a list, and from ground that has them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.terrain.rocks import Rocks, find_rocks, rock_coverage
from tests.builders.scenes import add_crater, add_rock, dem_of, equilibrium_scene, self_affine


def rocks_at(east: list[float], north: list[float], diameter: list[float]) -> Rocks:
    wide = np.array(diameter)
    return Rocks(east_m=np.array(east), north_m=np.array(north), diameter_m=wide, height_m=wide / 2)


def test_coverage_by_hand() -> None:
    """A ground of 10 x 20 m about (50, -70): rocks off it do not count."""
    dem = dem_of(np.zeros((20, 10)))
    rocks = rocks_at([50, 55, 59.4, 59.6, 49], [-70, -60, -50.6, -60, -70], [0.1, 0.3, 1.0, 9.0, 9.0])
    coverage = rock_coverage(rocks, dem, law=lambda d: 0.01 * np.exp(-d))
    areas = math.pi / 4 * np.array([1.1, 1.1, 1.09, 1.09, 1.09, 1.0, 1.0, 1.0])
    areas[:2] = math.pi / 4 * (0.1**2 + 0.3**2 + 1)
    areas[2:5] = math.pi / 4 * (0.3**2 + 1)
    areas[5:] = math.pi / 4
    assert coverage.diameter_m.tolist() == [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0]
    assert coverage.count.tolist() == [3, 3, 2, 2, 2, 1, 1, 1]
    assert coverage.fraction == pytest.approx(areas / 200)
    assert coverage.law_fraction == pytest.approx(0.01 * np.exp(-coverage.diameter_m))


def test_unknown_ground_has_no_rocks_and_no_area() -> None:
    held = np.zeros((20, 10), np.float32)
    held[10:] = np.nan
    coverage = rock_coverage(rocks_at([52, 52], [-65, -55], [0.5, 0.5]), dem_of(held))
    assert coverage.count[0] == 1
    assert coverage.fraction[0] == pytest.approx(math.pi / 16 / 100)
    assert coverage.law_fraction is None


def test_no_rocks_cover_nothing() -> None:
    coverage = rock_coverage(rocks_at([], [], []), dem_of(np.zeros((5, 5))))
    assert coverage.fraction.tolist() == [0.0]


@pytest.mark.parametrize("diameter_m", [0.25, 0.4, 0.6, 1.0])
@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_one_rock_is_measured(diameter_m: float, slope: float) -> None:
    cell_m = 0.1
    ground = slope * cell_m * np.arange(80)[:, None] + np.zeros((80, 90))
    add_rock(ground, 40.2, 51.4, diameter_m / cell_m, diameter_m / 2)
    rocks = find_rocks(dem_of(ground, cell_m))
    assert rocks is not None
    assert len(rocks.east_m) == 1
    assert rocks.east_m == pytest.approx(50 + 5.14, abs=0.05)
    assert rocks.north_m == pytest.approx(-70 + 4.02, abs=0.05)
    assert rocks.diameter_m == pytest.approx(diameter_m, rel=0.25)
    assert rocks.height_m == pytest.approx(diameter_m / 2, rel=0.3)


def test_craters_slopes_and_ridges_are_no_rocks() -> None:
    cell_m = 0.1
    ground = self_affine(400, 0.9, 3, rise=0.002)
    for row, col, wide in ((100, 100, 20), (200, 300, 60), (300, 120, 12)):
        add_crater(ground, row, col, wide, 0.12 * wide * cell_m, rim=0.24)
    ground += 0.15 * np.exp(-((np.arange(400) - 350.0) ** 2) / (2 * 2.0**2))  # a ridge as wide as a rock
    up, across = np.mgrid[:400, :400]
    along, away = (up + across - 500) / np.sqrt(2), (up - across) / np.sqrt(2)
    ground += 0.3 * np.exp(-(away**2) / (2 * 1.2**2)) / (1 + (along / 13) ** 8)  # narrow, 2.6 m long
    rocks = find_rocks(dem_of(ground, cell_m))
    assert rocks is not None
    assert len(rocks.east_m) <= 1


def test_steep_cratered_ground_has_few_false_rocks() -> None:
    """Crater walls and rims in all directions, median slope 7 deg: some pass for rocks, on 0.25 ha each."""
    false = 0
    for seed in (1, 2, 3):
        ground, _ = equilibrium_scene(500, seed, rise=0.1, density=3.0)
        rocks = find_rocks(dem_of(0.1 * ground, 0.1))
        assert rocks is not None
        false += len(rocks.east_m)
    assert false < 60


def test_the_area_of_many_rocks() -> None:
    cell_m, rng = 0.1, np.random.default_rng(5)
    ground = self_affine(600, 0.9, 3, rise=0.002) + 0.1 * cell_m * np.arange(600)
    wide = rng.uniform(0.25, 0.8, 150)
    for row, col, diameter in zip(rng.uniform(10, 590, 150), rng.uniform(10, 590, 150), wide, strict=True):
        add_rock(ground, row, col, diameter / cell_m, 0.5 * diameter)
    dem = dem_of(ground, cell_m)
    rocks = find_rocks(dem)
    assert rocks is not None
    coverage = rock_coverage(rocks, dem, from_dem=True)
    assert coverage.diameter_m[0] == 0.2
    assert coverage.fraction[0] == pytest.approx((math.pi / 4 * wide**2).sum() / 3600, rel=0.2)
    assert coverage.from_dem


def test_no_rock_is_seen_at_a_gap_or_in_wide_cells() -> None:
    ground = np.zeros((60, 60))
    add_rock(ground, 30, 30, 5, 0.3)
    holed = ground.copy()
    holed[:, 33] = np.nan
    seen, unseen = (find_rocks(dem_of(held, 0.1)) for held in (ground, holed))
    assert seen is not None
    assert unseen is not None
    assert (len(seen.east_m), len(unseen.east_m)) == (1, 0)
    assert find_rocks(dem_of(ground, 0.31)) is None


def test_deep_datums_do_not_matter() -> None:
    ground = np.zeros((60, 60))
    add_rock(ground, 30, 30, 5, 0.3)
    near, far = (find_rocks(replace(dem_of(ground, 0.1), datum_m=datum)) for datum in (0.0, -9000.0))
    assert near is not None
    assert far is not None
    assert np.array_equal(near.diameter_m, far.diameter_m)
