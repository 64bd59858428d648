"""Clearly different ways: each is what it says, and there are as many as the ground has."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter

from rover.core.errors import TimeLimitError
from rover.planning.alternatives import (
    MOST_COST,
    MOST_SHARED,
    Alternative,
    AlternativePlan,
    alternative_plans,
    corridor_of,
    find_alternatives,
)
from rover.planning.astar import AStarPlanner, search_grid
from rover.planning.check import check_plan
from rover.planning.field import cost_field
from rover.planning.problem import NoPlan, Plan
from sim.testing.ground import make_problem
from tests.builders.time_steps import LooksAllowed, endless

Cost = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]


def fractal(seed: int, side: int = 160) -> Cost:
    """Uneven ground, its steep places lethal; the corners free."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    height = sum(gaussian_filter(rng.standard_normal((side, side)), s) * s**1.6 for s in (2, 4, 8, 16))
    grade = np.hypot(*np.gradient(height))
    slope = np.degrees(np.arctan(grade / np.percentile(grade, 95) * math.tan(math.radians(22))))
    cost = np.where(slope > 20, np.inf, 1 + (slope / 10) ** 2)
    cost[:6, :6] = cost[-6:, -6:] = 1.0
    return cost


def islands(count: int, side: int = 81) -> Cost:
    """Even ground crossed by a lethal wall with `count` gaps."""
    cost = np.ones((side, side))
    cost[:, 40] = np.inf
    for row in np.linspace(8, side - 9, count).round().astype(int):
        cost[row - 2 : row + 3, 40] = 1.0
    return cost


def best_of(cost: Cost, start: tuple[int, int], goal: tuple[int, int]) -> tuple[Cells, float]:
    route = search_grid(cost, start, goal, resolution_m=1.0)
    assert not isinstance(route, NoPlan)
    return route.cells, route.cost_s


def cost_of(cells: Cells, cost: Cost) -> float:
    steps = np.diff(cells, axis=0)
    assert np.abs(steps).max() == 1
    for (row, col), (i, j) in zip(cells[:-1], steps, strict=True):  # no corner is cut
        assert np.isfinite(cost[row + i, col]) and np.isfinite(cost[row, col + j])
    price = cost[cells[:, 0], cells[:, 1]]
    return math.fsum(np.hypot(steps[:, 0], steps[:, 1]) * (price[:-1] + price[1:]) / 2)


def shared_with(cells: Cells, before: list[Cells], shape: tuple[int, int], corridor_m: float) -> float:
    """By sampling the way: the share within the corridor of any way before it."""
    off = np.ones(shape, np.bool_)
    for way in before:
        off[way[:, 0], way[:, 1]] = False
    near = distance_transform_edt(off) <= corridor_m
    middles = [(a, b) for a, b in zip(cells[:-1], cells[1:], strict=True)]
    length = [math.dist(a, b) for a, b in middles]
    on = [0.5 * near[tuple(a)] + 0.5 * near[tuple(b)] for a, b in middles]
    return float(np.dot(length, on) / np.sum(length))


def check_all(
    found: tuple[Alternative, ...], best: Cells, least: float, cost: Cost, corridor_m: float
) -> None:
    before = [best]
    for way in found:
        assert (way.cells[0] == best[0]).all() and (way.cells[-1] == best[-1]).all()
        assert cost_of(way.cells, cost) == pytest.approx(way.cost, rel=1e-9)
        assert way.cost_ratio == pytest.approx(way.cost / least, rel=1e-9)
        assert 1 - 1e-9 <= way.cost_ratio <= MOST_COST
        assert len(np.unique(way.cells, axis=0)) == len(way.cells)
        assert way.shared == pytest.approx(shared_with(way.cells, before, cost.shape, corridor_m), abs=1e-9)
        assert way.shared <= MOST_SHARED
        before.append(way.cells)


@pytest.mark.parametrize("seed", range(8))
def test_every_alternative_is_what_it_says(seed: int) -> None:
    cost = fractal(seed)
    best, least = best_of(cost, (2, 2), (157, 157))
    corridor_m = corridor_of(len(best), 0.5)
    found = find_alternatives(cost, best, resolution_m=1.0, count=4, corridor_m=corridor_m)
    check_all(found, best, least, cost, corridor_m)


def test_uneven_ground_has_alternatives() -> None:
    counts = []
    for seed in range(8):
        cost = fractal(seed)
        best, _ = best_of(cost, (2, 2), (157, 157))
        counts.append(len(find_alternatives(cost, best, resolution_m=1.0, count=2, corridor_m=8.0)))
    assert sum(count >= 1 for count in counts) >= 6, counts


@pytest.mark.parametrize("seed", range(4))
def test_an_alternative_has_no_bend_that_could_be_cut_short(seed: int) -> None:
    """About its middle, where its two best ways are joined, it is the best way between places 0.07 of the cost away."""
    cost = fractal(seed)
    best, least = best_of(cost, (2, 2), (157, 157))
    for way in find_alternatives(cost, best, resolution_m=1.0, count=3, corridor_m=8.0):
        run = np.r_[0.0, [cost_of(way.cells[: i + 1], cost) for i in range(1, len(way.cells))]]
        reach = 0.07 * least
        bends = []
        for i in range(0, len(run), 4):
            a, b = np.searchsorted(run, run[i] - reach), np.searchsorted(run, run[i] + reach) - 1
            if b <= a:
                continue
            _, direct = best_of(cost, tuple(way.cells[a].tolist()), tuple(way.cells[b].tolist()))
            bends.append((run[b] - run[a]) / direct)
        assert max(bends) <= 1 + 1e-9


@pytest.mark.parametrize("gaps", [1, 2, 3])
def test_as_many_ways_as_there_are_gaps(gaps: int) -> None:
    cost = islands(gaps)
    best, least = best_of(cost, (40, 2), (40, 78))
    found = find_alternatives(cost, best, resolution_m=1.0, count=5, corridor_m=6.0)
    check_all(found, best, least, cost, 6.0)
    crossed = {int(way.cells[way.cells[:, 1] == 40][0, 0] // 10) for way in found}
    assert len(found) == len(crossed) == gaps - 1, crossed


def test_on_even_ground_ways_are_apart_by_distance_alone() -> None:
    cost = np.ones((60, 60))
    best, least = best_of(cost, (30, 2), (30, 57))
    check_all(
        find_alternatives(cost, best, resolution_m=1.0, count=3, corridor_m=6.0), best, least, cost, 6.0
    )
    assert find_alternatives(cost, best, resolution_m=1.0, count=3, corridor_m=60.0) == ()


def test_ways_turn_with_the_map() -> None:
    cost = fractal(3)
    told = []
    for turned, start, goal in (
        (cost, (2, 2), (157, 157)),
        (cost, (157, 157), (2, 2)),
        (cost[::-1], (157, 2), (2, 157)),
        (cost[:, ::-1], (2, 157), (157, 2)),
        (cost.T, (2, 2), (157, 157)),
    ):
        held = np.ascontiguousarray(turned)
        best, _ = best_of(held, start, goal)
        found = find_alternatives(held, best, resolution_m=1.0, count=2, corridor_m=8.0)
        told.append([way.cost_ratio for way in found])
    assert told[0]
    for other in told[1:]:
        assert other == pytest.approx(told[0], rel=1e-9)


def test_nothing_is_asked_of_one_place() -> None:
    cost = np.ones((9, 9))
    assert find_alternatives(cost, np.array([[4, 4]]), resolution_m=1.0, count=2, corridor_m=1.0) == ()
    best, _ = best_of(cost, (0, 0), (8, 8))
    assert find_alternatives(cost, best, resolution_m=1.0, count=0, corridor_m=1.0) == ()


@pytest.mark.parametrize("seed", range(6))
def test_alternatives_as_plans_keep_every_promise_but_the_least_cost(seed: int) -> None:
    problem = make_problem(seed)
    best = AStarPlanner().plan(problem)
    assert isinstance(best, Plan)
    for way in alternative_plans(problem, best, problem.costmap.cost_s_per_m, count=3):
        assert check_plan(way.plan, problem) == []
        assert way.plan.cost_s == pytest.approx(way.cost_ratio * best.cost_s, rel=1e-9)


def test_moves_too_cheap_to_be_told_apart_end_the_search() -> None:
    """Beyond ground that is dear enough, a step changes no sum, and the way back from there is not to be read off."""
    cost = np.full((90, 90), 1e-9)
    cost[:, 0] = 1e9
    cost[30:60, 45] = np.inf
    start, goal = (5, 0), (85, 89)
    best, least = best_of(cost, start, goal)
    for way in find_alternatives(cost, best, resolution_m=1.0, count=3, corridor_m=3.0):
        assert tuple(way.cells[0]) == start and tuple(way.cells[-1]) == goal
        assert cost_of(way.cells, cost) <= MOST_COST * least


def test_alternatives_that_were_found_in_the_time_are_there() -> None:
    problem = make_problem(3)
    best = AStarPlanner().plan(problem)
    assert isinstance(best, Plan)
    costs = problem.costmap.cost_s_per_m
    counter = endless()
    whole = list(alternative_plans(problem, best, costs, count=3, allowed=counter))
    assert len(whole) > 0
    found = []
    for looks in range(counter.taken):
        ways = list[AlternativePlan]()
        with pytest.raises(TimeLimitError, match="next alternative"):
            for way in alternative_plans(problem, best, costs, count=3, allowed=LooksAllowed(looks)):
                ways.append(way)
        assert all((a.plan.cells == b.plan.cells).all() for a, b in zip(ways, whole, strict=False))
        found.append(len(ways))
    assert found == sorted(found) and found[0] == 0 and found[-1] >= len(whole) - 1


def test_a_field_that_is_not_made_in_time_says_how_far_it_came() -> None:
    cost = np.exp(np.random.default_rng(2).standard_normal((3000, 2000)))
    field = cost_field(cost, (0, 0), resolution_m=1.0)
    with pytest.raises(TimeLimitError, match="costs [0-9.e+]+ at least") as raised:
        cost_field(cost, (0, 0), resolution_m=1.0, time_limit_s=0.0)
    stated = float(str(raised.value).partition("costs ")[2].split()[0])
    assert 0.0 <= stated <= field.max()
