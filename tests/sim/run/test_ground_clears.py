"""Latched faults wait for the ground: it hears by the relay, decides a command cycle later, and clears or gives up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import load_scenario
from tests.sim.run.test_faults_in_the_loop import constant, told

SMALL = ("terrain.size_m=60", "goal_m=[-9.0, 4.0]")

HOUR_S = 3600.0

BLIND_H = 12.0
"""After so long without depth the row `stereo blind` is latched."""


def driven(tmp_path: Path, *rows: str, settings: tuple[str, ...] = ()) -> RunLog:
    path = tmp_path / "t.toml"
    path.write_text('format = 1\nname = "t"\n' + "\n".join(rows) + "\n", encoding="utf-8")
    given = [*SMALL, *settings, f"faults.table={path}"]
    return run_scenario(load_scenario("short-hop", settings=given, seed=4))


def blind(lasts_h: float) -> str:
    return (
        '[[faults]]\nname = "b"\nsubsystem = "stereo"\nkind = "dropout"\nat_m = 4.2\n'
        f"magnitude = {constant(1.0)}\nlasts = {constant(lasts_h, 'h')}"
    )


def away(from_s: float, lasts_h: float) -> str:
    head = '[[faults]]\nname = "a"\nsubsystem = "relay"\nkind = "outage"\n'
    return f"{head}at_s = {from_s}\nlasts = {constant(lasts_h, 'h')}"


def still_while_latched(log: RunLog, end_s: float) -> None:
    """It does not move from when it stopped to when it is cleared, and no rule is broken."""
    (stopped, *_) = told(log, "stopped")
    time_s = log.telemetry["time_s"]
    waits = (time_s >= stopped.time_s) & (time_s <= end_s)
    assert waits.sum() > 3 and np.ptp(log.telemetry["distance_m"][waits]) == 0.0
    assert log.violations == []


@pytest.mark.parametrize("mode", ["autonomous", "teleoperated"])
def test_what_has_passed_is_cleared_a_command_cycle_after_the_downlink(tmp_path: Path, mode: str) -> None:
    cycle = ("operations.mode=" + mode, "operations.command_cycle_h=2.0", "operations.stop_every_m=4")
    log = driven(tmp_path, blind(BLIND_H + 0.5), settings=cycle)
    assert log.outcome == "arrived", log.reason
    ((stopped,), (heard,), (cleared,)) = (told(log, name) for name in ("stopped", "downlink", "clear"))
    assert stopped.text.startswith("stereo blind: ")
    assert stopped.time_s < heard.time_s <= stopped.time_s + 600.0
    assert heard.time_s + 2 * HOUR_S <= cleared.time_s <= heard.time_s + 2 * HOUR_S + 600.0
    still_while_latched(log, cleared.time_s)
    assert log.telemetry["distance_m"][-1] > 9.0


def test_what_is_latched_again_near_by_is_given_up_with_a_reason(tmp_path: Path) -> None:
    log = driven(tmp_path, blind(100.0))
    assert log.outcome == "stopped_safe"
    assert log.reason.startswith("stereo blind: ") and "; it is latched again 0.0 m from where" in log.reason
    names = [event.name for event in log.events if event.name in ("stopped", "downlink", "clear", "give_up")]
    assert names == ["stopped", "downlink", "clear", "stopped", "give_up"]
    still_while_latched(log, told(log, "clear")[0].time_s)


def test_without_the_relay_the_ground_neither_hears_nor_clears(tmp_path: Path) -> None:
    sound = driven(tmp_path, blind(BLIND_H + 0.5))
    heard_s, cleared_s = (told(sound, name)[0].time_s for name in ("downlink", "clear"))
    late = driven(tmp_path, blind(BLIND_H + 0.5), away(heard_s - 100.0, 5.0))
    back_s = heard_s - 100.0 + 5 * HOUR_S
    assert back_s <= told(late, "downlink")[0].time_s <= back_s + 600.0
    later = driven(tmp_path, blind(BLIND_H + 0.5), away(heard_s + 100.0, 20.0))
    back_s = heard_s + 100.0 + 20 * HOUR_S
    assert told(later, "downlink")[0].time_s == heard_s
    assert back_s <= told(later, "clear")[0].time_s <= back_s + 600.0
    assert cleared_s < back_s


def test_a_run_whose_time_is_over_while_it_waits_ends_with_a_reason(tmp_path: Path) -> None:
    log = driven(
        tmp_path, blind(BLIND_H + 0.5), away(0.0, 2000.0), settings=("operations.max_lunar_days=0.04",)
    )
    assert log.outcome == "stopped_safe"
    assert log.reason.endswith("; the ground has not cleared it in the time allowed")
    assert told(log, "downlink") == []


def test_a_computer_that_begins_anew_while_it_waits_waits_on(tmp_path: Path) -> None:
    """What is latched is stored: only the ground ends it."""
    cycle = ("operations.command_cycle_h=2.0",)
    sound = driven(tmp_path, blind(BLIND_H + 0.5), settings=cycle)
    at_s = told(sound, "downlink")[0].time_s + 1000.0
    lasts = f"lasts = {constant(0.5, 'h')}"
    reset = f'[[faults]]\nname = "r"\nsubsystem = "computer"\nkind = "reset"\nat_s = {at_s}\n{lasts}'
    log = driven(tmp_path, blind(BLIND_H + 0.5), reset, settings=cycle)
    assert log.outcome == "arrived", log.reason
    ((heard,), (cleared,)) = told(log, "downlink"), told(log, "clear")
    assert heard.time_s < at_s and cleared.time_s >= max(at_s + 0.5 * HOUR_S, heard.time_s + 2 * HOUR_S)
    still_while_latched(log, cleared.time_s)
