"""`farside plan SCENARIO --waypoints` and `--delay`: tables, files, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rover.core.boundary import Mode
from rover.io.plan_file import read_plan
from tests.sim.cli.conftest import Command
from tests.sim.cli.test_bad_input import assert_nothing_written, assert_refused

HOP = ("plan", "short-hop", "--set", "terrain.size_m=160", "--goal", "-50,40", "--quiet")
COMMANDED = ("--operations", "teleoperated", "--set", "operations.max_lunar_days=1.2")


def point(name: str, east: float, north: float, **more: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [east, north]},
        "properties": {"name": name, **more},
    }


ROCK = point("rock", -12, 24, value=5, dwell_h=1.5)
RIM = point("rim", -36, 4, value=3, dwell_h=1, from_utc="2019-01-11T05:00:00Z")
GONE = point("gone", 40, -40, value=2, until_utc="2019-01-11T02:05:00Z")


def write(path: Path, *points: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(points)}), encoding="utf-8")
    return path


@pytest.mark.parametrize("operations", [(), COMMANDED], ids=["autonomous", "teleoperated"])
def test_a_tour_visits_in_windows_and_passes_the_checker(
    farside_within: Command, work: Path, operations: tuple[str, ...]
) -> None:
    write(work / "places.geojson", ROCK, RIM, GONE)
    asked = (*HOP, *operations, "--waypoints", "places.geojson")
    done = farside_within(*asked, "--out", "out", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    tour = answer["tour"]
    assert tour["exact"] and tour["value"] == 8 and tour["left_out"] == ["gone"]
    visits = {visit["name"]: visit for visit in tour["visits"]}
    assert set(visits) == {"rock", "rim"}
    assert visits["rim"]["begin_utc"] >= "2019-01-11T05:00:00Z"
    plan = read_plan(work / "out" / "plan.json")
    assert plan.planner == "tour" and plan.steps[-1].end_s == answer["total"]["end_s"]
    for visit in visits.values():
        there = [s for s in plan.steps if not s.moves and math.dist(s.from_m, visit["place_m"]) < 1.5]
        assert sum(s.end_s - s.start_s for s in there) >= 3600.0
        if operations:
            assert any(step.mode is Mode.COMMAND for step in there)
    checked = farside_within("check", "out/plan.json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    features = json.loads((work / "out" / "traverse.geojson").read_text(encoding="utf-8"))["features"]
    assert {"rock", "rim", "planned"} <= {feature["properties"]["name"] for feature in features}
    assert (work / "out" / "plan.png").stat().st_size > 20_000


def test_a_tour_is_told_in_a_table(farside_within: Command, work: Path) -> None:
    write(work / "places.geojson", ROCK, RIM, GONE)
    done = farside_within(*HOP, "--waypoints", "places.geojson")
    assert done.returncode == 0
    assert "2 of 3 waypoints visited, worth 8; no order is worth more; left out: gone" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.strip().startswith(("rock", "rim"))]
    assert [row[0] for row in rows] == ["rock", "rim"] and rows[0][1] == "5"


def test_a_tour_of_nothing_in_reach_goes_to_the_goal(farside_within: Command, work: Path) -> None:
    write(work / "places.geojson", GONE)
    done = farside_within(*HOP, "--waypoints", "places.geojson", "--json")
    assert done.returncode == 0
    tour = json.loads(done.stdout)["tour"]
    assert tour["visits"] == [] and tour["value"] == 0


@pytest.mark.parametrize(
    ("points", "code", "says"),
    [
        ((point("shut", 0, 9, from_utc="2019-01-12T00:00:00Z", until_utc="2019-01-11T00:00:00Z"),), 2,
         "the window closes before it opens"),
        ((point("long", 0, 9, dwell_h=3, from_utc="2019-01-11T02:00:00Z", until_utc="2019-01-11T03:00:00Z"),), 2,
         "longer than the window"),
        ((point("far", 900, 9),), 2, "places.geojson: waypoints.far = [900.0, 9.0]: outside the terrain"),
        ((ROCK, ROCK), 2, "2 waypoints of this name"),
        ((point("less", 0, 9, value=-1),), 2, "negative or not finite"),
        ((), 2, "no waypoint in it"),
    ],
)  # fmt: skip
def test_waypoints_that_cannot_be_meant(
    farside_within: Command, work: Path, points: tuple[dict[str, Any], ...], code: int, says: str
) -> None:
    write(work / "places.geojson", *points)
    done = farside_within(*HOP, "--waypoints", "places.geojson", "--out", "out")
    assert_refused(done, code, says)
    assert_nothing_written(work, "places.geojson")


def test_a_bound_of_delay_is_kept_and_told(farside_within: Command, work: Path) -> None:
    evening = ("--set", "start_utc=2019-01-11T20:00:00Z", "--operations", "teleoperated")
    asked = (*HOP, *evening, "--delay", "0.05", "--faults", "30,2")
    done = farside_within(*asked, "--out", "out", "--json")
    assert done.returncode == 0, done.stderr
    delay = json.loads(done.stdout)["delay"]
    assert 0.0 <= delay["caught"] <= delay["bound"] == 0.05
    assert delay["as_planned"] <= 1.0 - delay["held"]
    assert farside_within("check", "out/plan.json").returncode == 0
    told = farside_within(*asked)
    assert "to be caught by night off a haven, asked 5 %" in told.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--delay", "2", "--faults", "1,1"), "--delay = 2.0: not a chance between 0 and 1"),
        (("--delay", "nan", "--faults", "1,1"), "--delay = nan: not a chance"),
        (("--delay", "0.1"), "--delay: --faults is missing"),
        (("--faults", "1,1"), "--faults: --delay is missing"),
        (("--delay", "0.1", "--faults", "x"), "--faults = x: not a rate and a time"),
        (("--delay", "0.1", "--faults", "0,1"), "--faults = 0.0: not above zero"),
        (("--delay", "0.1", "--faults", "1,1", "--pareto", "time,energy"), "--delay = 0.1: does not go with --pareto"),
        (("--waypoints", "w.geojson", "--delay", "0.1", "--faults", "1,1"), "does not go with --waypoints"),
        (("--waypoints", "w.geojson", "--objective", "energy"), "--objective = energy: a tour has most value"),
        (("--waypoints", "missing.geojson"), "missing.geojson: cannot be read"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant(
    farside_within: Command, work: Path, options: tuple[str, ...], says: str
) -> None:
    assert_refused(farside_within(*HOP, *options, "--out", "out"), 2, says)
    assert_nothing_written(work)


def test_they_are_for_scenarios(farside_within: Command) -> None:
    ends = ("--start", "0,0", "--goal", "1,1")
    for option in (("--waypoints", "w.geojson"), ("--delay", "0.1"), ("--faults", "1,1")):
        done = farside_within("plan", "dem.tif", *ends, *option)
        assert_refused(done, 2, "is for plans of a scenario")
