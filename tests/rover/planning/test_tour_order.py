"""The order of waypoints against all orders, over legs made up for it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import TimeLimitError
from rover.core.waypoints import Waypoint
from rover.planning.tour_many import good_order, value_bound
from rover.planning.tour_order import MOST_EXACT, Legs, Order, State, best_order

DAY_S, OPEN_S = 100.0, 70.0
"""Driving is open in the first so much of each day."""


class MadeUpLegs:
    """Legs whose time hangs on the departure (driving stops at night) and on the charge (it is waited for).

    Who leaves later, or with less charge, arrives no earlier and with no more charge left.
    """

    def __init__(self, rng: np.random.Generator, sites: list[Waypoint]) -> None:
        count = len(sites)
        self.sites = sites
        at = rng.uniform(0.0, 60.0, (count + 2, 2))
        self.least_s = np.hypot(*(at[:, None] - at[None, :]).transpose(2, 0, 1))
        self.least_s *= rng.uniform(1.0, 1.3, self.least_s.shape)
        self.least_s[rng.random(self.least_s.shape) < 0.1] = np.inf
        self.drain = rng.uniform(0.2, 0.6, self.least_s.shape)
        self.gain = rng.uniform(0.2, 0.5)
        self.asked = 0

    def earliest(
        self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike, dwell_s: npt.ArrayLike = 0.0
    ) -> npt.NDArray[np.float64]:
        """Driving waits for the day, a dwell for nothing."""
        both = np.asarray(drive_s) + np.asarray(dwell_s)
        return np.maximum(self._earliest(time_s, drive_s), np.asarray(time_s) + both)

    def latest(
        self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike, dwell_s: npt.ArrayLike = 0.0
    ) -> npt.NDArray[np.float64]:
        both = np.asarray(drive_s) + np.asarray(dwell_s)
        return np.minimum(self._latest(time_s, drive_s), np.asarray(time_s) - both)

    def _earliest(self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        time, drive = np.broadcast_arrays(np.asarray(time_s, float), np.asarray(drive_s, float))
        wanted = np.where(np.isfinite(drive), self._driven(time) + drive, 0.0)
        days = np.ceil(wanted / OPEN_S) - 1
        ends = np.maximum(time, days * DAY_S + wanted - days * OPEN_S)
        return np.where(drive <= 0, time, np.where(np.isfinite(drive), ends, np.inf))

    def _latest(self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        time, drive = np.broadcast_arrays(np.asarray(time_s, float), np.asarray(drive_s, float))
        known = np.isfinite(drive) & np.isfinite(time)
        left = np.where(known, self._driven(np.where(known, time, 0.0)) - np.where(known, drive, 0.0), -1.0)
        days = np.floor(left / OPEN_S)
        begins = np.minimum(time, days * DAY_S + left - days * OPEN_S)
        return np.where(drive <= 0, time, np.where(known & (left >= 0), begins, -np.inf))

    @staticmethod
    def _driven(time: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        days = np.floor(time / DAY_S)
        return np.asarray(days * OPEN_S + np.minimum(OPEN_S, time - days * DAY_S))

    def leg(self, origin: int, to: int, state: State) -> State | None:
        self.asked += 1
        drive = float(self.least_s[origin, to])
        if not math.isfinite(drive):
            return None
        needed = drive * self.drain[origin, to]
        waits = max(0.0, needed - state[1]) / self.gain
        arrives = float(self._earliest(state[0] + waits, drive))
        return arrives, max(0.0, state[1] - needed)

    def visit(self, at: int, state: State) -> State | None:
        site = self.sites[at]
        left = max(state[0], site.from_s) + site.dwell_s
        return None if left > site.until_s else (left, max(0.0, state[1] - 0.1 * site.dwell_s))

    def outlasts(self, at: int, state: State, other: State) -> bool:
        return state[0] <= other[0] and state[1] >= other[1]


def random_sites(rng: np.random.Generator, count: int) -> list[Waypoint]:
    sites = []
    for j in range(count):
        first = float(rng.uniform(0.0, 150.0)) if rng.random() < 0.4 else -math.inf
        last = max(first, 0.0) + float(rng.uniform(40.0, 300.0)) if rng.random() < 0.4 else math.inf
        value = float(rng.integers(1, 4)) if rng.random() < 0.7 else 0.0
        sites.append(
            Waypoint(
                name=f"w{j}",
                place_m=(0.0, 0.0),
                value=value,
                dwell_s=float(rng.uniform(0.0, 30.0)),
                from_s=first,
                until_s=last,
            )
        )
    return sites


def by_brute_force(
    sites: list[Waypoint], legs: Legs, depart: State, deadline_s: float, *, to_goal: bool
) -> tuple[float, float] | None:
    """Return (most value, earliest end) over all orders of all subsets."""
    count, found = len(sites), []
    for size in range(count + 1):
        for order in itertools.permutations(range(count), size):
            state: State | None = depart
            at = count
            for to in (*order, count + 1) if to_goal else order:
                assert state is not None
                state = legs.leg(at, to, state)
                if state is not None and to < count:
                    state = legs.visit(to, state)
                if state is None or state[0] > deadline_s:
                    state = None
                    break
                at = to
            if state is not None:
                found.append((-math.fsum(sites[j].value for j in order), state[0]))
    if not found:
        return None
    value, end = min(found)
    return -value, end


def case(seed: int, count: int) -> tuple[list[Waypoint], MadeUpLegs, State, float, bool]:
    rng = np.random.default_rng(seed)
    sites = random_sites(rng, count)
    legs = MadeUpLegs(rng, sites)
    return (
        sites,
        legs,
        (float(rng.uniform(0.0, 50.0)), float(rng.uniform(0.0, 60.0))),
        float(rng.uniform(60.0, 500.0)),
        bool(rng.random() < 0.5),
    )


@pytest.mark.parametrize("count", [120, pytest.param(3000, marks=pytest.mark.slow)])
def test_no_order_is_better(count: int) -> None:
    reached = refused = partial = 0
    for seed in range(count):
        sites, legs, depart, deadline_s, to_goal = case(seed, 1 + seed % 5)
        best = by_brute_force(sites, legs, depart, deadline_s, to_goal=to_goal)
        order = best_order(sites, legs, depart=depart, deadline_s=deadline_s, to_goal=to_goal)
        assert (order is None) == (best is None), seed
        if order is None or best is None:
            refused += 1
            continue
        assert (order.value, order.end[0]) == pytest.approx(best, abs=1e-9), seed
        assert order.exact and order.bound == order.value
        reached += 1
        partial += 0 < len(order.stops) < len(sites)
    assert min(reached, partial) >= 0.2 * count
    assert refused >= 0.03 * count


def replayed(order: Order, sites: list[Waypoint], legs: Legs, depart: State, *, to_goal: bool) -> State:
    """Go through an order, holding each visit against its window and its dwell."""
    state, at = depart, len(sites)
    for j in order.stops:
        arrived = legs.leg(at, j, state)
        assert arrived is not None
        left = legs.visit(j, arrived)
        assert left is not None
        assert left[0] - sites[j].dwell_s >= max(arrived[0], sites[j].from_s) - 1e-9
        assert left[0] <= sites[j].until_s
        state, at = left, j
    if to_goal:
        home = legs.leg(at, len(sites) + 1, state)
        assert home is not None
        return home
    return state


def test_windows_and_dwells_are_kept_to() -> None:
    visited = 0
    for seed in range(100):
        sites, legs, depart, deadline_s, to_goal = case(seed, 6)
        order = best_order(sites, legs, depart=depart, deadline_s=deadline_s, to_goal=to_goal)
        if order is not None:
            assert len(set(order.stops)) == len(order.stops)
            assert replayed(order, sites, legs, depart, to_goal=to_goal) == order.end
            assert order.end[0] <= deadline_s
            visited += len(order.stops)
    assert visited > 100


def test_more_time_never_loses_value() -> None:
    for seed in range(40):
        sites, legs, depart, _, to_goal = case(seed, 5)
        values = []
        for deadline_s in (60.0, 120.0, 200.0, 320.0, 500.0):
            order = best_order(sites, legs, depart=depart, deadline_s=deadline_s, to_goal=to_goal)
            values.append(-1.0 if order is None else order.value)
        assert values == sorted(values), seed


def test_thirteen_waypoints_ask_for_few_legs() -> None:
    sites, legs, depart, _, _ = case(1, MOST_EXACT)
    order = best_order(sites, legs, depart=depart, deadline_s=500.0, to_goal=False)
    assert order is not None and order.exact
    assert legs.asked < 0.1 * MOST_EXACT * 2**MOST_EXACT
    with pytest.raises(ValueError, match="14 waypoints"):
        best_order([*sites, sites[0]], legs, depart=depart, deadline_s=500.0, to_goal=False)


def test_a_search_that_is_stopped_states_its_bound() -> None:
    stopped = 0
    for seed in range(40):
        sites, legs, depart, deadline_s, _ = case(seed, 6)
        whole = best_order(sites, legs, depart=depart, deadline_s=deadline_s, to_goal=False)
        assert whole is not None
        left = iter([False] * 6)
        given = {"depart": depart, "deadline_s": deadline_s, "to_goal": False}
        part = best_order(sites, legs, stop=lambda left=left: next(left, True), **given)
        assert part is not None
        assert part.value <= whole.value <= part.bound
        stopped += not part.exact
    assert stopped > 5


def test_a_search_that_is_stopped_with_nothing_found_says_so() -> None:
    stopped = 0
    for seed in range(20):
        sites, legs, depart, deadline_s, _ = case(seed, 4)
        given = {"depart": depart, "deadline_s": deadline_s, "to_goal": True}
        if best_order(sites, legs, **given) is not None:
            stopped += 1
            with pytest.raises(TimeLimitError, match="worth more than"):
                best_order(sites, legs, stop=lambda: True, **given)
    assert stopped > 5


def test_best_known_orders_are_worth_no_more_than_their_bound_and_near_the_best() -> None:
    shares = []
    for seed in range(60):
        sites, legs, depart, deadline_s, to_goal = case(seed, 7)
        given = {"depart": depart, "deadline_s": deadline_s, "to_goal": to_goal}
        best = best_order(sites, legs, **given)
        known = good_order(sites, legs, awake_s=deadline_s - depart[0], **given)
        bound = value_bound(
            sites,
            legs,
            depart_s=depart[0],
            deadline_s=deadline_s,
            to_goal=to_goal,
            awake_s=deadline_s - depart[0],
        )
        assert (best is None) == (known is None)
        if best is None or known is None:
            continue
        assert known.value <= best.value <= bound + 1e-9, seed
        assert known.bound >= best.value
        assert replayed(known, sites, legs, depart, to_goal=to_goal) == known.end
        shares.append(known.value / best.value if best.value > 0 else 1.0)
    assert np.mean(shares) > 0.9


def test_thirty_waypoints() -> None:
    sites, legs, depart, _, _ = case(3, 30)
    order = good_order(sites, legs, depart=depart, deadline_s=600.0, to_goal=False, awake_s=600.0)
    assert order is not None
    assert len(order.stops) > 5
    assert order.value <= order.bound <= sum(site.value for site in sites)
    assert replayed(order, sites, legs, depart, to_goal=False) == order.end
