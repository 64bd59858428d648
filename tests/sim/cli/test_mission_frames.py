"""Frames of a panorama on disk: a run that was interrupted goes on with those that are missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rover.core.errors import ResultsError, UsageError
from sim.cli.mission_frames import check_key, kept_shares, key_of
from sim.cli.mission_products import refuse_foreign
from sim.mission.panorama import Panorama, Shot, Span, Turns, put_together
from sim.sensors.bodies import attitude
from sim.sensors.camera import Eye, Picture
from sim.sensors.lens import Lens

SPAN = Span(rows=60, cols=360, top_deg=20.0, bottom_deg=-40.0)
TURNS = Turns(count=4, tilts_deg=(0.0, -20.0))
LENS = Lens.centred("pinhole", rows=90, cols=100, fov_rad=math.radians(100.0))


class Camera:
    """Takes frames whose light tells where they look and which they are, and may be interrupted."""

    def __init__(self, last: int = 99) -> None:
        self.taken: list[int] = []
        self.last = last

    def shots(self, wanted: Sequence[int]) -> Iterator[Shot]:
        for number in wanted:
            if number > self.last:
                raise KeyboardInterrupt
            self.taken.append(number)
            pan, tilt = TURNS.pan_tilt_rad(number)
            eye = Eye(place_m=np.zeros(3), axes=attitude(math.pi / 2 + pan, tilt, 0.0))
            nothing = np.zeros((LENS.rows, LENS.cols), np.float32)
            picture = Picture(
                lens=LENS, eye=eye, radiance=nothing, range_m=nothing, part=nothing.astype(np.int16)
            )
            noise = np.random.default_rng(number).random((LENS.rows, LENS.cols, 3), dtype=np.float32)
            yield Shot(number=number, picture=picture, light=number + noise)


def made(camera: Camera, folder: Path) -> tuple[Panorama, list[tuple[float, str]]]:
    told: list[tuple[float, str]] = []
    shares = kept_shares(
        camera.shots,
        folder,
        turns=TURNS,
        span=SPAN,
        tell=lambda share, words: told.append((share, words)),
        words="ring",
    )
    return put_together(shares, SPAN), told


def test_an_interrupted_panorama_goes_on_and_comes_out_the_same(tmp_path: Path) -> None:
    first = Camera(last=4)
    with pytest.raises(KeyboardInterrupt):
        made(first, tmp_path)
    assert first.taken == [0, 1, 2, 3, 4]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [f"frame-{n:05d}.png" for n in range(5)]
    (tmp_path / "frame-00002.png").unlink()
    second = Camera()
    panorama, told = made(second, tmp_path)
    assert second.taken == [2, 5, 6, 7]
    assert told[-1] == (1.0, "ring, frame 8 of 8") and [share for share, _ in told] == sorted(
        s for s, _ in told
    )
    whole = put_together(Camera().shots(range(8)), SPAN)
    np.testing.assert_array_equal(panorama.light, whole.light)
    np.testing.assert_array_equal(panorama.shots, whole.shots)
    assert (panorama.shots[5:40] > 0).all() and panorama.shots.max() >= 3
    with Image.open(tmp_path / "frame-00007.png") as picture:
        assert picture.size == (100, 90)


def test_frames_of_something_else_are_not_gone_on_with(tmp_path: Path) -> None:
    check_key(tmp_path, "frames.json", key_of("a", 1))
    made(Camera(), tmp_path)
    check_key(tmp_path, "frames.json", key_of("a", 1))
    with pytest.raises(ResultsError, match="holds frames of another mission"):
        check_key(tmp_path, "frames.json", key_of("a", 2))
    (tmp_path / "frames.json").write_text("{")
    with pytest.raises(ResultsError, match="holds frames of another mission"):
        check_key(tmp_path, "frames.json", key_of("a", 1))


def test_a_share_that_cannot_be_read_is_told_in_a_line(tmp_path: Path) -> None:
    made(Camera(), tmp_path)
    (tmp_path / "frame-00003.npz").write_bytes(b"none")
    with pytest.raises(ResultsError, match=r"frame-00003\.npz: cannot be read"):
        made(Camera(), tmp_path)


@pytest.mark.parametrize(
    "left", ["frames", "frames-panorama", "frames-pcam-right", "timeline.json", "descent.csv"]
)
def test_a_folder_is_gone_on_with_however_early_its_run_was_interrupted(tmp_path: Path, left: str) -> None:
    refuse_foreign(tmp_path)
    refuse_foreign(tmp_path / "none")
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty, and no mission's"):
        refuse_foreign(tmp_path)
    (tmp_path / left).mkdir()
    refuse_foreign(tmp_path)
