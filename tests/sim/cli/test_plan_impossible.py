"""Questions of a traverse that cannot be meant or met: the error's line or the refusal's cause, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sim.cli.conftest import Command
from tests.sim.cli.test_bad_input import assert_nothing_written, assert_refused

HOP = ("plan", "short-hop", "--set", "terrain.size_m=160", "--goal", "-50,40", "--quiet", "--out", "out")


def zone(corners: str, more: str = "") -> tuple[str, str]:
    return "--set", f'zones=[{{name="z",kind="keep-out",polygon={corners}{more}}}]'


ROUND_GOAL = zone("[[-56,34],[-44,34],[-44,46],[-56,46]]")
ROUND_START = zone("[[-6,-6],[6,-6],[6,6],[-6,6]]")
SHUT = zone("[[20,0],[21,0],[21,1]]", ',from_utc="2019-01-12T00:00:00Z",until_utc="2019-01-11T00:00:00Z"')
NIGHT = ("--set", "start_utc=2019-01-20T00:00:00Z")
NO_HAVEN = ("--set", "limits.haven_tilt_deg=0.05")


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (SHUT, 2, "closes at 2019-01-11T00:00:00Z, before it opens"),
        (("--set", "power.reserve_soc=1.2"), 2, "power.reserve_soc = 1.2: out of range"),
        (("--set", "limits.arrive_by_utc=2019-01-10T00:00:00Z"), 2, "is in the past: the start is at"),
        (("--set", "limits.arrive_by_utc=2019-01-11T02:00:00Z"), 2, "is in the past: the start is at"),
        (("--set", "operations.max_lunar_days=0"), 2, "operations.max_lunar_days = 0: out of range"),
        (
            ("--set", "limits.light_step_h=0.1", "--set", "operations.max_lunar_days=60", "--set",
             "terrain.size_m=2000"),
            5,
            "GB of memory and",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(
    farside_within: Command, work: Path, options: tuple[str, ...], status: int, says: str
) -> None:
    assert_refused(farside_within(*HOP, *options), status, says)
    assert_nothing_written(work)


@pytest.mark.parametrize("command", [("plan",), ("run", "--set", "planner=traverse")])
def test_light_that_no_memory_holds_is_refused_before_the_ground_is_made(
    farside_within: Command, work: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def made(*_given: object, **_named: object) -> None:
        raise AssertionError("ground was made")

    monkeypatch.setattr("sim.run.setting.orbital_dem", made)
    size = ("--set", "terrain.size_m=8000", "--set", "terrain.resolution_m=1")
    refused = farside_within(command[0], "short-hop", *command[1:], *size, "--quiet", "--out", "out")
    assert_refused(
        refused, 5, "limits.light_step_h = 8505 bins", "8000 x 8000 cells at 4253 times takes 272.2 GB"
    )
    assert_nothing_written(work)


@pytest.mark.parametrize(
    ("options", "cause", "says"),
    [
        (ROUND_GOAL, "goal_lethal", "is closed: keep-out; move the goal"),
        (ROUND_START, "start_lethal", "is closed: keep-out; move the start"),
        ((*NIGHT, *NO_HAVEN), "night", "no haven for the night is in reach"),
        (
            ("--set", "start_utc=2019-01-13T00:00:00Z", *NO_HAVEN),
            "night",
            "opens a way; or an earlier start",
        ),
        (
            ("--set", "power.reserve_soc=0.95", "--set", "power.resume_soc=0.99"),
            "energy",
            "the departure has a charge of 90.0%, under the 95.0% that are kept",
        ),
        (("--set", "limits.arrive_by_utc=2019-01-11T02:05:00Z"), "deadline", "limits.arrive_by_utc"),
    ],
)
def test_what_cannot_be_met(
    farside_within: Command, work: Path, options: tuple[str, ...], cause: str, says: str
) -> None:
    done = farside_within(*HOP, *options)
    assert done.returncode == 4 and done.stderr == ""
    assert done.stdout.startswith(f"no plan ({cause}): ") and len(done.stdout.splitlines()) == 1
    assert says in done.stdout, done.stdout
    assert_nothing_written(work)


def test_a_start_at_night_sleeps_first_where_it_may(farside_within: Command, work: Path) -> None:
    done = farside_within(*HOP, *NIGHT, "--json")
    stages = json.loads(done.stdout)["stages"]
    assert stages[0]["mode"] == "dormant" and stages[0]["end_utc"] > "2019-01-29"
    assert farside_within("check", "out/plan.json").returncode == 0


def test_plan_files_that_are_not_what_they_were(farside_within: Command, work: Path) -> None:
    """Of another DEM, edited or truncated: refused by name by whoever drives or checks it, and nothing is written."""
    assert farside_within(*HOP).returncode == 0
    whole = (work / "out" / "plan.json").read_text(encoding="utf-8")
    scenario = ("short-hop", "--set", "terrain.size_m=160", "--set", "goal_m=[-50.0,40.0]")
    table = json.loads(whole)
    table["steps"][3]["end_s"] = table["steps"][3]["start_s"] - 5.0
    seed = json.loads(whole)
    seed["scenario"]["seed"] = 5
    for name, text, says in (
        ("short.json", whole[: len(whole) // 2], "truncated or not JSON"),
        ("edited.json", json.dumps(table), "a step ends before it begins"),
        ("seed.json", json.dumps(seed), "a plan of another DEM"),
    ):
        (work / name).write_text(text, encoding="utf-8")
        assert_refused(farside_within("check", name), 2, name, says)
        if name != "seed.json":  # it has the DEM of the scenario that it is driven in
            done = farside_within("run", *scenario, "--plan", name, "--out", "driven", "--quiet")
            assert_refused(done, 2, name, says)
        assert not (work / "driven").exists()
    done = farside_within(
        "run", *scenario, "--seed", "7", "--plan", "out/plan.json", "--out", "driven", "--quiet"
    )
    assert_refused(done, 2, "a plan of another DEM")
    assert not (work / "driven").exists()
