"""What holds of the executive whatever is sensed: it is one mode machine, pure, and needs no link to respond."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rover.core.boundary import Command, DriveReading, Mode, Observation
from rover.limits.thermal import Phase
from rover.onboard import executive
from rover.onboard.arc_driver import LocalState
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.fault_state import RowState
from rover.onboard.fault_table import BY_NAME, TABLE, After, FaultRow
from rover.onboard.fault_watch import _timed
from rover.onboard.modes import MAY_FOLLOW, may_follow
from rover.onboard.uplink import Uplink
from sim.run.setting import Setting
from tests.frozen import frozen
from tests.rover.onboard.obeying import DRIVES, STIMULI, Rover, long_way, rover_at


@pytest.fixture(scope="module")
def setting() -> Setting:
    return long_way()


def test_the_mode_machine_keeps_to_what_may_follow(setting: Setting) -> None:
    for row in TABLE:
        rover = rover_at(setting, row)
        rover.on = True
        for k in range(24):
            rover.on = k < 12
            rover.step()
        for before, after in zip(rover.modes, rover.modes[1:], strict=False):
            assert may_follow(after, before), (row.name, before, after)
    assert set(MAY_FOLLOW) == set(Mode)
    assert not may_follow(Mode.DRIVE, Mode.SAFE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_step_hangs_on_what_it_is_given_alone_and_changes_none_of_it(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, row: FaultRow
) -> None:
    step, count = executive.step, 0

    def twice(state: ExecutiveState, seen: Observation, uplink: Uplink) -> object:
        nonlocal count
        before = frozen((state, seen, uplink))
        first, again = step(state, seen, uplink), step(state, seen, uplink)
        assert frozen(first) == frozen(again)
        assert frozen((state, seen, uplink)) == before
        count += 1
        return first

    monkeypatch.setattr(executive, "step", twice)
    rover = rover_at(setting, row)
    rover.on = True
    for _ in range(4):
        rover.step()
    assert count >= 10


def out_of_link(stimulus: Callable[[Observation, Rover], Observation]) -> Callable[..., Observation]:
    """The same stimulus on a rover whose relay has never been heard of."""
    return lambda seen, rover: replace(stimulus(seen, rover), out_of_link_s=600.0)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_no_response_needs_the_link(setting: Setting, row: FaultRow) -> None:
    """Autonomous, a rover without any link does at each step what one does that is always in touch."""
    rovers = [rover_at(setting, row) for _ in range(2)]
    rovers[1].amiss = out_of_link(rovers[1].amiss)
    for rover in rovers:
        operations = replace(rover.sound.forecaster.operations, command_cycle_s=0.0)
        rover.sound = replace(rover.sound, forecaster=replace(rover.sound.forecaster, operations=operations))
        rover.on = True
        rover.responses.clear()
        rover.modes.clear()
        for _ in range(20):
            rover.step()
    one, other = rovers
    assert one.modes == other.modes and one.responses == other.responses
    assert (one.state.finished, one.view.time_s) == (other.state.finished, other.view.time_s)
    if row.name not in ("relay away", "array weak"):  # which show where it stands, as none does here
        assert any(row.name in names for _, names in other.responses)
    assert row.after is After.SAFE or row.longest_s < math.inf


def shaken(
    number: int, generator: np.random.Generator
) -> tuple[Callable[..., Observation], Callable[..., DriveReading]]:
    """Return what is amiss in one step: some rows' stimuli at once, and figures that no sense should give."""
    names = list(STIMULI)
    chosen = [STIMULI[names[k]] for k in generator.integers(len(names), size=generator.integers(1, 4))]
    odd: list[dict[str, object]] = [
        {"soc": 0.0}, {"soc": 1.0}, {"soc": math.nan}, {"array_w": 0.0}, {"array_w": math.nan},
        {"array_w": 500.0}, {"body_k": 400.0}, {"body_k": 3.0}, {"pitch_rad": 0.7}, {"roll_rad": -0.7},
        {"stalled": True, "halted": True}, {"boots": 9}, {"sun_direction": None}, {"inertial": None},
        {"odometry": None}, {"heights": None}, {"place_sigma_m": 4.9}, {"uncertain": True},
        {"sun_direction": (0.0, 0.0, 1.0)}, {"out_of_link_s": 1e5}, {"corrected_m": (0.3, -0.2)},
    ]  # fmt: skip
    changes = odd[int(generator.integers(len(odd)))] if generator.random() < 0.5 else {}
    drives = list(DRIVES.values())[int(generator.integers(len(DRIVES)))]

    def amiss(seen: Observation, rover: Rover) -> Observation:
        for stimulus in chosen:
            seen = stimulus(seen, rover)
        return replace(seen, **changes)  # type: ignore[arg-type]

    return amiss, drives


@pytest.mark.parametrize("seed", [1, 2, 3, pytest.param(4, marks=pytest.mark.slow)])
def test_whatever_is_sensed_it_stays_a_machine(setting: Setting, seed: int) -> None:
    """Faults come and go at random, several at a time; now and then the ground clears what is latched."""
    generator = np.random.default_rng(seed)
    rover = rover_at(setting, BY_NAME["blocked"])
    rover.modes.clear()
    latched = 0
    for number in range(300):
        if rover.on or generator.random() < 0.3:
            rover.amiss, rover.drives = shaken(number, generator)
            rover.on = not rover.on
        if rover.state.watch.latched is not None and generator.random() < 0.1:
            rover.state = executive.clear(rover.state)
            assert rover.state.mode is Mode.IDLE and rover.state.watch.latched is None
        before = rover.state
        if generator.random() < 0.2:  # hours later: noon, evening and night come too
            rover.view = replace(rover.view, time_s=rover.view.time_s + 3600.0 * generator.exponential(8.0))
        at_s = rover.view.time_s
        command = rover.step()
        state = rover.state
        assert command.mode is state.mode and may_follow(command.mode, before.mode)
        moves = bool(command.drive_m or command.turn_rad)
        assert not moves or command.mode is Mode.DRIVE
        if state.watch.latched is not None:
            latched += 1
            assert state.finished and command.mode in (Mode.SAFE, Mode.DORMANT, Mode.NAP)
        if moves:
            assert rover.uplink.forecaster.window.phase_at(at_s) is Phase.DRIVE
        assert command.duration_s >= 0.0 and math.isfinite(command.duration_s)
    assert latched > 5
    assert len(set(rover.modes)) >= 5


@pytest.mark.parametrize("before_s", [1.0, 20.0])
def test_no_motion_is_begun_that_would_run_into_the_nap(setting: Setting, before_s: float) -> None:
    """Commands that were begun in time may take longer than thought: the rest of them waits for the afternoon."""
    rover = rover_at(setting, BY_NAME["blocked"])
    assert rover.command.mode is Mode.DRIVE and rover.state.hop_left_m > 2.0
    window = rover.sound.forecaster.window
    nap_s = window.next_change(rover.view.time_s)
    assert window.phase_at(nap_s + 1.0) is Phase.NAP
    left_m = rover.state.hop_left_m
    rover.view = replace(rover.view, time_s=nap_s - before_s)
    rover.modes.clear()
    rover.step()
    rover.until(lambda: rover.command.mode is Mode.DRIVE, 1000)
    assert window.phase_at(rover.view.time_s) is Phase.DRIVE and rover.view.time_s > nap_s + 3600.0
    assert set(rover.modes) == {Mode.CHARGE, Mode.NAP, Mode.DRIVE}
    assert rover.state.hop_left_m == pytest.approx(left_m - abs(rover.command.drive_m)), (
        "no commands are lost"
    )


def test_commands_that_heat_breaks_off_are_asked_for_again(setting: Setting) -> None:
    rover = rover_at(setting, BY_NAME["too warm"])
    rover.until(lambda: rover.command.mode is Mode.COMMAND)
    rover.on = True
    rover.step()
    assert rover.command.mode is Mode.NAP and rover.state.owes_cycle
    rover.on = False
    rover.modes.clear()
    rover.until(lambda: rover.command.mode is Mode.DRIVE, 200)
    assert rover.modes.count(Mode.COMMAND) > 10, "the whole of them"


@pytest.mark.parametrize(
    ("asleep", "hour", "mode"),
    [
        (False, 150.0, Mode.SAFE),  # by day it stays awake
        (True, 150.0, Mode.DORMANT),  # asleep it stays so, since an afternoon's Sun wakes nobody
        (True, 621.5, Mode.SAFE),  # the morning does
        (False, 300.0, Mode.DORMANT),  # by night it sleeps
    ],
)
def test_what_has_gone_safe_sleeps_and_wakes_by_itself(
    setting: Setting, asleep: bool, hour: float, mode: Mode
) -> None:
    rover = rover_at(setting, BY_NAME["place lost"])
    rover.on = True
    rover.until(lambda: rover.state.finished is not None, 20)
    rover.on = False
    rover.state = replace(rover.state, mode=Mode.DORMANT if asleep else Mode.SAFE)
    rover.command = Command(mode=rover.state.mode)
    rover.view = replace(rover.view, time_s=hour * 3600.0)
    assert rover.step().mode is mode


def test_after_a_wait_an_array_that_sees_the_sun_keeps_it_awake(setting: Setting) -> None:
    """On a slope towards the morning it has light while a level array would sleep on."""
    rover = rover_at(setting, BY_NAME["blocked"])
    window, almanac = rover.sound.forecaster.window, rover.sound.forecaster.window.almanac
    dawn_s = next(t for t in np.arange(400.0, 700.0, 0.25) * 3600.0 if almanac.sun_at(t).elevation_rad > 0.05)
    assert window.phase_at(dawn_s) is Phase.NIGHT and almanac.sun_at(dawn_s).rising
    state = replace(rover.state, waited=True, mode=Mode.CHARGE)
    bright = replace(rover.lit(replace(rover.view, time_s=dawn_s)), array_w=60.0, heights=None)
    assert executive.step(state, bright, rover.sound)[1].mode is Mode.CHARGE
    assert executive.step(state, replace(bright, array_w=5.0), rover.sound)[1].mode is Mode.DORMANT


def test_where_wheels_met_what_they_cannot_pass_no_arc_is_laid_again(setting: Setting) -> None:
    rover = rover_at(setting, BY_NAME["blocked"])
    state = replace(rover.state, local=LocalState())
    stalled = replace(rover.view, stalled=True, heights=None, east_m=3.0, north_m=-2.0, yaw_rad=2.0)
    after, _ = executive.step(state, stalled, rover.sound)
    assert after.local is not None
    (east, north, yaw), *others = after.local.refused
    assert (east, north, yaw) == pytest.approx((3.0 + 0.2 * math.cos(2.0), -2.0 + 0.2 * math.sin(2.0), 2.0))
    assert len(others) == 7


@pytest.mark.parametrize("late_s", [-1.0, 1.0])
def test_beyond_the_almanac_it_goes_safe(setting: Setting, late_s: float) -> None:
    """Past its end, or before its beginning, there is no Sun to hold anything against."""
    rover = rover_at(setting, BY_NAME["blocked"])
    time_s = rover.sound.forecaster.window.almanac.time_s
    state = replace(rover.state, watch=replace(rover.state.watch, time_s=math.nan))
    at_s = float(time_s[-1]) + late_s if late_s > 0 else float(time_s[0]) + late_s
    after, command = executive.step(state, replace(rover.view, time_s=at_s), rover.sound)
    assert after.watch.latched == "clock wrong" and command.mode in (Mode.SAFE, Mode.DORMANT)


@pytest.mark.parametrize(("pause_h", "fresh"), [(1.0, False), (25.0, True)])
def test_what_shows_again_after_a_day_is_another_fault(pause_h: float, fresh: bool) -> None:
    """Its time counts anew, or faults of a moment, days apart, would add up to one that lasted its longest."""
    row, begun = BY_NAME["stereo blind"], RowState(count=1, since_s=0.0, last_s=0.0)
    since, latches = _timed(row, begun, 3600.0 * pause_h)
    assert since.since_s == (3600.0 * pause_h if fresh else 0.0) and not latches
    assert _timed(row, replace(begun, last_s=row.longest_s), row.longest_s)[1], "without a pause it is over"
