"""Tours over small ground under a real Sun, against every order of the same legs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rover.core.boundary import Mode
from rover.core.errors import TimeLimitError, WaypointError
from rover.core.waypoints import Waypoint
from rover.planning.problem import NoPlan
from rover.planning.tour import Tour, best_tour, tour_margins
from rover.planning.tour_legs import Clocks, MapLegs
from rover.planning.traverse_ground import ground_of
from rover.planning.traverse_setup import Outlook
from tests.rover.planning.test_tour_order import by_brute_force
from tests.rover.planning.timed_ground import place, timed_outlook

HOUR_S = 3600.0


def some_waypoints(ready: Outlook, seed: int, count: int, *, dwell_h: float = 4.0) -> list[Waypoint]:
    rng = np.random.default_rng(seed)
    reachable = np.argwhere(np.asarray(ready.table.cells))
    picked = reachable[rng.choice(len(reachable), count, replace=False)]
    depart_s = ready.problem.depart_s
    return [
        Waypoint(
            name=f"w{j}",
            place_m=place(*cell),
            value=float(rng.integers(1, 5)),
            dwell_s=HOUR_S * float(rng.uniform(0.0, dwell_h)),
            from_s=depart_s + HOUR_S * float(rng.uniform(0.0, 8.0)) if rng.random() < 0.3 else -math.inf,
            until_s=depart_s + HOUR_S * float(rng.uniform(12.0, 20.0)) if rng.random() < 0.3 else math.inf,
        )
        for j, cell in enumerate(picked.tolist())
    ]


def legs_of(ready: Outlook, waypoints: list[Waypoint]) -> MapLegs:
    geometry = ready.around.geometry
    cells = [geometry.cell_at(*waypoint.place_m) for waypoint in waypoints]
    numbers = [row * geometry.cols + col for row, col in (*cells, ready.start, ready.goal)]
    return MapLegs(ground_of(ready.around, ready.rules(), ready.goal), waypoints, numbers)


CASES: list[dict[str, Any]] = [
    {"seed": 0, "deadline_h": 207.0},
    {"seed": 1, "deadline_h": 215.0},
    {"seed": 2, "deadline_h": 210.0, "soc": 0.32, "battery_wh": 60.0},
    {"seed": 3, "deadline_h": 640.0},
]


@pytest.mark.parametrize("given", CASES, ids=lambda given: f"seed {given['seed']}")
@pytest.mark.parametrize("to_goal", [True, False], ids=["goal", "open"])
def test_no_order_is_better(given: dict[str, Any], to_goal: bool) -> None:
    ready = timed_outlook(**given)
    waypoints = some_waypoints(ready, given["seed"], 4)
    legs = legs_of(ready, waypoints)
    problem = ready.problem
    depart = problem.depart_s, problem.soc * problem.vehicle.battery_j
    best = by_brute_force(waypoints, legs, depart, ready.table.deadline_s, to_goal=to_goal)
    tour = best_tour(ready, waypoints, to_goal=to_goal)
    assert best is not None
    assert isinstance(tour, Tour)
    assert tour.exact
    assert (tour.value, tour.end_s) == pytest.approx(best, abs=1e-6)
    assert len(tour.visits) > 0
    check(tour, ready, to_goal=to_goal)


def check(tour: Tour, ready: Outlook, *, to_goal: bool) -> None:
    """Hold a tour against windows, dwells, the clock, the map and the limits."""
    assert len(tour.legs) == len(tour.visits) + to_goal
    time_s, soc, cell = ready.problem.depart_s, ready.problem.soc, ready.start
    for step in tour.steps:
        assert step.start_s == pytest.approx(time_s, abs=1e-3)
        assert step.soc == pytest.approx(soc, abs=1e-6)
        assert step.cell == cell
        time_s, soc, cell = step.end_s, step.soc_after, step.to
    assert (time_s, soc) == pytest.approx((tour.end_s, tour.soc), abs=1e-3)
    assert tour.end_s <= ready.table.deadline_s
    for visit in tour.visits:
        waypoint = visit.waypoint
        assert max(visit.arrive_s, waypoint.from_s) <= visit.begin_s + 1e-6
        assert visit.end_s - visit.begin_s == pytest.approx(waypoint.dwell_s)
        assert visit.end_s <= waypoint.until_s
        worked = [step for step in visit.steps if step.start_s >= visit.begin_s - 1e-6]
        assert all(step.mode is Mode.CHARGE for step in worked)
        assert math.fsum(step.end_s - step.start_s for step in worked) == pytest.approx(waypoint.dwell_s)
    assert tour.value == sum(visit.waypoint.value for visit in tour.visits)
    assert all(margin.slack >= -1e-9 for margin in tour_margins(ready, tour))


def test_more_time_is_worth_no_less() -> None:
    values = []
    for deadline_h in (201.0, 204.0, 208.0, 214.0, 221.0):
        ready = timed_outlook(deadline_h=deadline_h)
        tour = best_tour(ready, some_waypoints(ready, 5, 7))
        assert isinstance(tour, Tour)
        values.append(tour.value)
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_a_dwell_is_not_cut_by_the_night() -> None:
    ready = timed_outlook(deadline_h=800.0, battery_wh=300.0)
    havens = np.argwhere(np.asarray(ready.table.havens) & np.asarray(ready.table.cells))
    long_one = Waypoint(name="core", place_m=place(*havens[len(havens) // 2]), dwell_s=30 * HOUR_S)
    tour = best_tour(ready, [long_one])
    assert isinstance(tour, Tour)
    (visit,) = tour.visits
    assert visit.begin_s - visit.arrive_s > 300 * HOUR_S  # no 30 h are left of the evening
    assert any(step.mode is Mode.DORMANT for step in visit.steps)
    check(tour, ready, to_goal=True)


def test_more_than_thirteen_state_a_bound() -> None:
    ready = timed_outlook(deadline_h=218.0)
    waypoints = some_waypoints(ready, 6, 18)
    tour = best_tour(ready, waypoints)
    assert isinstance(tour, Tour)
    assert 0 < tour.value <= tour.bound <= sum(waypoint.value for waypoint in waypoints)
    assert tour.value >= 0.7 * tour.bound
    check(tour, ready, to_goal=True)


def test_nothing_in_reach_is_an_answer() -> None:
    ready = timed_outlook(deadline_h=200.2)  # the goal takes longer
    answer = best_tour(ready, some_waypoints(ready, 7, 3))
    assert isinstance(answer, NoPlan)
    past = Waypoint(name="gone", place_m=place(21, 21), from_s=0.0, until_s=10.0)
    answer = best_tour(timed_outlook(), [past], to_goal=False)
    assert isinstance(answer, NoPlan)
    assert "window" in answer.where


@pytest.mark.parametrize("to_goal", [True, False], ids=["goal", "open"])
def test_no_time_at_all_is_no_answer_but_a_bound(to_goal: bool) -> None:
    ready = timed_outlook()
    waypoints = some_waypoints(ready, 8, 5)
    worth = sum(waypoint.value for waypoint in waypoints)
    with pytest.raises(TimeLimitError, match=f"worth more than {worth:g}"):
        best_tour(ready, waypoints, to_goal=to_goal, time_limit_s=0.0)
    many = best_tour(ready, some_waypoints(ready, 8, 16), time_limit_s=0.0)
    assert isinstance(many, Tour)
    check(many, ready, to_goal=True)


@pytest.mark.parametrize("change", [{"place_m": (1e4, 0.0)}, {"place_m": "closed"}, {"name": "b"}])
def test_bad_waypoints_are_refused_before_any_search(change: dict[str, Any]) -> None:
    ready = timed_outlook()
    if change.get("place_m") == "closed":
        change = {"place_m": place(*np.argwhere(~np.asarray(ready.table.cells))[0])}
    good = Waypoint(name="b", place_m=place(10, 10))
    bad = replace(Waypoint(name="a", place_m=place(12, 12)), **change)
    with pytest.raises(WaypointError, match="outside the terrain|is closed|2 waypoints of this name"):
        best_tour(ready, [good, bad])
    with pytest.raises(WaypointError, match="no waypoint"):
        best_tour(ready, [])


@pytest.mark.parametrize("seed", range(20))
def test_clocks_against_small_steps(seed: int) -> None:
    """Driving counts in open bins, all but nights for both together."""
    rng = np.random.default_rng(seed)
    ready = timed_outlook()
    bins = ground_of(ready.around, ready.rules(), ready.goal).bins
    clocks = Clocks(bins)
    time_s = float(rng.uniform(bins[0, 0], bins[-1, 0] - 200 * HOUR_S))
    drive_s, dwell_s = rng.uniform(0.0, 30 * HOUR_S, 2)
    end_s = float(clocks.earliest(time_s, drive_s, dwell_s))
    step = 20.0
    at = np.arange(time_s, bins[-1, 0], step) + step / 2
    k = np.searchsorted(bins[:, 0], at, side="right") - 1
    opened, awake = np.cumsum(bins[k, 7] > 0) * step, np.cumsum(bins[k, 1] != 3) * step
    enough = (opened >= drive_s) & (awake >= drive_s + dwell_s)
    expected = at[np.argmax(enough)] if enough.any() else math.inf
    assert end_s == pytest.approx(expected, abs=3 * step)
    if math.isfinite(end_s):
        again = float(clocks.earliest(clocks.latest(end_s, drive_s, dwell_s), drive_s, dwell_s))
        assert again == pytest.approx(end_s, abs=1e-5)
        assert clocks.latest(end_s + 1e-3, drive_s, dwell_s) >= time_s - 1e-5
