"""Why there is no route, in words, and the smallest change that would open one.

Without corner cutting a diagonal move needs both orthogonal cells, so what can be reached from a cell is exactly what
hangs together with it by shared edges: whether there is a route needs no search.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label, maximum_filter1d

from rover.hazard.costmap import footprint_reach_cells, inflate
from rover.hazard.detect import Hazard
from rover.planning.problem import Cause, NoPlan, PlanningProblem

Cell = tuple[int, int]
Mask = npt.NDArray[np.bool_]

_STEPS_PER_DEG = 100
_STEEPEST = 90 * _STEPS_PER_DEG - 1
"""A vehicle's limits are below 90 deg."""


def explain(problem: PlanningProblem, refusal: NoPlan) -> NoPlan:
    """Return `refusal` with where and remedy put in the words of the maps.

    Args:
        problem: Start and goal lie inside its maps.
        refusal: START_LETHAL, GOAL_LETHAL or NO_ROUTE; any other comes back as it is.
    """
    if refusal.cause is Cause.START_LETHAL:
        return _explain_lethal(problem, refusal, "start", problem.start_m)
    if refusal.cause is Cause.GOAL_LETHAL:
        return _explain_lethal(problem, refusal, "goal", problem.goal_m)
    if refusal.cause is Cause.NO_ROUTE:
        return _explain_closed(problem, refusal)
    return refusal


def nearest_free(free: Mask, cell: Cell) -> Cell | None:
    """Return the cell nearest to `cell` (by centres, the first in row order among equals) that is free, or None."""
    if not free.any():
        return None
    down = np.arange(free.shape[0], dtype=np.int64) - cell[0]
    across = np.arange(free.shape[1], dtype=np.int64) - cell[1]
    squared = (down * down)[:, None] + (across * across)[None, :]
    squared[~free] = np.iinfo(np.int64).max
    row, col = np.unravel_index(int(squared.argmin()), free.shape)
    return int(row), int(col)


def opening_slope_deg(problem: PlanningProblem) -> float | None:
    """Return the least tilt limit, in whole 0.01 deg, that connects the start with the goal, or None.

    Every other hazard stays lethal. The bottleneck is found by halving over the limits that can be written, with the
    very comparison that flags TILT, inflated as the cost map is: re-planning with this limit for slope and
    roll finds a way, and with the next lower one does not.
    """
    steepest = _steepest_in_reach(problem)
    kept = _closed_whatever_the_slope(problem)
    start, goal = _ends(problem)

    def opens(steps: int) -> bool:
        return _connected(~kept & (steepest <= math.radians(steps / _STEPS_PER_DEG)), start, goal)

    if not opens(_STEEPEST):
        return None
    low, high = 0, _STEEPEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if opens(middle) else (middle, high)
    return high / _STEPS_PER_DEG


def _explain_lethal(
    problem: PlanningProblem, refusal: NoPlan, end: str, point_m: tuple[float, float]
) -> NoPlan:
    geometry = problem.costmap.geometry
    start, goal = _ends(problem)
    cell = start if end == "start" else goal
    free = nearest_free(np.isfinite(problem.costmap.cost_s_per_m), cell)
    if free is None:
        remedy = "no cell of the map is free"
    else:
        east_m, north_m = geometry.centre_of(*free)
        away_m = math.hypot(east_m - point_m[0], north_m - point_m[1])
        remedy = f"the nearest free cell is at east {east_m:.2f}, north {north_m:.2f} m, {away_m:.1f} m away"
    where = f"the {end} at {_place(point_m)} {_what_closes(problem, cell)}"
    return replace(refusal, where=where, remedy=remedy)


def _what_closes(problem: PlanningProblem, cell: Cell) -> str:
    here = problem.hazards.at(*cell)
    if here:
        return f"is on {_article(here.words)} hazard"
    near = _hazards_in_reach(problem, cell)
    if near:
        return f"is within the footprint's reach of {_article(near.words)} hazard"
    return "is lethal on the cost map"


def _explain_closed(problem: PlanningProblem, refusal: NoPlan) -> NoPlan:
    return replace(
        refusal,
        where=_how_far(problem),
        remedy=_what_opens(problem, opening := opening_slope_deg(problem)),
        opens_at_slope_deg=opening,
    )


def _how_far(problem: PlanningProblem) -> str:
    start, goal = _ends(problem)
    free = np.isfinite(problem.costmap.cost_s_per_m)
    parts, _ = label(free)
    reached = parts == parts[start]
    front = nearest_free(reached, goal) or start
    geometry = problem.costmap.geometry
    front_m = geometry.centre_of(*front)
    short_m = math.hypot(front_m[0] - problem.goal_m[0], front_m[1] - problem.goal_m[1])
    share = 100.0 * float(reached.sum()) / float(free.sum())
    return (
        f"from the start {int(reached.sum())} cells ({share:.1f} % of the free ones) can be reached, "
        f"the nearest to the goal at {_place(front_m)}, {short_m:.1f} m short of it"
    )


def _what_opens(problem: PlanningProblem, opening_deg: float | None) -> str:
    if opening_deg is None:
        return f"no slope limit opens a way: {_what_cuts(problem)}"
    vehicle = problem.vehicle
    limits = (("slope_limit_deg", vehicle.slope_limit_deg), ("roll_limit_deg", vehicle.roll_limit_deg))
    settings = [f"vehicle.{name}={opening_deg:.2f}" for name, limit in limits if limit < opening_deg]
    verb = "open" if len(settings) > 1 else "opens"
    return f"{' and '.join(settings)} {verb} a way"


def _what_cuts(problem: PlanningProblem) -> str:
    """Name each hazard without which, slope apart, there would be a way."""
    start, goal = _ends(problem)
    reach = footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    flags = problem.hazards.flags & ~np.uint8(Hazard.TILT)
    if _connected(~inflate(flags != 0, reach), start, goal):
        return "cells closed by measurement, not by the map, cut the goal off"
    alone = [
        hazard.words
        for hazard in Hazard
        if (flags & hazard).any()
        and _connected(~inflate((flags & ~np.uint8(hazard)) != 0, reach), start, goal)
    ]
    if alone:
        return f"{' or '.join(alone)} hazards cut the goal off"
    return "several kinds of hazard cut the goal off together"


def _ends(problem: PlanningProblem) -> tuple[Cell, Cell]:
    geometry = problem.costmap.geometry
    start, goal = geometry.cell_at(*problem.start_m), geometry.cell_at(*problem.goal_m)
    if start is None or goal is None:
        raise ValueError("start or goal is outside the map")
    return start, goal


def _connected(free: Mask, start: Cell, goal: Cell) -> bool:
    parts, _ = label(free)
    return bool(parts[start] != 0 and parts[start] == parts[goal])


def _closed_whatever_the_slope(problem: PlanningProblem) -> Mask:
    """Cells closed by another hazard, by a tilt that the slope does not show, or by the cost map alone."""
    flags, slope = problem.hazards.flags, problem.terrain.slope_rad
    by_slope = (flags == Hazard.TILT) & ~(slope <= problem.vehicle.tilt_limit_rad)
    reach = footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    kept = inflate((flags != 0) & ~by_slope, reach)
    return kept | (np.isinf(problem.costmap.cost_s_per_m) & ~inflate(flags != 0, reach))


def _steepest_in_reach(problem: PlanningProblem) -> npt.NDArray[np.float32]:
    """Greatest known slope within the footprint's reach of each cell, float32 as TILT compares it.

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


def _hazards_in_reach(problem: PlanningProblem, cell: Cell) -> Hazard:
    flags, reach = problem.hazards.flags, footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    whole = math.floor(reach)
    top, left = max(0, cell[0] - whole), max(0, cell[1] - whole)
    window = flags[top : cell[0] + whole + 1, left : cell[1] + whole + 1]
    row, col = np.ogrid[: window.shape[0], : window.shape[1]]
    near = np.sqrt((row + top - cell[0]) ** 2 + (col + left - cell[1]) ** 2) <= reach
    return Hazard(int(np.bitwise_or.reduce(window[near], initial=0)))


def _place(point_m: tuple[float, float]) -> str:
    return f"east {point_m[0]:.2f}, north {point_m[1]:.2f} m"


def _article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
