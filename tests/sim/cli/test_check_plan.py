"""`farside check` and `farside run --plan` over plan files and waypoints: answers, exit codes, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rover.io.plan_file import write_plan
from tests.builders.traverse_file import setting_of, traverse_of
from tests.sim.cli.conftest import Command
from tests.sim.cli.test_bad_input import assert_refused

NAME = "short-hop"
SMALL = ("terrain.size_m=160", "goal_m=[-30.0, 20.0]", "faults.observations_off=true")
SET = [word for setting in SMALL for word in ("--set", setting)]


@pytest.fixture
def plan(work: Path, farside_within: Command) -> Path:
    """A traverse in the folder that the command runs in."""
    path = work / "plan.json"
    write_plan(path, traverse_of(NAME, SMALL))
    return path


def edited(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    table = json.loads(path.read_text(encoding="utf-8"))
    change(table)
    path.write_text(json.dumps(table), encoding="utf-8")


def test_a_plan_is_held_to_the_scenario_that_is_named(farside_within: Command, work: Path) -> None:
    short = ("short-hop", "--set", "terrain.size_m=120", "--set", "goal_m=[-30.0,24.0]")
    assert farside_within("plan", *short, "--out", "p", "--quiet").returncode == 0
    named = ("--scenario", *short)
    assert farside_within("check", "p/plan.json", *named).returncode == 0
    other = farside_within("check", "p/plan.json", *named, "--set", "power.reserve_soc=0.4")
    assert_refused(other, 2, "scenario.power.reserve_soc = 0.3", "another scenario", "here it is 0.4")
    assert_refused(farside_within("check", "p/plan.json", "--seed", "3"), 2, "--seed", "--scenario")


def test_a_plan_that_holds(farside_within: Command, plan: Path) -> None:
    done = farside_within("check", "plan.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "every limit holds" in done.stdout
    for limit in ("climb (deg)", "roll (deg)", "clearance (m)", "reserve (soc)", "deadline (h)"):
        assert limit in done.stdout
    done = farside_within("check", "plan.json", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["holds"] and found["broken"] == []
    assert {worst["limit"] for worst in found["worst"]} > {"climb", "charge after", "harvest stated"}


def test_a_broken_limit_is_named_with_leg_place_value_and_bound(farside_within: Command, plan: Path) -> None:
    verdict = json.loads(farside_within("check", "plan.json", "--json").stdout)
    roll = next(worst for worst in verdict["worst"] if worst["limit"] == "roll")
    edited(plan, lambda table: table["limits"].update(roll_deg=0.99 * roll["value"]))
    done = farside_within("check", "plan.json")
    assert (done.returncode, done.stderr) == (8, "")
    line = next(line for line in done.stdout.splitlines() if line.startswith("broken: roll"))
    row, col = roll["cell"]
    assert f"{roll['value']:.4g} deg against {0.99 * roll['value']:.4g}" in line
    assert f"step {roll['step']} at cell ({row}, {col})" in line
    done = farside_within("check", "plan.json", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 8 and not found["holds"] and found["broken"][0]["limit"] == "roll"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t["dem"].update(sha256="0" * 64), "dem.sha256 = 000000000000...: a plan of another DEM"),
        (lambda t: t["scenario"].update(seed=99), "a plan of another DEM"),
        (lambda t: t["limits"].update(reserve_soc=0.1), "limits.reserve_soc = 0.1: looser than its scenario's 0.3"),
        (lambda t: t["limits"].update(slope_deg=25.0), "limits.slope_deg = 25.0: looser"),
        (lambda t: t["limits"].update(link_margin_deg=5.0), "limits.link_margin_deg = 5.0"),
        (lambda t: t["limits"].update(haven_tilt_deg=20.0), "limits.haven_tilt_deg = 20.0: looser"),
        (lambda t: t.update(bin_s=7200.0), "bin_s = 7200.0: longer than its scenario's 1800"),
        (lambda t: t.update(edges_s=[5000.0]), "edges_s = 5000.0: no edge of its scenario's zones"),
        (lambda t: t.update(format=2), "format = 2"),
        (lambda t: t["scenario"].update(goal_m="there"), "goal_m"),
        (lambda t: t["scenario"].pop("start_utc"), "start_utc: missing"),
        (lambda t: t["steps"][0].update(soc="full"), "steps.0.soc = full"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(
    farside_within: Command, plan: Path, change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    edited(plan, change)
    done = farside_within("check", "plan.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr and "plan.json" in done.stderr
    assert done.stderr.startswith("farside: error[")


def test_truncated_and_missing(farside_within: Command, plan: Path) -> None:
    plan.write_text(plan.read_text(encoding="utf-8")[:-400], encoding="utf-8")
    for name, says in (("plan.json", "truncated or not JSON"), ("none.json", "cannot be read")):
        done = farside_within("check", name)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and says in done.stderr


WAY = [[0.0, 0.0], [-5.0, 20.0], [-25.0, 5.0], [-30.0, 20.0]]


def way_file(work: Path, coordinates: list[list[float]]) -> None:
    line = {"type": "LineString", "coordinates": coordinates}
    (work / "way.geojson").write_text(json.dumps(line), encoding="utf-8")


def test_waypoints_are_judged_leg_by_leg(farside_within: Command, work: Path) -> None:
    way_file(work, WAY)
    done = farside_within("check", "way.geojson", "--scenario", NAME, *SET)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "every leg holds" in done.stdout
    tight = [*SET, "--set", "vehicle.roll_limit_deg=4.0"]
    done = farside_within("check", "way.geojson", "--scenario", NAME, *tight, "--json")
    legs = json.loads(done.stdout)["legs"]
    assert done.returncode == 8 and len(legs) == 3
    broken = [leg for leg in legs if leg["first"] is not None]
    assert broken and all(leg["first"]["limit"] in ("roll", "clearance") for leg in broken)
    assert "breaks first" in farside_within("check", "way.geojson", "--scenario", NAME, *tight).stdout


def test_what_waypoints_need(farside_within: Command, work: Path) -> None:
    way_file(work, WAY)
    for words, says in (
        (("check", "way.geojson"), "--scenario: waypoints are held against a scenario"),
        (("check", NAME, "--json"), "--json = True: is for plans"),
        (("check", NAME, "--scenario", NAME), "is for plans"),
    ):
        done = farside_within(*words)
        assert done.returncode == 2 and says in done.stderr
    way_file(work, [[0.0, 0.0], [5000.0, 0.0]])
    done = farside_within("check", "way.geojson", "--scenario", NAME, *SET)
    assert done.returncode == 2 and "waypoint 2" in done.stderr and "outside the terrain" in done.stderr


def test_the_folder_of_a_plan_is_its_plan_and_nothing_is_cut_short(
    farside_within: Command, plan: Path, work: Path
) -> None:
    (work / "made").mkdir()
    plan.replace(work / "made" / "plan.json")
    done = farside_within("check", "made")
    assert done.returncode == 0 and "every limit holds" in done.stdout
    assert "\u2026" not in done.stdout
    driven = farside_within("run", NAME, *SET, "--no-plots", "-q", "--out", "out", "--plan", "made")
    assert driven.returncode == 0, driven.stderr
    done = farside_within("check", ".")
    assert done.returncode == 2 and "is a folder" in done.stderr


def test_a_criterion_that_is_none_is_told_of_those_there_are(
    farside_within: Command, plan: Path, work: Path
) -> None:
    edited(plan, lambda table: table.update(criterion="haste"))
    done = farside_within("check", "plan.json")
    assert_refused(done, 2, "criterion = haste", "none of the choices", "give time, energy, charge, shadow")


def test_a_plan_is_driven_and_a_bad_one_leaves_nothing(
    farside_within: Command, plan: Path, work: Path
) -> None:
    words = ("run", NAME, *SET, "--no-plots", "-q", "--out", "out")
    done = farside_within(*words, "--plan", "plan.json")
    assert done.returncode == 0, done.stderr
    summary = json.loads((work / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["outcome"] == "arrived" and summary["planner"] == "traverse" and "note" not in done.stderr
    other = farside_within(*words[:-1], "other", "--plan", "plan.json", "--set", "power.resume_soc=0.8")
    assert other.returncode == 0 and "planned with power.resume_soc = 0.9 (0.8 here)" in other.stderr
    before = sorted(path.name for path in work.iterdir())
    way_file(work, [[3.0, 0.0], [-30.0, 20.0]])
    edited(plan, lambda table: table["dem"].update(sha256="0" * 64))
    for name in ("plan.json", "way.geojson", "none.geojson"):
        done = farside_within("run", NAME, *SET, "--out", "bad", "--plan", name)
        assert done.returncode == 2 and "error[PLAN_FILE]" in done.stderr, done.stderr
        assert done.stdout == ""
    assert sorted(path.name for path in work.iterdir()) == sorted([*before, "way.geojson"])


def test_the_setting_is_the_one_asked_for() -> None:
    assert setting_of(NAME, SMALL).dem.geometry.shape == (80, 80)
