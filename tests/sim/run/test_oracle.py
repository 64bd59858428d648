"""What could have been done: a sound rover lives by staying, one whose array stays open does not, whatever it does."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from rover.core.boundary import Command, Mode
from rover.core.time import parse_utc
from sim.physics.energy_faults import EnergyFaults
from sim.run.fault_schedule import FaultSchedule, schedule_faults
from sim.run.fault_table import read_fault_table
from sim.run.faults import WorldFaults
from sim.run.injection import FaultInstant, Injection
from sim.run.oracle import way_out
from sim.run.world import World
from tests.builders import energy_figures as built

YUTU_2 = built.figures_of("yutu-2")
START = parse_utc("2019-01-12T00:00:00Z")
"""In the afternoon of a lunar day: the night is near."""


@pytest.fixture(scope="module")
def world() -> World:
    return built.landing_site(YUTU_2, START, 40)


def saved(world: World, schedule: FaultSchedule, *, soc: float = 0.9, distance_m: float = 0.0) -> str | None:
    state = replace(built.park(world), distance_m=distance_m)
    power = replace(state.power, stored_j=soc * world.capacity_j, first_j=soc * world.capacity_j)
    state = replace(state, power=power)
    injection = Injection(schedule, YUTU_2.vehicle, lambda *_: None)
    injection.begin(state)
    instant = FaultInstant(state=state, faults=injection.state)
    track = [(state.east_m, state.north_m, 0.0)]
    return way_out(world, YUTU_2.vehicle, schedule, instant, track=track, haven_tilt_rad=math.radians(10.0))


def test_a_sound_rover_stays_and_sleeps(world: World) -> None:
    assert saved(world, FaultSchedule()) == "stays and sleeps at once"


def test_a_rover_whose_array_stays_open_is_lost_whatever_is_done(world: World, tmp_path: Path) -> None:
    table = tmp_path / "stuck.toml"
    table.write_text(
        'format = 1\nname = "t"\n[[faults]]\nname = "f"\nsubsystem = "array"\nkind = "fold_failure"\n'
        "at_s = 0.0\npersists = true\n"
    )
    schedule = schedule_faults(read_fault_table(str(table), start=START), seed=1, until_m=1e3, until_s=4e6)
    assert saved(world, schedule) is None


def test_a_folded_array_stays_folded_whatever_holds_its_hinge(world: World) -> None:
    stuck = WorldFaults(energy=EnergyFaults(fold_stuck=True))
    asleep = Command(mode=Mode.DORMANT, duration_s=600.0)
    open_, folded = built.park(world), world.step(built.park(world), asleep)
    assert folded.folded
    assert world.step(folded, asleep, faults=stuck).folded
    assert not world.step(open_, asleep, faults=stuck).folded
    assert world.step(open_, asleep, faults=stuck).power.harvest_j > 0
