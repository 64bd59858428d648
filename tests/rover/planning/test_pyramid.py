"""Routes over a pyramid: the proven bound is true, and no way is said only where there is none."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import CostMapError, PlaceError, PlannerError, ResourceError, TimeLimitError
from rover.planning.astar import GridRoute, search_grid
from rover.planning.problem import Cause, NoPlan, Objective, Plan
from rover.planning.pyramid import Pyramid, build_pyramid, check_build_memory
from rover.planning.pyramid_planner import PyramidPlanner
from rover.planning.pyramid_query import PyramidRoute, Query
from rover.planning.pyramid_search import LEAST_EPSILON, search_pyramid
from sim.testing import check_planner
from sim.testing.ground import make_problem, terrain_kinds

Cost = npt.NDArray[np.float64]
Cell = tuple[int, int]
INF = math.inf


def seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(87,)))


def open_ground(rng: np.random.Generator, shape: Cell) -> Cost:
    return rng.uniform(1.0, 1.2, shape)


def scattered(rng: np.random.Generator, shape: Cell) -> Cost:
    """So many lethal cells that ways wind, and some ends are cut off."""
    return np.where(rng.random(shape) < rng.uniform(0.1, 0.45), INF, rng.uniform(1.0, 3.0, shape))


def fractal(rng: np.random.Generator, shape: Cell) -> Cost:
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])
    frequency[0, 0] = INF
    heights = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * frequency**-1.9, s=shape)
    slope = np.hypot(*np.gradient(heights))
    slope /= np.quantile(slope, 0.95)
    return np.where(slope > 1.0, INF, 1.0 + (2.0 * slope) ** 2)


def wide_range(rng: np.random.Generator, shape: Cell) -> Cost:
    """Costs over so many powers of ten that some cannot be coded, in patches."""
    fine = 10.0 ** rng.uniform(-1.0, rng.uniform(1.0, 7.0), shape)
    return np.where(rng.random(shape) < 0.1, INF, fine)


def winding(rng: np.random.Generator, shape: Cell) -> Cost:
    """Walls two cells apart, each with one gap: passages one cell wide that no block shows."""
    cost = rng.uniform(1.0, 2.0, shape)
    for row in range(1, shape[0] - 1, 2):
        cost[row] = INF
        cost[row, rng.integers(shape[1])] = 1.5
    return cost


KINDS = {kind.__name__: kind for kind in (open_ground, scattered, fractal, wide_range, winding)}


def free_ends(rng: np.random.Generator, cost: Cost) -> tuple[Cell, Cell]:
    free = np.argwhere(np.isfinite(cost))
    first, last = free[rng.integers(len(free), size=2)]
    return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))


def cost_of(cells: npt.NDArray[np.int64], cost: Cost, resolution_m: float, corner_cutting: bool) -> float:
    """The cost of a way by the rule of moves, infinite where a move breaks it."""
    total = 0.0
    for (r, c), (s, d) in zip(cells[:-1], cells[1:], strict=True):
        if max(abs(r - s), abs(c - d)) != 1:
            return INF
        if r != s and c != d and not corner_cutting and not (cost[r, d] < INF and cost[s, c] < INF):
            return INF
        total += resolution_m * math.hypot(r - s, c - d) * (float(cost[r, c]) + float(cost[s, d])) / 2
    return total


def judge(
    pyramid: Pyramid, cost: Cost, start: Cell, goal: Cell, *, epsilon: float, corner_cutting: bool = False
) -> None:
    """Hold an answer to the exact one."""
    given = {"corner_cutting": corner_cutting}
    least = search_grid(cost, start, goal, resolution_m=pyramid.resolution_m, **given)
    found = search_pyramid(pyramid, start, goal, epsilon=epsilon, **given)
    if isinstance(least, NoPlan):
        assert isinstance(found, NoPlan)
        assert found.cause is Cause.NO_ROUTE
        return
    assert isinstance(found, PyramidRoute)
    assert tuple(found.cells[0]) == start
    assert tuple(found.cells[-1]) == goal
    own = cost_of(found.cells, cost, pyramid.resolution_m, corner_cutting)
    assert found.cost_s == pytest.approx(own, rel=1e-12)
    slack = 1e-9 * least.cost_s
    assert found.lower_bound_s <= least.cost_s + slack
    assert least.cost_s - slack <= found.cost_s <= found.bound * least.cost_s + slack
    assert 1.0 <= found.bound <= 1 + epsilon + 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_is_true(kind: str) -> None:
    for seed in range(60):
        rng = seeded(seed)
        shape = (int(rng.integers(1, 100)), int(rng.integers(1, 100)))
        cost = KINDS[kind](rng, shape)
        if not np.isfinite(cost).any():
            continue
        both = bool(seed % 2)
        pyramid = build_pyramid(
            cost,
            resolution_m=float(rng.uniform(0.1, 20.0)),
            landmarks=(0, 1, 5)[seed % 3],
            corner_cutting=both,
        )
        for epsilon in (LEAST_EPSILON, 0.02, 0.5):
            judge(pyramid, cost, *free_ends(rng, cost), epsilon=epsilon, corner_cutting=seed % 5 == 0)


@pytest.mark.parametrize("kind", ["fractal", "scattered", "winding"])
def test_the_bound_is_true_on_larger_maps(kind: str) -> None:
    rng = seeded(5)
    cost = KINDS[kind](rng, (500, 430))
    pyramid = build_pyramid(cost, resolution_m=2.0)
    for _ in range(8):
        judge(pyramid, cost, *free_ends(rng, cost), epsilon=0.02)


def test_single_precision_is_kept() -> None:
    rng = seeded(3)
    cost = fractal(rng, (120, 150)).astype(np.float32)
    pyramid = build_pyramid(cost, resolution_m=1.0)
    for _ in range(10):
        judge(pyramid, cost, *free_ends(rng, cost), epsilon=0.02)


def test_a_passage_that_blocks_do_not_show_is_found() -> None:
    """A spiral one cell wide: every block is mostly lethal, and straight across is no way."""
    size = 161
    cost = np.full((size, size), INF)
    row, col, turn = 0, 0, 0
    cost[0, 0] = 1.0
    length = size - 1
    legs = [size - 1]
    while length > 0:
        legs += [length, length]
        length -= 2
    for leg in legs:
        for _ in range(leg):
            row += (0, 1, 0, -1)[turn]
            col += (1, 0, -1, 0)[turn]
            cost[row, col] = 1.0
        turn = (turn + 1) % 4
    goal = (row, col)
    pyramid = build_pyramid(cost, resolution_m=1.0)
    judge(pyramid, cost, (0, 0), goal, epsilon=0.02)
    for landmarks in (0, 8):
        pyramid = build_pyramid(cost, resolution_m=1.0, landmarks=landmarks)
        found = search_pyramid(pyramid, (0, 0), goal)
        assert isinstance(found, PyramidRoute)
        assert len(found.cells) > size * size / 3
        shut = cost.copy()
        shut[tuple(found.cells[len(found.cells) // 2])] = INF
        refused = search_pyramid(build_pyramid(shut, resolution_m=1.0, landmarks=landmarks), (0, 0), goal)
        assert isinstance(refused, NoPlan)
        assert refused.cause is Cause.NO_ROUTE


def test_corners_part_what_only_a_cut_corner_joins() -> None:
    cost = np.full((40, 40), INF)
    cost[np.arange(40), np.arange(40)] = 1.0
    for rule in (False, True):
        pyramid = build_pyramid(cost, resolution_m=1.0, corner_cutting=rule)
        assert isinstance(search_pyramid(pyramid, (0, 0), (39, 39)), NoPlan)
        cut = search_pyramid(pyramid, (0, 0), (39, 39), corner_cutting=True)
        assert isinstance(cut, PyramidRoute)
        assert len(cut.cells) == 40


def test_landmarks_that_cut_no_corner_part_nothing_for_those_who_do() -> None:
    """Two halves that touch at a corner: of one end the landmarks know the ground, of the other they do not."""
    cost = np.full((40, 40), INF)
    cost[:20, :20] = cost[20:, 20:] = 1.0
    pyramid = build_pyramid(cost, resolution_m=1.0, landmarks=2)
    assert isinstance(search_pyramid(pyramid, (0, 0), (39, 39)), NoPlan)
    cut = search_pyramid(pyramid, (0, 0), (39, 39), corner_cutting=True)
    assert isinstance(cut, PyramidRoute) and len(cut.cells) == 40


def test_what_is_searched_in_vain_near_the_bound_raises_it_by_no_more_than_is_true(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cost = winding(seeded(4), (41, 60))
    exact = search_grid(cost, (0, 0), (40, 59), resolution_m=1.0)
    assert isinstance(exact, GridRoute)
    pyramid = build_pyramid(cost, resolution_m=1.0, landmarks=0)
    query = Query(pyramid, (0, 0), (40, 59), epsilon=0.02, corner_cutting=False, deadline=INF)
    query.lower, unit_s = 1000, pyramid.coded.unit_s
    for share in (0.5, 0.9, 0.99, 0.997, 1.01):  # codes are within 0.2 %
        slack = (share * exact.cost_s / unit_s / query.lower - 1) / query.epsilon
        monkeypatch.setattr("rover.planning.pyramid_query._SLACKS", (slack,))
        query._search_near_bound(np.zeros(pyramid.coded.blocks, np.int64))
        assert (query.way is not None) == (share > 1)
        assert min(share, 0.998) * 0.999 <= query.lower * unit_s / exact.cost_s <= 1
    assert query.cost_s == pytest.approx(exact.cost_s, rel=0.002)


def test_costs_that_32_bits_do_not_hold() -> None:
    """One cheap cell makes the unit so small that a way over the others takes more than 2 ** 32 of them."""
    rng = seeded(8)
    cost = rng.uniform(3e4, 4e4, (200, 200))
    cost[100, 100] = 1.0
    pyramid = build_pyramid(cost, resolution_m=1.0)
    judge(pyramid, cost, (0, 0), (199, 199), epsilon=0.02)


def test_answers_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = seeded(11)
    cost = fractal(rng, (300, 300))
    ends = [free_ends(rng, cost) for _ in range(6)]
    answers = []
    for count in ("1", "2", "5"):
        monkeypatch.setenv("FARSIDE_THREADS", count)
        pyramid = build_pyramid(cost, resolution_m=1.0, landmarks=3)
        found = [search_pyramid(pyramid, *pair, epsilon=0.006) for pair in ends]
        assert pyramid.landmarks is not None
        answers.append((found, pyramid.landmarks.low, pyramid.landmarks.high))
    for found, low, high in answers[1:]:
        np.testing.assert_array_equal(low, answers[0][1])
        np.testing.assert_array_equal(high, answers[0][2])
        for one, other in zip(found, answers[0][0], strict=True):
            assert type(one) is type(other)
            if isinstance(one, PyramidRoute) and isinstance(other, PyramidRoute):
                np.testing.assert_array_equal(one.cells, other.cells)
                assert (one.cost_s, one.lower_bound_s, one.expanded) == (
                    other.cost_s,
                    other.lower_bound_s,
                    other.expanded,
                )


def test_landmarks_never_overrate() -> None:
    """Their bound between any two cells is at most the least cost."""
    rng = seeded(13)
    cost = fractal(rng, (130, 140))
    pyramid = build_pyramid(cost, resolution_m=3.0, landmarks=6)
    coded, marks = pyramid.coded, pyramid.landmarks
    assert marks is not None
    for _ in range(40):
        start, goal = free_ends(rng, cost)
        least = search_grid(cost, start, goal, resolution_m=3.0)
        if isinstance(least, GridRoute) and marks.reach(coded.node(goal)):
            bound = marks.beyond(coded.block(goal))[coded.block(start)] * coded.unit_s
            assert bound <= least.cost_s


def test_ends_that_cannot_be() -> None:
    cost = np.ones((20, 30))
    cost[4, 5] = cost[9, 9] = INF
    pyramid = build_pyramid(cost, resolution_m=1.0)
    for start, goal, cause in (
        ((4, 5), (0, 0), Cause.START_LETHAL),
        ((0, 0), (9, 9), Cause.GOAL_LETHAL),
    ):
        refused = search_pyramid(pyramid, start, goal)
        exact = search_grid(cost, start, goal, resolution_m=1.0)
        assert isinstance(refused, NoPlan)
        assert isinstance(exact, NoPlan)
        assert refused.cause is cause
        assert refused.remedy == exact.remedy
    for cell in ((20, 0), (0, -1), (0.5, 0), 3):
        with pytest.raises(PlaceError):
            search_pyramid(pyramid, (0, 0), cell)  # type: ignore[arg-type]
    here = search_pyramid(pyramid, (3, 3), (3, 3))
    assert isinstance(here, PyramidRoute)
    assert (here.cost_s, here.bound, len(here.cells)) == (0.0, 1.0, 1)


def test_a_map_without_a_free_cell() -> None:
    pyramid = build_pyramid(np.full((5, 5), INF), resolution_m=1.0)
    refused = search_pyramid(pyramid, (0, 0), (4, 4))
    assert isinstance(refused, NoPlan)
    assert "no cell of the map is free" in refused.remedy


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
def test_costs_that_cannot_be(bad: float) -> None:
    cost = np.ones((4, 4))
    cost[2, 1] = bad
    with pytest.raises(CostMapError):
        build_pyramid(cost, resolution_m=1.0)


def test_costs_too_large_to_add() -> None:
    with pytest.raises(CostMapError, match="added up"):
        build_pyramid(np.full((4, 4), 1e308), resolution_m=10.0)


@pytest.mark.parametrize("least", [1e-306, 1e-318, 5e-324])
def test_the_bound_is_true_of_costs_that_are_hardly_numbers(least: float) -> None:
    cost = least * seeded(31).integers(1, 50, (20, 30))
    exact = search_grid(cost, (0, 0), (19, 29), resolution_m=1.0)
    found = search_pyramid(build_pyramid(cost, resolution_m=1.0), (0, 0), (19, 29))
    assert isinstance(exact, GridRoute) and isinstance(found, PyramidRoute)
    assert found.lower_bound_s <= exact.cost_s <= found.cost_s <= found.bound * exact.cost_s
    assert found.bound <= 1.02


def test_what_is_asked_wrongly() -> None:
    with pytest.raises(ValueError, match="landmarks"):
        build_pyramid(np.ones((4, 4)), resolution_m=1.0, landmarks=-1)
    pyramid = build_pyramid(np.ones((4, 4)), resolution_m=1.0)
    with pytest.raises(ValueError, match="epsilon"):
        search_pyramid(pyramid, (0, 0), (3, 3), epsilon=0.0001)
    for none_left in (0.0, -1.0, math.nan):
        with pytest.raises(TimeLimitError, match="none costs less than"):
            search_pyramid(pyramid, (0, 0), (3, 3), time_limit_s=none_left)


def test_a_time_limit_states_what_is_known() -> None:
    rng = seeded(21)
    cost = fractal(rng, (400, 400))
    start, goal = (tuple(int(i) for i in end) for end in np.argwhere(np.isfinite(cost))[[0, -1]])
    pyramid = build_pyramid(cost, resolution_m=1.0, landmarks=0)
    with pytest.raises(TimeLimitError, match="none costs less than") as caught:
        search_pyramid(pyramid, start, goal, time_limit_s=1e-6)  # type: ignore[arg-type]
    assert caught.value.exit_code == 5


def test_the_time_limit_holds_for_costs_that_no_code_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where their range is too wide the costs themselves are searched, in the time that is left."""
    limits: list[float | None] = []

    def noted(*args: Any, **kwargs: Any) -> Any:
        limits.append(kwargs.get("time_limit_s"))
        return search_grid(*args, **kwargs)

    monkeypatch.setattr("rover.planning.pyramid_query.search_grid", noted)
    cost = np.full((40, 40), 1e9)
    cost[0, 0], cost[20] = 1.0, 1e10
    pyramid = build_pyramid(cost, resolution_m=1.0, landmarks=0)
    found = search_pyramid(pyramid, (0, 0), (39, 39), time_limit_s=1000.0)
    plain = search_grid(cost, (0, 0), (39, 39), resolution_m=1.0)
    assert isinstance(found, PyramidRoute) and isinstance(plain, GridRoute)
    assert found.cost_s == pytest.approx(plain.cost_s, rel=1e-9)
    assert limits[-1] is not None and 0 < limits[-1] < 1000.0


def test_memory_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pyramid = build_pyramid(np.ones((40, 40)), resolution_m=1.0, landmarks=0)
    monkeypatch.setattr("rover.core.memory.available_bytes", lambda: 1000)
    with pytest.raises(ResourceError, match="a search of 40 x 40 cells"):
        search_pyramid(pyramid, (0, 0), (30, 30))
    with pytest.raises(ResourceError, match="the pyramid of a map of 40 x 40 cells"):
        build_pyramid(np.ones((40, 40)), resolution_m=1.0)


def test_more_cells_than_nodes_can_be_named() -> None:
    with pytest.raises(ResourceError, match="more than one pyramid holds"):
        check_build_memory((50_000, 50_000), 0)


def test_planner_keeps_its_claims() -> None:
    assert check_planner("pyramid").planner == "pyramid"


def test_planner_without_time_left_says_what_no_way_costs_less_than() -> None:
    problem = make_problem(1, terrain_kinds()[0])
    plan = PyramidPlanner().plan(problem)
    with pytest.raises(TimeLimitError) as caught:
        PyramidPlanner().plan(replace(problem, time_limit_s=1e-9))
    said = re.search(r"none costs less than (\S+) s", str(caught.value))
    assert isinstance(plan, Plan) and said is not None and 0 < float(said[1]) <= plan.cost_s


def test_planner_refuses_what_it_does_not_serve() -> None:
    problem = make_problem(1, terrain_kinds()[0])
    with pytest.raises(PlannerError, match="driving time"):
        PyramidPlanner().plan(replace(problem, objective=Objective.ENERGY))
    with pytest.raises(PlannerError, match="8 neighbours"):
        PyramidPlanner().plan(replace(problem, neighbours=16))


def test_an_interruption_ends_the_making_of_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rover.planning.pyramid_landmarks._STEPS", 1000)

    def interrupt(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_pyramid(np.ones((100, 100)), resolution_m=1.0, landmarks=4, told=interrupt)
