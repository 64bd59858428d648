"""How six wheels settle: planes in closed form, at every heading, and hand-made bumps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.vehicle import VehicleParams
from rover.io.vehicle import read_vehicle
from sim.physics.power import deck_normal
from sim.physics.suspension import Stance, settle, wheel_places

FIGURES = {
    "length_m": 1.5,
    "width_m": 1.0,
    "wheelbase_m": 1.1,
    "track_m": 0.9,
    "wheel_radius_m": 0.15,
    "belly_clearance_m": 0.25,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand below, whatever its file comes to say."""
Shape = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Ground:
    """Heights by a formula."""

    shape: Shape

    def heights(self, east_m: npt.ArrayLike, north_m: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.asarray(
            self.shape(np.asarray(east_m, np.float64), np.asarray(north_m, np.float64)), np.float64
        )


def plane(per_east: float, per_north: float, up_m: float = 3.0) -> Ground:
    return Ground(lambda east, north: up_m + per_east * east + per_north * north)


def stand(
    ground: Ground, *, yaw: float = 0.0, east: float = 0.0, north: float = 0.0, back: bool = False
) -> Stance:
    return settle(ground, YUTU_2, east_m=east, north_m=north, yaw_rad=yaw, backwards=back)


@pytest.mark.parametrize("yaw_deg", range(-180, 180, 15))
def test_across_a_slope_of_20_deg_the_roll_is_20_deg_and_the_pitch_nothing(yaw_deg: int) -> None:
    yaw, grade = math.radians(yaw_deg), math.tan(math.radians(20))
    # The ground rises to the left of the heading.
    stance = stand(plane(-grade * math.sin(yaw), grade * math.cos(yaw)), yaw=yaw)
    assert math.degrees(stance.roll_rad) == pytest.approx(20.0, abs=1e-9)
    assert math.degrees(stance.pitch_rad) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("yaw_deg", range(-180, 180, 15))
def test_up_a_slope_the_nose_is_up(yaw_deg: int) -> None:
    yaw, grade = math.radians(yaw_deg), math.tan(math.radians(20))
    uphill = plane(grade * math.cos(yaw), grade * math.sin(yaw))
    stance = stand(uphill, yaw=yaw)
    assert math.degrees(stance.pitch_rad) == pytest.approx(20.0, abs=1e-9)
    assert math.degrees(stance.roll_rad) == pytest.approx(0.0, abs=1e-9)
    assert math.degrees(stand(uphill, yaw=yaw + math.pi).pitch_rad) == pytest.approx(-20.0, abs=1e-9)


grades = st.floats(-1.0, 1.0)


@settings(deadline=None, max_examples=200)
@given(grades, grades, st.floats(-math.pi, math.pi), st.floats(-50, 50), st.floats(-50, 50))
def test_on_any_plane_the_deck_lies_along_it(
    per_east: float, per_north: float, yaw: float, east: float, north: float
) -> None:
    stance = stand(plane(per_east, per_north), yaw=yaw, east=east, north=north)
    normal = np.array([-per_east, -per_north, 1.0]) / math.sqrt(1 + per_east**2 + per_north**2)
    np.testing.assert_allclose(deck_normal(yaw, stance.pitch_rad, stance.roll_rad), normal, atol=1e-9)
    assert stance.up_m == pytest.approx(3.0 + per_east * east + per_north * north, abs=1e-9)
    assert stance.belly_gap_m == pytest.approx(YUTU_2.belly_clearance_m, abs=1e-9)
    assert stance.step_m == pytest.approx(0.0, abs=1e-9)
    # The pitch is the climb of the heading itself, not of the fall line.
    climb = per_east * math.cos(yaw) + per_north * math.sin(yaw)
    assert stance.pitch_rad == pytest.approx(math.atan(climb), abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(grades, grades, st.floats(-math.pi, math.pi))
def test_turning_round_changes_both_signs(per_east: float, per_north: float, yaw: float) -> None:
    ground = plane(per_east, per_north)
    there, back = stand(ground, yaw=yaw), stand(ground, yaw=yaw + math.pi)
    assert back.pitch_rad == pytest.approx(-there.pitch_rad, abs=1e-9)
    assert back.roll_rad == pytest.approx(-there.roll_rad, abs=1e-9)


def test_wheels_stand_symmetrically_inside_the_body() -> None:
    wheels = wheel_places(YUTU_2)
    assert wheels.shape == (6, 2)
    np.testing.assert_allclose(wheels.sum(axis=0), 0.0, atol=1e-12)
    assert np.ptp(wheels[:, 0]) == pytest.approx(YUTU_2.wheelbase_m)
    assert np.ptp(wheels[:, 1]) == pytest.approx(YUTU_2.track_m)
    assert (wheels[:2, 0] > 0).all()  # front first, left before right
    assert wheels[0, 1] > 0 > wheels[1, 1]


def test_the_plane_is_the_least_squares_one() -> None:
    lumps = np.random.default_rng(5).normal(0, 0.05, 6)
    wheels = wheel_places(YUTU_2)

    def bumpy(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        near = np.hypot(east[..., None] - wheels[:, 0], north[..., None] - wheels[:, 1]) < 1e-6
        return np.asarray((near * lumps).sum(axis=-1))

    stance = stand(Ground(bumpy))
    design = np.column_stack([np.ones(6), wheels])
    (up, forward, left), *_ = np.linalg.lstsq(design, lumps, rcond=None)
    assert stance.up_m == pytest.approx(up, abs=1e-12)
    assert math.tan(stance.pitch_rad) == pytest.approx(forward, abs=1e-12)
    assert math.tan(stance.roll_rad) == pytest.approx(left * math.cos(stance.pitch_rad), abs=1e-12)


def rock(at_east: float, at_north: float, height_m: float, radius_m: float = 0.12) -> Ground:
    return Ground(
        lambda east, north: np.where(np.hypot(east - at_east, north - at_north) <= radius_m, height_m, 0.0)
    )


@pytest.mark.parametrize("height_m", [0.1, 0.24, 0.26, 0.5])
def test_a_rock_between_the_wheels_takes_from_the_bellys_gap(height_m: float) -> None:
    stance = stand(rock(0.25, 0.0, height_m))
    assert (stance.pitch_rad, stance.roll_rad, stance.step_m) == (0.0, 0.0, 0.0)
    assert stance.belly_gap_m == pytest.approx(YUTU_2.belly_clearance_m - height_m)
    assert (
        stand(rock(0.25, 0.0, height_m), north=0.75).belly_gap_m == YUTU_2.belly_clearance_m
    )  # beside the body


@pytest.mark.parametrize("height_m", [0.05, 0.3])
def test_a_rock_before_a_wheel_is_a_step_of_its_height(height_m: float) -> None:
    wheel = wheel_places(YUTU_2)[0]
    ahead = rock(wheel[0] + 2 * YUTU_2.wheel_radius_m, wheel[1], height_m)
    assert stand(ahead).step_m == pytest.approx(height_m)
    assert stand(ahead, back=True).step_m == pytest.approx(0.0)
    turned = stand(rock(-wheel[0] - 0.3, -wheel[1], height_m), yaw=math.pi)
    assert turned.step_m == pytest.approx(height_m)
    behind = rock(-wheel[0] - 0.3, wheel[1], height_m)
    assert stand(behind, back=True).step_m == pytest.approx(height_m)
    assert stand(behind).step_m == pytest.approx(0.0)


def test_a_step_is_counted_from_the_slope_that_the_rover_stands_on() -> None:
    slope = math.tan(math.radians(15))
    wheel = wheel_places(YUTU_2)[0]
    stone = rock(wheel[0] + 0.3, wheel[1], 0.2)
    leaning = Ground(lambda east, north: slope * east + stone.shape(east, north))
    assert stand(leaning).step_m == pytest.approx(0.2)
    assert stand(plane(0.5, 0.0)).step_m == pytest.approx(0.0, abs=1e-12)


def test_a_drop_is_no_step_up() -> None:
    edge = Ground(lambda east, north: np.where(east > 0.7, -1.0, 0.0))
    assert stand(edge).step_m == pytest.approx(0.0)
    assert stand(edge, east=1.4, back=True).step_m == pytest.approx(1.0)  # backing up against it


def test_unknown_ground_gives_no_stance_to_rely_on() -> None:
    hole = Ground(lambda east, north: np.where(east > 0.5, np.nan, 0.0))
    stance = stand(hole)
    assert not stance.belly_gap_m >= 0
    assert not stance.step_m <= YUTU_2.step_limit_m


def test_another_vehicle_stands_otherwise() -> None:
    wide = VehicleParams.model_validate(YUTU_2.model_dump() | {"belly_clearance_m": 0.4})
    stance = settle(plane(0.1, 0.0), wide, east_m=0.0, north_m=0.0, yaw_rad=0.0, backwards=False)
    assert stance.belly_gap_m == pytest.approx(0.4)
