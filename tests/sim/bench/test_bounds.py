"""What no traverse arrives before: never after one that is found, and near it where light or charge is waited for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rover.planning.problem import Cause, NoPlan, Plan, PlanningProblem
from rover.planning.timetable import Timetable
from rover.planning.traverse import TraversePlanner
from sim.bench.bounds import bounds_of, no_traverse, spent_by
from sim.bench.optimum import least_by_heading_s
from sim.testing import make_problem
from sim.testing.sky import limits_again, poorer

HOURS = ((10.0, 20.0), (100.0, 110.0))


@pytest.mark.parametrize(
    ("need_s", "from_s", "spent_s"),
    [
        (4.0, 12.0, 16.0),
        (10.0, 12.0, 12.0 + 10.0),  # two seconds beyond the end are given
        (11.0, 12.0, 98.0 + 1.0),  # and two before the beginning
        (4.0, 0.0, 8.0 + 4.0),
        (4.0, 50.0, 98.0 + 4.0),
        (28.0, 0.0, 112.0),
        (28.1, 0.0, math.inf),
        (1.0, 500.0, math.inf),
    ],
)
def test_hours_are_spent_one_after_another(need_s: float, from_s: float, spent_s: float) -> None:
    assert from_s + spent_by(need_s, HOURS, from_s=from_s) == pytest.approx(spent_s)


def timed(kind: str = "mare") -> PlanningProblem:
    return make_problem(1, kind, timed=True)


def arrives_s(asked: PlanningProblem) -> float:
    answer = TraversePlanner().plan(asked)
    assert isinstance(answer, Plan) and isinstance(answer.schedule, Timetable)
    return answer.schedule.steps[-1].end_s - asked.depart_s


def test_by_day_with_charge_it_is_the_driving_time() -> None:
    asked = timed()
    bounds = bounds_of(asked)
    assert bounds.greatest_s == bounds.driving_s == bounds.hours_s <= arrives_s(asked)
    assert bounds.driving_s == pytest.approx(least_by_heading_s(asked), rel=3e-5)
    assert "least driving time" in bounds.in_words and no_traverse(bounds, asked) is None


@pytest.mark.parametrize("kind", ["mare", "crater field", "boulder field"])
def test_a_small_battery_is_waited_for(kind: str) -> None:
    asked = poorer(timed(kind), soc=0.36, battery_wh=15.0)
    arrives = arrives_s(asked)
    bounds = bounds_of(asked, known_s=arrives)
    assert bounds.driving_s < bounds.charge_s == bounds.greatest_s <= arrives
    assert bounds.charge_s > 0.88 * arrives
    assert bounds_of(asked).charge_s <= bounds.charge_s  # of a longer time the Sun may be better
    assert "the array has brought" in bounds.in_words


@pytest.mark.parametrize("kind", ["maze", "polar light"])
def test_where_it_is_far_from_the_least_it_is_none_the_less_below(kind: str) -> None:
    """Charge of places that the way does not come to, or of legs that store it themselves, is given."""
    asked = poorer(timed(kind), soc=0.36, battery_wh=15.0)
    arrives = arrives_s(asked)
    assert bounds_of(asked, known_s=arrives).greatest_s <= arrives


def test_a_low_sun_is_waited_for() -> None:
    asked = timed()
    early = replace(asked, depart_s=asked.depart_s - 40_000.0)  # half a day before the Sun is at 12 deg
    bounds, arrives = bounds_of(early), arrives_s(early)
    assert bounds.driving_s + 1000.0 < bounds.hours_s <= arrives
    assert bounds.hours_s > 0.99 * arrives


def test_stops_for_commands_take_hours_of_driving() -> None:
    asked = timed()
    assert asked.forecaster is not None
    operations = replace(asked.forecaster.operations, command_cycle_s=1800.0)
    ordered = limits_again(replace(asked, forecaster=replace(asked.forecaster, operations=operations)))
    bounds, arrives = bounds_of(ordered), arrives_s(ordered)
    assert 3 * bounds.driving_s < bounds.hours_s <= arrives
    assert bounds.hours_s > 0.85 * arrives


def test_a_battery_that_does_for_no_leg_proves_that_there_is_no_way() -> None:
    asked = timed()
    weak = asked.vehicle.model_copy(update={"battery_wh": 0.05, "array_area_m2": 0.2})
    asked = limits_again(replace(asked, vehicle=weak))
    answer = TraversePlanner().plan(asked)
    assert isinstance(answer, NoPlan) and answer.cause is Cause.ENERGY
    bounds = bounds_of(asked)
    assert math.isinf(bounds.charge_s) and math.isfinite(bounds.greatest_s)
    assert no_traverse(bounds, asked) == "a full battery does for none of the legs from the start"


def test_a_deadline_before_the_bound_proves_it_too() -> None:
    asked = timed()
    bounds = bounds_of(asked)
    hurried = replace(asked, deadline_s=asked.depart_s + 0.99 * bounds.greatest_s)
    assert "after the deadline at" in str(no_traverse(bounds, hurried))
