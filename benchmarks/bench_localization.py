"""Drive 100 m with real senses over seeds, and hold the place believed against the true one.

    python benchmarks/bench_localization.py [--seeds 1,2,3] [--length 100] [--commands 400] [--driver path] [--both]
        [--csv FILE] [--from CSV]

Seeded relief of Von Karman on a plane of 0, 3, 7 or 10 deg (seed modulo 4) that leans as the seed has it, the goal
`--length` metres away in a direction of the seed's, an afternoon Sun of 23 deg. The rover is told its start with an
error, slips and slides by the wheels' law, and has a map with the error of one measured from orbit; its drives end when
its wheels have rolled as far as it thinks they need.

A row per drive; with `--both` for each of two filters on the same senses, with and without matching of the local map
to the orbital one (the second does not steer): `error m` at the end, and that over the way driven in `drift %`;
`from start %` leaves out the error of the start, which is told and not driven; `sigma m` what the rover says of it;
`in 3 sigma` the share of observations at which the squared error over its covariance is less than 11.83, as much as
lies within three sigma of one dimension; `nees` its mean, 2 if the covariance is as it should be. `goal m` is how far
from the goal the rover really stands at the end. `--commands` ends a drive that does not get there. The last lines are
of all drives: shares of observations and of drives' ends within 3 sigma with Wilson's intervals of 95 % (of ends:
observations of one drive go together), drift and goal. `--from` makes these lines of a file made earlier.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rover.core.grid import Dem
from rover.io.raster import write_dem
from rover.onboard import perception
from rover.onboard.perception import PerceptionState, init_perception, perceive
from sim.run import closed_loop_mind
from sim.run.closed_loop import run_scenario
from sim.run.scenario import Scenario, scenario_from_table
from sim.run.scenario_ground import orbital_dem
from sim.sensors.suite import SensorSuite

SEEDS = tuple(range(1, 41))
SLOPES_DEG = (0.0, 3.0, 7.0, 10.0)
FILTERS = ("matched", "unmatched")
DRIVE = ("seed", "slope deg", "outcome", "driven m", "goal m", "observations")
FIGURES = ("error m", "from start %", "drift %", "sigma m", "in 3 sigma", "nees", "matches")
COLUMNS = (*DRIVE, *(f"{name} {what}" for what in FILTERS for name in FIGURES), "perceive ms", "wall s")
WITHIN = 11.83
"""Chi-square of two dimensions that as much lies within as within three sigma of one: 99.73 %."""

Row = dict[str, Any]


def scenario(seed: int, length_m: float, driver: str, folder: Path) -> Scenario:
    """Return a drive of that length."""
    heading = np.random.default_rng(seed).uniform(-math.pi, math.pi)
    table = {
        "format": 1,
        "seed": seed,
        "start_utc": "2019-01-11T02:00:00Z",
        "start_m": [0.0, 0.0],
        "goal_m": [round(length_m * math.cos(heading), 1), round(length_m * math.sin(heading), 1)],
        "senses": "real",
        "driver": driver,
        "site": {"name": "von-karman", "latitude_deg": -45.4446, "longitude_deg": 177.5991},
        "terrain": {"size_m": 2.0 * math.ceil(length_m + 60.0), "world_resolution_m": 0.1},
        "operations": {"mode": "autonomous"},
    }
    path = folder / f"seed-{seed}.npz"
    write_dem(leaning(orbital_dem(scenario_from_table(table, file="flat")), seed), path)
    table["terrain"] = {"dem": str(path), "world_resolution_m": 0.1}
    return scenario_from_table(table, file=f"seed {seed}")


def leaning(dem: Dem, seed: int) -> Dem:
    """Return relief on a plane that leans as the seed has it."""
    g, grade = dem.geometry, math.tan(math.radians(SLOPES_DEG[seed % 4]))
    aspect = np.random.default_rng([seed, 77]).uniform(0, 2 * math.pi)
    east = g.east_m + g.resolution_m * np.arange(g.cols)
    north = g.north_m + g.resolution_m * np.arange(g.rows)
    rise = grade * (math.cos(aspect) * east[None, :] + math.sin(aspect) * north[:, None])
    height = (dem.elevation_m + rise).astype(np.float32)
    return Dem(geometry=g, elevation_m=height, datum_m=dem.datum_m, source="leaning")


@dataclass
class Watch:
    """What was believed at each observation, by both filters, and what was true.

    Attributes:
        truth: East and north.
        places, covariances: By filter: (2,) and (2, 2).
        matches: By filter, so far.
        took: Seconds for each observation, of the filter that steers.
    """

    truth: list[tuple[float, float]] = field(default_factory=list)
    places: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {f: [] for f in FILTERS})
    covariances: dict[str, list[np.ndarray]] = field(default_factory=lambda: {f: [] for f in FILTERS})
    matches: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FILTERS, 0))
    took: list[float] = field(default_factory=list)

    def note(self, name: str, state: PerceptionState) -> None:
        self.places[name].append(state.located.place_m[:2])
        self.covariances[name].append(np.array(state.located.covariance[:2, :2]))
        self.matches[name] = state.matches

    def figures(self, name: str, driven_m: float) -> Row:
        """Return the figures of a filter."""
        error = np.array(self.truth) - np.array(self.places[name])
        squared = np.einsum("ni,nij,nj->n", error, np.linalg.inv(np.array(self.covariances[name])), error)
        sigma = math.sqrt(float(np.linalg.eigvalsh(self.covariances[name][-1])[-1]))
        end, grown = float(np.hypot(*error[-1])), float(np.hypot(*(error[-1] - error[0])))
        driven_m = max(driven_m, 1.0)
        found = (
            round(end, 3), round(100 * grown / driven_m, 3), round(100 * end / driven_m, 3), round(sigma, 3),
            round(float((squared < WITHIN).mean()), 4), round(float(squared.mean()), 2), self.matches[name],
        )  # fmt: skip
        return dict(zip((f"{figure} {name}" for figure in FIGURES), found, strict=True))


@contextmanager
def watched(both: bool) -> Iterator[Watch]:
    """Have every observation noted; of both, a second filter runs on the same senses without the orbital map."""
    watch, other = Watch(), dict[str, Any]()
    observe, init = SensorSuite.observe, init_perception

    def observed(self: SensorSuite, **told: Any) -> Any:
        other["truth"] = told["east_m"], told["north_m"]
        return observe(self, **told)

    def begun(params: Any, **told: Any) -> PerceptionState:
        blind = np.full(params.orbital.elevation_m.shape, np.nan, np.float32)
        other["params"] = replace(params, orbital=replace(params.orbital, elevation_m=blind))
        state = init(params, **told)
        other["state"] = state
        return state

    def noted(state: PerceptionState, seen: Any, command: Any, params: Any) -> Any:
        begin = time.perf_counter()
        answer = perceive(state, seen, command, params)
        watch.took.append(time.perf_counter() - begin)
        watch.truth.append(other["truth"])
        watch.note("matched", answer[0])
        if both:
            other["state"], _ = perceive(other["state"], seen, command, other["params"])
            watch.note("unmatched", other["state"])
        return answer

    homes = (perception, closed_loop_mind)
    SensorSuite.observe = observed  # type: ignore[method-assign]
    for home in homes:
        home.perceive, home.init_perception = noted, begun  # type: ignore[attr-defined]
    try:
        yield watch
    finally:
        SensorSuite.observe = observe  # type: ignore[method-assign]
        for home in homes:
            home.perceive, home.init_perception = perceive, init  # type: ignore[attr-defined]


def drive(seed: int, options: argparse.Namespace, folder: Path) -> Row | None:
    """Return one row of the table; None where there is no way on the map."""
    count, begun = 0, time.perf_counter()

    def stop() -> bool:
        nonlocal count
        count += 1
        return count > options.commands

    with watched(options.both) as watch:
        log = run_scenario(scenario(seed, options.length, options.driver, folder), stop=stop)
    told = log.telemetry
    if len(told["distance_m"]) == 0:
        return None
    driven = float(told["distance_m"][-1])
    away = math.dist(log.goal_m, (told["east_m"][-1], told["north_m"][-1]))
    row: Row = dict(
        zip(
            DRIVE,
            (
                seed,
                SLOPES_DEG[seed % 4],
                log.outcome.value,
                round(driven, 1),
                round(away, 3),
                len(watch.truth),
            ),
            strict=True,
        )
    )
    for name in FILTERS[: 2 if options.both else 1]:
        row |= watch.figures(name, driven)
    row["perceive ms"] = round(1e3 * float(np.median(watch.took)), 1)
    row["wall s"] = round(time.perf_counter() - begun, 1)
    return row


def wilson(successes: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the score interval of a rate (Wilson 1927)."""
    rate, square = successes / count, z * z / count
    middle = (rate + square / 2) / (1 + square)
    half = z * math.sqrt(rate * (1 - rate) / count + square / count / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def summary(rows: list[Row]) -> Iterator[str]:
    """Yield the figures of all drives."""
    there = [row for row in rows if row["outcome"] == "arrived"]
    yield f"drives {len(rows)}, at the goal {len(there)}"
    for name in FILTERS:
        rows = [row for row in rows if row.get(f"nees {name}") not in (None, "")]
        if not rows:
            continue
        within = np.array([float(row[f"in 3 sigma {name}"]) for row in rows])
        count = np.array([int(row["observations"]) for row in rows])
        worst = int(within.argmin())
        ends = sum(float(row[f"error m {name}"]) < 3.0 * float(row[f"sigma m {name}"]) for row in rows)
        drift = np.array([float(row[f"from start % {name}"]) for row in rows])
        nees = np.array([float(row[f"nees {name}"]) for row in rows])
        low, high = wilson(ends, len(rows))
        yield (
            f"{name}: within 3 sigma {100 * (within * count).sum() / count.sum():.2f} % of {count.sum()} observations, "
            f"{100 * within.mean():.2f} % in the mean of drives, {100 * within[worst]:.2f} % in the worst, seed "
            f"{rows[worst]['seed']}; drives ending within 3 sigma {ends} of "
            f"{len(rows)} ({100 * low:.1f} to {100 * high:.1f} %); nees {nees.mean():.2f}; drift % of way mean "
            f"{drift.mean():.2f}, median {np.median(drift):.2f}, worst {drift.max():.2f}"
        )
    away = np.array([float(row["goal m"]) for row in there])
    if len(away):
        yield (
            f"at the goal: median {np.median(away):.2f} m, 95 % {np.percentile(away, 95):.2f}, worst {away.max():.2f}; "
            f"within 0.5 m {int((away <= 0.5).sum())} of {len(away)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--length", type=float, default=100.0)
    parser.add_argument("--commands", type=int, default=400)
    parser.add_argument("--both", action="store_true")
    parser.add_argument("--driver", choices=("path", "arcs"), default="path")
    parser.add_argument("--csv", default=None)
    parser.add_argument("--from", dest="made", default=None)
    options = parser.parse_args()
    if options.made:
        with open(options.made, newline="", encoding="utf-8") as file:
            print("\n".join(summary(list(csv.DictReader(file)))))
        return
    rows: list[Row] = []
    print(" ".join(COLUMNS))
    with tempfile.TemporaryDirectory() as folder:
        for seed in map(int, options.seeds.split(",")):
            row = drive(seed, options, Path(folder))
            if row is None:
                print(f"{seed:>8d}  no plan on the map", flush=True)
                continue
            rows.append(row)
            print(" ".join(f"{rows[-1].get(name, '')!s:>8s}" for name in COLUMNS), flush=True)
            if options.csv:
                with open(options.csv, "w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, COLUMNS)
                    writer.writeheader()
                    writer.writerows(rows)
    if rows:
        print("\n".join(summary(rows)))


if __name__ == "__main__":
    sys.exit(main())
