"""The traverse planner: place, time and charge in one search, under Sun, shadow, relay, nap and night."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rover.core.errors import PlannerError, TimeLimitError
from rover.limits.base import Limit, Margin
from rover.planning.ends import from_end_to_end
from rover.planning.explain_traverse import PATIENCE_S, explain_traverse
from rover.planning.label_kernels import FIRST, ROUNDING_J, SECOND
from rover.planning.label_kernels import TIME as TIME_COLUMN
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, PlanningProblem
from rover.planning.spare_charge import with_spare_charge
from rover.planning.timed_legs import LegJudge
from rover.planning.timetable import Step, Timetable, stages_of, steps_of
from rover.planning.traverse_anytime import Known, Question, search_at_hand, value_of
from rover.planning.traverse_ground import Criterion, ground_of
from rover.planning.traverse_search import Labels
from rover.planning.traverse_setup import CHARGE_LEVELS, STEP_S, Outlook, outlook

_CRITERIA = {
    Objective.TIME: Criterion.TIME,
    Objective.ENERGY: Criterion.ENERGY,
    Objective.DISTANCE: Criterion.DISTANCE,
}


class TraversePlanner:
    """Earliest arrival, or the least of another criterion, over place, time and charge.

    Args:
        step_s: Longest bin by day.
        charge_levels: As `traverse_ground.Rules`; 0 for exact.
    """

    name = "traverse"
    claims = frozenset({Claim.DIRECTIONAL, Claim.TIMED})
    objectives = frozenset(_CRITERIA)
    neighbours = frozenset({8})

    def __init__(self, *, step_s: float = STEP_S, charge_levels: int = CHARGE_LEVELS) -> None:
        self.step_s, self.charge_levels = step_s, charge_levels

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return the way of earliest arrival, least energy or least distance, with its timetable.

        Raises:
            As `outlook`, and TimeLimitError: `problem.time_limit_s` is up.
        """
        if problem.objective not in _CRITERIA:
            raise PlannerError(
                f"no price by {problem.objective} in time",
                remedy=f"take {', '.join(sorted(_CRITERIA))}",
                field="objective",
                value=problem.objective.value,
            )
        ready = outlook(problem, step_s=problem.light_step_s or self.step_s)
        criterion = _CRITERIA[problem.objective]
        return with_spare_charge(
            ready,
            lambda asked: best_traverse(asked, criterion, charge_levels=self.charge_levels),
            refuses=lambda answer: isinstance(answer, NoPlan),
        )


def best_traverse(
    ready: Outlook,
    criterion: Criterion = Criterion.TIME,
    *,
    charge_levels: int = CHARGE_LEVELS,
    report: Callable[[float], None] | None = None,
) -> Plan | NoPlan:
    """Return the traverse that has least of a criterion, and of those the one that arrives first.

    Args:
        ready: The problem.
        criterion: What to have least of.
        charge_levels: As `traverse_ground.Rules`.
        report: Told the least that the criterion can still come to, now and then.

    Where `problem.time_limit_s` is up first, the best traverse found so far has the bound in `least`.

    Raises:
        TimeLimitError: None is found by then; the message has the bound.
    """
    answer, _ = best_with_bound(ready, criterion, charge_levels=charge_levels, report=report)
    return answer


def best_with_bound(
    ready: Outlook,
    criterion: Criterion = Criterion.TIME,
    *,
    charge_levels: int = CHARGE_LEVELS,
    report: Callable[[float], None] | None = None,
) -> tuple[Plan | NoPlan, float]:
    """Return the same, and what no traverse has less of: a whole search too tells charges apart by levels only.

    Raises:
        TimeLimitError: As for `best_traverse`.
    """
    closed = closed_end(ready)
    if closed is not None:
        return closed, math.inf
    begun = time.perf_counter()
    ground = ground_of(ready.around, ready.rules(charge_levels), ready.goal, first=criterion)
    labels, known = next(iter(search_at_hand(ground, _question(ready), since=begun, report=report)))
    if labels.cut_short:
        return _cut_short(ready, labels, known, criterion), labels.proven
    if labels.found is None and known is None:
        return _explained(ready, labels, since=begun), math.inf
    # What is at hand may have less, or be all that there is, by what levels of charge do not tell apart.
    found = [(labels, labels.found)] if labels.found is not None else []
    best = min((*found, *([] if known is None else [known])), key=_to_a_billionth)
    return plan_of(ready, *best, criterion), min(labels.proven, value_of(best))


def _to_a_billionth(known: Known) -> float:
    """Return what is known of its criterion, rounded: sums in another order are one."""
    return float(f"{value_of(known):.9e}")


def _question(ready: Outlook) -> Question:
    problem = ready.problem
    return Question(
        start=ready.start,
        depart_s=problem.depart_s,
        charge_j=problem.soc * problem.vehicle.battery_j,
        time_limit_s=problem.time_limit_s,
    )


def _cut_short(ready: Outlook, labels: Labels, known: Known | None, criterion: Criterion) -> Plan:
    """Return the best traverse known, with the bound of a search that was cut short.

    Raises:
        TimeLimitError: None is known.
    """
    if known is not None:
        return replace(plan_of(ready, *known, criterion), least=min(labels.proven, value_of(known)))
    raise TimeLimitError(
        f"no traverse found yet; none has a {criterion} under {labels.proven:g}",
        remedy="allow more time, or take a coarser map or a longer step",
        field="--time-limit",
        value=ready.problem.time_limit_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Front:
    """Traverses of a Pareto front: all, or the first of them where the search was cut short.

    Attributes:
        members: (first, second, plan) of each, the first criterion ascending. They are final: no search for longer has
            others before them.
        missing: Where the search was cut short, what members that are not there have of either criterion at the least,
            as far as its levels of charge tell traverses apart; they also have less of the second than every member.
            None where none is missing.
        at_hand: Where it was cut short with no member yet, a traverse with little of the first criterion; `least` has
            its bound.
    """

    members: tuple[tuple[float, float, Plan], ...]
    missing: tuple[float, float] | None = None
    at_hand: Plan | None = None

    @property
    def whole(self) -> bool:
        """Tell whether these are all."""
        return self.missing is None


def pareto_front(
    ready: Outlook,
    first: Criterion,
    second: Criterion,
    *,
    charge_levels: int = CHARGE_LEVELS,
    report: Callable[[float], None] | None = None,
) -> Front | NoPlan:
    """Return every traverse than which none is better by both criteria.

    Where `problem.time_limit_s` is up first, those found so far.

    Raises:
        TimeLimitError: No traverse is found by then.
    """
    closed = closed_end(ready)
    if closed is not None:
        return closed
    begun = time.perf_counter()
    ground = ground_of(ready.around, ready.rules(charge_levels), ready.goal, first=first, second=second)
    members: list[tuple[float, float, Plan]] = []
    for labels, known in search_at_hand(ground, _question(ready), since=begun, report=report):
        if labels.cut_short:
            return _cut_front(ready, labels, members, known, (first, second))
        if labels.found is None:
            return Front(members=_unbettered(members)) if members else _explained(ready, labels, since=begun)
        row = labels.search.reals[labels.found]
        values = [
            float(row[TIME_COLUMN] if kind is Criterion.TIME else row[column])
            for kind, column in ((first, FIRST), (second, SECOND))
        ]
        plan = plan_of(ready, labels, labels.found, first)
        if Criterion.CHARGE in (first, second):
            assert isinstance(plan.schedule, Timetable)
            values[(first, second).index(Criterion.CHARGE)] = _least_charge(ready, plan.schedule.steps)
        members.append((values[0], values[1], plan))
    raise AssertionError("a search that does not end")


def _unbettered(members: Iterable[tuple[float, float, Plan]]) -> tuple[tuple[float, float, Plan], ...]:
    """Return the members than which none is better by both criteria, the first ascending; rounding betters nothing."""
    kept: list[tuple[float, float, Plan]] = []
    for member in sorted(members, key=lambda m: m[:2]):
        if kept and not member[1] < kept[-1][1] - ROUNDING_J:
            continue
        if kept and member[0] <= kept[-1][0] + ROUNDING_J:
            kept.pop()
        kept.append(member)
    return tuple(kept)


def _least_charge(ready: Outlook, steps: Sequence[Step]) -> float:
    """Return the smallest charge of a plan with its sign changed, J."""
    least = min((min(step.soc, step.soc_after) for step in steps), default=ready.problem.soc)
    return -least * ready.problem.vehicle.battery_j


def _cut_front(
    ready: Outlook,
    labels: Labels,
    members: list[tuple[float, float, Plan]],
    known: Known | None,
    criteria: tuple[Criterion, Criterion],
) -> Front:
    """Return the front of a search that was cut short.

    Raises:
        TimeLimitError: It has no member, and no other traverse is known.
    """
    missing = labels.lower_bound, labels.second_bound
    if members:
        # Nothing may be left to look at but what the last member rules out.
        return Front(members=_unbettered(members), missing=missing if math.isfinite(missing[1]) else None)
    return Front(members=(), missing=missing, at_hand=_cut_short(ready, labels, known, criteria[0]))


def _explained(ready: Outlook, labels: Labels, *, since: float) -> NoPlan:
    """Return why there is no plan, in what is left of the problem's time since it began."""
    if not ready.explained:
        return NoPlan(
            cause=Cause.NO_ROUTE,
            where="nothing is found",
            remedy="ask for the explanation",
            expanded=labels.expanded,
        )
    limit_s = ready.problem.time_limit_s
    left_s = math.inf if limit_s is None else max(0.0, limit_s - (time.perf_counter() - since))
    ground = ground_of(ready.around, ready.rules(), ready.goal)
    return explain_traverse(ready, ground, labels, patience_s=min(PATIENCE_S, left_s))


def closed_end(ready: Outlook) -> NoPlan | None:
    """Return the refusal of a start or a goal on a cell where the rover may not be."""
    cells = ready.table.cells
    for cell, cause, end in (
        (ready.start, Cause.START_LETHAL, "start"),
        (ready.goal, Cause.GOAL_LETHAL, "goal"),
    ):
        if cells is not None and not cells[cell]:
            flags = ready.problem.hazards.at(*cell)
            why = flags.words if flags else "in reach of a hazard"
            return NoPlan(
                cause=cause, where=f"the {end} cell {cell} is closed: {why}", remedy=f"move the {end}"
            )
    return _below_reserve(ready)


def _below_reserve(ready: Outlook) -> NoPlan | None:
    """Return the refusal of a departure with less charge than is ever allowed then."""
    problem, floor_soc = ready.problem, ready.table.floor_soc
    if floor_soc is None:
        return None
    least = float(floor_soc[ready.around.timeline.bin_at(problem.depart_s)])
    if problem.soc >= least:
        return None
    return NoPlan(
        cause=Cause.ENERGY,
        where=f"the departure has a charge of {problem.soc:.1%}, under the {least:.1%} that are kept",
        remedy=f"a power.initial_soc of {least:.2f} at least, or a smaller power.reserve_soc",
        opens_with_wh=(least - problem.soc) * problem.vehicle.battery_wh,
    )


def plan_of(ready: Outlook, labels: Labels, label: int, criterion: Criterion) -> Plan:
    """Return the plan that leads to a label."""
    problem, around = ready.problem, ready.around
    steps = steps_of(labels, label)
    places = places_of(ready)
    cells = np.array([ready.start, *(step.to for step in steps if step.to != step.cell)], np.int64)
    judge = LegJudge(around, problem.vehicle)
    timetable = Timetable(
        stages=stages_of(steps, places, problem.terrain.slope_rad),
        margins=worst_of(problem.limits, judge, steps),
        steps=steps,
    )
    cells, waypoints = from_end_to_end(problem, cells)
    drive_s = math.fsum(step.end_s - step.start_s for step in steps if step.to != step.cell)
    objective = next((o for o, c in _CRITERIA.items() if c is criterion), Objective.TIME)
    price = None if criterion is Criterion.TIME else float(labels.search.reals[label, FIRST])
    if criterion is Criterion.CHARGE:
        price = _least_charge(ready, steps)
    return Plan(
        planner=TraversePlanner.name,
        cells=cells,
        waypoints_m=waypoints,
        cost_s=drive_s,
        expanded=labels.expanded,
        schedule=timetable,
        objective=objective,
        price=price,
    )


def places_of(ready: Outlook) -> np.ndarray:
    """Return (rows, cols, 2) east and north of each cell."""
    rows, cols = np.indices(ready.around.geometry.shape)
    cells = np.stack([rows.ravel(), cols.ravel()], axis=-1)
    return ready.around.geometry.centres_of(cells).reshape(*ready.around.geometry.shape, 2)


def worst_of(limits: Sequence[Limit], judge: LegJudge, steps: Sequence[Step]) -> tuple[Margin, ...]:
    """Return the margin of least slack of each limit over a timetable."""
    legs = judge.legs_of(steps)
    if not legs:
        return ()
    return tuple(min((limit.margin(leg) for leg in legs), key=lambda m: m.slack) for limit in limits)
