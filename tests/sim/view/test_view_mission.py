"""Pictures of a mission: what stands in them is what was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from rover.core.errors import ResultsError
from sim.view.descent import DescentCurves, ScanSheet, draw_descent
from sim.view.film import save_film, save_frame
from sim.view.ring import draw_disc, draw_ring, shown

TIME = np.linspace(0.0, 700.0, 50)
CURVES = DescentCurves(
    time_s=TIME,
    height_m=np.linspace(15_000.0, 0.0, 50),
    down_m_s=np.linspace(-400.0, 3.0, 50),
    level_m_s=np.linspace(1700.0, 0.0, 50),
    thrust_n=np.full(50, 7000.0),
    tilt_deg=np.linspace(100.0, 0.0, 50),
    propellant_kg=np.linspace(1500.0, 150.0, 50),
    phases=(
        ("braking", 0.0),
        ("approach", 600.0),
        ("hover", 660.0),
        ("avoidance", 668.0),
        ("engine off", 699.0),
    ),
)


def test_curves_are_those_given_and_the_scan_lies_as_seen() -> None:
    hazardous = np.zeros((4, 6), np.uint8)  # rows to the left, columns ahead
    hazardous[3, 0] = 1  # far left, behind
    scan = ScanSheet(
        hazardous=hazardous, extent_m=(-3.0, 3.0, -2.0, 2.0), footprint_m=0.5, below_m=(0.0, 0.0), chosen_m=(2.0, 1.0),
        words="found",
    )  # fmt: skip
    figure = draw_descent(CURVES, scan, title="landing")
    height, speed, thrust, rest, *_ = figure.axes
    assert height.lines[0].get_ydata()[0] == 15_000.0
    assert [line.get_label() for line in speed.lines[:2]] == ["level", "down"]
    assert max(thrust.lines[0].get_ydata()) == pytest.approx(7.0)
    assert rest.lines[0].get_ydata()[-1] == 150.0
    ax: Any = next(ax for ax in figure.axes if ax.images)
    assert (
        ax.images[0].get_array()[0, 0] == 1 and ax.images[0].get_array().sum() == 1
    )  # lower left: behind, left
    chosen = next(patch for patch in ax.patches if patch.get_label() == "chosen")
    assert chosen.center == (-1.0, 2.0)  # to the right it is minus one
    assert len(draw_descent(CURVES, None, title="landing").axes) == 5


def test_every_phase_is_named_over_its_beginning_and_no_name_lies_on_another() -> None:
    figure = draw_descent(CURVES, None, title="landing")
    high = figure.axes[0]
    assert [text.get_text() for text in high.texts] == [name for name, _ in CURVES.phases]
    assert [line.get_xdata()[0] for line in high.lines[-5:]] == [begin for _, begin in CURVES.phases]  # type: ignore[index]
    figure.canvas.draw()
    slant = np.radians(high.texts[0].get_rotation())
    corners = [high.transData.transform((text.get_position()[0], 0.0))[0] for text in high.texts]
    tall = high.texts[0].get_fontsize() * figure.dpi / 72.0
    assert (np.diff(corners) * np.sin(slant) > tall).all()


def extents(texts: Any) -> dict[str, Any]:
    """Of the words alone; an annotation's own extent takes in its line."""
    return {text.get_text(): Text.get_window_extent(text) for text in texts}


CROWDED = [
    ("crater 10 m wide, 23 m away", 53.2, -5.3), ("crater 23 m wide, 36 m away", 85.3, -3.0), ("rover", 317.5, -6.0),
    ("Sun, 20.7 deg high", 294.0, 10.0), ("crater 53 m wide, 140 m away", 329.0, 0.3),
    ("crater 13 m wide, 116 m away", 352.7, -0.3),
]  # fmt: skip


def test_names_of_a_crowded_ring_are_crossed_by_no_name_and_no_line() -> None:
    light = np.full((600, 3600, 3), 0.05, np.float32)
    figure = draw_ring(light, key=0.05, top_deg=10.0, bottom_deg=-50.0, marks=CROWDED, title="ring")
    (ax,) = figure.axes
    figure.canvas.draw()
    boxes = extents(ax.texts)
    assert set(boxes) == {words for words, _, _ in CROWDED}
    frame = ax.get_window_extent()
    for words, azimuth, _ in CROWDED:
        at = ax.transData.transform((azimuth, 0.0))[0]
        assert boxes[words].y0 >= frame.y1 and boxes[words].x0 - 2 <= at <= boxes[words].x1 + 2
        for other, box in boxes.items():
            if other != words:
                assert not boxes[words].overlaps(box)
                assert not (box.x0 < at < box.x1 and box.y0 < boxes[words].y0)


def test_names_beside_a_disc_lie_apart() -> None:
    light = np.full((60, 360, 3), 0.02, np.float32)
    figure = draw_disc(light, key=0.05, top_deg=10.0, bottom_deg=-50.0, marks=CROWDED, title="disc")
    (ax,) = figure.axes
    figure.canvas.draw()
    boxes = extents(ax.texts)
    names = [words.replace(", ", "\n") for words, _, _ in CROWDED]
    for n, words in enumerate(names):
        assert boxes[words].x0 >= 0 and boxes[words].x1 <= figure.bbox.x1
        for other in boxes:
            assert other in names[: n + 1] or not boxes[words].overlaps(boxes[other])


def test_a_film_shows_its_frames_and_their_captions(tmp_path: Path) -> None:
    frames = []
    for n, grey in enumerate((40, 200)):
        frames.append(tmp_path / f"{n}.png")
        save_frame(np.full((64, 64), grey, np.uint8), frames[-1])
    save_film(frames, ["T-2 s", "T-1 s"], tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 2 and film.size[1] > film.size[0]
        for n, grey in enumerate((40, 200)):
            film.seek(n)
            page = np.asarray(film.convert("L"))
            assert abs(int(page[30, 30]) - grey) <= 4  # of fewer greys
            assert page[64:].max() > 150 and page[64:].min() < 20  # words on black
    (tmp_path / "0.png").write_bytes(b"none")
    with pytest.raises(ResultsError, match="is no picture"):
        save_film(frames, ["", ""], tmp_path / "film.gif")


def test_bright_things_keep_their_order() -> None:
    light = np.array([[[0.0] * 3, [0.05] * 3, [0.1] * 3, [0.4] * 3, [5.0] * 3]], np.float32)
    grey = shown(light, 0.1)[0, :, 0].astype(int)
    assert (np.diff(grey) > 0).all()
    assert grey[0] == 0 and grey[-1] == 255
    assert grey[2] == pytest.approx(255 * (0.5 * (1 + 1 / 64)) ** (1 / 1.8), abs=1)


def test_a_ring_names_things_at_their_azimuths_without_overlap() -> None:
    light = np.full((600, 3600, 3), 0.05, np.float32)
    marks = [("rover", 100.0, -5.0), ("crater 20 m wide, 40 m away", 105.0, 0.0), ("Sun", 300.0, 10.0)]
    figure = draw_ring(light, key=0.05, top_deg=10.0, bottom_deg=-50.0, marks=marks, title="ring")
    (ax,) = figure.axes
    found = {text.get_text(): text for text in ax.texts}
    assert set(found) == {words for words, _, _ in marks}
    for words, azimuth, elevation in marks:
        assert found[words].xy == (azimuth, elevation)  # type: ignore[attr-defined]
    figure.canvas.draw()
    # Of the words alone; an annotation's own extent takes in its line.
    boxes = [Text.get_window_extent(found[words]) for words in ("rover", "crater 20 m wide, 40 m away")]
    assert not boxes[0].overlaps(boxes[1])
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert ticks[0] == "0 N" and "90 E" in ticks and "225 SW" in ticks


def test_a_disc_has_north_up_and_east_right() -> None:
    light = np.full((60, 360, 3), 0.02, np.float32)
    light[:, 85:95] = 1.0  # a bright wedge in the east
    figure = draw_disc(light, key=0.05, top_deg=10.0, bottom_deg=-50.0, marks=[], title="disc")
    picture: Any = figure.axes[0].images[0].get_array()
    side = picture.shape[0]
    row, col = np.nonzero(picture[..., 0] > 240)
    disc = np.hypot(row - side / 2, col - side / 2)
    wedge = (disc < 0.95 * side / 2) & (disc > 0.25 * side / 2)
    assert (col[wedge] > side / 2).all()
    assert row[wedge].mean() == pytest.approx(side / 2, abs=0.02 * side)
