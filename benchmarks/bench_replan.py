"""Time the search under edits on seeded fractal ground, beside `search_grid` afresh on the same cells.

    python benchmarks/bench_replan.py [--sizes 512 1024 2048] [--edits 100] [--seed 1]

Ground, start and goal are those of `bench_search.py`. The rover stands 40 cells along its way from corner to corner,
and each edit draws the costs of the 64 x 64 cells ahead of it anew: the ground's own, up to twice as dear cell by cell,
with 3 % of the cells and four squares of 8 x 8 closed. `replan ms` is editing and asking for the way, median and least;
`afresh ms` is `search_grid` on the same costs after every fifth edit, whose cost must be the same to 1e-9; `ratio` is
of the medians, then of the least times. `first ms` is the first way, labels of all cells nearer the goal included,
median of three searches; `expanded` the median per edit; `no way` counts edits that closed the rover in. Memory is what
the search holds in the end, costs included.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import numpy.typing as npt
from search_maps import Cell, Costs, corner_to_corner, fractal_costs, largest_part

from rover.planning.astar import GridRoute, search_grid
from rover.planning.problem import NoPlan
from rover.planning.replan import IncrementalSearch

WINDOW = 64
ALONG = 40
AFRESH_EVERY = 5
COLUMNS = " size  first ms  replan ms   least  afresh ms   least  ratio  least  expanded  no way  B/cell"


def ms(begun: float) -> float:
    return 1e3 * (time.perf_counter() - begun)


def first_way(cost: Costs, start: Cell, goal: Cell) -> tuple[IncrementalSearch, GridRoute, float]:
    """Return a search, its way, and the median time of three such."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        search = IncrementalSearch(cost, goal, resolution_m=1.0)
        way = search.route(start)
        times.append(ms(begun))
    assert isinstance(way, GridRoute)
    return search, way, statistics.median(times)


def window_ahead(way: GridRoute, size: int) -> tuple[Cell, Cell]:
    """Return where the rover stands, and the first cell of the window ahead of it."""
    here, ahead = way.cells[ALONG], way.cells[ALONG + WINDOW // 2 + 8]
    row, col = np.clip(ahead - WINDOW // 2, 0, size - WINDOW)
    return (int(here[0]), int(here[1])), (int(row), int(col))


def drawn(ground: Costs, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return costs of the window as they might be seen: dearer than on the map, and closed here and there."""
    seen = ground * (1.0 + rng.random(ground.shape))
    seen[rng.random(ground.shape) < 0.03] = np.inf
    for row, col in rng.integers(0, WINDOW - 8, (4, 2)):
        seen[row : row + 8, col : col + 8] = np.inf
    return seen


def measure(size: int, edits: int, seed: int) -> str:
    """Return one row of the table."""
    cost = fractal_costs(size, seed)
    start, goal = corner_to_corner(largest_part(cost))
    search, way, first_ms = first_way(cost, start, goal)
    here, (row, col) = window_ahead(way, size)
    inside = slice(row, row + WINDOW), slice(col, col + WINDOW)
    ground = cost[inside].copy()
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(size,)))
    replan, afresh, expanded, closed = [], [], [], 0
    for index in range(edits):
        ahead = drawn(ground, rng)
        if 0 <= here[0] - row < WINDOW and 0 <= here[1] - col < WINDOW:
            ahead[here[0] - row, here[1] - col] = 1.0  # the rover stands there
        cost[inside] = ahead
        begun = time.perf_counter()
        search.edit(row, col, ahead)
        answer = search.route(here)
        replan.append(ms(begun))
        expanded.append(answer.expanded)
        closed += isinstance(answer, NoPlan)
        if index % AFRESH_EVERY == 0:
            begun = time.perf_counter()
            other = search_grid(cost, here, goal, resolution_m=1.0)
            afresh.append(ms(begun))
            assert_same(answer, other)
    middle, fresh = statistics.median(replan), statistics.median(afresh)
    return (
        f"{size:>5} {first_ms:>9.1f} {middle:>10.2f} {min(replan):>7.2f} {fresh:>10.1f} {min(afresh):>7.1f} "
        f"{fresh / middle:>6.0f} {min(afresh) / min(replan):>6.0f} {statistics.median(expanded):>9.0f} {closed:>7} "
        f"{search.nbytes / cost.size:>7.1f}"
    )


def assert_same(answer: GridRoute | NoPlan, other: GridRoute | NoPlan) -> None:
    if isinstance(answer, GridRoute) and isinstance(other, GridRoute):
        assert abs(answer.cost_s - other.cost_s) <= 1e-9 * other.cost_s
    else:
        assert isinstance(answer, NoPlan) and isinstance(other, NoPlan) and answer.cause is other.cause


def warm_up() -> None:
    """Compile, or load from the cache, every kernel that is timed."""
    search = IncrementalSearch(np.ones((3, 3)), (0, 0), resolution_m=1.0)
    search.route((2, 2))
    search.edit(1, 1, np.full((1, 1), np.inf))
    search.route((2, 2))
    search_grid(np.ones((3, 3)), (0, 0), (2, 2), resolution_m=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    warm_up()
    print(COLUMNS, flush=True)
    for size in asked.sizes:
        print(measure(size, asked.edits, asked.seed), flush=True)


if __name__ == "__main__":
    main()
