"""How a failure is seen again: the replay line, the command, the environment that narrows every call."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sim.testing import Budget, PlannerCheckError, check_planner, planner_checks
from sim.testing.__main__ import main
from sim.testing.registry import CHECKS
from tests.sim.testing.planted import over_budget

THEIRS = """
class Lost:
    name = 'lost'
    claims = frozenset()
    def plan(self, problem): raise KeyError('map')
"""


def test_the_replay_line_runs_just_the_one_check(tmp_path: Path) -> None:
    file = tmp_path / "theirs.py"
    file.write_text(THEIRS)
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            f"{file}:Lost", checks=["safe", "rim"], seeds=[2], kinds=["crater field"], pictures=None
        )
    failure = caught.value.failures[-1]
    command = f"{failure.replay} --pictures {tmp_path}".replace("python", sys.executable, 1)
    again = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert again.returncode == 8, again.stderr
    assert again.stdout.startswith(
        "planner lost fails rim\nrim: seed 2, crater field: raised KeyError: 'map'\n"
    )
    assert (tmp_path / "lost-rim-2-crater_field.png").exists()


def test_the_command_lists_the_checks_and_refuses_what_is_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()] == list(CHECKS)
    assert main(["astar", "--check", "protocol", "--seed", "1", "--kind", "maze"]) == 0
    assert capsys.readouterr().out.startswith("planner astar (claims optimal) passes protocol on 1 problems")
    assert main(["astarr"]) == 2
    assert "no planner of that name" in capsys.readouterr().err
    assert main(["astar", "--check", "light"]) == 2


def test_the_environment_narrows_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARSIDE_REPLAY", "rim:1:maze")
    report = check_planner("astar")
    assert report.checks == ("rim",) and report.problems == 1
    (only,) = planner_checks("astar")
    assert only.name == "rim" and only().problems == 1
    assert planner_checks("astar", checks=["safe"]) == []
    monkeypatch.setenv("FARSIDE_REPLAY", "rim")
    with pytest.raises(ValueError, match="give CHECK:SEED:KIND"):
        check_planner("astar")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("rmi:1:maze", "'rmi:1:maze': no check 'rmi', known are protocol, optimal"),
        ("rim:1:made", "'rim:1:made': no kind 'made', known are mare, crater field"),
        (
            "rim:7:maze",
            "'rim:7:maze' leaves nothing of this call, which has checks protocol.* seeds 0, 1; kinds",
        ),
        ("light:1:maze", "'light:1:maze' leaves nothing of this call"),
    ],
)
def test_an_environment_that_leaves_nothing_is_no_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str, told: str
) -> None:
    monkeypatch.setenv("FARSIDE_REPLAY", value)
    with pytest.raises(ValueError, match=f"FARSIDE_REPLAY = {told}"):
        check_planner("astar")
    assert main(["astar"]) == 2
    assert re.search(told, capsys.readouterr().err)


def test_the_replay_has_the_budget_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    for budget, option in (
        (Budget(time_s=0.2), ["--time-s", "0.2"]),
        (Budget(memory_mib=24), ["--memory-mib", "24.0"]),
    ):
        check, planner = (
            ("time_budget", over_budget.TakesItsTime)
            if budget.time_s < 1
            else ("memory_budget", over_budget.TakesMemory)
        )
        with pytest.raises(PlannerCheckError) as caught:
            check_planner(planner, checks=[check], seeds=[1], kinds=["maze"], budget=budget, pictures=None)
        words = shlex.split(caught.value.failures[0].replay)
        assert words[-2:] == option
        assert main([*words[3:], "--pictures", str(tmp_path)]) == 8
        assert f"{check}: seed 1, maze: takes " in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["astar", "--time-s", "-1"])
    assert ended.value.code == 2
