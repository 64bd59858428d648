"""What can be reached and until when, against searches for each cell and each departure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rover.core.boundary import Mode
from rover.core.errors import PlannerError, TimeLimitError
from rover.limits.base import Span
from rover.planning import label_kernels as named
from rover.planning.forecast import OperationsParams
from rover.planning.havens import haven_quality
from rover.planning.problem import Plan
from rover.planning.reach import (
    Target,
    arrival_map,
    arrivals,
    departure_map,
    latest_departure,
    without_goal,
)
from rover.planning.reach_kernels import fill_latest
from rover.planning.slack import holds, latest_starts, slack_along, slack_over
from rover.planning.timetable import Timetable, steps_of
from rover.planning.tour_legs import towards
from rover.planning.traverse import best_traverse
from rover.planning.traverse_ground import ground_of
from rover.planning.traverse_record_kernels import Ground
from rover.planning.traverse_search import run_search
from tests.rover.planning.timed_ground import AUTONOMOUS, RESERVE_SOC, timed_outlook
from tests.rover.planning.traverse_enumeration import NIGHT, random_ground

TELEOPERATED = OperationsParams(
    stop_every_m=10.0, command_cycle_s=1800.0, reserve_soc=RESERVE_SOC, resume_soc=0.6
)


def seeded(seed: int) -> tuple[Ground, float]:
    rng = np.random.default_rng(seed)
    ground = random_ground(rng, named.BY_TIME, named.NONE)
    return ground, float(ground.rules[named.CAPACITY] * rng.uniform(0.3, 1.0))


def arrival(ground: Ground, cell: int, goal: int, time_s: float, charge_j: float) -> float:
    """Return the earliest arrival by the search itself, inf where there is none."""
    search = run_search(towards(ground, goal), divmod(cell, ground.cols), depart_s=time_s, charge_j=charge_j)
    labels = next(iter(search))
    return math.inf if labels.found is None else float(labels.search.reals[labels.found, named.TIME])


@pytest.mark.parametrize("cycle_s", [0.0, 120.0])
def test_arrivals_are_those_of_a_search_for_each_cell(cycle_s: float) -> None:
    reached = missed = 0
    for seed in range(150):
        ground, charge_j = seeded(seed)
        ground.rules[named.CYCLE_S], ground.rules[named.STOP_M] = cycle_s, 3.0
        found = arrivals(without_goal(ground, math.inf), (0, 0), depart_s=0.0, charge_j=charge_j)
        each = [arrival(ground, 0, goal, 0.0, charge_j) for goal in range(len(found))]
        assert found == pytest.approx(each, abs=1e-6), seed
        reached += int(np.isfinite(found).sum())
        missed += int(np.isinf(found).sum())
    assert min(reached, missed) > 150


def free_of_charge(ground: Ground) -> Ground:
    """Return the same ground for a rover that needs no power and minds no shadow."""
    rules, bins = ground.rules.copy(), ground.bins.copy()
    for load in (named.CHARGE_W, named.NAP_W, named.DORMANT_W, named.COMMAND_W):
        rules[load] = 0.0
    rules[named.LONGEST_DARK], rules[named.DEADLINE], rules[named.LEAST_FLOOR] = math.inf, math.inf, 0.0
    bins[:, named.FLOOR] = 0.0
    joules = np.where(np.isfinite(ground.legs_j), 0.0, np.inf).astype(np.float32)
    return ground._replace(rules=rules, bins=bins, legs_j=joules, short=np.zeros_like(ground.short))


def test_the_latest_departure_of_each_cell_is_the_last_that_arrives() -> None:
    some = none = 0
    for seed in range(200):
        ground = free_of_charge(seeded(seed)[0])
        edge = ground.bins[:, named.EDGE]
        by_s = float(np.random.default_rng(seed).uniform(edge[1], edge[-1] - 1.0))
        nights = edge[1:][(ground.bins[:-1, named.PHASE] == NIGHT) & (edge[1:] <= by_s)]
        first_s = float(nights.max(initial=0.0))
        dark = (ground.bins[:-1, named.PHASE] == NIGHT) & (edge[:-1] < by_s) & (edge[1:] > by_s)
        if dark.any():
            continue  # by a time of the night
        latest = np.full(len(ground.haven), -np.inf)
        latest[ground.goal] = by_s
        fill_latest(ground, first_s, latest)
        for cell in range(len(latest) - 1):
            if latest[cell] == -np.inf:
                none += 1
                assert arrival(ground, cell, ground.goal, first_s, 1.0) > by_s, (seed, cell)
                continue
            some += 1
            assert first_s <= latest[cell] < by_s
            before = max(first_s, latest[cell] - 1e-3)
            assert arrival(ground, cell, ground.goal, before, 1.0) <= by_s + 1e-6, (seed, cell)
            assert arrival(ground, cell, ground.goal, latest[cell] + 1.0, 1.0) > by_s, (seed, cell)
    assert min(some, none) > 100


@pytest.mark.parametrize("operations", [AUTONOMOUS, TELEOPERATED], ids=["autonomous", "teleoperated"])
def test_the_map_of_arrivals_over_real_ground(operations: OperationsParams) -> None:
    """Of charge both overlook one of 32 levels, in another order: most arrivals are equal, and all nearly."""
    ready = timed_outlook(deadline_h=208.0, least_lit=0.6, operations=operations)
    found = arrival_map(ready)
    depart_s = ready.problem.depart_s
    assert found.arrive_s[ready.start] == depart_s
    ground = ground_of(ready.around, ready.rules(), ready.goal)
    start = ready.start[0] * ground.cols + ready.start[1]
    charge_j = ready.problem.soc * ready.problem.vehicle.battery_j
    finite = np.isfinite(found.arrive_s)
    assert 50 < finite.sum() < finite.size
    equal = 0
    for cell in np.random.default_rng(1).choice(finite.size, 40, replace=False).tolist():
        alone = arrival(ground, start, cell, depart_s, charge_j)
        there = float(found.arrive_s.ravel()[cell])
        equal += there == pytest.approx(alone, abs=1e-6)
        assert there == pytest.approx(alone, rel=0.01 * max(1.0, alone - depart_s) / alone, abs=1e-6) or (
            there == alone == math.inf
        )
    assert equal >= 36
    assert (found.arrive_s[finite] <= found.until_s).all()


def test_less_far_ahead_is_a_part_of_the_map() -> None:
    ready = timed_outlook(operations=TELEOPERATED)
    whole = arrival_map(ready)
    until_s = ready.problem.depart_s + 4 * 3600.0
    part = arrival_map(ready, until_s=until_s)
    assert np.array_equal(part.arrive_s, np.where(whole.arrive_s <= until_s, whole.arrive_s, np.inf))
    assert 10 < np.isfinite(part.arrive_s).sum() < np.isfinite(whole.arrive_s).sum()
    assert (whole.before_dusk <= np.isfinite(whole.arrive_s)).all()
    with pytest.raises(TimeLimitError, match="arrivals are known for the first"):
        arrival_map(
            timed_outlook(operations=TELEOPERATED, days=1.9, soc=0.31, battery_wh=60.0), time_limit_s=0.0
        )


@pytest.mark.parametrize(
    "given",
    [
        {"deadline_h": 218.0},
        {"deadline_h": 209.0, "operations": TELEOPERATED},
        {"deadline_h": 216.0, "soc": 0.31, "battery_wh": 60.0},
    ],
    ids=["charged", "commanded", "empty"],
)
def test_the_latest_departure_is_what_scanning_finds(given: dict[str, Any]) -> None:
    """A scan over the bins of the same outlook, every ten minutes of the last hours."""
    ready = timed_outlook(**given)
    found = latest_departure(ready)
    dusk_s = float(ready.around.timeline.dusk_after(ready.problem.depart_s))
    assert found.by_s == min(ready.table.deadline_s, dusk_s)
    assert found.depart_s is not None and found.arrive_s is not None
    assert found.depart_s <= min(found.arrive_s, found.bound_s + 1e-6)
    assert found.arrive_s <= found.by_s + 1e-3
    ground = ground_of(ready.around, ready.rules(), ready.goal)
    start = ready.start[0] * ground.cols + ready.start[1]
    charge_j = ready.problem.soc * ready.problem.vehicle.battery_j
    times = np.arange(found.depart_s - 3600.0, found.by_s, 600.0).tolist()
    good = [t for t in times if arrival(ground, start, ground.goal, t, charge_j) <= found.by_s]
    assert good
    assert found.depart_s >= max(good) - 60.0
    assert arrival(ground, start, ground.goal, found.depart_s, charge_j) == pytest.approx(found.arrive_s)


def test_the_latest_departure_to_a_haven_is_no_earlier_than_to_one_of_them() -> None:
    ready = timed_outlook(deadline_h=216.0)
    found = latest_departure(ready, Target.HAVEN)
    assert found.depart_s is not None and found.arrive_s is not None
    havens = np.argwhere(np.asarray(ready.table.havens) & np.asarray(ready.table.cells))
    near = havens[np.argsort(np.hypot(*(havens - ready.start).T))[:3]]
    for cell in near.tolist():
        alone = latest_departure(replace(ready, goal=tuple(cell)), by_s=found.by_s)
        assert alone.depart_s is None or alone.depart_s <= found.depart_s + 60.0


def test_no_departure_holds_where_there_is_no_way() -> None:
    ready = timed_outlook(deadline_h=200.2)
    found = latest_departure(ready)
    assert (found.depart_s, found.tried, found.bound_s) == (None, 0, -math.inf)
    with pytest.raises(PlannerError, match="not after the departure"):
        departure_map(ready, by_s=10.0)


def test_nearer_cells_may_leave_later() -> None:
    ready = timed_outlook()
    found = departure_map(ready, Target.HAVEN)
    havens = np.asarray(ready.table.havens) & np.asarray(ready.table.cells)
    assert (found.depart_s[havens] == found.by_s).all()
    others = np.isfinite(found.depart_s) & ~havens
    assert others.any()
    assert (found.depart_s[others] < found.by_s).all()
    goal = departure_map(ready, by_s=found.by_s)
    assert goal.depart_s[ready.goal] == found.by_s


def test_with_commands_to_wait_for_no_cell_may_leave_later_than_the_map_says() -> None:
    given = {"deadline_h": 212.0}
    ready, alone = timed_outlook(operations=TELEOPERATED, **given), timed_outlook(**given)
    found, free = departure_map(ready), departure_map(alone)
    assert (found.depart_s <= free.depart_s).all()
    assert (found.depart_s < free.depart_s - 3600.0).mean() > 0.2
    ground = ground_of(ready.around, ready.rules(), ready.goal)
    battery_j = ready.problem.vehicle.battery_j
    cells = np.flatnonzero(np.isfinite(found.depart_s) & (found.depart_s < found.by_s))
    for cell in np.random.default_rng(2).choice(cells, 40, replace=False).tolist():
        later_s = float(found.depart_s.ravel()[cell]) + 1.0
        assert arrival(ground, cell, ground.goal, later_s, battery_j) > found.by_s


def test_havens_are_judged_by_the_limits_and_by_the_night() -> None:
    ready = timed_outlook()
    found = haven_quality(ready)
    assert (found.allowed == (np.asarray(ready.table.havens) & np.asarray(ready.table.cells))).all()
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert (found.score[~found.allowed] == 0).all()
    assert (found.dawn[found.allowed] >= 1).all()
    assert np.isfinite(found.wake_after_s[found.allowed]).all()
    best = np.unravel_index(np.argmax(found.score), found.score.shape)
    assert 0.2 < found.score[best] <= 1
    assert found.tilt_rad[best] < math.radians(10)
    # A rover that sleeps there wakes when the record says, with the charge that it says.
    vehicle, timeline = ready.problem.vehicle, ready.around.timeline
    night = int(np.flatnonzero(timeline.span == Span.NIGHT)[0])
    asleep_s = timeline.edge_s[night + 1] - timeline.edge_s[night] + found.wake_after_s[best]
    spent = vehicle.dormant_w * asleep_s / vehicle.discharge_efficiency / vehicle.battery_j
    assert found.night_soc[best] == pytest.approx(1 - spent)
    with pytest.raises(PlannerError, match="no morning"):
        haven_quality(timed_outlook(deadline_h=216.0))


def test_slack_on_small_ground_is_what_can_be_gone_through() -> None:
    looked = less = 0
    for seed in range(150):
        ground, charge_j = seeded(seed)
        labels = next(iter(run_search(ground, (0, 0), depart_s=0.0, charge_j=charge_j)))
        if labels.found is None:
            continue
        steps = steps_of(labels, labels.found)
        for k in range(len(steps)):
            assert holds(ground, steps, k, 0.0), (seed, k)
        for k, slack in enumerate(slack_over(ground, steps)):
            assert 0 <= slack.slack_s <= slack.by_time_s
            assert holds(ground, steps, k, slack.slack_s), (seed, k)
            assert not holds(ground, steps, k, slack.by_time_s + 1.0), (seed, k)
            looked += 1
            less += slack.slack_s < slack.by_time_s
    assert looked > 100
    assert less > 10


@pytest.mark.parametrize("operations", [AUTONOMOUS, TELEOPERATED], ids=["autonomous", "teleoperated"])
def test_slack_along_a_plan_grows_by_waits_alone(operations: OperationsParams) -> None:
    ready = timed_outlook(deadline_h=217.0, operations=operations)
    plan = best_traverse(ready)
    assert isinstance(plan, Plan) and isinstance(plan.schedule, Timetable)
    slack = slack_along(ready, plan.schedule)
    assert len(slack) == len(plan.schedule.steps)
    assert slack[0].slack_s > 3600.0
    arrive_s = plan.schedule.arrive_s
    assert slack[-1].slack_s <= ready.table.deadline_s - arrive_s + 1e-3
    for step, held, later in zip(plan.schedule.steps, slack, slack[1:], strict=False):
        waits_s = 0.0 if step.mode in (Mode.DRIVE, Mode.COMMAND) else step.end_s - step.start_s
        assert held.by_time_s <= later.by_time_s + waits_s + 1e-3  # a wait takes up what is late before it


def test_a_night_is_waited_for_where_it_is_planned() -> None:
    ready = timed_outlook(deadline_h=700.0, depart_h=217.9, battery_wh=300.0, operations=TELEOPERATED)
    plan = best_traverse(ready)
    assert isinstance(plan, Plan) and isinstance(plan.schedule, Timetable)
    steps = plan.schedule.steps
    asleep = [k for k, step in enumerate(steps) if step.mode is Mode.DORMANT]
    assert asleep
    latest = latest_starts(ground_of(ready.around, ready.rules(), ready.goal), steps)
    assert all(latest[k] == steps[k].start_s for k in asleep)
    slack = slack_along(ready, plan.schedule)
    assert all(slack[k].slack_s == 0 for k in asleep)
    assert slack[-1].slack_s > 0
