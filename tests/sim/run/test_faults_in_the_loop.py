"""Faults in a run: each acts on what it is of, begins where it was drawn, and is told of in the events."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rover.core.boundary import Command, DriveReading, Mode
from rover.core.time import parse_utc
from sim.run.closed_loop import run_scenario
from sim.run.fault_schedule import schedule_faults
from sim.run.fault_table import read_fault_table
from sim.run.faults import ActiveFault
from sim.run.injection import Injection
from sim.run.runlog import Event, RunLog
from sim.run.scenario import load_scenario
from sim.run.world import Guard, WorldState
from tests.sim.run.test_world import YUTU_2, begin, world

SMALL = ("terrain.size_m=60", "goal_m=[-9.0, 4.0]", "faults.observations_off=true")
BY_STOPS = ("operations.mode=teleoperated", "operations.stop_every_m=4", "operations.command_cycle_h=3.0")


def written(tmp_path: Path, subsystem: str, kind: str, *lines: str) -> Path:
    path = tmp_path / f"{kind}.toml"
    head = f'format = 1\nname = "t"\n[[faults]]\nname = "f"\nsubsystem = "{subsystem}"\nkind = "{kind}"\n'
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def constant(value: float, unit: str = "") -> str:
    return f'{{ law = "constant", value = {value}, {unit and f"unit = {chr(34)}{unit}{chr(34)}, "}source = "s" }}'


def driven(*settings: str, table: Path | None = None) -> RunLog:
    given = [*SMALL, *settings, *([f"faults.table={table}"] if table else [])]
    log = run_scenario(load_scenario("short-hop", settings=given, seed=4))
    assert log.outcome == "arrived", log.reason
    return log


def told(log: RunLog, name: str) -> list[Event]:
    return [event for event in log.events if event.name == name]


@pytest.fixture(scope="module")
def sound() -> RunLog:
    return driven()


def test_faults_that_never_come_change_nothing(sound: RunLog, tmp_path: Path) -> None:
    late = driven(table=written(tmp_path, "wheels", "stall", "at_m = 1e5", "persists = true"))
    for name, column in sound.telemetry.items():
        assert np.array_equal(column, late.telemetry[name], equal_nan=True), name
    assert sound.summary["faults"] == late.summary["faults"] == 0


def test_a_stalled_wheel_is_found_by_its_encoder_and_the_drive_halted(sound: RunLog, tmp_path: Path) -> None:
    lasts = f"lasts = {constant(0.25, 'h')}"
    log = driven(table=written(tmp_path, "wheels", "stall", "at_m = 3.21", "wheel = 2", lasts))
    (began,), (over,) = told(log, "fault"), told(log, "fault_over")
    assert began.text == "f: a wheel does not turn (middle left)"
    assert over.time_s == pytest.approx(began.time_s + 900.0, abs=1e-6)
    (found,) = told(log, "response")
    assert found.text.startswith("wheel held: a wheel turns less than a fifth of what it is told: stand")
    halted_m = float(log.telemetry["distance_m"][np.searchsorted(log.telemetry["time_s"], found.time_s)])
    assert 3.21 < halted_m <= 3.21 + 0.25, "two readings later"
    way = math.dist((began.east_m, began.north_m), (found.east_m, found.north_m))
    assert way == pytest.approx(halted_m - 3.21, rel=0.05)
    still = log.telemetry["time_s"][log.telemetry["distance_m"] == halted_m]
    assert still.max() - still.min() >= 1800.0
    assert log.summary["faults"] == 1
    assert log.summary["elapsed_s"] == pytest.approx(sound.summary["elapsed_s"] + 1800.0, abs=5.0)


def test_without_the_relay_a_command_cycle_takes_as_much_longer(tmp_path: Path) -> None:
    held = driven(*BY_STOPS)
    cycles = held.telemetry["time_s"][held.telemetry["mode"] == held.modes.index("command")]
    begins_s, lasts_h = float(cycles[0]) + 1000.0, 1.0
    away = (f"at_s = {begins_s}", f"lasts = {constant(lasts_h, 'h')}")
    late = driven(*BY_STOPS, table=written(tmp_path, "relay", "outage", *away))
    assert late.summary["elapsed_s"] - held.summary["elapsed_s"] == pytest.approx(3600.0, abs=1.0)
    assert late.summary["distance_m"] == pytest.approx(held.summary["distance_m"])


def test_an_autonomous_rover_needs_no_relay(sound: RunLog, tmp_path: Path) -> None:
    away = written(tmp_path, "relay", "outage", "at_s = 0.0", "persists = true")
    assert driven(table=away).summary["elapsed_s"] == pytest.approx(sound.summary["elapsed_s"], rel=1e-9)


@pytest.mark.parametrize("settings", [(), BY_STOPS], ids=["autonomous", "teleoperated"])
def test_after_a_reset_it_stands_plans_anew_and_asks_for_commands(
    settings: tuple[str, ...], tmp_path: Path
) -> None:
    reset = written(
        tmp_path, "computer", "reset", "at_m = 2.5", f"lasts = {constant(2.0, 'h')}"
    )  # longer than a halt
    log = driven(*settings, table=reset)
    (began,), replans = told(log, "fault"), told(log, "replan")
    assert [event.text for event in told(log, "hazard")] == ["the computer began anew and has lost its map"]
    assert replans[0].time_s >= began.time_s + 7200.0 - 1e-6
    where = log.telemetry["time_s"] > began.time_s
    waits = where & (log.telemetry["time_s"] <= began.time_s + 7200.0)
    assert np.ptp(log.telemetry["distance_m"][waits]) == 0.0
    if settings:  # what was left of its commands is lost
        assert math.dist(log.stops_m[0], (began.east_m, began.north_m)) < 0.01
    assert log.summary["stops"] == (3 if settings else 0)


@pytest.mark.parametrize(
    ("subsystem", "kind", "lines", "row"),
    [
        ("wheels", "dead", (), "wheel dead"),
        ("stereo", "dropout", (f"magnitude = {constant(0.9)}",), "stereo blind"),
        ("imu", "bias", (f"magnitude = {constant(150.0)}",), "gyroscope drift"),
    ],
)
def test_what_the_injector_breaks_the_rover_finds_by_itself(
    tmp_path: Path, subsystem: str, kind: str, lines: tuple[str, ...], row: str
) -> None:
    """It stands half an hour for it, drives on when it is over, and arrives."""
    table = written(tmp_path, subsystem, kind, "at_m = 2.2", f"lasts = {constant(0.4, 'h')}", *lines)
    log = driven("faults.observations_off=false", table=table)
    ((began,), (found, *_)) = told(log, "fault"), told(log, "response")
    assert found.text.startswith(f"{row}: ") and found.text.endswith(": stand")
    assert began.time_s < found.time_s
    stands = (log.telemetry["time_s"] >= found.time_s) & (log.telemetry["time_s"] <= found.time_s + 1799.0)
    assert np.ptp(log.telemetry["distance_m"][stands]) == 0.0


@pytest.mark.slow
def test_a_latch_that_stays_open_is_found_at_night_and_the_rover_that_froze_is_lost(tmp_path: Path) -> None:
    table = written(tmp_path, "array", "fold_failure", "at_s = 1.0", "persists = true")
    given = [*SMALL, f"faults.table={table}"]
    log = run_scenario(load_scenario("short-hop", settings=given, seed=4), rests=True)
    assert log.outcome == "lost" and "froze" in log.reason
    assert any(event.text.startswith("array open: ") for event in told(log, "response"))


@pytest.mark.slow
def test_a_sound_rover_is_followed_through_its_night(sound: RunLog) -> None:
    log = run_scenario(load_scenario("short-hop", settings=list(SMALL), seed=4), rests=True)
    assert log.outcome == "arrived" and log.violations == []
    modes = [log.modes[code] for code in log.telemetry["mode"]]
    assert modes.count("dormant") > 1000 and modes[-1] != "dormant"
    assert log.summary["distance_m"] == sound.summary["distance_m"]


class TestInjection:
    """Commands cut at what begins and ends."""

    def carry_out(
        self, table: Path, command: Command, *, micro_step_m: float = 0.1, guard: Guard | None = None
    ) -> tuple[WorldState, list[tuple[bool, float, float]], Injection]:
        rows = read_fault_table(str(table), start=parse_utc("2019-01-04T00:00:00Z"))
        heard: list[tuple[bool, float, float]] = []

        def hear(state: WorldState, fault: ActiveFault, begins: bool) -> None:
            heard.append((begins, state.time_s, state.distance_m))

        made, _ = world(lambda east, north: 0.0 * east, micro_step_m=micro_step_m)
        injection = Injection(schedule_faults(rows, seed=1, until_m=1e4, until_s=1e6), YUTU_2, hear)
        state = begin(made)
        injection.begin(state)
        return injection.carry_out(made, state, command, guard=guard), heard, injection

    def test_a_stay_is_cut_at_the_second(self, tmp_path: Path) -> None:
        dust = written(
            tmp_path, "array", "dust_step",
            "at_s = 123.4", f"lasts = {constant(0.01, 'h')}", f"magnitude = {constant(0.5)}",
        )  # fmt: skip
        state, heard, injection = self.carry_out(dust, Command(mode=Mode.CHARGE, duration_s=600.0))
        assert heard == [(True, pytest.approx(123.4), 0.0), (False, pytest.approx(159.4), 0.0)]
        assert state.time_s == pytest.approx(600.0)
        assert not injection.halted

    @pytest.mark.parametrize("micro_step_m", [0.1, 0.037])
    def test_a_drive_is_cut_at_the_metre_whatever_the_step(self, tmp_path: Path, micro_step_m: float) -> None:
        patch = written(
            tmp_path, "soil", "slip_patch", "at_m = 1.2345", "persists = true",
            f"magnitude = {constant(-0.2)}", 'radius_m = { value = 0.5, source = "s" }',
        )  # fmt: skip
        command = Command(mode=Mode.DRIVE, turn_rad=0.3, drive_m=3.0)
        state, heard, _ = self.carry_out(patch, command, micro_step_m=micro_step_m)
        assert [at_m for _, _, at_m in heard] == [pytest.approx(1.2345, abs=1e-9)]
        assert state.distance_m == pytest.approx(3.0)
        assert state.yaw_rad == pytest.approx(0.3, abs=1e-6)

    def test_a_time_on_the_way_is_met_within_a_few_centimetres(self, tmp_path: Path) -> None:
        dust = written(
            tmp_path, "array", "dust_step", "at_s = 30.0", "persists = true", f"magnitude = {constant(0.5)}"
        )
        state, heard, _ = self.carry_out(dust, Command(mode=Mode.DRIVE, drive_m=-3.0))
        ((_, at_s, _),) = heard
        assert 30.0 - 1e-6 <= at_s < 30.0 + 0.02 / YUTU_2.speed_m_s
        assert state.east_m == pytest.approx(-3.0)

    def test_what_watches_the_drives_ends_the_command_and_nothing_else_does(self, tmp_path: Path) -> None:
        stall = written(tmp_path, "wheels", "stall", "at_m = 1.0", "persists = true", "wheel = 3")
        command = Command(mode=Mode.DRIVE, drive_m=3.0)
        state, _, injection = self.carry_out(stall, command)
        assert not injection.halted
        assert state.distance_m == pytest.approx(3.0)
        state, _, injection = self.carry_out(stall, command, guard=lambda drives: drives.rim_m_s[3] == 0.0)
        assert injection.halted
        assert 1.0 < state.distance_m <= 1.1 + 1e-9

    @pytest.mark.parametrize("kind", ["dead", "stall"])
    def test_drives_read_what_is_wrong_with_a_wheel(self, tmp_path: Path, kind: str) -> None:
        heard: list[DriveReading] = []
        table = written(tmp_path, "wheels", kind, "at_m = 0.5", "persists = true", "wheel = 1")
        self.carry_out(
            table, Command(mode=Mode.DRIVE, drive_m=1.0), guard=lambda drives: bool(heard.append(drives))
        )
        before, after = heard[2], heard[-1]
        assert min(before.motor_w) > 0.3 and min(before.rim_m_s) > 0.05
        assert after.told_m_s == before.told_m_s
        assert (after.motor_w[1] == 0.0) == (kind == "dead")
        assert (after.rim_m_s[1] == 0.0) == (kind == "stall")

    def test_a_reset_ends_the_motion_and_the_rover_stands_until_its_computer_is_back(
        self, tmp_path: Path
    ) -> None:
        reset = written(tmp_path, "computer", "reset", "at_m = 1.0", f"lasts = {constant(0.5, 'h')}")
        state, heard, injection = self.carry_out(reset, Command(mode=Mode.DRIVE, drive_m=3.0))
        assert injection.halted and injection.boots == 2
        assert state.distance_m == pytest.approx(1.0)
        assert state.time_s == pytest.approx(heard[0][1] + 1800.0)
        assert state.mode is Mode.SAFE

    def test_what_is_wrong_at_the_start_is_so_at_once(self, tmp_path: Path) -> None:
        away = written(tmp_path, "relay", "outage", "at_s = 0.0", f"lasts = {constant(0.05, 'h')}")
        _, heard, injection = self.carry_out(away, Command(mode=Mode.CHARGE, duration_s=600.0))
        assert heard[0] == (True, 0.0, 0.0)
        assert injection.out_of_link_s == pytest.approx(180.0)
        assert math.isclose(heard[1][1], 180.0)


@pytest.mark.parametrize("late_h", [12.0, -12.0, 360.0])
def test_with_a_wrong_almanac_it_notices_and_goes_safe(late_h: float) -> None:
    """Half a month out it is night by the almanac, and the Sun is up."""
    given = [*SMALL, f"faults.almanac_late_h={late_h}"]
    log = run_scenario(load_scenario("short-hop", settings=given, seed=4))
    assert log.outcome == "stopped_safe"
    assert log.reason.startswith("Sun elsewhere: the Sun is more than 2 deg off the almanac's elevation")
    assert log.summary["distance_m"] <= 5.0


def test_with_an_almanac_an_hour_late_it_drives_on(sound: RunLog) -> None:
    log = driven("faults.almanac_late_h=1.0")
    assert log.summary["distance_m"] == pytest.approx(sound.summary["distance_m"], rel=0.01)


def test_a_broken_rule_ends_a_strict_run_with_a_reason() -> None:
    rock = "{{east_m=-4.5, north_m={:.1f}, diameter_m=0.6, height_m=0.45}}"
    wall = ", ".join(rock.format(0.5 * k) for k in range(-6, 16))  # that a blind rover runs into
    scenario = load_scenario("short-hop", settings=[*SMALL, f"terrain.boulders=[{wall}]"], seed=4)
    log = run_scenario(scenario, strict=True)
    assert log.outcome == "violated"
    assert log.reason.startswith("the rule '") and "the bound is" in log.reason
    assert len(log.violations) == 1 or log.violations[0].time_s <= log.telemetry["time_s"][-1]
    assert log.summary["distance_m"] < 9.0
