"""The order in which waypoints are worth most by a deadline: dynamic programming over subsets, in time and charge.

A label says which waypoints are done, at which of them the rover stands, when and with what charge (Held and Karp
1962, J. SIAM 10, 196, with a time and a charge for a sum). Since a leg's end hangs on its beginning, several labels of
one subset and last waypoint are kept, as long as none makes another needless. Labels are taken up in the order of the
most value that they can still come to, and of the earliest end for it, by bounds that know only open driving time,
dwells and windows. A leg is searched for only when its bound is the best there is: most never are.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rover.core.errors import TimeLimitError
from rover.core.waypoints import Waypoint

Floats = npt.NDArray[np.float64]
State = tuple[float, float]
"""Time, s, and charge, J."""

MOST_EXACT = 13
"""Waypoints up to which the order is exact: 2^13 subsets."""

_LATE_S = 1e-6
"""Rounding of sums of driving times."""


class Legs(Protocol):
    """What lies between n waypoints; place n is the start, place n + 1 the goal.

    Attributes:
        least_s: (n + 2, n + 2) no leg from one place to another has less open driving; inf where there is none.
    """

    least_s: Floats

    def earliest(self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike, dwell_s: npt.ArrayLike = 0.0) -> Floats:
        """Return no later than when so much open driving and so much dwelling can be over that begin at a time."""
        ...

    def latest(self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike, dwell_s: npt.ArrayLike = 0.0) -> Floats:
        """Return no earlier than when they must begin to be over by a time; -inf where they cannot."""
        ...

    def leg(self, origin: int, to: int, state: State) -> State | None:
        """Return when and with what charge a place is reached from another; None if it is not.

        Raises:
            TimeLimitError: The time was over before that was known.
        """
        ...

    def visit(self, at: int, state: State) -> State | None:
        """Return the state in which a waypoint is left, come to in another; None if it cannot be done."""
        ...

    def outlasts(self, at: int, state: State, other: State) -> bool:
        """Tell whether whoever is ready at a place in one state has no need of another there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Waypoints in order.

    Attributes:
        stops: Their numbers.
        end: Time and charge at the end: at the goal, or where the last of them is left.
        value: Theirs together.
        bound: No order has more value.
        exact: Whether no order has more value, or as much and an earlier end, by the legs there are.
    """

    stops: tuple[int, ...]
    end: State
    value: float
    bound: float
    exact: bool


@dataclass(frozen=True, slots=True)
class _Label:
    done: int
    at: int
    state: State
    parent: _Label | None

    def stops(self) -> tuple[int, ...]:
        found, label = [], self
        while label.parent is not None:
            found.append(label.at)
            label = label.parent
        return tuple(found[::-1])


class Relaxed:
    """Bounds on what is left to do, by open driving time, dwells and windows alone.

    Attributes:
        values: (2^n,) of each subset.
        latest_s: (2^n, n + 1) latest time at which one must be ready at a place to do a subset and end in time.
        drive_s, dwell_s: (2^n, n + 1) and (2^n,) least open driving from a place through a subset, and its dwells.
    """

    def __init__(self, sites: Sequence[Waypoint], legs: Legs, deadline_s: float, *, to_goal: bool) -> None:
        count = len(sites)
        self.legs, self.subsets = legs, np.arange(1 << count)
        between = legs.least_s[: count + 1, :count]
        home = legs.least_s[: count + 1, count + 1] if to_goal else np.zeros(count + 1)
        self.latest_s = np.full((1 << count, count + 1), -np.inf)
        self.drive_s = np.full((1 << count, count + 1), np.inf)
        self.latest_s[0] = legs.latest(np.full(count + 1, deadline_s), home)
        self.drive_s[0] = home
        dwell = np.array([site.dwell_s for site in sites])
        first = np.array([site.from_s for site in sites])
        last = np.array([site.until_s for site in sites])
        self.values = np.array(
            [
                math.fsum(sites[j].value for j in range(count) if subset >> j & 1)
                for subset in range(1 << count)
            ]
        )
        members = self.subsets[:, None] >> np.arange(count) & 1
        self.dwell_s = members @ dwell
        sizes = members.sum(axis=1)
        for size, j in itertools.product(range(1, count + 1), range(count)):
            whole = np.flatnonzero((sizes == size) & (members[:, j] == 1))
            rest, there = whole & ~(1 << j), between[:, j]
            drive_s = there + self.drive_s[rest, j, None]
            self.drive_s[whole] = np.minimum(self.drive_s[whole], drive_s)
            begins = legs.latest(np.minimum(self.latest_s[rest, j], last[j]), 0.0, dwell[j])
            arrive = np.where(begins >= first[j] - _LATE_S, begins, -np.inf)
            leave = legs.latest(arrive[:, None], there)
            self.latest_s[whole] = np.maximum(self.latest_s[whole], leave)

    def promise(self, done: int, at: int, time_s: float) -> tuple[float, float] | None:
        """Return the most value that whoever is ready at a place can come to, and no later than when for that much.

        None where nothing ends in time.
        """
        rests = np.flatnonzero((self.latest_s[:, at] >= time_s - _LATE_S) & (self.subsets & done == 0))
        if len(rests) == 0:
            return None
        totals = self.values[rests | done]
        best = rests[totals == totals.max()]
        drive, dwell = self.drive_s[best, at], self.dwell_s[best]
        ends = self.legs.earliest(np.full(len(drive), time_s), drive, dwell)
        return float(totals.max()), float(ends.min())


@dataclass(slots=True)
class _Search:
    """One search for the best order."""

    sites: Sequence[Waypoint]
    legs: Legs
    deadline_s: float
    to_goal: bool
    relaxed: Relaxed
    heap: list[tuple[float, float, int, _Label, int]] = field(default_factory=list)
    fronts: dict[tuple[int, int], list[State]] = field(default_factory=dict)
    ticket: itertools.count[int] = field(default_factory=itertools.count)
    best: tuple[float, float, _Label, State] | None = None

    def offer(self, label: _Label, to: int, ready_s: float, done: int, at: int) -> None:
        """Put on the list a label to expand (`to` = -1), or its leg to a place, by what comes of it at best."""
        promise = (float(self.relaxed.values[done]), ready_s) if at > len(self.sites) else None
        promise = promise or self.relaxed.promise(done, at, ready_s)
        if promise is not None:
            heapq.heappush(self.heap, (-promise[0], promise[1], next(self.ticket), label, to))

    def keep(self, label: _Label) -> bool:
        """Tell whether no other label makes a new one needless; drop those that it does."""
        front = self.fronts.setdefault((label.done, label.at), [])
        if any(self.legs.outlasts(label.at, held, label.state) for held in front):
            return False
        front[:] = [held for held in front if not self.legs.outlasts(label.at, label.state, held)]
        front.append(label.state)
        return True

    def expand(self, label: _Label) -> None:
        """Offer the legs to all that is not done, and the end."""
        count = len(self.sites)
        if label.at < count and label.state not in self.fronts[label.done, label.at]:
            return
        if not self.to_goal:
            self.end(label, label.state)
        time_s = label.state[0]
        ahead = [j for j in range(count) if not label.done >> j & 1] + [count + 1] * self.to_goal
        reached = self.legs.earliest(np.full(len(ahead), time_s), self.legs.least_s[label.at, ahead])
        for to, arrive_s in zip(ahead, reached.tolist(), strict=True):
            if not arrive_s <= self.deadline_s + _LATE_S:
                continue
            if to > count:
                self.offer(label, to, arrive_s, label.done, to)
                continue
            site = self.sites[to]
            ready_s = float(self.legs.earliest(max(arrive_s, site.from_s), 0.0, site.dwell_s))
            if ready_s <= site.until_s + _LATE_S:
                self.offer(label, to, ready_s, label.done | 1 << to, to)

    def go(self, label: _Label, to: int) -> None:
        """Search for a leg, visit its end, and offer what comes of it."""
        reached = self.legs.leg(label.at, to, label.state)
        if reached is None or reached[0] > self.deadline_s:
            return
        if to > len(self.sites):
            self.end(label, reached)
            return
        left = self.legs.visit(to, reached)
        if left is None or left[0] > self.deadline_s:
            return
        following = _Label(label.done | 1 << to, to, left, label)
        if self.keep(following):
            self.offer(following, -1, left[0], following.done, to)

    def end(self, label: _Label, state: State) -> None:
        value = float(self.relaxed.values[label.done])
        if self.best is None or (-value, state[0]) < (-self.best[0], self.best[1]):
            self.best = value, state[0], label, state


def best_order(
    sites: Sequence[Waypoint],
    legs: Legs,
    *,
    depart: State,
    deadline_s: float,
    to_goal: bool,
    stop: Callable[[], bool] = lambda: False,
) -> Order | None:
    """Return the order of most value by the deadline, of those the one that ends first; None if not even none is.

    It is exact for legs that keep the order of states: who leaves no later, or could have waited, with no less charge
    arrives no later with no less charge. Only such a label is taken to make another needless.

    Args:
        sites: Up to `MOST_EXACT`.
        legs: Between them.
        depart: Time and charge at the start.
        deadline_s: Latest end.
        to_goal: Whether the goal is the end.
        stop: Asked before each leg whether to be content with the best so far.

    Raises:
        ValueError: More waypoints.
        TimeLimitError: Stopped before any was found; the message has the bound.
    """
    if len(sites) > MOST_EXACT:
        raise ValueError(f"{len(sites)} waypoints: more than {MOST_EXACT}")
    relaxed = Relaxed(sites, legs, deadline_s, to_goal=to_goal)
    search = _Search(sites, legs, deadline_s, to_goal, relaxed)
    search.offer(_Label(0, len(sites), depart, None), -1, depart[0], 0, len(sites))
    cut_short, bound = False, 0.0
    while search.heap:
        least, end_s, _, label, to = search.heap[0]
        bound = -least
        if search.best is not None and (-search.best[0], search.best[1]) <= (least, end_s):
            break
        if to >= 0 and stop():
            cut_short = True
            break
        heapq.heappop(search.heap)
        if to < 0:
            search.expand(label)
            continue
        try:
            search.go(label, to)
        except TimeLimitError:
            cut_short = True
            break
    if search.best is None:
        if cut_short:
            raise TimeLimitError(
                f"no tour found yet; none is worth more than {bound:g}",
                remedy="allow more time, or take fewer waypoints or a coarser map",
                field="--time-limit",
            )
        return None
    value, _, label, end = search.best
    bound = max(value, bound) if cut_short else value
    return Order(stops=label.stops(), end=end, value=value, bound=bound, exact=not cut_short)


def until(limit_s: float | None) -> Callable[[], bool]:
    """Return what tells when so many seconds from now are over; never for None."""
    ends = math.inf if limit_s is None else time.perf_counter() + limit_s
    return lambda: time.perf_counter() > ends
