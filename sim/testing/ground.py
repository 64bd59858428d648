"""Small seeded terrain, and planning problems on it, for tests of planners.

Each kind is a few lines of numpy: what matters is that it is hard for a planner in its own way, not that it looks
like the Moon. The raster is not square, not at the origin and known to its very rim, where slips show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, label

from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.planning.problem import PlanningProblem
from rover.terrain.derive import Terrain, derive_terrain

Heights = npt.NDArray[np.float64]
Cell = tuple[int, int]

ROWS, COLS, RESOLUTION_M = 72, 96, 2.0
_WALL_M = 6.0

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


def terrain_kinds() -> tuple[str, ...]:
    """Return the kinds that `make_terrain` knows."""
    return tuple(_KINDS)


def make_terrain(seed: int, kind: str = "mare") -> Terrain:
    """Return terrain of 72 x 96 cells of 2 m; the same for the same seed and kind, always.

    Raises:
        ValueError: No such kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind = {kind!r}: known are {', '.join(_KINDS)}")
    heights = _KINDS[kind](_generator(seed, kind, 0)).astype(np.float32)
    geometry = _geometry(ROWS + 2, COLS + 2)
    layers = derive_terrain(Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source=f"{kind} {seed}"))
    inner = {
        name: getattr(layers, name)[1:-1, 1:-1]
        for name in ("slope_rad", "aspect_rad", "roughness_m", "step_m")
    }
    return replace(layers, geometry=_geometry(ROWS, COLS), **inner)


def make_problem(seed: int, kind: str = "mare") -> PlanningProblem:
    """Return a problem on `make_terrain(seed, kind)` whose start and goal are free, far apart and joined by a way.

    Even seeds go from corner to corner of the ground that hangs together, odd ones between any two of its cells. Start
    and goal lie off their cells' centres.
    """
    terrain = make_terrain(seed, kind)
    hazards = detect_hazards(terrain, ROVER)
    costmap = build_costmap(hazards, terrain, ROVER)
    rng = _generator(seed, kind, 1)
    start, goal = _two_ends(np.isfinite(costmap.cost_s_per_m), rng, corners=seed % 2 == 0)
    return PlanningProblem(
        costmap=costmap,
        hazards=hazards,
        terrain=terrain,
        vehicle=ROVER,
        start_m=_point_in(terrain.geometry, start, rng),
        goal_m=_point_in(terrain.geometry, goal, rng),
    )


def walled_off(problem: PlanningProblem) -> PlanningProblem:
    """Return `problem` with a keep-out wall between start and goal, both still free."""
    start, goal = ends_of(problem)
    axis = 0 if abs(start[0] - goal[0]) > abs(start[1] - goal[1]) else 1
    wall = np.zeros(problem.costmap.geometry.shape, np.bool_)
    across = np.moveaxis(wall, axis, 0)
    across[(start[axis] + goal[axis]) // 2] = True
    return _with_hazard(problem, wall)


def closed_at(problem: PlanningProblem, cell: Cell) -> PlanningProblem:
    """Return `problem` with a keep-out hazard on one cell."""
    mask = np.zeros(problem.costmap.geometry.shape, np.bool_)
    mask[cell] = True
    return _with_hazard(problem, mask)


def with_limits(problem: PlanningProblem, *, slope_deg: float, roll_deg: float) -> PlanningProblem:
    """Return `problem` for a rover of other limits of slope and roll, its hazards found anew on the same ground."""
    figures = problem.vehicle.model_dump() | {"slope_limit_deg": slope_deg, "roll_limit_deg": roll_deg}
    vehicle = VehicleParams.model_validate(figures)
    hazards = detect_hazards(problem.terrain, vehicle)
    costmap = build_costmap(hazards, problem.terrain, vehicle)
    return replace(problem, vehicle=vehicle, hazards=hazards, costmap=costmap)


def ends_of(problem: PlanningProblem) -> tuple[Cell, Cell]:
    """Return the cells of start and goal."""
    geometry = problem.costmap.geometry
    start, goal = geometry.cell_at(*problem.start_m), geometry.cell_at(*problem.goal_m)
    assert start is not None and goal is not None
    return start, goal


def _with_hazard(problem: PlanningProblem, mask: npt.NDArray[np.bool_]) -> PlanningProblem:
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
    stream = terrain_kinds().index(kind)
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(stream, index)))


def _geometry(rows: int, cols: int) -> GridGeometry:
    site = Site(latitude_rad=-0.79, longitude_rad=3.1, body="moon", crs_wkt="")
    return GridGeometry(
        rows=rows, cols=cols, resolution_m=RESOLUTION_M, east_m=-350.0, north_m=1210.0, site=site
    )


def _blank() -> tuple[Heights, Heights, Heights]:
    """Heights of zero, and the rows and columns of the raster with a cell to spare on every side."""
    row, col = np.mgrid[: ROWS + 2, : COLS + 2].astype(np.float64)
    return np.zeros(row.shape), row, col


def _relief(rng: np.random.Generator, *, width: float, height_m: float) -> Heights:
    noise = gaussian_filter(rng.standard_normal((ROWS + 2, COLS + 2)), width, mode="reflect")
    return np.asarray(height_m * noise / noise.std())


def _mare(rng: np.random.Generator) -> Heights:
    return _relief(rng, width=8.0, height_m=2.0) + _relief(rng, width=2.0, height_m=0.25)


def _crater_field(rng: np.random.Generator) -> Heights:
    heights, row, col = _blank()
    for radius in rng.uniform(3.0, 10.0, 14):
        away = np.hypot(row - rng.uniform(0, ROWS), col - rng.uniform(0, COLS)) / radius
        bowl = RESOLUTION_M * radius * 0.35 * (away * away - 1.0)
        heights += np.where(away < 1.0, bowl, 0.0) + 0.1 * radius * np.exp(-(((away - 1.0) / 0.3) ** 2))
    return heights + _relief(rng, width=4.0, height_m=0.3)


def _boulder_field(rng: np.random.Generator) -> Heights:
    heights = _relief(rng, width=6.0, height_m=0.5)
    heights[rng.random(heights.shape) < 0.035] += 3.0
    return heights


def _maze(rng: np.random.Generator) -> Heights:
    """A perfect maze by depth-first carving: one way between any two rooms, each 3 cells wide between its slopes."""
    heights, _, _ = _blank()
    heights += _WALL_M
    pitch = 6
    rooms = (ROWS // pitch, COLS // pitch)
    stack, seen = [(0, 0)], {(0, 0)}
    while stack:
        here = stack[-1]
        ahead = [(here[0] + dr, here[1] + dc) for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))]
        ahead = [
            room for room in ahead if room not in seen and 0 <= room[0] < rooms[0] and 0 <= room[1] < rooms[1]
        ]
        if not ahead:
            stack.pop()
            continue
        room = ahead[rng.integers(len(ahead))]
        (top, left), (bottom, right) = (min(here, room), max(here, room))
        heights[top * pitch + 1 : bottom * pitch + pitch, left * pitch + 1 : right * pitch + pitch] = 0.0
        seen.add(room)
        stack.append(room)
    return heights


def _bottleneck(rng: np.random.Generator) -> Heights:
    """Two plains with a ridge between them that has one gap."""
    heights, row, col = _blank()
    crest = COLS / 2 + 8.0 * np.sin(row / 11.0 + rng.uniform(0, 6.0))
    heights += _WALL_M * (np.abs(col - crest) < 3.0)
    gap = rng.uniform(8, ROWS - 8)
    heights[np.abs(row - gap) < 3.5] = 0.0
    return heights + _relief(rng, width=6.0, height_m=0.8)


_KINDS: dict[str, Callable[[np.random.Generator], Heights]] = {
    "mare": _mare,
    "crater field": _crater_field,
    "boulder field": _boulder_field,
    "maze": _maze,
    "bottleneck": _bottleneck,
}
