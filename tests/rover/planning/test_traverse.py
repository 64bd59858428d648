"""The traverse planner on the seeded ground of a scenario: laws that hold whatever the ground."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import pytest

from rover.core.boundary import Mode
from rover.limits.light import ShadowLimit
from rover.planning.forecast import OperationsParams
from rover.planning.label_kernels import FIRST
from rover.planning.problem import Cause, NoPlan, Plan, PlanningProblem
from rover.planning.timetable import Timetable
from rover.planning.traverse import Front, TraversePlanner, best_traverse, pareto_front, plan_of
from rover.planning.traverse_ground import Criterion, ground_of
from rover.planning.traverse_search import run_search
from rover.planning.traverse_setup import CHARGE_LEVELS, outlook
from sim.run.scenario import load_scenario
from sim.run.setting import prepare
from tests.rover.planning.timed_ground import timed_outlook

SMALL = ("terrain.size_m=120", "goal_m=[-40.0,36.0]", 'operations.mode="autonomous"')
SCARCE = (
    "vehicle.battery_wh=4",
    "power.initial_soc=0.6",
    "vehicle.array_area_m2=0.16",
    "vehicle.wake_array_w=5",
)


@lru_cache(maxsize=16)
def posed(*settings: str) -> PlanningProblem:
    setting = prepare(load_scenario("short-hop", settings=[*SMALL, *settings]))
    return setting.control.problem(TraversePlanner())


def arrival(problem: PlanningProblem, *, levels: int = 0, step_s: float = 3600.0) -> float:
    plan = best_traverse(outlook(problem, step_s=step_s), charge_levels=levels)
    return math.inf if isinstance(plan, NoPlan) else float(plan.schedule.arrive_s)


def test_a_timetable_joins_in_place_time_and_charge() -> None:
    plan = TraversePlanner().plan(posed(*SCARCE))
    assert isinstance(plan, Plan)
    timetable = plan.schedule
    assert isinstance(timetable, Timetable)
    assert timetable.count(Mode.CHARGE) >= 1  # the battery does not last the way
    for before, after in zip(timetable.steps[:-1], timetable.steps[1:], strict=True):
        assert after.start_s == before.end_s
        assert after.cell == before.to
        assert after.soc == before.soc_after
    assert min(step.soc_after for step in timetable.steps) >= 0.3
    assert all(margin.holds for margin in timetable.margins)


@pytest.mark.parametrize("better", [
    {"battery_wh": 5.0}, {"array_area_m2": 0.2}, {"drive_w": 50.0}, {"slope_limit_deg": 25.0}, {"roll_limit_deg": 18.0},
])  # fmt: skip
def test_a_better_rover_never_arrives_later(better: dict[str, float]) -> None:
    problem = posed(*SCARCE)
    vehicle = problem.vehicle.model_copy(update=better)
    share = problem.vehicle.battery_j / vehicle.battery_j
    made = posed(*SCARCE, *(f"vehicle.{key}={value}" for key, value in better.items()))
    limits = tuple(replace_reserve(limit, share) for limit in made.limits)  # the same charge is kept
    assert arrival(replace(made, soc=problem.soc * share, limits=limits)) <= arrival(problem) + 1e-6


def test_more_charge_never_arrives_later() -> None:
    problem = posed(*SCARCE)
    arrivals = [arrival(replace(problem, soc=soc)) for soc in (0.3, 0.45, 0.6, 0.8, 1.0)]
    assert arrivals == sorted(arrivals, reverse=True)
    assert arrivals[-1] < arrivals[0]


def test_a_later_departure_never_arrives_earlier_where_waiting_is_allowed() -> None:
    problem = posed("vehicle.battery_wh=60")
    departures = (0.0, 3600.0, 9000.0, 40_000.0)
    arrivals = [arrival(replace(problem, depart_s=depart_s)) for depart_s in departures]
    assert arrivals == sorted(arrivals)


QUICK = (Criterion.ENERGY, Criterion.CHARGE)


@pytest.mark.parametrize("criterion", [
    *QUICK, *(pytest.param(c, marks=pytest.mark.slow) for c in Criterion if c not in (*QUICK, Criterion.TIME)),
])  # fmt: skip
def test_no_front_has_better_than_the_best_of_one(criterion: Criterion) -> None:
    ready = outlook(posed("vehicle.battery_wh=60", "terrain.size_m=60", "goal_m=[-16.0,14.0]"))
    front = pareto_front(ready, criterion, Criterion.TIME, charge_levels=0)
    best = best_traverse(ready, criterion, charge_levels=0)
    soonest = best_traverse(ready, charge_levels=0)
    assert isinstance(front, Front) and isinstance(best, Plan) and isinstance(soonest, Plan)
    assert front.whole
    members = front.members
    assert members[0][0] == pytest.approx(best.price, rel=1e-9)
    assert members[-1][1] == pytest.approx(soonest.schedule.arrive_s, rel=1e-9)
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in zip(members[:-1], members[1:], strict=True))


def test_labels_know_the_smallest_charge_of_the_traverse_they_lead_to() -> None:
    """Waiting at the best place passed lifts the charges after it, and it is decided on later than they are."""
    ready = outlook(posed(*SCARCE))
    problem, capacity_j = ready.problem, ready.problem.vehicle.battery_j
    ground = ground_of(
        ready.around, ready.rules(CHARGE_LEVELS), ready.goal, first=Criterion.CHARGE, second=Criterion.TIME
    )
    found = waited = 0
    for labels in run_search(
        ground, ready.start, depart_s=problem.depart_s, charge_j=problem.soc * capacity_j
    ):
        if labels.found is None:
            break
        plan = plan_of(ready, labels, labels.found, Criterion.CHARGE)
        assert isinstance(plan.schedule, Timetable)
        least_j = capacity_j * min(min(step.soc, step.soc_after) for step in plan.schedule.steps)
        assert -float(labels.search.reals[labels.found, FIRST]) == pytest.approx(least_j, abs=1.0)
        found += 1
        waited += plan.schedule.count(Mode.CHARGE) > 0
    assert found >= 5 and waited >= 3


def test_bins_of_half_the_length_change_little() -> None:
    problem = posed(*SCARCE)
    coarse, fine = (best_traverse(outlook(problem, step_s=step)) for step in (3600.0, 1800.0))
    assert isinstance(coarse, Plan) and isinstance(fine, Plan)
    assert fine.schedule.arrive_s == pytest.approx(coarse.schedule.arrive_s, rel=0.01)
    assert fine.schedule.steps[-1].soc_after == pytest.approx(coarse.schedule.steps[-1].soc_after, abs=0.02)


def test_energy_is_what_cuts_it_off_and_so_much_more_opens_a_way() -> None:
    settings = (
        "vehicle.battery_wh=16",
        "vehicle.array_area_m2=0.08",
        "vehicle.wake_array_w=1",
        "vehicle.charge_w=40",
    )
    problem = posed(*settings, "goal_m=[-50.0,50.0]", "operations.max_lunar_days=0.05")
    refusal = TraversePlanner().plan(problem)
    assert isinstance(refusal, NoPlan)
    assert refusal.cause is Cause.ENERGY
    assert refusal.opens_with_wh is not None and 0 < refusal.opens_with_wh < 32
    soc_j = problem.soc * problem.vehicle.battery_j
    for more, opens in ((1.02, True), (0.9, False)):
        wh = 16 + more * refusal.opens_with_wh
        vehicle = problem.vehicle.model_copy(update={"battery_wh": wh})
        # The reserve stays the same charge, and what is added is charged.
        held = [replace_reserve(limit, 16 / wh) for limit in problem.limits]
        asked = replace(
            problem,
            vehicle=vehicle,
            soc=(soc_j + 3600 * more * refusal.opens_with_wh) / (3600 * wh),
            limits=tuple(held),
        )
        assert isinstance(best_traverse(outlook(asked)), Plan) == opens


def replace_reserve(limit: object, share: float) -> object:
    return replace(limit, reserve_soc=limit.reserve_soc * share) if hasattr(limit, "reserve_soc") else limit


def test_a_night_without_haven_cuts_it_off_and_the_least_tilt_that_opens_a_way_is_told() -> None:
    def asked(tilt_deg: float) -> Plan | NoPlan:
        late = "start_utc=2019-01-12T22:00:00Z", "operations.max_lunar_days=1.2"
        return TraversePlanner().plan(posed(*late, f"limits.haven_tilt_deg={tilt_deg}"))

    refusal = asked(0.5)
    assert isinstance(refusal, NoPlan)
    assert refusal.cause is Cause.NIGHT
    assert "haven" in refusal.remedy
    opens_deg = refusal.opens_with_tilt_deg
    assert opens_deg is not None and f"limits.haven_tilt_deg={opens_deg:.2f} opens a way" in refusal.remedy
    assert isinstance(asked(opens_deg), Plan)
    assert isinstance(asked(opens_deg - 0.01), NoPlan)


def test_a_departure_below_the_reserve_is_refused() -> None:
    refusal = TraversePlanner().plan(replace(posed(), soc=0.2))
    assert isinstance(refusal, NoPlan)
    assert refusal.cause is Cause.ENERGY
    assert "power.initial_soc of 0.30" in refusal.remedy


@pytest.mark.parametrize("criterion", [Criterion.TIME, Criterion.CHARGE])
def test_no_plan_by_commands_in_low_light_breaks_a_limit_of_its_own(criterion: Criterion) -> None:
    """In the evening, when much of the ground lies in shadow."""
    commands = OperationsParams(stop_every_m=9.0, command_cycle_s=7200.0, reserve_soc=0.3, resume_soc=0.6)
    planned = dark = 0
    for seed in (0, 1, 3, 6):
        for depart_h in (210.0, 214.0):
            ready = timed_outlook(seed=seed, depart_h=depart_h, goal=(12, 12), operations=commands)
            plan = best_traverse(ready.within(ShadowLimit(1800.0)), criterion)
            if isinstance(plan, NoPlan):
                continue
            planned += 1
            assert all(margin.slack >= -1e-6 for margin in plan.schedule.margins), (seed, depart_h)
            dark += next(m.value for m in plan.schedule.margins if m.limit == "dark_s") > 0
            least = min(step.soc_after for step in plan.schedule.steps)
            if criterion is Criterion.CHARGE:
                battery_j = ready.problem.vehicle.battery_j
                assert -plan.price == pytest.approx(min(ready.problem.soc, least) * battery_j, rel=1e-6)
    assert planned >= 4
    assert dark >= 2


def test_of_members_of_a_front_that_are_equal_by_both_the_earliest_is_told() -> None:
    ready = timed_outlook(seed=3, depart_h=205.0)
    soonest = best_traverse(ready, Criterion.CLEARANCE)
    front = pareto_front(ready, Criterion.SHADOW, Criterion.CLEARANCE)
    assert isinstance(soonest, Plan) and isinstance(front, Front)
    shadow_s, clearance, plan = front.members[0]
    assert (shadow_s, clearance) == (0.0, pytest.approx(soonest.price))
    assert plan.schedule.arrive_s <= soonest.schedule.arrive_s + 600.0


def test_ways_equally_long_are_not_all_gone_through() -> None:
    ready = timed_outlook(seed=2, depart_h=210.0)
    expanded = {}
    for criterion in (Criterion.TIME, Criterion.DISTANCE):
        ground = ground_of(ready.around, ready.rules(CHARGE_LEVELS), ready.goal, first=criterion)
        charge_j = ready.problem.soc * ready.problem.vehicle.battery_j
        search = run_search(ground, ready.start, depart_s=ready.problem.depart_s, charge_j=charge_j)
        labels = next(iter(search))
        assert labels.found is not None
        expanded[criterion] = labels.expanded
    assert expanded[Criterion.DISTANCE] <= 2 * expanded[Criterion.TIME]
