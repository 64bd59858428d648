"""Hold a planner of one's own to what it claims.

A planner is any class with `name`, `claims` and `plan`. `WideBerth` prices cells near a hazard higher, so that its path
keeps away from them; it claims nothing, so the kit asks for no optimum, only for a path that is safe, honest about its
cost, the same every time, and refused with the right cause where there is none. `StraightLine` shows what the kit says
of a planner that looks at no hazard. `pytest` runs the tests; `farside run` and `farside plan` drive with the planner;
run as a script, the file draws its path beside the cheapest one.

    pytest examples/test_my_planner.py
    farside run short-hop --planner examples/test_my_planner.py:WideBerth
    python examples/test_my_planner.py [FIGURE.png]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from rover.planning.astar import AStarPlanner
from rover.planning.problem import Claim, NoPlan, Plan, PlanningProblem
from sim.testing import PlannerCheckError, check_planner, make_problem, terrain_kinds

Problems = Callable[..., PlanningProblem]


class WideBerth:
    """The quickest path when ground within `BERTH_M` of a lethal cell costs up to four times as much."""

    name = "wide-berth"
    claims: frozenset[Claim] = frozenset()
    BERTH_M = 10.0

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return a path that keeps away from hazards where there is room, or why there is none."""
        cost = problem.costmap.cost_s_per_m
        berth_m = clearance_m(problem)
        dearer = cost * (1.0 + 3.0 * np.clip(1.0 - berth_m / self.BERTH_M, 0.0, 1.0))
        costmap = replace(problem.costmap, cost_s_per_m=dearer)
        answer = AStarPlanner().plan(replace(problem, costmap=costmap))
        if isinstance(answer, NoPlan):
            return answer
        return replace(answer, planner=self.name, cost_s=driving_time_s(answer, problem))


def clearance_m(problem: PlanningProblem) -> np.ndarray:
    """Return (rows, cols) distances to the nearest lethal cell, infinite where there is none."""
    free = np.isfinite(problem.costmap.cost_s_per_m)
    if free.all():
        return np.full(free.shape, np.inf)
    return distance_transform_edt(free, sampling=problem.costmap.geometry.resolution_m)


def driving_time_s(plan: Plan, problem: PlanningProblem) -> float:
    """Return what a path costs by the problem's own cost map: length times the mean of two cells' costs."""
    price = problem.costmap.cost_s_per_m[plan.cells[:, 0], plan.cells[:, 1]]
    length_m = np.linalg.norm(np.diff(plan.cells, axis=0), axis=1) * problem.costmap.geometry.resolution_m
    return float((length_m * (price[:-1] + price[1:]) / 2).sum())


class StraightLine:
    """Looks at no hazard; not to be used."""

    name = "straight-line"
    claims = frozenset({Claim.ANY_ANGLE})

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return the straight line from start to goal."""
        waypoints_m = np.array([problem.start_m, problem.goal_m])
        cells = np.array([problem.costmap.geometry.cell_at(*point) for point in waypoints_m])
        length_m = float(np.linalg.norm(waypoints_m[1] - waypoints_m[0]))
        cost_s = length_m / problem.vehicle.speed_m_s
        return Plan(planner=self.name, cells=cells, waypoints_m=waypoints_m, cost_s=cost_s, expanded=0)


@pytest.mark.parametrize("kind", terrain_kinds())
def test_keeps_what_every_planner_must(kind: str) -> None:
    print(check_planner(WideBerth(), kinds=[kind]))


def test_keeps_further_away_than_the_cheapest_path(planning_problem: Problems) -> None:
    problem = planning_problem(2, "crater field")
    room_m = clearance_m(problem)
    wide, cheap = WideBerth().plan(problem), AStarPlanner().plan(problem)
    assert isinstance(wide, Plan) and isinstance(cheap, Plan)
    assert room_m[tuple(wide.cells.T)].mean() > room_m[tuple(cheap.cells.T)].mean()
    assert wide.cost_s >= cheap.cost_s


def test_drives_straight_on_where_nothing_is_in_the_way(planning_problem: Problems) -> None:
    problem = planning_problem(1, "mare")
    free = replace(problem.costmap, cost_s_per_m=np.ones(problem.costmap.geometry.shape))
    plan = WideBerth().plan(replace(problem, costmap=free))
    assert isinstance(plan, Plan)
    down, across = np.abs(plan.cells[-1] - plan.cells[0])
    assert len(plan.cells) == max(down, across) + 1


def test_ground_is_the_same_for_the_same_seed(terrain: Callable[..., object]) -> None:
    once, again = terrain(5, kind="maze"), terrain(5, kind="maze")
    assert np.array_equal(once.slope_rad, again.slope_rad)  # type: ignore[attr-defined]


def test_a_planner_that_looks_at_no_hazard_fails() -> None:
    with pytest.raises(PlannerCheckError, match="crosses lethal cell") as caught:
        check_planner(StraightLine(), seeds=[0], kinds=["crater field"])
    assert {failure.check for failure in caught.value.failures} >= {"safe", "unreachable"}


def main(figure: Path) -> None:
    """Draw the path of `WideBerth` and the cheapest one over a cost map."""
    from matplotlib.figure import Figure

    problem = make_problem(2, "crater field")
    west, south, east, north = problem.costmap.geometry.bounds_m
    page = Figure(figsize=(8, 6), layout="constrained")
    ax = page.subplots()
    free = np.where(np.isfinite(problem.costmap.cost_s_per_m), problem.costmap.cost_s_per_m, np.nan)
    image = ax.imshow(free, origin="lower", extent=(west, east, south, north), cmap="Greys")
    ax.set_facecolor("mistyrose")
    page.colorbar(image, label="cost (s/m); pink is lethal", shrink=0.8)
    for planner, colour in ((AStarPlanner(), "tab:blue"), (WideBerth(), "tab:orange")):
        plan = planner.plan(problem)
        assert isinstance(plan, Plan)
        label = f"{planner.name}: {plan.length_m:.0f} m, {plan.cost_s / 60:.0f} min"
        ax.plot(*plan.waypoints_m.T, color=colour, label=label)
        print(label)
    ax.set(xlabel="east (m)", ylabel="north (m)")
    ax.legend(loc="upper left")
    page.savefig(figure, dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "test_my_planner.png"))
