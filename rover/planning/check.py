"""An independent check of a plan against its problem, sharing no code with any planner.

The way is sampled densely rather than traced through cells, so that it is judged by where it goes and not by what its
maker believed. What a metre costs is part of the question: it is taken from the cost map and, for objectives other than
time, from `rover.planning.objective`, and added up here. By heading it is worked out in `rover.planning.check_heading`.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from rover.core.grid import GridGeometry
from rover.planning.check_heading import check_attitude, check_heading, closed_to_all
from rover.planning.objective import price_map
from rover.planning.problem import Claim, Objective, Plan, PlanningProblem

Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

SAMPLES_PER_CELL = 20
COST_TOLERANCE = 1e-9
_TOUCH_M = 1e-6
"""Two points closer than this are one place."""
_CORNER = 1e-9
"""Share of a segment within which a row's border and a column's border are crossed at once."""
_BORDER = 1e-7
"""Cells from the border of two cells within which a way runs along it."""


def check_plan(
    plan: Plan,
    problem: PlanningProblem,
    *,
    claims: Collection[Claim] = (),
    descent_limit_rad: float | None = None,
) -> list[str]:
    """Return the promises that `plan` breaks, in words; an empty list if it keeps them all.

    Args:
        plan: The answer.
        problem: The question.
        claims: What the planner claims. Without ANY_ANGLE, waypoints are neighbouring cells and `cost_s` is the sum of
            their moves between centres. With it, waypoints may be anywhere and `cost_s` is the line integral of the
            cost along the straight legs between `waypoints_m`, in which a cell costs its price times the length within
            it; a leg along the border of two cells may pay either. DIRECTIONAL puts pitch and roll of each move against
            their limits for the tilt that closes cells on the cost map, and costs by heading for those of
            the map.
        descent_limit_rad: Of a directional planner that has one of its own.
    """
    points = np.asarray(plan.waypoints_m, np.float64)
    broken = _no_points(points)
    if broken:
        return broken
    broken = _ends(points, problem) + _cells_match(plan, points, problem.costmap.geometry)
    broken += _objective(plan, problem) + _unsafe(points, problem, claims)
    if broken:
        return broken
    headed = Claim.DIRECTIONAL in claims
    if Claim.ANY_ANGLE in claims:
        return _integral(plan, points, problem)
    broken = _neighbours(plan, problem)
    if not broken:
        broken = check_heading(plan, problem, descent_limit_rad) if headed else _costs(plan, problem)
    return broken


def check_safety(
    plan: Plan,
    problem: PlanningProblem,
    *,
    claims: Collection[Claim] = (),
    descent_limit_rad: float | None = None,
) -> list[str]:
    """Return what endangers the rover on a way: a lethal cell, a cut corner, and by heading its pitch and roll.

    Arguments as of `check_plan`, which finds these among the rest.
    """
    points = np.asarray(plan.waypoints_m, np.float64)
    broken = _no_points(points) or _unsafe(points, problem, claims)
    if broken or Claim.DIRECTIONAL not in claims:
        return broken
    if _cells_match(plan, points, problem.costmap.geometry) or _neighbours(plan, problem):
        return []  # no moves whose attitude could be told
    return check_attitude(plan, problem, descent_limit_rad)


def _no_points(points: Points) -> list[str]:
    if len(points) == 0:
        return ["no waypoints"]
    return [] if np.isfinite(points).all() else ["a waypoint is not finite"]


def _unsafe(points: Points, problem: PlanningProblem, claims: Collection[Claim]) -> list[str]:
    headed = Claim.DIRECTIONAL in claims
    lethal = closed_to_all(problem) if headed else np.isinf(problem.costmap.cost_s_per_m)
    return _touches_lethal(points, problem, lethal) + _cuts_corner(points, problem, lethal)


def _objective(plan: Plan, problem: PlanningProblem) -> list[str]:
    if plan.objective is not problem.objective:
        return [f"has the least {plan.objective}, asked for the least {problem.objective}"]
    if plan.price is None and problem.objective is not Objective.TIME:
        return [f"states no price by {problem.objective}"]
    return []


def _ends(points: Points, problem: PlanningProblem) -> list[str]:
    broken = []
    for name, got, want in (("start", points[0], problem.start_m), ("end", points[-1], problem.goal_m)):
        if math.hypot(got[0] - want[0], got[1] - want[1]) > _TOUCH_M:
            broken.append(f"{name}s at {_words(got)}, asked for {_words(want)}")
    return broken


def _cells_match(plan: Plan, points: Points, geometry: GridGeometry) -> list[str]:
    if len(plan.cells) != len(points):
        return [f"{len(plan.cells)} cells for {len(points)} waypoints"]
    if ((plan.cells < 0) | (plan.cells >= geometry.shape)).any():
        return ["a cell lies outside the map"]
    for cell, (row, col) in zip(plan.cells, _position(points, geometry), strict=True):
        if max(abs(row - cell[0]), abs(col - cell[1])) > 0.5 + 1e-9:
            return [
                f"cell {_words(cell)} does not hold its waypoint, which is at row {row:.2f}, col {col:.2f}"
            ]
    return []


def _position(points: Points, geometry: GridGeometry) -> Points:
    """Rows and columns as fractions: a cell's centre is whole."""
    east, north = points[:, 0] - geometry.east_m, points[:, 1] - geometry.north_m
    return np.column_stack([north, east]) / geometry.resolution_m


def _crossings(position: Points) -> tuple[Indices, Points, Indices]:
    """Where the legs between (n, 2) positions cross borders: leg, share of it, and 0 of rows or 1 of columns.

    Shares are between 0 and 1, both exclusive; (k,) each, rows first, leg by leg.
    """
    start, end = position[:-1] + 0.5, position[1:] + 0.5
    first = np.floor(np.minimum(start, end)) + 1.0
    count = np.maximum(0.0, np.ceil(np.maximum(start, end)) - first).astype(np.int64)
    axis = np.repeat([0, 1], count.sum(axis=0))
    leg = np.concatenate([np.repeat(np.arange(len(start)), count[:, a]) for a in (0, 1)])
    place = np.concatenate([_counted(count[:, a]) for a in (0, 1)])
    share = (first[leg, axis] + place - start[leg, axis]) / (end[leg, axis] - start[leg, axis])
    return leg, share, axis


def _counted(count: Indices) -> Indices:
    """Return 0, 1, ... of each of (n,) counts, one after the other."""
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)


def _pieces(position: Points) -> tuple[Indices, Points, Points]:
    """Leg, and share of it at either end, of each piece that lies in one row and one column, in their order."""
    legs = np.arange(len(position) - 1)
    crossed, share, _ = _crossings(position)
    leg = np.concatenate([legs, crossed, legs])
    share = np.concatenate([np.zeros(len(legs)), share, np.ones(len(legs))])
    order = np.lexsort((share, leg))
    leg, share = leg[order], share[order]
    whole = leg[:-1] == leg[1:]
    return leg[:-1][whole], share[:-1][whole], share[1:][whole]


def _along(position: Points, leg: Indices, share: Points) -> Points:
    return np.asarray(position[leg] + (position[leg + 1] - position[leg]) * share[:, None])


def _samples(points: Points, geometry: GridGeometry) -> Points:
    """Positions at most 1/20 cell apart, with every waypoint and at least one inside each cell that is crossed."""
    position = _position(points, geometry)
    apart = np.hypot(*np.diff(position, axis=0).T)
    count = np.maximum(1, np.ceil(apart * SAMPLES_PER_CELL).astype(np.int64))
    even = np.repeat(np.arange(len(count)), count + 1)
    piece, low, high = _pieces(position)
    leg = np.concatenate([even, piece])
    share = np.concatenate([_counted(count + 1) / count[even], (low + high) / 2])
    order = np.lexsort((share, leg))
    return np.concatenate([position[:1], _along(position, leg[order], share[order])])


def _touches_lethal(points: Points, problem: PlanningProblem, lethal: Mask) -> list[str]:
    position = _samples(points, problem.costmap.geometry)
    cells = np.floor(position + 0.5).astype(np.int64)
    outside = ((cells < 0) | (cells >= lethal.shape)).any(axis=1)
    if outside.any():
        return [f"leaves the map at row, col {_words(position[outside.argmax()])}"]
    touched = lethal[cells[:, 0], cells[:, 1]]
    return [f"crosses lethal cell {_words(cells[touched.argmax()])}"] if touched.any() else []


def _cuts_corner(points: Points, problem: PlanningProblem, lethal: Mask) -> list[str]:
    """A way through the very corner of four cells needs all four free; beyond the map none is."""
    position = _position(points, problem.costmap.geometry)
    leg, share, axis = _crossings(position)
    order = np.lexsort((share, leg))
    leg, share, axis = leg[order], share[order], axis[order]
    both = (leg[:-1] == leg[1:]) & (axis[:-1] != axis[1:]) & (np.diff(share) < _CORNER)
    corner = np.floor(_along(position, leg[:-1][both], share[:-1][both]) + 1e-6).astype(np.int64)
    row, col = corner.clip(-1, np.array(lethal.shape) - 1).T + 1
    around = np.pad(lethal, 1, constant_values=True)
    cut = around[row, col] | around[row + 1, col] | around[row, col + 1] | around[row + 1, col + 1]
    if not cut.any():
        return []
    row, col = corner[cut.argmax()]
    return [f"cuts the corner between rows {row} and {row + 1}, columns {col} and {col + 1}"]


def _neighbours(plan: Plan, problem: PlanningProblem) -> list[str]:
    """Each step is a move by the problem's neighbours, or within one cell."""
    down, across = np.abs(np.diff(plan.cells, axis=0)).T
    allowed = down + across <= 1
    if problem.neighbours >= 8:
        allowed |= (down == 1) & (across == 1)
    if problem.neighbours >= 16:
        allowed |= down * across == 2
    if not allowed.all():
        at = int(allowed.argmin())
        return [f"jumps from cell {_words(plan.cells[at])} to {_words(plan.cells[at + 1])}"]
    return []


def _costs(plan: Plan, problem: PlanningProblem) -> list[str]:
    """Driving time by the cost map, and the objective's price, each added up between cell centres."""
    cost_s = problem.costmap.cost_s_per_m
    broken = _adds_up("a cost", plan.cost_s, "s", _between_centres(plan, cost_s, problem))
    if plan.price is not None:
        prices = price_map(problem)
        own = _between_centres(plan, prices.price_per_m, problem)
        broken += _adds_up(f"a price by {problem.objective}", plan.price, prices.unit, own)
    return broken


def _between_centres(plan: Plan, per_m: Points, problem: PlanningProblem) -> float:
    """Each step's length times the mean of what a metre costs, of a knight's move a quarter in each of four cells."""
    here, there = plan.cells[:-1], plan.cells[1:]
    steps = there - here
    length_m = np.hypot(steps[:, 0], steps[:, 1]) * problem.costmap.geometry.resolution_m
    quarter = np.floor(np.abs(steps) / 2).astype(np.int64) * np.sign(steps)
    crossed = (here, here + quarter, there - quarter, there)
    mean = sum(per_m[cells[:, 0], cells[:, 1]] for cells in crossed) / 4
    return math.fsum(length_m * mean)


def _adds_up(what: str, stated: float, unit: str, own: float) -> list[str]:
    if not abs(stated - own) <= COST_TOLERANCE * own:
        return [f"states {what} of {stated!r} {unit}, its steps add up to {own!r}"]
    return []


def _integral(plan: Plan, points: Points, problem: PlanningProblem) -> list[str]:
    """The line integral of the cost, between its least and greatest value where the way runs along borders."""
    position = _position(points, problem.costmap.geometry)
    leg, begins, ends = _pieces(position)
    length_m = (
        (ends - begins) * np.hypot(*np.diff(position, axis=0).T)[leg] * problem.costmap.geometry.resolution_m
    )
    price = _prices_about(_along(position, leg, (begins + ends) / 2), problem)
    low = math.fsum(length_m * price.min(axis=1))
    high = math.fsum(length_m * np.where(np.isinf(price), 0.0, price).max(axis=1))
    a_metre = (
        high / plan.length_m if plan.length_m > 0.0 else 0.0
    )  # a place is rounded however short the way is
    slack = COST_TOLERANCE * max(high, a_metre)
    if not low - slack <= plan.cost_s <= high + slack:
        return [f"states a cost of {plan.cost_s!r} s, the integral along its legs is {low!r} s"]
    return []


def _prices_about(position: Points, problem: PlanningProblem) -> Points:
    """Return (n, 4) costs of the cells that hold the corners of a tiny square about each position."""
    cost = problem.costmap.cost_s_per_m
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * _BORDER
    cells = np.floor(position[:, None] + corners + 0.5).astype(np.int64).clip(0, np.array(cost.shape) - 1)
    prices: Points = cost[cells[..., 0], cells[..., 1]]
    return prices


def _words(pair: npt.NDArray[np.generic] | tuple[float, float]) -> str:
    return f"({pair[0]:g}, {pair[1]:g})"
