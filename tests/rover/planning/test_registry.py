"""Planners by name, module and file; everything that can be wrong with one, in one line."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from rover.core.errors import PlannerError
from rover.planning.astar import AStarPlanner
from rover.planning.problem import Planner
from rover.planning.registry import GROUP, load_planner, planner_names

GOOD = """
class Straight:
    name = "straight"
    claims = frozenset()

    def plan(self, problem):
        raise NotImplementedError

made = Straight()
"""


def planner_file(folder: Path, text: str) -> Path:
    path = folder / "theirs.py"
    path.write_text(text)
    return path


def test_ours_by_name() -> None:
    assert isinstance(load_planner("astar"), AStarPlanner)
    assert "astar" in planner_names() and planner_names() == sorted(planner_names())


def test_by_module() -> None:
    assert isinstance(load_planner("rover.planning.astar:AStarPlanner"), AStarPlanner)


def test_by_file(tmp_path: Path) -> None:
    planner = load_planner(f"{planner_file(tmp_path, GOOD)}:Straight")
    assert planner.name == "straight" and isinstance(planner, Planner)


def test_an_object_is_taken_as_it_is(tmp_path: Path) -> None:
    assert load_planner(f"{planner_file(tmp_path, GOOD)}:made").name == "straight"


def test_a_relative_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planner_file(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    assert load_planner("theirs.py:Straight").name == "straight"


def test_a_planner_that_a_package_announces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real distribution on the path: its metadata names an entry point."""
    planner_file(tmp_path, GOOD)
    metadata = tmp_path / "theirs-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\nstraight = theirs:Straight\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "straight" in planner_names()
    assert load_planner("straight").name == "straight"


def test_nobody_takes_our_names(monkeypatch: pytest.MonkeyPatch) -> None:
    stolen = importlib.metadata.EntryPoint(name="astar", value="nowhere:Nothing", group=GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [stolen])
    assert isinstance(load_planner("astar"), AStarPlanner)


@pytest.mark.parametrize("spec, says", [
    ("astarr", "did you mean astar?"),
    ("dijkstra-of-mars", "known: any-angle, astar"),
    ("", "known: any-angle, astar"),
    ("nowhere_at_all:Planner", "no module nowhere_at_all"),
    ("rover.planning.nothing:Planner", "no module rover.planning.nothing"),
    ("rover.planning.astar:AStarPlaner", "did you mean AStarPlanner?"),
    ("rover.planning.astar:AStarPlanner.inner", "has no inner"),
    ("rover.planning.astar:", "not MODULE:CLASS"),
    (":AStarPlanner", "not MODULE:CLASS"),
    ("missing.py:Planner", "no file missing.py"),
    ("rover..astar:AStarPlanner", "no module rover."),
    ("rover.planning.problem:Claim", "making it raised"),
    ("rover.planning.problem:NoPlan", "making it raised TypeError"),
    ("rover.core.grid:math", "lacks name, claims, plan"),
])  # fmt: skip
def test_specs_that_name_no_planner(spec: str, says: str) -> None:
    with pytest.raises(PlannerError) as caught:
        load_planner(spec)
    assert says in str(caught.value), str(caught.value)
    assert "\n" not in str(caught.value) and "error[PLANNER]" in str(caught.value)


@pytest.mark.parametrize("text, says", [
    ("def broken(:", "importing it raised SyntaxError"),
    ("raise RuntimeError('two\\nlines')", "importing it raised RuntimeError: two lines"),
    ("raise SystemExit(3)", "importing it raised SystemExit"),
    ("import nowhere_at_all", "importing it raised ModuleNotFoundError"),
    ("class Straight:\n    def __init__(self): 1 / 0", "making it raised ZeroDivisionError"),
    ("import sys\n\nclass Straight:\n    def __init__(self): sys.exit(0)", "making it raised SystemExit"),
    ("class Straight:\n    def __init__(self, speed): pass", "making it raised TypeError"),
    ("class Straight:\n    name = 'x'", "lacks claims, plan"),
    ("class Straight:\n    name = 'x'\n    claims = frozenset()\n    plan = 3", "plan cannot be called"),
    ("Straight = 3", "lacks name, claims, plan"),
])  # fmt: skip
def test_files_that_hold_no_planner(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PlannerError) as caught:
        load_planner(f"{planner_file(tmp_path, text)}:Straight")
    assert says in str(caught.value), str(caught.value)
    assert "\n" not in str(caught.value)
