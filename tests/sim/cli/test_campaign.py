"""`farside campaign`, and `farside plot` of one."""

from __future__ import annotations

import csv
import json
import os
import shlex
import signal
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from rover.core.jit import cache_folder
from rover.core.strips import THREADS_VARIABLE
from sim.campaign.engine import run_tasks
from sim.campaign.journal import JOURNAL, locked, read_journal
from sim.campaign.task import Ended, Perform, Status, Task, without_drive
from sim.cli.campaign_pace import Pace
from tests.sim.campaign.quick_runs import FAULTY, faulty, quick
from tests.sim.cli.conftest import Command

SHORT = ("campaign", "campaign-short", "--workers", "1", "-q")
VARY = ("--vary", "power.initial_soc=uniform(0.5, 0.9)")
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> object:
    """Put another run in the place of the drive, in this process: what is made here cannot be sent to another."""

    def put(function: Perform) -> None:
        monkeypatch.setattr("sim.campaign.campaign.perform", function)
        monkeypatch.setattr(
            "sim.campaign.campaign.run_tasks",
            lambda tasks, perform, workers: run_tasks(tasks, perform, workers=0),
        )

    return put


@pytest.fixture(autouse=True)
def kernels_of_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers find the kernels that this process has, before it is told of another home."""
    cache = cache_folder()
    assert cache is not None
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache.parent))


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_two_real_runs(farside_within: Command, work: Path) -> None:
    """Each is what `farside run` makes of the command that is printed for it; the campaign can be drawn."""
    near = ("--set", "goal_m=[-9.0, 9.0]", "--set", "terrain.size_m=60.0")  # a few metres, in a second each
    ended = farside_within(*SHORT, "--seed", "1", "--runs", "2", *VARY, *near, "--out", "c", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    about = json.loads(ended.stdout)
    assert about == json.loads((work / "c" / "campaign.json").read_text(encoding="utf-8"))
    assert (about["runs"], about["driven"]) == (2, 2)
    worst = about["worst"][0]
    row = rows_of(work / "c")[worst["run"]]
    words = tuple(shlex.split(worst["command"])[1:])
    again = farside_within(*words, "--no-plots", "-q", "--out", "again")
    assert again.returncode in (0, 4)
    summary = json.loads((work / "again" / "summary.json").read_text(encoding="utf-8"))
    for name in ("outcome", "reason", "distance_m", "elapsed_s", "min_soc", "harvest_j", "replans", "seed"):
        assert str(summary[name]) == row[name]
    drawn = farside_within("plot", "c")
    assert drawn.returncode == 0
    assert worst["command"] in drawn.stdout
    assert (work / "c" / "campaign.png").read_bytes().startswith(PNG)


def test_what_makes_no_scenario_is_each_runs_own_matter(farside_within: Command, work: Path) -> None:
    words = ("--runs", "3", "--vary", "power.initial_soc=uniform(2, 3)", "--out", "c")
    ended = farside_within(*SHORT, *words)
    assert ended.returncode == 0
    assert {row["status"] for row in rows_of(work / "c")} == {"impossible"}
    assert all("power.initial_soc = 2." in row["reason"] for row in rows_of(work / "c"))
    assert "3 of them impossible" in ended.stdout and "nothing is proven of it" in ended.stdout
    told = json.loads((work / "c" / "campaign.json").read_text(encoding="utf-8"))["first_impossible"]
    assert told["run"] == 0 and told["reason"] == rows_of(work / "c")[0]["reason"]
    assert f"Impossible:\n  0: {told['reason']}\n    {told['command']}\n  and 2 more" in ended.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--runs", "0"), "--runs = 0: no run at all; give 1 to"),
        (("--runs", "-3"), "--runs = -3: no run"),
        (("--runs", "99999999999"), "more than 10000000"),
        (
            ("--runs", "2", "--workers", "1000000"),
            "--workers = 1000000: more than 8 for each core; give 1 to",
        ),
        (("--runs", "2", "--workers", "0"), "no worker at all"),
        (
            ("--runs", "2", "--time-limit", "0"),
            "--time-limit = 0.0: no time for a run; give 1 to 1e+08 seconds",
        ),
        (("--runs", "2", "--time-limit", "nan"), "no time for a run"),
        (("--runs", "2", "--scheduler", "nowhere"), "--scheduler = nowhere: not an address; give tcp://HOST"),
        (("--runs", "2", "--scheduler", "192.0.2.1:8786"), "not on this machine, and not over TLS"),
        (("--runs", "2", "--scheduler", "localhost:1", "--workers", "2"), "a cluster has workers of its own"),
        (("--runs", "2", "--insecure-cluster"), "no --scheduler is given"),
        (("--runs", "2", "--seed", "-1"), "--seed = -1: below 0"),
        (("--runs", "2", "--vary", "power.charge=uniform(0, 1)"), "unknown key"),
        (("--runs", "2", "--vary", "vehicle.batery_wh=uniform(1, 2)"), "did you mean battery_wh?"),
        (("--runs", "2", "--vary", "name.x=choice(1)"), "name is no table"),
        (("--runs", "2", "--vary", "power.initial_soc=uniform(1)"), "not two numbers"),
        (("--runs", "2", *VARY, "--set", "power.initial_soc=0.5"), "--set gives it as well"),
        (("--runs", "2", "--set", "power.initial_soc=7"), "out of range"),
        (("--runs", "2", "--set", "seed=4"), 'say --vary "seed=choice(N)"'),
        (("--runs", "2", "--set", "planner=none-such"), "none-such"),
        (("--runs", "2", *VARY, "--vary", "power=choice(1)"), "power is varied too"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    farside_within: Command, work: Path, words: tuple[str, ...], told: str
) -> None:
    ended = farside_within("campaign", "campaign-short", *words, "--out", "c")
    assert ended.returncode == 2
    assert told in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (work / "c").exists()


def test_a_scheduler_that_is_not_there(
    farside_within: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has begun, and nothing is left that the next try would be refused for."""
    monkeypatch.setattr("sim.campaign.cluster._CONNECT_S", 0.3)
    ended = farside_within(
        "campaign", "campaign-short", "--runs", "2", "--scheduler", "tcp://127.0.0.1:9", "--out", "c", "-q"
    )
    assert ended.returncode == 5
    assert "error[CLUSTER]: --scheduler = tcp://127.0.0.1:9: no scheduler to be had there" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (work / "c" / JOURNAL).exists()


def test_no_such_scenario(farside_within: Command) -> None:
    ended = farside_within("campaign", "nowhere", "--runs", "2", "--out", "c")
    assert (ended.returncode, ended.stdout) == (2, "")


def test_quarantined_runs_are_told_with_exit_6(farside_within: Command, doing: object, work: Path) -> None:
    doing(faulty)  # type: ignore[operator]
    ended = farside_within(*SHORT, *VARY, "--runs", "9", "--out", "c")
    assert ended.returncode == 6
    assert f"{FAULTY}: ZeroDivisionError: of this run alone" in ended.stdout
    assert rows_of(work / "c")[FAULTY]["status"] == "quarantined"
    assert farside_within("plot", "c").returncode == 0


def test_a_stopped_campaign_says_how_to_go_on(farside_within: Command, doing: object, work: Path) -> None:
    """Its journal holds what has ended, and the command that is named comes to the table of one not stopped."""

    def stopped(task: Task) -> Ended:
        if task.draw.run == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return quick(task)

    doing(stopped)  # type: ignore[operator]
    ended = farside_within(*SHORT, *VARY, "--runs", "6", "--time-limit", "50", "--out", "c")
    assert ended.returncode == 143
    assert "--workers 1 --time-limit 50 --out c --resume" in ended.stderr
    assert len(read_journal(work / "c" / JOURNAL).ended) == 3
    assert "3 of 6 runs are kept in c; go on with farside campaign" in ended.stderr
    doing(quick)  # type: ignore[operator]
    again = farside_within(*shlex.split(ended.stderr.partition("go on with farside ")[2]))
    assert again.returncode == 0
    assert farside_within(*SHORT, *VARY, "--runs", "6", "--out", "whole").returncode == 0
    for name in ("results.csv", "results.npz", "campaign.json"):
        assert (work / "c" / name).read_bytes() == (work / "whole" / name).read_bytes()


def test_stores_that_are_refused(farside_within: Command, doing: object, work: Path) -> None:
    doing(quick)  # type: ignore[operator]
    begun = (*SHORT, *VARY, "--runs", "3", "--out", "c")
    assert farside_within(*begun).returncode == 0
    again = farside_within(*begun)
    assert again.returncode == 2
    assert "say --resume" in again.stderr
    other = farside_within(*begun, "--seed", "9", "--resume")
    assert other.returncode == 7
    assert "--seed" in other.stderr
    set_otherwise = farside_within(*begun, "--set", "power.reserve_soc=0.2", "--resume")
    assert set_otherwise.returncode == 7
    with locked(work / "c"):
        held = farside_within(*begun, "--resume")
    assert held.returncode == 7
    assert "another campaign is at work" in held.stderr
    content = bytearray((work / "c" / JOURNAL).read_bytes())
    content[len(content) // 2] ^= 4
    (work / "c" / JOURNAL).write_bytes(content)
    damaged = farside_within(*begun, "--resume")
    assert damaged.returncode == 7
    assert "does not fit its checksum" in damaged.stderr
    assert "record" in damaged.stderr


def test_a_picture_needs_a_campaign_that_has_ended(
    farside_within: Command, doing: object, work: Path
) -> None:
    doing(quick)  # type: ignore[operator]
    assert farside_within(*SHORT, *VARY, "--runs", "3", "--out", "c").returncode == 0
    assert farside_within("plot", "c", "--replay").returncode == 2
    assert farside_within("plot", "c", "--out", "none").returncode == 5
    (work / "c" / "results.npz").write_bytes(b"PK")
    assert farside_within("plot", "c").returncode == 7
    (work / "c" / "campaign.json").unlink()
    ended = farside_within("plot", "c")
    assert ended.returncode == 7
    assert "a campaign that has ended" in ended.stderr


def test_a_campaign_of_which_nothing_can_be_driven_is_drawn(
    farside_within: Command, doing: object, work: Path
) -> None:
    doing(lambda task: without_drive(task, Status.IMPOSSIBLE, "cannot be"))  # type: ignore[operator]
    ended = farside_within(*SHORT, *VARY, "--runs", "3", "--out", "c")
    assert ended.returncode == 0
    assert "nothing was driven" in ended.stdout
    assert farside_within("plot", "c").returncode == 0


def test_workers_are_as_many_as_cores_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.cli.campaign import _workers

    monkeypatch.setenv(THREADS_VARIABLE, "3")
    assert _workers(None) == 3
    assert _workers(24) == 24


def test_pace() -> None:
    """Rate and end are of what this process does, not of what was there before."""
    seconds = iter(np.arange(0.0, 400.0, 20.0))
    pace = Pace(110, clock=lambda: float(next(seconds)), now=lambda: datetime(2026, 1, 1, 23, 59, tzinfo=UTC))
    assert pace.note(50, 0) == "50 of 110 runs"
    assert pace.note(70, 20) == "70 of 110 runs, 2 s a run, 1 min 20 s left, ends about 00:00:20 UTC"
    assert pace.note(110, 120) == "110 of 110 runs, 2 runs/s"
