"""Words on a map, put where they cover the least."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from sim.view import style

Points = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_FURNITURE: tuple[Box, ...] = ((0.0, 0.0, 0.24, 0.12), (0.88, 0.85, 1.0, 1.0))
"""Where scale bar and north arrow stand, in parts of the map."""
_GAPS_PT = (9.0, 20.0, 34.0)
"""Distances from a point at which a label is tried; beyond the first, a leader joins them."""


@dataclass(slots=True, kw_only=True)
class LabelPlacer:
    """Places labels beside points of one map, away from its lines and from each other.

    Attributes:
        ax: The map; its limits and its shape are final.
        busy_m: (n, 2) points in the map's frame that labels should not cover.
    """

    ax: Axes
    busy_m: Points
    _taken: list[Box] = field(default_factory=list)

    def __post_init__(self) -> None:
        for box in _FURNITURE:
            (west, south), (east, north) = self.ax.transAxes.transform([box[:2], box[2:]])
            self._taken.append((float(west), float(south), float(east), float(north)))

    def place(
        self, anchors_m: npt.ArrayLike, text: str, *, colour: str = style.INK, bold: bool = False
    ) -> None:
        """Write a label beside a point, with a thin leader where it stands off.

        Args:
            anchors_m: East and north of the point, or (n, 2) of points any of which would do.
            text: The label.
            colour, bold: Its look.
        """
        per_pt = self.ax.figure.dpi / 72
        width, height = _text_size(text, style.TEXT_PT * (1.06 if bold else 1.0))
        anchors = np.asarray(anchors_m, np.float64).reshape(-1, 2)
        choices = [(anchor, side, gap) for gap in _GAPS_PT for side in _SIDES for anchor in anchors]
        pixels = [self.ax.transData.transform(anchor) for anchor, _, _ in choices]
        boxes = [
            _box(pixel, side, gap * per_pt, width * per_pt, height * per_pt)
            for pixel, (_, side, gap) in zip(pixels, choices, strict=True)
        ]
        busy = self.ax.transData.transform(self.busy_m) if len(self.busy_m) else np.empty((0, 2))
        best = int(np.argmin([self._cost(box, busy) + 4.0 * i / len(boxes) for i, box in enumerate(boxes)]))
        self._taken.append(boxes[best])
        point, _, gap_pt = choices[best]
        self._write((float(point[0]), float(point[1])), text, boxes[best], gap_pt, colour, bold)

    def _cost(self, box: Box, busy: Points) -> float:
        west, south, east, north = box
        covered = (busy[:, 0] > west) & (busy[:, 0] < east) & (busy[:, 1] > south) & (busy[:, 1] < north)
        clashes = sum(_overlap(box, other) for other in self._taken)
        outside = not _within(box, self.ax.bbox.extents)
        return 10.0 * covered.any() + float(covered.sum()) + 200.0 * clashes + 400.0 * outside

    def _write(
        self, point_m: tuple[float, float], text: str, box: Box, gap_pt: float, colour: str, bold: bool
    ) -> None:
        middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
        offset = (middle - self.ax.transData.transform(point_m)) * 72 / self.ax.figure.dpi
        leader = {"arrowstyle": "-", "color": colour, "lw": 0.8, "shrinkA": 0, "shrinkB": 4}
        self.ax.annotate(
            text,
            point_m,
            xytext=(float(offset[0]), float(offset[1])),
            textcoords="offset points",
            ha="center",
            va="center",
            multialignment="left",
            fontsize=style.TEXT_PT,
            fontweight="bold" if bold else "normal",
            color=colour,
            path_effects=style.halo(3.0),
            arrowprops=leader if gap_pt > _GAPS_PT[0] else None,
            zorder=9,
        )


def _text_size(text: str, size_pt: float) -> tuple[float, float]:
    """Return about how wide and high a text is, in points."""
    lines = text.split("\n")
    return 0.6 * size_pt * max(len(line) for line in lines), 1.35 * size_pt * len(lines)


def _box(anchor: Points, side: tuple[int, int], gap: float, width: float, height: float) -> Box:
    x = anchor[0] + side[0] * (gap * (0.75 if side[1] else 1.0) + width / 2)
    y = anchor[1] + side[1] * (gap * (0.75 if side[0] else 1.0) + height / 2)
    return float(x - width / 2), float(y - height / 2), float(x + width / 2), float(y + height / 2)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _within(box: Box, bounds: npt.ArrayLike) -> bool:
    west, south, east, north = np.asarray(bounds, np.float64)
    return bool(box[0] > west and box[1] > south and box[2] < east and box[3] < north)
