"""Drive 100 m with real senses over seeds, and hold the place believed against the true one.

    python benchmarks/bench_localization.py [--seeds 1,2,3] [--length 100] [--csv FILE]

Seeded ground of Von Karman, the goal `--length` metres away in a direction of the seed's, a morning Sun of 35 deg.
`drift %` is the error at the end over the way driven, `sigma m` what the rover says of it, `in 3 sigma` the share of
stops at which the squared error over its covariance is less than that of three sigma in two dimensions (11.83), `nees`
its mean, 2 if the covariance is as it should be. `goal m` is how far from the goal the rover really stands at the end.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time

import numpy as np

from sim.run import closed_loop_mind
from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import Scenario, scenario_from_table

SEEDS = tuple(range(1, 21))
COLUMNS = (
    "seed", "outcome", "driven m", "error m", "drift %", "sigma m", "in 3 sigma", "nees", "goal m", "perceive ms",
)  # fmt: skip
WITHIN = 11.83
"""Chi-square of two dimensions that as much lies within as within three sigma of one: 99.73 %."""


def scenario(seed: int, length_m: float) -> Scenario:
    """Return a drive of that length."""
    heading = np.random.default_rng(seed).uniform(-math.pi, math.pi)
    goal = [round(length_m * math.cos(heading), 1), round(length_m * math.sin(heading), 1)]
    return scenario_from_table(
        {
            "format": 1,
            "seed": seed,
            "start_utc": "2019-01-11T02:00:00Z",
            "start_m": [0.0, 0.0],
            "goal_m": goal,
            "senses": "real",
            "site": {"name": "von-karman", "latitude_deg": -45.4446, "longitude_deg": 177.5991},
            "terrain": {"size_m": 2.0 * math.ceil(length_m + 60.0), "world_resolution_m": 0.1},
            "operations": {"mode": "autonomous"},
        },
        file=f"seed {seed}",
    )


def drive(seed: int, length_m: float) -> tuple[object, ...]:
    """Return one row of the table."""
    covariances: list[np.ndarray] = []
    took: list[float] = []
    perceive = closed_loop_mind.perceive

    def noted(state, seen, command, params):  # type: ignore[no-untyped-def]
        begun = time.perf_counter()
        answer = perceive(state, seen, command, params)
        took.append(time.perf_counter() - begun)
        covariances.append(np.array(answer[0].located.covariance[:2, :2]))
        return answer

    closed_loop_mind.perceive = noted
    try:
        log = run_scenario(scenario(seed, length_m))
    finally:
        closed_loop_mind.perceive = perceive
    return row(seed, log, np.array(covariances), took)


def row(seed: int, log: RunLog, covariances: np.ndarray, took: list[float]) -> tuple[object, ...]:
    told = log.telemetry
    error = np.column_stack(
        [told["east_m"] - told["believed_east_m"], told["north_m"] - told["believed_north_m"]]
    )
    squared = np.einsum("ni,nij,nj->n", error, np.linalg.inv(covariances), error)
    end, driven = float(np.hypot(*error[-1])), float(told["distance_m"][-1])
    away = math.dist(log.goal_m, (told["east_m"][-1], told["north_m"][-1]))
    return (
        seed, log.outcome.value, round(driven, 1), round(end, 3), round(100 * end / driven, 2),
        round(float(told["believed_sigma_m"][-1]), 3), round(float((squared < WITHIN).mean()), 4),
        round(float(squared.mean()), 2), round(away, 3), round(1e3 * float(np.median(took)), 1),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--length", type=float, default=100.0)
    parser.add_argument("--csv", default=None)
    options = parser.parse_args()
    rows = []
    print("".join(f"{name:>13s}" for name in COLUMNS))
    for seed in map(int, options.seeds.split(",")):
        rows.append(drive(seed, options.length))
        print("".join(f"{value!s:>13s}" for value in rows[-1]), flush=True)
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    sys.exit(main())
