"""How fast the rover expects to get on, by the slope of the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams


def expected_slip(slope_rad: npt.ArrayLike, vehicle: VehicleParams) -> npt.NDArray[np.float64]:
    """Return the slip ratio expected when driving over ground of this slope, 0 to 0.95.

    Quadratic in the grade, so that it is slight on gentle slopes and reaches the vehicle's
    `slip_at_slope_limit` at its slope limit: the shape of the slip curves measured for the Mars rovers
    (Lindemann and Voorhees 2005, doi:10.1109/ICSMC.2005.1571198).
    """
    grade = np.tan(np.asarray(slope_rad, np.float64)) / np.tan(vehicle.slope_limit_rad)
    return np.asarray(np.clip(vehicle.slip_at_slope_limit * grade * grade, 0.0, 0.95))


def expected_speed_m_s(slope_rad: npt.ArrayLike, vehicle: VehicleParams) -> npt.NDArray[np.float64]:
    """Return the ground speed expected on this slope, always positive."""
    return vehicle.speed_m_s * (1.0 - expected_slip(slope_rad, vehicle))
