"""Why no way keeps to the limits of pitch and roll, in words, and the least limits that would open one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import CostMap
from rover.hazard.detect import Hazard, HazardMap
from rover.hazard.directional import ROUNDING, DirectionalCost
from rover.hazard.directional_kernels import CLIMB, DESCENT, SIDE
from rover.planning.bottleneck_kernels import least_bottleneck
from rover.planning.directional_search import EVERYWHERE, DirectedSearch
from rover.planning.ends import cell_of
from rover.planning.explain import NOT_IN_TIME, connected, explain, nearest_free, what_cuts
from rover.planning.problem import Cause, NoPlan, Objective, PlanningProblem

Cell = tuple[int, int]
Mask = npt.NDArray[np.bool_]

_STEPS_PER_DEG = 100
_STEEPEST_DEG = 89.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """Least limits, each in whole 0.01 deg with the others as they are, that open a way; None if none does.

    Attributes:
        slope_deg: Of `slope_limit_deg`, up and, unless there is a descent limit of its own, down.
        descent_deg: Of a descent limit of its own.
        roll_deg: Of `roll_limit_deg`.
        all_deg: Of all of them together.
    """

    slope_deg: float | None
    descent_deg: float | None
    roll_deg: float | None
    all_deg: float | None


def explain_heading(
    problem: PlanningProblem,
    refusal: NoPlan,
    cost: DirectionalCost,
    closed: Mask,
    allowed: TimeAllowed | None = None,
) -> NoPlan:
    """Return a refusal of the search by heading with where and remedy put in the words of the maps.

    Args:
        problem: Start and goal lie inside its maps.
        refusal: Of `search_directional`.
        cost, closed: What was searched.
        allowed: Time for it, None for any; looked at between searches. Where it is over, the refusal is `unfinished`.
    """
    if refusal.cause is not Cause.NO_ROUTE:
        return explain(_without_tilt(problem, closed), refusal)
    allowed = allowed or TimeAllowed()
    try:
        allowed.check("it was told how far one gets")
        refusal = replace(refusal, where=_how_far(problem, cost, closed))
        openings = least_openings(problem, cost, closed, allowed)
    except TimeLimitError:
        return replace(refusal, remedy=NOT_IN_TIME, unfinished=True)
    return replace(refusal, remedy=_remedy(problem, openings, cost), opens_at_slope_deg=openings.slope_deg)


def least_openings(
    problem: PlanningProblem, cost: DirectionalCost, closed: Mask, allowed: TimeAllowed | None = None
) -> Openings:
    """Return the least limits that open a way, by exact bottleneck searches over directed moves.

    Raises:
        TimeLimitError: What is allowed is over.
    """
    apart = bool(cost.rules[CLIMB] != cost.rules[DESCENT])
    alone = {
        "slope_deg": (1.0, 0.0 if apart else 1.0, 0.0),
        "descent_deg": (0.0, 1.0, 0.0) if apart else None,
        "roll_deg": (0.0, 0.0, 1.0),
    }
    found = {
        name: None if loosened is None else _opens_at(problem, cost, closed, loosened, allowed)
        for name, loosened in alone.items()
    }
    together = None if any(found.values()) else _opens_at(problem, cost, closed, (1.0, 1.0, 1.0), allowed)
    return Openings(**found, all_deg=together)


def _opens_at(
    problem: PlanningProblem,
    cost: DirectionalCost,
    closed: Mask,
    loosened: tuple[float, float, float],
    allowed: TimeAllowed | None,
) -> float | None:
    """Return the least limit, in whole 0.01 deg, of those loosened (climb, descent, roll) at which there is a way."""
    if allowed is not None:
        allowed.check("the limit that opens a way was found")
    search = DirectedSearch(cost, closed, Objective.DISTANCE, problem.neighbours)
    rules = cost.rules.copy()
    rules[[place for place, on in zip((CLIMB, DESCENT, SIDE), loosened, strict=True) if on]] = np.inf
    start, goal = _ends(problem)
    source, target = search.node(start), search.node(goal)
    worst_rad = least_bottleneck(
        search.ground,
        search.came_by,
        search.reached,
        source,
        target,
        search.steps,
        search.headings,
        rules,
        loosened,
    )
    if not math.isfinite(worst_rad):
        return None
    return _written_limit_deg(worst_rad)


def _written_limit_deg(angle_rad: float) -> float | None:
    """Return the least limit of whole 0.01 deg that allows a pitch or roll, by the comparisons of the kernels."""
    steps = max(1, math.floor(math.degrees(angle_rad) * _STEPS_PER_DEG) - 1)

    def allows(steps: int) -> bool:
        limit = math.radians(steps / _STEPS_PER_DEG)
        pitch = math.tan(angle_rad) <= math.tan(limit) * ROUNDING
        return pitch and math.sin(angle_rad) <= math.sin(limit) * ROUNDING

    while steps <= _STEEPEST_DEG * _STEPS_PER_DEG:
        if allows(steps):
            return steps / _STEPS_PER_DEG
        steps += 1
    return None


def _remedy(problem: PlanningProblem, openings: Openings, cost: DirectionalCost) -> str:
    vehicle, ways = problem.vehicle, []
    if openings.slope_deg is not None:
        ways.append(f"vehicle.slope_limit_deg={openings.slope_deg:.2f}")
    if openings.descent_deg is not None:
        ways.append(f"a descent limit of {openings.descent_deg:.2f} deg")
    if openings.roll_deg is not None:
        ways.append(f"vehicle.roll_limit_deg={openings.roll_deg:.2f}")
    if ways:
        return f"{' or '.join(ways)} opens a way{_plain_way(problem)}"
    if openings.all_deg is not None:
        return f"{_together(openings.all_deg, vehicle, cost)} open a way"
    return f"no limit of slope or roll opens a way: {what_cuts(problem)}"


def _together(limit_deg: float, vehicle: VehicleParams, cost: DirectionalCost) -> str:
    slope, roll = max(limit_deg, vehicle.slope_limit_deg), max(limit_deg, vehicle.roll_limit_deg)
    words = f"vehicle.slope_limit_deg={slope:.2f} and vehicle.roll_limit_deg={roll:.2f}"
    apart = cost.rules[CLIMB] != cost.rules[DESCENT]
    return f"{words} with no descent limit of its own" if apart else words


def _plain_way(problem: PlanningProblem) -> str:
    """A descent limit of its own may refuse what the cost map leaves free."""
    free = np.isfinite(problem.costmap.cost_s_per_m)
    if connected(free, *_ends(problem)):
        return "; planner astar, which knows no limit of descent, has a way as it is"
    return ""


def _how_far(problem: PlanningProblem, cost: DirectionalCost, closed: Mask) -> str:
    search = DirectedSearch(cost, closed, Objective.DISTANCE, problem.neighbours)
    start, goal = _ends(problem)
    search.run(search.node(start), EVERYWHERE)
    reached = np.isfinite(search.prices)
    front = nearest_free(reached, goal) or start
    east_m, north_m = problem.costmap.geometry.centre_of(*front)
    short_m = math.hypot(east_m - problem.goal_m[0], north_m - problem.goal_m[1])
    share = 100.0 * float(reached.sum()) / float((~closed).sum())
    return (
        f"from the start {int(reached.sum())} cells ({share:.1f} % of those open to a heading) can be reached, "
        f"the nearest to the goal at east {east_m:.2f}, north {north_m:.2f} m, {short_m:.1f} m short of it; "
        f"{_what_refuses(problem, cost, closed, front, goal)}"
    )


def _what_refuses(
    problem: PlanningProblem, cost: DirectionalCost, closed: Mask, front: Cell, goal: Cell
) -> str:
    """Say what keeps the rover from going on by the move of eight that is nearest to the goal's direction."""
    yaw = math.atan2(goal[0] - front[0], goal[1] - front[1])
    eighth = round(yaw / (math.pi / 4)) % 8
    yaw_deg = 45 * eighth
    down, across = round(math.sin(math.radians(yaw_deg))), round(math.cos(math.radians(yaw_deg)))
    ahead = (front[0] + down, front[1] + across)
    if closed[ahead]:
        return f"on from there at yaw {yaw_deg} deg every heading is closed"
    worst = [_attitude(cost, cell, math.radians(yaw_deg)) for cell in (front, ahead)]
    pitch, roll = (max((pair[i] for pair in worst), key=abs) for i in (0, 1))
    vehicle = problem.vehicle
    return (
        f"on from there at yaw {yaw_deg} deg pitch is {pitch:.2f} deg of at most {vehicle.slope_limit_deg:g}"
        f"{_descent(cost)} and roll {roll:.2f} of {vehicle.roll_limit_deg:g}"
    )


def _descent(cost: DirectionalCost) -> str:
    if cost.rules[CLIMB] == cost.rules[DESCENT]:
        return ""
    return f" up and {math.degrees(math.atan(cost.rules[DESCENT] / ROUNDING)):g} down"


def _attitude(cost: DirectionalCost, cell: Cell, yaw_rad: float) -> tuple[float, float]:
    """Pitch and roll in degrees, NaN where the ground is not known."""
    e, n = float(cost.grade_east[cell]), float(cost.grade_north[cell])
    east, north = math.cos(yaw_rad), math.sin(yaw_rad)
    side = (n * east - e * north) / math.sqrt(1 + e * e + n * n)
    return math.degrees(math.atan(e * east + n * north)), math.degrees(math.asin(side))


def _without_tilt(problem: PlanningProblem, closed: Mask) -> PlanningProblem:
    """Return the problem with only what closes every heading flagged and lethal."""
    flags, vehicle = problem.hazards.flags, problem.vehicle
    by_slope = (flags == Hazard.TILT) & ~(problem.terrain.slope_rad <= vehicle.tilt_limit_rad)
    geometry = problem.costmap.geometry
    hazards = HazardMap(geometry=geometry, flags=np.where(by_slope, np.uint8(0), flags))
    costmap = CostMap(geometry=geometry, cost_s_per_m=np.where(closed, np.inf, 1.0))
    return replace(problem, hazards=hazards, costmap=costmap)


def _ends(problem: PlanningProblem) -> tuple[Cell, Cell]:
    geometry = problem.costmap.geometry
    return cell_of("start_m", problem.start_m, geometry), cell_of("goal_m", problem.goal_m, geometry)
