"""The narrowest place of a map: the least slope limit, and the largest footprint, at which there is a way.

Without corner cutting a diagonal move needs both orthogonal cells, so what can be reached from a cell is exactly what
hangs together with it by shared edges: whether there is a route needs no search.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, label, maximum_filter1d

from rover.core.time_allowed import TimeAllowed
from rover.hazard.costmap import CostMap, build_costmap, footprint_reach_cells, inflate
from rover.hazard.detect import Hazard, HazardMap
from rover.planning.ends import cell_of
from rover.planning.problem import PlanningProblem

Cell = tuple[int, int]
Mask = npt.NDArray[np.bool_]

STEPS_PER_DEG = 100
"""Slope limits are told in whole 0.01 deg."""
_STEEPEST = 90 * STEPS_PER_DEG - 1
"""A vehicle's limits are below 90 deg."""


def ends(problem: PlanningProblem) -> tuple[Cell, Cell]:
    """Return the cells of start and goal.

    Raises:
        PlaceError: Either is outside the map.
    """
    geometry = problem.costmap.geometry
    return cell_of("start_m", problem.start_m, geometry), cell_of("goal_m", problem.goal_m, geometry)


def connected(free: Mask, start: Cell, goal: Cell) -> bool:
    """Tell whether a way over free cells joins two cells."""
    parts, _ = label(free)
    return bool(parts[start] != 0 and parts[start] == parts[goal])


def reached_from(costmap: CostMap, cell: Cell) -> Mask:
    """Return (rows, cols) bool: the free cells that hang together with a cell; none where it is lethal."""
    parts, _ = label(np.isfinite(costmap.cost_s_per_m))
    return np.asarray((parts == parts[cell]) & (parts != 0), np.bool_)


def opening_slope_deg(problem: PlanningProblem, allowed: TimeAllowed | None = None) -> float | None:
    """Return the least tilt limit, in whole 0.01 deg, that connects the start with the goal, or None.

    Every other hazard stays lethal. The bottleneck is found by halving over the limits that can be written, with the
    very comparison that flags TILT, inflated as the cost map is: re-planning with this limit for slope and
    roll finds a way, and with the next lower one does not.

    Raises:
        TimeLimitError: What is allowed is over.
    """
    allowed = allowed or TimeAllowed()
    allowed.check("the slope limit that opens a way was found")
    steepest = steepest_in_reach(problem)
    kept = closed_whatever_the_slope(problem)
    start, goal = ends(problem)

    def opens(steps: int) -> bool:
        allowed.check("the slope limit that opens a way was found")
        return connected(~kept & (steepest <= math.radians(steps / STEPS_PER_DEG)), start, goal)

    if not opens(_STEEPEST):
        return None
    low, high = 0, _STEEPEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if opens(middle) else (middle, high)
    return high / STEPS_PER_DEG


def opening_footprint_m(problem: PlanningProblem, allowed: TimeAllowed | None = None) -> float | None:
    """Return the greatest radius of the circle round the footprint for which there is a way, or None.

    The hazards stay as they are. A way keeps some distance between centres from all of them; the greatest such
    distance is found by halving over the squares of distances, which are whole numbers of cells, and the radius is the
    one at which a footprint would touch a cell that far away. None where the hazards themselves, or cells
    that the cost map alone closes, cut the goal off; infinite where no hazard limits it.

    Raises:
        TimeLimitError: What is allowed is over.
    """
    allowed = allowed or TimeAllowed()
    allowed.check("the footprint that has a way was found")
    hazardous = problem.hazards.flags != 0
    kept = _closed_by_cost_alone(problem)
    start, goal = ends(problem)
    if not hazardous.any():
        return math.inf if connected(~kept, start, goal) else None
    apart = np.rint(distance_transform_edt(~hazardous) ** 2).astype(np.int64)

    def opens(least: int) -> bool:
        allowed.check("the footprint that has a way was found")
        return connected(~kept & (apart >= least), start, goal)

    if not opens(1):
        return None
    low, high = 1, int(min(apart[start], apart[goal])) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if opens(middle) else (low, middle)
    return _radius_cells(low) * problem.costmap.geometry.resolution_m


def _radius_cells(squared: int) -> float:
    """Greatest radius that touches no cell whose centre is `sqrt(squared)` or more away, as the cost map counts it."""
    offset = np.arange(math.isqrt(squared) + 2)
    far = (offset * offset)[:, None] + (offset * offset)[None, :] >= squared
    to_square = np.maximum(offset - 0.5, 0.0)
    return float(np.hypot(to_square[:, None], to_square[None, :])[far].min())


def costs_at_limit(problem: PlanningProblem, limit_deg: float) -> npt.NDArray[np.float64]:
    """Return (rows, cols) seconds per metre with `limit_deg` for the tilt limit; all else stays as it is.

    Cells that this opens are priced by their slope, the others as they were.
    """
    nothing = HazardMap(
        geometry=problem.hazards.geometry, flags=np.zeros(problem.hazards.flags.shape, np.uint8)
    )
    price = build_costmap(nothing, problem.terrain, problem.vehicle).cost_s_per_m
    now = problem.costmap.cost_s_per_m
    steepest = steepest_in_reach(problem)
    free = ~closed_whatever_the_slope(problem) & (steepest <= math.radians(limit_deg))
    return np.where(free, np.where(np.isfinite(now), now, price), np.inf)


def closed_whatever_the_slope(problem: PlanningProblem) -> Mask:
    """Return cells closed by another hazard, by a tilt that the slope does not show, or by the cost map alone."""
    flags, slope = problem.hazards.flags, problem.terrain.slope_rad
    by_slope = (flags == Hazard.TILT) & ~(slope <= problem.vehicle.tilt_limit_rad)
    reach = footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    return inflate((flags != 0) & ~by_slope, reach) | _closed_by_cost_alone(problem)


def _closed_by_cost_alone(problem: PlanningProblem) -> Mask:
    reach = footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    return np.isinf(problem.costmap.cost_s_per_m) & ~inflate(problem.hazards.flags != 0, reach)


def steepest_in_reach(problem: PlanningProblem) -> npt.NDArray[np.float32]:
    """Return the greatest known slope within the footprint's reach of each cell, float32 as TILT compares it.

    The disc is taken row by row, each a one-dimensional maximum, so that the work grows with its diameter only.
    """
    slope = problem.terrain.slope_rad
    known = np.where(np.isnan(slope), np.float32(-1.0), slope)
    rows, reach = len(known), footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    worst = known.copy()
    for offset in range(min(rows - 1, math.floor(reach)) + 1):
        half = _half_width(offset, reach)
        wide = maximum_filter1d(known, 2 * half + 1, axis=1, mode="constant", cval=-1.0)
        np.maximum(worst[: rows - offset], wide[offset:], out=worst[: rows - offset])
        np.maximum(worst[offset:], wide[: rows - offset], out=worst[offset:])
    return worst


def _half_width(offset: int, reach: float) -> int:
    """Cells to either side that are within `reach` on the row `offset` away."""
    half = 0
    while math.sqrt(offset * offset + (half + 1) * (half + 1)) <= reach:
        half += 1
    return half
