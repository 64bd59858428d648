"""The planner that keeps its search: the kit, and answers that do not depend on what was asked before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import PlaceError, PlannerError
from rover.hazard.costmap import CostMap
from rover.planning import replan
from rover.planning.astar import AStarPlanner
from rover.planning.check import check_plan
from rover.planning.incremental import IncrementalPlanner
from rover.planning.problem import Claim, NoPlan, Objective, Plan, PlanningProblem
from rover.planning.registry import load_planner
from sim.testing import check_planner
from sim.testing.ground import ends_of, make_problem, terrain_kinds, walled_off

Cost = npt.NDArray[np.float64]


def with_costs(problem: PlanningProblem, change: Callable[[Cost], None]) -> PlanningProblem:
    cost = problem.costmap.cost_s_per_m.copy()
    change(cost)
    return replace(problem, costmap=replace(problem.costmap, cost_s_per_m=cost))


def hold(planner: IncrementalPlanner, problem: PlanningProblem) -> Plan | NoPlan:
    """The answer, after holding it against a planner that was asked nothing before, and against A*."""
    answer, fresh, other = (
        planner.plan(problem),
        IncrementalPlanner().plan(problem),
        AStarPlanner().plan(problem),
    )
    if isinstance(other, NoPlan):
        assert isinstance(answer, NoPlan) and isinstance(fresh, NoPlan)
        assert replace(answer, expanded=0) == replace(fresh, expanded=0) == replace(other, expanded=0)
        return answer
    assert isinstance(answer, Plan) and isinstance(fresh, Plan)
    assert answer.cost_s == pytest.approx(other.cost_s, rel=1e-9, abs=0) and answer.cost_s == fresh.cost_s
    np.testing.assert_array_equal(answer.waypoints_m, fresh.waypoints_m)
    assert check_plan(answer, problem, claims=planner.claims) == []
    return answer


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every search from nothing."""
    made: list[int] = []
    whole = replan.spread

    def counted(*asked: object) -> object:
        made.append(1)
        return whole(*asked)

    monkeypatch.setattr(replan, "spread", counted)
    return made


def test_the_kit() -> None:
    report = check_planner("incremental")
    assert report.claims == {Claim.OPTIMAL} and report.problems == 2 * len(terrain_kinds())
    assert isinstance(load_planner("incremental"), IncrementalPlanner)


@pytest.mark.parametrize("kind", terrain_kinds())
def test_maps_that_change_while_the_rover_drives(kind: str, searches: list[int]) -> None:
    planner, problem = IncrementalPlanner(), make_problem(0, kind)
    rng = np.random.default_rng(7)
    answer = hold(planner, problem)
    for _ in range(8):
        assert isinstance(answer, Plan)
        here = answer.waypoints_m[min(6, len(answer.waypoints_m) - 1)]
        problem = replace(problem, start_m=(float(here[0]), float(here[1])))
        start = ends_of(problem)[0]

        def rougher(cost: Cost, start: tuple[int, int] = start) -> None:
            for _ in range(2):
                row, col = (max(0, start[axis] + int(rng.integers(-12, 8))) for axis in (0, 1))
                cost[row : row + 9, col : col + 5] *= rng.uniform(0.7, 2.0)

        problem = with_costs(problem, rougher)
        before = len(searches)
        planner.plan(problem)
        assert len(searches) == before  # repaired, not begun anew
        answer = hold(planner, problem)


def test_closed_and_opened_again() -> None:
    planner, problem = IncrementalPlanner(), make_problem(2, "mare")
    first = hold(planner, problem)
    assert isinstance(hold(planner, walled_off(problem)), NoPlan)
    again = hold(planner, problem)
    assert isinstance(first, Plan) and isinstance(again, Plan)
    np.testing.assert_array_equal(first.waypoints_m, again.waypoints_m)


def test_nothing_leaks_from_one_map_to_another() -> None:
    planner = IncrementalPlanner()
    problems = [make_problem(seed, kind) for kind in terrain_kinds() for seed in (0, 1)]
    turned = replace(problems[0], start_m=problems[0].goal_m, goal_m=problems[0].start_m)
    for problem in [*problems, turned, *reversed(problems)]:
        hold(planner, problem)


def test_another_resolution_is_another_map() -> None:
    planner, problem = IncrementalPlanner(), make_problem(0, "mare")
    first = planner.plan(problem)
    geometry = replace(problem.costmap.geometry, resolution_m=1.0, resolution_north_m=1.0)
    finer = CostMap(geometry=geometry, cost_s_per_m=problem.costmap.cost_s_per_m)
    start, goal = (geometry.centre_of(*cell) for cell in ends_of(problem))
    second = planner.plan(replace(problem, costmap=finer, start_m=start, goal_m=goal))
    assert isinstance(first, Plan) and isinstance(second, Plan)
    assert second.cost_s == pytest.approx(first.cost_s / 2, rel=1e-12)


def test_cells_far_apart_are_windows_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    planner, problem = IncrementalPlanner(), make_problem(0, "mare")
    planner.plan(problem)
    edited: list[tuple[int, int, tuple[int, ...]]] = []
    whole = replan.IncrementalSearch.edit

    def noted(search: replan.IncrementalSearch, row: int, col: int, window: Cost) -> None:
        edited.append((row, col, window.shape))
        whole(search, row, col, window)

    monkeypatch.setattr(replan.IncrementalSearch, "edit", noted)

    def four_places(cost: Cost) -> None:
        cost[0, 5] = cost[3, 8] = cost[35, -1] = cost[-1, 0] = cost[-1, 2] = 7.0

    changed = with_costs(problem, four_places)
    planner.plan(changed)
    assert edited == [(0, 5, (4, 4)), (35, 95, (1, 1)), (71, 0, (1, 3))]
    hold(planner, changed)
    edited.clear()
    hold(planner, changed)
    assert edited == []  # nothing has changed


def test_a_map_that_is_all_new_is_searched_afresh(searches: list[int]) -> None:
    planner, problem = IncrementalPlanner(), make_problem(0, "mare")
    planner.plan(problem)

    def twice(cost: Cost) -> None:
        cost *= 2.0

    planner.plan(with_costs(problem, twice))
    assert len(searches) == 2
    hold(planner, with_costs(problem, twice))


def test_what_it_does_not_know_is_refused() -> None:
    planner, problem = IncrementalPlanner(), make_problem(0, "mare")
    with pytest.raises(PlannerError, match=r"objective = energy: .* knows time only"):
        planner.plan(replace(problem, objective=Objective.ENERGY))
    with pytest.raises(PlannerError, match=r"neighbours = 16: .* knows 8 only"):
        planner.plan(replace(problem, neighbours=16))
    with pytest.raises(PlaceError, match="start_m"):
        planner.plan(replace(problem, start_m=(0.0, 0.0)))
    assert isinstance(hold(planner, problem), Plan)
