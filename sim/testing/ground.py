"""Small seeded terrain, and planning problems on it, for tests of planners.

The raster is not square, not at the origin and known to its very rim, where slips show.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from rover.core.grid import Dem, GridGeometry
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.planning.problem import PlanningProblem
from rover.terrain.derive import Terrain, derive_terrain
from sim.testing.kinds import POLAR, RESOLUTION_M, check_kind, heights_of, stream_of, terrain_kinds
from sim.testing.sky import SITE_AT_THE_POLE, SITE_BY_DAY, limits_again, polar_rover, with_sky

__all__ = ["ROVER", "make_hazard_map", "make_problem", "make_terrain", "terrain_kinds"]

Cell = tuple[int, int]

ROWS, COLS = 72, 96
TIMED_ROWS, TIMED_COLS = 36, 48
"""Of problems in time, whose search is over place and time and charge."""

ROVER = VehicleParams(
    mass_kg=100.0, length_m=1.5, width_m=1.0, wheelbase_m=1.0, track_m=0.9, wheel_radius_m=0.15, wheel_width_m=0.15,
    belly_clearance_m=0.25, middle_axle_back_m=0.5, rocker_pivot_back_m=0.45, rocker_pivot_up_m=0.35,
    bogie_pivot_back_m=0.75, bogie_pivot_up_m=0.25, rocker_limit_deg=15.0, bogie_limit_deg=30.0,
    slope_limit_deg=20.0, roll_limit_deg=20.0, step_limit_m=0.2, roughness_limit_m=0.2,
    speed_m_s=0.05, turn_rate_deg_s=3.0, rolling_resistance=0.15, slip_at_slope_limit=0.5, drive_efficiency=0.4,
    array_area_m2=0.5, array_efficiency=0.2, array_gain_by_sun=((0.0, 1.0),),
    array_gain_by_facing=((0.0, 1.0),), array_lean_deg=0.0,
    battery_wh=130.0, charge_efficiency=0.95, discharge_efficiency=0.95,
    drive_w=40.0, command_w=30.0, charge_w=10.0, nap_w=10.0, dormant_w=0.1, safe_w=10.0, wake_array_w=16.0,
    sensing_range_m=5.0, height_noise_m=0.01, tilt_noise_deg=0.1,
)  # fmt: skip
"""A made-up rover of round figures; no real one is meant."""


def make_terrain(seed: int, kind: str = "mare") -> Terrain:
    """Return terrain of 72 x 96 cells of 2 m; the same for the same seed and kind, always.

    Raises:
        ValueError: No such kind.
    """
    return _ground(seed, kind, ROWS, COLS)[0]


def make_hazard_map(seed: int, kind: str = "mare") -> HazardMap:
    """Return the hazards of `ROVER` on `make_terrain(seed, kind)`.

    Raises:
        ValueError: No such kind.
    """
    return detect_hazards(make_terrain(seed, kind), ROVER)


def make_problem(seed: int, kind: str = "mare", *, timed: bool = False) -> PlanningProblem:
    """Return a problem on `make_terrain(seed, kind)` whose start and goal are free, far apart and joined by a way.

    Even seeds go from corner to corner of the ground that hangs together, odd ones between any two of its cells. Start
    and goal lie off their cells' centres.

    Args:
        seed: Of the ground, start and goal.
        kind: One of `terrain_kinds()`.
        timed: Give it a Sun, a horizon, rules of operation, limits and a deadline, on 36 x 48 cells.

    Raises:
        ValueError: No such kind.
    """
    check_kind(kind)
    return _problem(seed, kind, timed)


@lru_cache(maxsize=64)
def _problem(seed: int, kind: str, timed: bool) -> PlanningProblem:
    terrain, dem = _ground(seed, kind, *((TIMED_ROWS, TIMED_COLS) if timed else (ROWS, COLS)))
    vehicle = polar_rover(ROVER) if kind == POLAR else ROVER
    hazards = detect_hazards(terrain, vehicle)
    costmap = build_costmap(hazards, terrain, vehicle)
    rng = _generator(seed, kind, 1)
    start, goal = _two_ends(np.isfinite(costmap.cost_s_per_m), rng, corners=seed % 2 == 0)
    problem = PlanningProblem(
        costmap=costmap,
        hazards=hazards,
        terrain=terrain,
        vehicle=vehicle,
        start_m=_point_in(terrain.geometry, start, rng),
        goal_m=_point_in(terrain.geometry, goal, rng),
    )
    return with_sky(problem, dem) if timed else problem


def _ground(seed: int, kind: str, rows: int, cols: int) -> tuple[Terrain, Dem]:
    """Return terrain known to its rim, and the DEM under it."""
    check_kind(kind)
    heights = heights_of(kind, _generator(seed, kind, 0), rows, cols).astype(np.float32)
    whole = Dem(
        geometry=_geometry(rows + 2, cols + 2, kind),
        elevation_m=heights,
        datum_m=0.0,
        source=f"{kind} {seed}",
    )
    layers = derive_terrain(whole)
    inner = {
        name: getattr(layers, name)[1:-1, 1:-1]
        for name in ("slope_rad", "aspect_rad", "roughness_m", "step_m")
    }
    geometry = _geometry(rows, cols, kind)
    return replace(layers, geometry=geometry, **inner), replace(
        whole, geometry=geometry, elevation_m=heights[1:-1, 1:-1]
    )


def walled_off(problem: PlanningProblem) -> PlanningProblem:
    """Return `problem` with a keep-out wall between start and goal, both still free."""
    return with_hazard(problem, wall_between(problem))


def wall_between(problem: PlanningProblem) -> npt.NDArray[np.bool_]:
    """Return a row or column of cells, as a (rows, cols) mask, that parts start and goal."""
    start, goal = ends_of(problem)
    axis = 0 if abs(start[0] - goal[0]) > abs(start[1] - goal[1]) else 1
    wall = np.zeros(problem.costmap.geometry.shape, np.bool_)
    across = np.moveaxis(wall, axis, 0)
    across[(start[axis] + goal[axis]) // 2] = True
    return wall


def closed_at(problem: PlanningProblem, cell: Cell) -> PlanningProblem:
    """Return `problem` with a keep-out hazard on one cell."""
    mask = np.zeros(problem.costmap.geometry.shape, np.bool_)
    mask[cell] = True
    return with_hazard(problem, mask)


def with_limits(problem: PlanningProblem, *, slope_deg: float, roll_deg: float) -> PlanningProblem:
    """Return `problem` for a rover of other limits of slope and roll, its hazards found anew on the same ground."""
    figures = problem.vehicle.model_dump() | {"slope_limit_deg": slope_deg, "roll_limit_deg": roll_deg}
    vehicle = VehicleParams.model_validate(figures)
    hazards = detect_hazards(problem.terrain, vehicle)
    costmap = build_costmap(hazards, problem.terrain, vehicle)
    changed = replace(problem, vehicle=vehicle, hazards=hazards, costmap=costmap)
    return changed if problem.forecaster is None else limits_again(changed)


def ends_of(problem: PlanningProblem) -> tuple[Cell, Cell]:
    """Return the cells of start and goal."""
    geometry = problem.costmap.geometry
    start, goal = geometry.cell_at(*problem.start_m), geometry.cell_at(*problem.goal_m)
    assert start is not None and goal is not None
    return start, goal


def with_hazard(problem: PlanningProblem, mask: npt.NDArray[np.bool_]) -> PlanningProblem:
    """Return `problem` with a keep-out hazard on every cell of a (rows, cols) mask."""
    flags = problem.hazards.flags | np.where(mask, np.uint8(Hazard.KEEP_OUT), np.uint8(0))
    hazards = HazardMap(geometry=problem.hazards.geometry, flags=flags)
    costmap = build_costmap(hazards, problem.terrain, problem.vehicle)
    return replace(problem, hazards=hazards, costmap=costmap)


def _two_ends(free: npt.NDArray[np.bool_], rng: np.random.Generator, *, corners: bool) -> tuple[Cell, Cell]:
    parts, count = label(free)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    cells = np.argwhere(parts == sizes.argmax())
    if corners:
        along = cells @ np.array([1, 1 if rng.random() < 0.5 else -1])
        first, last = cells[along.argmin()], cells[along.argmax()]
    else:
        first = cells[rng.integers(len(cells))]
        far = cells[np.abs(cells - first).max(axis=1) >= 20]
        last = far[rng.integers(len(far))]
    return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))


def _point_in(geometry: GridGeometry, cell: Cell, rng: np.random.Generator) -> tuple[float, float]:
    east_m, north_m = geometry.centre_of(*cell)
    off = rng.uniform(-0.4, 0.4, 2) * geometry.resolution_m
    return east_m + float(off[0]), north_m + float(off[1])


def _generator(seed: int, kind: str, index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(stream_of(kind), index)))


def _geometry(rows: int, cols: int, kind: str) -> GridGeometry:
    site = SITE_AT_THE_POLE if kind == POLAR else SITE_BY_DAY
    return GridGeometry(
        rows=rows, cols=cols, resolution_m=RESOLUTION_M, east_m=-350.0, north_m=1210.0, site=site
    )
