"""A traverse held to its scenario by the independent checker."""

from __future__ import annotations

from rover.io.plan_file import PlanFile, plan_dem, plan_margins, plan_steps
from rover.planning.check_cycle import least_cycle_s
from rover.planning.check_ledger import Known
from rover.planning.check_traverse import check_traverse
from rover.planning.problem import Plan
from rover.planning.timetable import Timetable
from sim.bench.problems import Posed
from sim.run.plan_limits import limits_of
from sim.run.setting import Setting

_MOST_TOLD = 5


def broken_limits(plan: Plan, posed: Posed) -> tuple[tuple[str, ...], float]:
    """Return what a traverse breaks, in words, and how long after the departure it arrives, s."""
    setting = posed.setting
    assert setting is not None
    if not isinstance(plan.schedule, Timetable):
        return ("no timetable of single steps, though TIMED is claimed",), float("nan")
    file = _file_of(plan, plan.schedule, posed, setting)
    broken = check_traverse(file, known_of(setting)).broken
    told = tuple(
        f"{found.limit}: {found.value:.6g} {found.unit}, bound {found.bound:.6g}" for found in broken
    )
    return told[:_MOST_TOLD], file.arrive_s - file.depart_s


def _file_of(plan: Plan, timetable: Timetable, posed: Posed, setting: Setting) -> PlanFile:
    asked, operations = posed.asked, setting.control.forecaster.operations
    arrive_s = timetable.steps[-1].end_s if timetable.steps else asked.depart_s
    return PlanFile(
        scenario=setting.scenario.model_dump(mode="json"),
        dem=plan_dem(setting.dem),
        planner=plan.planner,
        criterion=str(asked.objective),
        value=arrive_s,
        depart_utc=setting.epoch.utc_at(asked.depart_s),
        arrive_utc=setting.epoch.utc_at(arrive_s),
        depart_s=asked.depart_s,
        bin_s=setting.control.light_step_s,
        limits=limits_of(
            setting,
            asked.vehicle,
            reserve_soc=operations.reserve_soc,
            stop_every_m=operations.stop_every_m,
            command_cycle_s=operations.command_cycle_s,
        ),
        steps=plan_steps(timetable.steps, setting.dem.geometry),
        margins=plan_margins(timetable.margins),
    )


def known_of(setting: Setting) -> Known:
    """Return what a traverse of a scenario is held against; its horizon is traced here."""
    control = setting.control
    return Known(
        terrain=control.timed_maps.terrain,
        hazards=control.timed_maps.hazards,
        horizon=control.horizon(),
        almanac=setting.almanac,
        vehicle=setting.vehicle,
        sun=control.forecaster.window.params,
        zones=setting.zones,
        zone_times=setting.zone_times,
        start_m=control.start_m,
        goal_m=control.goal_m,
        soc=control.soc,
        command_cycle_s=least_cycle_s(setting.scenario.operations.model_dump()),
    )
