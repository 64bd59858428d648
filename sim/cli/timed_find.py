"""Which search answers a question of `farside plan SCENARIO`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rover.core.errors import Problem, WaypointError
from rover.core.waypoints import Waypoint
from rover.planning.delay_traverse import plan_with_delay_bound
from rover.planning.problem import NoPlan
from rover.planning.spare_charge import with_spare_charge
from rover.planning.tour import best_tour, plan_of_tour, tour_margins
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import Outlook
from sim.cli.timed_answer import (
    Report,
    Teller,
    TimedAnswer,
    find_traverse,
    find_within_risk,
    told_of,
)
from sim.cli.timed_question import AskedDelay, TimedQuestion
from sim.cli.tour_refusal import refusal_of_tour
from sim.run.setting import Setting


def answer_to(
    setting: Setting,
    ready: Outlook,
    question: TimedQuestion,
    waypoints: tuple[Waypoint, ...],
    *,
    report: Report,
) -> TimedAnswer:
    """Search for what is asked, with charge to spare where there is a plan with it.

    Args:
        setting, ready: The scenario and its problem made ready.
        question: What is asked.
        waypoints: As read from the question's file.
        report: Told how far a search is.

    Raises:
        TimeLimitError: The time was over before the search ended.
        UsageError, WaypointError: Of a figure that only the map shows to be wrong.
    """
    return with_spare_charge(
        ready,
        lambda asked: _search(setting, asked, question, waypoints, report=report),
        refuses=lambda answer: isinstance(answer.result, NoPlan),
    )


def _search(
    setting: Setting,
    ready: Outlook,
    question: TimedQuestion,
    waypoints: tuple[Waypoint, ...],
    *,
    report: Report,
) -> TimedAnswer:
    if question.risk is not None:
        return find_within_risk(setting, ready, question.criteria[0], question.risk)
    if question.delay is not None:
        return find_within_delay(setting, ready, question.criteria[0], question.delay)
    if question.waypoints is not None:
        return find_tour(setting, ready, question.waypoints, waypoints)
    return find_traverse(setting, ready, question.criteria, report=report)


def find_within_delay(
    setting: Setting, ready: Outlook, criterion: Criterion, delay: AskedDelay
) -> TimedAnswer:
    """Search for the traverse of earliest expected arrival whose chance to be caught by night is within a bound.

    Raises:
        TimeLimitError: The time was over before a search ended.
    """
    found = plan_with_delay_bound(ready, delay.bound, delay.faults, criterion=criterion)
    if isinstance(found, NoPlan):
        return TimedAnswer(setting=setting, ready=ready, criteria=(criterion,), result=found)
    told = told_of(ready, found.plan, (criterion,))
    return TimedAnswer(setting=setting, ready=ready, criteria=(criterion,), result=told, delayed=found)


def find_tour(
    setting: Setting,
    ready: Outlook,
    file: Path,
    waypoints: tuple[Waypoint, ...],
) -> TimedAnswer:
    """Search for the tour of most value over waypoints of a file, to the goal.

    Raises:
        WaypointError: One is off the map or where the rover may not be.
        TimeLimitError: The time was over before any visit was found.
    """
    criteria = (Criterion.TIME,)
    try:
        tour = best_tour(ready, waypoints, time_limit_s=ready.problem.time_limit_s)
    except WaypointError as error:
        raise WaypointError([_in_file(problem, file) for problem in error.problems]) from error
    if isinstance(tour, NoPlan):
        return TimedAnswer(setting=setting, ready=ready, criteria=criteria, result=tour, waypoints=waypoints)
    broken = next((margin for margin in tour_margins(ready, tour) if not margin.holds), None)
    if broken is not None:
        refusal = refusal_of_tour(broken, setting.epoch)
        return TimedAnswer(
            setting=setting, ready=ready, criteria=criteria, result=refusal, waypoints=waypoints
        )
    told = Teller(ready).tell(plan_of_tour(ready, tour), (tour.end_s,))
    return TimedAnswer(
        setting=setting, ready=ready, criteria=criteria, result=told, tour=tour, waypoints=waypoints
    )


def _in_file(problem: Problem, file: Path) -> Problem:
    return problem if problem.file is not None else replace(problem, file=str(file))
