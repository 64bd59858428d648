"""The timetable: continuous, inside every window, above every floor, or refused with what would help."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core.boundary import Mode
from rover.limits.thermal import Phase
from rover.planning.forecast import Hop
from rover.planning.problem import Cause, NoPlan, Plan
from rover.planning.schedule import Schedule, path_length, split_path
from sim.mission.operations import MissionControl
from sim.run.scenario import load_scenario
from sim.run.setting import prepare

COORDINATES = st.floats(-100, 100)


def control(*settings: str) -> MissionControl:
    return prepare(load_scenario("first-drive", settings=list(settings))).control


def planned(made: MissionControl) -> Schedule:
    from rover.planning.astar import AStarPlanner

    plan = made.plan(AStarPlanner())
    assert isinstance(plan, Plan), plan
    assert plan.schedule is not None
    return plan.schedule


@pytest.fixture(scope="module")
def teleoperated() -> tuple[MissionControl, Schedule]:
    made = control()
    return made, planned(made)


def test_stages_follow_each_other_in_time_and_place(teleoperated: tuple[MissionControl, Schedule]) -> None:
    _, schedule = teleoperated
    assert schedule.stages[0].start_s == 0
    for before, after in pairwise(schedule.stages):
        assert after.start_s == before.end_s
        assert after.path_m[0] == pytest.approx(before.path_m[-1])
    driven = sum(stage.length_m for stage in schedule.stages)
    assert driven == pytest.approx(
        sum(path_length(s.path_m) for s in schedule.stages if s.mode is Mode.DRIVE)
    )


def test_every_stage_is_where_the_sun_allows_it(teleoperated: tuple[MissionControl, Schedule]) -> None:
    made, schedule = teleoperated
    window = made.forecaster.window
    for stage in schedule.stages:
        phases = {window.phase_at(t) for t in np.linspace(stage.start_s + 1, stage.end_s - 1, 9)}
        if stage.mode in (Mode.DRIVE, Mode.COMMAND):
            assert phases == {Phase.DRIVE}
        elif stage.mode is Mode.NAP:
            assert phases == {Phase.NAP}
        elif stage.mode is Mode.DORMANT:
            assert phases == {Phase.NIGHT}
        else:
            assert phases <= {Phase.DRIVE, Phase.LOW}


def test_hops_are_no_longer_than_asked_and_followed_by_a_cycle(
    teleoperated: tuple[MissionControl, Schedule],
) -> None:
    _, schedule = teleoperated
    for stage, after in pairwise(schedule.stages):
        if stage.mode is Mode.DRIVE:
            assert stage.length_m <= 7.0 + 1e-9
            assert after.mode is Mode.COMMAND
            assert after.end_s - after.start_s == pytest.approx(3 * 3600)
    assert schedule.stages[-1].mode is Mode.DRIVE


def test_the_battery_keeps_above_its_floors(teleoperated: tuple[MissionControl, Schedule]) -> None:
    made, schedule = teleoperated
    forecaster = made.forecaster
    for stage in schedule.stages:
        assert stage.energy.least_soc >= forecaster.operations.reserve_soc
        if stage.mode in (Mode.DRIVE, Mode.COMMAND):
            assert stage.energy.least_soc >= forecaster.floor_soc(stage.end_s) - 1e-9
    assert all(margin.holds for margin in schedule.margins)
    assert {m.limit for m in schedule.margins} == {
        "tilt_rad", "sun_elevation_rad", "reserve_soc", "zone lander (m)"
    }  # fmt: skip


def test_charge_carries_over_from_stage_to_stage(teleoperated: tuple[MissionControl, Schedule]) -> None:
    """Each stage's own forecast, made again from the charge before it, ends where the stage says."""
    made, schedule = teleoperated
    soc = made.soc
    for stage in schedule.stages:
        if stage.mode is Mode.DRIVE:
            speed = stage.length_m / (stage.end_s - stage.start_s)
            hop = Hop(length_m=stage.length_m, speed_m_s=speed)
            again = made.forecaster.drive_energy(stage.start_s, soc, hop)
        else:
            again = made.forecaster.stay_energy(stage.start_s, stage.end_s, soc, stage.mode)
        assert again.soc == pytest.approx(
            stage.energy.soc, abs=2e-3
        )  # joined waits are summed in other steps
        soc = stage.energy.soc


def test_autonomous_has_no_command_cycles() -> None:
    schedule = planned(control("operations.mode=autonomous"))
    assert schedule.count(Mode.COMMAND) == 0
    assert schedule.arrive_s is not None
    assert schedule.arrive_s < 86_400


@pytest.mark.parametrize(
    ("setting", "cause", "says"),
    [
        ("vehicle.battery_wh=20", Cause.ENERGY, "it needs vehicle.battery_wh of "),
        ("power.initial_soc=0.1", Cause.ENERGY, "a higher power.initial_soc"),
        ("operations.max_lunar_days=0.3", Cause.DEADLINE, "operations.max_lunar_days"),
        ("vehicle.array_area_m2=0.05", Cause.ENERGY, "a larger vehicle.array_area_m2"),
        ("vehicle.command_w=2000", Cause.ENERGY, "operations.command_cycle_h"),
    ],
)
def test_refusals_name_cause_and_remedy(setting: str, cause: Cause, says: str) -> None:
    from rover.planning.astar import AStarPlanner

    answer = control(setting).plan(AStarPlanner())
    assert isinstance(answer, NoPlan)
    assert answer.cause is cause
    assert says in answer.remedy


def test_more_battery_never_arrives_much_later() -> None:
    """The rules are greedy, so a halt to charge may end two hours later; a battery is worth days to a smaller array."""
    smaller, batteries_wh = "vehicle.array_area_m2=0.45", (38, 60, 90, 130, 300)
    arrivals = [planned(control(smaller, f"vehicle.battery_wh={wh}")).arrive_s or 0.0 for wh in batteries_wh]
    assert all(later <= earlier + 2 * 3600 for earlier, later in pairwise(arrivals))
    assert arrivals[0] > arrivals[-1] + 86_400


def test_a_weak_array_is_told_by_its_gain() -> None:
    forecaster = control().forecaster
    hop = Hop(length_m=7.0, speed_m_s=0.05)
    assert forecaster.decide(0.0, 0.5, hop).mode is Mode.DRIVE
    shaded = forecaster.decide(0.0, 0.5, hop, array_gain=0.0)
    assert shaded.mode is Mode.CHARGE
    assert shaded.until_s > 0


@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=12), st.floats(0.5, 60))
def test_splitting_a_path_keeps_all_of_it(corners: list[tuple[float, float]], longest: float) -> None:
    path = np.array(corners)
    pieces = list(split_path(path, longest))
    lengths = [path_length(piece) for piece in pieces]
    assert sum(lengths) == pytest.approx(path_length(path), abs=1e-6)
    assert all(length <= longest * (1 + 1e-9) + 1e-9 for length in lengths)
    assert all(length == pytest.approx(longest) for length in lengths[:-1])
    for before, after in pairwise(pieces):
        assert before[-1] == pytest.approx(after[0])


def test_splitting_nothing_gives_nothing() -> None:
    assert list(split_path(np.zeros((1, 2)), 5.0)) == []
    assert list(split_path(np.zeros((3, 2)), 5.0)) == []
    assert path_length(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]])) == 5.0
    assert math.isclose(path_length(np.zeros((1, 2))), 0.0)
