"""Time the search of place, time and charge, and Dijkstra on the same thing spread out in time by scipy.

    python benchmarks/bench_traverse.py [--sizes 128 256 500] [--what ample dawn scarce shadow] [--criteria] [--halve]
    python benchmarks/bench_traverse.py --limit 60 [--sizes 500] [--what ample dawn]
    python benchmarks/bench_traverse.py --scipy

The ground is Von Karman by its seed, cells of 2 m, from corner to corner, autonomous, over a lunar day, in bins of an
hour, 32 charge levels. `ample` is Yutu-2 as it is, `dawn` the same with half a charge in the Sun of 10 deg, `scarce`
with a battery of 8 Wh and a third of the array, so that it must wait for charge over and over; `shadow` drives soon
after sunrise, where half of the Sun is in view.
Every row is a process of its own, so that its peak memory is its own: `ready s` is horizon, light and tables, `first s`
the first search (compiling, where the kernel cache is empty), `warm s` the median of the others. The last line under
each are the exponents of warm time and of labels over cells, by least squares in logarithms.

`--criteria` takes each criterion at the largest size, `--limit` each
objective and a front within so many seconds, `--halve` bins of half the length and twice the charge levels.
`--scipy` builds a graph of cells, ticks and charge levels for `scipy.sparse.csgraph` on a small map and compares.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np

CASES = {
    "ample": [],
    "dawn": ["power.initial_soc=0.5"],
    "scarce": ["vehicle.battery_wh=8", "power.initial_soc=0.5", "vehicle.array_area_m2=0.15", "vehicle.wake_array_w=5"],
    "short": ["vehicle.battery_wh=5", "power.initial_soc=0.5", "vehicle.array_area_m2=0.25", "vehicle.wake_array_w=5"],
    "shadow": ["vehicle.wake_array_w=2", "operations.min_drive_sun_elevation_deg=1.0",
               "operations.dormant_sun_elevation_deg=0.5", "vehicle.battery_wh=40"],
}  # fmt: skip

SUNRISE = {
    "dawn": "2019-01-29T20:00:00Z",
    "short": "2019-01-31T06:00:00Z",
    "ample": "2019-01-31T06:00:00Z",
    "scarce": "2019-01-31T06:00:00Z",
    "shadow": "2019-01-28T22:00:00Z",
}

COLUMNS = (
    "  size      what  criterion  ready s  first s   warm s  expanded    labels  arrives h  least %      MiB"
)


def outlook_of(what: str, size: int, step_s: float):  # type: ignore[no-untyped-def]
    """Return a problem made ready, without and with the light."""
    from rover.limits.light import LitLimit
    from rover.limits.mobility import LevelLimit, RollLimit, SlopeLimit, clearance_limit
    from rover.limits.power import ReserveLimit, WakeLimit
    from rover.planning.traverse_setup import outlook
    from rover.terrain.horizon import trace_horizon
    from sim.run.scenario import load_scenario
    from sim.run.setting import prepare

    half = size - 4.0
    settings = [
        f"terrain.size_m={2 * size}", f"start_m=[{-half},{-half}]", f"goal_m=[{half},{half}]",
        f'start_utc="{SUNRISE[what]}"', 'operations.mode="autonomous"', "operations.max_lunar_days=1",
        *CASES[what],
    ]  # fmt: skip
    scenario = load_scenario("first-drive", settings=settings)
    setting = prepare(scenario.model_copy(update={"zones": ()}))
    vehicle, control = setting.vehicle, setting.control
    limits = [
        SlopeLimit(vehicle.slope_limit_rad), RollLimit(vehicle.roll_limit_rad),
        clearance_limit(vehicle, setting.dem.geometry), ReserveLimit(0.3), WakeLimit(vehicle),
        LevelLimit(np.radians(10.0)), control.forecaster.window,
    ]  # fmt: skip
    if what == "shadow":
        limits.append(LitLimit(0.5))
    problem = replace(
        control.problem(),
        horizon=trace_horizon(setting.dem),
        forecaster=control.forecaster,
        limits=tuple(limits),
    )
    return outlook(problem, step_s=step_s)


def worker(what: str, size: int, criterion: str, step_s: float, levels: int, repeats: int) -> str:
    """Time one row."""
    from rover.planning.traverse_ground import Criterion, ground_of
    from rover.planning.traverse_search import run_search

    begun = time.perf_counter()
    ready = outlook_of(what, size, step_s)
    ground = ground_of(ready.around, ready.rules(levels), ready.goal, first=Criterion(criterion))
    ready_s = time.perf_counter() - begun
    times = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        labels = next(iter(run_search(
            ground, ready.start, depart_s=0.0, charge_j=ready.problem.soc * ready.problem.vehicle.battery_j,
            time_limit_s=300.0,
        )))  # fmt: skip
        times.append(time.perf_counter() - begun)
        if times[-1] > 60:
            break
    arrives, least = float("nan"), float("nan")
    if labels.found is not None:
        chain = labels.chain(labels.found)
        arrives = float(labels.search.reals[labels.found, 0]) / 3600
        least = float(min(labels.search.reals[k, 1] for k in chain)) / ready.problem.vehicle.battery_j * 100
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    warm = statistics.median(times[1:] or times)
    return (
        f"{size:6d} {what:>9s} {criterion:>10s} {ready_s:8.2f} {times[0]:8.2f} {warm:8.4f} {labels.expanded:9d} "
        f"{int(labels.search.counts[0]):9d} {arrives:10.3f} {least:8.1f} {peak:8.0f}"
    )


def row(
    what: str, size: int, criterion: str = "time", step_s: float = 3600.0, levels: int = 32, repeats: int = 3
) -> tuple[float, float]:
    """Run a row in a process of its own; return its warm seconds and labels."""
    command = [
        sys.executable,
        __file__,
        "--worker",
        what,
        str(size),
        criterion,
        str(step_s),
        str(levels),
        str(repeats),
    ]
    line = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().splitlines()[-1]
    print(line, flush=True)
    return float(line.split()[5]), float(line.split()[7])


def within(what: str, size: int, limit_s: float) -> None:
    """Ask for each objective, and for the front of arrival and energy, as `farside plan --time-limit` does."""
    from rover.core.errors import TimeLimitError
    from rover.planning.problem import NoPlan
    from rover.planning.traverse import best_traverse, pareto_front
    from rover.planning.traverse_ground import Criterion

    ready = outlook_of(what, size, 3600.0)
    ready = replace(ready, problem=replace(ready.problem, time_limit_s=limit_s), explained=False)
    for asked in (*Criterion, "front"):
        begun, spent = time.perf_counter(), time.process_time()
        try:
            if isinstance(asked, Criterion):
                told = told_of(best_traverse(ready, asked, charge_levels=32))
            else:
                front = pareto_front(ready, Criterion.TIME, Criterion.ENERGY, charge_levels=32)
                told = front.where if isinstance(front, NoPlan) else front_told(front)
        except TimeLimitError as error:
            told = str(error)
        wall, cpu = time.perf_counter() - begun, time.process_time() - spent
        print(
            f"{size:6d} {what:>9s} {asked:>10s} {wall:8.1f} s, {cpu:8.1f} s of processor: {told}", flush=True
        )


def told_of(plan) -> str:  # type: ignore[no-untyped-def]
    """Say what a traverse has of its criterion, and how much better any can be: of the arrival both from departure."""
    from rover.planning.problem import NoPlan

    if isinstance(plan, NoPlan):
        return plan.where
    value = plan.schedule.arrive_s if plan.price is None else plan.price
    if plan.least is None:
        return f"{value:g}, the best"
    return (
        f"{value:g}, none under {plan.least:g}, {100 * abs(value - plan.least) / max(abs(value), 1e-9):.2f} %"
    )


def front_told(front) -> str:  # type: ignore[no-untyped-def]
    """Say how many traverses a front has, and what those have at the least that are missing."""
    if not front.members:
        return f"none yet; at hand {told_of(front.at_hand)}"
    ends = f"{front.members[0][:2]} to {front.members[-1][:2]}"
    return f"{len(front.members)} traverses, {ends}, " + (
        "all" if front.whole else f"none missing under {front.missing}"
    )


def spread_out(cells: int = 24, ticks: int = 240, levels: int = 24) -> None:
    """Compare with Dijkstra over every cell at every tick with every level of charge."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    from rover.planning import label_kernels as named
    from rover.planning.traverse_ground import ground_of
    from rover.planning.traverse_search import run_search

    ready = outlook_of("short", cells, 3600.0)
    ground = ground_of(ready.around, ready.rules(levels), ready.goal)
    capacity, tick_s = float(ground.rules[named.CAPACITY]), 60.0
    begun = time.perf_counter()
    heads, tails = arcs_of(ground, ticks, levels, tick_s)
    count = cells * cells * ticks * levels
    # Every arc takes one tick or more; its length is the ticks, which the numbers of its ends tell.
    weights = (tails // levels % ticks - heads // levels % ticks).astype(np.float64)
    graph = coo_array((weights, (heads, tails)), shape=(count, count)).tocsr()
    built_s = time.perf_counter() - begun
    charge = ready.problem.soc * capacity
    start = ((ready.start[0] * cells + ready.start[1]) * ticks) * levels + int(charge / capacity * levels)
    theirs = []
    for _ in range(5):
        begun = time.perf_counter()
        reached = dijkstra(graph, indices=start).reshape(cells * cells, ticks * levels)[ground.goal]
        theirs.append(time.perf_counter() - begun)
    spread_s = statistics.median(theirs)
    ours = []
    for _ in range(21):
        begun = time.perf_counter()
        labels = next(iter(run_search(ground, ready.start, depart_s=0.0, charge_j=charge)))
        ours.append(time.perf_counter() - begun)
    best = statistics.median(ours[1:])
    print(f"{cells} x {cells} cells, {ticks} ticks of {tick_s:g} s, {levels} levels: {len(heads)} arcs")
    print(
        f"scipy builds {built_s:.2f} s, searches {spread_s:.2f} s, arrives {reached.min() * tick_s / 3600:.3f} h"
    )
    found = float("nan") if labels.found is None else float(labels.search.reals[labels.found, 0]) / 3600
    print(f"ours {best * 1e3:.2f} ms, arrives {found:.3f} h")
    print(f"{spread_s / best:.0f} times as fast, {(built_s + spread_s) / best:.0f} with building")


def arcs_of(ground, ticks: int, levels: int, tick_s: float):  # type: ignore[no-untyped-def]
    """Return heads and tails of all arcs: moves and waiting, times rounded up and charges down."""
    from rover.planning import label_kernels as named
    from rover.planning.drive_kernels import change_on_leg, open_through
    from rover.planning.label_kernels import parked_rate
    from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF

    capacity, cols = float(ground.rules[named.CAPACITY]), ground.cols
    level_j, floor_j = capacity / levels, float(ground.bins[0, named.FLOOR])
    kept = np.arange(levels)
    charge = (kept + 0.5) * level_j
    heads, tails = [], []
    for tick in range(ticks - 1):
        k = int(np.searchsorted(ground.bins[:, named.EDGE], tick * tick_s, side="right")) - 1
        for cell in range(len(ground.haven)):
            rate = parked_rate(
                cell, k, ground.rules[named.CHARGE_W], ground.grades, ground.lit, ground.bins, ground.rules
            )
            steps = [(cell, 1, rate * tick_s)]
            for d in range(8):
                if np.isfinite(ground.legs_s[cell, d]) and open_through(cell, k, tick * tick_s, ground):
                    taken = int(np.ceil(float(ground.legs_s[cell, d]) / tick_s))
                    steps.append(
                        (cell + ROWS_OFF[d] * cols + COLS_OFF[d], taken, change_on_leg(cell, d, k, ground))
                    )
            for to, taken, change in steps:
                if tick + taken >= ticks:
                    continue
                after = np.minimum(charge + change, capacity - 1e-6)
                fits = after >= floor_j
                heads.append(((cell * ticks + tick) * levels + kept)[fits])
                tails.append(
                    ((to * ticks + tick + taken) * levels + (after / level_j).astype(np.int64))[fits]
                )
    return np.concatenate(heads), np.concatenate(tails)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[128, 256, 500])
    parser.add_argument("--what", nargs="*", default=["ample", "dawn", "scarce", "shadow"])
    parser.add_argument("--criteria", action="store_true")
    parser.add_argument("--halve", action="store_true")
    parser.add_argument("--limit", type=float)
    parser.add_argument("--scipy", action="store_true")
    parser.add_argument("--worker", nargs=6)
    asked = parser.parse_args()
    if asked.worker:
        what, size, criterion, step_s, levels, repeats = asked.worker
        print(worker(what, int(size), criterion, float(step_s), int(levels), int(repeats)))
        return
    if asked.scipy:
        spread_out()
        return
    if asked.limit is not None:
        for what in asked.what:
            within(what, asked.sizes[-1], asked.limit)
        return
    print(COLUMNS)
    for what in asked.what:
        if asked.criteria:
            for criterion in ("time", "energy", "charge", "shadow", "clearance", "distance"):
                row(what, asked.sizes[-1], criterion, repeats=1)
            continue
        grown = [row(what, size) for size in asked.sizes]
        if asked.halve:
            row(what, asked.sizes[-1], step_s=1800.0, levels=64)
        if len(grown) > 1:
            time_by, labels_by = np.polyfit(np.log(np.array(asked.sizes) ** 2.0), np.log(grown), 1)[0]
            print(f"time grows as cells to the power {time_by:.2f}, labels to {labels_by:.2f}", flush=True)


if __name__ == "__main__":
    main()
