"""The exact grid search: laws, and an independent Dijkstra."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rover.core.errors import CostMapError, PlaceError
from rover.planning.astar import AStarPlanner, GridRoute, search_grid
from rover.planning.problem import Cause, Claim, NoPlan, Planner
from sim.testing.ground import make_problem

Cost = npt.NDArray[np.float64]
Cell = tuple[int, int]
INF = math.inf


def slow_graph(cost: Cost, resolution_m: float, corner_cutting: bool) -> csr_array:
    """The rule of moves spelt out cell by cell."""
    rows, cols = cost.shape
    tails, heads, weights = [], [], []
    for r in range(rows):
        for c in range(cols):
            for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if not (r + dr < rows and 0 <= c + dc < cols):
                    continue
                corners_free = cost[r, c + dc] < INF and cost[r + dr, c] < INF
                if dr and dc and not corner_cutting and not corners_free:
                    continue
                weight = resolution_m * math.sqrt(dr * dr + dc * dc) * (cost[r, c] + cost[r + dr, c + dc]) / 2
                if weight < INF:
                    tails.append(r * cols + c)
                    heads.append((r + dr) * cols + c + dc)
                    weights.append(weight)
    return csr_array((weights, (tails, heads)), shape=(rows * cols, rows * cols))


def least_cost(
    cost: Cost, start: Cell, goal: Cell, resolution_m: float, corner_cutting: bool = False
) -> float:
    graph = slow_graph(cost, resolution_m, corner_cutting)
    source, target = (cell[0] * cost.shape[1] + cell[1] for cell in (start, goal))
    return float(dijkstra(graph, directed=False, indices=np.array(source))[target])


def cost_of(route: GridRoute, cost: Cost, resolution_m: float) -> float:
    steps = np.diff(route.cells, axis=0)
    assert np.abs(steps).max(axis=1, initial=1).max(initial=1) == 1
    price = cost[route.cells[:, 0], route.cells[:, 1]]
    return math.fsum(resolution_m * np.hypot(*steps.T) * (price[1:] + price[:-1]) / 2)


def random_costs(rng: np.random.Generator, index: int) -> Cost:
    """Flat, smooth, heavy-tailed and huge-ratio costs, lethal from nowhere to nearly everywhere."""
    shape = tuple(int(n) for n in rng.integers(1, 17, 2))
    spread = rng.random(shape)
    cost = [
        np.ones(shape),
        0.5 + spread,
        np.exp(4 * rng.standard_normal(shape)),
        np.where(spread < 0.5, 1e-6, 1e9),
        spread**-3.0 + 1e-3,
    ][index % 5]
    lethal = rng.choice([0.0, 0.2, 0.4, 0.6])
    return np.where(rng.random(shape) < lethal, INF, cost)


def random_free_cell(rng: np.random.Generator, cost: Cost) -> Cell | None:
    free = np.argwhere(np.isfinite(cost))
    return None if len(free) == 0 else tuple(int(i) for i in free[rng.integers(len(free))])  # type: ignore[return-value]


def symmetries(array: npt.NDArray[np.generic]) -> list[npt.NDArray[np.generic]]:
    return [np.rot90(side, quarter) for side in (array, array.T) for quarter in range(4)]


@pytest.mark.parametrize("block", range(10))
def test_equals_dijkstra_on_random_maps_in_all_symmetries(block: int) -> None:
    solved = refused = 0
    for index in range(block * 100, block * 100 + 100):
        rng = np.random.default_rng(np.random.SeedSequence(entropy=1, spawn_key=(index,)))
        cost = random_costs(rng, index)
        start, goal = random_free_cell(rng, cost), random_free_cell(rng, cost)
        if start is None or goal is None:
            continue
        resolution_m, cutting = float(rng.uniform(0.1, 10)), bool(index % 2)
        least = least_cost(cost, start, goal, resolution_m, cutting)
        ends = np.zeros(cost.shape, np.int64)
        ends[start] += 1
        ends[goal] += 2
        for turned, marks in zip(symmetries(cost), symmetries(ends), strict=True):
            first = tuple(np.argwhere(marks & 1 != 0)[0])
            last = tuple(np.argwhere(marks & 2 != 0)[0])
            route = search_grid(turned, first, last, resolution_m=resolution_m, corner_cutting=cutting)  # type: ignore[arg-type]
            if math.isinf(least):
                assert isinstance(route, NoPlan) and route.cause is Cause.NO_ROUTE, (index, route)
                refused += 1
                continue
            assert isinstance(route, GridRoute), (index, route)
            assert route.cost_s == pytest.approx(least, rel=1e-9, abs=0), index
            assert cost_of(route, turned, resolution_m) == pytest.approx(least, rel=1e-9, abs=0), index  # type: ignore[arg-type]
            assert tuple(route.cells[0]) == first and tuple(route.cells[-1]) == last
            solved += 1
    assert solved > 300 and refused > 50  # the maps do try both answers


def test_equals_dijkstra_on_a_larger_map() -> None:
    rng = np.random.default_rng(5)
    cost = np.exp(rng.standard_normal((90, 130)))
    cost[rng.random(cost.shape) < 0.25] = INF
    cost[:3, :3] = cost[-3:, -3:] = 1.0
    route = search_grid(cost, (0, 0), (89, 129), resolution_m=2.0)
    assert isinstance(route, GridRoute)
    assert route.cost_s == pytest.approx(least_cost(cost, (0, 0), (89, 129), 2.0), rel=1e-9, abs=0)
    assert route.expanded < np.isfinite(cost).sum() < route.expanded + cost.size
    assert route.generated >= len(route.cells)


@given(
    rows=st.integers(1, 8),
    cols=st.integers(1, 8),
    data=st.data(),
    scale=st.floats(1e-6, 1e6),
)
@settings(max_examples=150, deadline=None)
def test_laws(rows: int, cols: int, data: st.DataObject, scale: float) -> None:
    count = rows * cols
    values = data.draw(st.lists(st.floats(1e-3, 1e3) | st.just(INF), min_size=count, max_size=count))
    start, goal = (data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, cols - 1))) for _ in range(2))
    cost = np.array(values).reshape(rows, cols)
    route = search_grid(cost, start, goal, resolution_m=1.0)
    back = search_grid(cost, goal, start, resolution_m=1.0)
    scaled = search_grid(cost * scale, start, goal, resolution_m=1.0)
    cutting = search_grid(cost, start, goal, resolution_m=1.0, corner_cutting=True)
    if isinstance(route, NoPlan):
        assert isinstance(back, NoPlan) and isinstance(scaled, NoPlan)
        return
    assert not isinstance(back, NoPlan) and not isinstance(scaled, NoPlan) and not isinstance(cutting, NoPlan)
    assert back.cost_s == pytest.approx(route.cost_s, rel=1e-9, abs=0)  # there is as far as back
    assert scaled.cost_s == pytest.approx(scale * route.cost_s, rel=1e-9, abs=0)  # a cost has a unit
    assert cutting.cost_s <= route.cost_s * (1 + 1e-9)  # a freedom never costs
    assert (route.cost_s == 0) == (start == goal)
    cost[tuple(route.cells[len(route.cells) // 2])] *= 2
    dearer = search_grid(cost, start, goal, resolution_m=1.0)
    assert not isinstance(dearer, NoPlan)
    assert dearer.cost_s >= route.cost_s * (1 - 1e-9)  # dearer ground never makes a cheaper way


@pytest.mark.parametrize("start, goal, steps, diagonals", [((0, 0), (5, 0), 5, 0), ((5, 7), (2, 1), 3, 3)])
def test_uniform_ground_costs_the_octile_distance(
    start: Cell, goal: Cell, steps: int, diagonals: int
) -> None:
    route = search_grid(np.full((6, 8), 3.0), start, goal, resolution_m=0.5)
    assert isinstance(route, GridRoute)
    assert route.cost_s == pytest.approx(1.5 * (steps + diagonals * math.sqrt(2)), rel=1e-12)


def test_a_diagonal_needs_both_orthogonals() -> None:
    one_lethal = np.array([[1.0, INF], [1.0, 1.0]])
    both_lethal = np.array([[1.0, INF], [INF, 1.0]])
    around = search_grid(one_lethal, (0, 0), (1, 1), resolution_m=1.0)
    across = search_grid(one_lethal, (0, 0), (1, 1), resolution_m=1.0, corner_cutting=True)
    through = search_grid(both_lethal, (0, 0), (1, 1), resolution_m=1.0, corner_cutting=True)
    assert isinstance(around, GridRoute) and around.cost_s == 2.0
    assert isinstance(across, GridRoute) and across.cost_s == pytest.approx(math.sqrt(2), rel=1e-15)
    assert isinstance(through, GridRoute) and len(through.cells) == 2
    assert isinstance(search_grid(both_lethal, (0, 0), (1, 1), resolution_m=1.0), NoPlan)


def test_an_edge_costs_the_mean_of_its_cells() -> None:
    route = search_grid(np.array([[1.0, 4.0]]), (0, 0), (0, 1), resolution_m=2.0)
    assert isinstance(route, GridRoute) and route.cost_s == 5.0
    np.testing.assert_array_equal(route.cells, [[0, 0], [0, 1]])
    assert route.cells.dtype == np.int64 and not route.cells.flags.writeable


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_thin_maps(shape: Cell) -> None:
    last = (shape[0] - 1, shape[1] - 1)
    route = search_grid(np.ones(shape), (0, 0), last, resolution_m=1.0)
    assert isinstance(route, GridRoute)
    assert route.cost_s == max(shape) - 1 and len(route.cells) == max(shape)


def test_thin_map_with_a_wall() -> None:
    answer = search_grid(np.array([[1.0, INF, 1.0]]), (0, 0), (0, 2), resolution_m=1.0)
    assert isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE and answer.expanded == 1


def test_start_is_goal() -> None:
    route = search_grid(np.ones((3, 3)), (1, 2), (1, 2), resolution_m=1.0)
    assert isinstance(route, GridRoute) and route.cost_s == 0.0
    np.testing.assert_array_equal(route.cells, [[1, 2]])


@pytest.mark.parametrize("start, goal, cause", [
    ((0, 0), (3, 4), Cause.START_LETHAL),
    ((3, 4), (0, 0), Cause.GOAL_LETHAL),
    ((0, 0), (0, 0), Cause.START_LETHAL),
])  # fmt: skip
def test_lethal_ends_name_the_nearest_free_cell(start: Cell, goal: Cell, cause: Cause) -> None:
    cost = np.ones((4, 5))
    cost[:2, :3] = INF
    answer = search_grid(cost, start, goal, resolution_m=1.0)
    assert isinstance(answer, NoPlan) and answer.cause is cause
    assert "(0, 0)" in answer.where and "(2, 0)" in answer.remedy


def test_all_lethal() -> None:
    answer = search_grid(np.full((2, 2), INF), (0, 0), (1, 1), resolution_m=1.0)
    assert isinstance(answer, NoPlan) and "no cell of the map is free" in answer.remedy


@pytest.mark.parametrize("make", [
    lambda cost: cost.astype(np.float32),
    lambda cost: np.asfortranarray(cost),
    lambda cost: np.repeat(cost, 2, axis=1)[:, ::2],
    lambda cost: cost.astype(">f8"),
])  # fmt: skip
def test_any_layout_and_width_of_float(make) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(3)
    cost = np.where(rng.random((20, 30)) < 0.2, INF, rng.integers(1, 9, (20, 30)) / 4)  # exact in float32
    cost[:3, :3] = cost[-3:, -3:] = 1.0
    given_cost = make(cost)
    given_cost.flags.writeable = False
    want = search_grid(cost, (0, 0), (19, 29), resolution_m=1.0)
    got = search_grid(given_cost, (0, 0), (19, 29), resolution_m=1.0)
    assert isinstance(want, GridRoute) and isinstance(got, GridRoute)
    assert got.cost_s == want.cost_s
    np.testing.assert_array_equal(got.cells, want.cells)


def test_whole_numbers_are_costs_too() -> None:
    route = search_grid(np.full((2, 2), 3), (0, 0), (0, 1), resolution_m=1.0)  # type: ignore[arg-type]
    assert isinstance(route, GridRoute) and route.cost_s == 3.0


def test_the_map_is_not_written_to() -> None:
    cost = np.arange(1.0, 26.0).reshape(5, 5)
    before = cost.copy()
    search_grid(cost, (0, 0), (4, 4), resolution_m=1.0)
    np.testing.assert_array_equal(cost, before)
    assert cost.flags.writeable


@pytest.mark.parametrize("cost, says", [
    ([[1.0, math.nan]], "cell (0, 1) is not positive"),
    ([[1.0, 0.0]], "cell (0, 1) is not positive"),
    ([[-1.0, 1.0]], "cell (0, 0) is not positive"),
    ([[-INF, 1.0]], "cell (0, 0) is not positive"),
    ([1.0, 1.0], "shape (2,)"),
    ([[[1.0]]], "shape (1, 1, 1)"),
    (1.0, "shape ()"),
    (np.empty((0, 4)), "shape (0, 4)"),
    ([[1.0, 1e308]], "too large"),
])  # fmt: skip
def test_costs_that_no_search_can_use_are_refused(cost: object, says: str) -> None:
    with pytest.raises(CostMapError) as caught:
        search_grid(np.array(cost), (0, 0), (0, 1), resolution_m=10.0)
    assert says in str(caught.value)


@pytest.mark.parametrize("resolution_m", [0.0, -1.0, math.nan, INF])
def test_resolution_is_a_length(resolution_m: float) -> None:
    with pytest.raises(CostMapError, match="resolution_m"):
        search_grid(np.ones((2, 2)), (0, 0), (1, 1), resolution_m=resolution_m)


@pytest.mark.parametrize(
    "cell", [(-1, 0), (0, -1), (3, 0), (0, 4), (2**40, 0), (0.5, 0), (0,), (0, 0, 0), None]
)
@pytest.mark.parametrize("end", ["start", "goal"])
def test_ends_off_the_map_are_refused(cell: Cell, end: str) -> None:
    ends = {"start": (1, 1), "goal": (1, 1), end: cell}
    with pytest.raises(PlaceError, match=end):
        search_grid(np.ones((3, 4)), ends["start"], ends["goal"], resolution_m=1.0)


def test_least_cost_far_below_the_rest_still_optimal() -> None:
    """A cost map whose least cost is an outlier weakens the bound, and must not break the answer."""
    cost = np.full((30, 30), 1e6)
    cost[3, 4] = 1e-9
    route = search_grid(cost, (0, 0), (29, 20), resolution_m=1.0)
    assert isinstance(route, GridRoute)
    assert route.cost_s == pytest.approx(least_cost(cost, (0, 0), (29, 20), 1.0), rel=1e-9)


# The planner.


def test_planner_keeps_the_exact_ends_and_the_search_s_cost() -> None:
    problem = make_problem(1, "boulder field")
    plan = AStarPlanner().plan(problem)
    assert not isinstance(plan, NoPlan)
    geometry = problem.costmap.geometry
    start, goal = geometry.cell_at(*problem.start_m), geometry.cell_at(*problem.goal_m)
    assert start is not None and goal is not None
    route = search_grid(problem.costmap.cost_s_per_m, start, goal, resolution_m=geometry.resolution_m)
    assert isinstance(route, GridRoute)
    assert tuple(plan.waypoints_m[0]) == problem.start_m and tuple(plan.waypoints_m[-1]) == problem.goal_m
    np.testing.assert_array_equal(plan.waypoints_m[1:-1], geometry.centres_of(route.cells)[1:-1])
    assert plan.cost_s == route.cost_s and plan.expanded == route.expanded
    assert plan.planner == "astar" and plan.schedule is None


def test_planner_within_one_cell() -> None:
    problem = make_problem(1)
    geometry = problem.costmap.geometry
    cell = geometry.cell_at(*problem.start_m)
    assert cell is not None
    centre = geometry.centre_of(*cell)
    moved = AStarPlanner().plan(replace(problem, goal_m=(centre[0] + 0.1, centre[1])))
    stayed = AStarPlanner().plan(replace(problem, goal_m=problem.start_m))
    assert not isinstance(moved, NoPlan) and not isinstance(stayed, NoPlan)
    assert len(moved.waypoints_m) == 2 and len(stayed.waypoints_m) == 1
    assert moved.length_m > 0 and stayed.length_m == 0


@pytest.mark.parametrize("point", [(-1e6, 0.0), (math.nan, 0.0)])
def test_planner_refuses_a_place_off_the_map(point: tuple[float, float]) -> None:
    with pytest.raises(PlaceError, match="goal_m.*it spans east"):
        AStarPlanner().plan(replace(make_problem(1), goal_m=point))


def test_is_a_planner() -> None:
    assert isinstance(AStarPlanner(), Planner)
    assert AStarPlanner.claims == {Claim.OPTIMAL}
