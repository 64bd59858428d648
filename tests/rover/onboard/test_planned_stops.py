"""What is planned along a way: laws of carrying it over to a new one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.onboard.planned_stops import ARRIVAL_M, PlannedStops, nothing_planned, with_stops

WAY = np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0], [6.0, 0.0], [8.0, 0.0]])
NEVER, AT_ONCE = math.inf, -math.inf


def planned(command_s: list[float], leave_s: list[float]) -> PlannedStops:
    soc = np.linspace(0.9, 0.5, len(leave_s))
    depart_s = 10.0 * np.arange(len(leave_s))
    return PlannedStops(command_s=np.array(command_s), leave_s=np.array(leave_s), soc=soc, depart_s=depart_s)


STOPS = planned([NEVER, 50.0, NEVER, AT_ONCE, NEVER], [AT_ONCE, 100.0, 200.0, AT_ONCE, AT_ONCE])


def test_the_same_way_keeps_all() -> None:
    kept = STOPS.on(WAY, WAY)
    assert kept.command_s.tolist() == STOPS.command_s.tolist()
    assert kept.leave_s.tolist() == STOPS.leave_s.tolist()
    assert with_stops(WAY, WAY, STOPS).tolist() == WAY.tolist()


def test_a_detour_stops_where_it_comes_nearest() -> None:
    """Round the stops at 2 and 4 m: one is nearest to the start, the other to a point of the way back."""
    detour = np.array([[0.0, 0.0], [0.0, 3.0], [5.0, 3.0], [6.0, 0.0], [8.0, 0.0]])
    way = with_stops(detour, WAY, STOPS)
    assert np.allclose(way, [[0, 0], [0, 3], [5, 3], [5.8, 0.6], [6, 0], [8, 0]])
    kept = STOPS.on(WAY, way)
    assert kept.leave_s.tolist() == [100.0, AT_ONCE, AT_ONCE, 200.0, AT_ONCE, AT_ONCE]
    assert kept.command_s.tolist() == [50.0, NEVER, NEVER, NEVER, AT_ONCE, NEVER]


@given(st.integers(0, 10_000))
def test_times_and_order_are_kept_on_any_way(seed: int) -> None:
    rng = np.random.default_rng(seed)
    old = np.cumsum(rng.normal(1.0, 0.7, (12, 2)), axis=0)
    new = np.vstack([old[:1], np.cumsum(rng.normal(1.5, 1.5, (rng.integers(1, 9), 2)), axis=0), old[-1:]])
    leave_s = np.where(rng.random(12) < 0.3, np.arange(12) * 100.0, AT_ONCE)
    command_s = np.where(rng.random(12) < 0.4, AT_ONCE, NEVER)
    stops = planned(command_s.tolist(), leave_s.tolist())
    way = with_stops(new, old, stops)
    for place in new:
        assert np.hypot(*(way - place).T).min() == 0.0  # nothing of the new way is lost
    kept = stops.on(old, way)
    assert len(kept) == len(way)
    held = kept.leave_s[np.isfinite(kept.leave_s)]
    assert held.tolist() == sorted(held.tolist())
    assert np.isfinite(leave_s).any() == (len(held) > 0)
    if len(held):
        assert held[-1] == leave_s[np.isfinite(leave_s)].max()
    assert kept.commands.any() == stops.commands.any() and kept.commands.sum() <= stops.commands.sum()
    length = float(np.hypot(*np.diff(new, axis=0).T).sum())
    assert float(np.hypot(*np.diff(way, axis=0).T).sum()) == pytest.approx(length, abs=1e-9)


def test_a_cycle_that_is_done_is_not_done_again() -> None:
    done = STOPS.commanded(2)
    assert done.commands.tolist() == [False, False, False, True, False]
    assert done.leave_s.tolist() == STOPS.leave_s.tolist()
    assert len(STOPS.beyond(2)) == 3 and STOPS.beyond(2).leave_s[0] == 200.0
    assert not nothing_planned(4).stops.any()
    assert ARRIVAL_M < 0.1
