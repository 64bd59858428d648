"""The chance to be caught by night off a haven where faults delay a drive, exactly, with the rule by which to hold.

Faults come as a Poisson process of the distance driven, each costing a fixed time in which the rover could have driven.
Time is counted by a clock that runs only while driving is open, so that naps and nights need no word: a plan that runs
late by so many faults does everything later by so much on that clock. A route is cut where it passes a haven, a cell
where a night may be spent. At each the rover, knowing how many faults there were since the morning, goes on as planned
or holds there for the night; between two it cannot. A night that the plan spends at a haven takes up all delay.

What is computed is a sum over the number of faults, haven by haven; nothing is assumed of how the chance depends on the
time of departure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from rover.core.errors import UsageError
from rover.limits.base import Span, Timeline
from rover.planning.risk import check_bound
from rover.planning.timetable import Step

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_NEGLIGIBLE = 1e-12
"""More faults than this chance has in a day's drive count as being caught."""

_HALVINGS = 60
_MOST_TRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What delays a drive.

    Attributes:
        rate_per_km: Faults per kilometre driven, positive.
        cost_s: Time that each costs, positive.

    Raises:
        UsageError: Another figure.
    """

    rate_per_km: float
    cost_s: float

    def __post_init__(self) -> None:
        for field, value in (("rate_per_km", self.rate_per_km), ("cost_s", self.cost_s)):
            if not (value > 0 and math.isfinite(value)):
                raise UsageError("not above zero", remedy="give a number above 0", field=field, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a route from one haven, or the start, to the next, or the goal.

    Attributes:
        at, to: Cells at its ends.
        may_hold: Whether the rover may stay the night at its beginning.
        length_m: Driven on it.
        slack_s: From its planned end to that day's dusk, by the clock of open driving; infinite where none follows.
        rests: Whether the plan spends a night at its end.
    """

    at: tuple[int, int]
    to: tuple[int, int]
    may_hold: bool
    length_m: float
    slack_s: float
    rests: bool


def dusks_of(timeline: Timeline) -> Floats:
    """Return (n,) when driving ends for each evening of a timeline."""
    ends = (timeline.span[:-1] == Span.DRIVE) & np.isin(timeline.span[1:], (Span.LOW, Span.NIGHT))
    return np.asarray(timeline.edge_s[1:-1][ends])


def stretches_of(
    steps: Sequence[Step], havens: Mask, timeline: Timeline, cell_m: float
) -> tuple[Stretch, ...]:
    """Cut a timetable's steps at the havens that it passes.

    Args:
        steps: In order, of neighbouring cells.
        havens: (rows, cols) where a night may be spent.
        timeline: The plan's time.
        cell_m: Side of a cell.
    """
    dusks = dusks_of(timeline)
    drives = [step for step in steps if step.to != step.cell]
    begin, length_m, cut = 0, 0.0, []
    for i, step in enumerate(drives):
        length_m += math.dist(step.cell, step.to) * cell_m
        if not (havens[step.to] or i == len(drives) - 1):
            continue
        dusk = timeline.dusk_after(step.start_s)
        next_s = drives[i + 1].start_s if i + 1 < len(drives) else -math.inf
        slack = _open_s(timeline, step.end_s, float(dusk)) if math.isfinite(dusk) else math.inf
        cut.append(
            Stretch(
                at=drives[begin].cell,
                to=step.to,
                may_hold=bool(havens[drives[begin].cell]),
                length_m=length_m,
                slack_s=slack,
                rests=bool(((dusks >= step.end_s - 1e-6) & (dusks <= next_s + 1e-6)).any()),
            )
        )
        begin, length_m = i + 1, 0.0
    return tuple(cut)


def _open_s(timeline: Timeline, from_s: float, until_s: float) -> float:
    """Return how long driving is open between two times."""
    spans = np.diff(np.clip(timeline.edge_s, from_s, until_s))
    return float(spans[timeline.span == Span.DRIVE].sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DelayRisk:
    """What faults make of a plan under a rule by which to hold.

    Attributes:
        caught: Chance to be caught by night off a haven.
        held: Chance to stay a night at a haven where the plan did not mean to.
        caught_on: (n,) the same by stretch.
        go: (n, k) whether the rover goes on from where each stretch begins, after 0, 1, ... faults since the morning.
    """

    caught: float
    held: float
    caught_on: Floats
    go: Mask

    @property
    def as_planned(self) -> float:
        """Return the chance that the goal is reached with only the planned nights before it."""
        return 1.0 - self.caught - self.held


class DelayModel:
    """A plan's stretches under faults.

    Args:
        stretches: In order.
        faults: Their rate and cost.
    """

    def __init__(self, stretches: Sequence[Stretch], faults: Faults) -> None:
        self.stretches, self.faults = tuple(stretches), faults
        means = np.array([faults.rate_per_km * part.length_m / 1000.0 for part in self.stretches])
        self.most = self._most_faults(means)
        counts = np.arange(self.most + 1)
        self.chances: Floats = np.asarray(poisson.pmf(counts, means[:, None]), np.float64).reshape(
            len(means), -1
        )
        in_time = [part.slack_s / faults.cost_s + 1e-9 for part in self.stretches]
        self.in_time = counts <= np.array(in_time).reshape(-1, 1)

    def _most_faults(self, means: Floats) -> int:
        """Return a number of faults that no day's drive exceeds."""
        days, total = [], 0.0
        for part, mean in zip(self.stretches, means.tolist(), strict=True):
            total += mean
            if part.rests:
                days.append(total)
                total = 0.0
        return int(poisson.isf(_NEGLIGIBLE, max([*days, total]))) + 1

    def never_holding(self) -> Mask:
        """Return the rule by which the rover goes on whatever happened."""
        return np.ones(self.chances.shape, np.bool_)

    def risk(self, go: Mask) -> DelayRisk:
        """Return what comes of a rule, of which what it says where the rover may not hold is not heeded."""
        late_by = np.zeros(self.most + 1)
        late_by[0] = 1.0
        held, caught = 0.0, np.zeros(len(self.stretches))
        for i, part in enumerate(self.stretches):
            if part.may_hold:
                held += float(late_by[~go[i]].sum())
                late_by = np.where(go[i], late_by, 0.0)
            going = float(late_by.sum())
            late_by = np.convolve(late_by, self.chances[i])[: self.most + 1]
            late_by[~self.in_time[i]] = 0.0
            # The rest of those who went is late, those with more faults than are counted among them.
            caught[i] = max(0.0, going - float(late_by.sum()))
            if part.rests:
                total = late_by.sum()
                late_by = np.zeros(self.most + 1)
                late_by[0] = total
        return DelayRisk(caught=float(caught.sum()), held=held, caught_on=caught, go=go)

    def best_rule(self, price: float) -> Mask:
        """Return the rule of the greatest chance to go as planned, less `price` times that to be caught.

        By dynamic programming backwards over stretches and numbers of faults.
        """
        go = self.never_holding()
        ahead = np.ones(self.most + 1)
        for i in range(len(self.stretches) - 1, -1, -1):
            part = self.stretches[i]
            after = np.full(self.most + 1, ahead[0]) if part.rests else ahead
            worth = np.where(self.in_time[i], after, -price)
            value = np.array(
                [
                    self.chances[i, : self.most + 1 - k] @ worth[k:]
                    - price * (1.0 - self.chances[i, : self.most + 1 - k].sum())
                    for k in range(self.most + 1)
                ]
            )
            if part.may_hold:
                go[i] = value >= 0.0
                value = np.maximum(value, 0.0)
            ahead = value
        return go

    def bounded(self, bound: float) -> DelayRisk | None:
        """Return the rule under which the plan goes as planned most often while it is caught with at most a chance.

        The best rules of all prices are those on the convex hull; from the best of these that is within the bound,
        more going is allowed, where it is least dangerous first, as long as the bound holds.

        Returns:
            None where the bound cannot be kept: a place where the rover may not hold leads on too late.
        """
        free = self.risk(self.never_holding())
        if free.caught <= bound:
            return free
        low, high, best = 0.0, 1.0, self.risk(self.best_rule(1.0))
        while best.caught > bound:
            low, high = high, high * 8.0
            if high > 1e12:
                return None
            best = self.risk(self.best_rule(high))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            found = self.risk(self.best_rule(middle))
            if found.caught <= bound:
                high, best = middle, found
            else:
                low = middle
            if high - low <= 1e-9 * high:
                break
        return self._filled(best, bound)

    def _filled(self, risk: DelayRisk, bound: float) -> DelayRisk:
        for i, k in self._holds_by_danger(risk.go)[:_MOST_TRIES]:
            go = risk.go.copy()
            go[i, k] = True
            tried = self.risk(go)
            if tried.caught <= bound and tried.as_planned >= risk.as_planned:
                risk = tried
        return risk

    def _holds_by_danger(self, go: Mask) -> list[tuple[int, int]]:
        """Return where the rule holds, (stretch, faults), the least chance of being late at the next haven first."""
        holds = []
        for i, part in enumerate(self.stretches):
            for k in np.flatnonzero(~go[i]).tolist() if part.may_hold else ():
                late = 1.0 - float(self.chances[i, : self.most + 1 - k] @ self.in_time[i, k:])
                holds.append((late, k, i))
        return [(i, k) for late, k, i in sorted(holds) if late < 1.0 - 1e-9]


def delay_risk(
    steps: Sequence[Step],
    havens: Mask,
    timeline: Timeline,
    faults: Faults,
    *,
    cell_m: float,
    bound: float | None = None,
) -> DelayRisk | None:
    """Return the chance that faults let night catch a plan off a haven.

    Args:
        steps: Of a timetable.
        havens: (rows, cols) where a night may be spent; the goal counts as one.
        timeline: The plan's time, whose dusks are where driving ends for the evening.
        faults: Rate and cost.
        cell_m: Side of a cell.
        bound: Greatest chance to allow: the rover then holds at havens as far as that takes; None for never holding.

    Returns:
        The chance and the rule; None where no rule keeps the bound.

    Raises:
        UsageError: A bound that is not between 0 and 1.
    """
    model = DelayModel(stretches_of(steps, havens, timeline, cell_m), faults)
    if bound is None:
        return model.risk(model.never_holding())
    return model.bounded(check_delay_bound(bound))


def check_delay_bound(bound: float) -> float:
    """Return a bound of a chance.

    Raises:
        UsageError: Of `bound`, as `risk.check_bound`.
    """
    try:
        return check_bound(bound)
    except UsageError as error:
        raise error.by_the_names({"risk": "bound"}) from error
