"""From a scenario's limits to those of a timed plan: which are made, with which figures, and for whom."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from rover.core.errors import ScenarioError
from rover.limits.base import Limit
from rover.limits.comm import LinkLimit
from rover.limits.deadline import DeadlineLimit
from rover.limits.light import DuskLimit, LitLimit, ShadowLimit
from rover.limits.mobility import LevelLimit, ZoneLimit
from rover.planning.astar import AStarPlanner
from rover.planning.traverse import TraversePlanner
from rover.terrain.horizon import trace_horizon
from sim.run.closed_loop import run_scenario
from sim.run.results import read_results, write_results
from sim.run.runlog import Outcome
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare

HOP = ("goal_m=[-30, 24]", "terrain.size_m=120")
ZONE = 'name="here",kind="keep-out",polygon=[[-34,20],[-26,20],[-26,28],[-34,28]]'


def setting(*settings: str) -> Setting:
    return prepare(load_scenario("short-hop", settings=[*HOP, *settings]))


def made(given: Setting, kind: type[Limit]) -> list[Limit]:
    return [limit for limit in given.control.timed_limits if isinstance(limit, kind)]


def test_by_default_only_what_always_bounds_is_made() -> None:
    held = setting()
    names = [limit.name for limit in held.control.timed_limits]
    assert names == [
        "slope_rad", "roll_rad", "clearance_m", "sun_elevation_rad", "reserve_soc", "night_tilt_rad", "dawn_w",
        "deadline_s",
    ]  # fmt: skip
    assert held.almanac.relay is None
    assert held.control.timed_maps is held.control.maps


def test_every_key_comes_through_in_si() -> None:
    held = setting(
        "limits.least_lit=0.25",
        "limits.longest_shadow_h=2",
        "limits.dusk_margin_h=3",
        "limits.haven_tilt_deg=7",
        "limits.link=true",
        "limits.link_margin_deg=12.5",
        "limits.light_step_h=0.5",
        "limits.arrive_by_utc=2019-01-11T12:00:00Z",
    )
    assert made(held, LitLimit) == [LitLimit(0.25)]
    assert made(held, ShadowLimit) == [ShadowLimit(7200.0)]
    assert made(held, DuskLimit) == [DuskLimit(10_800.0)]
    assert made(held, LevelLimit) == [LevelLimit(math.radians(7))]
    assert made(held, LinkLimit) == [LinkLimit(math.radians(12.5))]
    assert held.almanac.relay is not None
    assert len(held.almanac.relay.seen_s) > 3  # ground stations rise and set
    problem = held.control.problem(TraversePlanner())
    assert problem.light_step_s == 1800.0
    assert made(held, DeadlineLimit) == [DeadlineLimit(held.deadline_s)]
    assert problem.deadline_s == held.deadline_s == pytest.approx(36_000.0)


def test_a_zone_with_times_closes_the_map_for_planners_without_time_only() -> None:
    held = setting(f"zones=[{{{ZONE},from_utc=2019-01-11T06:00:00Z,until_utc=2019-01-11T08:00:00Z}}]")
    (zone,) = made(held, ZoneLimit)
    assert isinstance(zone, ZoneLimit)
    assert zone.edges_s() == pytest.approx((4 * 3600.0, 6 * 3600.0))
    cell = held.dem.geometry.cell_at(*held.scenario.goal_m)
    assert np.isinf(held.control.problem(AStarPlanner()).costmap.cost_s_per_m[cell])
    assert np.isfinite(held.control.problem(TraversePlanner()).costmap.cost_s_per_m[cell])
    (always,) = made(setting(f"zones=[{{{ZONE}}}]"), ZoneLimit)
    assert isinstance(always, ZoneLimit)
    assert always.edges_s() == ()
    (begins,) = made(setting(f"zones=[{{{ZONE},from_utc=2019-01-11T06:00:00Z}}]"), ZoneLimit)
    assert isinstance(begins, ZoneLimit)
    assert begins.edges_s() == pytest.approx((4 * 3600.0,))


def test_only_a_timed_planner_is_given_a_horizon_and_it_has_the_far_ground() -> None:
    held = setting()
    assert held.control.problem().horizon is None
    assert held.control.problem(AStarPlanner()).horizon is None
    with_far = held.control.problem(TraversePlanner()).horizon
    assert with_far is not None
    alone = trace_horizon(held.dem)
    raised = with_far.steps.astype(np.int64) - alone.steps.astype(np.int64)
    assert (raised >= 0).all()
    assert (raised > 0).mean() > 0.25


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("limits.least_lit=1.5", "limits.least_lit = 1.5: out of range"),
        ("limits.longest_shadow_h=-1", "limits.longest_shadow_h = -1: out of range"),
        ("limits.light_step_h=0.05", "limits.light_step_h = 0.05: out of range"),
        ("limits.light_step_h=25", "limits.light_step_h = 25: out of range"),
        ("limits.haven_tilt_deg=0", "limits.haven_tilt_deg = 0: out of range"),
        ("limits.link=1", "limits.link = 1: of the wrong kind; give true or false"),
        ("limits.lit=1", "limits.lit: unknown key"),
        ("limits.arrive_by_utc=tomorrow", "limits.arrive_by_utc = tomorrow: not a UTC date and time"),
        ("limits.arrive_by_utc=2019-01-11T02:00:00Z", "is in the past: the start is at 2019-01-11T02:00:00Z"),
        (
            f"zones=[{{{ZONE},from_utc=2019-02-01T00:00:00Z,until_utc=2019-01-01T00:00:00Z}}]",
            "zone here closes at 2019-01-01T00:00:00Z, before it opens at 2019-02-01T00:00:00Z",
        ),
        (f'zones=[{{{ZONE},until_utc="noon"}}]', "not a UTC date and time"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(given: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("short-hop", settings=[*HOP, given])
    assert says in str(caught.value)


def test_a_run_drives_the_traverse_and_keeps_its_forecast(tmp_path: Path) -> None:
    log = run_scenario(load_scenario("short-hop", settings=HOP), planner=TraversePlanner())
    assert log.outcome is Outcome.ARRIVED, log.reason
    assert log.violations == []
    assert log.summary["planner"] == "traverse"
    plan = log.summary["plan"]
    assert plan["arrive_s"] == pytest.approx(plan["cost_s"])
    assert {margin["limit"] for margin in plan["margins"]} >= {"slope_rad", "roll_rad", "dawn_w"}
    assert json.loads(json.dumps(plan, allow_nan=False)) == plan
    write_results(log, tmp_path)
    assert read_results(tmp_path).summary["plan"] == plan
    assert math.dist(log.planned_m[0], log.start_m) == 0
    assert math.dist(log.planned_m[-1], log.goal_m) == 0
