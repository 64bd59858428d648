"""Problems made of others: turned, mirrored, scaled, unknown in places, open along their rim only."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.grid import GridGeometry
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import CostMap, build_costmap, footprint_reach_cells
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.planning.problem import PlanningProblem
from rover.terrain.derive import Terrain
from sim.testing.ground import ends_of, wall_between

Mask = npt.NDArray[np.bool_]
Place = tuple[float, float]

_LAYERS = ("slope_rad", "aspect_rad", "roughness_m", "step_m")
_WINDOWS = (
    "roughness_window_m", "step_window_m", "slope_baseline_m",
    "slope_baseline_north_m", "roughness_window_north_m", "step_window_north_m",
)  # fmt: skip


def turned(problem: PlanningProblem) -> PlanningProblem:
    """Return a problem without time turned by 90 deg counter-clockwise about the frame's origin."""
    old = problem.costmap.geometry
    top_m = old.north_m + (old.rows - 1) * old.resolution_m
    geometry = replace(old, rows=old.cols, cols=old.rows, east_m=-top_m, north_m=old.east_m)

    def turn(layer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.ascontiguousarray(layer.T[:, ::-1])

    aspect = np.mod(problem.terrain.aspect_rad - math.pi / 2, 2 * math.pi)
    ends = [(-north_m, east_m) for east_m, north_m in (problem.start_m, problem.goal_m)]
    return _moved(problem, geometry, turn, aspect, ends)


def mirrored(problem: PlanningProblem) -> PlanningProblem:
    """Return a problem without time with east and west exchanged on the same map."""
    geometry = problem.costmap.geometry
    west_m, _, east_m, _ = geometry.bounds_m

    def flip(layer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.ascontiguousarray(layer[:, ::-1])

    aspect = np.mod(-problem.terrain.aspect_rad, 2 * math.pi)
    ends = [(west_m + east_m - e, n) for e, n in (problem.start_m, problem.goal_m)]
    return _moved(problem, geometry, flip, aspect, ends)


def _moved(
    problem: PlanningProblem,
    geometry: GridGeometry,
    move: Callable[[Any], Any],
    aspect_rad: npt.NDArray[np.floating],
    ends: list[Place],
) -> PlanningProblem:
    terrain = problem.terrain
    layers = {name: move(getattr(terrain, name)) for name in _LAYERS}
    layers["aspect_rad"] = move(aspect_rad)
    return replace(
        problem,
        terrain=replace(terrain, geometry=geometry, **layers),
        hazards=HazardMap(geometry=geometry, flags=move(problem.hazards.flags)),
        costmap=CostMap(geometry=geometry, cost_s_per_m=move(problem.costmap.cost_s_per_m)),
        start_m=ends[0],
        goal_m=ends[1],
    )


def slower(problem: PlanningProblem, factor: float) -> PlanningProblem:
    """Return a problem in which every metre takes so many times as long."""
    vehicle = problem.vehicle.model_copy(update={"speed_m_s": problem.vehicle.speed_m_s / factor})
    cost = problem.costmap.cost_s_per_m * factor
    return replace(problem, vehicle=vehicle, costmap=replace(problem.costmap, cost_s_per_m=cost))


def stretched(problem: PlanningProblem, factor: float) -> PlanningProblem:
    """Return a problem on cells so many times as long, for a vehicle as many times as large, by the same slopes."""
    old = problem.costmap.geometry
    geometry = replace(
        old, resolution_m=old.resolution_m * factor, resolution_north_m=old.resolution_north_m * factor
    )
    windows = {name: getattr(problem.terrain, name) * factor for name in _WINDOWS}
    vehicle = problem.vehicle
    sides = {"length_m": vehicle.length_m * factor, "width_m": vehicle.width_m * factor}

    def moved(place: Place) -> Place:
        return (
            old.east_m + (place[0] - old.east_m) * factor,
            old.north_m + (place[1] - old.north_m) * factor,
        )

    return replace(
        problem,
        vehicle=vehicle.model_copy(update=sides),
        terrain=replace(problem.terrain, geometry=geometry, **windows),
        hazards=replace(problem.hazards, geometry=geometry),
        costmap=replace(problem.costmap, geometry=geometry),
        start_m=moved(problem.start_m),
        goal_m=moved(problem.goal_m),
    )


def with_unknown(problem: PlanningProblem, mask: Mask) -> PlanningProblem:
    """Return a problem whose ground is not known on a (rows, cols) mask: NaN in every layer, and flagged as such."""
    terrain = problem.terrain
    layers: dict[str, Any] = {
        name: np.where(mask, np.float32(np.nan), getattr(terrain, name)) for name in _LAYERS
    }
    return _found_anew(problem, replace(terrain, **layers), problem.vehicle)


def unknown_wall(problem: PlanningProblem) -> PlanningProblem:
    """Return a problem with a wall of unknown ground between start and goal, both still free."""
    return with_unknown(problem, wall_between(problem))


def along_the_rim(problem: PlanningProblem) -> PlanningProblem:
    """Return level ground of the problem's size, closed but for its outermost cells, from one corner to the other."""
    geometry = problem.costmap.geometry
    flat: dict[str, Any] = {name: np.zeros(geometry.shape, np.float32) for name in _LAYERS}
    level = _found_anew(problem, replace(problem.terrain, **flat), problem.vehicle)
    inside = 1 + math.floor(footprint_reach_cells(geometry, problem.vehicle))
    flags = np.zeros(geometry.shape, np.uint8)
    flags[inside:-inside, inside:-inside] = Hazard.KEEP_OUT
    hazards = HazardMap(geometry=geometry, flags=flags)
    return replace(
        level,
        hazards=hazards,
        costmap=build_costmap(hazards, level.terrain, level.vehicle),
        start_m=geometry.centre_of(0, 0),
        goal_m=geometry.centre_of(geometry.rows - 1, geometry.cols - 1),
    )


def _found_anew(problem: PlanningProblem, terrain: Terrain, vehicle: VehicleParams) -> PlanningProblem:
    hazards = detect_hazards(terrain, vehicle)
    return replace(
        problem, terrain=terrain, hazards=hazards, costmap=build_costmap(hazards, terrain, vehicle)
    )


def near(cells: npt.NDArray[np.int64], shape: tuple[int, int], reach: int) -> Mask:
    """Return (rows, cols) which cells are within so many rows and columns of any of (n, 2) cells."""
    mask = np.zeros(shape, np.bool_)
    for row, col in cells.tolist():
        mask[max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1] = True
    return mask


def spots_on(problem: PlanningProblem, way_m: npt.NDArray[np.float64], *, seed: int) -> Mask:
    """Return (rows, cols) marks on a way and beside it, far enough from start and goal to leave them free.

    Two cells of the middle half of the way, and one of 300 anywhere.

    Args:
        problem: The question.
        way_m: (n, 2) waypoints of an answer; what of them is not on the map does not count.
        seed: Of the marks.
    """
    geometry, rng = problem.costmap.geometry, np.random.default_rng(seed)
    room = 2 + math.ceil(footprint_reach_cells(geometry, problem.vehicle))
    kept = near(np.array(ends_of(problem)), geometry.shape, room)
    marks = rng.random(geometry.shape) < 1 / 300
    after_m = np.concatenate([[0.0], np.hypot(*np.diff(way_m, axis=0).T).cumsum()])
    for share in rng.uniform(0.25, 0.75, 2):
        cell = geometry.cell_at(*(float(np.interp(share * after_m[-1], after_m, axis)) for axis in way_m.T))
        if cell is not None:
            marks[cell] = True
    return marks & ~kept
