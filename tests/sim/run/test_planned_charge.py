"""The charge that a driven traverse has, beside the one that it was planned with."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from rover.core.boundary import Mode
from rover.io.raster import write_dem
from rover.planning.problem import Plan
from rover.planning.timetable import Step, Timetable
from rover.planning.traverse import TraversePlanner
from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import Scenario, load_scenario
from sim.run.scenario_ground import orbital_dem
from sim.run.setting import prepare

MOST_OFF = 0.03
"""Of the state of charge."""

SMOOTH_M = 8.0
"""Nothing smaller than this is left of the relief: the rover's wheels stand on what the map shows."""

THROUGH_A_NIGHT = (
    "planner=traverse",
    "start_utc=2019-01-11T20:00:00Z",
    "goal_m=[-80.0, 90.0]",
    "terrain.size_m=360.0",
    "operations.max_lunar_days=3.0",
)


@cache
def driven(seed: int, folder: Path) -> tuple[Plan, RunLog]:
    """Plan and drive the first drive through a night on benign ground: its own relief without what is small."""
    scenario = load_scenario("first-drive", settings=THROUGH_A_NIGHT, seed=seed)
    dem, path = orbital_dem(scenario), folder / f"benign-{seed}.tif"
    sigma = SMOOTH_M / dem.geometry.resolution_m
    smooth = gaussian_filter(dem.elevation_m.astype(np.float64), sigma, mode="nearest").astype(np.float32)
    write_dem(replace(dem, elevation_m=smooth), path)
    settings = (*THROUGH_A_NIGHT, f"terrain.dem={path}", "terrain.detail=none")
    benign: Scenario = load_scenario("first-drive", settings=settings, seed=seed)
    plan = prepare(benign).control.plan(TraversePlanner())
    assert isinstance(plan, Plan), plan
    return plan, run_scenario(benign)


def steps_of(plan: Plan) -> tuple[Step, ...]:
    assert isinstance(plan.schedule, Timetable)
    return plan.schedule.steps


@pytest.mark.parametrize(
    "seed", [4, pytest.param(5, marks=pytest.mark.slow), pytest.param(6, marks=pytest.mark.slow)]
)
def test_charge_is_as_planned_at_every_waypoint(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    plan, log = driven(seed, tmp_path_factory.getbasetemp())
    assert log.outcome == "arrived" and log.replanned_m == []
    time_s, soc = log.telemetry["time_s"], log.telemetry["soc"]
    place = np.column_stack([log.telemetry["east_m"], log.telemetry["north_m"]])
    way = iter(plan.waypoints_m[1:])
    compared, since = 0, 0
    for step in steps_of(plan):
        if step.mode is not Mode.DRIVE:
            continue
        there = np.flatnonzero(np.hypot(*(place[since:] - next(way)).T) < 0.06)
        assert len(there) > 0
        since += int(there[0])
        assert abs(time_s[since] - step.end_s) < 600.0
        assert abs(soc[since] - step.soc_after) <= MOST_OFF, (step.end_s / 3600, soc[since], step.soc_after)
        compared += 1
    assert compared > 40
    assert abs(soc[-1] - steps_of(plan)[-1].soc_after) <= MOST_OFF
    modes = {step.mode for step in steps_of(plan)}
    assert {Mode.COMMAND, Mode.DORMANT, Mode.CHARGE} <= modes
    assert min(step.soc_after for step in steps_of(plan)) < 0.75  # the battery is worked with
