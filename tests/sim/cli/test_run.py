"""`farside run` and its companions as a user meets them."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.sim.cli.conftest import FARSIDE, Command, environment

HOP = ("run", "short-hop", "--set", "goal_m=[-60,40]", "--set", "terrain.size_m=200")
FILES = [
    "events.json", "map.png", "products.npz", "replay.npz", "scenario.toml", "summary.json", "telemetry.npz",
    "timeline.png", "traverse.geojson",
]  # fmt: skip


def test_everything_is_there_and_is_drawn_again(farside: Command, work: Path) -> None:
    result = farside(*HOP, "--out", "out")
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in (work / "out").iterdir()) == FILES
    assert "arrived" in result.stdout
    assert "Results: out" in result.stdout
    progress = [line for line in result.stderr.splitlines() if "% of the way" in line]
    assert 3 <= len(progress) <= 10
    summary = json.loads((work / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["outcome"] == "arrived"
    assert summary["violations"] == []
    traverse = json.loads((work / "out" / "traverse.geojson").read_text(encoding="utf-8"))
    assert "Moon" in traverse["crs"]["properties"]["name"]
    driven = next(f for f in traverse["features"] if f["properties"]["name"] == "driven")
    assert driven["geometry"]["coordinates"][-1] == pytest.approx([-60, 40], abs=0.1)
    telemetry = np.load(work / "out" / "telemetry.npz")
    assert {"drive", "charge", "plan", "idle"} >= set(telemetry["mode"].tolist())
    assert telemetry["distance_m"][-1] == pytest.approx(summary["distance_m"])

    first = (work / "out" / "map.png").read_bytes()
    (work / "out" / "map.png").unlink()
    result = farside("plot", "out")
    assert result.returncode == 0, result.stderr
    assert (work / "out" / "map.png").read_bytes() == first
    (work / "out" / "telemetry.npz").write_bytes(b"PK torn")
    torn = farside("plot", "out")
    assert torn.returncode == 7
    assert "telemetry.npz" in torn.stderr
    assert torn.stderr.count("\n") == 1


def test_quiet_is_quiet_and_the_default_folder_is_fresh(
    farside: Command, farside_within: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes write the same bytes, whatever else one of them has done before."""
    monkeypatch.setenv("NO_COLOR", "1")
    for run in (partial(farside, env={"NO_COLOR": "1"}), farside_within):
        result = run(*HOP, "--no-plots", "--quiet")
        assert result.returncode == 0
        assert result.stderr == ""
        assert "\x1b" not in result.stdout
    assert sorted(path.name for path in (work / "runs").iterdir()) == ["short-hop", "short-hop-2"]
    first, second = (
        (work / "runs" / name / "telemetry.npz").read_bytes() for name in ("short-hop", "short-hop-2")
    )
    assert first == second


def test_a_resolved_scenario_runs_again_to_the_same_bytes(farside_within: Command, work: Path) -> None:
    assert farside_within(*HOP, "--no-plots", "--out", "a", "--seed", 9).returncode == 0
    again = farside_within("run", "a/scenario.toml", "--no-plots", "--out", "b")
    assert again.returncode == 0, again.stderr
    assert (work / "a" / "telemetry.npz").read_bytes() == (work / "b" / "telemetry.npz").read_bytes()


@pytest.mark.parametrize(
    ("number", "status"),
    [  # the signals are told apart in one place for all commands, and `synth` is sent each of them
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
def test_interrupted_runs_are_kept(tmp_path: Path, number: signal.Signals, status: int) -> None:
    (tmp_path / "home").mkdir()
    process = subprocess.Popen(
        [FARSIDE, "run", "first-drive", "--no-plots", "--out", "out"],
        cwd=tmp_path,
        env=environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "10 % of the way" in line:
            break
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["outcome"] == "interrupted"
    assert 10 < summary["distance_m"] < 400
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_killed_before_it_drives_leaves_nothing_half_written(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    (tmp_path / "home").mkdir()
    words = [FARSIDE, "synth", "von-karman", "--set", "terrain.size_m=16000", "--out", "big.tif"]
    process = subprocess.Popen(
        words, cwd=tmp_path, env=environment(tmp_path / "home"), stderr=subprocess.PIPE, text=True
    )
    time.sleep(1.5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_full_disk_is_told(farside: Command, work: Path) -> None:
    result = farside(*HOP, "--no-plots", "--out", "out", preexec_fn=_small_files)
    assert result.returncode == 5, result.stderr
    assert result.stderr.splitlines()[-1].startswith("farside: error[")
    assert "Traceback" not in result.stderr
    assert not (work / "out").exists()


def _small_files() -> None:
    """No file may grow beyond 20 kB: what a disk that fills up does, without filling one."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_terminal_gets_a_bar_with_the_simulated_date(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [FARSIDE, *HOP, "--no-plots", "--out", "out"],
        cwd=tmp_path,
        env={**environment(tmp_path / "home"), "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        shown += read
    assert process.wait(timeout=60) == 0
    assert b"driving" in shown
    assert b"2019-01-11T0" in shown


def test_piped_into_head_there_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    result = subprocess.run(
        f"{FARSIDE} run --help | head -1",
        shell=True, cwd=tmp_path, env=environment(tmp_path / "home"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.stderr == ""


def test_help_is_immediate_and_imports_nothing_heavy(tmp_path: Path) -> None:
    check = (
        "import sys, typer\n"
        "from sim.cli.main import app\n"
        "try:\n    app(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numba', 'scipy', 'matplotlib', 'rasterio', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for command in ("run", "plan", "synth", "plot", "reproject", "init", "check"):
        assert command in result.stdout


def test_init_check_run(farside_within: Command, work: Path) -> None:
    assert farside_within("init").returncode == 0
    assert farside_within("check", "scenario.toml").returncode == 0
    again = farside_within("init")
    assert again.returncode == 5
    assert "is there already" in again.stderr
    result = farside_within("run", "scenario.toml", "--set", "operations.mode=autonomous", "--no-plots")
    assert result.returncode == 0, result.stderr
    assert "arrived" in result.stdout


def test_synth_then_plan(farside_within: Command, work: Path) -> None:
    made = farside_within("synth", "short-hop", "--seed", 3, "--out", "dem.tif", "--plot")
    assert made.returncode == 0, made.stderr
    assert "dem.tif: 300 x 300 cells of 2 m" in made.stdout
    other = farside_within("synth", "von-karman", "--set", "terrain.size_m=200", "--out", "site.npz")
    assert other.returncode == 0, other.stderr
    planned = farside_within(
        "plan", "dem.tif", "--start=0,0", "--goal=-120,90", "--out", "p.geojson", "--plot", "p.png", "--json"
    )
    assert planned.returncode == 0, planned.stderr
    result = json.loads(planned.stdout)
    assert result["outcome"] == "planned"
    assert 150 <= result["length_m"] < 200
    path = json.loads((work / "p.geojson").read_text(encoding="utf-8"))
    line = next(f for f in path["features"] if f["geometry"]["type"] == "LineString")
    assert line["geometry"]["coordinates"][0] == [0, 0]
    assert line["geometry"]["coordinates"][-1] == [-120, 90]
    assert {p.name for p in work.iterdir()} == {"dem.tif", "dem.png", "site.npz", "p.geojson", "p.png"}
