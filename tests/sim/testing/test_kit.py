"""The planner test kit: ours passes, and every seeded bug is caught by the check that is meant for it."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rover.core.errors import PlannerError
from rover.core.jit import cache_folder
from rover.planning.astar import AStarPlanner, GridRoute, search_grid
from rover.planning.directional import DirectionalPlanner
from rover.planning.objective import price_map, price_of_way
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, PlanningProblem
from sim.testing import PlannerCheckError, check_planner, make_problem, make_terrain, terrain_kinds
from sim.testing.graphs import grid_graph
from sim.testing.ground import closed_at, ends_of, walled_off, with_limits
from sim.testing.kit import CHECKS, least_cost

pytest_plugins = ["pytester"]


class Spoiled:
    """A planner that asks the real one about a spoiled problem, or spoils its answer."""

    name = "spoiled"
    claims = frozenset({Claim.OPTIMAL})

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = AStarPlanner().plan(self.question(problem))
        return self.answer(answer, problem) if isinstance(answer, Plan) else answer

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return problem

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan | NoPlan:
        return plan


def with_costs(problem: PlanningProblem, cost: np.ndarray) -> PlanningProblem:  # type: ignore[type-arg]
    return replace(problem, costmap=replace(problem.costmap, cost_s_per_m=cost))


def true_cost(cells: np.ndarray, problem: PlanningProblem, diagonal: float = math.sqrt(2)) -> float:  # type: ignore[type-arg]
    price = problem.costmap.cost_s_per_m[cells[:, 0], cells[:, 1]]
    steps = np.abs(np.diff(cells, axis=0)).sum(axis=1)
    length = np.where(steps == 2, diagonal, steps) * problem.costmap.geometry.resolution_m
    return float((length * (price[1:] + price[:-1]) / 2).sum())


class TransposedAxes(Spoiled):
    """Takes (east, north) for (row, col)."""

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, waypoints_m=plan.waypoints_m[:, ::-1])


class RowsForColumns(Spoiled):
    """Reads the cost map's transpose."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        cost = np.ones(problem.costmap.geometry.shape)
        turned = problem.costmap.cost_s_per_m.T[: cost.shape[0], : cost.shape[1]]
        cost[: turned.shape[0], : turned.shape[1]] = turned
        return with_costs(problem, cost)


class RoundedDiagonal(Spoiled):
    """1.414 for the square root of two."""

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cost_s=true_cost(plan.cells, problem, 1.414))


class InflatedHeuristic(Spoiled):
    """Best first by the straight distance: finds a way, not the least."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        cost = problem.costmap.cost_s_per_m
        return with_costs(problem, np.where(np.isfinite(cost), np.sqrt(cost), np.inf))

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cost_s=true_cost(plan.cells, problem))


class CutsCorners(Spoiled):
    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        geometry = problem.costmap.geometry
        start, goal = ends_of(problem)
        route = search_grid(
            problem.costmap.cost_s_per_m, start, goal, resolution_m=geometry.resolution_m, corner_cutting=True
        )
        if not isinstance(route, GridRoute) or len(route.cells) < 2:
            return AStarPlanner().plan(problem)
        waypoints = geometry.centres_of(route.cells)
        waypoints[0], waypoints[-1] = problem.start_m, problem.goal_m
        return Plan(planner="x", cells=route.cells, waypoints_m=waypoints, cost_s=route.cost_s, expanded=0)


class IgnoresLethal(Spoiled):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return with_costs(
            problem, np.where(np.isinf(problem.costmap.cost_s_per_m), 20.0, problem.costmap.cost_s_per_m)
        )


class NeverTouchesTheRim(Spoiled):
    """Off by one at the border: the outermost cells are taken for lethal."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        cost = np.full(problem.costmap.geometry.shape, np.inf)
        cost[1:-1, 1:-1] = problem.costmap.cost_s_per_m[1:-1, 1:-1]
        return with_costs(problem, cost)


class HalfACellOff(Spoiled):
    """Takes a cell's corner for its centre."""

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        waypoints = plan.waypoints_m + problem.costmap.geometry.resolution_m * 0.51
        return replace(plan, waypoints_m=waypoints)


class ForgetsTheExactStart(Spoiled):
    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, waypoints_m=problem.costmap.geometry.centres_of(plan.cells))


class ChangesItsMind(Spoiled):
    """Two ways of the same cost, in turn."""

    def __init__(self) -> None:
        self.count = itertools.count()

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        nudge = 1e-3 * (next(self.count) % 3)
        waypoints = plan.waypoints_m.copy()
        waypoints[1:-1] += nudge
        return replace(plan, waypoints_m=waypoints)


class EmptyPlanForNoWay(Spoiled):
    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = AStarPlanner().plan(problem)
        if isinstance(answer, Plan):
            return answer
        return Plan(
            planner="x",
            cells=np.empty((0, 2), np.int64),
            waypoints_m=np.empty((0, 2)),
            cost_s=0.0,
            expanded=0,
        )


class OneCauseForAll(Spoiled):
    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = AStarPlanner().plan(problem)
        return replace(answer, cause=Cause.NO_ROUTE) if isinstance(answer, NoPlan) else answer


class SaysNothing(Spoiled):
    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = AStarPlanner().plan(problem)
        return replace(answer, remedy="") if isinstance(answer, NoPlan) else answer


class Raises(Spoiled):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        if problem.start_m == problem.goal_m:
            raise IndexError("index -1 is out of bounds")
        return problem


class NothingForNowhere(Spoiled):
    """No answer at all where the start is the goal."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        return None if problem.start_m == problem.goal_m else super().plan(problem)  # type: ignore[return-value]


class UnderstatesItsCost(Spoiled):
    """Claims nothing, and states less than the least."""

    claims: frozenset[Claim] = frozenset()

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cost_s=0.9 * plan.cost_s)


class BreaksItsBound(InflatedHeuristic):
    claims = frozenset({Claim.BOUNDED})

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(super().answer(plan, problem), bound=1.0)


class StatesNoBound(Spoiled):
    claims = frozenset({Claim.BOUNDED})


class ByHeading(Spoiled):
    """The directional planner, asked about a spoiled problem or spoilt in its answer."""

    claims = DirectionalPlanner.claims
    objectives = DirectionalPlanner.objectives
    neighbours = DirectionalPlanner.neighbours

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = DirectionalPlanner().plan(self.question(problem))
        return self.answer(answer, problem) if isinstance(answer, Plan) else answer


class IgnoresRoll(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return with_vehicle(problem, slope_limit_deg=problem.vehicle.slope_limit_deg, roll_limit_deg=60.0)


class PitchForRoll(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        vehicle = problem.vehicle
        return with_vehicle(
            problem, slope_limit_deg=vehicle.roll_limit_deg, roll_limit_deg=vehicle.slope_limit_deg
        )


def with_vehicle(problem: PlanningProblem, **limits: float) -> PlanningProblem:
    return replace(problem, vehicle=problem.vehicle.model_copy(update=limits))


class DrivesBackwards(ByHeading):
    """Takes a descent for a climb: searches from the goal and turns the way round."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, start_m=problem.goal_m, goal_m=problem.start_m)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cells=plan.cells[::-1], waypoints_m=plan.waypoints_m[::-1])


class ForgetsTheLoad(ByHeading):
    """Energy of the pull alone."""

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        if problem.objective is not Objective.ENERGY:
            return plan
        return replace(plan, price=(plan.price or 0.0) - problem.vehicle.drive_w * plan.cost_s)


class EightForSixteen(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, neighbours=min(problem.neighbours, 8))


class KnowsNoHeading(Spoiled):
    """Claims headings, and goes by the cost map."""

    claims = DirectionalPlanner.claims


class AlwaysInAHurry(Spoiled):
    """Claims every objective, and minds time."""

    objectives = frozenset(Objective)

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, objective=Objective.TIME)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        prices = price_map(problem).price_per_m
        price = price_of_way(plan.cells, prices, problem.costmap.geometry.resolution_m)
        return replace(plan, objective=problem.objective, price=price)


class StatesTimeForPrice(Spoiled):
    objectives = frozenset(Objective)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, price=plan.cost_s)


SELDOM_WRONG = (InflatedHeuristic, BreaksItsBound)
"""Not so on the first of each kind of ground."""


@pytest.mark.parametrize("planner, check", [
    (IgnoresRoll(), "heading_limits"),
    (PitchForRoll(), "heading_limits"),
    (DrivesBackwards(), "equals_dijkstra"),
    (ForgetsTheLoad(), "equals_dijkstra"),
    (ForgetsTheLoad(), "safe"),
    (EightForSixteen(), "equals_dijkstra"),
    (KnowsNoHeading(), "equals_dijkstra"),
    (AlwaysInAHurry(), "equals_dijkstra"),
    (StatesTimeForPrice(), "safe"),
    (TransposedAxes(), "safe"),
    (RowsForColumns(), "equals_dijkstra"),
    (RoundedDiagonal(), "equals_dijkstra"),
    (InflatedHeuristic(), "equals_dijkstra"),
    (CutsCorners(), "safe"),
    (IgnoresLethal(), "safe"),
    (IgnoresLethal(), "unreachable"),
    (NeverTouchesTheRim(), "equals_dijkstra"),
    (HalfACellOff(), "safe"),
    (ForgetsTheExactStart(), "safe"),
    (ForgetsTheExactStart(), "start_is_goal"),
    (ChangesItsMind(), "deterministic"),
    (EmptyPlanForNoWay(), "unreachable"),
    (OneCauseForAll(), "unreachable"),
    (SaysNothing(), "unreachable"),
    (Raises(), "start_is_goal"),
    (NothingForNowhere(), "start_is_goal"),
    (UnderstatesItsCost(), "equals_dijkstra"),
    (BreaksItsBound(), "equals_dijkstra"),
    (StatesNoBound(), "equals_dijkstra"),
], ids=lambda value: value if isinstance(value, str) else type(value).__name__)  # fmt: skip
def test_a_seeded_bug_is_caught_by_name(planner: Spoiled, check: str) -> None:
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(planner, seeds=range(3 if isinstance(planner, SELDOM_WRONG) else 1))
    assert check in {failure.check for failure in caught.value.failures}
    assert f"{check}: seed" in str(caught.value)


def test_the_spoiled_planner_unspoiled_passes() -> None:
    """So what is caught above is the bug, not the way it is planted."""
    assert check_planner(Spoiled(), seeds=range(3)).problems == 3 * len(terrain_kinds())


def test_the_directional_planner_unspoiled_passes() -> None:
    assert check_planner(ByHeading(), seeds=[0]).claims == {Claim.OPTIMAL, Claim.DIRECTIONAL}
    assert "heading_limits" in check_planner("directional", seeds=[1]).checks


def test_a_descent_limit_of_its_own_is_held_to() -> None:
    check_planner(DirectionalPlanner(descent_limit_rad=math.radians(18)), seeds=[0], kinds=["mare"])


def test_limits_far_apart_let_some_ways_through_and_refuse_others() -> None:
    """So that the check of headings sees both."""
    found = [
        math.isfinite(
            least_cost(
                with_limits(make_problem(seed, kind), slope_deg=slope, roll_deg=roll), directional=True
            )
        )
        for seed, kind in itertools.product(range(3), terrain_kinds())
        for slope, roll in ((20.0, 8.0), (8.0, 20.0))
    ]
    assert 5 < sum(found) < len(found) - 2


def test_astar_passes() -> None:
    report = check_planner(AStarPlanner())
    assert report.planner == "astar" and report.claims == {Claim.OPTIMAL}
    assert report.checks == ("equals_dijkstra", "safe", "start_is_goal", "unreachable", "deterministic")
    assert report.problems == 6 * len(terrain_kinds())
    assert str(report).startswith("planner astar (claims optimal) passes equals_dijkstra")


def test_a_planner_by_name_and_one_that_claims_nothing() -> None:
    assert check_planner("astar", seeds=[0], kinds=["mare"]).problems == 1
    modest = Spoiled()
    modest.claims = frozenset()
    assert check_planner(modest, seeds=[0]).claims == frozenset()
    with pytest.raises(PlannerError):
        check_planner("astarr")


@pytest.mark.parametrize("asked", [{"seeds": []}, {"kinds": []}, {"kinds": ["sea"]}])
def test_nothing_to_check_is_no_pass(asked: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"no seed|known are"):
        check_planner("astar", **asked)  # type: ignore[arg-type]


def test_a_failure_names_everything_and_replays() -> None:
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(EmptyPlanForNoWay(), seeds=[4], kinds=["maze", "mare"])
    text = str(caught.value)
    assert isinstance(caught.value, AssertionError)
    assert text.startswith("planner spoiled fails unreachable\nunreachable: seed 4, maze: ")
    assert "check_planner('" in text and "seeds=[4], kinds=['maze'])" in text
    assert "(+5 more of this check)" in text  # three causes on two kinds


def test_the_replay_line_runs(tmp_path: Path) -> None:
    file = tmp_path / "theirs.py"
    file.write_text(
        "class Lost:\n    name = 'lost'\n    claims = frozenset()\n"
        "    def plan(self, problem): raise KeyError('map')\n"
    )
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(f"{file}:Lost", seeds=[2], kinds=["maze"])
    script = caught.value.failures[0].replay.partition('-c "')[2].rstrip('"')
    again = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path.cwd(), check=False
    )
    assert again.returncode == 1 and "safe: seed 2, maze: raised KeyError: 'map'" in again.stderr


# The ground.


@pytest.mark.parametrize("kind", terrain_kinds())
def test_terrain_is_a_function_of_seed_and_kind(kind: str) -> None:
    first, again, other = make_terrain(3, kind), make_terrain(3, kind), make_terrain(4, kind)
    np.testing.assert_array_equal(first.slope_rad, again.slope_rad)
    assert not np.array_equal(first.slope_rad, other.slope_rad)
    assert np.isfinite(first.slope_rad).all()  # known to its rim


def test_kinds_differ_where_their_words_are_the_same() -> None:
    slopes = [make_terrain(3, kind).slope_rad for kind in terrain_kinds()]
    assert not any(np.array_equal(a, b) for a, b in itertools.combinations(slopes, 2))
    assert len(slopes) >= 5


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


def test_the_graph_s_rule_by_hand() -> None:
    graph = grid_graph(np.array([[1.0, 3.0], [np.inf, 5.0]]), 2.0).toarray()
    want = np.zeros((4, 4))
    want[0, 1] = 4.0
    want[1, 3] = 8.0
    np.testing.assert_array_equal(graph, want)  # the diagonal 0-3 passes lethal cell 2
    cutting = grid_graph(np.array([[1.0, 3.0], [np.inf, 5.0]]), 2.0, corner_cutting=True).toarray()
    assert cutting[0, 3] == pytest.approx(6.0 * math.sqrt(2))


@pytest.mark.parametrize("neighbours", [4, 8, 16])
@pytest.mark.parametrize("shape", [(7, 6), (1, 5), (5, 1), (2, 2), (2, 3)])
def test_graph_of_moves_is_the_integral_along_each(neighbours: int, shape: tuple[int, int]) -> None:
    """By dense sampling of every line between centres, each pair of cells by itself."""
    rng = np.random.default_rng(neighbours)
    cost = np.where(rng.random(shape) < 0.2, np.inf, rng.uniform(1, 9, shape))
    reach = {4: {(0, 1)}, 8: {(0, 1), (1, 1)}, 16: {(0, 1), (1, 1), (1, 2)}}[neighbours]
    cells = [(r, c) for r in range(shape[0]) for c in range(shape[1])]
    along = (np.arange(4000) + 0.5) / 4000
    want = np.zeros((cost.size, cost.size))
    for tail, (r, c) in enumerate(cells):
        for head, (to_r, to_c) in enumerate(cells):
            down, across = to_r - r, to_c - c
            if (min(abs(down), abs(across)), max(abs(down), abs(across))) not in reach:
                continue
            line = cost[np.rint(r + down * along).astype(int), np.rint(c + across * along).astype(int)]
            corners = (cost[r, to_c], cost[to_r, c]) if abs(down * across) == 1 else ()
            if np.isfinite([*line, *corners]).all():
                want[tail, head] = 2.5 * math.hypot(down, across) * line.mean()
    graph = grid_graph(cost, 2.5, neighbours=neighbours)
    both = (graph + graph.T).toarray()
    np.testing.assert_allclose(both, want, rtol=1e-12)


def test_every_check_has_a_line_that_says_what_it_holds_to() -> None:
    assert all(check.__doc__ for check in CHECKS.values())


# The plugin, from outside.


def test_fixtures_from_outside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    if folder := cache_folder():  # pytester moves the home folder, and with it the compiled kernels
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder.parent))
    pytester.makepyfile(
        """
        import pytest
        from sim.testing import check_planner, terrain_kinds

        @pytest.mark.parametrize("kind", terrain_kinds())
        def test_ground(terrain, planning_problem, kind):
            assert terrain(7, kind).geometry.shape == planning_problem(7, kind).costmap.geometry.shape

        def test_default_kind(terrain):
            assert (terrain(7).slope_rad == terrain(7, kind="mare").slope_rad).all()

        def test_planner():
            check_planner("astar", seeds=[1], kinds=["bottleneck"])
        """
    )
    result = pytester.runpytest_subprocess(*plugin_option())
    result.assert_outcomes(passed=len(terrain_kinds()) + 2)


def test_the_plugin_imports_nothing_heavy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_light():
            assert "sim.testing.plugin" in sys.modules
            heavy = {"numpy", "numba", "scipy", "matplotlib", "shapely", "rover.core.grid"}
            assert not heavy & set(sys.modules), heavy & set(sys.modules)
        """
    )
    # Other projects' plugins may import what they like; ours is to be judged alone.
    result = pytester.runpytest_subprocess(
        "-p", "no:hypothesispytest", "-p", "no:benchmark", *plugin_option()
    )
    result.assert_outcomes(passed=1)


def plugin_option() -> list[str]:
    """Load the plugin by hand where this package is a source checkout and announces no entry point."""
    from importlib.metadata import entry_points

    announced = any(point.value == "sim.testing.plugin" for point in entry_points(group="pytest11"))
    return [] if announced else ["-p", "sim.testing.plugin"]
