"""Labels keep out of each other's way."""

from __future__ import annotations

import numpy as np
from matplotlib.text import Text

from sim.view.labels import LabelPlacer
from sim.view.style import blank_figure


def test_labels_of_one_place_stand_apart_and_off_the_path():
    figure = blank_figure(6, 6)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 100), ylim=(0, 100))
    path = np.column_stack([np.linspace(50, 100, 200), np.full(200, 50.0)])
    placer = LabelPlacer(ax=ax, busy_m=path)
    for words in ("first place", "second place", "third place", "fourth place"):
        placer.place((50.0, 50.0), words)
    figure.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in ax.texts]
    pixels = ax.transData.transform(path)
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert not any(box.contains(*pixel) for pixel in pixels)


def test_labels_at_the_edge_stay_inside():
    figure = blank_figure(6, 6)
    ax = figure.add_axes((0.2, 0.2, 0.6, 0.6))
    ax.set(xlim=(0, 100), ylim=(0, 100))
    placer = LabelPlacer(ax=ax, busy_m=np.empty((0, 2)))
    for corner in ((1.0, 99.0), (99.0, 50.0), (1.0, 50.0), (50.0, 1.0), (50.0, 99.0)):
        placer.place(corner, "a longer label")
    figure.canvas.draw()
    for text in ax.texts:
        box = Text.get_window_extent(text)
        assert ax.bbox.x0 <= box.x0
        assert box.x1 <= ax.bbox.x1
        assert ax.bbox.y0 <= box.y0
        assert box.y1 <= ax.bbox.y1
