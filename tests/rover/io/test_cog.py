"""GeoTIFFs written block by block: the same values as from memory, a cloud-optimised layout, whole or absent."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import rasterio

from rover.core.errors import DemFrameError, OutputError, ResourceError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io import cog, cog_layout
from rover.io.cog import Block, disk_bytes, halved, read_overview, write_cog
from rover.io.crs import local_crs_wkt
from rover.io.raster import ELEVATION, read_dem, write_dem

ROOT = Path(__file__).parents[3]
DATUM_M = -5935.0
WKT = local_crs_wkt(math.radians(-45.457), math.radians(177.588))


def geometry_of(rows: int, cols: int, resolution_m: float = 2.0, wkt: str = WKT) -> GridGeometry:
    site = Site(latitude_rad=-0.8, longitude_rad=3.1, body="moon", crs_wkt=wkt)
    return GridGeometry(
        rows=rows, cols=cols, resolution_m=resolution_m, east_m=-30.5, north_m=70.25, site=site
    )


def rough(rows: int, cols: int) -> npt.NDArray[np.float32]:
    """Ground relative to the datum, no two cells alike, with a gap across tiles."""
    ground = np.random.default_rng(7).uniform(-400, 400, (rows, cols)).astype(np.float32)
    ground[rows // 3 : rows // 2, cols // 4 : cols // 3] = np.nan
    return ground


def block_of(ground: npt.NDArray[Any]) -> Block:
    """Parts of (rows, cols) ground, row growing north, above the sphere."""

    def block(row: int, col: int, rows: int, cols: int) -> npt.NDArray[np.float64]:
        return ground[row : row + rows, col : col + cols].astype(np.float64) + DATUM_M

    return block


def write(path: Path, ground: npt.NDArray[Any], **change: Any) -> GridGeometry:
    geometry = change.pop("geometry", None) or geometry_of(*ground.shape)
    block = change.pop("block", None) or block_of(ground)
    tags = {"SOURCE": "made for a test", "SEED": "-3"}
    write_cog(path, geometry, block, description=ELEVATION, tags=tags, **change)
    return geometry


class Held(NamedTuple):
    array: npt.NDArray[Any]
    said: tuple[Any, ...]


def held(path: Path) -> Held:
    """What a file holds: values, and what else must not depend on how it was written."""
    with rasterio.open(path) as d:
        said = (d.dtypes, d.crs.to_wkt(), d.transform, d.count, d.descriptions, d.tags()["SOURCE"], d.units)
        assert math.isnan(d.nodata)
        assert (d.scales, d.offsets) == ((1.0,), (0.0,))
        return Held(d.read(1), said)


@pytest.mark.parametrize(
    ("shape", "resolution_m"),
    [((20, 30), 2.0), ((512, 512), 0.5), ((513, 40), 0.25), ((600, 2100), 2.0), ((3, 1500), 0.499)],
    ids=str,
)
def test_the_same_file_as_from_memory(tmp_path: Path, shape: tuple[int, int], resolution_m: float) -> None:
    ground = rough(*shape)
    geometry = geometry_of(*shape, resolution_m)
    write(tmp_path / "cog.tif", ground, geometry=geometry)
    dem = Dem(geometry=geometry, elevation_m=ground, datum_m=DATUM_M, source="made for a test")
    write_dem(dem, tmp_path / "dem.tif")
    ours, theirs = held(tmp_path / "cog.tif"), held(tmp_path / "dem.tif")
    assert ours.said == theirs.said
    np.testing.assert_array_equal(ours.array, theirs.array)
    assert ours.array.dtype == (np.float32 if resolution_m >= 0.5 else np.float64)


def test_read_as_terrain(tmp_path: Path) -> None:
    ground = rough(600, 700)
    geometry = write(tmp_path / "a.tif", ground)
    dem = read_dem(tmp_path / "a.tif")
    np.testing.assert_allclose(dem.elevation_m + dem.datum_m, ground.astype(np.float64) + DATUM_M, atol=1e-3)
    assert dem.geometry.bounds_m == pytest.approx(geometry.bounds_m)


def test_row_grows_north_and_every_cell_is_asked_for_once(tmp_path: Path) -> None:
    asked = np.zeros((1300, 2500), dtype=np.int64)

    def block(row: int, col: int, rows: int, cols: int) -> npt.NDArray[np.float64]:
        assert max(rows, cols) <= 1024
        asked[row : row + rows, col : col + cols] += 1
        return np.broadcast_to(np.arange(row, row + rows, dtype=np.float64)[:, None], (rows, cols))

    write(tmp_path / "a.tif", asked, block=block)
    assert (asked == 1).all()
    with rasterio.open(tmp_path / "a.tif") as dataset:
        down = dataset.read(1)[:, 7]
        assert dataset.tags()["SEED"] == "-3"
    np.testing.assert_array_equal(down, np.arange(1299, -1, -1))


def test_a_block_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a block of \(3, 4\), expected \(5, 4\)"):
        write(tmp_path / "a.tif", np.zeros((5, 4)), block=lambda *_: np.zeros((3, 4)))
    assert list(tmp_path.iterdir()) == []


# Overviews


def test_an_overview_holds_the_means_of_what_is_known(tmp_path: Path) -> None:
    ground = rough(1301, 2047)
    write(tmp_path / "a.tif", ground)
    northern_first = ground[::-1].astype(np.float64) + DATUM_M
    with rasterio.open(tmp_path / "a.tif") as dataset:
        assert dataset.overviews(1) == [2, 4]
    for level in (0, 1):
        padded = np.pad(northern_first, [(0, n % 2) for n in northern_first.shape], constant_values=np.nan)
        quarters = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2)
        known = (~np.isnan(quarters)).sum(axis=(1, 3))
        with np.errstate(invalid="ignore"):
            northern_first = np.nansum(quarters, axis=(1, 3)) / known
        assert np.isnan(northern_first).any()
        with rasterio.open(tmp_path / "a.tif", overview_level=level) as dataset:
            found = dataset.read(1)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(northern_first))
        np.testing.assert_allclose(found, northern_first, rtol=2e-7)


def test_halving_a_gap() -> None:
    nan = np.nan
    values = np.array([[1.0, 2.0, nan, nan], [3.0, nan, nan, nan]])
    np.testing.assert_array_equal(halved(values), [[2.0, nan]])
    np.testing.assert_array_equal(halved(np.arange(8.0).reshape(2, 4)), [[2.5, 4.5]])


def test_a_coarse_view_is_an_overview_in_its_place(tmp_path: Path) -> None:
    ground = rough(1200, 1000)
    geometry = write(tmp_path / "a.tif", ground)
    whole = read_overview(tmp_path / "a.tif", most_cells=1_200_000)
    assert whole.geometry.shape == ground.shape
    np.testing.assert_allclose(whole.elevation_m + whole.datum_m, ground + DATUM_M, atol=1e-3)
    coarse = read_overview(tmp_path / "a.tif", most_cells=300_000)
    assert coarse.geometry.shape == (600, 500)
    assert coarse.geometry.resolution_m == 4.0
    assert coarse.geometry.bounds_m == pytest.approx(geometry.bounds_m)
    means = halved(ground.astype(np.float64) + DATUM_M)
    np.testing.assert_allclose(coarse.elevation_m + coarse.datum_m, means, atol=1e-3)
    assert coarse.source == "made for a test"


def test_the_north_west_corner_of_a_coarse_view_is_the_raster_s(tmp_path: Path) -> None:
    geometry = write(tmp_path / "a.tif", rough(1301, 900))
    west, _, _, north = geometry.bounds_m
    found = read_overview(tmp_path / "a.tif", most_cells=300_000).geometry.bounds_m
    assert (found[0], found[3]) == pytest.approx((west, north))


def test_cells_of_two_sides_in_a_coarse_view(tmp_path: Path) -> None:
    oblong = replace(geometry_of(600, 700), resolution_north_m=5.0)
    geometry = write(tmp_path / "a.tif", rough(600, 700), geometry=oblong)
    coarse = read_overview(tmp_path / "a.tif", most_cells=110_000).geometry
    assert (coarse.resolution_m, coarse.resolution_north_m) == (4.0, 10.0)
    assert coarse.bounds_m == pytest.approx(geometry.bounds_m)


# Layout


def assert_cloud_optimised(path: Path, overviews: int) -> None:
    """Directories first, the full resolution's ahead; tiles after, the coarsest overview's ahead, each framed."""
    content = path.read_bytes()
    with rasterio.open(path) as d:
        assert d.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert len(d.overviews(1)) == overviews
        assert d.block_shapes == [(512, 512)]
        levels: list[int | None] = [None, *range(overviews)]
        directories = [int(d.get_tag_item("IFD_OFFSET", "TIFF", bidx=1, ovr=k)) for k in levels]
        tiles = []
        for k, (rows, cols) in enumerate(_sizes_of(d, overviews)):
            for row, col in np.ndindex(-(-rows // 512), -(-cols // 512)):
                names = (f"BLOCK_OFFSET_{col}_{row}", f"BLOCK_SIZE_{col}_{row}")
                at, size = (int(d.get_tag_item(name, "TIFF", bidx=1, ovr=levels[k])) for name in names)
                tiles.append((-k, row, col, at, size))
    assert directories == sorted(directories)
    ends = max(directories)
    for _, _, _, at, size in sorted(tiles):
        assert at - 4 >= ends
        assert int.from_bytes(content[at - 4 : at], "little") == size
        assert content[at + size - 4 : at + size] == content[at + size : at + size + 4]
        ends = at + size + 4
    assert ends == len(content)


def _sizes_of(dataset: Any, overviews: int) -> list[tuple[int, int]]:
    factors = [1, *(2 ** (k + 1) for k in range(overviews))]
    return [(math.ceil(dataset.height / f), math.ceil(dataset.width / f)) for f in factors]


@pytest.mark.parametrize(("shape", "overviews"), [((300, 512), 0), ((513, 20), 1), ((1100, 2100), 3)])
def test_the_layout_is_cloud_optimised(tmp_path: Path, shape: tuple[int, int], overviews: int) -> None:
    write(tmp_path / "a.tif", rough(*shape))
    assert (tmp_path / "a.tif").read_bytes()[:4] == b"II*\0"
    assert_cloud_optimised(tmp_path / "a.tif", overviews)


def test_what_4_gib_do_not_hold_is_a_bigtiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cog_layout, "_CLASSIC", cog_layout._CLASSIC._replace(largest=100_000))
    ground = rough(1100, 600)
    write(tmp_path / "a.tif", ground)
    assert (tmp_path / "a.tif").read_bytes()[:4] == b"II+\0"
    assert_cloud_optimised(tmp_path / "a.tif", 2)
    np.testing.assert_array_equal(
        held(tmp_path / "a.tif").array, (ground[::-1] + np.float64(DATUM_M)).astype("f4")
    )


def test_progress_grows_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    write(tmp_path / "a.tif", rough(1500, 1500), progress=told.append)
    assert told == sorted(told)
    assert len(told) > 8
    assert told[0] < 0.5
    assert told[-1] == 1.0


# Whole or absent


def script(body: str, *words: object) -> list[str]:
    """A program that writes `a.tif` in its folder, with a `block` and a `geometry` that it may change."""
    head = """
        import math, resource, signal, sys, time
        import numpy as np
        from rover.core.errors import FarsideError
        from rover.core.grid import GridGeometry, Site
        from rover.io.cog import write_cog
        from rover.io.crs import local_crs_wkt

        def geometry_of(rows, cols):
            site = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt=local_crs_wkt(-0.8, 3.1))
            return GridGeometry(rows=rows, cols=cols, resolution_m=1.0, east_m=0.0, north_m=0.0, site=site)

        def block(row, col, rows, cols):
            return np.sin(np.arange(row, row + rows))[:, None] * np.cos(np.arange(col, col + cols))

        def write(geometry, block, progress=None):
            write_cog("a.tif", geometry, block, description="", tags={}, progress=progress)
    """
    return [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(body), *map(str, words)]


def run(body: str, folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        script(body, *words),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_memory_does_not_grow_with_the_raster(tmp_path: Path) -> None:
    body = """
        def peak_mb():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

        def plain(row, col, rows, cols):
            return np.full((rows, cols), float(row + col))

        write(geometry_of(2048, 2048), plain)
        small = peak_mb()
        write(geometry_of(1024, 49152), plain)
        print(peak_mb() - small)
    """
    done = run(body, tmp_path)
    assert done.returncode == 0, done.stderr
    # In memory it would be 192 MiB of float32 alone.
    assert float(done.stdout) < 80


@pytest.mark.parametrize(
    ("number", "phase"),
    [
        (signal.SIGINT, "making"),
        (signal.SIGINT, "assembling"),
        (signal.SIGTERM, "making"),
        (signal.SIGKILL, "assembling"),
    ],
)
def test_an_interruption_leaves_nothing(tmp_path: Path, number: signal.Signals, phase: str) -> None:
    body = """
        def end(*_):
            raise SystemExit(143)

        def slow(fraction):
            if fraction > float(sys.argv[1]):
                print("now", flush=True)
                time.sleep(0.5)

        signal.signal(signal.SIGTERM, end)
        write(geometry_of(1100, 1100), block, slow)
    """
    with subprocess.Popen(
        script(body, 0.3 if phase == "making" else 0.96),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        process.send_signal(number)
        assert process.wait(timeout=20) != 0
    left = [path.name for path in tmp_path.iterdir()]
    if number == signal.SIGKILL:  # nothing can be cleared up: but nothing looks like a result
        assert all(name.startswith(".") for name in left)
    else:
        assert left == []


@pytest.mark.parametrize("short_of", ["making", "assembling"])
def test_a_full_disk_is_an_output_error_that_leaves_nothing(tmp_path: Path, short_of: str) -> None:
    body = """
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
        try:
            write(geometry_of(1200, 1200), block)
        except FarsideError as error:
            print(error)
            sys.exit(error.exit_code)
    """
    assert run(body, tmp_path, 10**9).returncode == 0
    size = (tmp_path / "a.tif").stat().st_size
    (tmp_path / "a.tif").unlink()
    # The file is the compressed tiles and a little more: so the second limit is met at its very end.
    done = run(body, tmp_path, 100_000 if short_of == "making" else size - 1)
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith("farside: error[OUTPUT]: a.tif: cannot be written: ")
    assert "free some space, or write to another disk" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("old")

    def fail(*_: int) -> npt.NDArray[np.float64]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a.tif", np.zeros((5, 4)), block=fail)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
    write(tmp_path / "a.tif", np.zeros((5, 4), dtype=np.float32))
    assert (held(tmp_path / "a.tif").array == DATUM_M).all()


def test_too_little_room_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    geometry = geometry_of(16384, 16384)
    assert disk_bytes(geometry) == pytest.approx(16384**2 * 4 * 4 / 3, rel=1e-3)
    usage = cog.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(cog.shutil, "disk_usage", lambda _: usage._replace(free=10**9))
    with pytest.raises(ResourceError, match=r"takes about 1\.4 GB of disk, and 1\.0 GB are free; write to"):
        write(tmp_path / "a.tif", np.zeros((1, 1)), geometry=geometry, block=lambda *_: pytest.fail("made"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["absent/a.tif", "file/a.tif", "/proc/a.tif"])
def test_a_place_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot be written: .*; choose a name in a folder that exists"):
        write(tmp_path / place, np.zeros((5, 4)), block=lambda *_: pytest.fail("made"))


def test_a_raster_without_a_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DemFrameError, match="no frame"):
        write(tmp_path / "a.tif", np.zeros((5, 4)), geometry=geometry_of(5, 4, wkt=""))
    assert list(tmp_path.iterdir()) == []


def test_the_frame_may_be_any_that_is_projected(tmp_path: Path) -> None:
    polar = rasterio.crs.CRS.from_string("IAU_2015:30135").to_wkt()
    write(tmp_path / "a.tif", np.zeros((5, 4)), geometry=geometry_of(5, 4, wkt=polar))
    assert "South Polar" in held(tmp_path / "a.tif").said[1]
