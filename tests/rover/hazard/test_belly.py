"""The room under the belly: by the blocks that come near it the same as by all samples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.hazard.belly_kernels import BLOCK
from rover.hazard.linkage_kernels import BELLY, FIGURES
from rover.hazard.standing_kernels import room_to_work, stand
from rover.hazard.walk_kernels import BLOCKS
from tests.rover.hazard.test_aligned import laid_of, laid_out, ridges, rocks


@pytest.mark.parametrize("seed", range(3))
def test_the_least_room_is_the_same_by_blocks_as_by_all_samples(seed: int) -> None:
    z = rocks(seed) if seed else ridges(5)
    rng = np.random.default_rng(seed)
    for row, col in rng.integers(0, len(z), (3, 2)):
        z[row, col] = np.nan
    ground, middle = laid_out(z), (len(z) - 1) / 2
    told, unknown = 0, 0
    for _ in range(150):
        yaw = rng.uniform(-math.pi, math.pi)
        cell = np.array([[*(middle + rng.uniform(-30, 30, 2)), math.cos(yaw), math.sin(yaw)]])
        (heading,), (place,) = ground.places(cell)
        laid = laid_of(ground, heading)
        bounds = []
        for blocks in (0, BLOCKS):
            own, held = np.empty((FIGURES, 2)), np.full((FIGURES, 2), np.nan)
            stand(laid, ground.rover, place, 0.02, 0.01, held, room_to_work(blocks), own)
            bounds.append(own)
        np.testing.assert_array_equal(bounds[1][:BELLY], bounds[0][:BELLY])
        assert bounds[1][BELLY, 0] == bounds[0][BELLY, 0] or math.isnan(bounds[0][BELLY, 0])
        assert math.isnan(bounds[1][BELLY, 0]) == math.isnan(bounds[0][BELLY, 0])
        told += bool(abs(bounds[0][BELLY, 0]) < 1.0)
        unknown += math.isnan(bounds[0][BELLY, 0])
    assert told > 20
    assert unknown > 0


def test_tops_are_those_of_their_blocks() -> None:
    ground = laid_out(rocks(2))
    (heading,), _ = ground.places(np.array([[80.0, 80.0, 1.0, 0.0]]))
    tops, _, high, *_ = ground.layers[:, heading]
    for a in range(-(-len(high) // BLOCK)):
        for b in range(-(-len(high) // BLOCK)):
            assert tops[a, b] == high[a * BLOCK : (a + 1) * BLOCK, b * BLOCK : (b + 1) * BLOCK].max()
