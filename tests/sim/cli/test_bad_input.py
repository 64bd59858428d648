"""Every wrong input ends in one line on stderr, the right exit code, and nothing written."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from rover.io.crs import local_crs_wkt
from tests.builders.bad_dems import BAD_DEMS, declare_huge, good_geotiff
from tests.sim.cli.conftest import FARSIDE, Command, environment

LINE = re.compile(r"farside: error\[[A-Z_]+\]: .+; .+\n")
START, GOAL = "--start=-20950,33900", "--goal=-20900,33950"


def assert_refused(result: subprocess.CompletedProcess[str], status: int, *says: str) -> None:
    assert result.returncode == status, result.stderr
    assert LINE.fullmatch(result.stderr), result.stderr
    assert result.stdout == ""
    for words in says:
        assert words in result.stderr, result.stderr


def assert_nothing_written(work: Path, *but: str) -> None:
    assert sorted(path.name for path in work.iterdir()) == sorted(but)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "none.toml"), ("error[TOML]", "none.toml", "cannot be read")),
        (("run", "nowhere"), ("error[SCENARIO]", "no such scenario", "first-drive")),
        (
            ("run", "short-hop", "--set", "power.reserve_so=1"),
            ("power.reserve_so", "did you mean reserve_soc?"),
        ),
        (("run", "short-hop", "--set", "vehicle.batery_wh=1"), ("did you mean battery_wh?",)),
        (("run", "short-hop", "--set", "seed=x"), ("seed = x", "whole number")),
        (("run", "short-hop", "--set", "start_m=[nan,0]"), ("start_m.0 = nan", "not a finite number")),
        (("run", "short-hop", "--set", "power.initial_soc=2"), ("power.initial_soc = 2", "out of range")),
        (("run", "short-hop", "--set", "start_utc=2019-02-30T00:00:00Z"), ("no such date",)),
        (("run", "short-hop", "--set", "start_utc=yesterday"), ("not a UTC date and time",)),
        (
            ("run", "short-hop", "--set", "start_m=[9999,0]"),
            ("error[PLACE]", "start_m", "outside the terrain"),
        ),
        (
            ("run", "short-hop", "--set", "goal_m=[0,-9999]"),
            ("error[PLACE]", "goal_m", "outside the terrain"),
        ),
        (
            ("run", "short-hop", "--set", "goal_m=[0.3,0.1]"),
            (
                "error[PLACE]",
                "goal_m = [0.3, 0.1]: inside the rover",
                "choose the start itself, or a goal 0.5 m",
            ),
        ),
        (("check", "short-hop", "--set", "goal_m=[0.3,0.1]"), ("goal_m = [0.3, 0.1]: inside the rover",)),
        (("run", "short-hop", "--set", "power"), ("error[USAGE]", "key=value")),
        (("run", "short-hop", "--set", "format=7"), ("format = 7", "upgrade farside")),
        (("run", "short-hop", "--set", "seed=x", "--set", "zones=1"), ("(+1 more: farside check ",)),
        (("run", "short-hop", "--set", "seed=1", "--seed", "2"), ("--set = seed=1: --seed says otherwise",)),
        (("check", "short-hop", "--set", "seed=1", "--seed", "1"), ("error[USAGE]", "leave one of them out")),
        (("run", "short-hop", "--seed", "x"), ("error[USAGE]", "--seed = x: ", "farside run --help")),
        (("run", "short-hop", "--seed", "1.5"), ("--seed = 1.5: of the wrong kind; give a whole number",)),
        (("plan", "a.tif", START, GOAL, "--band", "0"), ("--band = 0: out of range",)),
        (("sky", "--at", "2019-01-01T00:00Z", "--step", "x"), ("--step = x: of the wrong kind; give a num",)),
        (("plan", "shorthop"), ("did you mean short-hop?",)),
        (("run", "short-hop", "--planner", "astarr"), ("error[PLANNER]", "did you mean astar?")),
        (("run",), ("error[USAGE]", "Missing argument", "farside run --help")),
        (("run", "short-hop", "--bogus"), ("error[USAGE]", "--bogus")),
        (("fly",), ("error[USAGE]", "No such command", "farside --help")),
        (("check", "short-hop", "--set", "power.initial_soc=2"), ("power.initial_soc",)),
        (("synth", "nowhere", "--out", "a.tif"), ("no such scenario or site", "von-karman", "short-hop")),
        (("synth", "von-karmann", "--out", "a.tif"), ("did you mean von-karman?",)),
        (("synth", "none/site.toml", "--out", "a.tif"), ("none/site.toml", "cannot be read")),
        (("synth", "von-karman", "--out", "a.tif", "--window", "0,0,5,5"), ("--window 0,0,6,6",)),
        (
            ("synth", "von-karman", "--out", "a.tif", "--resolution", "3"),
            ("the nearest that fits: --window",),
        ),
        (("synth", "von-karman", "--out", "a.tif", "--resolution", "0.001"), ("under a centimetre",)),
        (("synth", "von-karman", "--out", "a.tif", "--seed", str(2**63)), ("--seed", "not a 64-bit integer")),
        (("synth", "von-karman", "--out", "a.tif", "--rocks", "a.tif"), ("--rocks = a.tif", "in .csv")),
        (("synth", "short-hop", "--out", "a.jpg"), ("a.jpg",)),
        (("plot", "."), ("error[RESULTS]", "summary.json")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and len(value) < 6 else "",
)
def test_words(farside_within: Command, work: Path, words: tuple[str, ...], says: tuple[str, ...]) -> None:
    status = 7 if words[0] == "plot" else 2
    assert_refused(farside_within(*words), status, *says)
    assert_nothing_written(work)


@pytest.mark.parametrize("words", ["run nowhere", "fly", "synth nowhere --out a.tif", "plot ."])
def test_words_in_a_process_of_its_own(farside: Command, work: Path, words: str) -> None:
    assert_refused(farside(*words.split()), 7 if words.startswith("plot") else 2)
    assert_nothing_written(work)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"\xff\xfe\x00a", "not UTF-8"), (b"seed = [", "not TOML"), (b"seed = 1", "missing")],
    ids=["empty", "binary", "malformed", "bare"],
)
def test_scenario_files(farside_within: Command, work: Path, content: bytes, says: str) -> None:
    (work / "s.toml").write_bytes(content)
    assert_refused(farside_within("run", "s.toml"), 2, "s.toml", says)
    assert_nothing_written(work, "s.toml")


def test_check_lists_every_error(farside_within: Command) -> None:
    result = farside_within(
        "check", "short-hop", "--set", "seed=x", "--set", "power.initial_soc=2", "--set", "goal_m=3"
    )
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("farside: error[SCENARIO]: ") for line in lines)
    assert farside_within("check", "short-hop").returncode == 0


def refuse_bad_terrain(run: Command, work: Path, name: str, command: str) -> None:
    make, error = BAD_DEMS[name]
    make(work / "bad.tif")
    before = sorted(work.iterdir())
    if command == "plan":
        result = run("plan", "bad.tif", START, GOAL, "--out", "path.geojson", "--plot", "path.png")
    else:
        result = run("run", "short-hop", "--set", "terrain.dem=bad.tif")
    assert_refused(result, error.exit_code, f"error[{error.code}]", "bad.tif")
    assert sorted(work.iterdir()) == before


@pytest.mark.parametrize("name", BAD_DEMS)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_bad_terrain(farside_within: Command, work: Path, name: str, command: str) -> None:
    refuse_bad_terrain(farside_within, work, name, command)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        pytest.param(name, command, marks=() if command == first else pytest.mark.slow)
        for name, first in [
            ("truncated strips", "plan"),
            ("all NaN", "run"),
            ("survey feet", "plan"),
            ("200,000 x 200,000", "run"),
        ]
        for command in ("plan", "run")
    ],
)
def test_bad_terrain_in_a_process_of_its_own(farside: Command, work: Path, name: str, command: str) -> None:
    """One of each class, and those of which libraries complain for themselves."""
    refuse_bad_terrain(farside, work, name, command)


@pytest.mark.parametrize(
    "place", ["/vsicurl/http://example.org/a.tif", "https://example.org/a.tif", "/vsimem/a.tif"]
)
def test_addresses_are_no_terrain(farside_within: Command, work: Path, place: str) -> None:
    assert_refused(farside_within("plan", place, START, GOAL), 3, place.rpartition("/")[2])
    assert_nothing_written(work)


def test_band_that_is_not_there(farside_within: Command, work: Path) -> None:
    good_geotiff(work / "good.tif")
    assert_refused(farside_within("plan", "good.tif", START, GOAL, "--band", 2), 3, "band", "1")
    assert_refused(farside_within("plan", "good.tif", START, GOAL, "--band", 0), 2, "--band")
    assert_refused(
        farside_within("run", "short-hop", "--set", "terrain.dem=good.tif", "--set", "terrain.band=2"),
        3,
        "terrain.band = 2",
    )


def test_a_small_file_that_declares_a_huge_raster(farside_within: Command, work: Path) -> None:
    declare_huge(work / "huge.tif")
    assert (work / "huge.tif").stat().st_size < 40_000
    assert_refused(farside_within("plan", "huge.tif", START, GOAL), 5, "huge.tif", "--max-cells")


def test_a_missing_dem_is_named_as_it_was_asked_for(farside_within: Command, work: Path) -> None:
    there = "cannot be opened: No such file or directory"
    assert_refused(farside_within("plan", "none.tif", START, GOAL), 3, f"none.tif: DEM: {there}")
    assert_refused(
        farside_within("run", "short-hop", "--set", "terrain.dem=none.tif"),
        3,
        f"none.tif: terrain.dem: {there}",
    )
    assert_refused(
        farside_within("check", "short-hop", "--set", "terrain.dem=none.tif"), 3, ": terrain.dem: "
    )


def test_a_path_is_geojson_and_a_picture_png(farside_within: Command, work: Path) -> None:
    good_geotiff(work / "good.tif")
    words = ("plan", "good.tif", START, GOAL)
    assert_refused(farside_within(*words, "--out", "a.png"), 2, "--out = a.png: would hold GeoJSON")
    assert_refused(
        farside_within(*words, "--out", "a.json", "--plot", "a.jpg"), 2, "--plot = a.jpg: pictures"
    )
    assert_nothing_written(work, "good.tif")


def test_max_cells_can_be_set(farside_within: Command, work: Path) -> None:
    good_geotiff(work / "good.tif")
    assert_refused(farside_within("plan", "good.tif", START, GOAL, "--max-cells", 100), 5, "--max-cells")
    assert_refused(farside_within("run", "short-hop", "--max-cells", 100), 5, "terrain.size_m", "--max-cells")


def test_a_window_of_too_many_cells_is_refused_before_it_is_made(farside_within: Command, work: Path) -> None:
    large = ("synth", "von-karman", "--window", "0,0,60000,60000", "--resolution", 1, "--out")
    assert_refused(
        farside_within(*large, "a.tif"),
        5,
        "size = 60000 x 60000",
        "2,000,000,000",
        "--max-cells to 3600000000",
    )
    assert_refused(farside_within(*large, "a.npz"), 5, "100,000,000", "write a .tif")
    assert_refused(
        farside_within("synth", "short-hop", "--out", "a.tif", "--max-cells", 100), 5, "--max-cells to 90000"
    )
    assert_nothing_written(work)


def test_another_body(farside_within: Command, reference: Path) -> None:
    gale = reference / "dem" / "gale_msl_1m.tif"
    words = ("plan", gale, "--start=8142600,-276600", "--goal=8142620,-276610")
    assert_refused(farside_within(*words), 3, "error[DEM_FRAME]", "body = mars", "--allow-body")
    allowed = farside_within(*words, "--allow-body")
    assert allowed.returncode in (0, 4), allowed.stderr
    assert "error" not in allowed.stderr


def test_degrees_name_the_remedy_and_it_works(farside_within: Command, work: Path, reference: Path) -> None:
    region = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    result = farside_within("run", "short-hop", "--set", f"terrain.dem={region}")
    assert_refused(result, 3, "in degrees", "farside reproject")
    made = farside_within(
        "reproject",
        region,
        "--center=-45.457,177.588",
        "--size",
        60000,
        "--resolution",
        500,
        "--out",
        "local.tif",
    )
    assert made.returncode == 0, made.stderr
    planned = farside_within("plan", "local.tif", "--start=0,0", "--goal=5000,5000", "--json")
    assert planned.returncode == 0, planned.stderr


@pytest.mark.parametrize(
    ("start", "says"),
    [("nan,0", "--start"), ("a,b", "--start"), ("1", "--start"), ("9e9,0", "outside the terrain")],
)
def test_places_on_the_command_line(farside_within: Command, work: Path, start: str, says: str) -> None:
    good_geotiff(work / "good.tif")
    assert_refused(farside_within("plan", "good.tif", f"--start={start}", GOAL), 2, says)


def test_lethal_start_is_an_answer(farside_within: Command, work: Path) -> None:
    steep = -2000 + np.mgrid[:40, :40][0] ** 2 * 0.2
    good_geotiff(work / "steep.tif", steep.astype(np.float32))
    result = farside_within(
        "plan", "steep.tif", "--start=-20900,33820", "--goal=-20900,33980", "--out", "p.geojson", "--json"
    )
    assert result.returncode == 4
    assert result.stderr == "" or "compiling" in result.stderr
    assert '"outcome": "no_plan"' in result.stdout
    assert "tilt" in result.stdout
    assert "nearest free cell" in result.stdout
    assert_nothing_written(work, "steep.tif")


def test_no_route_names_the_slope_that_opens_one_and_it_does(farside_within: Command, work: Path) -> None:
    ridge = -2000 + np.broadcast_to(10.0 * np.exp(-(((np.arange(60) - 30) / 4.0) ** 2)), (60, 60))
    frame = local_crs_wkt(math.radians(-45.0), math.radians(177.0))
    good_geotiff(work / "ridge.tif", ridge.astype(np.float32), crs=frame)
    settings = ["terrain.dem=ridge.tif", "start_m=[-20920,33970]", "goal_m=[-20780,33970]"]
    words = [word for setting in settings for word in ("--set", setting)]
    refused = farside_within("run", "short-hop", *words, "--no-plots", "--set", "vehicle.slope_limit_deg=5")
    assert refused.returncode == 4, refused.stderr
    said = json.loads((work / "runs" / "short-hop" / "summary.json").read_text(encoding="utf-8"))
    opens_at = said["no_plan"]["opens_at_slope_deg"]
    assert f"vehicle.slope_limit_deg={opens_at:.2f}" in said["reason"]
    words += ["--set", "vehicle.roll_limit_deg=40", "--set", "terrain.detail=none", "--no-plots"]
    almost = farside_within(
        "run", "short-hop", *words, "--set", f"vehicle.slope_limit_deg={opens_at - 0.02:.2f}"
    )
    assert almost.returncode == 4
    opened = farside_within("run", "short-hop", *words, "--set", f"vehicle.slope_limit_deg={opens_at:.2f}")
    assert opened.returncode == 0, opened.stdout + opened.stderr


def test_broken_rules_fail_under_strict_monitoring(farside_within: Command, work: Path) -> None:
    rock = "terrain.boulders=[{east_m=-9, north_m=11, diameter_m=0.5, height_m=0.45}]"
    words = ["run", "short-hop", "--no-plots", "--quiet", "--set", rock, "--set", "goal_m=[-24,18]"]
    blind = [*words, "--set", "faults.observations_off=true"]
    noted = farside_within(*blind)
    assert noted.returncode == 0
    assert "belly" in noted.stdout or "contact" in noted.stdout
    assert farside_within(*blind, "--monitor", "strict").returncode == 8
    assert farside_within(*words, "--monitor", "strict").returncode == 0
    assert_refused(farside_within(*words, "--monitor", "loud"), 2, "--monitor = loud")


def test_ascii_without_a_frame_lies_where_the_scenario_says(farside_within: Command, work: Path) -> None:
    header = "ncols 60\nnrows 60\nxllcorner -150\nyllcorner -150\ncellsize 5\n"
    (work / "flat.asc").write_text(header + "\n".join(["0.0 " * 60] * 60), encoding="utf-8")
    words = ("run", "short-hop", "--set", "terrain.dem=flat.asc", "--set", "goal_m=[40,40]", "--no-plots")
    result = farside_within(*words)
    assert result.returncode == 0, result.stderr
    summary = json.loads((work / "runs" / "short-hop" / "summary.json").read_text(encoding="utf-8"))
    assert "-45.4446" in summary["crs_wkt"]
    assert farside_within("plan", "flat.asc", "--start=0,0", "--goal=40,40").returncode == 0


def test_a_cold_cache_adds_no_line_to_an_error(farside: Command, work: Path, tmp_path: Path) -> None:
    (work / "bad.tif").write_bytes(b"")
    cold = {"NUMBA_CACHE_DIR": str(tmp_path / "cold")}
    assert_refused(farside("run", "short-hop", "--set", "terrain.dem=bad.tif", env=cold), 3, "bad.tif")
    assert_refused(farside("plan", "bad.tif", START, GOAL, env=cold), 3, "bad.tif")


def test_an_output_never_replaces_its_input(farside_within: Command, work: Path) -> None:
    good_geotiff(work / "good.tif")
    before = (work / "good.tif").read_bytes()
    assert_refused(
        farside_within("plan", "good.tif", START, GOAL, "--out", "good.tif"), 2, "the output is the input"
    )
    words = ("--center=-88,0", "--size", 100, "--out", "./good.tif")
    assert_refused(farside_within("reproject", "good.tif", *words), 2, "the output is the input")
    assert (work / "good.tif").read_bytes() == before


def test_closed_streams_are_no_bug(tmp_path: Path, work: Path) -> None:
    (tmp_path / "home").mkdir()
    work.mkdir()
    good_geotiff(work / "a.tif")
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        done = subprocess.run(
            f"{FARSIDE} plan a.tif {START} {GOAL} --json {closed}",
            shell=True, cwd=work, env=environment(tmp_path / "home"), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_farside_alone_shows_its_help(farside: Command) -> None:
    result = farside()
    assert result.returncode == 0
    assert result.stderr == ""
    assert "reproject" in result.stdout


def test_start_is_goal(farside_within: Command, work: Path) -> None:
    result = farside_within("run", "short-hop", "--set", "goal_m=[0,0]", "--out", "out", "--quiet")
    assert result.returncode == 0, result.stderr
    assert (work / "out" / "map.png").stat().st_size > 10_000


def test_output_folders(farside_within: Command, work: Path) -> None:
    (work / "full").mkdir()
    (work / "full" / "file").touch()
    assert_refused(farside_within("run", "short-hop", "--out", "full"), 2, "--out", "not empty")
    assert_refused(
        farside_within("run", "short-hop", "--out", "full/file/x"), 5, "full/file/x", "cannot be written"
    )
    assert_refused(farside_within("run", "short-hop", "--out", "/proc/none"), 5, "/proc/none")
    assert_nothing_written(work, "full")
    assert [path.name for path in (work / "full").iterdir()] == ["file"]


def test_own_planners(farside_within: Command, work: Path) -> None:
    (work / "broken.py").write_text("raise RuntimeError('no')\n", encoding="utf-8")
    assert_refused(
        farside_within("run", "short-hop", "--planner", "broken.py:P"), 2, "broken.py", "RuntimeError"
    )
    assert_refused(farside_within("run", "short-hop", "--planner", "none.py:P"), 2, "none.py")
    (work / "idle.py").write_text("class P:\n    name = 'p'\n", encoding="utf-8")
    assert_refused(farside_within("run", "short-hop", "--planner", "idle.py:P"), 2, "idle.py", "plan")
    assert not (work / "runs").exists()
