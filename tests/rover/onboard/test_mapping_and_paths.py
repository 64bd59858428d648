"""Belief on board: what is seen closes what could be touched, nothing else changes, and there is a way out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core.boundary import Observation
from rover.core.grid import Dem, GridGeometry, Site
from rover.hazard.costmap import CostMap, build_costmap
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.io.vehicle import read_vehicle
from rover.onboard.mapping import (
    BeliefState,
    begin_belief,
    block_mean,
    clear_radius_m,
    close_cell,
    update_map,
)
from rover.onboard.own_track import way_out
from rover.onboard.path_watch import first_lethal, open_underfoot, sampled
from rover.terrain.derive import derive_terrain

YUTU_2 = read_vehicle("yutu-2").params
SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


def dem(heights: npt.ArrayLike, resolution_m: float, east_m: float = 0.0, north_m: float = 0.0) -> Dem:
    array = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=array.shape[0],
        cols=array.shape[1],
        resolution_m=resolution_m,
        east_m=east_m,
        north_m=north_m,
        site=SITE,
    )
    return Dem(geometry=geometry, elevation_m=array, datum_m=0.0, source="test")


def flat_belief(resolution_m: float = 2.0, cells: int = 40) -> BeliefState:
    ground = dem(np.zeros((cells, cells)), resolution_m)
    terrain = derive_terrain(ground)
    hazards = detect_hazards(terrain, YUTU_2)
    costmap = build_costmap(hazards, terrain, YUTU_2)
    _, belief = begin_belief(terrain, hazards, costmap, YUTU_2, np.array([[30.0, 30.0]]))
    return belief


def seen(heights: Dem | None, east_m: float = 30.0, north_m: float = 30.0) -> Observation:
    return Observation(
        time_s=0.0, east_m=east_m, north_m=north_m, yaw_rad=0.0, pitch_rad=0.0, roll_rad=0.0, soc=1.0,
        array_w=0.0, stalled=False, heights=heights,
    )  # fmt: skip


def patch_with_block(top_m: float, size: int = 2) -> Dem:
    """10 x 10 m at 0.25 m about (30, 30), with a block of `size` cells standing in its middle."""
    heights = np.zeros((41, 41))
    heights[20 : 20 + size, 20 : 20 + size] = top_m
    return dem(heights, 0.25, 25.0, 25.0)


@pytest.mark.parametrize(("resolution_m", "factor"), [(0.5, 1), (1.0, 1), (2.0, 2), (4.76, 5)])
def test_cells_on_board_are_a_metre_at_most_and_mean_the_same(resolution_m: float, factor: int) -> None:
    slope = np.add.outer(np.arange(12) * 0.1, np.zeros(12))
    slope[4, 6] = 50.0
    ground = dem(slope * resolution_m, resolution_m, 7.0, -3.0)
    terrain = derive_terrain(ground)
    hazards = detect_hazards(terrain, YUTU_2)
    costmap = build_costmap(hazards, terrain, YUTU_2)
    fine, belief = begin_belief(terrain, hazards, costmap, YUTU_2, np.array([[7.0, -3.0], [9.0, -3.0]]))
    geometry = belief.costmap.geometry
    assert geometry.shape == (12 * factor, 12 * factor)
    assert geometry.bounds_m == pytest.approx(ground.geometry.bounds_m)
    for row, col in np.ndindex(geometry.shape):
        place = geometry.centre_of(row, col)
        coarse = ground.geometry.cell_at(*place)
        assert coarse is not None
        assert belief.hazards.flags[row, col] == hazards.flags[coarse]
        assert fine.slope_rad[row, col] == pytest.approx(terrain.slope_rad[coarse], nan_ok=True)
        if math.isfinite(belief.costmap.cost_s_per_m[row, col]):
            assert belief.costmap.cost_s_per_m[row, col] == costmap.cost_s_per_m[coarse]


@pytest.mark.parametrize("resolution_m", [0.5, 1.0, 2.0, 4.76])
def test_on_board_the_footprint_never_reaches_a_hazard_of_the_map(resolution_m: float) -> None:
    heights = np.zeros((14, 14))
    heights[7, 7] = 50.0
    terrain = derive_terrain(dem(heights, resolution_m))
    hazards = detect_hazards(terrain, YUTU_2)
    costmap = build_costmap(hazards, terrain, YUTU_2)
    _, belief = begin_belief(terrain, hazards, costmap, YUTU_2, np.array([[0.0, 0.0]]))
    geometry, half = belief.costmap.geometry, belief.costmap.geometry.resolution_m / 2
    closed = geometry.centres_of(np.argwhere(belief.hazards.flags != 0))
    for cell in np.argwhere(np.isfinite(belief.costmap.cost_s_per_m)):
        gaps = np.maximum(np.abs(closed - geometry.centres_of(cell[None])) - half, 0.0)
        assert np.hypot(gaps[:, 0], gaps[:, 1]).min() >= YUTU_2.footprint_radius_m - 1e-9


def test_what_is_sent_is_cut_to_the_path_and_bounded_in_cells() -> None:
    flat = dem(np.zeros((400, 400)), 100.0)
    terrain = derive_terrain(flat)
    hazards = detect_hazards(terrain, YUTU_2)
    costmap = build_costmap(hazards, terrain, YUTU_2)
    path = np.array([[20_000.0, 20_000.0], [21_000.0, 20_000.0]])
    _, belief = begin_belief(terrain, hazards, costmap, YUTU_2, path)
    geometry = belief.costmap.geometry
    assert geometry.rows * geometry.cols <= 9_000_000
    west, south, east, north = geometry.bounds_m
    assert west <= 19_500 and east >= 21_500
    assert south <= 19_500 and north >= 20_500
    assert east - west < 2500
    assert (west + 50) % 100 == pytest.approx(0)


def test_noise_on_fine_cells_is_not_taken_for_rocks() -> None:
    belief = flat_belief()
    for resolution_m in (0.05, 0.1, 0.25):
        side = round(10 / resolution_m) + 1
        noise = np.random.default_rng(1).normal(0, YUTU_2.height_noise_m, (side, side))
        assert update_map(belief, seen(dem(noise, resolution_m, 25.0, 25.0)), YUTU_2) is belief


def test_level_ground_closes_nothing() -> None:
    belief = flat_belief()
    noise = np.random.default_rng(0).normal(0, YUTU_2.height_noise_m, (41, 41))
    after = update_map(belief, seen(dem(noise, 0.25, 25.0, 25.0)), YUTU_2)
    assert after is belief
    assert update_map(belief, seen(None), YUTU_2) is belief


@pytest.mark.parametrize("top_m", [0.3, 0.5, -0.4])
def test_a_block_or_a_hole_closes_every_cell_that_could_touch_it(top_m: float) -> None:
    belief = flat_belief()
    after = update_map(belief, seen(patch_with_block(top_m)), YUTU_2)
    geometry = after.costmap.geometry
    reach = clear_radius_m(YUTU_2, geometry.resolution_m, 0.25)
    place = np.array([30.125, 30.125])
    for row, col in np.ndindex(geometry.shape):
        gap = math.dist(geometry.centre_of(row, col), place)
        closed = math.isinf(after.costmap.cost_s_per_m[row, col])
        known_closed = math.isinf(belief.costmap.cost_s_per_m[row, col])
        if gap <= reach - 0.2:
            assert closed, "within reach of the block"
        if gap > reach + 2.0:
            assert closed == known_closed, "out of reach of anything seen"
    assert not after.steep[math.floor(30.125), math.floor(30.125)]


def test_a_step_of_less_than_the_limit_is_driven_over() -> None:
    belief = flat_belief()
    assert update_map(belief, seen(patch_with_block(0.08)), YUTU_2) is belief


def test_unknown_stays_what_the_orbital_map_said() -> None:
    belief = flat_belief()
    heights = np.full((41, 41), np.nan)
    assert update_map(belief, seen(dem(heights, 0.25, 25.0, 25.0)), YUTU_2) is belief


@given(
    st.floats(-math.pi, math.pi), st.floats(0, 1), st.integers(0, 7), st.sampled_from([0.5, 1.0, 2.0, 4.76])
)
def test_no_move_between_free_cells_brings_the_rover_to_a_seen_hazard(
    bearing: float, along: float, heading: int, resolution_m: float
) -> None:
    """Law of `clear_radius_m`: centres that keep the radius keep the body's half width on the way between them."""
    step = np.array([(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)][heading], float)
    start, end = np.zeros(2), step * resolution_m
    radius = clear_radius_m(YUTU_2, resolution_m, 0.25)
    hazard = start + along * (end - start) + radius * np.array([math.cos(bearing), math.sin(bearing)])
    if math.dist(hazard, start) < radius or math.dist(hazard, end) < radius:
        return  # one of the cells would be closed
    on_way = start + np.linspace(0, 1, 200)[:, None] * (end - start)
    assert np.linalg.norm(on_way - hazard, axis=1).min() >= YUTU_2.width_m / 2


def test_block_mean_keeps_a_plane_and_spreads_the_unknown() -> None:
    plane = np.add.outer(np.arange(9) * 0.2, np.arange(9) * 0.1)
    mean = block_mean(dem(plane, 0.5, 10.0, 20.0), 2)
    assert mean.geometry.shape == (4, 4)
    east, north = mean.geometry.centre_of(1, 2)
    assert mean.elevation_m[1, 2] == pytest.approx((north - 20.0) / 0.5 * 0.2 + (east - 10.0) / 0.5 * 0.1)
    plane[3, 3] = np.nan
    assert np.argwhere(np.isnan(block_mean(dem(plane, 0.5), 2).elevation_m)).tolist() == [[1, 1]]


def grid(text: str) -> CostMap:
    """`#` is lethal; the first line is the southernmost row."""
    rows = text.split()
    cost = np.array([[np.inf if c == "#" else 1.0 for c in row] for row in rows])
    geometry = GridGeometry(
        rows=cost.shape[0], cols=cost.shape[1], resolution_m=1.0, east_m=0.0, north_m=0.0, site=SITE
    )
    return CostMap(geometry=geometry, cost_s_per_m=cost)


def test_the_first_lethal_place_ahead() -> None:
    costmap = grid(".......\n....#..\n.......")
    path = np.array([[6.0, 1.0]])
    place = first_lethal(path, costmap, here=(0.0, 1.0), track_m=[], reach_m=6.0)
    assert place is not None
    assert place == pytest.approx((3.5, 1.0), abs=0.3)
    assert first_lethal(path, costmap, here=(0.0, 1.0), track_m=[], reach_m=3.0) is None
    assert first_lethal(path, costmap, here=(0.0, 1.0), track_m=[(4.0, 1.0)], reach_m=6.0) is None
    assert first_lethal(np.array([[0.0, 9.0]]), costmap, here=(0.0, 1.0), track_m=[], reach_m=9.0) is not None


def test_the_way_out_leads_back_to_where_the_goal_can_be_reached() -> None:
    closed = grid("......\n.####.\n.#..#.\n.####.\n......")
    track = [(0.0, 4.0), (1.0, 4.0), (2.0, 4.0), (2.0, 3.0), (2.0, 2.0)]
    back, start = way_out(
        closed, here=(2.0, 2.0), track_m=track, goal_m=(5.0, 0.0), back_off_m=0.0, same_m=0.15
    )
    assert start == (2.0, 4.0)
    assert back.tolist() == [[2.0, 3.0]]
    back, start = way_out(
        grid("...\n...\n..."),
        here=(1.0, 1.0),
        track_m=[(0.0, 1.0), (1.0, 1.0)],
        goal_m=(2.0, 2.0),
        back_off_m=0.0,
        same_m=0.15,
    )
    assert start == (1.0, 1.0)
    assert len(back) == 0
    back, start = way_out(
        grid("...\n...\n..."),
        here=(1.0, 1.0),
        track_m=[(0.0, 1.0), (1.0, 1.0)],
        goal_m=(2.0, 2.0),
        back_off_m=1.0,
        same_m=0.15,
    )
    assert start == (0.0, 1.0)
    nowhere = grid("...\n.#.\n..#")
    back, start = way_out(
        nowhere, here=(0.0, 0.0), track_m=[(0.0, 0.0)], goal_m=(2.0, 2.0), back_off_m=0.0, same_m=0.15
    )
    assert start == (0.0, 0.0)


def test_closing_and_opening_underfoot() -> None:
    costmap = grid("...\n...\n...")
    flags = HazardMap(geometry=costmap.geometry, flags=np.zeros((3, 3), np.uint8))
    belief = close_cell(
        BeliefState(hazards=flags, costmap=costmap, steep=np.zeros((3, 3), bool)), 1.2, 0.9, Hazard.TILT
    )
    assert math.isinf(belief.costmap.cost_s_per_m[1, 1])
    assert belief.hazards.at(1, 1) == Hazard.TILT
    assert math.isfinite(costmap.cost_s_per_m[1, 1]), "the map before is untouched"
    opened = open_underfoot(belief, (1.2, 0.9))
    assert opened.cost_s_per_m[1, 1] == 1.0
    free = BeliefState(hazards=flags, costmap=costmap, steep=np.zeros((3, 3), bool))
    assert open_underfoot(free, (1.2, 0.9)) is costmap
    assert close_cell(belief, 99.0, 99.0, Hazard.TILT) is belief


def test_sampling_keeps_corners() -> None:
    path = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    points = sampled(path, 0.3)
    assert {(0.0, 0.0), (1.0, 0.0), (1.0, 2.0)} <= {tuple(p) for p in points.tolist()}
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() <= 0.3 + 1e-12


def test_only_what_looked_steep_is_opened_to_get_away() -> None:
    costmap = grid("......\n.####.\n.####.\n.####.\n......")
    steep = np.zeros(costmap.geometry.shape, np.bool_)
    steep[1:4, 1:3] = True  # the rest is closed by a step
    flags = HazardMap(geometry=costmap.geometry, flags=np.zeros(costmap.geometry.shape, np.uint8))
    opened = open_underfoot(BeliefState(hazards=flags, costmap=costmap, steep=steep), (2.0, 2.0)).cost_s_per_m
    assert np.isfinite(opened[1:4, 1:3]).all()
    assert np.isinf(opened[1:4, 3:5]).all()


def test_steep_ground_seen_on_a_slope_is_told_from_steps() -> None:
    belief = flat_belief()
    slope = dem(
        np.add.outer(np.zeros(41), np.arange(41) * 0.25 * math.tan(math.radians(17))), 0.25, 25.0, 25.0
    )
    after = update_map(belief, seen(slope), YUTU_2)
    here = after.costmap.geometry.cell_at(30.0, 30.0)
    assert here is not None
    assert after.steep[here]
    assert math.isinf(after.costmap.cost_s_per_m[here])
    assert after.hazards.at(*here) & Hazard.TILT
    stepped = update_map(after, seen(patch_with_block(0.5)), YUTU_2)
    assert not stepped.steep[here]
