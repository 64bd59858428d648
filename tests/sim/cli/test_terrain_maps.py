"""`farside terrain` with --vehicle, --at and --light: what is in the folder, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from rover.core.grid import Dem, GridGeometry, Site
from rover.hazard.detect import Hazard, detect_hazards
from rover.io.crs import local_crs_wkt
from rover.io.raster import read_dem, write_dem
from rover.io.vehicle import read_vehicle
from rover.terrain.derive import derive_terrain
from rover.terrain.horizon_file import read_horizon
from sim.view.light import lit_words
from tests.sim.cli.conftest import Command
from tests.sim.cli.test_bad_input import assert_refused

LATITUDE, LONGITUDE = math.radians(-45.457), math.radians(177.588)
ROWS, COLS = 40, 48
EVENING, NIGHT = "2019-01-13T12:00Z", "2019-01-20T00:00Z"


def ground(rows: int = ROWS, cols: int = COLS) -> Dem:
    """A crater on a slope, with a gap."""
    row, col = np.mgrid[:rows, :cols]
    away = np.hypot(row - rows / 2, col - cols / 2)
    height = 0.2 * row + np.where(away < 9, 0.08 * (away**2 - 81), 0.0)
    height[2:4, 2:4] = np.nan
    site = Site(
        latitude_rad=LATITUDE,
        longitude_rad=LONGITUDE,
        body="moon",
        crs_wkt=local_crs_wkt(LATITUDE, LONGITUDE),
    )
    geometry = GridGeometry(rows=rows, cols=cols, resolution_m=2.0, east_m=1.0, north_m=1.0, site=site)
    return Dem(geometry=geometry, elevation_m=height.astype(np.float32), datum_m=-5900.0, source="a test")


@pytest.fixture
def dem(tmp_path: Path) -> Path:
    path = tmp_path / "ground.tif"
    write_dem(ground(), path)
    return path


def bands_of(path: Path) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    """Bands by description, southern row first."""
    with rasterio.open(path) as dataset:
        return dict(zip(dataset.descriptions, dataset.read()[:, ::-1], strict=True))


def test_all_maps_of_a_vehicle(farside_within: Command, dem: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    done = farside_within(
        "terrain", dem, "--vehicle", "yutu-2", "--out", out, "--at", EVENING, "--at", NIGHT, "--at", EVENING
    )
    assert done.returncode == 0, done.stderr
    layers = ("slope", "roughness", "step", "hazard", "cost")
    pictures = {f"{name}.png" for name in layers} | {"lit-1.png", "lit-2.png"}
    rasters = {f"{name}.tif" for name in (*layers, "aspect", "lit")}
    assert {path.name for path in out.iterdir()} == pictures | rasters | {"horizon.npz", "terrain.json"}
    vehicle, made = read_vehicle("yutu-2").params, read_dem(dem)
    terrain = derive_terrain(made, footprint_m=vehicle.length_m, wheelbase_m=vehicle.wheelbase_m)
    ((what, slope),) = bands_of(out / "slope.tif").items()
    assert "4 m" in what
    assert np.array_equal(slope, np.degrees(terrain.slope_rad), equal_nan=True)
    (flags,) = bands_of(out / "hazard.tif").values()
    assert np.array_equal(flags, detect_hazards(terrain, vehicle).flags)
    assert (flags & Hazard.TILT).any()
    assert (flags & Hazard.UNKNOWN).any()
    with rasterio.open(out / "hazard.tif") as dataset:
        assert dataset.tags()["NOT_TESTED"] == "step and roughness and clearance"
        assert dataset.tags()["FLAG_2"] == "TILT"
        assert dataset.tags()["SLOPE_BASELINE_M"] == "4"
    (cost,) = bands_of(out / "cost.tif").values()
    assert np.isinf(cost[flags != 0]).all()
    assert not np.isnan(cost).any()
    lit = bands_of(out / "lit.tif")
    assert [name[-20:] for name in lit] == ["2019-01-13T12:00:00Z", "2019-01-20T00:00:00Z"]
    evening, night = lit.values()
    assert 0 < np.nanmean(evening) < 1
    assert np.nanmax(night) == 0  # all dark is an answer
    assert np.isnan(evening[2, 2])
    units = {"slope": "deg", "aspect": "deg", "roughness": "m", "step": "m", "cost": "s/m", "lit": "1"}
    for name, unit in units.items():
        with rasterio.open(out / f"{name}.tif") as dataset:
            assert set(dataset.units) == {unit}, name
    summary = json.loads((out / "terrain.json").read_text())
    known = evening[np.isfinite(evening)]
    assert [light["utc"] for light in summary["lit"]] == ["2019-01-13T12:00:00Z", "2019-01-20T00:00:00Z"]
    assert summary["lit"][0] == pytest.approx(
        {
            "utc": "2019-01-13T12:00:00Z",
            "lit_share": (known >= 0.5).mean(),
            "penumbra_share": ((known > 0) & (known < 1)).mean(),
            "mean_lit_fraction": known.mean(dtype=np.float64),
        }
    )
    assert lit_words(evening).startswith(f"{100 * summary['lit'][0]['lit_share']:.1f} % of the ground sees")
    assert summary["slope_baseline_m"] == 4.0
    assert summary["lit"][1]["lit_share"] == 0.0
    assert summary["lethal_share"] == pytest.approx(np.isinf(cost).mean())
    assert "slopes over 4 m" in done.stdout
    # Windows of 4 m on cells of 2 m are wider than the rover: what they cannot show is not called absent.
    assert "not tested" in done.stdout
    shares = summary["hazard_share"]
    assert (shares["step"], shares["roughness"], shares["clearance"]) == (None, None, None)
    assert shares["tilt"] == pytest.approx((flags & Hazard.TILT != 0).mean())
    assert read_horizon(out / "horizon.npz").azimuths == 72


def test_a_longer_baseline_is_stated_everywhere(farside_within: Command, dem: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    words = ("--vehicle", "yutu-2", "--baseline", 12, "--no-horizon", "--out", out)
    done = farside_within("terrain", dem, *words)
    assert done.returncode == 0, done.stderr
    assert "slopes over 12 m" in done.stdout
    assert "over 12 m" in next(iter(bands_of(out / "slope.tif")))
    assert json.loads((out / "terrain.json").read_text())["slope_baseline_m"] == 12
    assert not (out / "horizon.npz").exists()


def test_rocks_close_cells(farside_within: Command, dem: Path, tmp_path: Path) -> None:
    rocks, out = tmp_path / "rocks.csv", tmp_path / "maps"
    rocks.write_text("east_m,north_m,diameter_m,height_m\n81,61,1,0.6\n21,61,0.2,0.1\n")
    words = ("--vehicle", "yutu-2", "--rocks", rocks, "--no-horizon", "--out", out)
    assert farside_within("terrain", dem, *words).returncode == 0
    (flags,) = bands_of(out / "hazard.tif").values()
    assert flags[30, 40] == Hazard.STEP | Hazard.CLEARANCE
    assert flags[30, 10] == 0


def test_an_abundance_closes_cells(farside_within: Command, tmp_path: Path) -> None:
    made = ground()
    covered = np.zeros(made.geometry.shape, np.float32)
    covered[:, 24:] = 0.3
    path, out = tmp_path / "bands.tif", tmp_path / "maps"
    write_dem(made, path)
    with rasterio.open(path) as dataset:
        profile, elevation = dataset.profile, dataset.read(1)
    with rasterio.open(path, "w", **(profile | {"count": 2})) as dataset:
        dataset.write(elevation, 1)
        dataset.write(covered[::-1], 2)
    words = ("--vehicle", "yutu-2", "--no-horizon", "--out", out, "--rock-abundance")
    done = farside_within("terrain", path, *words, 2)
    assert done.returncode == 0, done.stderr
    (flags,) = bands_of(out / "hazard.tif").values()
    assert (flags[1:-1, 25:-1] & Hazard.STEP != 0).all()
    assert not (flags[:, :20] & Hazard.STEP).any()
    refused = farside_within(
        "terrain", path, "--vehicle", "yutu-2", "--out", tmp_path / "no", "--rock-abundance", 1
    )
    refused.stdout = ""
    assert_refused(refused, 3, "--rock-abundance = 1", "shares between 0 and 1")
    assert not (tmp_path / "no").exists()


def test_a_span_makes_a_calendar_and_an_animation(farside_within: Command, dem: Path, tmp_path: Path) -> None:
    span = ("--light", "--from", "2019-01-12T00:00Z", "--to", "2019-01-14T12:00Z", "--step", 6)
    whole, tiled = tmp_path / "whole", tmp_path / "tiled"
    done = farside_within("terrain", dem, *span, "--azimuths", 36, "--out", whole)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in whole.iterdir()} == {
        *("calendar.png", "calendar.tif", "horizon.npz", "shadows.gif", "terrain.json")
    }
    with Image.open(whole / "shadows.gif") as animation:
        assert animation.n_frames == 11
    first, last, longest, lit = bands_of(whole / "calendar.tif").values()
    known, seen = np.isfinite(lit), lit > 0
    assert 0 < known.sum() < known.size
    assert (first[seen] <= last[seen]).all()
    assert (lit[known] + longest[known] <= 60.01).all()
    assert np.isnan(first[~seen]).all()
    told = json.loads((whole / "terrain.json").read_text())["calendar"]
    assert (told["from"], told["step_h"]) == ("2019-01-12T00:00:00Z", 6.0)
    assert told["median_lit_h"] == pytest.approx(np.median(lit[known]), rel=1e-6)
    assert (
        farside_within("terrain", dem, *span, "--azimuths", 36, "--tile", 17, "--out", tiled).returncode == 0
    )
    for name in ("calendar.tif", "shadows.gif", "calendar.png"):
        assert (tiled / name).read_bytes() == (whole / name).read_bytes(), name
    assert len(list(tiled.glob("horizon-*.npz"))) == 9


MARS = Site(
    latitude_rad=-0.08, longitude_rad=2.4, body="mars", crs_wkt=local_crs_wkt(-0.08, 2.4, body="mars")
)
MAPS = ("--vehicle", "yutu-2", "--out", "maps")
LIGHT = ("--light", "--out", "maps")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--vehicle", "yutu-2"), 2, ("--out", "need a folder")),
        (("--vehicle", "yuto-2", "--out", "maps"), 2, ("error[VEHICLE]", "yutu-2")),
        (("--at", EVENING), 2, ("--at", "--vehicle")),
        (("--from", EVENING), 2, ("--from", "--light")),
        ((*MAPS, "--report"), 2, ("--report", "run it by itself")),
        ((*MAPS, "--plot", "x.png"), 2, ("--plot",)),
        ((*MAPS, "--at", "2019-01-13T12:00"), 2, ("--at = 2019-01-13T12:00", "Z")),
        ((*MAPS, "--at", "noon"), 2, ("--at = noon",)),
        ((*MAPS, "--baseline", "0"), 2, ("--baseline = 0",)),
        ((*MAPS, "--baseline", "nan"), 2, ("--baseline = nan",)),
        ((*MAPS, "--baseline", "1000"), 2, ("--baseline = 1000", "under the DEM's 80")),
        ((*MAPS, "--azimuths", "7"), 2, ("--azimuths = 7", "multiple of 4")),
        ((*MAPS, "--observer-height", "-1"), 2, ("--observer-height = -1", "0 or more")),
        ((*MAPS, "--rock-abundance", "4"), 3, ("band", "4")),
        ((*MAPS, "--no-horizon", "--at", EVENING), 2, ("--no-horizon", "read from the horizon")),
        ((*MAPS, "--azimuths", "4000"), 2, ("--azimuths = 4000", "up to 3600")),
        ((*MAPS, "--rocks", "none.csv"), 3, ("none.csv",)),
        ((*MAPS, "--far-dem", "none.tif"), 3, ("none.tif",)),
        ((*MAPS, "--no-horizon", "--tile", "16"), 2, ("--tile", "leave --no-horizon out")),
        ((*MAPS, "--no-horizon", "--azimuths", "36"), 2, ("--azimuths", "leave --no-horizon out")),
        (("--tile", "16"), 2, ("--tile", "--vehicle and --light trace")),
        (("--baseline", "8"), 2, ("--baseline", "add --vehicle")),
        ((*LIGHT, "--rock-abundance", "1", "--from", EVENING, "--to", NIGHT), 2, ("--rock-abundance",)),
        (LIGHT, 2, ("--light", "--from UTC --to UTC")),
        ((*LIGHT, "--from", EVENING), 2, ("--to", "go together")),
        ((*LIGHT, "--from", NIGHT, "--to", EVENING), 2, ("--to", "not after --from")),
        ((*LIGHT, "--from", EVENING, "--to", NIGHT, "--step", "0"), 2, ("--step = 0", "above 0")),
        ((*LIGHT, "--from", EVENING, "--to", NIGHT, "--step", "0.01"), 2, ("--step = 0.01", "times")),
        ((*LIGHT, "--from", EVENING, "--to", NIGHT, "--step", "1000"), 2, ("--step = 1000", "times")),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_written(
    farside_within: Command, dem: Path, words: tuple[str, ...], status: int, says: tuple[str, ...]
) -> None:
    result = farside_within("terrain", dem, *words)
    assert_refused(result, status, *says)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "words", "says"),
    [
        (lambda g: replace(g, site=replace(g.site, crs_wkt="")), (), ("ground.npz", "frame")),
        (lambda g: replace(g, site=MARS), (), ("body = mars", "--allow-body")),
        (
            lambda g: replace(g, site=MARS),
            ("--allow-body", "--at", EVENING),
            ("body = mars", "over the Moon only"),
        ),
        (lambda g: replace(g, resolution_north_m=3.0), (), ("2 x 3 m", "square")),
        (lambda g: replace(g, resolution_m=0.02, resolution_north_m=0.02), (), ("error[VEHICLE]", "larger")),
    ],
)
def test_ground_that_cannot_be_mapped_is_refused(
    farside_within: Command,
    changed: Callable[[GridGeometry], GridGeometry],
    words: tuple[str, ...],
    says: tuple[str, ...],
) -> None:
    made = ground()
    write_dem(replace(made, geometry=changed(made.geometry)), "ground.npz")
    result = farside_within("terrain", "ground.npz", *MAPS, *words)
    assert_refused(result, result.returncode, *says)
    assert result.returncode in (2, 3)
    assert [path.name for path in Path.cwd().iterdir()] == ["ground.npz"]


def test_a_folder_that_is_there_is_kept(farside_within: Command, dem: Path) -> None:
    Path("maps").mkdir()
    Path("maps/mine.txt").write_text("mine")
    assert_refused(farside_within("terrain", dem, *MAPS), 2, "--out = maps", "not empty")
    assert Path("maps/mine.txt").read_text() == "mine"


def test_a_far_map_elsewhere_is_refused(farside_within: Command, dem: Path) -> None:
    made = ground()
    far = replace(
        made, geometry=replace(made.geometry, resolution_m=50.0, resolution_north_m=50.0, east_m=90_000.0)
    )
    write_dem(far, "far.npz")
    write_dem(far, "far.tif")
    for name in ("far.npz", "far.tif"):
        result = farside_within("terrain", dem, *MAPS, "--far-dem", name)
        assert_refused(result, result.returncode, f"{name}: --far-dem", "cover")
        assert "--center" not in result.stderr
        assert result.returncode in (2, 3)
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["far.npz", "far.tif"]
