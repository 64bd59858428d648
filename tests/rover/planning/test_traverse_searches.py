"""Bounds of chances and tours within one time limit: what is told when it is up after so many searches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rover.core.errors import TimeLimitError
from rover.planning import tour_legs, traverse_searches
from rover.planning.delay_traverse import DelayedPlan, plan_with_delay_bound
from rover.planning.problem import Plan
from rover.planning.risk import RiskedPlan
from rover.planning.risk_traverse import traverse_within_risk
from rover.planning.timetable import Timetable
from rover.planning.tour import Tour, best_tour
from rover.planning.traverse import best_traverse, best_with_bound
from rover.planning.traverse_search import run_search
from rover.planning.traverse_setup import Outlook
from tests.rover.planning.test_delay import FAULTS
from tests.rover.planning.test_delay import ready as near_dusk
from tests.rover.planning.test_risk_traverse import ERROR, asked
from tests.rover.planning.test_tour import check, some_waypoints
from tests.rover.planning.timed_ground import timed_outlook


class Runs:
    """Searches of which only so many come to their end before the time is up; none is made twice.

    Args:
        count: How many.
        answers: Of those that were made for the same questions before.
    """

    def __init__(self, count: int, answers: list[Any]) -> None:
        self.count, self.answers = count, answers
        self.limits_s: list[float] = []

    def best_with_bound(self, ready: Outlook, *given: Any, **named: Any) -> Any:
        self.limits_s.append(ready.problem.time_limit_s)
        if len(self.limits_s) > self.count:
            raise TimeLimitError("late", remedy="wait", field="--time-limit")
        if len(self.limits_s) > len(self.answers):
            self.answers.append(best_with_bound(ready, *given, **named))
        return self.answers[len(self.limits_s) - 1]


def within(ready: Outlook, limit_s: float) -> Outlook:
    return replace(ready, problem=replace(ready.problem, time_limit_s=limit_s))


def test_a_chance_of_delay_is_kept_by_what_was_found_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = near_dusk()
    best, proven = best_with_bound(ready)
    assert isinstance(best, Plan) and isinstance(best.schedule, Timetable)
    exact = best_traverse(ready, charge_levels=0)
    assert isinstance(exact, Plan) and isinstance(exact.schedule, Timetable)
    assert proven <= exact.schedule.arrive_s + 1e-6 <= best.schedule.arrive_s + 2e-6
    found, answers = 0, []
    for count in range(1, 8):
        runs = Runs(count, answers)
        monkeypatch.setattr(traverse_searches, "best_with_bound", runs.best_with_bound)
        try:
            answer = plan_with_delay_bound(within(ready, 1000.0), 0.1, FAULTS)
        except TimeLimitError as error:
            assert not found
            assert "caught by night within 0.1; none has a time under" in str(error)
            continue
        assert isinstance(answer, DelayedPlan)
        assert answer.risk.caught <= 0.1
        found += 1
        if len(runs.limits_s) <= count:  # all there were
            assert answer.plan.least is None
            break
        assert answer.plan.least == proven <= answer.expected_s
    assert found
    assert sum(runs.limits_s) <= 1000.0 * len(runs.limits_s) / 2 + 1.0
    monkeypatch.setattr(traverse_searches, "best_with_bound", Runs(0, []).best_with_bound)
    with pytest.raises(TimeLimitError, match="late"):
        plan_with_delay_bound(within(ready, 1000.0), 0.1, FAULTS)


@pytest.mark.slow
def test_a_chance_of_tilting_is_kept_by_what_was_found_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = asked()
    shortest, proven = best_with_bound(ready)
    assert isinstance(shortest, Plan)
    told, answers = set(), []
    for count in (1, 3, 6, 20):
        runs = Runs(count, answers)
        monkeypatch.setattr(traverse_searches, "best_with_bound", runs.best_with_bound)
        try:
            answer = traverse_within_risk(within(ready, 1000.0), ERROR, 0.01)
        except TimeLimitError as error:
            assert "with a chance within 0.01, the safest has one of" in str(error)
            told.add("late")
            continue
        assert isinstance(answer, RiskedPlan)
        assert answer.risk.at_most <= 0.01
        whole = len(runs.limits_s) <= count
        assert answer.plan.least == (None if whole else proven)
        told.add("whole" if whole else "some")
    assert {"late", "whole"} <= told


def test_a_leg_of_a_tour_that_takes_too_long_leaves_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = timed_outlook()
    waypoints = some_waypoints(ready, 8, 5)
    whole = best_tour(ready, waypoints, to_goal=False)
    assert isinstance(whole, Tour) and whole.exact
    cut_short = 0
    for count in range(1, whole.searched):
        left = iter(range(count))

        def search(*given: Any, left: Any = left, **named: Any) -> Any:
            for labels in run_search(*given, **named):
                labels.cut_short = next(left, None) is None
                yield labels

        monkeypatch.setattr(tour_legs, "run_search", search)
        try:
            tour = best_tour(ready, waypoints, to_goal=False, time_limit_s=1000.0)
        except TimeLimitError as error:
            assert "worth more than" in str(error)
            continue
        assert isinstance(tour, Tour)
        cut_short += not tour.exact
        assert tour.value <= whole.value <= tour.bound
        check(tour, ready, to_goal=False)
    assert cut_short
