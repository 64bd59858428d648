"""Clearly different ways: each the best through some place, without a needless bend, and mostly apart from the others.

After Abraham, Delling, Goldberg and Werneck (2013, "Alternative routes in road networks", ACM J. Exp. Algorithmics 18,
doi:10.1145/2444016.2444019): limited sharing, local optimality and bounded stretch. A cell has a best way through it,
of cost from the start plus cost to the goal. Where both best-way trees share a stretch, a plateau, the way through it
is the best between any two places of that stretch; ways through long plateaus have no bend that could be cut short.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rover.core.arrays import locked
from rover.core.time_allowed import TimeAllowed
from rover.planning.alternatives_kernels import descend, join_plateaus, plateau_spans
from rover.planning.field import cost_field
from rover.planning.objective import price_of_way
from rover.planning.problem import Objective, Plan, PlanningProblem

Cells = npt.NDArray[np.int64]
Field = npt.NDArray[np.float64]

MOST_COST = 1.5
"""Cost of an alternative over the least, at most."""
MOST_SHARED = 0.5
"""Share of an alternative's length that lies along the ways before it, at most."""
LEAST_PLATEAU = 0.15
"""Length of the stretch that is the best way between its ends, over the least cost, at least."""
CORRIDOR_SHARE = 0.05
"""Two ways are one as long as they are within this share of the best way's length, or two turning circles."""

_NEXT = "the next alternative was found"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alternative:
    """A way that is clearly different from those before it.

    Attributes:
        cells: (n, 2) int64 rows and columns, start and goal included.
        cost: Of the way, in the unit of the costs that were given times metres.
        cost_ratio: That over the least cost.
        shared: Share of its length that lies within the corridor of a way before it, 0-1.
    """

    cells: Cells
    cost: float
    cost_ratio: float
    shared: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", locked(self.cells, np.int64, (None, 2), "cells"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlternativePlan:
    """An alternative as a plan.

    Attributes:
        plan: The way; nothing was expanded for it alone.
        cost_ratio, shared: As `Alternative`.
    """

    plan: Plan
    cost_ratio: float
    shared: float


def alternative_plans(
    problem: PlanningProblem,
    best: Plan,
    prices: npt.NDArray[np.float64],
    *,
    count: int,
    allowed: TimeAllowed | None = None,
) -> Iterator[AlternativePlan]:
    """Yield up to `count` plans beside the best one of a problem, as `find_alternatives`.

    Args:
        problem: The question.
        best: Of least price over the 8-connected grid.
        prices: (rows, cols) of the problem's objective per metre; +inf is lethal.
        count: Ways wanted beside the best.
        allowed: Time for all of them, None for any; looked at between stages.

    Raises:
        TimeLimitError: It was over before the next of them was found.
    """
    geometry = problem.costmap.geometry
    corridor_m = corridor_of(best.length_m, problem.vehicle.footprint_radius_m)
    ways = _each_alternative(prices, best.cells, geometry.resolution_m, corridor_m, allowed or TimeAllowed())
    for way in islice(ways, count):
        waypoints_m = geometry.centres_of(way.cells)
        waypoints_m[0], waypoints_m[-1] = problem.start_m, problem.goal_m
        plan = Plan(
            planner=best.planner,
            cells=way.cells,
            waypoints_m=waypoints_m,
            cost_s=price_of_way(way.cells, problem.costmap.cost_s_per_m, geometry.resolution_m),
            expanded=0,
            objective=problem.objective,
            price=None if problem.objective is Objective.TIME else way.cost,
        )
        yield AlternativePlan(plan=plan, cost_ratio=way.cost_ratio, shared=way.shared)


def corridor_of(length_m: float, footprint_radius_m: float) -> float:
    """Return how near two ways are when they count as one, metres."""
    return max(CORRIDOR_SHARE * length_m, 4 * footprint_radius_m)


def find_alternatives(
    cost_per_m: npt.NDArray[np.floating],
    best: Cells,
    *,
    resolution_m: float,
    count: int,
    corridor_m: float,
) -> tuple[Alternative, ...]:
    """Return up to `count` ways beside the best, the cheapest first; fewer where no more are clearly different.

    Each costs at most 1.5 times the least, runs for at most half of its length within `corridor_m` of any way before
    it, holds a stretch of 0.15 of the least cost that is the best between its ends, and enters no cell twice.

    Args:
        cost_per_m: (rows, cols), positive; +inf is lethal. Moves are those of `rover.planning.astar.search_grid`.
        best: (n, 2) the way of least cost from start to goal.
        resolution_m: Side of a cell.
        count: Ways wanted beside the best.
        corridor_m: How near two ways are when they count as one.

    Raises:
        CostMapError, PlaceError: As `rover.planning.field.cost_field`.
    """
    ways = _each_alternative(cost_per_m, best, resolution_m, corridor_m, TimeAllowed())
    return tuple(islice(ways, max(0, count)))


def _each_alternative(
    cost_per_m: npt.NDArray[np.floating],
    best: Cells,
    resolution_m: float,
    corridor_m: float,
    allowed: TimeAllowed,
) -> Iterator[Alternative]:
    if len(best) < 2:
        return
    start, goal = ((int(row), int(col)) for row, col in (best[0], best[-1]))
    allowed.check(_NEXT)
    from_start = cost_field(cost_per_m, start, resolution_m=resolution_m, time_limit_s=allowed.left_s)
    allowed.check(_NEXT)
    to_goal = cost_field(cost_per_m, goal, resolution_m=resolution_m, time_limit_s=allowed.left_s)
    least = float(from_start[goal])
    away_m = _distance_m([best], cost_per_m.shape, resolution_m)
    kept = [best]
    for middle in _candidates(from_start, to_goal, cost_per_m, least, resolution_m):
        allowed.check(_NEXT)
        if away_m[middle] <= corridor_m:
            continue
        cells = _through(middle, from_start, to_goal, cost_per_m, resolution_m)
        if tuple(cells[0]) != start or tuple(cells[-1]) != goal:
            continue
        shared = _shared(cells, away_m <= corridor_m)
        if shared > MOST_SHARED or len(np.unique(cells, axis=0)) < len(cells):
            continue
        cost = float(from_start[middle] + to_goal[middle])
        yield Alternative(cells=cells, cost=cost, cost_ratio=cost / least, shared=shared)
        kept.append(cells)
        away_m = _distance_m(kept, cost_per_m.shape, resolution_m)


def _candidates(
    from_start: Field, to_goal: Field, cost: npt.NDArray[np.floating], least: float, resolution_m: float
) -> Iterator[tuple[int, int]]:
    """The middle cell of every plateau that is long enough, by the cost of the way through it."""
    parent = np.arange(cost.size)
    join_plateaus(from_start, to_goal, cost, MOST_COST * least, 1e-9 * least, resolution_m / 2, parent)
    low, high = np.full(cost.size, np.inf), np.full(cost.size, -np.inf)
    plateau_spans(from_start, parent, low, high)
    through = (from_start + to_goal).ravel()
    with np.errstate(invalid="ignore"):
        wanted = (high - low >= LEAST_PLATEAU * least) & (through <= MOST_COST * least)
    cells = np.flatnonzero(wanted[parent])
    roots = parent[cells]
    off_middle = np.abs(from_start.ravel()[cells] - (low[roots] + high[roots]) / 2)
    order = np.lexsort((cells, off_middle, roots))
    _, first = np.unique(roots[order], return_index=True)
    middles = cells[order][first]
    for at in middles[np.lexsort((middles, through[middles]))]:
        row, col = divmod(int(at), cost.shape[1])
        yield row, col


def _through(
    middle: tuple[int, int],
    from_start: Field,
    to_goal: Field,
    cost: npt.NDArray[np.floating],
    resolution_m: float,
) -> Cells:
    """The best way from the start through a cell to the goal; part of it where moves are too cheap to be told apart."""
    back = descend(from_start, cost, *middle, resolution_m / 2)
    onward = descend(to_goal, cost, *middle, resolution_m / 2)
    return np.concatenate([back[::-1], onward[1:]])


def _distance_m(ways: list[Cells], shape: tuple[int, ...], resolution_m: float) -> Field:
    """How far each cell is from the nearest cell of any way."""
    off = np.ones(shape, np.bool_)
    for cells in ways:
        off[cells[:, 0], cells[:, 1]] = False
    return np.asarray(distance_transform_edt(off), np.float64) * resolution_m


def _shared(cells: Cells, near: npt.NDArray[np.bool_]) -> float:
    """Share of a way's length over cells that are near; half of each move is on either of its cells."""
    steps = np.diff(cells, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    on = near[cells[:, 0], cells[:, 1]].astype(np.float64)
    return math.fsum(length * (on[:-1] + on[1:]) / 2) / math.fsum(length)
