"""`farside plan`: its options, tables and files, what it refuses and what it explains."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from rover.io.crs import local_crs_wkt
from tests.builders.bad_dems import good_geotiff
from tests.sim.cli.conftest import Command
from tests.sim.cli.test_bad_input import assert_nothing_written, assert_refused

WEST_M, NORTH_M = -21000, 34000
"""Corner of the DEMs that `good_geotiff` writes, cells of 5 m."""


def hills(shape: tuple[int, int] = (80, 80)) -> np.ndarray:
    """Level ground with a round hill in the middle, too steep to cross."""
    row, col = np.indices(shape)
    away = np.hypot(row - shape[0] / 2, col - shape[1] / 2)
    return (-2000 + 40.0 * np.exp(-((away / 8.0) ** 2))).astype(np.float32)


def ridge(shape: tuple[int, int] = (60, 60)) -> np.ndarray:
    """A ridge right across, of one height: nowhere is a pass."""
    across = np.broadcast_to(20.0 * np.exp(-(((np.arange(shape[1]) - 30) / 4.0) ** 2)), shape)
    return (-2000 + across).astype(np.float32)


def place(geo: tuple[float, float]) -> str:
    return f"{geo[0]},{geo[1]}"


def write(work: Path, heights: np.ndarray, name: str = "dem.tif") -> Any:
    """Write a DEM and return its geometry."""
    from rover.io.raster import read_dem

    good_geotiff(work / name, heights, crs=local_crs_wkt(math.radians(-45.0), math.radians(177.0)))
    return read_dem(work / name).geometry


def at(geometry: Any, row: int, col: int) -> str:
    return place(geometry.centre_of(row, col))


def told(result: Any, status: int = 0) -> dict[str, Any]:
    assert result.returncode == status, result.stderr + result.stdout
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.fixture
def ground(work: Path, farside_within: Command) -> Any:
    return write(work, hills())


def ends_of(geometry: Any) -> tuple[str, str]:
    return f"--start={at(geometry, 40, 8)}", f"--goal={at(geometry, 40, 70)}"


def zone(name: str | None, kind: str | None, corners: list[tuple[float, float]]) -> dict[str, Any]:
    ring = [list(corner) for corner in [*corners, corners[0]]]
    properties = {key: value for key, value in (("name", name), ("kind", kind)) if value is not None}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def block(geometry: Any, row: int, col: int, half: float) -> list[tuple[float, float]]:
    east, north = geometry.centre_of(row, col)
    return [
        (east - half, north - half),
        (east + half, north - half),
        (east + half, north + half),
        (east - half, north + half),
    ]


def write_zones(path: Path, *zones: dict[str, Any]) -> None:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(zones)}), encoding="utf-8")


def test_table_json_and_files_agree(farside_within: Command, work: Path, ground: Any) -> None:
    words = ("plan", "dem.tif", *ends_of(ground), f"--via={at(ground, 70, 40)}")
    result = told(farside_within(*words, "--json", "--out", "p.geojson", "--plot", "p.png"))
    assert [leg["leg"] for leg in result["legs"]] == ["start to via 1", "via 1 to goal"]
    for key in ("length_m", "drive_s", "climb_m", "descent_m"):
        assert result[key] == pytest.approx(sum(leg[key] for leg in result["legs"]), abs=1e-6)
    assert result["steepest_deg"] == max(leg["steepest_deg"] for leg in result["legs"]) < 15
    assert result["length_m"] == pytest.approx(
        float(np.hypot(*np.diff(np.array(result["waypoints_m"]), axis=0).T).sum())
    )
    table = farside_within(*words).stdout
    for leg in result["legs"]:
        assert f"{leg['length_m']:.1f}" in table and f"{leg['drive_s'] / 60:.1f}" in table
    assert all(len(line) <= 80 for line in table.splitlines())
    file = json.loads((work / "p.geojson").read_text(encoding="utf-8"))
    names = [feature["properties"]["name"] for feature in file["features"]]
    assert names == ["planned", "start to via 1", "via 1 to goal", "start", "goal", "via 1"]
    assert file["properties"]["length_m"] == pytest.approx(result["length_m"])
    assert_nothing_written(work, "dem.tif", "p.geojson", "p.png")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--objective", "fast"), ("--objective = fast", "time, energy, distance")),
        (("--neighbours", "5"), ("--neighbours = 5", "4, 8 or 16")),
        (("--any-angle", "--planner", "astar"), ("--any-angle", "another planner")),
        (("--any-angle", "--neighbours", "16"), ("--neighbours = 16", "any-angle does not heed it")),
        (("--any-angle", "--objective", "risk"), ("--objective = risk", "any-angle does not heed it")),
        (
            ("--planner", "pyramid", "--objective", "energy"),
            ("--objective = energy", "pyramid does not heed it"),
        ),
        (
            ("--planner", "incremental", "--neighbours", "4"),
            ("--neighbours = 4", "incremental does not heed"),
        ),
        (("--planner", "incremental", "--time-limit", "9"), ("--time-limit = 9.0", "does not heed it")),
        (("--alternatives", "0"), ("--alternatives = 0",)),
        (("--alternatives", "2", "--via", "1,2"), ("between two places",)),
        (("--alternatives", "2", "--neighbours", "16"), ("8 neighbours",)),
        (("--alternatives", "2", "--planner", "directional"), ("--planner astar",)),
        (("--time-limit", "0"), ("--time-limit = 0.0", "more than 0")),
        (("--time-limit", "-1"), ("--time-limit = -1.0",)),
        (("--time-limit", "nan"), ("--time-limit = nan",)),
        (("--time-limit", "soon"), ("--time-limit = soon",)),
        (("--snap", "-3"), ("--snap = -3.0", "metres")),
        (("--snap", "nan"), ("--snap = nan",)),
        (("--via", "1"), ("--via = 1", "E,N")),
        (("--via", "nan,3"), ("--via = nan,3",)),
        (("--zones", "none.geojson"), ("none.geojson", "cannot be read")),
        (("--out", "p.png"), ("--out = p.png", ".geojson or .gpkg")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and len(value) > 1 else "",
)
def test_options_that_cannot_be_meant(
    farside_within: Command, work: Path, words: tuple[str, ...], says: tuple[str, ...]
) -> None:
    """Refused before the DEM is opened: there is none."""
    assert_refused(farside_within("plan", "dem.tif", "--start=0,0", "--goal=9,9", *words), 2, *says)
    assert_nothing_written(work)


def test_places_outside_are_told_the_nearest_inside(farside_within: Command, ground: Any) -> None:
    start, goal = ends_of(ground)
    east, north = ground.centre_of(0, 79)
    words = ("plan", "dem.tif", start, goal, f"--via={east + 500},{north - 500}")
    assert_refused(
        farside_within(*words), 2, "--via", "outside the terrain", f"nearest there is {east:.1f},{north:.1f}"
    )


def test_a_lethal_place_snaps_and_says_so(farside_within: Command, work: Path, ground: Any) -> None:
    start, goal = ends_of(ground)
    via = f"--via={at(ground, 40, 46)}"  # on the flank of the hill
    refused = farside_within("plan", "dem.tif", start, goal, via)
    assert refused.returncode == 4
    assert "via 1" in refused.stdout and "tilt" in refused.stdout and "nearest free cell" in refused.stdout
    near = farside_within("plan", "dem.tif", start, goal, via, "--snap", 2)
    assert near.returncode == 4
    explained = farside_within("plan", "dem.tif", start, goal, via, "--explain")
    assert explained.returncode == 4 and "no slope limit" not in explained.stdout
    words = ("plan", "dem.tif", start, goal, via, "--snap", 100)
    result = told(farside_within(*words, "--json", "--out", "p.geojson"))
    moved = result["moved"]["--via"]
    assert (
        moved["away_m"] == pytest.approx(math.dist(moved["asked_m"], moved["moved_m"]))
        and moved["away_m"] > 2
    )
    assert result["via_m"] == [moved["moved_m"]] and moved["moved_m"] in result["waypoints_m"]
    assert "--via moved" in farside_within(*words).stdout
    file = json.loads((work / "p.geojson").read_text(encoding="utf-8"))
    point = next(f for f in file["features"] if f["properties"]["name"] == "via 1")
    assert point["properties"]["moved_m"] == pytest.approx(moved["away_m"])
    assert "--via moved" in file["properties"]["moved"][0]


def test_off_the_grid_no_plan_says_that_it_costs_least(farside_within: Command, ground: Any) -> None:
    words = ("plan", "dem.tif", *ends_of(ground))
    assert "least time" in farside_within(*words).stdout
    free = farside_within(*words, "--any-angle").stdout
    assert "little time" in free and "by any-angle" in free and "least time" not in free


def test_start_is_goal(farside_within: Command, ground: Any) -> None:
    start = at(ground, 40, 8)
    words = ("plan", "dem.tif", f"--start={start}", f"--goal={start}", "--explain", "--alternatives", 2)
    assert "nothing to drive" in farside_within(*words).stdout
    result = told(farside_within(*words, "--json"))
    assert result["length_m"] == 0 and result["legs"][0]["turns"] == 0 and result["alternatives"] == []


def test_zones_turn_the_way(farside_within: Command, work: Path, ground: Any) -> None:
    start, goal = ends_of(ground)
    free = told(farside_within("plan", "dem.tif", start, goal, "--json"))
    side = np.array(free["waypoints_m"])[:, 1].mean() > ground.centre_of(40, 40)[1]
    shut = zone("gully", "keep-out", block(ground, 60 if side else 20, 40, 99.0))
    write_zones(work / "z.geojson", shut)
    turned = told(
        farside_within("plan", "dem.tif", start, goal, "--zones", "z.geojson", "--json", "--plot", "p.png")
    )
    assert turned["length_m"] > free["length_m"]
    assert (np.array(turned["waypoints_m"])[:, 1].mean() > ground.centre_of(40, 40)[1]) != side
    assert turned["zones"] == [{"name": "gully", "kind": "keep-out"}]
    both = [shut, zone("bank", "keep-out", block(ground, 20 if side else 60, 40, 99.0))]
    write_zones(work / "z.geojson", *both)
    answer = told(farside_within("plan", "dem.tif", start, goal, "--zones", "z.geojson", "--json"), 4)
    assert "keep-out" in " ".join(answer["wall_hazards"]) or "tilt" in answer["wall_hazards"]


def test_zones_that_cannot_be_meant(farside_within: Command, work: Path, ground: Any) -> None:
    start, goal = ends_of(ground)

    def refuse(*says: str) -> None:
        words = ("plan", "dem.tif", start, goal, "--zones", "z.geojson", "--out", "p.geojson")
        assert_refused(farside_within(*words), 2, "error[ZONE]: z.geojson", *says)
        assert_nothing_written(work, "dem.tif", "z.geojson")

    write_zones(work / "z.geojson", zone("camp", "keep-out", block(ground, 40, 8, 12.0)))
    refuse("camp", "covers --start")
    write_zones(work / "z.geojson", zone("park", "keep-in", block(ground, 40, 8, 60.0)))
    refuse("park", "does not hold --goal")
    bow = block(ground, 20, 20, 20.0)
    write_zones(work / "z.geojson", zone("odd", "keep-away", bow))
    refuse("odd.kind = keep-away", "keep-in or keep-out")
    write_zones(work / "z.geojson", zone("bare", None, bow))
    refuse("bare.kind", "no kind")
    write_zones(work / "z.geojson", zone("degrees", "keep-out", [(1, 1), (2, 1), (2, 2), (1, 2)]))
    refuse("no zone lies on the terrain", "not degrees")
    line = {
        "type": "Feature",
        "properties": {"kind": "keep-out"},
        "geometry": {"type": "LineString", "coordinates": bow},
    }
    write_zones(work / "z.geojson", line)
    refuse("not a polygon")
    (work / "z.geojson").write_text("{", encoding="utf-8")
    refuse("not JSON")
    write_zones(work / "z.geojson")
    refuse("no zone in it")


@pytest.mark.parametrize("kind", ["keep-out", "keep-in"])
def test_self_crossing_zones_are_refused_by_name(
    farside_within: Command, work: Path, ground: Any, kind: str
) -> None:
    """A bow tie, a ring that touches itself, and a hole that reaches over the rim; beside a zone that is none."""
    a, b, c, d = block(ground, 20, 20, 20.0)
    small = zone("well", "keep-out", block(ground, 70, 70, 8.0))
    pierced = zone("crossed", kind, [a, b, c, d])
    hole = block(ground, 20, 24, 20.0)
    pierced["geometry"]["coordinates"].append([list(corner) for corner in [*hole, hole[0]]])
    middle = (a[0] / 2 + c[0] / 2, a[1] / 2 + c[1] / 2)
    for crossed in (
        zone("crossed", kind, [a, c, b, d]),
        zone("crossed", kind, [a, b, middle, c, d, middle]),
        pierced,
    ):
        write_zones(work / "z.geojson", small, crossed)
        words = (
            "plan",
            "dem.tif",
            *ends_of(ground),
            "--zones",
            "z.geojson",
            "--out",
            "p.geojson",
            "--snap",
            50,
        )
        says = ("error[ZONE]: z.geojson: crossed.coordinates", "elf-intersection", "without crossing itself")
        assert_refused(farside_within(*words), 2, *says)
        assert_nothing_written(work, "dem.tif", "z.geojson")


def test_alternatives_go_either_side_of_the_hill(farside_within: Command, work: Path, ground: Any) -> None:
    words = ("plan", "dem.tif", *ends_of(ground), "--alternatives", 2)
    result = told(farside_within(*words, "--json", "--out", "p.geojson", "--plot", "p.png"))
    (other,) = result["alternatives"]
    middle = ground.centre_of(40, 40)[1]
    sides = [np.array(way["waypoints_m"])[:, 1].mean() > middle for way in (result, other)]
    assert sides[0] != sides[1]
    assert 1 <= other["cost_ratio"] < 1.5 and other["shared"] <= 0.5
    assert other["drive_s"] == pytest.approx(other["cost_ratio"] * result["drive_s"], rel=1e-9)
    names = [f["properties"]["name"] for f in json.loads((work / "p.geojson").read_text())["features"]]
    assert names == ["planned", "way 2", "start", "goal"]
    many = farside_within("plan", "dem.tif", *ends_of(ground), "--alternatives", 9)
    assert "clearly different of the 9 asked for" in many.stdout


def test_a_refusal_is_explained_in_words_json_and_picture(farside_within: Command, work: Path) -> None:
    geometry = write(work, ridge())
    words = (
        "plan",
        "dem.tif",
        f"--start={at(geometry, 30, 5)}",
        f"--goal={at(geometry, 30, 55)}",
        "--explain",
    )
    said = farside_within(*words, "--plot", "why.png", "--out", "p.geojson")
    assert said.returncode == 4 and "every way crosses ground as steep" in said.stdout
    assert_nothing_written(work, "dem.tif", "why.png")
    answer = told(farside_within(*words, "--json"), 4)
    assert answer["explained"]["opens_at_slope_deg"] == answer["opens_at_slope_deg"] > 15
    assert len(answer["wall_m"]) == len(answer["wall"]) > 0 and answer["wall_hazards"] == ["tilt"]
    assert answer["explained"]["way_m"][0] == list(geometry.centre_of(30, 5))


def test_a_plan_is_explained_too(farside_within: Command, work: Path, ground: Any) -> None:
    words = ("plan", "dem.tif", *ends_of(ground), "--explain")
    assert "there is a way down to a slope limit of" in farside_within(*words, "--plot", "p.png").stdout
    answer = told(farside_within(*words, "--json"))
    assert 0 < answer["explained"]["opens_at_slope_deg"] < 15
    through = farside_within(*words, f"--via={at(ground, 70, 40)}")
    assert through.returncode == 0 and "leg by leg" in through.stdout


def test_planners_that_do_not_heed_an_option_are_told_so(
    farside_within: Command, work: Path, ground: Any
) -> None:
    (work / "mine.py").write_text(
        "from dataclasses import replace\n"
        "from rover.planning.astar import AStarPlanner\n"
        "class Mine(AStarPlanner):\n"
        "    name = 'mine'\n"
        "    def plan(self, problem):\n"
        "        return AStarPlanner().plan(replace(problem, objective='time', neighbours=8))\n",
        encoding="utf-8",
    )
    words = (
        "plan",
        "dem.tif",
        *ends_of(ground),
        "--quiet",
        "--planner",
        "mine.py:Mine",
        "--out",
        "p.geojson",
    )
    assert_refused(
        farside_within(*words, "--objective", "distance"), 2, "--objective = distance", "does not heed it"
    )
    assert_refused(farside_within(*words, "--neighbours", "4"), 2, "--neighbours = 4", "does not heed it")
    assert_nothing_written(work, "dem.tif", "mine.py")


def test_a_time_limit_reached_is_exit_5_with_the_bound(
    farside_within: Command, work: Path, ground: Any
) -> None:
    (work / "late.py").write_text(
        "from rover.core.errors import TimeLimitError\n"
        "class Late:\n"
        "    name, claims = 'late', frozenset()\n"
        "    def plan(self, problem):\n"
        "        raise TimeLimitError(f'no way within {problem.time_limit_s:.1f} s: it costs at least 7 s',\n"
        "            remedy='give more', field='time_limit_s', value=problem.time_limit_s)\n",
        encoding="utf-8",
    )
    words = ("plan", "dem.tif", *ends_of(ground), "--planner", "late.py:Late", "--time-limit", "0.5")
    result = farside_within(*words, "--out", "p.geojson", "--plot", "p.png", "--json")
    assert_refused(result, 5, "error[TIME_LIMIT]", "costs at least 7 s")
    assert_nothing_written(work, "dem.tif", "late.py")


def rugged(side: int) -> np.ndarray:
    """Uneven ground that can be driven nearly everywhere."""
    noise = np.random.default_rng(1).standard_normal((side, side))
    return (-2000 + 48.0 * gaussian_filter(noise, 4)).astype(np.float32)


def test_the_search_itself_ends_at_the_time_limit(
    farside_within: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which it looks at more often than it is used to, since on so small a map it may else be through before."""
    monkeypatch.setattr("rover.planning.tiled_search._TILES_AT_ONCE", 16)
    geometry = write(work, rugged(700))
    words = ("plan", "dem.tif", f"--start={at(geometry, 690, 10)}", f"--goal={at(geometry, 10, 690)}")
    words += ("--snap", "500", "--json")
    least = told(farside_within(*words))["price"]
    result = farside_within(*words, "--time-limit", "0.001", "--out", "p.geojson", "--plot", "p.png")
    assert_refused(result, 5, "error[TIME_LIMIT]", "--time-limit = 0.001", "every route costs")
    bound = float(result.stderr.partition("every route costs ")[2].split()[0])
    assert 0 < bound <= least
    assert_nothing_written(work, "dem.tif")


def over_when_the_way_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is left for what comes after the search, which has a clock of its own."""
    left_s = property(lambda self: None if self.limit_s is None else 0.0)
    monkeypatch.setattr("rover.core.time_allowed.TimeAllowed.left_s", left_s)


def test_what_was_found_within_the_time_limit_is_told(
    farside_within: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    geometry = write(work, rugged(300))
    words = ("plan", "dem.tif", f"--start={at(geometry, 290, 10)}", f"--goal={at(geometry, 10, 290)}")
    words += ("--snap", "500", "--alternatives", "3", "--explain")
    whole = told(farside_within(*words, "--json"))
    assert whole["late"] is None and whole["explained"] is not None
    over_when_the_way_is_known(monkeypatch)
    result = farside_within(*words, "--time-limit", "1e6", "--json", "--out", "p.geojson")
    answer = told(result, 5)
    assert answer["outcome"] == "planned" and answer["price"] == whole["price"]
    assert answer["alternatives"] == [] and answer["explained"] is None
    assert "before the next alternative" in answer["late"]
    assert "error[TIME_LIMIT]: --time-limit = 1000000.0: the time was over" in result.stderr
    assert json.loads((work / "p.geojson").read_text())["features"][0]["properties"]["name"] == "planned"
    said = farside_within(*words, "--time-limit", "1e6")
    assert said.returncode == 5 and "so far of the 3 asked for" in said.stdout


def test_a_refusal_that_is_not_explained_in_time(
    farside_within: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over_when_the_way_is_known(monkeypatch)
    geometry = write(work, ridge((300, 60)))
    words = ("plan", "dem.tif", f"--start={at(geometry, 150, 5)}", f"--goal={at(geometry, 150, 55)}")
    result = farside_within(*words, "--explain", "--time-limit", "1e6", "--plot", "p.png")
    assert result.returncode == 5, result
    assert "no plan (no_route)" in result.stdout and "can be reached" in result.stdout
    assert "not found in the time allowed" in result.stdout and "every way crosses" not in result.stdout
    assert "error[TIME_LIMIT]: --time-limit = 1000000.0: there is no way" in result.stderr
    assert (work / "p.png").exists()


def test_maps_on_which_nothing_can_stand(farside_within: Command, work: Path, farside: Command) -> None:
    steep = (-2000 + 9.0 * np.indices((40, 40))[1]).astype(np.float32)
    geometry = write(work, steep)
    words = (f"--start={at(geometry, 20, 5)}", f"--goal={at(geometry, 20, 30)}")
    result = farside_within("plan", "dem.tif", *words, "--snap", 999, "--explain", "--plot", "p.png")
    assert result.returncode == 4 and "no cell of the map is free" in result.stdout, result
    frame = local_crs_wkt(math.radians(-45.0), math.radians(177.0))
    good_geotiff(work / "row.tif", steep[:1], crs=frame)
    assert_refused(farside_within("plan", "row.tif", *words), 3, "row.tif", "1 x 40")
    good_geotiff(work / "nan.tif", np.full((40, 40), np.nan, np.float32), crs=frame)
    assert_refused(farside_within("plan", "nan.tif", *words), 3, "nan.tif")


def test_unknown_ground_is_named(farside_within: Command, work: Path) -> None:
    heights = hills()
    heights[38:43, 6:11] = np.nan
    geometry = write(work, heights)
    result = farside_within("plan", "dem.tif", *ends_of(geometry))
    assert result.returncode == 4
    assert "is on an unknown hazard" in result.stdout and "nearest free cell" in result.stdout


def test_geopackage(farside_within: Command, work: Path, ground: Any) -> None:
    pyogrio = pytest.importorskip("pyogrio", reason="the extra gis is not installed")
    words = ("plan", "dem.tif", *ends_of(ground), f"--via={at(ground, 70, 40)}", "--out", "p.gpkg")
    result = farside_within(*words)
    assert result.returncode == 0, result.stderr
    assert sorted(map(tuple, pyogrio.list_layers(work / "p.gpkg"))) == [
        ("paths", "LineString"),
        ("places", "Point"),
    ]
    meta, _, shapes, fields = pyogrio.raw.read(work / "p.gpkg", layer="paths")
    held = dict(zip(meta["fields"], fields, strict=True))
    assert list(held["name"]) == ["planned", "start to via 1", "via 1 to goal"] and len(shapes) == 3
    assert held["length_m"][0] == pytest.approx(held["length_m"][1:].sum())
    assert "Moon" in pyogrio.read_info(work / "p.gpkg", layer="paths")["crs"]
    assert_nothing_written(work, "dem.tif", "p.gpkg")


def test_geopackage_without_pyogrio(
    farside_within: Command, work: Path, ground: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyogrio", None)
    monkeypatch.setitem(__import__("sys").modules, "pyogrio.raw", None)
    result = farside_within("plan", "dem.tif", *ends_of(ground), "--out", "p.gpkg")
    assert_refused(result, 2, "--out = p.gpkg", "pip install farside[gis]")
    assert_nothing_written(work, "dem.tif")
