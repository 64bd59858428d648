"""The exact grid search, and the planner made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.time_allowed import TimeAllowed
from rover.planning.ends import cell_of, from_end_to_end, through_centres
from rover.planning.explain import explain
from rover.planning.grid_checks import Cell, check_neighbours, checked_cell, costs_and_extremes, lethal_end
from rover.planning.jump import JumpSearch, can_jump, jump_memory
from rover.planning.label_memory import LABEL_MEMORY
from rover.planning.objective import price_map, price_of_way
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, PlanningProblem
from rover.planning.tiled_search import NO_LANDMARKS, Landmarks, TiledSearch, tile_count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridRoute:
    """A least-cost way over the cells of an array.

    Attributes:
        cells: (n, 2) int64 rows and columns, start and goal included.
        cost_s: Its cost, between cell centres.
        expanded: Cells that were reached, whose neighbours were looked at; by jump points, those alone.
        generated: Labels that were worked out for cells from a neighbouring row, repeats counted; by jump points, those
            that they were given.
        lower_bound_s: What every route costs at least: `cost_s`, where the search was exact.
    """

    cells: npt.NDArray[np.int64]
    cost_s: float
    expanded: int
    generated: int
    lower_bound_s: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", locked(self.cells, np.int64, (None, 2), "cells"))


def search_grid(
    cost_s_per_m: npt.NDArray[np.floating],
    start: Cell,
    goal: Cell,
    *,
    resolution_m: float,
    corner_cutting: bool = False,
    neighbours: int = 8,
    time_limit_s: float | None = None,
) -> GridRoute | NoPlan:
    """Return a way of least cost from `start` to `goal` over the cells of an array.

    A move costs its length times the mean cost of the cells that it passes: two, or four of a knight's move, each of
    which has to be free. The heuristic is the octile distance (Sturtevant 2012, doi:10.1109/TCIAIG.2012.2197681), or
    that of the moves there are, at the least cost on the map. Labels are settled by tiles and not one by one
    (`rover.planning.tiled_search`). Memory is 9.4 bytes a cell beside the costs, of tiles that are reached. Where all
    free cells cost the same, eight neighbours are searched by jump points (`rover.planning.jump`).

    Args:
        cost_s_per_m: (rows, cols), positive; +inf is lethal. Not written to.
        start, goal: (row, col).
        resolution_m: Side of a cell.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        neighbours: 4, 8, or 16 with knight's moves.
        time_limit_s: Longest time to search, None for any.

    Raises:
        CostMapError: Not two-dimensional, empty, or with a cost that is NaN, zero, negative or too large to add up.
        PlaceError: Start or goal is not a whole (row, col) inside the array.
        TimeLimitError: The time was over; the message states the least that a route can cost.
        ValueError: No such number of neighbours.
    """
    cost, floor, greatest = costs_and_extremes(cost_s_per_m, resolution_m)
    start = checked_cell("start", start, cost.shape)
    goal = checked_cell("goal", goal, cost.shape)
    check_neighbours(neighbours)
    refusal = lethal_end(cost, start, goal)
    if refusal is not None:
        return refusal
    if floor == greatest and can_jump(cost.shape, neighbours=neighbours, corner_cutting=corner_cutting):
        return _search_by_jumps(
            cost, start, goal, metre=floor, resolution_m=float(resolution_m), time_limit_s=time_limit_s
        )
    return search_checked(
        cost,
        start,
        goal,
        resolution_m=float(resolution_m),
        floor=floor,
        corner_cutting=bool(corner_cutting),
        neighbours=neighbours,
        time_limit_s=time_limit_s,
    )


def search_checked(
    cost: npt.NDArray[np.floating],
    start: Cell,
    goal: Cell,
    *,
    resolution_m: float,
    floor: float,
    corner_cutting: bool,
    neighbours: int,
    time_limit_s: float | None,
    landmarks: Landmarks = NO_LANDMARKS,
) -> GridRoute | NoPlan:
    """`search_grid` for costs and cells that have been checked, both cells free."""
    with LABEL_MEMORY.lent(math.prod(tile_count(cost.shape))) as labels:
        search = TiledSearch(
            cost,
            start,
            goal,
            resolution_m=resolution_m,
            neighbours=neighbours,
            corner_cutting=corner_cutting,
            landmarks=landmarks,
            floor=floor,
            labels=labels,
        )
        cost_s = search.run(time_limit_s=time_limit_s)
        reached = search.expanded
        if math.isinf(cost_s):
            return _closed_in(start, goal, reached)
        return GridRoute(
            cells=search.route(),
            cost_s=cost_s,
            expanded=reached,
            generated=search.generated,
            lower_bound_s=cost_s,
        )


def _search_by_jumps(
    cost: npt.NDArray[np.floating],
    start: Cell,
    goal: Cell,
    *,
    metre: float,
    resolution_m: float,
    time_limit_s: float | None,
) -> GridRoute | NoPlan:
    """`search_checked` where every free cell costs as much."""
    with jump_memory() as memory:
        search = JumpSearch(cost, start, goal, metre=metre, resolution_m=resolution_m, memory=memory)
        cost_s = search.run(time_limit_s=time_limit_s)
        if math.isinf(cost_s):
            return _closed_in(start, goal, search.reachable())
        return GridRoute(
            cells=search.route(),
            cost_s=cost_s,
            expanded=search.expanded,
            generated=search.generated,
            lower_bound_s=cost_s,
        )


def _closed_in(start: Cell, goal: Cell, reached: int) -> NoPlan:
    return NoPlan(
        cause=Cause.NO_ROUTE,
        where=f"lethal cells close in the {reached} cells that can be reached from {start}, "
        f"{goal} not among them",
        remedy="raise a limit or choose another goal",
        expanded=reached,
    )


class AStarPlanner:
    """The least of the problem's objective on the grid of the neighbours asked for, no corner cut."""

    name = "astar"
    claims = frozenset({Claim.OPTIMAL})
    objectives = frozenset(Objective)
    neighbours = frozenset({4, 8, 16})

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return the way of least time, energy, distance or risk, or why there is none.

        Raises:
            PlaceError: Start or goal lies outside the map.
        """
        geometry = problem.costmap.geometry
        allowed = TimeAllowed(problem.time_limit_s)
        start = cell_of("start_m", problem.start_m, geometry)
        goal = cell_of("goal_m", problem.goal_m, geometry)
        route = search_grid(
            price_map(problem).price_per_m,
            start,
            goal,
            resolution_m=geometry.resolution_m,
            neighbours=problem.neighbours,
            time_limit_s=problem.time_limit_s,
        )
        if isinstance(route, NoPlan):
            return explain(problem, route, allowed)
        cells, waypoints = _waypoints(problem, route.cells)
        timed = problem.objective is Objective.TIME
        cost_s = problem.costmap.cost_s_per_m
        return Plan(
            planner=self.name,
            cells=cells,
            waypoints_m=waypoints,
            cost_s=route.cost_s if timed else price_of_way(cells, cost_s, geometry.resolution_m),
            expanded=route.expanded,
            objective=problem.objective,
            price=None if timed else route.cost_s,
        )


def _waypoints(
    problem: PlanningProblem, cells: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Put the exact start and goal in the place of their cells' centres.

    A knight's move begun off the centre would cross other cells than it was priced by, so there they are added.
    """
    if problem.neighbours == 16:
        return through_centres(problem, cells)
    return from_end_to_end(problem, cells)
