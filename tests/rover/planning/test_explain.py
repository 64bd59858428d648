"""Refusals that name the hazard, the nearest free cell and the least slope limit that opens a way."""

from __future__ import annotations

import heapq
import math
import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, zone_from_corners
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.planning.astar import AStarPlanner
from rover.planning.explain import explain, nearest_free, opening_slope_deg
from rover.planning.problem import Cause, NoPlan, Plan, PlanningProblem
from rover.terrain.derive import Terrain, derive_terrain
from sim.testing.ground import ROVER

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


def terrain_of(heights: npt.NDArray[np.float64], resolution_m: float) -> Terrain:
    rows, cols = heights.shape
    geometry = GridGeometry(
        rows=rows, cols=cols, resolution_m=resolution_m, east_m=100.0, north_m=-50.0, site=SITE
    )
    dem = Dem(geometry=geometry, elevation_m=heights.astype(np.float32), datum_m=0.0, source="by hand")
    return derive_terrain(dem)


def ridge(rng: np.random.Generator, rows: int = 24, cols: int = 40) -> npt.NDArray[np.float64]:
    """A ridge right across, with passes of different steepness; height 1 at its crest."""
    across = np.arange(cols) - cols / 2
    height = 1.0 + 0.8 * np.sin(np.arange(rows) / 3.0 + rng.uniform(0, 6)) + 0.2 * rng.standard_normal(rows)
    return np.maximum(height, 0.3)[:, None] * np.exp(-((across / 4.0) ** 2))[None, :]


def problem_on(
    terrain: Terrain,
    start: tuple[int, int],
    goal: tuple[int, int],
    *,
    vehicle: VehicleParams = ROVER,
    zones: tuple[Zone, ...] = (),
) -> PlanningProblem:
    hazards = detect_hazards(terrain, vehicle, zones)
    return PlanningProblem(
        costmap=build_costmap(hazards, terrain, vehicle),
        hazards=hazards,
        terrain=terrain,
        vehicle=vehicle,
        start_m=terrain.geometry.centre_of(*start),
        goal_m=terrain.geometry.centre_of(*goal),
    )


def limited(problem: PlanningProblem, **limits: float) -> PlanningProblem:
    """The same question to a rover of other limits, flagged and inflated afresh."""
    vehicle = ROVER.model_validate(problem.vehicle.model_dump() | limits)
    cells = [problem.costmap.geometry.cell_at(*point) for point in (problem.start_m, problem.goal_m)]
    assert cells[0] is not None and cells[1] is not None
    return problem_on(problem.terrain, cells[0], cells[1], vehicle=vehicle)


def refused(problem: PlanningProblem, cause: Cause) -> NoPlan:
    answer = AStarPlanner().plan(problem)
    assert isinstance(answer, NoPlan) and answer.cause is cause, answer
    return answer


def settings_in(remedy: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"vehicle\.(\w+)=([0-9.]+)", remedy)}


def ridge_problem(seed: int, resolution_m: float, slope_deg: float, roll_deg: float) -> PlanningProblem:
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    terrain = terrain_of(ridge(rng) * 4.0 * resolution_m, resolution_m)
    vehicle = ROVER.model_copy(update={"slope_limit_deg": slope_deg, "roll_limit_deg": roll_deg})
    return problem_on(terrain, (12, 3), (12, 36), vehicle=vehicle)


@pytest.mark.parametrize("resolution_m", [2.0, 1.0, 0.4])  # the footprint reaches 0, 1 and 2 cells
@pytest.mark.parametrize("limits", [(12.0, 12.0), (12.0, 80.0), (80.0, 12.345)])
@pytest.mark.parametrize("seed", range(4))
def test_the_slope_limit_really_opens_a_way(
    seed: int, limits: tuple[float, float], resolution_m: float
) -> None:
    problem = ridge_problem(seed, resolution_m, *limits)
    answer = refused(problem, Cause.NO_ROUTE)
    opening = settings_in(answer.remedy)
    names = [n for n, limit in zip(("slope_limit_deg", "roll_limit_deg"), limits, strict=True) if limit < 80]
    assert sorted(opening) == sorted(names), answer
    assert set(opening.values()) == {answer.opens_at_slope_deg}
    assert isinstance(AStarPlanner().plan(limited(problem, **opening)), Plan)
    below = {name: value - 0.02 for name, value in opening.items()}
    refused(limited(problem, **below), Cause.NO_ROUTE)


def minimax_slope(problem: PlanningProblem) -> float:
    """The bottleneck by a search of its own: the least over ways of the steepest slope in reach, radians."""
    slope, geometry = problem.terrain.slope_rad, problem.costmap.geometry
    reach = (problem.vehicle.footprint_radius_m + geometry.resolution_m / 2) / geometry.resolution_m
    whole = math.ceil(reach)
    disc = [
        (i, j)
        for i in range(-whole, whole + 1)
        for j in range(-whole, whole + 1)
        if math.hypot(i, j) <= reach
    ]

    def worst(row: int, col: int) -> float:
        near = [(row + i, col + j) for i, j in disc]
        near = [(r, c) for r, c in near if 0 <= r < geometry.rows and 0 <= c < geometry.cols]
        if any(problem.hazards.flags[cell] & ~np.uint8(Hazard.TILT) for cell in near):
            return math.inf
        return max(float(slope[cell]) for cell in near)

    start, goal = geometry.cell_at(*problem.start_m), geometry.cell_at(*problem.goal_m)
    assert start is not None and goal is not None
    best = {start: worst(*start)}
    heap = [(best[start], start)]
    while heap:
        level, (row, col) = heapq.heappop(heap)
        if (row, col) == goal:
            return level
        for cell in ((row + 1, col), (row - 1, col), (row, col + 1), (row, col - 1)):
            if 0 <= cell[0] < geometry.rows and 0 <= cell[1] < geometry.cols:
                through = max(level, worst(*cell))
                if through < best.get(cell, math.inf):
                    best[cell] = through
                    heapq.heappush(heap, (through, cell))
    return math.inf


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("resolution_m", [2.0, 0.7])
def test_the_slope_limit_is_the_bottleneck(seed: int, resolution_m: float) -> None:
    problem = ridge_problem(seed, resolution_m, 12.0, 12.0)
    opening, bottleneck = opening_slope_deg(problem), math.degrees(minimax_slope(problem))
    if opening is None:  # steps across, which no slope limit removes
        assert math.isinf(bottleneck) and resolution_m == 0.7
        return
    assert -1e-5 <= opening - bottleneck <= 0.01 + 1e-5


def test_a_zone_across_is_named_and_no_slope_limit_is_offered() -> None:
    terrain = terrain_of(np.zeros((20, 30)), 2.0)
    wall = zone_from_corners("wall", "keep-out", [(125, -60), (130, -60), (130, 0), (125, 0)])
    answer = refused(problem_on(terrain, (10, 3), (10, 26), zones=(wall,)), Cause.NO_ROUTE)
    assert answer.opens_at_slope_deg is None
    assert answer.remedy == "no slope limit opens a way: keep-out hazards cut the goal off"


def test_unknown_ground_across_is_named() -> None:
    heights = np.zeros((20, 30))
    heights[:, 15] = np.nan
    answer = refused(problem_on(terrain_of(heights, 2.0), (10, 3), (10, 26)), Cause.NO_ROUTE)
    assert "unknown hazards cut the goal off" in answer.remedy and answer.opens_at_slope_deg is None


def test_two_barriers_of_two_kinds() -> None:
    heights = np.zeros((20, 30))
    heights[:, 20] = np.nan
    wall = zone_from_corners("wall", "keep-out", [(112, -60), (118, -60), (118, 0), (112, 0)])
    problem = problem_on(terrain_of(heights, 2.0), (10, 3), (10, 26), zones=(wall,))
    assert "several kinds of hazard" in refused(problem, Cause.NO_ROUTE).remedy


def test_how_far_the_start_reaches() -> None:
    heights = np.zeros((12, 30))
    heights[:, 15] = np.nan  # and its neighbours have no slope: columns 14 to 16 are closed
    problem = problem_on(terrain_of(heights, 2.0), (5, 3), (5, 26))
    answer = refused(problem, Cause.NO_ROUTE)
    assert "from the start 130 cells (52.0 % of the free ones) can be reached" in answer.where
    assert "east 126.00, north -40.00 m, 26.0 m short of it" in answer.where  # row 5, column 13
    assert answer.expanded == 130


def test_a_tilt_that_was_measured_stays_closed_whatever_the_limit() -> None:
    terrain = terrain_of(np.zeros((12, 30)), 2.0)
    problem = problem_on(terrain, (5, 3), (5, 26))
    flags = problem.hazards.flags.copy()
    flags[:, 15] |= np.uint8(Hazard.TILT)
    hazards = HazardMap(geometry=terrain.geometry, flags=flags)
    marked = replace(problem, hazards=hazards, costmap=build_costmap(hazards, terrain, ROVER))
    answer = refused(marked, Cause.NO_ROUTE)
    assert answer.opens_at_slope_deg is None
    assert (
        answer.remedy
        == "no slope limit opens a way: cells closed by measurement, not by the map, cut the goal off"
    )


def test_a_cost_map_that_closes_more_than_the_hazards_keeps_doing_so() -> None:
    problem = problem_on(terrain_of(np.zeros((12, 30)), 2.0), (5, 3), (5, 26))
    cost = problem.costmap.cost_s_per_m.copy()
    cost[:, 15] = np.inf
    closed = replace(problem, costmap=replace(problem.costmap, cost_s_per_m=cost))
    assert refused(closed, Cause.NO_ROUTE).opens_at_slope_deg is None
    cost = problem.costmap.cost_s_per_m.copy()
    cost[5, 3] = np.inf
    closed = replace(problem, costmap=replace(problem.costmap, cost_s_per_m=cost))
    assert "is lethal on the cost map" in refused(closed, Cause.START_LETHAL).where


def cliff_problem(start: tuple[int, int], goal: tuple[int, int], resolution_m: float) -> PlanningProblem:
    """Level ground with a cliff between columns 19 and 20: both are too steep, 18 and 21 within reach."""
    heights = np.zeros((20, 40))
    heights[:, 20:] = 3.0
    return problem_on(terrain_of(heights, resolution_m), start, goal)


@pytest.mark.parametrize("end, cause", [("start", Cause.START_LETHAL), ("goal", Cause.GOAL_LETHAL)])
@pytest.mark.parametrize("column, says", [
    (19, "is on a tilt hazard"),
    (18, "is within the footprint's reach of a tilt hazard"),
])  # fmt: skip
def test_a_lethal_end_names_the_hazard(end: str, cause: Cause, column: int, says: str) -> None:
    cell, other = (10, column), (10, 5)
    problem = cliff_problem(cell, other, 1.0) if end == "start" else cliff_problem(other, cell, 1.0)
    answer = refused(problem, cause)
    assert answer.where == f"the {end} at east {100 + column:.2f}, north -40.00 m {says}"
    assert answer.remedy == (
        f"the nearest free cell is at east 117.00, north -40.00 m, {column - 17:.1f} m away"
    )


def test_two_hazards_at_once_are_both_named() -> None:
    problem = cliff_problem((10, 19), (10, 5), 1.0)
    zone = zone_from_corners("z", "keep-out", [(118, -41), (120, -41), (120, -39), (118, -39)])
    both = problem_on(problem.terrain, (10, 19), (10, 5), zones=(zone,))
    assert "is on a tilt and keep-out hazard" in refused(both, Cause.START_LETHAL).where


def test_other_refusals_come_back_as_they_are() -> None:
    refusal = NoPlan(cause=Cause.ENERGY, where="here", remedy="more")
    assert explain(cliff_problem((10, 5), (10, 6), 1.0), refusal) is refusal


def test_nearest_free() -> None:
    free = np.zeros((6, 6), np.bool_)
    assert nearest_free(free, (2, 2)) is None
    free[5, 2] = free[0, 0] = True
    assert nearest_free(free, (2, 2)) == (0, 0)  # 2.83 against 3
    free[2, 2] = True
    assert nearest_free(free, (2, 2)) == (2, 2)
