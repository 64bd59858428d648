"""Plan files that the traverse planner makes on small synthetic grounds, with all that a checker holds them against."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from rover.core.grid import Dem, GridGeometry, Site
from rover.core.time import parse_utc
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, zone_from_corners
from rover.io.plan_file import PlanFile, PlanLimits, plan_dem, plan_margins, plan_steps
from rover.io.stations import read_stations
from rover.limits.comm import LinkLimit
from rover.limits.deadline import DeadlineLimit
from rover.limits.light import DuskLimit, LitLimit, ShadowLimit
from rover.limits.mobility import LevelLimit, RollLimit, SlopeLimit, ZoneLimit, clearance_limit
from rover.limits.power import ReserveLimit, WakeLimit, wake_elevation_rad
from rover.limits.thermal import SunWindow, SunWindowParams
from rover.planning.check_ledger import Known
from rover.planning.forecast import Forecaster, OperationsParams
from rover.planning.problem import Plan, PlanningProblem
from rover.planning.traverse import best_traverse, outlook
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import STEP_S
from rover.sky.almanac import Almanac, build_almanac
from rover.terrain.horizon import STEP_RAD, HorizonMap, trace_horizon
from sim.mission.operations import Maps, derive_maps
from sim.testing.ground import ROVER

DAY_S = 86_400.0
SITE = Site(latitude_rad=math.radians(-45.5), longitude_rad=math.radians(177.6), body="moon", crs_wkt="")
EPOCH = parse_utc("2019-01-03T14:22:00Z")
"""Morning at the site."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One ground and how it is to be crossed; the default is a plain in the morning."""

    relief: str = "plain"
    seed: int = 1
    depart_s: float = 0.0
    deadline_s: float = 8 * DAY_S
    soc: float = 0.9
    reserve_soc: float = 0.3
    criterion: Criterion = Criterion.TIME
    vehicle: tuple[tuple[str, float], ...] = ()
    stop_every_m: float = 7.0
    command_cycle_s: float = 0.0
    least_lit: float = 0.0
    longest_shadow_s: float = math.inf
    dusk_margin_s: float = 0.0
    haven_tilt_deg: float = 10.0
    zone: bool = False
    wall_until_s: float | None = None  # zones from south to north, between start and goal
    walls: int = 1
    link_margin_deg: float | None = None
    horizon_deg: float | None = None  # all round, instead of the ground's own
    start: tuple[int, int] = (6, 6)
    goal: tuple[int, int] = (33, 41)
    time_limit_s: float | None = None

    @property
    def rover(self) -> VehicleParams:
        return ROVER.model_copy(update=dict(self.vehicle))


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """A plan file, and what a checker knows."""

    question: Question
    dem: Dem
    plan: PlanFile
    known: Known


@lru_cache(maxsize=2)
def almanac(*, relay: bool = False) -> Almanac:
    """Return the sky over the site for 80 days, with the relay and Earth's stations or without."""
    if not relay:
        return build_almanac(SITE, EPOCH, duration_s=80 * DAY_S)
    stations = list(read_stations().stations.values())
    return build_almanac(SITE, EPOCH, duration_s=80 * DAY_S, relay_phase=0.3, stations=stations)


@cache
def dem_of(relief: str, seed: int) -> Dem:
    """Return 40 x 48 cells of 2 m: `plain` is rolling ground, `ridge` has a wall that casts a shadow, with a gap."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:40, :48].astype(np.float64)
    height = sum(
        a * np.sin(2 * math.pi * (row * math.sin(t) + col * math.cos(t)) / period + rng.uniform(0, 6))
        for a, t, period in zip(
            rng.uniform(0.2, 0.9, 5), rng.uniform(0, 6, 5), rng.uniform(14, 40, 5), strict=True
        )
    )
    if relief == "ridge":
        height = height + 9.0 * np.exp(-(((col - 24.0) / 3.0) ** 2)) * (np.abs(row - 30.0) > 4.0)
    geometry = GridGeometry(rows=40, cols=48, resolution_m=2.0, east_m=100.0, north_m=-40.0, site=SITE)
    return Dem(
        geometry=geometry, elevation_m=height.astype(np.float32), datum_m=-5900.0, source=f"{relief} {seed}"
    )


def horizon_over(dem: Dem, elevation_deg: float | None) -> HorizonMap:
    horizon = trace_horizon(dem)
    if elevation_deg is None:
        return horizon
    step = round((math.radians(elevation_deg) + math.pi / 2) / STEP_RAD)
    return replace(horizon, steps=np.full_like(horizon.steps, step))


def window_of(vehicle: VehicleParams, sky: Almanac) -> SunWindow:
    params = SunWindowParams(
        min_drive_rad=math.radians(10.0),
        nap_enter_rad=math.radians(42.0),
        nap_exit_rad=math.radians(30.0),
        dormant_rad=math.radians(8.7),
        wake_rad=wake_elevation_rad(vehicle),
    )
    return SunWindow(sky, params)


def problem_of(question: Question) -> tuple[PlanningProblem, Maps, tuple[Zone, ...]]:
    """Return what a planner is asked, with the maps and zones that it is made of."""
    dem, vehicle = dem_of(question.relief, question.seed), question.rover
    geometry = dem.geometry
    zones: tuple[Zone, ...] = ()
    if question.zone:
        east, north = geometry.centre_of(20, 24)
        corners = [(east - 8, north - 8), (east + 8, north - 8), (east + 8, north + 8), (east - 8, north + 8)]
        zones = (zone_from_corners("sample", "keep-out", corners),)
    maps = derive_maps(dem, vehicle, zones)
    sky = almanac(relay=question.link_margin_deg is not None)
    window = window_of(vehicle, sky)
    operations = OperationsParams(
        stop_every_m=question.stop_every_m,
        command_cycle_s=question.command_cycle_s,
        reserve_soc=question.reserve_soc,
        resume_soc=0.9,
    )
    return (
        PlanningProblem(
            costmap=maps.costmap,
            hazards=maps.hazards,
            terrain=maps.terrain,
            vehicle=vehicle,
            start_m=geometry.centre_of(*question.start),
            goal_m=geometry.centre_of(*question.goal),
            depart_s=question.depart_s,
            soc=question.soc,
            almanac=sky,
            horizon=horizon_over(dem, question.horizon_deg),
            forecaster=Forecaster(window=window, vehicle=vehicle, operations=operations),
            limits=(
                SlopeLimit(vehicle.slope_limit_rad),
                RollLimit(vehicle.roll_limit_rad),
                clearance_limit(vehicle, geometry),
                ReserveLimit(question.reserve_soc),
                WakeLimit(vehicle),
                LevelLimit(math.radians(question.haven_tilt_deg)),
                LitLimit(question.least_lit),
                ShadowLimit(question.longest_shadow_s),
                DuskLimit(question.dusk_margin_s),
                DeadlineLimit(question.deadline_s),
                window,
                *(ZoneLimit(zone, vehicle) for zone in zones),
                *wall_of(question, geometry),
                *(
                    []
                    if question.link_margin_deg is None
                    else [LinkLimit(math.radians(question.link_margin_deg))]
                ),
            ),
            deadline_s=question.deadline_s,
            time_limit_s=question.time_limit_s,
        ),
        maps,
        zones,
    )


def wall_of(question: Question, geometry: GridGeometry) -> list[ZoneLimit]:
    """Return the zones that part start and goal for a time, one behind the other, if there are to be any."""
    if question.wall_until_s is None:
        return []
    west, south, east, north = geometry.bounds_m
    limits = []
    for number in range(question.walls):
        middle = (west + east) / 2 + 12.0 * number
        corners = [(middle - 4, south), (middle + 4, south), (middle + 4, north), (middle - 4, north)]
        zone = zone_from_corners("wall" if number == 0 else f"wall {number + 1}", "keep-out", corners)
        limits.append(ZoneLimit(zone, question.rover, until_s=question.wall_until_s))
    return limits


@cache
def answer_to(question: Question) -> Answer:
    """Plan, and write down what came of it as a file has it."""
    dem, vehicle = dem_of(question.relief, question.seed), question.rover
    problem, maps, zones = problem_of(question)
    sky, window = problem.almanac, problem.forecaster.window
    plan = best_traverse(outlook(problem), question.criterion)
    assert isinstance(plan, Plan), plan
    known = Known(
        terrain=maps.terrain,
        hazards=maps.hazards,
        horizon=problem.horizon,
        almanac=sky,
        vehicle=vehicle,
        sun=window.params,
        zones=zones,
        start_m=problem.start_m,
        goal_m=problem.goal_m,
        soc=question.soc,
    )
    limits = PlanLimits(
        slope_deg=vehicle.slope_limit_deg,
        roll_deg=vehicle.roll_limit_deg,
        reach_m=clearance_limit(vehicle, dem.geometry).reach_m,
        reserve_soc=question.reserve_soc,
        least_lit=question.least_lit,
        longest_shadow_s=None if math.isinf(question.longest_shadow_s) else question.longest_shadow_s,
        dusk_margin_s=question.dusk_margin_s,
        haven_tilt_deg=question.haven_tilt_deg,
        link_margin_deg=question.link_margin_deg,
        deadline_s=question.deadline_s,
        stop_every_m=question.stop_every_m,
        command_cycle_s=question.command_cycle_s,
    )
    steps = plan_steps(plan.schedule.steps, dem.geometry)
    file = PlanFile(
        scenario={"format": 1},
        dem=plan_dem(dem),
        planner=plan.planner,
        criterion=question.criterion.value,
        value=abs(plan.price)
        if plan.price is not None
        else steps[-1].end_s,  # of charge and clearance its negative
        depart_utc=EPOCH.utc_at(question.depart_s),
        arrive_utc=EPOCH.utc_at(steps[-1].end_s),
        depart_s=question.depart_s,
        bin_s=STEP_S,
        limits=limits,
        steps=steps,
        margins=plan_margins(plan.schedule.margins),
    )
    return Answer(question=question, dem=dem, plan=file, known=known)


HOUR_S = 3600.0
SMALL = (("battery_wh", 30.0), ("array_area_m2", 0.25), ("wake_array_w", 5.0))

QUESTIONS = {
    "plain": Question(),
    "charging": Question(relief="ridge", soc=0.36, vehicle=SMALL),
    "commands": Question(seed=2, command_cycle_s=3 * HOUR_S),
    "zone": Question(seed=3, zone=True),
    "evening": Question(relief="ridge", depart_s=7.5 * DAY_S, deadline_s=30 * DAY_S, command_cycle_s=3 * HOUR_S),
    "night": Question(relief="ridge", depart_s=9.3 * DAY_S, deadline_s=30 * DAY_S, command_cycle_s=3 * HOUR_S),
    "shadow": Question(
        relief="ridge", depart_s=8.7 * DAY_S, deadline_s=9.2 * DAY_S, longest_shadow_s=HOUR_S,
        criterion=Criterion.SHADOW,
    ),
    "lit": Question(relief="ridge", depart_s=8.7 * DAY_S, deadline_s=30 * DAY_S, least_lit=0.3),
    "dim": Question(horizon_deg=34.8, least_lit=0.3, deadline_s=2 * DAY_S),
    "dusk": Question(relief="ridge", depart_s=8.9 * DAY_S, deadline_s=30 * DAY_S, dusk_margin_s=2 * HOUR_S),
    "relay": Question(
        relief="ridge", depart_s=-DAY_S, link_margin_deg=5.0, command_cycle_s=2 * HOUR_S, stop_every_m=5.0
    ),
    "lean": Question(
        relief="ridge", seed=4, soc=0.5, vehicle=(("array_lean_deg", 20.0), ("battery_wh", 14.0)),
        criterion=Criterion.ENERGY,
    ),
}  # fmt: skip
"""Each limit binds in one of them at least."""


def with_step(plan: PlanFile, number: int, **changes: Any) -> PlanFile:
    """Return a plan with one step changed."""
    steps = list(plan.steps)
    steps[number] = steps[number].model_copy(update=changes)
    return plan.model_copy(update={"steps": tuple(steps)})


def with_limits(plan: PlanFile, **changes: Any) -> PlanFile:
    """Return a plan with other limits."""
    return plan.model_copy(update={"limits": plan.limits.model_copy(update=changes)})


def with_vehicle(known: Known, **figures: float) -> Known:
    """Return what is known with another rover."""
    return replace(known, vehicle=known.vehicle.model_copy(update=figures))
