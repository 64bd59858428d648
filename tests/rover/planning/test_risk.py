"""Plans within a bound of risk: chances against clones and brute force, ways against exhaustive search, refusals."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from rover.core.errors import PlannerError, TimeLimitError, UsageError
from rover.core.grid import Dem
from rover.hazard.attitude_risk import breaking_chance
from rover.hazard.directional import directional_cost
from rover.planning.bottleneck import closed_whatever_the_slope
from rover.planning.check_heading import check_heading
from rover.planning.dem_error import DemError
from rover.planning.directional import DirectionalPlanner
from rover.planning.problem import NoPlan, Objective, Plan, PlanningProblem
from rover.planning.risk import RiskedPlan, plan_within_risk, splices
from rover.planning.risk_clones import failures_on_clones
from rover.planning.risk_prices import RiskPrices
from rover.planning.route_risk import crossings_of, limits_of, route_risk
from tests.rover.planning.directional_ground import grade, plane, problem_on, rover

ROUGH = rover(slope_limit_deg=18.0, roll_limit_deg=15.0)
ERROR = DemError(sigma_m=0.06, length_m=6.0)


def heights(seed: int, size: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.45, (size, size)).cumsum(0).cumsum(1) / 5


def rough_problem(seed: int, size: int = 40, **asked: object) -> PlanningProblem:
    problem = problem_on(heights(seed, size), (3, 3), (size - 4, size - 4), vehicle=ROUGH)
    return replace(problem, objective=Objective.DISTANCE, **asked)


def dem_of(problem: PlanningProblem, elevation: np.ndarray) -> Dem:
    return Dem(
        geometry=problem.terrain.geometry,
        elevation_m=elevation.astype(np.float32),
        datum_m=0.0,
        source="a test",
    )


@pytest.mark.parametrize(
    "along, across", [(0.3, 0.1), (0.28, 0.25), (-0.31, 0.0), (0.0, -0.27), (0.1, 0.29), (0.4, 0.4)]
)
def test_a_chance_is_that_of_drawn_grades(along: float, across: float) -> None:
    rng = np.random.default_rng(8)
    on, off = along + 0.02 * rng.standard_normal(400_000), across + 0.02 * rng.standard_normal(400_000)
    broken = (
        (on > 0.32) | (-on > 0.30) | (np.abs(np.arcsin(off / np.sqrt(1 + on**2 + off**2))) > math.atan(0.27))
    )
    found = breaking_chance(along, across, climb=0.32, descent=0.30, roll=0.27, sigma=0.02)
    assert float(found) == pytest.approx(broken.mean(), abs=4.5 * math.sqrt(0.25 / 400_000))


def test_a_chance_is_sure_far_from_a_limit() -> None:
    given = {"climb": 0.3, "descent": 0.3, "roll": 0.3, "sigma": 0.01}
    found = breaking_chance([0.0, 0.5, 0.0, math.nan, 0.3], [0.0, 0.0, -0.6, 0.0, 0.0], **given)
    assert found.tolist() == pytest.approx([0.0, 1.0, 1.0, 1.0, 0.5])


def test_a_chance_grows_towards_the_limit() -> None:
    along = np.linspace(0.0, 0.5, 400)
    found = breaking_chance(along, 0.1, climb=0.3, descent=0.3, roll=0.3, sigma=0.03)
    assert (np.diff(found) >= -1e-12).all()


@pytest.mark.parametrize("length_m", [3.0, 6.0, 20.0])
def test_the_chance_of_a_route_is_that_of_clones(length_m: float) -> None:
    """Clones of the whole map, slope and aspect derived anew, against the draws along the route."""
    ground = np.random.default_rng(1).normal(0, 0.02, (16, 60)) + plane(grade(13.0), grade(4.0), 16, 60)
    problem = problem_on(ground, (5, 3), (9, 55), vehicle=ROUGH)
    unit = DemError(sigma_m=1.0, length_m=length_m).grade_sigma(4.0)
    error = DemError(sigma_m=0.034 / unit, length_m=length_m)
    cells = (
        [(5, c) for c in range(3, 30)]
        + [(5 + i, 29 + i) for i in range(1, 5)]
        + [(9, c) for c in range(34, 56)]
    )
    cost = directional_cost(problem.terrain, ROUGH)
    risk = route_risk(cost, cells, error, baseline_m=4.0, seed=3)
    failed = failures_on_clones(dem_of(problem, ground), ROUGH, [cells], error, seed=4, count=1200)[0] / 1200
    assert 0.05 < risk.chance < 0.95
    assert failed == pytest.approx(risk.chance, abs=4.5 * math.sqrt(risk.chance / 1200) + 4 * risk.error)
    assert risk.chance <= risk.summed
    assert risk.together > 1.05


def test_a_route_of_independent_cells_has_the_chance_of_independent_cells() -> None:
    """Two cells far apart, each as likely as the other."""
    ground = plane(0.0, 0.0, 9, 60)
    ground[:, 10:13] += grade(17.0) * 2.0 * np.arange(3)
    ground[:, 13:40] += grade(17.0) * 4.0
    ground[:, 40:43] += grade(17.0) * 2.0 * np.arange(2, 5)
    ground[:, 43:] += grade(17.0) * 8.0
    problem = problem_on(ground, (4, 2), (4, 57), vehicle=ROUGH)
    cost = directional_cost(problem.terrain, ROUGH)
    error = DemError(sigma_m=0.02, length_m=4.0)
    parts = [
        route_risk(cost, [(4, c) for c in span], error, baseline_m=4.0).chance
        for span in (range(2, 25), range(25, 58))
    ]
    whole = route_risk(cost, [(4, c) for c in range(2, 58)], error, baseline_m=4.0)
    assert whole.chance == pytest.approx(1 - (1 - parts[0]) * (1 - parts[1]), rel=0.02)


def test_estimates_are_the_same_again() -> None:
    problem = rough_problem(0)
    cost, cells = directional_cost(problem.terrain, ROUGH), [(r, r) for r in range(3, 36)]
    one, same, other = (route_risk(cost, cells, ERROR, baseline_m=4.0, seed=s) for s in (1, 1, 2))
    assert one == same
    assert one.chance == pytest.approx(other.chance, abs=5 * (one.error + other.error))


def test_unknown_ground_breaks_a_limit_for_certain() -> None:
    ground = plane(0.0, 0.0)
    ground[8, 8] = math.nan
    cost = directional_cost(problem_on(ground, (8, 2), (2, 2)).terrain, ROUGH)
    assert route_risk(cost, [(8, c) for c in range(2, 12)], ERROR, baseline_m=4.0).chance == 1.0


def test_crossings_are_both_cells_and_the_corners() -> None:
    crossed = crossings_of([(1, 1), (1, 2), (2, 3), (2, 3)])
    found = {(tuple(crossed.cells[p].tolist()), tuple(np.sign(h.round(6)).astype(int).tolist()))
             for p, h in zip(crossed.place, crossed.heading, strict=True)}  # fmt: skip
    corners = {((r, c), (1, 1)) for r in (1, 2) for c in (2, 3)}
    assert found == {((1, 1), (1, 0)), ((1, 2), (1, 0))} | corners


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("objective", [Objective.TIME, Objective.ENERGY, Objective.DISTANCE])
def test_prices_are_those_of_the_directional_search(seed: int, objective: Objective) -> None:
    problem = replace(rough_problem(seed, 24), objective=objective)
    plan = DirectionalPlanner().plan(problem)
    cost, closed = directional_cost(problem.terrain, ROUGH), closed_whatever_the_slope(problem)
    prices = RiskPrices(cost, closed, 0.02, objective=objective, neighbours=8)
    way = prices.way((3, 3), (20, 20), 0.0)
    if isinstance(plan, NoPlan):
        assert way is None
        return
    assert way is not None
    assert prices.price_of(way) == pytest.approx(plan.price, rel=1e-9)
    assert prices.price_of(plan.cells) == pytest.approx(plan.price, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_weighted_way_is_the_least_of_bellman_ford(seed: int) -> None:
    problem = rough_problem(seed, 14)
    cost, closed = directional_cost(problem.terrain, ROUGH), closed_whatever_the_slope(problem)
    prices = RiskPrices(cost, closed, 0.03, objective=Objective.DISTANCE, neighbours=8)
    moves = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))
    for weight in (0.0, 3.0, 100.0):
        way = prices.way((3, 3), (10, 10), weight)
        least = np.full((14, 14), math.inf)
        least[3, 3] = 0.0
        price = (prices.base + weight * prices.risk).reshape(14, 14, 8)
        for _ in range(60):  # rounds: no least way has more moves
            for r, c in np.argwhere(least < math.inf).tolist():
                for k, (down, across) in enumerate(moves):
                    if price[r, c, k] < math.inf:
                        to = r + down, c + across
                        least[to] = min(least[to], least[r, c] + price[r, c, k])
        if way is None:
            assert least[10, 10] == math.inf
        else:
            at = way[:-1, 0] * 14 + way[:-1, 1]
            step = [moves.index(tuple(move)) for move in np.diff(way, axis=0).tolist()]
            assert price.reshape(-1, 8)[at, step].sum() == pytest.approx(least[10, 10])


def test_splices_are_ways_from_end_to_end() -> None:
    one = np.array([(0, c) for c in range(8)])
    other = np.array([(0, 0), (1, 1), (0, 2), (0, 3), (1, 4), (1, 5), (0, 6), (0, 7)])
    found = [way.tolist() for way in splices(one, other)]
    assert found == [
        [[0, 0], [1, 1], [0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [0, 7]],
        [[0, 0], [0, 1], [0, 2], [0, 3], [1, 4], [1, 5], [0, 6], [0, 7]],
    ]


@pytest.mark.parametrize("seed", [3, 7, 9, 10, 13])
def test_plans_keep_the_bound_on_clones(seed: int) -> None:
    problem = rough_problem(seed)
    answer = plan_within_risk(problem, ERROR, 0.05, seed=seed)
    assert isinstance(answer, RiskedPlan)
    assert answer.unmargined_risk.chance > 0.15
    assert answer.risk.at_most <= 0.05
    assert answer.plan.length_m >= answer.unmargined.length_m - 1e-9
    assert check_heading(answer.plan, problem, None) == []
    routes = [answer.plan.cells, answer.unmargined.cells]
    failed, bare = failures_on_clones(
        dem_of(problem, heights(seed)), ROUGH, routes, ERROR, seed=99, count=300
    )
    assert binom.sf(failed - 1, 300, 0.05) > 0.01
    assert bare / 300 == pytest.approx(answer.unmargined_risk.chance, abs=4.5 * math.sqrt(0.25 / 300))


def test_a_looser_bound_is_not_longer() -> None:
    lengths = []
    for bound in (0.04, 0.2, 0.5):
        answer = plan_within_risk(rough_problem(10), ERROR, bound)
        assert isinstance(answer, RiskedPlan)
        lengths.append(answer.plan.length_m)
    assert lengths[0] >= lengths[1] - 1e-9 >= lengths[2] - 2e-9
    assert lengths[0] > lengths[2]


def test_ground_at_the_limit_everywhere_is_refused_with_the_least_risk() -> None:
    problem = problem_on(plane(grade(17.5), 0.0), (8, 3), (8, 12), vehicle=ROUGH)
    answer = plan_within_risk(problem, ERROR, 0.01)
    assert isinstance(answer, NoPlan)
    assert "chance of 1" in answer.where or "chance of 0." in answer.where
    assert "smaller error" in answer.remedy


@pytest.mark.parametrize("bound", [0.0, 1.0, -0.01, math.nan, 2.0])
def test_a_bound_is_a_chance(bound: float) -> None:
    with pytest.raises(UsageError, match="chance between 0 and 1"):
        plan_within_risk(rough_problem(1), ERROR, bound)


def test_what_has_no_risk_is_refused() -> None:
    with pytest.raises(UsageError, match="shorter than the cells"):
        plan_within_risk(rough_problem(1), DemError(sigma_m=0.1, length_m=1.0), 0.01)
    with pytest.raises(PlannerError, match="neighbours"):
        plan_within_risk(rough_problem(1, neighbours=16), ERROR, 0.01)
    with pytest.raises(PlannerError, match="objective"):
        plan_within_risk(replace(rough_problem(1), objective=Objective.RISK), ERROR, 0.01)


def test_a_time_limit_is_kept() -> None:
    with pytest.raises(TimeLimitError, match="time_limit_s"):
        plan_within_risk(rough_problem(3, time_limit_s=0.03), ERROR, 0.01)


@pytest.mark.slow
def test_a_thousand_clones_do_not_refute_the_risk() -> None:
    """The figures of docs/benchmarks.md, by the benchmark's own routes."""
    if not os.environ.get("FARSIDE_REFERENCE"):
        pytest.skip("FARSIDE_REFERENCE is not set")
    sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
    from bench_risk import COLUMNS, figures_of, row, sites

    print(COLUMNS)
    for site in sites():
        found = figures_of(site, pairs=10, clones=1000, bound=0.01)
        print(row(site, found), flush=True)
        assert found.unmargined_failing > 0.1
        assert found.least_p > 0.01, site.name
        assert found.extra <= 0.015, site.name
        assert found.extra < found.margin_extra, site.name


def test_plans_are_plans() -> None:
    answer = plan_within_risk(replace(rough_problem(3), objective=Objective.TIME), ERROR, 0.05)
    assert isinstance(answer, RiskedPlan) and isinstance(answer.plan, Plan)
    assert answer.plan.price == pytest.approx(answer.plan.cost_s)
    by_length = plan_within_risk(rough_problem(3), ERROR, 0.05)
    assert isinstance(by_length, RiskedPlan)
    assert check_heading(by_length.plan, rough_problem(3), None) == []
    assert limits_of(directional_cost(rough_problem(3).terrain, ROUGH)).climb == pytest.approx(
        grade(18.0), rel=1e-5
    )
