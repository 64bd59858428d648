"""Measure plans within a risk of 1 % on clones of their DEM, beside unmargined plans and a fixed margin.

    FARSIDE_REFERENCE=FOLDER python benchmarks/bench_risk.py [--pairs 10] [--clones 1000] [--risk 0.01]
                                                             [--timed time|distance] [--sites NAME ...]

Grounds of 1.2 km a side at 5 m: the reference DEM of Aristarchus (left out where FARSIDE_REFERENCE is not set) and
seeded ones. Yutu-2 with a slope and roll limit that leaves hard choices on each; elevations are off by 0.3 m with a
correlation length of 20 m. Ends of routes are drawn at least 600 m apart on cells at least 5 deg under the limit.
Routes are the shortest by heading. A fixed margin lowers both limits by a number of degrees, the least, by halving to
0.02 deg, at which all its routes together fail on the same clones no more often than those within the risk.

`--timed` plans traverses in time between the same ends, of least arrival or length: autonomous, from a morning with
36 h of driving ahead and a full battery, under the sky of the first-drive scenario and over the horizon of the ground.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binom

from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import detect_hazards
from rover.io.raster import read_dem
from rover.io.vehicle import read_vehicle
from rover.limits.mobility import RollLimit, SlopeLimit, clearance_limit
from rover.limits.power import ReserveLimit
from rover.planning.dem_error import DemError
from rover.planning.directional import DirectionalPlanner
from rover.planning.problem import NoPlan, Objective, Plan, PlanningProblem
from rover.planning.risk import RiskedPlan, plan_within_risk
from rover.planning.risk_clones import failures_on_clones
from rover.planning.risk_traverse import traverse_within_risk
from rover.planning.traverse import best_traverse
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import Outlook, outlook
from rover.terrain.derive import Terrain, derive_terrain
from rover.terrain.horizon import trace_horizon
from sim.run.scenario import load_scenario
from sim.run.scenario_ground import seeded_dem
from sim.run.setting import prepare

ERROR = DemError(sigma_m=0.3, length_m=20.0)
CLONE_SEED = 20_250
COLUMNS = (
    "ground        limit  routes  length m  unmargined fail %  planned fail %  worst p  together  extra %"
    "  worst %  margin deg  its fail %  its extra %   s/plan"
)


@dataclass(frozen=True)
class Site:
    """A ground and the limit at which it is hard."""

    name: str
    dem: Dem
    limit_deg: float


def sites() -> Iterator[Site]:
    folder = os.environ.get("FARSIDE_REFERENCE")
    if folder:
        yield Site("aristarchus", read_dem(Path(folder) / "dem/aristarchus_imp_5m.tif"), 15.0)
    for name, west, south, limit in (
        ("highland", 3000.0, 3000.0, 22.0),
        ("south-pole", -600.0, -600.0, 15.0),
        ("von-karman", 85000.0, 0.0, 25.0),
    ):
        window = (west, south, west + 1200.0, south + 1200.0)
        yield Site(name, seeded_dem(name, seed=1, window_m=window, resolution_m=5.0), limit)


def vehicle_of(limit_deg: float) -> VehicleParams:
    return read_vehicle("yutu-2", {"slope_limit_deg": limit_deg, "roll_limit_deg": limit_deg}).params


def problems(site: Site, terrain: Terrain, pairs: int) -> Iterator[PlanningProblem]:
    """Yield problems that have a way by the measured ground."""
    vehicle, geometry = vehicle_of(site.limit_deg), terrain.geometry
    hazards = detect_hazards(terrain, vehicle)
    costmap = build_costmap(hazards, terrain, vehicle)
    rng = np.random.default_rng(7)
    gentle = np.argwhere(terrain.slope_rad[5:-5, 5:-5] < math.radians(site.limit_deg - 5.0)) + 5
    given = 0
    while given < pairs:
        start, goal = gentle[rng.integers(0, len(gentle), 2)].tolist()
        if math.dist(start, goal) * geometry.resolution_m < 600.0:
            continue
        problem = PlanningProblem(
            costmap=costmap,
            hazards=hazards,
            terrain=terrain,
            vehicle=vehicle,
            start_m=geometry.centre_of(*start),
            goal_m=geometry.centre_of(*goal),
            objective=Objective.DISTANCE,
        )
        if not isinstance(DirectionalPlanner().plan(problem), NoPlan):
            given += 1
            yield problem


@dataclass(frozen=True)
class Planner:
    """How plans are made: within a bound of risk, and by other limits of slope and roll, deg."""

    within: Callable[[PlanningProblem, float], RiskedPlan | NoPlan]
    by_limit: Callable[[PlanningProblem, float], Plan | NoPlan]


STATIC = Planner(
    within=lambda problem, bound: plan_within_risk(problem, ERROR, bound),
    by_limit=lambda problem, limit_deg: DirectionalPlanner().plan(
        replace(problem, vehicle=vehicle_of(limit_deg))
    ),
)


def timed_planner(site: Site, criterion: Criterion) -> Planner:
    """Return the planner of traverses in time, of which each question is made ready once."""
    day = ('start_utc="2019-01-31T06:00:00Z"', 'operations.mode="autonomous"', "zones=[]")
    setting = prepare(load_scenario("first-drive", settings=day))
    forecaster = replace(setting.control.forecaster, vehicle=vehicle_of(site.limit_deg))
    horizon, known = trace_horizon(site.dem), dict[tuple[object, object], Outlook]()

    def ready(problem: PlanningProblem) -> Outlook:
        ends = problem.start_m, problem.goal_m
        if ends not in known:
            vehicle = problem.vehicle
            limits = (
                SlopeLimit(vehicle.slope_limit_rad), RollLimit(vehicle.roll_limit_rad),
                clearance_limit(vehicle, site.dem.geometry), ReserveLimit(0.3), forecaster.window,
            )  # fmt: skip
            timed = replace(
                problem, almanac=setting.almanac, horizon=horizon, forecaster=forecaster, limits=limits,
                deadline_s=36 * 3600.0,
            )  # fmt: skip
            known[ends] = replace(outlook(timed, step_s=3600.0), explained=False)
        return known[ends]

    def by_limit(problem: PlanningProblem, limit_deg: float) -> Plan | NoPlan:
        limit_rad = math.radians(limit_deg)
        tight = ready(problem).within(SlopeLimit(limit_rad)).within(RollLimit(limit_rad))
        return best_traverse(tight, criterion)

    return Planner(
        within=lambda problem, bound: traverse_within_risk(ready(problem), ERROR, bound, criterion=criterion),
        by_limit=by_limit,
    )


class FixedMargin:
    """Routes by limits that are all lowered by as much, and their failures on clones."""

    def __init__(self, site: Site, planner: Planner, asked: list[PlanningProblem], clones: int) -> None:
        self.site, self.planner, self.asked, self.clones = site, planner, asked, clones
        self.known: dict[bytes, int] = {}

    def routes(self, margin_deg: float) -> list[Plan] | None:
        plans = []
        for problem in self.asked:
            plan = self.planner.by_limit(problem, self.site.limit_deg - margin_deg)
            if isinstance(plan, NoPlan):
                return None
            plans.append(plan)
        return plans

    def failures(self, plans: list[Plan]) -> int:
        new = {plan.cells.tobytes(): plan.cells for plan in plans if plan.cells.tobytes() not in self.known}
        if new:
            vehicle = vehicle_of(self.site.limit_deg)
            counts = failures_on_clones(
                self.site.dem, vehicle, list(new.values()), ERROR, seed=CLONE_SEED, count=self.clones
            )
            self.known.update(zip(new, counts.tolist(), strict=True))
        return sum(self.known[plan.cells.tobytes()] for plan in plans)

    def least(self, failures: int) -> tuple[float, list[Plan], int] | None:
        """Return the least margin whose routes fail no more often in all, found by halving."""
        low, high, found = 0.0, site_span(self.site), None
        while high - low > 0.02:
            middle = (low + high) / 2
            plans = self.routes(middle)
            count = None if plans is None else self.failures(plans)
            if plans is None or (count is not None and count <= failures):
                high = middle
                if plans is not None and count is not None:
                    found = middle, plans, count
            else:
                low = middle
        return found


def site_span(site: Site) -> float:
    return min(8.0, site.limit_deg - 5.0)


@dataclass(frozen=True)
class Figures:
    """What is measured on a ground; parts of 1, lengths in metres."""

    asked: int
    kept: int
    length_m: float
    unmargined_failing: float
    failing: float
    least_p: float
    together: float
    extra: float
    most_extra: float
    margin_deg: float
    margin_failing: float
    margin_extra: float
    seconds: float


def figures_of(
    site: Site, *, pairs: int, clones: int, bound: float, criterion: Criterion | None = None
) -> Figures:
    """Plan and try on clones; without any margin that fails as seldom, its extra length is infinite.

    Args:
        site, pairs, clones, bound: What is asked.
        criterion: Of traverses in time, None for the shortest ways by heading.
    """
    terrain = derive_terrain(site.dem)
    planner = STATIC if criterion is None else timed_planner(site, criterion)
    asked = list(problems(site, terrain, pairs))
    begun = time.perf_counter()
    answers = [planner.within(problem, bound) for problem in asked]
    seconds = (time.perf_counter() - begun) / len(asked)
    kept = [(p, a) for p, a in zip(asked, answers, strict=True) if isinstance(a, RiskedPlan)]
    plans, least = [a.plan for _, a in kept], [a.unmargined for _, a in kept]
    fixed = FixedMargin(site, planner, [p for p, _ in kept], clones)
    fixed.failures([*plans, *least])
    failed = fixed.failures(plans)
    counts = np.array([fixed.known[plan.cells.tobytes()] for plan in plans])
    degrees, routes, count = fixed.least(failed) or (math.inf, None, 0)
    total = len(kept) * clones
    return Figures(
        asked=len(asked),
        kept=len(kept),
        length_m=length_of(least) / len(least),
        unmargined_failing=fixed.failures(least) / total,
        failing=failed / total,
        least_p=float(binom.sf(counts - 1, clones, bound).min()),
        together=float(np.mean([a.risk.together for _, a in kept])),
        extra=length_of(plans) / length_of(least) - 1.0,
        most_extra=max(a.extra for _, a in kept),
        margin_deg=degrees,
        margin_failing=count / total,
        margin_extra=math.inf if routes is None else length_of(routes) / length_of(least) - 1.0,
        seconds=seconds,
    )


def length_of(plans: list[Plan]) -> float:
    return math.fsum(plan.length_m for plan in plans)


def row(site: Site, found: Figures) -> str:
    return (
        f"{site.name:12s}  {site.limit_deg:5.0f}  {found.kept:2d}/{found.asked:2d}   {found.length_m:8.0f}"
        f"  {100 * found.unmargined_failing:17.1f}  {100 * found.failing:14.3f}  {found.least_p:7.3f}"
        f"  {found.together:8.2f}  {100 * found.extra:7.3f}  {100 * found.most_extra:7.2f}"
        f"  {found.margin_deg:10.2f}  {100 * found.margin_failing:10.3f}  {100 * found.margin_extra:11.3f}"
        f"  {found.seconds:7.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--clones", type=int, default=1000)
    parser.add_argument("--risk", type=float, default=0.01)
    parser.add_argument("--timed", type=Criterion, default=None)
    parser.add_argument("--sites", nargs="*")
    asked = parser.parse_args()
    print(COLUMNS)
    for site in sites():
        if asked.sites and site.name not in asked.sites:
            continue
        given = {"pairs": asked.pairs, "clones": asked.clones, "bound": asked.risk}
        print(row(site, figures_of(site, criterion=asked.timed, **given)), flush=True)


if __name__ == "__main__":
    main()
