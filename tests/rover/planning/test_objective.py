"""Prices by objective for planners that know no heading: laws, and figures worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse.csgraph import dijkstra

from rover.hazard.costmap import CostMap
from rover.hazard.directional import directional_cost
from rover.planning.astar import AStarPlanner
from rover.planning.check import check_plan
from rover.planning.objective import RISK_AT_LIMIT, UNITS, PriceMap, price_map, price_of_way
from rover.planning.problem import Objective, Plan, PlanningProblem
from sim.testing.graphs import grid_graph
from sim.testing.ground import ends_of, make_problem, terrain_kinds

OTHERS = [Objective.ENERGY, Objective.DISTANCE, Objective.RISK]


def by(objective: Objective, problem: PlanningProblem) -> PriceMap:
    return price_map(replace(problem, objective=objective))


def planned(objective: Objective, problem: PlanningProblem) -> Plan:
    plan = AStarPlanner().plan(replace(problem, objective=objective))
    assert isinstance(plan, Plan)
    return plan


def tilted(slope_deg: float, **layers: float) -> PlanningProblem:
    """A problem on ground of one slope, facing east, whose other layers are of one value."""
    base = make_problem(0)
    shape = base.costmap.geometry.shape
    figures = {
        "slope_rad": math.radians(slope_deg),
        "aspect_rad": math.pi / 2,
        "roughness_m": 0.0,
        "step_m": 2.0 * base.terrain.step_window_m * math.tan(math.radians(slope_deg)),
    }
    held = {name: np.full(shape, value, np.float32) for name, value in (figures | layers).items()}
    cost = CostMap(geometry=base.costmap.geometry, cost_s_per_m=np.full(shape, 20.0))
    return replace(base, terrain=replace(base.terrain, **held), costmap=cost)


@pytest.mark.parametrize("kind", terrain_kinds())
@pytest.mark.parametrize("objective", list(Objective))
def test_prices_are_positive_and_infinite_exactly_where_lethal(objective: Objective, kind: str) -> None:
    problem = make_problem(1, kind)
    prices = by(objective, problem)
    lethal = np.isinf(problem.costmap.cost_s_per_m)
    np.testing.assert_array_equal(np.isinf(prices.price_per_m), lethal)
    assert (prices.price_per_m > 0).all() and not np.isnan(prices.price_per_m).any()
    assert prices.unit == UNITS[objective] and prices.objective is objective
    assert not prices.price_per_m.flags.writeable


def test_time_is_the_cost_map_itself() -> None:
    problem = make_problem(1)
    assert np.shares_memory(by(Objective.TIME, problem).price_per_m, problem.costmap.cost_s_per_m)


def test_energy_of_level_ground_by_hand() -> None:
    """Rolling resistance over the drive's efficiency, and the load over the time."""
    vehicle = make_problem(0).vehicle
    weight_n = vehicle.mass_kg * 1.622
    want = (
        weight_n * vehicle.rolling_resistance / vehicle.drive_efficiency + vehicle.drive_w / vehicle.speed_m_s
    )
    assert by(Objective.ENERGY, tilted(0.0)).price_per_m[5, 5] == pytest.approx(want, rel=1e-3)


@pytest.mark.parametrize("slope_deg", [1.0, 5.0, 8.0, 12.0, 19.0])
def test_energy_is_exact_for_as_much_climb_as_descent(slope_deg: float) -> None:
    problem = tilted(slope_deg)
    heading = directional_cost(problem.terrain, problem.vehicle)
    (_, east), (_, west) = heading.cost_at(0.0), heading.cost_at(math.pi)
    price = by(Objective.ENERGY, problem).price_per_m
    np.testing.assert_allclose(price, (east + west) / 2, rtol=1e-6)


def test_energy_grows_with_slope_and_with_roughness_that_is_read() -> None:
    prices = [by(Objective.ENERGY, tilted(slope)).price_per_m[3, 3] for slope in np.linspace(0, 20, 41)]
    assert (np.diff(prices) > 0).all()
    problem = tilted(5.0)
    fine = replace(problem.terrain, roughness_window_m=1.0)
    levels = []
    for roughness in (0.0, 0.05, 0.1, 0.2):
        layer = np.full(fine.geometry.shape, roughness, np.float32)
        levels.append(
            by(Objective.ENERGY, replace(problem, terrain=replace(fine, roughness_m=layer))).price_per_m[3, 3]
        )
    assert (np.diff(levels) > 0).all()


def test_risk_is_distance_on_level_ground_and_eleven_at_one_limit() -> None:
    assert by(Objective.RISK, tilted(0.0)).price_per_m == pytest.approx(1.0)
    limit_deg = math.degrees(make_problem(0).vehicle.tilt_limit_rad)
    assert by(Objective.RISK, tilted(limit_deg)).price_per_m == pytest.approx(1 + RISK_AT_LIMIT, rel=1e-5)


def test_risk_grows_with_the_closeness_of_each_hazard() -> None:
    slopes = [by(Objective.RISK, tilted(slope)).price_per_m[3, 3] for slope in np.linspace(0, 25, 51)]
    assert (np.diff(slopes) >= 0).all() and slopes[-1] == 1 + RISK_AT_LIMIT
    base = tilted(3.0)
    fine = replace(base.terrain, roughness_window_m=1.0, step_window_m=1.0)
    for name, most in (
        ("roughness_m", base.vehicle.roughness_limit_m),
        ("step_m", base.vehicle.step_limit_m),
    ):
        risks = []
        for value in np.linspace(0, 1.2 * most, 25):
            layer = np.full(fine.geometry.shape, value, np.float32)
            terrain = replace(fine, **{name: layer})
            risks.append(by(Objective.RISK, replace(base, terrain=terrain)).price_per_m[3, 3])
        assert (np.diff(risks) >= 0).all() and risks[-1] > risks[0] + 0.5 * RISK_AT_LIMIT


def test_risk_falls_away_from_a_lethal_cell_and_ends() -> None:
    problem = tilted(0.0)
    cost = problem.costmap.cost_s_per_m.copy()
    cost[30, 40] = np.inf
    row = by(
        Objective.RISK, replace(problem, costmap=replace(problem.costmap, cost_s_per_m=cost))
    ).price_per_m[30]
    assert row[41] == pytest.approx(1 + RISK_AT_LIMIT)
    assert (np.diff(row[41:]) <= 0).all() and row[41] > row[42] > 1
    reach = 4.0 * problem.vehicle.footprint_radius_m / problem.costmap.geometry.resolution_m
    assert row[41 + math.ceil(reach)] == 1.0


@pytest.mark.parametrize("kind", terrain_kinds())
def test_risk_is_never_below_distance(kind: str) -> None:
    problem = make_problem(2, kind)
    risk, distance = (by(o, problem).price_per_m for o in (Objective.RISK, Objective.DISTANCE))
    assert (risk >= distance).all()


@pytest.mark.parametrize("objective", [Objective.ENERGY, Objective.RISK])
def test_what_is_not_known_of_a_free_cell_counts_as_at_its_limit(objective: Objective) -> None:
    problem = tilted(0.0)
    limit = by(objective, tilted(math.degrees(problem.vehicle.tilt_limit_rad))).price_per_m[3, 3]
    slope = problem.terrain.slope_rad.copy()
    slope[3, 3] = np.nan
    unknown = by(objective, replace(problem, terrain=replace(problem.terrain, slope_rad=slope))).price_per_m
    assert unknown[3, 3] == pytest.approx(limit, rel=1e-6) and unknown[3, 4] < limit


@pytest.mark.parametrize("objective", [Objective.ENERGY, Objective.RISK])
def test_maps_of_different_shape_are_refused(objective: Objective) -> None:
    problem = tilted(0.0)
    geometry = replace(problem.costmap.geometry, rows=5, cols=5)
    small = CostMap(geometry=geometry, cost_s_per_m=np.ones((5, 5)))
    with pytest.raises(ValueError, match="terrain of shape"):
        by(objective, replace(problem, costmap=small))


@pytest.mark.parametrize("kind", terrain_kinds())
@pytest.mark.parametrize("objective", list(Objective))
def test_each_plan_has_least_of_its_own_objective(objective: Objective, kind: str) -> None:
    problem = make_problem(3, kind)
    prices, mine = by(objective, problem).price_per_m, planned(objective, problem)
    resolution_m = problem.costmap.geometry.resolution_m
    assert mine.objective is objective and (mine.price is None) == (objective is Objective.TIME)
    spent = mine.cost_s if mine.price is None else mine.price
    assert spent == pytest.approx(price_of_way(mine.cells, prices, resolution_m), rel=1e-12)
    time_s = price_of_way(mine.cells, problem.costmap.cost_s_per_m, resolution_m)
    assert mine.cost_s == pytest.approx(time_s, rel=1e-12)
    for other in Objective:
        theirs = price_of_way(planned(other, problem).cells, prices, resolution_m)
        assert spent <= theirs * (1 + 1e-12)
    start, goal = (np.ravel_multi_index(end, prices.shape) for end in ends_of(problem))
    least = dijkstra(grid_graph(prices, resolution_m), directed=False, indices=start)[goal]
    assert spent == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize("objective", OTHERS)
def test_the_check_adds_prices_up(objective: Objective) -> None:
    problem = replace(make_problem(2), objective=objective)
    plan = planned(objective, problem)
    assert plan.price is not None and check_plan(plan, problem) == []
    for spoilt, says in (
        (replace(plan, price=plan.price * (1 + 1e-7)), f"a price by {objective}"),
        (replace(plan, price=math.nan), f"a price by {objective}"),
        (replace(plan, price=None), "states no price"),
        (replace(plan, objective=Objective.TIME), "asked for the least"),
        (replace(plan, cost_s=plan.cost_s * (1 + 1e-7)), "states a cost"),
    ):
        assert any(says in line for line in check_plan(spoilt, problem)), says


def test_the_price_of_a_way_by_hand() -> None:
    prices = np.arange(1.0, 13.0).reshape(3, 4)
    cells = np.array([[0, 0], [0, 1], [1, 2], [2, 0], [2, 0], [0, 1]])
    want = 1 * 1.5 + math.sqrt(2) * (2 + 7) / 2 + math.sqrt(5) * (7 + 6 + 10 + 9) / 4
    want += math.sqrt(5) * (9 + 5 + 6 + 2) / 4
    assert price_of_way(cells, prices, 3.0) == pytest.approx(3 * want, rel=1e-14)
    assert price_of_way(cells[::-1], prices, 3.0) == pytest.approx(3 * want, rel=1e-14)


@pytest.mark.parametrize(
    "cells", [[[0, 0], [0, 2]], [[0, 0], [2, 2]], [[0, 0], [1, 3]], [[0, 0], [0, -1]], [[2, 3], [3, 3]]]
)
def test_a_way_that_is_none_has_no_price(cells: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="a way"):
        price_of_way(np.array(cells), np.ones((3, 4)), 1.0)


def test_knight_s_moves_are_integrated_exactly() -> None:
    """Against dense sampling of the straight line."""
    rng = np.random.default_rng(5)
    prices = rng.random((5, 5)) + 0.5
    share = (np.arange(400_000) + 0.5) / 400_000
    for down, across in ((1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1)):
        row, col = np.floor(2.5 + share * down).astype(int), np.floor(2.5 + share * across).astype(int)
        want = prices[row, col].mean() * math.sqrt(5)
        got = price_of_way(np.array([[2, 2], [2 + down, 2 + across]]), prices, 1.0)
        assert got == pytest.approx(want, rel=1e-5)
