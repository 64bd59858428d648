"""Bugs in the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem
from tests.sim.testing.planted.sound import Cell, PlainAStar


class NorthBeforeEast(PlainAStar):
    """Transposed axes: waypoints are (north, east)."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        return replace(plan, waypoints_m=plan.waypoints_m[:, ::-1])


class HalfACellOff(PlainAStar):
    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        waypoints = plan.waypoints_m.copy()
        waypoints[1:-1] += 0.51 * problem.costmap.geometry.resolution_m
        return replace(plan, waypoints_m=waypoints)


class EndsAtTheCellsCentre(PlainAStar):
    """The wrong goal, by less than a cell."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        return replace(plan, waypoints_m=problem.costmap.geometry.centres_of(plan.cells))


class StopsBesideTheGoal(PlainAStar):
    """The wrong goal, by a cell."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        return replace(plan, cells=plan.cells[:-1], waypoints_m=plan.waypoints_m[:-1])


class WayBackwards(PlainAStar):
    """Followed from the goal and not turned round."""

    def way(self, start: Cell, goal: Cell) -> list[Cell]:
        return super().way(start, goal)[::-1]

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        turned = replace(problem, start_m=problem.goal_m, goal_m=problem.start_m)
        plan: Plan = super().answer(turned, cells, price)
        return plan


class EmptyPlanForNoWay(PlainAStar):
    def refusal(self, cause: Cause) -> Plan:
        none = np.empty((0, 2))
        return Plan(planner="x", cells=none.astype(np.int64), waypoints_m=none, cost_s=0.0, expanded=0)


class OneCauseForAll(PlainAStar):
    def refusal(self, cause: Cause) -> Any:
        return super().refusal(Cause.NO_ROUTE)


class SaysNothing(PlainAStar):
    def refusal(self, cause: Cause) -> NoPlan:
        return NoPlan(cause=cause, where="", remedy="")


class NothingForNowhere(PlainAStar):
    """No answer at all where the start is the goal."""

    def plan(self, problem: PlanningProblem) -> Any:
        return None if problem.start_m == problem.goal_m else super().plan(problem)


class ChargesForNowhere(PlainAStar):
    """Counts the start's own cell."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Any:  # type: ignore[type-arg]
        row, col = cells[0]
        more = problem.costmap.cost_s_per_m[row, col] if len(cells) == 1 else 0.0
        return super().answer(problem, cells, price + more)


class ClaimsInAList(PlainAStar):
    claims = [Claim.OPTIMAL]  # type: ignore[assignment]  # noqa: RUF012
