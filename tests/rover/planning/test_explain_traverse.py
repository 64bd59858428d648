"""Explanations of traverses: the change that is told opens a way, a little less does not; what want of time leaves."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace

import pytest

from rover.core.errors import TimeLimitError
from rover.core.time import parse_utc
from rover.core.time_allowed import TimeAllowed
from rover.planning import explain_traverse
from rover.planning.problem import Cause, NoPlan
from rover.planning.traverse import best_traverse
from rover.planning.traverse_ground import ground_of
from rover.planning.traverse_record_kernels import Ground
from rover.planning.traverse_search import run_search
from rover.planning.traverse_setup import Outlook, outlook
from rover.planning.traverse_trials import OutOfPatience, Trials, least_that_opens
from tests.rover.planning.traverse_plans import (
    DAY_S,
    EPOCH,
    HOUR_S,
    QUESTIONS,
    Criterion,
    Question,
    problem_of,
)

SHADOW = replace(QUESTIONS["shadow"], criterion=Criterion.TIME, longest_shadow_s=60.0)
DIM = replace(QUESTIONS["dim"], least_lit=1.0, deadline_s=2.1 * HOUR_S)
LINK = replace(QUESTIONS["relay"], link_margin_deg=40.0, command_cycle_s=0.0, deadline_s=0.2 * DAY_S)
LATE = replace(QUESTIONS["commands"], deadline_s=12 * HOUR_S)


def asked(question: Question) -> NoPlan | None:
    answer = best_traverse(outlook(problem_of(question)[0]))
    return answer if isinstance(answer, NoPlan) else None


def explained_ground(ready: Outlook) -> Ground:
    return ground_of(ready.around, ready.rules(), ready.goal)


def explained(ready: Outlook, *, patience_s: float = 60.0) -> NoPlan:
    """Search, and explain in so much time."""
    ground, problem = explained_ground(ready), ready.problem
    charge_j = problem.soc * problem.vehicle.battery_j
    labels = next(iter(run_search(ground, ready.start, depart_s=problem.depart_s, charge_j=charge_j)))
    assert labels.found is None
    return explain_traverse.explain_traverse(ready, ground, labels, patience_s=patience_s)


def told(refusal: NoPlan, words: str) -> float:
    """Return the figure that stands in the remedy."""
    found = re.search(words.replace("#", r"([\d.]+)"), refusal.remedy)
    assert found is not None, refusal.remedy
    return float(found[1])


def refused(question: Question, cause: Cause) -> NoPlan:
    refusal = asked(question)
    assert refusal is not None and refusal.cause is cause, refusal
    assert not refusal.unfinished
    return refusal


def test_the_time_in_shadow_that_is_told_opens_a_way_and_a_tenth_less_does_not() -> None:
    refusal = refused(SHADOW, Cause.SHADOW)
    longest_s = 3600.0 * told(refusal, "limits.longest_shadow_h of # opens a way")
    assert longest_s == pytest.approx(refusal.opens_with_shadow_s) and longest_s > 60.0
    assert asked(replace(SHADOW, longest_shadow_s=longest_s)) is None
    refused(replace(SHADOW, longest_shadow_s=0.9 * longest_s), Cause.SHADOW)


def test_the_light_that_is_told_opens_a_way_and_a_step_more_does_not() -> None:
    refusal = refused(DIM, Cause.DAYLIGHT)
    lit = told(refusal, "limits.least_lit of # opens a way")
    assert lit == refusal.opens_with_lit and 0.5 < lit < 1.0
    assert asked(replace(DIM, least_lit=lit)) is None
    refused(replace(DIM, least_lit=lit + 1 / 255), Cause.DAYLIGHT)


def test_the_margin_of_the_link_that_is_told_opens_a_way_and_a_step_more_does_not() -> None:
    refusal = refused(LINK, Cause.LINK)
    assert "the link shuts the way" in refusal.where
    margin_deg = told(refusal, "limits.link_margin_deg of # opens a way")
    assert margin_deg == refusal.opens_with_link_deg and 5.0 < margin_deg < 40.0
    assert asked(replace(LINK, link_margin_deg=margin_deg)) is None
    refused(replace(LINK, link_margin_deg=margin_deg + 0.01), Cause.LINK)


def test_a_zone_that_shuts_the_way_for_a_time_is_named_with_the_deadline_that_outlasts_it() -> None:
    early = Question(wall_until_s=6 * HOUR_S, deadline_s=5 * HOUR_S)
    refusal = refused(early, Cause.ZONE)
    assert refusal.where.startswith("zone wall shuts the way at the time")
    assert refusal.opens_until_s is not None and refusal.opens_until_s > 6 * HOUR_S
    assert asked(replace(early, wall_until_s=1.0)) is None
    assert asked(replace(early, deadline_s=refusal.opens_until_s)) is None


def test_zones_that_shut_the_way_together_are_told_with_the_deadline_that_outlasts_them() -> None:
    walled = Question(wall_until_s=6 * HOUR_S, walls=2, deadline_s=5 * HOUR_S)
    refusal = refused(walled, Cause.ZONE)
    assert refusal.where.startswith("zones shut the way at the time")
    assert "no one of them is enough" in refusal.remedy
    assert refusal.opens_until_s is not None and refusal.opens_until_s > 6 * HOUR_S
    assert asked(replace(walled, deadline_s=refusal.opens_until_s)) is None


def test_an_array_that_never_wakes_the_rover_is_the_cause() -> None:
    small = replace(QUESTIONS["night"], vehicle=(("array_area_m2", 0.05),), soc=0.9)
    refusal = refused(small, Cause.ENERGY)
    assert "on level ground, and the rover wakes at 16 W" in refusal.where
    area_m2 = told(refusal, "a vehicle.array_area_m2 of # at least to wake at all")
    wakes = asked(replace(small, vehicle=(("array_area_m2", area_m2),)))
    assert wakes is None or "the rover wakes at" not in wakes.where
    refusal = refused(replace(small, vehicle=(("array_area_m2", area_m2 - 0.002),)), Cause.ENERGY)
    assert "the rover wakes at" in refusal.where


def test_a_zone_stays_the_cause_where_the_deadline_is_not_known_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_given: object, **_told: object) -> float:
        raise OutOfPatience

    monkeypatch.setattr(Trials, "arrival", never)
    refusal = asked(Question(wall_until_s=6 * HOUR_S, deadline_s=5 * HOUR_S))
    assert refusal is not None and refusal.cause is Cause.ZONE and refusal.unfinished
    assert "other times of the zone" in refusal.remedy


def test_the_deadline_that_is_told_opens_a_way_and_a_tenth_less_time_does_not() -> None:
    refusal = refused(LATE, Cause.DEADLINE)
    utc = re.search(r"max_lunar_days\) of (\S+) opens a way", refusal.remedy)
    assert utc is not None
    until_s = EPOCH.seconds_until(parse_utc(utc[1]))
    assert until_s == refusal.opens_until_s
    assert asked(replace(LATE, deadline_s=until_s)) is None
    refused(replace(LATE, deadline_s=0.9 * until_s), Cause.DEADLINE)


@pytest.mark.parametrize("question, cause", [(SHADOW, Cause.SHADOW), (LATE, Cause.DEADLINE)])
def test_the_start_that_is_told_opens_a_way_and_a_minute_nearer_does_not(
    question: Question, cause: Cause
) -> None:
    refusal = refused(question, cause)
    assert refusal.opens_from_s is not None
    assert f"a start on {EPOCH.utc_at(refusal.opens_from_s)}, the nearest found" in refusal.remedy
    assert asked(replace(question, depart_s=refusal.opens_from_s)) is None
    nearer_s = refusal.opens_from_s + math.copysign(60.0, question.depart_s - refusal.opens_from_s)
    assert asked(replace(question, depart_s=nearer_s)) is not None


@pytest.mark.parametrize("question", [SHADOW, DIM, LATE], ids=["shadow", "light", "deadline"])
def test_without_time_it_says_that_the_cause_is_not_known(question: Question) -> None:
    ready = outlook(problem_of(question)[0])
    refusal = explained(ready, patience_s=0.0)
    assert refusal.unfinished
    assert "not known in the time there was" in refusal.where and "no single limit" not in refusal.where
    assert "allow more" in refusal.remedy


@pytest.mark.parametrize(
    "question, cause, figure, words",
    [
        (SHADOW, Cause.SHADOW, "opens_with_shadow_s", "limits.longest_shadow_h"),
        (DIM, Cause.DAYLIGHT, "opens_with_lit", "limits.least_lit"),
        (LINK, Cause.LINK, "opens_with_link_deg", "limits.link_margin_deg"),
    ],
    ids=["shadow", "light", "link"],
)
def test_a_cause_that_is_known_is_told_without_the_figure_that_is_not(
    monkeypatch: pytest.MonkeyPatch, question: Question, cause: Cause, figure: str, words: str
) -> None:
    """Patience that is out when the cause is known: never a loop without an end, and never another cause."""
    ready = outlook(problem_of(question)[0])
    knows = {Cause.SHADOW: 2, Cause.DAYLIGHT: 2, Cause.LINK: 3}[cause]
    searches = iter(range(100))

    def patient(given: Trials, ground: object, *, extra_j: float = 0.0) -> bool:
        if next(searches) >= knows:
            given.allowed = TimeAllowed(0.0)
        return opens(given, ground, extra_j=extra_j)

    opens = Trials.opens
    monkeypatch.setattr(Trials, "opens", patient)
    begun = time.perf_counter()
    refusal = explained(ready)
    assert time.perf_counter() - begun < 60.0
    assert refusal.cause is cause and refusal.unfinished
    assert getattr(refusal, figure) is None
    assert "nearest to the goal" in refusal.where
    assert words in refusal.remedy and "not found in the time allowed" in refusal.remedy


def test_what_is_left_of_the_time_limit_is_all_there_is_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def record(*args: object, patience_s: float) -> NoPlan:
        given.append(patience_s)
        return NoPlan(cause=Cause.NO_ROUTE, where="", remedy="")

    monkeypatch.setattr("rover.planning.traverse.explain_traverse", record)
    for limit_s in (None, 30.0, 500.0):
        best_traverse(outlook(problem_of(replace(DIM, time_limit_s=limit_s))[0]))
    assert given[0] == given[2] == explain_traverse.PATIENCE_S
    assert 0.0 < given[1] < 30.0


def test_an_arrival_that_is_not_known_in_time_is_no_refusal() -> None:
    ready = outlook(problem_of(QUESTIONS["plain"])[0])
    assert ready.arrival(depart_s=0.0) is not None
    with pytest.raises(TimeLimitError):
        ready.arrival(depart_s=0.0, time_limit_s=1e-9)
    trials = Trials(ready, explained_ground(ready), TimeAllowed(0.0))
    with pytest.raises(OutOfPatience):
        trials.opens(trials.ground)
    with pytest.raises(OutOfPatience):
        trials.arrival(depart_s=0.0)


@pytest.mark.parametrize("least", [0.013, 1.0, 77.7])
def test_halving_ends_at_a_hundredth(least: float) -> None:
    found = least_that_opens(lambda value: value >= least, 0.0, 100.0)
    assert least <= found <= 1.011 * least
