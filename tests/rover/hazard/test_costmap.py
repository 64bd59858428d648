"""Cost of crossing: positive, never NaN, lethal as far as the footprint reaches, and never freed by a tighter limit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import distance_transform_edt

from rover.core.errors import VehicleError
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.strips import THREADS_VARIABLE
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import (
    CostMap,
    build_costmap,
    footprint_reach_cells,
    inflate,
    refuse_larger_than_map,
)
from rover.hazard.detect import HazardMap, detect_hazards
from rover.hazard.trafficability import expected_slip, expected_speed_m_s, undulation_grade2
from rover.io.vehicle import read_vehicle
from rover.terrain.derive import Terrain, derive_terrain

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
YUTU_2 = read_vehicle("yutu-2").params


def changed(**figures: float) -> VehicleParams:
    return VehicleParams.model_validate(YUTU_2.model_dump() | figures)


def terrain_of(heights: npt.ArrayLike, resolution_m: float) -> Terrain:
    held = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=held.shape[0], cols=held.shape[1], resolution_m=resolution_m, east_m=0.0, north_m=0.0, site=SITE
    )
    return derive_terrain(Dem(geometry=geometry, elevation_m=held, datum_m=0.0, source="a test"))


def priced(heights: npt.ArrayLike, resolution_m: float, vehicle: VehicleParams = YUTU_2) -> CostMap:
    terrain = terrain_of(heights, resolution_m)
    return build_costmap(detect_hazards(terrain, vehicle), terrain, vehicle)


def touched_by_the_circle(mask: npt.NDArray[np.bool_], radius: float) -> npt.NDArray[np.bool_]:
    """Cells from whose centre a circle of `radius` cells overlaps the square of a marked cell."""
    marked = np.argwhere(mask)
    touched = np.zeros_like(mask)
    for cell in np.ndindex(mask.shape):
        gaps = np.maximum(np.abs(marked - cell) - 0.5, 0.0)
        touched[cell] = bool((np.hypot(gaps[:, 0], gaps[:, 1]) < radius).any())
    return touched


def within_reach(mask: npt.NDArray[np.bool_], reach: float) -> npt.NDArray[np.bool_]:
    """By asking every pair of cells."""
    near = np.zeros(mask.shape, np.bool_)
    marked = np.argwhere(mask)
    for cell in np.ndindex(*mask.shape):
        near[cell] = any(math.dist(cell, other) <= reach for other in marked)
    return near


@settings(deadline=None, max_examples=80)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.floats(0, 6))
def test_inflation_is_by_exact_distance(mask: npt.NDArray[np.bool_], reach: float) -> None:
    np.testing.assert_array_equal(inflate(mask, reach), within_reach(mask, reach))


def test_inflation_by_whole_cells_takes_the_cells_at_that_very_distance() -> None:
    mask = np.zeros((11, 11), np.bool_)
    mask[5, 5] = True
    assert inflate(mask, 1.0).sum() == 5
    assert inflate(mask, math.sqrt(2)).sum() == 9
    assert inflate(mask, 5.0)[5, 0]
    assert inflate(mask, 5.0)[1, 2]  # 3, 4, 5
    assert inflate(mask, 0.0).sum() == 1


@pytest.mark.parametrize("resolution_m", [0.25, 1.0, 2.0, 5.0])
def test_lethal_is_what_the_footprint_reaches(resolution_m: float) -> None:
    heights = np.zeros((21, 23))
    heights[10, 11] = 40.0
    terrain = terrain_of(heights, resolution_m)
    hazards = detect_hazards(terrain, YUTU_2)
    cost = build_costmap(hazards, terrain, YUTU_2).cost_s_per_m
    lethal, radius = np.isinf(cost), YUTU_2.footprint_radius_m / resolution_m
    assert (lethal | ~touched_by_the_circle(hazards.flags != 0, radius)).all(), (
        "the footprint may touch a hazard"
    )
    assert not (lethal & ~within_reach(hazards.flags != 0, radius + math.sqrt(0.5))).any(), (
        "more than need be"
    )
    assert np.isfinite(cost).any()
    # A rover that stands on the centre of a free cell in line with a hazardous one does not touch it.
    free = np.argwhere(np.isfinite(cost))
    for row, col in np.argwhere(hazards.flags != 0):
        in_line = free[(free[:, 0] == row) | (free[:, 1] == col)]
        gap_m = (np.abs(in_line - (row, col)).max(axis=1) - 0.5) * resolution_m
        assert (gap_m > YUTU_2.footprint_radius_m).all()


@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(
        np.float32, (8, 9), elements=st.one_of(st.floats(-3, 3, width=32), st.just(np.float32(np.nan)))
    ),
    st.sampled_from([0.25, 2.0, 5.0]),
)
def test_a_cost_is_positive_and_unknown_ground_is_lethal(
    heights: npt.NDArray[np.float32], resolution_m: float
) -> None:
    cost = priced(heights, resolution_m).cost_s_per_m
    assert (cost > 0).all()
    assert np.isinf(cost[np.isnan(heights)]).all()
    free = cost[np.isfinite(cost)]
    assert (free >= 1 / YUTU_2.speed_m_s * (1 - 1e-12)).all()


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(["slope_limit_deg", "roll_limit_deg", "step_limit_m", "roughness_limit_m"]),
    st.floats(0.05, 1.0),
    st.integers(0, 9),
    st.sampled_from([0.25, 0.5, 2.0]),
)
def test_tightening_never_frees_a_cell_nor_cheapens_one(
    limit: str, share: float, seed: int, resolution_m: float
) -> None:
    heights = np.random.default_rng(seed).normal(0, 0.3, (14, 16)).cumsum(0).cumsum(1) / 4 * resolution_m
    before = priced(heights, resolution_m).cost_s_per_m
    after = priced(heights, resolution_m, changed(**{limit: getattr(YUTU_2, limit) * share})).cost_s_per_m
    assert (after >= before).all()


def test_a_larger_vehicle_frees_nothing() -> None:
    heights = np.random.default_rng(1).normal(0, 0.3, (30, 30)).cumsum(0).cumsum(1) / 4
    before = np.isinf(priced(heights, 1.0).cost_s_per_m)
    after = np.isinf(priced(heights, 1.0, changed(length_m=3.0, width_m=2.0)).cost_s_per_m)
    assert (before <= after).all()
    assert after.sum() > before.sum()


def test_ground_without_a_slope_is_lethal_even_where_no_flag_says_so() -> None:
    terrain = terrain_of(np.zeros((5, 5)), 2.0)
    none = HazardMap(geometry=terrain.geometry, flags=np.zeros((5, 5), np.uint8))
    cost = build_costmap(none, terrain, YUTU_2).cost_s_per_m
    np.testing.assert_array_equal(np.isinf(cost), np.isnan(terrain.slope_rad))
    assert cost[2, 2] == pytest.approx(1 / YUTU_2.speed_m_s)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
def test_a_cost_that_no_search_can_use_is_refused(bad: float) -> None:
    cost = np.ones((3, 3))
    cost[1, 1] = bad
    with pytest.raises(ValueError, match="not positive"):
        CostMap(geometry=terrain_of(np.zeros((3, 3)), 1.0).geometry, cost_s_per_m=cost)


def test_slip_grows_with_the_slope_and_is_the_vehicles_at_its_limit() -> None:
    slope = np.radians(np.linspace(0, 60, 200))
    slip = expected_slip(slope, YUTU_2)
    assert slip[0] == 0
    assert (np.diff(slip) >= 0).all()
    assert (np.diff(slip)[slip[1:] < 0.95] > 0).all()
    assert slip.max() == 0.95
    assert float(expected_slip(YUTU_2.slope_limit_rad, YUTU_2)) == pytest.approx(YUTU_2.slip_at_slope_limit)
    np.testing.assert_array_equal(expected_slip(-slope, YUTU_2), slip)


def test_speed_falls_with_the_slope_and_never_to_nothing() -> None:
    speed = expected_speed_m_s(np.radians(np.linspace(0, 89, 100)), YUTU_2)
    assert speed[0] == YUTU_2.speed_m_s
    assert (np.diff(speed) <= 0).all()
    assert speed.min() == pytest.approx(0.05 * YUTU_2.speed_m_s)


def test_slip_that_yutu_2_met() -> None:
    """On slopes up to 8.86 deg none beyond 0.1 (Ding et al. 2024, PMC11258293)."""
    assert float(expected_slip(math.radians(8.86), YUTU_2)) <= 0.1


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 1000),
    st.integers(1, 70),
    st.integers(1, 70),
    st.floats(0, 0.2),
    st.one_of(st.floats(0, 90), st.integers(0, 90).map(float), st.integers(0, 4000).map(math.sqrt)),
)
def test_inflation_is_that_of_the_exact_distance_transform(
    seed: int, rows: int, cols: int, share: float, reach: float
) -> None:
    mask = np.random.default_rng(seed).random((rows, cols)) < share
    wanted = distance_transform_edt(~mask) <= reach if mask.any() else mask
    np.testing.assert_array_equal(inflate(mask, reach), wanted)


@pytest.mark.parametrize("reach", [253.0, 254.5, 255.0, 256.0, 300.2, 1e9, math.inf])
def test_inflation_further_than_a_byte_counts(reach: float) -> None:
    mask = np.zeros((3, 700), np.bool_)
    mask[1, 10] = True
    np.testing.assert_array_equal(inflate(mask, reach), distance_transform_edt(~mask) <= reach)


def test_inflation_leaves_its_mask_alone() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[3, 3] = True
    before = mask.copy()
    assert inflate(mask, 3.0).sum() == 25 + 4
    np.testing.assert_array_equal(mask, before)
    assert not inflate(np.zeros((5, 5), np.bool_), 3.0).any()


def test_the_price_is_one_over_the_speed_expected() -> None:
    terrain = terrain_of(np.random.default_rng(2).normal(0, 0.02, (40, 41)).cumsum(0).cumsum(1), 0.5)
    none = HazardMap(geometry=terrain.geometry, flags=np.zeros(terrain.geometry.shape, np.uint8))
    cost = build_costmap(none, terrain, YUTU_2).cost_s_per_m
    grade2 = undulation_grade2(1.0, terrain.roughness_window_m) * terrain.roughness_m.astype(float) ** 2
    known = np.isfinite(terrain.slope_rad)
    wanted = 1 / expected_speed_m_s(terrain.slope_rad, YUTU_2, grade2=grade2)
    np.testing.assert_allclose(cost[known], wanted[known], rtol=1e-9)
    assert np.ptp(cost[known]) > 1


def test_roughness_slows_and_only_where_it_is_resolved() -> None:
    level = terrain_of(np.zeros((9, 9)), 0.5)
    none = HazardMap(geometry=level.geometry, flags=np.zeros((9, 9), np.uint8))
    prices = []
    for rough_m in (0.0, 0.05, 0.1, 0.2):
        terrain = replace(level, roughness_m=np.full((9, 9), rough_m, np.float32))
        prices.append(build_costmap(none, terrain, YUTU_2).cost_s_per_m[4, 4])
        coarse = replace(terrain, roughness_window_m=4.0)
        assert build_costmap(none, coarse, YUTU_2).cost_s_per_m[4, 4] == pytest.approx(1 / YUTU_2.speed_m_s)
    assert (np.diff(prices) > 0).all()
    unknown = replace(level, roughness_m=np.full((9, 9), np.nan, np.float32))
    assert np.isinf(build_costmap(none, unknown, YUTU_2).cost_s_per_m).all()


def test_undulation_is_the_mean_square_grade_of_a_wave() -> None:
    along = np.linspace(0, 1.5, 100_001)
    wave = 0.1 * np.sin(2 * np.pi * along / 1.5)
    assert undulation_grade2(0.1, 1.5) == pytest.approx(np.mean(np.gradient(wave, along) ** 2), rel=1e-3)


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_any_number_of_threads_makes_the_same_bytes(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heights = np.random.default_rng(5).normal(0, 0.004, (203, 190)).cumsum(0).cumsum(1) / 4
    heights[100, 50] += 1.0
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    before = priced(heights, 0.25).cost_s_per_m
    monkeypatch.setenv(THREADS_VARIABLE, threads)
    assert priced(heights, 0.25).cost_s_per_m.tobytes() == before.tobytes()
    assert 0 < np.isinf(before).mean() < 1


def test_a_vehicle_that_cannot_turn_round_on_the_map_is_refused() -> None:
    small = terrain_of(np.zeros((4, 3)), 0.5).geometry  # 2.0 by 1.5 m; yutu-2 takes 1.80
    with pytest.raises(VehicleError) as refused:
        refuse_larger_than_map(YUTU_2, small)
    assert "vehicle.length_m = 1.5: the vehicle takes 1.80 m to turn round, and the map is 1.50 m" in str(
        refused.value
    )
    refuse_larger_than_map(YUTU_2, terrain_of(np.zeros((4, 4)), 0.5).geometry)


@pytest.mark.parametrize("resolution_m", [0.05, 0.3, 1.0])
def test_reach_grows_with_the_footprint(resolution_m: float) -> None:
    geometry = terrain_of(np.zeros((4, 4)), resolution_m).geometry
    reach = [footprint_reach_cells(geometry, changed(length_m=length)) for length in (1.5, 1.6, 2.0, 3.0)]
    assert sorted(reach) == reach and reach[-1] > reach[0]
