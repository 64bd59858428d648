"""Where a way opens, and what bounds one that is there: the gentlest way, and its steepest place."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.planning.astar import search_grid
from rover.planning.bottleneck import (
    costs_at_limit,
    ends,
    opening_footprint_m,
    opening_slope_deg,
    steepest_in_reach,
)
from rover.planning.problem import NoPlan, PlanningProblem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opening:
    """The way of least driving time at the least slope limit that has one.

    Attributes:
        slope_deg: That limit, in whole 0.01 deg.
        way_m: (n, 2) east and north of the way.
        place_m: (east, north) of the cell on it from which the footprint reaches the steepest ground: every way
            at this limit crosses ground as steep, to 0.01 deg.
        footprint_m: Greatest radius of the circle round the footprint for which there is a way at the vehicle's own
            slope limit; None where none has one, infinite where no hazard bounds it.
    """

    slope_deg: float
    way_m: npt.NDArray[np.float64]
    place_m: tuple[float, float]
    footprint_m: float | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "way_m", locked(self.way_m, np.float64, (None, 2), "way_m"))


def find_opening(problem: PlanningProblem, allowed: TimeAllowed | None = None) -> Opening | None:
    """Return the way at the least slope limit that has one, or None where no limit has.

    Args:
        problem: Start and goal lie inside its maps. Whether there is a plan at the vehicle's own limits or not.
        allowed: Time for it, None for any; looked at between stages.

    Raises:
        TimeLimitError: It was over; the message states the limit that was found, if it was.
    """
    allowed = allowed or TimeAllowed()
    slope_deg = opening_slope_deg(problem, allowed)
    if slope_deg is None:
        return None
    try:
        return _opening_at(problem, slope_deg, allowed)
    except TimeLimitError as error:
        found = f"there is a way down to a slope limit of {slope_deg:.2f} deg; where it leads: "
        raise TimeLimitError([replace(p, what=found + p.what) for p in error.problems]) from error


def _opening_at(problem: PlanningProblem, slope_deg: float, allowed: TimeAllowed) -> Opening:
    start, goal = ends(problem)
    cost = costs_at_limit(problem, slope_deg)
    allowed.check("the way at that limit was looked for")
    resolution_m = problem.costmap.geometry.resolution_m
    route = search_grid(cost, start, goal, resolution_m=resolution_m, time_limit_s=allowed.left_s)
    if isinstance(route, NoPlan):
        raise AssertionError(f"no way at the limit that opens one: {route}")
    steepest = steepest_in_reach(problem)[route.cells[:, 0], route.cells[:, 1]]
    row, col = route.cells[int(steepest.argmax())]
    return Opening(
        slope_deg=slope_deg,
        way_m=problem.costmap.geometry.centres_of(route.cells),
        place_m=problem.costmap.geometry.centre_of(int(row), int(col)),
        footprint_m=opening_footprint_m(problem, allowed),
    )


def bounds_in_words(opening: Opening | None, problem: PlanningProblem) -> list[str]:
    """Return what keeps a problem that has a plan from having none, a sentence each."""
    if opening is None:
        return ["the path leads where the maps show no way: nothing bounds it that they know of"]
    limit_deg = math.degrees(problem.vehicle.tilt_limit_rad)
    east_m, north_m = opening.place_m
    said = [
        f"there is a way down to a slope limit of {opening.slope_deg:.2f} deg (the vehicle's is {limit_deg:.2f}), "
        f"whose steepest place is at east {east_m:.2f}, north {north_m:.2f} m"
    ]
    if opening.footprint_m is not None and math.isfinite(opening.footprint_m):
        said.append(
            f"the hazards leave room for a footprint of up to {math.floor(opening.footprint_m * 100) / 100:.2f} m "
            f"radius (the vehicle's is {problem.vehicle.footprint_radius_m:.2f} m)"
        )
    return said
