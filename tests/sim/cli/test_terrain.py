"""`farside terrain` as a command."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from rover.core.errors import DemFrameError, FarsideError, RockListError, SiteError, UsageError
from rover.core.targets import TargetRange
from rover.io.raster import write_dem
from rover.terrain.report import report_terrain
from rover.terrain.rocks import Rocks
from sim.cli.terrain import terrain
from sim.cli.terrain_tables import as_json, as_text
from tests.builders.scenes import add_rock, dem_of, equilibrium_scene


def invoke(*words: object) -> Result:
    app = typer.Typer()
    app.command()(terrain)
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ground") / "ground.npz"
    write_dem(dem_of(equilibrium_scene(300, 1)[0]), path)
    return path


def test_it_tells_and_draws_and_writes(ground: Path, tmp_path: Path) -> None:
    out, plot = tmp_path / "report.json", tmp_path / "report.png"
    result = invoke(ground, "--report", "--out", out, "--plot", plot)
    assert result.exit_code == 0, result.output
    for words in ("300 x 300 cells of 1 m, 0.00 % unknown", "relief", "baseline m", "Hurst", "equilibrium"):
        assert words in result.stdout
    assert "Rocks do not show in cells wider than 0.3 m." in result.stdout
    assert max(map(len, result.stdout.splitlines())) < 140
    assert plot.read_bytes().startswith(b"\x89PNG")
    report = json.loads(out.read_text())
    assert report["format"] == 1
    assert report["slopes"]["baseline_m"] == [1, 2, 4, 8, 16, 32, 64]
    assert report["structure"]["directed_m"][0][1] is None
    assert len(report["craters"]["diameter_m"]) == report["crater_counts"]["count"][0] > 10
    assert report["figures"]["rock_fraction"] is None
    assert report["rocks"] == {"listed": None, "shown": None}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.png"]


def test_the_flag_changes_nothing(ground: Path) -> None:
    assert invoke(ground).stdout == invoke(ground, "--report").stdout


def test_rocks_of_a_list_and_of_the_ground(tmp_path: Path) -> None:
    held = np.zeros((80, 80))
    add_rock(held, 40, 40, 6, 0.3)
    write_dem(dem_of(held, 0.1), tmp_path / "fine.npz")
    rocks = tmp_path / "rocks.csv"
    rocks.write_text("east_m,north_m,diameter_m,height_m\n54,-66,0.6,0.3\n0,0,5,3\n")
    out = tmp_path / "report.json"
    result = invoke(tmp_path / "fine.npz", "--rocks", rocks, "--out", out, "--plot", tmp_path / "fine.png")
    assert result.exit_code == 0, result.output
    assert "rocks of the list" in result.stdout
    assert "rocks that stand out of the DEM" in result.stdout
    listed, shown = (json.loads(out.read_text())["rocks"][key] for key in ("listed", "shown"))
    assert listed["count"][0] == shown["count"][0] == 1
    assert listed["fraction"][0] == pytest.approx(math.pi / 4 * 0.36 / 64)
    assert shown["fraction"][0] == pytest.approx(listed["fraction"][0], rel=0.4)


def test_targets_stand_beside_the_figures_and_outside_is_marked() -> None:
    dem = dem_of(equilibrium_scene(200, 1)[0])
    relief_m = float(np.ptp(dem.elevation_m))
    targets = {
        "relief_m": TargetRange(low=0, high=relief_m + 1, source="a survey"),
        "depth_over_diameter": TargetRange(low=0.5, high=0.6, source="a survey"),
        "rock_fraction": TargetRange(low=0.001, high=0.002, source="a survey"),
        "colour": TargetRange(low=0, high=1, source="a survey"),
    }
    report = report_terrain(dem, targets=targets)
    lines = {
        words[0]: words[1:] for words in map(str.split, as_text(report, dem, None).splitlines()) if words
    }
    assert lines["relief_m"][1:] == ["0", "to", f"{relief_m + 1:g}"]
    assert lines["depth_over_diameter"][1:] == ["0.5", "to", "0.6", "OUTSIDE"]
    assert lines["rock_fraction"] == ["-", "0.001", "to", "0.002", "not", "told"]
    assert lines["colour"] == ["no", "such", "figure"]
    assert json.loads(as_json(report, dem))["targets"]["relief_m"]["source"] == "a survey"


def test_the_rock_fraction_is_that_of_the_list() -> None:
    one = np.array([0.5])
    rocks = Rocks(east_m=60 * np.ones(1), north_m=-60 * np.ones(1), diameter_m=one, height_m=one)
    report = report_terrain(dem_of(np.zeros((50, 50))), rocks=rocks)
    assert report.figures["rock_fraction"] == pytest.approx(math.pi / 16 / 2500)


def test_a_map_in_degrees_is_refused_or_read_through_a_window(reference: Path, tmp_path: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    assert isinstance(invoke(path).exception, DemFrameError)
    out = tmp_path / "report.json"
    result = invoke(path, "--center", "-44.6257,176.2058", "--size", 60000, "--out", out)
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert report["rows"] == report["cols"] == 127
    assert report["relief"]["percent"] == [5, 25, 50, 75, 95]
    assert -5950 < report["relief"]["percentile_m"][2] < -5800


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (("--center", "1,2"), UsageError, "--size"),
        (("--size", "100"), UsageError, "--center"),
        (("--center", "x", "--size", "100"), UsageError, "not two numbers"),
        (("--plot", "a.jpg"), UsageError, "PNG"),
        (("--rocks", "none.csv"), RockListError, "none.csv"),
        (("--site", "nowhere"), SiteError, "no such site"),
        (("--band", "2"), FarsideError, "no such band"),
        (("--max-cells", "100"), FarsideError, "more than 100 cells"),
    ],
)
def test_wrong_words_are_refused(
    ground: Path, tmp_path: Path, words: tuple[str, ...], error: type[FarsideError], says: str
) -> None:
    out = tmp_path / "report.json"
    result = invoke(ground, "--out", out, *words)
    assert isinstance(result.exception, error), result.output
    assert says in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_no_input_is_overwritten(ground: Path, tmp_path: Path) -> None:
    rocks = tmp_path / "rocks.csv"
    rocks.write_text("east_m,north_m,diameter_m,height_m\n")
    both = tmp_path / "both.png"
    for words in (
        ("--out", ground),
        ("--plot", ground),
        ("--rocks", rocks, "--out", rocks),
        ("--out", both, "--plot", both),
    ):
        assert isinstance(invoke(ground, *words).exception, UsageError)
    assert rocks.read_text().startswith("east_m")


def test_the_module_is_cheap_to_import() -> None:
    heavy = "numpy scipy numba matplotlib rasterio shapely"
    code = f"import sys, sim.cli.main; print([n for n in '{heavy}'.split() if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
