"""The rover's body on the world's ground: where it stands, how it moves from there, and what it digs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams
from sim.moon.soil import Soil
from sim.physics.drivetrain import Drivetrain
from sim.physics.mobility import (
    CLIMB_OUT_RADII,
    DIG_PER_RIM_M,
    Motion,
    firmness_at,
    move,
    resting_sinkage_m,
)
from sim.physics.steering import WheelCommands
from sim.physics.suspension import Cells, Stance, settle
from sim.physics.wheel_faults import NO_FAULTS, MobilityFaults

PerWheel = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Place of the body's centre and heading, in the terrain's frame."""

    east_m: float
    north_m: float
    yaw_rad: float


class Body:
    """One rover on ground and soil. It remembers nothing: what comes of a pose hangs on the pose alone."""

    def __init__(
        self,
        *,
        ground: Cells,
        soil: Soil,
        drivetrain: Drivetrain,
        vehicle: VehicleParams,
    ) -> None:
        self.drivetrain = drivetrain
        self._ground = ground
        self._soil = soil
        self._vehicle = vehicle

    def settle(self, pose: Pose, *, backwards: bool, sinkage_m: float) -> Stance:
        """Return how it stands; arguments as `sim.physics.suspension.settle` takes them."""
        return settle(
            self._ground,
            self.drivetrain.rig,
            east_m=pose.east_m,
            north_m=pose.north_m,
            yaw_rad=pose.yaw_rad,
            backwards=backwards,
            sinkage_m=sinkage_m,
        )

    def at_rest(self, pose: Pose) -> tuple[Stance, PerWheel]:
        """Return how it stands where it has been put down, and what each wheel sinks in."""
        stance = self.settle(pose, backwards=False, sinkage_m=0.0)
        sinkage = self.resting_sinkage_m(pose, stance, NO_FAULTS)
        return replace(stance, belly_gap_m=stance.belly_gap_m - _mean(sinkage)), sinkage

    def resting_sinkage_m(self, pose: Pose, stance: Stance, faults: MobilityFaults) -> PerWheel:
        return resting_sinkage_m(self.drivetrain, stance, self._firmness(pose, faults))

    def motion(
        self, pose: Pose, stance: Stance, commands: WheelCommands, dug_m: PerWheel, faults: MobilityFaults
    ) -> Motion:
        """Return how the wheels make it move from where it stands."""
        return move(
            self.drivetrain,
            commands,
            stance,
            self._firmness(pose, faults),
            dug_m=np.array(dug_m),
            faults=faults,
        )

    def moved(
        self,
        pose: Pose,
        stance: Stance,
        motion: Motion,
        duration_s: float,
        *,
        backwards: bool,
        dug_m: PerWheel,
    ) -> tuple[Pose, Stance]:
        """Return pose and stance after a motion: along the heading that it has half-way."""
        forward, left, rate = on_the_map(motion, stance)
        heading = pose.yaw_rad + rate * duration_s / 2
        cos, sin = math.cos(heading) * duration_s, math.sin(heading) * duration_s
        there = Pose(
            east_m=pose.east_m + forward * cos - left * sin,
            north_m=pose.north_m + forward * sin + left * cos,
            yaw_rad=math.remainder(pose.yaw_rad + rate * duration_s, 2 * math.pi),
        )
        sunk = motion.mean_sinkage_m + _mean(dug_m)
        return there, self.settle(there, backwards=backwards, sinkage_m=sunk)

    def passes(self, here: Stance, there: Stance) -> bool:
        """Tell whether wheels, suspension and belly get from one place to the next, and the rover stands there."""
        within = there.stops_slack_rad >= min(0.0, here.stops_slack_rad)
        climbs = here.step_m <= self._vehicle.step_limit_m
        return climbs and within and there.tip_margin_rad > 0 and self.clears(here, there)

    @staticmethod
    def clears(here: Stance, there: Stance) -> bool:
        """Tell whether the belly comes free, or is pressed no further than it is.

        Ground that is not known, beyond the edge of a map, carries nobody: NaN does not clear.
        """
        return there.belly_gap_m >= min(0.0, here.belly_gap_m)

    def dug_deeper(self, dug_m: PerWheel, motion: Motion, duration_s: float) -> PerWheel:
        """Return the depth of the holes after the wheels have spun on the spot; to their hubs at most."""
        deepest = self._vehicle.wheel_radius_m
        return tuple(
            min(deepest, depth + DIG_PER_RIM_M * abs(rim) * duration_s)
            for depth, rim in zip(dug_m, motion.rim_m_s, strict=True)
        )

    def out_of_holes(self, dug_m: PerWheel, rolled_m: float) -> PerWheel:
        """Return what is left of the holes when the wheels have rolled on."""
        left = max(0.0, 1.0 - rolled_m / (CLIMB_OUT_RADII * self._vehicle.wheel_radius_m))
        return tuple(depth * left for depth in dug_m)

    def _firmness(self, pose: Pose, faults: MobilityFaults) -> npt.NDArray[np.float64]:
        return firmness_at(
            self.drivetrain,
            self._soil.near(pose.east_m, pose.north_m),
            east_m=pose.east_m,
            north_m=pose.north_m,
            yaw_rad=pose.yaw_rad,
            faults=faults,
        )


def on_the_map(motion: Motion, stance: Stance) -> tuple[float, float, float]:
    """Return the speeds forward and left over the map, m/s, and of the yaw, rad/s.

    What lies along the plane of the wheels is shorter on the map, and a turn about the body's up axis is seen from
    above.
    """
    cp, sp = math.cos(stance.pitch_rad), math.sin(stance.pitch_rad)
    cr, sr = math.cos(stance.roll_rad), math.sin(stance.roll_rad)
    forward = motion.forward_m_s * cp - motion.left_m_s * sp * sr
    return forward, motion.left_m_s * cr, motion.yaw_rad_s * cr / cp


def _mean(values: PerWheel) -> float:
    return sum(values) / len(values)
