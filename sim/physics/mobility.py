"""How the world's wheels get on: slip, speed and power by the pitch of the ground. Truth, not forecast."""

from __future__ import annotations

import math

from rover.core.bodies import MOON
from rover.core.vehicle import VehicleParams

_STEEPNESS = 3.0
"""Shape of the slip curve: slight on gentle slopes, steep near the limit."""

MOST_SLIP = 0.95


def slip_ratio(pitch_rad: float, vehicle: VehicleParams) -> float:
    """Return the slip ratio, 0 to `MOST_SLIP` uphill, negative (skid) downhill.

    Exponential in the grade, as measured on slopes of loose soil (Angelova et al. 2007, doi:10.1002/rob.20179,
    fit the like), through `slip_at_slope_limit` at the slope limit.
    """
    grade = math.tan(pitch_rad) / math.tan(vehicle.slope_limit_rad)
    scale = vehicle.slip_at_slope_limit / math.expm1(_STEEPNESS)
    uphill = scale * math.expm1(_STEEPNESS * min(abs(grade), 3.0))
    return min(uphill, MOST_SLIP) if grade >= 0 else -min(uphill, MOST_SLIP) / 2


def motor_w(pitch_rad: float, wheel_speed_m_s: float, vehicle: VehicleParams) -> float:
    """Return the electrical power of the motors: the pull against slope and soil, times the wheels' speed."""
    weight_n = vehicle.mass_kg * MOON.gravity_m_s2
    pull_n = weight_n * (math.sin(pitch_rad) + vehicle.rolling_resistance * math.cos(pitch_rad))
    return max(0.0, pull_n * wheel_speed_m_s) / vehicle.drive_efficiency
