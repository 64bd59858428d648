"""Waypoints as GeoJSON: which line is taken, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rover.core.errors import PlanFileError
from rover.io.vector import write_traverse_geojson
from rover.io.way_file import read_way

LINE = {"type": "LineString", "coordinates": [[0, 1.5], [10, 20, 99], [30, 40]]}
WAY = [[0.0, 1.5], [10.0, 20.0], [30.0, 40.0]]


def feature(name: str | None, geometry: Any = LINE) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


POINT = {"type": "Point", "coordinates": [0, 0]}
OTHER = {"type": "LineString", "coordinates": [[5, 5], [6, 6]]}


@pytest.mark.parametrize(
    "document",
    [
        LINE,
        feature(None),
        collection(feature("mine"), feature("start", POINT)),
        collection(feature("driven", OTHER), feature("planned"), feature("start", POINT)),
    ],
    ids=["bare", "feature", "one of a collection", "the planned one"],
)
def test_the_line_is_found(document: Any, tmp_path: Path) -> None:
    path = tmp_path / "way.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert read_way(path).tolist() == WAY


def test_what_a_plan_writes_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "way.geojson"
    lines = [(np.array(WAY) + 7, {"name": "way 2"}), (np.array(WAY), {"name": "planned"})]
    write_traverse_geojson(
        path, points=[((0.0, 0.0), {"name": "start"})], lines=lines, crs_wkt="", properties={}
    )
    assert read_way(path).tolist() == WAY


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not JSON"),
        (json.dumps(LINE)[:40], "truncated"),
        ("[]", "no line"),
        (json.dumps(POINT), "no line"),
        (json.dumps(collection(feature("a"), feature("b"))), "more than one"),
        (json.dumps({"type": "FeatureCollection", "features": 3}), "no line"),
        (json.dumps({"type": "LineString", "coordinates": [[0, 0]]}), "two or more positions"),
        (json.dumps({"type": "LineString", "coordinates": [[0, 0], ["1", 2]]}), "finite numbers"),
        (json.dumps({"type": "LineString", "coordinates": [[0, 0], [1, None]]}), "finite numbers"),
        (json.dumps({"type": "LineString", "coordinates": [[0, 0], [True, 1]]}), "finite numbers"),
        ('{"type": "LineString", "coordinates": [[0, 0], [1e999, 1]]}', "finite numbers"),
        ('{"type": "LineString", "coordinates": [[0, 0], [NaN, 1]]}', "finite numbers"),
        ('{"type": "LineString", "coordinates": 3}', "finite numbers"),
        ('{"type": "LineString", "coordinates": [[0], [1]]}', "finite numbers"),
    ],
)
def test_what_is_no_way_is_refused(content: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "way.geojson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PlanFileError, match=says) as refused:
        read_way(path)
    assert "way.geojson" in str(refused.value) and refused.value.problems[0].remedy
    with pytest.raises(PlanFileError, match="cannot be read"):
        read_way(tmp_path / "none.geojson")
