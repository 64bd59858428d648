"""Asking a planner, anybody's, and holding its answer to the contract of `rover.planning.problem`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.errors import FarsideError, PlannerError
from rover.planning.problem import NoPlan, Plan, Planner, PlanningProblem

_SAME_PLACE_M = 1e-3


def ask(planner: Planner, problem: PlanningProblem) -> Plan | NoPlan:
    """Return a planner's answer.

    Raises:
        PlannerError: It raised, gave something else than an answer, or a path that leaves the map, is not finite,
            or does not lead from the start to the goal.
    """
    try:
        answer = planner.plan(problem)
    except FarsideError:
        raise
    except (Exception, SystemExit) as error:  # a planner that leaves has given no answer
        raise _broken(planner, f"raised {type(error).__name__}: {error}") from error
    if isinstance(answer, NoPlan):
        return answer
    if not isinstance(answer, Plan):
        raise _broken(planner, f"gave {type(answer).__name__}, neither Plan nor NoPlan")
    wrong = _wrong_with(answer, problem)
    if wrong is not None:
        raise _broken(planner, wrong)
    return answer


def _wrong_with(plan: Plan, problem: PlanningProblem) -> str | None:
    places = plan.waypoints_m
    if len(places) == 0 or not np.isfinite(places).all():
        return "gave a path that is empty or not finite"
    if any(problem.costmap.geometry.cell_at(*place) is None for place in places.tolist()):
        return "gave a path that leaves the map"
    if math.dist(places[0], problem.start_m) > _SAME_PLACE_M:
        return "gave a path that does not begin at the start"
    if math.dist(places[-1], problem.goal_m) > _SAME_PLACE_M:
        return "gave a path that does not end at the goal"
    return None


def _broken(planner: Planner, what: str) -> PlannerError:
    name = getattr(planner, "name", type(planner).__name__)
    remedy = "sim.testing.check_planner shows a planner's faults on small problems"
    return PlannerError(what, remedy=remedy, field="planner", value=name)
