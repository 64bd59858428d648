"""The pytest plugin from outside: fixtures, marker, what a failure says, projects with packages of its names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import farside_pytest
from rover.core.jit import cache_folder
from sim.testing import terrain_kinds

pytest_plugins = ["pytester"]


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the compiled kernels: pytester moves the home folder, and with it where they are."""
    if folder := cache_folder():
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder.parent))


@pytest.mark.usefixtures("kernels")
def test_fixtures_and_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from rover.planning.astar import AStarPlanner
        from sim.testing import check_planner, terrain_kinds

        @pytest.mark.parametrize("kind", terrain_kinds())
        def test_ground(terrain, hazard_map, planning_problem, kind):
            shape = terrain(7, kind).geometry.shape
            assert shape == planning_problem(7, kind).costmap.geometry.shape == hazard_map(7, kind).flags.shape
            assert planning_problem(7, kind, timed=True).almanac is not None

        def test_default_kind(terrain, hazard_map):
            assert (terrain(7).slope_rad == terrain(7, kind="mare").slope_rad).all()
            assert (hazard_map(7).flags == hazard_map(7, kind="mare").flags).all()

        @pytest.mark.planners("astar", AStarPlanner, AStarPlanner())
        def test_planner(planner):
            assert isinstance(planner, AStarPlanner)

        @pytest.mark.planners("astar", seeds=[1], kinds=["maze"], checks=["protocol", "safe"])
        def test_check(planner_check):
            assert planner_check().problems == 1

        @pytest.mark.planners(AStarPlanner)  # which pytest would take for a class of tests to be marked
        def test_class_alone(planner):
            assert isinstance(planner, AStarPlanner)

        @pytest.mark.planners
        def test_only_marked():
            check_planner("astar", seeds=[1], kinds=["bottleneck"], checks=["rim"])

        @pytest.mark.planners
        class TestMarked:
            pytestmark = pytest.mark.planners

            def test_in_a_class(self):
                pass
        """
    )
    result = pytester.runpytest_subprocess("--strict-markers", "-v", *plugin_option())
    result.assert_outcomes(passed=len(terrain_kinds()) + 1 + 3 + 2 + 1 + 1 + 1)
    result.stdout.fnmatch_lines(
        ["*::test_check?astar-protocol? PASSED*", "*::test_check?astar-safe? PASSED*"]
    )


@pytest.mark.usefixtures("kernels")
def test_a_failure_shows_seed_picture_and_the_command_that_replays_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from rover.planning.problem import Claim

        class Lost:
            name = "lost"
            claims = frozenset({Claim.OPTIMAL})
            asked = 0

            def plan(self, problem):
                print("was asked")
                raise KeyError("map")

        @pytest.mark.planners(Lost(), seeds=[1, 4], kinds=["maze", "polar light"], pictures="pictures")
        def test_lost(planner_check):
            planner_check()

        def test_unmarked(planner):
            pass
        """
    )
    result = pytester.runpytest_subprocess("-k", "rim or unmarked", *plugin_option())
    result.assert_outcomes(failed=1, errors=1)
    text = result.stdout.str()
    assert "name planners with @pytest.mark.planners" in text
    assert "rim: seed 1, maze: raised KeyError: 'map'" in text and "(+3 more of this check)" in text
    assert (pytester.path / "pictures" / "lost-rim-1-maze.png").exists()
    assert text.count("was asked") == 4
    told = re.search(r"replay: (FARSIDE_REPLAY=\S+) python -m pytest (.*)$", text, re.MULTILINE)
    assert told is not None and told[1] == "FARSIDE_REPLAY=rim:1:maze"
    command = f"{told[1]} {sys.executable} -m pytest {told[2]} {' '.join(plugin_option())}"
    again = subprocess.run(
        command, shell=True, cwd=pytester.path, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1, again.stderr
    assert again.stdout.count("was asked") == 1 and "more of this check" not in again.stdout


def test_the_plugin_imports_nothing_heavy(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_light():
            assert "farside_pytest" in sys.modules
            heavy = {"numpy", "numba", "scipy", "matplotlib", "shapely", "rover", "sim"}
            assert not heavy & set(sys.modules), heavy & set(sys.modules)
        """
    )
    # Other projects' plugins may import what they like; ours is to be judged alone.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest_subprocess("-p", "farside_pytest").assert_outcomes(passed=1)


THEIRS = """
from {package} import MINE


def test_of_their_own():
    assert MINE == 1
"""
OF_PLANNERS = """
import pytest


@pytest.mark.planners("astar")
def test_marked(planner):
    pass


def test_fixture(terrain):
    pass
"""


@pytest.mark.parametrize("package", ["sim", "rover"])
def test_a_project_with_a_package_of_the_same_name(package: str, tmp_path: Path) -> None:
    """Its own tests run; one that wants the kit is told in a line what hides it."""
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("MINE = 1\n")
    (tmp_path / "test_theirs.py").write_text(THEIRS.format(package=package))
    done = alone(tmp_path)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr

    (tmp_path / "test_planners.py").write_text(OF_PLANNERS)
    done = alone(tmp_path)
    assert done.returncode == 1 and "1 passed, 2 errors" in done.stdout, done.stdout + done.stderr
    hidden = tmp_path / package / "__init__.py"
    told = f"farside's planner kit cannot be imported: {hidden} hides farside's package `{package}`; rename"
    assert done.stdout.count(f"\n{told}") == 2 and "Traceback" not in done.stdout

    (tmp_path / "test_planners.py").write_text("import pytest\n" + MARKED)
    done = alone(tmp_path)
    assert done.returncode == 2 and done.stdout.count(f"\n{told}") == 1, done.stdout + done.stderr


MARKED = """
@pytest.mark.planners("astar")
def test_marked(planner_check):
    planner_check()
"""


def alone(project: Path) -> subprocess.CompletedProcess[str]:
    """Run a project's tests as `python -m pytest` with this plugin and no other."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    here = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(Path(farside_pytest.__file__).parent)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "farside_pytest"],
        cwd=project, env=kept | here, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_the_plugin_by_its_name_in_the_kit_is_the_same(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said beside the other, it is loaded once."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        "def test_plugin(pytestconfig): assert pytestconfig.pluginmanager.has_plugin('farside_pytest')"
    )
    both = ("-p", "sim.testing.plugin", "-p", "farside_pytest")
    pytester.runpytest_subprocess(*both).assert_outcomes(passed=1)


def plugin_option() -> list[str]:
    """Load the plugin by hand where this package is a source checkout and announces no entry point."""
    from importlib.metadata import entry_points

    announced = any(point.value == "farside_pytest" for point in entry_points(group="pytest11"))
    return [] if announced else ["-p", "farside_pytest"]
