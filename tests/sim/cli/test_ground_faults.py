"""`farside synth` and `farside terrain`: what is wrong is said before any work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rover.core.errors import OutputError, RockListError, UsageError
from rover.core.grid import Dem
from rover.io.raster import read_dem, write_dem
from rover.io.rock_list import read_rock_list
from sim.cli import ground_view, terrain_report
from sim.cli.synth import synth
from sim.cli.terrain import terrain
from tests.builders.ground_commands import ROCK_HEADER, SMALL, invoke, names, refused, view
from tests.builders.scenes import dem_of, equilibrium_scene
from tests.sim.cli.conftest import Command

# Outputs


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which ground is made or read."""

    def worked(*_: object, **__: object) -> None:
        pytest.fail("work was begun")

    for name in ("view_of", "write_view", "view_dem", "write_rocks"):
        monkeypatch.setattr(ground_view, name, worked)
    monkeypatch.setattr(terrain_report, "read_dem", worked)


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


@pytest.mark.parametrize("source", ["von-karman", "short-hop"])
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("terrain.size_m=100", ("--window", "0,0,10,10")),
        (" terrain.resolution_m = 1", ("--resolution", "0.5")),
        ("seed=7", ("--seed", "7")),
    ],
)
def test_a_setting_in_whose_place_an_option_stands_is_refused(
    tmp_path: Path, source: str, setting: str, words: tuple[str, str]
) -> None:
    line = refused(UsageError, synth, source, "--out", tmp_path / "a.npz", *words, "--set", setting)
    assert line.startswith(f"farside: error[USAGE]: --set = {setting}: {words[0]} says otherwise; leave")
    assert names(tmp_path) == []
    other = ("--set", "terrain.resolution_m=1") if words[0] == "--window" else ("--set", "terrain.size_m=100")
    assert invoke(synth, source, "--out", tmp_path / "a.npz", *words, *other).exit_code == 0


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


# Cells allowed


@pytest.mark.parametrize("most", ["0", "-1"])
@pytest.mark.parametrize("command", ["synth von-karman --out a.tif", "terrain a.tif"])
def test_no_cells_allowed_is_no_limit(farside: Command, work: Path, command: str, most: str) -> None:
    done = farside(*command.split(), "--max-cells", most)
    assert done.returncode == 2
    assert done.stderr.startswith(f"farside: error[USAGE]: --max-cells = {most}: out of range; give a value")
    assert len(done.stderr.splitlines()) == 1
    assert names(work) == []
