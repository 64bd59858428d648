"""The checker of moves by heading: good plans pass, every way of spoiling one is caught."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.planning.bottleneck import closed_whatever_the_slope
from rover.planning.check import check_plan
from rover.planning.check_heading import closed_to_all
from rover.planning.directional import DirectionalPlanner
from rover.planning.problem import Objective, Plan, PlanningProblem
from sim.testing.ground import make_problem, terrain_kinds, with_limits
from tests.rover.planning.directional_ground import grade, plane, problem_on, rover

CLAIMS = DirectionalPlanner.claims


def planned(problem: PlanningProblem) -> Plan:
    plan = DirectionalPlanner().plan(problem)
    assert isinstance(plan, Plan)
    return plan


def broken(plan: Plan, problem: PlanningProblem) -> list[str]:
    return check_plan(plan, problem, claims=CLAIMS)


def on_a_plane(slope: float, roll: float, objective: Objective = Objective.TIME) -> PlanningProblem:
    vehicle = rover(slope_limit_deg=slope, roll_limit_deg=roll)
    return problem_on(plane(0.0, grade(14)), (3, 8), (13, 8), vehicle=vehicle, objective=objective)


def other_way(problem: PlanningProblem, start: tuple[int, int], goal: tuple[int, int]) -> PlanningProblem:
    place = problem.terrain.geometry.centre_of
    return replace(problem, start_m=place(*start), goal_m=place(*goal))


@pytest.mark.parametrize("objective", [Objective.TIME, Objective.ENERGY, Objective.DISTANCE])
def test_sums_are_checked(objective: Objective) -> None:
    problem = on_a_plane(20.0, 10.0, objective)
    plan = planned(problem)
    assert broken(plan, problem) == [] and plan.price is not None
    for share in (1 + 1e-3, 1 - 1e-3, math.nan):
        assert any("a price by" in line for line in broken(replace(plan, price=plan.price * share), problem))
        assert any("a cost" in line for line in broken(replace(plan, cost_s=plan.cost_s * share), problem))


def test_a_climb_over_the_limit_is_caught() -> None:
    plan = planned(on_a_plane(20.0, 10.0))
    assert any("climbs 14.0" in line for line in broken(plan, on_a_plane(13.0, 20.0)))


def test_a_descent_over_the_limit_is_caught() -> None:
    down = other_way(on_a_plane(20.0, 10.0), (13, 8), (3, 8))
    assert any(
        "descends 14.0" in line
        for line in broken(planned(down), replace(down, vehicle=rover(slope_limit_deg=13.0)))
    )


def test_a_roll_over_the_limit_is_caught() -> None:
    across = other_way(on_a_plane(20.0, 20.0), (8, 3), (8, 13))
    tight = replace(across, vehicle=rover(roll_limit_deg=13.9))
    assert any("rolls 14.0" in line for line in broken(planned(across), tight))
    assert not broken(planned(across), replace(across, vehicle=rover(roll_limit_deg=14.01)))


def test_the_corner_cells_of_a_diagonal_are_held_to_the_limits_too() -> None:
    """A bump beside the way: a diagonal passes its flank without entering it."""
    problem = problem_on(
        np.zeros((9, 9)), (3, 3), (4, 4), vehicle=rover(slope_limit_deg=20.0, roll_limit_deg=20.0)
    )
    plan = planned(problem)
    assert len(plan.cells) == 2 and broken(plan, problem) == []
    slope = problem.terrain.slope_rad.copy()
    slope[3, 4] = math.radians(30)
    steep = replace(problem, terrain=replace(problem.terrain, slope_rad=slope))
    assert broken(plan, steep)


@pytest.mark.parametrize("kind", terrain_kinds())
def test_a_closed_cell_put_anywhere_on_the_way_is_caught(kind: str) -> None:
    problem = replace(with_limits(make_problem(3, kind), slope_deg=20.0, roll_deg=15.0), neighbours=16)
    plan = DirectionalPlanner().plan(problem)
    if not isinstance(plan, Plan):
        pytest.skip("no way by these limits")
    for row, col in plan.cells[::5]:
        flags = problem.hazards.flags.copy()
        flags[row, col] |= 32
        closed = replace(problem, hazards=replace(problem.hazards, flags=flags))
        assert any("lethal" in line for line in broken(plan, closed))


def test_jumps_are_held_to_the_problem_s_neighbours() -> None:
    problem = replace(make_problem(2), neighbours=16)
    plan = planned(problem)
    assert broken(plan, problem) == []
    assert any("jumps" in line for line in broken(plan, replace(problem, neighbours=8)))
    eight = replace(problem, neighbours=8)
    assert any("jumps" in line for line in broken(planned(eight), replace(problem, neighbours=4)))


@pytest.mark.parametrize("kind", terrain_kinds())
def test_both_ways_of_telling_closed_cells_agree(kind: str) -> None:
    for seed in range(3):
        problem = with_limits(make_problem(seed, kind), slope_deg=20.0, roll_deg=9.0)
        np.testing.assert_array_equal(closed_to_all(problem), closed_whatever_the_slope(problem))
