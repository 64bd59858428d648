"""Why there is no route, in words, and the smallest change that would open one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.hazard.costmap import footprint_reach_cells, inflate
from rover.hazard.detect import Hazard
from rover.planning.bottleneck import Cell, Mask, ends, opening_footprint_m
from rover.planning.bottleneck import connected as connected
from rover.planning.bottleneck import opening_slope_deg as opening_slope_deg
from rover.planning.problem import Cause, NoPlan, PlanningProblem
from rover.planning.wall import hazards_in_reach, wall_hazards, wall_of

NOT_IN_TIME = "what opens a way was not found in the time allowed: allow more"


def explain(problem: PlanningProblem, refusal: NoPlan, allowed: TimeAllowed | None = None) -> NoPlan:
    """Return `refusal` with where and remedy put in the words of the maps.

    Args:
        problem: Start and goal lie inside its maps.
        refusal: START_LETHAL, GOAL_LETHAL or NO_ROUTE; any other comes back as it is.
        allowed: Time for it, None for any; looked at between stages. Where it is over, what has been found is told and
            the refusal is `unfinished`.
    """
    if refusal.cause is Cause.START_LETHAL:
        return _explain_lethal(problem, refusal, "start", problem.start_m)
    if refusal.cause is Cause.GOAL_LETHAL:
        return _explain_lethal(problem, refusal, "goal", problem.goal_m)
    if refusal.cause is Cause.NO_ROUTE:
        return _explain_closed(problem, refusal, allowed or TimeAllowed())
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


def _explain_lethal(
    problem: PlanningProblem, refusal: NoPlan, end: str, point_m: tuple[float, float]
) -> NoPlan:
    geometry = problem.costmap.geometry
    start, goal = ends(problem)
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
    near = hazards_in_reach(problem, cell)
    if near:
        return f"is within the footprint's reach of {_article(near.words)} hazard"
    return "is lethal on the cost map"


def _explain_closed(problem: PlanningProblem, refusal: NoPlan, allowed: TimeAllowed) -> NoPlan:
    """Find one thing after the other; what has been found stays if the time is over."""
    told = replace(refusal, where=_how_far(problem), remedy=NOT_IN_TIME, unfinished=True)
    try:
        allowed.check("the wall was looked for")
        told = _told_the_wall(problem, told)
        slope_deg = opening_slope_deg(problem, allowed)
        if slope_deg is not None:
            told = replace(told, remedy=_what_opens(problem, slope_deg, None), opens_at_slope_deg=slope_deg)
        footprint_m = opening_footprint_m(problem, allowed)
        allowed.check("all was told of it")
    except TimeLimitError:
        return told
    return replace(
        told,
        remedy=_what_opens(problem, slope_deg, footprint_m),
        opens_at_footprint_m=footprint_m,
        unfinished=False,
    )


def _told_the_wall(problem: PlanningProblem, refusal: NoPlan) -> NoPlan:
    wall = wall_of(problem)
    kinds = int(np.bitwise_or.reduce(wall_hazards(problem, wall), initial=0))
    named = tuple(flag.words for flag in Hazard if flag & kinds)
    return replace(
        refusal,
        where=f"{refusal.where}; {_wall_words(problem, wall, named)}",
        wall=tuple((int(row), int(col)) for row, col in wall),
        wall_hazards=named,
    )


def _wall_words(problem: PlanningProblem, wall: npt.NDArray[np.int64], kinds: tuple[str, ...]) -> str:
    middle = problem.costmap.geometry.centres_of(wall[len(wall) // 2][None])[0]
    cells = "one lethal cell thick" if len(wall) == 1 else f"{len(wall)} lethal cells thick"
    closed = f" ({' and '.join(kinds)})" if kinds else ""
    return f"the wall is thinnest at {_place((middle[0], middle[1]))}, {cells}{closed}"


def _how_far(problem: PlanningProblem) -> str:
    start, goal = ends(problem)
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


def _what_opens(problem: PlanningProblem, opening_deg: float | None, footprint_m: float | None) -> str:
    if opening_deg is None:
        smaller = "" if footprint_m is None else f"; {_footprint_words(problem, footprint_m)}"
        return f"no slope limit opens a way: {what_cuts(problem)}{smaller}"
    vehicle = problem.vehicle
    limits = (("slope_limit_deg", vehicle.slope_limit_deg), ("roll_limit_deg", vehicle.roll_limit_deg))
    settings = [f"vehicle.{name}={opening_deg:.2f}" for name, limit in limits if limit < opening_deg]
    verb = "open" if len(settings) > 1 else "opens"
    return f"{' and '.join(settings)} {verb} a way"


def _footprint_words(problem: PlanningProblem, radius_m: float) -> str:
    shown = math.floor(radius_m * 100) / 100  # never more than what opens
    return (
        f"a footprint of {shown:.2f} m radius at most opens one "
        f"(this vehicle's is {problem.vehicle.footprint_radius_m:.2f} m)"
    )


def what_cuts(problem: PlanningProblem) -> str:
    """Name each hazard without which, slope apart, there would be a way."""
    start, goal = ends(problem)
    reach = footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    flags = problem.hazards.flags & ~np.uint8(Hazard.TILT)
    if connected(~inflate(flags != 0, reach), start, goal):
        return "cells closed by measurement, not by the map, cut the goal off"
    alone = [
        hazard.words
        for hazard in Hazard
        if (flags & hazard).any()
        and connected(~inflate((flags & ~np.uint8(hazard)) != 0, reach), start, goal)
    ]
    if alone:
        return f"{' or '.join(alone)} hazards cut the goal off"
    return "several kinds of hazard cut the goal off together"


def _place(point_m: tuple[float, float]) -> str:
    return f"east {point_m[0]:.2f}, north {point_m[1]:.2f} m"


def _article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
