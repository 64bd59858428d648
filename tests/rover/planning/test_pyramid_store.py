"""A pyramid on disk: the same answers as in memory, no seam, and nothing damaged is taken."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import (
    CostMapError,
    DemFileError,
    FarsideError,
    ResourceError,
    ResultsError,
    UsageError,
)
from rover.core.grid import Dem, GridGeometry, Site
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import detect_hazards
from rover.io.bands import DemBands
from rover.io.crs import local_crs_wkt
from rover.io.raster import read_dem, write_dem
from rover.io.vehicle import read_vehicle
from rover.planning.pyramid import Pyramid, build_pyramid
from rover.planning.pyramid_dem import DemCosts
from rover.planning.pyramid_query import PyramidRoute
from rover.planning.pyramid_search import search_pyramid
from rover.planning.pyramid_store import open_pyramid, write_pyramid
from rover.planning.pyramid_tiles import ArrayRows
from rover.terrain.derive import derive_terrain

Cost = npt.NDArray[np.floating]
INF = math.inf
FILES = ("costs.bin", "codes.bin", "blocks.npz", "manifest.json")


def costs_of(shape: tuple[int, int], seed: int = 4) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(88,)))
    cost = np.where(rng.random(shape) < 0.2, INF, rng.uniform(1.0, 4.0, shape))
    cost[0], cost[:, -1] = 3.0, 3.0  # so that there is a way from the first cell to the last
    return cost


def ends_of(cost: Cost) -> tuple[tuple[int, int], tuple[int, int]]:
    free = np.argwhere(np.isfinite(cost))
    (a, b), (c, d) = free[0], free[-1]
    return (int(a), int(b)), (int(c), int(d))


def same(one: Pyramid, other: Pyramid) -> None:
    np.testing.assert_array_equal(one.coded.codes, other.coded.codes)
    np.testing.assert_array_equal(one.guide, other.guide)
    assert (one.coded.unit_s, one.coded.greatest_ratio) == (other.coded.unit_s, other.coded.greatest_ratio)
    assert (one.landmarks is None) == (other.landmarks is None)
    if one.landmarks is not None and other.landmarks is not None:
        for name in ("reached", "cells", "low", "high"):
            np.testing.assert_array_equal(getattr(one.landmarks, name), getattr(other.landmarks, name))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (255, 257), (256, 512), (600, 530)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("landmarks", [0, 3])
def test_a_store_equals_memory(tmp_path: Path, shape: tuple[int, int], kind: Any, landmarks: int) -> None:
    cost = costs_of(shape).astype(kind)
    held = build_pyramid(cost, resolution_m=2.5, landmarks=landmarks)
    write_pyramid(ArrayRows(cost), tmp_path / "p", resolution_m=2.5, landmarks=landmarks)
    opened = open_pyramid(tmp_path / "p")
    same(held, opened)
    np.testing.assert_array_equal(opened.costs.whole(), cost)
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == sorted(FILES)
    start, goal = ends_of(cost)
    one, other = (search_pyramid(pyramid, start, goal) for pyramid in (held, opened))
    assert type(one) is type(other)
    if isinstance(one, PyramidRoute) and isinstance(other, PyramidRoute):
        np.testing.assert_array_equal(one.cells, other.cells)
        assert (one.cost_s, one.bound) == (other.cost_s, other.bound)


def test_memory_mapped_costs(tmp_path: Path) -> None:
    cost = costs_of((300, 310))
    np.save(tmp_path / "cost.npy", cost)
    mapped = np.load(tmp_path / "cost.npy", mmap_mode="r")
    same(build_pyramid(cost, resolution_m=1.0), build_pyramid(mapped, resolution_m=1.0))
    write_pyramid(ArrayRows(mapped), tmp_path / "p", resolution_m=1.0)
    same(build_pyramid(cost, resolution_m=1.0), open_pyramid(tmp_path / "p"))


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    write_pyramid(ArrayRows(costs_of((300, 320))), tmp_path / "p", resolution_m=1.0, landmarks=2)
    return tmp_path / "p"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["shortened", "gone", "changed", "longer"])
def test_what_is_damaged_is_refused(stored: Path, name: str, how: str) -> None:
    path = stored / name
    held = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    elif how == "shortened":
        path.write_bytes(held[: len(held) // 2])
    elif how == "longer":
        path.write_bytes(held + b"}")
    else:
        first = 0 if name == "costs.bin" else len(held) // 2  # in every tile, of which a route sees some only
        held[first::4096] = b"\x91" * len(held[first::4096])
        path.write_bytes(held)
    with pytest.raises(ResultsError) as caught:
        search_pyramid(open_pyramid(stored), *ends_of(costs_of((300, 320))))
    assert caught.value.exit_code == 7
    assert "build it again" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("rows", 400), ("rows", "many"), ("dtype", "<f4"), ("dtype", "<i3"), ("files", {}), ("unit_s", 3)],
)
def test_a_manifest_that_does_not_fit_is_refused(stored: Path, key: str, value: object) -> None:
    path = stored / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ResultsError):
        open_pyramid(stored)


def test_another_format_is_refused_by_name(stored: Path) -> None:
    path = stored / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(ResultsError, match="format = 2: a pyramid of another format"):
        open_pyramid(stored)


def test_no_pyramid_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ResultsError, match="no pyramid is in this folder"):
            open_pyramid(folder)


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cost = costs_of((600, 40))
    cost[555, 7] = -1.0
    with pytest.raises(CostMapError, match=r"cell \(555, 7\)"):
        write_pyramid(ArrayRows(cost), tmp_path / "p", resolution_m=1.0)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="not empty"):
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "kept").touch()
        write_pyramid(ArrayRows(cost[:5]), tmp_path / "full", resolution_m=1.0)
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "kept"]
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(ResourceError, match="of disk"):
        write_pyramid(ArrayRows(cost[:5]), tmp_path / "p", resolution_m=1.0)
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "kept"]


def test_costs_of_another_type_are_refused(tmp_path: Path) -> None:
    for cost in (np.ones((4, 4), np.int64), np.ones((4, 0))):
        with pytest.raises(ValueError, match="float32 or float64"):
            write_pyramid(ArrayRows(cost), tmp_path / "p", resolution_m=1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="resolution_m"):
        write_pyramid(ArrayRows(np.ones((4, 4))), tmp_path / "p", resolution_m=0.0)


def dem_file(path: Path, rows: int, cols: int, resolution_m: float) -> Path:
    """Rough ground with a gap and an outcrop, some of it too steep."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=9, spawn_key=(88,)))
    site = Site(
        latitude_rad=-0.8,
        longitude_rad=3.1,
        body="moon",
        crs_wkt=local_crs_wkt(math.radians(-45.4), math.radians(177.5)),
    )
    geometry = GridGeometry(
        rows=rows, cols=cols, resolution_m=resolution_m, east_m=-30.5, north_m=70.25, site=site
    )
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :])
    frequency[0, 0] = INF
    ground = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((rows, cols))) * frequency**-1.9, s=(rows, cols))
    ground *= (0.04 if resolution_m < 1 else 0.15) * resolution_m / np.abs(np.diff(ground, axis=0)).mean()
    ground[rows // 2 : rows // 2 + 9, 5:30] = np.nan
    ground[rows // 3, cols // 2 :] += 3.0
    dem = Dem(
        geometry=geometry, elevation_m=ground.astype(np.float32), datum_m=-5935.0, source="made for a test"
    )
    write_dem(dem, path)
    return path


@pytest.mark.parametrize("resolution_m", [0.25, 2.0])
@pytest.mark.parametrize("told", [True, False])
def test_bands_of_a_dem_have_no_seam(
    tmp_path: Path, resolution_m: float, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dem_file(tmp_path / "dem.tif", 531, 140, resolution_m)
    if not told:  # as in a file that does not name its datum
        monkeypatch.setattr("rover.io.bands.DATUM_TAG", "NO_SUCH_TAG")
        monkeypatch.setattr("rover.io.raster.DATUM_TAG", "NO_SUCH_TAG")
    vehicle = read_vehicle("yutu-2").params
    whole = read_dem(path)
    terrain = derive_terrain(whole, footprint_m=vehicle.length_m, wheelbase_m=vehicle.wheelbase_m)
    costmap = build_costmap(detect_hazards(terrain, vehicle), terrain, vehicle)
    assert np.isfinite(costmap.cost_s_per_m).mean() > 0.05
    source = DemCosts(DemBands(path), vehicle)
    for size in (1, 17, 256):
        for first in range(0, 531, size * 7 if size < 100 else size):
            last = min(531, first + size)
            np.testing.assert_array_equal(source.rows(first, last), costmap.cost_s_per_m[first:last])
    write_pyramid(source, tmp_path / "p", resolution_m=resolution_m, landmarks=2)
    opened = open_pyramid(tmp_path / "p")
    np.testing.assert_array_equal(opened.costs.whole(), costmap.cost_s_per_m)
    same(build_pyramid(costmap.cost_s_per_m, resolution_m=resolution_m, landmarks=2), opened)


def test_bands_are_refused_where_the_whole_is(tmp_path: Path) -> None:
    path = dem_file(tmp_path / "dem.tif", 40, 30, 2.0)
    dem = read_dem(path)
    np.testing.assert_array_equal(DemBands(path).dem(3, 40).elevation_m, dem.elevation_m[3:])
    write_dem(dem, tmp_path / "dem.npz")
    with pytest.raises(DemFileError, match="bands"):
        DemBands(tmp_path / "dem.npz")
    with pytest.raises(DemFileError):
        DemBands(path, band=2)
    far = replace(dem, datum_m=250_000.0)
    with pytest.raises(FarsideError):
        write_dem(far, tmp_path / "far.tif")
        DemBands(tmp_path / "far.tif")
