"""What answers are worth: right ones, and each kind of wrong one."""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from rover.core.errors import TimeLimitError
from rover.planning.anyangle import AnyAnglePlanner
from rover.planning.astar import AStarPlanner
from rover.planning.directional import DirectionalPlanner
from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem
from rover.planning.timetable import Timetable
from rover.planning.traverse import TraversePlanner
from sim.bench.problems import Problem, read_set
from sim.bench.score import Score, asks, patience_s, score
from sim.testing.patience import PATIENCE
from sim.testing.peak import with_peak

SET = {one.name: one for one in read_set().problem}
OPEN, CLOSED, TIMED = SET["highland-64"], SET["mare-plain-64-goal-lethal"], SET["timed-morning-64"]


class Told:
    """A planner that answers as it is told."""

    name = "told"

    def __init__(self, answer: Callable[[PlanningProblem], object], *claims: Claim) -> None:
        self.answer, self.claims = answer, frozenset(claims)

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        return self.answer(problem)  # type: ignore[return-value]


def told(answer: Callable[[PlanningProblem], object], *claims: Claim, problem: Problem = OPEN) -> Score:
    return score(Told(answer, *claims), problem)


def least(problem: PlanningProblem) -> Plan:
    plan = AStarPlanner().plan(problem)
    assert isinstance(plan, Plan)
    return plan


def with_a_detour(problem: PlanningProblem) -> Plan:
    """Return the least way, but that its third step is made, unmade and made again."""
    plan = least(problem)
    order = [0, 1, 2, 3, 2, *range(3, len(plan.cells))]
    geometry, cost = problem.costmap.geometry, problem.costmap.cost_s_per_m
    (a, b), (c, d) = plan.cells[2], plan.cells[3]
    move_s = geometry.resolution_m * math.hypot(a - c, b - d) * (cost[a, b] + cost[c, d]) / 2
    return replace(
        plan,
        cells=plan.cells[order],
        waypoints_m=plan.waypoints_m[order],
        cost_s=plan.cost_s + 2 * float(move_s),
    )


def straight(problem: PlanningProblem) -> Plan:
    """Return the straight way, whatever lies on it."""
    geometry = problem.costmap.geometry
    start, goal = (geometry.cell_at(*place) for place in (problem.start_m, problem.goal_m))
    return Plan(
        planner="told",
        cells=np.array([start, goal]),
        waypoints_m=np.array([problem.start_m, problem.goal_m]),
        cost_s=1.0,
        expanded=0,
    )


def test_the_least_is_right_and_costs_one() -> None:
    found = score(AStarPlanner(), OPEN)
    assert (found.success, found.wrong, found.violations) == (True, False, ())
    assert found.ratio == pytest.approx(1.0, abs=1e-12)
    assert found.seconds > 0


def test_any_angle_may_be_below_the_least_of_the_grid() -> None:
    found = score(AnyAnglePlanner(), OPEN)
    assert found.success and 0.9 < found.ratio < 1.0


def test_by_heading_ground_is_held_to_the_least_by_heading() -> None:
    assert score(DirectionalPlanner(), OPEN).ratio == pytest.approx(1.0, abs=1e-9)
    found = score(DirectionalPlanner(), CLOSED)
    assert found.success
    assert (CLOSED.least_by_heading_s is None) == math.isnan(found.ratio)


def test_a_longer_way_is_right_unless_the_least_is_claimed() -> None:
    found = told(with_a_detour)
    assert found.success and found.ratio > 1.0
    claimed = told(with_a_detour, Claim.OPTIMAL)
    assert claimed.wrong and "claims the least, and costs 1.0" in claimed.violations[0]


def test_a_bound_that_is_claimed_is_held_to() -> None:
    def bounded(bound: float | None) -> Score:
        return told(lambda problem: replace(with_a_detour(problem), bound=bound), Claim.BOUNDED)

    ratio = bounded(2.0).ratio
    assert 1.0 < ratio < 2.0 and bounded(2.0).success and bounded(ratio).success
    broken = bounded(1.0)
    assert broken.wrong and "claims 1 times the least at most, and costs 1.0" in broken.violations[0]
    assert bounded(None).wrong and bounded(math.nan).wrong


def test_a_cost_below_the_least_that_there_is_is_wrong() -> None:
    found = told(lambda problem: replace(least(problem), cost_s=least(problem).cost_s / 2))
    assert found.wrong and found.violations


def test_a_way_over_lethal_ground_is_wrong() -> None:
    found = told(straight, Claim.ANY_ANGLE)
    assert found.wrong and math.isnan(found.ratio)
    assert any("lethal" in violation for violation in found.violations)


def test_refusals() -> None:
    def refuse(cause: Cause) -> Callable[[PlanningProblem], NoPlan]:
        return lambda _: NoPlan(cause=cause, where="here", remedy="none")

    assert told(refuse(Cause.NO_ROUTE)).told == "no plan where there is a way: no_route"
    assert told(refuse(Cause.NO_ROUTE)).wrong
    assert told(refuse(Cause.GOAL_LETHAL), problem=CLOSED).success
    assert told(refuse(Cause.NO_ROUTE), problem=CLOSED).wrong


def test_a_plan_where_there_is_none() -> None:
    found = told(straight, problem=CLOSED)
    assert found.wrong and "a plan where there is none (goal_lethal)" in found.violations


def test_a_planner_that_raises_or_is_late() -> None:
    def late(_: PlanningProblem) -> None:
        raise TimeLimitError("the time is up")

    raised = told(lambda _: 1 / 0)
    assert raised.wrong and "raised ZeroDivisionError" in raised.told
    found = told(late)
    assert (found.success, found.wrong, found.told) == (False, False, "out of time")


def asleep(_: PlanningProblem) -> None:
    """As a planner that waits for something, and catches what it can."""
    while True:
        with contextlib.suppress(Exception):
            time.sleep(600)


def too_late(problem: PlanningProblem) -> Plan:
    """As one that catches what interrupts it, and answers then."""
    with contextlib.suppress(BaseException):
        time.sleep(600)
    return least(problem)


@pytest.mark.parametrize("answer", [asleep, too_late])
def test_a_planner_that_ignores_its_time_is_interrupted(answer: Callable[[PlanningProblem], object]) -> None:
    found = score(Told(answer), OPEN, time_limit_s=0.1, waiting_s=0.3)
    assert (found.success, found.wrong, found.told) == (
        False,
        False,
        "out of time, and had to be interrupted",
    )
    assert 0.3 <= found.seconds < 5.0


def test_how_long_an_answer_is_waited_for() -> None:
    """A little longer than it may take, an hour where it may take any time; the first one long enough to compile."""
    assert patience_s(10.0) == 15.0 and patience_s(10.0, first=True) == 300.0
    assert patience_s(900.0) == patience_s(900.0, first=True) == 905.0
    assert patience_s(None) == patience_s(None, first=True) == 3600.0


def test_what_is_said_where_it_does_not_come_back_from_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process has it, with the time, before the planner is asked."""
    told: list[str] = []
    monkeypatch.setattr(PATIENCE, "_tell", told.append)
    score(AStarPlanner(), OPEN, time_limit_s=2.0, last_words="what there is")
    assert told == ['12.0 "what there is"', ""]


def test_the_time_is_of_the_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of what counting memory takes."""
    monkeypatch.setattr("sim.testing.peak._give_back", lambda: time.sleep(0.3))
    assert score(AStarPlanner(), OPEN).seconds < 0.3

    def slow(problem: PlanningProblem) -> Plan:
        time.sleep(0.2)
        return least(problem)

    assert told(slow).seconds > 0.2


def test_who_is_asked_what() -> None:
    assert asks(AStarPlanner(), OPEN) and not asks(AStarPlanner(), TIMED)
    assert asks(TraversePlanner(), TIMED) and not asks(TraversePlanner(), OPEN)
    assert not asks(DirectionalPlanner(), SET["highland-4096"])  # nobody has worked its least by heading out


@lru_cache(maxsize=1)
def timed_plan() -> Plan:
    kept: list[Plan] = []

    def keep(problem: PlanningProblem) -> Plan | NoPlan:
        answer = TraversePlanner().plan(problem)
        assert isinstance(answer, Plan)
        kept.append(answer)
        return answer

    found = told(keep, Claim.TIMED, Claim.DIRECTIONAL, problem=TIMED)
    assert found.success and found.ratio == pytest.approx(1.0, abs=1e-9)
    return kept[0]


def test_a_traverse_is_held_to_its_scenario() -> None:
    plan = timed_plan()
    assert isinstance(plan.schedule, Timetable)
    quicker = replace(
        plan.schedule,
        steps=tuple(replace(s, start_s=s.start_s / 2, end_s=s.end_s / 2) for s in plan.schedule.steps),
    )
    charged = replace(
        plan.schedule, steps=tuple(replace(s, soc=1.0, soc_after=1.0) for s in plan.schedule.steps)
    )
    for schedule in (quicker, charged):
        found = told(lambda _, s=schedule: replace(plan, schedule=s), Claim.TIMED, problem=TIMED)  # type: ignore[misc]
        assert found.wrong and found.violations
    found = told(lambda _: replace(plan, schedule=None), Claim.TIMED, problem=TIMED)
    assert found.wrong and "no timetable" in found.violations[0]


@pytest.mark.parametrize("claims", [(), (Claim.OPTIMAL,), (Claim.BOUNDED,)])
def test_a_traverse_that_holds_and_arrives_before_the_known_beats_it(claims: tuple[Claim, ...]) -> None:
    """As if the search that the set was made by had found a later one only."""
    assert TIMED.least_s is not None
    later = TIMED.model_copy(update={"least_s": 1.1 * TIMED.least_s})
    plan = replace(timed_plan(), bound=1.0)
    found = told(lambda _: plan, Claim.TIMED, Claim.DIRECTIONAL, *claims, problem=later)
    assert found.success and not found.violations and found.told == "a plan, which beats the known"
    assert found.ratio == pytest.approx(1 / 1.1, rel=1e-9)
    sooner = TIMED.model_copy(update={"least_s": 0.9 * TIMED.least_s})
    assert told(lambda _: plan, Claim.TIMED, Claim.DIRECTIONAL, *claims, problem=sooner).wrong == bool(claims)


def test_a_traverse_that_holds_where_no_search_found_one_is_right() -> None:
    unknown = TIMED.model_copy(update={"feasible": False, "least_s": None, "why": Cause.ENERGY})
    plan = timed_plan()
    found = told(lambda _: plan, Claim.TIMED, Claim.DIRECTIONAL, problem=unknown)
    assert found.success and math.isnan(found.ratio) and found.told == "a plan where none was known"
    none = told(lambda _: replace(plan, schedule=None), Claim.TIMED, problem=unknown)
    assert none.wrong and "a plan where there is none (energy)" in none.violations


def test_a_traverse_that_arrives_before_anything_can_is_wrong() -> None:
    """What is proven is held against the planner and the checker alike."""
    plan, least = timed_plan(), TIMED.least_s
    assert least is not None and TIMED.bound_s is not None
    found = told(lambda _: plan, Claim.TIMED, Claim.DIRECTIONAL, problem=TIMED)
    assert found.over_proven == pytest.approx(least / TIMED.bound_s, rel=1e-9)
    for known in ({"least_s": least}, {"feasible": False, "least_s": None, "why": Cause.ENERGY}):
        shut = TIMED.model_copy(update={"bound_s": 1.01 * least, **known})
        found = told(lambda _: plan, Claim.TIMED, Claim.DIRECTIONAL, problem=shut)
        assert found.wrong and math.isnan(found.over_proven)
        assert re.search(
            r"arrives 3155\.\d+ s after its departure, and nothing can before", found.violations[0]
        )


def test_what_is_proven_of_a_static_problem_is_its_least() -> None:
    found = score(AStarPlanner(), OPEN)
    assert found.over_proven == found.ratio == pytest.approx(1.0, abs=1e-12)
    assert math.isnan(score(AStarPlanner(), CLOSED).over_proven)


def test_a_deadline_before_the_bound_is_refused() -> None:
    found = score(TraversePlanner(), SET["timed-too-late-64"])
    assert found.success and found.told == "no plan: deadline"


def test_the_peak_is_of_the_work_alone() -> None:
    mib = 1 << 20
    held = np.ones(40 * mib // 8)
    made, peak = with_peak(lambda: float(np.ones(64 * mib // 8).sum()))
    assert made == 64 * mib // 8 and len(held)
    if not math.isnan(peak):
        assert 60.0 < peak < 80.0
        assert with_peak(lambda: 1)[1] < 8.0
