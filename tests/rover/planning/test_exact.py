"""The exact search against scipy's Dijkstra on a thousand maps, and the laws of least costs."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import dijkstra

from rover.planning.astar import GridRoute, search_grid
from rover.planning.field import cost_field
from rover.planning.problem import Cause, NoPlan
from sim.testing.graphs import grid_graph

Costs = npt.NDArray[np.floating]
Cell = tuple[int, int]

MAPS, BLOCKS, STARTS = 1000, 20, 3
SAME = 1e-9
NEIGHBOURS = (4, 8, 16)


class Case(NamedTuple):
    """A map, and the moves that are allowed on it."""

    cost: Costs
    resolution_m: float
    corner_cutting: bool
    neighbours: int

    def moves(self) -> dict[str, Any]:
        """Return the arguments of a search."""
        chosen: dict[str, Any] = {"resolution_m": self.resolution_m, "corner_cutting": self.corner_cutting}
        return chosen if self.neighbours == 8 else {**chosen, "neighbours": self.neighbours}

    def least_from(self, cell: Cell) -> npt.NDArray[np.float64]:
        """Return least costs from a cell to every other, by scipy."""
        graph = grid_graph(
            self.cost.astype(np.float64),
            self.resolution_m,
            corner_cutting=self.corner_cutting,
            neighbours=self.neighbours,
        )
        source = int(np.ravel_multi_index(cell, self.cost.shape))
        return dijkstra(graph, directed=False, indices=source).reshape(self.cost.shape)


def random_case(index: int) -> tuple[np.random.Generator, Case]:
    """Uniform, smooth, rough, two-valued and huge-ratio costs; lethal cells from none to a maze's share."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=6, spawn_key=(index,)))
    shape = tuple(int(n) for n in rng.integers(1, 8 + 48 * (index % 3), 2))
    noise = rng.random(shape)
    cost = [
        np.full(shape, rng.choice([1e-3, 1.0, 0.1, 1e6])),
        0.5 + gaussian_filter(noise, 2),
        10.0 ** (9 * noise - 3),
        np.where(noise < 0.5, 1e-3, 1e6),
        1.0 + np.floor(4 * noise),
        np.where(noise < 0.01, 1e-3, 1.0 + noise),
    ][index % 6]
    lumps = gaussian_filter(rng.random(shape), 1.0)
    share = rng.choice([0.0, 0.1, 0.25, 0.4])
    marks = rng.random(shape) if index % 2 else lumps
    cost = np.where(marks < np.quantile(marks, share), math.inf, cost)
    kind = np.float32 if rng.random() < 0.5 else np.float64
    return rng, Case(
        cost=cost.astype(kind),
        resolution_m=float(rng.choice([1.0, 0.1, 2.5, 10.0])),
        corner_cutting=bool(rng.random() < 0.5),
        neighbours=int(rng.choice(NEIGHBOURS)),
    )


def free_cells(rng: np.random.Generator, cost: Costs, count: int) -> list[Cell]:
    """Return random free cells, of a map that has one."""
    free = np.argwhere(np.isfinite(cost))
    return [(int(row), int(col)) for row, col in free[rng.integers(len(free), size=count)]]


def price_of(case: Case, cells: npt.NDArray[np.int64]) -> float:
    """Return the integral of the cost along a path of cells, by the cells that each move is in, half by half."""
    cost = case.cost.astype(np.float64)
    total = []
    for (row, col), (to_row, to_col) in zip(cells[:-1], cells[1:], strict=True):
        down, across = to_row - row, to_col - col
        assert (abs(down), abs(across)) in {(0, 1), (1, 0), (1, 1), (1, 2), (2, 1)}
        quarters = (
            np.arange(4) + 0.5
        ) / 4  # a move is in one cell, or two in one edge's middle, a quarter at a time
        rows, cols = np.rint(row + down * quarters).astype(int), np.rint(col + across * quarters).astype(int)
        total.append(math.hypot(down, across) * case.resolution_m * cost[rows, cols].mean())
    return math.fsum(total)


def route_of(case: Case, start: Cell, goal: Cell) -> GridRoute | NoPlan:
    return search_grid(case.cost, start, goal, **case.moves())


@pytest.mark.parametrize("block", range(BLOCKS))
def test_equals_dijkstra_on_random_maps(block: int) -> None:
    solved = refused = 0
    for index in range(block, MAPS, BLOCKS):
        rng, case = random_case(index)
        if not np.isfinite(case.cost).any():
            continue
        goal, *starts = free_cells(rng, case.cost, 1 + STARTS)
        least = case.least_from(goal)
        for start in starts:
            route = route_of(case, start, goal)
            if math.isinf(least[start]):
                assert isinstance(route, NoPlan) and route.cause is Cause.NO_ROUTE, (index, start, goal)
                refused += 1
                continue
            assert isinstance(route, GridRoute), (index, start, goal)
            assert route.cost_s == pytest.approx(least[start], rel=SAME, abs=0), (index, start, goal)
            assert price_of(case, route.cells) == pytest.approx(least[start], rel=SAME, abs=0), index
            assert tuple(route.cells[0]) == start and tuple(route.cells[-1]) == goal
            solved += 1
    assert solved > 60 and refused > 0


@pytest.mark.parametrize("block", range(5))
def test_turning_and_mirroring_the_map_turns_the_answer(block: int) -> None:
    for index in range(block, 60, 5):
        rng, case = random_case(index)
        start, goal = free_cells(rng, case.cost, 2)
        least = case.least_from(goal)[start]
        marks = np.zeros(case.cost.shape, np.int64)
        marks[start] += 1
        marks[goal] += 2
        for side in (0, 1):
            for quarter in range(4):
                turned, ends = (np.rot90(a.T if side else a, quarter) for a in (case.cost, marks))
                first, last = (tuple(int(i) for i in np.argwhere(ends & bit)[0]) for bit in (1, 2))
                route = route_of(case._replace(cost=turned), first, last)  # type: ignore[arg-type]
                got = route.cost_s if isinstance(route, GridRoute) else math.inf
                assert got == pytest.approx(least, rel=SAME, abs=0), (index, side, quarter)


@pytest.mark.parametrize("neighbours", NEIGHBOURS)
def test_triangle_and_concatenation(neighbours: int) -> None:
    """By way of any place it is no nearer, and by way of a place on the least way it is as far."""
    tried = 0
    for index in range(200, 320):
        rng, case = random_case(index)
        case = case._replace(neighbours=neighbours)
        start, by, goal = free_cells(rng, case.cost, 3)
        whole, first, second = (route_of(case, *ends) for ends in ((start, goal), (start, by), (by, goal)))
        if not isinstance(whole, GridRoute):
            assert isinstance(first, NoPlan) or isinstance(second, NoPlan), index
            continue
        assert isinstance(first, GridRoute) == isinstance(second, GridRoute), index
        if isinstance(first, GridRoute) and isinstance(second, GridRoute):
            assert whole.cost_s <= (first.cost_s + second.cost_s) * (1 + SAME), index
        row, col = whole.cells[rng.integers(len(whole.cells))]
        halves = [route_of(case, *ends) for ends in ((start, (row, col)), ((row, col), goal))]
        costs = [half.cost_s for half in halves if isinstance(half, GridRoute)]
        assert len(costs) == 2 and sum(costs) == pytest.approx(whole.cost_s, rel=SAME, abs=0), index
        tried += 1
    assert tried > 60


@pytest.mark.parametrize("neighbours", NEIGHBOURS)
def test_a_field_holds_the_cost_of_every_route(neighbours: int) -> None:
    for index in range(400, 440):
        rng, case = random_case(index)
        case = case._replace(neighbours=neighbours)
        (goal,) = free_cells(rng, case.cost, 1)
        field = cost_field(case.cost, goal, **case.moves())
        np.testing.assert_allclose(field, case.least_from(goal), rtol=SAME, atol=0, err_msg=str(index))
        for start in free_cells(rng, case.cost, 10):
            route = route_of(case, start, goal)
            got = route.cost_s if isinstance(route, GridRoute) else math.inf
            assert got == pytest.approx(field[start], rel=SAME, abs=0), (index, start)


@pytest.mark.parametrize("neighbours", NEIGHBOURS)
def test_more_neighbours_never_cost_more(neighbours: int) -> None:
    """A freedom never costs, and lethal cells keep apart what they keep apart with fewer moves."""
    for index in range(500, 560):
        rng, case = random_case(index)
        case = case._replace(neighbours=neighbours, corner_cutting=False)
        start, goal = free_cells(rng, case.cost, 2)
        fewer = case._replace(neighbours=4).least_from(goal)[start]
        route = route_of(case, start, goal)
        got = route.cost_s if isinstance(route, GridRoute) else math.inf
        assert math.isinf(got) == math.isinf(fewer), index
        assert got == 0 == fewer or got <= fewer * (1 + SAME) or math.isinf(got), index
