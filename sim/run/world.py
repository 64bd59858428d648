"""The world: what is really there and what really happens to the rover, command by command."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from rover.core.boundary import Command, Mode
from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.sky.almanac import Almanac, Sun
from sim.moon.ground import Ground
from sim.physics.energy import EnergyModel, EnergyParams, Spell
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.illumination import Illumination, Shine
from sim.physics.light import FarGround
from sim.physics.mobility import motor_w, slip_ratio
from sim.physics.power import PowerState, body_axes
from sim.physics.suspension import Stance, settle
from sim.physics.thermal import HeatState

MICRO_STEP_M = 0.1
"""The ground is felt anew this often."""

MICRO_TURN_RAD = math.radians(10.0)

LONGEST_SPAN_S = 600.0
"""Light, charge and temperatures are reckoned anew at least this often."""

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
        heat: Temperatures and their ledger.
        mode: What it was told to be in.
        array_w, load_w: At the end of the last command.
        ground_k: Of the surface of the ground around.
        lit: Share of the solar disc in view.
        sun: Where the Sun is.
        distance_m: Driven since the start.
        slip: Of the last motion.
        stalled: Whether the last motion was cut short.
    """

    time_s: float
    east_m: float
    north_m: float
    yaw_rad: float
    stance: Stance
    power: PowerState
    heat: HeatState
    mode: Mode
    array_w: float
    load_w: float
    ground_k: float
    lit: float
    sun: Sun
    distance_m: float
    slip: float
    stalled: bool


Watch = Callable[[WorldState], None]


class World:
    """The ground, the light and the machine. `step` takes a command to the state after it."""

    def __init__(
        self,
        *,
        ground: Ground,
        shadows: Dem,
        sky: Almanac,
        vehicle: VehicleParams,
        energy: EnergyParams,
        watch: Watch,
        far: FarGround | None = None,
    ) -> None:
        """Build a world.

        Args:
            ground: What the wheels stand on.
            shadows: The same ground, coarser and wider: what may stand before the Sun.
            sky: The Sun.
            vehicle: The machine.
            energy: Its array, battery and heat, and the heat of the ground.
            watch: Called with every state on the way, not only at a command's end.
            far: Coarser ground beyond `shadows`, None where there is none.
        """
        self.ground = ground
        self._sky = sky
        self._vehicle = vehicle
        self._watch = watch
        self._faults = NO_FAULTS
        self._model = EnergyModel(vehicle, energy)
        self._light = Illumination(shadows, far, sky, energy.regolith)

    @property
    def capacity_j(self) -> float:
        """What the battery holds when it is full and sound."""
        return self._vehicle.battery_j

    def init(self, *, east_m: float, north_m: float, yaw_rad: float, soc: float) -> WorldState:
        """Return the state in which a run begins, at time 0."""
        stance = self._settle(east_m, north_m, yaw_rad, backwards=False)
        load_w = self._vehicle.load_w(Mode.CHARGE)
        height_m = stance.up_m + PANEL_HEIGHT_M
        shine = self._light.at(0.0, self._sky.sun_at(0.0), east_m=east_m, north_m=north_m, height_m=height_m)
        spell = self._spell(shine, stance, yaw_rad, mode=Mode.CHARGE, motors_w=0.0, duration_s=0.0)
        power, heat = self._model.begin(spell, soc=soc)
        return WorldState(
            time_s=0.0,
            east_m=east_m,
            north_m=north_m,
            yaw_rad=yaw_rad,
            stance=stance,
            power=power,
            heat=heat,
            mode=Mode.CHARGE,
            array_w=self._model.output_w(spell, heat.array_k),
            load_w=load_w,
            ground_k=shine.ground_k,
            lit=shine.lit,
            sun=shine.sun,
            distance_m=0.0,
            slip=0.0,
            stalled=False,
        )

    def step(self, state: WorldState, command: Command, *, faults: EnergyFaults = NO_FAULTS) -> WorldState:
        """Carry out a command, under faults of power and heat."""
        self._faults = faults  # of this command alone
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
        """Let time pass where the rover stands, in spans none of which is long."""
        count = max(1, math.ceil(duration_s / LONGEST_SPAN_S - 1e-9))
        for _ in range(count):
            state = self._pass_span(state, duration_s / count, motors_w=motors_w)
        return state

    def _pass_span(self, state: WorldState, duration_s: float, *, motors_w: float) -> WorldState:
        """Let a short time pass: light, array and loads as in its middle."""
        middle_s, time_s = state.time_s + duration_s / 2, state.time_s + duration_s
        at_middle, at_end = self._sky.suns_at((middle_s, time_s))
        shine = self._light.at(
            middle_s,
            at_middle,
            east_m=state.east_m,
            north_m=state.north_m,
            height_m=state.stance.up_m + PANEL_HEIGHT_M,
        )
        spell = self._spell(
            shine, state.stance, state.yaw_rad, mode=state.mode, motors_w=motors_w, duration_s=duration_s
        )
        power, heat, out_w = self._model.spend(state.power, state.heat, spell)
        return replace(
            state,
            time_s=time_s,
            power=power,
            heat=heat,
            array_w=out_w,
            load_w=spell.load_w + motors_w,
            ground_k=shine.ground_k,
            lit=shine.lit,
            sun=at_end,
        )

    def _spell(
        self,
        shine: Shine,
        stance: Stance,
        yaw_rad: float,
        *,
        mode: Mode,
        motors_w: float,
        duration_s: float,
    ) -> Spell:
        return Spell(
            exposure=shine.exposure,
            axes=body_axes(yaw_rad, stance.pitch_rad, stance.roll_rad),
            folded=mode is Mode.DORMANT
            and not self._faults.fold_stuck,  # folded for the night, it only senses
            load_w=self._vehicle.load_w(mode),
            motors_w=motors_w,
            duration_s=duration_s,
            faults=self._faults,
        )


def _clears(here: Stance, there: Stance) -> bool:
    """Tell whether the belly comes free, or is pressed no further than it is.

    Ground that is not known, beyond the edge of a map, carries nobody: NaN does not clear.
    """
    return there.belly_gap_m >= min(0.0, here.belly_gap_m)
