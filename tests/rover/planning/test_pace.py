"""How far a rover comes in a lunar day: sums of a timetable, and Yutu-2's own pace from its operations."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from rover.core.boundary import Mode
from rover.planning.check_traverse import check_traverse
from rover.planning.pace import DayPace, pace_of, to_and_fro
from rover.planning.problem import Plan
from rover.planning.timetable import Timetable
from rover.planning.traverse import TraversePlanner, best_traverse
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import Outlook, outlook
from sim.cli.check_plan import known_of
from sim.cli.timed_answer import find_traverse
from sim.cli.timed_files import plan_file_of
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare

DAY_S = 86_400.0
SCENARIO = "yutu-2-pace"
TO_THE_THIRD_DAY = ("goal_m=[-36.0, 36.0]", "terrain.size_m=160.0", "operations.max_lunar_days=5.0")


@lru_cache(maxsize=3)
def made_ready(*settings: str) -> tuple[Setting, Outlook]:
    setting = prepare(load_scenario(SCENARIO, settings=settings))
    problem = setting.control.problem(TraversePlanner())
    return setting, outlook(problem, step_s=setting.control.light_step_s)


@lru_cache(maxsize=2)
def days_of(*settings: str) -> tuple[DayPace, ...]:
    _, ready = made_ready(*settings)
    plan = best_traverse(ready)
    assert isinstance(plan, Plan) and isinstance(plan.schedule, Timetable), plan
    return pace_of(plan.schedule.steps, ready.around.timeline, ready.around.geometry.resolution_m)


def is_yutu_2(day: DayPace) -> bool:
    """15 to 40 m and 6 to 7 driving days: the published mean is 24 m of 5 to 76, and 3 to 4 days and 3 more."""
    return 15.0 <= day.length_m <= 40.0 and 6.0 <= day.open_s / DAY_S <= 7.0


@pytest.mark.slow
def test_two_lunar_days_by_commands_come_as_far_as_yutu_2() -> None:
    first, *full, _ = days_of(*TO_THE_THIRD_DAY)
    assert len(full) >= 1 and all(map(is_yutu_2, full)), full
    assert 2.9 < first.open_s / DAY_S < 3.3  # it begins at the nap
    for day in full:
        assert day.command_s == pytest.approx(day.drives * 24.286 * 3600, abs=24.3 * 3600)
        assert day.least_soc >= 0.3


def test_days_take_up_all_of_a_plan() -> None:
    _, ready = made_ready(*TO_THE_THIRD_DAY)
    plan = best_traverse(ready)
    assert isinstance(plan, Plan) and isinstance(plan.schedule, Timetable)
    days = days_of(*TO_THE_THIRD_DAY)
    assert sum(day.length_m for day in days) == pytest.approx(
        sum(stage.length_m for stage in plan.schedule.stages), rel=1e-9
    )
    assert sum(day.command_s for day in days) == pytest.approx(
        sum(s.end_s - s.start_s for s in plan.schedule.steps if s.mode is Mode.COMMAND)
    )
    edges = [day.from_s for day in days] + [days[-1].dusk_s]
    assert np.all(np.diff(edges) > 0)
    assert all(a.dusk_s == b.from_s for a, b in zip(days[:-1], days[1:], strict=True))


def test_a_plan_of_no_step_has_no_days() -> None:
    _, ready = made_ready(*TO_THE_THIRD_DAY)
    assert pace_of((), ready.around.timeline, 2.0) == ()


def test_without_commands_the_battery_allows_kilometres() -> None:
    """To and fro for half a lunar day: charge never below the reserve, each way begun where the last one ends."""
    settings = (*TO_THE_THIRD_DAY[:2], "operations.mode=autonomous", "operations.max_lunar_days=1.0")
    _, ready = made_ready(*settings)
    dusk_s = float(ready.around.timeline.dusk_after(ready.problem.depart_s))
    steps = to_and_fro(ready, until_s=dusk_s)
    (day,) = pace_of(steps, ready.around.timeline, 2.0)
    assert day.length_m > 5_000.0
    assert day.command_s == 0.0 and day.least_soc >= 0.3 - 1e-9
    assert day.length_m < ready.problem.vehicle.speed_m_s * day.open_s
    for a, b in zip(steps[:-1], steps[1:], strict=True):
        assert b.cell == a.to and b.start_s == pytest.approx(a.end_s, abs=1e-6)
        assert b.soc == pytest.approx(a.soc_after, abs=1e-9)


def test_a_larger_array_drives_at_least_as_far() -> None:
    settings = (*TO_THE_THIRD_DAY[:2], "operations.mode=autonomous", "operations.max_lunar_days=1.0")
    _, ready = made_ready(*settings)
    vehicle = ready.problem.vehicle
    until_s = float(ready.around.timeline.dusk_after(ready.problem.depart_s))
    lengths = []
    for area in (0.8, 1.0):
        problem = replace(
            ready.problem,
            vehicle=vehicle.model_copy(update={"array_area_m2": area * vehicle.array_area_m2}),
        )
        steps = to_and_fro(outlook(problem, step_s=ready.step_s), until_s=until_s)
        lengths.append(pace_of(steps, ready.around.timeline, 2.0)[0].length_m)
    assert lengths[0] < lengths[1]


@pytest.mark.slow
def test_yutu_2_through_its_first_year() -> None:
    """One search over lunar days 1 to 12, a minute and a half; the checker holds it as it stands."""
    setting, ready = made_ready()
    answer = find_traverse(setting, ready, (Criterion.TIME,), report=lambda _least: None)
    file = plan_file_of(answer, answer.result)  # type: ignore[arg-type]
    assert check_traverse(file, known_of(setting)).holds
    days = pace_of(answer.result.timetable.steps, ready.around.timeline, 2.0)  # type: ignore[union-attr]
    assert len(days) >= 12
    assert all(map(is_yutu_2, days[1:12])), days
    published = (345.059 - 44.185) / 11
    assert np.mean([day.length_m for day in days[1:12]]) == pytest.approx(published, rel=0.3)
