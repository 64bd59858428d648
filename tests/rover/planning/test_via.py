"""Ways through places: legs joined into a plan that holds, refusals that name the leg, places moved to free cells."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from rover.core.errors import TimeLimitError
from rover.core.zones import zone_from_corners
from rover.planning.astar import AStarPlanner
from rover.planning.check import check_plan
from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem
from rover.planning.snap import nearest_free_place, snap_places
from rover.planning.via import Itinerary, plan_through
from sim.testing.ground import make_problem
from tests.rover.planning.test_explain import cliff_problem, problem_on, terrain_of

Place = tuple[float, float]


def some_places(problem: PlanningProblem, count: int, seed: int) -> list[Place]:
    """Places off centre on cells that can be reached from the start."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    geometry = problem.costmap.geometry
    places: list[Place] = []
    while len(places) < count:
        east, north = rng.uniform(*np.reshape(geometry.bounds_m, (2, 2)))
        if isinstance(AStarPlanner().plan(replace(problem, goal_m=(east, north))), Plan):
            places.append((float(east), float(north)))
    return places


@pytest.mark.parametrize("seed", range(6))
def test_a_joined_plan_keeps_every_promise(seed: int) -> None:
    problem = make_problem(seed)
    via_m = some_places(problem, 1 + seed % 3, seed)
    found = plan_through(AStarPlanner(), problem, via_m)
    assert isinstance(found, Itinerary)
    assert check_plan(found.plan, problem, claims=AStarPlanner.claims) == []
    stops = [problem.start_m, *via_m, problem.goal_m]
    alone = [
        AStarPlanner().plan(replace(problem, start_m=a, goal_m=b))
        for a, b in zip(stops[:-1], stops[1:], strict=True)
    ]
    assert [leg.cost_s for leg in found.legs] == [leg.cost_s for leg in alone if isinstance(leg, Plan)]
    assert found.plan.cost_s == pytest.approx(sum(leg.cost_s for leg in found.legs), rel=1e-12)
    assert found.plan.length_m == pytest.approx(sum(leg.length_m for leg in found.legs), rel=1e-12)
    way = found.plan.waypoints_m.tolist()
    places = [way.index(list(place)) for place in via_m]
    assert places == sorted(places)
    direct = AStarPlanner().plan(problem)
    assert isinstance(direct, Plan) and found.plan.cost_s >= direct.cost_s * (1 - 1e-12)


def test_no_place_between_is_the_plan_itself() -> None:
    problem = make_problem(0)
    found, direct = plan_through(AStarPlanner(), problem, []), AStarPlanner().plan(problem)
    assert isinstance(found, Itinerary) and isinstance(direct, Plan)
    assert len(found.legs) == 1 and (found.plan.waypoints_m == direct.waypoints_m).all()


class Vouching:
    """Vouches for another factor on each leg, or for none."""

    name, claims = "vouching", frozenset({Claim.BOUNDED})

    def __init__(self, *bounds: float | None) -> None:
        self.bounds = list(bounds)

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        plan = AStarPlanner().plan(problem)
        assert isinstance(plan, Plan)
        return replace(plan, bound=self.bounds.pop(0))


@pytest.mark.parametrize(
    ("bounds", "together"), [((1.01, 1.02, 1.0), 1.02), ((1.02, None, 1.0), None), ((None, None, None), None)]
)
def test_legs_together_are_as_good_as_the_worst_is_vouched_for(
    bounds: tuple[float | None, ...], together: float | None
) -> None:
    problem = make_problem(0)
    found = plan_through(Vouching(*bounds), problem, some_places(problem, 2, 1))
    assert isinstance(found, Itinerary) and found.plan.bound == together


def test_a_place_named_twice_is_a_leg_of_no_length() -> None:
    problem = make_problem(2)
    (place,) = some_places(problem, 1, 5)
    found = plan_through(AStarPlanner(), problem, [place, place])
    assert isinstance(found, Itinerary)
    assert found.legs[1].length_m == 0 and found.legs[1].cost_s == 0
    assert (np.diff(found.plan.waypoints_m, axis=0) != 0).any(axis=1).all()


def test_start_and_goal_and_places_all_the_same() -> None:
    problem = make_problem(2)
    here = replace(problem, goal_m=problem.start_m)
    found = plan_through(AStarPlanner(), here, [problem.start_m])
    assert isinstance(found, Itinerary) and found.plan.length_m == 0 and len(found.plan.cells) == 1


def test_the_leg_without_a_way_is_named() -> None:
    terrain = terrain_of(np.zeros((20, 30)), 2.0)
    wall = zone_from_corners("wall", "keep-out", [(125, -60), (130, -60), (130, 0), (125, 0)])
    problem = problem_on(terrain, (10, 3), (10, 26), zones=(wall,))
    this_side = terrain.geometry.centre_of(5, 5)
    answer = plan_through(AStarPlanner(), problem, [this_side])
    assert isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE and answer.leg == 2
    assert answer.where.startswith("leg 2 of 2 (via 1 to goal): from the start ")
    beyond = terrain.geometry.centre_of(5, 25)
    answer = plan_through(AStarPlanner(), problem, [this_side, beyond])
    assert isinstance(answer, NoPlan) and "leg 2 of 3 (via 1 to via 2)" in answer.where


def test_a_lethal_place_is_named_before_anything_is_searched() -> None:
    problem = cliff_problem((10, 5), (10, 30), 1.0)
    free, lethal = problem.costmap.geometry.centre_of(5, 5), problem.costmap.geometry.centre_of(10, 19)
    answer = plan_through(Never(), problem, [free, lethal])
    assert isinstance(answer, NoPlan) and answer.cause is Cause.VIA_LETHAL
    assert answer.where == "via 2 at east 119.00, north -40.00 m is on a tilt hazard"
    assert answer.remedy == "the nearest free cell is at east 117.00, north -40.00 m, 2.0 m away"


class Never:
    name, claims = "never", frozenset[Claim]()

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        raise AssertionError("asked")


class Slow:
    """Takes all its time on the second leg."""

    name, claims = "slow", frozenset[Claim]()

    def __init__(self) -> None:
        self.limits: list[float | None] = []

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        self.limits.append(problem.time_limit_s)
        if len(self.limits) == 2:
            raise TimeLimitError("searched 3 s: costs at least 7", remedy="give more", field="time_limit_s")
        return AStarPlanner().plan(problem)


def test_the_time_is_for_all_legs_and_the_leg_is_named() -> None:
    problem = replace(make_problem(0), time_limit_s=1000.0)
    slow = Slow()
    with pytest.raises(TimeLimitError, match=r"via 1 to goal: searched 3 s: costs at least 7") as raised:
        plan_through(slow, problem, some_places(problem, 1, 1))
    assert raised.value.exit_code == 5
    first, second = slow.limits
    assert first is not None and second is not None and second < first <= 1000


class Late(Slow):
    """Takes longer than it may on the first leg."""

    name, claims = "late", frozenset[Claim]()

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        assert problem.time_limit_s is not None
        time.sleep(problem.time_limit_s)
        return super().plan(problem)


def test_a_leg_without_time_says_what_took_it_and_how_short_it_is_at_best() -> None:
    problem = replace(make_problem(0), time_limit_s=0.2)
    places = some_places(problem, 1, 1)
    with pytest.raises(
        TimeLimitError, match="via 1 to goal: the legs before it took all of the time"
    ) as late:
        plan_through(Late(), problem, places)
    assert f"shorter than {math.dist(places[0], problem.goal_m):.1f} m" in str(late.value)
    with pytest.raises(TimeLimitError, match="start to goal: the time was over before the search") as none:
        plan_through(Never(), replace(problem, time_limit_s=1e-9), [])
    assert f"shorter than {math.dist(problem.start_m, problem.goal_m):.1f} m" in str(none.value)
    assert none.value.exit_code == 5 and "1e-09" in str(none.value) and "legs before" not in str(none.value)


@pytest.mark.parametrize("seed", range(5))
def test_a_place_moves_to_the_nearest_free_cell(seed: int) -> None:
    problem = make_problem(seed)
    geometry, free = problem.costmap.geometry, np.isfinite(problem.costmap.cost_s_per_m)
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    for _ in range(30):
        place = tuple(float(v) for v in rng.uniform(*np.reshape(geometry.bounds_m, (2, 2))))
        cell = geometry.cell_at(*place)
        assert cell is not None
        centres = geometry.centres_of(np.argwhere(free))
        nearest = float(np.hypot(*(centres - place).T).min())
        snap = nearest_free_place(problem.costmap, (place[0], place[1]))
        assert snap is not None and snap.away_m == pytest.approx(nearest, rel=1e-12)
        assert snap.away_m == math.dist(place, snap.moved_m)
        moved = snap_places(problem.costmap, {"p": (place[0], place[1])}, within_m=nearest + 1e-9)
        if free[cell]:
            assert moved == {}
        else:
            assert moved == {"p": snap}
            assert snap_places(problem.costmap, {"p": (place[0], place[1])}, within_m=nearest * 0.999) == {}


def test_a_place_moves_to_ground_that_the_others_can_reach() -> None:
    heights = np.zeros((20, 40))
    heights[6:14, 17:25] = 9.0  # a table: its top is free, its rim is not
    problem = problem_on(terrain_of(heights, 2.0), (10, 3), (10, 36))
    geometry = problem.costmap.geometry
    inner = geometry.centre_of(10, 17)
    alone = nearest_free_place(problem.costmap, inner)
    assert alone is not None and alone.moved_m == geometry.centre_of(10, 18)
    places = {"start": problem.start_m, "via": inner}
    moved = snap_places(problem.costmap, places, within_m=50.0)
    assert moved["via"].moved_m == geometry.centre_of(10, 15) and moved["via"].away_m == 4.0
    assert snap_places(problem.costmap, places, within_m=3.0)["via"] == alone
    assert snap_places(problem.costmap, {"via": inner}, within_m=50.0)["via"] == alone
    both = snap_places(problem.costmap, {"via": inner, "start": problem.start_m}, within_m=50.0)
    assert both == moved


def test_no_free_cell_at_all() -> None:
    problem = make_problem(0)
    none = replace(problem.costmap, cost_s_per_m=np.full(problem.costmap.geometry.shape, np.inf))
    assert nearest_free_place(none, problem.start_m) is None
    assert snap_places(none, {"start": problem.start_m}, within_m=1e9) == {}
    with pytest.raises(ValueError, match="outside"):
        snap_places(none, {"start": (1e9, 0.0)}, within_m=1.0)
