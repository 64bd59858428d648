"""The closed loop driven by arcs: it arrives, keeps the rules, goes round what no map shows, and backs out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.run.closed_loop import run_scenario
from sim.run.runlog import Outcome
from sim.run.scenario import Scenario, load_scenario

HOP = ["driver=arcs", "goal_m=[-24, 18]", "terrain.size_m=120", "terrain.world_resolution_m=0.1"]


def hop(*settings: str, seed: int = 4) -> Scenario:
    return load_scenario("short-hop", settings=[*HOP, *settings], seed=seed)


def test_without_hazards_it_drives_the_straight_way() -> None:
    log = run_scenario(hop())
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []
    assert log.summary["replans"] == 0
    assert log.summary["distance_m"] <= 1.1 * math.dist((0, 0), (-24, 18))
    cycles = log.summary["local_planner"]["cycles"]
    assert log.summary["distance_m"] <= cycles  # it looks every metre


def test_the_same_seed_drives_the_same_way() -> None:
    one, other = run_scenario(hop("goal_m=[-8, 6]")), run_scenario(hop("goal_m=[-8, 6]"))
    for name in ("east_m", "north_m", "yaw_rad"):
        np.testing.assert_array_equal(one.telemetry[name], other.telemetry[name])


def test_boulders_that_no_map_shows_are_gone_round() -> None:
    rocks = [
        (-8, 6, 0.9, 0.6),
        (-12, 8, 0.7, 0.5),
        (-15, 12, 1.2, 0.7),
        (-11, 10, 0.6, 0.5),
        (-18, 13, 0.8, 0.5),
    ]
    table = ", ".join(f"{{east_m={e}, north_m={n}, diameter_m={d}, height_m={h}}}" for e, n, d, h in rocks)
    log = run_scenario(hop(f"terrain.boulders=[{table}]"))
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []
    for east, north, diameter, _ in rocks:
        gap = np.hypot(log.telemetry["east_m"] - east, log.telemetry["north_m"] - north).min()
        assert gap > 0.5 + diameter / 2 - 0.1


def test_zones_are_kept_out_of() -> None:
    zone = "{name='z', kind='keep-out', polygon=[[-14, 2], [-6, 2], [-6, 9], [-14, 9]]}"
    log = run_scenario(hop(f"zones=[{zone}]"))
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []


def test_a_dead_end_is_backed_out_of() -> None:
    """A horseshoe of boulders, open towards the start and deeper than the rover sees."""
    ring = [(-12 + 5 * math.cos(a), 9 + 5 * math.sin(a)) for a in np.linspace(-0.6, 3.9, 24) + 0.9]
    table = ", ".join(f"{{east_m={e:.2f}, north_m={n:.2f}, diameter_m=1.1, height_m=0.8}}" for e, n in ring)
    log = run_scenario(hop(f"terrain.boulders=[{table}]"), stop=lambda: False)
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []


def test_what_cannot_be_left_is_an_answer() -> None:
    ring = [(2.0 * math.cos(a), 2.0 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 18, endpoint=False)]
    table = ", ".join(f"{{east_m={e:.2f}, north_m={n:.2f}, diameter_m=1.0, height_m=0.8}}" for e, n in ring)
    log = run_scenario(hop(f"terrain.boulders=[{table}]"))
    assert log.outcome is Outcome.STOPPED_SAFE
    assert "no arc is known to be safe" in log.reason
    assert log.violations == []


@pytest.mark.parametrize("word", ["path", "arcs"])
def test_both_drivers_arrive(word: str) -> None:
    log = run_scenario(hop(f"driver={word}", "goal_m=[-10, 8]"))
    assert log.outcome is Outcome.ARRIVED
    assert (log.summary["local_planner"] is None) == (word == "path")
