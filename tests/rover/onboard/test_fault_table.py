"""Each row of the fault table put to its test: a stimulus on a rover that obeys exactly, through the executive alone.

The tests are made from the table: when the response comes, what it is, when it ends, and what follows when it does not.
"""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rover.core.boundary import Mode, StereoPoints
from rover.onboard import executive
from rover.onboard.detection import depths_of
from rover.onboard.fault_state import RowState, Sight
from rover.onboard.fault_table import BY_NAME, DAY_S, RECOVERY_S, TABLE, Action, After, FaultRow
from sim.run.setting import Setting
from tests.rover.onboard.obeying import AT_H, DRIVES, STEP_M, STIMULI, Rover, long_way, rover_at


@pytest.fixture(scope="module")
def setting() -> Setting:
    return long_way()


DOES: dict[Action, Callable[[Rover], bool]] = {
    Action.STAND: lambda r: r.command.mode is Mode.CHARGE and r.state.hop_left_m == 0.0,
    Action.BACK_OUT: lambda r: r.command.mode is Mode.PLAN and r.state.replans > 0,
    Action.SHED: lambda r: r.command.mode not in (Mode.COMMAND, Mode.SAFE),
    Action.SLEEP: lambda r: r.command.mode is Mode.DORMANT,
    Action.COOL: lambda r: r.command.mode is Mode.NAP,
    Action.BEGIN_ANEW: lambda r: r.command.mode is Mode.PLAN and r.state.replans > 0,
    Action.WAIT: lambda r: r.command.mode is Mode.COMMAND,
    Action.NOTE: lambda r: r.command.mode not in (Mode.SAFE, Mode.PLAN),
    Action.SAFE: lambda r: r.command.mode is Mode.SAFE and r.state.watch.latched is not None,
}
"""What shows that an action was taken, in the step that takes it."""


def test_every_row_has_a_stimulus_and_every_stimulus_a_row() -> None:
    assert sorted(row.test for row in TABLE) == sorted([*STIMULI, *DRIVES])
    assert len(BY_NAME) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_it_is_found_after_its_persistence_and_its_action_taken(setting: Setting, row: FaultRow) -> None:
    rover = rover_at(setting, row)
    rover.on = True
    if row.while_driving:
        before = rover.view
        rover.until(lambda: bool(rover.responses), 4)
        # The motion was ended after so many small steps.
        way = math.dist((before.east_m, before.north_m), (rover.view.east_m, rover.view.north_m))
        assert way == pytest.approx(row.persistence * STEP_M)
    else:
        shown = 0
        for _ in range(row.persistence + 40):
            rover.step()
            if rover.state.watch.row(row.name).active:
                break
            shown = rover.state.watch.row(row.name).count
        assert shown == row.persistence - 1, "found too early or not at all"
    assert row.name in rover.responses[-1][1]
    assert DOES[row.action](rover), rover.command
    assert row.latched == (rover.state.watch.latched == row.name)


@pytest.mark.parametrize("row", [row for row in TABLE if not row.latched], ids=lambda row: row.name)
def test_it_ends_when_its_trigger_is_gone(setting: Setting, row: FaultRow) -> None:
    rover = rover_at(setting, row)
    rover.on = True
    rover.until(lambda: any(row.name in names for _, names in rover.responses), 40)
    rover.on = False
    begun = rover.view.time_s
    rover.until(lambda: not rover.state.watch.row(row.name).active, 4000)
    assert rover.state.watch.latched is None and rover.state.finished is None
    if row.test not in AT_H:
        rover.until(lambda: rover.command.mode is Mode.DRIVE and abs(rover.command.drive_m) > 0, 200)
    if row.action is Action.STAND:
        assert rover.view.time_s - begun >= RECOVERY_S - 60.0


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, marks=pytest.mark.slow if row.longest_s > DAY_S else ())
        for row in TABLE
        if not row.latched and row.name != "computer reset"
    ],
    ids=lambda row: row.name,
)
def test_it_lasts_its_longest_and_then_goes_on_with_it_or_is_latched(setting: Setting, row: FaultRow) -> None:
    rover = rover_at(setting, row)
    rover.on = True
    rover.until(lambda: any(row.name in names for _, names in rover.responses), 40)
    begun = rover.responses[-1][0]

    def over() -> bool:
        return rover.state.watch.row(row.name).masked or rover.state.finished is not None

    rover.until(over, 8000)
    last = [at for at, names in rover.responses if row.name in names][-1]
    assert last - begun <= row.longest_s + 1e-6 or rover.state.watch.latched == row.name
    if row.after is After.GO_ON:
        assert rover.state.watch.row(row.name).masked and rover.state.finished is None
    else:
        assert rover.state.watch.latched == row.name or "no way" in (rover.state.finished or "")
        if rover.state.watch.latched:
            assert rover.view.time_s - begun >= row.longest_s - 1.0


@pytest.mark.parametrize("row", [row for row in TABLE if row.latched], ids=lambda row: row.name)
def test_what_is_latched_stands_still_until_the_ground_clears_it(setting: Setting, row: FaultRow) -> None:
    rover = rover_at(setting, row)
    rover.on = True
    rover.until(lambda: rover.state.finished is not None, 20)
    rover.on = False
    for _ in range(50):
        rover.step()
        assert rover.command.mode in (Mode.SAFE, Mode.DORMANT, Mode.NAP)
    assert rover.state.finished == f"{row.name}: {row.trigger}"
    rover.state = executive.clear(rover.state)
    rover.until(lambda: rover.command.mode is Mode.DRIVE, 50)
    assert rover.state.finished is None


def test_the_ground_clears_what_is_latched_and_leaves_the_rest(setting: Setting) -> None:
    rover = rover_at(setting, BY_NAME["place lost"])
    assert executive.clear(rover.state) is rover.state, "nothing is latched"
    rover.on = True
    rover.until(lambda: rover.state.finished is not None, 20)
    masked = ("wheel held", RowState(masked=True, count=4))
    watch = rover.state.watch
    before = replace(rover.state, watch=replace(watch, rows=(*watch.rows, masked)), hop_left_m=3.0)
    after = executive.clear(replace(before, hold_until_s=1e9, owes_cycle=True))
    assert after.watch.rows == (masked,) and after.watch.latched is None
    assert after.watch.boots == watch.boots and after.watch.anchor is watch.anchor
    assert after.path_m is before.path_m and after.belief is before.belief and after.track_m == before.track_m
    assert (after.hop_left_m, after.owes_cycle, after.looks_first) == (0.0, False, True)
    assert after.hold_until_s < rover.view.time_s and after.finished is None


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_without_protection_nothing_is_done(setting: Setting, row: FaultRow) -> None:
    rover = rover_at(setting, row, protected=False)
    rover.on = row.name != "clock wrong"
    for _ in range(12):
        rover.step()
    assert not rover.responses and rover.state.watch.latched is None


@pytest.mark.parametrize(("count", "masked", "answer"), [(0, False, True), (1, False, None), (3, True, True)])
def test_ground_is_not_blamed_for_a_wheel_that_is_held(
    setting: Setting, count: int, masked: bool, answer: bool | None
) -> None:
    """One reading of it is too few to stand for; with a wheel that is driven with as it is, ground counts again."""
    rover = rover_at(setting, BY_NAME["blocked"])
    watch = replace(rover.state.watch, rows=(("wheel held", RowState(count=count, masked=masked)),))
    seen = replace(rover.view, stalled=True)
    sight = Sight(seen=seen, mode=Mode.DRIVE, uplink=rover.uplink, watch=watch)
    assert BY_NAME["blocked"].detect(sight) is answer


def test_a_look_all_round_does_not_make_the_next_one_blind(setting: Setting) -> None:
    def pair(camera: str, count: int) -> StereoPoints:
        return StereoPoints(
            camera=camera,
            points_m=np.ones((count, 3), np.float32),
            sigma_m=np.ones(count, np.float32),
            eye_m=(0.0, 0.0, 1.0),
        )

    ahead = (pair("hazcam", 300), pair("navcam", 700))
    rover = rover_at(setting, BY_NAME["stereo blind"])
    seen = replace(rover.view, stereo=(*ahead, *(pair("navcam turned", 700),) * 10))
    assert depths_of(seen) == depths_of(replace(seen, stereo=ahead)) == (300, 700)
    assert depths_of(replace(seen, stereo=ahead[:1])) == (300, 0)


@pytest.mark.parametrize(
    ("points", "blind"),
    [((300, 700), False), ((230, 170), False), ((140, 340), True), ((0, 700), True), ((300, 0), True)],
)
def test_it_is_blind_by_all_pairs_or_by_one_that_gives_nothing(
    setting: Setting, points: tuple[int, int], blind: bool
) -> None:
    """Towards the Sun or over a crest the mast's pair alone gives a quarter of what it gave."""
    rover = rover_at(setting, BY_NAME["stereo blind"])
    watch = replace(rover.state.watch, looks=((300, 700),) * 4)
    pairs = tuple(
        StereoPoints(camera=name, points_m=np.ones((count, 3)), sigma_m=np.ones(count), eye_m=(0.0, 0.0, 1.0))
        for name, count in zip(("hazcam", "navcam"), points, strict=True)
    )
    sight = Sight(seen=replace(rover.view, stereo=pairs), mode=Mode.DRIVE, uplink=rover.uplink, watch=watch)
    assert BY_NAME["stereo blind"].detect(sight) is blind


def test_the_page_is_written_from_the_table() -> None:
    script = Path(__file__).parents[3] / "docs" / "make_fault_table.py"
    made = runpy.run_path(str(script))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run docs/make_fault_table.py"
