"""Faults drawn ahead: as often as their rates say, the same whatever the steps, none moved by another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rover.core.errors import FaultTableError
from rover.core.time import parse_utc
from sim.run.fault_schedule import FaultSchedule, schedule_faults
from sim.run.fault_table import KINDS, FaultTable, read_fault_table
from sim.run.faults import (
    NOTHING_WRONG,
    FaultState,
    Instant,
    advance,
    next_change,
    relay_is_out,
    sense_faults,
    world_faults,
)

START = parse_utc("2019-01-04T00:00:00Z")
NOMINAL = read_fault_table("nominal", start=START)
CURIOSITY_STOPS, CURIOSITY_DRIVES, CURIOSITY_M = 116, 738, 21_318.5
"""Rankin A. et al. 2020, IEEE Aerospace Conf."""

HEAD = 'format = 1\nname = "t"\n'
STALL = '[[faults]]\nname = "s"\nsubsystem = "wheels"\nkind = "stall"\n'
HOURS = 'lasts = { law = "constant", value = 1.0, unit = "h", source = "s" }\n'


def table(tmp_path: Path, text: str) -> FaultTable:
    path = tmp_path / "t.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_fault_table(str(path), start=START)


def at(time_s: float = 0.0, distance_m: float = 0.0) -> Instant:
    return Instant(time_s=time_s, distance_m=distance_m, east_m=10.0, north_m=20.0, yaw_rad=math.pi / 2)


def halts_m(seed: int, until_m: float) -> list[float]:
    made = schedule_faults(NOMINAL, seed=seed, until_m=until_m, until_s=1.0)
    return [fault.begins_m for fault in made.by_distance if fault.row.of.halts]


class TestNominal:
    def test_it_stops_drives_as_often_as_curiosity_s_were(self) -> None:
        per_km = sum(row.per_km.value for row in NOMINAL.rows if row.per_km and row.of.halts)
        assert per_km == pytest.approx(1000 * CURIOSITY_STOPS / CURIOSITY_M, abs=0.005)

    def test_of_drives_as_long_as_curiosity_s_as_many_are_stopped(self) -> None:
        """Each drive ends where it was meant to or at a fault, and the next begins there."""
        per_m = CURIOSITY_STOPS / CURIOSITY_M
        planned_m = -math.log1p(-per_m * CURIOSITY_M / CURIOSITY_DRIVES) / per_m
        stopped = drives = 0
        driven_m = 0.0
        for seed in range(20):
            reached = 0.0
            for fault_m in [*halts_m(seed, CURIOSITY_M), math.inf]:
                while reached < CURIOSITY_M:
                    end = min(reached + planned_m, fault_m)
                    drives += 1
                    driven_m += end - reached
                    reached = end
                    if end == fault_m:
                        stopped += 1
                        break
        assert stopped / drives == pytest.approx(0.157, abs=0.02)
        assert 1000 * stopped / driven_m == pytest.approx(5.44, abs=0.35)  # three sigma of 2,300 faults
        assert driven_m / drives == pytest.approx(28.9, abs=1.0)

    def test_every_kind_has_a_row(self) -> None:
        assert {(row.subsystem, row.kind) for row in NOMINAL.rows} == {
            (subsystem, kind) for subsystem, kinds in KINDS.items() for kind in kinds
        }

    def test_none_has_none(self) -> None:
        made = schedule_faults(read_fault_table("none", start=START), seed=1, until_m=1e9, until_s=1e9)
        assert made == FaultSchedule()


def test_gaps_are_exponential(tmp_path: Path) -> None:
    """Kolmogorov and Smirnov's distance of 2,000 gaps to their law, at one in a thousand."""
    rows = table(tmp_path, STALL + 'per_km = { value = 10.0, source = "s" }\n' + HOURS)
    begins = [f.begins_m for f in schedule_faults(rows, seed=3, until_m=2e5, until_s=0.0).by_distance]
    gaps = np.sort(np.diff([0.0, *begins]))
    share = np.arange(1, len(gaps) + 1) / len(gaps)
    assert len(gaps) == pytest.approx(2000, abs=4 * math.sqrt(2000))
    assert np.abs(-np.expm1(-gaps / 100.0) - share).max() < 1.95 / math.sqrt(len(gaps))


def test_seeds_differ_and_one_seed_gives_one_schedule() -> None:
    made = [schedule_faults(NOMINAL, seed=seed, until_m=5e4, until_s=1e7) for seed in (1, 1, 2)]
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_a_further_end_only_adds() -> None:
    near, far = (schedule_faults(NOMINAL, seed=5, until_m=m, until_s=s) for m, s in ((2e4, 1e7), (2e5, 1e8)))
    assert 0 < len(near.by_distance) < len(far.by_distance)
    assert far.by_distance[: len(near.by_distance)] == near.by_distance
    assert far.by_time[: len(near.by_time)] == near.by_time


def test_rows_do_not_move_one_another() -> None:
    """Nor does their order: each has a stream of its own, by its name."""
    fewer = FaultTable(name="f", rows=NOMINAL.rows[::-2], at_s=NOMINAL.at_s[::-2])
    kept = {row.name for row in fewer.rows}
    whole, part = (schedule_faults(t, seed=2, until_m=1e5, until_s=1e8) for t in (NOMINAL, fewer))
    assert part.by_distance == tuple(f for f in whole.by_distance if f.row.name in kept)
    assert part.by_time == tuple(f for f in whole.by_time if f.row.name in kept)


def test_ten_times_the_rate_is_a_tenth_of_the_way() -> None:
    once = schedule_faults(NOMINAL, seed=8, until_m=1e5, until_s=1e8)
    often = schedule_faults(NOMINAL, seed=8, until_m=1e4, until_s=1e7, rate_factor=10.0)
    assert [f.begins_m for f in often.by_distance] == pytest.approx(
        [f.begins_m / 10 for f in once.by_distance]
    )
    assert [f.lasts_s for f in often.by_distance] == [f.lasts_s for f in once.by_distance]
    assert schedule_faults(NOMINAL, seed=8, until_m=1e5, until_s=1e8, rate_factor=0.0) == FaultSchedule()


def test_a_flood_is_refused(tmp_path: Path) -> None:
    rows = table(tmp_path, STALL + 'per_km = { value = 1000.0, source = "s" }\n' + HOURS)
    with pytest.raises(
        FaultTableError, match="about 1e.06 faults in the time allowed, more than 100000; lower its"
    ):
        schedule_faults(rows, seed=1, until_m=1e6, until_s=1.0)


def walk(schedule: FaultSchedule, steps: Sequence[tuple[float, float]]) -> list[tuple[str, bool]]:
    """Return what begins and ends on a way through time and distance."""
    state, told = FaultState(), []
    for time_s, distance_m in steps:
        state, begun, over = advance(schedule, state, at(time_s, distance_m))
        told += [(a.fault.row.name, False) for a in over] + [(a.fault.row.name, True) for a in begun]
    return told


def test_what_comes_does_not_hang_on_the_steps() -> None:
    """Through the instants at which something changes, with or without others between."""
    made = schedule_faults(NOMINAL, seed=4, until_m=4000.0, until_s=4000.0 / 0.05)
    state, own, time_s = FaultState(), [], 0.0
    while (change := next_change(made, state)) != (math.inf, math.inf) and time_s < 80_000.0:
        time_s = min(change[0] / 0.05, change[1])
        state, _, _ = advance(made, state, at(time_s, 0.05 * time_s))
        own.append(time_s)
    finer = sorted([*own, *np.linspace(0.0, own[-1], 977).tolist()])
    told = [walk(made, [(t, 0.05 * t) for t in times]) for times in (own, finer)]
    assert len(told[0]) > 20
    assert told[0] == told[1]


def test_stated_times_and_places(tmp_path: Path) -> None:
    rows = table(
        tmp_path,
        "".join(
            STALL.replace('"s"', f'"{name}"') + f"{when}\n" + HOURS
            for name, when in (
                ("a", "at_s = 100.0"),
                ("b", "at_m = 5.0"),
                ("c", "at_utc = 2019-01-04T00:01:00Z"),
            )
        ),
    )
    made = schedule_faults(rows, seed=1, until_m=1.0, until_s=1.0, rate_factor=0.0)
    assert [(f.row.name, f.begins_s) for f in made.by_time] == [("c", pytest.approx(60.0)), ("a", 100.0)]
    assert [(f.row.name, f.begins_m) for f in made.by_distance] == [("b", 5.0)]
    assert walk(made, [(0, 0), (60, 0), (100, 0), (3660, 0), (3700, 5)]) == [
        ("c", True), ("a", True), ("c", False), ("a", False), ("b", True),
    ]  # fmt: skip


def test_all_that_is_wrong_together(tmp_path: Path) -> None:
    now = "at_s = 0.0\npersists = true\n"

    def row(name: str, subsystem: str, kind: str, rest: str = "") -> str:
        return f'[[faults]]\nname = "{name}"\nsubsystem = "{subsystem}"\nkind = "{kind}"\n{rest}{now}'

    def size(value: float) -> str:
        return f'magnitude = {{ law = "constant", value = {value}, source = "s" }}\n'

    rows = table(
        tmp_path,
        row("a", "wheels", "stall", "wheel = 4\n")
        + row("b", "wheels", "dead", "wheel = 4\n").replace("at_s", "at_m")
        + row("c", "wheels", "dead", "wheel = 1\n")
        + row("d", "array", "dust_step", size(0.1))
        + row("e", "array", "dust_step", size(0.2))
        + row("f", "battery", "cell_loss", size(0.25))
        + row("g", "array", "fold_failure")
        + row("h", "relay", "outage")
        + row("i", "stereo", "dropout", size(0.5))
        + row("j", "imu", "bias", size(3600.0))
        + row("k", "soil", "slip_patch", size(-0.5) + 'radius_m = { value = 2.0, source = "s" }\n'),
    )
    state, begun, _ = advance(schedule_faults(rows, seed=1, until_m=0.0, until_s=0.0), FaultState(), at())
    assert len(begun) == 11
    world, senses = world_faults(state.active), sense_faults(state.active)
    assert (world.mobility.stalled, world.mobility.dead) == ({4}, {1})
    assert world.energy.dust == pytest.approx(0.28)
    assert (world.energy.cells_lost, world.energy.fold_stuck) == (pytest.approx(0.25), True)
    (patch,) = world.mobility.patches
    assert (patch.east_m, patch.north_m, patch.firmness) == (pytest.approx(10.0), 22.0, -0.5)
    assert senses.stereo_lost == pytest.approx(0.5)
    assert math.hypot(*senses.gyro_bias_rad_s) == pytest.approx(math.radians(1.0))
    assert relay_is_out(state.active)
    assert world_faults(()) is NOTHING_WRONG
    assert not relay_is_out(())
    assert any(a.words == "a: a wheel does not turn (rear left)" for a in state.active)
