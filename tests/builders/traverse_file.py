"""A scenario's traverse as `plan.json`, as the command line writes it, for tests of what reads it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from rover.io.plan_file import PlanFile, PlanLimits, plan_dem, plan_margins, plan_steps
from rover.limits.base import Limit
from rover.limits.mobility import LevelLimit, RollLimit, SlopeLimit, ZoneLimit, clearance_limit
from rover.limits.power import ReserveLimit, WakeLimit
from rover.planning.problem import Plan
from rover.planning.traverse import best_traverse, outlook
from rover.terrain.horizon import trace_horizon
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare

HAVEN_DEG = 10.0


@lru_cache(maxsize=4)
def setting_of(name: str, settings: tuple[str, ...] = ()) -> Setting:
    return prepare(load_scenario(name, settings=settings))


@lru_cache(maxsize=4)
def traverse_of(name: str, settings: tuple[str, ...] = ()) -> PlanFile:
    """Return the earliest traverse of a scenario."""
    setting = setting_of(name, settings)
    limits, dem, control = _limits(setting), setting.dem, setting.control
    problem = replace(
        control.problem(),
        horizon=trace_horizon(dem),
        forecaster=control.forecaster,
        limits=limits,
    )
    plan = best_traverse(outlook(problem, step_s=control.light_step_s))
    assert isinstance(plan, Plan), plan
    steps = plan_steps(plan.schedule.steps, dem.geometry)
    operations = control.forecaster.operations
    return PlanFile(
        scenario=setting.scenario.model_dump(mode="json"),
        dem=plan_dem(dem),
        planner=plan.planner,
        criterion="time",
        value=steps[-1].end_s,
        depart_utc=setting.scenario.start_utc,
        arrive_utc=setting.epoch.utc_at(steps[-1].end_s),
        bin_s=setting.control.light_step_s,
        limits=PlanLimits(
            slope_deg=setting.vehicle.slope_limit_deg,
            roll_deg=setting.vehicle.roll_limit_deg,
            reach_m=clearance_limit(setting.vehicle, dem.geometry).reach_m,
            reserve_soc=operations.reserve_soc,
            least_lit=0.0,
            longest_shadow_s=None,
            dusk_margin_s=0.0,
            haven_tilt_deg=HAVEN_DEG,
            link_margin_deg=None,
            deadline_s=setting.deadline_s,
            stop_every_m=operations.stop_every_m,
            command_cycle_s=operations.command_cycle_s,
        ),
        steps=steps,
        margins=plan_margins(plan.schedule.margins),
    )


def _limits(setting: Setting) -> Sequence[Limit]:
    vehicle, forecaster = setting.vehicle, setting.control.forecaster
    return (
        SlopeLimit(vehicle.slope_limit_rad),
        RollLimit(vehicle.roll_limit_rad),
        clearance_limit(vehicle, setting.dem.geometry),
        ReserveLimit(forecaster.operations.reserve_soc),
        WakeLimit(vehicle),
        LevelLimit(math.radians(HAVEN_DEG)),
        forecaster.window,
        *(ZoneLimit(zone, vehicle) for zone in setting.zones),
    )
