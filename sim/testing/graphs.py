"""Graphs of moves for scipy, built by numpy from the rules of costs: the optimum that planners are held to.

Nothing here is shared with a planner. By heading, the ground is what `rover.hazard.directional` gathers of it (grades
and slip, as other planners have the cost map); limits, time and energy are worked out here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from rover.core.bodies import BODIES, MOON
from rover.core.vehicle import VehicleParams
from rover.hazard.directional import ROUNDING, STEEPEST_GRADE, DirectionalCost, directional_cost
from rover.planning.check_heading import closed_to_all
from rover.planning.problem import Objective, PlanningProblem

Prices = npt.NDArray[np.float64]
PriceAtYaw = Callable[[float, float], Prices]
"""From east and north of a unit vector to (rows, cols) price per metre, inf where that heading is refused."""

_OUTSIDE = 2
"""Cells beyond the map that a move can look at."""


ORTHOGONALS = ((0, 1), (1, 0))
DIAGONALS = ((1, 1), (1, -1))
KNIGHTS = ((1, 2), (2, 1), (1, -2), (2, -1))
"""Moves (down, across) that 4, 8 and 16 neighbours add, one of each pair of opposites."""


def grid_graph(
    cost_s_per_m: Prices, resolution_m: float, *, corner_cutting: bool = False, neighbours: int = 8
) -> csr_array:
    """Return the graph of moves: one node per cell in row order, each move once, weights in seconds.

    A move costs the integral of the cost along the straight line between its cells' centres: its length times the mean
    of its two cells, of a knight's move the mean of those and of the two that it passes between, a quarter of the line
    in each. All of these must be free, and a diagonal needs both orthogonal cells too, unless `corner_cutting`.

    Args:
        cost_s_per_m: (rows, cols), +inf where lethal.
        resolution_m: Side of a cell.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal cell.
        neighbours: 4, 8 or 16.
    """
    moves = ORTHOGONALS + DIAGONALS * (neighbours >= 8) + KNIGHTS * (neighbours >= 16)
    index = np.arange(cost_s_per_m.size).reshape(cost_s_per_m.shape)
    tails, heads, weights = [], [], []
    for down, across in moves:
        here, there = _neighbours(cost_s_per_m, down, across)
        between = _passed(cost_s_per_m, down, across)
        if abs(down * across) == 2:
            weight = math.hypot(down, across) * resolution_m * (here + there + sum(between)) / 4
        else:
            weight = math.hypot(down, across) * resolution_m * (here + there) / 2
        open_ = np.isfinite(weight)
        if not corner_cutting:
            for corner in between:
                open_ &= np.isfinite(corner)
        tail, head = _neighbours(index, down, across)
        tails.append(tail[open_])
        heads.append(head[open_])
        weights.append(weight[open_])
    ends = (np.concatenate(tails), np.concatenate(heads))
    return csr_array((np.concatenate(weights), ends), shape=(index.size, index.size))


def _passed(values: npt.NDArray[Any], down: int, across: int) -> list[npt.NDArray[Any]]:
    """The two cells that a diagonal or knight's move passes between or through; none of an orthogonal move."""
    side = int(np.sign(across))
    if abs(down * across) == 1:
        offsets = ((down, 0), (0, across))
    elif abs(across) == 2:
        offsets = ((0, side), (down, side))
    elif down == 2:
        offsets = ((1, 0), (1, across))
    else:
        return []
    return [_at(values, down, across, *offset) for offset in offsets]


def _at(values: npt.NDArray[Any], down: int, across: int, row: int, col: int) -> npt.NDArray[Any]:
    """View of the cells (row, col) away from each that has a neighbour (down, across) away."""
    rows, cols = values.shape
    left, right = max(0, -across), cols - max(0, across)
    return values[row : max(row, rows - down + row), left + col : max(left, right) + col]


def _neighbours(
    values: npt.NDArray[Any], down: int, across: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Views of the cells that have a neighbour (down, across) away, and of those neighbours."""
    return _at(values, down, across, 0, 0), _at(values, down, across, down, across)


def directed_graph(problem: PlanningProblem, *, descent_limit_rad: float | None = None) -> csr_array:
    """Return the graph of moves by heading: one node per cell in row order, weights in the objective's unit.

    Raises:
        ValueError: An objective that has no price by heading.
    """
    if problem.objective is Objective.RISK:
        raise ValueError("risk has no price by heading")
    vehicle, closed = problem.vehicle, closed_to_all(problem)
    ground = directional_cost(problem.terrain, vehicle, descent_limit_rad=descent_limit_rad)
    descent_rad = vehicle.slope_limit_rad if descent_limit_rad is None else descent_limit_rad

    def price(east: float, north: float) -> Prices:
        allowed = ~closed & _keeps_to_limits(ground, vehicle, descent_rad, east, north)
        return np.where(allowed, _driven(ground, problem, east, north), np.inf)

    return moves_graph(price, problem.neighbours, problem.costmap.geometry.resolution_m)


def moves_graph(price: PriceAtYaw, neighbours: int, resolution_m: float) -> csr_array:
    """Return the directed graph of 4, 8 or 16 moves.

    A move costs the line integral over the cells that it crosses, each of which must be open to its heading; a diagonal
    needs both orthogonal cells open as well.
    """
    tails, heads, weights = [], [], []
    for down in range(-2, 3):
        for across in range(-2, 3):
            kind = sorted((abs(down), abs(across)))
            if kind not in ([0, 1], [1, 1], [1, 2]) or {1: 4, 2: 8, 3: 16}[sum(kind)] > neighbours:
                continue
            weight, index = _move(price, down, across, resolution_m)
            open_ = np.isfinite(weight)
            tails.append(index[open_])
            heads.append(index[open_] + down * weight.shape[1] + across)
            weights.append(weight[open_])
    count = weight.size
    ends = (np.concatenate(tails), np.concatenate(heads))
    # Moves of no cost at all stay in the graph: only what is not stored is no edge.
    return csr_array((np.concatenate(weights), ends), shape=(count, count))


def _move(
    price: PriceAtYaw, down: int, across: int, resolution_m: float
) -> tuple[Prices, npt.NDArray[np.int64]]:
    """Return (rows, cols) weight of one move from each cell, and the cells' indices."""
    length = math.hypot(down, across)
    here = price(across / length, down / length)
    padded = np.pad(here, _OUTSIDE, constant_values=np.inf)
    rows, cols = here.shape

    def at(row: int, col: int) -> Prices:
        top, left = _OUTSIDE + row, _OUTSIDE + col
        return padded[top : top + rows, left : left + cols]

    there = at(down, across)
    mean = (here + there) / 2
    if abs(down) == abs(across):
        corners = np.isfinite(at(down, 0)) & np.isfinite(at(0, across))
        mean = np.where(corners, mean, np.inf)
    if abs(down) == 2:
        mean = (here + at(down // 2, 0) + at(down // 2, across) + there) / 4
    if abs(across) == 2:
        mean = (here + at(0, across // 2) + at(down, across // 2) + there) / 4
    return mean * length * resolution_m, np.arange(here.size).reshape(here.shape)


def _keeps_to_limits(
    ground: DirectionalCost, vehicle: VehicleParams, descent_rad: float, east: float, north: float
) -> npt.NDArray[np.bool_]:
    """Angles of the plane under a heading against the limits, NaN against none."""
    e, n = ground.grade_east.astype(np.float64), ground.grade_north.astype(np.float64)
    climb, side = e * east + n * north, n * east - e * north
    steepness = np.sqrt(1 + e * e + n * n)
    up, down = math.tan(vehicle.slope_limit_rad), math.tan(descent_rad)
    rolled = np.abs(side / steepness) <= math.sin(vehicle.roll_limit_rad) * ROUNDING
    return (climb <= up * ROUNDING) & (climb >= -down * ROUNDING) & rolled


def _driven(ground: DirectionalCost, problem: PlanningProblem, east: float, north: float) -> Prices:
    """Metres, seconds or joules per metre of map: slip of the climb, pull of weight and rolling, and the load."""
    vehicle = problem.vehicle
    body = next((body for body in BODIES if body.name == ground.geometry.site.body), MOON)
    climb = ground.grade_east.astype(np.float64) * east + ground.grade_north.astype(np.float64) * north
    if problem.objective is Objective.DISTANCE:
        return np.where(np.isfinite(climb), 1.0, np.inf)
    slip = np.interp(climb, np.linspace(-STEEPEST_GRADE, STEEPEST_GRADE, len(ground.slip)), ground.slip)
    per_grade2 = vehicle.slip_at_slope_limit / math.tan(vehicle.slope_limit_rad) ** 2
    slip = np.minimum(slip + per_grade2 * ground.rough_grade2.astype(np.float64), 0.95)
    wheels_m = np.sqrt(1 + climb * climb) / (1 - slip)
    seconds = wheels_m / vehicle.speed_m_s
    if problem.objective is Objective.TIME:
        return seconds
    weight_n = vehicle.mass_kg * body.gravity_m_s2
    # Over a metre of map the weight is lifted by the grade, and rolling resists by its share, slope or none.
    pull_j = np.maximum(0.0, weight_n * (vehicle.rolling_resistance + climb)) / (1 - slip)
    return pull_j / vehicle.drive_efficiency + vehicle.drive_w * seconds
