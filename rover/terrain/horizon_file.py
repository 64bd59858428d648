"""Horizon maps as numpy archives, `horizon.npz`: plain arrays, not compressed, so that they can be read in place."""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.atomic import atomic_path
from rover.core.errors import FarsideError, ResultsError
from rover.core.grid import GridGeometry, Site
from rover.terrain.horizon import HorizonMap, check_azimuths

FORMAT = 1
"""Of what `write_horizon` writes; a newer one is refused by name."""

_NUMBERS = (
    "format",
    "observer_height_m",
    "dip_rad",
    "middle_east_m",
    "middle_north_m",
    "resolution_m",
    "east_m",
    "north_m",
)
_PLACE = ("latitude_rad", "longitude_rad", "grid_north_rad")
_TEXTS = ("body", "crs_wkt")
_STEPS = "steps.npy"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_REMEDY = "make it again with farside terrain"
_BAD_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    ValueError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
)


def write_horizon(horizon: HorizonMap, path: Path | str) -> None:
    """Write a horizon map whole or not at all; the same map gives the same bytes.

    Raises:
        OutputError: The file cannot be written.
    """
    geometry, site = horizon.geometry, horizon.geometry.site
    held: dict[str, Any] = {
        "format": FORMAT,
        "observer_height_m": horizon.observer_height_m,
        "dip_rad": horizon.dip_rad,
        "middle_east_m": horizon.middle_m[0],
        "middle_north_m": horizon.middle_m[1],
        "resolution_m": geometry.resolution_m,
        "east_m": geometry.east_m,
        "north_m": geometry.north_m,
        **{name: getattr(site, name) for name in (*_PLACE, *_TEXTS)},
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, steps=horizon.steps, **held)


def read_horizon(path: Path | str, *, in_place: bool = False) -> HorizonMap:
    """Return the horizon map of a file.

    Args:
        path: As `write_horizon` made it.
        in_place: Map the file into memory, so that only what is looked at is read; the sums that would show damage to
            the steps are then not checked.

    Raises:
        ResultsError: Missing, truncated, damaged, not a horizon map, or of a newer format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name: _member(archive, name) for name in (*_NUMBERS, *_PLACE, *_TEXTS)}
            if held["format"] > FORMAT:
                _refuse(path, "newer than this version reads", "update farside", "format", held["format"])
            if in_place:
                steps = _mapped(Path(path), archive)
            else:
                with archive.open(_STEPS) as member:
                    steps = np.lib.format.read_array(member, allow_pickle=False)
                    member.read(1)  # to the end, where the sum is checked
    except _BAD_ARCHIVE as error:
        _refuse(path, f"not a whole horizon map ({error})", _REMEDY)
    return _map_of(held, steps, path)


def _member(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(f"{name}.npy") as member:
        value = np.lib.format.read_array(member, allow_pickle=False)
    if value.ndim or (value.dtype.kind not in ("U" if name in _TEXTS else "iuf")):
        raise ValueError(f"{name} is not one {'text' if name in _TEXTS else 'number'}")
    return value.item()


def _mapped(path: Path, archive: zipfile.ZipFile) -> npt.NDArray[Any]:
    info = archive.getinfo(_STEPS)
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError("compressed, so not to be read in place")
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        file.seek(header[-2] + header[-1], 1)
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, by_columns, dtype = read(file)
        if by_columns:
            raise ValueError("steps are not in the order that they are read in")
        mapped: npt.NDArray[Any] = np.memmap(path, dtype=dtype, mode="r", offset=file.tell(), shape=shape)
        return mapped


def _map_of(held: dict[str, Any], steps: npt.NDArray[Any], path: Path | str) -> HorizonMap:
    if steps.ndim != 3 or steps.dtype != np.uint16:
        _refuse(
            path,
            "not a (azimuths, rows, cols) array of uint16",
            _REMEDY,
            "steps",
            f"{steps.dtype} {steps.shape}",
        )
    if not all(math.isfinite(held[name]) for name in _NUMBERS):
        _refuse(path, "a number that is not finite", _REMEDY, "geometry", None)
    try:
        check_azimuths(steps.shape[0])
        site = Site(**{name: held[name] for name in (*_PLACE, *_TEXTS)})
        geometry = GridGeometry(
            rows=steps.shape[1],
            cols=steps.shape[2],
            resolution_m=held["resolution_m"],
            east_m=held["east_m"],
            north_m=held["north_m"],
            site=site,
        )
    except FarsideError as error:
        _refuse(path, error.problems[0].what, _REMEDY, "azimuths", steps.shape[0])
    except ValueError as error:
        _refuse(path, f"no raster ({error})", _REMEDY, "geometry", None)
    return HorizonMap(
        geometry=geometry,
        steps=steps,
        observer_height_m=held["observer_height_m"],
        dip_rad=held["dip_rad"],
        middle_m=(held["middle_east_m"], held["middle_north_m"]),
    )


def _refuse(
    path: Path | str, what: str, remedy: str, field: str | None = None, value: object = None
) -> NoReturn:
    raise ResultsError(what, file=path, field=field, value=value, remedy=remedy)
