"""The planner by pyramid: a way within a proven factor of the least driving time, on maps of any size that fit."""

from __future__ import annotations

import sys

from rover.core.errors import PlannerError
from rover.core.time_allowed import TimeAllowed
from rover.planning.ends import cell_of, from_end_to_end
from rover.planning.explain import explain
from rover.planning.problem import Claim, NoPlan, Objective, Plan, PlanningProblem
from rover.planning.pyramid import build_pyramid
from rover.planning.pyramid_search import search_pyramid


class PyramidPlanner:
    """A way of at most 1 + `epsilon` times the least driving time on the 8-connected grid, no corner cut.

    `Plan.bound` is the factor proven of that very way. A pyramid is built for each question; without landmarks,
    which pay for many questions only.
    """

    name = "pyramid"
    claims = frozenset({Claim.BOUNDED})
    objectives = frozenset({Objective.TIME})
    neighbours = frozenset({8})

    def __init__(self, epsilon: float = 0.02) -> None:
        self.epsilon = epsilon

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return a way, or why there is none.

        Raises:
            PlaceError: Start or goal lies outside the map.
            PlannerError: An objective other than time, or other than 8 neighbours.
            TimeLimitError: The problem's time limit ended first.
        """
        _refuse_what_is_not_served(problem)
        geometry = problem.costmap.geometry
        allowed = TimeAllowed(problem.time_limit_s)
        start = cell_of("start_m", problem.start_m, geometry)
        goal = cell_of("goal_m", problem.goal_m, geometry)
        pyramid = build_pyramid(problem.costmap.cost_s_per_m, resolution_m=geometry.resolution_m, landmarks=0)
        left_s = allowed.left_s
        # Where none is left, the search says what no way costs less than.
        limit_s = None if left_s is None else max(left_s, sys.float_info.min)
        route = search_pyramid(pyramid, start, goal, epsilon=self.epsilon, time_limit_s=limit_s)
        if isinstance(route, NoPlan):
            return explain(problem, route, allowed)
        cells, waypoints = from_end_to_end(problem, route.cells)
        return Plan(
            planner=self.name,
            cells=cells,
            waypoints_m=waypoints,
            cost_s=route.cost_s,
            expanded=route.expanded,
            bound=route.bound,
        )


def _refuse_what_is_not_served(problem: PlanningProblem) -> None:
    if problem.objective is not Objective.TIME:
        raise PlannerError(
            "the pyramid planner knows driving time only",
            remedy="take the planner astar",
            field="objective",
            value=str(problem.objective),
        )
    if problem.neighbours != 8:
        raise PlannerError(
            "the pyramid planner moves to 8 neighbours",
            remedy="take the planner astar",
            field="neighbours",
            value=problem.neighbours,
        )
