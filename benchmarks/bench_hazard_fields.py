"""Drive 40 m over boulder fields that the orbital map does not show, by the local planner's arcs.

    python benchmarks/bench_hazard_fields.py [--cfa 0 2 5 7 10 15 20] [--slope 0 5 10 15] [--seeds 20] [--first-seed 1]
        [--senses perfect] [--out FOLDER] [--seconds 120] [--commands 600]

Each cell is one cumulative fractional area of rocks and one slope; each of its drives one seed, `--first-seed` and up.
`fields.csv` has a row per drive, `cells.csv` one per cell with the seeds; `fields.png` shows success, inefficiency,
overthink rate and clearance checks per cycle. Success is the goal reached with no rule of the monitor broken, in
`--commands` commands and `--seconds` of processor time; its interval is Wilson's of 95 %. Inefficiency is the way
driven over the way planned on the orbital map, as Perseverance's at Snowdrift Peak (520 m planned, 759 m driven: 1.46),
the mean over drives that succeed; `over_straight` is the way driven over the straight one. Drives that `fields.csv`
holds already are not driven again: what was interrupted goes on by the same command. Overthink is the share of choices
that take more than 275 candidates; checks are candidates held to clearance evaluation per choice.
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hazard_fields import WORLD_CELL_M, ends_on, scenario_of, write_field

from sim.run.closed_loop import run_scenario
from sim.run.runlog import Outcome, RunLog

ROW = (
    "cfa_percent",
    "slope_deg",
    "seed",
    "outcome",
    "success",
    "reason",
    "straight_m",
    "planned_m",
    "driven_m",
    "inefficiency",
    "over_straight",
)
COUNTS = ("replans", "cycles", "checks_mean", "checks_most", "overthink", "violations", "commands", "cpu_s")
CELL = (
    "cfa_percent",
    "slope_deg",
    "drives",
    "successes",
    "rate",
    "low",
    "high",
    "inefficiency",
    "checks",
    "overthink",
)

Row = dict[str, Any]


def wilson(successes: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the score interval of a rate (Wilson 1927)."""
    if count == 0:
        return 0.0, 1.0
    rate, square = successes / count, z * z / count
    middle = (rate + square / 2) / (1 + square)
    half = z * math.sqrt(rate * (1 - rate) / count + square / count / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def drive(folder: Path, cfa: float, slope: float, seed: int, options: argparse.Namespace) -> Row:
    """Drive one field."""
    dem, site = write_field(folder, cfa_percent=cfa, slope_deg=slope, seed=seed)
    start, goal = ends_on(dem, site, seed=seed)
    terrain = {"dem": str(dem), "world_resolution_m": WORLD_CELL_M}
    given = {"start_m": start, "goal_m": goal, "senses": options.senses, "terrain": terrain}
    scenario = scenario_of(dem, site, seed=seed, **given)
    begun, commands = time.process_time(), 0

    def stop() -> bool:
        nonlocal commands
        commands += 1
        return commands > options.commands or time.process_time() - begun > options.seconds

    log = run_scenario(scenario, stop=stop)
    return row_of(log, cfa, slope, seed, math.dist(start, goal), commands, time.process_time() - begun)


def row_of(
    log: RunLog, cfa: float, slope: float, seed: int, straight_m: float, commands: int, cpu_s: float
) -> Row:
    """Return the figures of a drive."""
    planner = log.summary["local_planner"] or {}
    arrived = log.outcome is Outcome.ARRIVED and not log.violations
    driven = float(log.summary["distance_m"]) if len(log.telemetry["time_s"]) else 0.0
    planned = float(np.hypot(*np.diff(log.planned_m, axis=0).T).sum()) if len(log.planned_m) > 1 else math.nan
    return {
        "cfa_percent": cfa,
        "slope_deg": slope,
        "seed": seed,
        "outcome": log.outcome.value,
        "success": int(arrived),
        "reason": log.reason,
        "straight_m": round(straight_m, 2),
        "driven_m": round(driven, 2),
        "planned_m": round(planned, 2),
        "inefficiency": round(driven / planned, 3) if arrived else "",
        "over_straight": round(driven / straight_m, 3) if arrived else "",
        "replans": log.summary.get("replans", 0),
        **{name: planner.get(name, 0) for name in ("cycles", "checks_mean", "checks_most", "overthink")},
        "violations": " ".join(sorted({violation.rule for violation in log.violations})),
        "commands": commands,
        "cpu_s": round(cpu_s, 1),
    }


def cell_of(rows: Sequence[Row]) -> Row:
    """Return the figures of a cell."""
    successes, cycles = sum(row["success"] for row in rows), sum(row["cycles"] for row in rows)
    low, high = wilson(successes, len(rows))
    ways = [row["inefficiency"] for row in rows if row["success"]]
    checks = sum(row["checks_mean"] * row["cycles"] for row in rows)
    return {
        "cfa_percent": rows[0]["cfa_percent"],
        "slope_deg": rows[0]["slope_deg"],
        "drives": len(rows),
        "successes": successes,
        "rate": round(successes / len(rows), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "inefficiency": round(float(np.mean(ways)), 3) if ways else "",
        "checks": round(checks / cycles, 2) if cycles else "",
        "overthink": round(sum(row["overthink"] for row in rows) / cycles, 4) if cycles else "",
        "seeds": " ".join(str(row["seed"]) for row in rows),
    }


def read_rows(path: Path) -> dict[tuple[float, float, int], Row]:
    """Return the drives that a file holds by area, slope and seed; none where there is no such file."""
    if not path.exists():
        return {}
    words = ("outcome", "reason", "violations")
    rows: list[Row]
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            {name: text if name in words or text == "" else float(text) for name, text in row.items()}
            for row in csv.DictReader(file)
        ]
    for row in rows:
        row |= {name: int(row[name]) for name in ("seed", "success", "cycles", "overthink")}
    return {(row["cfa_percent"], row["slope_deg"], row["seed"]): row for row in rows}


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def draw(path: Path, cells: Sequence[Row]) -> None:
    """Draw the four curves, one line per slope."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 6), sharex=True)
    titles = {
        "rate": "success rate",
        "inefficiency": "path inefficiency",
        "overthink": "overthink rate",
        "checks": "clearance checks per cycle",
    }
    for axis, (name, title) in zip(axes.ravel(), titles.items(), strict=True):
        for slope in sorted({cell["slope_deg"] for cell in cells}):
            own = [cell for cell in cells if cell["slope_deg"] == slope and cell[name] != ""]
            at = [cell["cfa_percent"] for cell in own]
            (line,) = axis.plot(at, [cell[name] for cell in own], "o-", label=f"{slope:g} deg")
            if name == "rate":
                axis.vlines(
                    at, [c["low"] for c in own], [c["high"] for c in own], color=line.get_color(), alpha=0.5
                )
        axis.set_title(title)
        axis.grid(alpha=0.3)
    for axis in axes[1]:
        axis.set_xlabel("cumulative fractional area of rocks, %")
    axes[0, 0].legend(title="slope")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cfa", type=float, nargs="+", default=[0, 2, 5, 7, 10, 15, 20])
    parser.add_argument("--slope", type=float, nargs="+", default=[0, 5, 10, 15])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--senses", choices=("perfect", "real"), default="perfect")
    parser.add_argument("--out", type=Path, default=Path("hazard-fields"))
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--commands", type=int, default=600)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    done = read_rows(options.out / "fields.csv")
    rows = list(done.values())
    cells: list[Row] = []
    with tempfile.TemporaryDirectory() as held:
        for cfa in options.cfa:
            for slope in options.slope:
                seeds = range(options.first_seed, options.first_seed + options.seeds)
                own = []
                for seed in seeds:
                    row = done.get((cfa, slope, seed))
                    if row is None:
                        row = drive(Path(held), cfa, slope, seed, options)
                        rows.append(row)
                        print(*(row[name] for name in ROW), flush=True)
                        write_csv(options.out / "fields.csv", (*ROW, *COUNTS), rows)
                    own.append(row)
                cells.append(cell_of(own))
                print(*(f"{name} {value}" for name, value in cells[-1].items()), flush=True)
                write_csv(options.out / "cells.csv", (*CELL, "seeds"), cells)
    draw(options.out / "fields.png", cells)


if __name__ == "__main__":
    main()
