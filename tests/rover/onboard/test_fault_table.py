"""Each row of the fault table put to its test: a stimulus on a rover that obeys exactly, through the executive alone.

The tests are made from the table: when the response comes, what it is, when it ends, and what follows when it does not.
"""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from rover.core.boundary import Command, DriveReading, Inertial, Mode, Observation, Odometry, StereoPoints
from rover.core.grid import Dem
from rover.core.zones import ZoneKind, zone_from_corners
from rover.limits.mobility import ZoneLimit
from rover.limits.power import expected_array_w
from rover.limits.thermal import SunWindow
from rover.onboard import executive
from rover.onboard.detection import depths_of
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.fault_state import RowState, Sight
from rover.onboard.fault_table import BY_NAME, DAY_S, RECOVERY_S, TABLE, Action, After, FaultRow
from rover.onboard.mapping import BeliefState
from rover.onboard.modes import MAY_FOLLOW, may_follow
from rover.onboard.rotations import rotation_from_angles
from rover.onboard.uplink import Uplink
from rover.planning.astar import AStarPlanner
from rover.planning.forecast import Forecaster
from rover.planning.problem import Plan
from sim.mission.stale import stale_almanac
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare

SPEED_M_S, STEP_M = 0.05, 0.1

SOUND = DriveReading(told_m_s=(0.05,) * 6, rim_m_s=(0.05,) * 6, motor_w=(2.0,) * 6)


@pytest.fixture(scope="module")
def setting() -> Setting:
    """A long way over level ground, with commands for each 500 m."""
    ask = ["terrain.size_m=400", "goal_m=[-120, 120]", "operations.stop_every_m=20"]
    return prepare(load_scenario("first-drive", settings=ask))


@dataclass
class Rover:
    """A body that obeys, and the executive on it.

    Attributes:
        amiss: Changes what is sensed, by the row's stimulus, while `on`.
        modes: Of each command.
        responses: (time, names) of rows that responded.
    """

    setting: Setting
    uplink: Uplink
    sound: Uplink
    state: ExecutiveState
    view: Observation
    amiss: Callable[[Observation, Rover], Observation]
    drives: Callable[[DriveReading], DriveReading]
    on: bool = False
    command: Command = field(default_factory=lambda: Command(mode=Mode.IDLE))
    modes: list[Mode] = field(default_factory=list)
    responses: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)

    def sensed(self) -> Observation:
        view, self.uplink = self.lit(self.view), self.sound
        return self.amiss(view, self) if self.on else view

    def lit(self, view: Observation) -> Observation:
        """Put in what Sun, array and cameras give on level ground."""
        sun = self.setting.almanac.sun_at(view.time_s)
        watts = float(
            expected_array_w(sun.elevation_rad, self.setting.vehicle, sun_distance_m=sun.distance_m)
        )
        level = math.cos(sun.elevation_rad)
        there = np.array(
            [
                level * math.sin(sun.azimuth_rad),
                level * math.cos(sun.azimuth_rad),
                math.sin(sun.elevation_rad),
            ]
        )
        direction = rotation_from_angles(view.yaw_rad, view.pitch_rad, view.roll_rad).T @ there
        seen = tuple(direction.tolist()) if sun.elevation_rad > 0 else None
        return replace(
            view,
            array_w=watts,
            sun_direction=seen,
            heights=self._ground() if self.command.mode is Mode.DRIVE else None,
            folded=self.command.mode is Mode.DORMANT,
        )

    def _ground(self) -> Dem:
        dem, (row, col) = self.setting.dem, self._cell()
        geometry = replace(
            dem.geometry,
            rows=6,
            cols=6,
            east_m=dem.geometry.east_m + (col - 3) * dem.geometry.resolution_m,
            north_m=dem.geometry.north_m + (row - 3) * dem.geometry.resolution_m,
        )
        return Dem(
            geometry=geometry, elevation_m=np.zeros((6, 6), np.float32), datum_m=dem.datum_m, source="plane"
        )

    def _cell(self) -> tuple[int, int]:
        cell = self.setting.dem.geometry.cell_at(self.view.east_m, self.view.north_m)
        assert cell is not None
        return cell

    def step(self) -> Command:
        """Let it decide and obey once."""
        seen = self.sensed()
        before = self.state
        self.state, self.command = executive.step(before, seen, self.uplink)
        self.modes.append(self.command.mode)
        if self.state.watch.found:
            self.responses.append((seen.time_s, self.state.watch.found))
        self.view = self._obeyed(seen)
        return self.command

    def _obeyed(self, seen: Observation) -> Observation:
        command, rolled = self.command, 0.0
        halted = False
        yaw = seen.yaw_rad + command.turn_rad
        while rolled < abs(command.drive_m) - 1e-9 and not halted:
            rolled = min(abs(command.drive_m), rolled + STEP_M)
            reading = self.drives(SOUND) if self.on else SOUND
            self.state, halted = executive.watch_drives(self.state, reading, self.uplink)
        way = math.copysign(rolled, command.drive_m)
        elapsed = command.duration_s + rolled / SPEED_M_S
        return replace(
            seen,
            yaw_rad=yaw,
            east_m=seen.east_m + way * math.cos(yaw),
            north_m=seen.north_m + way * math.sin(yaw),
            pitch_rad=0.0,
            roll_rad=0.0,
            soc=0.9,
            body_k=300.0,
            place_sigma_m=0.1,
            stalled=False,
            time_s=seen.time_s + elapsed,
            halted=halted,
            out_of_link_s=0.0,
            odometry=Odometry(forward_m=way, turn_rad=command.turn_rad),
            inertial=Inertial(
                turned_rad=(0.0, 0.0, command.turn_rad), felt_m_s2=(0.0, 0.0, 1.62), elapsed_s=elapsed
            ),
        )

    def until(self, done: Callable[[], bool], most: int = 20_000) -> None:
        """Go on until something is so."""
        for _ in range(most):
            if done():
                return
            self.step()
        raise AssertionError(f"not so after {most} commands")


Stimulus = Callable[[Observation, Rover], Observation]


def _turned(seen: Observation, rover: Rover) -> Observation:
    assert seen.inertial is not None
    drift = math.radians(60.0) / 3600.0 * seen.inertial.elapsed_s if rover.command.mode is Mode.DRIVE else 0.0
    x, y, z = seen.inertial.turned_rad
    return replace(seen, inertial=replace(seen.inertial, turned_rad=(x, y, z + drift)))


@lru_cache(maxsize=1)
def _stale(forecaster: Forecaster) -> Forecaster:
    almanac = stale_almanac(forecaster.window.almanac, late_s=16 * 3600.0)
    return replace(forecaster, window=SunWindow(almanac, forecaster.window.params))


def _late(seen: Observation, rover: Rover) -> Observation:
    """The almanac on board has the Sun where it was sixteen hours ago."""
    rover.uplink = replace(rover.sound, forecaster=_stale(rover.sound.forecaster))
    return seen


def _during(mode: Mode, **changes: object) -> Stimulus:
    """What is sensed at the end of a command of one mode."""
    return lambda seen, rover: (
        replace(seen, **changes) if rover.command.mode is mode else seen  # type: ignore[arg-type]
    )


def _always(**changes: object) -> Stimulus:
    return lambda seen, rover: replace(seen, **changes)  # type: ignore[arg-type]


def _slipped(seen: Observation, rover: Rover) -> Observation:
    """It has rolled ten times as far as it has come."""
    if rover.command.mode is not Mode.DRIVE or seen.odometry is None or rover.command.drive_m == 0:
        return seen
    return replace(
        seen, odometry=replace(seen.odometry, forward_m=10.0 * max(0.3, abs(seen.odometry.forward_m)))
    )


def _out(wheels: int, *, held: bool) -> Callable[[DriveReading], DriveReading]:
    def changed(drives: DriveReading) -> DriveReading:
        if held:
            return replace(drives, rim_m_s=(0.0,) * wheels + drives.rim_m_s[wheels:])
        return replace(drives, motor_w=(0.0,) * wheels + drives.motor_w[wheels:])

    return changed


def _beside_a_zone(seen: Observation, rover: Rover) -> Observation:
    """Wherever it goes, a zone lies 1.5 m from its middle, and its place is known to half a metre."""
    west, south = seen.east_m + 1.5, seen.north_m - 20.0
    corners = [(west, south), (west + 9.0, south), (west + 9.0, south + 40.0), (west, south + 40.0)]
    zone = zone_from_corners("keep off", ZoneKind.KEEP_OUT, corners)
    rover.uplink = replace(rover.sound, zones=(ZoneLimit(zone, rover.sound.vehicle),))
    return replace(seen, place_sigma_m=0.5)


def _to_and_fro(seen: Observation, rover: Rover) -> Observation:
    """Each motion ends a long way aside of where it was to, on the one side and on the other."""
    if rover.command.mode is not Mode.DRIVE:
        return seen
    aside = 45.0 if len(rover.modes) % 2 else -40.0
    return replace(seen, east_m=-20.0 + aside, north_m=20.0 + aside)


STIMULI: dict[str, Stimulus] = {
    "clock": lambda seen, rover: replace(seen, time_s=seen.time_s - 1e5),
    "reset": lambda seen, rover: replace(seen, boots=seen.boots + 1),
    "no depth": lambda seen, rover: replace(seen, heights=None),
    "drift": _turned,
    "stale almanac": _late,
    "near a zone": _beside_a_zone,
    "no place": _always(place_sigma_m=9.0),
    "to and fro": _to_and_fro,
    "obstacle": _during(Mode.DRIVE, stalled=True),
    "soft ground": _slipped,
    "steep ground": lambda seen, rover: rover.lit(
        replace(seen, roll_rad=math.radians(16.0 + len(rover.responses) % 8 * 2.0))
    ),
    "low charge": _during(Mode.DRIVE, soc=0.29),
    "dim light": _always(array_w=1.0),
    "heat": _always(body_k=330.0),
    "no relay": lambda seen, rover: replace(
        seen, out_of_link_s=600.0 if rover.command.mode is Mode.COMMAND else 0.0
    ),
    "stuck hinge": _always(folded=False),
    "dust": lambda seen, rover: replace(seen, array_w=0.4 * seen.array_w),
    "lost cells": lambda seen, rover: replace(seen, soc=seen.soc - 0.2 * (1 + len(rover.responses))),
}
DRIVES = {
    "three wheels": _out(3, held=True),
    "held wheel": _out(1, held=True),
    "dead wheel": _out(1, held=False),
}

AT_H = {"stuck hinge": 230.0, "dim light": 219.6}
"""Stimuli that only show towards night, and at which hour."""


@lru_cache(maxsize=1)
def _sent(setting: Setting) -> tuple[Uplink, BeliefState]:
    plan = setting.control.plan(AStarPlanner())
    assert isinstance(plan, Plan)
    return setting.control.uplink(plan, AStarPlanner())


def rover_at(setting: Setting, row: FaultRow, *, protected: bool = True) -> Rover:
    """Return a rover under way, or asleep where that is what the row is of."""
    uplink, belief = _sent(setting)
    uplink = replace(uplink, work_max_k=323.15, protected=protected)
    state = executive.init(uplink, belief)
    east, north = uplink.path_m[0].tolist()
    away = uplink.path_m[1] - uplink.path_m[0]
    view = Observation(
        time_s=0.0, east_m=east, north_m=north, yaw_rad=math.atan2(away[1], away[0]), pitch_rad=0.0,
        roll_rad=0.0, soc=0.9, array_w=80.0, stalled=False, heights=None, body_k=300.0,
        inertial=Inertial(turned_rad=(0.0, 0.0, 0.0), felt_m_s2=(0.0, 0.0, 1.62), elapsed_s=0.0),
    )  # fmt: skip
    rover = Rover(
        setting=setting,
        uplink=uplink,
        sound=uplink,
        state=state,
        view=view,
        amiss=STIMULI.get(row.test, lambda seen, rover: seen),
        drives=DRIVES.get(row.test, lambda drives: drives),
    )
    if row.test in AT_H:
        rover.view = replace(view, time_s=AT_H[row.test] * 3600.0)
    for _ in range(6):
        rover.step()
    assert not any(row.name in names for _, names in rover.responses)
    rover.responses.clear()
    if row.test == "no relay":  # which is of command cycles
        rover.until(lambda: rover.command.mode is Mode.COMMAND)
    return rover


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


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_no_response_needs_the_link(row: FaultRow) -> None:
    """The words and detectors of rows but the relay's own speak of nothing that comes from the ground."""
    if row.name != "relay away":
        assert "out_of_link" not in row.detect.__code__.co_names
    assert row.after is After.SAFE or row.longest_s < math.inf


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


def test_the_page_is_written_from_the_table() -> None:
    script = Path(__file__).parents[3] / "docs" / "make_fault_table.py"
    made = runpy.run_path(str(script))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run docs/make_fault_table.py"
