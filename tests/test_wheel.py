"""The wheel alone, in a bare environment, from an empty folder: what `pip install farside` gives."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
    assert {name.split("/")[0].split("-")[0] for name in names} == {"rover", "sim", "farside"}
    assert not [name for name in names if "test_" in name or name.endswith(".pyc")]


def test_installed_alone_it_plans_and_drives(wheel: Path, tmp_path: Path) -> None:
    bare, empty, home = tmp_path / "venv", tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    home.mkdir()
    run(sys.executable, "-m", "venv", bare, cwd=tmp_path)
    python = bare / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel, cwd=empty)
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    printed = run(bare / "bin" / "farside", "run", "first-drive", cwd=empty, env=env)
    assert "arrived" in printed
    assert (empty / "runs" / "first-drive" / "map.png").exists()
    assert list((home / ".cache" / "farside").iterdir()), "kernels are kept in the user's cache"
    where = run(python, "-c", "import rover, sim; print(rover.__file__, sim.__file__)", cwd=empty, env=env)
    assert all(str(bare) in path for path in where.split())
