"""Charge to spare above the reserve: kept where there is a plan with it, given up where there is none."""

from __future__ import annotations

from dataclasses import replace

from rover.planning.problem import Cause, NoPlan, Plan
from rover.planning.spare_charge import SPARE, with_spare_charge
from rover.planning.traverse import TraversePlanner, best_traverse
from rover.planning.traverse_setup import Outlook
from tests.rover.planning.timed_ground import RESERVE_SOC, timed_outlook

SPARED = 0.1


def sparing(ready: Outlook) -> Outlook:
    return replace(ready, problem=replace(ready.problem, spare_soc=SPARED))


def planned(ready: Outlook) -> Plan | NoPlan:
    return with_spare_charge(ready, best_traverse, refuses=lambda answer: isinstance(answer, NoPlan))


def least_soc(plan: Plan | NoPlan) -> float:
    assert isinstance(plan, Plan), plan
    assert plan.schedule is not None
    return min(float(step.soc_after) for step in plan.schedule.steps)


def limits_of(plan: Plan | NoPlan) -> set[str]:
    assert isinstance(plan, Plan) and plan.schedule is not None
    return {margin.limit for margin in plan.schedule.margins}


def test_it_is_kept_where_there_is_a_plan_with_it() -> None:
    scarce = timed_outlook(soc=0.5, battery_wh=4.2)
    without, with_spare = planned(scarce), planned(sparing(scarce))
    assert RESERVE_SOC - 1e-9 <= least_soc(without) < RESERVE_SOC + SPARED
    assert least_soc(with_spare) >= RESERVE_SOC + SPARED - 1e-9
    assert SPARE in limits_of(with_spare) and SPARE not in limits_of(without)
    assert isinstance(without, Plan) and isinstance(with_spare, Plan)
    assert with_spare.schedule.arrive_s > without.schedule.arrive_s  # type: ignore[union-attr]


def test_it_is_given_up_where_there_is_none() -> None:
    low = timed_outlook(soc=RESERVE_SOC + SPARED / 2)
    given_up = planned(sparing(low))
    assert SPARE not in limits_of(given_up)
    assert least_soc(given_up) == least_soc(planned(low))


def test_a_refusal_is_that_of_the_limits_themselves() -> None:
    refused = planned(sparing(timed_outlook(soc=RESERVE_SOC - 0.05)))
    assert isinstance(refused, NoPlan)
    assert refused.cause is Cause.ENERGY and "30.0%" in refused.where


def test_both_searches_share_one_limit_of_time() -> None:
    ready = sparing(timed_outlook(soc=0.5, battery_wh=4.0))
    asked: list[float] = []

    def search(given: Outlook) -> None:
        asked.append(given.problem.time_limit_s or 0.0)

    patient = replace(ready, problem=replace(ready.problem, time_limit_s=5.0))
    with_spare_charge(patient, search, refuses=lambda answer: answer is None)
    assert len(asked) == 2 and 0 < asked[1] < asked[0] == 5.0


def test_the_planner_heeds_it() -> None:
    ready = sparing(timed_outlook(soc=0.5, battery_wh=4.0))
    assert least_soc(TraversePlanner().plan(ready.problem)) >= RESERVE_SOC + SPARED - 1e-9
