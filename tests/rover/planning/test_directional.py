"""Moves by heading: equal to scipy's Dijkstra, laws, and planes with analytic answers."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse.csgraph import dijkstra

from rover.core.errors import PlaceError, PlannerError, TimeLimitError
from rover.hazard.directional import directional_cost
from rover.hazard.directional_kernels import move_cost
from rover.planning.astar import AStarPlanner
from rover.planning.bottleneck import closed_whatever_the_slope
from rover.planning.check import check_plan
from rover.planning.directional import DirectionalPlanner
from rover.planning.directional_search import (
    DirectedRoute,
    directional_field,
    least_price,
    search_directional,
)
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, Planner, PlanningProblem
from rover.planning.registry import load_planner
from sim.testing.graphs import directed_graph
from sim.testing.ground import ROVER, ends_of, make_problem, terrain_kinds, with_limits
from tests.rover.planning.directional_ground import grade, plane, problem_on, random_problem, rover

CLAIMS = DirectionalPlanner.claims


def planned(problem: PlanningProblem, descent_limit_rad: float | None = None) -> Plan:
    plan = DirectionalPlanner(descent_limit_rad=descent_limit_rad).plan(problem)
    assert isinstance(plan, Plan), plan
    return plan


def scipy_least(problem: PlanningProblem, descent_limit_rad: float | None = None) -> float:
    graph = directed_graph(problem, descent_limit_rad=descent_limit_rad)
    start, goal = (np.ravel_multi_index(end, problem.costmap.geometry.shape) for end in ends_of(problem))
    return float(dijkstra(graph, indices=start)[goal])


@pytest.mark.parametrize("block", range(12))
def test_equals_scipy_s_dijkstra_on_random_ground(block: int) -> None:
    """Six hundred problems: time, energy and distance, 4, 8 and 16 neighbours, with and without a descent limit."""
    found = 0
    for seed in range(50 * block, 50 * block + 50):
        problem, descent_rad = random_problem(seed)
        answer = DirectionalPlanner(descent_limit_rad=descent_rad).plan(problem)
        least = scipy_least(problem, descent_rad)
        if isinstance(answer, NoPlan):
            closed = closed_whatever_the_slope(problem)
            lethal = any(closed[end] for end in ends_of(problem))
            assert (answer.cause is not Cause.NO_ROUTE) == lethal, seed
            assert lethal or math.isinf(least), seed
            continue
        found += answer.price is not None and answer.price > 0
        assert answer.price == pytest.approx(least, rel=1e-9, abs=0), seed
        assert check_plan(answer, problem, claims=CLAIMS, descent_limit_rad=descent_rad) == [], seed
    assert found >= 10


@pytest.mark.parametrize("kind", terrain_kinds())
@pytest.mark.parametrize("neighbours", [4, 8, 16])
def test_equals_scipy_s_dijkstra_on_every_kind_of_ground(kind: str, neighbours: int) -> None:
    for limits in ((20.0, 8.0), (8.0, 20.0), (20.0, 20.0)):
        problem = with_limits(make_problem(5, kind), slope_deg=limits[0], roll_deg=limits[1])
        for objective in (Objective.TIME, Objective.ENERGY):
            asked = replace(problem, objective=objective, neighbours=neighbours)
            answer, least = DirectionalPlanner().plan(asked), scipy_least(asked)
            if isinstance(answer, Plan):
                assert answer.price == pytest.approx(least, rel=1e-9, abs=0)
            else:
                assert answer.cause is not Cause.NO_ROUTE or math.isinf(least)


def test_a_move_costs_what_the_kernel_for_one_move_says() -> None:
    problem = problem_on(
        random_heights(3), (5, 5), (5, 6), vehicle=rover(slope_limit_deg=40.0, roll_limit_deg=40.0)
    )
    cost = directional_cost(problem.terrain, problem.vehicle)
    closed = closed_whatever_the_slope(problem)
    for down, across in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        run = math.hypot(down, across)
        seconds, joules = move_cost(
            cost.grade_east, cost.grade_north, cost.rough_grade2, 5, 5, 5 + down, 5 + across,
            across / run, down / run, 2.0 * run, cost.rules, cost.slip,
        )  # fmt: skip
        for objective, want in ((Objective.TIME, seconds), (Objective.ENERGY, joules)):
            route = search_directional(cost, closed, (5, 5), (5 + down, 5 + across), objective=objective)
            assert isinstance(route, DirectedRoute)
            if len(route.cells) == 2:
                assert route.price == pytest.approx(want, rel=1e-12)
            else:
                assert route.price < want


def random_heights(seed: int, rows: int = 16, cols: int = 18) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).normal(0, 0.35, (rows, cols)).cumsum(0).cumsum(1) / 4


# Planes: the answers are known.


@pytest.mark.parametrize("neighbours", [4, 8, 16])
def test_a_slope_is_climbed_straight_that_must_not_be_traversed(neighbours: int) -> None:
    """14 deg: 20 up, 10 across. A heading at 45 deg to the contour still rolls 9.8; one at 26.6 rolls 12.5."""
    vehicle = rover(slope_limit_deg=20.0, roll_limit_deg=10.0)
    heights = plane(0.0, grade(14))
    up = problem_on(heights, (3, 8), (13, 8), vehicle=vehicle, neighbours=neighbours)
    plan = planned(up)
    assert plan.length_m == pytest.approx(20.0)
    across = replace(
        up, start_m=up.terrain.geometry.centre_of(8, 3), goal_m=up.terrain.geometry.centre_of(8, 13)
    )
    answer = DirectionalPlanner().plan(across)
    if neighbours == 4:
        assert isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE
    else:  # it tacks: up and down at 45 deg, never along the contour
        assert isinstance(answer, Plan)
        steps = np.diff(answer.cells, axis=0)
        assert (np.abs(steps[:, 0]) >= np.abs(steps[:, 1])).all()
        assert answer.length_m == pytest.approx(20.0 * math.sqrt(2))


def test_the_same_slope_at_a_lower_roll_limit_is_not_crossed_at_all() -> None:
    """At 45 deg 14 deg of slope roll by asin(sin 14 / sqrt 2) = 9.85 deg."""
    edge = math.degrees(math.asin(math.sin(math.radians(14)) / math.sqrt(2)))
    for limit, open_ in ((edge - 0.01, False), (edge + 0.01, True)):
        vehicle = rover(slope_limit_deg=20.0, roll_limit_deg=limit)
        answer = DirectionalPlanner().plan(
            problem_on(plane(0.0, grade(14)), (8, 3), (8, 13), vehicle=vehicle)
        )
        assert isinstance(answer, Plan) is open_, answer


@pytest.mark.parametrize("neighbours", [4, 8, 16])
def test_a_slope_is_traversed_that_must_not_be_climbed(neighbours: int) -> None:
    vehicle = rover(slope_limit_deg=8.0, roll_limit_deg=20.0)
    across = problem_on(plane(0.0, grade(14)), (8, 3), (8, 13), vehicle=vehicle, neighbours=neighbours)
    assert planned(across).length_m == pytest.approx(20.0)
    place = across.terrain.geometry.centre_of
    up = replace(across, start_m=place(4, 8), goal_m=place(12, 8))
    answer = DirectionalPlanner().plan(up)
    if (
        neighbours == 16
    ):  # by hairpins: the knight's move along the contour climbs atan(tan 14 / sqrt 5) = 6.4 deg
        assert isinstance(answer, Plan)
        steps = np.diff(answer.cells, axis=0)
        assert (np.abs(steps[:, 1]) >= 2 * np.abs(steps[:, 0])).all()
        assert check_plan(answer, up, claims=CLAIMS) == []
    else:
        assert isinstance(answer, NoPlan) and "pitch" in answer.where


def test_a_descent_limit_of_its_own_closes_the_way_down_only() -> None:
    up = problem_on(plane(0.0, grade(14)), (3, 8), (13, 8))
    down = replace(up, start_m=up.goal_m, goal_m=up.start_m)
    limit = math.radians(8)
    planned(up, limit)
    answer = DirectionalPlanner(descent_limit_rad=limit).plan(down)
    assert (
        isinstance(answer, NoPlan)
        and "a descent limit of" in answer.remedy
        and "planner astar" in answer.remedy
    )
    assert check_plan(planned(down), down, claims=CLAIMS) == []
    broken = check_plan(planned(down), down, claims=CLAIMS, descent_limit_rad=limit)
    assert any("descends 14.0" in line for line in broken)


def test_reversing_a_climb_is_a_descent_that_costs_as_physics_says() -> None:
    slope, length_m, vehicle = math.radians(12), 20.0, ROVER
    up = problem_on(plane(0.0, math.tan(slope)), (3, 8), (13, 8), objective=Objective.ENERGY)
    down = replace(up, start_m=up.goal_m, goal_m=up.start_m)
    slip = vehicle.slip_at_slope_limit * (math.tan(slope) / math.tan(vehicle.slope_limit_rad)) ** 2
    ground_m, weight_n = length_m / math.cos(slope), vehicle.mass_kg * 1.622

    def joules(pitch: float, slip: float) -> tuple[float, float]:
        wheels_m = ground_m / (1 - slip)
        seconds = wheels_m / vehicle.speed_m_s
        pull_n = max(0.0, weight_n * (vehicle.rolling_resistance * math.cos(pitch) + math.sin(pitch)))
        return seconds, pull_n * wheels_m / vehicle.drive_efficiency + vehicle.drive_w * seconds

    for problem, (seconds, energy) in ((up, joules(slope, slip)), (down, joules(-slope, 0.0))):
        plan = planned(problem)
        assert plan.cost_s == pytest.approx(seconds, rel=1e-4)
        assert plan.price == pytest.approx(energy, rel=1e-3)
    assert planned(up).cost_s > planned(down).cost_s


def test_a_slope_too_steep_for_the_cost_map_is_no_more_than_its_heading() -> None:
    """astar knows no heading: it must refuse what any heading breaks."""
    vehicle = rover(slope_limit_deg=20.0, roll_limit_deg=10.0)
    problem = problem_on(plane(0.0, grade(14)), (3, 8), (13, 8), vehicle=vehicle)
    assert isinstance(AStarPlanner().plan(problem), NoPlan)
    assert math.isfinite(planned(problem).cost_s)


# Laws.


def turned(seed: int, quarters: int, mirrored: bool, objective: Objective, neighbours: int) -> float:
    """Least price on ground turned by quarters, and mirrored."""
    heights = random_heights(seed, 15, 15)
    start, goal = np.zeros((15, 15)), np.zeros((15, 15))
    start[3, 3], goal[11, 10] = 1, 1

    def put(layer: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.rot90(layer.T if mirrored else layer, quarters)

    ends = [tuple(int(i) for i in np.argwhere(put(layer))[0]) for layer in (start, goal)]
    vehicle = rover(slope_limit_deg=25.0, roll_limit_deg=14.0)
    problem = problem_on(
        put(heights), ends[0], ends[1], vehicle=vehicle, objective=objective, neighbours=neighbours
    )  # type: ignore[arg-type]
    answer = DirectionalPlanner().plan(problem)
    return answer.price or 0.0 if isinstance(answer, Plan) else math.inf


@pytest.mark.parametrize("neighbours", [4, 8, 16])
@pytest.mark.parametrize("objective", [Objective.TIME, Objective.ENERGY])
def test_turning_the_ground_turns_the_way(objective: Objective, neighbours: int) -> None:
    for seed in range(6):
        want = turned(seed, 0, False, objective, neighbours)
        for quarters in range(4):
            for mirrored in (False, True):
                got = turned(seed, quarters, mirrored, objective, neighbours)
                assert got == pytest.approx(want, rel=1e-5), (seed, quarters, mirrored)


@pytest.mark.parametrize("limit", ["slope_limit_deg", "roll_limit_deg"])
def test_loosening_a_limit_never_makes_dearer(limit: str) -> None:
    """By distance and by time with the slip of the ground as it was; a limit also scales slip, which is held here."""
    opened = 0
    for seed in range(30):
        problem, _ = random_problem(3 * seed)
        start, goal = ends_of(problem)
        slip = directional_cost(problem.terrain, problem.vehicle).slip
        for objective in (Objective.TIME, Objective.DISTANCE):
            prices = []
            for share in (1.0, 1.3, 1.8):
                vehicle = rover(
                    **{name: getattr(problem.vehicle, name) for name in ("slope_limit_deg", "roll_limit_deg")}
                    | {limit: getattr(problem.vehicle, limit) * share}
                )
                cost = directional_cost(problem.terrain, vehicle, slip=slip)
                closed = closed_whatever_the_slope(problem)
                route = search_directional(
                    cost, closed, start, goal, objective=objective, neighbours=problem.neighbours
                )
                prices.append(route.price if isinstance(route, DirectedRoute) else math.inf)
            assert prices[1] <= prices[0] * (1 + 1e-12) and prices[2] <= prices[1] * (1 + 1e-12), (
                seed,
                prices,
            )
            opened += prices[2] < prices[0]
    assert opened > 5


@pytest.mark.parametrize("objective", [Objective.TIME, Objective.ENERGY, Objective.DISTANCE])
def test_on_level_ground_it_equals_the_plain_planner(objective: Objective) -> None:
    rng = np.random.default_rng(11)
    for _ in range(10):
        closed = rng.random((24, 24)) < 0.04
        problem = problem_on(np.zeros((24, 24)), (3, 3), (20, 19), closed=closed, objective=objective)
        plain, mine = AStarPlanner().plan(problem), DirectionalPlanner().plan(problem)
        if isinstance(plain, NoPlan):
            assert isinstance(mine, NoPlan) and mine.cause is plain.cause
            continue
        assert isinstance(mine, Plan)
        assert mine.price == pytest.approx(plain.cost_s if plain.price is None else plain.price, rel=1e-9)
        assert mine.cost_s == pytest.approx(plain.cost_s, rel=1e-9) or objective is Objective.DISTANCE


@pytest.mark.parametrize("kind", terrain_kinds())
@pytest.mark.parametrize("neighbours", [4, 8, 16])
def test_each_objective_has_least_of_its_own(kind: str, neighbours: int) -> None:
    problem = replace(make_problem(4, kind), neighbours=neighbours)
    start, goal = ends_of(problem)
    cost = directional_cost(problem.terrain, problem.vehicle)
    routes = {
        objective: search_directional(
            cost, closed_whatever_the_slope(problem), start, goal, objective=objective, neighbours=neighbours
        )
        for objective in (Objective.TIME, Objective.ENERGY)
    }
    quick, frugal = routes[Objective.TIME], routes[Objective.ENERGY]
    assert isinstance(quick, DirectedRoute) and isinstance(frugal, DirectedRoute)
    assert frugal.drive_j == frugal.price <= quick.drive_j * (1 + 1e-12)
    assert quick.drive_s == quick.price <= frugal.drive_s * (1 + 1e-12)


def test_more_neighbours_never_cost_more() -> None:
    for kind in terrain_kinds():
        prices = [planned(replace(make_problem(6, kind), neighbours=n)).price or 0.0 for n in (4, 8, 16)]
        assert prices[0] >= prices[1] * (1 - 1e-12) and prices[1] >= prices[2] * (1 - 1e-12)


@pytest.mark.parametrize("objective", [Objective.TIME, Objective.ENERGY])
def test_no_metre_is_cheaper_than_the_bound(objective: Objective) -> None:
    """What the heuristic rests on."""
    code = 0 if objective is Objective.TIME else 1
    for seed in range(20):
        problem, descent_rad = random_problem(seed)
        cost = directional_cost(problem.terrain, problem.vehicle, descent_limit_rad=descent_rad)
        floor = least_price(cost, code)
        assert floor > 0
        for yaw in np.linspace(0, 2 * math.pi, 16, endpoint=False):
            assert not (cost.cost_at(float(yaw))[code] < floor * (1 - 1e-12)).any()


# The field.


@pytest.mark.parametrize("neighbours", [4, 8, 16])
@pytest.mark.parametrize("objective", [Objective.TIME, Objective.ENERGY, Objective.DISTANCE])
def test_the_field_is_the_cost_to_go_from_every_cell(objective: Objective, neighbours: int) -> None:
    vehicle = rover(slope_limit_deg=20.0, roll_limit_deg=9.0)
    problem = problem_on(
        random_heights(8), (4, 4), (12, 13), vehicle=vehicle, objective=objective, neighbours=neighbours
    )
    _, goal = ends_of(problem)
    cost, closed = directional_cost(problem.terrain, vehicle), closed_whatever_the_slope(problem)
    field = directional_field(cost, closed, goal, objective=objective, neighbours=neighbours)
    want = dijkstra(directed_graph(problem).T.tocsr(), indices=np.ravel_multi_index(goal, field.shape))
    np.testing.assert_allclose(field, want.reshape(field.shape), rtol=1e-9)
    assert np.isfinite(field).sum() > 20 and field[goal] == 0.0


def test_the_field_of_a_closed_goal_is_infinite() -> None:
    problem = problem_on(np.zeros((9, 9)), (3, 3), (5, 5))
    cost = directional_cost(problem.terrain, problem.vehicle)
    assert np.isinf(directional_field(cost, np.ones((9, 9), np.bool_), (5, 5))).all()


# The planner.


def test_it_is_a_planner_of_the_registry() -> None:
    planner = load_planner("directional")
    assert isinstance(planner, DirectionalPlanner) and isinstance(planner, Planner)
    assert planner.claims == {Claim.OPTIMAL, Claim.DIRECTIONAL}


@pytest.mark.parametrize("neighbours", [8, 16])
def test_the_way_goes_through_the_centres_of_its_ends_cells(neighbours: int) -> None:
    """So that no move starts off its heading; a knight's move from off the centre would cross other cells."""
    problem = replace(make_problem(2), neighbours=neighbours)
    plan = planned(problem)
    centres = problem.costmap.geometry.centres_of(plan.cells)
    np.testing.assert_array_equal(plan.waypoints_m[1:-1], centres[1:-1])
    assert tuple(plan.waypoints_m[0]) == problem.start_m and tuple(plan.waypoints_m[-1]) == problem.goal_m
    assert tuple(plan.cells[0]) == tuple(plan.cells[1]) and tuple(plan.cells[-1]) == tuple(plan.cells[-2])


def test_two_places_in_one_cell_are_joined_straight() -> None:
    problem = make_problem(2)
    east_m, north_m = problem.start_m
    plan = planned(replace(problem, goal_m=(east_m + 1e-3, north_m)))
    assert plan.cost_s == 0.0 and plan.length_m == pytest.approx(1e-3)


def test_risk_has_no_price_by_heading() -> None:
    with pytest.raises(
        PlannerError, match="objective = risk: has no price by heading; give time, energy, distance"
    ):
        DirectionalPlanner().plan(replace(make_problem(0), objective=Objective.RISK))


def test_outside_the_map_is_refused() -> None:
    with pytest.raises(PlaceError, match="goal_m"):
        DirectionalPlanner().plan(replace(make_problem(0), goal_m=(1e6, 0.0)))


@pytest.mark.parametrize("limit_rad", [0.0, -0.1, math.nan, 2.0])
def test_a_descent_limit_that_is_none_is_refused(limit_rad: float) -> None:
    with pytest.raises(ValueError, match="descent limit"):
        DirectionalPlanner(descent_limit_rad=limit_rad)


@pytest.mark.parametrize("limit_s", [-1.0, math.nan])
def test_a_search_out_of_time_says_what_a_way_takes_at_least(limit_s: float) -> None:
    problem = replace(make_problem(0), time_limit_s=limit_s)
    with pytest.raises(TimeLimitError, match="a way takes at least") as caught:
        DirectionalPlanner().plan(problem)
    price = planned(replace(problem, time_limit_s=60.0)).price
    said = re.search(r"at least (\S+) s", str(caught.value))
    assert said is not None and price is not None and 0 < float(said[1]) <= price


def test_a_search_in_pieces_is_the_same_search(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = replace(make_problem(3), objective=Objective.ENERGY)
    whole = planned(problem)
    monkeypatch.setattr("rover.planning.directional_search._PAUSE", 7)
    monkeypatch.setattr("rover.planning.directional_search._FIRST_ROOM", 16)
    pieces = planned(problem)
    assert (pieces.price, pieces.expanded) == (whole.price, whole.expanded)
    np.testing.assert_array_equal(pieces.cells, whole.cells)


def test_shapes_and_numbers_of_moves_are_checked() -> None:
    problem = problem_on(np.zeros((9, 9)), (3, 3), (5, 5))
    cost = directional_cost(problem.terrain, problem.vehicle)
    with pytest.raises(ValueError, match="closed has shape"):
        search_directional(cost, np.zeros((9, 8), np.bool_), (3, 3), (5, 5))
    with pytest.raises(ValueError, match="neighbours"):
        search_directional(cost, np.zeros((9, 9), np.bool_), (3, 3), (5, 5), neighbours=6)
    with pytest.raises(PlaceError):
        search_directional(cost, np.zeros((9, 9), np.bool_), (3, 3), (5, 50))
