"""Vector files: the traverse as GeoJSON, and zones read from GeoJSON.

Coordinates are metres east and north in the terrain's own frame, not degrees. RFC 7946 has no way to say so,
so files carry the `crs` member of its forerunner (GeoJSON 1.0, 2008), which GDAL and QGIS read, with the WKT
of the frame as its name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.atomic import text_output
from rover.core.errors import ZoneError

if TYPE_CHECKING:
    from rover.core.zones import Zone

FORMAT = 1
"""Of what `write_traverse_geojson` writes, as its `format` member."""

_DECIMALS = 3

Feature = tuple[npt.ArrayLike, Mapping[str, object]]
"""Coordinates, (2,) for a point and (n, 2) for a line, east and north in metres; and its properties."""


def write_traverse_geojson(
    path: Path | str,
    *,
    points: Iterable[Feature],
    lines: Iterable[Feature],
    crs_wkt: str,
    properties: Mapping[str, object],
) -> None:
    """Write lines and points as one GeoJSON FeatureCollection, whole or not at all.

    Coordinates are rounded to a millimetre. A line of one point (start = goal) is written as one of length 0.
    NaN in properties becomes null, since JSON has no NaN.

    Args:
        path: The file, replaced where it exists.
        points: Stops, start, goal, each with its properties.
        lines: Planned and driven paths, each with its properties.
        crs_wkt: The frame of the coordinates; empty writes a null `crs`, which says that it is unknown.
        properties: Of the whole collection, under its own `properties` member.

    Raises:
        ValueError: Coordinates that are not finite, or of another shape.
        OutputError: The file cannot be written.
    """
    features = [_feature("LineString", _line(line), held) for line, held in lines]
    features += [_feature("Point", _point(point), held) for point, held in points]
    collection = {
        "type": "FeatureCollection",
        "format": FORMAT,
        "crs": crs_member(crs_wkt),
        "properties": _plain(properties),
        "features": features,
    }
    text = json.dumps(collection, allow_nan=False, indent=1)
    with text_output(path) as file:
        file.write(f"{text}\n")


def crs_member(crs_wkt: str) -> dict[str, Any] | None:
    """Return GeoJSON's `crs` member for a frame, or None for an unknown one."""
    return {"type": "name", "properties": {"name": crs_wkt}} if crs_wkt else None


def _feature(kind: str, coordinates: list[Any], properties: Mapping[str, object]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": _plain(properties), "geometry": geometry}


def _line(line: npt.ArrayLike) -> list[Any]:
    places = _places(line)
    if places.ndim != 2 or len(places) == 0:
        raise ValueError(f"a line has shape {places.shape}, expected (n, 2)")
    return list((np.repeat(places, 2, axis=0) if len(places) == 1 else places).tolist())


def _point(point: npt.ArrayLike) -> list[Any]:
    place = _places(point)
    if place.ndim != 1:
        raise ValueError(f"a point has shape {place.shape}, expected (2,)")
    return list(place.tolist())


def _places(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    places = np.asarray(values, dtype=np.float64)
    if places.shape[-1:] != (2,) or not np.isfinite(places).all():
        raise ValueError("coordinates are not finite pairs of east and north")
    return np.round(places, _DECIMALS)


def _plain(value: Any) -> Any:
    """The same in JSON's own types: numpy's scalars and arrays unwrapped, what is not finite null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_zones_geojson(path: Path | str) -> tuple[Zone, ...]:
    """Return the zones of a GeoJSON file, in the file's order.

    Each feature is a Polygon or MultiPolygon, in metres of the terrain's frame, with a property `kind`, `keep-out` or
    `keep-in`, and perhaps `name`. Each part of a MultiPolygon to keep out of is a zone.

    Raises:
        ZoneError: As `read_polygons_geojson`; a feature without `kind`, of an unknown one, or a keep-in zone of several
            parts.
    """
    from rover.core.zones import Zone, ZoneKind

    document = _read_json(path)
    zones: list[Zone] = []
    for number, feature in enumerate(_features(document, path), start=1):
        properties = feature.get("properties") if _is(feature, "Feature") else None
        held = properties if isinstance(properties, Mapping) else {}
        name = str(held.get("name") or f"zone {number}")
        kind = held.get("kind")
        if kind not in tuple(ZoneKind):
            what = "no kind" if kind is None else "no such kind of zone"
            _refuse(what, f"{name}.kind", kind, f"give the property kind: {' or '.join(ZoneKind)}", path)
        try:
            parts = [
                polygon for geometry in _geometries(feature, path) for polygon in _polygons(geometry, path)
            ]
        except ZoneError as error:
            raise ZoneError([replace(p, field=f"{name}.{p.field}") for p in error.problems]) from error
        if kind == ZoneKind.KEEP_IN and len(parts) > 1:
            _refuse(
                "a keep-in zone of several parts",
                name,
                None,
                "a rover cannot be in all: draw one polygon",
                path,
            )
        zones += [Zone(name=name, kind=ZoneKind(kind), polygon=polygon) for polygon in parts]
    if not zones:
        _refuse("no zone in it", "features", None, "draw at least one polygon", path)
    return tuple(zones)


def read_polygons_geojson(path: Path | str) -> tuple[Any, ...]:
    """Return the polygons of a GeoJSON file as shapely polygons, in the file's order.

    Coordinates are taken to be in the terrain's frame. A MultiPolygon gives its parts.

    Raises:
        ZoneError: Missing, not GeoJSON, no polygon in it, another geometry, a ring that is open or not of
            finite numbers, or a polygon that crosses itself.
    """
    document = _read_json(path)
    geometries = list(_geometries(document, path))
    polygons = tuple(polygon for geometry in geometries for polygon in _polygons(geometry, path))
    if not polygons:
        _refuse("no polygon in it", "features", None, "draw at least one polygon", path)
    return polygons


def _read_json(path: Path | str) -> Mapping[str, Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        _refuse(f"cannot be read: {error.strerror}", None, None, "correct the name", path, error)
    except (ValueError, RecursionError) as error:
        _refuse(f"not JSON ({error})", None, None, "export it again as GeoJSON", path, error)
    if not isinstance(document, Mapping):
        _refuse("not a GeoJSON object", None, None, "export it again as GeoJSON", path)
    return document


def _geometries(document: Mapping[str, Any], path: Path | str) -> Iterator[Mapping[str, Any]]:
    """The geometry objects of a FeatureCollection, a Feature or a bare geometry."""
    for feature in _features(document, path):
        held = feature.get("geometry") if _is(feature, "Feature") else feature
        if not isinstance(held, Mapping):
            _refuse("a feature without a geometry", "geometry", held, "remove it, or draw it again", path)
        yield held


def _features(document: Mapping[str, Any], path: Path | str) -> list[Any]:
    """What a FeatureCollection lists; the thing itself where it is none."""
    features = document.get("features") if _is(document, "FeatureCollection") else [document]
    if not isinstance(features, list):
        _refuse("not a list", "features", features, "export it again as GeoJSON", path)
    return features


def _is(thing: Any, kind: str) -> bool:
    return isinstance(thing, Mapping) and thing.get("type") == kind


def _polygons(geometry: Mapping[str, Any], path: Path | str) -> Iterator[Any]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        _refuse("not a polygon", "type", str(kind), "keep polygons only", path)
    for rings in [coordinates] if kind == "Polygon" else _listed(coordinates, path):
        yield _polygon([_ring(ring, path) for ring in _listed(rings, path)], path)


def _listed(value: Any, path: Path | str) -> Sequence[Any]:
    if not isinstance(value, list) or not value:
        _refuse("not a list with something in it", "coordinates", value, "draw the polygon again", path)
    return value


def _ring(ring: Any, path: Path | str) -> npt.NDArray[np.float64]:
    """(n, 2) east and north; a third coordinate, which GeoJSON allows, is left out."""
    try:
        places = np.array([position[:2] for position in ring], dtype=np.float64)
    except (TypeError, ValueError) as error:
        _refuse("a ring that is not a list of positions", "coordinates", ring, "draw it again", path, error)
    if places.ndim != 2 or places.shape[1] != 2 or not np.isfinite(places).all():
        _refuse("a ring that is not of finite numbers", "coordinates", ring, "draw it again", path)
    if len(places) < 4 or (places[0] != places[-1]).any():
        remedy = "give at least four positions, the last equal to the first"
        _refuse("a ring that is not closed", "coordinates", ring, remedy, path)
    return places


def _polygon(rings: list[npt.NDArray[np.float64]], path: Path | str) -> Any:
    from shapely import Polygon, is_valid_reason

    polygon = Polygon(rings[0], rings[1:])
    if not polygon.is_valid or polygon.area == 0:
        reason = is_valid_reason(polygon) if not polygon.is_valid else "its area is zero"
        _refuse(
            f"not a valid polygon: {reason}", "coordinates", None, "draw it without crossing itself", path
        )
    return polygon


def _refuse(
    what: str,
    field: str | None,
    value: object,
    remedy: str,
    path: Path | str,
    cause: Exception | None = None,
) -> NoReturn:
    raise ZoneError(what, file=path, field=field, value=value, remedy=remedy) from cause
