"""How the rover stands on the ground: the world's own settling, from its own fine heights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams


class Heights(Protocol):
    """Anything that knows the ground's height at points."""

    def heights(self, east_m: npt.ArrayLike, north_m: npt.ArrayLike) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """A settled rover.

    Attributes:
        up_m: Height of the plane through the wheels' contacts, at the body's centre.
        pitch_rad: Nose up positive.
        roll_rad: Left side up positive.
        belly_gap_m: Least distance from the belly to the ground under it; negative in contact.
        step_m: Highest step that any wheel stands before, above the plane it stands on.
    """

    up_m: float
    pitch_rad: float
    roll_rad: float
    belly_gap_m: float
    step_m: float


def wheel_places(vehicle: VehicleParams) -> npt.NDArray[np.float64]:
    """Return (6, 2) forward and left of the body's centre: front, middle and rear, left and right."""
    forward = vehicle.wheelbase_m / 2
    left = vehicle.track_m / 2
    return np.array([[x, y] for x in (forward, 0.0, -forward) for y in (left, -left)])


def settle(
    ground: Heights, vehicle: VehicleParams, *, east_m: float, north_m: float, yaw_rad: float, backwards: bool
) -> Stance:
    """Settle six wheels on the ground.

    The body takes the least-squares plane through the wheels' contacts, as a rocker-bogie evens out their heights.

    Args:
        ground: Its heights.
        vehicle: For wheels, footprint and clearance.
        east_m, north_m, yaw_rad: Pose.
        backwards: Whether the wheels look for steps behind instead of ahead.
    """
    points = _felt_points(vehicle, backwards)
    wheels = points[:6]
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    east = east_m + points[:, 0] * cos - points[:, 1] * sin
    north = north_m + points[:, 0] * sin + points[:, 1] * cos
    height = ground.heights(east, north)
    up, per_forward, per_left = _plane(wheels, height[:6])
    plane = up + points[:, 0] * per_forward + points[:, 1] * per_left
    rise_ahead = (height[6:12] - height[:6]) - (plane[6:12] - plane[:6])
    gap = plane[12:] + vehicle.belly_clearance_m - height[12:]
    return Stance(
        up_m=up,
        pitch_rad=math.atan(per_forward),
        roll_rad=math.atan(per_left * math.cos(math.atan(per_forward))),
        belly_gap_m=float(gap.min()),
        step_m=float(rise_ahead.max()),
    )


@cache
def _felt_points(vehicle: VehicleParams, backwards: bool) -> npt.NDArray[np.float64]:
    """Return where the ground is asked for: six wheels, a wheel's width before each, and the belly."""
    wheels = wheel_places(vehicle)
    ahead = wheels + np.array([(-1 if backwards else 1) * 2 * vehicle.wheel_radius_m, 0.0])
    return np.vstack([wheels, ahead, _belly_points(vehicle)])


def _belly_points(vehicle: VehicleParams) -> npt.NDArray[np.float64]:
    """Return (n, 2) points under the body, between the wheels, no more than 0.2 m apart."""
    half_length, half_width = vehicle.length_m / 2, vehicle.width_m / 2
    x = np.linspace(-half_length, half_length, math.ceil(vehicle.length_m / 0.2) + 1)
    y = np.linspace(-half_width, half_width, math.ceil(vehicle.width_m / 0.2) + 1)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _plane(places: npt.NDArray[np.float64], height: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return height at the centre and the grades forward and left of the least-squares plane.

    The wheels lie symmetrically about the centre, which makes the normal equations diagonal.
    """
    per_forward, per_left = (places * height[:, None]).sum(axis=0) / (places * places).sum(axis=0)
    return float(height.mean()), float(per_forward), float(per_left)
