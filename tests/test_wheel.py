"""The wheel alone, from an empty folder: what `pip install farside` gives."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_bytes
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OUTSIDE = ROOT / "examples" / "outside_planner"


IMPORT_ALL = """
import importlib, pkgutil, rover, sim
from rover.io.bundle import maps_folder, scenario_names, site_names
from sim.run.scenario import load_scenario
from sim.run.scenario_ground import load_site
print(maps_folder())
for name in scenario_names():
    load_scenario(name).read_vehicle()
for name in site_names():
    load_site(name)
for package in (rover, sim):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        print(importlib.import_module(module.name).__file__)
"""


def run(*words: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("farside-*.whl"))


def test_it_carries_the_maps_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for carried in sorted((ROOT / "maps").rglob("*.toml")):
        assert f"rover/_maps/{carried.relative_to(ROOT / 'maps')}" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "rover",
        "sim",
        "farside_pytest.py",
        "farside",
    }
    assert not [name for name in names if "test_" in name or name.endswith(".pyc")]


def test_it_requires_the_libraries_that_it_imports(wheel: Path) -> None:
    package = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in package.namelist() if name.endswith(".dist-info/METADATA")]
    lines = message_from_bytes(package.read(metadata)).get_all("Requires-Dist", [])
    required = {plain(re.split(r"[^\w.-]", line)[0]) for line in lines}
    found = imported_libraries(package)
    assert {"numpy", "numba", "rasterio", "erfa"} <= found
    owners = packages_distributions()
    for library in found:
        assert {plain(owner) for owner in owners.get(library, [library])} & required, library


def plain(name: str) -> str:
    return name.lower().replace("_", "-")


def imported_libraries(package: zipfile.ZipFile) -> set[str]:
    """Return what its modules import; the plugin and `sim/testing` serve pytest, which is there when they are."""
    found: set[str] = set()
    for name in package.namelist():
        if name.endswith(".py") and not name.startswith(("sim/testing/", "farside_pytest")):
            for node in ast.walk(ast.parse(package.read(name))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.split(".")[0])
    found.discard("pydantic_core")  # a part of pydantic, which brings its own version of it
    return found - sys.stdlib_module_names - {"rover", "sim"}


def test_its_modules_and_maps_work_from_elsewhere(wheel: Path, tmp_path: Path) -> None:
    """With the libraries that are here; every module can be imported, and every bundled scenario and site read."""
    apart, empty, home = tmp_path / "apart", tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    home.mkdir()
    zipfile.ZipFile(wheel).extractall(apart)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(apart)}
    where = run(sys.executable, "-c", IMPORT_ALL, cwd=empty, env=env).split()
    assert len(where) > 100
    assert all(path.startswith(str(apart)) for path in where)
    assert not list(empty.iterdir())


def test_an_outside_project_in_an_environment_that_it_is_installed_in(wheel: Path, tmp_path: Path) -> None:
    """A planner and its tests in their own folder, and nothing on the path but what pip has put there.

    The libraries are lent by the environment of here; that pip brings them too is a slow test's matter.
    """
    project, home, apart = tmp_path / "outside_planner", tmp_path / "home", tmp_path / "venv"
    home.mkdir()
    shutil.copytree(OUTSIDE, project, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "venv", "--without-pip", apart, cwd=tmp_path)
    python = apart / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index")
    run(*pip, wheel, cwd=tmp_path)
    (packages,) = apart.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    printed = run(python, "-m", "pytest", "-v", "--trace-config", "-k", "keeps", cwd=project, env=env)
    assert f"<module 'farside_pytest' from '{packages}/farside_pytest.py'>" in printed
    assert str(ROOT) not in run(
        python, "-c", "import rover, sim; print(rover.__file__, sim.__file__)", cwd=project, env=env
    )
    assert f"rootdir: {project}" in printed and " SKIPPED " not in printed
    for check in ("protocol", "within_bound", "safe", "unreachable", "nan_closed", "stale_state"):
        assert f"test_keeps_what_it_claims[hasty-{check}] PASSED" in printed


def install(wheel: Path, bare: Path, *more: str) -> Path:
    """Make an environment with the wheel, what it requires, and more; return its python."""
    run(sys.executable, "-m", "venv", bare, cwd=bare.parent)
    python = bare / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel, *more, cwd=bare.parent)
    return python


@pytest.mark.slow
def test_a_project_that_installs_it_has_the_planner_kit(wheel: Path, tmp_path: Path) -> None:
    """`pip install farside pytest`, and the tests of a planner in its own folder find plugin, marker and fixtures."""
    project, home = tmp_path / "outside_planner", tmp_path / "home"
    home.mkdir()
    shutil.copytree(OUTSIDE, project, ignore=shutil.ignore_patterns("__pycache__"))
    python = install(wheel, tmp_path / "venv", "pytest")
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    printed = run(python, "-m", "pytest", "-v", "--trace-config", cwd=project, env=env)
    assert re.search(rf"<module 'farside_pytest' from '{tmp_path}/venv/lib/", printed)
    assert "test_keeps_what_it_claims[hasty-within_bound] PASSED" in printed and " passed in " in printed
    assert f"rootdir: {project}" in printed
    theirs = tmp_path / "theirs"
    (theirs / "sim").mkdir(parents=True)
    (theirs / "sim" / "__init__.py").write_text("MINE = 1\n")
    (theirs / "test_theirs.py").write_text(
        "from sim import MINE\n\ndef test_theirs():\n    assert MINE == 1\n"
    )
    assert "1 passed" in run(python, "-m", "pytest", cwd=theirs, env=env)
    run(python, "-m", "pip", "install", "-q", "--no-deps", "-e", project, cwd=project)
    by_name = run(python, "-m", "sim.testing", "hasty", "--kind", "maze", cwd=tmp_path, env=env)
    assert by_name.startswith("planner hasty (claims bounded) passes protocol, within_bound")


def test_pytest_finds_the_plugin_apart_from_sim_and_rover(wheel: Path) -> None:
    """A project may have packages of these names; pytest loads what is announced before it looks at any test."""
    package = zipfile.ZipFile(wheel)
    (points,) = [name for name in package.namelist() if name.endswith(".dist-info/entry_points.txt")]
    announced = re.search(r"\[pytest11\]\n(\S+) = (\S+)", package.read(points).decode())
    assert announced is not None and announced.groups() == ("farside_pytest", "farside_pytest")
    assert "farside_pytest.py" in package.namelist()


@pytest.mark.slow
def test_installed_alone_it_plans_and_drives(wheel: Path, tmp_path: Path) -> None:
    bare, empty, home = tmp_path / "venv", tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    home.mkdir()
    python = install(wheel, bare)
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    printed = run(bare / "bin" / "farside", "run", "first-drive", cwd=empty, env=env)
    assert "arrived" in printed
    assert (empty / "runs" / "first-drive" / "map.png").exists()
    assert list((home / ".cache" / "farside").iterdir()), "kernels are kept in the user's cache"
    where = run(python, "-c", "import rover, sim; print(rover.__file__, sim.__file__)", cwd=empty, env=env)
    assert all(str(bare) in path for path in where.split())
