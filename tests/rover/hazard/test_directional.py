"""Cost by heading: pitch and roll of the plane, separate limits, and nothing opened by a tighter one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.bodies import MOON
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.hazard.detect import Hazard, detect_hazards
from rover.hazard.directional import DirectionalCost, directional_cost, heading_vector, slip_table
from rover.hazard.directional_kernels import move_cost
from rover.hazard.trafficability import expected_slip
from rover.io.vehicle import read_vehicle
from rover.terrain.derive import Terrain, derive_terrain

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
YUTU_2 = read_vehicle("yutu-2").params
HEADINGS = [k * math.pi / 8 for k in range(16)]


def changed(**figures: float) -> VehicleParams:
    return VehicleParams.model_validate(YUTU_2.model_dump() | figures)


def terrain_of(heights: npt.ArrayLike, resolution_m: float = 2.0) -> Terrain:
    held = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=held.shape[0], cols=held.shape[1], resolution_m=resolution_m, east_m=0.0, north_m=0.0, site=SITE
    )
    return derive_terrain(Dem(geometry=geometry, elevation_m=held, datum_m=0.0, source="a test"))


def plane(grade_east: float, grade_north: float, resolution_m: float = 2.0) -> Terrain:
    north, east = np.mgrid[:5, :6] * resolution_m
    return terrain_of(grade_east * east + grade_north * north, resolution_m)


def at_middle(cost: DirectionalCost, yaw: float) -> tuple[float, float, float, float]:
    """Pitch, roll, s/m, J/m."""
    return tuple(float(layer[2, 2]) for layer in (*cost.attitude_at(yaw), *cost.cost_at(yaw)))  # type: ignore[return-value]


def rough(seed: int = 0) -> Terrain:
    rng = np.random.default_rng(seed)
    return terrain_of(rng.normal(0, 0.5, (30, 34)).cumsum(0).cumsum(1) / 4)


@pytest.mark.parametrize("uphill_deg", [0, 90, 180, 270, 45, 20, 213])
def test_straight_up_is_all_pitch_and_along_the_contour_all_roll(uphill_deg: float) -> None:
    slope, uphill = math.radians(12), math.radians(uphill_deg)
    cost = directional_cost(
        plane(math.tan(slope) * math.cos(uphill), math.tan(slope) * math.sin(uphill)), YUTU_2
    )
    pitch, roll, *_ = at_middle(cost, uphill)
    assert (pitch, roll) == pytest.approx((slope, 0.0), abs=1e-6)
    pitch, roll, *_ = at_middle(cost, uphill + math.pi / 2)  # facing so that uphill is to the right
    assert (pitch, roll) == pytest.approx((0.0, -slope), abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6), st.floats(-7, 7))
def test_pitch_and_roll_are_those_of_the_body_on_the_plane(e: float, n: float, yaw: float) -> None:
    """By vectors: forward lies in the plane over the heading, left is the normal times forward."""
    pitch, roll, *_ = at_middle(directional_cost(plane(e, n), YUTU_2), yaw)
    normal = np.array([-e, -n, 1.0]) / math.sqrt(1 + e * e + n * n)
    forward = np.array([math.cos(yaw), math.sin(yaw), e * math.cos(yaw) + n * math.sin(yaw)])
    forward /= np.linalg.norm(forward)
    left = np.cross(normal, forward)
    assert math.sin(pitch) == pytest.approx(forward[2], abs=2e-6)
    level = np.array([-math.sin(yaw), math.cos(yaw), 0.0])
    assert roll == pytest.approx(math.atan2(left[2] / math.cos(pitch), float(left @ level)), abs=3e-6)


@pytest.mark.parametrize("yaw", HEADINGS)
def test_the_other_way_round_flips_pitch_and_roll(yaw: float) -> None:
    cost = directional_cost(rough(), YUTU_2)
    here, back = cost.attitude_at(yaw), cost.attitude_at(yaw + math.pi)
    for one, other in zip(here, back, strict=True):
        np.testing.assert_allclose(one, -other, atol=1e-9)


def test_turning_the_map_turns_the_cost() -> None:
    """By 90 deg counter-clockwise on the ground: row grows north, so that is np.rot90 the other way."""
    heights = np.random.default_rng(3).normal(0, 0.4, (20, 20)).cumsum(0).cumsum(1) / 4
    turned = directional_cost(terrain_of(np.rot90(heights, -1)), YUTU_2)
    cost = directional_cost(terrain_of(heights), YUTU_2)
    for yaw in HEADINGS:
        for one, other in zip(cost.cost_at(yaw), turned.cost_at(yaw + math.pi / 2), strict=True):
            both = np.isfinite(np.rot90(one, -1)) & np.isfinite(other)
            np.testing.assert_allclose(np.rot90(one, -1)[both], other[both], rtol=1e-4)
            assert both.sum() > 20
            assert (np.isinf(np.rot90(one, -1)) != np.isinf(other)).sum() <= 2  # at the very limit


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["slope_limit_deg", "roll_limit_deg"]),
    st.floats(0.05, 1.0),
    st.integers(0, 4),
    st.sampled_from(HEADINGS),
)
def test_a_tighter_limit_never_opens_a_move(limit: str, share: float, seed: int, yaw: float) -> None:
    terrain = rough(seed)
    before, _ = directional_cost(terrain, YUTU_2).cost_at(yaw)
    after, _ = directional_cost(terrain, changed(**{limit: getattr(YUTU_2, limit) * share})).cost_at(yaw)
    assert (np.isinf(before) <= np.isinf(after)).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 60), st.floats(1, 40), st.floats(1, 40))
def test_what_tilt_leaves_free_is_free_at_every_heading(seed: int, climb: float, side: float) -> None:
    terrain, vehicle = rough(seed), changed(slope_limit_deg=climb, roll_limit_deg=side)
    free = detect_hazards(terrain, vehicle).flags == 0
    cost = directional_cost(terrain, vehicle)
    for yaw in HEADINGS:
        assert np.isfinite(cost.cost_at(yaw)[0][free]).all()


def test_a_slope_at_the_very_limit_of_tilt_is_free_at_every_heading() -> None:
    for turn in range(0, 360, 7):
        grade = math.tan(math.radians(15.0))
        terrain = plane(grade * math.cos(math.radians(turn)), grade * math.sin(math.radians(turn)))
        limit = math.degrees(float(terrain.slope_rad[2, 2])) * (1 + 1e-9)
        vehicle = changed(slope_limit_deg=limit, roll_limit_deg=limit)
        assert Hazard.TILT not in detect_hazards(terrain, vehicle).at(2, 2)
        cost = directional_cost(terrain, vehicle)
        assert all(math.isfinite(at_middle(cost, yaw)[2]) for yaw in (*HEADINGS, math.radians(turn)))


def test_climb_descent_and_side_slope_have_limits_of_their_own() -> None:
    terrain = plane(math.tan(math.radians(18)), 0.0)  # climbs at 20 deg, rolls at 15
    cost = directional_cost(terrain, YUTU_2, descent_limit_rad=math.radians(17))
    up, along, down = (at_middle(cost, yaw)[2] for yaw in (0.0, math.pi / 2, math.pi))
    assert math.isfinite(up) and math.isinf(along) and math.isinf(down)
    assert math.isfinite(at_middle(directional_cost(terrain, YUTU_2), math.pi)[2])
    assert Hazard.TILT in detect_hazards(terrain, YUTU_2).at(2, 2)


@pytest.mark.parametrize("slope_deg", [-19, -8, 0, 5, 14, 19])
def test_time_and_energy_of_a_metre(slope_deg: float) -> None:
    """To 3e-5: the slip table is read between its entries."""
    slope = math.radians(slope_deg)
    _, _, seconds, joules = at_middle(directional_cost(plane(math.tan(slope), 0.0), YUTU_2), 0.0)
    slip = float(expected_slip(max(slope, 0.0), YUTU_2))
    wheels_m = 1 / math.cos(slope) / (1 - slip)
    assert seconds == pytest.approx(wheels_m / YUTU_2.speed_m_s, rel=3e-5)
    pull = (
        YUTU_2.mass_kg * MOON.gravity_m_s2 * (YUTU_2.rolling_resistance * math.cos(slope) + math.sin(slope))
    )
    work = max(0.0, pull) * wheels_m / YUTU_2.drive_efficiency
    assert joules == pytest.approx(work + YUTU_2.drive_w * seconds, rel=3e-5)


def test_no_energy_comes_back_downhill() -> None:
    steep = directional_cost(plane(-0.3, 0.0), YUTU_2)
    _, _, seconds, joules = at_middle(steep, 0.0)
    assert joules == pytest.approx(YUTU_2.drive_w * seconds)
    assert joules < at_middle(steep, math.pi)[3]


def test_roughness_slows_where_it_is_resolved_and_closes_where_it_is_not_known() -> None:
    terrain = plane(0.05, 0.0, resolution_m=0.5)
    bumpy = replace(terrain, roughness_m=np.full(terrain.geometry.shape, 0.1, np.float32))
    smooth, slowed = (at_middle(directional_cost(t, YUTU_2), 0.3)[2] for t in (terrain, bumpy))
    assert slowed > smooth
    unknown = replace(terrain, roughness_m=np.full(terrain.geometry.shape, np.nan, np.float32))
    assert math.isinf(at_middle(directional_cost(unknown, YUTU_2), 0.3)[2])
    coarse = replace(unknown, roughness_window_m=4.0)
    assert math.isfinite(at_middle(directional_cost(coarse, YUTU_2), 0.3)[2])


def test_unknown_ground_is_closed_at_every_heading() -> None:
    heights = np.zeros((9, 9))
    heights[4, 4] = np.nan
    cost = directional_cost(terrain_of(heights), YUTU_2)
    for yaw in HEADINGS:
        for layer in cost.cost_at(yaw):
            assert np.isinf(layer[3:6, 3:6]).all()
            assert not np.isnan(layer).any()


def test_a_move_is_half_on_either_cell_and_either_may_refuse() -> None:
    terrain = rough(1)
    cost = directional_cost(terrain, YUTU_2)
    layers = cost.grade_east, cost.grade_north, cost.rough_grade2
    open_, closed = 0, 0
    for k, (down, right) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        yaw = k * math.pi / 4
        seconds, joules = cost.cost_at(yaw)
        length = 2.0 * math.hypot(down, right)
        for r, c in [(10, 12), (15, 9), (20, 25), (5, 30), (12, 13), (0, 4)]:
            got = move_cost(
                *layers, r, c, r + down, c + right, *heading_vector(yaw), length, cost.rules, cost.slip
            )
            wanted = [(layer[r, c] + layer[r + down, c + right]) / 2 * length for layer in (seconds, joules)]
            assert got == pytest.approx(wanted, rel=1e-12)
            open_ += math.isfinite(got[0])
            closed += math.isinf(got[0])
    assert open_ > 3 and closed > 3


def test_the_slip_table_is_the_expected_slip_and_one_may_be_given() -> None:
    table = slip_table(YUTU_2)
    assert len(table) % 2 == 1
    assert (table[: len(table) // 2 + 1] == 0).all()
    doubled = np.minimum(2 * table, 0.9)
    terrain = plane(0.2, 0.0)
    ours, given_table = directional_cost(terrain, YUTU_2), directional_cost(terrain, YUTU_2, slip=doubled)
    slip = float(expected_slip(math.atan(0.2), YUTU_2))
    faster, slower = at_middle(ours, 0.0)[2], at_middle(given_table, 0.0)[2]
    assert slower / faster == pytest.approx((1 - slip) / (1 - 2 * slip), rel=1e-4)


@pytest.mark.parametrize("yaw", [k * math.pi / 4 for k in range(-9, 10)])
def test_heading_vectors_of_axes_and_diagonals_are_exact(yaw: float) -> None:
    east, north = heading_vector(yaw)
    assert (east, north) == pytest.approx((math.cos(yaw), math.sin(yaw)), abs=1e-14)
    assert heading_vector(yaw + math.pi) == (-east, -north)
    assert heading_vector(0.3) == (math.cos(0.3), math.sin(0.3))
