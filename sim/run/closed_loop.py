"""The closed loop: the rover decides, the world answers, until there is a reason to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode
from rover.core.chassis import ChassisParams
from rover.io.elevation import DEFAULT_MAX_CELLS
from rover.onboard.executive_state import ExecutiveState
from rover.planning.given_plan import Given
from rover.planning.problem import NoPlan, Plan, Planner
from rover.planning.registry import load_planner
from sim.physics.energy import EnergyParams
from sim.physics.thermal import Fate
from sim.run.closed_loop_journal import Journal
from sim.run.closed_loop_mind import Mind
from sim.run.closed_loop_parties import faults_of, monitor_of, observe, perceiver_of, world_and_senses
from sim.run.closed_loop_summary import Finished, log_of
from sim.run.injection import Injection
from sim.run.runlog import Outcome, RunLog, Severity
from sim.run.scenario import Scenario
from sim.run.setting import Setting, energy_params, prepare
from sim.run.world import WorldState

_ROWS_PER_REPORT = 25

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
        self.planner = planner
        self.answer = answer
        self.planned_by = planned_by
        self.journal = Journal()
        self.outcome = Outcome.NO_PLAN
        self.reason = ""
        self.final: WorldState | None = None
        self.injection = Injection(faults_of(setting), setting.vehicle, self.journal.note_fault)
        self.monitor = monitor_of(setting, energy)

    def end(self, outcome: Outcome, reason: str) -> None:
        self.outcome, self.reason = outcome, reason

    def drive(self, plan: Plan, progress: Progress, stop: Callable[[], bool]) -> None:
        """Drive until there is a reason not to."""
        setting, journal, yaw_rad = self.setting, self.journal, _heading(plan.waypoints_m)
        world, senses = world_and_senses(setting, self.energy, self.monitor)
        mind = Mind(*setting.control.uplink(plan, self.planner), perceiver_of(setting, yaw_rad))
        state = world.init(
            east_m=setting.scenario.start_m[0],
            north_m=setting.scenario.start_m[1],
            yaw_rad=yaw_rad,
            soc=setting.scenario.power.initial_soc,
        )
        journal.note(state, "start", Severity.ACTIVITY, "the traverse begins")
        self._record(state)
        looking, look_round = True, False
        self.injection.begin(state)
        while True:
            before = mind.state
            seen = observe(
                senses, state, setting, looking=looking, look_round=look_round, injection=self.injection
            )
            command = mind.decide(seen)
            journal.tape.beliefs.append(mind.believed)
            journal.note_step(before, mind.state, state)
            self.final = state
            if self._over(mind.state, state, stop):
                return
            state = self.injection.carry_out(world, state, command)
            if self.injection.restarts_s is not None:
                mind.restart(self.injection.restarts_s)
            looking, look_round = _worth_a_look(command), command.look_round
            self._record(state)
            if len(journal.tape.rows) % _ROWS_PER_REPORT == 0:
                progress(_fraction_done(mind.state, plan), setting.epoch.utc_at(state.time_s))

    def _record(self, state: WorldState) -> None:
        self.monitor.watch(state)
        self.journal.tape.record(state, self.setting.vehicle.battery_j)

    def _over(self, mind: ExecutiveState, state: WorldState, stop: Callable[[], bool]) -> bool:
        """Say whether and why the run is over."""
        if state.power.unserved_j > 0:
            self.journal.note(state, "lost", Severity.FATAL, "the battery is empty and the loads go unserved")
            self.end(Outcome.LOST, "the battery ran empty")
        elif state.heat.fate is not Fate.SOUND:
            self.journal.note(state, state.heat.fate.value, Severity.FATAL, self._died_of(state))
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
