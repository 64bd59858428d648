"""Bugs in what is promised, of the product's own planners asked about another problem or spoilt in their answer."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from rover.planning.objective import price_map, price_of_way
from rover.planning.problem import Claim, Objective, Plan, PlanningProblem
from tests.sim.testing.planted.in_search import InflatedHeuristic
from tests.sim.testing.planted.sound import Spoiled


class UnderstatesItsCost(Spoiled):
    claims: frozenset[Claim] = frozenset()

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cost_s=0.9 * plan.cost_s)


class StatesNoBound(Spoiled):
    claims = frozenset({Claim.BOUNDED})


class BreaksItsBound(InflatedHeuristic):
    claims = frozenset({Claim.BOUNDED})

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        return replace(super().answer(problem, cells, price), bound=1.0)


class AlwaysInAHurry(Spoiled):
    """Claims every objective, and minds time."""

    objectives = frozenset(Objective)

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, objective=Objective.TIME)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        prices = price_map(problem).price_per_m
        price = price_of_way(plan.cells, prices, problem.costmap.geometry.resolution_m)
        return replace(plan, objective=problem.objective, price=price)


class StatesTimeForPrice(Spoiled):
    objectives = frozenset(Objective)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, price=plan.cost_s)


class ChangesItsMind(Spoiled):
    """Goes on counting from question to question."""

    def __init__(self) -> None:
        self.count = itertools.count()

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        waypoints = plan.waypoints_m.copy()
        waypoints[1:-1] += 1e-3 * (next(self.count) % 3)
        return replace(plan, waypoints_m=waypoints)
