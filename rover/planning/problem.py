"""What a planner is asked, and what it answers.

Anybody's class with `name`, `claims` and `plan` is a planner; nothing needs to be inherited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import CostMap
from rover.hazard.detect import HazardMap
from rover.limits.base import Limit
from rover.planning.forecast import Forecaster
from rover.sky.almanac import Almanac
from rover.terrain.derive import Terrain
from rover.terrain.horizon import HorizonMap


class Claim(StrEnum):
    """What a planner promises, for the test kit to hold it to."""

    OPTIMAL = "optimal"
    """The objective's price equals the least on the grid of the problem's neighbours, to 1e-9."""
    BOUNDED = "bounded"
    """Cost is within a factor that the plan states."""
    ANY_ANGLE = "any-angle"
    """Waypoints need not be neighbouring cells."""
    DIRECTIONAL = "directional"
    """Moves are allowed and priced by their heading, as `rover.hazard.directional`; OPTIMAL is the least of those."""
    TIMED = "timed"
    """Waypoints carry times, and light and charge are respected."""


class Objective(StrEnum):
    """What a way is to have least of; `rover.planning.objective` prices each."""

    TIME = "time"
    """Driving time, seconds: the cost map itself."""
    ENERGY = "energy"
    """Energy drawn while driving, joules."""
    DISTANCE = "distance"
    """Length, metres."""
    RISK = "risk"
    """Nearness to what the vehicle may not do, by the price that `rover.planning.objective` states."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanningProblem:
    """A start, a goal and everything the ground believes about what lies between.

    Attributes:
        costmap, hazards, terrain: Maps on one geometry.
        vehicle: The rover.
        start_m, goal_m: (east, north) in the terrain's frame.
        depart_s: Departure, seconds since the scenario's epoch.
        soc: State of charge at departure, 0-1.
        almanac: The Sun over the time ahead, or None for a plan without time.
        horizon: Of the map's cells, for their light; or None.
        forecaster: The Sun's phases and the rules of operation, or None.
        limits: What a leg is held to.
        deadline_s: Latest arrival, or None.
        light_step_s: Longest time by day for which a timed planner takes light and power as constant, None for its own.
        objective: What the way is to have least of.
        neighbours: Moves from a cell on the grid: 4, 8, or 16 with knight's moves.
        time_limit_s: Longest time that a planner may search, or None.
        spare_soc: Charge that a timed planner keeps above the reserve where there is a plan with it.
    """

    costmap: CostMap
    hazards: HazardMap
    terrain: Terrain
    vehicle: VehicleParams
    start_m: tuple[float, float]
    goal_m: tuple[float, float]
    depart_s: float = 0.0
    soc: float = 1.0
    almanac: Almanac | None = None
    horizon: HorizonMap | None = None
    forecaster: Forecaster | None = None
    limits: Sequence[Limit] = ()
    deadline_s: float | None = None
    light_step_s: float | None = None
    objective: Objective = Objective.TIME
    neighbours: int = 8
    time_limit_s: float | None = None
    spare_soc: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "objective", Objective(self.objective))
        if self.neighbours not in (4, 8, 16):
            raise ValueError(f"{self.neighbours} neighbours: give 4, 8 or 16")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A way to the goal.

    Attributes:
        planner: Name of the planner.
        cells: (n, 2) int64 rows and columns, one per waypoint.
        waypoints_m: (n, 2) east and north; the first is the start, the last the goal.
        cost_s: Driving time by the cost map, whatever the objective; by heading where DIRECTIONAL is claimed.
        expanded: Search nodes expanded.
        schedule: The same waypoints with times, charge and stops, or None for a plan without time.
        bound: Factor over the least cost that a planner claiming BOUNDED vouches for, or None.
        objective: What the way has least of.
        price: How much of it, in the objective's unit; None for `cost_s`, as of the least time by the cost map.
        least: Where the search was cut short, what no traverse that keeps the charge to spare has less of, as `price`,
            or the arrival, s; else None.
    """

    planner: str
    cells: npt.NDArray[np.int64]
    waypoints_m: npt.NDArray[np.float64]
    cost_s: float
    expanded: int
    schedule: Any | None = None
    bound: float | None = None
    objective: Objective = Objective.TIME
    price: float | None = None
    least: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", locked(self.cells, np.int64, (None, 2), "cells"))
        held = locked(self.waypoints_m, np.float64, (None, 2), "waypoints_m")
        object.__setattr__(self, "waypoints_m", held)
        object.__setattr__(self, "objective", Objective(self.objective))

    @property
    def length_m(self) -> float:
        steps = np.diff(self.waypoints_m, axis=0)
        return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


class Cause(StrEnum):
    """Why there is no plan."""

    START_LETHAL = "start_lethal"
    GOAL_LETHAL = "goal_lethal"
    VIA_LETHAL = "via_lethal"
    NO_ROUTE = "no_route"
    ENERGY = "energy"
    DAYLIGHT = "daylight"
    DEADLINE = "deadline"
    NIGHT = "night"
    SHADOW = "shadow"
    LINK = "link"
    ZONE = "zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlan:
    """There is no way, and why: an answer, not an exception.

    Attributes:
        cause: One of `Cause`.
        where: The place or the constraint that cut the goal off, in words.
        remedy: The smallest change known to open a way, in words.
        expanded: Search nodes expanded before giving up.
        opens_at_slope_deg: The least slope limit, to 0.01 deg, at which there is a way, where one would help.
        opens_at_footprint_m: The greatest radius of the circle round the footprint, in metres, for which there is a
            way over the same hazards, where a smaller one would help.
        wall: (row, col) of the lethal cells that part the start from the goal where they are fewest: opened, there is
            a way, and no fewer would do.
        wall_hazards: Kinds of hazard that close them, in words.
        leg: Which leg has no way, from 1, where the question was of several.
        opens_with_wh: Watt-hours of battery, charged, that would open a way if there were so many more above the same
            reserve in watt-hours.
        opens_with_shadow_s: Longest time in shadow at which there is a way.
        opens_with_lit: Greatest `limits.least_lit` at which there is a way.
        opens_with_link_deg: Greatest margin of the link at which there is a way.
        opens_with_tilt_deg: Least tilt of cells for the night with which there is a way.
        opens_until_s: Deadline by which there is a way, seconds since the scenario's epoch.
        opens_from_s: Departure nearest to the one asked for, of those tried, from which there is a way by the same
            deadline; likewise. Others between the two may do as well: survival is not monotone in the departure.
        unfinished: Whether the time was over before all was looked for that would open a way. That there is none is
            certain.
    """

    cause: Cause
    where: str
    remedy: str
    expanded: int = 0
    opens_at_slope_deg: float | None = None
    opens_at_footprint_m: float | None = None
    wall: tuple[tuple[int, int], ...] = ()
    wall_hazards: tuple[str, ...] = ()
    leg: int | None = None
    opens_with_wh: float | None = None
    opens_with_shadow_s: float | None = None
    opens_with_lit: float | None = None
    opens_with_link_deg: float | None = None
    opens_with_tilt_deg: float | None = None
    opens_until_s: float | None = None
    opens_from_s: float | None = None
    unfinished: bool = False

    def __str__(self) -> str:
        return f"no plan ({self.cause}): {self.where}; {self.remedy}"


@runtime_checkable
class Planner(Protocol):
    """A planner of the registry (entry point group `farside.planners`).

    Three more members are asked for where they exist: `objectives`, a frozenset of `Objective`, and `neighbours`, a
    frozenset of the numbers that it can search by; without them a planner is held to TIME and to 8. And
    `heeds_time_limit`, False of one that knows no limit.
    """

    name: str
    claims: frozenset[Claim]

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return a way from `problem.start_m` to `problem.goal_m`, or why there is none."""
        ...
