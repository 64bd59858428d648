"""The replay: it goes to disk with the run, shows what it is asked to, and its colours are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rover.core.errors import ResultsError, UsageError
from sim.run.closed_loop import run_scenario
from sim.run.results import read_results, write_results
from sim.run.runlog import RunLog
from sim.run.scenario import load_scenario
from sim.view import replay, style

SMALL = ("terrain.size_m=60", "goal_m=[-6.0, 3.0]", "driver=arcs", "terrain.detail=none")
ROCK = "terrain.boulders=[{east_m=-3.2, north_m=1.6, diameter_m=0.5, height_m=0.4}]"


@pytest.fixture(scope="module")
def log() -> RunLog:
    return run_scenario(load_scenario("short-hop", settings=[*SMALL, ROCK], seed=4))


def test_what_it_is_drawn_from_comes_back_from_disk(log: RunLog, tmp_path: Path) -> None:
    assert log.replay is not None
    rows = len(log.telemetry["time_s"])
    assert len(log.replay.arc_row) and len(log.replay.chosen_row) and len(log.replay.way_row)
    assert log.replay.arc_passed.any()
    assert log.replay.arc_row.min() >= 0 and log.replay.arc_row.max() < rows
    here = np.column_stack([log.telemetry["east_m"], log.telemetry["north_m"]])[log.replay.arc_row]
    assert np.linalg.norm(here - log.replay.arc_m, axis=1).max() < 8.0, "arcs begin at the rover"
    write_results(log, tmp_path)
    again = read_results(tmp_path).replay
    assert again is not None
    for name, array in log.replay.arrays().items():
        assert np.array_equal(array, again.arrays()[name]), name


def test_a_gif_of_so_many_frames_in_the_colours_that_tell(log: RunLog, tmp_path: Path) -> None:
    replay.save_replay(log, tmp_path / "r.gif", frames=4)
    with Image.open(tmp_path / "r.gif") as gif:
        assert 2 <= gif.n_frames <= 5  # type: ignore[attr-defined]
        gif.seek(1)
        colours = {tuple(c) for c in np.asarray(gif.convert("RGB")).reshape(-1, 3).tolist()}
    for colour in (style.PURPLE, style.ORANGE, style.BLUE, style.YELLOW):
        wanted = tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))
        assert wanted in colours, colour


def test_boulders_of_the_world_are_drawn_though_no_map_has_them(log: RunLog) -> None:
    rows = replay.frame_rows(log, 2)[:1]
    without = replace(log, scenario={**log.scenario, "terrain": {}})
    shown, bare = (np.asarray(next(replay.replay_pictures(each, rows))) for each in (log, without))
    rock = tuple(int(style.FAINT_INK[k : k + 2], 16) for k in (1, 3, 5))
    count = [int((picture[80:440, 60:500] == rock).all(axis=-1).sum()) for picture in (shown, bare)]
    assert count[0] >= count[1] + 10


def test_frames_are_where_it_moved_with_the_ends(log: RunLog) -> None:
    rows = replay.frame_rows(log, 5)
    assert rows[0] == 0 and rows[-1] == len(log.telemetry["time_s"]) - 1
    assert (np.diff(rows) > 0).all() and len(rows) <= 6


def test_the_modes_follow_one_another_without_gap_or_overlap() -> None:
    """A row is of the end of a command: it was in the mode since the row before."""
    hours, modes = np.array([0.0, 0.1, 0.2, 0.7, 0.8]), np.array(["charge", "drive", "drive", "nap", "drive"])
    spans = [(0.0, 0.0, "charge"), (0.0, 0.2, "drive"), (0.2, 0.7, "nap"), (0.7, 0.8, "drive")]
    assert list(replay.mode_spans(hours, modes)) == spans


def test_what_cannot_be_replayed(log: RunLog, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="nothing is kept of a drive"):
        replay.save_replay(replace(log, replay=None), tmp_path / "r.gif")
    with pytest.raises(UsageError, match="replays are GIF"):
        replay.save_replay(log, tmp_path / "r.mp4")
    with pytest.raises(UsageError, match=r"frames = 999: .* give 2 to 240"):
        replay.save_replay(log, tmp_path / "r.gif", frames=999)
    assert not list(tmp_path.iterdir())
