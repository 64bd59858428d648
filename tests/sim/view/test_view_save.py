"""Pictures on disk: the same bytes for the same log, nothing half-written, no state left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import matplotlib as mpl
import numpy as np
import pytest

from rover.core.errors import OutputError, UsageError
from sim.view.maps import draw_map
from sim.view.save import save_figure
from sim.view.timelines import draw_timeline
from tests.builders.runlogs import traverse_log


@pytest.mark.parametrize("draw", [draw_map, draw_timeline])
def test_same_log_same_bytes(draw, log, tmp_path):
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    save_figure(draw(log), first)
    save_figure(draw(traverse_log()), second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG")
    assert b"matplotlib" not in first.read_bytes().lower()


def test_another_log_other_bytes(log, tmp_path):
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    save_figure(draw_map(log), first)
    save_figure(draw_map(traverse_log(goal_m=(-200.0, 200.0))), second)
    assert first.read_bytes() != second.read_bytes()


def test_the_users_own_settings_change_nothing_and_stay(log, tmp_path):
    plain, odd = tmp_path / "plain.png", tmp_path / "odd.png"
    save_figure(draw_timeline(log), plain)
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "lines.linewidth": 9, "savefig.dpi": 30}):
        before = dict(mpl.rcParams)
        save_figure(draw_timeline(log), odd)
        assert dict(mpl.rcParams) == before
    assert odd.read_bytes() == plain.read_bytes()


def test_importing_and_drawing_never_touches_pyplot():
    code = (
        "import sys\n"
        "import sim.view.maps, sim.view.timelines, sim.view.save, sim.view.tables\n"
        "from tests.builders.runlogs import refused_log\n"
        "log = refused_log()\n"
        "sim.view.maps.draw_map(log).canvas.draw()\n"
        "sim.view.timelines.draw_timeline(log).canvas.draw()\n"
        "assert 'matplotlib.figure' in sys.modules\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot'\n"
        "view = [m for n, m in sys.modules.items() if n.startswith('sim.view')]\n"
        "assert len(view) > 5\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_no_png_is_refused(log, tmp_path):
    with pytest.raises(UsageError, match=r"\.png"):
        save_figure(draw_timeline(log), tmp_path / "timeline.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_name_may_be_plain_text(log, tmp_path):
    save_figure(draw_timeline(log), str(tmp_path / "timeline.png"))
    assert (tmp_path / "timeline.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"\.png"):
        save_figure(draw_timeline(log), str(tmp_path / "timeline.svg"))


def test_a_link_to_a_picture_stays_and_a_pipe_is_no_picture(log, tmp_path):
    (tmp_path / "link.png").symlink_to("data")
    save_figure(draw_timeline(log), tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "data").read_bytes().startswith(b"\x89PNG")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(OutputError, match="pipe.png: is no regular file"):
        save_figure(draw_timeline(log), tmp_path / "pipe.png")
    assert (tmp_path / "pipe.png").is_fifo()


def test_a_folder_that_is_not_there_is_named(log, tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        save_figure(draw_timeline(log), tmp_path / "nowhere" / "timeline.png")


def test_a_failure_leaves_the_old_picture(log, tmp_path, monkeypatch):
    path = tmp_path / "timeline.png"
    path.write_bytes(b"old")
    figure = draw_timeline(log)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", full)
    with pytest.raises(OutputError, match="No space left"):
        save_figure(figure, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_pictures_have_the_size_of_a_screen(log, tmp_path):
    path = tmp_path / "map.png"
    save_figure(draw_map(log), path)
    header = path.read_bytes()[16:24]
    width, height = (int(v) for v in np.frombuffer(header, ">u4"))
    assert 1200 < width < 2400
    assert 900 < height < 2000


def test_both_pictures_are_quick(log, tmp_path):
    """A generous bound: what it guards against is a slip of an order of magnitude."""
    begun = time.process_time()
    save_figure(draw_map(log), tmp_path / "map.png")
    save_figure(draw_timeline(log), tmp_path / "timeline.png")
    assert time.process_time() - begun < 6.0
