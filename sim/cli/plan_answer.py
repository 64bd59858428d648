"""What `farside plan` answers: the way, its legs and alternatives, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rover.core.errors import TimeLimitError, UsageError
from rover.core.grid import Dem
from rover.core.time_allowed import TimeAllowed
from rover.planning.alternatives import AlternativePlan, alternative_plans
from rover.planning.legs import LegFigures, figures_of
from rover.planning.objective import price_map
from rover.planning.opening import Opening, find_opening
from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem
from rover.planning.via import Itinerary, leg_name, plan_through
from sim.cli.plan_question import Posed, Question


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """A leg, and what there is to say of it.

    Attributes:
        name: From where to where.
        plan: The way.
        figures: Its figures.
    """

    name: str
    plan: Plan
    figures: LegFigures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """All there is to say.

    Attributes:
        question, posed: As asked, and on its map.
        result: The plan, or why there is none.
        legs: Of the plan, one where no places lie between.
        whole: Figures of all legs together, or None without a plan.
        alternatives: Other ways, each with its figures.
        opening: The way at the least slope limit, where it was asked for and there is one; by a leg that has no way,
            that of the leg.
        asked_leg: The question that `opening` answers.
        late: That the time was over before all was found that the options ask for, else None.
    """

    question: Question
    posed: Posed
    result: Plan | NoPlan
    legs: tuple[Leg, ...] = ()
    whole: LegFigures | None = None
    alternatives: tuple[tuple[AlternativePlan, LegFigures], ...] = ()
    opening: Opening | None = None
    asked_leg: PlanningProblem
    late: TimeLimitError | None = None


def find_answer(question: Question, posed: Posed, dem: Dem, *, explain: bool) -> Answer:
    """Ask the planner, and work out what the options ask for beside the way.

    Raises:
        PlannerError: As `rover.planning.ask.ask`.
        UsageError: The planner does not heed an option.
        TimeLimitError: The time was over before the way was found.
    """
    problem = posed.problem
    rest = _Rest(TimeAllowed(problem.time_limit_s))
    found = plan_through(question.planner, problem, posed.via_m)
    if isinstance(found, NoPlan):
        leg = _refused_leg(found, posed)
        wanted = explain and found.cause is Cause.NO_ROUTE
        return Answer(
            question=question,
            posed=posed,
            result=found,
            opening=rest.opening(leg) if wanted else None,
            asked_leg=leg,
            late=_unexplained(found, question) if found.unfinished else rest.late,
        )
    _refuse_unheeded(found.plan, question)
    legs = _legs(found, problem, dem)
    wanted = explain and not posed.via_m and problem.start_m != problem.goal_m
    return Answer(
        question=question,
        posed=posed,
        result=found.plan,
        legs=legs,
        whole=figures_of(found.plan, problem.terrain, dem),
        alternatives=tuple(
            (way, figures_of(way.plan, problem.terrain, dem))
            for way in rest.alternatives(problem, found.plan, question.ways - 1)
        ),
        opening=rest.opening(problem) if wanted else None,
        asked_leg=problem,
        late=rest.late,
    )


class _Rest:
    """What is looked for when the way is known, as long as there is time.

    Args:
        allowed: For all of it.

    Attributes:
        late: That it was over, else None.
    """

    def __init__(self, allowed: TimeAllowed) -> None:
        self._allowed = allowed
        self.late: TimeLimitError | None = None

    def alternatives(self, problem: PlanningProblem, best: Plan, count: int) -> Iterator[AlternativePlan]:
        if count < 1:
            return
        prices = price_map(problem).price_per_m
        try:
            yield from alternative_plans(problem, best, prices, count=count, allowed=self._allowed)
        except TimeLimitError as error:
            self.late = error

    def opening(self, problem: PlanningProblem) -> Opening | None:
        try:
            return find_opening(problem, self._allowed)
        except TimeLimitError as error:
            self.late = self.late or error
            return None


def _unexplained(refusal: NoPlan, question: Question) -> TimeLimitError:
    return TimeLimitError(
        f"there is no way ({refusal.cause}), but not all was found that would open one",
        remedy="allow more time",
        field="time_limit_s",
        value=question.time_limit_s,
    )


def _refused_leg(refusal: NoPlan, posed: Posed) -> PlanningProblem:
    if refusal.leg is None:
        return posed.problem
    stops = [posed.problem.start_m, *posed.via_m, posed.problem.goal_m]
    return replace(posed.problem, start_m=stops[refusal.leg - 1], goal_m=stops[refusal.leg])


def _legs(found: Itinerary, problem: PlanningProblem, dem: Dem) -> tuple[Leg, ...]:
    count = len(found.legs)
    return tuple(
        Leg(name=leg_name(i, count), plan=leg, figures=figures_of(leg, problem.terrain, dem))
        for i, leg in enumerate(found.legs)
    )


def _refuse_unheeded(plan: Plan, question: Question) -> None:
    """Refuse a way that is not what was asked for, as of a planner that knows nothing of an option."""
    if plan.objective != question.objective:
        raise UsageError(
            f"the planner {plan.planner} does not heed it, and answers for least {plan.objective}",
            remedy="take another planner, or leave it off",
            field="--objective",
            value=str(question.objective),
        )
    if question.neighbours == 4 and Claim.ANY_ANGLE not in question.planner.claims and _has_diagonal(plan):
        raise UsageError(
            f"the planner {plan.planner} does not heed it, and moves along diagonals",
            remedy="take another planner, or leave it off",
            field="--neighbours",
            value=question.neighbours,
        )


def _has_diagonal(plan: Plan) -> bool:
    steps = np.abs(np.diff(plan.cells, axis=0))
    return bool((steps > 0).all(axis=1).any())
