"""Checks of a planner as a program: the same answer twice, nothing kept between questions, time and memory."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rover.planning.problem import NoPlan, Plan, PlanningProblem
from sim.testing.case import Broken, Case, brief
from sim.testing.changes import spots_on
from sim.testing.check_way import held, no_way
from sim.testing.ground import with_hazard
from sim.testing.peak import with_peak

_MIB = 2.0**20


def deterministic(case: Case) -> Iterator[Broken]:
    """The same question has the same answer, bit for bit, also when the way back was asked for between."""
    question = case.usual_question()
    first = case.ask(question)
    case.ask(replace(question, start_m=question.goal_m, goal_m=question.start_m))
    again = case.ask(question)
    if not _same(first, again):
        what = f"answers {brief(first)}, then {brief(again)}: not the same"
        yield Broken(what=what, problem=question, answer=again)


def stale_state(case: Case) -> Iterator[Broken]:
    """Keeps nothing of the map before: cells closed on its way are heeded at once, and opened again are too."""
    question = case.usual_question()
    first = case.ask(question)
    if not isinstance(first, Plan):
        yield no_way(question, first)
        return
    yield from held(case, with_hazard(question, spots_on(question, first.waypoints_m, seed=2)))
    again = case.ask(question)
    if not _same(first, again):
        what = f"answers {brief(first)}, and after another map {brief(again)}: not the same"
        yield Broken(what=what, problem=question, answer=again)


def _same(first: Plan | NoPlan, second: Plan | NoPlan) -> bool:
    if isinstance(first, Plan) and isinstance(second, Plan):
        same = first.cost_s == second.cost_s and first.price == second.price
        return same and np.array_equal(first.waypoints_m, second.waypoints_m)
    return first == second


def time_budget(case: Case) -> Iterator[Broken]:
    """Asked once before, answers each question within the budget of time, 10 s unless another is given."""
    for problem in case.questions():
        case.ask(problem)
        begun = time.perf_counter()
        answer = case.ask(problem)
        took_s = time.perf_counter() - begun
        if not took_s <= case.budget.time_s:
            what = f"takes {took_s:.3g} s, of {case.budget.time_s:g} s"
            yield Broken(what=what, problem=problem, answer=answer)


def memory_budget(case: Case) -> Iterator[Broken]:
    """Asked once before, takes no more than the budget of memory for a question, 512 MiB unless another is given.

    What Python and numpy allocate is counted, and by how much the process grows, whichever is more.
    """
    problem = case.usual_question()
    case.ask(problem)
    answer, grown = with_peak(lambda: case.ask(problem))
    allocated = _allocated_mib(case, problem)
    took = allocated if math.isnan(grown) else max(allocated, grown)
    if not took <= case.budget.memory_mib:
        what = f"takes {took:.0f} MiB, of {case.budget.memory_mib:g} MiB"
        yield Broken(what=what, problem=problem, answer=answer)


def _allocated_mib(case: Case, problem: PlanningProblem) -> float:
    """Return by how much what Python and numpy hold grows at the most while it is asked.

    In a call of its own: the account of it takes memory too.
    """
    traced = tracemalloc.is_tracing()
    if not traced:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        case.ask(problem)
        return (tracemalloc.get_traced_memory()[1] - before) / _MIB
    finally:
        if not traced:
            tracemalloc.stop()
