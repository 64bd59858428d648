"""Relief, slopes and structure function: laws of planes, turns and noise, gaps, and measured ground."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rover.core.errors import DemFrameError
from rover.core.grid import Dem
from rover.io.raster import read_dem
from rover.io.reproject import reproject_dem
from rover.terrain.statistics import (
    DIRECTIONS,
    SLOPE_PERCENT,
    baselines_of,
    relief_of,
    slopes_of,
    structure_of,
)
from tests.builders.scenes import dem_of, self_affine


def plane(east_slope: float, north_slope: float, rows: int = 65, cols: int = 90, cell_m: float = 2.0) -> Dem:
    north, east = np.mgrid[:rows, :cols] * cell_m
    return dem_of(east_slope * east + north_slope * north, cell_m)


@pytest.mark.parametrize("aspect_deg", [0, 30, 90, 200, 315])
@pytest.mark.parametrize("slope_deg", [0.5, 12.0])
def test_a_plane_has_one_slope_at_all_baselines(slope_deg: float, aspect_deg: int) -> None:
    rise = math.tan(math.radians(slope_deg))
    aspect = math.radians(aspect_deg)
    slopes = slopes_of(plane(rise * math.sin(aspect), rise * math.cos(aspect)))
    assert slopes.baseline_m.tolist() == [2, 4, 8, 16, 32]
    assert np.degrees(slopes.slope_rad) == pytest.approx(slope_deg, rel=1e-4)


def test_two_points_see_the_slope_along_them() -> None:
    slopes = slopes_of(plane(0.2, 0.2))
    assert np.tan(slopes.bidirectional_rad) == pytest.approx(0.2, rel=1e-4)
    assert math.tan(slopes.bidirectional_at(5.0)) == pytest.approx(0.2, rel=1e-4)
    assert math.isnan(slopes.bidirectional_at(1.9))
    assert math.isnan(slopes.bidirectional_at(33.0))


def test_a_plane_rises_with_the_lag_and_with_the_cosine_of_the_direction() -> None:
    structure = structure_of(plane(0.1, 0.0, rows=128, cols=128))
    expected = 0.1 * structure.lag_m[:, None] * np.abs(np.sin(structure.azimuth_rad))
    known = np.isfinite(structure.directed_m)
    assert known[2:].all()
    assert structure.directed_m[known] == pytest.approx(expected[known], rel=1e-3, abs=1e-5)
    assert structure.hurst[2:] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("hurst", [0.5, 0.65, 0.8])
def test_self_affine_ground_gives_its_hurst_exponent_back(hurst: float) -> None:
    """A part of the noise, whose longest waves are then many times the lags, as the law asks."""
    made = [structure_of(dem_of(self_affine(2048, hurst, seed)[:512, :512])) for seed in range(2)]
    middle = np.mean([structure.hurst[2:5].mean() for structure in made])
    assert middle == pytest.approx(hurst, abs=0.07)
    assert np.mean([structure.anisotropy_overall for structure in made]) < 1.15


def test_turning_the_map_turns_the_directions() -> None:
    rough = self_affine(256, 0.8, 4)
    rough += self_affine(256, 0.8, 5).mean(axis=0) * 3  # ridges that run north
    before, after = structure_of(dem_of(rough)), structure_of(dem_of(np.rot90(rough)))
    half_way = len(DIRECTIONS) // 2
    assert before.anisotropy_overall > 1.2
    assert before.directed_m[4].argmax() == DIRECTIONS.index((0, 1))
    assert after.directed_m == pytest.approx(
        np.roll(before.directed_m, half_way, axis=1), rel=0.02, nan_ok=True
    )
    assert after.overall_m == pytest.approx(before.overall_m, rel=0.01)
    turned, still = slopes_of(dem_of(np.rot90(rough))), slopes_of(dem_of(rough))
    assert turned.slope_rad[:3] == pytest.approx(still.slope_rad[:3], rel=1e-6)
    assert turned.bidirectional_rad == pytest.approx(still.bidirectional_rad, rel=0.02)


def test_stretching_the_ground_stretches_the_figures() -> None:
    rough = self_affine(128, 0.7, 1)
    one, two = structure_of(dem_of(rough)), structure_of(dem_of(2 * rough, resolution_m=3.0))
    assert two.lag_m == pytest.approx(3 * one.lag_m)
    assert two.directed_m == pytest.approx(2 * one.directed_m, rel=1e-5, nan_ok=True)
    assert two.hurst == pytest.approx(one.hurst, rel=1e-4)


def test_unknown_ground_is_no_ground() -> None:
    """A cliff to zero around a gap, or gaps counted as level, would show."""
    tilted = plane(0.3, 0.4)
    held = tilted.elevation_m.copy()
    held[10:30, 20:50] = np.nan
    held[np.random.default_rng(1).uniform(size=held.shape) < 0.05] = np.nan
    holed = replace(tilted, elevation_m=held)
    assert np.tan(slopes_of(holed).slope_rad) == pytest.approx(0.5, rel=1e-4)
    assert structure_of(holed).directed_m == pytest.approx(
        structure_of(tilted).directed_m, rel=1e-3, nan_ok=True
    )
    relief = relief_of(holed)
    assert relief.unknown_share == np.isnan(held).mean()
    assert relief.known_m2 == np.isfinite(held).sum() * 4.0


def test_relief_counts_from_the_sphere() -> None:
    relief = relief_of(plane(0.0, 0.5, rows=101, cols=5))
    assert relief.low_m == -6000
    assert relief.high_m == -5900
    assert relief.percentile_m == pytest.approx([-5995, -5975, -5950, -5925, -5905])


def test_cells_of_two_sides_have_an_area_and_no_baseline() -> None:
    dem = plane(0.0, 0.5)
    oblong = replace(dem, geometry=replace(dem.geometry, resolution_north_m=3.0))
    assert relief_of(oblong).known_m2 == 65 * 90 * 2.0 * 3.0
    for figures in (slopes_of, structure_of):
        with pytest.raises(DemFrameError, match="resolution = 2 x 3 m: cells are not square"):
            figures(oblong)


def test_nothing_known_is_refused_and_little_known_is_nan() -> None:
    with pytest.raises(ValueError, match="no elevation"):
        relief_of(dem_of(np.full((5, 5), np.nan)))
    lone = np.full((9, 9), np.nan)
    lone[4, 4] = 1.0
    slopes, structure = slopes_of(dem_of(lone)), structure_of(dem_of(lone))
    assert np.isnan(slopes.slope_rad).all()
    assert np.isnan(structure.overall_m).all()
    assert math.isnan(structure.hurst_overall)
    assert math.isnan(structure.anisotropy_overall)


def test_level_ground_has_no_exponent() -> None:
    structure = structure_of(dem_of(np.zeros((40, 40))))
    assert (structure.overall_m == 0).all()
    assert np.isnan(structure.hurst).all()
    assert math.isnan(structure.anisotropy_overall)


def test_baselines_end_at_a_quarter_of_the_shorter_side() -> None:
    assert baselines_of((3, 3)) == [1]
    assert baselines_of((64, 1000)) == [1, 2, 4, 8, 16]
    assert baselines_of((63, 63)) == [1, 2, 4, 8]


def test_slopes_against_those_of_another_program(reference: Path) -> None:
    """Band 2 of this DEM is its slope in degrees, by QuickMap."""
    path = reference / "dem" / "aristarchus_imp_5m.tif"
    theirs = read_dem(path, band=2)
    slope_deg = theirs.elevation_m + theirs.datum_m
    inside = slope_deg[1:-1, 1:-1]
    ours = np.degrees(slopes_of(read_dem(path)).slope_rad[0])
    assert ours == pytest.approx(np.percentile(inside, SLOPE_PERCENT), rel=0.04)


def ring(dem: Dem, inner_m: float, outer_m: float) -> Dem:
    """The same DEM with all but a ring about its origin unknown."""
    geometry = dem.geometry
    north = geometry.north_m + np.arange(geometry.rows) * geometry.resolution_m
    east = geometry.east_m + np.arange(geometry.cols) * geometry.resolution_m
    away = np.hypot(north[:, None], east[None])
    return replace(
        dem, elevation_m=np.where((away >= inner_m) & (away <= outer_m), dem.elevation_m, np.float32(np.nan))
    )


@pytest.fixture(scope="module")
def von_karman(reference: Path) -> Dem:
    """Isotropic cells of 474 m about the centre of the crater."""
    return reproject_dem(
        reference / "dem" / "vonkarman_region_gld100_64ppd.tif",
        latitude_deg=-44.6257,
        longitude_deg=176.2058,
        size_m=304e3,
        resolution_m=474.0,
    )


@pytest.mark.parametrize(
    ("inner_km", "outer_km", "median_deg", "steep_deg"), [(15, 60, 0.9, 5.9), (75, 100, 9.1, 18.1)]
)
def test_slopes_of_the_real_crater(
    von_karman: Dem, inner_km: float, outer_km: float, median_deg: float, steep_deg: float
) -> None:
    """Medians and 90 % of floor and wall, measured once by central differences on an isotropic grid."""
    slopes = np.degrees(slopes_of(ring(von_karman, inner_km * 1e3, outer_km * 1e3)).slope_rad[0])
    assert slopes[0] == pytest.approx(median_deg, rel=0.08)
    assert slopes[1] == pytest.approx(steep_deg, rel=0.08)


def test_structure_function_of_the_real_floor(von_karman: Dem) -> None:
    structure = structure_of(ring(von_karman, 15e3, 60e3))
    assert structure.overall_m[:4] == pytest.approx([27, 53, 95, 150], rel=0.12)
    assert structure.hurst[0] == pytest.approx(0.9, abs=0.1)
