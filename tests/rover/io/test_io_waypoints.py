"""Waypoints as a person draws them, and all that can be wrong with them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rover.core.errors import FarsideError, TimeError, WaypointError
from rover.core.time import parse_utc
from rover.core.waypoints import Waypoint, check_names
from rover.io.waypoints import read_waypoints

EPOCH = parse_utc("2019-01-03T14:22:00Z")


def feature(coordinates: Any = (10.0, -5.0), **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": list(coordinates)}
    return {"type": "Feature", "properties": {"name": "rock"} | properties, "geometry": geometry}


def written(folder: Path, *features: Any) -> Path:
    path = folder / "science.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return path


def test_figures_are_in_si_and_times_since_the_epoch(tmp_path: Path) -> None:
    given = {
        "value": 3,
        "dwell_h": 1.5,
        "from_utc": "2019-01-03T15:22:00Z",
        "until_utc": "2019-01-04T14:22:00Z",
    }
    path = written(tmp_path, feature(**given), feature((1, 2, 3), name=None))
    first, second = read_waypoints(path, EPOCH)
    assert (first.name, first.place_m, first.value, first.dwell_s) == ("rock", (10.0, -5.0), 3.0, 5400.0)
    assert (first.from_s, first.until_s) == pytest.approx((3600.0, 86400.0))
    assert second == Waypoint(name="waypoint 2", place_m=(1.0, 2.0))
    assert (second.from_s, second.until_s) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"from_utc": "2019-01-05T00:00:00Z", "until_utc": "2019-01-04T00:00:00Z"}, "closes before it opens"),
        ({"valeu": 30.0}, "valeu = 30.0: unknown property; did you mean value?"),
        (
            {"from_utc": "2019-01-05T00:00:00Z", "until_utc": "2019-01-05T01:00:00Z", "dwell_h": 2},
            "longer than",
        ),
        ({"dwell_h": -1}, "negative"),
        ({"value": -2}, "negative"),
        ({"value": "much"}, "not a number"),
        ({"value": True}, "not a number"),
        ({"dwell_h": float("nan")}, "not finite"),
        ({"from_utc": "tomorrow"}, "2019-01-03T14:22:00Z"),
        ({"until_utc": 5}, "not a time"),
        ({"coordinates": (1.0,)}, "not a position"),
        ({"coordinates": ("a", "b")}, "not a position"),
        ({"coordinates": (float("inf"), 0.0)}, "not a finite pair"),
    ],
)
def test_a_bad_waypoint_is_named_with_its_file(tmp_path: Path, bad: dict[str, Any], says: str) -> None:
    path = written(tmp_path, feature(**bad))
    with pytest.raises((WaypointError, TimeError)) as caught:
        read_waypoints(path, EPOCH)
    line = str(caught.value)
    assert says in line
    assert str(path) in line
    assert "rock" in line
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[1]", "not a GeoJSON object"),
        ('{"type": "FeatureCollection", "features": []}', "no waypoint in it"),
        ('{"type": "FeatureCollection"}', "no waypoint in it"),
        ('{"type": "Feature", "geometry": {"type": "LineString", "coordinates": []}}', "not a point"),
        ('{"type": "FeatureCollection", "features": [3]}', "not a point"),
    ],
)
def test_a_file_that_is_no_list_of_points(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FarsideError, match=says):
        read_waypoints(path, EPOCH)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WaypointError, match="cannot be read"):
        read_waypoints(tmp_path / "none.geojson", EPOCH)


def test_names_tell_waypoints_apart(tmp_path: Path) -> None:
    with pytest.raises(WaypointError, match="rock.*2 waypoints of this name"):
        read_waypoints(written(tmp_path, feature(), feature()), EPOCH)
    with pytest.raises(WaypointError, match=r"\+1 more"):
        check_names([Waypoint(name=name, place_m=(0.0, 0.0)) for name in "aabbc"])
    with pytest.raises(WaypointError, match="no name"):
        Waypoint(name=" ", place_m=(0.0, 0.0))
