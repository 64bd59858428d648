"""`farside synth`: any window of seeded ground, as a file that does not depend on how much else was asked for."""

from __future__ import annotations

import csv
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio

from rover.core.errors import UsageError
from rover.io.bundle import maps_folder
from rover.io.raster import read_dem, write_dem
from rover.io.rock_list import read_rock_list
from sim.cli import ground_view, synth
from sim.cli.ground_view import GroundView, view_dem, view_of, write_rocks, write_view
from sim.cli.progress import Progress
from sim.cli.window import parse_window
from sim.moon.surface import GROUND_VERSION
from sim.run.scenario import load_scenario
from sim.run.scenario_ground import orbital_dem
from tests.sim.cli.conftest import FARSIDE, Command, environment


def view(source: str = "von-karman", **change: Any) -> GroundView:
    asked = {"settings": (), "seed": 3, "window": None, "resolution": None}
    return view_of(source, **(asked | change))


def values(path: Path) -> npt.NDArray[Any]:
    with rasterio.open(path) as dataset:
        return np.asarray(dataset.read(1))


def silent(_part: float) -> None:
    pass


# Windows


def test_a_scenario_gives_the_map_that_its_planner_sees(tmp_path: Path) -> None:
    write_view(view("short-hop", seed=None), tmp_path / "a.tif", silent)
    write_dem(orbital_dem(load_scenario("short-hop")), tmp_path / "b.tif")
    np.testing.assert_array_equal(values(tmp_path / "a.tif"), values(tmp_path / "b.tif"))
    ours, theirs = read_dem(tmp_path / "a.tif"), read_dem(tmp_path / "b.tif")
    assert ours.geometry == theirs.geometry


def test_a_site_gives_2_km_about_its_anchor() -> None:
    found = view()
    west, south, east, north = found.geometry.bounds_m
    anchor_east, anchor_north = (mm / 1000 for mm in found.site.anchor_mm)
    assert (found.geometry.shape, found.geometry.resolution_m) == ((1000, 1000), 2.0)
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((anchor_east, anchor_north), abs=0.5)
    assert found.origin_mm == (0, 0)


def test_a_site_file_is_as_good_as_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes((maps_folder() / "von-karman" / "site.toml").read_bytes())
    assert view(str(tmp_path / "mine.toml")) == view()


def test_the_file_holds_what_the_window_holds_in_memory(tmp_path: Path) -> None:
    for resolution in ("0.5", "0.25"):
        asked = view(window="14700,-12600,14850,-12475", resolution=resolution)
        write_view(asked, tmp_path / "a.tif", silent)
        write_dem(view_dem(asked), tmp_path / "b.tif")
        np.testing.assert_array_equal(values(tmp_path / "a.tif"), values(tmp_path / "b.tif"))


def test_a_window_is_the_crop_of_a_larger_one(tmp_path: Path) -> None:
    write_view(view("short-hop", window="-350,-300,350,260", resolution="1"), tmp_path / "a.tif", silent)
    write_view(view("short-hop", window="-40,-71,320,244", resolution="1"), tmp_path / "b.tif", silent)
    large, small = values(tmp_path / "a.tif"), values(tmp_path / "b.tif")
    assert small.shape == (315, 360)
    np.testing.assert_array_equal(small, large[260 - 244 : 260 + 71, 350 - 40 : 350 + 320])


def test_one_place_is_one_ground_in_the_frame_of_a_site_and_of_a_scenario(tmp_path: Path) -> None:
    hop = view("short-hop", window="0,0,100,80")
    east, north = (mm // 1000 for mm in hop.origin_mm)
    site = view(window=f"{east},{north},{east + 100},{north + 80}")
    np.testing.assert_array_equal(view_dem(hop).elevation_m, view_dem(site).elevation_m)


def test_seeds_are_64_bit_integers() -> None:
    small = {"window": "0,0,40,40"}
    grounds = [view_dem(view(seed=seed, **small)).elevation_m for seed in (-(2**63), -1, 2**63 - 1)]
    assert not np.array_equal(grounds[0], grounds[1])
    assert not np.array_equal(grounds[1], grounds[2])
    for seed in (2**63, -(2**63) - 1):
        with pytest.raises(UsageError, match="--seed"):
            view(seed=seed)


# Rocks


def rows_of(path: Path) -> npt.NDArray[np.float64]:
    with path.open(encoding="ascii", newline="") as file:
        comment, header, *rows = csv.reader(file)
    assert comment[0].startswith("# ")
    assert header == ["east_m", "north_m", "diameter_m", "height_m"]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def test_each_rock_is_listed_once_whatever_the_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = view("short-hop", window="-20,-30,25,16", resolution="1")
    count = write_rocks(asked, tmp_path / "whole.csv", silent)
    whole = rows_of(tmp_path / "whole.csv")
    monkeypatch.setattr(ground_view, "_ROCK_TILE_MM", 7_000)
    assert write_rocks(asked, tmp_path / "tiles.csv", silent) == count == len(whole) > 100
    tiled = rows_of(tmp_path / "tiles.csv")
    np.testing.assert_array_equal(tiled[np.lexsort(tiled.T)], whole[np.lexsort(whole.T)])


def test_a_rock_list_says_what_it_is_of_and_is_read_again(tmp_path: Path) -> None:
    asked = view("short-hop", window="-20,-30,25,16", resolution="1")
    count = write_rocks(asked, tmp_path / "rocks.csv", silent)
    first = (tmp_path / "rocks.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# von-karman, seed {asked.seed}, ground version {GROUND_VERSION}"
    held = read_rock_list(tmp_path / "rocks.csv")
    assert len(held) == count
    np.testing.assert_array_equal(held, rows_of(tmp_path / "rocks.csv"))
    odd = replace(asked, site=asked.site.model_copy(update={"name": "two\nlines, one site"}))
    write_rocks(odd, tmp_path / "odd.csv", silent)
    assert len(read_rock_list(tmp_path / "odd.csv")) > 10


def test_neighbouring_windows_share_their_rocks_between_them(tmp_path: Path) -> None:
    every = []
    for name, window in (("all", "0,0,40,30"), ("west", "0,0,13.037,30"), ("east", "13.037,0,40,30")):
        asked = replace(view("short-hop"), window=parse_window(window, origin_mm=(0, 0)))
        write_rocks(asked, tmp_path / name, silent)
        every.append(rows_of(tmp_path / name))
    whole, parts = every[0], np.vstack(every[1:])
    np.testing.assert_array_equal(parts[np.lexsort(parts.T)], whole[np.lexsort(whole.T)])
    assert (every[1][:, 0] < 13.037).all()
    assert (every[2][:, 0] >= 13.037).all()


def test_a_listed_rock_stands_on_the_ground_of_the_dem(tmp_path: Path) -> None:
    asked = view("short-hop", window="-30,-30,30,30", resolution="0.1")
    write_rocks(asked, tmp_path / "rocks.csv", silent)
    rocks = rows_of(tmp_path / "rocks.csv")
    east, north, _, height = rocks[rocks[:, 2].argmax()]
    dem = view_dem(asked)
    cell = dem.geometry.cell_at(east, north)
    assert cell is not None
    around = dem.elevation_m[cell[0] - 8 : cell[0] + 9, cell[1] - 8 : cell[1] + 9]
    assert dem.elevation_m[cell] - np.median(around) > 0.5 * height


# The command


def test_everything_that_it_writes(farside: Command, work: Path) -> None:
    words = ("von-karman", "--window", "14700,-12600,15220,-12080", "--resolution", 1, "--seed", -5)
    done = farside("synth", *words, "--out", "a.tif", "--rocks", "rocks.csv", "--plot")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" or "compiling" in done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith("a.tif: 520 x 520 cells of 1 m, von-karman, seed -5")
    rocks = rows_of(work / "rocks.csv")
    assert said[1] == f"rocks.csv: {len(rocks):,} rocks"
    assert ((rocks[:, :2] >= [14700, -12600]) & (rocks[:, :2] < [15220, -12080])).all()
    assert {path.name for path in work.iterdir()} == {"a.tif", "a.png", "rocks.csv"}
    with rasterio.open(work / "a.tif") as dataset:
        assert dataset.bounds == (14700, -12600, 15220, -12080)
        assert dataset.overviews(1) == [2]
        tags = dataset.tags()
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert (tags["SITE"], tags["SEED"], tags["ORIGIN_MM"]) == ("von-karman", "-5", "0,0")
    assert (tags["DATUM_M"], tags["RESOLUTION_M"]) == ("-5900.0", "1.0")
    assert set(tags) >= {"SOURCE", "GROUND_VERSION"}
    assert (work / "a.png").stat().st_size > 100_000


def test_a_long_one_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(synth, "_LONG", 1_000_000)
    for quiet in (False, True):
        synth.synth("short-hop", tmp_path / "a.tif", window="0,0,3000,400", resolution="1", quiet=quiet)
    shown = [line for line in capsys.readouterr().err.splitlines() if "% of the ground" in line]
    assert shown == sorted(set(shown))
    assert 3 <= len(shown) <= 10
    assert shown[-1] == "farside: 100 % of the ground"


def test_progress_says_what_of_and_keeps_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (False, True):
        with Progress(quiet=quiet, of="the rocks") as progress:
            for part in (0.05, 0.31, 0.33):
                progress.update(part, "so far")
    assert capsys.readouterr().err == "farside:  30 % of the rocks, so far\n"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_an_interruption_leaves_nothing(tmp_path: Path, number: signal.Signals, status: int) -> None:
    (tmp_path / "home").mkdir()
    size = ("--window", "0,0,16000,16000", "--resolution", "0.5")
    with subprocess.Popen(
        [FARSIDE, "synth", "von-karman", *size, "--out", "a.tif", "--rocks", "r.csv"],
        cwd=tmp_path,
        env=environment(tmp_path / "home"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(600):
            if any(path.name.endswith(".tif") for path in tmp_path.iterdir()):
                break
            time.sleep(0.05)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize("words", [("--out", "a.tif"), ("--out", "a.tif", "--rocks", "r.csv")])
def test_a_full_disk_is_told(farside: Command, work: Path, words: tuple[str, ...]) -> None:
    def small_files() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    small = ("--window", "0,0,600,600", "--resolution", "8" if "r.csv" in words else "1")
    done = farside("synth", "von-karman", *small, *words, preexec_fn=small_files)
    assert done.returncode == 5, done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        f"farside: error[OUTPUT]: {words[-1]}: cannot be written: "
    )
    assert [path.name for path in work.iterdir()] == (["a.tif"] if "r.csv" in words else [])
