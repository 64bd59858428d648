"""Slope, aspect, roughness and step: laws of planes, turns and mirrors, unknown cells, and one measured hill."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.grid import Dem, GridGeometry, Site
from rover.io.raster import read_dem, write_dem
from rover.terrain.derive import Terrain, derive_terrain
from rover.terrain.derive_kernels import (
    BLOCK,
    EAST,
    NORTH,
    WORK_SIZE,
    aspect_of_block,
    grade_of_block,
    slope_of_block,
)

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


def oblong(dem: Dem, height_m: float) -> Dem:
    return replace(dem, geometry=replace(dem.geometry, resolution_north_m=height_m))


@pytest.mark.parametrize("aspect_deg", [0, 33, 90, 200, 315])
@pytest.mark.parametrize("height_m", [0.25, 1.5])
def test_a_plane_is_the_same_plane_under_cells_of_two_sides(height_m: float, aspect_deg: int) -> None:
    rows, cols, width_m = 9, 11, 0.5
    north, east = np.mgrid[:rows, :cols] * np.array([height_m, width_m])[:, None, None]
    downhill = east * math.sin(math.radians(aspect_deg)) + north * math.cos(math.radians(aspect_deg))
    dem = oblong(dem_of(-math.tan(math.radians(20)) * (downhill - downhill.mean()), width_m), height_m)
    # 2 m are four halves of a metre to each side or the nearest whole cells of another height.
    terrain = derive_terrain(dem, footprint_m=2.0, wheelbase_m=2.0)
    half_rows = max(1, round(1 / height_m))
    assert np.abs(np.degrees(inner(terrain.slope_rad)) - 20).max() < 1e-5
    turn = (np.degrees(inner(terrain.aspect_rad)) - aspect_deg + 180) % 360 - 180
    assert np.abs(turn).max() < 1e-4
    assert np.nanmax(terrain.roughness_m) < 2e-6
    assert np.isfinite(terrain.roughness_m).sum() == (rows - 2 * half_rows) * (cols - 4)
    rise = math.tan(math.radians(20)) * (
        2 * half_rows * height_m * abs(math.cos(math.radians(aspect_deg)))
        + 2 * abs(math.sin(math.radians(aspect_deg)))
    )
    np.testing.assert_allclose(terrain.step_m[np.isfinite(terrain.step_m)], rise, atol=3e-6)
    assert (terrain.step_window_m, terrain.step_window_north_m) == (2.0, 2 * half_rows * height_m)
    assert (terrain.slope_baseline_m, terrain.slope_baseline_north_m) == (1.0, 2 * height_m)


def test_swapping_the_sides_with_the_axes_changes_nothing() -> None:
    dem = random_dem()
    before = derive_terrain(oblong(dem, 6.0), footprint_m=12.0, wheelbase_m=12.0, baseline_m=12.0)
    turned = oblong(dem_of(dem.elevation_m.T, 6.0), 2.0)
    after = derive_terrain(turned, footprint_m=12.0, wheelbase_m=12.0, baseline_m=12.0)
    for name in ("slope_rad", "roughness_m", "step_m"):
        same(getattr(after, name), getattr(before, name).T)
    assert np.isfinite(before.roughness_m).sum() == (24 - 2) * (31 - 6)


def by_hand(dem: Dem, rough: int, step: int, reach: int) -> list[npt.NDArray[np.float64]]:
    """The contract, cell by cell in float64, of square cells."""
    z, cell = dem.elevation_m.astype(np.float64), dem.geometry.resolution_m
    out = [np.full(z.shape, np.nan) for _ in range(4)]

    def window(r: int, c: int, half: int) -> npt.NDArray[np.float64]:
        whole = half <= r < z.shape[0] - half and half <= c < z.shape[1] - half
        return z[r - half : r + half + 1, c - half : c + half + 1] if whole else np.full((2, 2), np.nan)

    def gradient(w: npt.NDArray[np.float64], k: int) -> tuple[float, float]:
        nine = w[::k, ::k]
        weights = np.array([1, 2, 1])
        return (
            float(weights @ (nine[:, 2] - nine[:, 0])) / (8 * k * cell),
            float(weights @ (nine[2] - nine[0])) / (8 * k * cell),
        )

    for r, c in np.ndindex(*z.shape):
        wide, flat, tall = window(r, c, reach), window(r, c, rough), window(r, c, step)
        if not np.isnan(wide).any():
            east, north = gradient(wide, reach)
            out[0][r, c] = math.atan(math.hypot(east, north))
            out[1][r, c] = math.atan2(-east, -north) % (2 * math.pi)
        if not np.isnan(flat).any():
            east, north = gradient(window(r, c, 1), 1)
            i, j = np.mgrid[-rough : rough + 1, -rough : rough + 1] * cell
            out[2][r, c] = np.abs(flat - flat.mean() - i * north - j * east).max()
        if not np.isnan(tall).any():
            out[3][r, c] = tall.max() - tall.min()
    return out


@pytest.mark.parametrize("rough", [1, 2, 3, 5])
@pytest.mark.parametrize("step, reach", [(1, 1), (2, 3), (3, 2), (4, 1), (7, 1)])
def test_every_window_by_its_definition(rough: int, step: int, reach: int) -> None:
    """Windows of all parities, with unknown cells, wider than a block of columns where the raster is."""
    heights = np.array(random_dem(9, (26, 40)).elevation_m)
    heights[[3, 12, 20], [30, 8, 39]] = np.nan
    dem = dem_of(heights)
    made = derive_terrain(dem, footprint_m=4.0 * rough, wheelbase_m=4.0 * step, baseline_m=4.0 * reach)
    slope, aspect, roughness, steps = by_hand(dem, rough, step, reach)
    same(made.slope_rad, slope, 2e-7)
    turn = (made.aspect_rad.astype(np.float64) - aspect + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_array_equal(np.isnan(turn), np.isnan(aspect))
    assert np.nanmax(np.abs(turn)) < 1e-6
    same(made.roughness_m, roughness, 2e-6)
    same(made.step_m, steps, 1e-6)
    assert made.slope_baseline_m == 4.0 * reach


def test_blocks_of_columns_join_without_a_seam() -> None:
    dem = random_dem(4, (9, 1100))
    whole = derive_terrain(dem, footprint_m=8.0).roughness_m
    part = derive_terrain(dem_of(dem.elevation_m[:, 400:700]), footprint_m=8.0).roughness_m
    np.testing.assert_array_equal(whole[:, 402:698], part[:, 2:-2])


def test_a_cliff_changes_no_bit_of_the_ground_beside_it() -> None:
    """Blocks of columns without a cell over 45 deg are passed over by a shorter way."""
    dem = random_dem(8, (9, BLOCK + 100))
    gentle = dem_of(dem.elevation_m / 1000)
    before = derive_terrain(gentle)
    assert np.nanmax(before.slope_rad) < 0.5
    heights = np.array(gentle.elevation_m)
    heights[4, 40] += 30.0
    after = derive_terrain(dem_of(heights))
    assert np.nanmax(after.slope_rad) > 1.3
    beside = np.ones(heights.shape, np.bool_)
    beside[3:6, 39:42] = False
    for name in ("slope_rad", "aspect_rad", "roughness_m", "step_m"):
        np.testing.assert_array_equal(
            getattr(after, name)[beside], getattr(before, name)[beside], err_msg=name
        )


def test_a_longer_baseline_sees_less_of_a_ripple_and_all_of_a_plane() -> None:
    col = np.arange(64)
    ripple = np.tile(0.1 * np.sin(col * np.pi / 2) + 0.2 * col, (20, 1))
    gradient = [
        np.tan(inner(derive_terrain(dem_of(ripple), baseline_m=side_m).slope_rad, 4)) for side_m in (4, 8)
    ]
    assert gradient[0].std() > 0.01
    np.testing.assert_allclose(
        gradient[1], 0.1, atol=1e-6
    )  # two cells on and back: half a wave, its own opposite


def test_angles_are_those_of_numpy() -> None:
    """The polynomials, over all directions and from level to a cliff; bounds as stated in the kernels."""
    rng = np.random.default_rng(2)
    grade = np.concatenate([10 ** rng.uniform(-6, 4, 200_000), rng.uniform(0, 3, 200_000)])
    turn = rng.uniform(0, 2 * np.pi, grade.size)
    turn[:1000] = rng.integers(0, 8, 1000) * (np.pi / 4)
    north, east = (grade * np.cos(turn)).astype(np.float32), (grade * np.sin(turn)).astype(np.float32)
    slope, aspect = np.empty_like(north), np.empty_like(north)
    work = np.empty(WORK_SIZE, np.float32)
    for first in range(0, grade.size, BLOCK):
        part = slice(first, min(first + BLOCK, grade.size))
        length = part.stop - first
        work[NORTH : NORTH + length], work[EAST : EAST + length] = north[part], east[part]
        grade_of_block(length, work)
        slope_of_block(work, slope[part])
        aspect_of_block(work, aspect[part])
    north, east = north.astype(np.float64), east.astype(np.float64)
    assert np.abs(slope - np.arctan(np.hypot(north, east))).max() < 1.5e-7
    out = (aspect - np.arctan2(-east, -north) + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(out).max() < 4e-7
    assert 0 <= aspect.min() < 1e-3
    assert 6.28 < aspect.max() < 2 * np.pi


def test_far_from_the_datum_only_the_rounding_of_heights_is_lost() -> None:
    """On ground 3 km above the datum a float32 step is 0.24 mm; whole steps come out as if they lay at the datum."""
    near = np.round(random_dem().elevation_m * 4096) / 4096
    for terrain in (derive_terrain(dem_of(near)), derive_terrain(dem_of(near), footprint_m=8.0)):
        wide = 4.0 if terrain.roughness_window_m == 4.0 else 8.0
        far = derive_terrain(dem_of(near + 3000), footprint_m=wide)
        for name in ("slope_rad", "roughness_m", "step_m"):
            np.testing.assert_array_equal(getattr(far, name), getattr(terrain, name), err_msg=name)


@pytest.mark.parametrize("length", ["footprint_m", "wheelbase_m", "baseline_m"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_window_that_is_no_length_is_refused(length: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{length} = .* not a length above zero"):
        derive_terrain(random_dem(), **{length: value})


@pytest.mark.parametrize("wide", [1e6, 62.0])
def test_a_window_wider_than_the_raster_is_unknown_everywhere(wide: float) -> None:
    terrain = derive_terrain(random_dem(), footprint_m=wide, wheelbase_m=wide, baseline_m=wide)
    assert all(np.isnan(layer).all() for layer in layers(terrain))


def test_arrays_to_write_into_that_do_not_fit_are_refused() -> None:
    dem = random_dem()
    rest = (blank(dem), blank(dem), blank(dem))
    for bad in (
        np.empty((2, 2), np.float32),
        np.zeros(dem.geometry.shape),
        np.empty((48, 31), np.float32)[::2],
    ):
        with pytest.raises(ValueError, match="out: step_m is to be a C-contiguous"):
            derive_terrain(dem, out=(*rest, bad))
    with pytest.raises(ValueError, match="out: slope_rad"):
        derive_terrain(dem, out=(dem.elevation_m, *rest))


def test_what_is_made_holds_only_its_outputs() -> None:
    """Row buffers aside: one float64 raster more would be half as much again."""
    dem = random_dem(1, (1024, 1024))
    derive_terrain(dem, footprint_m=12.0)
    tracemalloc.start()
    terrain = derive_terrain(dem, footprint_m=12.0)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held >= sum(layer.nbytes for layer in layers(terrain))
    assert peak < 1.2 * held


WINDOWS: tuple[dict[str, float], ...] = (
    {},
    {"footprint_m": 8.0, "wheelbase_m": 12.0},
    {"footprint_m": 12.0, "baseline_m": 8.0},
)


def all_bytes(dem: Dem) -> bytes:
    return b"".join(
        layer.tobytes() for lengths in WINDOWS for layer in layers(derive_terrain(dem, **lengths))
    )


def test_jit_off_equals_jit_on(tmp_path: Path) -> None:
    """To the last bit: no kernel calls a library function. The sides differ, some cells are unknown, some level."""
    heights = np.array(random_dem().elevation_m)
    heights[5, 20] = np.nan
    heights[15:, :8] = 1.0
    np.save(tmp_path / "z.npy", heights)
    code = (
        "import sys, numpy as np\n"
        "from tests.rover.terrain.test_derive import all_bytes, dem_of, oblong\n"
        f"z = np.load(r'{tmp_path / 'z.npy'}')\n"
        f"open(r'{tmp_path / 'off'}', 'wb').write(all_bytes(oblong(dem_of(z), 3.0)))\n"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", code], env=environment, check=True)
    assert (tmp_path / "off").read_bytes() == all_bytes(oblong(dem_of(heights), 3.0))


def test_one_thread_equals_two(monkeypatch: pytest.MonkeyPatch) -> None:
    dem = random_dem(6, (90, 1500))  # strips of 43 rows
    made = []
    for threads in ("1", "2"):
        monkeypatch.setenv("FARSIDE_THREADS", threads)
        made.append(all_bytes(dem))
    assert made[0] == made[1]


def test_slope_against_gdal(tmp_path: Path, reference: Path) -> None:
    """`gdaldem slope` adds heights as float32: at -1.4 km its own rounding is up to 2e-3 deg, near zero none."""
    command = shutil.which("gdaldem")
    if command is None:
        pytest.skip("gdaldem is not installed")
    path, near, out = (
        reference / "dem" / "aristarchus_imp_5m.tif",
        tmp_path / "near.tif",
        tmp_path / "slope.tif",
    )
    dem = read_dem(path)
    ours = np.degrees(derive_terrain(dem).slope_rad.astype(np.float64))
    write_dem(replace(dem, datum_m=0.0), near)

    def apart(source: Path) -> npt.NDArray[np.float64]:
        subprocess.run([command, "slope", source, out, "-q"], check=True)
        with rasterio.open(out) as dataset:
            theirs = dataset.read(1).astype(np.float64)[::-1]
            theirs[theirs == dataset.nodata] = np.nan
        np.testing.assert_array_equal(np.isnan(theirs), np.isnan(ours))
        return np.asarray(ours - theirs)

    assert np.nanmax(np.abs(apart(near))) < 1e-5
    assert np.sqrt(np.nanmean(apart(path) ** 2)) < 1e-3
