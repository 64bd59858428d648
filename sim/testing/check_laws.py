"""Laws that hold of the least way whatever the ground: what turning, mirroring, scaling and closing cells do to it.

A planner that claims OPTIMAL is held to the price; of others, whose ways may hang on the order in which cells are
looked at, it is asked that there is a way on the changed map too, safe and honest. The Sun turns, mirrors and scales
with no map, so that planners in time are held to the law of obstacles only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rover.planning.problem import Claim, Objective, Plan, PlanningProblem
from sim.testing.case import TOLERANCE, Broken, Case, in_words, price_of
from sim.testing.changes import mirrored, slower, spots_on, stretched, turned
from sim.testing.check_way import judged, no_way
from sim.testing.ground import with_hazard

_BY_HEADING = 1e-5
"""Relative, of prices by heading on a turned map: aspect is float32."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Change:
    """A changed map, in words, and how many times as much its least way costs."""

    problem: PlanningProblem
    words: str
    factor: float = 1.0


def rotation(case: Case) -> Iterator[Broken]:
    """The map turned by 90 deg has a way of the same price."""
    question = case.usual_question()
    yield from _prices(case, question, [_Change(problem=turned(question), words="turned by 90 deg")])


def mirror(case: Case) -> Iterator[Broken]:
    """The map with east and west exchanged has a way of the same price."""
    question = case.usual_question()
    yield from _prices(case, question, [_Change(problem=mirrored(question), words="mirrored")])


def scaling(case: Case) -> Iterator[Broken]:
    """Ground that takes 1/1024 or 8 times as long, or cells 1/8 or 8 times as long, cost as many times as much."""
    question = case.usual_question()
    changes = [
        _Change(problem=slower(question, factor), words=f"{factor:g} times as slow", factor=factor)
        for factor in (2.0**-10, 8.0)
        if question.objective is Objective.TIME
    ]
    changes += [
        _Change(
            problem=stretched(question, factor), words=f"on cells {factor:g} times as long", factor=factor
        )
        for factor in (0.125, 8.0)
    ]
    yield from _prices(case, question, changes)


def _prices(case: Case, question: PlanningProblem, changes: list[_Change]) -> Iterator[Broken]:
    """Yield what is wrong on changed maps, beside the map itself."""
    before = case.ask(question)
    if not isinstance(before, Plan):
        yield no_way(question, before)
        return
    for change in changes:
        yield from _same_price(case, price_of(before, question), change)


def _same_price(case: Case, before: float, change: _Change) -> Iterator[Broken]:
    after, changed = case.ask(change.problem), change.problem
    if not isinstance(after, Plan):
        what = f"{change.words}: answers {after} where there is a way"
        yield Broken(what=what, problem=changed, answer=after)
        return
    for what in case.breaks(after, changed):
        yield Broken(what=f"{change.words}: {what}", problem=changed, answer=after)
    if Claim.OPTIMAL not in case.claims:
        return
    got, want = price_of(after, changed), change.factor * before
    tolerance = _BY_HEADING if Claim.DIRECTIONAL in case.claims else TOLERANCE
    if not abs(got - want) <= tolerance * want:
        what = f"{change.words}: costs {in_words(got, changed)}, should be {in_words(want, changed)}"
        yield Broken(what=what, problem=changed, answer=after)


def more_obstacles(case: Case) -> Iterator[Broken]:
    """With more cells closed the way is never cheaper; it keeps out of them, and is still found where there is one."""
    question = case.usual_question()
    before = case.ask(question)
    if not isinstance(before, Plan):
        yield no_way(question, before)
        return
    changed = with_hazard(question, spots_on(question, before.waypoints_m, seed=1))
    after = case.ask(changed)
    yield from judged(case, changed, after)
    if Claim.OPTIMAL not in case.claims or not isinstance(after, Plan):
        return
    got, least = price_of(after, changed), price_of(before, question)
    if not got >= least * (1 - TOLERANCE):
        what = f"costs {in_words(got, changed)} with more cells closed, {in_words(least, question)} without"
        yield Broken(what=what, problem=changed, answer=after)
