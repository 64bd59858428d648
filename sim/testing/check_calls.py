"""Checks of a planner as a program: the same answer twice, nothing kept between questions, time and memory."""

from __future__ import annotations

import resource
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rover.planning.problem import NoPlan, Plan
from sim.testing.case import Broken, Case, brief
from sim.testing.changes import spots_on
from sim.testing.check_way import held, no_way
from sim.testing.ground import with_hazard

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

    What Python and numpy allocate is counted, or by how much the process has grown, whichever is more.
    """
    problem = case.usual_question()
    case.ask(problem)
    before, traced = _greatest_mib(), tracemalloc.is_tracing()
    if not traced:
        tracemalloc.start()
    tracemalloc.reset_peak()
    held_before = tracemalloc.get_traced_memory()[0]
    try:
        answer = case.ask(problem)
        peak = (tracemalloc.get_traced_memory()[1] - held_before) / _MIB
    finally:
        if not traced:
            tracemalloc.stop()
    took = max(peak, _greatest_mib() - before)
    if not took <= case.budget.memory_mib:
        what = f"takes {took:.0f} MiB, of {case.budget.memory_mib:g} MiB"
        yield Broken(what=what, problem=problem, answer=answer)


def _greatest_mib() -> float:
    """Return the most that this process has had in memory so far."""
    greatest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return greatest / _MIB if sys.platform == "darwin" else greatest / 1024.0
