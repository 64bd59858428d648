"""The way back over the own track leaves out what was driven to and fro."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.onboard.own_track import nearest_open, places_between, way_back
from tests.rover.onboard.test_mapping_and_paths import grid


def test_straight_back_is_as_it_was_driven() -> None:
    track = [(float(k), 0.0) for k in range(5)]
    way_m, towards = way_back(track, same_m=0.15)
    np.testing.assert_allclose(way_m, [4.6, 3.45, 2.3, 1.15, 0.0])
    assert towards == [1, 2, 3, 4, 4]
    assert places_between(track, towards, 1) == [(3.0, 0.0), (2.0, 0.0)]
    assert places_between(track, towards, 3) == places_between(track, towards, 4) == []


def test_to_and_fro_is_not_driven_again() -> None:
    """However often it turns back beside where it stood, the way to the start stays as long."""
    out = [(float(k), 0.0) for k in range(4)]
    track = [*out]
    for k in range(1, 30):
        track += [(2.0, 0.004 * k), (3.0, 0.004 * k)]
    way_m, towards = way_back(track, same_m=0.15)
    assert way_m[0] == pytest.approx(3.0 + 3 * 0.15, abs=0.3)
    assert len(places_between(track, towards, 0)) == 3


def test_a_loop_is_cut_where_it_closes_and_only_there() -> None:
    loop = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.1), (1.0, -1.0)]
    way_m, towards = way_back(loop, same_m=0.15)
    assert places_between(loop, towards, 0) == [(1.0, 0.1), (1.0, 0.0)]
    assert way_m[0] == pytest.approx(1.1 + 0.1 + 1.0 + 3 * 0.15)
    way_m, towards = way_back(loop, same_m=0.05)
    assert len(places_between(loop, towards, 0)) == 5


def test_a_place_stood_at_twice_is_one() -> None:
    way_m, towards = way_back([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 0.0)], same_m=0.15)
    assert places_between([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 0.0)], towards, 0) == [(1.0, 0.0)]
    assert way_m[1] == 0.15 and towards[3] == 3


def test_one_place_alone() -> None:
    way_m, towards = way_back([(5.0, 5.0)], same_m=0.15)
    assert (way_m.tolist(), towards) == ([0.0], [0])


def test_a_goal_that_has_closed_is_come_near_and_one_that_can_be_reached_is_gone_to() -> None:
    ringed = grid("......\n..###.\n..#.#.\n..###.\n......")
    goal, stood = (3.0, 2.0), [(0.0, 0.0)]
    assert nearest_open(ringed, (5.0, 4.0), within_m=9.0, stood_m=stood) == (5.0, 4.0)
    assert nearest_open(ringed, goal, within_m=0.0, stood_m=stood) == goal, "no tolerance is given"
    assert nearest_open(ringed, goal, within_m=1.9, stood_m=stood) == goal, "none is so near"
    assert math.dist(nearest_open(ringed, goal, within_m=2.0, stood_m=stood), goal) == 2.0
    inside = nearest_open(ringed, (2.0, 2.0), within_m=5.0, stood_m=[(3.0, 2.0)])
    assert inside == (3.0, 2.0), "the way leads from where it has stood"
    assert nearest_open(ringed, goal, within_m=5.0, stood_m=[(2.0, 1.0)]) == goal, "walled in"
