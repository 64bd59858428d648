"""With perfect senses and no faults, over ground that is as the map has it, what is driven is what was planned."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from shapely import LineString, points

from rover.core.boundary import Mode
from rover.io.raster import write_dem
from sim.run.closed_loop import run_scenario
from sim.run.runlog import Outcome, RunLog
from sim.run.scenario import load_scenario
from sim.run.scenario_ground import orbital_dem

ASIDE_M = 0.05
"""On slopes the rover slides a little aside from one look to the next, a metre on."""

LENGTH_SHARE, TIME_SHARE = 0.001, 0.04
"""How fast it gets on over a slope the plan has only from a model."""

GOAL_M = (-66.0, 52.0)


@lru_cache(maxsize=2)
def driven(mode: str, seed: int) -> RunLog:
    """Drive over a map of seeded ground that the world's ground lies on, without anything that is not on it."""
    with tempfile.TemporaryDirectory() as folder:
        dem = Path(folder) / "map.npz"
        write_dem(orbital_dem(load_scenario("short-hop", settings=["terrain.size_m=180"], seed=seed)), dem)
        settings = [f"terrain.dem={dem}", "terrain.detail=none", f"goal_m={list(GOAL_M)}"]
        log = run_scenario(
            load_scenario("short-hop", settings=[*settings, f"operations.mode={mode}"], seed=seed)
        )
    assert log.outcome is Outcome.ARRIVED and not log.violations, log.reason
    return log


def track(log: RunLog) -> npt.NDArray[np.float64]:
    return np.column_stack([log.telemetry["east_m"], log.telemetry["north_m"]])


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 5, 6, 8))])
def test_the_way_driven_is_the_way_planned_in_the_time_planned(seed: int) -> None:
    log = driven("autonomous", seed)
    assert log.summary["replans"] == 0
    planned = LineString(log.planned_m)
    assert len(log.planned_m) > 20 and planned.length > 1.03 * np.hypot(*GOAL_M), "a way with bends"
    assert planned.distance(points(track(log))).max() <= ASIDE_M
    assert LineString(track(log)).distance(points(log.planned_m)).max() <= ASIDE_M, "a part is left out"
    assert log.summary["distance_m"] == pytest.approx(log.summary["planned_length_m"], rel=LENGTH_SHARE)
    assert log.summary["elapsed_s"] == pytest.approx(log.summary["plan"]["arrive_s"], rel=TIME_SHARE)


def test_commands_of_the_ground_cost_time_and_change_nothing_of_the_way() -> None:
    """Both ways of operating are the same code on board: the rover stands at the same places at each look."""
    alone, told = (driven(mode, 4) for mode in ("autonomous", "teleoperated"))
    moving = [track(log)[log.telemetry["mode"] == log.modes.index(Mode.DRIVE)] for log in (alone, told)]
    assert np.abs(moving[0] - moving[1]).max() < 1e-3
    assert told.summary["stops"] > 10 and alone.summary["stops"] == 0
    hours = [log.summary["elapsed_s"] / 3600.0 for log in (alone, told)]
    assert hours[1] - hours[0] > 2.9 * told.summary["stops"]
