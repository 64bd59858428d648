"""A person's plan: waypoints drawn as a GeoJSON LineString, in metres east and north of the terrain's frame."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.errors import PlanFileError

PLANNED = "planned"
"""Name of the line that is taken where a file has several, as those that this package writes have."""


def read_way(path: Path | str) -> npt.NDArray[np.float64]:
    """Return (n, 2) waypoints, n at least 2.

    Args:
        path: A LineString, by itself, as a Feature or in a FeatureCollection; of several the one named `planned`.
            A third coordinate, which GeoJSON allows, is left out.

    Raises:
        PlanFileError: Missing, not GeoJSON, no line or several, or a position that is not a pair of finite numbers.
    """
    lines = list(_lines(_read_json(path)))
    if len(lines) > 1:
        lines = [line for line in lines if line[0] == PLANNED]
    if len(lines) != 1:
        remedy = "draw one LineString of waypoints, or name the one to be driven: planned"
        raise PlanFileError("no line, or more than one", remedy=remedy, file=path, field="features")
    return _positions(lines[0][1], path)


def _read_json(path: Path | str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        what, remedy = f"cannot be read: {error.strerror}", "correct the name"
    except (ValueError, RecursionError) as error:
        what, remedy = f"truncated or not JSON ({error})", "export it again as GeoJSON"
    raise PlanFileError(what, remedy=remedy, file=path)


def _lines(document: Any) -> list[tuple[object, Any]]:
    """Return (name, coordinates) of each LineString."""
    if not isinstance(document, Mapping):
        return []
    if document.get("type") == "FeatureCollection":
        features = document.get("features")
        return [line for f in features for line in _lines(f)] if isinstance(features, list) else []
    properties = document.get("properties")
    name = properties.get("name") if isinstance(properties, Mapping) else None
    geometry = document.get("geometry") if document.get("type") == "Feature" else document
    if not isinstance(geometry, Mapping) or geometry.get("type") != "LineString":
        return []
    return [(name, geometry.get("coordinates"))]


def _positions(coordinates: Any, path: Path | str) -> npt.NDArray[np.float64]:
    try:
        places = np.array([[_number(v) for v in position[:2]] for position in coordinates], np.float64)
    except (TypeError, ValueError):
        places = np.empty((0, 0))
    if places.ndim != 2 or places.shape[1:] != (2,) or len(places) < 2 or not np.isfinite(places).all():
        raise PlanFileError(
            "not a list of two or more positions of finite numbers",
            remedy="give [E, N] in metres of the terrain's frame for each waypoint",
            file=path,
            field="coordinates",
        )
    return places


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)
