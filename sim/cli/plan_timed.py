"""`farside plan SCENARIO`: the best traverse of a scenario in place, time and charge."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rover.core.waypoints import Waypoint
    from rover.planning.traverse_ground import Criterion
    from sim.cli.progress import Progress
    from sim.cli.timed_answer import Report, TimedAnswer
    from sim.cli.timed_question import TimedQuestion
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
    member: int | None
    operations: str | None
    risk: float | None
    dem_error: str | None
    waypoints: Path | None
    delay: float | None
    faults: str | None
    settings: tuple[str, ...]
    seed: int | None
    time_limit: float | None
    explain: bool
    maps: bool
    out: Path | None
    as_json: bool
    allow_body: bool
    max_cells: int | None
    quiet: bool


def plan_in_time(asked: TimedRequest) -> int:
    """Plan a scenario's traverse, tell and write it; return the exit status.

    Raises:
        TimeLimitError: The time was over before a traverse was found; or before all was that the options ask for, and
            what was found is told and written.
    """
    from rover.core.atomic import atomic_folder
    from rover.planning.problem import NoPlan
    from sim.cli.plan_on_dem import as_asked
    from sim.cli.timed_json import print_timed_json
    from sim.cli.timed_question import read_question
    from sim.cli.timed_table import print_timed_tables

    question = read_question(asked)
    scenario = _scenario(asked)
    with contextlib.suppress(_NothingToKeep), contextlib.ExitStack() as stack:
        folder = None if asked.out is None else stack.enter_context(atomic_folder(asked.out))
        answer = _answer(asked, scenario, question)
        if isinstance(answer.result, NoPlan) and answer.maps is None:
            raise _NothingToKeep
        if folder is not None:
            _write(answer, folder)
    if asked.as_json:
        print_timed_json(answer)
    else:
        print_timed_tables(answer, explain=asked.explain, folder=asked.out)
    if answer.late is not None:
        raise as_asked(answer.late, asked.time_limit)
    return 4 if isinstance(answer.result, NoPlan) else 0


def _write(answer: TimedAnswer, folder: Path) -> None:
    from rover.planning.problem import NoPlan
    from sim.cli.timed_files import write_timed

    if not isinstance(answer.result, NoPlan):
        write_timed(answer, folder)
    if answer.maps is not None:
        from sim.cli.timed_maps import write_maps

        write_maps(answer.setting, answer.ready, answer.maps, folder)


class _NothingToKeep(Exception):  # noqa: N818 - no error: takes the folder away again where there is neither plan nor maps
    pass


def _answer(asked: TimedRequest, scenario: Scenario, question: TimedQuestion) -> TimedAnswer:
    from dataclasses import replace

    from rover.core.errors import PlaceError, ResourceError, TimeLimitError, UsageError
    from rover.planning.traverse import TraversePlanner
    from rover.planning.traverse_setup import outlook
    from sim.cli.options import cells_allowed
    from sim.cli.plan_on_dem import as_asked
    from sim.cli.progress import Progress, say_if_cold
    from sim.cli.timed_find import answer_to
    from sim.cli.timed_question import OPTION_OF
    from sim.run.setting import prepare

    waypoints = _waypoints(question, scenario)
    say_if_cold(quiet=asked.quiet)
    try:
        setting = prepare(
            scenario, timed=True, allow_body=asked.allow_body, max_cells=cells_allowed(asked.max_cells)
        )
    except PlaceError as error:
        given = {"start_m": asked.start, "goal_m": asked.goal}
        named = {key: f"--{key.removesuffix('_m')}" for key, text in given.items() if text is not None}
        raise error.by_the_names(named) from error
    with Progress(quiet=asked.quiet, doing="searching", of="the days allowed", first="light") as progress:
        problem = setting.control.problem(TraversePlanner())
        problem = replace(problem, time_limit_s=asked.time_limit)
        try:
            ready = outlook(problem, step_s=setting.control.light_step_s)
        except ResourceError as error:
            raise error.by_the_names({"step_s": "limits.light_step_h"}) from error
        if asked.time_limit is not None:
            progress.say(f"maps and light are made; searching for {asked.time_limit:g} s at most")
        report = _reporter(setting, question.criteria[0], progress)
        try:
            answer = answer_to(setting, ready, question, waypoints, report=report).of_member(asked.member)
            return _with_maps(answer, progress) if asked.maps else answer
        except UsageError as error:
            raise error.by_the_names(OPTION_OF) from error
        except TimeLimitError as error:
            raise as_asked(error, asked.time_limit) from error


def _with_maps(answer: TimedAnswer, progress: Progress) -> TimedAnswer:
    from dataclasses import replace

    from sim.cli.timed_reach import reach_maps

    return replace(answer, maps=reach_maps(answer.ready, tell=lambda what: progress.update(0.0, what)))


def _waypoints(question: TimedQuestion, scenario: Scenario) -> tuple[Waypoint, ...]:
    """Read the places to visit, none where none are asked for."""
    from rover.core.time import parse_utc
    from rover.io.waypoints import read_waypoints

    if question.waypoints is None:
        return ()
    return read_waypoints(question.waypoints, parse_utc(scenario.start_utc, field="start_utc"))


def _reporter(setting: Setting, criterion: Criterion, progress: Progress) -> Report:
    """Return what tells how far a search is: by the earliest arrival still open, where that is what it seeks."""
    from rover.planning.traverse_ground import Criterion

    def tell(least: float) -> None:
        if criterion is Criterion.TIME and 0 <= least <= setting.deadline_s:
            progress.update(least / setting.deadline_s, f"searched up to {setting.epoch.utc_at(least)}")
        else:
            progress.update(0.0, f"least {criterion}")

    return tell


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
