"""The answer of `farside plan SCENARIO` as files of a folder: plan, traverse, commands, pictures, front."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from rover.core.boundary import Mode
from rover.io.plan_file import PlanFile, PlanLimits, plan_dem, plan_margins, plan_steps, write_plan
from rover.io.vector import Feature, write_traverse_geojson
from rover.planning.delay import dusks_of
from rover.planning.problem import NoPlan
from rover.planning.schedule import Stage
from sim.cli.plan_commands import write_commands
from sim.cli.timed_answer import TimedAnswer, TimedPlan
from sim.cli.timed_json import plain, plan_fields
from sim.cli.timed_sheet import pareto_sheet, sheet_of
from sim.cli.timed_words import minute_of, quantity, quantity_words
from sim.run.plan_limits import limits_of
from sim.view.pareto import draw_pareto
from sim.view.save import save_figure
from sim.view.traverse import draw_traverse

PLAN, TRAVERSE, COMMANDS, PICTURE = "plan.json", "traverse.geojson", "commands.csv", "plan.png"
FRONT, FRONT_PICTURE = "pareto.csv", "pareto.png"


def write_timed(answer: TimedAnswer, folder: Path) -> None:
    """Write everything of a traverse, and of a front, into an existing folder.

    Raises:
        OutputError: A file cannot be written.
    """
    told = answer.result
    if isinstance(told, NoPlan):
        raise ValueError("nothing to write of a refusal")
    plan_file, around = plan_file_of(answer, told), answer.ready.around
    write_plan(folder / PLAN, plan_file)
    write_commands(folder / COMMANDS, plan_file, terrain=around.terrain, almanac=around.almanac)
    _write_traverse(answer, told, folder / TRAVERSE)
    save_figure(draw_traverse(sheet_of(answer, told)), folder / PICTURE)
    if answer.front:
        _write_front(answer, folder / FRONT)
        save_figure(draw_pareto(pareto_sheet(answer)), folder / FRONT_PICTURE)


def plan_file_of(answer: TimedAnswer, told: TimedPlan) -> PlanFile:
    """Return a traverse as it stands in its file, with all that it can be checked by."""
    setting, problem = answer.setting, answer.ready.problem
    end_s = problem.depart_s if told.whole is None else told.whole.end_s
    value = told.values[0]
    return PlanFile(
        scenario=setting.scenario.model_dump(mode="json"),
        dem=plan_dem(setting.dem),
        planner=told.plan.planner,
        criterion=str(answer.criteria[0]),
        value=value if math.isfinite(value) else 0.0,
        depart_utc=setting.epoch.utc_at(problem.depart_s),
        arrive_utc=setting.epoch.utc_at(end_s),
        depart_s=problem.depart_s,
        bin_s=setting.control.light_step_s,
        edges_s=_edges(answer),
        limits=_limits(answer),
        steps=plan_steps(told.timetable.steps, answer.ready.around.geometry),
        margins=plan_margins(told.timetable.margins),
    )


def _edges(answer: TimedAnswer) -> tuple[float, ...]:
    """Return the times within the plan's bins that are edges of them besides the Sun's: zones, passes, time in hand."""
    timeline, relay = answer.ready.around.timeline, answer.ready.around.almanac.relay
    times = [edge for held in answer.setting.zone_times for edge in held]
    times += [] if relay is None else relay.seen_s.ravel().tolist()
    if answer.delayed is not None:
        times += (dusks_of(timeline) - answer.delayed.margin_s).tolist()
    first, last = float(timeline.edge_s[0]), float(timeline.edge_s[-1])
    return tuple(sorted({edge for edge in times if first < edge < last}))


def _limits(answer: TimedAnswer) -> PlanLimits:
    operations = answer.ready.forecaster.operations
    return limits_of(
        answer.setting,
        answer.ready.problem.vehicle,
        reserve_soc=operations.reserve_soc,
        stop_every_m=operations.stop_every_m,
        command_cycle_s=operations.command_cycle_s,
        delay_margin_s=None if answer.delayed is None else answer.delayed.margin_s,
    )


def _write_traverse(answer: TimedAnswer, told: TimedPlan, path: Path) -> None:
    """Write the way as one line, each drive as one with its times, and each stop as a point with its own."""
    setting, problem = answer.setting, answer.ready.problem
    drives = [stage for stage in told.timetable.stages if stage.mode is Mode.DRIVE]
    stops = [stage for stage in told.timetable.stages if stage.mode is not Mode.DRIVE]
    lines: list[Feature] = [(told.plan.waypoints_m, {"name": "planned"})]
    lines += [(stage.path_m, _stage_properties(answer, stage)) for stage in drives]
    points: list[Feature] = [(problem.start_m, {"name": "start"}), (problem.goal_m, {"name": "goal"})]
    points += [(stage.path_m[0], _stage_properties(answer, stage)) for stage in stops]
    points += [
        (
            visit.waypoint.place_m,
            {
                "name": visit.waypoint.name,
                "value": visit.waypoint.value,
                "arrive_utc": setting.epoch.utc_at(visit.arrive_s),
                "begin_utc": setting.epoch.utc_at(visit.begin_s),
                "end_utc": setting.epoch.utc_at(visit.end_s),
            },
        )
        for visit in (answer.tour.visits if answer.tour is not None else ())
    ]
    figures = plan_fields(answer, told)
    del figures["stages"]
    write_traverse_geojson(
        path,
        points=points,
        lines=lines,
        crs_wkt=setting.dem.geometry.site.crs_wkt,
        properties=plain({"scenario": setting.scenario.name, **figures}),
    )


def _stage_properties(answer: TimedAnswer, stage: Stage) -> dict[str, object]:
    utc_at = answer.setting.epoch.utc_at
    return {
        "name": stage.mode.value,
        "start_utc": utc_at(stage.start_s),
        "end_utc": utc_at(stage.end_s),
        "start_s": stage.start_s,
        "end_s": stage.end_s,
        "length_m": stage.length_m,
        "soc": stage.energy.soc,
    }


def _write_front(answer: TimedAnswer, path: Path) -> None:
    vehicle, depart_s = answer.ready.problem.vehicle, answer.ready.problem.depart_s
    named = [quantity_words(kind) for kind in answer.criteria]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["number", *named, "arrival UTC", "length (m)", "least charge (%)"])
        for number, member in enumerate(answer.front, start=1):
            values = [
                quantity(kind, value, vehicle, depart_s)
                for kind, value in zip(answer.criteria, member.values, strict=True)
            ]
            rows.writerow([number, *(f"{value:.6f}" for value in values), *_ends(answer, member)])


def _ends(answer: TimedAnswer, member: TimedPlan) -> list[str]:
    whole = member.whole
    if whole is None:
        return ["", "0.000", ""]
    arrival = minute_of(answer.setting.epoch, whole.end_s)
    return [arrival, f"{np.float64(whole.length_m):.3f}", f"{100 * whole.least_soc:.3f}"]
