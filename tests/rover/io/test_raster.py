"""Reading and writing terrain: laws, real files, and everything that must be refused."""

from __future__ import annotations

import math
import os
import re
import shlex
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rasterio import Affine

from rover.core.bodies import MARS, MOON
from rover.core.errors import (
    DemFileError,
    DemFrameError,
    DemValueError,
    FarsideError,
    OutputError,
    ResourceError,
    UsageError,
)
from rover.core.grid import Dem, GridGeometry, Site, check_square
from rover.io.crs import local_crs_wkt, project, site_at, unproject
from rover.io.elevation import split_datum
from rover.io.raster import read_dem, write_dem, write_raster
from rover.io.reproject import reproject_dem
from tests.builders.bad_dems import BAD_DEMS, MOON_SOUTH, declare_huge, good_geotiff, small_relief

LANDING = math.radians(-45.457), math.radians(177.588)
FORMATS = (".tif", ".npz", ".asc")


def elevation_of(dem: Dem) -> npt.NDArray[np.float64]:
    """Metres above the sphere."""
    return dem.elevation_m.astype(np.float64) + dem.datum_m


def made_dem(
    relative_m: npt.NDArray[Any],
    *,
    resolution_m: float = 2.0,
    datum_m: float = -5935.0,
    wkt: str | None = None,
) -> Dem:
    rows, cols = relative_m.shape
    wkt = local_crs_wkt(*LANDING) if wkt is None else wkt
    site = (
        site_at(wkt, 0.0, 0.0, resolution_m)
        if wkt
        else Site(latitude_rad=-0.8, longitude_rad=3.1, body="moon", crs_wkt="")
    )
    geometry = GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=resolution_m,
        east_m=-(cols - 1) / 2 * resolution_m,
        north_m=-(rows - 1) / 2 * resolution_m,
        site=site,
    )
    return Dem(geometry=geometry, elevation_m=relative_m, datum_m=datum_m, source="made for a test")


def rough(rows: int = 20, cols: int = 30, relief_m: float = 400.0) -> npt.NDArray[np.float32]:
    """Ground with one unknown cell."""
    ground = np.random.default_rng(7).uniform(-relief_m, relief_m, (rows, cols)).astype(np.float32)
    ground[3, 5] = np.nan
    return ground


# Real files


def test_aristarchus_is_read_as_rasterio_reads_it_with_rows_turned(reference: Path) -> None:
    path = reference / "dem" / "aristarchus_imp_5m.tif"
    with rasterio.open(path) as dataset:
        raw, corner = dataset.read(1), dataset.transform
    dem = read_dem(path)
    assert dem.geometry.shape == (237, 256)
    np.testing.assert_allclose(elevation_of(dem)[::-1], raw, atol=1e-4)
    # Cell (0, 0) is the file's last row: half a cell in from its south-west corner.
    assert dem.geometry.east_m == pytest.approx(corner.c + corner.a / 2, abs=1e-6)
    assert dem.geometry.north_m == pytest.approx(corner.f + 236.5 * corner.e, abs=1e-6)
    assert dem.geometry.resolution_m == pytest.approx(4.764721, abs=1e-12)
    assert dem.geometry.site.body == "moon"
    # The file's frame is orthographic about 25.047646 N, 46.76548 W, and its middle is 0.6 m from that.
    assert math.degrees(dem.geometry.site.latitude_rad) == pytest.approx(25.047646, abs=1e-4)
    assert math.degrees(dem.geometry.site.longitude_rad) == pytest.approx(-46.76548, abs=1e-4)
    assert dem.geometry.site.grid_north_rad == pytest.approx(0, abs=1e-6)


def test_another_band_is_read_when_asked_for(reference: Path) -> None:
    path = reference / "dem" / "aristarchus_imp_5m.tif"
    with rasterio.open(path) as dataset:
        slope_deg = dataset.read(2)
    np.testing.assert_allclose(elevation_of(read_dem(path, band=2))[::-1], slope_deg, atol=1e-5)


def test_a_polar_map_has_the_convergence_of_its_longitude(reference: Path) -> None:
    dem = read_dem(reference / "dem" / "moon_northpole_2.4m_33px.tif")
    site, (west, south, east, north) = dem.geometry.site, dem.geometry.bounds_m
    # North polar stereographic about longitude 0: the pole is at 0, 0, the meridian 0 points down the map,
    # and grid north lies at an azimuth equal to the longitude.
    assert site.longitude_rad == pytest.approx(math.atan2((west + east) / 2, -(south + north) / 2), abs=1e-9)
    assert site.grid_north_rad == pytest.approx(site.longitude_rad, abs=1e-6)
    assert math.degrees(site.grid_north_rad) == pytest.approx(-46.43, abs=0.01)


def test_mars_is_read_and_named(reference: Path) -> None:
    dem = read_dem(reference / "dem" / "gale_msl_1m.tif")
    assert dem.geometry.site.body == MARS.name
    east, north = 8142748.837, -276598.710
    cell = dem.geometry.cell_at(east, north)
    assert cell is not None
    # First point of the driven track: its published ground elevation there.
    assert elevation_of(dem)[cell] == pytest.approx(-4456.105, abs=0.2)


def test_declared_no_data_is_unknown(reference: Path) -> None:
    dem = read_dem(reference / "dem" / "ames_marsyard_0.5m.tif")
    assert np.isnan(dem.elevation_m).sum() == 3917
    assert dem.geometry.site.body == "earth"
    # UTM zone 10: convergence = (longitude - central meridian) sin(latitude), to first order.
    site = dem.geometry.site
    expected = (site.longitude_rad - math.radians(-123)) * math.sin(site.latitude_rad)
    assert site.grid_north_rad == pytest.approx(expected, rel=0.01)


def test_a_map_in_degrees_is_refused_with_a_command_that_works(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    with pytest.raises(DemFrameError, match="in degrees") as caught:
        read_dem(path)
    words = shlex.split(caught.value.problems[0].remedy.partition(": ")[2])
    assert words[:3] == ["farside", "reproject", str(path)]
    given = dict(zip(words[3::2], words[4::2], strict=True))
    latitude, longitude = (float(word) for word in given["--center"].split(","))
    made = reproject_dem(path, latitude_deg=latitude, longitude_deg=longitude, size_m=float(given["--size"]))
    assert np.isfinite(made.elevation_m).all()


# Everything that must be refused


@pytest.mark.parametrize("name", [name for name in BAD_DEMS if name != "not square"])
def test_bad_dem_is_refused(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make, error = BAD_DEMS[name]
    path = tmp_path / "bad.tif"
    make(path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FarsideError) as caught:
        read_dem(path)
    assert type(caught.value) is error
    line = str(caught.value)
    assert line.startswith(f"farside: error[{error.code}]: {path}: ")
    assert "\n" not in line
    problem = caught.value.problems[0]
    assert problem.field
    assert len(problem.remedy) > 10
    assert sorted(tmp_path.iterdir()) == before
    assert capfd.readouterr() == ("", "")


def test_the_files_that_are_spoilt_are_good_before(tmp_path: Path) -> None:
    path = tmp_path / "good.tif"
    good_geotiff(path)
    dem = read_dem(path)
    np.testing.assert_allclose(elevation_of(dem)[::-1], small_relief(), atol=1e-3)
    assert dem.geometry.site.body == MOON.name


SAYS = {
    "text": "it holds text",
    "vrt": "a VRT",
    "undeclared -32768": r"= -32768: 15 of 744 cells hold .*rio edit-info \S+ --nodata -32768$",
    "undeclared -9999": r"= -9999: 15 of 744 cells hold .*--nodata -9999$",
    "undeclared -3.4e38": r"--nodata -3.4028234663852886e\+38$",
    "another no-data declared": "write the declared no-data value, -32768",
    "infinite": "15 of 744 cells hold infinite",
    "all no-data": "every cell is no-data",
    "from the centre": "take the sphere's radius off",
    "1 x 1": r"size = 1 x 1: fewer than 3 x 3",
    "complex": "type = complex64",
    "degrees": r"farside reproject \S+bad.tif --center -45.1200,176.1550 --size 2000 --out local.tif$",
    "feet": r"unit = foot: .*one unit is 0.3048 m.*farside reproject",
    "survey feet": r"one unit is 0.304800",
    "elevation in feet": "elevation unit = ft",
    "vertical frame in feet": "elevation unit = US survey foot",
    "rotated": "rotated.*farside reproject",
    "no frame": r"rio edit-info \S+bad.tif --crs IAU_2015:30135",
    "200,000 x 200,000": r"size = 200000 x 200000: .*1,000.0 GB.*--max-cells 40000000000",
}


@pytest.mark.parametrize("name", SAYS)
def test_a_refusal_names_what_is_wrong_and_what_to_do(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.tif"
    BAD_DEMS[name][0](path)
    with pytest.raises(FarsideError, match=SAYS[name]):
        read_dem(path)


@pytest.mark.parametrize(
    "name", ["undeclared -32768", "undeclared -9999", "undeclared -3.4e38", "undeclared 3.4e38", "no frame"]
)
def test_the_remedy_makes_the_file_good(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad file.tif"
    BAD_DEMS[name][0](path)
    with pytest.raises(FarsideError) as caught:
        read_dem(path)
    command = re.search(r"rio (edit-info .*?)(?: \(|$)", caught.value.problems[0].remedy)
    assert command is not None
    rio = [sys.executable, "-c", "from rasterio.rio.main import main_group; main_group()"]
    subprocess.run(rio + shlex.split(command[1]), check=True)
    assert np.isnan(read_dem(path).elevation_m).sum() == (0 if name == "no frame" else 15)


@pytest.mark.parametrize(
    "name", ["feet", "survey feet", "rotated", "skewed", "south up", "not square", "degrees"]
)
def test_reprojecting_makes_the_file_good(name: str, tmp_path: Path) -> None:
    path, out = tmp_path / "bad.tif", tmp_path / "good.tif"
    BAD_DEMS[name][0](path)
    with pytest.raises(DemFrameError) as caught:
        # Cells that are not square are read, and refused by what cannot do with them.
        check_square(read_dem(path).geometry, "a traverse", file=path)
    found = re.search(r"--center (\S+),(\S+) --size (\S+) ", caught.value.problems[0].remedy)
    assert found is not None
    latitude, longitude, size = map(float, found.groups())
    made = reproject_dem(
        path, latitude_deg=latitude, longitude_deg=longitude, size_m=size, resolution_m=size / 9
    )
    write_dem(made, out)
    again = elevation_of(read_dem(out))
    assert again.shape == (9, 9)
    # The relief of `small_relief` rises by 0.3 to 0.6 m a cell from -2000 m.
    assert -2000.2 < again.min() < again.max() < -1974
    assert np.ptp(again) > 1


@pytest.mark.parametrize("band", [0, 4, -1])
def test_a_band_that_is_not_there_is_refused(tmp_path: Path, band: int) -> None:
    path = tmp_path / "three.tif"
    good_geotiff(path, np.stack([small_relief()] * 3))
    with pytest.raises(DemFileError, match=f": band = {band}: no such band; the file has 3 bands: use 1"):
        read_dem(path, band=band)


@pytest.mark.parametrize("extension", FORMATS)
def test_formats_of_one_band_have_no_second(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"dem{extension}"
    write_dem(made_dem(rough()), path)
    with pytest.raises(DemFileError, match=r": band = 2: no such band; .*1 band: use 1"):
        read_dem(path, band=2)


@pytest.mark.parametrize(
    "name",
    [
        "/vsicurl/http://127.0.0.1:9/dem.tif",
        "/vsimem/dem.tif",
        "https://127.0.0.1:9/dem.tif",
        "s3://bucket/dem.tif",
        "zip+file:///tmp/dem.zip!dem.tif",
    ],
)
@pytest.mark.parametrize("kind", [str, Path])
def test_a_virtual_path_or_url_is_refused_unopened(name: str, kind: type, capfd: Any) -> None:
    with pytest.raises(DemFileError, match="a virtual path or an address"):
        read_dem(kind(name))
    assert capfd.readouterr() == ("", "")


def test_a_virtual_file_that_exists_is_refused(tmp_path: Path) -> None:
    from rasterio.io import MemoryFile

    good_geotiff(tmp_path / "good.tif")
    with MemoryFile((tmp_path / "good.tif").read_bytes(), ext=".tif") as memory:
        assert rasterio.open(memory.name).count == 1
        with pytest.raises(DemFileError, match="a virtual path"):
            read_dem(memory.name)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    with pytest.raises(DemFileError, match="a device or a pipe"):
        read_dem(tmp_path / "pipe.tif")


def test_no_file_beside_it_is_looked_at(tmp_path: Path) -> None:
    """A side file would let a DEM open others; what the file itself says is all that counts."""
    path = tmp_path / "dem.tif"
    good_geotiff(path, crs=None)
    wkt = rasterio.crs.CRS.from_user_input(MOON_SOUTH).to_wkt()
    (tmp_path / "dem.tif.aux.xml").write_text(f"<PAMDataset><SRS>{wkt}</SRS></PAMDataset>")
    with rasterio.open(path) as dataset:
        assert dataset.crs is not None
    with pytest.raises(DemFrameError, match="names no coordinate reference system"):
        read_dem(path)


def test_a_huge_file_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    declare_huge(path)
    assert path.stat().st_size < 40_000
    tracemalloc.start()
    with pytest.raises(ResourceError) as caught:
        read_dem(path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert caught.value.exit_code == 5


def test_the_limit_of_cells_is_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    good_geotiff(path)
    cells = small_relief().size
    assert read_dem(path, max_cells=cells).geometry.rows * read_dem(path).geometry.cols == cells
    with pytest.raises(ResourceError, match=f"--max-cells {cells}"):
        read_dem(path, max_cells=cells - 1)


@pytest.mark.parametrize(
    "head", ["ncols 200000\nnrows 200000\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3\n"]
)
def test_a_huge_ascii_grid_is_refused_by_its_header(tmp_path: Path, head: str) -> None:
    (tmp_path / "huge.asc").write_text(head)
    with pytest.raises(ResourceError, match="200000 x 200000"):
        read_dem(tmp_path / "huge.asc")


def test_a_huge_npz_is_refused_by_its_header(tmp_path: Path) -> None:
    np.savez_compressed(
        tmp_path / "huge.npz", elevation_m=np.zeros((3000, 3000), bool).view(np.uint8), resolution_m=1.0
    )
    with pytest.raises(ResourceError, match="3000 x 3000"):
        read_dem(tmp_path / "huge.npz", max_cells=1_000_000)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), extension=st.sampled_from(FORMATS))
def test_a_damaged_file_is_read_or_refused_but_never_a_traceback(
    tmp_path: Path, data: st.DataObject, extension: str
) -> None:
    path = tmp_path / f"dem{extension}"
    write_dem(made_dem(rough(9, 9)), path)
    whole = bytearray(path.read_bytes())
    places = st.integers(0, len(whole) - 1)
    for place in data.draw(st.lists(places, max_size=4), label="places"):
        whole[place] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(places, label="length") + 1])
    try:
        dem = read_dem(path, max_cells=10_000)
    except FarsideError as error:
        assert error.exit_code in (3, 5)
    else:
        assert dem.elevation_m.shape == dem.geometry.shape


@pytest.mark.parametrize("extension", FORMATS)
def test_a_truncated_file_is_never_terrain(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"dem{extension}"
    write_dem(made_dem(rough(40, 40)), path)
    whole = path.read_bytes()
    # The last bytes of an ASCII grid are decimals of its last number: without them it is still a number.
    for length in range(0, len(whole) - 12, max(1, len(whole) // 50)):
        path.write_bytes(whole[:length])
        with pytest.raises(DemFileError):
            read_dem(path)


# What a file may say in its own way


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    path = tmp_path / "scaled.tif"
    stored = small_relief("int16")
    stored[2, 3] = -32768
    good_geotiff(path, stored, scale=0.5, offset=100.0, nodata=-32768)
    dem = read_dem(path)
    expected = np.where(stored == -32768, np.nan, stored * 0.5 + 100)
    np.testing.assert_allclose(elevation_of(dem)[::-1], expected, atol=1e-3)


def test_a_mask_band_marks_the_unknown(tmp_path: Path) -> None:
    path, known = tmp_path / "masked.tif", small_relief() > -1995
    good_geotiff(path)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(known)
    np.testing.assert_array_equal(np.isfinite(read_dem(path).elevation_m[::-1]), known)


def test_cells_nearly_square_are_read_about_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "nearly.tif"
    step = Affine(5.0, 0.0, -21_000.0, 0.0, -5.004, 34_000.0)
    good_geotiff(path, transform=step)
    west, south, east, north = read_dem(path).geometry.bounds_m
    rows, cols = small_relief().shape
    assert (west + east) / 2 == pytest.approx(-21_000 + 5 * cols / 2)
    assert (south + north) / 2 == pytest.approx(34_000 - 5.004 * rows / 2)


def test_cells_of_two_sides_are_read_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "oblong.tif"
    good_geotiff(path, transform=Affine(5.0, 0.0, -21_000.0, 0.0, -8.0, 34_000.0))
    geometry = read_dem(path).geometry
    rows, cols = small_relief().shape
    assert (geometry.resolution_m, geometry.resolution_north_m) == (5.0, 8.0)
    assert geometry.bounds_m == pytest.approx((-21_000, 34_000 - 8 * rows, -21_000 + 5 * cols, 34_000))
    assert not geometry.is_square


def test_a_grid_with_dx_and_dy_has_two_sides(tmp_path: Path) -> None:
    (tmp_path / "dem.asc").write_text(GRID.replace("CELLSIZE 10", "DX 10\nDY 12") + BODY)
    geometry = read_dem(tmp_path / "dem.asc").geometry
    assert (geometry.resolution_m, geometry.resolution_north_m) == (10, 12)
    assert geometry.bounds_m == pytest.approx((100, 200, 100 + 3 * 10, 200 + 4 * 12))


@pytest.mark.parametrize("extension", FORMATS)
def test_two_sides_are_written_and_read_again(tmp_path: Path, extension: str) -> None:
    wkt = local_crs_wkt(*LANDING)
    geometry = GridGeometry(
        rows=4,
        cols=6,
        resolution_m=2.5,
        resolution_north_m=0.4,
        east_m=10.0,
        north_m=-20.0,
        site=site_at(wkt, 0.0, 0.0, 1.0),
    )
    heights = np.arange(24, dtype=np.float32).reshape(4, 6) / 8
    write_dem(
        Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source="a test"),
        tmp_path / f"dem{extension}",
    )
    again = read_dem(tmp_path / f"dem{extension}")
    for name in ("resolution_m", "resolution_north_m", "east_m", "north_m"):
        assert getattr(again.geometry, name) == pytest.approx(getattr(geometry, name), abs=1e-9), name
    np.testing.assert_allclose(elevation_of(again), heights, atol=1e-4)
    if extension != ".npz":  # GDAL, which reads the other two, sees the same sides
        with rasterio.open(tmp_path / f"dem{extension}") as dataset:
            assert dataset.res == pytest.approx((2.5, 0.4))


def test_square_cells_leave_no_trace_of_a_second_side(tmp_path: Path) -> None:
    write_dem(made_dem(rough()), tmp_path / "dem.npz")
    with np.load(tmp_path / "dem.npz") as held:
        assert "resolution_north_m" not in held.files
    write_dem(made_dem(rough()), tmp_path / "dem.asc")
    assert "\ncellsize " in (tmp_path / "dem.asc").read_text()


def test_a_body_that_is_not_known_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "ceres.tif"
    good_geotiff(path, crs="+proj=stere +lat_0=-90 +R=470000 +no_defs")
    assert read_dem(path).geometry.site.body == "unknown"


# Writing and reading again


@pytest.mark.parametrize("extension", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    relief_m=st.floats(0.001, 3000),
    datum_m=st.floats(-9000, 9000),
    resolution_m=st.sampled_from([0.05, 0.25, 0.5, 2.0, 118.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_is_written_is_read_again_to_a_millimetre(
    tmp_path: Path, extension: str, relief_m: float, datum_m: float, resolution_m: float, seed: int
) -> None:
    ground = np.random.default_rng(seed).uniform(-relief_m, relief_m, (7, 5)).astype(np.float32)
    ground[0, 4] = np.nan
    dem = made_dem(ground, datum_m=datum_m, resolution_m=resolution_m)
    path = tmp_path / f"dem{extension}"
    write_dem(dem, path)
    again = read_dem(path)
    np.testing.assert_allclose(elevation_of(again), elevation_of(dem), atol=0.999e-3, rtol=0)
    one, other = dem.geometry, again.geometry
    assert other.shape == one.shape
    for name in ("resolution_m", "east_m", "north_m"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-9)
    for name in ("latitude_rad", "longitude_rad", "grid_north_rad"):
        assert getattr(other.site, name) == pytest.approx(getattr(one.site, name), abs=1e-9)
    assert other.site.body == "moon"


def test_a_geotiff_is_north_up_with_its_frame_for_any_reader(tmp_path: Path) -> None:
    dem = made_dem(rough())
    write_dem(dem, tmp_path / "dem.tif")
    with rasterio.open(tmp_path / "dem.tif") as dataset:
        assert dataset.transform == Affine(2.0, 0, -30.0, 0, -2.0, 20.0)
        assert (dataset.count, dataset.dtypes[0], dataset.scales, dataset.offsets) == (
            1,
            "float32",
            (1,),
            (0,),
        )
        assert math.isnan(dataset.nodata)
        assert dataset.compression.name == "deflate"
        assert dataset.tags()["SOURCE"] == "made for a test"
        np.testing.assert_allclose(dataset.read(1), elevation_of(dem)[::-1], atol=1e-3)
        assert dataset.crs.to_dict()["proj"] == "tmerc"
        assert dataset.crs.to_dict()["R"] == MOON.radius_m


@pytest.mark.parametrize(("resolution_m", "dtype"), [(0.25, "float64"), (0.5, "float32"), (5.0, "float32")])
def test_fine_cells_are_written_in_double(tmp_path: Path, resolution_m: float, dtype: str) -> None:
    write_dem(made_dem(rough(), resolution_m=resolution_m), tmp_path / "dem.tif")
    with rasterio.open(tmp_path / "dem.tif") as dataset:
        assert dataset.dtypes == (dtype,)


def test_npz_keeps_everything_bit_for_bit(tmp_path: Path) -> None:
    plain = made_dem(rough())
    variance = np.abs(rough()) / 1e4
    dem = Dem(
        geometry=plain.geometry,
        elevation_m=plain.elevation_m,
        datum_m=0.5,
        variance_m2=variance,
        source="kept",
    )
    write_dem(dem, tmp_path / "dem.npz")
    again = read_dem(tmp_path / "dem.npz")
    np.testing.assert_array_equal(again.elevation_m, dem.elevation_m)
    assert again.variance_m2 is not None
    np.testing.assert_array_equal(again.variance_m2, variance)
    assert (again.datum_m, again.source, again.geometry) == (0.5, "kept", dem.geometry)


@pytest.mark.parametrize("extension", FORMATS)
def test_the_same_dem_is_the_same_bytes(tmp_path: Path, extension: str) -> None:
    for name in ("one", "two"):
        write_dem(made_dem(rough()), tmp_path / f"{name}{extension}")
    assert (tmp_path / f"one{extension}").read_bytes() == (tmp_path / f"two{extension}").read_bytes()


@pytest.mark.parametrize("extension", FORMATS)
def test_an_output_that_cannot_be_written_leaves_nothing(tmp_path: Path, extension: str) -> None:
    (tmp_path / "file").write_text("a file is no folder")
    with pytest.raises(OutputError):
        write_dem(made_dem(rough()), tmp_path / "file" / f"dem{extension}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_another_extension_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such raster format; end the name in .tif, .npz or .asc"):
        write_dem(made_dem(rough()), tmp_path / "dem.png")
    assert list(tmp_path.iterdir()) == []


def test_a_geotiff_needs_a_frame(tmp_path: Path) -> None:
    with pytest.raises(DemFrameError, match=r"has no frame, which GeoTIFF needs; write .npz"):
        write_dem(made_dem(rough(), wkt=""), tmp_path / "dem.tif")
    assert list(tmp_path.iterdir()) == []


def test_any_layers_are_written_the_same_way_up(tmp_path: Path) -> None:
    flags = np.zeros((20, 30), np.uint8)
    flags[0, 0] = 4
    geometry = made_dem(rough()).geometry
    bands = {"hazard flags": flags, "hazard flags later": flags + np.uint8(1)}
    write_raster(tmp_path / "flags.tif", bands, geometry, nodata=255, tags={"BASELINE_M": "4"})
    with rasterio.open(tmp_path / "flags.tif") as dataset:
        assert [dataset.read(band)[-1, 0] for band in (1, 2)] == [4, 5]
        assert (dataset.nodata, dataset.descriptions) == (255, tuple(bands))
        assert dataset.tags()["BASELINE_M"] == "4"
    with pytest.raises(ValueError, match="on a raster of"):
        write_raster(tmp_path / "other.tif", {"turned": flags.T}, geometry, nodata=None)
    with pytest.raises(ValueError, match="bands of 2 types"):
        write_raster(tmp_path / "other.tif", bands | {"lit": flags / 2.0}, geometry, nodata=None)


# ESRI ASCII and npz made by others

GRID = "NCOLS 3\nNROWS 4\nXLLCORNER 100\nYLLCORNER 200\nCELLSIZE 10\n"
BODY = "1 2 3\n4 5 6\n7 8 9\n10 11 -9999\n"


def test_an_ascii_grid_by_hand(tmp_path: Path) -> None:
    (tmp_path / "dem.asc").write_text(GRID + BODY)
    dem = read_dem(tmp_path / "dem.asc")
    # The first line is the northern row, and -9999 is no-data where the header does not say otherwise.
    expected = [[10, 11, np.nan], [7, 8, 9], [4, 5, 6], [1, 2, 3]]
    np.testing.assert_array_equal(elevation_of(dem), expected)
    assert (dem.geometry.east_m, dem.geometry.north_m) == (105, 205)


def test_an_ascii_grid_by_centres(tmp_path: Path) -> None:
    (tmp_path / "dem.asc").write_text(GRID.replace("CORNER", "CENTER") + BODY)
    geometry = read_dem(tmp_path / "dem.asc").geometry
    assert (geometry.east_m, geometry.north_m) == (100, 200)


def test_a_grid_without_a_frame_is_somewhere_on_the_moon_or_where_the_caller_says(tmp_path: Path) -> None:
    (tmp_path / "dem.asc").write_text(GRID + BODY)
    site = read_dem(tmp_path / "dem.asc").geometry.site
    assert (site.body, site.crs_wkt) == ("moon", "")
    assert math.isnan(site.latitude_rad)
    assert math.isnan(site.longitude_rad)
    there = Site(latitude_rad=-0.8, longitude_rad=3.1, body="moon", crs_wkt="")
    assert read_dem(tmp_path / "dem.asc", default_site=there).geometry.site == there


def test_a_prj_beside_it_is_the_frame_of_a_grid(tmp_path: Path) -> None:
    (tmp_path / "dem.asc").write_text(GRID + BODY)
    (tmp_path / "dem.prj").write_text(local_crs_wkt(*LANDING))
    site = read_dem(tmp_path / "dem.asc").geometry.site
    east_m, north_m = project(site, site.latitude_rad, site.longitude_rad)
    assert (float(east_m), float(north_m)) == pytest.approx((115, 220))
    (tmp_path / "dem.prj").write_text(rasterio.crs.CRS.from_user_input("IAU_2015:30100").to_wkt())
    with pytest.raises(DemFrameError, match="not a frame in metres"):
        read_dem(tmp_path / "dem.asc")


def test_a_frameless_grid_is_not_written_beside_a_frame_of_another(tmp_path: Path) -> None:
    (tmp_path / "dem.prj").write_text("another layer's")
    with pytest.raises(UsageError, match=r"dem.prj beside it"):
        write_dem(made_dem(rough(), wkt=""), tmp_path / "dem.asc")
    assert (tmp_path / "dem.prj").read_text() == "another layer's"
    assert not (tmp_path / "dem.asc").exists()


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (
            GRID + "1 2 3\n4 5 6\n7 8 9\n10 11\n",
            DemFileError,
            "only 11 elevations where the header declares 12",
        ),
        (GRID + BODY + "13\n", DemFileError, "more elevations"),
        (GRID + "1 2 3\n4 5 six\n7 8 9\n10 11 12\n", DemFileError, "not a number"),
        (GRID.replace("NROWS 4", "NROWS 4.5") + BODY, DemFileError, "nrows = 4.5"),
        (GRID.replace("NROWS 4", "NROWS four") + BODY, DemFileError, "nrows = four: not a number"),
        (GRID.replace("CELLSIZE 10", "CELLSIZE 0") + BODY, DemFileError, "cellsize = 0"),
        (GRID.replace("CELLSIZE 10", "CELLSIZE inf") + BODY, DemFileError, "cellsize = inf"),
        (GRID.replace("CELLSIZE 10", "DX 10\nDY 0") + BODY, DemFileError, "dy = 0"),
        (GRID.replace("CELLSIZE 10", "DX -1\nDY 12") + BODY, DemFileError, "dx = -1"),
        (GRID.replace("CELLSIZE 10", "DX 10") + BODY, DemFileError, "cellsize: missing"),
        (GRID.replace("YLLCORNER 200\n", "") + BODY, DemFileError, "yllcorner: missing"),
        (GRID + "NODATA_value 0\n" + BODY, DemValueError, "= -9999: 1 of 12 cells"),
        (GRID + BODY.replace("8", "inf"), DemValueError, "infinite"),
        (GRID + BODY.replace("8", "-32768"), DemValueError, "NODATA_value -32768"),
    ],
)
def test_a_bad_ascii_grid_is_refused(tmp_path: Path, text: str, error: type[FarsideError], says: str) -> None:
    (tmp_path / "dem.asc").write_text(text)
    with pytest.raises(error, match=says):
        read_dem(tmp_path / "dem.asc")


GOOD_NPZ: dict[str, Any] = {"elevation_m": small_relief(), "resolution_m": 2.0}


def test_an_npz_by_hand_needs_two_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "dem.npz", **GOOD_NPZ)
    dem = read_dem(tmp_path / "dem.npz")
    np.testing.assert_allclose(elevation_of(dem), small_relief(), atol=1e-3)
    assert dem.geometry.site.crs_wkt == ""


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"elevation_m": None}, DemFileError, "elevation_m: missing"),
        ({"elevation_m": np.zeros(9)}, DemFileError, "not a 2-D array"),
        ({"elevation_m": np.zeros((3, 3), complex)}, DemFileError, "not a 2-D array of real"),
        ({"elevation_m": np.array([[{}] * 3] * 3)}, DemFileError, "not a 2-D array of real"),
        ({"elevation_m": np.full((4, 4), np.nan)}, DemValueError, "every cell"),
        ({"elevation_m": np.full((4, 4), -9999.0)}, DemValueError, "= -9999"),
        ({"elevation_m": np.zeros((2, 2))}, DemValueError, "fewer than 3 x 3"),
        ({"resolution_m": None}, DemFileError, "resolution_m: missing"),
        ({"resolution_m": np.nan}, DemFileError, "resolution_m = nan"),
        ({"resolution_m": -1.0}, DemFileError, "resolution_m = -1.0: not above zero"),
        ({"resolution_north_m": 0.0}, DemFileError, "resolution_north_m = 0.0: not above zero"),
        ({"resolution_north_m": "2"}, DemFileError, "resolution_north_m = 2: missing or not a finite"),
        ({"format": 2}, DemFileError, "format = 2: newer than this version"),
        ({"source": 3}, DemFileError, "source = 3: not a text"),
        ({"variance_m2": np.zeros((2, 2))}, DemFileError, "variance_m2"),
        ({"variance_m2": np.zeros((4000, 4000))}, DemFileError, "far larger"),
        ({"crs_wkt": "no frame"}, DemFrameError, "crs_wkt: not a coordinate reference system"),
    ],
)
def test_a_bad_npz_is_refused(
    tmp_path: Path, change: dict[str, Any], error: type[FarsideError], says: str
) -> None:
    held = {name: value for name, value in (GOOD_NPZ | change).items() if value is not None}
    np.savez_compressed(tmp_path / "dem.npz", **held)
    with pytest.raises(error, match=says):
        read_dem(tmp_path / "dem.npz")


# Frames


@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    east_m=st.floats(-50_000, 50_000),
    north_m=st.floats(-50_000, 50_000),
)
@settings(max_examples=60, deadline=None)
@example(latitude=0.0, longitude=0.0, east_m=37465.35816009282, north_m=0.0)
def test_project_and_unproject_undo_each_other_everywhere(
    latitude: float, longitude: float, east_m: float, north_m: float
) -> None:
    wkt = local_crs_wkt(math.radians(latitude), math.radians(longitude))
    place = unproject(wkt, east_m, north_m)
    again = project(wkt, *place)
    # On a sphere PROJ takes the northing from an arc cosine, which is blunt at the equator and at a pole.
    from_edge = min(abs(float(place[0])), math.pi / 2 - abs(float(place[0])))
    tolerance_m = 1e-4 if from_edge > 1e-4 else 0.03
    assert (float(again[0]), float(again[1])) == pytest.approx((east_m, north_m), abs=tolerance_m)


def test_the_local_frame_is_transverse_mercator_on_the_sphere() -> None:
    wkt = local_crs_wkt(*LANDING)
    latitude, longitude = math.radians(-45.3), math.radians(178.1)
    east_m, north_m = project(wkt, latitude, longitude)
    # Snyder (1987), Map Projections: A Working Manual, equations 8-1 to 8-4.
    b = math.cos(latitude) * math.sin(longitude - LANDING[1])
    assert float(east_m) == pytest.approx(MOON.radius_m * math.atanh(b), abs=1e-3)
    rise = math.atan2(math.tan(latitude), math.cos(longitude - LANDING[1])) - LANDING[0]
    assert float(north_m) == pytest.approx(MOON.radius_m * rise, abs=1e-3)


@pytest.mark.parametrize("latitude_deg", [-90.0, -89.999, -45.0, 0.0, 90.0])
def test_a_site_is_where_its_frame_is_centred_and_north_is_up(latitude_deg: float) -> None:
    wkt = local_crs_wkt(math.radians(latitude_deg), 1.0, body="mars")
    site = site_at(wkt, 0.0, 0.0, 10.0)
    assert (site.latitude_rad, site.longitude_rad) == pytest.approx(
        (math.radians(latitude_deg), 1.0), abs=1e-9
    )
    assert site.body == "mars"
    assert site.grid_north_rad == pytest.approx(0, abs=1e-6)


def test_no_such_body_has_a_frame() -> None:
    with pytest.raises(ValueError, match="no body is called 'vulcan'"):
        local_crs_wkt(0.0, 0.0, body="vulcan")


@given(low=st.floats(-30_000, 30_000), span=st.floats(0, 1), seed=st.integers(0, 1000))
def test_the_datum_keeps_float32_within_a_millimetre(low: float, span: float, seed: int) -> None:
    high = low + span * (30_000 - low)
    elevation_m = np.random.default_rng(seed).uniform(low, high, (5, 5))
    relative_m, datum_m = split_datum(elevation_m)
    assert datum_m == int(datum_m)
    assert np.abs(relative_m.astype(np.float64) + datum_m - elevation_m).max() < 1e-3
