"""Ways that are not tied to the headings of a grid, and the planner made of them.

Cost is constant within a cell and a leg costs its exact line integral. The way is first searched for over cell
centres with shortcuts between far ones, then freed from the centres by moving its points; what it is to have little of
is driving time and the time of turning in place at its points. Not the optimum of the weighted region problem (Mitchell
and Papadimitriou 1991, doi:10.1145/102782.102784), but never dearer to drive than the best way of the 8-connected grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import PlaceError, TimeLimitError
from rover.core.grid import GridGeometry
from rover.core.time_allowed import TimeAllowed
from rover.planning.anyangle_kernels import ARRIVED, EXPANDED, MOVES, SIZE, STATE_LENGTH, begin, expand, trace
from rover.planning.astar import GridRoute, search_grid
from rover.planning.ends import cell_of
from rover.planning.explain import explain
from rover.planning.field import cost_field
from rover.planning.grid_checks import Cell, checked_cell, costs_and_extremes
from rover.planning.line_kernels import CLEAR
from rover.planning.padded import TO_CORNER, PaddedCosts, Points, bordered, distinct, turning_rad
from rover.planning.problem import Claim, NoPlan, Plan, PlanningProblem
from rover.planning.smoothing import smoothed

_LEAST_SHARE = math.cos(math.pi / 8.0)
"""Of the grid's cost to the goal, what a straight way takes at least on uniform ground: the estimate that leads on."""
_REACH = 64.0
"""Longest shortcut, cells: from centre to centre, it is within 1e-4 of any direction, and the rest is smoothing."""
_CHUNK = 1 << 16
_ROUNDING = 1e-12
_TURN_SHARES = (1.0, 0.5, 0.25, 0.125, 0.0)
"""Shares of the turning time that are minded, one after the other, until the drive is no dearer than the grid's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnyAngleRoute:
    """A way of straight legs over the cells of an array.

    Attributes:
        points: (n, 2) float64 rows and columns, whole at cell centres; start and goal included.
        cost_s: Line integral of the cost.
        turning_s: Time of turning in place from each leg into the next.
        grid_cost_s: Line integral along the best way of the 8-connected grid between the same ends.
        expanded: Cells closed by the any-angle search.
    """

    points: npt.NDArray[np.float64]
    cost_s: float
    turning_s: float
    grid_cost_s: float
    expanded: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", locked(self.points, np.float64, (None, 2), "points"))


def search_any_angle(
    cost_s_per_m: npt.NDArray[np.floating],
    start: tuple[float, float],
    goal: tuple[float, float],
    *,
    resolution_m: float,
    turn_s_per_rad: float = 0.0,
    time_limit_s: float | None = None,
) -> AnyAngleRoute | NoPlan:
    """Return a way from `start` to `goal` with little driving and turning time, of legs in any direction.

    Legs keep clear of lethal cells, their edges and corners included; where start or goal lies on such an edge, the way
    is led inside its own cell first. A leg along the border of two cells pays the dearer one. Driving time is never
    more than that of the best way of the 8-connected grid.

    Args:
        cost_s_per_m: (rows, cols), positive; +inf is lethal. Not written to.
        start, goal: (row, col), whole at cell centres; fractions lie between.
        resolution_m: Side of a cell.
        turn_s_per_rad: Time of turning in place by a radian.
        time_limit_s: Longest time to take, or None; looked at between stages, of which the first is a search of the
            grid.

    Raises:
        CostMapError: As `search_grid`.
        PlaceError: Start or goal is not two finite numbers inside the array.
        TimeLimitError: The time is over; the message says what is known by then.
        ValueError: `turn_s_per_rad` is negative or not finite.
    """
    if not (math.isfinite(turn_s_per_rad) and turn_s_per_rad >= 0.0):
        raise ValueError(f"turn_s_per_rad = {turn_s_per_rad}")
    cost, least, _ = costs_and_extremes(cost_s_per_m, resolution_m)
    points = np.array([_checked_point("start", start, cost.shape), _checked_point("goal", goal, cost.shape)])
    cells = _cell_of(points[0]), _cell_of(points[1])
    least_s = least * math.dist(*points) * float(resolution_m)
    clock = _Clock(time_limit_s, least_s)
    try:
        grid = search_grid(cost, *cells, resolution_m=float(resolution_m), time_limit_s=time_limit_s)
    except TimeLimitError as error:
        # Its bound is of the grid, and holds for no other way; a way that it knows is one.
        if error.known_s is not None:
            clock.known(error.known_s + _to_centres_s(cost, points, cells, float(resolution_m)))
        raise clock.late() from error
    if isinstance(grid, NoPlan):
        return grid
    costs = PaddedCosts.of(cost, float(resolution_m))
    ends = costs.placed(points)
    by_grid = _grid_way(costs, ends, grid)
    grid_cost_s = costs.drive_s(by_grid)
    clock.known(grid_cost_s)
    if len(grid.cells) == 1:
        return _route(costs, points, by_grid, grid_cost_s, turn_s_per_rad, 0)
    clock.check()
    centres, expanded = _search(cost, costs, cells, grid.cost_s, clock)
    starts: list[Points] = [grid.cells.astype(np.float64) + TO_CORNER]
    if centres is not None:
        starts.insert(0, centres)
    way = _freed(costs, ends, starts, by_grid, turn_s_per_rad, clock)
    return _route(costs, points, way, grid_cost_s, turn_s_per_rad, expanded)


def _to_centres_s(
    cost: npt.NDArray[np.floating], points: Points, cells: tuple[Cell, Cell], resolution_m: float
) -> float:
    """Return what the ways from start and goal to the centres of their cells cost."""
    apart = np.hypot(*(points - cells).T) * resolution_m
    return float(sum(apart[k] * cost[cells[k]] for k in range(2)))


def _grid_way(costs: PaddedCosts, ends: Points, grid: GridRoute) -> Points:
    """The grid's way with its first and last centre moved to the ends, or led by the centres where that is no way."""
    centres = grid.cells + TO_CORNER
    by_centres = distinct(np.vstack([ends[0], centres, ends[1]]))
    moved = distinct(np.vstack([ends[0], centres[1:-1], ends[1]]))
    return moved if costs.drive_s(moved) <= costs.drive_s(by_centres) else by_centres


def _search(
    cost: npt.NDArray[np.floating],
    costs: PaddedCosts,
    cells: tuple[Cell, Cell],
    most_s: float,
    clock: _Clock,
) -> tuple[Points | None, int]:
    """Return the centres at which a way of at most `most_s` turns, None where none is found, and the cells closed."""
    try:
        field = cost_field(cost, cells[1], resolution_m=1.0, time_limit_s=clock.allowed.left_s)
    except TimeLimitError as error:
        raise clock.late() from error
    clock.check()
    ahead = bordered(field * _LEAST_SHARE)
    start, goal = (costs.index_of(np.array(cell) + TO_CORNER) for cell in cells)
    best = np.full(len(costs.flat), np.inf)
    parents = np.zeros(len(costs.flat), np.int64)
    room = 2 * MOVES * _CHUNK  # what is never written to takes no memory
    keys, items = np.empty(room), np.empty(room, np.int64)
    state = np.zeros(STATE_LENGTH, np.int64)
    most_cost = most_s / costs.resolution_m * (1.0 + _ROUNDING)
    begin(best, parents, keys, items, state, start)
    while state[SIZE] > 0 and not state[ARRIVED]:
        if len(keys) < state[SIZE] + MOVES * _CHUNK:
            keys, items = np.resize(keys, 2 * len(keys)), np.resize(items, 2 * len(items))
        expand(
            *(best, parents, costs.flat, costs.width, ahead, costs.least, _REACH, most_cost),
            *(start, goal, keys, items, state, _CHUNK),
        )
        clock.check()
    centres: Points | None = trace(parents, costs.width, start, goal) if state[ARRIVED] else None
    return centres, int(state[EXPANDED])


def _freed(
    costs: PaddedCosts,
    ends: Points,
    starts: list[Points],
    by_grid: Points,
    turn_s_per_rad: float,
    clock: _Clock,
) -> Points:
    """Free ways from the cell centres, minding as much of the turning time as leaves the drive no dearer; the best.

    Smoothing stays on the side of an obstacle where it begins, so that two beginnings are better than one.
    """
    clear = [costs.clear_of_lethal(end, 2.0 * CLEAR) for end in ends]
    most_s = costs.drive_s(by_grid) * (1.0 + _ROUNDING)
    best, least_s = by_grid, math.inf
    for share in _TURN_SHARES if turn_s_per_rad else (0.0,):
        for points in starts:
            way = np.vstack([clear[0], points, clear[1]])
            way = smoothed(costs, way, share * turn_s_per_rad, between=clock.check)
            way = distinct(np.vstack([ends[0], way, ends[1]]))
            drive_s = costs.drive_s(way)
            takes_s = drive_s + turn_s_per_rad * turning_rad(way)
            if drive_s <= most_s and takes_s < least_s:
                best, least_s = way, takes_s
                clock.known(drive_s)
        if best is not by_grid:
            break
    return best


def _route(
    costs: PaddedCosts, ends: Points, way: Points, grid_cost_s: float, turn_s_per_rad: float, expanded: int
) -> AnyAngleRoute:
    points = way - TO_CORNER
    points[0], points[-1] = ends  # without the rounding of there and back
    return AnyAngleRoute(
        points=points,
        cost_s=costs.drive_s(costs.placed(points)),
        turning_s=turn_s_per_rad * turning_rad(points),
        grid_cost_s=grid_cost_s,
        expanded=expanded,
    )


class _Clock:
    """What is known of the cost while the time runs.

    Args:
        limit_s: Longest time, or None.
        least_s: What no way takes less than.
    """

    def __init__(self, limit_s: float | None, least_s: float) -> None:
        self.allowed = TimeAllowed(limit_s)
        self._least_s = least_s
        self._known_s = math.inf

    def known(self, most_s: float) -> None:
        self._known_s = min(self._known_s, most_s)

    def check(self) -> None:
        if self.allowed.left_s == 0.0:
            raise self.late()

    def late(self) -> TimeLimitError:
        known = "" if math.isinf(self._known_s) else f"a way of {self._known_s:.6g} s is known, and "
        return TimeLimitError(
            f"the any-angle search did not end in time: {known}none takes less than {self._least_s:.6g} s",
            remedy="give it more time",
            field="time_limit_s",
            value=self.allowed.limit_s,
        )


def _checked_point(name: str, point: tuple[float, float], shape: tuple[int, ...]) -> Points:
    try:
        row, col = (float(i) for i in point)
    except (TypeError, ValueError):
        row = col = math.nan
    if not (math.isfinite(row) and math.isfinite(col)):
        raise PlaceError("not a (row, col)", remedy="give two finite numbers", field=name, value=point)
    checked_cell(name, (math.floor(row + 0.5), math.floor(col + 0.5)), shape)
    return np.array([row, col])


def _cell_of(point: Points) -> Cell:
    return math.floor(point[0] + 0.5), math.floor(point[1] + 0.5)


class AnyAnglePlanner:
    """Little driving and turning time in straight legs of any direction, never dearer to drive than the grid's best.

    The rover turns in place at each waypoint, at the vehicle's `turn_rate_deg_s`. `Plan.cost_s` is the driving time
    alone: the line integral of the cost along `Plan.waypoints_m`.
    """

    name = "any-angle"
    claims = frozenset({Claim.ANY_ANGLE})

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return a way of legs in any direction, or why there is none.

        Raises:
            PlaceError: Start or goal lies outside the map.
            TimeLimitError: `problem.time_limit_s` is over.
        """
        geometry = problem.costmap.geometry
        allowed = TimeAllowed(problem.time_limit_s)
        for name in ("start_m", "goal_m"):
            cell_of(name, getattr(problem, name), geometry)  # refuses what lies outside
        ends_m = np.array([problem.start_m, problem.goal_m])
        start, goal = _position(ends_m, geometry).tolist()
        route = search_any_angle(
            problem.costmap.cost_s_per_m,
            tuple(start),
            tuple(goal),
            resolution_m=geometry.resolution_m,
            turn_s_per_rad=1.0 / math.radians(problem.vehicle.turn_rate_deg_s),
            time_limit_s=problem.time_limit_s,
        )
        if isinstance(route, NoPlan):
            return explain(problem, route, allowed)
        return self._answer(problem, route)

    def _answer(self, problem: PlanningProblem, route: AnyAngleRoute) -> Plan:
        geometry = problem.costmap.geometry
        waypoints_m = geometry.centres_of(route.points)  # type: ignore[arg-type]
        waypoints_m[0], waypoints_m[-1] = problem.start_m, problem.goal_m
        position = _position(waypoints_m, geometry)  # as whoever reads the plan finds it, rounding included
        costs = PaddedCosts.of(problem.costmap.cost_s_per_m, geometry.resolution_m)
        return Plan(
            planner=self.name,
            cells=np.floor(position + 0.5).astype(np.int64),
            waypoints_m=waypoints_m,
            cost_s=costs.drive_s(costs.placed(position)),
            expanded=route.expanded,
        )


def _position(points_m: Points, geometry: GridGeometry) -> Points:
    """Return (n, 2) rows and columns of (n, 2) east and north, whole at cell centres."""
    return (points_m - (geometry.east_m, geometry.north_m))[:, ::-1] / geometry.resolution_m
