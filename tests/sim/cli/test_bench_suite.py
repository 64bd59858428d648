"""`farside bench`: the set asked of planners; its table, files and exit status."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.sim.cli.conftest import FARSIDE, Command

PNG = b"\x89PNG\r\n\x1a\n"
TWO = ("--only", "mare-plain-64", "--only", "mare-plain-64-goal-lethal")
MINE = """
from rover.planning.astar import AStarPlanner
from rover.planning.problem import Cause, NoPlan

class Mine:
    name = "mine"
    claims = frozenset()

    def plan(self, problem):
        return NoPlan(cause=Cause.GOAL_LETHAL, where="everywhere", remedy="none")
"""


def test_the_table_and_its_files(farside_within: Command, work: Path) -> None:
    ended = farside_within("bench", *TWO, "--planner", "astar", "--out", "b", "-q")
    assert (ended.returncode, ended.stderr) == (0, "")
    head, first, second, total = ended.stdout.splitlines()
    assert head.split()[:4] == ["planner", "problem", "cells", "ok"]
    assert first.split()[:5] == ["astar", "mare-plain-64", "64", "yes", "1.000000"]
    assert second.endswith("no plan: goal_lethal")
    assert total.startswith("astar: 2 of 2 right; cost ratio 1.000000 in the mean, 1.000000 at worst;")
    with (work / "b" / "bench.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["problem"], row["success"], row["violations"]) for row in rows] == [
        ("mare-plain-64", "True", "0"), ("mare-plain-64-goal-lethal", "True", "0"),
    ]  # fmt: skip
    assert float(rows[0]["cost_ratio"]) == pytest.approx(1.0, abs=1e-12)
    assert rows[1]["cost_ratio"] == ""
    held = json.loads((work / "b" / "bench.json").read_text(encoding="utf-8"))
    assert held["planners"][0]["succeeded"] == 2
    assert (work / "b" / "bench.png").read_bytes().startswith(PNG)


def test_somebodys_planner_that_is_wrong_ends_in_8(farside_within: Command, work: Path) -> None:
    (work / "mine.py").write_text(MINE)
    ended = farside_within("bench", *TWO, "--planner", "mine.py:Mine", "--json", "-q")
    assert ended.returncode == 8
    told = json.loads(ended.stdout)
    assert [one["success"] for one in told["answers"]] == [False, True]
    assert told["answers"][0]["answer"] == "no plan where there is a way: goal_lethal"
    assert told["planners"] == [
        {**told["planners"][0], "planner": "mine", "asked": 2, "succeeded": 1, "late": 0, "mean_ratio": None}
    ]


def test_where_the_command_is_killed_nothing_hidden_is_left(tmp_path: Path) -> None:
    """As by the guard of a planner in native code, which ends the command with it."""
    (tmp_path / "mine.py").write_text(
        MINE.replace(
            "        return",
            "        import os, signal\n        os.kill(os.getpid(), signal.SIGKILL)\n        return",
        )
    )
    words = [FARSIDE, "bench", *TWO, "--planner", "mine.py:Mine", "--out", "b", "-q"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, ""), ended.stderr
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["mine.py"]


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_asked(
    farside_within: Command, work: Path
) -> None:
    (work / "b").mkdir()
    (work / "b" / "mine").write_text("keep")
    for out, status in (("b", 2), ("absent/b", 5)):
        ended = farside_within("bench", *TWO, "--planner", "astar", "--out", out)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (status, "", 1), ended.stderr


def test_a_planner_that_takes_none_of_them(farside_within: Command) -> None:
    ended = farside_within("bench", *TWO, "--planner", "traverse", "-q")
    assert (ended.returncode, ended.stdout.strip()) == (
        0, "nothing was asked: none of the planners takes problems of this kind",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--suite", "huge"), "--suite = huge: no such suite; give small or full"),
        (("--only", "mare-plain-65"), "no such problem; did you mean mare-plain-64?"),
        (("--planner", "none-such"), "none-such"),
        (("--planner", "astar", "--planner", "astar"), "one comes twice"),
        (("--time-limit", "0"), "--time-limit = 0.0: no time"),
        (("--time-limit", "nan"), "no time"),
    ],
)
def test_what_cannot_be_meant_is_refused(farside_within: Command, words: tuple[str, ...], told: str) -> None:
    ended = farside_within("bench", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_small_suite_by_the_packages_own_planners(farside_within: Command) -> None:
    words = [word for name in ("astar", "any-angle", "directional", "incremental", "pyramid", "traverse")
             for word in ("--planner", name)]  # fmt: skip
    ended = farside_within("bench", *words, "--json", "-q")
    assert ended.returncode == 0, ended.stdout
    for total in json.loads(ended.stdout)["planners"]:
        assert total["succeeded"] == total["asked"], total
        assert total["worst_ratio"] <= 1.2
