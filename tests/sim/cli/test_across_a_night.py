"""The bundled scenario that must cross a night, and three ways of making it impossible with what opens it again."""

from __future__ import annotations

import json

import pytest

from tests.sim.cli.conftest import Command

NIGHT = ("plan", "across-a-night", "--quiet")


def test_it_sleeps_through_the_night_and_passes_the_checker(farside_within: Command) -> None:
    done = farside_within(*NIGHT, "--json", "--out", "out")
    assert done.returncode == 0, done.stderr
    stages = json.loads(done.stdout)["stages"]
    sleeps = [stage for stage in stages if stage["mode"] == "dormant"]
    assert len(sleeps) == 1 and sleeps[0]["end_s"] - sleeps[0]["start_s"] > 14 * 86_400
    assert {stage["mode"] for stage in stages} == {"drive", "command", "charge", "dormant"}
    before = [s["length_m"] for s in stages if s["end_s"] <= sleeps[0]["start_s"]]
    assert sum(before) > 20.0 and sum(s["length_m"] for s in stages) - sum(before) > 20.0
    assert farside_within("check", "out/plan.json").returncode == 0


def test_without_commands_it_arrives_before_dusk(farside_within: Command) -> None:
    done = farside_within(*NIGHT, "--json", "--operations", "autonomous")
    assert {stage["mode"] for stage in json.loads(done.stdout)["stages"]} <= {"drive", "charge"}


@pytest.mark.parametrize(
    ("settings", "cause", "says", "opened"),
    [
        (
            ("vehicle.slope_limit_deg=4", "vehicle.roll_limit_deg=4"),
            "no_route",
            "vehicle.slope_limit_deg=4.07",
            ("vehicle.slope_limit_deg=4.07", "vehicle.roll_limit_deg=4"),
        ),
        pytest.param(  # so much more above the same reserve, all of it charged
            ("vehicle.battery_wh=18",),
            "energy",
            "8.02 Wh more of battery, charged, above the same reserve open a way",
            ("vehicle.battery_wh=26.1", "power.reserve_soc=0.2069", "power.initial_soc=0.931"),
            marks=pytest.mark.slow,
        ),
        (
            ("limits.haven_tilt_deg=0.2",),
            "night",
            "limits.haven_tilt_deg=0.26 opens a way",
            ("limits.haven_tilt_deg=0.26",),
        ),
    ],
    ids=["slope", "energy", "night"],
)
def test_three_ways_of_making_it_impossible(
    farside_within: Command, settings: tuple[str, ...], cause: str, says: str, opened: tuple[str, ...]
) -> None:
    def plan(changes: tuple[str, ...]) -> tuple[int, str]:
        words = [word for change in changes for word in ("--set", change)]
        done = farside_within(*NIGHT, *words)
        return done.returncode, done.stdout

    status, told = plan(settings)
    assert status == 4 and told.startswith(f"no plan ({cause}): ") and says in told, told
    assert plan(opened)[0] == 0
