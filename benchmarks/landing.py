"""Land over seeds with and without hazard avoidance, and hold the ground under the lander against its limits.

    python benchmarks/landing.py [--seeds 1-1000] [--mission chang-e-4] [--csv FILE] [--from CSV]

Each seed is other ground of the mission's site and another error of what the lander knows of its place; the flight plan
leads to the site's anchor. A row per landing: `slope deg` of the plane nearest to the ground under the footprint,
`step m` the greatest difference of height within a foot's width with that plane taken off, both of the true ground in
cells of 5 cm; `tilt deg` of the plane through the feet, `clear m` what is left under the nozzle, `down m/s` and
`level m/s` at contact, `fuel kg` left, `aside m` how far avoidance led from where it would have come down. A landing is
a success if slope and step are within the lander's limits and it came down slower than 4 m/s, 0.5 m/s aside. The last
lines are shares of both kinds with Wilson's intervals of 95 %, and of the seeds by which one kind fails and the other
does not. `--from` makes these lines of a file made earlier.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from sim.campaign.statistics import wilson
from sim.run.closed_loop_landing import Descent, fly_descent
from sim.run.mission_scenario import Mission, load_mission

COLUMNS = (
    "seed", "avoidance", "success", "slope deg", "step m", "tilt deg", "clear m", "down m/s", "level m/s", "fuel kg",
    "aside m", "safe by scan", "flight s", "wall s",
)  # fmt: skip
DOWN_M_S, LEVEL_M_S = 4.0, 0.5

Row = dict[str, str]


def seeds_of(text: str) -> list[int]:
    """Return the seeds of a list such as `1-20,33`."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def rows_of(seed: int, mission: Mission) -> Iterator[Row]:
    """Yield what came of the landings of one seed, with avoidance and without."""
    site, lander = mission.read_site(), mission.read_lander().params
    epoch, world = parse_utc(mission.descent.ignition_utc), None
    for avoidance in (True, False):
        began = time.perf_counter()
        flown = fly_descent(site, lander, epoch, seed=seed, avoidance=avoidance, world=world)
        world = flown.world
        yield row_of(seed, flown, lander, avoidance=avoidance, wall_s=time.perf_counter() - began)


def row_of(seed: int, flown: Descent, lander: LanderParams, *, avoidance: bool, wall_s: float) -> Row:
    """Return a row of the table."""
    standing, touch = flown.standing, flown.touchdown
    down, level = -float(touch.velocity_m_s[2]), float(math.hypot(*touch.velocity_m_s[:2]))
    fuel = touch.mass_kg - lander.body.dry_mass_kg
    success = standing.within(lander.body) and down <= DOWN_M_S and level <= LEVEL_M_S and fuel > 0.0
    cells = (
        seed, int(avoidance), int(success), f"{math.degrees(standing.slope_rad):.2f}", f"{standing.step_m:.3f}",
        f"{math.degrees(standing.tilt_rad):.2f}", f"{standing.clearance_m:.3f}", f"{down:.2f}", f"{level:.2f}",
        f"{fuel:.0f}", f"{_aside_m(flown):.1f}", "" if flown.fine is None else int(flown.fine.is_safe),
        f"{touch.time_s:.1f}", f"{wall_s:.2f}",
    )  # fmt: skip
    return dict(zip(COLUMNS, map(str, cells), strict=True))


def _aside_m(flown: Descent) -> float:
    chosen = (flown.coarse, flown.fine)
    return sum(math.hypot(*choice.aside_m) for choice in chosen if choice is not None)


def report(rows: Sequence[Row]) -> list[str]:
    """Return the last lines."""
    lines = []
    by_kind = {
        kind: {r["seed"]: r["success"] == "1" for r in rows if r["avoidance"] == kind} for kind in "10"
    }
    for kind, words in (("1", "with avoidance"), ("0", "without")):
        good, count = sum(by_kind[kind].values()), len(by_kind[kind])
        share = wilson(good, count)
        within = f"{share.low:.1%} to {share.high:.1%}"
        lines.append(f"{words}: {good} of {count} landed well, {good / max(count, 1):.1%} ({within})")
        failed = [r for r in rows if r["avoidance"] == kind and r["success"] == "0"]
        steep = sum(float(r["slope deg"]) > 8.0 for r in failed)
        stepped = sum(float(r["step m"]) > 0.2 for r in failed)
        lines.append(
            f"  of {len(failed)} others {steep} on a slope over 8 deg, {stepped} on a step over 0.2 m"
        )
    both = by_kind["1"].keys() & by_kind["0"].keys()
    saved = sum(by_kind["1"][s] and not by_kind["0"][s] for s in both)
    spoilt = sum(by_kind["0"][s] and not by_kind["1"][s] for s in both)
    lines.append(f"seeds that only avoidance lands well: {saved}; that it alone does not: {spoilt}")
    failed = [s for s in by_kind["1"] if not by_kind["1"][s]]
    lines.append(f"seeds that fail with avoidance: {', '.join(failed) or 'none'}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1-1000")
    parser.add_argument("--mission", default="chang-e-4")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--from", dest="made", type=Path)
    asked = parser.parse_args()
    if asked.made is not None:
        with asked.made.open(newline="") as file:
            print("\n".join(report(list(csv.DictReader(file)))))
        return
    rows = []
    out = asked.csv.open("w", newline="") if asked.csv is not None else sys.stdout
    with out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        mission = load_mission(asked.mission)
        for row in chain.from_iterable(rows_of(seed, mission) for seed in seeds_of(asked.seeds)):
            rows.append(row)
            writer.writerow(row)
            out.flush()
        if asked.csv is None:
            print("\n".join(report(rows)))
    if asked.csv is not None:
        print("\n".join(report(rows)))


if __name__ == "__main__":
    main()
