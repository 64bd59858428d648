"""`farside plan SCENARIO`: tables, files and fronts of a traverse in time, and what is refused."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio

from rover.io.plan_file import read_plan
from rover.planning import traverse_anytime, traverse_search
from rover.planning.traverse import Front, pareto_front
from sim.cli import timed_answer
from tests.sim.cli.conftest import Command
from tests.sim.cli.test_bad_input import assert_nothing_written, assert_refused

HOP = ("plan", "short-hop", "--set", "terrain.size_m=120", "--goal", "-30,24", "--quiet")
NIGHTLY = ("--set", "start_utc=2019-01-12T22:00:00Z", "--operations", "teleoperated")
"""The Sun is too low for driving already, and rises again on 29 January."""
FILES = ["commands.csv", "plan.json", "plan.png", "traverse.geojson"]
CORNERS = "polygon=[[-34,20],[-26,20],[-26,28],[-34,28]]"


def told(result: Any, status: int = 0) -> dict[str, Any]:
    assert result.returncode == status, result.stderr + result.stdout
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.fixture
def check(farside_within: Command) -> Command:
    """The independent checker, given nothing but the file."""
    return lambda path: farside_within("check", path)


def test_stages_join_and_the_total_is_their_sum(farside_within: Command) -> None:
    answer = told(farside_within(*HOP, *NIGHTLY, "--set", "limits.link=true", "--json"))
    stages, total = answer["stages"], answer["total"]
    assert stages[0]["mode"] == "dormant"  # it is night when it departs
    assert stages[1]["start_utc"] > "2019-01-29"
    for before, after in pairwise(stages):
        assert before["end_s"] == pytest.approx(after["start_s"], abs=1e-6)
    for name in ("length_m", "harvest_wh", "load_wh"):
        assert total[name] == pytest.approx(sum(stage[name] for stage in stages))
    assert total["least_soc"] == min(stage["least_soc"] for stage in stages) >= 0.3 - 1e-9
    drives = [stage for stage in stages if stage["mode"] == "drive"]
    assert total["steepest_deg"] == max(stage["steepest_deg"] for stage in drives) <= 20
    assert total["roll_deg"] == max(stage["roll_deg"] for stage in drives) <= 15
    assert all(stage["steepest_deg"] is None for stage in stages if stage["mode"] != "drive")
    assert all(stage["link_deg"] >= 5 for stage in stages if stage["mode"] in ("drive", "command"))
    assert all(stage["length_m"] <= 7 for stage in drives if stage["length_m"])
    commands = [stage for stage in stages if stage["mode"] == "command"]
    assert len(commands) >= math.floor(total["length_m"] / 7)
    assert all(stage["end_s"] - stage["start_s"] >= 3 * 3600 - 1e-6 for stage in commands)


def test_the_folder_holds_the_plan_in_every_form_and_passes_the_checker(
    farside_within: Command, check: Command, work: Path
) -> None:
    result = farside_within(*HOP, *NIGHTLY, "--out", "out", "--explain")
    assert result.returncode == 0, result.stderr
    assert "Results: out" in result.stdout
    assert "to spare at" in result.stdout
    assert max(map(len, result.stdout.splitlines())) < 130
    assert sorted(path.name for path in (work / "out").iterdir()) == FILES
    plan = read_plan(work / "out" / "plan.json")
    assert plan.criterion == "time"
    assert plan.value == plan.arrive_s == plan.steps[-1].end_s
    passed = check("out/plan.json")
    assert passed.returncode == 0, passed.stderr + passed.stdout
    commands = list(csv.DictReader((work / "out" / "commands.csv").open(encoding="utf-8")))
    assert commands[0]["mode"] == "dormant"
    traverse = json.loads((work / "out" / "traverse.geojson").read_text(encoding="utf-8"))
    names = [feature["properties"]["name"] for feature in traverse["features"]]
    assert {"planned", "drive", "start", "goal", "dormant", "command"} <= set(names)
    whole = next(f for f in traverse["features"] if f["properties"]["name"] == "planned")
    assert whole["geometry"]["coordinates"][0] == [0, 0]
    assert whole["geometry"]["coordinates"][-1] == [-30, 24]
    drives = [f["properties"] for f in traverse["features"] if f["properties"]["name"] == "drive"]
    assert all(a["end_utc"] <= b["start_utc"] for a, b in pairwise(drives))
    moved = [math.dist(step.from_m, step.to_m) for step in plan.steps]
    assert sum(drive["length_m"] for drive in drives) == pytest.approx(sum(moved))


def band_of(path: Path) -> npt.NDArray[np.float32]:
    """The only band of a file, row growing north."""
    with rasterio.open(path) as file:
        return file.read(1)[::-1]  # type: ignore[no-any-return]


def test_maps_of_what_is_reached_go_into_the_folder(farside_within: Command, work: Path) -> None:
    evening = ("--set", "start_utc=2019-01-12T15:30:00Z", "--operations", "autonomous", "--maps")
    answer = told(farside_within(*HOP, *evening, "--out", "out", "--json"))
    assert sorted(path.name for path in (work / "out").iterdir()) == sorted(
        [*FILES, "reach.png", "arrival.tif", "departure.tif", "haven.tif"]
    )
    layers = {name: band_of(work / "out" / f"{name}.tif") for name in ("arrival", "departure", "haven")}
    reached = np.isfinite(layers["arrival"])
    reach = answer["reach"]
    assert reach["reached"] == pytest.approx(reached.mean())
    assert 0.5 < reached.mean() < 1.0
    assert reach["latest_departure_utc"]["goal"] < reach["by_utc"]
    assert reach["by_utc"].startswith("2019-01-12T16:30")
    assert reach["latest_departure_utc"]["goal"] > "2019-01-12T15:30"
    goal = tuple(np.argwhere(layers["departure"] == np.nanmax(layers["departure"]))[0])
    there_s = answer["total"]["end_s"] - answer["total"]["start_s"]
    assert 3600 * layers["arrival"][goal] == pytest.approx(there_s, abs=1.0)
    assert np.nanmin(layers["haven"]) >= 0
    assert np.nanmax(layers["haven"]) <= 1


def test_maps_are_made_of_a_goal_out_of_reach_too_and_need_a_place(
    farside_within: Command, work: Path
) -> None:
    late = ("limits.arrive_by_utc=2019-01-12T15:31:00Z", "start_utc=2019-01-12T15:30:00Z")
    result = farside_within(*HOP, "--set", late[0], "--set", late[1], "--maps", "--out", "out")
    assert result.returncode == 4, result.stderr + result.stdout
    assert "no departure from the start comes to the goal by then" in result.stdout
    assert "by the deadline of 2019-01-12 15:31" in result.stdout
    assert sorted(path.name for path in (work / "out").iterdir()) == [
        "arrival.tif",
        "departure.tif",
        "reach.png",
    ]
    assert_refused(farside_within(*HOP, "--maps"), 2, "--maps", "nowhere to put", "--out DIR")


def test_a_front_is_a_front_and_its_ends_are_the_best_by_either(farside_within: Command, work: Path) -> None:
    alone = told(farside_within(*HOP, "--json"))
    front = told(farside_within(*HOP, "--pareto", "time,energy", "--out", "out", "--json"))
    assert sorted(path.name for path in (work / "out").iterdir()) == sorted(
        [*FILES, "pareto.csv", "pareto.png"]
    )
    first, second = (
        np.array([member["values"][kind] for member in front["front"]]) for kind in ("time", "energy")
    )
    assert len(first) > 1
    assert (np.diff(first) > 0).all()
    assert (np.diff(second) < 0).all()
    assert first[0] == pytest.approx(alone["values"]["time"], rel=1e-9)
    rows = list(csv.DictReader((work / "out" / "pareto.csv").open(encoding="utf-8")))
    assert [float(row["time to arrival (h)"]) for row in rows] == pytest.approx(first / 3600, abs=1e-6)
    assert [float(row["energy for driving (Wh)"]) for row in rows] == pytest.approx(second / 3600, abs=1e-6)
    best = told(farside_within(*HOP, "--objective", "energy", "--time-limit", "300", "--json"))
    assert best["bound"] is None  # the search ended
    assert best["values"]["energy"] == pytest.approx(second[-1], rel=1e-6)
    last = str(len(first))
    assert_refused(farside_within(*HOP, "--member", "2"), 2, "--member = 2", "there is no front")
    words = (*HOP, "--pareto", "time,energy", "--member")
    assert_refused(
        farside_within(*words, "999", "--out", "none"), 2, "--member = 999", f"the front has {last}"
    )
    assert not (work / "none").exists()
    told(farside_within(*words, last, "--out", "last", "--json"))
    written = json.loads((work / "last" / "plan.json").read_text(encoding="utf-8"))
    assert written["value"] == pytest.approx(first[-1], rel=1e-9)
    assert farside_within("check", "last").returncode == 0
    spent_wh = second[-1] / 3600
    assert spent_wh < best["total"]["load_wh"] + 1e-6


def test_a_front_that_is_cut_short_is_told_written_and_not_called_whole(
    farside_within: Command, check: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: list[Front] = []

    def cut_short(*given: Any, **named: Any) -> Front:
        front = pareto_front(*given, **named)
        assert isinstance(front, Front)
        whole.append(front)
        return replace(front, members=front.members[:1], missing=front.members[1][:2])

    monkeypatch.setattr(timed_answer, "pareto_front", cut_short)
    asked = (*HOP, "--pareto", "time,energy", "--time-limit", "300")
    result = farside_within(*asked, "--out", "out", "--json")
    answer = told(result, status=5)
    assert "--time-limit = 300.0: only the first 1 of the front found" in result.stderr
    assert answer["late"] == "only the first 1 of the front found"
    assert [member["values"]["time"] for member in answer["front"]] == [m[0] for m in whole[0].members[:1]]
    assert answer["front_missing"] == dict(zip(("time", "energy"), whole[0].members[1][:2], strict=True))
    assert sorted(path.name for path in (work / "out").iterdir()) == sorted(
        [*FILES, "pareto.csv", "pareto.png"]
    )
    assert check("out/plan.json").returncode == 0
    words = farside_within(*asked)
    assert words.returncode == 5
    assert "the first traverse that none betters by both" in words.stdout
    assert "there may be more of them, none with less time to arrival than" in words.stdout


@pytest.mark.parametrize("pareto", [(), ("--pareto", "time,energy")])
def test_a_search_that_is_cut_short_tells_how_far_off_the_best_it_is(
    farside_within: Command, monkeypatch: pytest.MonkeyPatch, pareto: tuple[str, ...]
) -> None:
    monkeypatch.setattr(traverse_anytime, "left_of", lambda question, since: 0.0)
    monkeypatch.setattr(traverse_search, "_PAUSE", 1)
    asked = (*HOP, *pareto, "--time-limit", "60")
    answer = told(farside_within(*asked, "--json"), status=5 if pareto else 0)
    assert answer["criteria"] == ["time"]
    assert answer["front"] == []
    assert answer["bound"]["time"] <= answer["values"]["time"]
    assert answer["gap"]["time"] == answer["values"]["time"] - answer["bound"]["time"]
    words = farside_within(*asked)
    assert "no traverse betters an earliest arrival of" in words.stdout
    assert "better than this one" in words.stdout
    assert ("no traverse of the front found yet" in words.stderr) == bool(pareto)


def test_a_zone_closes_for_its_time_only(farside_within: Command, check: Command, work: Path) -> None:
    always = f'zones=[{{name="here",kind="keep-out",{CORNERS}}}]'
    result = farside_within(*HOP, "--set", always, "--out", "out")
    assert result.returncode == 4
    assert result.stdout.startswith("no plan (goal_lethal): ")
    assert "keep-out" in result.stdout
    assert_nothing_written(work)
    until = always.replace("}]", ',until_utc="2019-01-11T08:00:00Z"}]')
    answer = told(farside_within(*HOP, "--set", until, "--out", "out", "--json"))
    assert "2019-01-11T08:00:00Z" < answer["total"]["end_utc"] < "2019-01-11T09:00:00Z"
    assert check("out/plan.json").returncode == 0
    begun = always.replace("}]", ',from_utc="2019-01-11T03:00:00Z"}]')
    assert told(farside_within(*HOP, "--set", begun, "--json"))["total"]["end_utc"] < "2019-01-11T03:00:00Z"


def test_a_refusal_as_json_has_its_cause(farside_within: Command) -> None:
    by = "limits.arrive_by_utc=2019-01-11T02:05:00Z"
    answer = told(farside_within(*HOP, "--set", by, "--json"), status=4)
    assert answer["outcome"] == "no_plan"
    assert answer["cause"]
    assert "stages" not in answer


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("short-hop", "--vehicle", "yutu-2"), "--vehicle = yutu-2: is for plans over a DEM"),
        (("short-hop", "--via", "1,2", "--via", "3,4"), "--via = 1,2, 3,4: is for plans over a DEM"),
        (("short-hop", "--alternatives", 1), "--alternatives = 1: is for plans over a DEM"),
        (("short-hop", "--any-angle"), "--any-angle = True: is for plans over a DEM"),
        (("short-hop", "--objective", "risk"), "of a scenario give time, energy, charge, shadow"),
        (("short-hop", "--pareto", "time"), "--pareto = time: not two different objectives"),
        (("short-hop", "--pareto", "time,time"), "not two different objectives"),
        (("short-hop", "--pareto", "time,speed"), "--pareto = speed: no such objective"),
        (("short-hop", "--pareto", "time,energy", "--objective", "energy"), "--pareto names its own"),
        (
            ("short-hop", "--operations", "manual"),
            "--operations = manual: no such operations; say autonomous",
        ),
        (("short-hop", "--time-limit", 0), "--time-limit = 0.0: not a positive number"),
        (("short-hop", "--goal", "1"), "--goal = 1: not a place"),
        (("short-hop", "--goal", "900,0"), "--goal = [900.0, 0.0]: outside the terrain"),
        (("short-hop", "--set", "power.reserve_soc=1.2"), "power.reserve_soc = 1.2: out of range"),
        (("short-hop", "--out", "full"), "--out = full: the output folder is not empty"),
        (("mine.toml",), "mine.toml: cannot be read"),
        (("dem.tif", "--goal", "1,1"), "Missing option '--start'; give E,N in metres, or name a scenario"),
        (("dem.tif", "--pareto", "time,energy"), "--pareto = time,energy: is for plans of a scenario"),
        (("dem.tif", "--operations", "autonomous"), "--operations = autonomous: is for plans of a scenario"),
        (("dem.tif", "--seed", 3), "--seed = 3: is for plans of a scenario"),
        (
            ("dem.tif", "--start", "0,0", "--goal", "1,1", "--objective", "shadow"),
            "--objective = shadow: no such objective; give time, energy, distance, risk",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    farside_within: Command, work: Path, words: tuple[object, ...], says: str
) -> None:
    (work / "full").mkdir()
    (work / "full" / "kept").touch()
    assert_refused(farside_within("plan", *words, "--quiet"), 2, says)
    assert_nothing_written(work, "full")
    assert [path.name for path in (work / "full").iterdir()] == ["kept"]


def test_a_bound_of_risk_buys_safety_with_length(farside_within: Command) -> None:
    tight = ("--set", "vehicle.slope_limit_deg=8", "--set", "vehicle.roll_limit_deg=8")
    asked = (
        "plan",
        "short-hop",
        "--set",
        "terrain.size_m=140",
        *tight,
        "--goal",
        "-40,44",
        "--quiet",
        "--json",
    )
    bold = told(farside_within(*asked))
    safe = told(farside_within(*asked, "--risk", "0.01", "--dem-error", "0.1,20"))
    assert safe["risk"]["at_most"] <= 0.01 < safe["risk"]["unmargined_chance"]
    assert safe["total"]["length_m"] >= bold["total"]["length_m"]


@pytest.mark.parametrize("options, named", [
    (("--risk", "0.01"), "--risk: --dem-error is missing"),
    (("--dem-error", "0.1,20"), "--dem-error: --risk is missing"),
    (("--risk", "2", "--dem-error", "0.1,20"), "--risk = 2.0"),
    (("--risk", "0.1", "--dem-error", "-1,20"), "--dem-error = -1.0"),
    (("--risk", "0.1", "--dem-error", "0.1,20", "--pareto", "time,energy"), "--risk = 0.1: a front"),
])  # fmt: skip
def test_a_bound_of_risk_that_cannot_be_meant(
    farside_within: Command, options: tuple[str, ...], named: str
) -> None:
    result = farside_within(*HOP, *options)
    assert result.returncode == 2
    assert named in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
