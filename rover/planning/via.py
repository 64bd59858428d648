"""A way through places in their order: planned leg by leg, joined into one plan."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rover.core.errors import TimeLimitError
from rover.planning.ask import ask
from rover.planning.explain import explain
from rover.planning.problem import Cause, NoPlan, Plan, Planner, PlanningProblem

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Itinerary:
    """A plan of several legs.

    Attributes:
        plan: All of it; costs and searches are sums over the legs.
        legs: Each leg as it was planned; leg k ends where leg k + 1 begins.
    """

    plan: Plan
    legs: tuple[Plan, ...]


def plan_through(planner: Planner, problem: PlanningProblem, via_m: Sequence[Place]) -> Itinerary | NoPlan:
    """Ask a planner for the way from the start through every place in its order to the goal.

    Each leg is the planner's own; that they are the best together follows where it is optimal, since the places are
    given. A place that repeats the one before it makes a leg of no length.

    Args:
        planner: Anybody's.
        problem: Start, goal and maps; its time limit is for all legs together.
        via_m: (east, north) of places inside the map, none for a single leg.

    Returns:
        The itinerary, or why there is none: the leg without a way is named, as is a place that is lethal.

    Raises:
        PlannerError: As `rover.planning.ask.ask`.
        TimeLimitError: The time is over; which leg was searched is said.
    """
    stops = [problem.start_m, *via_m, problem.goal_m]
    lethal = _lethal_via(problem, via_m)
    if lethal is not None:
        return lethal
    began = time.monotonic()
    legs: list[Plan] = []
    for i, (start_m, goal_m) in enumerate(zip(stops[:-1], stops[1:], strict=True)):
        name = leg_name(i, len(stops) - 1)
        left_s = _left(problem, began, name, legs, math.dist(start_m, goal_m))
        # The first leg has all of the time, so that its planner names the limit as it was given.
        limit_s = problem.time_limit_s if i == 0 else left_s
        leg = replace(problem, start_m=start_m, goal_m=goal_m, time_limit_s=limit_s)
        answer = _ask_leg(planner, leg, name, single=len(stops) == 2)
        if isinstance(answer, NoPlan):
            return answer if len(stops) == 2 else _on_leg(answer, i, len(stops) - 1)
        legs.append(answer)
    return Itinerary(plan=_joined(legs), legs=tuple(legs))


def leg_name(index: int, count: int) -> str:
    """Return what leg `index` (from 0) of `count` is called."""
    begins = "start" if index == 0 else f"via {index}"
    ends = "goal" if index == count - 1 else f"via {index + 1}"
    return f"{begins} to {ends}"


def _ask_leg(planner: Planner, leg: PlanningProblem, name: str, *, single: bool) -> Plan | NoPlan:
    try:
        return ask(planner, leg)
    except TimeLimitError as error:
        if single:
            raise
        raise TimeLimitError([replace(p, what=f"{name}: {p.what}") for p in error.problems]) from error


def _left(
    problem: PlanningProblem, began: float, name: str, before: Sequence[Plan], straight_m: float
) -> float | None:
    if problem.time_limit_s is None:
        return None
    left = problem.time_limit_s - (time.monotonic() - began)
    if left > 0:
        return left
    over = (
        "the legs before it took all of the time" if before else "the time was over before the search began"
    )
    raise TimeLimitError(
        f"{name}: {over}; no way of this leg is shorter than {straight_m:.1f} m",
        remedy="give more time, or fewer places" if before else "give more time",
        field="time_limit_s",
        value=problem.time_limit_s,
    )


def _lethal_via(problem: PlanningProblem, via_m: Sequence[Place]) -> NoPlan | None:
    """The refusal of the first place on a lethal cell, in the words for a goal."""
    for number, place_m in enumerate(via_m, start=1):
        cell = problem.costmap.geometry.cell_at(*place_m)
        if cell is None:
            raise ValueError(f"via {number} is outside the map")
        if np.isfinite(problem.costmap.cost_s_per_m[cell]):
            continue
        as_goal = explain(
            replace(problem, goal_m=place_m), NoPlan(cause=Cause.GOAL_LETHAL, where="", remedy="")
        )
        words = as_goal.where.replace("the goal at", f"via {number} at", 1)
        return replace(as_goal, cause=Cause.VIA_LETHAL, where=words)
    return None


def _on_leg(refusal: NoPlan, index: int, count: int) -> NoPlan:
    where = f"leg {index + 1} of {count} ({leg_name(index, count)}): {refusal.where}"
    return replace(refusal, where=where, leg=index + 1)


def _joined(legs: Sequence[Plan]) -> Plan:
    """One plan of legs, the waypoint that two of them share named once."""
    if len(legs) == 1:
        return legs[0]
    first = legs[0]
    prices = [leg.price for leg in legs if leg.price is not None]
    bounds = [leg.bound for leg in legs if leg.bound is not None]
    return Plan(
        planner=first.planner,
        cells=np.concatenate([first.cells, *(leg.cells[1:] for leg in legs[1:])]),
        waypoints_m=np.concatenate([first.waypoints_m, *(leg.waypoints_m[1:] for leg in legs[1:])]),
        cost_s=math.fsum(leg.cost_s for leg in legs),
        expanded=sum(leg.expanded for leg in legs),
        bound=max(bounds) if len(bounds) == len(legs) else None,
        objective=first.objective,
        price=math.fsum(prices) if len(prices) == len(legs) else None,
    )
