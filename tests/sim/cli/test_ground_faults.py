"""`farside synth` and `farside terrain`: what is wrong is said before any work, and what stops them leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import typer
from typer.testing import CliRunner, Result

from rover.core.errors import FarsideError, OutputError, RockListError, UsageError
from rover.core.grid import Dem
from rover.io.raster import read_dem, write_dem
from rover.io.rock_list import read_rock_list
from sim.cli import ground_view, main
from sim.cli.ground_view import GroundView, view_dem, view_of, write_view
from sim.cli.progress import Interrupted, Terminated
from sim.cli.synth import synth
from sim.cli.terrain import terrain
from sim.moon.surface import GROUND_VERSION
from tests.builders.scenes import dem_of, equilibrium_scene
from tests.sim.cli.conftest import FARSIDE, Command, environment

STOPS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
SMALL = ("--window", "0,0,40,40")
ROCK_HEADER = "east_m,north_m,diameter_m,height_m\n"


def invoke(command: Any, *words: object) -> Result:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(word) for word in words])


def refused(error: type[FarsideError], command: Any, *words: object) -> str:
    result = invoke(command, *words)
    assert isinstance(result.exception, error), (result.output, result.exception)
    return str(result.exception)


def view(source: str = "von-karman", **change: Any) -> GroundView:
    asked = {"settings": (), "seed": 3, "window": None, "resolution": None}
    return view_of(source, **(asked | change))


def silent(_part: float) -> None:
    pass


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Outputs


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which ground is made or read."""

    def worked(*_: object, **__: object) -> None:
        pytest.fail("work was begun")

    for name in ("view_of", "write_view", "view_dem", "write_rocks"):
        monkeypatch.setattr(ground_view, name, worked)
    monkeypatch.setattr("rover.io.raster.read_dem", worked)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("option", ["--out", "--rocks", "--plot"])
def test_synth_finds_an_output_that_cannot_be_written_before_it_works(tmp_path: Path, option: str) -> None:
    out, rocks = tmp_path / "a.tif", tmp_path / "r.csv"
    if option == "--out":
        out = tmp_path / "none" / "a.tif"
    elif option == "--rocks":
        rocks = tmp_path / "none" / "r.csv"
    else:
        (tmp_path / "a.png").mkdir()
    before = names(tmp_path)
    line = refused(OutputError, synth, "von-karman", "--out", out, "--rocks", rocks, "--plot")
    assert "cannot be written: " in line
    assert names(tmp_path) == before


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("beside", ["a.prj", "a.asc.aux.xml"])
def test_what_stands_in_the_way_of_frame_or_tags_is_found_before_it_works(
    tmp_path: Path, beside: str
) -> None:
    (tmp_path / beside).mkdir()
    assert beside in refused(OutputError, synth, "von-karman", "--out", tmp_path / "a.asc")
    assert names(tmp_path) == [beside]


@pytest.mark.usefixtures("no_work")
@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_synth_finds_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    line = refused(
        OutputError, synth, "von-karman", "--out", tmp_path / "a.tif", "--rocks", tmp_path / "shut" / "r.csv"
    )
    assert "Permission denied" in line


@pytest.mark.usefixtures("no_work")
def test_a_file_system_that_takes_no_files_is_found_before_it_works(tmp_path: Path) -> None:
    line = refused(
        OutputError, synth, "von-karman", "--out", tmp_path / "a.tif", "--rocks", "/proc/self/r.csv"
    )
    assert "/proc/self/r.csv: cannot be written: " in line
    assert names(tmp_path) == []


@pytest.mark.usefixtures("no_work")
def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("")
    (tmp_path / "r.csv").symlink_to("a.tif")
    line = refused(
        UsageError, synth, "von-karman", "--out", tmp_path / "a.tif", "--rocks", tmp_path / "r.csv"
    )
    assert f"--rocks = {tmp_path / 'r.csv'}"[:50] in line
    assert "that of --out too" in line


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_terrain_finds_an_output_that_cannot_be_written_before_it_works(tmp_path: Path, option: str) -> None:
    outputs = {"--out": tmp_path / "a.json", "--plot": tmp_path / "a.png"}
    outputs[option] = tmp_path / "none" / outputs[option].name
    words = [word for pair in outputs.items() for word in pair]
    assert "cannot be written: " in refused(OutputError, terrain, tmp_path / "dem.tif", *words)
    assert names(tmp_path) == []


# Settings of a site


@pytest.mark.parametrize("setting", ["power.initial_soc=0.5", "site.name=highland", "rocks.largest_m=3"])
def test_a_setting_that_a_site_s_ground_does_not_depend_on_is_refused(tmp_path: Path, setting: str) -> None:
    line = refused(UsageError, synth, "von-karman", "--out", tmp_path / "a.npz", *SMALL, "--set", setting)
    assert line.startswith(
        f"farside: error[USAGE]: --set = {setting}: no setting of a site's ground; set one"
    )
    assert names(tmp_path) == []


def test_the_settings_that_a_site_has_are_heeded() -> None:
    plain = view(seed=None)
    for key, value in (
        ("seed", "7"),
        ("terrain.size_m", "600"),
        ("terrain.resolution_m", "1"),
    ):
        changed = view(seed=None, settings=[f"{key}={value}"])
        assert changed != plain, key
    moved = view(settings=["site.latitude_deg=-45", "site.longitude_deg=177"])
    assert moved.origin_mm != plain.origin_mm


# Rocks that lie elsewhere


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    path = tmp_path / "ground.npz"
    write_dem(dem_of(equilibrium_scene(120, 1)[0]), path)
    return path


def listed(folder: Path, *rocks: tuple[float, float]) -> Path:
    path = folder / "rocks.csv"
    path.write_text(ROCK_HEADER + "".join(f"{east},{north},0.5,0.3\n" for east, north in rocks))
    return path


def sides(dem: Dem) -> list[tuple[float, float]]:
    """A point beyond each side and each corner."""
    west, south, east, north = dem.geometry.bounds_m
    around = [
        (e, n)
        for e in (west - 5, (west + east) / 2, east + 5)
        for n in (south - 5, (south + north) / 2, north + 5)
    ]
    return around[:4] + around[5:]


def test_a_list_of_rocks_of_other_ground_is_refused(tmp_path: Path, ground: Path) -> None:
    for place in sides(read_dem(ground)):
        line = refused(RockListError, terrain, ground, "--rocks", listed(tmp_path, place))
        assert line.startswith("farside: error[ROCK_LIST]: ")
        assert "no rock lies on the DEM, which spans east " in line
        assert "; give rocks in the DEM's own frame" in line


def test_a_dem_between_the_rocks_of_its_list_has_none(tmp_path: Path, ground: Path) -> None:
    rocks = listed(tmp_path, *sides(read_dem(ground)))
    out = tmp_path / "report.json"
    result = invoke(terrain, ground, "--rocks", rocks, "--out", out)
    assert result.exit_code == 0, result.output
    assert '"rock_fraction": 0.0' in out.read_text()
    assert invoke(terrain, ground, "--rocks", listed(tmp_path)).exit_code == 0


def test_the_rocks_that_synth_lists_lie_on_its_dem(tmp_path: Path) -> None:
    result = invoke(
        synth, "short-hop", "--out", tmp_path / "a.npz", *SMALL, "--rocks", tmp_path / "r.csv", "-q"
    )
    assert result.exit_code == 0, result.output
    assert len(read_rock_list(tmp_path / "r.csv")) > 10
    assert invoke(terrain, tmp_path / "a.npz", "--rocks", tmp_path / "r.csv").exit_code == 0


# Being stopped


def stopped(
    folder: Path, number: signal.Signals, words: list[object], *, when: Any
) -> subprocess.CompletedProcess[str]:
    (folder / "home").mkdir()
    with subprocess.Popen(
        [FARSIDE, *map(str, words)],
        cwd=folder,
        env=environment(folder / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(1200):
            if when():
                break
            time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


@pytest.mark.parametrize(("number", "status", "word"), STOPS)
def test_synth_says_that_it_was_stopped(
    tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    words = [
        "synth",
        "von-karman",
        "--window",
        "0,0,9000,9000",
        "--resolution",
        "0.5",
        "-q",
        "--out",
        "a.tif",
    ]
    done = stopped(tmp_path, number, words, when=lambda: any(tmp_path.glob(".a*.tif")))
    assert done.returncode == status, done.stderr
    assert done.stderr == f"farside: {word}: nothing more is written, and no file is left unfinished\n"
    assert done.stdout == ""
    assert names(tmp_path) == ["home"]


@pytest.mark.parametrize(("number", "status", "word"), STOPS)
def test_a_dem_that_is_whole_stays_when_its_rocks_are_stopped(
    tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    words = ["synth", "von-karman", "--window", "0,0,9000,9000", "--resolution", "100", "-q"]
    words += ["--out", "a.tif", "--rocks", "r.csv"]
    done = stopped(tmp_path, number, words, when=lambda: any(tmp_path.glob(".r*.csv")))
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"farside: {word}: nothing more is written")
    assert names(tmp_path) == ["a.tif", "home"]
    assert done.stdout.startswith("a.tif: 90 x 90 cells")


@pytest.mark.parametrize(("number", "status", "word"), STOPS)
def test_terrain_says_that_it_was_stopped(
    tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    heights = np.random.default_rng(1).normal(0, 1, (3000, 3000)).cumsum(axis=0)
    write_dem(dem_of(heights), tmp_path / "dem.npz")
    begun = time.monotonic()
    words = ["terrain", "dem.npz", "--out", "a.json", "--plot", "a.png"]
    done = stopped(tmp_path, number, words, when=lambda: time.monotonic() - begun > 3)
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"farside: {word}: nothing more is written")
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == ["dem.npz", "home"]


def test_an_interruption_that_the_caller_ignores_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with subprocess.Popen(
        [FARSIDE, "synth", "von-karman", *SMALL, "-q", "--out", "a.tif"],
        cwd=tmp_path,
        env=environment(tmp_path / "home"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    ) as process:
        for _ in range(20):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("stop", "status", "word"), [(Interrupted, 130, "interrupted"), (Terminated, 143, "terminated")]
)
def test_a_signal_while_a_module_is_imported_is_no_bug(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stop: type[BaseException],
    status: int,
    word: str,
) -> None:
    """Python up to 3.11 wraps what is raised while a class gives its attributes their names."""

    def imported(**_: object) -> None:
        raise RuntimeError("Error calling __set_name__") from stop()

    monkeypatch.setattr(main, "app", imported)
    assert main._status() == status
    assert capsys.readouterr().err.startswith(f"farside: {word}: ")


# A full disk


@pytest.mark.parametrize("extension", [".npz", ".asc"])
def test_a_full_disk_leaves_no_part_of_a_grid(farside: Command, work: Path, extension: str) -> None:
    def small_files() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = ("--window", "0,0,600,600", "--resolution", "2", "--out", f"a{extension}")
    done = farside("synth", "von-karman", *words, preexec_fn=small_files)
    assert done.returncode == 5, done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        f"farside: error[OUTPUT]: a{extension}: cannot be written: "
    )
    assert names(work) == []


# What a file says


@pytest.mark.parametrize("resolution", ["0.05", "0.25", "2"])
def test_a_file_holds_whole_tenths_of_a_millimetre_as_near_as_its_type_comes(
    tmp_path: Path, resolution: str
) -> None:
    # On the crater's wall, two kilometres above the datum, where float32 steps are wider than a tenth.
    side = 40 * float(resolution)
    asked = view(window=f"60000,90000,{60000 + side:g},{90000 + side:g}", resolution=resolution)
    write_view(asked, tmp_path / "a.tif", silent)
    with rasterio.open(tmp_path / "a.tif") as dataset:
        held = dataset.read(1)
    tenths = np.round(held.astype(np.float64) * 1e4).astype(np.int64)
    if held.dtype == np.float64:
        assert [float(f"{count}e-4") for count in tenths.ravel().tolist()] == held.ravel().tolist()
    dem, again = view_dem(asked), read_dem(tmp_path / "a.tif")
    assert again.datum_m == dem.datum_m
    assert np.abs(dem.elevation_m).max() > 1024
    if held.dtype == np.float64:
        np.testing.assert_array_equal(again.elevation_m, dem.elevation_m)
    else:
        np.testing.assert_allclose(again.elevation_m, dem.elevation_m, atol=0.6e-3)


def test_a_fine_file_is_the_crop_of_a_larger_one(tmp_path: Path) -> None:
    write_view(view(window="60000,90000,60160,90140", resolution="0.25"), tmp_path / "a.tif", silent)
    write_view(view(window="60010,90020,60025,90030", resolution="0.25"), tmp_path / "b.tif", silent)
    with rasterio.open(tmp_path / "a.tif") as a, rasterio.open(tmp_path / "b.tif") as b:
        large, small = a.read(1), b.read(1)
    assert large.shape[0] > 512
    np.testing.assert_array_equal(small, large[4 * 110 : 4 * 120, 4 * 10 : 4 * 25])


@pytest.mark.parametrize("extension", [".tif", ".asc"])
def test_each_format_says_what_ground_it_holds(tmp_path: Path, extension: str) -> None:
    out = tmp_path / f"a{extension}"
    result = invoke(synth, "von-karman", "--window", "0,0,400,400", "--seed", 5, "--out", out, "-q")
    assert result.exit_code == 0, result.output
    with rasterio.open(out) as dataset:
        tags = dataset.tags()
    assert (tags["GROUND_VERSION"], tags["SITE"], tags["SEED"]) == (str(GROUND_VERSION), "von-karman", "5")
    assert "law of von-karman" in invoke(terrain, out).stdout


def test_an_npz_names_its_ground_in_its_source(tmp_path: Path) -> None:
    invoke(synth, "von-karman", *SMALL, "--seed", 5, "--out", tmp_path / "a.npz", "-q")
    assert read_dem(tmp_path / "a.npz").source == f"von-karman, seed 5, ground version {GROUND_VERSION}"


# Cells allowed


@pytest.mark.parametrize("most", ["0", "-1"])
@pytest.mark.parametrize("command", ["synth von-karman --out a.tif", "terrain a.tif"])
def test_no_cells_allowed_is_no_limit(farside: Command, work: Path, command: str, most: str) -> None:
    done = farside(*command.split(), "--max-cells", most)
    assert done.returncode == 2
    assert done.stderr.startswith("farside: error[USAGE]: Invalid value for '--max-cells'")
    assert len(done.stderr.splitlines()) == 1
    assert names(work) == []
