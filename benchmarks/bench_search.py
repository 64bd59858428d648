"""Time the grid search on seeded fractal ground, beside scipy's Dijkstra on the same cells.

    python benchmarks/bench_search.py [--sizes 512 1024 2048] [--seed 1]

Every row is a process of its own that reads the costs from a file, so that its peak memory is its own. Cost is
1 + (slope / 10 deg)^2 s/m, lethal over 20 deg; start and goal are the ends of the longest diagonal of the largest
ground that hangs together. `load s` is importing and answering on a 3 x 3 map (compiling, where the kernel cache is
empty), `first s` the first query, `warm s` the median of five more. What is prepared before the first query (scipy's
graph) is not in its time, but is in the memory: the peak over what is resident after loading and reading the costs.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

REPEATS = 5
STEEPEST_DEG = 20.0
COLUMNS = " size       solver  load s  first s   warm s   expanded     MiB  B/cell  cost"

Costs = npt.NDArray[np.float64]
Cell = tuple[int, int]
Solve = Callable[[], tuple[float, int]]


def fractal_costs(size: int, seed: int) -> Costs:
    """Return (size, size) costs of ground whose amplitude falls with the 1.9th power of the spatial frequency."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    row, col = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    frequency = np.hypot(row, col)
    frequency[0, 0] = math.inf
    heights = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * frequency**-1.9, s=(size, size))
    slope = np.hypot(*np.gradient(heights))
    slope *= math.tan(math.radians(STEEPEST_DEG)) / np.quantile(
        slope, 0.95
    )  # a twentieth of the cells is lethal
    slope_deg = np.degrees(np.arctan(slope))
    return np.where(slope_deg > STEEPEST_DEG, np.inf, 1.0 + (slope_deg / 10.0) ** 2)


def corner_to_corner(cost: Costs) -> tuple[Cell, Cell]:
    """Return the two ends of the longest diagonal within the largest ground that hangs together."""
    from scipy.ndimage import label

    parts, _ = label(np.isfinite(cost))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    cells = np.argwhere(parts == sizes.argmax())
    along = cells.sum(axis=1)
    first, last = cells[along.argmin()], cells[along.argmax()]
    return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))


def measure(solver: str, file: str, start: Cell, goal: Cell) -> str:
    """Return one row of the table."""
    prepare = PREPARE[solver]
    began = time.perf_counter()
    prepare(np.ones((3, 3)), (0, 0), (2, 2))()
    load_s = time.perf_counter() - began
    cost = np.load(file)
    before = resident_bytes()
    solve = prepare(cost, start, goal)
    times = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        cost_s, expanded = solve()
        times.append(time.perf_counter() - began)
    grown = peak_bytes() - before
    return (
        f"{len(cost):>5} {solver:>12} {load_s:>7.2f} {times[0]:>8.3f} {statistics.median(times[1:]):>8.3f} "
        f"{expanded:>10} {grown / 2**20:>7.0f} {grown / cost.size:>7.1f}  {cost_s:.9g}"
    )


def farside(cost: Costs, start: Cell, goal: Cell) -> Solve:
    from rover.planning.astar import GridRoute, search_grid

    def solve() -> tuple[float, int]:
        route = search_grid(cost, start, goal, resolution_m=1.0)
        assert isinstance(route, GridRoute)
        return route.cost_s, route.expanded

    return solve


def scipy_dijkstra(cost: Costs, start: Cell, goal: Cell) -> Solve:
    from scipy.sparse.csgraph import dijkstra

    from sim.testing.kit import grid_graph

    graph = grid_graph(cost, 1.0)
    graph = (graph + graph.T).tocsr()
    source, target = (int(np.ravel_multi_index(cell, cost.shape)) for cell in (start, goal))

    def solve() -> tuple[float, int]:
        distance = dijkstra(graph, indices=np.array(source))
        return float(distance[target]), int(np.isfinite(distance).sum())

    return solve


PREPARE = {"search_grid": farside, "scipy": scipy_dijkstra}


def resident_bytes() -> int:
    """Memory of this process that is resident now; its peak so far where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else peak_bytes()


def peak_bytes() -> int:
    """Greatest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--row", nargs=6, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        solver, file, *ends = asked.row
        row, col, goal_row, goal_col = (int(end) for end in ends)
        print(measure(solver, file, (row, col), (goal_row, goal_col)))
        return
    print(COLUMNS, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in asked.sizes:
            cost = fractal_costs(size, asked.seed)
            file = str(Path(folder) / f"{size}.npy")
            np.save(file, cost)
            ends = [str(i) for cell in corner_to_corner(cost) for i in cell]
            for solver in PREPARE:
                subprocess.run([sys.executable, __file__, "--row", solver, file, *ends], check=True)


if __name__ == "__main__":
    main()
