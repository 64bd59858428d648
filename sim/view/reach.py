"""What is reached before dusk, when to leave for the goal at the latest, and how good each haven is: three maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rover.core.grid import Dem
from sim.view import frame, style
from sim.view.heading import HEIGHT_IN, draw_heading
from sim.view.layer import Layer, draw_layer
from sim.view.light import draw_bright_scale_bar
from sim.view.window import Window, whole

Floats = npt.NDArray[np.floating]
Place = tuple[float, float]

_WIDTH_IN, _LEFT_IN, _RIGHT_IN = 13.2, 0.85, 0.35
_ACROSS_IN, _BAR_IN, _KEY_IN = 0.45, 1.75, 0.42
_LEVELS = 6
_DUSK = style.VERMILLION
_START: dict[str, Any] = {
    "marker": "o",
    "ms": 8,
    "mfc": style.PAPER,
    "mec": style.INK,
    "mew": 1.8,
    "ls": "none",
}
_GOAL: dict[str, Any] = {
    "marker": "*",
    "ms": 14,
    "mfc": style.PAPER,
    "mec": style.INK,
    "mew": 1.2,
    "ls": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReachSheet:
    """What the sheet shows.

    Attributes:
        title, lines: Heading.
        dem: The ground.
        arrive_h: (rows, cols) hours from the departure to the earliest arrival; NaN where it is not reached before
            dusk, round which a line is drawn.
        leave_h: (rows, cols) hours before dusk by which to leave for the goal; NaN where no time is early enough.
        haven: (rows, cols) score of 0 to 1; NaN where no night may be spent; None where it is not known.
        start_m, goal_m: Departure and goal, east and north.
    """

    title: str
    lines: Sequence[str]
    dem: Dem
    arrive_h: Floats
    leave_h: Floats
    haven: Floats | None
    start_m: Place
    goal_m: Place


def draw_reach(sheet: ReachSheet) -> Figure:
    """Return the picture: isochrones with the line of dusk, latest departure, and haven quality."""
    with style.house_style():
        window = whole(sheet.dem.geometry)
        side = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN - 2 * _ACROSS_IN) / 3
        map_in = side * min(1.0, window.width / window.height), side * min(1.0, window.height / window.width)
        height = HEIGHT_IN + 0.3 + map_in[1] + _BAR_IN
        figure = style.blank_figure(_WIDTH_IN, height)
        hours = "hours from departure"
        panels = [
            ("Earliest arrival", Layer(values=sheet.arrive_h, label=hours, cmap="cividis_r"), "arrival"),
            (
                "Latest departure for the goal",
                Layer(
                    values=sheet.leave_h,
                    label="hours before dusk, by driving and commands alone",
                    low=None,
                    cmap="cividis_r",
                ),
                "departure",
            ),
        ]
        if sheet.haven is not None:
            layer = Layer(values=sheet.haven, label="score, 0 to 1", high=1.0)
            panels.append(("Haven quality", layer, "haven"))
        for col, (title, layer, gid) in enumerate(panels):
            left = _LEFT_IN + col * (side + _ACROSS_IN)
            place = left / _WIDTH_IN, _BAR_IN / height, map_in[0] / _WIDTH_IN, map_in[1] / height
            ax = figure.add_axes(place)
            scale = draw_layer(ax, sheet.dem, layer, window)
            if gid != "haven":
                _draw_isochrones(ax, sheet.dem, layer.values, window)
            if gid == "arrival":
                _draw_dusk(ax, sheet)
            _draw_mark(ax, sheet.start_m, _START, "start")
            if gid == "departure":
                _draw_mark(ax, sheet.goal_m, _GOAL, "goal")
            _finish(ax, sheet, window, title, first=col == 0)
            _draw_bar(figure, ax, scale, layer.label)
        _explain(figure, height)
        draw_heading(figure, sheet.title, sheet.lines, colour=style.BLUE)
        return figure


def _grid(dem: Dem) -> tuple[Floats, Floats]:
    geometry = dem.geometry
    east = geometry.east_m + np.arange(geometry.cols) * geometry.resolution_m
    north = geometry.north_m + np.arange(geometry.rows) * geometry.resolution_north_m
    return east, north


def _draw_isochrones(ax: Axes, dem: Dem, values: Floats, window: Window) -> None:
    """Draw lines of equal hours, with figures where these lie within the frame and beside the arrow of north."""
    known = values[np.isfinite(values)]
    if known.size == 0 or float(np.ptp(known)) == 0.0:
        return
    low, high = np.percentile(known, [1, 99])
    low = 0.0 if low < high / 2 else low
    levels = [
        level
        for level in MaxNLocator(_LEVELS, steps=[1, 2, 5, 10]).tick_values(low, high)
        if low < level <= high
    ]
    lines = ax.contour(
        *_grid(dem), np.ma.masked_invalid(values), levels=levels, colors=style.INK, linewidths=0.7
    )
    lines.set_gid("isochrones")
    labels = ax.clabel(
        lines, inline=False, fmt=lambda time: f"{style.number(time)} h", fontsize=style.SMALL_PT
    )
    for label in labels or []:
        label.set_path_effects(style.halo(3))
        across, up = label.get_position()
        across, up = (across - window.west) / window.width, (up - window.south) / window.height
        if not (0.07 < across < 0.93 and 0.05 < up < 0.95) or (across > 0.85 and up > 0.8):
            label.remove()


def _draw_dusk(ax: Axes, sheet: ReachSheet) -> None:
    """Draw the line up to which the rover comes before dusk."""
    beyond = np.isnan(sheet.arrive_h)
    if beyond.all() or not beyond.any():
        return
    for colour, width in ((style.PAPER, 4.2), (_DUSK, 2.2)):
        edge = ax.contour(
            *_grid(sheet.dem), beyond.astype(float), levels=[0.5], colors=colour, linewidths=width
        )
        edge.set_gid("dusk")


def _draw_mark(ax: Axes, place_m: Place, look: dict[str, Any], gid: str) -> None:
    ax.plot(*place_m, **look, zorder=9, gid=gid)


def _finish(ax: Axes, sheet: ReachSheet, window: Window, title: str, *, first: bool) -> None:
    frame.draw_coordinates(ax, window)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.set_title(title, loc="left", fontsize=style.TEXT_PT + 1, fontweight="bold")
    draw_bright_scale_bar(ax, window)
    if first:
        frame.draw_north(ax, window, sheet.dem.geometry.site.grid_north_rad)
    else:
        ax.set_ylabel("")
        ax.tick_params(labelleft=False)


def _draw_bar(figure: Figure, ax: Axes, scale: ScalarMappable, label: str) -> None:
    height = float(figure.get_size_inches()[1])
    place = ax.get_position()
    at = figure.add_axes((place.x0, (_KEY_IN + 0.42) / height, place.width, 0.13 / height))
    bar = figure.colorbar(scale, cax=at, orientation="horizontal")
    bar.set_label(label, fontsize=style.SMALL_PT)
    bar.locator = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
    bar.formatter = FuncFormatter(style.number)
    bar.update_ticks()
    at.tick_params(labelsize=style.SMALL_PT, length=3)


def _explain(figure: Figure, height_in: float) -> None:
    """Say what the marks and the grey mean."""
    entries = [
        Line2D([], [], **_START, label="departure"),
        Line2D([], [], **_GOAL, label="goal"),
        Line2D([], [], color=style.INK, lw=0.7, label="equal time"),
        Line2D([], [], color=_DUSK, lw=2.2, label="dusk"),
        Patch(
            facecolor=style.NO_DATA,
            edgecolor=style.FAINT_INK,
            lw=0.5,
            label="not reached; too late; no haven",
        ),
    ]
    corner = _LEFT_IN / _WIDTH_IN, 0.05 / height_in
    figure.legend(
        handles=entries, loc="lower left", bbox_to_anchor=corner, borderaxespad=0, ncols=len(entries)
    )
