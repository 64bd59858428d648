"""Searches of place, time and charge that are cut short: what is at hand, and what is said of the best."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rover.core.errors import TimeLimitError
from rover.planning import traverse, traverse_anytime, traverse_search
from rover.planning.check_traverse import check_traverse
from rover.planning.problem import Plan
from rover.planning.timetable import Timetable
from rover.planning.traverse import Front, best_traverse, pareto_front, plan_of
from rover.planning.traverse_anytime import Question, search_at_hand, value_of
from rover.planning.traverse_corridor import along, cheapest_way, priced_by_arrival
from rover.planning.traverse_ground import Criterion, ground_of
from rover.planning.traverse_setup import outlook
from tests.rover.planning.test_traverse import SCARCE, posed
from tests.rover.planning.test_traverse_exact import KINDS, problems
from tests.rover.planning.traverse_enumeration import Enumeration
from tests.rover.planning.traverse_plans import QUESTIONS, answer_to


class Looks:
    """A clock that goes by one with each look at it."""

    def __init__(self) -> None:
        self.now = 0

    def perf_counter(self) -> float:
        self.now += 1
        return float(self.now)


def quick_and_slow(every: Iterable[str], quick: set[str]) -> list[Any]:
    """Return parameters of which all but some are slow."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in every]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut each search short at its first label; what is to be at hand is looked for all the same."""
    monkeypatch.setattr(
        traverse_anytime, "left_of", lambda question, since: None if question.time_limit_s is None else 0.0
    )
    monkeypatch.setattr(traverse_search, "_PAUSE", 1)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("criterion", quick_and_slow(Criterion, {Criterion.TIME, Criterion.CHARGE}))
def test_a_search_cut_short_has_a_traverse_and_a_bound_on_the_best(criterion: Criterion) -> None:
    ready = outlook(posed(*SCARCE))
    best = best_traverse(ready, criterion, charge_levels=0)
    assert isinstance(best, Plan)
    assert best.least is None
    asked = replace(ready, problem=replace(ready.problem, time_limit_s=60.0))
    for levels in (0, 32):
        found = best_traverse(asked, criterion, charge_levels=levels)
        assert isinstance(found, Plan)
        assert found.least is not None
        assert found.least - 1e-6 <= had(best) <= had(found) + 1e-6
        assert isinstance(found.schedule, Timetable)
        assert all(margin.holds for margin in found.schedule.margins)


def had(plan: Plan) -> float:
    return float(plan.schedule.arrive_s) if plan.price is None else plan.price


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("name", quick_and_slow(QUESTIONS, {"charging", "night"}))
def test_what_is_at_hand_passes_the_checker(name: str) -> None:
    answer = answer_to(replace(QUESTIONS[name], time_limit_s=60.0))
    verdict = check_traverse(answer.plan, answer.known)
    assert verdict.holds, verdict.broken[:3]
    best = answer_to(QUESTIONS[name])
    assert answer.plan.value >= best.plan.value - 1e-3 * abs(best.plan.value)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("count", [12, pytest.param(120, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", quick_and_slow(KINDS, {"time", "charge"}))
def test_what_is_at_hand_and_its_bound_hold_between_them_the_best_of_all(name: str, count: int) -> None:
    held = feasible = 0
    for index, ground, charge in problems(count, 1, KINDS[name]):
        enumeration = Enumeration(ground)
        goals = enumeration.goals(0, 0.0, charge)
        if not goals:
            continue
        feasible += 1
        best = min(enumeration.value(goal, 0) for goal in goals)
        question = Question(start=(0, 0), depart_s=0.0, charge_j=charge, time_limit_s=60.0)
        labels, known = next(iter(search_at_hand(ground, question, since=0.0)))
        if labels.found is None:
            assert labels.cut_short
            assert labels.proven <= best + 1e-6, index
            held += known is not None
            assert known is None or value_of(known) >= best - 1e-6, index
        else:
            held += 1
    assert feasible >= 0.25 * count
    assert held >= 0.9 * feasible


def test_without_a_limit_nothing_is_looked_for_but_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a traverse at hand that nobody needs")

    monkeypatch.setattr(traverse_search, "_PAUSE", 1)
    monkeypatch.setattr(traverse_anytime.StandIn, "look", never)
    assert isinstance(best_traverse(outlook(posed(*SCARCE))), Plan)


def test_a_limit_that_is_not_reached_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traverse_search, "_PAUSE", 50)
    ready = outlook(posed(*SCARCE))
    limited = replace(ready, problem=replace(ready.problem, time_limit_s=300.0))
    for criterion in (Criterion.TIME, Criterion.CHARGE):
        one, other = (best_traverse(asked, criterion, charge_levels=0) for asked in (ready, limited))
        assert isinstance(one, Plan) and isinstance(other, Plan)
        assert other.least is None
        assert np.array_equal(one.cells, other.cells)
        assert had(one) == had(other)


def test_a_search_cut_short_with_nothing_found_tells_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traverse_search, "_PAUSE", 1)
    monkeypatch.setattr(traverse_search, "_LADDER_AFTER", 1)
    monkeypatch.setattr(traverse_anytime.StandIn, "look", lambda *_, **__: None)
    ready = outlook(posed(*SCARCE))
    ready = replace(ready, problem=replace(ready.problem, time_limit_s=1e-9))
    for criterion in (Criterion.TIME, Criterion.ENERGY):
        with pytest.raises(TimeLimitError, match=f"none has a {criterion} under [0-9]"):
            best_traverse(ready, criterion)


@pytest.mark.parametrize(
    ("second", "settings"),
    [(Criterion.ENERGY, ()), (Criterion.CHARGE, ("terrain.size_m=60", "goal_m=[-20.0,18.0]"))],
)
def test_a_front_cut_short_begins_as_the_whole_one_does(
    second: Criterion, settings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = outlook(posed(*SCARCE, *settings))
    monkeypatch.setattr(traverse_search, "_PAUSE", 5)
    monkeypatch.setattr(traverse_anytime.StandIn, "look", lambda *_, **__: None)
    clock, found_at = Looks(), []

    def noted(*given: Any) -> Plan:
        found_at.append(clock.now)
        return plan_of(*given)

    monkeypatch.setattr(traverse_search, "time", clock)
    monkeypatch.setattr(traverse, "plan_of", noted)
    monkeypatch.setattr(traverse_anytime, "left_of", lambda question, since: 1e9)
    asked = replace(ready, problem=replace(ready.problem, time_limit_s=1.0))
    whole = pareto_front(asked, Criterion.TIME, second)
    assert isinstance(whole, Front) and whole.whole
    values = [member[:2] for member in whole.members]
    assert len(values) > 2
    for count, looks in enumerate(found_at[:-1], start=1):
        clock.now = 0
        monkeypatch.setattr(traverse_anytime, "left_of", lambda question, since, most=looks - 1: most)
        front = pareto_front(asked, Criterion.TIME, second)
        assert isinstance(front, Front)
        assert [member[:2] for member in front.members] == values[:count]
        assert front.missing is not None and not front.whole
        assert front.missing[1] < values[count - 1][1]
        assert all(one >= front.missing[0] and two >= front.missing[1] for one, two in values[count:])


@pytest.mark.usefixtures("hurried")
def test_a_front_with_no_member_yet_has_a_traverse_at_hand() -> None:
    ready = outlook(posed(*SCARCE))
    asked = replace(ready, problem=replace(ready.problem, time_limit_s=60.0))
    front = pareto_front(asked, Criterion.TIME, Criterion.ENERGY)
    assert isinstance(front, Front)
    assert not front.whole
    assert front.members == ()
    best = best_traverse(ready)
    assert isinstance(front.at_hand, Plan) and isinstance(best, Plan)
    assert front.at_hand.least is not None
    assert front.at_hand.least <= had(best) <= had(front.at_hand)


def test_a_corridor_holds_its_way_and_nothing_far_from_it() -> None:
    ready = outlook(posed(*SCARCE))
    ground = ground_of(ready.around, ready.rules(), ready.goal)
    start = ready.start[0] * ground.cols + ready.start[1]
    way = cheapest_way(ground, start, priced_by_arrival(ground, 0.0, math.inf))
    assert way is not None
    assert (way[0], way[-1]) == (start, ground.goal)
    places = np.stack(np.divmod(way, ground.cols), axis=1)
    assert (np.abs(np.diff(places, axis=0)).max(axis=1) == 1).all()
    for half_width in (0, 2):
        narrow = along(ground, way, half_width)
        inside = np.flatnonzero(np.isfinite(narrow.legs_s).any(axis=1))
        assert set(way.tolist()) <= set(inside.tolist())
        apart = np.abs(np.stack(np.divmod(inside, ground.cols), axis=1)[:, None] - places).max(axis=2)
        assert apart.min(axis=1).max() == half_width
        kept = np.isfinite(narrow.legs_s)
        assert (narrow.legs_s[kept] == ground.legs_s[kept]).all()
