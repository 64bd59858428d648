"""Slope, aspect, roughness and step: laws of planes, turns and mirrors, unknown cells, and one measured hill."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.grid import Dem, GridGeometry, Site
from rover.io.raster import read_dem
from rover.terrain.derive import Terrain, derive_terrain

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


def dem_of(heights: npt.ArrayLike, resolution_m: float = 2.0, datum_m: float = -6000.0) -> Dem:
    held = np.asarray(heights, np.float32)
    rows, cols = held.shape
    geometry = GridGeometry(
        rows=rows, cols=cols, resolution_m=resolution_m, east_m=50.0, north_m=-70.0, site=SITE
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=datum_m, source="a test")


def plane(
    slope_deg: float, aspect_deg: float, *, rows: int = 7, cols: int = 8, resolution_m: float = 0.5
) -> Dem:
    """Falls towards `aspect_deg`, clockwise from north."""
    north, east = np.mgrid[:rows, :cols] * resolution_m
    downhill = east * math.sin(math.radians(aspect_deg)) + north * math.cos(math.radians(aspect_deg))
    return dem_of(-math.tan(math.radians(slope_deg)) * (downhill - downhill.mean()), resolution_m)


def blank(dem: Dem) -> npt.NDArray[np.float32]:
    return np.empty(dem.geometry.shape, np.float32)


def inner(layer: npt.NDArray[np.float32], rim: int = 1) -> npt.NDArray[np.float64]:
    return layer[rim:-rim, rim:-rim].astype(np.float64)


def random_dem(seed: int = 3, shape: tuple[int, int] = (24, 31), resolution_m: float = 2.0) -> Dem:
    rng = np.random.default_rng(seed)
    return dem_of(rng.normal(0, 0.5, shape).cumsum(0).cumsum(1) / 5, resolution_m)


@pytest.mark.parametrize("aspect_deg", range(0, 360, 15))
@pytest.mark.parametrize("slope_deg", [0.5, 5.0, 20.0, 35.0])
def test_a_plane_has_one_slope_and_one_aspect(slope_deg: float, aspect_deg: int) -> None:
    terrain = derive_terrain(plane(slope_deg, aspect_deg))
    assert np.abs(np.degrees(inner(terrain.slope_rad)) - slope_deg).max() < 1e-5
    turn = (np.degrees(inner(terrain.aspect_rad)) - aspect_deg + 180) % 360 - 180
    # A float32 near 2 pi is 3e-5 deg coarse; of a gentle slope the direction is known less well by 1 / tan.
    assert np.abs(turn).max() < 3e-5 + 1e-5 / math.tan(math.radians(slope_deg))


def test_level_ground_has_no_slope() -> None:
    terrain = derive_terrain(dem_of(np.full((5, 5), 1.25)))
    for layer in (terrain.slope_rad, terrain.aspect_rad, terrain.roughness_m, terrain.step_m):
        assert (inner(layer) == 0).all()


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 40), st.floats(0, 360), st.integers(1, 3), st.integers(1, 3))
def test_planes_have_no_roughness_and_a_step_of_their_own_rise(
    slope_deg: float, aspect_deg: float, rough_half: int, step_half: int
) -> None:
    terrain = derive_terrain(
        plane(slope_deg, aspect_deg, rows=9, cols=9),
        footprint_m=float(rough_half),
        wheelbase_m=float(step_half),
    )
    assert terrain.roughness_window_m == rough_half
    assert terrain.step_window_m == step_half
    assert np.nanmax(terrain.roughness_m) < 2e-6
    across = abs(math.sin(math.radians(aspect_deg))) + abs(math.cos(math.radians(aspect_deg)))
    rise = math.tan(math.radians(slope_deg)) * across * step_half
    assert np.abs(inner(terrain.step_m, step_half) - rise).max() < 3e-6


def same(a: npt.NDArray[np.float32], b: npt.NDArray[np.floating], within: float = 1e-6) -> None:
    np.testing.assert_allclose(a, b, atol=within, rtol=0)


def same_direction(a: npt.NDArray[np.float32], b: npt.NDArray[np.floating]) -> None:
    turn = (inner(a) - b[1:-1, 1:-1] + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(turn).max() < 1e-5


def test_turning_the_map_turns_the_aspect_and_nothing_else() -> None:
    dem = random_dem()
    before, after = derive_terrain(dem), derive_terrain(dem_of(np.rot90(dem.elevation_m)))
    # Row grows north, so that rot90, from columns towards rows backwards, is a turn; its sense is asked of a point.
    marked = np.zeros(dem.elevation_m.shape)
    marked[-1, dem.elevation_m.shape[1] // 2] = 1  # in the north
    _, col = np.argwhere(np.rot90(marked))[0].tolist()
    sense = 1 if col > marked.shape[0] // 2 else -1  # clockwise where north comes to lie in the east
    same(after.slope_rad, np.rot90(before.slope_rad))
    same(after.step_m, np.rot90(before.step_m))
    same(after.roughness_m, np.rot90(before.roughness_m))
    same_direction(after.aspect_rad, np.rot90(before.aspect_rad) + sense * np.pi / 2)


def test_mirroring_the_map_mirrors_the_aspect() -> None:
    dem = random_dem()
    before, after = derive_terrain(dem), derive_terrain(dem_of(dem.elevation_m[:, ::-1]))
    same(after.slope_rad, before.slope_rad[:, ::-1])
    same_direction(after.aspect_rad, -before.aspect_rad[:, ::-1].astype(np.float64))
    after = derive_terrain(dem_of(dem.elevation_m[::-1]))
    same_direction(after.aspect_rad, np.pi - before.aspect_rad[::-1].astype(np.float64))


def test_cells_twice_as_large_halve_the_grade_and_keep_the_heights() -> None:
    dem = random_dem()
    fine, coarse = derive_terrain(dem), derive_terrain(dem_of(dem.elevation_m, 4.0))
    same(np.tan(coarse.slope_rad), np.tan(fine.slope_rad) / 2)
    same(coarse.aspect_rad[1:-1, 1:-1], fine.aspect_rad[1:-1, 1:-1])
    same(coarse.roughness_m, fine.roughness_m)
    same(coarse.step_m, fine.step_m, 0)


def test_raising_the_datum_changes_nothing_and_a_gain_scales_the_heights() -> None:
    dem = random_dem()
    before = derive_terrain(dem)
    for name in ("slope_rad", "roughness_m", "step_m"):
        same(getattr(derive_terrain(dem_of(dem.elevation_m, datum_m=0.0)), name), getattr(before, name), 0)
    doubled = derive_terrain(dem_of(2 * dem.elevation_m))
    same(np.tan(doubled.slope_rad), 2 * np.tan(before.slope_rad), 1e-5)
    same(doubled.step_m, 2 * before.step_m)
    same(doubled.roughness_m, 2 * before.roughness_m)


@pytest.mark.parametrize("rough_half, step_half", [(1, 1), (2, 1), (1, 3)])
def test_an_unknown_cell_closes_exactly_its_windows(rough_half: int, step_half: int) -> None:
    heights = np.array(random_dem().elevation_m)
    row, col = 11, 15
    heights[row, col] = np.nan
    terrain = derive_terrain(dem_of(heights), footprint_m=4.0 * rough_half, wheelbase_m=4.0 * step_half)
    halves = {"slope_rad": 1, "aspect_rad": 1, "roughness_m": max(1, rough_half), "step_m": step_half}
    for name, half in halves.items():
        expected = np.ones(heights.shape, np.bool_)
        expected[half:-half, half:-half] = False  # the rim
        expected[row - half : row + half + 1, col - half : col + half + 1] = True
        if name == "roughness_m":  # its gradient is Horn's, which a wider window holds
            assert half >= 1
        np.testing.assert_array_equal(np.isnan(getattr(terrain, name)), expected, err_msg=name)


def test_a_single_bump_by_hand() -> None:
    heights = np.zeros((7, 7))
    heights[3, 3] = 0.9
    terrain = derive_terrain(dem_of(heights, 1.0))
    # On it: level by symmetry, the mean 0.1 below, so 0.8 above the plane.
    assert terrain.slope_rad[3, 3] == 0
    assert terrain.roughness_m[3, 3] == pytest.approx(0.8, abs=1e-6)
    # West of it: Horn's east grade is 2 x 0.9 / 8, and downhill lies west.
    assert math.tan(terrain.slope_rad[3, 2]) == pytest.approx(2 * 0.9 / 8, abs=1e-6)
    assert math.degrees(terrain.aspect_rad[3, 2]) == pytest.approx(270, abs=1e-4)
    assert terrain.roughness_m[3, 2] == pytest.approx(0.9 - 0.1 - 0.225, abs=1e-6)
    # South-west of it: one corner, 0.9 / 8 each way; downhill lies south-west.
    assert math.tan(terrain.slope_rad[2, 2]) == pytest.approx(0.9 / 8 * math.sqrt(2), abs=1e-6)
    assert math.degrees(terrain.aspect_rad[2, 2]) == pytest.approx(225, abs=1e-4)
    assert (inner(terrain.step_m)[1:-1, 1:-1] == np.float32(0.9)).all()
    assert terrain.step_m[1, 1] == 0


def test_rasters_too_small_to_say_anything_say_nothing() -> None:
    for shape in ((1, 1), (2, 5), (5, 2)):
        terrain = derive_terrain(dem_of(np.zeros(shape)))
        assert np.isnan(terrain.slope_rad).all()
        assert np.isnan(terrain.step_m).all()


def test_layers_can_be_written_in_place() -> None:
    dem = random_dem()
    out = (blank(dem), blank(dem), blank(dem), blank(dem))
    terrain = derive_terrain(dem, out=out)
    assert np.shares_memory(terrain.slope_rad, out[0])
    same(terrain.step_m, derive_terrain(dem).step_m, 0)


def test_slope_of_a_measured_hill_against_its_publishers(reference: Path) -> None:
    """Band 2 of the Aristarchus field is the slope in degrees, by other people's code."""
    path = reference / "dem" / "aristarchus_imp_5m.tif"
    terrain = derive_terrain(read_dem(path, band=1))
    theirs = read_dem(path, band=2)
    published = theirs.elevation_m.astype(np.float64) + theirs.datum_m
    out = np.degrees(terrain.slope_rad.astype(np.float64)) - published
    known = np.isfinite(out)
    assert known.sum() > 59_000
    assert np.sqrt((out[known] ** 2).mean()) <= 0.02
    assert abs(np.median(out[known])) < 0.001


def layers(terrain: Terrain) -> list[npt.NDArray[np.float32]]:
    return [terrain.slope_rad, terrain.aspect_rad, terrain.roughness_m, terrain.step_m]


def test_jit_off_equals_jit_on_but_for_libm(tmp_path: Path) -> None:
    """Roughness and step call no library function: bit for bit. Slope and aspect call libm's atan and atan2."""
    dem = random_dem()
    np.save(tmp_path / "z.npy", dem.elevation_m)
    code = (
        "import numpy as np\n"
        "from rover.terrain.derive_kernels import derive_window\n"
        f"z = np.load(r'{tmp_path / 'z.npy'}')\n"
        "out = [np.empty(z.shape, np.float32) for _ in range(4)]\n"
        "derive_window(z, 2.0, 2, 1, *out)\n"
        f"np.savez(r'{tmp_path / 'off.npz'}', *out)\n"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", code], env=environment, check=True)
    on = layers(derive_terrain(dem, footprint_m=8.0))
    with np.load(tmp_path / "off.npz") as saved:
        off = [saved[name] for name in saved.files]
    for i in (2, 3):
        np.testing.assert_array_equal(on[i], off[i])
    for i in (0, 1):
        np.testing.assert_array_max_ulp(on[i][1:-1, 1:-1], off[i][1:-1, 1:-1], maxulp=1)
