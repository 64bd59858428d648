"""What is kept of a run, and what a planner's fault is taken for."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rover.core.errors import DemFileError, PlaceError, PlannerError, ResourceError, TomlError
from sim.campaign.draws import Draw
from sim.campaign.task import Status, Task, perform


def task(*settings: str) -> Task:
    draw = Draw(run=2, seed=11, values=(0.1 + 0.2, "a b"))
    keys = ("power.initial_soc", "name")
    return Task(spec="campaign-short", settings=settings, keys=keys, draw=draw)


def test_the_command_has_every_digit() -> None:
    assert task("terrain.size_m=200.0").command() == (
        "farside run campaign-short --seed 11 --set terrain.size_m=200.0"
        " --set power.initial_soc=0.30000000000000004 --set 'name=\"a b\"'"
    )


@pytest.mark.parametrize(
    "error", [PlannerError("broke its contract"), ResourceError("no memory"), KeyError("bug")]
)
def test_what_is_no_fault_of_the_scenario_is_raised(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """So that it is quarantined, and counts as what it is."""

    def run_scenario(scenario: object) -> None:
        raise error

    monkeypatch.setattr("sim.run.closed_loop.run_scenario", run_scenario)
    with pytest.raises(type(error)):
        perform(task())


def test_a_disk_that_does_not_answer_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may answer the next time: what it makes of the run is no answer."""

    def run_scenario(scenario: object) -> None:
        try:
            raise OSError(5, "Input/output error")
        except OSError:
            raise DemFileError("cannot be read") from None

    monkeypatch.setattr("sim.run.closed_loop.run_scenario", run_scenario)
    with pytest.raises(DemFileError):
        perform(task())
    monkeypatch.setattr(
        Path, "read_bytes", lambda _path: (_ for _ in ()).throw(OSError(5, "Input/output error"))
    )
    with pytest.raises(TomlError, match="Input/output error"):
        perform(task())


@pytest.mark.parametrize("key", ["power.initial_soc", "vehicle.battery_wh"])
def test_a_value_that_is_not_finite_is_impossible(key: str) -> None:
    drawn = Draw(run=2, seed=11, values=(math.inf,))
    ended = perform(Task(spec="campaign-short", settings=(), keys=(key,), draw=drawn))
    assert ended.status is Status.IMPOSSIBLE
    assert f"{key} = inf: not a finite number" in ended.reason


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("terrain.size_m", 61.2983, "terrain.size_m = 61.2983: not a whole number of millimetres; round it"),
        ("terrain.band", 1.5, "terrain.band = 1.5: of the wrong kind; give a whole number"),
    ],
)
def test_a_value_between_steps_is_told_with_the_distributions_that_have_none(
    key: str, value: float, told: str
) -> None:
    drawn = Draw(run=2, seed=11, values=(value,))
    ended = perform(Task(spec="campaign-short", settings=(), keys=(key,), draw=drawn))
    assert ended.status is Status.IMPOSSIBLE
    assert told in ended.reason and ended.reason.endswith(
        "(to vary it: uniform(A, B, STEP), integers(A, B) or choice(A, B, ...))"
    )


def test_a_scenario_that_cannot_be_used_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_scenario(scenario: object) -> None:
        raise PlaceError("outside the terrain", remedy="choose another", field="goal_m")

    monkeypatch.setattr("sim.run.closed_loop.run_scenario", run_scenario)
    ended = perform(task())
    assert (ended.status, ended.outcome, ended.seed) == (Status.IMPOSSIBLE, "", 11)
    assert ended.reason == "error[PLACE]: goal_m: outside the terrain; choose another"
    assert perform(task("power.reserve_soc=2.0")).status is Status.IMPOSSIBLE
