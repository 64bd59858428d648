"""Any-angle ways on seeded fractal ground, beside the least ways of 8 and of 16 neighbours on the same cells.

    python benchmarks/bench_anyangle.py [--sizes 512 1024] [--seeds 1 2 3] [--turn 0 0.5 1]
    python benchmarks/bench_anyangle.py --headings [--radius 100]

Ground, start and goal are those of `bench_search.py`. `turn` is the time of turning by a radian over that of driving a
cell of the cheapest ground. Costs are line integrals over the least of 8 neighbours; `bends` is the sum of turns in
radians; `s` the time of the second of two calls.

With `--headings` the ground is uniform but for one cheap cell, and every whole degree is gone to `--radius` cells away:
by how much the ways of 8 and of 16 neighbours and the any-angle way are over the straight line, in per cent, the worst
of each sector of 15 deg and of all. Turns cost what driving a cell does per radian.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from search_maps import Cell, Costs, corner_to_corner, fractal_costs, largest_part

COLUMNS = " size seed  turn  of 8 neighbours  of 16  any-angle  bends  of 8  points       s  8 alone s"


def least_of_16(cost: Costs, start: Cell, goal: Cell) -> float:
    """Return the least cost by moves to 16 neighbours, each by its line integral, all cells that it touches free."""
    from sim.testing.graphs import grid_graph

    index = np.arange(cost.size).reshape(cost.shape)
    graphs = [grid_graph(cost, 1.0)]
    for turned in range(4):
        price, place = (np.rot90(a, turned) for a in (cost, index))
        cells = price[:-2, :-1], price[1:-1, :-1], price[1:-1, 1:], price[2:, 1:]
        weight = math.sqrt(5.0) / 4.0 * sum(cells, np.zeros(cells[0].shape))
        open_ = np.isfinite(weight)
        ends = place[:-2, :-1][open_], place[2:, 1:][open_]
        graphs.append(csr_array((weight[open_], ends), shape=(cost.size, cost.size)))
        mirrored = price[:-2, 1:], price[1:-1, 1:], price[1:-1, :-1], price[2:, :-1]
        weight = math.sqrt(5.0) / 4.0 * sum(mirrored, np.zeros(mirrored[0].shape))
        open_ = np.isfinite(weight)
        ends = place[:-2, 1:][open_], place[2:, :-1][open_]
        graphs.append(csr_array((weight[open_], ends), shape=(cost.size, cost.size)))
    graph = graphs[0]
    for other in graphs[1:]:
        graph = graph.maximum(other)  # each move twice, from either end
    source, target = (int(np.ravel_multi_index(cell, cost.shape)) for cell in (start, goal))
    return float(dijkstra(graph, directed=False, indices=np.array(source))[target])


def bends_of(points: Costs) -> float:
    """Return the sum of turns along (n, 2) points, in radians."""
    steps = np.diff(points, axis=0)
    turns = np.abs(np.diff(np.arctan2(steps[:, 0], steps[:, 1])))
    return float(np.minimum(turns, 2.0 * math.pi - turns).sum())


def row(size: int, seed: int, turn: float, cost: Costs, ends: tuple[Cell, Cell], of_16: float) -> str:
    """Return one row of the table."""
    from rover.planning.anyangle import AnyAngleRoute, search_any_angle
    from rover.planning.astar import GridRoute, search_grid

    times = []
    for _ in range(2):
        began = time.perf_counter()
        route = search_any_angle(cost, *ends, resolution_m=1.0, turn_s_per_rad=turn)
        between = time.perf_counter()
        grid = search_grid(cost, *ends, resolution_m=1.0)
        times.append((between - began, time.perf_counter() - between))
    assert isinstance(route, AnyAngleRoute) and isinstance(grid, GridRoute)
    return (
        f"{size:>5} {seed:>4} {turn:>5g} {grid.cost_s:>16.6g} {of_16 / grid.cost_s:>6.4f} "
        f"{route.cost_s / grid.cost_s:>10.4f} {bends_of(route.points):>6.1f} {bends_of(grid.cells):>5.0f} "
        f"{len(route.points):>7} {times[1][0]:>7.2f} {times[1][1]:>10.2f}"
    )


def over_straight(radius: int) -> Iterator[str]:
    """Yield a row for each sector of headings, and one for all."""
    from rover.planning.anyangle import search_any_angle
    from rover.planning.astar import search_grid

    side = 2 * radius + 5
    middle = side // 2
    cost = np.ones((side, side))
    cost[0, 0] = 0.5
    over = np.empty((360, 3))
    for degrees in range(360):
        angle = math.radians(degrees)
        goal = middle + round(radius * math.sin(angle)), middle + round(radius * math.cos(angle))
        straight = math.dist((middle, middle), goal)
        ends = (middle, middle), goal
        ways = [search_grid(cost, *ends, resolution_m=1.0, neighbours=moves) for moves in (8, 16)]
        ways.append(search_any_angle(cost, *ends, resolution_m=1.0, turn_s_per_rad=1.0))
        over[degrees] = [100.0 * (way.cost_s / straight - 1.0) for way in ways]
    yield "      deg  of 8 %  of 16 %  any-angle %"
    for first in range(0, 360, 15):
        yield f"{first:>4}-{first + 14:<4}" + "{:>8.3f} {:>8.3f} {:>12.4f}".format(
            *over[first : first + 15].max(axis=0)
        )
    yield "all      " + "{:>8.3f} {:>8.3f} {:>12.4f}".format(*over.max(axis=0))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--turn", type=float, nargs="+", default=[0.0, 0.5, 1.0])
    parser.add_argument("--headings", action="store_true", help="every heading over uniform ground instead")
    parser.add_argument("--radius", type=int, default=100, help="cells")
    asked = parser.parse_args()
    if asked.headings:
        print(*over_straight(asked.radius), sep="\n")
        return
    print(COLUMNS, flush=True)
    for size in asked.sizes:
        for seed in asked.seeds:
            cost = fractal_costs(size, seed)
            ends = corner_to_corner(largest_part(cost))
            of_16 = least_of_16(cost, *ends)
            for turn in asked.turn:
                print(row(size, seed, turn, cost, ends, of_16), flush=True)


if __name__ == "__main__":
    main()
