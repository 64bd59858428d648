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

from rover.core.arrays import locked
from rover.core.chassis import ChassisParams
from rover.core.vehicle import VehicleParams
from sim.moon.site_tables import RegolithParams
from sim.moon.soil import FirmnessPatch, SoilParams
from sim.physics.mobility_kernels import (
    DEAD,
    FORCES,
    STALLED,
    WHEEL_OUTCOMES,
    WORKING,
    balance,
    firmness_of_wheels,
)
from sim.physics.suspension import Rig, Stance, rig_of, wheel_places
from sim.physics.suspension_kernels import WHEELS
from sim.physics.terramechanics import FIRMEST, TRAP, wheel_of
from sim.physics.wheel_table import WheelTable, wheel_table

_MOST_LOAD = 3.0
"""Loads are tabulated up to so many times a wheel's share of the weight."""

DIG_PER_RIM_M = 0.1
"""Depth that a wheel digs per metre that its rim spins on the spot: soil as deep as its lugs, carried out of a contact
ten times as long."""

CLIMB_OUT_RADII = 2.0
"""A hole is left behind when the wheel has rolled so many radii."""

MIDDLE_WHEELS = (2, 3)
"""They are not steered."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPatch:
    """A disc of other soil that somebody has put there.

    Attributes:
        east_m, north_m, radius_m: Where.
        firmness: -1 a trap, 0 the site's loosest soil, 1 its firmest.
    """

    east_m: float
    north_m: float
    radius_m: float
    firmness: float

    def __post_init__(self) -> None:
        if not self.radius_m > 0:
            raise ValueError(
                f"radius_m = {self.radius_m} of a slip patch: not a radius; give metres, more than 0"
            )
        if not TRAP <= self.firmness <= FIRMEST:
            raise ValueError(f"firmness = {self.firmness} of a slip patch: out of range; give -1 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityFaults:
    """What is wrong with wheels and soil; nothing unless given.

    Attributes:
        stalled: Wheels that do not turn: front left, front right, middle, rear.
        dead: Wheels that turn freely, without power.
        patches: Soft places.
    """

    stalled: frozenset[int] = frozenset()
    dead: frozenset[int] = frozenset()
    patches: tuple[SlipPatch, ...] = ()

    def __post_init__(self) -> None:
        for name in ("stalled", "dead"):
            wrong = sorted(wheel for wheel in getattr(self, name) if not 0 <= wheel < WHEELS)
            if wrong:
                raise ValueError(f"{name} = {wrong[0]}: no such wheel; give 0 to {WHEELS - 1}")


NO_FAULTS = MobilityFaults()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drivetrain:
    """Body, suspension, wheels and motors on the soils of a site; made by `drivetrain_of`.

    Attributes:
        rig: Body and suspension.
        table: What a wheel does.
        places: (6, 2) wheels forward and left of the body's centre, m.
        radius_m: Of the wheels.
        speed_m_s: Of a rim at most.
        turn_rate_rad_s: Aimed at when turning in place.
        steer_limit_rad: Of the corner wheels, either way.
        efficiency: Of motors and gears.
        dead_torque_n_m: That turns a wheel without power.
    """

    rig: Rig
    table: WheelTable
    places: Floats
    radius_m: float
    speed_m_s: float
    turn_rate_rad_s: float
    steer_limit_rad: float
    efficiency: float
    dead_torque_n_m: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", locked(self.places, np.float64, (WHEELS, 2), "places"))


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WheelCommands:
    """What the wheels are told.

    Attributes:
        steer_rad: (6,) counter-clockwise from straight ahead.
        rim_m_s: (6,) speed of each rim, negative backwards.
        twist: (3,) speeds of the body that this aims at: forward, left, m/s, counter-clockwise, rad/s.
    """

    steer_rad: Floats
    rim_m_s: Floats
    twist: Floats


@lru_cache(maxsize=16)
def _drivetrain(
    vehicle: VehicleParams, chassis: ChassisParams, regolith: RegolithParams, laws: SoilParams
) -> Drivetrain:
    rig = rig_of(vehicle, chassis)
    wheel = wheel_of(vehicle, chassis, laws)
    return Drivetrain(
        rig=rig,
        table=wheel_table(wheel, regolith, laws, most_load_n=_MOST_LOAD * rig.weight_n / WHEELS),
        places=wheel_places(vehicle),
        radius_m=vehicle.wheel_radius_m,
        speed_m_s=vehicle.speed_m_s,
        turn_rate_rad_s=math.radians(vehicle.turn_rate_deg_s),
        steer_limit_rad=math.radians(chassis.steer_limit_deg),
        efficiency=vehicle.drive_efficiency,
        dead_torque_n_m=chassis.dead_torque_n_m,
    )


def drivetrain_of(
    vehicle: VehicleParams, chassis: ChassisParams, regolith: RegolithParams, laws: SoilParams
) -> Drivetrain:
    """Return the drivetrain of a vehicle on the soils of a site, made once for the same of all four."""
    return _drivetrain(vehicle, chassis, regolith, laws)


def arc_commands(train: Drivetrain, *, curvature_per_m: float, backwards: bool = False) -> WheelCommands:
    """Return how to drive along an arc, as fast as the fastest wheel may.

    Args:
        train: The drivetrain.
        curvature_per_m: One over the radius of the body's centre's way, positive to the left of the heading.
        backwards: Whether it goes the other way along it.
    """
    ahead = -1.0 if backwards else 1.0
    return _commands(train, np.array([ahead, 0.0, ahead * curvature_per_m]), most=train.speed_m_s)


def turn_commands(train: Drivetrain, *, clockwise: bool = False) -> WheelCommands:
    """Return how to turn in place, at the vehicle's rate or as fast as its wheels may."""
    rate = -train.turn_rate_rad_s if clockwise else train.turn_rate_rad_s
    commands = _commands(train, np.array([0.0, 0.0, rate]), most=math.inf)
    fastest = float(np.abs(commands.rim_m_s).max())
    if fastest <= train.speed_m_s:
        return commands
    return _commands(train, commands.twist * (train.speed_m_s / fastest), most=math.inf)


def _commands(train: Drivetrain, aim: Floats, *, most: float) -> WheelCommands:
    """Point each wheel along its own way about the centre of turning; with a `most`, the fastest rim has that speed."""
    x, y = train.places.T
    along, across = aim[0] - aim[2] * y, aim[1] + aim[2] * x
    # A wheel turns no more than a quarter either way, and backwards instead.
    steer = np.where(along == 0, np.copysign(math.pi / 2, across), np.arctan2(across, along))
    steer = np.where(np.abs(steer) > math.pi / 2, steer - np.copysign(math.pi, steer), steer)
    steer = np.clip(steer, -train.steer_limit_rad, train.steer_limit_rad)
    steer[list(MIDDLE_WHEELS)] = 0.0
    rim = along * np.cos(steer) + across * np.sin(steer)
    scale = 1.0 if math.isinf(most) else most / float(np.abs(rim).max())
    return WheelCommands(steer_rad=steer, rim_m_s=rim * scale, twist=aim * scale)


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
        soil.firmness, place, heading, train.places, patches, np.array([east_m, north_m]), firmness
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
