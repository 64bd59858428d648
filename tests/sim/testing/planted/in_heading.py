"""Bugs by heading: in the product's own search, asked about another problem or spoilt in its answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rover.planning.directional import DirectionalPlanner
from rover.planning.problem import Objective, Plan, PlanningProblem
from tests.sim.testing.planted.sound import ByHeading, Spoiled


class IgnoresRoll(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return _with_vehicle(problem, roll_limit_deg=60.0)


class PitchForRoll(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        slope, roll = problem.vehicle.slope_limit_deg, problem.vehicle.roll_limit_deg
        return _with_vehicle(problem, slope_limit_deg=roll, roll_limit_deg=slope)


class MirroredHeadings(ByHeading):
    """Counts aspect the other way round."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        aspect = np.mod(-problem.terrain.aspect_rad, 2 * math.pi)
        return replace(problem, terrain=replace(problem.terrain, aspect_rad=aspect))


class DownhillForUphill(ByHeading):
    """Searches from the goal and turns the way round."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, start_m=problem.goal_m, goal_m=problem.start_m)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cells=plan.cells[::-1], waypoints_m=plan.waypoints_m[::-1])


class ForgetsTheLoad(ByHeading):
    """Energy of the pull alone."""

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        if problem.objective is not Objective.ENERGY:
            return plan
        return replace(plan, price=(plan.price or 0.0) - problem.vehicle.drive_w * plan.cost_s)


class EightForSixteen(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, neighbours=min(problem.neighbours, 8))


class KnowsNoHeading(Spoiled):
    """Claims headings, and goes by the cost map."""

    claims = DirectionalPlanner.claims


def _with_vehicle(problem: PlanningProblem, **figures: float) -> PlanningProblem:
    return replace(problem, vehicle=problem.vehicle.model_copy(update=figures))
