"""A local DEM out of a map in degrees, held to an interpolation of its own in degrees."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio import Affine
from scipy.ndimage import map_coordinates

from rover.core.bodies import MOON
from rover.core.errors import DemValueError, FarsideError, PlaceError, ResourceError, UsageError
from rover.core.grid import Dem
from rover.io.crs import unproject
from rover.io.raster import read_dem
from rover.io.reproject import interpolate, reproject_dem
from tests.builders.bad_dems import BAD_DEMS, MOON_DEGREES, declare_huge, good_geotiff, small_relief

CRATER = {"latitude_deg": -44.6257, "longitude_deg": 176.2058}
SERVED = {
    "degrees",
    "feet",
    "survey feet",
    "rotated",
    "skewed",
    "south up",
    "not square",
    "200,000 x 200,000",
}
"""What `read_dem` refuses and `reproject_dem` is for: test_raster.py holds most of them to it."""


def elevation_of(dem: Dem) -> npt.NDArray[np.float64]:
    return dem.elevation_m.astype(np.float64) + dem.datum_m


def places_of(dem: Dem) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Latitude and longitude of every cell in degrees, by Snyder's inverse (1987, equations 8-6 to 8-8)."""
    geometry = dem.geometry
    north, east = np.mgrid[: geometry.rows, : geometry.cols] * geometry.resolution_m / MOON.radius_m
    east += geometry.east_m / MOON.radius_m
    rise = north + geometry.north_m / MOON.radius_m + geometry.site.latitude_rad
    latitude = np.arcsin(np.sin(rise) / np.cosh(east))
    longitude = geometry.site.longitude_rad + np.arctan2(np.sinh(east), np.cos(rise))
    return np.degrees(latitude), np.degrees(longitude)


def in_degrees(path: Path, latitude: Any, longitude: Any, order: int = 1) -> npt.NDArray[np.float64]:
    """The source interpolated where it lies, by scipy."""
    with rasterio.open(path) as dataset:
        posts, step = dataset.read(1).astype(np.float64), dataset.transform
    row = (latitude - step.f) / step.e - 0.5
    col = (longitude % 360 - step.c) / step.a - 0.5
    return np.asarray(map_coordinates(posts, [row, col], order=order, mode="nearest"))


def global_map(path: Path, west: float = 0.0, *, hole: bool = False) -> None:
    """A whole-Moon map at 2 deg, smooth across every meridian."""
    latitude, longitude = np.mgrid[89:-91:-2, west + 1 : west + 361 : 2]
    elevation = field(latitude, longitude)
    if hole:
        elevation[:, :2] = np.nan
    step = Affine(2, 0, west, 0, -2, 90)
    good_geotiff(path, elevation.astype(np.float32), crs=MOON_DEGREES, transform=step)


def field(latitude: Any, longitude: Any) -> npt.NDArray[np.float64]:
    return np.asarray(1000 * np.sin(np.radians(latitude)) + 2000 * np.cos(np.radians(longitude)))


@pytest.mark.parametrize("resolution_m", [50.0, 250.0])
def test_von_karman_agrees_with_interpolation_in_degrees(reference: Path, resolution_m: float) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    dem = reproject_dem(path, **CRATER, size_m=20_000, resolution_m=resolution_m)
    expected = in_degrees(path, *places_of(dem))
    np.testing.assert_allclose(elevation_of(dem), expected, atol=0.01)
    # The comparison would see a cell's shift: neighbours differ by far more than the tolerance.
    assert np.abs(np.diff(expected, axis=0)).max() > 5
    # Von Karman's floor lies about 5.9 km below the sphere.
    assert -6100 < elevation_of(dem).min() < -5700


def test_the_middle_is_the_place_asked_for(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    dem = reproject_dem(path, **CRATER, size_m=5000, resolution_m=1000)
    latitude, longitude = unproject(dem.geometry.site, 0.0, 0.0)
    assert math.degrees(float(latitude)) == pytest.approx(CRATER["latitude_deg"], abs=1e-9)
    assert math.degrees(float(longitude)) == pytest.approx(CRATER["longitude_deg"], abs=1e-9)
    assert dem.geometry.bounds_m == pytest.approx((-2500, -2500, 2500, 2500))
    assert dem.geometry.site.body == "moon"
    assert dem.geometry.site.grid_north_rad == pytest.approx(0, abs=1e-9)


def test_cells_are_as_in_the_source_by_default(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    dem = reproject_dem(path, **CRATER, size_m=20_000)
    spacing_m = math.radians(0.015625) * MOON.radius_m
    assert dem.geometry.resolution_m == pytest.approx(spacing_m, rel=0.02)
    assert dem.geometry.rows * dem.geometry.resolution_m == pytest.approx(20_000)


def test_a_window_need_not_be_square(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    dem = reproject_dem(path, **CRATER, size_m=(6000, 2000), resolution_m=500)
    assert dem.geometry.shape == (4, 12)


def test_a_whole_turn_of_longitude_changes_nothing(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    one = reproject_dem(path, **CRATER, size_m=9000)
    other = reproject_dem(path, latitude_deg=-44.6257, longitude_deg=176.2058 - 360, size_m=9000)
    np.testing.assert_allclose(elevation_of(one), elevation_of(other), atol=1e-3)
    assert other.geometry.site.longitude_rad == pytest.approx(one.geometry.site.longitude_rad)


@pytest.mark.parametrize("west", [0.0, -180.0, 100.0])
@pytest.mark.parametrize("longitude_deg", [0.0, 180.0, -180.0, 100.0, 359.0, -77.0])
def test_a_global_map_has_no_seam(tmp_path: Path, west: float, longitude_deg: float) -> None:
    global_map(tmp_path / "moon.tif", west)
    dem = reproject_dem(
        tmp_path / "moon.tif",
        latitude_deg=-45,
        longitude_deg=longitude_deg,
        size_m=400_000,
        resolution_m=20_000,
    )
    # Linear interpolation between posts 2 deg apart leaves h2/8 of the second derivative: 0.5 m here.
    np.testing.assert_allclose(elevation_of(dem), field(*places_of(dem)), atol=0.6)


def test_no_data_on_one_side_of_the_seam_stays_there(tmp_path: Path) -> None:
    global_map(tmp_path / "moon.tif", -180.0, hole=True)
    dem = reproject_dem(
        tmp_path / "moon.tif", latitude_deg=0, longitude_deg=180, size_m=400_000, resolution_m=20_000
    )
    _, longitude = places_of(dem)
    # Posts at 181 and 183 deg are unknown, and with them all between 179 and 185.
    np.testing.assert_array_equal(np.isnan(dem.elevation_m), (longitude > 179) & (longitude < 185))
    assert 0 < np.isnan(dem.elevation_m).mean() < 1


def test_a_projected_source_is_read_too(reference: Path) -> None:
    path = reference / "dem" / "moon_northpole_2.4m_33px.tif"
    source = read_dem(path)
    site = source.geometry.site
    dem = reproject_dem(
        path,
        latitude_deg=math.degrees(site.latitude_rad),
        longitude_deg=math.degrees(site.longitude_rad),
        size_m=24,
        resolution_m=2,
    )
    # The maps differ by a turn of the convergence and the source's scale (Snyder 21-4: k = 1 / cos2(c/2)).
    east, north = np.meshgrid(*(np.arange(12) * 2.0 - 11,) * 2)
    turn, scale = site.grid_north_rad, 1 / math.cos((math.pi / 2 - site.latitude_rad) / 2) ** 2
    along = scale * (east * math.cos(turn) - north * math.sin(turn)) / source.geometry.resolution_m + 16
    up = scale * (east * math.sin(turn) + north * math.cos(turn)) / source.geometry.resolution_m + 16
    expected = map_coordinates(elevation_of(source), [up, along], order=1)
    np.testing.assert_allclose(elevation_of(dem), expected, atol=0.01)
    assert np.ptp(expected) > 1


def test_the_radius_is_the_sources(reference: Path) -> None:
    site = read_dem(reference / "dem" / "gale_msl_1m.tif").geometry.site
    place = {
        "latitude_deg": math.degrees(site.latitude_rad),
        "longitude_deg": math.degrees(site.longitude_rad),
    }
    dem = reproject_dem(reference / "dem" / "gale_msl_1m.tif", **place, size_m=100, resolution_m=1)
    assert dem.geometry.site.body == "mars"
    assert "3396190" in dem.geometry.site.crs_wkt


def test_a_cell_with_an_unknown_neighbour_is_unknown(tmp_path: Path) -> None:
    elevation, step = small_relief(rows=40, cols=40), Affine(0.01, 0.0, 10.0, 0.0, -0.01, 0.2)
    elevation[20, 20] = np.nan
    good_geotiff(tmp_path / "hole.tif", elevation, crs=MOON_DEGREES, transform=step)
    dem = reproject_dem(
        tmp_path / "hole.tif", latitude_deg=0.0, longitude_deg=10.2, size_m=6000, resolution_m=100
    )
    latitude, longitude = places_of(dem)
    row, col = (0.2 - latitude) / 0.01 - 0.5, (longitude - 10.0) / 0.01 - 0.5
    near = (np.abs(row - 20) < 1) & (np.abs(col - 20) < 1)
    assert near.sum() > 20
    np.testing.assert_array_equal(np.isnan(dem.elevation_m), near)


def test_cubic_is_smooth_where_bilinear_has_creases(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    window = {**CRATER, "size_m": 5000, "resolution_m": 20}
    bends = {
        method: np.abs(np.diff(elevation_of(reproject_dem(path, **window, method=method)), n=2, axis=0)).max()
        for method in ("bilinear", "cubic")
    }
    assert bends["cubic"] < bends["bilinear"] / 3


@pytest.mark.parametrize("method", ["bilinear", "cubic"])
@given(
    a=st.floats(-10, 10), b=st.floats(-10, 10), c=st.floats(-10, 10), row=st.floats(2, 6), col=st.floats(2, 6)
)
def test_a_plane_is_interpolated_exactly(
    method: Any, a: float, b: float, c: float, row: float, col: float
) -> None:
    rows, cols = np.mgrid[:9, :9]
    value = interpolate(a * rows + b * cols + c, np.array([row]), np.array([col]), method)
    assert value[0] == pytest.approx(a * row + b * col + c, abs=1e-9)


def test_cubic_is_exact_for_squares() -> None:
    """Keys's kernel is of third order: a parabola comes back whole (which a wrong coefficient would not)."""
    row = np.linspace(2, 6, 31)
    posts = np.broadcast_to((np.arange(9.0) ** 2)[:, None], (9, 9))
    np.testing.assert_allclose(interpolate(posts, row, np.full(31, 4.3), "cubic"), row**2, atol=1e-12)


def test_a_window_of_a_map_too_large_to_read_is_read(tmp_path: Path) -> None:
    declare_huge(tmp_path / "huge.tif")
    dem = reproject_dem(
        tmp_path / "huge.tif", latitude_deg=-89, longitude_deg=0, size_m=500, max_cells=20_000
    )
    assert dem.geometry.shape == (100, 100)


# Refusals


@pytest.mark.parametrize(
    "place",
    [
        {"latitude_deg": -44.6257, "longitude_deg": 200.0},
        {"latitude_deg": 44.6257, "longitude_deg": 176.2058},
        {"latitude_deg": -44.6257, "longitude_deg": 160.2},
        {"latitude_deg": -90.0, "longitude_deg": 176.0},
    ],
)
def test_a_window_that_leaves_the_source_is_refused_with_its_bounds(
    reference: Path, place: dict[str, float]
) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    bounds = r"keep inside longitude 160 to 192 and latitude -57.984375 to -33.984375 deg"
    with pytest.raises(PlaceError, match=bounds) as caught:
        reproject_dem(path, **place, size_m=20_000)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"latitude_deg": 90.5}, "--center"),
        ({"latitude_deg": math.nan}, "--center"),
        ({"longitude_deg": 720.0}, "--center"),
        ({"longitude_deg": math.nan}, "--center"),
        ({"size_m": 0.0}, "--size"),
        ({"size_m": math.inf}, "--size"),
        ({"size_m": (100.0, -1.0)}, "--size"),
        ({"resolution_m": 0.0}, "--resolution"),
        ({"resolution_m": math.nan}, "--resolution"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(
    reference: Path, change: dict[str, Any], field: str
) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    with pytest.raises(UsageError) as caught:
        reproject_dem(path, **({**CRATER, "size_m": 9000} | change))
    assert caught.value.problems[0].field == field


def test_more_cells_than_allowed_are_refused_before_they_are_made(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    for resolution_m in (0.01, 1e-300):
        with pytest.raises(ResourceError, match="--max-cells"):
            reproject_dem(path, **CRATER, size_m=20_000, resolution_m=resolution_m)
    # Few cells, but of a window under which there are 1500 x 2000 posts.
    with pytest.raises(ResourceError):
        reproject_dem(
            path, latitude_deg=-45.9, longitude_deg=176, size_m=400_000, resolution_m=40_000, max_cells=10_000
        )


def test_a_window_of_fewer_than_three_cells_is_refused(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    with pytest.raises(DemValueError, match="fewer than 3 x 3"):
        reproject_dem(path, **CRATER, size_m=20_000, resolution_m=9000)


@pytest.mark.parametrize("name", sorted(set(BAD_DEMS) - SERVED))
def test_what_is_bad_in_any_frame_is_refused(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make, error = BAD_DEMS[name]
    path = tmp_path / "bad.tif"
    make(path)
    # About the middle of what `good_geotiff` writes, or near the end of the larger ones that are cut.
    col, row = (100, 185) if name.startswith("truncated") else (15.5, 12)
    x, y = -21_000 + 5 * col, 34_000 - 5 * row
    distance = 2 * math.atan(math.hypot(x, y) / 2 / MOON.radius_m)
    place = {"latitude_deg": math.degrees(distance) - 90, "longitude_deg": math.degrees(math.atan2(x, y))}
    with pytest.raises(FarsideError) as caught:
        reproject_dem(path, **place, size_m=75, resolution_m=5)
    # What is too small is found as a window that does not fit.
    assert type(caught.value) is (PlaceError if name in ("1 x 1", "2 x 9") else error)
    assert capfd.readouterr() == ("", "")
