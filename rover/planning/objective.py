"""What a metre costs by each objective, for planners that know no heading.

A planner that knows none needs one figure per cell whatever the way through it; each is documented below. By heading,
time and energy come from `rover.hazard.directional`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rover.core.arrays import locked
from rover.core.grid import GridGeometry
from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from rover.hazard.detect import resolves
from rover.hazard.directional import directional_cost
from rover.hazard.directional_kernels import CLIMB, DESCENT, SIDE
from rover.hazard.trafficability import undulation_grade2
from rover.planning.objective_kernels import energy_rows, risk_rows, way_price
from rover.planning.problem import Objective, PlanningProblem
from rover.terrain.derive import Terrain

Prices = npt.NDArray[np.float64]

UNITS = {Objective.TIME: "s", Objective.ENERGY: "J", Objective.DISTANCE: "m", Objective.RISK: "m"}
"""What a way is priced in: risk in metres of safe ground."""

RISK_AT_LIMIT = 10.0
"""Metres of safe ground that a metre at one limit is worth avoiding by, a choice: it bends ways, and bans none."""

RISK_REACH_RADII = 4.0
"""How far from their edge lethal cells are felt, in radii of the footprint: two widths of the circle round it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceMap:
    """Price of crossing each cell by one objective.

    Attributes:
        geometry: Where the cells are.
        objective: What is priced.
        unit: Of the price of a way: s, J or m.
        price_per_m: (rows, cols) float64, positive, +inf exactly where the cost map is lethal.
    """

    geometry: GridGeometry
    objective: Objective
    unit: str
    price_per_m: Prices

    def __post_init__(self) -> None:
        held = locked(self.price_per_m, np.float64, self.geometry.shape, "price_per_m")
        object.__setattr__(self, "price_per_m", held)


def price_map(problem: PlanningProblem) -> PriceMap:
    """Price every cell by the problem's objective.

    - time: the cost map itself, not copied.
    - distance: 1 on free cells.
    - energy: the mean of climbing and of descending the cell's slope straight, by the physics of
      `rover.hazard.directional`: weight, rolling resistance, slip and drive efficiency, and the load while driving over
      the time expected of each. It is exact for a way that climbs and descends the same slope, and of ways between
      equal heights errs by how far they keep to the contour. The climb alone would price every hill as if the way ended
      on it; the contour alone would price none.
    - risk: 1 + `RISK_AT_LIMIT` times the sum of squares of closeness, each 0 on level, even ground far from anything
      lethal and 1 at the limit: grade over that of the tilt limit, roughness and step over their limits where they are
      read, and nearness of lethal cells within `RISK_REACH_RADII`. Squares, since slip grows by the square of the grade
      (Lindemann and Voorhees 2005, doi:10.1109/ICSMC.2005.1571198), and so that ground well within its limits costs
      little more than its length; a sum, as independent chances add while they are small. The unit is metres of safe
      ground.

    What is not known of a free cell counts as at its limit.

    Raises:
        ValueError: Energy or risk of maps that are not on one geometry.
        DemFrameError: Energy or risk on cells that are not square.
    """
    return PriceMap(
        geometry=problem.costmap.geometry,
        objective=problem.objective,
        unit=UNITS[problem.objective],
        price_per_m=_PRICES[problem.objective](problem),
    )


def price_of_way(cells: npt.NDArray[np.int64], price_per_m: Prices, resolution_m: float) -> float:
    """Return the price of a way between cells' centres, an exact line integral over the cells that it crosses.

    Args:
        cells: (n, 2) rows and columns, each one cell or a knight's move from the one before, or the same.
        price_per_m: (rows, cols).
        resolution_m: Side of a cell.

    Raises:
        ValueError: Cells further apart, or outside.
    """
    path = np.ascontiguousarray(cells, np.int64)
    steps = np.sort(np.abs(np.diff(path, axis=0)), axis=1)
    if ((steps[:, 1] > 2) | (steps == (0, 2)).all(axis=1) | (steps == (2, 2)).all(axis=1)).any():
        raise ValueError("a way whose cells are not neighbours")
    if len(path) and ((path < 0) | (path >= price_per_m.shape)).any():
        raise ValueError("a way that leaves the map")
    return float(way_price(price_per_m, path, float(resolution_m)))


def _time(problem: PlanningProblem) -> Prices:
    return problem.costmap.cost_s_per_m


def _distance(problem: PlanningProblem) -> Prices:
    return np.where(np.isinf(problem.costmap.cost_s_per_m), np.inf, 1.0)


def _energy(problem: PlanningProblem) -> Prices:
    cost, terrain, vehicle = problem.costmap.cost_s_per_m, _terrain_of(problem), problem.vehicle
    heading = directional_cost(terrain, vehicle)
    rules = heading.rules.copy()
    rules[[CLIMB, DESCENT, SIDE]] = np.inf
    rules.flags.writeable = False  # so that kernels are compiled for one kind of array
    price = np.empty(cost.shape, np.float64)
    given = (
        *(cost, heading.grade_east, heading.grade_north, heading.rough_grade2),
        *(math.tan(vehicle.tilt_limit_rad), undulation_grade2(*_roughness_read(terrain, vehicle))),
        *(rules, heading.slip, price),
    )
    by_strips(len(cost), lambda first, last: energy_rows(*given, first, last))
    return price


def _risk(problem: PlanningProblem) -> Prices:
    cost, terrain, vehicle = problem.costmap.cost_s_per_m, _terrain_of(problem), problem.vehicle
    heading = directional_cost(terrain, vehicle)
    reads_step = resolves(terrain.step_window_m, vehicle)
    reads_roughness = resolves(terrain.roughness_window_m, vehicle)
    reach = RISK_REACH_RADII * vehicle.footprint_radius_m / problem.costmap.geometry.resolution_m
    limits = (
        math.tan(vehicle.tilt_limit_rad),
        min(vehicle.roughness_limit_m, vehicle.belly_clearance_m) if reads_roughness else math.inf,
        vehicle.step_limit_m if reads_step else math.inf,
        terrain.step_window_m,
        reach,
    )
    price = np.empty(cost.shape, np.float64)
    given = (
        *(cost, heading.grade_east, heading.grade_north, terrain.roughness_m, terrain.step_m),
        *(_cells_to_lethal(cost), limits, RISK_AT_LIMIT, price),
    )
    by_strips(len(cost), lambda first, last: risk_rows(*given, first, last))
    return price


def _cells_to_lethal(cost: Prices) -> Prices:
    free = np.isfinite(cost)
    if free.all():
        return np.full(cost.shape, np.inf)
    return np.asarray(distance_transform_edt(free), np.float64)


def _roughness_read(terrain: Terrain, vehicle: VehicleParams) -> tuple[float, float]:
    limit_m = min(vehicle.roughness_limit_m, vehicle.belly_clearance_m)
    read = resolves(terrain.roughness_window_m, vehicle)
    return limit_m if read else 0.0, terrain.roughness_window_m


def _terrain_of(problem: PlanningProblem) -> Terrain:
    shapes = problem.terrain.geometry.shape, problem.costmap.geometry.shape
    if shapes[0] != shapes[1]:
        raise ValueError(f"terrain of shape {shapes[0]} under a cost map of shape {shapes[1]}")
    return problem.terrain


_PRICES = {
    Objective.TIME: _time,
    Objective.ENERGY: _energy,
    Objective.DISTANCE: _distance,
    Objective.RISK: _risk,
}
