"""The planner is held to its claims by farside's kit, and to what it is for by tests of its own.

Nothing is imported or configured for the fixtures and the marker: pytest finds the plugin because farside is installed.
"""

from __future__ import annotations

import numpy as np
import pytest
from hasty_planner import WEIGHT, HastyPlanner

from rover.planning.astar import AStarPlanner
from rover.planning.problem import Plan
from sim.testing import Budget, PlannerCheckError, check_planner, terrain_kinds


@pytest.mark.planners(
    HastyPlanner, seeds=[1], kinds=["maze", "bottleneck", "polar light"], budget=Budget(time_s=5.0)
)
def test_keeps_what_it_claims(planner_check) -> None:
    """A test for each check, by its name: `-k unreachable` runs that one."""
    planner_check()


@pytest.mark.planners(HastyPlanner, "astar")
def test_keeps_off_hazards(planner, planning_problem, hazard_map) -> None:
    """Any law of one's own, for any number of planners."""
    plan = planner.plan(planning_problem(3, "boulder field"))
    assert not hazard_map(3, "boulder field").flags[tuple(plan.cells.T)].any()


@pytest.mark.parametrize("kind", terrain_kinds())
def test_is_no_dearer_than_it_says(planning_problem, kind: str) -> None:
    problem = planning_problem(5, kind)
    hasty, least = HastyPlanner().plan(problem), AStarPlanner().plan(problem)
    assert isinstance(hasty, Plan) and isinstance(least, Plan)
    assert least.cost_s <= hasty.cost_s <= WEIGHT * least.cost_s


def test_keeps_to_the_gentler_ground(planning_problem, terrain) -> None:
    plan = HastyPlanner().plan(planning_problem(2, "highland"))
    slope_deg = np.degrees(terrain(2, "highland").slope_rad)
    assert slope_deg[tuple(plan.cells.T)].mean() <= slope_deg.mean()


def test_a_bound_that_is_not_kept_is_told(tmp_path) -> None:
    """What the kit says of a planner that promises too much: check, ground, a picture, and how to see it again."""

    class Boaster(HastyPlanner):
        def plan(self, problem):
            answer = super().plan(problem)
            object.__setattr__(answer, "bound", 1.0)
            return answer

    with pytest.raises(PlannerCheckError) as told:
        check_planner(Boaster(), checks=["within_bound"], seeds=[1], kinds=["highland"], pictures=tmp_path)
    failure = told.value.failures[0]
    assert (failure.check, failure.seed, failure.kind) == ("within_bound", 1, "highland")
    assert failure.replay.startswith("FARSIDE_REPLAY=within_bound:1:highland python -m pytest ")
    assert failure.picture is not None and failure.picture.read_bytes().startswith(b"\x89PNG")
