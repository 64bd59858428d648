"""`farside mission`: what it leaves in its folder, how it goes on, and what it refuses."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from rover.core.errors import FarsideError, LanderError, ResultsError, ScenarioError
from rover.io.bundle import maps_folder
from sim.cli.main import app
from sim.mission.rover_ring import PCAM_SPAN

TEXT = (maps_folder() / "von-karman" / "chang-e-4.toml").read_text(encoding="utf-8")
SMALL = TEXT.replace("frames = 200", "frames = 5").replace("pixels = 512", "pixels = 64")


def written(folder: Path, text: str = SMALL) -> Path:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


def told(*words: object) -> str:
    done = CliRunner().invoke(app, ["mission", *map(str, words), "--quiet"], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def refused(error: type[FarsideError], *words: object) -> str:
    done = CliRunner().invoke(app, ["mission", *map(str, words), "--quiet"])
    assert isinstance(done.exception, error)
    return str(done.exception)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    folder = tmp_path_factory.mktemp("mission")
    mission, out = written(folder), folder / "out"
    return mission, out, told(mission, "--out", out, "--only", "descent")


def test_the_descent_alone_leaves_film_curves_and_timeline(made: tuple[Path, Path, str]) -> None:
    _, out, words = made
    assert sorted(p.name for p in out.iterdir()) == [
        "descent.csv", "descent.gif", "descent.png", "frames", "timeline.json",
    ]  # fmt: skip
    assert "descent.gif: 5 frames of 64 pixels a side, 5 made and 0 kept" in words
    with Image.open(out / "descent.gif") as film:
        assert film.n_frames == 5
    frames = sorted((out / "frames").glob("frame-*.png"))
    pictures = [np.asarray(Image.open(frame)) for frame in frames]
    assert [picture.shape for picture in pictures] == [(64, 64)] * 5
    assert (pictures[0] == 0).mean() > 0.2  # the sky over the horizon, from 15 km
    assert (pictures[-1] > 20).mean() > 0.9  # ground alone, from under the lander


def test_the_timeline_has_its_events_in_order_in_both_clocks(made: tuple[Path, Path, str]) -> None:
    events = json.loads((made[1] / "timeline.json").read_text())["events"]
    names = [event["event"] for event in events]
    assert names[0] == "ignition" and names[-1] == "touchdown"
    assert events[0]["utc"] == "2019-01-03T02:15:00Z" and events[0]["beijing"] == "2019-01-03T10:15:00+08:00"
    assert [event["time_s"] for event in events] == sorted(event["time_s"] for event in events)
    assert events[-1]["figures"]["within_limits"] is True
    for event in events:
        assert event["utc"] in made[2] and event["event"] in made[2]


def test_the_trajectory_ends_on_the_ground(made: tuple[Path, Path, str]) -> None:
    with (made[1] / "descent.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["phase"] == "braking" and rows[-1]["phase"] == "engine off"
    assert float(rows[-1]["height_m"]) == 0.0
    assert float(rows[-1]["mass_kg"]) < float(rows[0]["mass_kg"])


@pytest.mark.slow
def test_portraits_alone_leave_two_pictures_and_their_event(
    made: tuple[Path, Path, str], tmp_path: Path
) -> None:
    words = told(made[0], "--out", tmp_path / "out", "--only", "portrait")
    assert "portrait-lander.png, portrait-rover.png" in words
    for name in ("portrait-lander.png", "portrait-rover.png"):
        picture = np.asarray(Image.open(tmp_path / "out" / name))
        assert picture.shape == (864, 1176, 3) and picture.std() > 10
    events = json.loads((tmp_path / "out" / "timeline.json").read_text())["events"]
    (event,) = [event for event in events if event["event"] == "portraits"]
    assert event["utc"] == "2019-01-11T08:47:00Z"
    assert event["figures"]["sun_elevation_deg"] == pytest.approx(20.8, abs=0.1)


@pytest.mark.slow
def test_panoramas_alone_show_the_rover_where_it_drove(made: tuple[Path, Path, str], tmp_path: Path) -> None:
    words = told(made[0], "--out", tmp_path / "out", "--only", "panorama")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "panorama-polar.png", "panorama.png", "pcam-anaglyph.png", "pcam.png", "timeline.json",
    ]  # fmt: skip
    (line,) = (line for line in words.splitlines() if line.startswith("panorama.png"))
    assert "; rover, crater" in line
    events = json.loads((tmp_path / "out" / "timeline.json").read_text())["events"]
    assert {event["part"] for event in events} == {"descent", "panorama"}
    (ring,) = (event for event in events if event["event"] == "ring of pairs")
    away = math.hypot(ring["figures"]["rover_east_m"], ring["figures"]["rover_north_m"])
    assert 13.5 < away < 25.5  # a viewpoint of the portraits
    with Image.open(tmp_path / "out" / "pcam-anaglyph.png") as both:
        assert both.size == (PCAM_SPAN.cols, PCAM_SPAN.rows)


@pytest.mark.slow
def test_a_portrait_at_night_is_an_event_with_its_reason(tmp_path: Path) -> None:
    dark = written(tmp_path, SMALL.replace("2019-01-11T08:47:00Z", "2019-01-20T08:47:00Z"))
    words = told(dark, "--out", tmp_path / "out", "--only", "portrait")
    assert "portraits: not taken: the Sun is" in words and "below the horizon; nor within a day" in words
    assert not (tmp_path / "out" / "portrait-lander.png").exists()


@pytest.mark.parametrize(
    "product, files, events",
    [
        ("rollout", ["rollout.png"], {"site check", "rollout"}),
        ("biosphere", ["biosphere.png"], {"biosphere watered", "sprout", "biosphere off"}),
    ],
)
def test_rollout_and_biosphere_alone(
    made: tuple[Path, Path, str], tmp_path: Path, product: str, files: list[str], events: set[str]
) -> None:
    told(made[0], "--out", tmp_path / "out", "--only", product)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted([*files, "timeline.json"])
    for name in (name for name in files if name.endswith(".png")):
        assert np.asarray(Image.open(tmp_path / "out" / name)).std() > 10
    table = json.loads((tmp_path / "out" / "timeline.json").read_text())
    assert events <= {event["event"] for event in table["events"]}
    shown = {name for event in table["events"] for name in event.get("pictures", [])}
    assert shown == {name for name in files if name.endswith(".png")}
    budgets = table.get("budgets", {})
    assert (product == "rollout") == (not budgets)
    for row in budgets.get("bits", []):
        assert row["made_bit"] == row["arrived_bit"] + row["in_stores_bit"] + row["lost_bit"] > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "product, files, events",
    [
        (
            "instruments",
            ["energy.csv", "energy.png", "radargram.png"],
            {"radar", "spectrometer", "analyser", "drive ends", "radargram"},
        ),
        ("link", ["link.csv", "link.png"], {"no way to the Earth but the relay", "link closed"}),
    ],
)
def test_instruments_and_link_alone(
    made: tuple[Path, Path, str], tmp_path: Path, product: str, files: list[str], events: set[str]
) -> None:
    test_rollout_and_biosphere_alone(made, tmp_path, product, files, events)


@pytest.mark.slow
def test_portraits_are_not_taken_where_the_rover_stays_on_the_lander(tmp_path: Path) -> None:
    barred = SMALL.replace("sun_off_deg = { value = 20.0", "sun_off_deg = { value = 180.0")
    mission, out = written(tmp_path, barred), tmp_path / "out"
    words = told(mission, "--out", out, "--only", "instruments")
    assert "rollout: the rover stays on the lander" not in words  # of another product
    assert "instruments: none work: the rover stays on the lander" in words
    stays = "not taken: the rover stays on the lander; order to separate: front: the Sun stands"
    words = told(mission, "--out", out, "--only", "portrait")
    assert f"portraits: {stays}" in words and not (out / "portrait-rover.png").exists()
    words = told(mission, "--out", out, "--only", "panorama")
    assert f"ring of pairs: {stays}" in words and not (out / "pcam.png").exists()
    (line,) = (line for line in words.splitlines() if line.startswith("panorama.png"))
    assert "rover" not in line and (out / "panorama.png").is_file()


@pytest.mark.slow
def test_over_a_link_that_never_opens_the_page_is_made_with_the_reasons(tmp_path: Path) -> None:
    deaf = SMALL.replace("mask_deg = { value = 5.0", "mask_deg = { value = 85.0")
    out = tmp_path / "out"
    told(written(tmp_path, deaf), "--out", out)
    events = json.loads((out / "timeline.json").read_text())["events"]
    never = "no command gets through: the relay is never above 85 deg"
    by_name = {event["event"]: event["words"] for event in events}
    assert by_name["panorama"] == by_name["ring of pairs"] == f"not taken: {never}"
    assert by_name["portraits"] == f"not taken: {never}; nor within a day"
    assert by_name["biosphere not watered"] == f"the seeds stay dry: {never}"
    assert by_name["rollout"].startswith(
        "the rover stays on the lander; lander checked: the link never opens"
    )
    assert "goes to sleep; no command gets through" in by_name["biosphere off"]
    kept = {event["words"].partition(":")[0] for event in events if event["event"] == "not on Earth"}
    assert kept == {"film of the descent", "health of the lander"}
    assert not {"drive begins", "biosphere watered", "sprout", "spectrometer"} & set(by_name)
    made = {path.name for path in out.iterdir()}
    assert made >= {"biosphere.png", "descent.gif", "link.png", "map.png", "rollout.png"}
    assert made & {"mission.html", "mission.md"}
    assert not made & {"panorama.png", "pcam.png", "portrait-lander.png", "radargram.png"}


def test_it_goes_on_with_the_frames_that_are_missing(made: tuple[Path, Path, str]) -> None:
    mission, out, _ = made
    lost = out / "frames" / "frame-00002.png"
    before = lost.read_bytes()
    kept = (out / "frames" / "frame-00001.png").stat().st_mtime_ns
    lost.unlink()
    assert "1 made and 4 kept" in told(mission, "--out", out, "--only", "descent")
    assert lost.read_bytes() == before
    assert (out / "frames" / "frame-00001.png").stat().st_mtime_ns == kept


def test_frames_of_another_film_are_not_gone_on_with(made: tuple[Path, Path, str], tmp_path: Path) -> None:
    other = written(tmp_path, SMALL.replace("pixels = 64", "pixels = 48"))
    words = refused(ResultsError, other, "--out", made[1], "--only", "descent")
    assert words.startswith(f"farside: error[RESULTS]: {made[1]}/timeline.json: is of another mission, seed")
    alone = tmp_path / "alone"
    shutil.copytree(made[1] / "frames", alone / "frames")
    words = refused(ResultsError, other, "--out", alone, "--only", "descent")
    assert words.startswith(f"farside: error[RESULTS]: {alone}/frames: holds frames of another mission")


def test_a_part_made_anew_leaves_the_rest_of_the_timeline(
    made: tuple[Path, Path, str], tmp_path: Path
) -> None:
    mission, out = made[0], tmp_path / "out"
    parts = []
    for product in ("biosphere", "rollout", "biosphere"):
        told(mission, "--out", out, "--only", product)
        table = json.loads((out / "timeline.json").read_text())
        parts.append([event["part"] for event in table["events"]])
        assert [event["time_s"] for event in table["events"]] == sorted(e["time_s"] for e in table["events"])
    assert set(parts[0]) == {"descent", "biosphere"}
    assert set(parts[1]) == {"descent", "biosphere", "rollout"}
    assert parts[2] == parts[1]
    assert list(table["budgets"]) == ["energy of the biosphere"]


def test_a_folder_of_another_mission_is_left_as_it_is(made: tuple[Path, Path, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    told(made[0], "--out", out, "--only", "biosphere")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    other = written(tmp_path, SMALL.replace("seed = 5", "seed = 6"))
    words = refused(ResultsError, other, "--out", out, "--only", "rollout")
    assert "timeline.json: is of another mission, seed or version; name another --out" in words
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    (out / "timeline.json").write_text("{")
    assert "timeline.json: cannot be read" in refused(
        ResultsError, made[0], "--out", out, "--only", "rollout"
    )


@pytest.mark.parametrize(
    "old, new, error, line",
    [
        (
            "seed = 5",
            "seed = -4",
            ScenarioError,
            "seed = -4: out of range; give a value greater than or equal to 0",
        ),
        ("frames = 5", "frames = 1", ScenarioError, "film.frames = 1: out of range"),
        ('utc = "2019-01-03T02:15:00Z"', 'utc = "soon"', ScenarioError, "descent.ignition_utc = soon"),
        ("[rollout]", "[roll-out]", ScenarioError, "rollout.utc: missing; add it (+1 more: farside check "),
        (
            "rail_m = { value = 2.5, source",
            "rail_m = { value = -2.5, source",
            ScenarioError,
            "rollout.ramps.rail_m = -2.5: out of range; give a value greater than 0",
        ),
        (
            "mask_deg = { value = 5.0, source",
            "mask_deg = { value = 95.0, source",
            ScenarioError,
            "link.mask_deg = 95.0: out of range; give a value less than 90",
        ),
        (
            "hours = 0.75",
            "",
            ScenarioError,
            "rollout.step.0: step lander checked needs either hours or metres",
        ),
        (
            "to_portraits = true",
            "",
            ScenarioError,
            "drive to the portraits needs a goal_m or to_portraits = true",
        ),
        (
            "sample_ns = 2.5",
            "sample_ns = 25.0",
            ScenarioError,
            "radar.channel.0: sample_ns = 25.0 is too long",
        ),
        (
            "sun_max_deg = 25.0",
            "sun_max_deg = 1.0",
            ScenarioError,
            "sun_min_deg = 2.0 is not below sun_max_deg",
        ),
        (
            "phase_min_deg = 39.6",
            "phase_min_deg = 139.6",
            ScenarioError,
            "phase_min_deg = 139.6 is not below phase_max_deg = 97.1; lower it",
        ),
        (
            "rocks_per_m3 = 0.05",
            "rocks_per_m3 = 1e9",
            ScenarioError,
            "radar.layer.0.rocks_per_m3 = 1000000000.0: out of range; give a value less than or equal to 100",
        ),
        (
            'at = "panorama"',
            'at = "lunch"',
            ScenarioError,
            "link.picture.1.at = lunch: is neither of touchdown",
        ),
        (
            'utc = "2019-01-11T08:47:00Z"',
            'utc = "2059-01-11T08:47:00Z"',
            ScenarioError,
            "portraits.utc = 2059-01-11T08:47:00Z is not within 60 days after descent.ignition_utc",
        ),
        (
            'watered_utc = "2019-01-03',
            'watered_utc = "2019-01-02',
            ScenarioError,
            "biosphere.watered_utc = 2019-01-02T15:18:00Z is not within 60 days after",
        ),
        (
            'utc = "2019-01-10T09:30:00Z"',
            'utc = "2019-01-08T09:30:00Z"',
            ScenarioError,
            "leg to the portraits: utc = 2019-01-08T09:30:00Z is within the noon nap, 2019-01-06T00:00:00Z to "
            "2019-01-10T09:14:00Z; give a time outside it",
        ),
        (
            'nap_from = "2019-01-06',
            'nap_from = "2019-01-12',
            ScenarioError,
            "nap_until = 2019-01-10T09:14:00Z is not after nap_from = 2019-01-12T00:00:00Z; give it later",
        ),
        (
            "goal_m = [-6.0, 11.0]",
            "goal_m = [-6000.0, 11.0]",
            ScenarioError,
            "goal_m = [-6000.0, 11.0] is not within 200 m of the lander; give a nearer one",
        ),
        ('lander = "chang-e-4"', 'lander = "apollo-11"', LanderError, "lander = apollo-11: no such lander"),
        (
            'site = "von-karman"',
            'site = "mare-plain"',
            ScenarioError,
            "site = mare-plain: a site without [anchor]",
        ),
    ],
)
def test_an_impossible_mission_is_refused_in_a_line(
    tmp_path: Path, old: str, new: str, error: type[FarsideError], line: str
) -> None:
    assert old in SMALL
    words = refused(error, written(tmp_path, SMALL.replace(old, new, 1)), "--out", tmp_path / "out")
    assert line in words and "\n" not in words
    assert not (tmp_path / "out").exists()


def test_check_lists_every_error_of_a_mission_and_of_a_lander(tmp_path: Path) -> None:
    broken = written(tmp_path, SMALL.replace("[rollout]", "[roll-out]"))
    done = CliRunner().invoke(app, ["check", str(broken)])
    assert "roll-out: unknown key; did you mean rollout?" in done.stderr
    assert "rollout.utc: missing" in done.stderr
    lander = maps_folder() / "landers" / "chang-e-4.toml"
    for good in (str(written(tmp_path)), "chang-e-4", str(lander)):
        assert f"{good}: no errors" in CliRunner().invoke(app, ["check", good]).stdout


def test_an_unknown_mission_is_told_the_nearest(tmp_path: Path) -> None:
    words = refused(ScenarioError, "chang-e4", "--out", tmp_path / "out")
    assert "no such mission; did you mean chang-e-4?" in words
