"""Turns in parts with a look after each; places remembered go along with a correction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.boundary import Command, Inertial, Mode, Observation
from rover.onboard.arc_driver import LocalState
from rover.onboard.arc_track import Driven
from rover.onboard.corrections import all_along, local_along, watch_along
from rover.onboard.fault_state import Watch
from rover.onboard.fault_watch import carried_on
from rover.onboard.local_candidates import Motion
from rover.onboard.sky_watch import DRIFT_RAD, drift_rad, next_anchor
from rover.onboard.turns import MOST_TURN_RAD, THEN_DRIVE_RAD, in_parts


@pytest.mark.parametrize("turn_rad", [0.0, 0.2, -0.5, 0.9, math.pi, -3.0])
@pytest.mark.parametrize("drive_m", [0.0, 1.0, -0.7])
def test_the_parts_are_the_command(turn_rad: float, drive_m: float) -> None:
    bend = 0.2 if drive_m else 0.0
    parts = in_parts(Command(mode=Mode.DRIVE, turn_rad=turn_rad, drive_m=drive_m, curvature_per_m=bend))
    assert sum(part.turn_rad for part in parts) == pytest.approx(turn_rad)
    assert [part.drive_m for part in parts] == [0.0] * (len(parts) - 1) + [drive_m]
    assert parts[-1].curvature_per_m == bend
    assert all(abs(part.turn_rad) <= MOST_TURN_RAD + 1e-12 for part in parts)
    if drive_m:
        assert abs(parts[-1].turn_rad) <= THEN_DRIVE_RAD


@pytest.mark.parametrize("turn_rad", [0.0, math.pi])
def test_a_look_round_is_taken_after_the_last_part(turn_rad: float) -> None:
    parts = in_parts(Command(mode=Mode.DRIVE, turn_rad=turn_rad, look_round=True))
    assert [part.look_round for part in parts] == [False] * (len(parts) - 1) + [True]


def test_a_stay_is_one_part() -> None:
    stay = Command(mode=Mode.CHARGE, duration_s=60.0)
    assert in_parts(stay) == (stay,)


def test_places_move_and_headings_stay() -> None:
    motion = Motion(turn_rad=0.1, first_m=1.0, first_per_m=0.2)
    driven = Driven(motion=motion, begun=(1.0, 2.0, 0.3))
    local = LocalState(
        refused=((5.0, 6.0, 0.25),), dead_ends_m=((7.0, 8.0),), driven=(driven,), retrace=(driven,), looks=3,
        stood=((2.0, 3.0, 0.5, 700.0),), about_m=(4.0, 4.0),
    )  # fmt: skip
    moved = local_along(local, (0.5, -0.25))
    assert moved.refused == ((5.5, 5.75, 0.25),) and moved.dead_ends_m == ((7.5, 7.75),)
    assert moved.driven[0].begun == moved.retrace[0].begun == (1.5, 1.75, 0.3)
    assert moved.driven[0].motion is motion and moved.looks == 3 and moved.ground is None
    assert moved.stood == ((2.5, 2.75, 0.5, 700.0),) and moved.about_m == (4.5, 3.75)
    back = local_along(moved, (-0.5, 0.25))
    np.testing.assert_allclose(back.driven[0].begun, driven.begun)
    assert all_along(((0.0, 0.0),), (0.5, -0.25)) == ((0.5, -0.25),)


def turning(yaw_rad: float, turned_rad: float) -> Observation:
    """On level ground, the Sun on the horizon in the east."""
    return Observation(
        time_s=100.0, east_m=3.0, north_m=4.0, yaw_rad=yaw_rad, pitch_rad=0.0, roll_rad=0.0, soc=0.9,
        array_w=80.0, stalled=False, heights=None, sun_direction=(math.cos(yaw_rad), -math.sin(yaw_rad), 0.0),
        inertial=Inertial(turned_rad=(0.0, 0.0, turned_rad), felt_m_s2=(0.0, 0.0, 1.62), elapsed_s=30.0),
    )  # fmt: skip


def test_what_is_turned_in_parts_adds_up_for_the_watch_over_gyroscopes() -> None:
    watch = Watch(anchor=next_anchor(None, turning(0.0, 0.0), at_rest=True))
    between = carried_on(watch, turning(0.7, 0.7))
    assert between.place_m == (3.0, 4.0)
    last = turning(1.4, 0.7)
    sound = drift_rad(next_anchor(between.anchor, last, at_rest=False), last)
    assert sound == pytest.approx(0.0, abs=1e-9)
    missed = drift_rad(next_anchor(watch.anchor, last, at_rest=False), last)
    assert missed is not None and missed > DRIFT_RAD


def test_a_correction_is_no_way_that_was_come() -> None:
    assert watch_along(Watch(place_m=(1.0, 2.0)), (0.5, -0.25)).place_m == (1.5, 1.75)
