"""Time routes over huge maps: building a pyramid, and queries whose loss is proven.

    python benchmarks/bench_pyramid.py [--sizes 2048 4096 8192] [--huge] [--landmarks 8] [--pairs 10] [--exact]
    python benchmarks/bench_pyramid.py --stored FOLDER [--pairs 10] [--seed 1]

The ground is that of `bench_search.py`, cost 1 + (slope / 10 deg)^2 s/m, lethal over 20 deg; maps of more than 4096
cells a side are made of parts of that size, each with its own seed. Every size is a process of its own. `build s` is
the pyramid with its landmarks and `query s` the route from corner to corner, the best of three; behind the bar the same
in seconds of processor time, all threads together. `proven` is the loss that is proven, `true` that against an exact
search, where --exact asks for one (17 bytes a cell more). `pairs s` are the median and the longest of random pairs,
beside them the largest loss proven. MiB is the peak over what is resident before the costs are read: costs (float32),
codes and landmarks are in it.

With `--stored` it is a pyramid on disk, as `rover.planning.pyramid_store.write_pyramid` makes one, that is asked: first
between the two landmarks farthest apart, then for random pairs; a row each, with the cells expanded, the proven loss
and the peak memory of the process so far.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from search_maps import fractal_costs
from search_worker import peak_bytes, reset_peak

from rover.planning.astar import GridRoute, search_grid
from rover.planning.pyramid import Pyramid, build_pyramid
from rover.planning.pyramid_query import PyramidRoute
from rover.planning.pyramid_search import search_pyramid
from rover.planning.pyramid_store import open_pyramid

REPEATS = 3
EPSILON = 0.02
HUGE = 16_384
COLUMNS = (
    "  size  landmarks  build s | cpu s  query s | cpu s  proven %  true %   expanded  pairs s (longest)"
    "  proven %  MiB build  MiB query"
)

Cell = tuple[int, int]


def write_costs(path: Path, size: int, seed: int) -> None:
    """Write (size, size) float32 costs: to 4096 of one piece, beyond it of parts of 4096 that each have their seed."""
    part = min(size, 4096)
    cost = np.lib.format.open_memmap(path, "w+", np.float32, (size, size))
    for i in range(0, size, part):
        for j in range(0, size, part):
            made = fractal_costs(part, seed + (i // part) * 1000 + j // part)
            cost[i : i + part, j : j + part] = made[: size - i, : size - j]
    cost.flush()


def random_cells(cost: npt.NDArray[np.float32], count: int, seed: int) -> list[Cell]:
    """Free cells that have four free neighbours."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(16,)))
    found: list[Cell] = []
    while len(found) < count:
        row, col = (int(i) for i in rng.integers(1, len(cost) - 1, size=2))
        if np.isfinite(cost[row - 1 : row + 2, col - 1 : col + 2]).all():
            found.append((row, col))
    return found


def corner(cost: npt.NDArray[np.float32], side: int) -> Cell:
    """A cell with free ground about it, nearest to the first (0) or last (1) corner along the diagonal."""
    for k in range(1, len(cost) - 1):
        at = k if side == 0 else len(cost) - 1 - k
        if np.isfinite(cost[at - 1 : at + 2, at - 1 : at + 2]).all():
            return at, at
    raise SystemExit("no free ground on the diagonal")


def measure(file: str, landmarks: int, pairs: int, *, exact: bool) -> str:
    """Return one row of the table."""
    tiny = build_pyramid(np.ones((64, 64), np.float32), resolution_m=1.0)
    search_pyramid(tiny, (0, 0), (63, 63))
    before = reset_peak()
    cost = np.load(file)
    began, cpu_began = time.perf_counter(), time.process_time()
    pyramid = build_pyramid(cost, resolution_m=1.0, landmarks=landmarks)
    build_s, build_cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    build_peak = peak_bytes() - before
    start, goal = corner(cost, 0), corner(cost, 1)
    times = []
    for _ in range(REPEATS):
        began, cpu_began = time.perf_counter(), time.process_time()
        route = search_pyramid(pyramid, start, goal, epsilon=EPSILON)
        times.append((time.perf_counter() - began, time.process_time() - cpu_began))
    assert isinstance(route, PyramidRoute)
    pair_s, losses = [], []
    cells = random_cells(cost, 2 * pairs, 1)
    for one, other in zip(cells[::2], cells[1::2], strict=True):
        began = time.perf_counter()
        found = search_pyramid(pyramid, one, other, epsilon=EPSILON)
        pair_s.append(time.perf_counter() - began)
        losses.append(found.bound - 1 if isinstance(found, PyramidRoute) else 0.0)
    peak = peak_bytes() - before
    true = "     -"
    if exact:
        least = search_grid(cost, start, goal, resolution_m=1.0)
        assert isinstance(least, GridRoute)
        true = f"{100 * (route.cost_s / least.cost_s - 1):>6.3f}"
    query_s, query_cpu_s = (min(column) for column in zip(*times, strict=True))
    shown = f"{statistics.median(pair_s):>7.3f} ({max(pair_s):.3f})" if pairs else "-"
    return (
        f"{len(cost):>6} {landmarks:>10} {build_s:>8.2f} | {build_cpu_s:>5.1f} {query_s:>8.3f} | {query_cpu_s:>5.2f}"
        f" {100 * (route.bound - 1):>9.3f} {true} {route.expanded:>11} {shown:>18} {100 * max(losses, default=0):>9.3f}"
        f" {build_peak / 2**20:>10.0f} {peak / 2**20:>10.0f}"
    )


def measure_stored(folder: Path, pairs: int, seed: int) -> Iterator[str]:
    """Yield a row for each query of a pyramid on disk."""
    began = time.perf_counter()
    pyramid = open_pyramid(folder)
    yield f"opened in {time.perf_counter() - began:.2f} s, {pyramid.shape[0]} x {pyramid.shape[1]} cells"
    yield f"{'start':>14} {'goal':>14} {'query s':>8} {'cpu s':>7} {'expanded':>11} {'proven %':>9} {'MiB':>6}"
    assert pyramid.landmarks is not None
    cells = pyramid.landmarks.cells
    apart = np.abs(cells[:, None] - cells[None, :]).sum(axis=2)
    asked = [tuple(tuple(int(i) for i in cells[k]) for k in divmod(int(apart.argmax()), len(cells)))]
    asked += stored_pairs(pyramid, pairs, seed)
    for start, goal in asked:
        began, cpu_began = time.perf_counter(), time.process_time()
        route = search_pyramid(pyramid, start, goal, epsilon=EPSILON)
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
        proven = f"{100 * (route.bound - 1):.3f}" if isinstance(route, PyramidRoute) else "no way"
        yield (
            f"{start!s:>14} {goal!s:>14} {seconds:>8.2f} {cpu_s:>7.2f} {route.expanded:>11} {proven:>9} "
            f"{peak_bytes() / 2**20:>6.0f}"
        )


def stored_pairs(pyramid: Pyramid, count: int, seed: int) -> list[tuple[Cell, Cell]]:
    """Pairs of cells that hang together with the landmarks."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(16,)))
    rows, cols = pyramid.shape
    joined: list[Cell] = []
    while len(joined) < 2 * count:
        cell = int(rng.integers(rows)), int(rng.integers(cols))
        if pyramid.landmarks is None or pyramid.landmarks.reach(pyramid.coded.node(cell)):
            joined.append(cell)
    return list(zip(joined[::2], joined[1::2], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[2048, 4096, 8192])
    parser.add_argument("--huge", action="store_true", help=f"{HUGE} cells a side as well")
    parser.add_argument("--landmarks", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--exact", action="store_true", help="search exactly as well, for the true loss")
    parser.add_argument("--stored", type=Path, metavar="FOLDER", help="ask a pyramid on disk instead")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.stored:
        for line in measure_stored(asked.stored, asked.pairs, asked.seed):
            print(line, flush=True)
        return
    if asked.row:
        print(measure(asked.row, asked.landmarks, asked.pairs, exact=asked.exact))
        return
    print(COLUMNS, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in [*asked.sizes, *([HUGE] if asked.huge else [])]:
            file = Path(folder) / f"{size}.npy"
            write_costs(file, size, asked.seed)
            command = [sys.executable, __file__, "--row", str(file)]
            command += ["--landmarks", str(asked.landmarks), "--pairs", str(asked.pairs)]
            subprocess.run(command + ["--exact"] * asked.exact, check=True)
            file.unlink()


if __name__ == "__main__":
    main()
