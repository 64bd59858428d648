"""Teleoperated, the ground plans each leg from what has come down, and from nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rover.core.boundary import Mode
from rover.onboard.downlink import Downlink, Orders
from sim.mission.operations_legs import PAIR_BIT, Station, plan_leg
from sim.run import closed_loop_commands
from sim.run.runlog import Outcome, RunLog
from tests.sim.run import test_arcs as by_arcs

GOAL = (0.0, 18.0)
ROCK = (2.0, 11.0, 1.0, 0.6)
"""East, north, diameter and height: on the way as planned from the map, 7 m from the first stop."""


def drive(tmp_path: Path, *rocks: tuple[float, ...], **operations: object) -> RunLog:
    """Drive by commands over a plane, with boulders on it that no map shows."""
    given = {"mode": "teleoperated", "stop_every_m": 4.0, "command_cycle_h": 1.0, **operations}
    return by_arcs.drive(tmp_path, driver="path", goal_m=list(GOAL), boulders=rocks, operations=given)


def told(log: RunLog, name: str) -> list[tuple[float, float, str]]:
    return [(event.time_s, event.north_m, event.text) for event in log.events if event.name == name]


def recorded(monkeypatch: pytest.MonkeyPatch) -> tuple[list[bytes], list[bytes]]:
    """Return lists that fill up with what is sent up, and with what the ground's maps come to."""
    up: list[bytes] = []
    maps: list[bytes] = []

    def kept(station: Station, down: Downlink) -> tuple[Station, Orders]:
        station, orders = plan_leg(station, down)
        words = repr((orders.backing, orders.aim_m, orders.changed, orders.stop)).encode()
        planned = (
            orders.planned.command_s,
            orders.planned.leave_s,
            orders.planned.soc,
            orders.planned.depart_s,
        )
        up.append(b"".join([orders.path_m.tobytes(), *(part.tobytes() for part in planned), words]))
        maps.append(station.belief.costmap.cost_s_per_m.tobytes() + station.belief.hazards.flags.tobytes())
        return station, orders

    monkeypatch.setattr(closed_loop_commands, "plan_leg", kept)
    return up, maps


def test_a_hazard_that_only_the_panorama_shows_is_gone_round_before_the_rover_is_near(tmp_path: Path) -> None:
    log = drive(tmp_path, ROCK)
    assert log.outcome is Outcome.ARRIVED and not log.violations, log.reason
    (panorama, *_), (uplink, *_) = told(log, "panorama"), told(log, "uplink")
    assert "8 pairs" in panorama[2] and "a new way" in uplink[2]
    assert uplink[0] == pytest.approx(panorama[0] + 3600.0, abs=1.0)
    assert ROCK[1] - ROCK[2] / 2 - uplink[1] > 5.0 + 1.0, "further than the rover itself looks ahead"
    assert not [text for *_, text in told(log, "panorama") if "refused" in text]
    assert log.summary["replans"] == 1
    (way,) = log.replanned_m
    assert np.hypot(*(way - ROCK[:2]).T).min() > 1.0
    near = np.hypot(log.telemetry["east_m"] - ROCK[0], log.telemetry["north_m"] - ROCK[1])
    assert near.min() > 1.0


def test_without_its_pictures_the_rover_refuses_the_leg_and_waits_where_it_stands(tmp_path: Path) -> None:
    """What it saw itself comes down as telemetry, and the ground plans by that."""
    log = drive(tmp_path, ROCK, data_mbit_per_stop=0.0)
    assert log.outcome is Outcome.ARRIVED and not log.violations, log.reason
    first, *_ = told(log, "uplink")
    assert first[2].endswith("the way as before")
    refused, *_ = [row for row in told(log, "panorama") if "the leg is refused: a hazard was seen" in row[2]]
    answer = next(row for row in told(log, "uplink") if row[0] > refused[0])
    assert "a new way" in answer[2] and answer[0] == pytest.approx(refused[0] + 3600.0, abs=1.0)
    time_s = log.telemetry["time_s"]
    waits = (time_s > refused[0]) & (time_s <= answer[0])
    assert waits.sum() > 3 and np.ptp(log.telemetry["distance_m"][waits]) == 0.0
    assert set(log.telemetry["mode"][waits]) == {log.modes.index(Mode.COMMAND)}


def test_walled_in_it_is_told_to_stay_and_the_reason_says_so(tmp_path: Path) -> None:
    ring = [(4.5 * math.sin(a), 6.0 - 8.5 * math.cos(a), 1.6, 0.8) for a in np.linspace(0.0, math.tau, 36)]
    log = drive(tmp_path, *ring)
    assert log.outcome is Outcome.STOPPED_SAFE
    assert "up at the stop: stay, " in told(log, "uplink")[-1][2]
    assert "hazard was seen on the path" in log.reason and log.violations == []


def test_ground_that_nobody_saw_or_that_did_not_come_down_changes_no_bit_of_an_uplink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One boulder is out of all sight; the other stands in a part of the panorama that the link does not carry."""
    three = {"data_mbit_per_stop": 3.1 * PAIR_BIT / 1e6}
    far, aside = (16.0, 9.0, 2.0, 1.2), (9.0, -1.0, 1.0, 0.6)
    sent = []
    for rocks, link in (((), three), ((far, aside), three), ((), {}), ((far,), {}), ((far, aside), {})):
        with monkeypatch.context() as patched:
            up, maps = recorded(patched)
            drive(tmp_path, ROCK, *rocks, **link)
        sent.append((up, maps))
    bare, hidden, whole, unseen, seen = sent
    assert len(bare[0]) > 3 and bare == hidden
    assert whole == unseen
    assert seen[1] != unseen[1], "the boulder aside is in a panorama that comes down whole"


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    one, other = drive(tmp_path, ROCK), drive(tmp_path, ROCK)
    assert {k: v.tobytes() for k, v in one.telemetry.items()} == {
        k: v.tobytes() for k, v in other.telemetry.items()
    }
    assert [(e.time_s, e.name, e.text) for e in one.events] == [
        (e.time_s, e.name, e.text) for e in other.events
    ]
