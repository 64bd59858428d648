"""A pyramid in a folder, so that one is built once, and of maps that no memory holds.

    manifest.json   format, map, codes, and of every file its bytes and a CRC-32 of each part
    costs.bin       the costs in tiles of 256 x 256 cells, little-endian, those beyond the map +inf
    codes.bin       the codes, a row of nodes after the other
    blocks.npz      guide and landmarks

The folder is written whole or not at all. Codes and blocks are read and checked when it is opened, a tile of
costs when a route is first priced by it.
"""

from __future__ import annotations

import json
import math
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.atomic import atomic_folder
from rover.core.byte_count import byte_words
from rover.core.errors import FarsideError, ResourceError, ResultsError
from rover.planning.pyramid import LANDMARKS, Pyramid, check_build_memory, upper_levels
from rover.planning.pyramid_codes import CodedCosts, blank_codes, encode, node_count, padded
from rover.planning.pyramid_landmarks import Landmarks
from rover.planning.pyramid_tiles import CostRows, TiledCosts, tiles_bytes, write_costs

FORMAT = 1
_CODES_PART = 1 << 24
_COSTS, _CODES, _BLOCKS, _MANIFEST = "costs.bin", "codes.bin", "blocks.npz", "manifest.json"
_REMEDY = "build it again"


def write_pyramid(
    source: CostRows,
    folder: Path | str,
    *,
    resolution_m: float,
    landmarks: int = LANDMARKS,
    corner_cutting: bool = False,
    told: Callable[[float], None] | None = None,
) -> None:
    """Build a pyramid from rows of costs into a new folder.

    In memory are 256 rows, 2 bytes a cell of codes, and 4 for each landmark that is made at once.

    Args:
        source: The costs, asked for once each.
        folder: A new or an empty one.
        resolution_m, landmarks, corner_cutting: As `build_pyramid`.
        told: Called with the share that is done.

    Raises:
        CostMapError: As `search_grid`.
        ResourceError: Not enough memory or disk, or more cells than a pyramid holds.
        UsageError, OutputError: The folder is not empty, or cannot be written.
        ValueError: Costs of a type other than float32 and float64, an empty map, no length, fewer than 0 landmarks.
    """
    shape, dtype = source.shape, np.dtype(source.dtype).newbyteorder("<")
    if dtype.kind != "f" or dtype.itemsize not in (4, 8) or min(shape) < 1:
        raise ValueError(f"{shape} costs of {source.dtype}: give rows and columns of float32 or float64")
    if not (math.isfinite(resolution_m) and resolution_m > 0):
        raise ValueError(f"resolution_m = {resolution_m} is not a length above zero")
    tell = told or _silent
    check_build_memory(shape, landmarks)
    with atomic_folder(folder) as made:
        _check_room(made, shape, dtype, landmarks)
        survey, cost_sums = write_costs(source, made / _COSTS, dtype, lambda share: tell(share / 3))
        tiles = TiledCosts(made / _COSTS, shape, dtype, cost_sums)
        coded = blank_codes(shape[0], shape[1], survey, float(resolution_m))
        for first, cost in tiles.bands():
            encode(coded, cost, survey.least, first)
        guide, marks = upper_levels(coded, landmarks, corner_cutting, lambda share: tell((1 + 2 * share) / 3))
        _write_blocks(made / _BLOCKS, guide, marks)
        coded.codes.astype("<u2", copy=False).tofile(made / _CODES)
        manifest = _manifest(coded, float(resolution_m), dtype, marks)
        manifest["files"] = {
            _COSTS: {"bytes": (made / _COSTS).stat().st_size, "crc32": cost_sums},
            **{name: _sums_of(made / name) for name in (_CODES, _BLOCKS)},
        }
        (made / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    tell(1.0)


def open_pyramid(folder: Path | str) -> Pyramid:
    """Return the pyramid of a folder. Costs stay on disk.

    Raises:
        ResultsError: No such folder, of another format, truncated, or with bytes that are not those written.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    try:
        return _open(folder, manifest)
    except FarsideError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        what = f"damaged ({type(error).__name__}: {error})"
        raise ResultsError(what, file=folder / _MANIFEST, remedy=_REMEDY) from error
    except OSError as error:
        raise ResultsError(f"cannot be read: {error.strerror}", file=folder, remedy=_REMEDY) from error


def _open(folder: Path, manifest: dict[str, Any]) -> Pyramid:
    rows, cols = int(manifest["rows"]), int(manifest["cols"])
    dtype = np.dtype(str(manifest["dtype"]))
    files = manifest["files"]
    for name in (_COSTS, _CODES, _BLOCKS):
        _check_size(folder / name, int(files[name]["bytes"]))
    expected = (tiles_bytes((rows, cols), dtype), 2 * node_count(rows, cols))
    if expected != (int(files[_COSTS]["bytes"]), int(files[_CODES]["bytes"])):
        raise ValueError("files of another map")
    for name in (_CODES, _BLOCKS):
        _check_sums(folder / name, files[name]["crc32"])
    codes = np.fromfile(folder / _CODES, "<u2").astype(np.uint16, copy=False)
    codes.flags.writeable = False
    with np.load(folder / _BLOCKS) as blocks:
        held = {name: blocks[name] for name in blocks.files}
    coded = CodedCosts(
        rows=rows,
        cols=cols,
        width=padded(cols),
        codes=codes,
        unit_s=float.fromhex(manifest["unit_s"]),
        greatest_ratio=float.fromhex(manifest["greatest_ratio"]),
    )
    guide, marks = held.pop("guide"), None
    if held:
        marks = Landmarks(corner_cutting=bool(manifest["corner_cutting"]), **held)
    return Pyramid(
        resolution_m=float(manifest["resolution_m"]),
        costs=TiledCosts(folder / _COSTS, (rows, cols), dtype, files[_COSTS]["crc32"]),
        coded=coded,
        guide=guide,
        landmarks=marks,
    )


def _write_blocks(path: Path, guide: npt.NDArray[np.float64], marks: Landmarks | None) -> None:
    held: dict[str, npt.NDArray[Any]] = {"guide": guide}
    if marks is not None:
        held |= {"reached": marks.reached, "cells": marks.cells, "low": marks.low, "high": marks.high}
    with path.open("wb") as file:
        np.savez(file, **held)  # type: ignore[arg-type]


def _manifest(
    coded: CodedCosts, resolution_m: float, dtype: np.dtype[Any], marks: Landmarks | None
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "rows": coded.rows,
        "cols": coded.cols,
        "resolution_m": resolution_m,
        "dtype": dtype.str,
        "unit_s": coded.unit_s.hex(),
        "greatest_ratio": float(coded.greatest_ratio).hex(),
        "corner_cutting": marks is not None and marks.corner_cutting,
    }


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        written = manifest["format"]
    except FileNotFoundError as error:
        raise ResultsError("no pyramid is in this folder", file=folder, remedy=_REMEDY) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError("cannot be read", file=path, remedy=_REMEDY) from error
    if written != FORMAT:
        raise ResultsError(
            "a pyramid of another format",
            file=path,
            field="format",
            value=written,
            remedy=f"this version reads format {FORMAT}: {_REMEDY}",
        )
    return dict(manifest)


def _sums_of(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "crc32": list(_sums(path))}


def _sums(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        while part := file.read(_CODES_PART):
            yield zlib.crc32(part)


def _check_size(path: Path, size: int) -> None:
    there = path.stat().st_size if path.is_file() else None
    if there != size:
        what = "missing" if there is None else f"{there:,} bytes, {size:,} were written"
        raise ResultsError(what, file=path, remedy=_REMEDY)


def _check_sums(path: Path, sums: list[int]) -> None:
    if list(_sums(path)) != sums:
        raise ResultsError("does not hold what was written", file=path, remedy=_REMEDY)


def _check_room(folder: Path, shape: tuple[int, int], dtype: np.dtype[Any], landmarks: int) -> None:
    """Refuse what the disk has no room for, before any of it is written."""
    nodes = node_count(*shape)
    needed = tiles_bytes(shape, dtype)
    needed += 2 * nodes + nodes // 8 + nodes // 256 * (8 + 16 * landmarks)
    there = shutil.disk_usage(folder).free
    if needed > there:
        raise ResourceError(
            f"the pyramid takes {byte_words(needed)} of disk and {byte_words(there)} are free",
            file=folder.parent,
            remedy="free some space, or write to another disk",
        )


def _silent(_share: float) -> None:
    """Tell nobody."""
