"""What `farside plan SCENARIO` answers: a traverse with its figures by stage, a front of several, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from rover.core.boundary import Mode
from rover.core.errors import PlannerError, TimeLimitError, UsageError
from rover.core.time import SECONDS_PER_DAY
from rover.core.waypoints import Waypoint
from rover.limits.base import Leg, Limit, Margin
from rover.planning.delay_traverse import DelayedPlan
from rover.planning.dem_error import DemError
from rover.planning.problem import NoPlan, Plan
from rover.planning.risk import RiskedPlan
from rover.planning.risk_traverse import traverse_within_risk
from rover.planning.spare_charge import SPARE
from rover.planning.timed_legs import LegJudge
from rover.planning.timetable import Step, Timetable
from rover.planning.tour import Tour
from rover.planning.traverse import best_traverse, pareto_front
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import Outlook
from sim.run.setting import Setting

if TYPE_CHECKING:
    from sim.cli.timed_reach import ReachMaps

Report = Callable[[float], None]

SHOWN_S = 18.0
"""Shorter stays are told by no table and drawn on no map: half of the last digit of hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """One stage of a traverse, or all of it.

    Attributes:
        mode: What is done; None of several.
        start_s, end_s: When, since the scenario's epoch.
        length_m: Driven.
        harvest_j, load_j: From the array, to the loads.
        soc: State of charge at the end.
        least_soc: On the way.
        steepest_rad: Steepest climb or descent, NaN where nothing is driven.
        roll_rad: Greatest, NaN where nothing is driven.
        lit: Least share of the Sun's disc in view while driving, or awake where nothing is driven; NaN asleep.
        relay_rad: Least height of the relay above the horizon then, NaN also where it was not asked for.
        tightest: The margin of least `share_of`, None where every limit that applies has all its room.
    """

    mode: Mode | None
    start_s: float
    end_s: float
    length_m: float
    harvest_j: float
    load_j: float
    soc: float
    least_soc: float
    steepest_rad: float
    roll_rad: float
    lit: float
    relay_rad: float
    tightest: Margin | None

    @property
    def share(self) -> float:
        """How much of its room the tightest limit leaves, 1 at the most."""
        return 1.0 if self.tightest is None else share_of(self.tightest)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimedPlan:
    """A traverse and its figures.

    Attributes:
        plan: As found.
        timetable: Of the plan.
        values: What it has of each criterion asked for, in SI, more being more of what the criterion names.
        stages: One for each stage of the timetable.
        slack: (time_s, share of room left, limit) of the tightest limit on each leg, where one has not all its room.
        whole: All stages together, None where start and goal are one.
        bound: Of a search that was cut short, what no traverse betters, as the first of `values`; else None.
    """

    plan: Plan
    timetable: Timetable
    values: tuple[float, ...]
    stages: tuple[StageFigures, ...]
    slack: tuple[tuple[float, float, str], ...]
    whole: StageFigures | None
    bound: float | None = None

    @property
    def gap(self) -> float | None:
        """Return how much better a traverse can be at the most, None where the search ended."""
        return None if self.bound is None else abs(self.values[0] - self.bound)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimedAnswer:
    """All there is to say.

    Attributes:
        setting: The scenario made ready.
        ready: The problem made ready.
        criteria: One, or the two of a front.
        result: The best by the first criterion, or the member of the front that was asked for, or why there is none.
        front: Every member of the front, by the first criterion; empty where none was asked for.
        risked: The chance of breaking a limit of attitude, where one was asked for.
        delayed: The chance to be caught by night, and the rule by which to hold, where one was asked for.
        tour: The visits on the way, where waypoints were given.
        waypoints: All that were given.
        missing: Of a front whose search was cut short, what a traverse of it that is not there has of either criterion
            at the least or at the most, in SI; else None.
        late: That the time was over before all was found that the options ask for, else None.
        maps: What can be reached, where that was asked for.
    """

    setting: Setting
    ready: Outlook
    criteria: tuple[Criterion, ...]
    result: TimedPlan | NoPlan
    front: tuple[TimedPlan, ...] = ()
    risked: RiskedPlan | None = None
    delayed: DelayedPlan | None = None
    tour: Tour | None = None
    waypoints: tuple[Waypoint, ...] = ()
    missing: tuple[float, ...] | None = None
    late: TimeLimitError | None = None
    maps: ReachMaps | None = None

    def of_member(self, number: int | None) -> TimedAnswer:
        """Return the answer that tells of one member of its front, from 1; as it is for None or without a front.

        Raises:
            UsageError: It has not so many.
        """
        if number is None or not self.front:
            return self
        if number > len(self.front):
            raise UsageError(
                f"the front has {len(self.front)}", remedy="give one of them", field="--member", value=number
            )
        return replace(self, result=self.front[number - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRisk:
    """Greatest chance of breaking a limit of attitude, and the error of the map that it comes of."""

    bound: float
    error: DemError


def find_within_risk(setting: Setting, ready: Outlook, criterion: Criterion, risk: AskedRisk) -> TimedAnswer:
    """Search for the best traverse whose chance of breaking a limit of pitch or roll is within a bound.

    Raises:
        TimeLimitError: The time was over before a search ended.
        UsageError: Of `sigma_m` or `length_m`, on these cells.
    """
    seed = setting.scenario.seed
    found = traverse_within_risk(ready, risk.error, risk.bound, criterion=criterion, seed=seed)
    if isinstance(found, NoPlan):
        return TimedAnswer(setting=setting, ready=ready, criteria=(criterion,), result=found)
    told = told_of(ready, found.plan, (criterion,))
    return TimedAnswer(setting=setting, ready=ready, criteria=(criterion,), result=told, risked=found)


def find_traverse(
    setting: Setting, ready: Outlook, criteria: tuple[Criterion, ...], *, report: Report
) -> TimedAnswer:
    """Search for the best traverse by one criterion, or for the front of two.

    Raises:
        TimeLimitError: The time was over before the search ended.
    """
    if len(criteria) == 2:
        return _find_front(setting, ready, (criteria[0], criteria[1]), report=report)
    best = best_traverse(ready, criteria[0], report=report)
    if isinstance(best, NoPlan):
        return TimedAnswer(setting=setting, ready=ready, criteria=criteria, result=best)
    return TimedAnswer(setting=setting, ready=ready, criteria=criteria, result=told_of(ready, best, criteria))


def told_of(ready: Outlook, plan: Plan, criteria: tuple[Criterion, ...]) -> TimedPlan:
    """Return a traverse with its figures, and with the bound of a search that was cut short."""
    told = Teller(ready).tell(plan, natural(criteria[:1], (price_of(plan, ready),)))
    return told if plan.least is None else replace(told, bound=natural(criteria[:1], (plan.least,))[0])


def _find_front(
    setting: Setting, ready: Outlook, criteria: tuple[Criterion, Criterion], *, report: Report
) -> TimedAnswer:
    """Search for a front; where the time is over, for as much of it as there is."""
    found = pareto_front(ready, *criteria, report=report)
    if isinstance(found, NoPlan):
        return TimedAnswer(setting=setting, ready=ready, criteria=criteria, result=found)
    if found.at_hand is not None:
        late = _late(ready, f"no traverse of the front found yet; told is the best known by {criteria[0]}")
        told = told_of(ready, found.at_hand, criteria[:1])
        return TimedAnswer(setting=setting, ready=ready, criteria=criteria[:1], result=told, late=late)
    teller, members = Teller(ready), found.members
    front = tuple(teller.tell(plan, natural(criteria, values)) for *values, plan in members)
    return TimedAnswer(
        setting=setting,
        ready=ready,
        criteria=criteria,
        result=front[0],
        front=front,
        missing=None if found.missing is None else natural(criteria, found.missing),
        late=None
        if found.missing is None
        else _late(ready, f"only the first {len(front)} of the front found"),
    )


def _late(ready: Outlook, what: str) -> TimeLimitError:
    return TimeLimitError(
        what,
        remedy="allow more time, or take a coarser map or a longer step",
        field="--time-limit",
        value=ready.problem.time_limit_s,
    )


def price_of(plan: Plan, ready: Outlook) -> float:
    """Return what a plan has of its criterion; of the time it is the arrival."""
    if plan.price is not None:
        return plan.price
    arrive_s = None if plan.schedule is None else plan.schedule.arrive_s
    return ready.problem.depart_s if arrive_s is None else float(arrive_s)


def natural(criteria: Sequence[Criterion], values: Sequence[float]) -> tuple[float, ...]:
    """Return values without the sign that makes more of a good thing less."""
    turned = (Criterion.CHARGE, Criterion.CLEARANCE)
    return tuple(-v if kind in turned else v for kind, v in zip(criteria, values, strict=True))


class Teller:
    """Works out the figures of plans of one problem."""

    def __init__(self, ready: Outlook) -> None:
        self._limits: Sequence[Limit] = [limit for limit in ready.problem.limits if limit.name != SPARE]
        self._judge = LegJudge(ready.around, ready.problem.vehicle)

    def tell(self, plan: Plan, values: tuple[float, ...]) -> TimedPlan:
        timetable = plan.schedule
        if not isinstance(timetable, Timetable):
            raise PlannerError(
                "a traverse without its steps", remedy="report it", field="planner", value=plan.planner
            )
        legs = self._judge.legs_of(timetable.steps)
        margins = [self._tightest(leg) for leg in legs]
        rows = list(zip(timetable.steps, legs, margins, strict=True))
        stages = tuple(_figures(list(group)) for _, group in groupby(rows, key=lambda row: row[0].mode))
        slack = tuple(
            (step.end_s, share_of(margin), margin.limit) for step, _, margin in rows if margin is not None
        )
        whole = replace(_figures(rows), mode=None) if rows else None
        return TimedPlan(
            plan=plan, timetable=timetable, values=values, stages=stages, slack=slack, whole=whole
        )

    def _tightest(self, leg: Leg) -> Margin | None:
        margins = [limit.margin(leg) for limit in self._limits]
        return _least([margin for margin in margins if share_of(margin) < 1.0])


def _least(margins: Sequence[Margin]) -> Margin | None:
    return min(margins, key=share_of, default=None)


def _figures(rows: Sequence[tuple[Step, Leg, Margin | None]]) -> StageFigures:
    steps, legs = [step for step, _, _ in rows], [leg for _, leg, _ in rows]
    driven = [leg for leg in legs if leg.driving]
    seeing = driven or [leg for leg in legs if not leg.asleep]
    modes = {step.mode for step in steps}
    return StageFigures(
        mode=modes.pop() if len(modes) == 1 else None,
        start_s=steps[0].start_s,
        end_s=steps[-1].end_s,
        length_m=math.fsum(math.dist(leg.path_m[0], leg.path_m[-1]) for leg in driven),
        harvest_j=math.fsum(step.harvest_j for step in steps),
        load_j=math.fsum(step.load_j for step in steps),
        soc=steps[-1].soc_after,
        least_soc=min(leg.soc for leg in legs),
        steepest_rad=max((max(leg.climb_rad, leg.descent_rad) for leg in driven), default=math.nan),
        roll_rad=max((leg.roll_rad for leg in driven), default=math.nan),
        lit=min((leg.lit for leg in seeing), default=math.nan),
        relay_rad=min((leg.relay_rad for leg in seeing), default=math.nan),
        tightest=_least([margin for _, _, margin in rows if margin is not None]),
    )


def is_moment(stage: StageFigures) -> bool:
    """Tell whether a stay is the few seconds to the end of a bin, with which driving goes on."""
    return stage.mode is Mode.CHARGE and stage.end_s - stage.start_s < SHOWN_S


def share_of(margin: Margin) -> float:
    """Return how much of its room a limit leaves, 1 at the most, below 0 where it is broken.

    The room is the bound itself; of the charge what lies above the reserve; of a distance the bound, a metre at
    least; of the time before dusk or the deadline a day.
    """
    if math.isnan(margin.slack):
        return -math.inf
    return min(1.0, margin.slack / _room(margin))


def _room(margin: Margin) -> float:
    name, bound = margin.limit, abs(margin.bound)
    if name.endswith("_soc"):
        return max(1e-9, 1.0 - bound)
    if name in ("dusk_s", "deadline_s"):
        return SECONDS_PER_DAY
    if name.endswith(("_m", "(m)")):
        return max(1.0, bound)
    return bound or 1.0
