"""The seeded ground: a function of seed and kind, and problems on it that are what they say."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rover.planning.problem import NoPlan, Plan
from rover.planning.traverse import TraversePlanner
from sim.testing import make_hazard_map, make_problem, make_terrain, terrain_kinds
from sim.testing.case import least_cost
from sim.testing.ground import closed_at, ends_of, walled_off, with_limits
from sim.testing.sky import dark, poorer


@pytest.mark.parametrize("kind", terrain_kinds())
def test_terrain_is_a_function_of_seed_and_kind(kind: str) -> None:
    first, again, other = make_terrain(3, kind), make_terrain(3, kind), make_terrain(4, kind)
    np.testing.assert_array_equal(first.slope_rad, again.slope_rad)
    assert not np.array_equal(first.slope_rad, other.slope_rad)
    assert np.isfinite(first.slope_rad).all()  # known to its rim


def test_kinds_differ_where_their_words_are_the_same() -> None:
    slopes = [make_terrain(3, kind).slope_rad for kind in terrain_kinds()]
    assert not any(np.array_equal(a, b) for a, b in itertools.combinations(slopes, 2))
    assert set(terrain_kinds()) == {
        "mare", "highland", "crater field", "boulder field", "maze", "bottleneck", "polar light",
    }  # fmt: skip


@pytest.mark.parametrize("kind", terrain_kinds())
@pytest.mark.parametrize("seed", range(8))
def test_problems_are_what_they_say(seed: int, kind: str) -> None:
    problem = make_problem(seed, kind)
    start, goal = ends_of(problem)
    assert max(abs(start[0] - goal[0]), abs(start[1] - goal[1])) >= 20
    assert math.isfinite(least_cost(problem))
    wall = walled_off(problem)
    assert np.isfinite([wall.costmap.cost_s_per_m[start], wall.costmap.cost_s_per_m[goal]]).all()
    assert math.isinf(least_cost(wall))
    assert np.isinf(closed_at(problem, start).costmap.cost_s_per_m[start])


def test_some_problems_reach_the_rim() -> None:
    """Where planners go wrong by one."""
    touching = 0
    for seed, kind in itertools.product(range(3), terrain_kinds()):
        rows, cols = make_problem(seed, kind).costmap.geometry.shape
        for row, col in ends_of(make_problem(seed, kind)):
            touching += row in (0, rows - 1) or col in (0, cols - 1)
    assert touching >= 5


def test_limits_far_apart_let_some_ways_through_and_refuse_others() -> None:
    """So that the check of headings sees both."""
    found = [
        math.isfinite(
            least_cost(
                with_limits(make_problem(seed, kind), slope_deg=slope, roll_deg=roll), directional=True
            )
        )
        for seed, kind in itertools.product(range(2), terrain_kinds())
        for slope, roll in ((20.0, 8.0), (8.0, 20.0))
    ]
    assert 5 < sum(found) < len(found) - 2


def test_hazards_are_those_of_the_problem() -> None:
    np.testing.assert_array_equal(
        make_hazard_map(3, "highland").flags, make_problem(3, "highland").hazards.flags
    )


@pytest.mark.parametrize("kind", terrain_kinds())
def test_problems_in_time_have_a_way_and_bounds_that_bind(kind: str) -> None:
    """Low Sun at departure, enough of it to charge, and a deadline that leaves room to wait."""
    problem = make_problem(1, kind, timed=True)
    assert problem.almanac is not None and problem.deadline_s is not None and problem.horizon is not None
    sun_deg = math.degrees(problem.almanac.sun_at(problem.depart_s).elevation_rad)
    assert sun_deg == pytest.approx(1.3 if kind == "polar light" else 12.0, abs=0.1)
    assert problem.horizon.geometry == problem.terrain.geometry
    plan = TraversePlanner().plan(problem)
    assert isinstance(plan, Plan) and plan.schedule is not None
    assert plan.schedule.steps[-1].end_s < problem.deadline_s
    poor = poorer(problem, soc=0.36, battery_wh=15.0)
    assert poor.soc == 0.36 and poor.forecaster is not None and poor.forecaster.vehicle.battery_wh == 15.0
    assert isinstance(TraversePlanner().plan(dark(problem)), NoPlan)
