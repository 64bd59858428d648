"""The world's slip and motors: nothing on level ground, more uphill, the other sign downhill."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.bodies import MOON
from rover.core.vehicle import VehicleParams
from rover.io.vehicle import read_vehicle
from sim.physics.mobility import MOST_SLIP, motor_w, slip_ratio

FIGURES = {
    "mass_kg": 135.0,
    "rolling_resistance": 0.15,
    "drive_efficiency": 0.35,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand below, whatever its file comes to say."""
PITCHES = np.radians(np.linspace(-60, 60, 241))


def test_no_slip_on_level_ground() -> None:
    assert slip_ratio(0.0, YUTU_2) == 0.0


def test_slip_grows_with_the_pitch_from_skid_to_the_most() -> None:
    slip = np.array([slip_ratio(float(pitch), YUTU_2) for pitch in PITCHES])
    assert (np.diff(slip) >= 0).all()
    inside = (slip > -MOST_SLIP / 2) & (slip < MOST_SLIP)
    assert (np.diff(slip[inside]) > 0).all()
    assert slip.max() == MOST_SLIP
    assert slip.min() == -MOST_SLIP / 2
    assert (slip[PITCHES < 0] < 0).all()
    assert (slip[PITCHES > 0] > 0).all()


def test_slip_is_the_vehicles_at_its_limit_whatever_the_vehicle() -> None:
    for at_limit in (0.1, 0.5, 0.9):
        other = VehicleParams.model_validate(YUTU_2.model_dump() | {"slip_at_slope_limit": at_limit})
        assert slip_ratio(other.slope_limit_rad, other) == pytest.approx(at_limit)


def test_slip_that_yutu_2_met() -> None:
    """On slopes up to 8.86 deg none beyond 0.1 (Ding et al. 2024, PMC11258293)."""
    for degrees in (8.86, -8.86, 5.38):
        assert abs(slip_ratio(math.radians(degrees), YUTU_2)) <= 0.1


def test_motors_by_hand() -> None:
    weight_n = 135.0 * MOON.gravity_m_s2
    assert motor_w(0.0, 0.0556, YUTU_2) == pytest.approx(weight_n * 0.15 * 0.0556 / 0.35)
    pitch = math.radians(10)
    pull_n = weight_n * (math.sin(pitch) + 0.15 * math.cos(pitch))
    assert motor_w(pitch, 0.05, YUTU_2) == pytest.approx(pull_n * 0.05 / 0.35)


def test_motors_never_give_power_back_and_take_more_uphill() -> None:
    power = np.array([motor_w(float(pitch), 0.05, YUTU_2) for pitch in PITCHES])
    assert (np.diff(power) >= 0).all()
    assert power.min() == 0.0
    assert motor_w(0.1, 0.0, YUTU_2) == 0.0
    # Lifting alone, whatever the soil: weight times climb is the least that any motor could take.
    lifting = 135.0 * MOON.gravity_m_s2 * np.sin(PITCHES[PITCHES > 0]) * 0.05
    assert (power[PITCHES > 0] > lifting).all()
