"""What opens a way: the wall's cells, the footprint, the slope limit and the place where it bites."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.core.zones import zone_from_corners
from rover.hazard.costmap import CostMap, build_costmap
from rover.planning.astar import AStarPlanner, search_grid
from rover.planning.bottleneck import (
    connected,
    costs_at_limit,
    ends,
    opening_footprint_m,
    opening_slope_deg,
    reached_from,
    steepest_in_reach,
)
from rover.planning.explain import explain
from rover.planning.opening import bounds_in_words, find_opening
from rover.planning.problem import Cause, NoPlan, Plan, PlanningProblem
from rover.planning.wall import thinnest_wall
from sim.testing.ground import ROVER, make_problem, terrain_kinds
from tests.builders.time_steps import LooksAllowed, endless
from tests.rover.planning.test_explain import problem_on, refused, ridge_problem, terrain_of

Mask = npt.NDArray[np.bool_]


def fewest_and_length(free: Mask, start: tuple[int, int], goal: tuple[int, int]) -> tuple[int, int]:
    """Closed cells entered and moves made by the best edge-connected way, by a search of its own."""
    best = {start: (0, 0)}
    heap = [((0, 0), start)]
    while heap:
        key, (row, col) = heapq.heappop(heap)
        if (row, col) == goal:
            return key
        if key > best[row, col]:
            continue
        for cell in ((row + 1, col), (row - 1, col), (row, col + 1), (row, col - 1)):
            if 0 <= cell[0] < free.shape[0] and 0 <= cell[1] < free.shape[1]:
                new = (key[0] + (not free[cell]), key[1] + 1)
                if new < best.get(cell, (1 << 40, 0)):
                    best[cell] = new
                    heapq.heappush(heap, (new, cell))
    raise AssertionError("a grid hangs together")


@pytest.mark.parametrize("seed", range(40))
def test_no_fewer_cells_open_a_way(seed: int) -> None:
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    free = rng.random((int(rng.integers(1, 25)), int(rng.integers(2, 25)))) < rng.uniform(0.1, 0.7)
    start, goal = (0, 0), (free.shape[0] - 1, free.shape[1] - 1)
    free[start] = free[goal] = True
    wall = thinnest_wall(free, start, goal)
    assert len(wall) == fewest_and_length(free, start, goal)[0]
    assert not free[wall[:, 0], wall[:, 1]].any()
    opened = free.copy()
    opened[wall[:, 0], wall[:, 1]] = True
    assert connected(opened, start, goal)
    assert connected(free, start, goal) == (len(wall) == 0)
    for row, col in wall:  # each is needed
        opened[row, col] = False
        assert not connected(opened, start, goal)
        opened[row, col] = True


def test_of_equal_walls_the_one_on_the_way_is_named() -> None:
    free = np.ones((40, 40), np.bool_)
    free[:, 20] = False
    assert thinnest_wall(free, (30, 2), (30, 37)).tolist() == [[30, 20]]
    assert thinnest_wall(free, (2, 2), (37, 2)).tolist() == []


@pytest.mark.parametrize("seed", range(4))
def test_the_wall_of_a_refusal_opens_the_way(seed: int) -> None:
    problem = ridge_problem(seed, 1.0, 12.0, 12.0)
    answer = refused(problem, Cause.NO_ROUTE)
    assert answer.wall and "tilt" in answer.wall_hazards
    rows, cols = np.array(answer.wall).T
    cost = problem.costmap.cost_s_per_m.copy()
    assert np.isinf(cost[rows, cols]).all()
    cost[rows, cols] = 30.0
    opened = replace(problem, costmap=CostMap(geometry=problem.costmap.geometry, cost_s_per_m=cost))
    assert isinstance(AStarPlanner().plan(opened), Plan)
    assert f"{len(rows)} lethal cells thick (" in answer.where


def narrow_pass(gap_cells: int, offset: int) -> PlanningProblem:
    """Level ground with a keep-out wall and a gap in it, for a rover of 4.5 x 1 m on cells of 1 m."""
    terrain = terrain_of(np.zeros((40, 40)), 1.0)
    low, high = -50 + offset, -50 + offset + gap_cells
    walls = [
        zone_from_corners(name, "keep-out", [(119.6, a), (120.4, a), (120.4, b), (119.6, b)])
        for name, a, b in (("south", -60, low - 0.6), ("north", high - 0.4, 0))
    ]
    vehicle = ROVER.model_copy(update={"length_m": 4.5})
    return problem_on(terrain, (20, 8), (20, 32), vehicle=vehicle, zones=tuple(walls))


def with_radius(problem: PlanningProblem, radius_m: float) -> PlanningProblem:
    """The same hazards for a footprint of another radius."""
    side = radius_m * math.sqrt(2)
    vehicle = problem.vehicle.model_copy(update={"length_m": side, "width_m": side})
    assert vehicle.footprint_radius_m == pytest.approx(radius_m)
    return replace(problem, vehicle=vehicle, costmap=build_costmap(problem.hazards, problem.terrain, vehicle))


@pytest.mark.parametrize("gap_cells", [1, 2, 3, 4])
def test_the_footprint_that_opens_a_way_is_the_largest_that_does(gap_cells: int) -> None:
    problem = narrow_pass(gap_cells, offset=18)
    answer = refused(problem, Cause.NO_ROUTE)
    radius_m = answer.opens_at_footprint_m
    assert radius_m is not None and radius_m < problem.vehicle.footprint_radius_m
    assert radius_m == opening_footprint_m(problem)
    assert isinstance(AStarPlanner().plan(with_radius(problem, radius_m - 1e-6)), Plan)
    refused(with_radius(problem, radius_m + 1e-6), Cause.NO_ROUTE)
    assert answer.opens_at_slope_deg is None
    assert f"a footprint of {radius_m:.2f} m radius at most opens one" in answer.remedy


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", terrain_kinds())
def test_a_plan_that_is_there_has_room_for_the_footprint_that_is_told(seed: int, kind: str) -> None:
    problem = make_problem(seed, kind)
    radius_m = opening_footprint_m(problem)
    assert radius_m is not None and radius_m >= problem.vehicle.footprint_radius_m
    if math.isfinite(radius_m):
        assert isinstance(AStarPlanner().plan(with_radius(problem, radius_m - 1e-6)), Plan)
        assert isinstance(AStarPlanner().plan(with_radius(problem, radius_m + 1e-6)), NoPlan)


def test_a_solid_wall_leaves_no_footprint() -> None:
    assert opening_footprint_m(narrow_pass(0, offset=18)) is None


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("resolution_m", [2.0, 1.0])
def test_the_opened_way_is_as_steep_as_the_limit_and_no_way_is_less(seed: int, resolution_m: float) -> None:
    problem = ridge_problem(seed, resolution_m, 12.0, 12.0)
    opening = find_opening(problem)
    assert opening is not None and opening.slope_deg == opening_slope_deg(problem)
    cell = problem.costmap.geometry.cell_at(*opening.place_m)
    assert cell is not None
    here_deg = math.degrees(float(steepest_in_reach(problem)[cell]))
    assert opening.slope_deg - 0.01 - 1e-5 <= here_deg <= opening.slope_deg + 1e-5
    start, goal = ends(problem)
    below = costs_at_limit(problem, opening.slope_deg - 0.01)
    assert not connected(np.isfinite(below), start, goal)
    at = costs_at_limit(problem, opening.slope_deg)
    assert not isinstance(search_grid(at, start, goal, resolution_m=resolution_m), NoPlan)
    assert np.hypot(*np.diff(opening.way_m, axis=0).T).max() <= resolution_m * math.sqrt(2) + 1e-9


def test_what_bounds_a_plan_that_is_there() -> None:
    problem = ridge_problem(0, 2.0, 60.0, 60.0)
    opening = find_opening(problem)
    assert opening is not None and opening.slope_deg < 60
    words = bounds_in_words(opening, problem)
    assert f"a way down to a slope limit of {opening.slope_deg:.2f} deg (the vehicle's is 60.00)" in words[0]
    assert "footprint of up to" in words[1]


def test_what_is_reached_is_what_a_search_expands() -> None:
    problem = ridge_problem(1, 2.0, 12.0, 12.0)
    answer = refused(problem, Cause.NO_ROUTE)
    start, goal = ends(problem)
    reached = reached_from(problem.costmap, start)
    assert int(reached.sum()) == answer.expanded and reached[start] and not reached[goal]
    lethal = np.argwhere(np.isinf(problem.costmap.cost_s_per_m))[0]
    assert not reached_from(problem.costmap, (int(lethal[0]), int(lethal[1]))).any()


def test_a_refusal_tells_what_was_found_in_the_time() -> None:
    problem = ridge_problem(1, 1.0, 12.0, 12.0)
    whole = refused(problem, Cause.NO_ROUTE)
    bare = NoPlan(cause=Cause.NO_ROUTE, where="", remedy="")
    counter = endless()
    assert explain(problem, bare, counter) == replace(whole, expanded=0)
    assert counter.taken > 10
    known = []
    for looks in range(counter.taken + 1):
        told = explain(problem, bare, LooksAllowed(looks))
        assert told.cause is Cause.NO_ROUTE and "can be reached" in told.where
        assert told.unfinished == (looks < counter.taken)
        assert told.wall in ((), whole.wall) and told.opens_at_slope_deg in (None, whole.opens_at_slope_deg)
        known.append((len(told.wall) > 0, told.opens_at_slope_deg is not None, not told.unfinished))
        if told.unfinished and told.opens_at_slope_deg is None:
            assert "allow more" in told.remedy
    assert known == sorted(known) and len(set(known)) == 4  # one thing after the other


def test_the_limit_that_was_found_in_the_time_is_told() -> None:
    problem = ridge_problem(2, 1.0, 12.0, 12.0)
    counter = endless()
    opening = find_opening(problem, counter)
    assert opening is not None and counter.taken > 10
    told = []
    for looks in range(counter.taken):
        with pytest.raises(TimeLimitError, match="the time was over before") as raised:
            find_opening(problem, LooksAllowed(looks))
        told.append(f"a slope limit of {opening.slope_deg:.2f} deg" in str(raised.value))
    assert told == sorted(told) and not told[0] and told[-1]


def test_no_time_at_all() -> None:
    problem = replace(ridge_problem(1, 1.0, 12.0, 12.0), time_limit_s=1e-9)
    answer = refused(problem, Cause.NO_ROUTE)
    assert answer.unfinished and answer.wall == ()
    with pytest.raises(TimeLimitError):
        find_opening(problem, TimeAllowed(0.0))
