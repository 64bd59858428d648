"""The map of a landing place: the ground, the lander on it, and where the rover was when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rover.core.grid import Dem
from sim.view import ground, style
from sim.view.heading import draw_heading
from sim.view.labels import LabelPlacer
from sim.view.sheet import Sheet
from sim.view.window import whole

Points = npt.NDArray[np.float64]
Stop = tuple[str, float, float]
"""Words, east and north."""


def draw_landing_map(
    dem: Dem,
    *,
    lander_m: tuple[float, float],
    stops: Sequence[Stop],
    ways_m: Sequence[Points] = (),
    below_m: Points,
    title: str,
    words: str,
) -> Figure:
    """Return the map of a landing place.

    Args:
        dem: The ground shown.
        lander_m: East and north of the lander in its frame.
        stops: Where the rover was, in order.
        ways_m: (n, 2) of each way that it drove.
        below_m: (n, 2) over which the lander came down; what lies outside the map is left out.
        title, words: Heading.
    """
    with style.house_style():
        window = whole(dem.geometry)
        sheet = Sheet(dem, window)
        entries: list[Artist] = []
        entries += _way_down(sheet, below_m[window.holds(below_m)])
        entries += _driven(sheet, ways_m)
        mark: dict[str, Any] = {"ls": "", "mec": style.INK, "mew": 1.2, "zorder": 8}
        lander = Line2D(
            [lander_m[0]], [lander_m[1]], marker="s", ms=11, mfc=style.YELLOW, label="lander", **mark
        )
        sheet.map.add_line(lander)
        entries.append(lander)
        points = np.array([(east, north) for _, east, north in stops], np.float64).reshape(-1, 2)
        if len(points):
            rover = Line2D(points[:, 0], points[:, 1], marker="o", ms=8, mfc=style.SKY, label="rover", **mark)
            sheet.map.add_line(rover)
            entries.append(rover)
        placer = LabelPlacer(ax=sheet.map, busy_m=np.vstack([np.array([lander_m]), points]))
        placer.place(lander_m, "lander", bold=True)
        for name, east, north in stops:
            placer.place((east, north), name)
        sheet.explain([("Landing place", entries), ("Ground", ground.gap_entries(dem))])
        draw_heading(sheet.figure, title, [words], colour=style.FAINT_INK)
        return sheet.figure


def _driven(sheet: Sheet, ways_m: Sequence[Points]) -> list[Artist]:
    """Draw the rover's ways, and return one of them for the legend."""
    lines = [
        Line2D(way[:, 0], way[:, 1], color=style.BLUE, lw=2.4, label="driven by the rover", zorder=7)
        for way in ways_m
        if len(way) > 1
    ]
    for line in lines:
        sheet.map.add_line(line)
    return list(lines[:1])


def _way_down(sheet: Sheet, points_m: Points) -> list[Artist]:
    if len(points_m) < 2:
        return []
    line = Line2D(
        points_m[:, 0],
        points_m[:, 1],
        color=style.ORANGE,
        ls="--",
        lw=2.0,
        label="lander's way down",
        zorder=6,
    )
    sheet.map.add_line(line)
    return [line]
