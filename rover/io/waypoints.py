"""Science waypoints read from GeoJSON: points in metres of the terrain's frame, with value, dwell and window."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rover.core.errors import TimeError, WaypointError
from rover.core.time import Epoch, parse_utc
from rover.core.waypoints import Waypoint, check_names


def read_waypoints(path: Path | str, epoch: Epoch) -> tuple[Waypoint, ...]:
    """Return the waypoints of a GeoJSON file, in the file's order.

    Each feature is a Point with the properties `name`, and perhaps `value` (1 where left out), `dwell_h` (0),
    `from_utc` and `until_utc` (open at all times). Properties of other names are left alone.

    Args:
        path: The file.
        epoch: From which the scenario's seconds count.

    Raises:
        WaypointError: Missing, not GeoJSON, no point in it, another geometry, a figure that is no number, or one that
            `Waypoint` refuses, two waypoints of one name.
        TimeError: A time that is none.
    """
    document = _read_json(path)
    features = document.get("features") if document.get("type") == "FeatureCollection" else [document]
    if not isinstance(features, list) or not features:
        raise WaypointError(
            "no waypoint in it", remedy="draw at least one point", file=path, field="features"
        )
    waypoints = tuple(
        _waypoint(feature, number, path, epoch) for number, feature in enumerate(features, start=1)
    )
    check_names(waypoints, file=str(path))
    return waypoints


def _read_json(path: Path | str) -> Mapping[str, Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise WaypointError(
            f"cannot be read: {error.strerror}", remedy="correct the name", file=path
        ) from error
    except (ValueError, RecursionError) as error:
        raise WaypointError(f"not JSON ({error})", remedy="export it again as GeoJSON", file=path) from error
    if not isinstance(document, Mapping):
        raise WaypointError("not a GeoJSON object", remedy="export it again as GeoJSON", file=path)
    return document


def _waypoint(feature: object, number: int, path: Path | str, epoch: Epoch) -> Waypoint:
    held = feature if isinstance(feature, Mapping) else {}
    geometry, properties = held.get("geometry"), held.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    name = str(properties.get("name") or f"waypoint {number}")
    if not isinstance(geometry, Mapping) or geometry.get("type") != "Point":
        kind = geometry.get("type") if isinstance(geometry, Mapping) else geometry
        raise WaypointError(
            "not a point", remedy="keep points only", file=path, field=f"{name}.type", value=kind
        )
    try:
        return Waypoint(
            name=name,
            place_m=_place(geometry.get("coordinates"), name, path),
            value=_number(properties, "value", 1.0, name, path),
            dwell_s=3600.0 * _number(properties, "dwell_h", 0.0, name, path),
            from_s=_time(properties, "from_utc", -math.inf, name, path, epoch),
            until_s=_time(properties, "until_utc", math.inf, name, path, epoch),
        )
    except WaypointError as error:
        problem = error.problems[0]
        if problem.file is not None:
            raise
        raise WaypointError(
            problem.what, remedy=problem.remedy, file=path, field=problem.field, value=problem.value
        ) from error


def _place(coordinates: object, name: str, path: Path | str) -> tuple[float, float]:
    """Return east and north; a third coordinate, which GeoJSON allows, is left out."""
    if isinstance(coordinates, list) and len(coordinates) >= 2 and all(map(_is_number, coordinates[:2])):
        return float(coordinates[0]), float(coordinates[1])
    raise WaypointError(
        "not a position", remedy="draw it again", file=path, field=f"{name}.coordinates", value=coordinates
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(properties: Mapping[str, Any], key: str, otherwise: float, name: str, path: Path | str) -> float:
    value = properties.get(key)
    if value is None:
        return otherwise
    if not _is_number(value):
        raise WaypointError(
            "not a number", remedy="give one, or leave it out", file=path, field=f"{name}.{key}", value=value
        )
    return float(value)


def _time(
    properties: Mapping[str, Any], key: str, otherwise: float, name: str, path: Path | str, epoch: Epoch
) -> float:
    text = properties.get(key)
    if text is None:
        return otherwise
    if not isinstance(text, str):
        raise TimeError(
            "not a time",
            remedy="write UTC as 2019-01-03T14:22:00Z",
            file=path,
            field=f"{name}.{key}",
            value=text,
        )
    return epoch.seconds_until(parse_utc(text, field=f"{name}.{key}", file=str(path)))
