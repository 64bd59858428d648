"""What a stop for commands takes: against sums by hand, and the checker's own against the planner's."""

from __future__ import annotations

from typing import Any

import pytest

from rover.core.errors import ScenarioError
from rover.planning.check_cycle import least_cycle_s
from sim.run.scenario import load_scenario
from sim.run.scenario_operations import OperationsTable
from sim.run.setting import prepare


def table(**figures: Any) -> OperationsTable:
    return OperationsTable(**figures)


def test_figures_of_the_relay() -> None:
    """One Navcam pair takes 120 s at 140 kbit/s and 59 s at 285, a kilobyte of commands 64 s at 125 bit/s."""
    pair = table(data_mbit_per_stop=16.8, downlink_kbit_s=140.0, uplink_bits=8000.0)
    assert pair.cycle.downlink_s == pytest.approx(120.0)
    assert pair.cycle.uplink_s == pytest.approx(64.0)
    assert table(data_mbit_per_stop=16.8, downlink_kbit_s=285.0).cycle.downlink_s == pytest.approx(
        59, abs=0.1
    )
    assert pair.cycle_s == pytest.approx(120.0 + 3.4 + 64.0 + 2.75 * 3600.0)


def test_defaults_are_three_hours() -> None:
    assert table().cycle_s / 3600 == pytest.approx(3.036, abs=1e-3)


def test_shifts_stretch_the_ground_s_work_alone() -> None:
    """16 h of work, a third of each day: two days."""
    whole = table(ground_planning_h=8.0, science_h_per_stop=8.0)
    shifts = table(ground_planning_h=8.0, science_h_per_stop=8.0, ground_shift_h=8.0)
    assert shifts.cycle.ground_s == pytest.approx(48.0 * 3600.0)
    assert shifts.cycle_s - whole.cycle_s == pytest.approx(32.0 * 3600.0)


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"command_cycle_h": 5.5},
        {"mode": "autonomous"},
        {"data_mbit_per_stop": 700.0, "downlink_kbit_s": 285.0, "uplink_bits": 5e4, "light_time_s": 1.5},
        {"ground_planning_h": 4.0, "science_h_per_stop": 3.0, "ground_shift_h": 9.0, "uplink_bit_s": 60.0},
    ],
)
def test_the_checker_comes_to_the_same_by_its_own_sum(figures: dict[str, Any]) -> None:
    operations = table(**figures)
    wanted = 0.0 if operations.mode == "autonomous" else operations.cycle_s
    assert least_cycle_s(operations.model_dump()) == pytest.approx(wanted, rel=1e-12)


def test_more_data_and_a_slower_link_never_take_less() -> None:
    rates = [0.7, 140.0, 285.0]
    hours = [
        [table(data_mbit_per_stop=d, downlink_kbit_s=r).cycle_s for r in rates] for d in (16.8, 134.4, 400.0)
    ]
    assert all(a > b for row in hours for a, b in zip(row[:-1], row[1:], strict=True))
    assert all(a < b for a, b in zip(hours[0], hours[2], strict=True))


def test_a_stated_cycle_replaces_what_it_is_made_of() -> None:
    settings = ["operations.data_mbit_per_stop=5000.0"]
    stated = load_scenario("first-drive", settings=settings)
    assert stated.operations.cycle_s == 3.0 * 3600.0


def test_what_the_planner_and_the_rover_are_given() -> None:
    settings = ["operations.mode=teleoperated", "operations.downlink_kbit_s=0.7", "terrain.size_m=400.0"]
    scenario = load_scenario("short-hop", settings=settings)
    operations = prepare(scenario).control.forecaster.operations
    assert operations.command_cycle_s == pytest.approx(134.4e6 / 700.0 + 8192 / 125 + 3.4 + 2.75 * 3600)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["operations.downlink_kbit_s=0.0"], "operations.downlink_kbit_s = 0.0: out of range"),
        (["operations.data_mbit_per_stop=-1.0"], "operations.data_mbit_per_stop = -1.0: out of range"),
        (["operations.uplink_bit_s=nan"], "operations.uplink_bit_s = nan"),
        (["operations.ground_shift_h=25.0"], "operations.ground_shift_h = 25.0: out of range"),
        (
            ["operations.downlink_kbit_s=0.01"],
            "operations.data_mbit_per_stop = 134.4: a stop would cost 3736.1 h, more than 240",
        ),
    ],
)
def test_what_cannot_be_meant(settings: list[str], says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("short-hop", settings=settings)
    assert says in str(caught.value)
