"""The mode machine, step by step: what it is shown, and what it commands."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.core.boundary import Command, Mode, Observation
from rover.core.errors import PlannerError
from rover.core.grid import Dem
from rover.hazard.detect import Hazard
from rover.onboard import executive
from rover.onboard.downlink import Orders, asks, take_up
from rover.onboard.driving import LOOK_EVERY_M
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.mapping import close_cell
from rover.onboard.path_watch import sampled
from rover.onboard.planned_stops import nothing_planned
from rover.onboard.uplink import Uplink
from rover.planning.astar import AStarPlanner
from rover.planning.problem import Claim, Plan, PlanningProblem
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare


@pytest.fixture(scope="module")
def setting() -> Setting:
    return prepare(load_scenario("first-drive", settings=["terrain.size_m=200", "goal_m=[-60, 60]"]))


@pytest.fixture
def begun(setting: Setting) -> tuple[ExecutiveState, Uplink]:
    plan = setting.control.plan(AStarPlanner())
    assert isinstance(plan, Plan)
    uplink, belief = setting.control.uplink(plan, AStarPlanner())
    return executive.init(uplink, belief), uplink


def seen(setting: Setting, utc_h: float = 0.0, **changes: object) -> Observation:
    """At the start, level, charged, in the light that an array on level ground would see."""
    from rover.limits.power import expected_array_w

    sun = setting.almanac.sun_at(utc_h * 3600)
    watts = float(expected_array_w(sun.elevation_rad, setting.vehicle, sun_distance_m=sun.distance_m))
    base = Observation(
        time_s=utc_h * 3600, east_m=0.0, north_m=0.0, yaw_rad=2.3, pitch_rad=0.0, roll_rad=0.0, soc=0.9,
        array_w=watts, stalled=False, heights=None,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def follow(
    state: ExecutiveState, setting: Setting, uplink: Uplink, metres: int
) -> tuple[ExecutiveState, Observation]:
    """Let it drive some metres on level ground, obeyed exactly."""
    view = seen(setting)
    for _ in range(metres):
        state, command = executive.step(state, view, uplink)
        assert command.mode is Mode.DRIVE, command
        view = obeyed(view, command)
    return state, view


def obeyed(view: Observation, command: Command) -> Observation:
    yaw = view.yaw_rad + command.turn_rad
    return replace(
        view,
        yaw_rad=yaw,
        east_m=view.east_m + command.drive_m * math.cos(yaw),
        north_m=view.north_m + command.drive_m * math.sin(yaw),
        time_s=view.time_s + command.duration_s + abs(command.drive_m) / 0.05,
    )


def planned(
    state: ExecutiveState, view: Observation, uplink: Uplink
) -> tuple[ExecutiveState, Observation, Command]:
    """Let it stand for as long as it plans, and return what it does then."""
    state, command = executive.step(state, view, uplink)
    assert command == Command(mode=Mode.PLAN, duration_s=executive.PLANNING_S)
    view = obeyed(replace(view, stalled=False), command)
    state, command = executive.step(state, view, uplink)
    return state, view, command


def test_it_drives_a_metre_at_a_time_and_stops_for_commands(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    state, uplink = begun
    driven, view = 0.0, seen(setting)
    while True:
        state, command = executive.step(state, view, uplink)
        if command.mode is not Mode.DRIVE:
            break
        assert 0 < command.drive_m <= LOOK_EVERY_M
        driven += command.drive_m
        view = obeyed(view, command)
    assert driven == pytest.approx(7.0)
    assert command == Command(mode=Mode.COMMAND, duration_s=600.0)
    assert state.hold_until_s == pytest.approx(view.time_s + 3 * 3600)


@pytest.mark.parametrize(
    ("hours", "soc", "mode"),
    [
        (0.0, 0.9, Mode.DRIVE),
        (0.0, 0.31, Mode.CHARGE),
        (60.0, 0.9, Mode.NAP),
        (216.0, 0.9, Mode.CHARGE),  # the cycle would run past the end of the driving window
        (220.0, 0.9, Mode.CHARGE),
        (230.0, 0.9, Mode.DORMANT),
        (400.0, 0.9, Mode.DORMANT),
    ],
)
def test_the_sun_and_the_battery_decide(
    setting: Setting, begun: tuple[ExecutiveState, Uplink], hours: float, soc: float, mode: Mode
) -> None:
    state, uplink = begun
    _, command = executive.step(state, seen(setting, hours, soc=soc), uplink)
    assert command.mode is mode


def test_it_wakes_in_the_morning_by_its_array_and_not_before(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    state, uplink = begun
    asleep = replace(state, mode=Mode.DORMANT)
    _, night = executive.step(asleep, seen(setting, 500.0), uplink)
    assert night.mode is Mode.DORMANT
    _, evening = executive.step(asleep, seen(setting, 225.0, array_w=30.0), uplink)
    assert evening.mode is Mode.DORMANT, "an evening Sun wakes nobody"
    _, dim = executive.step(asleep, seen(setting, 621.5, array_w=16.0), uplink)
    assert dim.mode is Mode.DORMANT
    woken, morning = executive.step(asleep, seen(setting, 621.5, array_w=16.5), uplink)
    assert morning.mode is not Mode.DORMANT
    assert woken.mode is not Mode.DORMANT


def test_an_owed_cycle_waits_for_charge_and_for_the_window(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    owing = replace(begun[0], owes_cycle=True)
    assert executive.step(owing, seen(setting), begun[1])[1].mode is Mode.COMMAND
    assert executive.step(owing, seen(setting, soc=0.4, array_w=5.0), begun[1])[1].mode is Mode.CHARGE
    assert executive.step(owing, seen(setting, 60.0), begun[1])[1].mode is Mode.NAP


def test_a_cycle_that_drains_the_battery_is_broken_off_and_owed(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    state, uplink = begun
    busy = replace(state, mode=Mode.COMMAND, hold_until_s=3 * 3600.0)
    state, command = executive.step(busy, seen(setting, 1.0, soc=0.6, array_w=0.0), uplink)
    assert command.mode is Mode.COMMAND
    state, command = executive.step(busy, seen(setting, 1.0, soc=0.33, array_w=0.0), uplink)
    assert command.mode is not Mode.COMMAND
    assert state.owes_cycle


def test_towards_evening_it_sleeps_when_waking_costs_more_than_the_array_gives(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    state, uplink = begun
    waiting = replace(state, mode=Mode.CHARGE, hold_until_s=9e9)
    assert executive.step(waiting, seen(setting, 219.5, array_w=15.0), uplink)[1].mode is Mode.CHARGE
    assert executive.step(waiting, seen(setting, 219.5, array_w=13.0), uplink)[1].mode is Mode.DORMANT


def test_after_a_stall_it_backs_out_before_it_turns(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    state, view = follow(begun[0], setting, begun[1], 3)
    state, view, command = planned(state, replace(view, stalled=True), begun[1])
    assert command.drive_m < 0
    assert abs(math.degrees(command.turn_rad)) < 1, "not turned round in place"
    assert state.replans == 1
    ahead_m = 0.9
    east = view.east_m + ahead_m * math.cos(view.yaw_rad)
    north = view.north_m + ahead_m * math.sin(view.yaw_rad)
    cell = state.belief.costmap.geometry.cell_at(east, north)
    assert cell is not None
    assert math.isinf(state.belief.costmap.cost_s_per_m[cell])


def test_what_it_backs_out_over_is_not_closed_by_what_was_seen_since(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    """Else it would turn back on its own track at each look, and never get away."""
    state, view = follow(begun[0], setting, begun[1], 3)
    geometry, track = state.belief.costmap.geometry, (*state.track_m, (view.east_m, view.north_m))
    ends = {geometry.cell_at(*place) for place in (track[0], track[-1])}
    belief = state.belief
    for place in sampled(np.array(track), 0.05).tolist():
        if geometry.cell_at(*place) not in ends:
            belief = close_cell(belief, *place, Hazard.TILT)
    flat = Dem(
        geometry=replace(geometry, rows=4, cols=4),
        elevation_m=np.zeros((4, 4), np.float32),
        datum_m=0.0,
        source="flat",
    )
    path = np.array([track[0], (0.5, -0.5)])
    backing = replace(
        state,
        belief=belief,
        path_m=path,
        planned=nothing_planned(2),
        track_m=(track[0], track[-1]),
        backing=1,
    )
    after, command = executive.step(backing, replace(view, heights=flat), begun[1])
    assert after.must_replan is None and after.replans == 0 and command.drive_m < 0
    ahead = replace(backing, backing=0), replace(view, heights=flat)
    alone, _ = executive.step(*ahead, autonomous(begun[1]))
    assert alone.replans == 1, "driven ahead over what is closed"
    told, command = executive.step(*ahead, begun[1])
    assert told.replans == 0 and told.refused is not None and command.mode is Mode.COMMAND


def autonomous(uplink: Uplink) -> Uplink:
    operations = replace(uplink.forecaster.operations, command_cycle_s=0.0)
    return replace(uplink, forecaster=replace(uplink.forecaster, operations=operations))


def test_a_cycle_that_is_over_without_orders_is_begun_again(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    state, view = follow(begun[0], setting, begun[1], 3)
    asking, command = executive.step(asks(state), replace(view, heights=None), begun[1])
    assert command.mode is Mode.COMMAND and asking.asked_s == view.time_s
    later = replace(view, heights=None, time_s=asking.hold_until_s)
    again, command = executive.step(asking, later, begun[1])
    assert command.mode is Mode.COMMAND and again.asked_s == later.time_s
    orders = Orders(path_m=state.path_m, planned=state.planned)
    _, command = executive.step(take_up(asking, orders), later, begun[1])
    assert command.mode is Mode.DRIVE
    stopped, command = executive.step(take_up(asking, replace(orders, stop="no way")), later, begun[1])
    assert command.mode is Mode.SAFE and stopped.finished == "no way"


def test_a_tilt_beyond_the_limit_closes_the_cell_and_one_on_the_way_out_does_not(
    setting: Setting, begun: tuple[ExecutiveState, Uplink]
) -> None:
    state, view = follow(begun[0], setting, begun[1], 3)
    steep = replace(view, roll_rad=math.radians(16))
    state, steep, command = planned(state, steep, begun[1])
    assert state.replans == 1
    assert "roll 16.0 deg" in state.replanned_for
    assert command.drive_m < 0
    after = replace(obeyed(steep, command), roll_rad=math.radians(16.5))
    out, _ = executive.step(state, after, begun[1])
    assert out.replans == 1, "on its way out"
    worse = replace(after, roll_rad=math.radians(19))
    again, _ = executive.step(state, worse, begun[1])
    assert again.replans == 2, "not into what is steeper yet"


def test_at_the_goal_it_finishes(setting: Setting, begun: tuple[ExecutiveState, Uplink]) -> None:
    state, uplink = begun
    state, command = executive.step(state, seen(setting, east_m=-60.0, north_m=60.0), uplink)
    assert state.arrived
    assert command.mode is Mode.IDLE


def test_a_path_that_ends_early_is_planned_on(setting: Setting, begun: tuple[ExecutiveState, Uplink]) -> None:
    state, uplink = begun
    short = replace(state, path_m=np.array([[0.0, 0.0]]))
    state, _, command = planned(short, seen(setting), uplink)
    assert state.replans == 1
    assert command.drive_m > 0
    assert state.path_m[-1].tolist() == [-60.0, 60.0]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ([[0.0, 0.0], [-5.0, 5.0]], "does not end at the goal"),
        ([[3.0, 0.0], [-60.0, 60.0]], "does not begin at the start"),
        ([[0.0, 0.0], [0.0, 9e5], [-60.0, 60.0]], "leaves the map"),
        ([[0.0, 0.0], [math.nan, 0.0], [-60.0, 60.0]], "not finite"),
        (None, "neither Plan nor NoPlan"),
        (ZeroDivisionError("oops"), "raised ZeroDivisionError: oops"),
    ],
)
def test_planners_are_held_to_their_contract(setting: Setting, path: object, says: str) -> None:
    class Broken:
        name = "broken"
        claims: frozenset[Claim] = frozenset()

        def plan(self, problem: PlanningProblem) -> object:
            if isinstance(path, Exception):
                raise path
            if path is None:
                return None
            places = np.array(path)
            cells = np.zeros((len(places), 2), int)
            return Plan(planner="broken", cells=cells, waypoints_m=places, cost_s=1.0, expanded=0)

    with pytest.raises(PlannerError, match=says):
        setting.control.plan(Broken())  # type: ignore[arg-type]


def test_a_glance_decides_nothing_and_a_correction_moves_what_was_stood_at(
    begun: tuple[ExecutiveState, Uplink], setting: Setting
) -> None:
    state, view = follow(begun[0], setting, begun[1], 3)
    assert executive.glance(state, view).track_m == state.track_m
    after = executive.glance(state, replace(view, corrected_m=(0.5, -0.25)))
    moved = np.array(after.track_m) - np.array(state.track_m)
    np.testing.assert_allclose(moved, np.tile((0.5, -0.25), (len(moved), 1)))
    assert after.watch.place_m == (view.east_m, view.north_m)
    assert after.path_m is state.path_m and after.mode is state.mode and after.hop_left_m == state.hop_left_m
    decided, _ = executive.step(state, replace(view, corrected_m=(0.5, -0.25)), begun[1])
    assert decided.track_m[: len(moved)] == after.track_m
