"""`farside plan SCENARIO`: the best traverse of a scenario in place, time and charge."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rover.planning.traverse_ground import Criterion
    from sim.cli.progress import Progress
    from sim.cli.timed_answer import AskedRisk, Report, TimedAnswer
    from sim.run.scenario import Scenario
    from sim.run.setting import Setting

_MODES = ("autonomous", "teleoperated")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRequest:
    """What is asked of a plan in time, as on the command line."""

    scenario: str
    start: str | None
    goal: str | None
    objective: str
    pareto: str | None
    operations: str | None
    risk: float | None
    dem_error: str | None
    settings: tuple[str, ...]
    seed: int | None
    time_limit: float | None
    explain: bool
    out: Path | None
    as_json: bool
    allow_body: bool
    max_cells: int | None
    quiet: bool


def plan_in_time(asked: TimedRequest) -> int:
    """Plan a scenario's traverse, tell and write it; return the exit status."""
    from rover.core.atomic import atomic_folder
    from rover.planning.problem import NoPlan
    from sim.cli.timed_json import print_timed_json
    from sim.cli.timed_table import print_timed_tables

    criteria = _criteria(asked)
    risk = _risk(asked)
    scenario = _scenario(asked)
    with contextlib.suppress(_NothingToKeep), contextlib.ExitStack() as stack:
        folder = None if asked.out is None else stack.enter_context(atomic_folder(asked.out))
        answer = _answer(asked, scenario, criteria, risk)
        if isinstance(answer.result, NoPlan):
            raise _NothingToKeep
        if folder is not None:
            from sim.cli.timed_files import write_timed

            write_timed(answer, folder)
    if asked.as_json:
        print_timed_json(answer)
    else:
        print_timed_tables(answer, explain=asked.explain, folder=asked.out)
    return 4 if isinstance(answer.result, NoPlan) else 0


class _NothingToKeep(Exception):  # noqa: N818 - no error: takes the folder away again where there is no plan
    pass


def _answer(
    asked: TimedRequest, scenario: Scenario, criteria: tuple[Criterion, ...], risk: AskedRisk | None
) -> TimedAnswer:
    from dataclasses import replace

    from rover.core.errors import PlaceError, ResourceError, UsageError
    from rover.planning.traverse import TraversePlanner
    from rover.planning.traverse_setup import outlook
    from sim.cli.options import cells_allowed
    from sim.cli.progress import Progress, say_if_cold
    from sim.cli.timed_answer import find_traverse, find_within_risk
    from sim.run.setting import prepare

    say_if_cold(quiet=asked.quiet)
    try:
        setting = prepare(scenario, allow_body=asked.allow_body, max_cells=cells_allowed(asked.max_cells))
    except PlaceError as error:
        given = {"start_m": asked.start, "goal_m": asked.goal}
        named = {key: f"--{key.removesuffix('_m')}" for key, text in given.items() if text is not None}
        raise error.by_the_names(named) from error
    with Progress(quiet=asked.quiet, doing="searching", of="the time allowed", first="light") as progress:
        problem = setting.control.problem(TraversePlanner())
        problem = replace(problem, time_limit_s=asked.time_limit)
        try:
            ready = outlook(problem, step_s=setting.control.light_step_s)
        except ResourceError as error:
            raise error.by_the_names({"step_s": "limits.light_step_h"}) from error
        report = _reporter(setting, criteria[0], progress)
        if risk is None:
            return find_traverse(setting, ready, criteria, report=report)
        try:
            return find_within_risk(setting, ready, criteria[0], risk)
        except UsageError as error:
            named = {"risk": "--risk", "sigma_m": "--dem-error", "length_m": "--dem-error"}
            raise error.by_the_names(named) from error


def _reporter(setting: Setting, criterion: Criterion, progress: Progress) -> Report:
    """Return what tells how far a search is: by the earliest arrival still open, where that is what it seeks."""
    from rover.planning.traverse_ground import Criterion

    def tell(least: float) -> None:
        if criterion is Criterion.TIME and 0 <= least <= setting.deadline_s:
            progress.update(least / setting.deadline_s, setting.epoch.utc_at(least))
        else:
            progress.update(0.0, f"least {criterion}")

    return tell


def _criteria(asked: TimedRequest) -> tuple[Criterion, ...]:
    """Read what to have least of, one or two.

    Raises:
        UsageError: No such objective, one twice, or both options.
    """
    from rover.core.errors import UsageError

    if asked.time_limit is not None and not 0 < asked.time_limit < float("inf"):
        raise UsageError(
            "not a positive number",
            remedy="give seconds, more than 0",
            field="--time-limit",
            value=asked.time_limit,
        )
    if asked.pareto is None:
        return (_criterion(asked.objective, "--objective"),)
    if asked.objective != "time":
        raise UsageError(
            "--pareto names its own objectives",
            remedy="leave one of them off",
            field="--objective",
            value=asked.objective,
        )
    named = [_criterion(word.strip(), "--pareto") for word in asked.pareto.split(",")]
    if len(named) != 2 or named[0] is named[1]:
        raise UsageError(
            "not two different objectives",
            remedy="give two, such as time,energy",
            field="--pareto",
            value=asked.pareto,
        )
    return tuple(named)


def _risk(asked: TimedRequest) -> AskedRisk | None:
    """Read the bound of risk and the map's error, which go together.

    Raises:
        UsageError: One without the other, with a front, or not a chance or two lengths.
    """
    from rover.core.errors import UsageError
    from rover.planning.dem_error import DemError
    from rover.planning.risk import check_bound
    from sim.cli.plan_question import read_place
    from sim.cli.timed_answer import AskedRisk

    if asked.risk is None and asked.dem_error is None:
        return None
    if asked.risk is None or asked.dem_error is None:
        given = "--risk" if asked.dem_error is None else "--dem-error"
        other = "--dem-error" if asked.dem_error is None else "--risk"
        raise UsageError(f"{other} is missing", remedy="give both or neither", field=given)
    if asked.pareto is not None:
        raise UsageError(
            "a front has no bound of risk", remedy="leave one of them off", field="--risk", value=asked.risk
        )
    try:
        check_bound(asked.risk)
        sigma_m, length_m = read_place(asked.dem_error, "--dem-error")
        return AskedRisk(bound=asked.risk, error=DemError(sigma_m=sigma_m, length_m=length_m))
    except UsageError as error:
        names = {"risk": "--risk", "sigma_m": "--dem-error", "length_m": "--dem-error"}
        raise error.by_the_names(names) from error


def _criterion(word: str, option: str) -> Criterion:
    from rover.core.errors import UsageError
    from rover.planning.traverse_ground import Criterion

    if word not in tuple(Criterion):
        remedy = f"of a scenario give {', '.join(Criterion)}"
        raise UsageError("no such objective", remedy=remedy, field=option, value=word)
    return Criterion(word)


def _scenario(asked: TimedRequest) -> Scenario:
    """Read the scenario, with what the options say instead."""
    from rover.core.errors import UsageError
    from sim.cli.plan_question import read_place
    from sim.run.scenario import load_scenario

    if asked.operations not in (None, *_MODES):
        raise UsageError(
            "no such operations",
            remedy=f"say {' or '.join(_MODES)}",
            field="--operations",
            value=asked.operations,
        )
    scenario = load_scenario(asked.scenario, settings=asked.settings, seed=asked.seed)
    given: dict[str, object] = {}
    if asked.start is not None:
        given["start_m"] = read_place(asked.start, "--start")
    if asked.goal is not None:
        given["goal_m"] = read_place(asked.goal, "--goal")
    if asked.operations is not None:
        given["operations"] = scenario.operations.model_copy(update={"mode": asked.operations})
    return scenario.model_copy(update=given)
