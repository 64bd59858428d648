"""How the world's rover gets on: steering, and the balance of forces that its wheels and the soil come to. Truth.

Four corner wheels are steered so that all axles point at one centre of turning (Ackermann), every wheel is driven at
the speed that its place asks for, and none at more than the vehicle's. The body then goes along, sideways and round at
the speeds at which the wheels' drawbar pulls and side forces balance gravity in the plane that it stands on: slip, side
slip and veer follow from soil, loads and attitude. The motion is quasi-static: at 0.056 m/s there is no inertia to
speak of. Every wheel meets fresh soil: that the rear ones roll in the ruts of the others is not modelled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.moon.soil import FirmnessPatch
from sim.physics.drivetrain import Drivetrain
from sim.physics.mobility_kernels import (
    DEAD,
    FORCES,
    STALLED,
    WHEEL_OUTCOMES,
    WORKING,
    balance,
    firmness_of_wheels,
)
from sim.physics.steering import WheelCommands
from sim.physics.suspension import Stance
from sim.physics.suspension_kernels import WHEELS
from sim.physics.wheel_faults import NO_FAULTS, MobilityFaults

DIG_PER_RIM_M = 0.1
"""Depth that a wheel digs per metre that its rim spins on the spot: soil as deep as its lugs, carried out of a contact
ten times as long."""

CLIMB_OUT_RADII = 2.0
"""A hole is left behind when the wheel has rolled so many radii."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How the rover moves while a command is carried out.

    Attributes:
        forward_m_s, left_m_s, yaw_rad_s: Speeds of the body's centre in the plane that it stands on; 0 if stuck.
        slip: Of each wheel: front left, front right, middle, rear.
        sinkage_m: Of each wheel.
        torque_n_m: Of each motor, positive as it turns.
        rim_m_s: Of each wheel.
        power_w: Electrical, of all motors.
        stuck: Whether the wheels spin where they are.
    """

    forward_m_s: float
    left_m_s: float
    yaw_rad_s: float
    slip: tuple[float, ...]
    sinkage_m: tuple[float, ...]
    torque_n_m: tuple[float, ...]
    rim_m_s: tuple[float, ...]
    power_w: float
    stuck: bool

    @property
    def mean_slip(self) -> float:
        return sum(self.slip) / WHEELS

    @property
    def mean_sinkage_m(self) -> float:
        return sum(self.sinkage_m) / WHEELS


def firmness_at(
    train: Drivetrain,
    soil: FirmnessPatch,
    *,
    east_m: float,
    north_m: float,
    yaw_rad: float,
    faults: MobilityFaults,
) -> Floats:
    """Return (6,) the firmness of the soil under each wheel."""
    place = np.array(
        [(north_m - soil.north_m) / soil.node_m, (east_m - soil.east_m) / soil.node_m, soil.node_m]
    )
    patches = np.array([[p.east_m, p.north_m, p.radius_m, p.firmness] for p in faults.patches]).reshape(-1, 4)
    firmness, heading = np.empty(WHEELS), np.array([math.cos(yaw_rad), math.sin(yaw_rad)])
    firmness_of_wheels(
        soil.firmness,
        place,
        heading,
        train.places,
        patches,
        np.array([east_m, north_m], np.float64),
        firmness,
    )
    return firmness


def resting_sinkage_m(train: Drivetrain, stance: Stance, firmness: Floats) -> tuple[float, ...]:
    """Return what each wheel sinks in as it rolls without slip."""
    level = math.cos(stance.pitch_rad) * math.cos(stance.roll_rad)
    return tuple(
        train.table.forces(firmness=soil, load_n=load * level, slip=0.0).sinkage_m
        for soil, load in zip(firmness.tolist(), stance.load_n, strict=True)
    )


def hole_resistance(dug_m: Floats, radius_m: float) -> Floats:
    """Return the force over the load that it takes out of holes: the slope of the chord from their bottom to their rim.

    Args:
        dug_m: (n,) depth of holes with the wheel's own curve.
        radius_m: Of the wheel.
    """
    deep = np.clip(dug_m, 0.0, radius_m)
    return np.asarray(np.sqrt(deep / (2 * radius_m - deep)))


def move(
    train: Drivetrain,
    commands: WheelCommands,
    stance: Stance,
    firmness: Floats,
    *,
    dug_m: Floats | None = None,
    faults: MobilityFaults = NO_FAULTS,
) -> Motion:
    """Return how the rover moves.

    Args:
        train: The drivetrain.
        commands: What its wheels are told.
        stance: How it stands.
        firmness: (6,) under its wheels.
        dug_m: (6,) depth of the holes that its wheels have dug; None for none.
        faults: Of wheels.
    """
    level = math.cos(stance.pitch_rad) * math.cos(stance.roll_rad)
    conditions = np.zeros((WHEELS, 3))
    conditions[:, 0] = firmness
    conditions[:, 1] = np.array(stance.load_n) * level
    if dug_m is not None:
        conditions[:, 2] = hole_resistance(dug_m, train.radius_m)
    along = -train.rig.weight_n * math.sin(stance.pitch_rad)
    across = -train.rig.weight_n * math.cos(stance.pitch_rad) * math.sin(stance.roll_rad)
    gravity = np.array([along, across, across * train.rig.mass_centre_forward_m])
    told = np.stack([np.cos(commands.steer_rad), np.sin(commands.steer_rad), commands.rim_m_s], axis=1)
    speeds, out = np.empty(FORCES), np.empty((WHEELS, WHEEL_OUTCOMES))
    moves = balance(
        train.table.entries,
        train.table.axes,
        train.places,
        told,
        conditions,
        _motors(faults),
        train.dead_torque_n_m,
        commands.twist,
        gravity,
        speeds,
        out,
        np.empty((FORCES + 4, FORCES + 2)),
    )
    slip, sinkage, torque, _, rim = out.T.tolist()
    forward, left, yaw = speeds.tolist()
    shaft_w = sum(max(0.0, t * r) for t, r in zip(torque, rim, strict=True)) / train.radius_m
    return Motion(
        forward_m_s=forward,
        left_m_s=left,
        yaw_rad_s=yaw,
        slip=tuple(slip),
        sinkage_m=tuple(sinkage),
        torque_n_m=tuple(torque),
        rim_m_s=tuple(rim),
        power_w=shaft_w / train.efficiency,
        stuck=not moves,
    )


@lru_cache(maxsize=64)
def _motors(faults: MobilityFaults) -> npt.NDArray[np.int64]:
    motors = np.full(WHEELS, WORKING, np.int64)
    motors[list(faults.dead)] = DEAD
    motors[list(faults.stalled)] = STALLED
    motors.flags.writeable = False
    return motors
