"""Traverses with a bounded chance to be caught by night off a haven, where faults delay the drive."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta, binom

from rover.core.time import SYNODIC_MONTH_S
from rover.limits.delay import DelayLimit
from rover.planning.delay import DelayRisk, Faults, check_delay_bound, delay_risk, dusks_of
from rover.planning.problem import Cause, NoPlan, Plan
from rover.planning.timetable import Timetable
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_searches import Searches
from rover.planning.traverse_setup import CHARGE_LEVELS, Outlook, outlook

_MOST_MARGINS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayedPlan:
    """A traverse with its rule for faults.

    Attributes:
        plan: The traverse.
        risk: Its chance to be caught by night, and the rule by which the rover holds at havens.
        margin_s: Time in hand before dusk with which it was planned.
        bound: What was asked for.
    """

    plan: Plan
    risk: DelayRisk
    margin_s: float
    bound: float

    @property
    def expected_s(self) -> float:
        """Return the arrival with what holding costs: a lunar day each time, at the least."""
        timetable = self.plan.schedule
        if not isinstance(timetable, Timetable):
            raise ValueError("a plan without a timetable")
        return float(timetable.stages[-1].end_s) + self.risk.held * SYNODIC_MONTH_S


def plan_with_delay_bound(
    ready: Outlook,
    bound: float,
    faults: Faults,
    *,
    criterion: Criterion = Criterion.TIME,
    charge_levels: int = CHARGE_LEVELS,
    rollouts: int = 10_000,
) -> DelayedPlan | NoPlan:
    """Return the traverse of earliest expected arrival whose chance to be caught by night off a haven is bounded.

    Traverses are planned with time in hand before every dusk: none, that of one fault, of two and so on, until one is
    never held. Each is judged by itself, exactly: more time in hand need not mean a smaller chance.

    Args:
        ready: The problem.
        bound: Greatest chance, above 0 and below 1.
        faults: Rate and cost.
        criterion: What each traverse has least of.
        charge_levels: As `traverse_ground.Rules`.
        rollouts: The chance is kept as far under the bound as so many rollouts need to show it: see `shown_by`.

    Where `problem.time_limit_s`, which is for all searches together, is up first, the best so far has in `plan.least`
    what no traverse has less of.

    Raises:
        UsageError: A bound that is no chance.
        TimeLimitError: None within the bound is found by then.
    """
    kept = shown_by(rollouts, bound)
    dusks = tuple(dusks_of(ready.around.timeline).tolist())
    searches = Searches(ready, criterion, charge_levels=charge_levels)
    best: DelayedPlan | None = None
    first: NoPlan | None = None
    for margins in range(_MOST_MARGINS):
        asked = _in_hand(ready, dusks, margins * faults.cost_s)
        plan = searches.next(asked) if margins else searches.first()
        if plan is None:
            break
        if isinstance(plan, NoPlan):
            first = plan
            break
        found = _judged(asked, plan, (bound, kept), faults, margins * faults.cost_s)
        if found is not None and (best is None or found.expected_s < best.expected_s):
            best = found
        if found is not None and found.risk.held == 0.0:
            break
    if best is not None:
        return replace(best, plan=searches.bounded(best.plan))
    searches.check(f"with a chance to be caught by night within {bound:g}")
    return first if first is not None and first.cause is not Cause.NO_ROUTE else _refused(bound)


def shown_by(rollouts: int, bound: float) -> float:
    """Return the greatest chance that so many rollouts show, 19 times of 20, to be at most a bound.

    Shown is what has a one-sided upper limit of 95 %, by Clopper and Pearson, at or under the bound. Too few rollouts
    to show it by any count leave the bound itself.
    """
    check_delay_bound(bound)
    most = int(binom.ppf(0.05, rollouts, bound))
    most -= bool(binom.cdf(most, rollouts, bound) > 0.05)
    return bound if most < 0 else float(beta.ppf(0.05, most + 1, rollouts - most))


def _in_hand(ready: Outlook, dusks: tuple[float, ...], margin_s: float) -> Outlook:
    if margin_s == 0.0:
        return ready
    limit = DelayLimit(dusks_s=dusks, margin_s=margin_s)
    return outlook(replace(ready.problem, limits=(*ready.limits, limit)), step_s=ready.step_s)


def _judged(
    ready: Outlook, plan: Plan, bounds: tuple[float, float], faults: Faults, margin_s: float
) -> DelayedPlan | None:
    havens = ready.table.havens
    timetable = plan.schedule
    if not isinstance(timetable, Timetable):
        raise ValueError("a plan without a timetable")
    risk = delay_risk(
        timetable.steps,
        np.ones(ready.around.geometry.shape, np.bool_) if havens is None else havens,
        ready.around.timeline,
        faults,
        cell_m=ready.around.geometry.resolution_m,
        bound=bounds[1],
    )
    return None if risk is None else DelayedPlan(plan=plan, risk=risk, margin_s=margin_s, bound=bounds[0])


def _refused(bound: float) -> NoPlan:
    return NoPlan(
        cause=Cause.NIGHT,
        where=f"no traverse found keeps the chance to be caught by night off a haven within {bound:g}",
        remedy="start at a haven, depart earlier, or allow more risk",
    )
