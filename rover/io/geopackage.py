"""Ways and places as a GeoPackage, by pyogrio (extra `gis`)."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.atomic import atomic_path
from rover.core.errors import OutputError, UsageError
from rover.io.vector import Feature

_POINT, _LINE = 1, 2
_KINDS = {_POINT: "Point", _LINE: "LineString"}


def require_geopackage(field: str, path: Path | str) -> None:
    """Refuse a GeoPackage, before any work, where nothing can write one.

    Raises:
        UsageError: pyogrio is not installed.
    """
    _pyogrio(field, path)


def write_geopackage(
    path: Path | str,
    *,
    lines: Sequence[Feature],
    points: Sequence[Feature],
    crs_wkt: str,
    field: str = "--out",
) -> None:
    """Write lines and points as the layers `paths` and `places` of one GeoPackage, whole or not at all.

    A property that is no number, word or truth value is written as JSON; None, and NaN, as null.

    Args:
        path: The file, replaced where it exists.
        lines, points: Each with its properties; none leaves its layer out.
        crs_wkt: The frame of the coordinates; empty for an unknown one.
        field: What names the file, for messages.

    Raises:
        UsageError: pyogrio is not installed.
        OutputError: The file cannot be written.
    """
    pyogrio = _pyogrio(field, path)
    with atomic_path(path) as temporary:
        temporary.unlink()  # GDAL makes a GeoPackage anew, and takes an empty file for a broken one
        append = False
        for layer, kind, features in (("paths", _LINE, lines), ("places", _POINT, points)):
            if features:
                _write_layer(pyogrio, temporary, layer, kind, features, crs_wkt, append=append)
                append = True


def _pyogrio(field: str, path: Path | str) -> ModuleType:
    try:
        import pyogrio.raw
    except ModuleNotFoundError as error:
        raise UsageError(
            "a GeoPackage is written by pyogrio, which is not installed",
            remedy="pip install farside[gis], or give a name that ends in .geojson",
            field=field,
            value=str(path),
        ) from error
    module: ModuleType = pyogrio
    return module


def _write_layer(
    pyogrio: ModuleType,
    path: Path,
    layer: str,
    kind: int,
    features: Sequence[Feature],
    crs_wkt: str,
    *,
    append: bool,
) -> None:
    names = list(dict.fromkeys(name for _, held in features for name in held))
    columns = [_column([_cell(held.get(name)) for _, held in features]) for name in names]
    shapes = np.array([_wkb(kind, np.asarray(places, np.float64)) for places, _ in features], object)
    try:
        pyogrio.raw.write(
            str(path),
            geometry=shapes,
            field_data=[values for values, _ in columns],
            field_mask=[missing for _, missing in columns],
            fields=names,
            layer=layer,
            driver="GPKG",
            geometry_type=_KINDS[kind],
            crs=crs_wkt or None,
            append=append,
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
        raise OutputError(
            f"GDAL cannot write it ({error})", remedy="check the disk, or write GeoJSON", file=path
        ) from error


def _wkb(kind: int, places: npt.NDArray[np.float64]) -> bytes:
    """Well-known binary, little-endian."""
    if kind == _POINT:
        return struct.pack("<BI", 1, _POINT) + places.astype("<f8").tobytes()
    line = np.repeat(places, 2, axis=0) if len(places) == 1 else places
    return struct.pack("<BII", 1, _LINE, len(line)) + line.astype("<f8").tobytes()


def _cell(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return json.dumps(value) if isinstance(value, list | tuple | Mapping) else value


def _column(values: list[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return a field's values, of one type, and which are missing."""
    missing = np.array([value is None for value in values], np.bool_)
    held = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in held):
        return np.array([bool(value) for value in values]), missing
    if all(isinstance(value, int) for value in held):
        return np.array([value or 0 for value in values], np.int64), missing
    if all(isinstance(value, int | float) for value in held):
        return np.array([value or 0.0 for value in values], np.float64), missing
    return np.array(["" if value is None else str(value) for value in values], object), missing
