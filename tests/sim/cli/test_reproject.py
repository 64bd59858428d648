"""`farside reproject` as a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from rover.core.errors import FarsideError, PlaceError, UsageError
from rover.io.raster import read_dem
from sim.cli.reproject import reproject


def invoke(*words: object) -> Result:
    app = typer.Typer()
    app.command()(reproject)
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def degrees(reference: Path) -> Path:
    return reference / "dem" / "vonkarman_region_gld100_64ppd.tif"


@pytest.mark.parametrize("extension", [".tif", ".npz", ".asc"])
def test_it_writes_a_dem_that_is_read(degrees: Path, tmp_path: Path, extension: str) -> None:
    out = tmp_path / f"local{extension}"
    result = invoke(
        degrees, "--center", "-44.6257,176.2058", "--size", 3000, "--resolution", 30, "--out", out
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{out}: 100 x 100 cells of 30 m, elevation -5")
    assert result.stdout.count("\n") == 1
    dem = read_dem(out)
    assert dem.geometry.shape == (100, 100)
    assert dem.geometry.site.body == "moon"


def test_cubic_is_another_interpolation(degrees: Path, tmp_path: Path) -> None:
    words = [degrees, "--center", "-44.6257,176.2058", "--size", 3000, "--resolution", 30, "--out"]
    invoke(*words, tmp_path / "one.tif")
    invoke(*words, tmp_path / "two.tif", "--cubic")
    one, two = (read_dem(tmp_path / name).elevation_m for name in ("one.tif", "two.tif"))
    assert (one != two).mean() > 0.5


@pytest.mark.parametrize("center", ["-44.6", "a,b", "1,2,3", ""])
def test_a_centre_that_is_none_is_refused(degrees: Path, tmp_path: Path, center: str) -> None:
    result = invoke(degrees, f"--center={center}", "--size", 3000, "--out", tmp_path / "local.tif")
    assert isinstance(result.exception, UsageError)
    assert "--center" in str(result.exception)


def test_a_refusal_leaves_no_file(degrees: Path, tmp_path: Path) -> None:
    result = invoke(degrees, "--center", "10,10", "--size", 3000, "--out", tmp_path / "local.tif")
    assert isinstance(result.exception, PlaceError)
    assert list(tmp_path.iterdir()) == []


def test_the_output_is_looked_at_before_the_work(tmp_path: Path) -> None:
    result = invoke(tmp_path / "missing.tif", "--center", "10,10", "--size", 3, "--out", tmp_path / "dem.png")
    assert isinstance(result.exception, FarsideError)
    assert "no such raster format" in str(result.exception)


def test_the_module_is_cheap_to_import() -> None:
    heavy = "numpy scipy numba matplotlib rasterio shapely rover.io.reproject"
    code = f"import sys, sim.cli.reproject; print([n for n in '{heavy}'.split() if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
