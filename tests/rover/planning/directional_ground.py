"""Small problems for tests of moves by heading: any heights, any limits."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.planning.problem import Objective, PlanningProblem
from rover.terrain.derive import Terrain, derive_terrain
from sim.testing.ground import ROVER

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
RESOLUTION_M = 2.0


def rover(**figures: float) -> VehicleParams:
    return VehicleParams.model_validate(ROVER.model_dump() | figures)


def terrain_of(heights: npt.ArrayLike) -> Terrain:
    held = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=held.shape[0], cols=held.shape[1], resolution_m=RESOLUTION_M, east_m=0.0, north_m=0.0, site=SITE
    )
    return derive_terrain(Dem(geometry=geometry, elevation_m=held, datum_m=0.0, source="a test"))


def problem_on(
    heights: npt.ArrayLike,
    start: tuple[int, int],
    goal: tuple[int, int],
    *,
    vehicle: VehicleParams = ROVER,
    closed: npt.NDArray[np.bool_] | None = None,
    objective: Objective = Objective.TIME,
    neighbours: int = 8,
) -> PlanningProblem:
    terrain = terrain_of(heights)
    hazards = detect_hazards(terrain, vehicle)
    if closed is not None:
        flags = hazards.flags | np.where(closed, np.uint8(Hazard.KEEP_OUT), np.uint8(0))
        hazards = HazardMap(geometry=terrain.geometry, flags=flags)
    return PlanningProblem(
        costmap=build_costmap(hazards, terrain, vehicle),
        hazards=hazards,
        terrain=terrain,
        vehicle=vehicle,
        start_m=terrain.geometry.centre_of(*start),
        goal_m=terrain.geometry.centre_of(*goal),
        objective=objective,
        neighbours=neighbours,
    )


def plane(grade_east: float, grade_north: float, rows: int = 17, cols: int = 17) -> npt.NDArray[np.float64]:
    north, east = np.mgrid[:rows, :cols] * RESOLUTION_M
    return np.asarray(grade_east * east + grade_north * north)


def grade(slope_deg: float) -> float:
    return math.tan(math.radians(slope_deg))


def random_problem(seed: int) -> tuple[PlanningProblem, float | None]:
    """Rough ground, limits that are often apart, some cells closed; and a descent limit or None."""
    rng = np.random.default_rng([seed, 77])
    rows, cols = (int(n) for n in rng.integers(7, 20, 2))
    heights = rng.normal(0, rng.choice([0.2, 0.5, 0.9]), (rows, cols)).cumsum(0).cumsum(1) / 4
    slope, roll = rng.uniform(5, 35, 2)
    vehicle = rover(slope_limit_deg=float(slope), roll_limit_deg=float(roll))
    closed = rng.random((rows, cols)) < rng.choice([0.0, 0.03, 0.1])
    inner = [(int(rng.integers(2, rows - 2)), int(rng.integers(2, cols - 2))) for _ in range(2)]
    problem = problem_on(
        heights,
        inner[0],
        inner[1],
        vehicle=vehicle,
        closed=closed,
        objective=[Objective.TIME, Objective.ENERGY, Objective.DISTANCE][seed % 3],
        neighbours=[4, 8, 16][seed // 3 % 3],
    )
    return problem, None if seed % 4 else math.radians(float(rng.uniform(3, 25)))
