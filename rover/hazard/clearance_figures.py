"""The vehicle as clearance evaluation wants it: boxes that hold the wheels, links of the suspension, the belly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.vehicle import VehicleParams

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClearanceFigures:
    """What `rover.hazard.clearance_kernels.bound_poses` takes of a vehicle.

    Attributes:
        boxes: (6, 4) boxes that hold each wheel: middle and half sides, forward and left, m.
        links: (10,) of the suspension.
        belly: (6,) of the belly.
        limits: (5,) most pitch, roll, rocker and bogie angle, rad, and step, m.
        reach_m: The furthest that a part of the rover is from its middle.
    """

    boxes: Floats
    links: Floats
    belly: Floats
    limits: Floats
    reach_m: float

    def __post_init__(self) -> None:
        for name, shape in (("boxes", (6, 4)), ("links", (10,)), ("belly", (6,)), ("limits", (5,))):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))


@cache
def clearance_figures(vehicle: VehicleParams) -> ClearanceFigures:
    """Return a vehicle's figures, reckoned once."""
    boxes, belly = wheel_boxes(vehicle), _belly(vehicle)
    angles = (
        *(vehicle.slope_limit_rad, vehicle.roll_limit_rad),
        *(vehicle.rocker_limit_rad, vehicle.bogie_limit_rad),
    )
    return ClearanceFigures(
        boxes=boxes,
        links=_links(vehicle),
        belly=belly,
        limits=np.array([*angles, vehicle.step_limit_m]),
        reach_m=_reach_m(boxes, belly),
    )


def _places(vehicle: VehicleParams) -> tuple[float, float, float, float, float, float, float]:
    """Forward of the middle: front, middle, rear axle, bogie's pivot, rocker's; up of the axles: both pivots."""
    front = vehicle.wheelbase_m / 2
    return (
        *(front, front - vehicle.middle_axle_back_m, -front),
        *(front - vehicle.bogie_pivot_back_m, front - vehicle.rocker_pivot_back_m),
        *(
            vehicle.bogie_pivot_up_m - vehicle.wheel_radius_m,
            vehicle.rocker_pivot_up_m - vehicle.wheel_radius_m,
        ),
    )


def _links(vehicle: VehicleParams) -> Floats:
    """The suspension as `bound_poses` wants it: pivots by their share along, and lift off, the line of their link."""
    front, middle, rear, bogie, rocker, bogie_up, rocker_up = _places(vehicle)
    length = math.hypot(front - bogie, bogie_up)
    ahead, down = (front - bogie) / length, -bogie_up / length
    along = (rocker - bogie) * ahead + (rocker_up - bogie_up) * down
    off = -(rocker - bogie) * down + (rocker_up - bogie_up) * ahead
    bogie_length = middle - rear
    return np.array(
        [
            *((bogie - rear) / bogie_length, bogie_up, bogie_length),
            *(along / length, off, length, math.asin(down)),
            *(rocker, rocker_up, vehicle.track_m),
        ]
    )


def wheel_boxes(vehicle: VehicleParams) -> Floats:
    """(6, 4) boxes that hold each wheel within the vehicle's limits: middle and half sides, forward and left."""
    half = np.array([vehicle.wheel_radius_m, vehicle.wheel_width_m / 2])
    boxes = []
    for axle, side in product(range(3), (1, -1)):
        places = _reachable(vehicle, axle, side * vehicle.track_m / 2)
        low, high = places.min(axis=0) - half, places.max(axis=0) + half
        boxes.append([*(low + high) / 2, *(high - low) / 2])
    return np.array(boxes)


def _reachable(vehicle: VehicleParams, axle: int, left_m: float) -> Floats:
    """(n, 2) forward and left of an axle's end as the body tilts and the suspension turns, up to their limits.

    The extremes of tilt and of suspension are among them, and enough between that no more than a millimetre lies
    beyond.
    """
    steps = np.linspace(-1.0, 1.0, 9)
    pitch = vehicle.slope_limit_rad * steps[:, None, None, None]
    roll = vehicle.roll_limit_rad * steps[None, :, None, None]
    rock = vehicle.rocker_limit_rad * steps[None, None, :, None]
    tip = rock + vehicle.bogie_limit_rad * steps[None, None, None, :]
    front, middle, rear, bogie, rocker, bogie_up, rocker_up = _places(vehicle)
    if axle == 0:
        ahead, up = _turned_about(rocker, rocker_up, front - rocker, -rocker_up, rock + 0 * tip)
    else:
        pivot, pivot_up = _turned_about(
            rocker, rocker_up, bogie - rocker, bogie_up - rocker_up, rock + 0 * tip
        )
        ahead, up = _turned_about(pivot, pivot_up, (middle, rear)[axle - 1] - bogie, -bogie_up, tip)
    forward = ahead * np.cos(pitch) - np.sin(pitch) * (left_m * np.sin(roll) + up * np.cos(roll))
    left = left_m * np.cos(roll) - up * np.sin(roll) + 0 * pitch
    return np.stack([forward.ravel(), left.ravel()], axis=1)


def _turned_about(
    ahead: float | Floats, up: float | Floats, arm: float, lift: float, angle: Floats
) -> tuple[Floats, Floats]:
    """A point `arm` ahead of and `lift` above another, nose up by an angle round it."""
    return (
        np.asarray(ahead + arm * np.cos(angle) - lift * np.sin(angle)),
        np.asarray(up + arm * np.sin(angle) + lift * np.cos(angle)),
    )


def _belly(vehicle: VehicleParams) -> Floats:
    """The belly as `bound_poses` wants it: as long as the body, as wide as the wheels leave room for."""
    above = vehicle.belly_clearance_m - vehicle.wheel_radius_m
    length, width = vehicle.length_m / 2, max(0.0, vehicle.track_m - vehicle.wheel_width_m) / 2
    pitch, roll = math.sin(vehicle.slope_limit_rad), math.sin(vehicle.roll_limit_rad)
    further = width * pitch * roll + abs(above) * pitch, abs(above) * roll
    shorter = length * (1 - _cosine(pitch)) + further[0], width * (1 - _cosine(roll)) + further[1]
    return np.array(
        [
            *(above, length + further[0], width + further[1]),
            *(length - shorter[0], width - shorter[1], vehicle.wheel_radius_m),
        ]
    )


def _cosine(sine: float) -> float:
    return math.sqrt(1 - sine * sine)


def _reach_m(boxes: Floats, belly: Floats) -> float:
    """The furthest that a part of the rover is from its middle."""
    corners = np.hypot(np.abs(boxes[:, 0]) + boxes[:, 2], np.abs(boxes[:, 1]) + boxes[:, 3])
    return max(float(corners.max()), math.hypot(belly[1], belly[2]))
