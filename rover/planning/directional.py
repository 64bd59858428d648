"""The planner that judges every move by its heading.

What closes a cell whatever the heading closes it here too; a slope closes a heading, by pitch and roll on the plane of
each cell that a move crosses. So a slope may be climbed that must not be traversed, and the other way about.
"""

from __future__ import annotations

import math

from rover.core.time_allowed import TimeAllowed
from rover.hazard.directional import directional_cost
from rover.planning.bottleneck import closed_whatever_the_slope
from rover.planning.directional_search import CODES, search_directional
from rover.planning.ends import cell_of, through_centres
from rover.planning.explain_heading import explain_heading
from rover.planning.problem import Claim, NoPlan, Plan, PlanningProblem


class DirectionalPlanner:
    """The least of time, energy or distance by moves whose pitch and roll keep to the vehicle's limits.

    Args:
        descent_limit_rad: Steepest descent, None for the vehicle's `slope_limit_deg`, which is of both.
    """

    name = "directional"
    claims = frozenset({Claim.OPTIMAL, Claim.DIRECTIONAL})
    objectives = frozenset(CODES)
    neighbours = frozenset({4, 8, 16})

    def __init__(self, *, descent_limit_rad: float | None = None) -> None:
        if descent_limit_rad is not None and not 0 < descent_limit_rad < math.pi / 2:
            raise ValueError(f"a descent limit of {descent_limit_rad} rad: give more than 0, less than pi/2")
        self.descent_limit_rad = descent_limit_rad

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return the way of least price, or why there is none.

        Start and goal are joined to the centres of their cells, so that every move between cells has the heading by
        which it was judged.

        Raises:
            PlaceError: Start or goal lies outside the map.
            PlannerError: An objective that has no price by heading.
            TimeLimitError: `problem.time_limit_s` is up.
            DemFrameError: Cells that are not square.
        """
        geometry = problem.costmap.geometry
        allowed = TimeAllowed(problem.time_limit_s)
        start = cell_of("start_m", problem.start_m, geometry)
        goal = cell_of("goal_m", problem.goal_m, geometry)
        cost = directional_cost(problem.terrain, problem.vehicle, descent_limit_rad=self.descent_limit_rad)
        closed = closed_whatever_the_slope(problem)
        route = search_directional(
            cost,
            closed,
            start,
            goal,
            objective=problem.objective,
            neighbours=problem.neighbours,
            time_limit_s=problem.time_limit_s,
        )
        if isinstance(route, NoPlan):
            return explain_heading(problem, route, cost, closed, allowed)
        cells, waypoints = through_centres(problem, route.cells)
        return Plan(
            planner=self.name,
            cells=cells,
            waypoints_m=waypoints,
            cost_s=route.drive_s,
            expanded=route.expanded,
            objective=problem.objective,
            price=route.price,
        )
