"""Traverses in time within a bound of risk: enough on clones, earlier than a fixed margin, not timid without need."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from rover.core.errors import TimeLimitError, UsageError
from rover.hazard.directional import directional_cost
from rover.limits.base import MOVES
from rover.planning import risk_traverse
from rover.planning.dem_error import DemError
from rover.planning.problem import Cause, NoPlan
from rover.planning.risk import RiskedPlan
from rover.planning.risk_clones import failures_on_clones
from rover.planning.risk_traverse import crossings_by_heading, sigmas_of_room, traverse_within_risk
from rover.planning.route_risk import crossings_of, limits_of
from rover.planning.timetable import Timetable
from rover.planning.traverse import best_traverse
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import Outlook
from tests.rover.planning.timed_ground import timed_dem, timed_outlook

ERROR = DemError(sigma_m=0.2, length_m=8.0)


def asked(seed: int = 7) -> Outlook:
    return timed_outlook(seed=seed, days=0.3)


def arrival(answer: RiskedPlan | NoPlan) -> float:
    if isinstance(answer, NoPlan):
        return math.inf
    assert isinstance(answer.plan.schedule, Timetable) and answer.plan.schedule.arrive_s is not None
    return answer.plan.schedule.arrive_s


def no_way(*_: Any, **__: Any) -> NoPlan:
    return NoPlan(cause=Cause.NO_ROUTE, where="nowhere", remedy="none")


@pytest.mark.parametrize("seed, sigma_m", [(7, 0.2), (14, 0.3)])
def test_the_bound_is_kept_on_clones_and_a_fixed_margin_is_beaten(
    seed: int, sigma_m: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, error = asked(seed), DemError(sigma_m=sigma_m, length_m=8.0)
    answer = traverse_within_risk(ready, error, 0.01)
    assert isinstance(answer, RiskedPlan)
    assert answer.unmargined_risk.chance > 0.1 > 0.01 >= answer.risk.at_most
    assert arrival(answer) > answer.unmargined.schedule.arrive_s  # type: ignore[union-attr]
    assert answer.plan.least is None
    assert all(margin.holds for margin in answer.plan.schedule.margins)  # type: ignore[union-attr]
    routes = [answer.plan.cells, answer.unmargined.cells]
    failed = failures_on_clones(timed_dem(seed), ready.problem.vehicle, routes, error, seed=5, count=1000)
    assert binom.sf(failed[0] - 1, 1000, 0.01) > 0.01
    assert failed[1] / 1000 == pytest.approx(answer.unmargined_risk.chance, abs=4.5 * math.sqrt(0.25 / 1000))
    monkeypatch.setattr(risk_traverse, "plan_within_risk", no_way)
    assert arrival(traverse_within_risk(ready, error, 0.01)) > arrival(answer) + 1.0


def test_crossings_of_a_way_lead_along_it_with_no_greater_chance() -> None:
    ready = asked()
    answer = traverse_within_risk(ready, ERROR, 0.01)
    assert isinstance(answer, RiskedPlan)
    crossed = crossings_by_heading(answer.plan.cells, ready.around.geometry.shape)
    assert crossed.sum() == len(crossings_of(answer.plan.cells).place)
    again = best_traverse(ready.crossing(crossed))
    assert not isinstance(again, NoPlan)
    assert not (crossings_by_heading(again.cells, crossed.shape[1:]) & ~crossed).any()
    assert again.schedule.arrive_s <= arrival(answer) + 1e-6  # type: ignore[union-attr]
    others = crossed.copy()
    others[:, ready.goal[0], ready.goal[1]] = False
    assert isinstance(best_traverse(ready.crossing(others)), NoPlan)


def test_room_is_counted_in_standard_deviations() -> None:
    """By the tangents of angles: the pitch of each heading, the roll about the axis that points ahead."""
    ready, sigma = asked(), 0.03
    cost = directional_cost(ready.problem.terrain, ready.problem.vehicle)
    room, limits = sigmas_of_room(cost, sigma), limits_of(cost)
    rng = np.random.default_rng(2)
    for _ in range(500):
        row, col, k = int(rng.integers(1, 25)), int(rng.integers(1, 25)), int(rng.integers(8))
        east, north = float(cost.grade_east[row, col]), float(cost.grade_north[row, col])
        up = np.array([-east, -north, 1.0]) / math.sqrt(1.0 + east * east + north * north)
        ahead = np.array([MOVES[k][1], MOVES[k][0], 0.0])
        forward = np.cross(np.cross(ahead, [0.0, 0.0, 1.0]), up)  # in the vertical plane of the heading
        forward /= np.linalg.norm(forward) * (1 if forward @ ahead > 0 else -1)
        left = np.cross(up, forward)
        pitch = math.asin(forward[2])
        roll = math.asin(left[2] / math.cos(pitch))
        least = min(
            limits.climb - math.tan(pitch),
            limits.descent + math.tan(pitch),
            limits.roll - abs(math.tan(roll)),
        )
        assert room[k, row, col] == pytest.approx(least / sigma, abs=1e-4)


def test_no_room_is_kept_where_none_is_needed() -> None:
    answer = traverse_within_risk(asked(), DemError(sigma_m=1e-4, length_m=8.0), 0.5)
    assert isinstance(answer, RiskedPlan)
    assert answer.plan is answer.unmargined


def test_an_error_that_hides_every_slope_is_an_answer() -> None:
    answer = traverse_within_risk(asked(), DemError(sigma_m=9.0, length_m=8.0), 0.01)
    assert isinstance(answer, NoPlan)
    assert "chance of" in answer.where


def test_what_is_found_without_the_way_apart_from_time_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is left for that way: the fixed margin's traverse stands, and how much better any can be."""
    ready = asked()
    whole = traverse_within_risk(ready, ERROR, 0.01)

    def late(*_: Any, **__: Any) -> NoPlan:
        raise TimeLimitError("late", remedy="wait", field="time_limit_s")

    monkeypatch.setattr(risk_traverse, "plan_within_risk", late)
    answer = traverse_within_risk(ready, ERROR, 0.01)
    assert isinstance(answer, RiskedPlan) and isinstance(whole, RiskedPlan)
    assert answer.plan.least is not None
    assert answer.plan.least <= whole.unmargined.schedule.arrive_s + 1e-6 <= arrival(whole)  # type: ignore[union-attr]
    assert arrival(whole) < arrival(answer)


def test_another_criterion_is_kept_to() -> None:
    by_length = traverse_within_risk(asked(), ERROR, 0.01, criterion=Criterion.DISTANCE)
    by_time = traverse_within_risk(asked(), ERROR, 0.01)
    assert isinstance(by_length, RiskedPlan) and isinstance(by_time, RiskedPlan)
    assert by_length.plan.price == pytest.approx(by_length.plan.length_m, rel=1e-6)
    assert by_length.plan.length_m <= by_time.plan.length_m + 1e-6
    assert by_length.risk.at_most <= 0.01


def test_bad_bounds_are_refused() -> None:
    with pytest.raises(UsageError, match="chance between 0 and 1"):
        traverse_within_risk(asked(), ERROR, 1.5)
    with pytest.raises(UsageError, match="shorter than the cells"):
        traverse_within_risk(asked(), DemError(sigma_m=1.0, length_m=0.5), 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["aristarchus", "highland"])
def test_a_thousand_clones_do_not_refute_the_risk(name: str) -> None:
    """The figures of docs/benchmarks.md, by the benchmark's own traverses."""
    if not os.environ.get("FARSIDE_REFERENCE"):
        pytest.skip("FARSIDE_REFERENCE is not set")
    sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
    from bench_risk import COLUMNS, figures_of, row, sites

    site = next(site for site in sites() if site.name == name)
    found = figures_of(site, pairs=10, clones=1000, bound=0.01, criterion=Criterion.DISTANCE)
    print(COLUMNS, row(site, found), sep="\n", flush=True)
    assert found.kept == found.asked
    assert found.unmargined_failing > 0.05
    assert found.least_p > 0.01
    assert found.extra <= 0.015
    assert found.extra < found.margin_extra
