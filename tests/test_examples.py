"""Every example runs from an empty folder and leaves its figure."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rover.core.jit import cache_folder

pytestmark = pytest.mark.readme

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
PLANNER = next(path for path in EXAMPLES if path.name == "test_my_planner.py")


def run(command: list[str], folder: Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    if compiled := cache_folder():
        kept["NUMBA_CACHE_DIR"] = str(compiled.parent)
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=kept, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_there_are_some() -> None:
    assert {path.stem for path in EXAMPLES} >= {"plan_on_a_dem", "drive_a_scenario", "test_my_planner"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_leaves_its_figure(path: Path, tmp_path: Path) -> None:
    printed = run([str(path)], tmp_path)
    assert printed.strip()
    assert [made.name for made in tmp_path.iterdir()] == [f"{path.stem}.png"]
    figure = (tmp_path / f"{path.stem}.png").read_bytes()
    assert figure.startswith(b"\x89PNG") and len(figure) > 10_000
    if path.stem == "drive_a_scenario":
        hours = [float(text) for text in re.findall(r"arrived, \d+ m in ([\d.]+) h", printed)]
        assert len(hours) == 2 and hours[1] > 1.5 * hours[0], "a smaller battery takes longer"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(ast.get_docstring(ast.parse(text)) or "") > 200
    assert f"examples/{path.name}" in text, "how it is run"


def test_planner_s_own_tests_pass(tmp_path: Path) -> None:
    printed = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", str(PLANNER)], tmp_path)
    assert " passed" in printed and "skipped" not in printed


def test_planner_drives_the_rover(tmp_path: Path) -> None:
    options = ["--planner", f"{PLANNER}:WideBerth", "--no-plots", "--quiet", "--out", "wide"]
    run(["-c", "from sim.cli.main import main; main()", "run", "short-hop", *options], tmp_path)
    summary = json.loads((tmp_path / "wide" / "summary.json").read_text(encoding="utf-8"))
    assert summary["outcome"] == "arrived" and summary["planner"] == "wide-berth"
