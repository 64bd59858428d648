"""Driving a plan that is brought along: no leaving before its time, by day or over a night, and no other ends."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rover.core.boundary import Mode
from rover.core.errors import PlanFileError
from rover.io.plan_file import PlanFile
from rover.onboard import executive
from rover.planning.astar import AStarPlanner
from rover.planning.given_plan import GIVEN, Given
from rover.planning.problem import Plan
from rover.planning.schedule import path_length
from sim.mission.operations import stops_of
from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from tests.builders.traverse_file import setting_of, traverse_of

HOUR_S = 3600.0
NAME = "short-hop"
SMALL = ("terrain.size_m=160", "goal_m=[-30.0, 20.0]", "faults.observations_off=true")
FILE = Path("plan.json")


def waiting(plan: PlanFile, number: int, seconds: float) -> PlanFile:
    """Return a plan that stays before one of its steps."""
    step = plan.steps[number]
    stay = step.model_copy(
        update={
            "mode": Mode.CHARGE,
            "to": step.cell,
            "to_m": step.from_m,
            "end_s": step.start_s + seconds,
            "soc_after": step.soc,
        }
    )
    later = [
        s.model_copy(update={"start_s": s.start_s + seconds, "end_s": s.end_s + seconds})
        for s in plan.steps[number:]
    ]
    return plan.model_copy(update={"steps": (*plan.steps[:number], stay, *later)})


@cache
def log_of(number: int, seconds: float) -> RunLog:
    plan = traverse_of(NAME, SMALL)
    given = plan if seconds == 0 else waiting(plan, number, seconds)
    return run_scenario(setting_of(NAME, SMALL).scenario, given=Given(file=FILE, traverse=given))


def departure(log: RunLog, place: tuple[float, float]) -> tuple[float, float]:
    """Return when the rover came to a place and when it left."""
    away = np.hypot(log.telemetry["east_m"] - place[0], log.telemetry["north_m"] - place[1])
    there = np.flatnonzero(away < 0.06)
    assert len(there) > 1
    time_s = log.telemetry["time_s"]
    return float(time_s[there[0]]), float(time_s[there[-1]])


def test_a_traverse_is_driven_as_planned() -> None:
    log, plan = log_of(0, 0.0), traverse_of(NAME, SMALL)
    assert log.outcome == "arrived" and log.summary["planner"] == "traverse"
    assert log.summary["plan"]["arrive_s"] == plan.steps[-1].end_s
    planned = np.array([plan.steps[0].from_m, *(s.to_m for s in plan.steps if s.moves)])
    assert np.allclose(log.planned_m[1:-1], planned[1:-1])
    assert tuple(log.planned_m[0]) == log.start_m and tuple(log.planned_m[-1]) == log.goal_m
    assert float(log.summary["distance_m"]) == pytest.approx(path_length(log.planned_m), rel=0.02)


@pytest.mark.parametrize("number", [0, 7])
def test_it_does_not_leave_before_its_time(number: int) -> None:
    log, plan = log_of(number, 5 * HOUR_S), traverse_of(NAME, SMALL)
    step = plan.steps[number]
    place = log.start_m if number == 0 else step.from_m
    came, left = departure(log, place)
    assert came < step.start_s + 0.3 * HOUR_S
    leaves = step.start_s + 5 * HOUR_S
    assert leaves - 1e-3 <= left <= leaves + 0.2 * HOUR_S
    waited = log.telemetry["mode"][
        (log.telemetry["time_s"] > came + 700) & (log.telemetry["time_s"] < leaves)
    ]
    assert {log.modes[m] for m in waited.tolist()} == {"charge"}
    assert log.outcome == "arrived"
    assert log.summary["distance_m"] == pytest.approx(log_of(0, 0.0).summary["distance_m"], abs=0.5)


def test_it_sleeps_through_a_night_that_it_waits_over() -> None:
    wait_s = 21 * 86_400.0
    log, plan = log_of(7, wait_s), traverse_of(NAME, SMALL)
    _, left = departure(log, plan.steps[7].from_m)
    assert left >= plan.steps[7].start_s + wait_s - 1e-3
    names = {event.name for event in log.events}
    assert {"dormant", "wake"} <= names
    assert log.outcome == "arrived" and log.summary["planner"] == "traverse"


def test_departures_are_those_of_waits_only() -> None:
    setting = setting_of(NAME, SMALL)
    plan = waiting(traverse_of(NAME, SMALL), 7, HOUR_S)
    followed = setting.control.follow(Given(file=FILE, traverse=plan))
    planned = stops_of(followed)  # type: ignore[arg-type]
    assert planned is not None and len(planned) == len(followed.waypoints_m)  # type: ignore[union-attr]
    leave_s = planned.leave_s
    stays = [step for step in plan.steps if not step.moves]
    assert sorted(leave_s[np.isfinite(leave_s)]) == sorted({s.end_s for s in stays})
    commanded = plan.model_copy(
        update={
            "steps": tuple(s if s.moves else s.model_copy(update={"mode": Mode.COMMAND}) for s in plan.steps)
        }
    )
    planned = stops_of(setting.control.follow(Given(file=FILE, traverse=commanded)))  # type: ignore[arg-type]
    assert planned is not None and np.isneginf(planned.leave_s).all()
    assert planned.commands.sum() == len({s.cell for s in stays})


def test_waypoints_are_driven_without_planning() -> None:
    setting = setting_of(NAME, SMALL)
    (east, north), goal = setting.scenario.start_m, setting.scenario.goal_m
    way = np.array([[east, north], [-5.0, 20.0], [-25.0, 5.0], goal])
    log = run_scenario(setting.scenario, given=Given(file=Path("way.geojson"), way_m=way))
    assert log.outcome == "arrived" and log.summary["planner"] == GIVEN
    assert np.allclose(log.planned_m, way)
    for place in way[1:-1]:
        away = np.hypot(log.telemetry["east_m"] - place[0], log.telemetry["north_m"] - place[1])
        assert away.min() < 0.1
    assert log.summary["plan"]["cost_s"] > 0 and log.replanned_m == []


def test_a_new_way_keeps_the_times_of_the_places_that_it_shares() -> None:
    setting = setting_of(NAME, SMALL)
    plan = waiting(traverse_of(NAME, SMALL), 7, 5 * HOUR_S)
    followed = setting.control.follow(Given(file=FILE, traverse=plan))
    assert isinstance(followed, Plan)
    uplink, belief = setting.control.uplink(followed, AStarPlanner())
    mind = executive.init(uplink, belief)
    held = np.flatnonzero(np.isfinite(mind.planned.leave_s) & (mind.planned.leave_s > 4 * HOUR_S))
    assert len(held) == 1
    place = mind.path_m[held[0]]
    through = np.array([[90.0, 90.0], place, [91.0, 90.0]])
    leave_s = mind.planned.on(mind.path_m, through).leave_s
    assert leave_s.tolist() == [-math.inf, mind.planned.leave_s[held[0]], -math.inf]


def bad(kind: str) -> Given:
    plan = traverse_of(NAME, SMALL)
    steps = plan.steps
    changed = {
        "another DEM": plan.model_copy(update={"dem": plan.dem.model_copy(update={"sha256": "0" * 64})}),
        "no step": plan.model_copy(update={"steps": ()}),
        "a jump": plan.model_copy(update={"steps": (*steps[:3], *steps[4:])}),
        "off the map": plan.model_copy(
            update={"steps": (*steps[:-1], steps[-1].model_copy(update={"to": (500, 2)}))}
        ),
        "another goal": plan.model_copy(update={"steps": steps[:-4]}),
    }
    ways = {
        "another start": np.array([[3.0, 0.0], [-30.0, 20.0]]),
        "a waypoint off the map": np.array([[0.0, 0.0], [900.0, 0.0], [-30.0, 20.0]]),
    }
    if kind in ways:
        return Given(file=Path("way.geojson"), way_m=ways[kind])
    return Given(file=FILE, traverse=changed[kind])


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("another DEM", "dem.sha256"),
        ("no step", "steps"),
        ("a jump", "steps.3.to"),
        ("off the map", "steps"),
        ("another goal", "waypoint"),
        ("another start", "waypoint 1"),
        ("a waypoint off the map", "waypoint 2"),
    ],
)
def test_what_cannot_be_followed_is_refused(kind: str, field: str) -> None:
    with pytest.raises(PlanFileError) as refused:
        run_scenario(setting_of(NAME, SMALL).scenario, given=bad(kind))
    problem = refused.value.problems[0]
    assert problem.field is not None and problem.field.startswith(field)
    assert problem.remedy and problem.file in ("plan.json", "way.geojson")
    assert math.isfinite(refused.value.exit_code)


COMMANDED = (*SMALL, "operations.mode=teleoperated")


@cache
def commanded_log(*more: str) -> RunLog:
    plan = traverse_of(NAME, COMMANDED)
    scenario = setting_of(NAME, (*COMMANDED, *more)).scenario
    return run_scenario(scenario, given=Given(file=FILE, traverse=plan))


def planned_commands(plan: PlanFile) -> list[tuple[float, float]]:
    places = [step.from_m for step in plan.steps if step.mode is Mode.COMMAND]
    return list(dict.fromkeys(places))


def test_commands_are_asked_for_where_the_plan_does() -> None:
    """By its own rule, 7 m to the centimetre, the rover would stop off the middles of cells."""
    plan, log = traverse_of(NAME, COMMANDED), commanded_log()
    places = planned_commands(plan)
    assert len(places) >= 4
    assert log.outcome == "arrived" and log.replanned_m == []
    assert len(log.stops_m) == len(places)
    assert np.hypot(*(log.stops_m - np.array(places)).T).max() < 0.06
    first = next(step for step in plan.steps if step.mode is Mode.COMMAND)
    stopped = next(e for e in zip(log.telemetry["time_s"], log.telemetry["mode"], strict=True)
                   if log.modes[int(e[1])] == "command")  # fmt: skip
    assert stopped[0] - 600.0 == pytest.approx(first.start_s, rel=0.05, abs=120.0)


def test_a_wait_after_commands_comes_after_them() -> None:
    plan = traverse_of(NAME, COMMANDED)
    last = max(i for i, step in enumerate(plan.steps) if step.mode is Mode.COMMAND)
    longer = waiting(plan, last + 1, 5 * HOUR_S)
    log = run_scenario(setting_of(NAME, COMMANDED).scenario, given=Given(file=FILE, traverse=longer))
    assert log.outcome == "arrived"
    place = plan.steps[last].from_m
    away = np.hypot(log.telemetry["east_m"] - place[0], log.telemetry["north_m"] - place[1])
    there = [log.modes[int(m)] for m in log.telemetry["mode"][away < 0.06]]
    order = [mode for k, mode in enumerate(there) if mode != "drive" and (k == 0 or there[k - 1] != mode)]
    assert order == ["command", "charge"]
    _, left = departure(log, place)
    leaves = plan.steps[last + 1].start_s + 5 * HOUR_S
    assert leaves - 1e-3 <= left <= leaves + 0.2 * HOUR_S


def test_a_detour_keeps_waits_and_commands() -> None:
    """A boulder on the way: the new path stops for commands abreast of the planned places, and waits as planned."""
    plan = traverse_of(NAME, COMMANDED)
    places = planned_commands(plan)
    drives = [step for step in plan.steps if step.moves]
    far = next(i for i, step in enumerate(drives) if math.dist(step.to_m, places[1]) < 1e-6)
    east, north = drives[far - 2].to_m  # before the second stop
    boulder = f"terrain.boulders=[{{east_m={east}, north_m={north}, diameter_m=1.0, height_m=0.6}}]"
    last = max(i for i, step in enumerate(plan.steps) if step.mode is Mode.COMMAND)
    longer = waiting(plan, last + 1, 5 * HOUR_S)
    settings = (*COMMANDED, boulder, "faults.observations_off=false")
    log = run_scenario(setting_of(NAME, settings).scenario, given=Given(file=FILE, traverse=longer))
    assert log.outcome == "arrived" and len(log.replanned_m) >= 1
    for place in places:
        assert np.hypot(*(log.stops_m - np.array(place)).T).min() < 4.0
    leaves = plan.steps[last + 1].start_s + 5 * HOUR_S
    assert log.telemetry["time_s"][-1] >= leaves
    waited = log.telemetry["time_s"] < leaves - 700.0
    late = log.telemetry["time_s"] > leaves - 4 * HOUR_S
    held = [log.modes[int(m)] for m in log.telemetry["mode"][waited & late]]
    assert held and set(held) <= {"charge", "command"}
