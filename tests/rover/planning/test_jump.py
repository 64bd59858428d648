"""The search by jump points: an independent Dijkstra, laws, and its limits."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import label
from scipy.sparse.csgraph import breadth_first_order, dijkstra, minimum_spanning_tree

from rover.core.errors import TimeLimitError
from rover.planning import astar
from rover.planning.astar import GridRoute, search_grid
from rover.planning.bitmap_kernels import count_bits, transpose
from rover.planning.jump import can_jump
from rover.planning.problem import Cause, NoPlan
from sim.testing.graphs import grid_graph

Cell = tuple[int, int]
Costs = npt.NDArray[np.float64]
INF = math.inf
SIDES = (1, 2, 5, 31, 61, 62, 63, 64, 65, 90, 126, 127, 128, 129)
DENSITIES = (0.0, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


@pytest.fixture(autouse=True)
def no_other_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here must not be answered by the search by tiles."""

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("not searched by jump points")

    monkeypatch.setattr(astar, "search_checked", refused)


def ground(free: npt.NDArray[np.bool_], metre: float = 1.0) -> Costs:
    return np.where(free, metre, INF)


def random_ground(rng: np.random.Generator, shape: Cell, density: float) -> tuple[Costs, list[Cell]]:
    """Return a map with so many lethal cells, and its free cells in any order."""
    cost = ground(rng.random(shape) >= density, float(rng.choice([1.0, 0.1, 3.7, 1e6])))
    free = rng.permutation(np.argwhere(np.isfinite(cost)))
    return cost, [(int(row), int(col)) for row, col in free]


def maze(rng: np.random.Generator, rooms: int, corridor: int, loops: float = 0.0) -> Costs:
    """A spanning tree of random weights over rooms; some more walls opened."""
    index = np.arange(rooms * rooms).reshape(rooms, rooms)
    tails = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    heads = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    graph = np.zeros((rooms * rooms, rooms * rooms))
    graph[tails, heads] = 1 + rng.random(len(tails))
    opened = minimum_spanning_tree(graph).toarray() > 0
    opened[tails, heads] |= rng.random(len(tails)) < loops
    pitch = corridor + 1
    free = np.zeros((rooms * pitch + 1, rooms * pitch + 1), np.bool_)
    for row, col in np.ndindex(rooms, rooms):
        top, left = 1 + row * pitch, 1 + col * pitch
        free[top : top + corridor, left : left + corridor] = True
        if col + 1 < rooms and opened[index[row, col], index[row, col + 1]]:
            free[top : top + corridor, left + corridor] = True
        if row + 1 < rooms and opened[index[row, col], index[row + 1, col]]:
            free[top + corridor, left : left + corridor] = True
    return ground(free)


def moves_of(route: GridRoute, cost: Costs) -> tuple[int, int]:
    """Return numbers of straight and diagonal moves of a way, which has to be one."""
    row, col = route.cells.T
    down, across = np.diff(row), np.diff(col)
    assert np.isfinite(cost[row, col]).all()
    assert (np.maximum(np.abs(down), np.abs(across)) == 1).all()
    assert (
        np.isfinite(cost[row[:-1] + down, col[:-1]]).all()
        and np.isfinite(cost[row[:-1], col[:-1] + across]).all()
    )
    diagonal = int(np.count_nonzero(down * across))
    return len(down) - diagonal, diagonal


def check(cost: Costs, start: Cell, goal: Cell, least: float, resolution_m: float = 1.0) -> None:
    """Compare with the least cost at a metre a second and a cell of a metre."""
    answer = search_grid(cost, start, goal, resolution_m=resolution_m)
    if math.isinf(least):
        assert isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE
        return
    assert isinstance(answer, GridRoute)
    assert tuple(answer.cells[0]) == start and tuple(answer.cells[-1]) == goal
    straight, diagonal = moves_of(answer, cost)
    step = resolution_m * float(cost[start])
    assert answer.cost_s == pytest.approx(step * (straight + diagonal * math.sqrt(2)), rel=1e-14)
    assert answer.cost_s == pytest.approx(step * least, rel=1e-12)
    assert answer.lower_bound_s == answer.cost_s and answer.expanded >= 1


def lengths_from(cost: Costs, cell: Cell) -> npt.NDArray[np.float64]:
    graph = grid_graph(np.where(np.isfinite(cost), 1.0, INF), 1.0)
    source = int(np.ravel_multi_index(cell, cost.shape))
    return dijkstra(graph, directed=False, indices=source).reshape(cost.shape)


@pytest.mark.parametrize("block", range(10))
def test_equals_dijkstra_on_random_maps(block: int) -> None:
    solved = refused = 0
    for index in range(block, 400, 10):
        rng = np.random.default_rng(np.random.SeedSequence(entropy=11, spawn_key=(index,)))
        shape = tuple(int(n) for n in rng.choice(SIDES, 2))
        cost, free = random_ground(rng, shape, float(rng.choice(DENSITIES)))  # type: ignore[arg-type]
        if not free:
            continue
        goal, starts = free[0], free[:1] + free[-6:]
        least = lengths_from(cost, goal)
        for start in starts:
            check(cost, start, goal, least[start], float(rng.choice([1.0, 0.3, 12.0])))
            solved += math.isfinite(least[start])
            refused += math.isinf(least[start])
    assert solved > 100 and refused > 20


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (2, 130), (130, 2)])
@pytest.mark.parametrize("density", [0.0, 0.02])
def test_thin_maps(shape: Cell, density: float) -> None:
    rng = np.random.default_rng(5)
    cost, free = random_ground(rng, shape, density)
    for start in free[:10]:
        least = lengths_from(cost, start)
        for goal in free[-10:]:
            check(cost, start, goal, least[goal])


@pytest.mark.parametrize("index", range(12))
def test_all_eight_symmetries(index: int) -> None:
    rng = np.random.default_rng(index)
    cost, free = random_ground(rng, (66, 95), float(rng.choice([0.05, 0.2, 0.35])))
    ends = np.zeros(cost.shape, np.int64)
    ends[free[0]], ends[free[1]] = 1, 2
    least = lengths_from(cost, free[0])[free[1]]
    for side in (0, 1):
        for quarter in range(4):
            turned, marks = (np.rot90(a.T if side else a, quarter) for a in (cost, ends))
            start, goal = (tuple(int(i) for i in np.argwhere(marks == k)[0]) for k in (1, 2))
            check(turned, start, goal, least)  # type: ignore[arg-type]


@pytest.mark.parametrize("corridor", [1, 2, 3, 8])
@pytest.mark.parametrize("loops", [0.0, 0.3])
def test_mazes(corridor: int, loops: float) -> None:
    rng = np.random.default_rng(corridor)
    cost = maze(rng, 14 if corridor > 3 else 24, corridor, loops)
    free = [(int(row), int(col)) for row, col in rng.permutation(np.argwhere(np.isfinite(cost)))]
    for start in [(1, 1), *free[:4]]:
        least = lengths_from(cost, start)
        for goal in [(len(cost) - 2, len(cost) - 2), *free[-8:]]:
            check(cost, start, goal, least[goal])


def test_open_field_costs_the_octile_distance() -> None:
    rng = np.random.default_rng(2)
    cost = np.full((150, 213), 0.7)
    for _ in range(60):
        start, goal = (tuple(int(i) for i in rng.integers(0, cost.shape)) for _ in range(2))
        down, across = abs(start[0] - goal[0]), abs(start[1] - goal[1])
        diagonal = min(down, across)
        check(cost, start, goal, down + across - 2 * diagonal + diagonal * math.sqrt(2))  # type: ignore[arg-type]


def test_start_is_goal() -> None:
    route = search_grid(np.ones((70, 70)), (65, 3), (65, 3), resolution_m=1.0)
    assert isinstance(route, GridRoute) and route.cost_s == 0.0 and route.cells.tolist() == [[65, 3]]


def test_walled_off_counts_what_can_be_reached() -> None:
    rng = np.random.default_rng(8)
    cost, free = random_ground(rng, (130, 140), 0.3)
    cost[70] = INF
    start = next(cell for cell in free if cell[0] < 70)
    goal = next(cell for cell in free if cell[0] > 70)
    order = breadth_first_order(grid_graph(cost, 1.0), start[0] * 140 + start[1], directed=False)[0]
    answer = search_grid(cost, start, goal, resolution_m=1.0)
    assert isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE
    assert answer.expanded == len(order) and f"the {len(order)} cells" in answer.where
    assert str(start) in answer.where and str(goal) in answer.where


def test_diagonal_gap_is_closed() -> None:
    answer = search_grid(np.array([[1.0, INF], [INF, 1.0]]), (0, 0), (1, 1), resolution_m=1.0)
    assert isinstance(answer, NoPlan) and answer.expanded == 1


def test_threads_and_memory_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = ground(np.random.default_rng(3).random((900, 700)) > 0.2)
    part, _ = label(np.isfinite(cost))
    cells = np.argwhere(part == np.bincount(part.ravel())[1:].argmax() + 1)
    start, goal = (tuple(int(i) for i in cell) for cell in (cells[0], cells[-1]))
    found = set()
    for count in ("1", "2", "3"):
        monkeypatch.setenv("FARSIDE_THREADS", count)
        route = search_grid(cost, start, goal, resolution_m=1.0)  # type: ignore[arg-type]
        assert isinstance(route, GridRoute)
        found.add((route.cost_s, route.expanded, route.generated, route.cells.tobytes()))
        search_grid(cost[::-1, :300], (899 - start[0], start[1]), (0, 5), resolution_m=1.0)  # type: ignore[arg-type]
    assert len(found) == 1


def test_searches_at_once_do_not_share_memory() -> None:
    maps = [maze(np.random.default_rng(seed), 20, 1, 0.2) for seed in range(6)]

    def solve(cost: Costs) -> float:
        route = search_grid(cost, (1, 1), (len(cost) - 2, len(cost) - 2), resolution_m=1.0)
        assert isinstance(route, GridRoute)
        return route.cost_s

    alone = [solve(cost) for cost in maps]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(solve, maps * 5)) == alone * 5


def test_time_limit_states_what_a_route_costs_at_least() -> None:
    cost = ground(np.random.default_rng(4).random((1500, 1500)) > 0.38, 2.0)
    part, _ = label(np.isfinite(cost))
    cells = np.argwhere(part == np.bincount(part.ravel())[1:].argmax() + 1)
    start, goal = (tuple(int(i) for i in cell) for cell in (cells[0], cells[-1]))
    least = search_grid(cost, start, goal, resolution_m=0.5)  # type: ignore[arg-type]
    assert isinstance(least, GridRoute)
    with pytest.raises(TimeLimitError, match="every route costs") as raised:
        search_grid(cost, start, goal, resolution_m=0.5, time_limit_s=0.0)  # type: ignore[arg-type]
    stated = float(str(raised.value).partition("costs ")[2].split()[0].rstrip(";,"))
    down, across = (abs(a - b) for a, b in zip(start, goal, strict=True))
    octile = max(down, across) + (math.sqrt(2) - 1) * min(down, across)
    assert octile * (1 - 1e-5) <= stated <= least.cost_s * (1 + 1e-5)


def test_what_is_not_searched_by_jumps() -> None:
    assert can_jump((3, 3), neighbours=8, corner_cutting=False)
    assert not can_jump((3, 3), neighbours=4, corner_cutting=False)
    assert not can_jump((3, 3), neighbours=16, corner_cutting=False)
    assert not can_jump((3, 3), neighbours=8, corner_cutting=True)
    assert not can_jump((1 << 14, 1 << 14), neighbours=8, corner_cutting=False)
    with pytest.raises(AssertionError, match="not searched by jump points"):
        search_grid(np.array([[1.0, 1.0, 1.5]]), (0, 0), (0, 2), resolution_m=1.0)


def test_bits() -> None:
    rng = np.random.default_rng(1)
    words = [
        1,
        1 << 63,
        (1 << 64) - 1,
        *(int(w) for w in rng.integers(1, 1 << 63, 100)),
        *(1 << k for k in range(64)),
    ]
    for word in words:
        assert count_bits(np.uint64(word)) == word.bit_count()


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (65, 130), (200, 63)])
def test_transpose(shape: Cell) -> None:
    cells = np.random.default_rng(1).random(shape) < 0.5

    def packed(cells: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
        wide = np.zeros((len(cells), -(-cells.shape[1] // 64) * 64), np.bool_)
        wide[:, : cells.shape[1]] = cells
        return np.packbits(wide, axis=1, bitorder="little").view("<u8").astype(np.uint64)

    turned = packed(cells.T.copy())
    got = np.empty_like(turned)
    plane = packed(cells)
    transpose(plane, got, 0, plane.shape[1])
    np.testing.assert_array_equal(got, turned)
