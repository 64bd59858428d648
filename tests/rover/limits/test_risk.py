"""Room in standard deviations: table and margin agree on random legs, more room allows less, bad input."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rover.core.errors import UsageError
from rover.limits.base import MOVES, Leg
from rover.limits.risk import RiskLimit

LIMIT = RiskLimit(slope_limit_rad=0.35, roll_limit_rad=0.26, grade_sigma=0.02, least_sigmas=2.5)


def around(grade_east: np.ndarray, grade_north: np.ndarray) -> Any:
    return SimpleNamespace(headings=SimpleNamespace(grade_east=grade_east, grade_north=grade_north))


def leg_over(east: float, north: float, move: tuple[int, int], *, driving: bool = True) -> Leg:
    """By vectors: the pitch of the heading on the plane, the roll from the axis to the left of it."""
    ahead = np.array([move[1], move[0], 0.0]) / math.hypot(*move)
    up = np.array([-east, -north, 1.0]) / math.sqrt(1 + east * east + north * north)
    forward = ahead - (ahead[0] * up[0] + ahead[1] * up[1]) / up[2] * np.array([0.0, 0.0, 1.0])
    forward /= np.linalg.norm(forward)
    left = np.cross(up, forward)
    pitch = math.asin(forward[2])
    roll = math.asin(left[2] / math.cos(pitch))  # about the body axis that points ahead
    return Leg(
        start_s=0.0,
        end_s=1.0,
        path_m=np.zeros((1, 2)),
        tilt_rad=0.0,
        soc=1.0,
        sun_elevation_rad=(0.3, 0.3),
        sun_rising=True,
        driving=driving,
        climb_rad=max(0.0, pitch),
        descent_rad=max(0.0, -pitch),
        roll_rad=abs(roll),
    )


def test_table_and_margin_agree_on_random_legs() -> None:
    rng = np.random.default_rng(4)
    east, north = (rng.uniform(-0.4, 0.4, (50, 25)).astype(np.float32) for _ in range(2))
    moves = LIMIT.table(around(east, north)).moves
    assert moves is not None
    seen = {True: 0, False: 0}
    for _ in range(10_000):
        row, col, k = int(rng.integers(50)), int(rng.integers(25)), int(rng.integers(8))
        margin = LIMIT.margin(leg_over(float(east[row, col]), float(north[row, col]), MOVES[k]))
        seen[margin.holds] += 1
        if abs(margin.slack) > 1e-6:
            assert margin.holds == bool(moves[k, row, col])
    assert min(seen.values()) > 1000


def test_room_is_counted_in_standard_deviations() -> None:
    margin = LIMIT.margin(leg_over(math.tan(0.2), 0.0, (0, 1)))
    assert margin.value == pytest.approx(min(math.tan(0.35) - math.tan(0.2), math.tan(0.26)) / 0.02, rel=1e-4)
    assert margin.slack == pytest.approx(margin.value - 2.5)
    assert LIMIT.margin(leg_over(9.0, 9.0, (0, 1), driving=False)).slack == math.inf


def test_unknown_ground_is_closed() -> None:
    moves = LIMIT.table(around(np.full((1, 1), np.nan, np.float32), np.zeros((1, 1), np.float32))).moves
    assert moves is not None and not moves.any()


@pytest.mark.parametrize(
    "sigma, least", [(0.0, 1.0), (-0.1, 1.0), (0.1, -1.0), (math.nan, 1.0), (0.1, math.inf)]
)
def test_bad_figures_are_refused(sigma: float, least: float) -> None:
    with pytest.raises(UsageError):
        RiskLimit(slope_limit_rad=0.3, roll_limit_rad=0.3, grade_sigma=sigma, least_sigmas=least)
