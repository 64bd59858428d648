"""How fast the rover expects to get on, by the slope and the roughness of the ground."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams

MOST_SLIP = 0.95
"""However steep the ground: a twentieth of the wheels' speed is left."""


def slip_per_grade2(vehicle: VehicleParams) -> float:
    """Return the slip ratio expected per square of the grade: the vehicle's `slip_at_slope_limit` at its limit."""
    return vehicle.slip_at_slope_limit / math.tan(vehicle.slope_limit_rad) ** 2


def undulation_grade2(roughness_m: float, window_m: float) -> float:
    """Return the mean square grade that roughness adds to that of the slope.

    The ground is taken for one wave over the roughness window, of the roughness for amplitude: its grade is
    2 pi roughness / window at most, and half the square of that in the mean. Slip being quadratic in the grade, the
    mean square is all that its mean asks for.
    """
    return 2.0 * (math.pi * roughness_m / window_m) ** 2


def expected_slip(
    slope_rad: npt.ArrayLike, vehicle: VehicleParams, *, grade2: npt.ArrayLike = 0.0
) -> npt.NDArray[np.float64]:
    """Return the slip ratio expected when driving over ground of this slope, 0 to 0.95.

    Quadratic in the grade, so that it is slight on gentle slopes and reaches the vehicle's
    `slip_at_slope_limit` at its slope limit: the shape of the slip curves measured for the Mars rovers
    (Lindemann and Voorhees 2005, doi:10.1109/ICSMC.2005.1571198).

    Args:
        slope_rad: Of the ground.
        vehicle: For its slip and its limit.
        grade2: Mean square grade that comes on top, as of `undulation_grade2`.
    """
    grade = np.tan(np.asarray(slope_rad, np.float64)) / np.tan(vehicle.slope_limit_rad)
    rough = np.asarray(grade2, np.float64) / np.tan(vehicle.slope_limit_rad) ** 2
    return np.asarray(np.clip(vehicle.slip_at_slope_limit * (grade * grade + rough), 0.0, MOST_SLIP))


def expected_speed_m_s(
    slope_rad: npt.ArrayLike, vehicle: VehicleParams, *, grade2: npt.ArrayLike = 0.0
) -> npt.NDArray[np.float64]:
    """Return the ground speed expected on this slope, always positive; arguments as of `expected_slip`."""
    return vehicle.speed_m_s * (1.0 - expected_slip(slope_rad, vehicle, grade2=grade2))
