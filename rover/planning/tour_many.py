"""Tours of more waypoints than can be ordered exactly: the best known order, and a bound on what any is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rover.core.waypoints import Waypoint
from rover.planning.tour_order import Floats, Legs, Order, State

_LATE_S = 1e-6
Route = tuple[int, ...]


def good_order(
    sites: Sequence[Waypoint],
    legs: Legs,
    *,
    depart: State,
    deadline_s: float,
    to_goal: bool,
    awake_s: float,
    stop: Callable[[], bool] = lambda: False,
) -> Order | None:
    """Return the best order known, with its bound; None if not even the goal is reached.

    Waypoints are put in where they cost least, by bounds on the legs; the order is bettered by turning stretches about
    and moving them; then the legs are searched for, waypoints that fail are left out, and what is left over is tried
    once more.

    Args:
        sites, legs, depart, deadline_s, to_goal: As `tour_order.best_order`.
        awake_s: Time from departure to deadline in which a rover may drive or dwell.
        stop: Asked now and then whether to better the order no more; its legs are searched for still.
    """
    rough = _Rough(sites, legs, depart[0], deadline_s, to_goal=to_goal, stop=stop)
    order = rough.bettered(rough.filled(()))
    held = _kept(sites, legs, order, depart, deadline_s, to_goal=to_goal)
    if held is None:
        return None
    order, end = held
    for j in sorted(rough.left_out(order), key=lambda j: -sites[j].value):
        if stop():
            break
        for longer in rough.with_one(order, j)[:2]:
            walked = walk(legs, longer, depart, deadline_s, to_goal=to_goal, count=len(sites))
            if isinstance(walked, tuple):
                order, end = longer, walked
                break
    value = math.fsum(sites[j].value for j in order)
    bound = value_bound(
        sites, legs, depart_s=depart[0], deadline_s=deadline_s, to_goal=to_goal, awake_s=awake_s
    )
    return Order(stops=order, end=end, value=value, bound=max(value, bound), exact=value >= bound)


def walk(
    legs: Legs, order: Route, depart: State, deadline_s: float, *, to_goal: bool, count: int
) -> State | int:
    """Return the state at the end of an order, or the place in it (its length for the goal) that is not reached."""
    state, at = depart, count
    for place, to in enumerate((*order, count + 1) if to_goal else order):
        reached = legs.leg(at, to, state)
        left = reached if reached is None or to > count else legs.visit(to, reached)
        if left is None or left[0] > deadline_s:
            return place
        state, at = left, to
    return state


def _kept(
    sites: Sequence[Waypoint],
    legs: Legs,
    order: Route,
    depart: State,
    deadline_s: float,
    *,
    to_goal: bool,
) -> tuple[Route, State] | None:
    """Return an order without what fails in it, and its end; where the goal fails the least value goes first."""
    while True:
        walked = walk(legs, order, depart, deadline_s, to_goal=to_goal, count=len(sites))
        if not isinstance(walked, int):
            return order, walked
        if not order:
            return None
        if walked == len(order):
            walked = min(range(len(order)), key=lambda k: sites[order[k]].value)
        order = order[:walked] + order[walked + 1 :]


class _Rough:
    """Orders judged by open driving time, dwells and windows alone."""

    def __init__(
        self,
        sites: Sequence[Waypoint],
        legs: Legs,
        depart_s: float,
        deadline_s: float,
        *,
        to_goal: bool,
        stop: Callable[[], bool],
    ) -> None:
        self.stop = stop
        self.sites, self.legs, self.count = sites, legs, len(sites)
        self.depart_s, self.deadline_s, self.to_goal = depart_s, deadline_s, to_goal

    def end(self, order: Route) -> float:
        """Return no later than when an order can end; inf where it cannot in time."""
        time_s, at = self.depart_s, self.count
        for to in order:
            site = self.sites[to]
            arrive_s = float(self.legs.earliest(time_s, self.legs.least_s[at, to]))
            if not arrive_s <= self.deadline_s + _LATE_S:
                return math.inf
            time_s, at = float(self.legs.earliest(max(arrive_s, site.from_s), 0.0, site.dwell_s)), to
            if not time_s <= min(site.until_s, self.deadline_s) + _LATE_S:
                return math.inf
        if self.to_goal:
            time_s = float(self.legs.earliest(time_s, self.legs.least_s[at, self.count + 1]))
        return time_s if time_s <= self.deadline_s + _LATE_S else math.inf

    def left_out(self, order: Route) -> list[int]:
        return [j for j in range(self.count) if j not in order]

    def with_one(self, order: Route, j: int) -> list[Route]:
        """Return the orders with one waypoint more that can end in time, the earliest first."""
        longer = [(*order[:k], j, *order[k:]) for k in range(len(order) + 1)]
        ends = [self.end(route) for route in longer]
        ranked = sorted(range(len(longer)), key=lambda k: ends[k])
        return [longer[k] for k in ranked if math.isfinite(ends[k])]

    def filled(self, order: Route) -> Route:
        """Put in, one after the other, the waypoint of most value for the time that it adds."""
        while True:
            ended = self.end(order)
            ended = ended if math.isfinite(ended) else self.depart_s
            best, most = None, -math.inf
            for j in self.left_out(order):
                for longer in self.with_one(order, j)[:1]:
                    worth = self.sites[j].value / max(1.0, self.end(longer) - ended)
                    if worth > most:
                        best, most = longer, worth
            if best is None or self.stop():
                return order
            order = best

    def bettered(self, order: Route) -> Route:
        """Take other orders as long as they end earlier, or let more be put in or something dearer in its place."""
        while True:
            if self.stop():
                return order
            better = self._earlier(order)
            following = self.filled(better)
            following = self._exchanged(following)
            if self._value(following) <= self._value(order) and self.end(following) >= self.end(order):
                return order
            order = following

    def _value(self, order: Route) -> float:
        return math.fsum(self.sites[j].value for j in order)

    def _earlier(self, order: Route) -> Route:
        ended = self.end(order)
        improved = True
        while improved and not self.stop():
            improved = False
            for other in _rearranged(order):
                ends = self.end(other)
                if ends < ended - _LATE_S:
                    order, ended, improved = other, ends, True
                    break
        return order

    def _exchanged(self, order: Route) -> Route:
        """Put in the place of a waypoint one of more value, where that still ends in time."""
        for k, held in enumerate(order):
            for j in sorted(self.left_out(order), key=lambda j: -self.sites[j].value):
                if self.sites[j].value <= self.sites[held].value:
                    break
                others = self.with_one(order[:k] + order[k + 1 :], j)
                if others:
                    return others[0]
        return order


def _rearranged(order: Route) -> Iterator[Route]:
    """Yield an order with each stretch turned about (2-opt), and with each of up to three moved elsewhere (or-opt)."""
    count = len(order)
    for a in range(count):
        for b in range(a + 2, count + 1):
            yield order[:a] + order[a:b][::-1] + order[b:]
    for length in (1, 2, 3):
        for a in range(count - length + 1):
            rest, moved = order[:a] + order[a + length :], order[a : a + length]
            for k in range(len(rest) + 1):
                if k != a:
                    yield rest[:k] + moved + rest[k:]


def value_bound(
    sites: Sequence[Waypoint],
    legs: Legs,
    *,
    depart_s: float,
    deadline_s: float,
    to_goal: bool,
    awake_s: float,
) -> float:
    """Return more than any order is worth: each visit costs its cheapest leg there and its dwell, parts allowed.

    The fractional knapsack (Dantzig 1957, Oper. Res. 5, 266) over the waypoints that can be visited alone.
    """
    count = len(sites)
    least = _closed(legs.least_s)
    alone = [
        j
        for j in range(count)
        if _alone(sites[j], legs, least, j, depart_s=depart_s, deadline_s=deadline_s, to_goal=to_goal)
    ]
    np.fill_diagonal(least, np.inf)
    sources = [count, *alone]
    room_s = awake_s
    if to_goal:
        room_s -= float(least[sources, count + 1].min())
    costs = {j: float(least[sources, j].min()) + sites[j].dwell_s for j in alone}
    total = 0.0
    for j in sorted(alone, key=lambda j: -sites[j].value / max(costs[j], 1e-9)):
        share = 1.0 if costs[j] <= room_s else max(0.0, room_s / costs[j])
        total += share * sites[j].value
        room_s -= costs[j]
        if room_s <= 0:
            break
    return total


def _closed(least_s: Floats) -> Floats:
    """Return the least driving between places by way of any others (Floyd 1962, Comm. ACM 5, 345)."""
    least = np.array(least_s, np.float64)
    for k in range(len(least)):
        least = np.minimum(least, least[:, k, None] + least[None, k, :])
    return least


def _alone(
    site: Waypoint,
    legs: Legs,
    least: Floats,
    j: int,
    *,
    depart_s: float,
    deadline_s: float,
    to_goal: bool,
) -> bool:
    """Tell whether a waypoint could be visited in time if nothing else were."""
    start, goal = len(least) - 2, len(least) - 1
    arrive_s = float(legs.earliest(depart_s, least[start, j]))
    if not arrive_s <= deadline_s + _LATE_S:
        return False
    ready_s = float(legs.earliest(max(arrive_s, site.from_s), 0.0, site.dwell_s))
    end_s = float(legs.earliest(ready_s, least[j, goal])) if to_goal else ready_s
    return ready_s <= site.until_s + _LATE_S and end_s <= deadline_s + _LATE_S
