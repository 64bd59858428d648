"""Science waypoints read from GeoJSON: points in metres of the terrain's frame, with value, dwell and window."""

from __future__ import annotations

import difflib
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
    `from_utc` and `until_utc` (open at all times). Properties of other names are left alone, misspelt ones refused.

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


_KEYS = ("name", "value", "dwell_h", "from_utc", "until_utc")


def _refuse_misspelt(properties: Mapping[str, Any], name: str, path: Path | str) -> None:
    """Refuse a property that looks like one of these and is none, while that one is missing."""
    missing = [key for key in _KEYS if key not in properties]
    for key, value in properties.items():
        close = difflib.get_close_matches(key, missing, n=1, cutoff=0.6) if key not in _KEYS else []
        if close:
            raise WaypointError(
                "unknown property",
                remedy=f"did you mean {close[0]}?",
                file=path,
                field=f"{name}.{key}",
                value=value,
            )


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
    _refuse_misspelt(properties, name, path)
    if not isinstance(geometry, Mapping) or geometry.get("type") != "Point":
        kind = geometry.get("type") if isinstance(geometry, Mapping) else geometry
        raise WaypointError(
            "not a point", remedy="keep points only", file=path, field=f"{name}.type", value=kind
        )
    begin, end = properties.get("from_utc"), properties.get("until_utc")
    window = (
        _time(properties, "from_utc", -math.inf, name, path, epoch),
        _time(properties, "until_utc", math.inf, name, path, epoch),
    )
    if not window[0] < window[1]:
        raise WaypointError(
            f"the window closes before it opens, at {begin}",
            remedy="give a later until_utc, or an earlier from_utc",
            file=path,
            field=f"{name}.until_utc",
            value=end,
        )
    try:
        return Waypoint(
            name=name,
            place_m=_place(geometry.get("coordinates"), name, path),
            value=_number(properties, "value", 1.0, name, path),
            dwell_s=3600.0 * _number(properties, "dwell_h", 0.0, name, path),
            from_s=window[0],
            until_s=window[1],
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
