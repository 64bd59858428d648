"""Traverses in time within a bound of risk: the room found is enough on clones, and not kept where none is needed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from rover.core.errors import UsageError
from rover.limits.mobility import RollLimit, SlopeLimit
from rover.limits.power import ReserveLimit
from rover.planning.dem_error import DemError
from rover.planning.problem import NoPlan
from rover.planning.risk import RiskedPlan
from rover.planning.risk_clones import failures_on_clones
from rover.planning.risk_traverse import traverse_within_risk
from rover.planning.timetable import Timetable
from rover.planning.traverse_setup import Outlook, outlook
from rover.terrain.horizon import trace_horizon
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare

ERROR = DemError(sigma_m=0.04, length_m=8.0)
LIMIT_DEG = 6.0


def asked() -> tuple[Setting, Outlook]:
    settings = [
        *("terrain.size_m=200", "goal_m=[-60.0,70.0]", "operations.max_lunar_days=0.1"),
        *(f"vehicle.slope_limit_deg={LIMIT_DEG}", f"vehicle.roll_limit_deg={LIMIT_DEG}"),
        'operations.mode="autonomous"',
    ]
    setting = prepare(load_scenario("first-drive", settings=settings))
    limits = (
        SlopeLimit(math.radians(LIMIT_DEG)),
        RollLimit(math.radians(LIMIT_DEG)),
        ReserveLimit(0.3),
        setting.control.forecaster.window,
    )
    problem = replace(
        setting.control.problem(),
        horizon=trace_horizon(setting.dem),
        forecaster=setting.control.forecaster,
        limits=limits,
    )
    return setting, outlook(problem, step_s=7200.0)


@pytest.fixture(scope="module")
def question() -> tuple[Setting, Outlook]:
    return asked()


def test_a_traverse_keeps_the_bound_on_clones(question: tuple[Setting, Outlook]) -> None:
    setting, ready = question
    answer = traverse_within_risk(ready, ERROR, 0.05)
    assert isinstance(answer, RiskedPlan)
    assert isinstance(answer.plan.schedule, Timetable)
    assert answer.unmargined_risk.chance > 0.05 >= answer.risk.at_most
    assert answer.plan.schedule.stages[-1].end_s >= answer.unmargined.schedule.stages[-1].end_s - 1e-6
    failed = failures_on_clones(
        setting.dem, setting.vehicle, [answer.plan.cells, answer.unmargined.cells], ERROR, seed=71, count=400
    )
    assert binom.sf(failed[0] - 1, 400, 0.05) > 0.01
    expected = answer.unmargined_risk.chance
    assert failed[1] / 400 == pytest.approx(expected, abs=4.5 * math.sqrt(0.25 / 400))


def test_no_room_is_kept_where_none_is_needed(question: tuple[Setting, Outlook]) -> None:
    _, ready = question
    answer = traverse_within_risk(ready, DemError(sigma_m=1e-4, length_m=8.0), 0.5)
    assert isinstance(answer, RiskedPlan)
    assert np.array_equal(answer.plan.cells, answer.unmargined.cells)


def test_an_error_that_hides_every_slope_is_an_answer(question: tuple[Setting, Outlook]) -> None:
    _, ready = question
    answer = traverse_within_risk(ready, DemError(sigma_m=2.0, length_m=8.0), 0.01)
    assert isinstance(answer, NoPlan)
    assert "chance of" in answer.where


def test_bad_bounds_are_refused(question: tuple[Setting, Outlook]) -> None:
    with pytest.raises(UsageError, match="chance between 0 and 1"):
        traverse_within_risk(question[1], ERROR, 1.5)
    with pytest.raises(UsageError, match="shorter than the cells"):
        traverse_within_risk(question[1], DemError(sigma_m=1.0, length_m=0.5), 0.1)
