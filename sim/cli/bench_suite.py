"""`farside bench`: the set farside-bench asked of planners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rover.planning.problem import Planner
    from sim.bench.problems import Problem
    from sim.bench.score import Score

SUITES = ("small", "full")
_WRONG = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked, as on the command line."""

    planners: tuple[str, ...]
    suite: str
    only: tuple[str, ...]
    time_limit_s: float | None
    out: Path | None
    as_json: bool
    quiet: bool


def run_suite(asked: Asked) -> int:
    """Ask planners the problems of a suite, tell and write how they did; return the exit status.

    Raises:
        UsageError: No such suite or problem, a planner twice, or a time that is none.
        PlannerError: No such planner.
        BenchmarkError: A problem is not the one whose answer is known.
    """
    from rover.core.atomic import atomic_folder, check_folder
    from rover.planning.registry import load_planner
    from sim.cli.bench_scores import as_json_text, text_lines, write_folder
    from sim.cli.output import write_lines

    problems = _problems(asked)
    planners = [load_planner(name) for name in asked.planners]
    if asked.out is not None:
        check_folder(asked.out)
    scores = _ask(planners, problems, asked)
    try:
        if (
            asked.out is not None
        ):  # not before: a planner that never comes back is ended together with this process
            with atomic_folder(asked.out) as folder:
                write_folder(scores, folder)
    finally:
        write_lines([as_json_text(scores)] if asked.as_json else text_lines(scores), None)
    return _WRONG if any(score.wrong for score in scores) else 0


def _problems(asked: Asked) -> tuple[Problem, ...]:
    import difflib

    from rover.core.errors import UsageError
    from sim.bench.problems import read_set

    if asked.suite not in SUITES:
        remedy = f"give {' or '.join(SUITES)}"
        raise UsageError("no such suite", remedy=remedy, field="--suite", value=asked.suite)
    if asked.time_limit_s is not None and not (math.isfinite(asked.time_limit_s) and asked.time_limit_s > 0):
        raise UsageError("no time", remedy="give seconds", field="--time-limit", value=asked.time_limit_s)
    if len(set(asked.planners)) < len(asked.planners):
        raise UsageError(
            "one comes twice", remedy="leave it out", field="--planner", value=asked.planners[-1]
        )
    held = {one.name: one for one in read_set().problem}
    for name in asked.only:
        if name not in held:
            close = difflib.get_close_matches(name, held, n=1, cutoff=0.3)
            remedy = f"did you mean {close[0]}?" if close else "see maps/farside-bench.toml"
            raise UsageError("no such problem", remedy=remedy, field="--only", value=name)
    if asked.only:
        return tuple(held[name] for name in dict.fromkeys(asked.only))
    return read_set().of_suite(asked.suite)


def _ask(planners: Sequence[Planner], problems: Sequence[Problem], asked: Asked) -> list[Score]:
    from sim.bench.score import asks, patience_s, score
    from sim.cli.progress import Progress, say_if_cold

    say_if_cold(quiet=asked.quiet)
    pairs = [(planner, problem) for planner in planners for problem in problems if asks(planner, problem)]
    whole, done = float(sum(problem.cells**2 for _, problem in pairs)), 0.0
    scores: list[Score] = []
    with Progress(quiet=asked.quiet, doing="planning", of="the problems") as progress:
        for place, (planner, problem) in enumerate(pairs):
            progress.update(done / whole, f"{planner.name}: {problem.name}")
            if place == 0 or pairs[place - 1][0] is not planner:
                of_it = [other for one, other in pairs if one is planner]
                _warm(planner, of_it, asked.time_limit_s, scores)
            waiting_s = patience_s(asked.time_limit_s)
            words = _last_words(planner, problem, waiting_s, scores)
            scores.append(
                score(
                    planner, problem, time_limit_s=asked.time_limit_s, waiting_s=waiting_s, last_words=words
                )
            )
            done += problem.cells**2
        progress.update(1.0, "done")
    return scores


def _warm(
    planner: Planner, problems: Sequence[Problem], time_limit_s: float | None, scores: Sequence[Score]
) -> None:
    """Ask the smallest problem of each kind of answer: what is compiled or read at first is in no answer's time."""
    from sim.bench.score import GIVEN_UP, patience_s, score

    waiting_s = patience_s(time_limit_s, first=True)
    smallest = {one.why: one for one in sorted(problems, key=lambda one: -one.cells)}
    for problem in smallest.values():
        words = _last_words(planner, problem, waiting_s, scores)
        found = score(planner, problem, time_limit_s=time_limit_s, waiting_s=waiting_s, last_words=words)
        if found.told == GIVEN_UP:
            return


def _last_words(planner: Planner, problem: Problem, waiting_s: float, scores: Sequence[Score]) -> str:
    """Return what is told, beside the answers that there are, where a planner does not come back from native code."""
    from sim.cli.bench_scores import text_lines

    what = f"gives no answer within {waiting_s:g} s, nor comes back from native code: the command is ended"
    return "\n".join(
        [*(text_lines(scores) if scores else ()), f"planner {planner.name}, {problem.name}: {what}"]
    )
