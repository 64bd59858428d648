"""GeoJSON written for anybody to read, and zones read from it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.crs import CRS

from rover.core.errors import OutputError, ZoneError
from rover.io.crs import local_crs_wkt
from rover.io.vector import read_polygons_geojson, write_traverse_geojson

WKT = local_crs_wkt(math.radians(-45.457), math.radians(177.588))
SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[2, 2], [2, 4], [4, 4], [4, 2], [2, 2]]


def written(path: Path, **change: Any) -> Any:
    given: dict[str, Any] = {
        "points": [((1.0, 2.0), {"kind": "start"}), (np.array([5.0, 6.0]), {"kind": "goal"})],
        "lines": [(np.array([[1.0, 2.0], [3.00049, 4.0], [5.0, 6.0]]), {"kind": "planned"})],
        "crs_wkt": WKT,
        "properties": {"seed": np.int64(7), "name": "Von Kármán"},
    }
    write_traverse_geojson(path, **(given | change))
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_traverse_is_a_feature_collection_in_the_local_frame(tmp_path: Path) -> None:
    document = written(tmp_path / "traverse.geojson")
    assert (document["type"], document["format"]) == ("FeatureCollection", 1)
    assert document["properties"] == {"seed": 7, "name": "Von Kármán"}
    line, start, goal = document["features"]
    assert line["geometry"] == {"type": "LineString", "coordinates": [[1, 2], [3, 4], [5, 6]]}
    assert start == {
        "type": "Feature",
        "properties": {"kind": "start"},
        "geometry": {"type": "Point", "coordinates": [1, 2]},
    }
    assert goal["geometry"]["coordinates"] == [5, 6]


def test_the_crs_member_is_the_moons(tmp_path: Path) -> None:
    member = written(tmp_path / "traverse.geojson")["crs"]
    assert member["type"] == "name"
    crs = CRS.from_user_input(member["properties"]["name"])
    assert (crs.to_dict()["proj"], crs.to_dict()["R"]) == ("tmerc", 1737400)
    assert crs.to_dict()["lat_0"] == pytest.approx(-45.457)


def test_an_unknown_frame_is_null_and_not_left_out(tmp_path: Path) -> None:
    document = written(tmp_path / "traverse.geojson", crs_wkt="")
    assert document["crs"] is None


def test_numbers_are_json_and_nan_is_null(tmp_path: Path) -> None:
    properties = {
        "soc": np.float32(0.5),
        "cost_s": math.inf,
        "legs": [{"slope": math.nan, "lit": np.bool_(True)}],
        "array": np.array([1.0, np.nan]),
    }
    held = written(tmp_path / "traverse.geojson", properties=properties)["properties"]
    assert held == {"soc": 0.5, "cost_s": None, "legs": [{"slope": None, "lit": True}], "array": [1.0, None]}


def test_a_line_of_one_place_is_still_a_line(tmp_path: Path) -> None:
    document = written(tmp_path / "traverse.geojson", lines=[([[3.0, 4.0]], {})], points=[])
    assert document["features"][0]["geometry"]["coordinates"] == [[3, 4], [3, 4]]


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [(np.zeros((0, 2)), {})]},
        {"lines": [(np.zeros(2), {})]},
        {"lines": [([[0.0, math.nan]], {})]},
        {"points": [((1.0, 2.0, 3.0), {})]},
        {"points": [([[1.0, 2.0]], {})]},
        {"points": [((1.0, math.inf), {})]},
    ],
)
def test_coordinates_that_are_none_are_our_bug_and_leave_no_file(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"coordinates|has shape"):
        written(tmp_path / "traverse.geojson", **change)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is no folder")
    with pytest.raises(OutputError):
        written(tmp_path / "file" / "traverse.geojson")


def saved(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def collection(*geometries: Any) -> dict[str, Any]:
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    return {"type": "FeatureCollection", "features": features}


def test_polygons_are_read_with_their_holes(tmp_path: Path) -> None:
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[20 + x, y] for x, y in SQUARE]]]}
    path = saved(tmp_path / "zones.geojson", collection(polygon(SQUARE, HOLE), both))
    areas = [shape.area for shape in read_polygons_geojson(path)]
    assert areas == [96, 100, 100]


@pytest.mark.parametrize("wrap", [lambda shape: shape, lambda shape: collection(shape)["features"][0]])
def test_a_bare_geometry_and_a_feature_are_geojson_too(tmp_path: Path, wrap: Any) -> None:
    path = saved(tmp_path / "zone.geojson", wrap(polygon([[*place, 99.0] for place in SQUARE])))
    (shape,) = read_polygons_geojson(path)
    assert shape.bounds == (0, 0, 10, 10)
    assert not shape.has_z


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not a GeoJSON object"),
        (collection(), "no polygon"),
        ({"type": "FeatureCollection"}, "features: not a list|features = None|not a list"),
        (collection(None), "a feature without a geometry"),
        (collection({"type": "Point", "coordinates": [0, 0]}), "type = Point: not a polygon"),
        (collection(polygon()), "not a list with something"),
        (collection(polygon([[0, 0], [1, 0], [1, 1], [0, 1]])), "not closed"),
        (collection(polygon([[0, 0], [1, 0], [0, 0]])), "not closed"),
        (collection(polygon([[0, 0], [1, "a"], [1, 1], [0, 0]])), "not a list of positions"),
        (collection(polygon([[0, 0], [1], [1, 1], [0, 0]])), "not a list of positions"),
        (collection(polygon([[0, 0], [1, 1e999], [1, 1], [0, 0]])), "not of finite numbers"),
        (collection(polygon(7)), "not a list of positions"),
        (collection(polygon([[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]])), "Self-intersection"),
        (collection(polygon([[0, 0], [5, 0], [10, 0], [0, 0]])), "not a valid polygon"),
    ],
)
def test_a_bad_zone_is_refused(tmp_path: Path, document: Any, says: str) -> None:
    path = saved(tmp_path / "zones.geojson", document)
    with pytest.raises(ZoneError, match=says) as caught:
        read_polygons_geojson(path)
    assert str(caught.value).startswith(f"farside: error[ZONE]: {path}: ")


def test_a_missing_or_binary_file_of_zones_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZoneError, match="No such file"):
        read_polygons_geojson(tmp_path / "zones.geojson")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ZoneError, match="not JSON"):
        read_polygons_geojson(tmp_path / "binary")
