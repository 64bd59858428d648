"""Checks of the way itself: what it costs, what it touches, and what is answered where there is none.

The optimum is scipy's, over a graph that `sim.testing.graphs` builds from the rule of costs; the way is judged by
`rover.planning.check`, which shares no code with any planner. A planner is asked by every objective that it names in
`objectives` and every number of moves in `neighbours`; without them, by time and 8.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rover.planning.check_heading import PRICE_TOLERANCE
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, PlanningProblem
from sim.testing.case import (
    TOLERANCE,
    Broken,
    Case,
    brief,
    in_words,
    neighbours_of,
    objectives_of,
    price_of,
    refusals,
)
from sim.testing.changes import along_the_rim, spots_on, unknown_wall, with_unknown
from sim.testing.ground import closed_at, ends_of, walled_off, with_limits


def protocol(case: Case) -> Iterator[Broken]:
    """It has a name, claims, and objectives and numbers of neighbours that there are."""
    planner = case.planner
    name, claims = getattr(planner, "name", None), getattr(planner, "claims", None)
    if not (isinstance(name, str) and name):
        yield _of_planner(case, f"name = {name!r} is no name")
    if not (isinstance(claims, frozenset) and all(isinstance(claim, Claim) for claim in claims)):
        yield _of_planner(case, f"claims = {claims!r} is no frozenset of Claim")
    unknown = [o for o in objectives_of(planner) if o not in set(Objective)]
    if unknown or not objectives_of(planner):
        yield _of_planner(
            case, f"objectives = {sorted(objectives_of(planner))}: give some of {sorted(Objective)}"
        )
    if not neighbours_of(planner) or not neighbours_of(planner) <= {4, 8, 16}:
        yield _of_planner(case, f"neighbours = {sorted(neighbours_of(planner))}: give some of 4, 8, 16")


def _of_planner(case: Case, what: str) -> Broken:
    return Broken(what=what, problem=case.problem)


def no_way(problem: PlanningProblem, answer: NoPlan) -> Broken:
    """What is wrong with refusing a problem that has a way."""
    return Broken(what=f"answers {brief(answer)} where there is a way", problem=problem, answer=answer)


def optimal(case: Case) -> Iterator[Broken]:
    """Claims OPTIMAL: costs what Dijkstra's way costs, to 1e-9, by each objective and number of moves."""
    for problem, plan in case.answered():
        if isinstance(plan, NoPlan):
            yield no_way(problem, plan)
        else:
            yield from off_the_least(case, problem, plan)


def off_the_least(case: Case, problem: PlanningProblem, plan: Plan) -> Iterator[Broken]:
    """Yield what a plan costs that has not the least price."""
    price, least = price_of(plan, problem), case.least(problem)
    if not abs(price - least) <= TOLERANCE * least:
        words = f"costs {in_words(price, problem)}, the least is {in_words(least, problem)}"
        yield Broken(what=f"{words} (ratio {price / least:.9f})", problem=problem, answer=plan)


def not_below_least(case: Case) -> Iterator[Broken]:
    """Claims neither OPTIMAL nor ANY_ANGLE: never states less than the least that there is on the grid."""
    tolerance = PRICE_TOLERANCE if Claim.TIMED in case.claims else TOLERANCE
    for problem, plan in case.answered():
        if isinstance(plan, NoPlan):
            yield no_way(problem, plan)
            continue
        price, least = price_of(plan, problem), case.least(problem)
        if not price >= least * (1 - tolerance):
            what = (
                f"costs {in_words(price, problem)}, less than the least there is, {in_words(least, problem)}"
            )
            yield Broken(what=what, problem=problem, answer=plan)


def within_bound(case: Case) -> Iterator[Broken]:
    """Claims BOUNDED: costs no more than the bound that its plan states, times the least."""
    for problem, plan in case.answered():
        if isinstance(plan, NoPlan):
            yield no_way(problem, plan)
        elif plan.bound is None:
            yield Broken(what="its plan states no bound", problem=problem, answer=plan)
        elif not price_of(plan, problem) <= plan.bound * case.least(problem) * (1 + TOLERANCE):
            price, least = in_words(price_of(plan, problem), problem), in_words(case.least(problem), problem)
            what = f"costs {price}, more than {plan.bound} times the least, {least}"
            yield Broken(what=what, problem=problem, answer=plan)


def safe(case: Case) -> Iterator[Broken]:
    """The way touches nothing lethal, cuts no corner, and keeps to pitch and roll where it claims headings."""
    for problem, plan in case.answered():
        if isinstance(plan, NoPlan):
            yield no_way(problem, plan)
            continue
        for what in case.dangers(plan, problem):
            yield Broken(what=what, problem=problem, answer=plan)


def honest(case: Case) -> Iterator[Broken]:
    """The way leads from start to goal by the moves allowed, and costs what it says."""
    for problem, plan in case.answered():
        if not isinstance(plan, Plan):
            continue  # told by `safe`
        broken = case.breaks(plan, problem)
        dangers = case.dangers(plan, problem) if broken else []
        for what in broken:
            if what not in dangers:
                yield Broken(what=what, problem=problem, answer=plan)


def held(case: Case, problem: PlanningProblem) -> Iterator[Broken]:
    """Ask a problem that may have no way, and yield what is wrong with the answer."""
    yield from judged(case, problem, case.ask(problem))


def judged(case: Case, problem: PlanningProblem, answer: Plan | NoPlan) -> Iterator[Broken]:
    """Yield what is wrong with an answer: a plan's promises and optimum, or that there is a way after all.

    Whether there is one is asked of scipy, by the moves that the planner claims. Planners in time may have their own
    reasons to refuse.
    """
    if isinstance(answer, Plan):
        for what in case.breaks(answer, problem):
            yield Broken(what=what, problem=problem, answer=answer)
        if Claim.OPTIMAL in case.claims:
            yield from off_the_least(case, problem, answer)
    elif Claim.TIMED not in case.claims and math.isfinite(case.least(problem)):
        yield no_way(problem, answer)
    elif not (answer.where and answer.remedy):
        yield Broken(what="refuses but leaves where or remedy empty", problem=problem, answer=answer)


def start_is_goal(case: Case) -> Iterator[Broken]:
    """Nowhere to go is a plan of no length and no cost, at the start."""
    here = replace(case.usual_question(), goal_m=case.problem.start_m)
    plan = case.ask(here)
    if not isinstance(plan, Plan):
        what = f"answers {brief(plan)} where the start is the goal"
        yield Broken(what=what, problem=here, answer=plan)
        return
    if plan.cost_s != 0.0 or plan.length_m > 1e-9:
        what = f"drives {plan.length_m:g} m for {plan.cost_s:g} s where the start is the goal"
        yield Broken(what=what, problem=here, answer=plan)
    for what in case.breaks(plan, here):
        yield Broken(what=what, problem=here, answer=plan)


def unreachable(case: Case) -> Iterator[Broken]:
    """Where a keep-out wall, or a closed start or goal, leaves no way: a `NoPlan` with the right cause, and words."""
    problem = case.usual_question()
    start, goal = ends_of(problem)
    yield from refusals(case, walled_off(problem), (Cause.NO_ROUTE,))
    yield from refusals(case, closed_at(problem, start), (Cause.START_LETHAL,))
    yield from refusals(case, closed_at(problem, goal), (Cause.GOAL_LETHAL,))


def nan_closed(case: Case) -> Iterator[Broken]:
    """Ground that is not known is closed: as a wall, under start or goal, and in spots on the way.

    It is NaN in the terrain's layers and flagged as unknown; the cost map, which never holds a NaN, has it as inf. So
    NaN is shown to planners that read more than the cost map, and inf to the others.
    """
    problem = case.usual_question()
    first = case.ask(problem)
    if isinstance(first, Plan):
        yield from held(case, with_unknown(problem, spots_on(problem, first.waypoints_m, seed=0)))
    yield from refusals(case, unknown_wall(problem), (Cause.NO_ROUTE,))
    for end, cause in zip(ends_of(problem), (Cause.START_LETHAL, Cause.GOAL_LETHAL), strict=True):
        mask = np.zeros(problem.costmap.geometry.shape, np.bool_)
        mask[end] = True
        yield from refusals(case, with_unknown(problem, mask), (cause,))


def rim(case: Case) -> Iterator[Broken]:
    """The outermost cells of the map are ground like any: a way that there is along them only is found."""
    problem = along_the_rim(case.usual_question())
    answer = case.ask(problem)
    if isinstance(answer, Plan):
        yield from judged(case, problem, answer)
    else:
        what = f"answers {brief(answer)} where there is a way along the rim"
        yield Broken(what=what, problem=problem, answer=answer)


def heading_limits(case: Case) -> Iterator[Broken]:
    """Claims DIRECTIONAL: with limits of pitch and roll far apart, keeps to both, and is optimal if it claims to be."""
    for slope_deg, roll_deg in ((20.0, 8.0), (8.0, 20.0)):
        narrow = with_limits(case.problem, slope_deg=slope_deg, roll_deg=roll_deg)
        for question in case.questions():
            problem = replace(narrow, objective=question.objective, neighbours=question.neighbours)
            if math.isfinite(case.least(problem)):
                yield from held(case, problem)
            else:
                yield from _refused(case, problem)


def _refused(case: Case, problem: PlanningProblem) -> Iterator[Broken]:
    answer = case.ask(problem)
    if not isinstance(answer, NoPlan):
        what = f"answers {brief(answer)} where no heading leads"
        yield Broken(what=what, problem=problem, answer=answer)
    elif not (answer.where and answer.remedy):
        yield Broken(what="refuses but leaves where or remedy empty", problem=problem, answer=answer)
