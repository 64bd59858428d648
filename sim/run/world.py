"""The world: what is really there and what really happens to the rover, command by command."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

from rover.core.boundary import Command, DriveReading, Mode
from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.sky.almanac import Almanac, Sun
from sim.moon.ground import Ground
from sim.moon.soil import Soil
from sim.physics.drivetrain import Drivetrain
from sim.physics.energy import EnergyModel, EnergyParams, Spell
from sim.physics.illumination import Illumination, Shine
from sim.physics.light import FarGround
from sim.physics.mobility import Motion
from sim.physics.power import PowerState, body_axes
from sim.physics.steering import WheelCommands, arc_commands, turn_commands
from sim.physics.suspension import Stance
from sim.physics.thermal import HeatState
from sim.run.body import Body, Pose, on_the_map
from sim.run.faults import NOTHING_WRONG, WorldFaults
from sim.sensors.drives import read_drives

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
        rolled_m: Way that the rims of the middle ones of the wheels rolled, backwards negative: with slip more than was
            driven, and what they spin on the spot.
        slip: Of the last motion, the mean of all wheels.
        stalled: Whether the last motion was cut short by what wheels or belly could not pass.
        halted: Whether it was ended by what watches the drives.
        folded: Whether the array's latch is shut.
        hinge_stuck: Whether it could not be shut.
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
    heat: HeatState
    mode: Mode
    array_w: float
    load_w: float
    ground_k: float
    lit: float
    sun: Sun
    distance_m: float
    rolled_m: float
    slip: float
    stalled: bool
    motion: Motion | None
    sinkage_m: tuple[float, ...]
    dug_m: tuple[float, ...]
    halted: bool = False
    folded: bool = False
    hinge_stuck: bool = False

    @property
    def pose(self) -> Pose:
        return Pose(east_m=self.east_m, north_m=self.north_m, yaw_rad=self.yaw_rad)

    @property
    def mean_sinkage_m(self) -> float:
        """How much lower the rover stands than on firm ground."""
        return (sum(self.sinkage_m) + sum(self.dug_m)) / len(self.dug_m)


Watch = Callable[[WorldState], None]

Guard = Callable[[DriveReading], bool]
"""What watches the drives on board: told what they read after each small step, it says whether to stop."""


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
        energy: EnergyParams,
        watch: Watch,
        far: FarGround | None = None,
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
            energy: Its array, battery and heat, and the heat of the ground.
            watch: Called with every state on the way, not only at a command's end.
            far: Coarser ground beyond `shadows`, None where there is none.
            micro_step_m: The ground is felt anew this often.
        """
        self.ground = ground
        self._body = Body(ground=ground, soil=soil, drivetrain=drivetrain, vehicle=vehicle)
        self._micro_step_m = micro_step_m
        self._sky = sky
        self._vehicle = vehicle
        self._watch = watch
        self._faults = NOTHING_WRONG
        self._guard: Guard | None = None
        self._model = EnergyModel(vehicle, energy)
        self._light = Illumination(shadows, far, sky, energy.regolith)

    @property
    def capacity_j(self) -> float:
        """What the battery holds when it is full and sound."""
        return self._vehicle.battery_j

    def init(self, *, east_m: float, north_m: float, yaw_rad: float, soc: float) -> WorldState:
        """Return the state in which a run begins, at time 0."""
        pose = Pose(east_m=east_m, north_m=north_m, yaw_rad=yaw_rad)
        stance, sinkage = self._body.at_rest(pose)
        load_w = self._vehicle.load_w(Mode.CHARGE)
        height_m = stance.up_m + PANEL_HEIGHT_M
        shine = self._light.at(0.0, self._sky.sun_at(0.0), east_m=east_m, north_m=north_m, height_m=height_m)
        spell = self._spell(
            shine, stance, yaw_rad, mode=Mode.CHARGE, folded=False, motors_w=0.0, duration_s=0.0
        )
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
            rolled_m=0.0,
            slip=0.0,
            stalled=False,
            motion=None,
            sinkage_m=sinkage,
            dug_m=(0.0,) * len(sinkage),
        )

    def step(
        self,
        state: WorldState,
        command: Command,
        *,
        faults: WorldFaults = NOTHING_WRONG,
        guard: Guard | None = None,
    ) -> WorldState:
        """Carry out a command, under what is wrong meanwhile.

        Args:
            state: Before it.
            command: What is done.
            faults: In force all the while.
            guard: Watches the drives on board and may end the motion.
        """
        self._faults, self._guard = faults, guard  # of this command alone
        # A hinge that does not close keeps an array open that is open; one that lies folded it cannot open.
        stuck = faults.energy.fold_stuck
        folded = command.mode is Mode.DORMANT and (state.folded or not stuck)
        state = replace(state, mode=command.mode, folded=folded, hinge_stuck=stuck)
        state = replace(state, stalled=False, halted=False, slip=0.0, motion=None)
        if command.mode is not Mode.DRIVE:
            return self._pass_time(state, command.duration_s, motors_w=0.0)
        if command.turn_rad:
            state = self._turn(state, command.turn_rad)
        if state.stalled or state.halted or command.drive_m == 0:
            return state
        return self._drive(state, command)

    def _turn(self, state: WorldState, turn_rad: float) -> WorldState:
        """Turn in place, in small steps, until done, stuck or until the belly is pressed into the ground."""
        commands = turn_commands(self._body.drivetrain, clockwise=turn_rad < 0)
        count = math.ceil(abs(turn_rad) / MICRO_TURN_RAD)
        for _ in range(count):
            state = self._watched(self._micro_turn(state, commands, turn_rad / count), commands)
            if state.stalled or state.halted:
                break
        return state

    def _micro_turn(self, state: WorldState, commands: WheelCommands, turn_rad: float) -> WorldState:
        motion = self._motion(state, commands)
        rate = on_the_map(motion, state.stance)[2]
        if motion.stuck or not rate * turn_rad > 0:
            return self._spin(state, motion, abs(turn_rad / commands.twist[2]), driven=False)
        duration_s = turn_rad / rate
        there, stance = self._body.moved(
            state.pose, state.stance, motion, duration_s, backwards=False, dug_m=state.dug_m
        )
        held = self._pass_time(state, duration_s, motors_w=motion.power_w)
        if not self._body.clears(state.stance, stance):
            return replace(held, stalled=True)
        rolled_m = abs(commands.rim_m_s[0]) * duration_s
        return self._arrive(held, there, stance, motion, rolled_m=rolled_m, driven_m=0.0)

    def _drive(self, state: WorldState, command: Command) -> WorldState:
        """Drive along an arc in small steps, until done or stopped by what wheels or belly cannot pass.

        Done is what the body can tell: the wheels have rolled as far as they were told to, whatever the rover has
        moved by that. Where the command does not say how far, it is the way over the ground.
        """
        drive_m = command.drive_m
        backwards = drive_m < 0
        commands = arc_commands(
            self._body.drivetrain, curvature_per_m=command.curvature_per_m, backwards=backwards
        )
        stance = self._body.settle(state.pose, backwards=backwards, sinkage_m=state.mean_sinkage_m)
        state = replace(state, stance=stance)
        length_m = drive_m * (command.rolls_per_m or 1.0)
        count = max(1, math.ceil(abs(length_m) / self._micro_step_m - 1e-9))
        for _ in range(count):
            moved = self._micro_step(
                state, commands, length_m / count, by_wheels=command.rolls_per_m is not None
            )
            state = self._watched(moved, commands)
            if state.stalled or state.halted:
                break
        return state

    def _watched(self, state: WorldState, commands: WheelCommands) -> WorldState:
        """Let the guard see what the drives read, and stop where it says so."""
        if self._guard is None or state.motion is None:
            return state
        reading = read_drives(self._body.drivetrain, commands, state.motion, self._faults.mobility)
        return replace(state, halted=True) if self._guard(reading) else state

    def _micro_step(
        self, state: WorldState, commands: WheelCommands, move_m: float, *, by_wheels: bool
    ) -> WorldState:
        """Try one small step; where the ground does not let it, time and energy go all the same.

        Args:
            state: Before it.
            commands: What the wheels are told.
            move_m: How far over the ground, or how far the rims roll, backwards negative.
            by_wheels: Whether it is the rims that tell when it ends.
        """
        motion = self._motion(state, commands)
        forward = on_the_map(motion, state.stance)[0]
        told_m_s = median(motion.rim_m_s) if by_wheels else forward
        if motion.stuck or not forward * move_m > 0 or not told_m_s * move_m > 0:
            return self._spin(state, motion, abs(move_m) / self._vehicle.speed_m_s, driven=True)
        duration_s = move_m / told_m_s
        there, stance = self._body.moved(
            state.pose, state.stance, motion, duration_s, backwards=move_m < 0, dug_m=state.dug_m
        )
        held = self._pass_time(state, duration_s, motors_w=motion.power_w)
        held = replace(held, rolled_m=state.rolled_m + median(motion.rim_m_s) * duration_s)
        if not self._body.passes(state.stance, stance):
            held = replace(held, stalled=True, slip=1.0, motion=motion)
            # What it ran into is felt: the monitor sees the contact where the rover stands.
            self._watch(replace(held, stance=replace(held.stance, belly_gap_m=stance.belly_gap_m)))
            return held
        driven_m = abs(forward * duration_s) if by_wheels else abs(move_m)
        return self._arrive(held, there, stance, motion, rolled_m=abs(move_m), driven_m=driven_m)

    def _arrive(
        self,
        held: WorldState,
        there: Pose,
        stance: Stance,
        motion: Motion,
        *,
        rolled_m: float,
        driven_m: float,
    ) -> WorldState:
        arrived = replace(
            held,
            east_m=there.east_m,
            north_m=there.north_m,
            yaw_rad=there.yaw_rad,
            stance=stance,
            distance_m=held.distance_m + driven_m,
            slip=motion.mean_slip,
            motion=motion,
            sinkage_m=motion.sinkage_m,
            dug_m=self._body.out_of_holes(held.dug_m, rolled_m),
        )
        self._watch(arrived)
        return arrived

    def _spin(self, state: WorldState, motion: Motion, duration_s: float, *, driven: bool) -> WorldState:
        """Let the wheels spin on the spot: they dig themselves in, and the belly comes down by what they dig."""
        if not math.isfinite(state.stance.up_m):
            return replace(state, stalled=True, slip=1.0)
        held = self._pass_time(state, duration_s, motors_w=motion.power_w)
        sunk = replace(
            held,
            rolled_m=state.rolled_m + (median(motion.rim_m_s) * duration_s if driven else 0.0),
            stalled=True,
            slip=1.0,
            motion=motion,
            sinkage_m=self._body.resting_sinkage_m(state.pose, state.stance, self._faults.mobility),
            dug_m=self._body.dug_deeper(state.dug_m, motion, duration_s),
        )
        gap = state.stance.belly_gap_m - (sunk.mean_sinkage_m - state.mean_sinkage_m)
        sunk = replace(sunk, stance=replace(state.stance, belly_gap_m=gap))
        self._watch(sunk)
        return sunk

    def _motion(self, state: WorldState, commands: WheelCommands) -> Motion:
        return self._body.motion(state.pose, state.stance, commands, state.dug_m, self._faults.mobility)

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
            shine,
            state.stance,
            state.yaw_rad,
            mode=state.mode,
            folded=state.folded,
            motors_w=motors_w,
            duration_s=duration_s,
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
        folded: bool,
        motors_w: float,
        duration_s: float,
    ) -> Spell:
        return Spell(
            exposure=shine.exposure,
            axes=body_axes(yaw_rad, stance.pitch_rad, stance.roll_rad),
            folded=folded,
            load_w=self._vehicle.load_w(mode),
            motors_w=motors_w,
            duration_s=duration_s,
            faults=self._faults.energy,
        )
