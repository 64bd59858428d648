"""A panorama as a picture: rectangular with its scale of azimuths, and as a disc with the horizon at its rim."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
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
_MARGIN_PX, _HEAD_PX, _FOOT_PX = 110, 200, 110
_LEVELS, _LEVEL_PX, _TITLE_PX = 4, 31, 38
_DISC_PX, _HOLE, _ROOM_PX, _ASIDE_PX = 1400, 0.18, 130, 330
_LABEL_OUT, _LABEL_APART = 1.17, 0.13
_POINTS = {0: "N", 45: "NE", 90: "E", 135: "SE", 180: "S", 225: "SW", 270: "W", 315: "NW"}
_CHARACTER_PX, _APART_PX, _LINE_PX = 14.5, 16, 3
"""Width of a character of a name, at most, room between names, and between a name and another's line."""


def shown(light: Colours, key: float) -> npt.NDArray[np.uint8]:
    """Return (rows, cols, 3) colours of a screen: `key` is half of what it can show, and what is brighter is squeezed.

    Reinhard et al. 2002, doi:10.1145/566654.566575, equation 4.
    """
    told = light / key
    bright = np.clip(told * (1.0 + told / _WHITE_KEYS**2) / (1.0 + told), 0.0, 1.0)
    return np.asarray(np.rint(255.0 * bright**_GAMMA), np.uint8)


def draw_ring(
    light: Colours,
    *,
    key: float,
    top_deg: float,
    bottom_deg: float,
    marks: Sequence[Named],
    title: str,
    covered: npt.NDArray[np.bool_] | None = None,
) -> Figure:
    """Return a figure of a panorama at a pixel a pixel, with azimuths under it and names in it.

    Args:
        light: (rows, cols, 3) radiance; column 0 begins at azimuth 0, clockwise.
        key: Radiance that is shown half as bright as can be.
        top_deg, bottom_deg: Elevations of the edges.
        marks: What is named.
        title: Heading.
        covered: (rows, cols) where there is a picture; everywhere if left out.
    """
    rows, cols, _ = light.shape
    picture = shown(light, key)
    if covered is not None:
        picture[~covered] = np.rint(255.0 * np.array(to_rgb(style.NO_DATA)))
    page = cols + 2 * _MARGIN_PX, rows + _HEAD_PX + _FOOT_PX
    with style.house_style():
        figure = style.blank_figure(page[0] / _DPI, page[1] / _DPI)
        box = _MARGIN_PX / page[0], _FOOT_PX / page[1], cols / page[0], rows / page[1]
        ax = figure.add_axes(box)
        ax.imshow(
            picture,
            extent=(0.0, 360.0, bottom_deg, top_deg),
            aspect="auto",
            interpolation="nearest",
        )
        ax.set_xticks(range(0, 361, 15))
        ax.set_xticklabels([_azimuth_words(deg) for deg in range(0, 361, 15)], fontsize=13)
        ax.tick_params(axis="y", labelsize=12)
        ax.set_ylabel("elevation, deg", fontsize=12)
        ax.set_xlabel("azimuth, deg", fontsize=13)
        _name(ax, marks, (cols, rows), top_deg, bottom_deg)
        figure.text(
            _MARGIN_PX / page[0],
            1 - _TITLE_PX / page[1],
            title,
            fontsize=20,
            fontweight="bold",
            va="center",
        )
        return figure


def _azimuth_words(deg: int) -> str:
    point = _POINTS.get(deg % 360)
    return f"{deg}" if point is None else f"{deg} {point}"


def _name(ax: Axes, marks: Sequence[Named], size: tuple[int, int], top_deg: float, bottom_deg: float) -> None:
    """Write names over the picture, each with a line straight down to what it is of."""
    cols, rows = size
    ordered = sorted(marks, key=lambda mark: mark[1])
    places = placed(
        [azimuth / 360.0 * cols for _, azimuth, _ in ordered], [words for words, _, _ in ordered], cols
    )
    for (words, azimuth, elevation), (side, level) in zip(ordered, places, strict=True):
        at = top_deg + (10 + _LEVEL_PX * level) * (top_deg - bottom_deg) / rows
        ax.annotate(
            words, (azimuth, elevation), (azimuth, at), fontsize=12, color=style.INK, ha=side, va="bottom",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": "white", "lw": 1.1, "shrinkA": 0.0, "shrinkB": 1.0,
                "relpos": (_SIDES[side], 0.0),
                "path_effects": style.halo(2.4, style.INK),
            },
        )  # fmt: skip


_SIDES = {"center": 0.5, "left": 0.0, "right": 1.0}


def placed(at_px: Sequence[float], words: Sequence[str], cols: int) -> list[tuple[str, int]]:
    """Return how each name is aligned at its line and on which level it stands, so that none is crossed.

    Args:
        at_px: Column of each name's line, ascending.
        words: The names.
        cols: Of the picture: no name reaches past it.
    """
    spans = [
        {"center": (x - 0.5 * w, x + 0.5 * w), "left": (x, x + w), "right": (x - w, x)}
        for x, w in ((x, _CHARACTER_PX * len(name)) for x, name in zip(at_px, words, strict=True))
    ]
    choices = [
        [(side, level) for level in range(_LEVELS) for side, (a, b) in span.items() if a >= 0 and b <= cols]
        or [("center", 0)]
        for span in spans
    ]

    def crossed(one: int, other: int, kept: Sequence[tuple[str, int]]) -> bool:
        (first, last), level = spans[one][kept[one][0]], kept[one][1]
        (begin, end), beside = spans[other][kept[other][0]], kept[other][1]
        if level == beside:
            return first < end + _APART_PX and begin < last + _APART_PX
        line, (a, b) = (at_px[one], (begin, end)) if level > beside else (at_px[other], (first, last))
        return a - _LINE_PX < line < b + _LINE_PX

    def rest(kept: list[tuple[str, int]]) -> list[tuple[str, int]] | None:
        if len(kept) == len(spans):
            return kept
        for choice in choices[len(kept)]:
            trial = [*kept, choice]
            if not any(crossed(n, len(kept), trial) for n in range(len(kept))):
                found = rest(trial)
                if found is not None:
                    return found
        return None

    return rest([]) or [("center", n % _LEVELS) for n in range(len(spans))]


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
    disc[share < 0] = np.rint(255.0 * np.array(to_rgb(style.NO_DATA)))  # lower than any frame
    for band in range(3):
        disc[inside, band] = map_coordinates(
            seen[..., band], [row, col], order=1, mode="grid-wrap", output=np.uint8
        )
    wide, high = _DISC_PX + 2 * _ASIDE_PX, _DISC_PX + 2 * _ROOM_PX
    with style.house_style():
        figure = style.blank_figure(wide / _DPI, high / _DPI)
        ax = figure.add_axes((_ASIDE_PX / wide, _ROOM_PX / high, _DISC_PX / wide, _DISC_PX / high))
        ax.imshow(disc, extent=(-1, 1, -1, 1), interpolation="nearest")
        ax.set_axis_off()
        for deg in range(0, 360, 15):
            way = math.sin(math.radians(deg)), math.cos(math.radians(deg))
            ax.plot(
                [way[0], 1.015 * way[0]], [way[1], 1.015 * way[1]], color=style.INK, lw=0.8, clip_on=False
            )
            bold = "bold" if deg in _POINTS else "normal"
            side = "left" if way[0] > 0.2 else "right" if way[0] < -0.2 else "center"
            out = 1.06 if side == "center" else 1.03
            ax.text(
                out * way[0], out * way[1], _azimuth_words(deg), ha=side, va="center", fontsize=11,
                fontweight=bold, zorder=6, path_effects=style.halo(3.0),
            )  # fmt: skip
        _name_beside(ax, marks, top_deg, bottom_deg)
        figure.text(0.02, 0.975, title, fontsize=13, fontweight="bold", va="center")
        return figure


def _name_beside(ax: Axes, marks: Sequence[Named], top_deg: float, bottom_deg: float) -> None:
    """Write names beside a disc, on the side where each thing is, with lines to them."""
    for side, align in ((1.0, "left"), (-1.0, "right")):
        points = []
        for words, azimuth_deg, elevation in marks:
            out = _HOLE + (1.0 - _HOLE) * (elevation - bottom_deg) / (top_deg - bottom_deg)
            east, north = (f(math.radians(azimuth_deg)) for f in (math.sin, math.cos))
            if (east >= 0.0) == (side > 0.0):
                points.append((north, words, (out * east, out * north)))
        points.sort(reverse=True)
        high = _spread([north for north, _, _ in points], _LABEL_APART)
        for (_, words, at), y in zip(points, high, strict=True):
            ax.annotate(
                words.replace(", ", "\n"), at, (side * _LABEL_OUT, y), fontsize=10, color=style.INK, ha=align,
                va="center", annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-", "color": "white", "lw": 1.0, "relpos": (0.0 if side > 0 else 1.0, 0.5),
                    "path_effects": style.halo(2.2, style.INK),
                },
            )  # fmt: skip


def _spread(wanted: Sequence[float], apart: float) -> list[float]:
    """Return places, given in descending order, moved as far down as keeps them apart, and back up by half of that."""
    found: list[float] = []
    for y in wanted:
        found.append(min(y, found[-1] - apart) if found else y)
    moved = max((y - z for y, z in zip(wanted, found, strict=True)), default=0.0)
    return [z + 0.5 * moved for z in found]
