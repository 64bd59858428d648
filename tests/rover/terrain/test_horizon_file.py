"""Horizon maps in files: there and back, in place, and damage."""

from __future__ import annotations

import mmap
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rover.core.errors import ResultsError
from rover.core.grid import GridGeometry, Site
from rover.terrain.horizon import HorizonMap
from rover.terrain.horizon_file import FORMAT, read_horizon, write_horizon


def some_map() -> HorizonMap:
    site = Site(latitude_rad=-0.8, longitude_rad=3.1, body="moon", crs_wkt="a frame", grid_north_rad=0.01)
    geometry = GridGeometry(rows=30, cols=40, resolution_m=2.5, east_m=-7.0, north_m=11.5, site=site)
    steps = np.random.default_rng(0).integers(0, 65536, (8, 30, 40)).astype(np.uint16)
    return HorizonMap(geometry=geometry, steps=steps, observer_height_m=1.25)


@pytest.mark.parametrize("in_place", [False, True])
def test_there_and_back(tmp_path: Path, in_place: bool) -> None:
    path, written = tmp_path / "horizon.npz", some_map()
    write_horizon(written, path)
    read = read_horizon(path, in_place=in_place)
    assert read.geometry == written.geometry
    assert read.observer_height_m == 1.25
    assert np.array_equal(read.steps, written.steps)
    root: object = read.steps
    while isinstance(root, np.ndarray):
        root = root.base
    assert isinstance(root, mmap.mmap) == in_place
    first = path.read_bytes()
    write_horizon(written, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("part", [0.0, 0.2, 0.6, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, part: float, in_place: bool) -> None:
    path = tmp_path / "horizon.npz"
    write_horizon(some_map(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ResultsError, match="not a whole horizon map"):
        read_horizon(path, in_place=in_place)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="none.npz.*not a whole horizon map"):
        read_horizon(tmp_path / "none.npz")


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "horizon.npz"
    write_horizon(some_map(), path)
    held = bytearray(path.read_bytes())
    held[5000] ^= 1
    path.write_bytes(held)
    with pytest.raises(ResultsError, match="not a whole horizon map"):
        read_horizon(path)


def rewritten(path: Path, **changed: object) -> None:
    with np.load(path) as archive:
        held = {name: archive[name] for name in archive.files}
    held.update(changed)
    np.savez(path, **{name: value for name, value in held.items() if value is not None})


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"format": FORMAT + 1}, "format = 2: newer"),
        ({"steps": np.zeros((8, 30), np.uint16)}, "steps = "),
        ({"steps": np.zeros((8, 30, 40), np.int32)}, "steps = "),
        ({"steps": np.zeros((7, 30, 40), np.uint16)}, "azimuths = 7"),
        ({"body": None}, "not a whole horizon map"),
        ({"body": 3}, "body is not one text"),
        ({"resolution_m": -1.0}, "no raster"),
        ({"resolution_m": np.nan}, "not finite"),
        ({"observer_height_m": np.array([1.0, 2.0])}, "observer_height_m is not one number"),
        ({"steps": np.array([[[{}]]], dtype=object)}, "not a whole horizon map"),
    ],
)
def test_what_is_no_horizon_map_is_refused(tmp_path: Path, changed: dict[str, object], says: str) -> None:
    path = tmp_path / "horizon.npz"
    write_horizon(some_map(), path)
    rewritten(path, **changed)
    with pytest.raises(ResultsError, match=says) as caught:
        read_horizon(path)
    assert "\n" not in str(caught.value)


def test_a_compressed_file_is_not_read_in_place(tmp_path: Path) -> None:
    path = tmp_path / "horizon.npz"
    write_horizon(some_map(), path)
    with np.load(path) as archive:
        np.savez_compressed(path, **{name: archive[name] for name in archive.files})
    assert np.array_equal(read_horizon(path).steps, some_map().steps)
    with pytest.raises(ResultsError, match="compressed"):
        read_horizon(path, in_place=True)
    assert zipfile.is_zipfile(path)
