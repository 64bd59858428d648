"""From the answer of `farside plan SCENARIO` to what is drawn of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.limits.base import Span, Timeline
from sim.cli.timed_answer import TimedAnswer, TimedPlan, is_moment
from sim.cli.timed_words import (
    MORE_IS_BETTER,
    criterion_words,
    limit_words,
    minute_of,
    quantity,
    quantity_words,
    value_words,
)
from sim.view.pareto import ParetoSheet
from sim.view.phases import duration, utc_date
from sim.view.traverse import STOPS, TraverseSheet

_SUN_POINTS = 400
_PHASES = {Span.LOW: "low", Span.NAP: "nap", Span.NIGHT: "night"}


def sheet_of(answer: TimedAnswer, told: TimedPlan) -> TraverseSheet:
    """Return what is drawn of a traverse."""
    setting, problem, around = answer.setting, answer.ready.problem, answer.ready.around
    end_s = problem.depart_s if told.whole is None else told.whole.end_s
    column = _first_lit(around.timeline)
    lit_s = float(around.timeline.middle_s[around.timeline.column == column][0]) if column >= 0 else 0.0
    begins_s = around.timeline.edge_s[:-1][around.timeline.column == column]
    first_s = max(problem.depart_s, float(begins_s[0]) if column >= 0 else 0.0)
    lit = around.lit[:, :, column] / np.float32(255) if column >= 0 else np.zeros(around.geometry.shape)
    unknown = ~np.isfinite(setting.dem.elevation_m)
    sun, window = around.almanac.sun_at(lit_s), answer.ready.forecaster.window
    times = np.linspace(problem.depart_s, max(end_s, problem.depart_s + 60.0), _SUN_POINTS)
    return TraverseSheet(
        title=f"{setting.scenario.name}: {_kind(answer)}",
        lines=_lines(answer, told),
        dem=setting.dem,
        lit=np.where(unknown, np.float32(np.nan), lit).astype(np.float32),
        lit_words=f"{minute_of(setting.epoch, first_s)} UTC",
        sun_deg=(math.degrees(sun.azimuth_rad), math.degrees(sun.elevation_rad)),
        path_m=told.plan.waypoints_m,
        start_m=problem.start_m,
        goal_m=problem.goal_m,
        stops=_stops(answer, told),
        waypoints=_waypoints(answer),
        zones=[(z.name, z.kind.value, np.array(z.polygon.exterior.coords)) for z in setting.zones],
        start=utc_date(setting.epoch.utc_at(0.0)),
        time_s=np.array([problem.depart_s, *(step.end_s for step in told.timetable.steps)]),
        soc=np.array([problem.soc, *(step.soc_after for step in told.timetable.steps)]),
        reserve_soc=answer.ready.forecaster.operations.reserve_soc,
        sun_time_s=times,
        sun_elevation_deg=np.degrees(around.almanac.elevations(times)),
        drive_deg=(
            math.degrees(window.params.min_drive_rad),
            math.degrees(window.params.nap_enter_rad),
            math.degrees(window.params.nap_exit_rad),
        ),
        phases=_phases(around.timeline, end_s),
        sleeps_s=[(s.start_s, s.end_s) for s in told.stages if s.mode is Mode.DORMANT],
        slack=[(time_s, share, limit_words(limit)) for time_s, share, limit in told.slack],
    )


def _kind(answer: TimedAnswer) -> str:
    if answer.tour is not None:
        return f"a tour worth {answer.tour.value:g}"
    return criterion_words(answer.criteria[0])


def _first_lit(timeline: Timeline) -> int:
    """Return the column of the light at departure, or after the night that it lies in; -1 where all is night."""
    columns = timeline.column[timeline.column >= 0]
    return int(columns[0]) if len(columns) else -1


def _lines(answer: TimedAnswer, told: TimedPlan) -> list[str]:
    epoch, problem, whole = answer.setting.epoch, answer.ready.problem, told.whole
    if whole is None:
        return ["The start is the goal: there is nothing to drive."]
    first = (
        f"{minute_of(epoch, whole.start_s)} to {minute_of(epoch, whole.end_s)} UTC, "
        f"{duration(whole.end_s - whole.start_s)}; {whole.length_m:.0f} m; least charge {100 * whole.least_soc:.0f} %"
    )
    kind = answer.criteria[0]
    if kind.value == "time":
        return [first]
    words = value_words(kind, told.values[0], problem.vehicle, problem.depart_s)
    return [first, f"{criterion_words(kind).capitalize()}: {words}"]


def _stops(answer: TimedAnswer, told: TimedPlan) -> Mapping[str, npt.NDArray[np.float64]]:
    """Return the places of each kind of stop, each place once."""
    centre_of = answer.ready.around.geometry.centre_of
    places = {
        mode: list(
            dict.fromkeys(
                step.cell
                for stage in told.stages
                if stage.mode is not None and stage.mode.value == mode and not is_moment(stage)
                for step in told.timetable.steps
                if step.mode is stage.mode and stage.start_s <= step.start_s < stage.end_s
            )
        )
        for mode in STOPS
    }
    return {
        mode: np.array([centre_of(*cell) for cell in cells]).reshape(-1, 2) for mode, cells in places.items()
    }


def _waypoints(answer: TimedAnswer) -> list[tuple[str, tuple[float, float], bool]]:
    """Return the waypoints given, and whether each is visited; numbered in the order of the visits."""
    order = () if answer.tour is None else answer.tour.order
    return [
        (f"{order.index(w.name) + 1}. {w.name}" if w.name in order else w.name, w.place_m, w.name in order)
        for w in answer.waypoints
    ]


def _phases(timeline: Timeline, end_s: float) -> list[tuple[str, float, float]]:
    """Return naps, nights and low Sun until the arrival."""
    found: list[tuple[str, float, float]] = []
    for begin, end, span in zip(timeline.edge_s[:-1], timeline.edge_s[1:], timeline.span, strict=True):
        name = _PHASES.get(Span(span))
        if name is None or begin >= end_s:
            continue
        if found and found[-1][0] == name and found[-1][2] == begin:
            found[-1] = (name, found[-1][1], float(min(end, end_s)))
        else:
            found.append((name, float(begin), float(min(end, end_s))))
    return found


def pareto_sheet(answer: TimedAnswer) -> ParetoSheet:
    """Return what is drawn of a front."""
    vehicle, depart_s = answer.ready.problem.vehicle, answer.ready.problem.depart_s
    values = [
        [quantity(kind, member.values[i], vehicle, depart_s) for member in answer.front]
        for i, kind in enumerate(answer.criteria)
    ]
    first, second = answer.criteria
    missing = [
        quantity(kind, value, vehicle, depart_s)
        for kind, value in zip(answer.criteria, answer.missing or (), strict=answer.missing is not None)
    ]
    return ParetoSheet(
        title=f"{answer.setting.scenario.name}: {first} against {second}",
        lines=_front_lines(answer),
        first=np.array(values[0]),
        second=np.array(values[1]),
        labels=(quantity_words(first), quantity_words(second)),
        more_is_better=(first in MORE_IS_BETTER, second in MORE_IS_BETTER),
        missing=None if answer.missing is None else (missing[0], missing[1]),
    )


def _front_lines(answer: TimedAnswer) -> list[str]:
    problem, count = answer.ready.problem, len(answer.front)
    if answer.missing is None:
        return [f"{count} traverse{'s' * (count != 1)} that no other betters by both"]
    best = [
        value_words(kind, value, problem.vehicle, problem.depart_s)
        for kind, value in zip(answer.criteria, answer.missing, strict=True)
    ]
    some = "The first traverse" if count == 1 else f"The first {count} traverses"
    return [
        f"{some} that no other betters by both",
        f"The time was up: others have {best[0]} and {best[1]} at best",
    ]
