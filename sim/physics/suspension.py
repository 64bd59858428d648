"""How the rover stands on the ground: six wheels on a rocker-bogie, settled on the world's own fine heights.

The wheels are rigid cylinders that touch firm ground, which is bilinear between the world's cells. Six contacts fix six
unknowns: the body's height, pitch and roll, the rockers' angle (a differential turns one as far up as the other down,
so that the body's pitch is the mean of both) and those of the two bogies. What the wheels sink in is no part of it: the
deeper standing of the more heavily loaded side would add 0.3 deg to a roll of 20.

Loads follow from the same derivatives by virtual work: static equilibrium, each wheel driven as hard as its own share
of the slope asks. A rocker or bogie beyond its stop is told, not held back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import MOON
from rover.core.chassis import ChassisParams
from rover.core.vehicle import VehicleParams
from sim.moon.ground import Patch
from sim.physics.stance_kernels import STANCE_FIGURES, stand
from sim.physics.suspension_kernels import UNKNOWNS, WHEELS, WORK_ROWS

_RIM_TO_DEG, _RIM_STEP_DEG = 75.0, 7.5
"""Either side of a wheel's lowest point the rim is felt so far and so often: 0.3 mm off at most, of a radius of 150."""

_ACROSS_M = 0.04
"""At most so far apart along the axle: closer than the finest cells that ground comes in."""

_BELLY_M = 0.1
"""At most so far apart under the belly."""

Floats = npt.NDArray[np.float64]


class Cells(Protocol):
    """Anything that gives out the cells of its ground."""

    def near(self, east_m: float, north_m: float, reach_m: float) -> Patch: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rig:
    """A rover's body, suspension and wheels as the kernels want them; made by `rig_of`.

    Attributes:
        figures: (RIG_FIGURES,) of `suspension_kernels`.
        rim: (n, 3) points at which a rim is felt, from its axle: forward, left and up; the lowest in the middle first.
        across: (m,) places along an axle, the middle first.
        belly: (k, 2) places under the belly, forward and left.
        radius_m: Of the wheels.
        mass_centre_forward_m: Of the body's centre.
        weight_n: On the Moon.
        reach_m: Nothing that is felt lies further away.
        rocker_limit_rad, bogie_limit_rad: Their stops.
    """

    figures: Floats
    rim: Floats
    across: Floats
    belly: Floats
    radius_m: float
    mass_centre_forward_m: float
    weight_n: float
    reach_m: float
    rocker_limit_rad: float
    bogie_limit_rad: float

    def __post_init__(self) -> None:
        for name in ("figures", "rim", "across", "belly"):
            held = np.asarray(getattr(self, name), np.float64)
            object.__setattr__(self, name, locked(held, np.float64, held.shape, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """A settled rover; NaN throughout where it stands on unknown ground.

    Attributes:
        up_m: Height of the body's centre, on the plane that its wheels would stand on were they level with each other.
        pitch_rad: Nose up positive.
        roll_rad: Left side up positive.
        belly_gap_m: Least distance from the belly to the ground under it; negative in contact.
        step_m: Highest step that any wheel stands before, above where it stands and the body's plane.
        rocker_rad: Of the left rocker against the body, nose up; the right one turns as far the other way.
        bogie_rad: Of the left and the right bogie against its rocker, nose up.
        load_n: Vertical force on each wheel: front left, front right, middle, rear; below 0 it would lift off.
        tip_margin_rad: How far gravity may lean before it tips over; below 0 it does.
        stops_slack_rad: Of rockers and bogies to their stops; below 0 a wheel would hang.
    """

    up_m: float
    pitch_rad: float
    roll_rad: float
    belly_gap_m: float
    step_m: float
    rocker_rad: float
    bogie_rad: tuple[float, float]
    load_n: tuple[float, ...]
    tip_margin_rad: float
    stops_slack_rad: float

    @property
    def high_centred(self) -> bool:
        """Whether the belly rests on the ground."""
        return self.belly_gap_m < 0

    @property
    def tips(self) -> bool:
        """Whether it falls over."""
        return self.tip_margin_rad <= 0


@lru_cache(maxsize=16)
def rig_of(vehicle: VehicleParams, chassis: ChassisParams) -> Rig:
    """Return the body, suspension and wheels of a vehicle."""
    front = vehicle.wheelbase_m / 2
    return Rig(
        figures=np.array(
            [
                *(vehicle.wheel_radius_m, vehicle.track_m / 2),
                *(front, front - vehicle.middle_axle_back_m, -front),
                *(front - vehicle.rocker_pivot_back_m, vehicle.rocker_pivot_up_m),
                *(front - vehicle.bogie_pivot_back_m, vehicle.bogie_pivot_up_m),
                *(vehicle.belly_clearance_m, chassis.mass_centre_forward_m, chassis.mass_centre_up_m),
                vehicle.mass_kg * MOON.gravity_m_s2,
            ]
        ),
        rim=_rim(vehicle),
        across=_from_the_middle(vehicle.wheel_width_m, _ACROSS_M),
        belly=_belly_places(vehicle),
        radius_m=vehicle.wheel_radius_m,
        mass_centre_forward_m=chassis.mass_centre_forward_m,
        weight_n=vehicle.mass_kg * MOON.gravity_m_s2,
        reach_m=1.5 * vehicle.footprint_radius_m + 3 * vehicle.wheel_radius_m,
        rocker_limit_rad=vehicle.rocker_limit_rad,
        bogie_limit_rad=vehicle.bogie_limit_rad,
    )


def settle(
    ground: Cells,
    rig: Rig,
    *,
    east_m: float,
    north_m: float,
    yaw_rad: float,
    backwards: bool,
    sinkage_m: float = 0.0,
) -> Stance:
    """Settle six wheels on the ground.

    Args:
        ground: Its cells.
        rig: Of the vehicle.
        east_m, north_m, yaw_rad: Pose of the body's centre.
        backwards: Whether the wheels look for steps behind instead of ahead.
        sinkage_m: What the wheels sink in, in the mean, which the belly comes lower by.
    """
    patch = ground.near(east_m, north_m, rig.reach_m)
    z, side = patch.elevation_m, patch.resolution_m
    place = np.array([(north_m - patch.north_m) / side, (east_m - patch.east_m) / side, side])
    reach = -2 * rig.radius_m if backwards else 2 * rig.radius_m
    stance, wheels, levers = np.empty(STANCE_FIGURES), np.empty((WHEELS, 6)), np.empty((WHEELS, UNKNOWNS))
    work, offsets = np.empty((WORK_ROWS, UNKNOWNS + 1)), np.empty(rig.rim.shape)
    given = z, place, float(yaw_rad), reach, rig.figures, rig.rim, rig.across, rig.belly
    if not stand(*given, stance, wheels, levers, work, offsets):
        return _NOWHERE
    up, pitch, roll, rocker, left, right, gap, step, margin, *loads = stance.tolist()
    slack = min(rig.rocker_limit_rad - abs(rocker), rig.bogie_limit_rad - max(abs(left), abs(right)))
    return Stance(
        up_m=up,
        pitch_rad=pitch,
        roll_rad=roll,
        belly_gap_m=gap - sinkage_m,
        step_m=step,
        rocker_rad=rocker,
        bogie_rad=(left, right),
        load_n=tuple(loads),
        tip_margin_rad=margin,
        stops_slack_rad=slack,
    )


_NOWHERE = Stance(
    up_m=math.nan,
    pitch_rad=math.nan,
    roll_rad=math.nan,
    belly_gap_m=math.nan,
    step_m=math.nan,
    rocker_rad=math.nan,
    bogie_rad=(math.nan, math.nan),
    load_n=(math.nan,) * WHEELS,
    tip_margin_rad=math.nan,
    stops_slack_rad=math.nan,
)


def wheel_places(vehicle: VehicleParams) -> Floats:
    """Return (6, 2) forward and left of the body's centre: front, middle and rear, left and right."""
    front, left = vehicle.wheelbase_m / 2, vehicle.track_m / 2
    axles = (front, front - vehicle.middle_axle_back_m, -front)
    return np.array([[x, y] for x in axles for y in (left, -left)])


def _rim(vehicle: VehicleParams) -> Floats:
    """Return (n, 3) points of a rim from its axle, the lowest in the wheel's middle plane first."""
    steps = np.arange(_RIM_STEP_DEG, _RIM_TO_DEG + 1e-9, _RIM_STEP_DEG)
    angles = np.radians(np.concatenate([[0.0], np.stack([steps, -steps], axis=1).ravel()]))
    across = _from_the_middle(vehicle.wheel_width_m, _ACROSS_M)
    ahead, up = vehicle.wheel_radius_m * np.sin(angles), -vehicle.wheel_radius_m * np.cos(angles)
    places = [[x, y, z] for y in across for x, z in zip(ahead, up, strict=True)]
    return np.array(places)


def _from_the_middle(length_m: float, apart_m: float) -> Floats:
    """Return places over a length, both ends and the middle among them, the middle first."""
    half = math.ceil(length_m / 2 / apart_m)
    outwards = np.arange(1, half + 1) * (length_m / 2 / half)
    return np.concatenate([[0.0], np.stack([outwards, -outwards], axis=1).ravel()])


def _belly_places(vehicle: VehicleParams) -> Floats:
    """Return (n, 2) places under the body, its edges among them."""
    half_length, half_width = vehicle.length_m / 2, vehicle.width_m / 2
    x = np.linspace(-half_length, half_length, math.ceil(vehicle.length_m / _BELLY_M) + 1)
    y = np.linspace(-half_width, half_width, math.ceil(vehicle.width_m / _BELLY_M) + 1)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
