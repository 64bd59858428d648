"""What the files of `farside synth` hold, and what ground they say it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from rover.io.raster import read_dem
from sim.cli.ground_view import view_dem, write_view
from sim.cli.synth import synth
from sim.cli.terrain import terrain
from sim.moon.surface import GROUND_VERSION
from tests.builders.ground_commands import SMALL, invoke, silent, view

# What a file says


@pytest.mark.parametrize("resolution", ["0.05", "0.25", "2"])
def test_a_file_holds_whole_tenths_of_a_millimetre_as_near_as_its_type_comes(
    tmp_path: Path, resolution: str
) -> None:
    # On the crater's wall, two kilometres above the datum, where float32 steps are wider than a tenth.
    side = 40 * float(resolution)
    asked = view(window=f"60000,90000,{60000 + side:g},{90000 + side:g}", resolution=resolution)
    write_view(asked, tmp_path / "a.tif", silent)
    with rasterio.open(tmp_path / "a.tif") as dataset:
        held = dataset.read(1)
    tenths = np.round(held.astype(np.float64) * 1e4).astype(np.int64)
    if held.dtype == np.float64:
        assert [float(f"{count}e-4") for count in tenths.ravel().tolist()] == held.ravel().tolist()
    dem, again = view_dem(asked), read_dem(tmp_path / "a.tif")
    assert again.datum_m == dem.datum_m
    assert np.abs(dem.elevation_m).max() > 1024
    if held.dtype == np.float64:
        np.testing.assert_array_equal(again.elevation_m, dem.elevation_m)
    else:
        np.testing.assert_allclose(again.elevation_m, dem.elevation_m, atol=0.6e-3)


def test_a_fine_file_is_the_crop_of_a_larger_one(tmp_path: Path) -> None:
    write_view(view(window="60000,90000,60160,90140", resolution="0.25"), tmp_path / "a.tif", silent)
    write_view(view(window="60010,90020,60025,90030", resolution="0.25"), tmp_path / "b.tif", silent)
    with rasterio.open(tmp_path / "a.tif") as a, rasterio.open(tmp_path / "b.tif") as b:
        large, small = a.read(1), b.read(1)
    assert large.shape[0] > 512
    np.testing.assert_array_equal(small, large[4 * 110 : 4 * 120, 4 * 10 : 4 * 25])


@pytest.mark.parametrize("extension", [".tif", ".asc"])
def test_each_format_says_what_ground_it_holds(tmp_path: Path, extension: str) -> None:
    out = tmp_path / f"a{extension}"
    result = invoke(synth, "von-karman", "--window", "0,0,400,400", "--seed", 5, "--out", out, "-q")
    assert result.exit_code == 0, result.output
    with rasterio.open(out) as dataset:
        tags = dataset.tags()
    assert (tags["GROUND_VERSION"], tags["SITE"], tags["SEED"]) == (str(GROUND_VERSION), "von-karman", "5")
    assert "law of von-karman" in invoke(terrain, out).stdout


def test_an_npz_names_its_ground_in_its_source(tmp_path: Path) -> None:
    invoke(synth, "von-karman", *SMALL, "--seed", 5, "--out", tmp_path / "a.npz", "-q")
    assert read_dem(tmp_path / "a.npz").source == f"von-karman, seed 5, ground version {GROUND_VERSION}"
