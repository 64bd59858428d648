"""What problems are changed to costs what the law says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.testing import make_problem
from sim.testing.case import least_cost
from sim.testing.changes import mirrored, slower, stretched, turned


def test_changed_problems_cost_what_the_law_says() -> None:
    problem = make_problem(1, "highland")
    cost = least_cost(problem)
    for change in (turned, mirrored):
        assert least_cost(change(problem)) == pytest.approx(cost, rel=1e-12)
        assert least_cost(change(problem), directional=True) == pytest.approx(
            least_cost(problem, directional=True), rel=1e-5
        )
    assert least_cost(slower(problem, 8.0)) == 8.0 * cost
    assert least_cost(stretched(problem, 0.125)) == 0.125 * cost
    for change in (turned, mirrored):
        again = problem
        for _ in range(4):
            again = change(again)
        assert (again.terrain.slope_rad == problem.terrain.slope_rad).all()
        assert again.start_m == pytest.approx(problem.start_m) and again.goal_m == pytest.approx(
            problem.goal_m
        )
    lonely = replace(problem, goal_m=problem.start_m)
    assert least_cost(turned(lonely)) == 0.0
