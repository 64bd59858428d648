"""Laws that hold of the least way whatever the ground: what turning, mirroring, scaling and closing cells do to it.

A planner that claims OPTIMAL is held to the price; of others, whose ways may hang on the order in which cells are looked
at, it is asked that there is a way on the changed map too, safe and honest. The Sun turns, mirrors and scales with no
map, so that planners in time are held to the law of obstacles only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rover.planning.problem import Claim, Objective, Plan, PlanningProblem
from sim.testing.case import TOLERANCE, Broken, Case, in_words, objectives_of, price_of
from sim.testing.changes import mirrored, slower, spots_on, stretched, turned
from sim.testing.check_way import held, no_way
from sim.testing.ground import with_hazard

_BY_HEADING = 1e-5
"""Relative, of prices by heading on a turned map: aspect is float32."""


def rotation(case: Case) -> Iterator[Broken]:
    """The map turned by 90 deg has a way of the same price."""
    question = case.usual_question()
    yield from _same_price(case, question, turned(question), 1.0, "turned by 90 deg")


def mirror(case: Case) -> Iterator[Broken]:
    """The map with east and west exchanged has a way of the same price."""
    question = case.usual_question()
    yield from _same_price(case, question, mirrored(question), 1.0, "mirrored")


def scaling(case: Case) -> Iterator[Broken]:
    """Ground so many times as slow, or cells so many times as long, cost as many times as much: 1/1024, 1/8 and 8."""
    question = case.usual_question()
    if Objective.TIME in objectives_of(case.planner):
        for factor in (2.0**-10, 8.0):
            what = f"{factor:g} times as slow"
            yield from _same_price(case, question, slower(question, factor), factor, what)
    for factor in (0.125, 8.0):
        yield from _same_price(
            case, question, stretched(question, factor), factor, f"on cells {factor:g} times as long"
        )


def _same_price(
    case: Case, question: PlanningProblem, changed: PlanningProblem, factor: float, change: str
) -> Iterator[Broken]:
    """Yield what is wrong on a changed map, whose least price is so many times that of the map itself."""
    before, after = case.ask(question), case.ask(changed)
    if not isinstance(before, Plan):
        yield no_way(question, before)
        return
    if not isinstance(after, Plan):
        yield Broken(what=f"{change}: answers {after} where there is a way", problem=changed, answer=after)
        return
    for what in case.breaks(after, changed):
        yield Broken(what=f"{change}: {what}", problem=changed, answer=after)
    if Claim.OPTIMAL not in case.claims:
        return
    got, want = price_of(after, changed), factor * price_of(before, question)
    tolerance = _BY_HEADING if Claim.DIRECTIONAL in case.claims else TOLERANCE
    if not abs(got - want) <= tolerance * want:
        what = f"{change}: costs {in_words(got, changed)}, should be {in_words(want, changed)}"
        yield Broken(what=what, problem=changed, answer=after)


def more_obstacles(case: Case) -> Iterator[Broken]:
    """With more cells closed the way is never cheaper; it keeps out of them, and is still found where there is one."""
    question = case.usual_question()
    before = case.ask(question)
    if not isinstance(before, Plan):
        yield no_way(question, before)
        return
    rng = np.random.default_rng(len(before.cells))
    changed = with_hazard(question, spots_on(question, before.cells, rng))
    yield from held(case, changed)
    after = case.ask(changed)
    if Claim.OPTIMAL not in case.claims or not isinstance(after, Plan):
        return
    got, least = price_of(after, changed), price_of(before, question)
    if not got >= least * (1 - TOLERANCE):
        what = f"costs {in_words(got, changed)} with more cells closed, {in_words(least, question)} without"
        yield Broken(what=what, problem=changed, answer=after)
