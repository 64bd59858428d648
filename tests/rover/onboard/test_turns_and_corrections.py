"""Turns in parts with a look after each; places remembered go along with a correction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.boundary import Command, Mode
from rover.onboard.arc_driver import Driven, LocalState
from rover.onboard.corrections import all_along, local_along
from rover.onboard.local_candidates import Motion
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


def test_a_stay_is_one_part() -> None:
    stay = Command(mode=Mode.CHARGE, duration_s=60.0)
    assert in_parts(stay) == (stay,)


def test_places_move_and_headings_stay() -> None:
    motion = Motion(turn_rad=0.1, first_m=1.0, first_per_m=0.2)
    driven = Driven(motion=motion, begun=(1.0, 2.0, 0.3))
    local = LocalState(refused_m=((5.0, 6.0),), driven=(driven,), retrace=(driven,), looks=3)
    moved = local_along(local, (0.5, -0.25))
    assert moved.refused_m == ((5.5, 5.75),)
    assert moved.driven[0].begun == moved.retrace[0].begun == (1.5, 1.75, 0.3)
    assert moved.driven[0].motion is motion and moved.looks == 3 and moved.ground is None
    back = local_along(moved, (-0.5, 0.25))
    np.testing.assert_allclose(back.driven[0].begun, driven.begun)
    assert all_along(((0.0, 0.0),), (0.5, -0.25)) == ((0.5, -0.25),)
