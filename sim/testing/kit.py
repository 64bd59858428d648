"""Named checks that hold a planner to the protocol and to what it claims.

The optimum is scipy's, over a graph built here from the rule of costs; the way is judged by `rover.planning.check`,
which shares no code with any planner.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rover.planning.check import check_plan
from rover.planning.problem import Cause, Claim, NoPlan, Plan, Planner, PlanningProblem
from rover.planning.registry import load_planner
from sim.testing.ground import closed_at, ends_of, make_problem, terrain_kinds, walled_off

TOLERANCE = 1e-9

Costs = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A check that a planner failed, and how to see it again."""

    check: str
    seed: int
    kind: str
    what: str
    replay: str

    def __str__(self) -> str:
        return f"{self.check}: seed {self.seed}, {self.kind}: {self.what}\n    {self.replay}"


class PlannerCheckError(AssertionError):
    """The planner failed checks; `failures` holds each, the message the first of every check."""

    def __init__(self, planner: str, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        first = {failure.check: failure for failure in reversed(self.failures)}
        counts = {name: sum(f.check == name for f in self.failures) for name in first}
        lines = [f"{first[name]}" + _more(counts[name] - 1) for name in CHECKS if name in first]
        super().__init__(
            f"planner {planner} fails {', '.join(n for n in CHECKS if n in first)}\n" + "\n".join(lines)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a planner was held to, and passed.

    Attributes:
        planner: Its name.
        claims: What it claims.
        checks: Names of the checks.
        problems: Number of (seed, kind) pairs that each check ran on.
    """

    planner: str
    claims: frozenset[Claim]
    checks: tuple[str, ...]
    problems: int

    def __str__(self) -> str:
        claims = ", ".join(sorted(self.claims)) or "nothing"
        return f"planner {self.planner} (claims {claims}) passes {', '.join(self.checks)} on {self.problems} problems"


def check_planner(
    planner: Planner | str, *, seeds: Iterable[int] = range(6), kinds: Iterable[str] | None = None
) -> Report:
    """Run every check on every kind of ground.

    Args:
        planner: A planner, or what `farside plan --planner` takes.
        seeds: Of the terrain; two problems of a kind differ in their seed only.
        kinds: Some of `terrain_kinds()`, None for all.

    Raises:
        PlannerCheckError: A check failed; it names every one that did.
        PlannerError: `planner` is a name that cannot be loaded.
        ValueError: No seed, or no such kind.
    """
    held = load_planner(planner) if isinstance(planner, str) else planner
    pairs = [(seed, kind) for seed in seeds for kind in (terrain_kinds() if kinds is None else list(kinds))]
    if not pairs:
        raise ValueError("no seed or no kind to check on")
    shown = planner if isinstance(planner, str) else None
    failures = [
        Failure(check=name, seed=seed, kind=kind, what=what, replay=_replay(shown, held, seed, kind))
        for seed, kind in pairs
        for name, check in CHECKS.items()
        for what in _run(check, held, make_problem(seed, kind))
    ]
    if failures:
        raise PlannerCheckError(_name(held), failures)
    return Report(planner=held.name, claims=held.claims, checks=tuple(CHECKS), problems=len(pairs))


def least_cost(problem: PlanningProblem) -> float:
    """Return the least cost between the cells of start and goal on the 8-connected grid, by scipy; inf if none."""
    cost = problem.costmap.cost_s_per_m
    start, goal = (np.ravel_multi_index(end, cost.shape) for end in ends_of(problem))
    graph = grid_graph(cost, problem.costmap.geometry.resolution_m)
    return float(dijkstra(graph, directed=False, indices=np.array(start))[goal])


ORTHOGONALS = ((0, 1), (1, 0))
DIAGONALS = ((1, 1), (1, -1))
KNIGHTS = ((1, 2), (2, 1), (1, -2), (2, -1))
"""Moves (down, across) that 4, 8 and 16 neighbours add, one of each pair of opposites."""


def grid_graph(
    cost_s_per_m: Costs, resolution_m: float, *, corner_cutting: bool = False, neighbours: int = 8
) -> csr_array:
    """Return the graph of moves: one node per cell in row order, each move once, weights in seconds.

    A move costs the integral of the cost along the straight line between its cells' centres: its length times the mean
    of its two cells, of a knight's move the mean of those and of the two that it passes between, a quarter of the line
    in each. All of these must be free, and a diagonal needs both orthogonal cells too, unless `corner_cutting`.

    Args:
        cost_s_per_m: (rows, cols), +inf where lethal.
        resolution_m: Side of a cell.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal cell.
        neighbours: 4, 8 or 16.
    """
    moves = ORTHOGONALS + DIAGONALS * (neighbours >= 8) + KNIGHTS * (neighbours >= 16)
    index = np.arange(cost_s_per_m.size).reshape(cost_s_per_m.shape)
    tails, heads, weights = [], [], []
    for down, across in moves:
        here, there = _neighbours(cost_s_per_m, down, across)
        between = _passed(cost_s_per_m, down, across)
        if abs(down * across) == 2:
            weight = math.hypot(down, across) * resolution_m * (here + there + sum(between)) / 4
        else:
            weight = math.hypot(down, across) * resolution_m * (here + there) / 2
        open_ = np.isfinite(weight)
        if not corner_cutting:
            for corner in between:
                open_ &= np.isfinite(corner)
        tail, head = _neighbours(index, down, across)
        tails.append(tail[open_])
        heads.append(head[open_])
        weights.append(weight[open_])
    ends = (np.concatenate(tails), np.concatenate(heads))
    return csr_array((np.concatenate(weights), ends), shape=(index.size, index.size))


def _passed(values: npt.NDArray[Any], down: int, across: int) -> list[npt.NDArray[Any]]:
    """The two cells that a diagonal or knight's move passes between or through; none of an orthogonal move."""
    side = int(np.sign(across))
    if abs(down * across) == 1:
        offsets = ((down, 0), (0, across))
    elif abs(across) == 2:
        offsets = ((0, side), (down, side))
    elif down == 2:
        offsets = ((1, 0), (1, across))
    else:
        return []
    return [_at(values, down, across, *offset) for offset in offsets]


def _at(values: npt.NDArray[Any], down: int, across: int, row: int, col: int) -> npt.NDArray[Any]:
    """View of the cells (row, col) away from each that has a neighbour (down, across) away."""
    rows, cols = values.shape
    left, right = max(0, -across), cols - max(0, across)
    return values[row : max(row, rows - down + row), left + col : max(left, right) + col]


def _neighbours(
    values: npt.NDArray[Any], down: int, across: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Views of the cells that have a neighbour (down, across) away, and of those neighbours."""
    return _at(values, down, across, 0, 0), _at(values, down, across, down, across)


def _equals_dijkstra(planner: Planner, problem: PlanningProblem) -> list[str]:
    """Claims OPTIMAL: the least cost. Otherwise never less than it, ANY_ANGLE apart, and within the stated bound."""
    plan, least = planner.plan(problem), least_cost(problem)
    if not isinstance(plan, Plan):
        return [f"answers {_brief(plan)} where there is a way of {least:.9g} s"]
    slack = TOLERANCE * least
    if Claim.OPTIMAL in planner.claims and not abs(plan.cost_s - least) <= slack:
        return [f"costs {plan.cost_s!r} s, the least is {least!r} s (ratio {plan.cost_s / least:.9f})"]
    if Claim.ANY_ANGLE not in planner.claims and not plan.cost_s >= least - slack:
        return [f"costs {plan.cost_s!r} s, less than the least there is, {least!r} s"]
    if Claim.BOUNDED in planner.claims:
        if plan.bound is None:
            return ["claims to be bounded, but its plan states no bound"]
        if not plan.cost_s <= plan.bound * least + slack:
            return [f"costs {plan.cost_s!r} s, more than {plan.bound} times the least, {least!r} s"]
    return []


def _safe(planner: Planner, problem: PlanningProblem) -> list[str]:
    """The way touches nothing lethal, cuts no corner, joins start and goal and costs what it says."""
    plan = planner.plan(problem)
    if not isinstance(plan, Plan):
        return [f"answers {_brief(plan)} where there is a way"]
    return check_plan(plan, problem, claims=planner.claims)


def _start_is_goal(planner: Planner, problem: PlanningProblem) -> list[str]:
    """Nowhere to go is a plan of no length and no cost, at the start."""
    here = replace(problem, goal_m=problem.start_m)
    plan = planner.plan(here)
    if not isinstance(plan, Plan):
        return [f"answers {_brief(plan)} where the start is the goal"]
    if plan.cost_s != 0.0 or plan.length_m > 1e-9:
        return [f"drives {plan.length_m:g} m for {plan.cost_s:g} s where the start is the goal"]
    return check_plan(plan, here, claims=planner.claims)


def _unreachable(planner: Planner, problem: PlanningProblem) -> list[str]:
    """No way is a `NoPlan` with the right cause, and words."""
    start, goal = ends_of(problem)
    asked = (
        (Cause.NO_ROUTE, walled_off(problem)),
        (Cause.START_LETHAL, closed_at(problem, start)),
        (Cause.GOAL_LETHAL, closed_at(problem, goal)),
    )
    broken = []
    for cause, closed in asked:
        answer = planner.plan(closed)
        if not isinstance(answer, NoPlan):
            broken.append(f"answers {_brief(answer)}, should refuse with {cause}")
        elif answer.cause is not cause:
            broken.append(f"refuses with {answer.cause}, should be {cause}")
        elif not (answer.where and answer.remedy):
            broken.append(f"refuses with {cause} but leaves where or remedy empty")
    return broken


def _deterministic(planner: Planner, problem: PlanningProblem) -> list[str]:
    """The same question has the same answer, bit for bit, whatever was asked between."""
    first = planner.plan(problem)
    planner.plan(replace(problem, start_m=problem.goal_m, goal_m=problem.start_m))
    again = planner.plan(problem)
    if not (isinstance(first, Plan) and isinstance(again, Plan)):
        return [] if first == again else [f"answers {_brief(first)}, then {_brief(again)}"]
    same = first.cost_s == again.cost_s and np.array_equal(first.waypoints_m, again.waypoints_m)
    return [] if same else [f"answers {_brief(first)}, then {_brief(again)}: not the same way"]


Check = Callable[[Planner, PlanningProblem], list[str]]
CHECKS: dict[str, Check] = {
    "equals_dijkstra": _equals_dijkstra,
    "safe": _safe,
    "start_is_goal": _start_is_goal,
    "unreachable": _unreachable,
    "deterministic": _deterministic,
}


def _run(check: Check, planner: Planner, problem: PlanningProblem) -> list[str]:
    try:
        return check(planner, problem)
    except Exception as error:
        return [f"raised {type(error).__name__}: {error}"]


def _brief(answer: object) -> str:
    if isinstance(answer, Plan):
        return f"a plan of {len(answer.waypoints_m)} waypoints and {answer.cost_s:.9g} s"
    return str(answer) if isinstance(answer, NoPlan) else f"{answer!r}, which is neither Plan nor NoPlan"


def _name(planner: object) -> str:
    return str(getattr(planner, "name", type(planner).__name__))


def _replay(spec: str | None, planner: Planner, seed: int, kind: str) -> str:
    kept = spec or f"{type(planner).__module__}:{type(planner).__qualname__}"
    call = f"check_planner({kept!r}, seeds=[{seed}], kinds=[{kind!r}])"
    return f'python -c "from sim.testing import check_planner; {call}"'


def _more(count: int) -> str:
    return f"\n    (+{count} more of this check)" if count else ""
