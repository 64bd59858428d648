"""Mission control: makes its maps, plans the traverse and builds what is uplinked to the rover.

It stands on Earth and knows no more than the rover's maps and models do: belief, not truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.core.errors import ResourceError
from rover.core.grid import Dem, GridGeometry
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone
from rover.hazard.costmap import CostMap, build_costmap, refuse_larger_than_map
from rover.hazard.detect import HazardMap, detect_hazards
from rover.limits.base import Limit
from rover.limits.mobility import TiltLimit, ZoneLimit
from rover.limits.power import ReserveLimit
from rover.limits.thermal import SunWindow, SunWindowParams
from rover.onboard.mapping import BeliefState, begin_belief
from rover.onboard.planned_stops import PlannedStops
from rover.onboard.uplink import Driver, Uplink
from rover.planning.ask import ask
from rover.planning.dem_error import DemError, error_clones
from rover.planning.forecast import MARGIN_SOC, Forecaster, OperationsParams
from rover.planning.given_plan import GIVEN, Given, between, check_given, plan_of_file
from rover.planning.problem import Claim, NoPlan, Plan, Planner, PlanningProblem
from rover.planning.registry import load_planner
from rover.planning.schedule import schedule_plan
from rover.planning.surroundings import check_room
from rover.planning.timetable import Timetable
from rover.planning.traverse import TraversePlanner
from rover.sky.almanac import Almanac
from rover.terrain.derive import Terrain, derive_terrain
from rover.terrain.horizon import HorizonMap, trace_horizon
from rover.terrain.rocks import Rocks
from sim.mission.survey import MAP_LENGTH_M, MAP_SIGMA_M, surveyed
from sim.mission.timed import ALWAYS, TimedRules, timed_limits

ON_BOARD = "astar"
"""Planner that the rover asks where the ground's is the traverse planner."""


_SURVEY_CLONE = 1000
"""Number of the map's error among those of its seed, apart from the streams of the senses."""


def survey_error(geometry: GridGeometry) -> DemError:
    """Return how well the elevations of a map are known that was measured from orbit, as far as its cells can show."""
    cell_m = max(geometry.resolution_m, geometry.resolution_north_m)
    return DemError(sigma_m=MAP_SIGMA_M, length_m=max(MAP_LENGTH_M, 2.0 * cell_m))


def survey(truth: Dem, *, seed: int) -> Dem:
    """Return the map that the ground has of a site, the same for one seed.

    Raises:
        ResourceError: More memory than there is.
    """
    error = survey_error(truth.geometry)
    return surveyed(truth, lambda g: next(error_clones(g, error, seed=seed, count=1, first=_SURVEY_CLONE)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Maps:
    """What mission control makes of a DEM for one vehicle.

    Attributes:
        dem: The orbital map.
        terrain, hazards, costmap: Derived from it.
    """

    dem: Dem
    terrain: Terrain
    hazards: HazardMap
    costmap: CostMap


def derive_maps(
    dem: Dem,
    vehicle: VehicleParams,
    zones: Sequence[Zone],
    *,
    baseline_m: float | None = None,
    rocks: Rocks | None = None,
    rock_abundance: npt.NDArray[np.float32] | None = None,
) -> Maps:
    """Derive every planning layer of a DEM, roughness over the vehicle's length and step over its wheelbase.

    Args:
        dem: The ground.
        vehicle: The limits.
        zones: Keep-in and keep-out zones.
        baseline_m, rocks, rock_abundance: As `derive_terrain` and `detect_hazards` take them.

    Raises:
        VehicleError: The vehicle does not fit on it.
    """
    refuse_larger_than_map(vehicle, dem.geometry)
    terrain = derive_terrain(
        dem, footprint_m=vehicle.length_m, wheelbase_m=vehicle.wheelbase_m, baseline_m=baseline_m
    )
    hazards = detect_hazards(terrain, vehicle, zones, rocks=rocks, rock_abundance=rock_abundance)
    return Maps(dem=dem, terrain=terrain, hazards=hazards, costmap=build_costmap(hazards, terrain, vehicle))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MissionControl:
    """The ground's side of a traverse.

    Attributes:
        vehicle: The rover's figures.
        maps: What is known of the ground.
        forecaster: Almanac and rules of operation.
        limits: What every leg is held to.
        timed_maps, timed_limits: The same for planners that claim TIMED: by the map, zones that hold for a part of the
            time only close nothing.
        light_step_s: Longest bin by day of a timed plan.
        region: Makes a map of the ground far around, None where there is none, for the horizon of a timed plan.
        start_m, goal_m: (east, north).
        soc: State of charge at departure.
        deadline_s: Latest arrival.
        driver: How the rover is to drive its way.
    """

    vehicle: VehicleParams
    maps: Maps
    forecaster: Forecaster
    limits: tuple[Limit, ...]
    timed_maps: Maps
    timed_limits: tuple[Limit, ...]
    light_step_s: float
    region: Callable[[], Dem | None]
    start_m: tuple[float, float]
    goal_m: tuple[float, float]
    soc: float
    deadline_s: float
    driver: Driver = Driver.PATH

    def problem(self, planner: Planner | None = None) -> PlanningProblem:
        """Return what a planner is asked; for one that claims TIMED, with the map's horizon and charge to spare."""
        untimed = PlanningProblem(
            costmap=self.maps.costmap,
            hazards=self.maps.hazards,
            terrain=self.maps.terrain,
            vehicle=self.vehicle,
            start_m=self.start_m,
            goal_m=self.goal_m,
            depart_s=0.0,
            soc=self.soc,
            almanac=self.forecaster.window.almanac,
            limits=self.limits,
            deadline_s=self.deadline_s,
        )
        if planner is None or Claim.TIMED not in planner.claims:
            return untimed
        maps = self.timed_maps
        return replace(
            untimed,
            costmap=maps.costmap,
            hazards=maps.hazards,
            terrain=maps.terrain,
            limits=self.timed_limits,
            horizon=self.horizon(),
            forecaster=self.forecaster,
            light_step_s=self.light_step_s,
            spare_soc=MARGIN_SOC,
        )

    def horizon(self) -> HorizonMap:
        """Return the horizon of the map's cells, over the ground far around as well; it is traced each time."""
        return trace_horizon(self.maps.dem, far_dem=self.region())

    def plan(self, planner: Planner) -> Plan | NoPlan:
        """Ask a planner, and give its answer a timetable unless it made one itself."""
        problem = self.problem(planner)
        answer = ask(planner, problem)
        if isinstance(answer, NoPlan) or Claim.TIMED in planner.claims:
            return answer
        return schedule_plan(answer, problem, self.forecaster)

    def follow(self, given: Given) -> Plan | NoPlan:
        """Take up a plan that was brought along, without planning.

        A traverse keeps its own timetable. Waypoints are given one: `NoPlan` where they break a limit or none fits.

        Raises:
            PlanFileError: Of another DEM, off the map, or between other ends than start and goal.
        """
        ends = {"start_m": self.start_m, "goal_m": self.goal_m}
        check_given(given, self.maps.dem, **ends)
        if given.traverse is not None:
            return plan_of_file(given.traverse, self.maps.terrain, **ends)
        assert given.way_m is not None
        way = between(given.way_m, **ends)
        geometry = self.maps.terrain.geometry
        cells = np.array([geometry.cell_at(*place) for place in way.tolist()], np.int64)
        plan = Plan(planner=GIVEN, cells=cells, waypoints_m=way, cost_s=0.0, expanded=0)
        answer = schedule_plan(plan, self.problem(), self.forecaster)
        if isinstance(answer, NoPlan) or answer.schedule is None:
            return answer
        driven = [stage for stage in answer.schedule.stages if stage.mode is Mode.DRIVE]
        return replace(answer, cost_s=math.fsum(stage.end_s - stage.start_s for stage in driven))

    def uplink(self, plan: Plan, planner: Planner) -> tuple[Uplink, BeliefState]:
        """Return what is sent to the rover, and the maps it begins with; `planner` is the one it may ask again.

        The traverse planner needs the light of every cell, which the rover does not have: it has another.
        """
        timed = Claim.TIMED in planner.claims
        maps = self.timed_maps if timed else self.maps
        terrain, belief = begin_belief(
            maps.terrain,
            maps.hazards,
            maps.costmap,
            self.vehicle,
            plan.waypoints_m,
            judged=isinstance(plan.schedule, Timetable),
        )
        uplink = Uplink(
            vehicle=self.vehicle,
            terrain=terrain,
            forecaster=self.forecaster,
            planner=load_planner(ON_BOARD) if isinstance(planner, TraversePlanner) else planner,
            limits=self.limits,
            goal_m=self.goal_m,
            path_m=plan.waypoints_m,
            planned=stops_of(plan),
            driver=self.driver,
            zones=tuple(limit for limit in self.timed_limits if isinstance(limit, ZoneLimit)),
            charted=belief.hazards,
        )
        return uplink, belief


def stops_of(plan: Plan) -> PlannedStops | None:
    """Return what a plan waits for and where it asks for commands, by waypoint; None without single steps."""
    if not isinstance(plan.schedule, Timetable):
        return None
    count, at = len(plan.waypoints_m), 0
    command_s, leave_s = np.full(count, math.inf), np.full(count, -math.inf)
    soc, depart_s = np.full(count, math.nan), np.full(count, math.nan)
    for step in plan.schedule.steps:
        if step.to != step.cell:
            soc[at], depart_s[at] = step.soc, step.start_s
            at += 1
        elif step.mode is not Mode.COMMAND:
            leave_s[at] = step.end_s
        elif not command_s[at] < math.inf:
            command_s[at], leave_s[at] = leave_s[at], -math.inf
    return PlannedStops(command_s=command_s, leave_s=leave_s, soc=soc, depart_s=depart_s)


def check_light(geometry: GridGeometry, rules: TimedRules, *, span_s: float) -> None:
    """Refuse a timed plan whose light does not fit into memory, before maps and horizon are made for it.

    Args:
        geometry: Of the map.
        rules: Of the timed plan.
        span_s: From the departure to the deadline.

    Raises:
        ResourceError: More memory than there is.
    """
    try:
        check_room(geometry, span_s, step_s=rules.light_step_s, relayed=rules.link_margin_rad is not None)
    except ResourceError as error:
        raise error.by_the_names({"step_s": "limits.light_step_h"}) from error


def mission_control(
    dem: Dem,
    almanac: Almanac,
    vehicle: VehicleParams,
    *,
    zones: Sequence[Zone],
    zone_times: Sequence[tuple[float, float]] | None = None,
    sun: SunWindowParams,
    timed: TimedRules | None = None,
    region: Callable[[], Dem | None] = lambda: None,
    stop_every_m: float,
    command_cycle_s: float,
    reserve_soc: float,
    resume_soc: float,
    start_m: tuple[float, float],
    goal_m: tuple[float, float],
    soc: float,
    deadline_s: float,
    driver: str = Driver.PATH,
) -> MissionControl:
    """Build the ground's side of a traverse; see `MissionControl`, `TimedRules` and `OperationsParams` for the figures.

    `zone_times` says when each zone holds, always where it is left out; a planner without time keeps to all of them
    always.
    """
    window = SunWindow(almanac, sun)
    operations = OperationsParams(
        stop_every_m=stop_every_m,
        command_cycle_s=command_cycle_s,
        reserve_soc=reserve_soc,
        resume_soc=resume_soc,
    )
    rules = TimedRules() if timed is None else timed
    times = [ALWAYS] * len(zones) if zone_times is None else zone_times
    lasting = [zone for zone, held in zip(zones, times, strict=True) if held == ALWAYS]
    maps = derive_maps(dem, vehicle, zones)
    return MissionControl(
        vehicle=vehicle,
        maps=maps,
        forecaster=Forecaster(window=window, vehicle=vehicle, operations=operations),
        limits=(
            TiltLimit(vehicle),
            window,
            ReserveLimit(reserve_soc),
            *(ZoneLimit(zone, vehicle) for zone in zones),
        ),
        timed_maps=maps if len(lasting) == len(zones) else derive_maps(dem, vehicle, lasting),
        timed_limits=timed_limits(
            rules,
            vehicle,
            dem.geometry,
            window=window,
            reserve_soc=reserve_soc,
            deadline_s=deadline_s,
            zones=zones,
            zone_times=times,
        ),
        light_step_s=rules.light_step_s,
        region=region,
        start_m=start_m,
        goal_m=goal_m,
        soc=soc,
        deadline_s=deadline_s,
        driver=Driver(driver),
    )
