"""How far the rover comes in a lunar day when it is operated as Yutu-2 was: rows 12 to 16."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rover.core.errors import FarsideError, PlannerError
from rover.core.time import SECONDS_PER_DAY
from rover.planning.pace import DayPace, pace_of
from rover.planning.problem import Plan
from rover.planning.timetable import Timetable
from rover.planning.traverse import TraversePlanner, best_traverse
from rover.planning.traverse_setup import outlook
from sim.run.scenario import load_scenario
from sim.run.setting import prepare

_SCENARIO = "yutu-2-pace"
_MOST_S = 3600.0
_WHOLE = slice(1, 12)
"""Lunar days 2 to 12: the first begins at the landing, those after are not asked for."""


def paced() -> Iterator[tuple[str, float]]:
    """Rows 12 to 16, by one plan from the landing point.

    Raises:
        FarsideError: There is no such plan, which there should be.
    """
    days, length_m, straight_m = _planned()
    whole = days[_WHOLE]
    open_d = [day.open_s / SECONDS_PER_DAY for day in whole]
    yield "open_least_d", min(open_d)
    yield "open_greatest_d", max(open_d)
    read_m = np.cumsum([day.length_m for day in days])
    for number in (2, 3, 4):
        yield f"odometer_{number}_m", float(read_m[number - 1])
    yield "mean_m_per_day_12", float(read_m[11]) / 12
    yield "day_mean_m", float(np.mean([day.length_m for day in whole]))
    yield "day_greatest_m", max(day.length_m for day in whole)
    yield "tortuosity", length_m / straight_m


def _planned() -> tuple[tuple[DayPace, ...], float, float]:
    """Return what is done in each lunar day, how long the way is, and how far apart its ends are, m."""
    setting = prepare(load_scenario(_SCENARIO))
    problem = replace(setting.control.problem(TraversePlanner()), time_limit_s=_MOST_S)
    ready = outlook(problem, step_s=setting.control.light_step_s)
    plan = best_traverse(ready)
    if not isinstance(plan, Plan) or not isinstance(plan.schedule, Timetable):
        raise PlannerError(f"no traverse of {_SCENARIO} ({plan})")
    cell_m = ready.around.geometry.resolution_m
    days = pace_of(plan.schedule.steps, ready.around.timeline, cell_m)
    if len(days) < _WHOLE.stop:
        raise FarsideError(f"{_SCENARIO} ends in lunar day {len(days)}")
    length_m = math.fsum(stage.length_m for stage in plan.schedule.stages)
    return days, length_m, math.dist(ready.start, ready.goal) * cell_m
