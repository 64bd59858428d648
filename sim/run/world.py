"""The world: what is really there and what really happens to the rover, command by command."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode
from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.sky.almanac import Almanac, Sun
from sim.moon.ground import Ground
from sim.moon.soil import Soil
from sim.physics.light import lit_fraction
from sim.physics.mobility import (
    CLIMB_OUT_RADII,
    DIG_PER_RIM_M,
    NO_FAULTS,
    Drivetrain,
    MobilityFaults,
    Motion,
    WheelCommands,
    arc_commands,
    firmness_at,
    move,
    resting_sinkage_m,
    turn_commands,
)
from sim.physics.power import PowerState, array_w, flow
from sim.physics.suspension import Stance, settle

MICRO_STEP_M = 0.1
"""The ground is felt anew this often."""

MICRO_TURN_RAD = math.radians(10.0)

PANEL_HEIGHT_M = 1.0
"""Of the array above the ground (the rover stands 1.1 m high with its panels open, NSSDC 2018-103A)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldState:
    """The truth at an instant.

    Attributes:
        time_s: Since the scenario's epoch.
        east_m, north_m, yaw_rad: Pose in the terrain's frame.
        stance: How it stands.
        power: Battery and ledger.
        mode: What it was told to be in.
        array_w, load_w: At the end of the last command.
        lit: Share of the solar disc in view.
        sun: Where the Sun is.
        distance_m: Driven since the start.
        slip: Of the last motion, the mean of all wheels.
        stalled: Whether the last motion was cut short.
        motion: The last one since it was last told to move; None if it does not move.
        sinkage_m: Of each wheel, holes that it has dug apart: front left, front right, middle, rear.
        dug_m: Depth of the hole in which each wheel stands.
    """

    time_s: float
    east_m: float
    north_m: float
    yaw_rad: float
    stance: Stance
    power: PowerState
    mode: Mode
    array_w: float
    load_w: float
    lit: float
    sun: Sun
    distance_m: float
    slip: float
    stalled: bool
    motion: Motion | None
    sinkage_m: tuple[float, ...]
    dug_m: tuple[float, ...]

    @property
    def mean_sinkage_m(self) -> float:
        """How much lower the rover stands than on firm ground."""
        return (sum(self.sinkage_m) + sum(self.dug_m)) / len(self.dug_m)


Watch = Callable[[WorldState], None]


class World:
    """The ground, the light and the machine. `step` takes a command to the state after it."""

    def __init__(
        self,
        *,
        ground: Ground,
        soil: Soil,
        shadows: Dem,
        sky: Almanac,
        vehicle: VehicleParams,
        drivetrain: Drivetrain,
        watch: Watch,
        faults: MobilityFaults = NO_FAULTS,
        micro_step_m: float = MICRO_STEP_M,
    ) -> None:
        """Build a world.

        Args:
            ground: What the wheels stand on.
            soil: How firm it is.
            shadows: The same ground, coarser and wider: what may stand before the Sun.
            sky: The Sun.
            vehicle: The machine.
            drivetrain: Its suspension, wheels and motors on the soils of the site.
            watch: Called with every state on the way, not only at a command's end.
            faults: What is wrong with wheels and soil.
            micro_step_m: The ground is felt anew this often.
        """
        self.ground = ground
        self.faults = faults
        self._micro_step_m = micro_step_m
        self._soil = soil
        self._train = drivetrain
        self._shadows = shadows
        self._sky = sky
        self._vehicle = vehicle
        self._watch = watch

    def init(self, *, east_m: float, north_m: float, yaw_rad: float, soc: float) -> WorldState:
        """Return the state in which a run begins, at time 0."""
        stored = soc * self._vehicle.battery_j
        stance = self._settle(east_m, north_m, yaw_rad, backwards=False, sinkage_m=0.0)
        sinkage = resting_sinkage_m(self._train, stance, self._firmness(east_m, north_m, yaw_rad))
        stance = replace(stance, belly_gap_m=stance.belly_gap_m - sum(sinkage) / len(sinkage))
        state = WorldState(
            time_s=0.0,
            east_m=east_m,
            north_m=north_m,
            yaw_rad=yaw_rad,
            stance=stance,
            power=PowerState(stored_j=stored, first_j=stored),
            mode=Mode.CHARGE,
            array_w=0.0,
            load_w=0.0,
            lit=0.0,
            sun=self._sky.sun_at(0.0),
            distance_m=0.0,
            slip=0.0,
            stalled=False,
            motion=None,
            sinkage_m=sinkage,
            dug_m=(0.0,) * len(sinkage),
        )
        out_w, lit, sun = self._array(state, 0.0)
        return replace(state, array_w=out_w, lit=lit, sun=sun)

    def step(self, state: WorldState, command: Command) -> WorldState:
        """Carry out a command."""
        state = replace(state, mode=command.mode, stalled=False, slip=0.0, motion=None)
        if command.mode is not Mode.DRIVE:
            return self._pass_time(state, command.duration_s, motors_w=0.0)
        if command.turn_rad:
            state = self._turn(state, command.turn_rad)
        if state.stalled or command.drive_m == 0:
            return state
        return self._drive(state, command.drive_m, command.curvature_per_m)

    def _turn(self, state: WorldState, turn_rad: float) -> WorldState:
        """Turn in place, in small steps, until done, stuck or until the belly is pressed into the ground."""
        commands = turn_commands(self._train, clockwise=turn_rad < 0)
        count = math.ceil(abs(turn_rad) / MICRO_TURN_RAD)
        for _ in range(count):
            state = self._micro_turn(state, commands, turn_rad / count)
            if state.stalled:
                break
        return state

    def _micro_turn(self, state: WorldState, commands: WheelCommands, turn_rad: float) -> WorldState:
        motion = self._motion(state, commands)
        rate = _on_the_map(motion, state.stance)[2]
        if motion.stuck or not rate * turn_rad > 0:
            return self._spin(state, motion, abs(turn_rad / commands.twist[2]))
        duration_s = turn_rad / rate
        moved = self._moved(state, motion, duration_s, backwards=False)
        held = self._pass_time(state, duration_s, motors_w=motion.power_w)
        if not _clears(state.stance, moved.stance):
            return replace(held, stalled=True)
        rolled_m = abs(commands.rim_m_s[0]) * duration_s
        return self._arrive(held, moved, motion, self._out_of_holes(state, rolled_m), 0.0)

    def _drive(self, state: WorldState, drive_m: float, curvature_per_m: float) -> WorldState:
        """Drive along an arc in small steps, until done or stopped by what wheels or belly cannot pass."""
        backwards = drive_m < 0
        commands = arc_commands(self._train, curvature_per_m=curvature_per_m, backwards=backwards)
        stance = self._settle(
            state.east_m, state.north_m, state.yaw_rad, backwards=backwards, sinkage_m=state.mean_sinkage_m
        )
        state = replace(state, stance=stance)
        count = max(1, math.ceil(abs(drive_m) / self._micro_step_m - 1e-9))
        for _ in range(count):
            state = self._micro_step(state, commands, drive_m / count)
            if state.stalled:
                break
        return state

    def _micro_step(self, state: WorldState, commands: WheelCommands, move_m: float) -> WorldState:
        """Try one small step; where the ground does not let it, time and energy go all the same."""
        motion = self._motion(state, commands)
        forward = _on_the_map(motion, state.stance)[0]
        nominal_s = abs(move_m) / self._vehicle.speed_m_s
        if motion.stuck or not forward * move_m > 0:
            return self._spin(state, motion, nominal_s)
        duration_s = move_m / forward
        moved = self._moved(state, motion, duration_s, backwards=move_m < 0)
        held = self._pass_time(state, duration_s, motors_w=motion.power_w)
        if not self._passes(state.stance, moved.stance):
            held = replace(held, stalled=True, slip=1.0, motion=motion)
            # What it ran into is felt: the monitor sees the contact where the rover stands.
            self._watch(replace(held, stance=replace(held.stance, belly_gap_m=moved.stance.belly_gap_m)))
            return held
        return self._arrive(held, moved, motion, self._out_of_holes(state, abs(move_m)), abs(move_m))

    def _motion(self, state: WorldState, commands: WheelCommands) -> Motion:
        """Return how the wheels make it move from where it stands."""
        firmness = self._firmness(state.east_m, state.north_m, state.yaw_rad)
        return move(
            self._train, commands, state.stance, firmness, dug_m=np.array(state.dug_m), faults=self.faults
        )

    def _moved(self, state: WorldState, motion: Motion, duration_s: float, *, backwards: bool) -> WorldState:
        """Return pose and stance after a motion: along the heading that it has half-way."""
        forward, left, rate = _on_the_map(motion, state.stance)
        heading = state.yaw_rad + rate * duration_s / 2
        cos, sin = math.cos(heading) * duration_s, math.sin(heading) * duration_s
        east, north = (
            state.east_m + forward * cos - left * sin,
            state.north_m + forward * sin + left * cos,
        )
        yaw = math.remainder(state.yaw_rad + rate * duration_s, 2 * math.pi)
        sunk = motion.mean_sinkage_m + sum(state.dug_m) / len(state.dug_m)
        stance = self._settle(east, north, yaw, backwards=backwards, sinkage_m=sunk)
        return replace(state, east_m=east, north_m=north, yaw_rad=yaw, stance=stance)

    def _arrive(
        self,
        held: WorldState,
        moved: WorldState,
        motion: Motion,
        dug_m: tuple[float, ...],
        driven_m: float,
    ) -> WorldState:
        arrived = replace(
            held,
            east_m=moved.east_m,
            north_m=moved.north_m,
            yaw_rad=moved.yaw_rad,
            stance=moved.stance,
            distance_m=held.distance_m + driven_m,
            slip=motion.mean_slip,
            motion=motion,
            sinkage_m=motion.sinkage_m,
            dug_m=dug_m,
        )
        self._watch(arrived)
        return arrived

    def _spin(self, state: WorldState, motion: Motion, duration_s: float) -> WorldState:
        """Let the wheels spin on the spot: they dig themselves in, and what they dig the belly comes down by."""
        if not math.isfinite(state.stance.up_m):
            return replace(state, stalled=True, slip=1.0)
        held = self._pass_time(state, duration_s, motors_w=motion.power_w)
        deepest = self._vehicle.wheel_radius_m
        dug = tuple(
            min(deepest, depth + DIG_PER_RIM_M * abs(rim) * duration_s)
            for depth, rim in zip(state.dug_m, motion.rim_m_s, strict=True)
        )
        sinkage = resting_sinkage_m(
            self._train, state.stance, self._firmness(state.east_m, state.north_m, state.yaw_rad)
        )
        sunk = replace(held, stalled=True, slip=1.0, motion=motion, sinkage_m=sinkage, dug_m=dug)
        lower = sunk.mean_sinkage_m - state.mean_sinkage_m
        gap = state.stance.belly_gap_m - lower
        sunk = replace(sunk, stance=replace(state.stance, belly_gap_m=gap))
        self._watch(sunk)
        return sunk

    def _out_of_holes(self, state: WorldState, rolled_m: float) -> tuple[float, ...]:
        """Return what is left of the holes when the wheels have rolled on."""
        left = max(0.0, 1.0 - rolled_m / (CLIMB_OUT_RADII * self._vehicle.wheel_radius_m))
        return tuple(depth * left for depth in state.dug_m)

    def _passes(self, here: Stance, there: Stance) -> bool:
        """Tell whether wheels, suspension and belly get from one place to the next, and the rover stands there."""
        within = there.stops_slack_rad >= min(0.0, here.stops_slack_rad)
        climbs = here.step_m <= self._vehicle.step_limit_m
        return climbs and within and there.tip_margin_rad > 0 and _clears(here, there)

    def _firmness(self, east_m: float, north_m: float, yaw_rad: float) -> npt.NDArray[np.float64]:
        return firmness_at(
            self._train,
            self._soil.near(east_m, north_m),
            east_m=east_m,
            north_m=north_m,
            yaw_rad=yaw_rad,
            faults=self.faults,
        )

    def _settle(
        self, east_m: float, north_m: float, yaw_rad: float, *, backwards: bool, sinkage_m: float
    ) -> Stance:
        return settle(
            self.ground,
            self._train.rig,
            east_m=east_m,
            north_m=north_m,
            yaw_rad=yaw_rad,
            backwards=backwards,
            sinkage_m=sinkage_m,
        )

    def _pass_time(self, state: WorldState, duration_s: float, *, motors_w: float) -> WorldState:
        """Let time pass where the rover stands: array and loads at the middle of the span."""
        out_w, lit, _ = self._array(state, state.time_s + duration_s / 2)
        taken_w = 0.0 if state.mode is Mode.DORMANT else out_w  # folded for the night, it only senses
        load_w = self._vehicle.load_w(state.mode) + motors_w
        power = flow(
            state.power, array_out_w=taken_w, load_w=load_w, duration_s=duration_s, vehicle=self._vehicle
        )
        time_s = state.time_s + duration_s
        return replace(
            state,
            time_s=time_s,
            power=power,
            array_w=out_w,
            load_w=load_w,
            lit=lit,
            sun=self._sky.sun_at(time_s),
        )

    def _array(self, state: WorldState, time_s: float) -> tuple[float, float, Sun]:
        """Return the array's output, the share of the disc in view and the Sun, at a time."""
        sun = self._sky.sun_at(time_s)
        if sun.elevation_rad < -0.01:
            return 0.0, 0.0, sun
        stance = state.stance
        lit = lit_fraction(
            self._shadows,
            east_m=state.east_m,
            north_m=state.north_m,
            height_m=stance.up_m + PANEL_HEIGHT_M,
            azimuth_rad=sun.azimuth_rad,
            elevation_rad=sun.elevation_rad,
            sun_distance_m=sun.distance_m,
        )
        level = math.cos(sun.elevation_rad)
        direction = np.array(
            [
                level * math.sin(sun.azimuth_rad),
                level * math.cos(sun.azimuth_rad),
                math.sin(sun.elevation_rad),
            ]
        )
        out_w = array_w(
            direction,
            sun.distance_m,
            lit,
            self._vehicle,
            yaw_rad=state.yaw_rad,
            pitch_rad=stance.pitch_rad,
            roll_rad=stance.roll_rad,
        )
        return out_w, lit, sun


def _on_the_map(motion: Motion, stance: Stance) -> tuple[float, float, float]:
    """Return the speeds forward and left over the map, m/s, and of the yaw, rad/s.

    What lies along the plane of the wheels is shorter on the map, and a turn about the body's up axis is seen from
    above.
    """
    cp, sp = math.cos(stance.pitch_rad), math.sin(stance.pitch_rad)
    cr, sr = math.cos(stance.roll_rad), math.sin(stance.roll_rad)
    forward = motion.forward_m_s * cp - motion.left_m_s * sp * sr
    return forward, motion.left_m_s * cr, motion.yaw_rad_s * cr / cp


def _clears(here: Stance, there: Stance) -> bool:
    """Tell whether the belly comes free, or is pressed no further than it is.

    Ground that is not known, beyond the edge of a map, carries nobody: NaN does not clear.
    """
    return there.belly_gap_m >= min(0.0, here.belly_gap_m)
