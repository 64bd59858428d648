"""The way off the lander: rails on known ground, what refuses them, and the sequence's times."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from rover.io.lander import read_lander
from rover.io.vehicle import read_vehicle
from sim.mission.rollout import RampCheck, RampParams, RampRow, check_ramp, choose_ramp
from sim.mission.rollout_steps import StepRow, run_steps
from sim.mission.touchdown import standing_on
from sim.moon.ground import Patch

VEHICLE = read_vehicle("yutu-2").params
BODY = read_lander("chang-e-4").params.body
RAMPS = RampParams(
    hinge_out_m=1.05, hinge_up_m=1.19, rail_m=2.5, slope_limit_deg=35.0, roll_limit_deg=8.0, run_m=1.5,
    sun_off_deg=20.0, margin=0.1,
)  # fmt: skip
FRONT = RampRow(name="front", azimuth_deg=0.0, source="test")
BACK = RampRow(name="back", azimuth_deg=180.0, source="test")
Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]  # type: ignore[type-arg]


def checked(shape: Shape, row: RampRow = FRONT, *, sun_deg: float = 0.0, yaw_rad: float = 0.0) -> RampCheck:
    """A ramp on ground given by its height over east and north of the lander."""
    side = np.arange(-9.0, 9.01, 0.05)
    height = shape(*np.meshgrid(side, side)) + np.zeros((side.size, side.size))
    patch = Patch(east_m=-9.0, north_m=-9.0, resolution_m=0.05, elevation_m=height.astype(np.float32))
    standing = standing_on(patch, 0.0, 0.0, yaw_rad, BODY)
    return check_ramp(
        row, RAMPS, VEHICLE, patch, standing, east_m=0.0, north_m=0.0, yaw_rad=yaw_rad,
        sun_azimuth_rad=math.radians(sun_deg),
    )  # fmt: skip


def test_on_a_plain_the_rails_lie_as_their_length_and_hinge_say() -> None:
    check = checked(lambda x, y: 0.0 * x)
    assert check.slope_rad == pytest.approx(math.asin(1.19 / 2.5), abs=1e-3)
    assert check.foot_m[0] == pytest.approx(1.05 + math.sqrt(2.5**2 - 1.19**2), abs=0.01)
    assert check.foot_m[1] == pytest.approx(0.0, abs=1e-9)
    assert check.stop_m[0] == pytest.approx(check.foot_m[0] + 1.5 + VEHICLE.length_m / 2)
    assert check.roll_rad == pytest.approx(0.0, abs=1e-9)
    assert check.belly_m == pytest.approx(VEHICLE.belly_clearance_m, abs=1e-3)
    assert check.will_do and check.sun_off_rad == pytest.approx(math.pi / 2)


def test_a_side_slope_shows_as_lean_of_the_rails() -> None:
    """The lander leans with the ground, so that rails lie on it as on a plain, turned."""
    check = checked(lambda x, y: 0.05 * y)
    assert check.roll_rad == pytest.approx(math.atan(0.05), rel=0.05)
    assert check.run_slope_rad == pytest.approx(math.atan(0.05), rel=0.02)
    assert checked(lambda x, y: 0.05 * y, BACK).roll_rad == pytest.approx(-math.atan(0.05), rel=0.05)


def test_the_hinge_leans_with_the_lander() -> None:
    """Uphill ahead, the rails lie on the slope as on a plain: flatter by its angle, and steeper on the other side."""
    level = math.asin(1.19 / 2.5)
    lean = math.atan(0.1)
    assert checked(lambda x, y: 0.1 * x).slope_rad == pytest.approx(level - lean, abs=0.012)
    assert checked(lambda x, y: 0.1 * x, BACK).slope_rad == pytest.approx(level + lean, abs=0.012)


@pytest.mark.parametrize(
    "shape, words",
    [
        (lambda x, y: -0.7 * np.maximum(x - 2.4, 0.0), "rails 3"),
        (lambda x, y: np.where((x > 2.4) & (y > 0.0), -0.2, 0.0), "rails lean by"),
        (lambda x, y: 0.35 * np.maximum(x - 3.2, 0.0), "makes the rover lean by 19.3 deg, over 15"),
        (
            lambda x, y: 0.3 * (np.hypot(x - 4.5, y - 0.45) < 0.15),
            "a step of 0.3",
        ),
        (lambda x, y: 0.6 * (np.hypot(x - 2.3, y - 0.45) < 0.15), "a rail is held up"),
        (lambda x, y: 0.3 * (np.hypot(x - 4.6, y) < 0.2), "the belly would touch by 0.05 m"),
        (lambda x, y: 0.25 * (np.hypot(x - 5.4, y - 0.75) < 0.1), "where the rover turns, over 0.2"),
    ],
)
def test_ground_that_will_not_do_is_refused_with_the_reason(shape: Shape, words: str) -> None:
    check = checked(shape)
    assert not check.will_do
    assert any(words in reason for reason in check.reasons), check.reasons
    other = checked(shape, BACK)
    assert other.will_do
    chosen = choose_ramp([check, other], RAMPS.margin)
    assert isinstance(chosen, RampCheck) and chosen.name == "back"
    why = choose_ramp([check], RAMPS.margin)
    assert isinstance(why, str) and why.startswith("front: ") and words in why


def test_a_heading_into_the_sun_is_refused() -> None:
    assert checked(lambda x, y: 0.0 * x, sun_deg=75.0).reasons == (
        "the Sun stands 15 deg off the heading, less than 20",
    )
    assert checked(lambda x, y: 0.0 * x, sun_deg=75.0, yaw_rad=math.pi).will_do


def test_of_ramps_the_first_with_room_is_taken_else_the_roomiest() -> None:
    flat, slanted = checked(lambda x, y: 0.0 * x), checked(lambda x, y: 0.04 * y, BACK)
    assert flat.margin > slanted.margin > 0.0
    assert choose_ramp([slanted, flat], slanted.margin) is slanted
    assert choose_ramp([slanted, flat], slanted.margin + 0.001) is flat


def row(name: str, **more: object) -> StepRow:
    return StepRow.model_validate({"name": name, "reason": "test", "source": "test", **more})


def test_steps_follow_each_other_and_wait_for_the_link() -> None:
    rows = [row("a", hours=1.0), row("b", hours=2.0, needs=["link"]), row("c", metres=4.0, m_s=0.02)]
    done = run_steps(rows, from_s=100.0, contacts_s=np.array([[0.0, 200.0], [10_000.0, 20_000.0]]), site="")
    assert [(step.start_s, step.end_s) for step in done.steps] == [
        (100.0, 3700.0), (10_000.0, 17_200.0), (17_200.0, 17_400.0),
    ]  # fmt: skip
    assert done.steps[1].waited_s == 6300.0 and done.stopped == ""


def test_a_sequence_stops_where_nothing_gets_through_or_no_ramp_will_do() -> None:
    rows = [row("a", hours=1.0), row("b", hours=1.0, needs=["link", "site"])]
    silent = run_steps(rows, from_s=0.0, contacts_s=np.zeros((0, 2)), site="")
    assert silent.stopped == "b: the link never opens" and len(silent.steps) == 1
    closed = run_steps(rows, from_s=0.0, contacts_s=np.array([[0.0, 60.0]]), site="")
    assert closed.stopped == "b: the link never opens again"
    barred = run_steps(rows, from_s=0.0, contacts_s=np.array([[0.0, 1e6]]), site="front: too steep")
    assert barred.stopped == "b: front: too steep" and barred.stopped_s == 3600.0


def test_a_step_needs_hours_or_metres() -> None:
    for figures in ({}, {"hours": 1.0, "metres": 2.0, "m_s": 0.1}, {"metres": 2.0}):
        with pytest.raises(ValueError, match="needs either hours or metres and m_s; give one of them"):
            row("a", **figures)
