"""The independent checker: good plans pass, every way of spoiling one is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rover.hazard.costmap import CostMap
from rover.planning.astar import AStarPlanner
from rover.planning.check import check_plan
from rover.planning.problem import Claim, Plan, PlanningProblem
from sim.testing.ground import make_problem, terrain_kinds


def planned(problem: PlanningProblem) -> Plan:
    plan = AStarPlanner().plan(problem)
    assert isinstance(plan, Plan)
    return plan


def small_problem(rows: list[str], start: tuple[int, int], goal: tuple[int, int]) -> PlanningProblem:
    """`#` is lethal; row 0 is written first, so that the drawing has north down."""
    shown = np.array([list(row) for row in rows])
    base = make_problem(0)
    geometry = replace(base.costmap.geometry, rows=shown.shape[0], cols=shown.shape[1])
    costmap = CostMap(geometry=geometry, cost_s_per_m=np.where(shown == "#", np.inf, 2.0))
    return replace(
        base, costmap=costmap, start_m=geometry.centre_of(*start), goal_m=geometry.centre_of(*goal)
    )


def plan_through(problem: PlanningProblem, cells: list[tuple[int, int]]) -> Plan:
    """A plan over these cells that states its true cost."""
    path = np.array(cells)
    price = problem.costmap.cost_s_per_m[path[:, 0], path[:, 1]]
    steps = np.diff(path, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1]) * problem.costmap.geometry.resolution_m
    cost_s = float((lengths * (price[1:] + price[:-1]) / 2).sum())
    waypoints_m = problem.costmap.geometry.centres_of(path)
    return Plan(planner="by hand", cells=path, waypoints_m=waypoints_m, cost_s=cost_s, expanded=0)


@pytest.mark.parametrize("kind", terrain_kinds())
@pytest.mark.parametrize("seed", range(4))
def test_good_plans_pass(seed: int, kind: str) -> None:
    problem = make_problem(seed, kind)
    assert check_plan(planned(problem), problem) == []


def without(plan: Plan, index: int) -> Plan:
    return replace(
        plan, cells=np.delete(plan.cells, index, 0), waypoints_m=np.delete(plan.waypoints_m, index, 0)
    )


def moved(plan: Plan, index: int, east_m: float) -> Plan:
    waypoints = plan.waypoints_m.copy()
    waypoints[index, 0] += east_m
    return replace(plan, waypoints_m=waypoints)


@pytest.mark.parametrize("spoil, says", [
    (lambda plan: moved(plan, 0, 0.01), "starts at"),
    (lambda plan: moved(plan, -1, 0.01), "ends at"),
    (lambda plan: moved(plan, 5, 1.5), "does not hold its waypoint"),
    (lambda plan: replace(plan, waypoints_m=plan.waypoints_m[:0]), "no waypoints"),
    (lambda plan: replace(plan, waypoints_m=np.full_like(plan.waypoints_m, np.nan)), "not finite"),
    (lambda plan: replace(plan, cells=plan.cells[:-1]), "cells for"),
    (lambda plan: replace(plan, cells=plan.cells + np.array([0, 1])), "cell"),
    (lambda plan: replace(plan, cells=plan.cells - np.array([0, 1])), "cell"),
    (lambda plan: replace(plan, cells=plan.cells[:, ::-1]), "cell"),
    (lambda plan: replace(plan, cells=plan.cells + 1000), "outside the map"),
    (lambda plan: without(plan, 9), "jumps"),
    (lambda plan: replace(plan, cost_s=plan.cost_s * (1 + 1e-7)), "states a cost"),
    (lambda plan: replace(plan, cost_s=plan.cost_s * (1 - 1e-7)), "states a cost"),
    (lambda plan: replace(plan, cost_s=float("nan")), "states a cost"),
])  # fmt: skip
def test_every_spoiled_plan_is_caught(spoil: Callable[[Plan], Plan], says: str) -> None:
    problem = make_problem(2, "mare")
    broken = check_plan(spoil(planned(problem)), problem)
    assert len(broken) >= 1 and any(says in line for line in broken), broken


def test_a_lethal_cell_put_anywhere_on_the_way_is_caught() -> None:
    problem = make_problem(3, "crater field")
    plan = planned(problem)
    for cell in plan.cells:
        cost = problem.costmap.cost_s_per_m.copy()
        cost[tuple(cell)] = np.inf
        closed = replace(problem, costmap=replace(problem.costmap, cost_s_per_m=cost))
        assert any("lethal" in line for line in check_plan(plan, closed)), cell


@pytest.mark.parametrize("rows", [["..", "#."], [".#", ".."], [".#", "#."]])
@pytest.mark.parametrize("flip", [False, True])
def test_a_cut_corner_is_caught(rows: list[str], flip: bool) -> None:
    ends: list[tuple[int, int]] = [(0, 0), (1, 1)]
    if flip:
        rows, ends = [row[::-1] for row in rows], [(0, 1), (1, 0)]
    for cells in (ends, ends[::-1]):
        problem = small_problem(rows, cells[0], cells[1])
        broken = check_plan(plan_through(problem, cells), problem)
        assert any("corner" in line for line in broken), broken


def test_a_free_diagonal_is_no_cut_corner() -> None:
    problem = small_problem(["..", ".."], (0, 0), (1, 1))
    assert check_plan(plan_through(problem, [(0, 0), (1, 1)]), problem) == []


def test_any_angle_may_jump_but_not_through_lethal_ground() -> None:
    free = small_problem(["......", "......", "......"], (0, 0), (2, 5))
    straight = plan_through(free, [(0, 0), (2, 5)])
    assert check_plan(straight, free, claims={Claim.ANY_ANGLE}) == []
    assert any("jumps" in line for line in check_plan(straight, free))
    walled = small_problem(["......", "..#...", "......"], (0, 0), (2, 5))
    assert any("(1, 2)" in line for line in check_plan(straight, walled, claims={Claim.ANY_ANGLE}))


def test_even_a_sliver_of_a_lethal_cell_counts() -> None:
    """The way enters column 20 a hundredth of a cell before it leaves row 0: less than samples are apart."""
    problem = small_problem(["." * 41, "." * 41], (0, 0), (1, 40))
    plan = plan_through(problem, [(0, 0), (1, 40)])
    waypoints = plan.waypoints_m - [0.49 * problem.costmap.geometry.resolution_m, 0.0]
    plan = replace(plan, waypoints_m=waypoints)
    start, goal = waypoints.tolist()
    problem = replace(problem, start_m=tuple(start), goal_m=tuple(goal))
    for col, touched in ((19, True), (20, True), (21, False)):
        cost = problem.costmap.cost_s_per_m.copy()
        cost[0, col] = np.inf
        closed = replace(problem, costmap=replace(problem.costmap, cost_s_per_m=cost))
        assert bool(check_plan(plan, closed, claims={Claim.ANY_ANGLE})) is touched, col
