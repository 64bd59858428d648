"""The log of a run put together: what was noted, the circumstances and the figures of merit."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rover.planning.problem import NoPlan, Plan
from sim.run.closed_loop_journal import MODES, Journal
from sim.run.metrics import summarize, versions
from sim.run.runlog import FORMAT, Outcome, RunLog, Violation
from sim.run.setting import Setting
from sim.run.world import WorldState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finished:
    """A run that is over.

    Attributes:
        setting: What it was of.
        answer: The first plan, or why there was none.
        planned_by: Name of the planner.
        journal: What was noted.
        violations: Rules broken.
        outcome, reason: How it ended.
        final: The last state, None where nothing was driven.
        faults: How many have begun.
        wall_s: How long it took to compute.
    """

    setting: Setting
    answer: Plan | NoPlan
    planned_by: str
    journal: Journal
    violations: list[Violation]
    outcome: Outcome
    reason: str
    final: WorldState | None
    faults: int
    wall_s: float


def log_of(run: Finished) -> RunLog:
    """Return everything that was noted."""
    setting, journal = run.setting, run.journal
    telemetry = journal.tape.columns()
    planned = run.answer.waypoints_m if isinstance(run.answer, Plan) else np.empty((0, 2))
    modes = [mode.value for mode in MODES]
    figures = summarize(
        telemetry=telemetry,
        modes=modes,
        events=journal.events,
        violations=run.violations,
        planned_m=planned,
    )
    summary = {**_circumstances(run), **figures, "wall_s": run.wall_s, "versions": versions()}
    return RunLog(
        outcome=run.outcome,
        reason=run.reason,
        scenario=setting.scenario.model_dump(mode="json"),
        summary=summary,
        telemetry=telemetry,
        modes=tuple(modes),
        events=journal.events,
        violations=run.violations,
        dem=setting.truth,
        hazard_flags=setting.control.maps.hazards.flags,
        planned_m=planned,
        replanned_m=journal.replanned_m,
        stops_m=np.array(journal.stops_m).reshape(-1, 2),
        start_m=setting.scenario.start_m,
        goal_m=setting.scenario.goal_m,
        replay=journal.notes.replay(),
        zones=[(z.name, z.kind.value, np.array(z.polygon.exterior.coords)) for z in setting.zones],
    )


def _circumstances(run: Finished) -> dict[str, Any]:
    """Return what the run was: outcome, place, time, plan and ledger."""
    setting = run.setting
    return {
        "format": FORMAT,
        "scenario": setting.scenario.name,
        "outcome": run.outcome.value,
        "reason": run.reason,
        "no_plan": asdict(run.answer) if isinstance(run.answer, NoPlan) else None,
        "seed": setting.scenario.seed,
        "planner": run.planned_by,
        "site": setting.scenario.site.name if setting.scenario.terrain.dem is None else None,
        "terrain": setting.truth.source,
        "crs_wkt": setting.truth.geometry.site.crs_wkt,
        "start_m": list(setting.scenario.start_m),
        "goal_m": list(setting.scenario.goal_m),
        "start_utc": setting.scenario.start_utc,
        "end_utc": setting.epoch.utc_at(run.final.time_s if run.final else 0.0),
        "modes": [mode.value for mode in MODES],
        "plan": _plan_summary(run.answer),
        "faults": run.faults,
        "ledger_j": _ledger(run.final),
        "local_planner": run.journal.arcs.summary(),
    }


def _plan_summary(plan: Plan | NoPlan) -> dict[str, Any] | None:
    """Return the forecast, to be held against what happened."""
    if isinstance(plan, NoPlan) or plan.schedule is None:
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
