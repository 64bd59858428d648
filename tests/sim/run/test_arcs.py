"""The closed loop driven by arcs: it arrives, keeps the rules, goes round what no map shows, and backs out."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rover.core.boundary import Command, Mode
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.crs import local_crs_wkt
from rover.io.raster import write_dem
from rover.onboard import closed_goal
from sim.run.closed_loop import run_scenario
from sim.run.closed_loop_mind import Mind
from sim.run.runlog import Outcome, RunLog
from sim.run.scenario import scenario_from_table

GOAL = (12.0, 5.0)


def drive(
    folder: Path,
    *,
    grade: float = 0.0,
    seed: int = 1,
    stop: Callable[[], bool] | None = None,
    **table: Any,
) -> RunLog:
    """Drive from the origin over a plane without any detail."""
    latitude, longitude = math.radians(-45.4446), math.radians(177.5991)
    site = Site(
        latitude_rad=latitude,
        longitude_rad=longitude,
        body="moon",
        crs_wkt=local_crs_wkt(latitude, longitude),
    )
    at = -58.0 + 4.0 * np.arange(30)
    geometry = GridGeometry(rows=30, cols=30, resolution_m=4.0, east_m=-58.0, north_m=-58.0, site=site)
    heights = np.broadcast_to(grade * at, (30, 30)).astype(np.float32)
    dem = folder / "plane.npz"
    write_dem(Dem(geometry=geometry, elevation_m=heights, datum_m=-5900.0, source="a plane"), dem)
    boulders = [
        {"east_m": e, "north_m": n, "diameter_m": d, "height_m": h}
        for e, n, d, h in table.pop("boulders", ())
    ]
    whole = {
        "format": 1,
        "seed": seed,
        "start_utc": "2019-01-11T02:00:00Z",
        "start_m": [0.0, 0.0],
        "goal_m": list(GOAL),
        "driver": "arcs",
        "site": {"latitude_deg": -45.4446, "longitude_deg": 177.5991},
        "terrain": {"dem": str(dem), "world_resolution_m": 0.1, "detail": "none", "boulders": boulders},
        "operations": {"mode": "autonomous"},
    }
    return run_scenario(scenario_from_table(whole | table, file="a test"), stop=stop)


@pytest.mark.parametrize("grade", [0.0, 0.12])
def test_without_hazards_it_drives_the_straight_way(tmp_path: Path, grade: float) -> None:
    log = drive(tmp_path, grade=grade)
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []
    assert log.summary["replans"] == 0
    assert log.summary["distance_m"] <= 1.08 * math.hypot(*GOAL)
    assert log.summary["distance_m"] <= log.summary["local_planner"]["cycles"]  # it looks every metre


def test_the_same_seed_drives_the_same_way(tmp_path: Path) -> None:
    rock = [(6.0, 2.5, 0.9, 0.6)]
    one, other = drive(tmp_path, boulders=rock), drive(tmp_path, boulders=rock)
    for name in ("east_m", "north_m", "yaw_rad"):
        np.testing.assert_array_equal(one.telemetry[name], other.telemetry[name])


def test_boulders_that_no_map_shows_are_gone_round(tmp_path: Path) -> None:
    rocks = [(4, 1.7, 0.9, 0.6), (7, 4.3, 0.7, 0.5), (8, 1.5, 1.2, 0.7), (9.5, 5.5, 0.6, 0.5)]
    log = drive(tmp_path, boulders=rocks)
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []
    assert log.summary["distance_m"] <= 1.4 * math.hypot(*GOAL)
    for east, north, diameter, _ in rocks:
        gap = np.hypot(log.telemetry["east_m"] - east, log.telemetry["north_m"] - north).min()
        assert gap > 0.5 + diameter / 2 - 0.1


def test_zones_are_kept_out_of(tmp_path: Path) -> None:
    zone = {"name": "z", "kind": "keep-out", "polygon": [[5, -1], [7.5, -1], [7.5, 3.5], [5, 3.5]]}
    log = drive(tmp_path, zones=[zone])
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []


def ring(
    radius_m: float, count: int, first: float = 0.0, last: float = 2 * math.pi
) -> list[tuple[float, ...]]:
    angles = np.linspace(first, last, count, endpoint=False)
    return [(radius_m * math.cos(a), radius_m * math.sin(a), 1.0, 0.8) for a in angles]


def test_a_dead_end_is_left_again(tmp_path: Path) -> None:
    """A horseshoe about the start, open on the side that leads away from the goal."""
    log = drive(tmp_path, boulders=ring(3.5, 18, -1.6, 2.6))
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []


def test_what_cannot_be_left_is_an_answer(tmp_path: Path) -> None:
    log = drive(tmp_path, boulders=ring(2.0, 18))
    assert log.outcome is Outcome.STOPPED_SAFE
    assert "no arc is known to be safe" in log.reason
    assert log.violations == []


def test_a_rover_that_does_not_look_where_it_goes_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees five metres far; told to go nine at once, it comes upon ground that no look has shown."""
    blindly = Command(mode=Mode.DRIVE, drive_m=9.0)
    monkeypatch.setattr(Mind, "decide", lambda _mind, _seen: blindly)
    log = drive(tmp_path, goal_m=[30.0, 0.0], stop=lambda: True)
    assert "drives over unseen ground" not in {violation.rule for violation in log.violations}
    commands = iter((False, True))
    log = drive(tmp_path, goal_m=[30.0, 0.0], stop=lambda: next(commands))
    assert [v.rule for v in log.violations if v.unit == "wheels"] == ["drives over unseen ground"]


def test_a_boulder_on_the_goal_is_come_as_near_as_is_said_to_be_as_good(tmp_path: Path) -> None:
    """It went round it, 110 m in 150 commands: the maps' cell is open, though no arc leads to the goal."""
    commands = iter(range(80))
    given = {"mode": "autonomous", "goal_tolerance_m": 2.0}
    log = drive(tmp_path, boulders=[(*GOAL, 1.2, 0.7)], operations=given, stop=lambda: next(commands) == 79)
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert "found closed" in log.reason
    end = log.telemetry["east_m"][-1] - GOAL[0], log.telemetry["north_m"][-1] - GOAL[1]
    assert 0.6 < math.hypot(*end) < 2.05
    assert log.violations == []


@pytest.mark.parametrize("senses", ["perfect", pytest.param("real", marks=pytest.mark.slow)])
def test_a_goal_that_no_way_leads_to_is_not_gone_about_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, senses: str
) -> None:
    """Cameras do not see the top of a large boulder, so that nothing closes the goal: it went about it for 250 m."""
    if senses == "perfect":
        monkeypatch.setattr(closed_goal, "_nearest", lambda _cost, _closed, _seen, uplink: uplink.goal_m)
    commands, given = iter(range(80)), {"mode": "autonomous", "goal_tolerance_m": 2.5}
    log = drive(
        tmp_path,
        senses=senses,
        boulders=[(*GOAL, 2.6, 1.0)],
        operations=given,
        stop=lambda: next(commands) == 79,
    )
    assert log.outcome is Outcome.ARRIVED, log.reason
    end = log.telemetry["east_m"][-1] - GOAL[0], log.telemetry["north_m"][-1] - GOAL[1]
    assert 1.3 < math.hypot(*end) < 2.5 + 0.1
    assert log.summary["distance_m"] < 13.0 + 20.0 + 10.0
    assert log.violations == []


@pytest.mark.slow
def test_with_real_senses_it_leaves_the_start_and_reaches_the_goal(tmp_path: Path) -> None:
    """It has never seen the ground that it stands on, nor what lies beside it before it looks round."""
    log = drive(tmp_path, senses="real")
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []
    assert log.summary["distance_m"] <= 1.3 * math.hypot(*GOAL)


def test_the_other_driver_has_no_local_planner(tmp_path: Path) -> None:
    log = drive(tmp_path, driver="path")
    assert log.outcome is Outcome.ARRIVED
    assert log.summary["local_planner"] is None
