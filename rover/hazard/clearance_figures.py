"""The vehicle as clearance evaluation wants it: boxes that hold the wheels, links of the suspension, the belly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.vehicle import VehicleParams
from rover.hazard.belly_kernels import belly_planes
from rover.hazard.leverage_kernels import ANGLES, BEYOND, FOLLOWS, PLACES, follow_all
from rover.hazard.linkage_kernels import WHEELS

Floats = npt.NDArray[np.float64]

_STANDINGS = 6000
"""At which the weights of the axles are taken."""

_BENT = 1000
"""At which second derivatives are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClearanceFigures:
    """What `rover.hazard.clearance_kernels.bound_poses` takes of a vehicle.

    Attributes:
        boxes: (6, 4) where each axle may be at the limits of tilt and of suspension.
        beyond: (4,) `BEYOND` times the limits of angles: standings within these are looked for.
        beyond_boxes: (6, 4) where each axle may be at those.
        arms: (10,) of the suspension, from pivot to axle.
        links: (10,) of the suspension.
        belly: (9,) of the belly and of the wheels.
        limits: (5,) most pitch, roll, rocker and bogie angle, rad, and step, m.
        weights: (2, 3, 6) what each axle's height does to the belly's plane, and how far that may be off.
        bends: (FOLLOWS, 6, 6) most that what follows from the axles' heights bends by them, per m.
        reach_m: The furthest that a part of the rover is from its middle.
    """

    boxes: Floats
    beyond: Floats
    beyond_boxes: Floats
    arms: Floats
    links: Floats
    belly: Floats
    limits: Floats
    weights: Floats
    bends: Floats
    reach_m: float

    def __post_init__(self) -> None:
        weights = 2, 3, WHEELS
        shapes = {
            "boxes": (WHEELS, 4),
            "beyond": (4,),
            "beyond_boxes": (WHEELS, 4),
            "arms": (10,),
            "links": (10,),
            "belly": (9,),
            "limits": (5,),
            "weights": weights,
            "bends": (FOLLOWS, WHEELS, WHEELS),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))


@lru_cache(maxsize=16)
def clearance_figures(vehicle: VehicleParams) -> ClearanceFigures:
    """Return a vehicle's figures, reckoned once."""
    links, belly = _links(vehicle), _belly(vehicle)
    angles = (
        *(vehicle.slope_limit_rad, vehicle.roll_limit_rad),
        *(vehicle.rocker_limit_rad, vehicle.bogie_limit_rad),
    )
    return ClearanceFigures(
        boxes=axle_boxes(vehicle),
        beyond=BEYOND * np.array(angles),
        beyond_boxes=axle_boxes(vehicle, BEYOND),
        arms=_arms(vehicle),
        links=links,
        belly=belly,
        limits=np.array([*angles, vehicle.step_limit_m]),
        weights=_weights(vehicle, links, belly, np.array(angles)),
        bends=_bends(vehicle, links, _arms(vehicle), np.array(angles)),
        reach_m=_reach_m(wheel_boxes(vehicle, BEYOND), belly),
    )


def _weights(vehicle: VehicleParams, links: Floats, belly: Floats, limits: Floats) -> Floats:
    """Return (2, 3, 6) the middle and half the range of what a metre of each axle does to the belly's plane.

    The range is that over standings within the limits: some thousands of them, and the corners of their box among
    the wider ones, with a twentieth added for those between.
    """
    rng = np.random.default_rng(0)
    span = vehicle.wheelbase_m * math.tan(vehicle.slope_limit_rad)
    heights = rng.uniform(-1.0, 1.0, (_STANDINGS, WHEELS)) * rng.uniform(0.0, 1.0, (_STANDINGS, 1)) * span
    corners = np.array(list(product((-1.0, 1.0), repeat=WHEELS)))
    heights = np.vstack([heights, *(corners * span * share for share in np.linspace(0.0, 1.0, 41))])

    def planes(axles: Floats) -> Floats:
        found = np.empty((len(axles), 8))
        belly_planes(links, belly, np.ascontiguousarray(axles), found)
        return found

    attitude = np.abs(planes(heights)[:, 3:])
    within = (attitude <= limits[[0, 1, 2, 3, 3]]).all(axis=1)
    heights = heights[within]
    step = 1e-4
    slopes = np.empty((3, WHEELS, len(heights)))
    for i in range(WHEELS):
        nudge = np.zeros(WHEELS)
        nudge[i] = step
        change = planes(heights + nudge)[:, :3] - planes(heights - nudge)[:, :3]
        slopes[:, i] = change.T / (2 * step)
    least, most = np.nanmin(slopes, axis=2), np.nanmax(slopes, axis=2)
    weights = np.stack([(least + most) / 2, (most - least) / 2 * 1.05])
    # Left and right are alike, but for the sign of what raises the grade to the left.
    mirrored = weights[:, :, [1, 0, 3, 2, 5, 4]]
    mirrored[0, 2] *= -1
    return np.stack([(weights[0] + mirrored[0]) / 2, np.maximum(weights[1], mirrored[1])])


def _bends(vehicle: VehicleParams, links: Floats, arms: Floats, limits: Floats) -> Floats:
    """Return (FOLLOWS, 6, 6) the most that second derivatives by the axles' heights may be.

    They are taken over standings within `BEYOND` times the limits, with a tenth added for those between.
    """
    rng = np.random.default_rng(1)
    span = vehicle.wheelbase_m * math.tan(vehicle.slope_limit_rad) * BEYOND
    heights = rng.uniform(-1.0, 1.0, (_BENT, WHEELS)) * rng.uniform(0.0, 1.0, (_BENT, 1)) * span
    corners = np.array(list(product((-1.0, 1.0), repeat=WHEELS)))
    heights = np.vstack([heights, *(corners * span * share for share in np.linspace(0.0, 1.0, 11))])

    def following(axles: Floats) -> Floats:
        found = np.empty((len(axles), FOLLOWS))
        follow_all(links, arms, np.ascontiguousarray(axles), found)
        return found

    attitude = np.abs(following(heights)[:, :ANGLES])
    within = (attitude <= BEYOND * limits[[0, 1, 2, 3, 3]]).all(axis=1)
    heights, step = heights[within], 2e-3
    nudges = step * np.eye(WHEELS)
    here = following(heights)
    once = [following(heights + nudge) for nudge in nudges]
    back = [following(heights - nudge) for nudge in nudges]
    bends = np.empty((FOLLOWS, WHEELS, WHEELS))
    for i in range(WHEELS):
        bends[:, i, i] = np.nanmax(np.abs(once[i] - 2 * here + back[i]), axis=0) / step**2
        for j in range(i):
            both = following(heights + nudges[i] + nudges[j])
            most = np.nanmax(np.abs(both - once[i] - once[j] + here), axis=0) / step**2
            bends[:, i, j] = bends[:, j, i] = most
    # Left and right are alike.
    other = np.array([1, 0, 3, 2, 5, 4])
    places = PLACES + np.stack([2 * other, 2 * other + 1], axis=1).ravel()
    follows = np.concatenate([[0, 1, 2, 4, 3, 5], places])
    return np.asarray(1.1 * np.maximum(bends, bends[follows][:, other][:, :, other]))


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


def _arms(vehicle: VehicleParams) -> Floats:
    """The suspension as `place_axles` wants it, from the rockers' pivot outward.

    The rover's place is that of its middle on the plane that its wheels would stand on were they level with each other.
    """
    front, middle, rear, bogie, rocker, bogie_up, rocker_up = _places(vehicle)
    return np.array(
        [
            *(rocker, vehicle.rocker_pivot_up_m, front - rocker),
            *(-rocker_up, bogie - rocker, bogie_up - rocker_up),
            *(middle - bogie, rear - bogie, vehicle.track_m / 2, -bogie_up),
        ]
    )


def wheel_boxes(vehicle: VehicleParams, share: float = 1.0) -> Floats:
    """Return (6, 4) boxes that hold each wheel within a share of the limits: middle, half sides, forward and left."""
    boxes = axle_boxes(vehicle, share)
    boxes[:, 2:] += np.array([vehicle.wheel_radius_m, vehicle.wheel_width_m / 2])
    return boxes


def axle_boxes(vehicle: VehicleParams, share: float = 1.0) -> Floats:
    """Return (6, 4) boxes that hold each axle's end within a share of the limits, likewise."""
    boxes = []
    for axle, side in product(range(3), (1, -1)):
        places = _reachable(vehicle, axle, side * vehicle.track_m / 2, share)
        low, high = places.min(axis=0), places.max(axis=0)
        boxes.append([*(low + high) / 2, *(high - low) / 2])
    return np.array(boxes)


def _reachable(vehicle: VehicleParams, axle: int, left_m: float, share: float) -> Floats:
    """(n, 2) forward and left of an axle's end as body and suspension turn, up to their limits.

    The extremes of tilt and of suspension are among them, and enough between that no more than a millimetre lies
    beyond.
    """
    steps = share * np.linspace(-1.0, 1.0, 9)
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
    up = up + vehicle.wheel_radius_m
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
    """The belly as `bound_poses` wants it: as long and as wide as the body."""
    above = vehicle.belly_clearance_m
    length, width = vehicle.length_m / 2, vehicle.width_m / 2
    pitch, roll = math.sin(vehicle.slope_limit_rad), math.sin(vehicle.roll_limit_rad)
    further = width * pitch * roll + abs(above) * pitch, abs(above) * roll
    shorter = length * (1 - _cosine(pitch)) + further[0], width * (1 - _cosine(roll)) + further[1]
    return np.array(
        [
            *(above, length + further[0], width + further[1]),
            *(length - shorter[0], width - shorter[1], vehicle.wheel_radius_m, vehicle.wheel_width_m),
            *(length, width),
        ]
    )


def _cosine(sine: float) -> float:
    return math.sqrt(1 - sine * sine)


def _reach_m(boxes: Floats, belly: Floats) -> float:
    """The furthest that a part of the rover is from its middle."""
    corners = np.hypot(np.abs(boxes[:, 0]) + boxes[:, 2], np.abs(boxes[:, 1]) + boxes[:, 3])
    return max(float(corners.max()), math.hypot(belly[1], belly[2]))
