"""Drive 60 m over benign ground under faults, seed by seed, and follow each rover through the night after it.

    python benchmarks/bench_faults.py [--seeds 1000] [--first-seed 1] [--rate 10] [--protection on|off]
        [--driver path|arcs] [--senses perfect|real] [--length 60] [--out FOLDER] [--seconds 300] [--commands 8000]

The ground is `hazard_fields`' with rocks on 1 % and a slope of up to 10 deg, drawn by the seed; the faults are those of
the table `nominal`, calibrated to Curiosity, at `--rate` times their rate. A rover that has arrived or stopped is
followed until its next morning. One that is lost is put before an oracle: from the instant of each fault on, the last
first, with everything known, does it live that stays and sleeps, or drives to the nearest haven and sleeps? If so it
was lost that could be saved; where it lives from before some fault only, that is told apart. Lost is a rover whose
battery runs empty, whose body freezes or overheats, or whose wheels end dug in by two thirds of their radius in the
mean, as Spirit's did. Rates come with Wilson's interval of 95 %.

`--out` has a row per seed in `faults.csv`, written as it ends: what is broken off goes on with the seeds that are not
in it yet, and `options.json` refuses to mix drives of other kinds. The figures are those of all seeds asked for.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench_hazard_fields import wilson
from hazard_fields import WORLD_CELL_M, ends_on, scenario_of, write_field

from sim.run.closed_loop import run_scenario
from sim.run.closed_loop_parties import faults_of, monitor_of, world_and_senses
from sim.run.injection import FaultInstant
from sim.run.oracle import way_out
from sim.run.runlog import Outcome, RunLog
from sim.run.scenario import Scenario
from sim.run.setting import energy_params, prepare

CFA_PERCENT, STEEPEST_DEG = 1.0, 10.0
ROCKS_FROM_M = 0.05
"""Rocks so wide and wider cover that share."""

DUG_IN_RADII = 2.0 / 3.0

LUNAR_DAYS = 3.0
"""Latest arrival: a drive of sixty metres takes hours; nights between are allowed for, and faults drawn until then."""

EMBEDDED = "embedded"
TOO_LATE = " but not from "
LOST = (Outcome.LOST.value, EMBEDDED)

COLUMNS = (
    "seed",
    "slope_deg",
    "outcome",
    "reason",
    "faults",
    "responses",
    "driven_m",
    "violations",
    "saved_by",
    "wall_s",
)

Row = dict[str, Any]
Place = tuple[float, float]


def scenario(folder: Path, seed: int, options: argparse.Namespace) -> tuple[Scenario, float]:
    """Return the scenario of a seed, and the slope of its ground."""
    slope = float(
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(79,))).uniform(0, STEEPEST_DEG)
    )
    slope = round(slope, 1)
    dem, site = write_field(
        folder, cfa_percent=CFA_PERCENT, slope_deg=slope, seed=seed, counted_from_m=ROCKS_FROM_M
    )
    start, goal = _ends(dem, site, seed, options)
    cell_m = WORLD_CELL_M if options.senses == "real" else 0.1
    made = scenario_of(
        dem, site, seed=seed, start_m=start, goal_m=goal, driver=options.driver, senses=options.senses,
        terrain={"dem": str(dem), "world_resolution_m": cell_m},
        operations={
            "mode": "autonomous", "goal_tolerance_m": options.tolerance, "max_lunar_days": LUNAR_DAYS
        },
        faults={
            "table": "nominal", "rate_factor": float(options.rate), "protection": options.protection == "on"
        },
    )  # fmt: skip
    return made, slope


def _ends(dem: Path, site: Path, seed: int, options: argparse.Namespace) -> tuple[Place, Place]:
    """Return start and goal, which take as long to find as all the driving: looked up where they are known."""
    known: dict[str, Any] = {}
    if options.ends is not None and options.ends.exists():
        lines = map(json.loads, options.ends.read_text(encoding="utf-8").splitlines())
        known = {line["of"]: line["ends"] for line in lines}
    of = f"{dem.stem}, {options.length:g} m"
    if of not in known:
        known[of] = ends_on(dem, site, seed=seed, half_m=options.length / 2)
        if options.ends is not None:
            with options.ends.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"of": of, "ends": known[of]}) + "\n")
    start, goal = known[of]
    return tuple(start), tuple(goal)


def drive(folder: Path, seed: int, options: argparse.Namespace) -> Row:
    """Drive one seed, and ask the oracle where it is lost."""
    made, slope = scenario(folder, seed, options)
    begun, commands = time.perf_counter(), 0
    trace: list[FaultInstant] = []

    def stop() -> bool:
        nonlocal commands
        commands += 1
        return commands > options.commands or time.perf_counter() - begun > options.seconds

    log = run_scenario(made, stop=stop, rests=True, trace=trace)
    outcome = outcome_of(made, log)
    saved = saved_by(made, log, trace) if outcome in LOST else ""
    return {
        "seed": seed,
        "slope_deg": slope,
        "outcome": outcome,
        "reason": log.reason,
        "faults": log.summary["faults"],
        "responses": sum(event.name == "response" for event in log.events),
        "driven_m": round(float(log.summary["distance_m"]), 1),
        "violations": "; ".join(sorted({violation.rule for violation in log.violations})),
        "saved_by": saved,
        "wall_s": round(time.perf_counter() - begun, 1),
    }


def outcome_of(made: Scenario, log: RunLog) -> str:
    """Return how a run ended, `embedded` where the wheels have dug themselves in."""
    sunk_m = float(log.telemetry["sinkage_m"][-1]) if len(log.telemetry["sinkage_m"]) else 0.0
    deep_m = made.read_vehicle().params.wheel_radius_m * DUG_IN_RADII
    return EMBEDDED if log.outcome is not Outcome.ARRIVED and sunk_m >= deep_m else log.outcome.value


def saved_by(made: Scenario, log: RunLog, trace: Sequence[FaultInstant]) -> str:
    """Return what would have saved a rover that was lost, from the last fault on from which anything does.

    Where from a later one nothing does, that is told as well: with a fault to come known, a rover can be saved that
    cannot from its instant.
    """
    setting, energy = prepare(made), energy_params(made)
    world, _ = world_and_senses(setting, energy, monitor_of(setting, energy))
    told = log.telemetry
    too_late = ""
    for instant in reversed(trace):
        before = told["time_s"] <= instant.state.time_s
        tilt = np.hypot(told["pitch_rad"], told["roll_rad"])
        columns = (told["east_m"][before], told["north_m"][before], tilt[before])
        track = list(zip(*(column.tolist() for column in columns), strict=True))
        way = way_out(
            world,
            setting.vehicle,
            faults_of(setting),
            instant,
            track=track,
            haven_tilt_rad=math.radians(made.limits.haven_tilt_deg),
        )
        if way is not None:
            return f"from {instant.state.time_s:.0f} s{too_late}: {way}"
        too_late = f"{TOO_LATE}{instant.state.time_s:.0f} s"
    return ""


def tell(rows: Sequence[Row]) -> None:
    """Print the figures of all seeds."""
    count = len(rows)
    for outcome, number in Counter(row["outcome"] for row in rows).most_common():
        print(f"{outcome:14s} {number:5d}  {_rate(number, count)}")
    lost = [row for row in rows if row["outcome"] in LOST]
    savable = [row["seed"] for row in lost if row["saved_by"] and TOO_LATE not in row["saved_by"]]
    foreseen = [row["seed"] for row in lost if TOO_LATE in row["saved_by"]]
    print(
        f"lost that could be saved from each fault's instant: {len(savable)} of {len(lost)} lost  "
        f"{_rate(len(savable), count)}  {savable}; from before some fault only: {foreseen}"
    )
    broken = [row for row in rows if row["violations"]]
    rules = Counter(rule for row in broken for rule in row["violations"].split("; "))
    print(f"rules broken in {len(broken)} of {count}: {dict(rules)}")
    for reason, number in Counter(row["reason"] for row in rows if row["outcome"] != "arrived").most_common():
        print(f"  {number:4d} {reason}")
    faults, way = sum(row["faults"] for row in rows), sum(row["driven_m"] for row in rows)
    print(f"{faults} faults, {sum(row['responses'] for row in rows)} responses over {way / 1000:.2f} km")
    walls = sorted(row["wall_s"] for row in rows)
    print(
        f"seeds {rows[0]['seed']} to {rows[-1]['seed']}, {np.mean(walls):.1f} s each (median {np.median(walls):.1f})"
    )


def _rate(number: int, count: int) -> str:
    low, high = wilson(number, count)
    return f"{100 * number / count:5.1f} % ({100 * low:.1f} to {100 * high:.1f})"


class Table:
    """The rows of seeds, in a file where one is asked for."""

    def __init__(self, folder: Path | None, kind: Row) -> None:
        self._path = None if folder is None else folder / "faults.csv"
        self.rows: dict[int, Row] = {}
        if folder is None or self._path is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        options = folder / "options.json"
        if options.exists() and json.loads(options.read_text(encoding="utf-8")) != kind:
            raise SystemExit(f"{options}: its rows are of other drives than {kind}; give another --out")
        options.write_text(json.dumps(kind), encoding="utf-8")
        if self._path.exists():
            with self._path.open(newline="", encoding="utf-8") as file:
                self.rows = {int(row["seed"]): _read(row) for row in csv.DictReader(file)}

    def add(self, row: Row) -> None:
        """Take in a row, and write it at once."""
        self.rows[row["seed"]] = row
        if self._path is None:
            return
        fresh = not self._path.exists()
        with self._path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            if fresh:
                writer.writeheader()
            writer.writerow(row)


def _read(row: Row) -> Row:
    whole, real = ("seed", "faults", "responses"), ("slope_deg", "driven_m", "wall_s")
    return {k: int(v) if k in whole else float(v) if k in real else v for k, v in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--protection", choices=("on", "off"), default="on")
    parser.add_argument("--driver", choices=("path", "arcs"), default="path")
    parser.add_argument("--senses", choices=("perfect", "real"), default="perfect")
    parser.add_argument("--length", type=float, default=60.0)
    parser.add_argument(
        "--tolerance", type=float, default=2.0, help="m; so near to a goal found closed is as good"
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--ends", type=Path, help="file of starts and goals found, for drives of the same seeds"
    )
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--commands", type=int, default=8000)
    options = parser.parse_args()
    kind = {
        name: getattr(options, name)
        for name in ("rate", "protection", "driver", "senses", "length", "tolerance")
    }
    table, asked = Table(options.out, kind), range(options.first_seed, options.first_seed + options.seeds)
    for seed in asked:
        if seed in table.rows:
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = drive(Path(folder), seed, options)
        table.add(row)
        print(" ".join(f"{row[key]}" for key in ("seed", "outcome", "faults", "driven_m", "wall_s")),
              *(row[key] for key in ("violations", "saved_by", "reason")), flush=True)  # fmt: skip
    tell([table.rows[seed] for seed in asked])


if __name__ == "__main__":
    main()
