"""Heights with less noise, and bounds on them: what agrees is one, rocks stay, and no pose passes wrongly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.hazard.aligned import AlignedGround
from rover.hazard.clearance_figures import clearance_figures
from rover.hazard.walk_kernels import MARGINS, walk
from rover.onboard.arc_walker import BELLY_MARGIN_M
from rover.onboard.ground_bounds import evened, ground_bounds
from rover.onboard.local_map import LocalMap, fuse_heights
from sim.physics.suspension import rig_of, settle
from tests.rover.onboard.test_local_planner import (
    CELL_M,
    YUTU_2,
    Cells,
    Floats,
    assert_within,
    ground,
    level,
    rocky,
    with_rock,
)
from tests.sim.shaped import CHASSIS

SIGMA_M = 0.01


def noisy(heights: Floats, seed: int, looks: int = 1, cell_m: float = CELL_M) -> LocalMap:
    """What looks with noise at all of it tell."""
    rng, local = np.random.default_rng(seed), None
    for _ in range(looks):
        seen = ground(heights + rng.normal(0, SIGMA_M, heights.shape), cell_m)
        local = fuse_heights(local, seen, here_m=(0.0, 0.0), sigma_m=SIGMA_M, reach_m=6.0, time_s=0.0)
    assert local is not None
    return local


def test_on_level_ground_the_noise_falls_as_its_variance_says() -> None:
    even = evened(noisy(level(), 1))
    inner = np.s_[5:-5, 5:-5]
    spread = float(np.nanstd(even.height_m[inner]))
    told = math.sqrt(float(np.nanmean(even.variance_m2[inner])))
    assert spread < 0.5 * SIGMA_M
    assert told == pytest.approx(spread, rel=0.15)


def test_a_rock_keeps_its_height_and_its_edge() -> None:
    truth = with_rock(level(), 0.5, 0.5, 0.6, 0.3)
    raw = noisy(truth, 2)
    even, geometry = evened(raw), raw.geometry
    east = geometry.east_m + np.arange(geometry.cols) * geometry.resolution_m
    north = geometry.north_m + np.arange(geometry.rows) * geometry.resolution_m
    gap = np.hypot(*np.meshgrid(east - 0.5, north - 0.5))
    assert np.nanmax(even.height_m) > 0.3 - 1.5 * SIGMA_M
    beside = (gap > 0.36) & (gap < 0.6)
    assert np.abs(even.height_m[beside]).max() < 4 * SIGMA_M


def test_unknown_cells_stay_unknown_and_coarse_ones_as_they_are() -> None:
    heights = level()
    heights[100:110, 100:110] = np.nan
    raw = noisy(heights, 3)
    np.testing.assert_array_equal(np.isnan(evened(raw).height_m), np.isnan(raw.height_m))
    coarse = noisy(level(100), 4, cell_m=0.1)
    assert evened(coarse) is coarse


@pytest.mark.parametrize("looks", [1, 4])
def test_no_pose_that_passes_on_what_was_seen_breaks_a_limit_in_truth(looks: int) -> None:
    own, rig = clearance_figures(YUTU_2), rig_of(YUTU_2, CHASSIS)
    passed = 0
    for seed in (1, 2, 3):
        truth = rocky(seed, rocks=60)
        rng = np.random.default_rng(seed)
        bounds = ground_bounds(evened(noisy(truth, seed, looks)))
        poses = np.column_stack([rng.uniform(-4, 4, (150, 2)), rng.uniform(-3, 3, 150)])
        cells = np.stack(
            [
                (poses[:, 0] - bounds.east_m) / bounds.side_m,
                (poses[:, 1] - bounds.north_m) / bounds.side_m,
                np.cos(poses[:, 2]),
                np.sin(poses[:, 2]),
            ],
            axis=1,
        )
        middle = (-bounds.east_m / bounds.side_m, -bounds.north_m / bounds.side_m)
        laid = AlignedGround(bounds.low_m, bounds.high_m, bounds.side_m, middle, 5.5, own)
        bins, places = laid.places(cells)
        for k, (east, north, yaw) in enumerate(poses.tolist()):
            fits = walk(
                laid.spacing_m, laid.layers, laid.wheels, bins[k : k + 1], laid.rover, places[k : k + 1],
                np.full((1, 2), 0.02), 16, BELLY_MARGIN_M, 1, np.full(MARGINS, np.inf),
            )  # fmt: skip
            if fits:
                stance = settle(
                    Cells(ground(truth)), rig, east_m=east, north_m=north, yaw_rad=yaw, backwards=False
                )
                assert_within(stance, YUTU_2)
                passed += 1
    assert passed > 100
