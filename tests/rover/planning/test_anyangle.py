"""The any-angle planner: laws, brute force, and code of its own for what a line touches and costs."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rover.core.errors import CostMapError, PlaceError, TimeLimitError
from rover.hazard.costmap import CostMap
from rover.planning.anyangle import AnyAnglePlanner, AnyAngleRoute, search_any_angle
from rover.planning.astar import GridRoute, search_grid
from rover.planning.check import check_plan
from rover.planning.line_kernels import CLEAR, line_cost
from rover.planning.padded import PaddedCosts
from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem
from rover.planning.smoothing import cut_up
from sim.testing import check_planner
from sim.testing.ground import make_problem, walled_off

Cost = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]
INF = math.inf


def rough(shape: tuple[int, int], seed: int, lethal: float = 0.1) -> Cost:
    """Smooth relief of prices 1 to about 9 with a share of cells lethal."""
    rng = np.random.default_rng(seed)
    relief = gaussian_filter(rng.standard_normal(shape), 2.0, mode="wrap")
    cost = 1.0 + 2.0 * (relief / max(relief.std(), 1e-9)) ** 2
    cost[rng.random(shape) < lethal] = INF
    return cost


def found(
    cost: Cost, start: tuple[float, float], goal: tuple[float, float], **options: float
) -> AnyAngleRoute:
    route = search_any_angle(cost, start, goal, **{"resolution_m": 1.0, **options})
    assert isinstance(route, AnyAngleRoute), route
    return route


def sampled_cost(cost: Cost, points: Points, samples: int = 2000) -> float:
    """The integral by the midpoint rule, so many samples to a leg: wrong by less than one at each border crossed."""
    total = 0.0
    share = (np.arange(samples) + 0.5) / samples
    for a, b in pairwise(points):
        cells = np.floor(a + (b - a) * share[:, None] + 0.5).astype(int)
        total += math.hypot(*(b - a)) * float(cost[cells[:, 0], cells[:, 1]].mean())
    return total


def touched(cost: Cost, points: Points, per_cell: int = 200) -> bool:
    """Whether any of many samples, or the way over a corner of four cells, meets lethal ground or leaves the map."""
    bordered = np.pad(cost, 1, constant_values=INF)
    for a, b in pairwise(points):
        count = math.ceil(math.hypot(*(b - a)) * per_cell) + 1
        at = a + (b - a) * np.linspace(0.0, 1.0, count)[:, None]
        cells = np.floor(at + 0.5).astype(int) + 1
        if np.isinf(bordered[cells[:, 0], cells[:, 1]]).any():
            return True
        jumps = np.flatnonzero((np.diff(cells, axis=0) != 0).all(axis=1))  # over a corner, or closely past it
        for jump in jumps:
            (r, c), (r2, c2) = cells[jump], cells[jump + 1]
            if np.isinf([bordered[r, c2], bordered[r2, c]]).all():
                return True
    return False


def is_free_line(cost: Cost, a: Points, b: Points) -> bool:
    """Whether the line meets the closed square of no lethal cell, nor of one outside: by clipping it to each square."""
    squares = np.argwhere(np.isinf(np.pad(cost, 1, constant_values=INF))) - 1.0
    low, high = np.zeros(len(squares)), np.ones(len(squares))
    for start, step, centre in zip(a, b - a, squares.T, strict=True):
        near, far = centre - 0.5 - start, centre + 0.5 - start
        if step == 0.0:
            low[(near > 0.0) | (far < 0.0)] = 2.0
            continue
        low = np.maximum(low, np.minimum(near / step, far / step))
        high = np.minimum(high, np.maximum(near / step, far / step))
    return bool((low > high).all())


def kernel_line(cost: Cost, a: Points, b: Points) -> float:
    padded = PaddedCosts.of(cost, 1.0)
    a, b = padded.placed(np.array([a, b]))
    return float(line_cost(padded.flat, padded.width, a[0], a[1], b[0], b[1], INF, CLEAR))


# Lines.


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_a_line_costs_its_integral_and_is_free_where_no_square_is_met(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rough((7, 9), seed, lethal=0.06)
    a, b = rng.uniform((-0.5, -0.5), (6.5, 8.5), (2, 2))
    if seed % 3 == 0:
        b[seed % 2] = a[seed % 2]
    cells = np.floor(np.array([a, b]) + 0.5).astype(int)
    if np.isinf(cost[tuple(cells.T)]).any() or (cells[0] == cells[1]).all():
        return
    got = kernel_line(cost, a, b)
    assert got == kernel_line(cost, b, a)
    assert math.isfinite(got) == is_free_line(cost, a, b)
    if math.isfinite(got):
        samples, crossed = 50_000, np.abs(np.diff(cells, axis=0)).sum()
        slack = (crossed + 1) * cost[cost < INF].max() * math.dist(a, b) / samples
        assert got == pytest.approx(sampled_cost(cost, np.array([a, b]), samples), rel=1e-9, abs=slack)
        assert got == kernel_line(np.ascontiguousarray(cost.T), a[::-1], b[::-1])


@pytest.mark.parametrize("a, b, want", [
    ((0.0, 0.0), (0.0, 2.0), 0.5 + 2.0 + 1.5),
    ((0.0, 0.0), (1.0, 1.0), math.sqrt(2) * (1 + 5) / 2),
    ((0.0, 0.0), (1.0, 2.0), math.sqrt(5) / 4 * (1 + 2 + 5 + 6)),
    ((0.5, 0.0), (0.5, 2.0), 0.5 * 4 + 5 + 0.5 * 6),
    ((-0.25, 0.5), (0.25, 0.5), 1.0),
    ((0.25, -0.25), (0.25, 0.25), 0.5),
])  # fmt: skip
def test_lines_by_hand(a: tuple[float, float], b: tuple[float, float], want: float) -> None:
    """Along a border the dearer of its cells is paid."""
    cost = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert kernel_line(cost, np.array(a), np.array(b)) == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize(
    "a, b", [((0, 0), (1, 1)), ((1, 1), (0, 0)), ((0.5, 0), (0.5, 2)), ((0, 0.5), (1, 0.5))]
)
def test_corners_and_edges_of_lethal_cells_are_closed(a: tuple[float, float], b: tuple[float, float]) -> None:
    cost = np.array([[1.0, 1.0, 1.0], [INF, 1.0, 1.0]])
    assert kernel_line(np.ones((2, 3)), np.array(a), np.array(b)) < INF
    assert kernel_line(cost, np.array(a), np.array(b)) == INF


# Uniform ground.


@pytest.mark.parametrize(
    ("elsewhere", "every"),
    [(False, 27), (True, 27), *(pytest.param(near, 1, marks=pytest.mark.slow) for near in (False, True))],
)
def test_uniform_ground_is_crossed_straight_in_every_direction(elsewhere: bool, every: int) -> None:
    """One cheap cell in a corner leaves the estimate of the search no longer exact."""
    cost = np.ones((61, 61))
    if elsewhere:
        cost[0, 0] = 0.2
    worst, most = 1.0, 0
    for degrees in range(1, 360, every):
        angle = math.radians(degrees)
        goal = (30 + 28 * math.sin(angle), 30 + 28 * math.cos(angle))
        route = found(cost, (30, 30), goal, turn_s_per_rad=1.0)
        worst, most = max(worst, route.cost_s / 28.0), max(most, len(route.points))
    assert worst <= 1.0 + 1e-6
    assert most == 2


def test_long_ways_over_uniform_ground_are_straight_too() -> None:
    for goal in ((299, 17), (31, 290), (299, 299), (298, 151)):
        cost = np.full((300, 300), 3.0)
        cost[150, :4] = 1.0
        route = found(cost, (0, 10), goal, resolution_m=2.0)
        assert route.cost_s <= 3.0 * 2.0 * math.dist((0, 10), goal) * (1 + 1e-6)


def visibility_optimum(free: npt.NDArray[np.bool_], start: tuple[int, int], goal: tuple[int, int]) -> float:
    """Shortest way by a graph of what sees what, over points hardly away from the corners of lethal cells."""
    cost = np.where(free, 1.0, INF)
    nodes = [np.array(start, float), np.array(goal, float)]
    for row, col in np.argwhere(~free):
        for up in (-1, 1):
            for right in (-1, 1):
                corner = np.array([row + up * 0.5001, col + right * 0.5001])
                cell = np.floor(corner + 0.5).astype(int)
                if (cell >= 0).all() and (cell < free.shape).all() and free[tuple(cell)]:
                    nodes.append(corner)
    weights = np.zeros((len(nodes), len(nodes)))
    for i in range(len(nodes)):
        for j in range(i):
            if is_free_line(cost, nodes[i], nodes[j]):
                weights[i, j] = math.dist(nodes[i], nodes[j])
    return float(dijkstra(csr_array(weights), directed=False, indices=0)[1])


def test_near_the_shortest_way_round_obstacles() -> None:
    excess = []
    for seed in range(12):
        free = np.random.default_rng(seed).random((12, 14)) > 0.12
        free[0, 0] = free[11, 13] = True
        least = visibility_optimum(free, (0, 0), (11, 13))
        route = search_any_angle(np.where(free, 1.0, INF), (0, 0), (11, 13), resolution_m=1.0)
        assert isinstance(route, AnyAngleRoute) == math.isfinite(least)
        if isinstance(route, AnyAngleRoute):
            excess.append(route.cost_s / least - 1.0)
    assert len(excess) >= 8
    assert min(excess) >= -1e-3  # its points keep 1e-4 off the corners
    assert np.median(excess) <= 0.005 and max(excess) <= 0.03


# Weighted ground.


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 24), st.integers(1, 24), st.sampled_from([0.0, 0.5, 20.0]))
def test_safe_never_dearer_than_the_grid_and_costs_what_it_says(
    seed: int, rows: int, cols: int, turn_s_per_rad: float
) -> None:
    rng = np.random.default_rng(seed)
    cost = rough((rows, cols), seed, lethal=0.2)
    start, goal = rng.uniform(-0.5, (rows - 0.5, cols - 0.5), (2, 2))
    if seed % 2:
        start, goal = np.floor(start + 0.5), np.floor(goal + 0.5)
    ends = [tuple(np.floor(end + 0.5).astype(int).tolist()) for end in (start, goal)]
    route = search_any_angle(cost, start, goal, resolution_m=2.0, turn_s_per_rad=turn_s_per_rad)
    grid = search_grid(cost, ends[0], ends[1], resolution_m=2.0)
    if isinstance(grid, NoPlan):
        assert route == grid
        return
    assert isinstance(route, AnyAngleRoute)
    assert not touched(cost, route.points)
    np.testing.assert_array_equal(route.points[[0, -1]], [start, goal])
    assert route.cost_s == pytest.approx(2.0 * sampled_cost(cost, route.points), rel=1e-2, abs=1e-2)
    assert route.cost_s <= route.grid_cost_s * (1 + 1e-9)
    if seed % 2:
        assert route.grid_cost_s == pytest.approx(grid.cost_s, rel=1e-12)


def test_cheaper_than_the_grid_where_ground_is_wide() -> None:
    ratios = []
    for seed in range(6):
        cost = rough((80, 80), seed, lethal=0.02)
        cost[[0, -1], [0, -1]] = 1.0
        route = found(cost, (0, 0), (79, 79))
        ratios.append(route.cost_s / route.grid_cost_s)
    assert max(ratios) < 0.99 and np.mean(ratios) < 0.97


def test_turns_are_counted() -> None:
    """What turning costs is saved in turns, and never at the price of more than the grid's drive."""
    cost = rough((70, 70), 5, lethal=0.03)
    cost[[0, -1], [0, -1]] = 1.0
    routes = {rate: found(cost, (0, 0), (69, 69), turn_s_per_rad=rate) for rate in (0.0, 0.5, 2.0)}
    bends = [turned(route.points) for route in routes.values()]
    assert bends[0] > bends[1] > bends[2]
    for rate, route in routes.items():
        assert route.turning_s == pytest.approx(rate * turned(route.points), rel=1e-9, abs=1e-12)
        assert route.cost_s <= route.grid_cost_s
    both = [route.cost_s + 2.0 * turned(route.points) for route in routes.values()]
    assert both[2] <= both[1] <= both[0]


def turned(points: Points) -> float:
    total = 0.0
    for a, b, c in zip(points[:-2], points[1:-1], points[2:], strict=True):
        cosine = (b - a) @ (c - b) / (np.linalg.norm(b - a) * np.linalg.norm(c - b))
        total += math.acos(min(1.0, max(-1.0, float(cosine))))
    return total


def test_points_on_a_line_are_merged() -> None:
    for seed in range(4):
        cost = np.ceil(rough((50, 50), seed, lethal=0.05))
        cost[[0, -1], [0, -1]] = 1.0
        points = found(cost, (0, 0), (49, 49), turn_s_per_rad=0.5).points
        for a, b, c in zip(points[:-2], points[1:-1], points[2:], strict=True):
            along = (c - a) / np.linalg.norm(c - a)
            assert abs(along[0] * (b - a)[1] - along[1] * (b - a)[0]) > 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_turning_and_mirroring_the_map_turns_the_way(seed: int) -> None:
    """The least way turns exactly; ours is found by steps that break ties by order, so that it differs a little."""
    cost = rough((48, 60), seed, lethal=0.05)
    cost[3, 4] = cost[44, 55] = 1.0
    plain = found(cost, (3, 4), (44, 55), turn_s_per_rad=0.3)
    for mirrored in (False, True):
        for quarters in range(4):
            where = np.zeros(cost.shape, int)
            where[3, 4], where[44, 55] = 1, 2
            shown, marks = (np.rot90(np.fliplr(a) if mirrored else a, quarters) for a in (cost, where))
            start, goal = (tuple(np.argwhere(marks == mark)[0].tolist()) for mark in (1, 2))
            route = found(np.ascontiguousarray(shown), start, goal, turn_s_per_rad=0.3)
            assert route.grid_cost_s == pytest.approx(plain.grid_cost_s, rel=1e-12)
            assert route.cost_s + route.turning_s == pytest.approx(plain.cost_s + plain.turning_s, rel=0.01)


def test_scaling_costs_and_cells_scales_the_cost() -> None:
    cost = rough((30, 40), 9, lethal=0.05)
    cost[[1, 28], [1, 38]] = 1.0
    plain = found(cost, (1, 1), (28, 38), turn_s_per_rad=0.25)
    dearer = found(cost * 4.0, (1, 1), (28, 38), turn_s_per_rad=1.0)
    wider = found(cost, (1, 1), (28, 38), resolution_m=4.0, turn_s_per_rad=1.0)
    for scaled in (dearer, wider):
        np.testing.assert_array_equal(scaled.points, plain.points)
        assert scaled.cost_s == pytest.approx(4.0 * plain.cost_s, rel=1e-14)


# Ends and bad input.


def test_start_is_goal_and_ends_in_one_cell() -> None:
    cost = np.full((3, 4), 2.0)
    route = found(cost, (1, 2), (1, 2))
    assert route.cost_s == 0.0 and len(route.points) == 1
    route = found(cost, (1.25, 2.0), (1.0, 2.0), resolution_m=4.0)
    assert route.cost_s == 2.0 and len(route.points) == 2


def test_one_row_and_one_cell() -> None:
    cost = np.array([[1.0, 5.0, 1.0, 2.0]])
    assert found(cost, (0, 0), (0, 3)).cost_s == pytest.approx(0.5 + 5 + 1 + 1)
    assert found(np.ascontiguousarray(cost.T), (0, 0), (3, 0)).cost_s == pytest.approx(7.5)
    cost[0, 1] = INF
    answer = search_any_angle(cost, (0, 0), (0, 3), resolution_m=1.0)
    assert isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE
    assert found(np.ones((1, 1)), (0, 0), (0, 0)).cost_s == 0.0


@pytest.mark.parametrize(
    "start", [(1.5, 1.5), (1.5, 2.0), (2.0, 1.5), (1.5, 2.4999999), (-0.5, -0.5), (2.49999, 1.5)]
)
def test_a_start_on_the_border_of_lethal_ground(start: tuple[float, float]) -> None:
    """The border of two cells belongs to the northern or eastern one; the way is led inside it first."""
    cost = np.ones((6, 6))
    cost[1, 1:4] = cost[1:4, 1] = cost[3, 2] = INF
    route = found(cost, start, (5.0, 5.0), turn_s_per_rad=1.0)
    assert not touched(cost, route.points)
    assert tuple(route.points[0]) == start


def test_ends_on_borders_of_free_cells() -> None:
    route = found(np.ones((5, 9)), (1.5, 0.5), (1.5, 6.5))
    assert route.cost_s == pytest.approx(6.0, rel=1e-12) and len(route.points) == 2


@pytest.mark.parametrize("start", [(math.nan, 0.0), (0.0, INF), (5, 0), (0, -0.51), (0.0,), "ab", None])
def test_ends_that_are_none_are_refused(start: object) -> None:
    with pytest.raises(PlaceError, match="start"):
        search_any_angle(np.ones((5, 5)), start, (0, 0), resolution_m=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan])
def test_costs_that_are_none_are_refused(wrong: float) -> None:
    cost = np.ones((4, 4))
    cost[2, 2] = wrong
    with pytest.raises(CostMapError):
        search_any_angle(cost, (0, 0), (3, 3), resolution_m=1.0)
    with pytest.raises(ValueError, match="turn_s_per_rad"):
        search_any_angle(np.ones((4, 4)), (0, 0), (3, 3), resolution_m=1.0, turn_s_per_rad=wrong - 1.0)


def test_the_time_limit_states_what_is_known() -> None:
    cost = rough((60, 60), 3, lethal=0.0)
    with pytest.raises(TimeLimitError, match=r"a way of .* s is known, and none takes less than") as caught:
        search_any_angle(cost, (0, 0), (59, 59), resolution_m=1.0, time_limit_s=0.0)
    assert caught.value.exit_code == 5
    assert search_any_angle(cost, (0, 0), (59, 59), resolution_m=1.0, time_limit_s=1e6) is not None


def test_a_bound_of_the_grid_is_not_told_of_ways_off_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = rough((60, 60), 3, lethal=0.0)
    driven_s = found(cost, (0, 0), (20, 59)).cost_s

    def late(*_args: object, **_kwargs: object) -> None:
        raise TimeLimitError(
            f"every route costs {2 * driven_s} at least", remedy="wait", field="time_limit_s"
        )

    monkeypatch.setattr("rover.planning.anyangle.search_grid", late)
    with pytest.raises(TimeLimitError, match="any-angle search") as caught:
        search_any_angle(cost, (0, 0), (20, 59), resolution_m=1.0, time_limit_s=1.0)
    said = re.search(r"none takes less than (\S+) s", str(caught.value))
    assert said is not None and 0 < float(said[1]) <= driven_s and "every route" not in str(caught.value)


def test_a_way_that_the_grid_had_found_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """From centre to centre, and what the ends lie off them; and none when it had found none."""
    cost = rough((60, 60), 3, lethal=0.0)
    start, goal = (0.25, -0.25), (20.0, 59.25)
    cells = (0, 0), (20, 59)
    grid = search_grid(cost, *cells, resolution_m=2.0)
    assert isinstance(grid, GridRoute)
    known: list[float | None] = [grid.cost_s, None]

    def late(*_args: object, **_kwargs: object) -> None:
        error = TimeLimitError("late", remedy="wait", field="time_limit_s")
        error.known_s = known.pop(0)
        raise error

    monkeypatch.setattr("rover.planning.anyangle.search_grid", late)
    with pytest.raises(TimeLimitError, match="a way of .* s is known, and none takes less") as caught:
        search_any_angle(cost, start, goal, resolution_m=2.0, time_limit_s=1.0)
    said = re.search(r"a way of (\S+) s", str(caught.value))
    off_s = 2.0 * (math.hypot(0.25, 0.25) * cost[cells[0]] + 0.25 * cost[cells[1]])
    assert said is not None and float(said[1]) == pytest.approx(grid.cost_s + off_s, rel=1e-5)
    with pytest.raises(TimeLimitError) as caught:
        search_any_angle(cost, start, goal, resolution_m=2.0, time_limit_s=1.0)
    assert "is known" not in str(caught.value) and "none takes less" in str(caught.value)


@pytest.mark.parametrize("module", ["jump", "tiled_search"])
def test_the_grid_search_tells_of_a_way_that_it_had_found(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that counts how often it is looked at, stopped at every look in turn."""
    cost = np.ones((60, 60)) if module == "jump" else rough((60, 60), 3, lethal=0.0)
    cost[20:40, 20:40] = INF
    least = search_grid(cost, (0, 0), (59, 59), resolution_m=1.0)
    assert isinstance(least, GridRoute)
    often = "_NODES_AT_ONCE" if module == "jump" else "_TILES_AT_ONCE"
    monkeypatch.setattr(f"rover.planning.{module}.{often}", 1)
    monkeypatch.setenv("FARSIDE_THREADS", "1")
    told = []
    for looks in range(1000):
        clock = SimpleNamespace(monotonic=itertools.count().__next__)
        monkeypatch.setattr(f"rover.planning.{module}.time", clock)
        try:
            search_grid(cost, (0, 0), (59, 59), resolution_m=1.0, time_limit_s=looks + 0.5)
        except TimeLimitError as error:
            told.append(error.known_s)
        else:
            break
    assert told[-1] is not None
    assert module == "jump" or told[0] is None
    assert all(known >= least.cost_s * (1 - 1e-12) for known in told if known is not None)


def test_costs_are_not_written_to_and_may_be_of_any_kind() -> None:
    cost = np.round(rough((20, 30), 1, lethal=0.1), 1).astype(np.float32)
    cost[[0, -1], [0, -1]] = 1.0
    before = cost.copy()
    wide = found(cost.astype(np.float64), (0, 0), (19, 29))
    for shown in (cost, np.asfortranarray(cost), np.repeat(cost, 2, axis=0)[::2]):
        np.testing.assert_array_equal(found(shown, (0, 0), (19, 29)).points, wide.points)
    np.testing.assert_array_equal(cost, before)


def test_legs_are_cut_up_evenly() -> None:
    points = cut_up(np.array([[0.0, 0.0], [0.0, 4.0], [0.5, 4.0]]), 2.0)
    np.testing.assert_allclose(points, [[0, 0], [0, 2], [0, 4], [0.5, 4]])


# The planner.


def test_it_keeps_what_it_claims() -> None:
    report = check_planner("any-angle", seeds=[1], kinds=["mare", "maze", "polar light"])
    assert report.claims == {Claim.ANY_ANGLE}


def test_the_rate_of_turning_is_the_vehicle_s() -> None:
    problem = make_problem(0, "mare")
    bends = []
    for rate in (0.2, 300.0):
        plan = AnyAnglePlanner().plan(
            replace(problem, vehicle=problem.vehicle.model_copy(update={"turn_rate_deg_s": rate}))
        )
        assert isinstance(plan, Plan)
        bends.append(turned(plan.waypoints_m))
    assert bends[0] < 0.7 * bends[1]


def test_a_refusal_is_explained_and_places_off_the_map_are_refused() -> None:
    problem = make_problem(1, "crater field")
    answer = AnyAnglePlanner().plan(walled_off(problem))
    assert isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE
    assert "can be reached, the nearest to the goal" in answer.where
    for name in ("start_m", "goal_m"):
        with pytest.raises(PlaceError, match=name):
            AnyAnglePlanner().plan(replace(problem, **{name: (1e6, 0.0)}))


def test_far_from_the_frame_s_origin_the_plan_still_checks() -> None:
    problem = make_problem(2, "boulder field")
    shift = (1_234_567.891, -7_654_321.987)
    geometry = replace(
        problem.costmap.geometry,
        east_m=problem.costmap.geometry.east_m + shift[0],
        north_m=problem.costmap.geometry.north_m + shift[1],
    )
    moved = replace(
        problem,
        costmap=CostMap(geometry=geometry, cost_s_per_m=problem.costmap.cost_s_per_m),
        start_m=(problem.start_m[0] + shift[0], problem.start_m[1] + shift[1]),
        goal_m=(problem.goal_m[0] + shift[0], problem.goal_m[1] + shift[1]),
    )
    plan = AnyAnglePlanner().plan(moved)
    assert isinstance(plan, Plan)
    assert check_plan(plan, moved, claims={Claim.ANY_ANGLE}) == []


# What the independent checker makes of any-angle plans.


def any_angle_plan(problem: PlanningProblem) -> Plan:
    plan = AnyAnglePlanner().plan(problem)
    assert isinstance(plan, Plan)
    assert check_plan(plan, problem, claims={Claim.ANY_ANGLE}) == []
    return plan


@pytest.mark.parametrize("factor", [1 + 1e-7, 1 - 1e-7, math.nan])
def test_a_wrong_integral_is_caught(factor: float) -> None:
    problem = make_problem(2, "mare")
    plan = any_angle_plan(problem)
    broken = check_plan(replace(plan, cost_s=plan.cost_s * factor), problem, claims={Claim.ANY_ANGLE})
    assert any("states a cost" in line for line in broken)


def test_along_a_border_either_price_is_taken_and_no_other() -> None:
    base = make_problem(0)
    geometry = replace(base.costmap.geometry, rows=2, cols=5)
    costmap = CostMap(geometry=geometry, cost_s_per_m=np.repeat([[2.0], [3.0]], 5, axis=1))
    ends = [(geometry.east_m + x, geometry.north_m + 1.0) for x in (0.0, 8.0)]
    problem = replace(base, costmap=costmap, start_m=ends[0], goal_m=ends[1])
    for price, fine in ((2.0, True), (2.5, True), (3.0, True), (1.99, False), (3.01, False)):
        cells = np.array([geometry.cell_at(*end) for end in ends])
        plan = Plan(
            planner="by hand", cells=cells, waypoints_m=np.array(ends), cost_s=8.0 * price, expanded=0
        )
        assert (check_plan(plan, problem, claims={Claim.ANY_ANGLE}) == []) == fine, price


def test_the_grid_s_way_states_its_integral_between_centres() -> None:
    cost = rough((20, 20), 4, lethal=0.1)
    cost[[0, -1], [0, -1]] = 1.0
    grid = search_grid(cost, (0, 0), (19, 19), resolution_m=1.0)
    assert isinstance(grid, GridRoute)
    padded = PaddedCosts.of(cost, 1.0)
    assert padded.drive_s(padded.placed(grid.cells.astype(float))) == pytest.approx(grid.cost_s, rel=1e-13)
