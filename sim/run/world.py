"""The world: what is really there and what really happens to the rover, command by command."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rover.core.boundary import Command, Mode
from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.sky.almanac import Almanac, Sun
from sim.moon.ground import Ground
from sim.physics.light import lit_fraction
from sim.physics.mobility import motor_w, slip_ratio
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
        rolled_m: Way that the wheels' rims rolled, backwards negative: with slip more than was driven.
        slip: Of the last motion.
        stalled: Whether the last motion was cut short.
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
    rolled_m: float = 0.0
    slip: float
    stalled: bool


Watch = Callable[[WorldState], None]


class World:
    """The ground, the light and the machine. `step` takes a command to the state after it."""

    def __init__(
        self, *, ground: Ground, shadows: Dem, sky: Almanac, vehicle: VehicleParams, watch: Watch
    ) -> None:
        """Build a world.

        Args:
            ground: What the wheels stand on.
            shadows: The same ground, coarser and wider: what may stand before the Sun.
            sky: The Sun.
            vehicle: The machine.
            watch: Called with every state on the way, not only at a command's end.
        """
        self.ground = ground
        self._shadows = shadows
        self._sky = sky
        self._vehicle = vehicle
        self._watch = watch

    def init(self, *, east_m: float, north_m: float, yaw_rad: float, soc: float) -> WorldState:
        """Return the state in which a run begins, at time 0."""
        stored = soc * self._vehicle.battery_j
        stance = self._settle(east_m, north_m, yaw_rad, backwards=False)
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
        )
        out_w, lit, sun = self._array(state, 0.0)
        return replace(state, array_w=out_w, lit=lit, sun=sun)

    def step(self, state: WorldState, command: Command) -> WorldState:
        """Carry out a command."""
        state = replace(state, mode=command.mode, stalled=False, slip=0.0)
        if command.mode is not Mode.DRIVE:
            return self._pass_time(state, command.duration_s, motors_w=0.0)
        if command.turn_rad:
            state = self._turn(state, command.turn_rad)
        return state if state.stalled or command.drive_m == 0 else self._drive(state, command.drive_m)

    def _turn(self, state: WorldState, turn_rad: float) -> WorldState:
        """Turn in place, in small steps, until done or until the belly is pressed into the ground."""
        count = math.ceil(abs(turn_rad) / MICRO_TURN_RAD)
        duration = abs(turn_rad) / math.radians(self._vehicle.turn_rate_deg_s) / count
        power = motor_w(0.0, self._vehicle.speed_m_s, self._vehicle)
        for _ in range(count):
            yaw = math.remainder(state.yaw_rad + turn_rad / count, 2 * math.pi)
            stance = self._settle(state.east_m, state.north_m, yaw, backwards=False)
            held = self._pass_time(state, duration, motors_w=power)
            if not _clears(state.stance, stance):
                return replace(held, stalled=True)
            state = replace(held, yaw_rad=yaw, stance=stance)
            self._watch(state)
        return state

    def _drive(self, state: WorldState, drive_m: float) -> WorldState:
        """Drive straight in small steps, until done or stopped by what the wheels or the belly cannot pass."""
        stance = self._settle(state.east_m, state.north_m, state.yaw_rad, backwards=drive_m < 0)
        state = replace(state, stance=stance)
        count = max(1, math.ceil(abs(drive_m) / MICRO_STEP_M))
        for _ in range(count):
            moved = self._micro_step(state, drive_m / count)
            if moved.stalled:
                return moved
            state = moved
        return state

    def _micro_step(self, state: WorldState, move_m: float) -> WorldState:
        """Try one small step; where the ground does not let it, time and energy go all the same."""
        east = state.east_m + move_m * math.cos(state.yaw_rad)
        north = state.north_m + move_m * math.sin(state.yaw_rad)
        stance = self._settle(east, north, state.yaw_rad, backwards=move_m < 0)
        passes = state.stance.step_m <= self._vehicle.step_limit_m and _clears(state.stance, stance)
        climb = stance.pitch_rad if move_m >= 0 else -stance.pitch_rad
        slip = slip_ratio(climb, self._vehicle) if math.isfinite(climb) else 0.0
        duration = abs(move_m) / (self._vehicle.speed_m_s * (1.0 - slip))
        power = motor_w(climb if passes else 0.0, self._vehicle.speed_m_s, self._vehicle)
        held = self._pass_time(state, duration, motors_w=power)
        held = replace(held, rolled_m=state.rolled_m + move_m / (1.0 - slip))
        if not passes:
            held = replace(held, stalled=True, slip=1.0)
            # What it ran into is felt: the monitor sees the contact where the rover stands.
            self._watch(replace(held, stance=replace(held.stance, belly_gap_m=stance.belly_gap_m)))
            return held
        moved = replace(
            held,
            east_m=east,
            north_m=north,
            stance=stance,
            distance_m=state.distance_m + abs(move_m),
            slip=slip,
        )
        self._watch(moved)
        return moved

    def _settle(self, east_m: float, north_m: float, yaw_rad: float, *, backwards: bool) -> Stance:
        return settle(
            self.ground, self._vehicle, east_m=east_m, north_m=north_m, yaw_rad=yaw_rad, backwards=backwards
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


def _clears(here: Stance, there: Stance) -> bool:
    """Tell whether the belly comes free, or is pressed no further than it is.

    Ground that is not known, beyond the edge of a map, carries nobody: NaN does not clear.
    """
    return there.belly_gap_m >= min(0.0, here.belly_gap_m)
