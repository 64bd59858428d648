"""Halve every bin of the traverse search, of time and of charge, and tell by how much arrival and final charge move.

    python benchmarks/convergence.py [--scenarios 20] [--first 0] [--step-h 1]

Scenarios are drawn by number: ground (three sites, a seed each), start hour within a lunar day, goal, charge, battery
and array, autonomous or by commands from Earth. One without a plan is drawn anew; how often that was is told. Arrival
counts from the departure, charge as a share of the battery. Bounds are 1 % of the one and 2 % of the other; exit
status 1 where a scenario is beyond.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass, replace

import numpy as np

from rover.planning.problem import NoPlan, PlanningProblem
from rover.planning.traverse import TraversePlanner, best_traverse
from rover.planning.traverse_setup import CHARGE_LEVELS, STEP_S, outlook
from sim.run.scenario import load_scenario
from sim.run.setting import prepare

MOST_OF_ARRIVAL, MOST_OF_CHARGE = 0.01, 0.02
SITES = ("von-karman", "mare-plain", "highland")
_STREAM, _LUNAR_DAY_H, _MOST_DRAWS = 20, 708.7, 40
_OF_A_SITE = 7
"""Scenarios in a row on one ground, whose region is made but once."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A scenario as drawn: settings over a bundled one, its ground's seed, and its own words."""

    settings: tuple[str, ...]
    seed: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """What halving did: seconds from departure to arrival and charge at the end, before and after.

    `draws` is how many scenarios were drawn until one had a plan.
    """

    words: str
    draws: int
    taken_s: tuple[float, float]
    soc: tuple[float, float]

    @property
    def of_arrival(self) -> float:
        return (self.taken_s[1] - self.taken_s[0]) / self.taken_s[0]

    @property
    def of_charge(self) -> float:
        return self.soc[1] - self.soc[0]

    @property
    def holds(self) -> bool:
        return abs(self.of_arrival) <= MOST_OF_ARRIVAL and abs(self.of_charge) <= MOST_OF_CHARGE


def drawn(number: int, draw: int) -> Drawn:
    """Draw a scenario."""
    rng = np.random.default_rng([_STREAM, number, draw])
    site = SITES[number // _OF_A_SITE % len(SITES)]
    by_commands = bool(rng.random() < 0.5)
    start = np.datetime64("2019-01-01T00:00:00") + np.timedelta64(
        int(3600 * rng.uniform(0, _LUNAR_DAY_H)), "s"
    )
    far_m, angle = rng.uniform(30.0, 70.0), rng.uniform(0, math.tau)
    battery_wh = 130.0 if by_commands else rng.choice([20.0, 40.0, 130.0])
    array_m2 = 0.5 if by_commands else rng.choice([0.2, 0.3, 0.5])
    soc, mode = rng.uniform(0.4, 1.0), "teleoperated" if by_commands else "autonomous"
    place = ("site.latitude_deg=-45.4446", "site.longitude_deg=177.5991") if site == SITES[0] else ()
    settings = (
        f'site.name="{site}"', *place, f'operations.mode="{mode}"', f'start_utc="{start}Z"', "terrain.size_m=180",
        f"goal_m=[{far_m * math.cos(angle):.1f},{far_m * math.sin(angle):.1f}]", f"power.initial_soc={soc:.3f}",
        f"vehicle.battery_wh={battery_wh}", f"vehicle.array_area_m2={array_m2}", "vehicle.wake_array_w=5",
        "operations.max_lunar_days=2.2",
    )  # fmt: skip
    words = (
        f"{site:10s} {mode[:6]} {str(start)[5:13]}h {far_m:3.0f} m {100 * soc:3.0f} % "
        f"{battery_wh:3.0f} Wh {array_m2:.1f} m2"
    )
    return Drawn(settings=settings, seed=4 + number // _OF_A_SITE, words=words)


def problem_of(scenario: Drawn) -> PlanningProblem:
    """Return what the planner is asked."""
    loaded = load_scenario("short-hop", settings=scenario.settings, seed=scenario.seed)
    return prepare(loaded).control.problem(TraversePlanner())


def ends_of(problem: PlanningProblem, *, step_s: float, levels: int) -> tuple[float, float] | None:
    """Return seconds to the arrival and the charge then, None where there is no plan."""
    ready = replace(outlook(problem, step_s=step_s), explained=False)
    plan = best_traverse(ready, charge_levels=levels)
    if isinstance(plan, NoPlan) or plan.schedule is None or not plan.schedule.steps:
        return None
    return float(plan.schedule.arrive_s) - problem.depart_s, float(plan.schedule.steps[-1].soc_after)


def row_of(number: int, *, step_s: float = STEP_S, levels: int = CHARGE_LEVELS) -> Row:
    """Draw until there is a plan, and halve its bins.

    Raises:
        RuntimeError: Nothing drawn has a plan, or halving lost it.
    """
    for draw in range(_MOST_DRAWS):
        scenario = drawn(number, draw)
        problem = problem_of(scenario)
        before = ends_of(problem, step_s=step_s, levels=levels)
        if before is None:
            continue
        after = ends_of(problem, step_s=step_s / 2, levels=2 * levels)
        if after is None:
            raise RuntimeError(f"scenario {number}: the plan is lost where bins are halved")
        taken_s, soc = zip(before, after, strict=True)
        return Row(words=scenario.words, draws=draw + 1, taken_s=taken_s, soc=soc)
    raise RuntimeError(f"scenario {number}: nothing drawn has a plan")


def main() -> int:
    """Read the command line, run and print a row for each scenario."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenarios", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--step-h", type=float, default=STEP_S / 3600)
    asked = parser.parse_args()
    print(
        f"{'no':>3} {'scenario':52} {'draws':>5} {'h':>8} {'arrival %':>9} {'charge %':>8} {'moves %':>8} {'s':>5}"
    )
    beyond = 0
    for number in range(asked.first, asked.first + asked.scenarios):
        begun = time.perf_counter()
        row = row_of(number, step_s=3600 * asked.step_h)
        beyond += not row.holds
        print(
            f"{number:3d} {row.words:52} {row.draws:5d} {row.taken_s[0] / 3600:8.2f} {100 * row.of_arrival:+9.3f} "
            f"{100 * row.soc[0]:8.2f} {100 * row.of_charge:+8.3f} {time.perf_counter() - begun:5.0f}"
            + ("" if row.holds else "  beyond"),
            flush=True,
        )
    print(f"{asked.scenarios - beyond} of {asked.scenarios} within 1 % of arrival and 2 % of charge")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
