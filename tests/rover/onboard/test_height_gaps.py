"""Small gaps in sensed heights are bridged, and nothing is made up beyond what was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.boundary import Observation
from rover.core.grid import Dem
from rover.hazard.detect import HazardMap
from rover.onboard.height_gaps import bridged
from rover.onboard.mapping import BeliefState, update_map
from tests.rover.onboard.test_mapping_and_paths import grid
from tests.sim.shaped import YUTU_2

REACH_M, CELL_M = 5.0, 0.1


def sensed(height: npt.NDArray[np.float64]) -> Dem:
    side = len(height)
    geometry = replace(
        grid("..\n..").geometry,
        rows=side,
        cols=side,
        resolution_m=CELL_M,
        resolution_north_m=CELL_M,
        east_m=-CELL_M * (side - 1) / 2,
        north_m=-CELL_M * (side - 1) / 2,
    )
    return Dem(geometry=geometry, elevation_m=height.astype(np.float32), datum_m=0.0, source="made up")


def disc() -> npt.NDArray[np.float64]:
    at = CELL_M * (np.arange(101) - 50)
    return np.where(np.hypot(at[:, None], at[None, :]) <= REACH_M, 0.1 * at[None, :], np.nan)


def test_nothing_is_made_up_beyond_the_range() -> None:
    seen = sensed(disc())
    assert bridged(seen) is seen


def test_a_plane_with_gaps_is_the_plane() -> None:
    height = disc()
    holes = np.random.default_rng(3).random(height.shape) < 0.45
    whole = bridged(sensed(np.where(holes, np.nan, height))).elevation_m
    made = holes & ~np.isnan(whole)
    assert made.sum() > 0.9 * (holes & ~np.isnan(height)).sum()
    np.testing.assert_allclose(whole[made], height[made], atol=1e-6)
    assert np.isnan(whole[np.isnan(height)]).all()


def test_a_wide_gap_stays_unknown() -> None:
    height = np.zeros((21, 21))
    height[5:15, 5:15] = np.nan
    assert np.isnan(bridged(sensed(height)).elevation_m[9:11, 9:11]).all()


@pytest.mark.parametrize("lost", [0.0, 0.32, 0.49])
def test_a_stone_is_seen_though_cells_are_without_depth(lost: float) -> None:
    """The row `stereo blind` has the rover stand only where half of them are."""
    height = np.where(np.isnan(disc()), np.nan, 0.0)
    height[70:76, 50:56] = 0.35
    draws = np.random.default_rng(5).random((20, *height.shape))
    for drawn in draws:
        cost = looked_at(np.where(drawn < lost, np.nan, height))
        assert np.isinf(cost[7, 5])


@pytest.mark.parametrize("lost", [0.32, 0.49])
def test_steep_ground_is_seen_though_cells_are_without_depth(lost: float) -> None:
    height = 3.3 * disc()  # 18 deg
    drawn = np.random.default_rng(6).random((10, *height.shape))
    whole = np.isinf(looked_at(height))
    assert whole.sum() > 40
    seen = [np.isinf(looked_at(np.where(one < lost, np.nan, height))) for one in drawn]
    assert min(int((one & whole).sum()) for one in seen) > 0.85 * whole.sum()


def looked_at(height: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the costs of a map of 11 by 11 m after one look from its middle."""
    costmap = grid("\n".join(["." * 11] * 11))
    geometry = replace(costmap.geometry, east_m=-5.0, north_m=-5.0)
    belief = BeliefState(
        hazards=HazardMap(geometry=geometry, flags=np.zeros((11, 11), np.uint8)),
        costmap=replace(costmap, geometry=geometry),
        steep=np.zeros((11, 11), np.bool_),
    )
    seen = Observation(
        time_s=0.0, east_m=0.0, north_m=0.0, yaw_rad=0.0, pitch_rad=0.0, roll_rad=0.0, soc=0.9, array_w=80.0,
        stalled=False, heights=sensed(height),
    )  # fmt: skip
    return update_map(belief, seen, YUTU_2).costmap.cost_s_per_m
