"""Named checks that hold a planner to the protocol and to what it claims.

The optimum is scipy's, over a graph that `sim.testing.graphs` builds from the rule of costs; the way is judged by
`rover.planning.check`, which shares no code with any planner. A planner is asked by every objective that it names in
`objectives` and every number of moves in `neighbours`; without them, by time and 8.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse.csgraph import dijkstra

from rover.planning.check import check_plan
from rover.planning.objective import UNITS, price_map
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, Planner, PlanningProblem
from rover.planning.registry import load_planner
from sim.testing.graphs import directed_graph, grid_graph
from sim.testing.ground import closed_at, ends_of, make_problem, terrain_kinds, walled_off, with_limits

TOLERANCE = 1e-9


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
        checks: Names of the checks that its claims ask for.
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
    checks = _checks_of(held)
    failures = [
        Failure(check=name, seed=seed, kind=kind, what=what, replay=_replay(shown, held, seed, kind))
        for seed, kind in pairs
        for problem in (make_problem(seed, kind),)  # nobody can change it
        for name, check in checks.items()
        for what in _run(check, held, problem)
    ]
    if failures:
        raise PlannerCheckError(_name(held), failures)
    return Report(planner=held.name, claims=held.claims, checks=tuple(checks), problems=len(pairs))


def least_cost(
    problem: PlanningProblem, *, directional: bool = False, descent_limit_rad: float | None = None
) -> float:
    """Return the least price between the cells of start and goal by the problem's objective and neighbours, by scipy.

    Args:
        problem: The question.
        directional: Whether moves are allowed and priced by their heading.
        descent_limit_rad: Steepest descent, None for the vehicle's `slope_limit_deg`.

    Returns:
        In the objective's unit; inf if there is no way.
    """
    start, goal = (np.ravel_multi_index(end, problem.costmap.geometry.shape) for end in ends_of(problem))
    if directional:
        graph = directed_graph(problem, descent_limit_rad=descent_limit_rad)
    else:
        resolution_m = problem.costmap.geometry.resolution_m
        graph = grid_graph(price_map(problem).price_per_m, resolution_m, neighbours=problem.neighbours)
    return float(dijkstra(graph, directed=directional, indices=np.array(start))[goal])


def _least(planner: Planner, problem: PlanningProblem) -> float:
    directional = Claim.DIRECTIONAL in planner.claims
    return least_cost(problem, directional=directional, descent_limit_rad=_descent(planner))


def _descent(planner: Planner) -> float | None:
    return getattr(planner, "descent_limit_rad", None)


def _asked(planner: Planner, problem: PlanningProblem) -> list[PlanningProblem]:
    """The problem by each objective at 8 neighbours, or what it has, and by each other number of moves."""
    objectives = sorted(getattr(planner, "objectives", {Objective.TIME}))
    numbers = sorted(getattr(planner, "neighbours", {8}))
    usual = 8 if 8 in numbers else numbers[0]
    first = Objective.TIME if Objective.TIME in objectives else objectives[0]
    pairs = [(objective, usual) for objective in objectives]
    pairs += [(first, number) for number in numbers if number != usual]
    return [replace(problem, objective=objective, neighbours=number) for objective, number in pairs]


def _equals_dijkstra(planner: Planner, problem: PlanningProblem) -> list[str]:
    """Claims OPTIMAL: the least, by each objective. Otherwise never less, ANY_ANGLE apart, and within its bound."""
    return [what for asked in _asked(planner, problem) for what in _against_least(planner, asked)]


def _against_least(planner: Planner, problem: PlanningProblem) -> list[str]:
    plan, least = planner.plan(problem), _least(planner, problem)
    unit = UNITS[problem.objective]
    if not isinstance(plan, Plan):
        return [f"answers {_brief(plan)} where there is a way of {least:.9g} {unit}"]
    timed = problem.objective is Objective.TIME
    price = plan.cost_s if timed or plan.price is None else plan.price
    slack = TOLERANCE * least
    if Claim.OPTIMAL in planner.claims and not abs(price - least) <= slack:
        return [f"costs {price!r} {unit}, the least is {least!r} {unit} (ratio {price / least:.9f})"]
    if Claim.ANY_ANGLE not in planner.claims and not price >= least - slack:
        return [f"costs {price!r} {unit}, less than the least there is, {least!r} {unit}"]
    if Claim.BOUNDED in planner.claims:
        if plan.bound is None:
            return ["claims to be bounded, but its plan states no bound"]
        if not price <= plan.bound * least + slack:
            return [f"costs {price!r} {unit}, more than {plan.bound} times the least, {least!r} {unit}"]
    return []


def _safe(planner: Planner, problem: PlanningProblem) -> list[str]:
    """The way touches nothing lethal, cuts no corner, joins start and goal and costs what it says."""
    broken = []
    for asked in _asked(planner, problem):
        plan = planner.plan(asked)
        if not isinstance(plan, Plan):
            return [f"answers {_brief(plan)} where there is a way"]
        broken += _check(planner, plan, asked)
    return broken


def _check(planner: Planner, plan: Plan, problem: PlanningProblem) -> list[str]:
    return check_plan(plan, problem, claims=planner.claims, descent_limit_rad=_descent(planner))


def _heading_limits(planner: Planner, problem: PlanningProblem) -> list[str]:
    """Claims DIRECTIONAL: with limits of pitch and roll far apart, the least of what both allow, or a refusal."""
    broken = []
    for asked in (
        with_limits(problem, slope_deg=20.0, roll_deg=8.0),
        with_limits(problem, slope_deg=8.0, roll_deg=20.0),
    ):
        answer, least = planner.plan(asked), _least(planner, asked)
        if math.isfinite(least):
            broken += _against_least(planner, asked)
            broken += _check(planner, answer, asked) if isinstance(answer, Plan) else []
        elif not isinstance(answer, NoPlan):
            broken.append(f"answers {_brief(answer)} where no heading leads")
        elif not (answer.where and answer.remedy):
            broken.append("refuses but leaves where or remedy empty")
    return broken


def _start_is_goal(planner: Planner, problem: PlanningProblem) -> list[str]:
    """Nowhere to go is a plan of no length and no cost, at the start."""
    here = replace(problem, goal_m=problem.start_m)
    plan = planner.plan(here)
    if not isinstance(plan, Plan):
        return [f"answers {_brief(plan)} where the start is the goal"]
    if plan.cost_s != 0.0 or plan.length_m > 1e-9:
        return [f"drives {plan.length_m:g} m for {plan.cost_s:g} s where the start is the goal"]
    return _check(planner, plan, here)


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
    "heading_limits": _heading_limits,
    "start_is_goal": _start_is_goal,
    "unreachable": _unreachable,
    "deterministic": _deterministic,
}


def _checks_of(planner: Planner) -> dict[str, Check]:
    """Those that a planner's claims ask for."""
    by_heading = Claim.DIRECTIONAL in getattr(planner, "claims", ())
    return {name: check for name, check in CHECKS.items() if by_heading or check is not _heading_limits}


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
