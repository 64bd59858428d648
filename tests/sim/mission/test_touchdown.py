"""What is under a lander, on ground whose slope and steps are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.io.lander import read_lander
from sim.mission.touchdown import Standing, standing_on
from sim.moon.ground import Patch

BODY = read_lander("chang-e-4").params.body
CELL_M = 0.05


def stood(height: object, yaw_rad: float = 0.3) -> Standing:
    side = np.arange(-3.5, 3.5, CELL_M)
    x, y = side[None, :], side[:, None]
    patch = Patch(
        east_m=100.0 - 3.5,
        north_m=200.0 - 3.5,
        resolution_m=CELL_M,
        elevation_m=(height(x, y) + 0 * x * y).astype(np.float32),  # type: ignore[operator]
    )
    return standing_on(patch, 100.0, 200.0, yaw_rad, BODY)


def test_on_a_plane_all_slopes_are_the_plane_s() -> None:
    found = stood(lambda x, y: 0.10 * x - 0.05 * y)
    slope = math.atan(math.hypot(0.10, 0.05))
    assert found.slope_rad == pytest.approx(slope, abs=1e-4)
    assert found.tilt_rad == pytest.approx(slope, abs=0.01)
    assert found.step_m == pytest.approx(0.0, abs=1e-3)
    assert found.clearance_m == pytest.approx(
        BODY.clearance_m, abs=0.06
    )  # feet stand on the highest under a pad
    assert found.within(BODY)


@pytest.mark.parametrize("slope_deg, fits", [(7.9, True), (8.1, False)])
def test_slope_is_held_against_the_limit(slope_deg: float, fits: bool) -> None:
    rise = math.tan(math.radians(slope_deg))
    assert stood(lambda x, y: rise * y).within(BODY) is fits


@pytest.mark.parametrize("height_m, fits", [(0.15, True), (0.25, False)])
def test_a_stone_anywhere_under_the_footprint_is_a_step(height_m: float, fits: bool) -> None:
    found = stood(lambda x, y: height_m * (np.hypot(x - 1.1, y + 0.9) < 0.2))
    assert found.step_m == pytest.approx(height_m, abs=0.02)
    assert found.within(BODY) is fits


def test_a_rise_within_a_foot_s_width_is_a_step() -> None:
    """Of 0.18 m over 0.5 m, less what the plane through the footprint takes of it, 0.07 m a metre."""
    found = stood(lambda x, y: 0.18 * np.clip(x / 0.5, 0.0, 1.0))
    assert 0.13 < found.step_m < 0.18


def test_a_stone_beside_the_footprint_is_none() -> None:
    found = stood(lambda x, y: 0.8 * (np.hypot(x - 2.9, y) < 0.2))
    assert found.step_m == pytest.approx(0.0, abs=1e-3)


def test_a_hump_under_the_middle_takes_clearance() -> None:
    found = stood(lambda x, y: 0.3 * np.exp(-(x**2 + y**2) / 0.5))
    assert found.clearance_m == pytest.approx(BODY.clearance_m - 0.3, abs=0.01)


def test_a_foot_on_a_stone_tilts_the_lander() -> None:
    yaw = 0.3
    azimuth = yaw + math.pi / 4
    x0, y0 = BODY.feet_radius_m * math.cos(azimuth), BODY.feet_radius_m * math.sin(azimuth)
    found = stood(lambda x, y: 0.2 * (np.hypot(x - x0, y - y0) < 0.15), yaw)
    # One foot of four raised by h turns the least-squares plane by h / 4 over a foot's distance, twice.
    assert found.tilt_rad == pytest.approx(math.atan(0.2 / 2 / BODY.feet_radius_m), rel=0.02)
    assert found.up_m == pytest.approx(0.05, abs=1e-6)
