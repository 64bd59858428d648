"""A panorama as a picture: rectangular with its scale of azimuths, and as a disc with the horizon at its rim."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import map_coordinates

from sim.view import style

Colours = npt.NDArray[np.float32]
Named = tuple[str, float, float]
"""Words, azimuth and elevation in degrees."""

_GAMMA = 1.0 / 1.8
_WHITE_KEYS = 8.0
"""What is so much brighter than the key is white."""

_DPI = style.DPI
_MARGIN_PX, _HEAD_PX, _FOOT_PX = 110, 90, 110
_DISC_PX, _HOLE, _ROOM_PX = 1400, 0.18, 130
_INWARDS = (0.55, 0.78)
_POINTS = {0: "N", 45: "NE", 90: "E", 135: "SE", 180: "S", 225: "SW", 270: "W", 315: "NW"}
_CHARACTER_DEG = 1.35
"""Width of a character of a name, as azimuth."""


def shown(light: Colours, key: float) -> npt.NDArray[np.uint8]:
    """Return (rows, cols, 3) colours of a screen: `key` is half of what it can show, and what is brighter is squeezed.

    Reinhard et al. 2002, doi:10.1145/566654.566575, equation 4.
    """
    told = light / key
    bright = np.clip(told * (1.0 + told / _WHITE_KEYS**2) / (1.0 + told), 0.0, 1.0)
    return np.asarray(np.rint(255.0 * bright**_GAMMA), np.uint8)


def draw_ring(
    light: Colours, *, key: float, top_deg: float, bottom_deg: float, marks: Sequence[Named], title: str
) -> Figure:
    """Return a figure of a panorama at a pixel a pixel, with azimuths under it and names in it.

    Args:
        light: (rows, cols, 3) radiance; column 0 begins at azimuth 0, clockwise.
        key: Radiance that is shown half as bright as can be.
        top_deg, bottom_deg: Elevations of the edges.
        marks: What is named.
        title: Heading.
    """
    rows, cols, _ = light.shape
    page = cols + 2 * _MARGIN_PX, rows + _HEAD_PX + _FOOT_PX
    with style.house_style():
        figure = style.blank_figure(page[0] / _DPI, page[1] / _DPI)
        box = _MARGIN_PX / page[0], _FOOT_PX / page[1], cols / page[0], rows / page[1]
        ax = figure.add_axes(box)
        ax.imshow(
            shown(light, key),
            extent=(0.0, 360.0, bottom_deg, top_deg),
            aspect="auto",
            interpolation="nearest",
        )
        ax.set_xticks(range(0, 361, 15))
        ax.set_xticklabels([_azimuth_words(deg) for deg in range(0, 361, 15)], fontsize=13)
        ax.tick_params(axis="y", labelsize=12)
        ax.set_ylabel("elevation, deg", fontsize=12)
        ax.set_xlabel("azimuth, deg", fontsize=13)
        _name(ax, marks, top_deg)
        figure.text(
            _MARGIN_PX / page[0],
            1 - 0.5 * _HEAD_PX / page[1],
            title,
            fontsize=20,
            fontweight="bold",
            va="center",
        )
        return figure


def _azimuth_words(deg: int) -> str:
    point = _POINTS.get(deg % 360)
    return f"{deg}" if point is None else f"{deg} {point}"


def _name(ax: Axes, marks: Sequence[Named], top_deg: float) -> None:
    """Write names into the sky, each with a line down to what it is of; those too near one another by steps."""
    taken: list[tuple[float, float, int]] = []
    for words, azimuth, elevation in sorted(marks, key=lambda mark: mark[1]):
        side = "left" if azimuth < 40 else "right" if azimuth > 320 else "center"
        wide = _CHARACTER_DEG * len(words)
        begin = azimuth - {"left": 0.0, "center": wide / 2, "right": wide}[side]
        busy = {step for first, last, step in taken if begin < last and first < begin + wide}
        step = next(n for n in range(len(marks) + 1) if n not in busy)
        taken.append((begin, begin + wide, step))
        at = top_deg - 3.0 - 2.7 * step
        ax.annotate(
            words, (azimuth, elevation), (azimuth, at), fontsize=12, color="white", ha=side, va="bottom",
            arrowprops={"arrowstyle": "-", "color": "white", "lw": 0.9, "shrinkB": 2.0},
            path_effects=style.halo(2.0, "black"),
        )  # fmt: skip


def draw_disc(
    light: Colours, *, key: float, top_deg: float, bottom_deg: float, marks: Sequence[Named], title: str
) -> Figure:
    """Return a figure of a panorama as a disc: north is up, azimuths go clockwise, and height grows outwards.

    Arguments as `draw_ring` takes them.
    """
    rows, cols, _ = light.shape
    middle = (_DISC_PX - 1) / 2
    y, x = np.mgrid[0:_DISC_PX, 0:_DISC_PX] - middle
    radius = np.hypot(x, y) / (_DISC_PX / 2)
    azimuth = np.arctan2(x, -y) % math.tau
    share = (radius - _HOLE) / (1.0 - _HOLE)
    inside = (share >= 0) & (share <= 1)
    row = np.clip((1.0 - share[inside]) * rows - 0.5, 0.0, rows - 1.0)
    col = azimuth[inside] / math.tau * cols - 0.5
    seen = shown(light, key)
    disc = np.full((_DISC_PX, _DISC_PX, 3), 255, np.uint8)
    for band in range(3):
        disc[inside, band] = map_coordinates(
            seen[..., band], [row, col], order=1, mode="grid-wrap", output=np.uint8
        )
    page = _DISC_PX + 2 * _ROOM_PX
    with style.house_style():
        figure = style.blank_figure(page / _DPI, page / _DPI)
        ax = figure.add_axes((_ROOM_PX / page, _ROOM_PX / page, _DISC_PX / page, _DISC_PX / page))
        ax.imshow(disc, extent=(-1, 1, -1, 1), interpolation="nearest")
        ax.set_axis_off()
        for deg in range(0, 360, 15):
            way = math.sin(math.radians(deg)), math.cos(math.radians(deg))
            ax.plot(
                [way[0], 1.015 * way[0]], [way[1], 1.015 * way[1]], color=style.INK, lw=0.8, clip_on=False
            )
            bold = "bold" if deg in _POINTS else "normal"
            ax.text(
                1.06 * way[0], 1.06 * way[1], _azimuth_words(deg), ha="center", va="center", fontsize=11,
                fontweight=bold,
            )  # fmt: skip
        for number, (words, azimuth_deg, elevation) in enumerate(marks):
            out = _HOLE + (1.0 - _HOLE) * (elevation - bottom_deg) / (top_deg - bottom_deg)
            angle = math.radians(azimuth_deg)
            at = out * math.sin(angle), out * math.cos(angle)
            inwards = _INWARDS[number % len(_INWARDS)] * out
            ax.annotate(
                words.replace(", ", "\n"), at, (inwards * math.sin(angle), inwards * math.cos(angle)), fontsize=9,
                color="white", ha="center", va="center", path_effects=style.halo(2.0, "black"),
                arrowprops={"arrowstyle": "-", "color": "white", "lw": 0.9},
            )  # fmt: skip
        figure.text(0.02, 0.975, title, fontsize=13, fontweight="bold", va="center")
        return figure
