"""The closed loop: the rover decides, the world answers, until there is a reason to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode, Observation
from rover.core.chassis import ChassisParams
from rover.io.elevation import DEFAULT_MAX_CELLS
from rover.onboard import executive
from rover.onboard.arc_driver import LocalState
from rover.onboard.executive import ExecutiveState
from rover.onboard.perception import (
    START_SIGMA_M,
    START_YAW_SIGMA_RAD,
    PerceptionParams,
    PerceptionState,
    by_wheels,
    init_perception,
    perceive,
    restarted,
)
from rover.onboard.restart import restart
from rover.onboard.turns import in_parts
from rover.planning.dem_error import DemError, error_clones
from rover.planning.given_plan import Given
from rover.planning.problem import NoPlan, Plan, Planner
from rover.planning.registry import load_planner
from sim.mission.survey import MAP_LENGTH_M, MAP_SIGMA_M, fix_of_start, surveyed
from sim.moon.ground import Ground
from sim.physics.energy import EnergyParams
from sim.physics.light import far_ground
from sim.physics.thermal import Fate
from sim.run.fault_schedule import FaultSchedule, schedule_faults
from sim.run.faults import ActiveFault, sense_faults
from sim.run.injection import Injection
from sim.run.metrics import summarize, versions
from sim.run.monitor import Monitor
from sim.run.runlog import FORMAT, TELEMETRY_COLUMNS, Event, Outcome, RunLog, Severity
from sim.run.scenario import Scenario
from sim.run.setting import (
    Setting,
    energy_params,
    prepare,
    region_dem,
    world_drivetrain,
    world_ground,
    world_soil,
)
from sim.run.world import World, WorldState
from sim.sensors.eyesight import Eyesight
from sim.sensors.suite import Draws, SensorSuite

MODES = tuple(Mode)

_SENSOR_STREAM = 1
"""Of `SeedSequence(seed, spawn_key=(stream, index))`; the ground has streams of its own."""

_SURVEY_CLONE = 1000
"""Number of the map's error among those of its seed, apart from the streams of the senses."""

_ROWS_PER_REPORT = 25

OVERTHINK_CHECKS = 275
"""Candidates held to clearance evaluation in one choice; a choice that takes more is counted as overthinking."""

Progress = Callable[[float, str], None]
"""Told the fraction done, 0-1, and the simulated UTC."""


def run_scenario(
    scenario: Scenario,
    *,
    planner: Planner | None = None,
    given: Given | None = None,
    seed: int | None = None,
    allow_body: bool = False,
    max_cells: int = DEFAULT_MAX_CELLS,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> RunLog:
    """Plan a scenario and drive it.

    Args:
        scenario: What to do.
        planner: Instead of the one the scenario names.
        given: A plan to be driven instead of planning; the planner is asked on board if that closes.
        seed: Instead of the scenario's.
        allow_body: Accept terrain of another body.
        max_cells: Largest map accepted.
        progress: Told how far it is.
        stop: Asked after every command; true ends the run as interrupted.

    Returns:
        The log, whatever the outcome.

    Raises:
        FarsideError: The scenario cannot be used. Nothing was run.
    """
    begun = time.perf_counter()
    if seed is not None:
        scenario = scenario.model_copy(update={"seed": seed})
    scenario.read_vehicle().part("chassis", ChassisParams)
    scenario.read_faults()
    setting = prepare(scenario, allow_body=allow_body, max_cells=max_cells)
    energy = energy_params(scenario)
    planner = planner or load_planner(scenario.planner)
    answer = setting.control.plan(planner) if given is None else setting.control.follow(given)
    planned_by = planner.name if given is None else given.planner
    run = _Run(setting, energy, planner, answer, planned_by=planned_by)
    if isinstance(answer, NoPlan):
        run.end(Outcome.NO_PLAN, str(answer))
    else:
        run.drive(answer, progress or (lambda _f, _u: None), stop or (lambda: False))
    return run.log(time.perf_counter() - begun)


@dataclass
class _Tape:
    """Rows of telemetry as they come, and what the rover believed at each: east, north and standard deviation."""

    rows: list[tuple[float, ...]] = field(default_factory=list)
    beliefs: list[tuple[float, float, float]] = field(default_factory=list)

    def record(self, state: WorldState, battery_j: float) -> None:
        stance, power = state.stance, state.power
        self.rows.append(
            (
                state.time_s,
                state.east_m,
                state.north_m,
                stance.up_m,
                state.yaw_rad,
                stance.pitch_rad,
                stance.roll_rad,
                state.distance_m,
                power.stored_j / battery_j,
                state.array_w,
                state.load_w,
                power.harvest_j,
                power.load_j,
                state.lit,
                state.sun.azimuth_rad,
                state.sun.elevation_rad,
                state.slip,
                state.mean_sinkage_m,
                state.heat.body_k,
                state.heat.array_k,
                state.heat.mast_k,
                state.heat.wheels_k,
                state.ground_k,
                float(MODES.index(state.mode)),
            )
        )

    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        table = np.array(
            [(*row[:-1], *belief, row[-1]) for row, belief in zip(self.rows, self.beliefs, strict=True)],
            np.float64,
        ).reshape(-1, len(TELEMETRY_COLUMNS))
        named: dict[str, npt.NDArray[Any]] = {
            name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(TELEMETRY_COLUMNS)
        }
        named["mode"] = named["mode"].astype(np.uint8)
        return named


@dataclass
class _Perception:
    """The rover's perceiving, and where it has come to."""

    params: PerceptionParams
    state: PerceptionState

    def perceive(self, seen: Observation, command: Command | None) -> Observation:
        """Return an observation with what is believed of the place and the ground."""
        self.state, believed = perceive(self.state, seen, command, self.params)
        return believed

    def by_wheels(self, command: Command) -> Command:
        """Return a command that ends when the wheels have rolled as far as the rover thinks it takes."""
        return by_wheels(self.state, command)

    def restart(self) -> None:
        """Lose what a reset of the computer loses."""
        self.state = restarted(self.state, self.params)

    @property
    def sigma_m(self) -> float:
        return self.state.located.sigma_m


@dataclass
class _ArcCount:
    """What the local planner had to evaluate, choice by choice."""

    checks: list[int] = field(default_factory=list)
    poses: list[int] = field(default_factory=list)
    last: object = None

    def note(self, local: LocalState | None) -> None:
        """Take in a choice, if one was made since the last."""
        if local is None or local.choice is None or local.choice is self.last:
            return
        self.last = local.choice
        self.checks.append(local.choice.considered.checks)
        self.poses.append(local.choice.considered.poses)

    def summary(self) -> dict[str, Any] | None:
        """Return how many choices there were, and the evaluations that they took; None without any."""
        if not self.checks:
            return None
        return {
            "cycles": len(self.checks),
            "checks_mean": float(np.mean(self.checks)),
            "checks_most": max(self.checks),
            "poses_mean": float(np.mean(self.poses)),
            "overthink": sum(count > OVERTHINK_CHECKS for count in self.checks),
        }


class _Run:
    """One run: the parties, and what is noted down."""

    def __init__(
        self,
        setting: Setting,
        energy: EnergyParams,
        planner: Planner,
        answer: Plan | NoPlan,
        *,
        planned_by: str,
    ) -> None:
        self.setting = setting
        self.energy = energy
        self.planned_by = planned_by
        self.planner = planner
        self.plan = answer if isinstance(answer, Plan) else None
        self.refusal = answer if isinstance(answer, NoPlan) else None
        self.tape = _Tape()
        self.arcs = _ArcCount()
        self.events: list[Event] = []
        self.replanned_m: list[npt.NDArray[np.float64]] = []
        self.stops_m: list[tuple[float, float]] = []
        self.outcome = Outcome.NO_PLAN
        self.reason = ""
        self.final: WorldState | None = None
        self.injection = Injection(_schedule(setting), setting.vehicle, self._note_fault)
        scenario, sun = setting.scenario, setting.control.forecaster.window.params
        self.monitor = Monitor(
            setting.vehicle,
            zones=setting.zones,
            zone_times=setting.zone_times,
            reserve_soc=scenario.power.reserve_soc,
            min_drive_sun_rad=sun.min_drive_rad,
            nap_enter_sun_rad=sun.nap_enter_rad,
            nap_exit_sun_rad=sun.nap_exit_rad,
            work_max_k=energy.heat.limits.work_max_k,
        )

    def end(self, outcome: Outcome, reason: str) -> None:
        self.outcome, self.reason = outcome, reason

    def drive(self, plan: Plan, progress: Progress, stop: Callable[[], bool]) -> None:
        """Drive until there is a reason not to."""
        setting = self.setting
        world, senses = self._parties()
        uplink, belief = setting.control.uplink(plan, self.planner)
        state = world.init(
            east_m=setting.scenario.start_m[0],
            north_m=setting.scenario.start_m[1],
            yaw_rad=_heading(plan.waypoints_m),
            soc=setting.scenario.power.initial_soc,
        )
        mind = executive.init(uplink, belief)
        on_board = self._perception(_heading(plan.waypoints_m))
        command: Command | None = None
        self._note(state, "start", Severity.ACTIVITY, "the traverse begins")
        self._record(state)
        looking = True
        self.injection.begin(state)
        while True:
            seen = _observe(senses, state, setting, looking, self.injection)
            if on_board is not None:
                seen = on_board.perceive(seen, command)
            self.tape.beliefs.append(
                (seen.east_m, seen.north_m, 0.0 if on_board is None else on_board.sigma_m)
            )
            before = mind
            mind, command = executive.step(mind, seen, uplink)
            self._note_changes(before, mind, state)
            self.arcs.note(mind.local)
            self.final = state
            if self._over(mind, state, stop):
                return
            state, command = self._carry_out(world, senses, on_board, state, command)
            if self.injection.restarts_s is not None:
                mind = restart(mind, uplink, belief, ready_s=self.injection.restarts_s)
                if on_board is not None:
                    on_board.restart()
            looking = _worth_a_look(command)
            self._record(state)
            if len(self.tape.rows) % _ROWS_PER_REPORT == 0:
                progress(_fraction_done(mind, plan), setting.epoch.utc_at(state.time_s))

    def _carry_out(
        self,
        world: World,
        senses: SensorSuite,
        on_board: _Perception | None,
        state: WorldState,
        command: Command,
    ) -> tuple[WorldState, Command]:
        """Carry out a command, with real senses in parts and with a look after each; return the last of them too."""
        if on_board is None:
            return self.injection.carry_out(world, state, command), command
        out_of_link_s, left = 0.0, list(in_parts(command))
        while True:
            part = on_board.by_wheels(left.pop(0))
            state = self.injection.carry_out(world, state, part)
            out_of_link_s += self.injection.out_of_link_s
            stopped = state.stalled or self.injection.halted or self.injection.restarts_s is not None
            if stopped or not left:
                self.injection.out_of_link_s = out_of_link_s
                return state, part
            on_board.perceive(_observe(senses, state, self.setting, True, self.injection), part)

    def _perception(self, yaw_rad: float) -> _Perception | None:
        """Return what finds the rover's place on board; None where its senses are perfect and tell it."""
        setting = self.setting
        if setting.eyes is None or setting.optics is None:
            return None
        scenario = setting.scenario
        shown_m = max(MAP_LENGTH_M, 2.0 * setting.dem.geometry.resolution_m)  # what its cells can show
        error = DemError(sigma_m=MAP_SIGMA_M, length_m=shown_m)
        params = PerceptionParams(
            eyes=setting.eyes,
            almanac=setting.almanac,
            orbital=surveyed(
                setting.dem,
                lambda geometry: next(
                    error_clones(geometry, error, seed=scenario.seed, count=1, first=_SURVEY_CLONE)
                ),
                places_m=[scenario.start_m, scenario.goal_m],
            ),
            orbital_error=error,
            sensing_range_m=setting.vehicle.sensing_range_m,
        )
        start_m, told_yaw_rad = fix_of_start(
            scenario.seed,
            scenario.start_m,
            yaw_rad,
            place_sigma_m=START_SIGMA_M,
            yaw_sigma_rad=START_YAW_SIGMA_RAD,
        )
        state = init_perception(params, start_m=start_m, yaw_rad=told_yaw_rad)
        return _Perception(params, state)

    def _parties(self) -> tuple[World, SensorSuite]:
        setting = self.setting
        ground = world_ground(setting.scenario, setting.dem)
        region = region_dem(setting.scenario)
        world = World(
            ground=ground,
            soil=world_soil(setting.scenario, setting.dem),
            shadows=setting.dem,
            far=None if region is None else far_ground(region),
            sky=setting.almanac,
            vehicle=setting.vehicle,
            drivetrain=world_drivetrain(setting.scenario),
            energy=self.energy,
            watch=self.monitor.watch,
        )
        draws = Draws.of(setting.scenario.seed, _SENSOR_STREAM)
        sequence = np.random.SeedSequence(setting.scenario.seed, spawn_key=(_SENSOR_STREAM, 0))
        senses = SensorSuite(
            ground,
            setting.vehicle,
            setting.dem.geometry.site,
            generator=np.random.default_rng(sequence),
            sees_heights=not setting.scenario.faults.observations_off,
            eyes=setting.eyes,
            draws=draws,
            sight=_eyesight(setting, ground, draws),
            locates=setting.optics is None,
        )
        return world, senses

    def _record(self, state: WorldState) -> None:
        self.monitor.watch(state)
        self.tape.record(state, self.setting.vehicle.battery_j)

    def _over(self, mind: ExecutiveState, state: WorldState, stop: Callable[[], bool]) -> bool:
        """Say whether and why the run is over."""
        if state.power.unserved_j > 0:
            self._note(state, "lost", Severity.FATAL, "the battery is empty and the loads go unserved")
            self.end(Outcome.LOST, "the battery ran empty")
        elif state.heat.fate is not Fate.SOUND:
            self._note(state, state.heat.fate.value, Severity.FATAL, self._died_of(state))
            self.end(Outcome.LOST, self._died_of(state))
        elif mind.finished is not None:
            self.end(Outcome.ARRIVED if mind.arrived else Outcome.STOPPED_SAFE, mind.finished)
        elif state.time_s > self.setting.deadline_s:
            self.end(Outcome.TIMED_OUT, "the time allowed is over")
        elif stop():
            self.end(Outcome.INTERRUPTED, "interrupted")
        else:
            return False
        return True

    def _died_of(self, state: WorldState) -> str:
        limits, frozen = self.energy.heat.limits, state.heat.fate is Fate.FROZEN
        bound_k = limits.survive_min_k if frozen else limits.survive_max_k
        return f"the body {'froze' if frozen else 'overheated'}, beyond the {bound_k:g} K that it survives"

    def _note_changes(self, before: ExecutiveState, after: ExecutiveState, state: WorldState) -> None:
        """Note what is worth saying of a step of the executive."""
        if after.replans > before.replans:
            self._note(state, "hazard", Severity.WARNING, after.replanned_for)
            self.replanned_m.append(np.array(after.path_m))
            self._note(state, "replan", Severity.ACTIVITY, "a new path is taken")
        if after.mode is before.mode:
            return
        if before.mode is Mode.DORMANT:
            elevation = math.degrees(state.sun.elevation_rad)
            self._note(
                state, "wake", Severity.ACTIVITY, f"the array wakes it, the Sun at {elevation:.1f} deg"
            )
        if after.mode is Mode.COMMAND:
            self.stops_m.append((state.east_m, state.north_m))
        if after.mode in _SPOKEN:
            text = _SPOKEN[after.mode]
            if after.mode is Mode.DORMANT and state.sun.rising:
                text = "the array gives less than staying awake takes: dormant until it gives more"
            self._note(state, after.mode.value, Severity.ACTIVITY, text)
        if after.finished is not None:
            name, severity = (
                ("arrived", Severity.ACTIVITY) if after.arrived else ("stopped", Severity.WARNING)
            )
            self._note(state, name, severity, after.finished)

    def _note_fault(self, state: WorldState, fault: ActiveFault, begins: bool) -> None:
        if begins:
            self._note(state, "fault", Severity.WARNING, fault.words)
        else:
            self._note(state, "fault_over", Severity.ACTIVITY, f"over: {fault.words}")

    def _note(self, state: WorldState, name: str, severity: Severity, text: str) -> None:
        self.events.append(
            Event(
                time_s=state.time_s,
                severity=severity,
                name=name,
                text=text,
                east_m=state.east_m,
                north_m=state.north_m,
            )
        )

    def log(self, wall_s: float) -> RunLog:
        """Return everything that was noted."""
        setting = self.setting
        telemetry = self.tape.columns()
        planned = self.plan.waypoints_m if self.plan else np.empty((0, 2))
        figures = summarize(
            telemetry=telemetry,
            modes=[mode.value for mode in MODES],
            events=self.events,
            violations=self.monitor.violations,
            planned_m=planned,
        )
        summary = {**self._circumstances(), **figures, "wall_s": wall_s, "versions": versions()}
        return RunLog(
            outcome=self.outcome,
            reason=self.reason,
            scenario=setting.scenario.model_dump(mode="json"),
            summary=summary,
            telemetry=telemetry,
            modes=tuple(mode.value for mode in MODES),
            events=self.events,
            violations=self.monitor.violations,
            dem=setting.dem,
            hazard_flags=setting.control.maps.hazards.flags,
            planned_m=planned,
            replanned_m=self.replanned_m,
            stops_m=np.array(self.stops_m).reshape(-1, 2),
            start_m=setting.scenario.start_m,
            goal_m=setting.scenario.goal_m,
            zones=[(z.name, z.kind.value, np.array(z.polygon.exterior.coords)) for z in setting.zones],
        )

    def _circumstances(self) -> dict[str, Any]:
        """Return what the run was: outcome, place, time, plan and ledger."""
        setting = self.setting
        geometry = setting.dem.geometry
        end_s = self.final.time_s if self.final else 0.0
        return {
            "format": FORMAT,
            "scenario": setting.scenario.name,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "no_plan": asdict(self.refusal) if self.refusal else None,
            "seed": setting.scenario.seed,
            "planner": self.planned_by,
            "site": setting.scenario.site.name if setting.scenario.terrain.dem is None else None,
            "terrain": setting.dem.source,
            "crs_wkt": geometry.site.crs_wkt,
            "start_m": list(setting.scenario.start_m),
            "goal_m": list(setting.scenario.goal_m),
            "start_utc": setting.scenario.start_utc,
            "end_utc": setting.epoch.utc_at(end_s),
            "modes": [mode.value for mode in MODES],
            "plan": _plan_summary(self.plan),
            "faults": self.injection.begun,
            "ledger_j": _ledger(self.final),
            "local_planner": self.arcs.summary(),
        }


def _plan_summary(plan: Plan | None) -> dict[str, Any] | None:
    """Return the forecast, to be held against what happened."""
    if plan is None or plan.schedule is None:
        return None
    schedule = plan.schedule
    return {
        "cost_s": plan.cost_s,
        "expanded": plan.expanded,
        "arrive_s": schedule.arrive_s,
        "least_soc": schedule.least_soc,
        "stages": {mode.value: schedule.count(mode) for mode in MODES},
        "margins": [_finite(asdict(margin)) for margin in schedule.margins],
    }


def _finite(figures: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: what is not finite is null."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in figures.items()}


def _ledger(final: WorldState | None) -> dict[str, float] | None:
    if final is None:
        return None
    return {**asdict(final.power), "imbalance_j": final.power.imbalance_j}


_SPOKEN = {
    Mode.NAP: "the Sun is high: noon nap",
    Mode.DORMANT: "the Sun sinks: dormant for the night",
}


def _schedule(setting: Setting) -> FaultSchedule:
    """Return the faults of a run, as far as it can get in the time allowed."""
    scenario = setting.scenario
    return schedule_faults(
        scenario.read_faults(),
        seed=scenario.seed,
        until_m=setting.vehicle.speed_m_s * setting.deadline_s,
        until_s=setting.deadline_s,
        rate_factor=scenario.faults.rate_factor,
    )


def _observe(
    senses: SensorSuite, state: WorldState, setting: Setting, looking: bool, injection: Injection
) -> Observation:
    return senses.observe(
        time_s=state.time_s,
        east_m=state.east_m,
        north_m=state.north_m,
        yaw_rad=state.yaw_rad,
        pitch_rad=state.stance.pitch_rad,
        roll_rad=state.stance.roll_rad,
        soc=state.power.stored_j / setting.vehicle.battery_j,
        array_w=state.array_w,
        body_k=state.heat.body_k,
        stalled=state.stalled,
        looking=looking and state.sun.elevation_rad > 0,  # stereo is blind in the dark
        up_m=state.stance.up_m,
        rolled_m=state.rolled_m,
        lit=state.lit,
        sun=state.sun,
        faults=sense_faults(injection.active),
        halted=injection.halted,
        out_of_link_s=injection.out_of_link_s,
    )


def _eyesight(setting: Setting, ground: Ground, draws: Draws) -> Eyesight | None:
    """Return the rover's cameras, or None where its senses are perfect."""
    if setting.eyes is None or setting.optics is None:
        return None
    return Eyesight(ground, setting.dem, setting.eyes, setting.optics, generator=draws.stereo)


def _worth_a_look(command: Command) -> bool:
    return command.mode is Mode.DRIVE


def _heading(waypoints_m: npt.NDArray[np.float64]) -> float:
    """Return the yaw along the first leg; east where there is none."""
    steps = np.diff(waypoints_m, axis=0)
    moving = np.flatnonzero(np.hypot(steps[:, 0], steps[:, 1]) > 0)
    if len(moving) == 0:
        return 0.0
    east, north = steps[moving[0]]
    return math.atan2(north, east)


def _fraction_done(mind: ExecutiveState, plan: Plan) -> float:
    steps = np.diff(mind.path_m, axis=0)
    ahead = float(np.hypot(steps[:, 0], steps[:, 1]).sum())
    return 1.0 if mind.finished else max(0.0, min(1.0, 1.0 - ahead / max(plan.length_m, 1e-9)))
