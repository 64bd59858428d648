"""A planner under a check: what it is asked, what it answers, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.sparse.csgraph import dijkstra

from rover.planning.check import check_plan, check_safety
from rover.planning.objective import UNITS, price_map
from rover.planning.problem import Claim, NoPlan, Objective, Plan, Planner, PlanningProblem
from sim.testing.graphs import directed_graph, grid_graph
from sim.testing.ground import ends_of
from sim.testing.patience import NotInTimeError, made_within

TOLERANCE = 1e-9
"""Relative, of a price against the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a planner may take for one question on the kit's ground, once it has been asked before.

    Attributes:
        time_s: By the clock.
        memory_mib: At the most, beside what was taken before.
        stop_s: By the clock, when a question is given up in any check, the first one included, in which a planner may
            compile; `time_s` where that is more.
    """

    time_s: float = 10.0
    memory_mib: float = 512.0
    stop_s: float = 300.0

    @property
    def patience_s(self) -> float:
        """When a question is given up."""
        return max(self.stop_s, self.time_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Broken:
    """Something that is wrong.

    Attributes:
        what: In words.
        problem: The question.
        answer: What was answered, or None where nothing was.
        given_up: Whether that is because it was waited for no longer.
    """

    what: str
    problem: PlanningProblem
    answer: Plan | NoPlan | None = None
    given_up: bool = False


class NotAnAnswerError(Exception):
    """A planner gave something else than a plan or a refusal."""


class NoAnswerError(NotAnAnswerError):
    """A planner was given up."""


@dataclass(slots=True, kw_only=True, eq=False)
class Case:
    """One planner on one problem.

    Attributes:
        planner: Under the check.
        problem: Its start and goal are free and joined by a way.
        budget: For one question.
        asked: The last question that was put to it.
        last_words: Told where it never comes back from native code, and its process is ended.
        kept: Answers to `questions()` of a planner as it was given, one after another; more are put there.
    """

    planner: Planner
    problem: PlanningProblem
    budget: Budget
    asked: PlanningProblem
    last_words: str = ""
    kept: list[Plan | NoPlan] = field(default_factory=list)

    @property
    def claims(self) -> frozenset[Claim]:
        return self.planner.claims

    def ask(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return the planner's answer.

        Raises:
            NotAnAnswerError: It is none.
            NoAnswerError: None came.
        """
        self.asked = problem
        patience_s = self.budget.patience_s
        try:
            answer: Any = made_within(patience_s, self.last_words, lambda: self.planner.plan(problem))
        except NotInTimeError:
            raise NoAnswerError(f"gives no answer within {patience_s:g} s") from None
        if not isinstance(answer, Plan | NoPlan):
            raise NotAnAnswerError(f"answers {answer!r}, which is neither Plan nor NoPlan")
        return answer

    def questions(self) -> list[PlanningProblem]:
        """Return the problem by each objective at 8 neighbours, or what it has, and by each other number of moves."""
        objectives, numbers = sorted(objectives_of(self.planner)), sorted(neighbours_of(self.planner))
        usual = 8 if 8 in numbers else numbers[0]
        first = self.usual_question().objective
        pairs = [(objective, usual) for objective in objectives]
        pairs += [(first, number) for number in numbers if number != usual]
        return [replace(self.problem, objective=objective, neighbours=number) for objective, number in pairs]

    def answered(self) -> Iterator[tuple[PlanningProblem, Plan | NoPlan]]:
        """Yield `questions()` and what is answered to them, which is asked once for all checks that judge nothing else.

        Where an answer does not come, or is none, the next check begins anew with the planner as it was given.

        Raises:
            NotAnAnswerError: As of `ask`; and whatever the planner raises.
        """
        for place, problem in enumerate(self.questions()):
            if place == len(self.kept):
                try:
                    self.kept.append(self.ask(problem))
                except BaseException:
                    self.kept.clear()
                    raise
            yield problem, self.kept[place]

    def usual_question(self) -> PlanningProblem:
        """Return the problem by least time and 8 neighbours, or the first of what the planner has."""
        objectives, numbers = sorted(objectives_of(self.planner)), sorted(neighbours_of(self.planner))
        return replace(
            self.problem,
            objective=Objective.TIME if Objective.TIME in objectives else objectives[0],
            neighbours=8 if 8 in numbers else numbers[0],
        )

    def least(self, problem: PlanningProblem) -> float:
        """Return the least price of a problem by the moves that the planner claims; inf where there is no way."""
        directional = Claim.DIRECTIONAL in self.claims
        return least_cost(problem, directional=directional, descent_limit_rad=self._descent())

    def breaks(self, plan: Plan, problem: PlanningProblem) -> list[str]:
        """Return the promises that a plan breaks."""
        return check_plan(plan, problem, claims=self.claims, descent_limit_rad=self._descent())

    def dangers(self, plan: Plan, problem: PlanningProblem) -> list[str]:
        """Return those of them that endanger the rover."""
        return check_safety(plan, problem, claims=self.claims, descent_limit_rad=self._descent())

    def _descent(self) -> float | None:
        return getattr(self.planner, "descent_limit_rad", None)


def objectives_of(planner: Planner) -> frozenset[Objective]:
    """Return the objectives that a planner has; time, where it does not say."""
    return frozenset(getattr(planner, "objectives", {Objective.TIME}))


def neighbours_of(planner: Planner) -> frozenset[int]:
    """Return the numbers of moves that a planner has; 8, where it does not say."""
    return frozenset(getattr(planner, "neighbours", {8}))


def price_of(plan: Plan, problem: PlanningProblem) -> float:
    """Return what a plan states to have of its problem's objective."""
    by_time = problem.objective is Objective.TIME
    return plan.cost_s if by_time or plan.price is None else plan.price


def in_words(price: float, problem: PlanningProblem) -> str:
    """Return a price with all its digits and its unit."""
    return f"{float(price)!r} {UNITS[problem.objective]}"


def least_cost(
    problem: PlanningProblem, *, directional: bool = False, descent_limit_rad: float | None = None
) -> float:
    """Return the least price between the cells of start and goal by the problem's objective and neighbours, by scipy.

    Args:
        problem: The question.
        directional: Whether moves are allowed and priced by their heading.
        descent_limit_rad: Steepest descent, None for the vehicle's `slope_limit_deg`.

    Returns:
        In the objective's unit; inf if there is no way.
    """
    start, goal = (np.ravel_multi_index(end, problem.costmap.geometry.shape) for end in ends_of(problem))
    if directional:
        graph = directed_graph(problem, descent_limit_rad=descent_limit_rad)
    else:
        resolution_m = problem.costmap.geometry.resolution_m
        graph = grid_graph(price_map(problem).price_per_m, resolution_m, neighbours=problem.neighbours)
    return float(dijkstra(graph, directed=directional, indices=np.array(start))[goal])


def brief(answer: Plan | NoPlan) -> str:
    """Return an answer in a few words."""
    if isinstance(answer, NoPlan):
        return str(answer)
    return f"a plan of {len(answer.waypoints_m)} waypoints and {answer.cost_s:.9g} s"


def refusals(case: Case, problem: PlanningProblem, causes: tuple[str, ...]) -> Iterator[Broken]:
    """Ask what has no way, and yield what is wrong with the refusal."""
    answer = case.ask(problem)
    wanted = " or ".join(causes)
    if not isinstance(answer, NoPlan):
        yield Broken(
            what=f"answers {brief(answer)}, should refuse with {wanted}", problem=problem, answer=answer
        )
    elif answer.cause not in causes:
        yield Broken(what=f"refuses with {answer.cause}, should be {wanted}", problem=problem, answer=answer)
    elif not (answer.where and answer.remedy):
        what = f"refuses with {answer.cause} but leaves where or remedy empty"
        yield Broken(what=what, problem=problem, answer=answer)
