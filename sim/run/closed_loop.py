"""The closed loop: the rover decides, the world answers, until there is a reason to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode, Observation
from rover.core.chassis import ChassisParams
from rover.core.errors import PlaceError
from rover.io.elevation import DEFAULT_MAX_CELLS
from rover.onboard.executive_state import ExecutiveState
from rover.planning.given_plan import Given
from rover.planning.problem import Claim, NoPlan, Plan, Planner
from rover.planning.registry import load_planner
from sim.physics.energy import EnergyParams
from sim.physics.thermal import Fate
from sim.run.closed_loop_commands import CommandCycles
from sim.run.closed_loop_ground import GroundParty
from sim.run.closed_loop_journal import Journal
from sim.run.closed_loop_mind import Mind
from sim.run.closed_loop_parties import (
    faults_of,
    mast_of,
    mind_of,
    monitor_of,
    observe,
    station_of,
    world_and_senses,
)
from sim.run.closed_loop_summary import Finished, log_of
from sim.run.faults import ActiveFault, relay_is_out
from sim.run.injection import FaultInstant, Injection
from sim.run.runlog import Outcome, RunLog, Severity
from sim.run.scenario import Scenario
from sim.run.setting import Setting, energy_params, prepare
from sim.run.world import World, WorldState
from sim.sensors.suite import SensorSuite

_ROWS_PER_REPORT = 25

_RESTING = (Outcome.ARRIVED, Outcome.STOPPED_SAFE)

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
    strict: bool = False,
    rests: bool = False,
    trace: list[FaultInstant] | None = None,
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
        strict: The first rule that the truth breaks ends the run.
        rests: A rover that has arrived or stopped is followed through its next night, which it may not survive.
        trace: Takes the world and the faults in force at each instant at which a fault begins.

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
    refuse_goal_underfoot(scenario)
    planner = planner or load_planner(scenario.planner)
    timed = given is None and Claim.TIMED in planner.claims
    setting = prepare(scenario, timed=timed, allow_body=allow_body, max_cells=max_cells)
    energy = energy_params(scenario)
    answer = setting.control.plan(planner) if given is None else setting.control.follow(given)
    planned_by = planner.name if given is None else given.planner
    run = _Run(setting, energy, planner, answer, planned_by=planned_by, strict=strict, trace=trace)
    if isinstance(answer, NoPlan):
        run.end(Outcome.NO_PLAN, str(answer))
    else:
        run.drive(answer, progress or (lambda _f, _u: None), stop or (lambda: False), rests=rests)
    return run.log(time.perf_counter() - begun)


def refuse_goal_underfoot(scenario: Scenario) -> None:
    """Refuse a goal under the rover that is not where it stands: it would be driven to and fro for it.

    Raises:
        PlaceError: The goal lies within the footprint, whichever way the rover looks.
    """
    vehicle = scenario.read_vehicle().params
    within_m = min(vehicle.length_m, vehicle.width_m) / 2
    if 0 < math.dist(scenario.start_m, scenario.goal_m) < within_m:
        raise PlaceError(
            f"inside the rover, which stands at {list(scenario.start_m)}",
            remedy=f"choose the start itself, or a goal {within_m:g} m away from it at least",
            field="goal_m",
            value=list(scenario.goal_m),
        )


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
        strict: bool,
        trace: list[FaultInstant] | None,
    ) -> None:
        self.setting = setting
        self.energy = energy
        self.planner = planner
        self.answer = answer
        self.planned_by = planned_by
        self.strict = strict
        self.trace = trace
        self.journal = Journal()
        self.outcome = Outcome.NO_PLAN
        self.reason = ""
        self.final: WorldState | None = None
        self.injection = Injection(faults_of(setting), setting.vehicle, self._note_fault)
        self.monitor = monitor_of(setting, energy)
        self.ground = GroundParty(setting, self.journal.note)

    def end(self, outcome: Outcome, reason: str) -> None:
        self.outcome, self.reason = outcome, reason

    def drive(self, plan: Plan, progress: Progress, stop: Callable[[], bool], *, rests: bool) -> None:
        """Drive until there is a reason not to, and then rest until a morning, if that is asked for."""
        setting, yaw_rad = self.setting, _heading(plan.waypoints_m)
        world, senses = world_and_senses(setting, self.energy, self.monitor)
        mind = mind_of(setting, self.energy, plan, self.planner, yaw_rad)
        mast = mast_of(setting, world)
        self.commands = CommandCycles(
            station_of(setting, mind),
            lambda state: self._panorama(mast, state),
            self.journal.note,
            cycle_s=setting.scenario.operations.cycle_s,
        )
        state = world.init(
            east_m=setting.scenario.start_m[0],
            north_m=setting.scenario.start_m[1],
            yaw_rad=yaw_rad,
            soc=setting.scenario.power.initial_soc,
        )
        self.journal.note(state, "start", Severity.ACTIVITY, "the traverse begins")
        self._record(state)
        self.injection.begin(state)
        command = self._decide(senses, mind, state, looking=True)
        while not self._over(mind.state, state, stop):
            state = self._carry_out(world, senses, mind, state, command)
            if len(self.journal.tape.rows) % _ROWS_PER_REPORT == 0:
                progress(_fraction_done(mind.state, plan), setting.epoch.utc_at(state.time_s))
            if self.ground.attend(mind, state, relay_out=relay_is_out(self.injection.active)):
                self.monitor.cleared()
            command = self._decide(
                senses, mind, state, looking=_worth_a_look(command), look_round=command.look_round
            )
        slept = False
        while rests and self.outcome in _RESTING and not (slept and state.mode is not Mode.DORMANT):
            state = self._carry_out(world, senses, mind, state, command)
            slept |= state.mode is Mode.DORMANT
            command = self._decide(senses, mind, state, looking=False)
            if self._is_lost(state) or state.time_s > setting.deadline_s:
                return

    def _decide(
        self, senses: SensorSuite, mind: Mind, state: WorldState, *, looking: bool, look_round: bool = False
    ) -> Command:
        """Let the rover sense and decide, and note what comes of it."""
        before = mind.state
        self.commands.answer(mind, state, relay_out=relay_is_out(self.injection.active))
        seen = self._sense(senses, state, looking=looking, look_round=look_round)
        self.journal.notes.note_picture(len(self.journal.tape.rows) - 1, seen)
        command = mind.decide(seen)
        self.journal.tape.beliefs.append(mind.believed)
        self.journal.note_step(before, mind.state, state)
        self.commands.ask(before, mind, state)
        self.monitor.hear(state, mind.account(before))
        self.monitor.commanded(state, command.mode)
        self.final = state
        return command

    def _sense(
        self, senses: SensorSuite, state: WorldState, *, looking: bool, look_round: bool = False
    ) -> Observation:
        """Let the rover sense, and the monitor know what it was shown."""
        seen = observe(
            senses, state, self.setting, looking=looking, look_round=look_round, injection=self.injection
        )
        self.monitor.looked(state, seen)
        return seen

    def _panorama(self, mast: SensorSuite, state: WorldState) -> Observation:
        return observe(mast, state, self.setting, looking=True, look_round=True, injection=self.injection)

    def _carry_out(
        self, world: World, senses: SensorSuite, mind: Mind, state: WorldState, command: Command
    ) -> WorldState:
        """Let the world answer a command; a computer that went down meanwhile has begun anew.

        With real senses it is carried out in parts, with a look after each but the last: that is the next decision's.
        """
        injection = self.injection
        boots, out_of_link_s, left = injection.boots, 0.0, list(mind.in_parts(command))
        while True:
            state = injection.carry_out(world, state, mind.tell(left.pop(0)), guard=mind.watch_drives)
            out_of_link_s += injection.out_of_link_s
            if not left or state.stalled or injection.halted or injection.boots > boots:
                break
            mind.glance(self._sense(senses, state, looking=True))
        injection.out_of_link_s = out_of_link_s
        if injection.boots > boots:
            mind.restart()
        self._record(state)
        return state

    def _note_fault(self, state: WorldState, fault: ActiveFault, begins: bool) -> None:
        self.journal.note_fault(state, fault, begins)
        if begins and self.trace is not None:
            self.trace.append(FaultInstant(state=state, faults=self.injection.state))

    def _record(self, state: WorldState) -> None:
        self.monitor.watch(state)
        self.journal.tape.record(state, self.setting.vehicle.battery_j)

    def _over(self, mind: ExecutiveState, state: WorldState, stop: Callable[[], bool]) -> bool:
        """Say whether and why the run is over."""
        if self._is_lost(state):
            pass
        elif mind.finished is not None and not self.ground.is_at_work(mind, state.time_s):
            outcome = Outcome.ARRIVED if mind.arrived else Outcome.STOPPED_SAFE
            self.end(outcome, self.ground.last_word(mind))
        elif self.strict and self.monitor.violations:
            self.end(Outcome.VIOLATED, str(self.monitor.violations[0]))
        elif state.time_s > self.setting.deadline_s:
            self.end(Outcome.TIMED_OUT, "the time allowed is over")
        elif stop():
            self.end(Outcome.INTERRUPTED, "interrupted")
        else:
            return False
        self.monitor.end(state, self.reason)
        return True

    def _is_lost(self, state: WorldState) -> bool:
        """Say whether the rover is lost; then the run is."""
        if state.power.unserved_j > 0:
            self.journal.note(state, "lost", Severity.FATAL, "the battery is empty and the loads go unserved")
            self.end(Outcome.LOST, "the battery ran empty")
        elif state.heat.fate is not Fate.SOUND:
            self.journal.note(state, state.heat.fate.value, Severity.FATAL, self._died_of(state))
            self.end(Outcome.LOST, self._died_of(state))
        return self.outcome is Outcome.LOST

    def _died_of(self, state: WorldState) -> str:
        limits, frozen = self.energy.heat.limits, state.heat.fate is Fate.FROZEN
        bound_k = limits.survive_min_k if frozen else limits.survive_max_k
        return f"the body {'froze' if frozen else 'overheated'}, beyond the {bound_k:g} K that it survives"

    def log(self, wall_s: float) -> RunLog:
        """Return everything that was noted."""
        return log_of(
            Finished(
                setting=self.setting,
                answer=self.answer,
                planned_by=self.planned_by,
                journal=self.journal,
                violations=self.monitor.violations,
                outcome=self.outcome,
                reason=self.reason,
                final=self.final,
                faults=self.injection.begun,
                wall_s=wall_s,
            )
        )


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
    over = mind.finished is not None and mind.watch.latched is None
    return 1.0 if over else max(0.0, min(1.0, 1.0 - ahead / max(plan.length_m, 1e-9)))


def _worth_a_look(command: Command) -> bool:
    return command.mode is Mode.DRIVE
