"""The picture of a traverse in time: its way over the light at departure, and under it charge, Sun and slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rover.core.grid import Dem
from rover.core.time import SECONDS_PER_DAY
from sim.view import frame, ground, route, style
from sim.view.heading import HEIGHT_IN, draw_heading
from sim.view.labels import LabelPlacer
from sim.view.light import draw_bright_scale_bar, draw_lit, draw_lit_scale, draw_sun
from sim.view.timeaxis import TimeScale, draw_time_axis, label_dates, label_days, time_scale
from sim.view.traverse_panels import (
    NAP_SHADE,
    NIGHT_SHADE,
    draw_charge,
    draw_slack,
    draw_sun_elevation,
    shade_phases,
)
from sim.view.window import Window, window_round

Array = npt.NDArray[np.float64]
Place = tuple[float, float]

STOPS: dict[str, tuple[str, str, float, str]] = {
    "charge": ("charge", "D", 7.0, "waits or charges"),
    "command": ("command", "o", 4.2, "stop for a command cycle"),
    "nap": ("nap", "o", 9.0, "noon nap"),
    "dormant": ("dormant", "o", 11.0, "dormant through the night"),
}
"""Mode, marker, size and words of each kind of stop, those drawn later over those before."""

_WIDTH_IN, _LEFT_IN, _RIGHT_IN, _COLUMN_IN = 11.2, 0.95, 0.35, 2.6
_MAP_IN, _GAP_IN, _BOTTOM_IN, _AXIS_IN = 6.4, 0.14, 0.75, 1.05
_PANELS = ((draw_charge, 1.2), (draw_sun_elevation, 1.3), (draw_slack, 1.2))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraverseSheet:
    """What is drawn of a traverse.

    Attributes:
        title, lines: Heading.
        dem: The ground.
        lit: (rows, cols) share of the Sun's disc in view, NaN unknown.
        lit_words: When that is.
        sun_deg: The Sun's azimuth from the raster's north and its elevation then.
        path_m: (n, 2) east and north.
        start_m, goal_m: (east, north).
        stops: By mode, (n, 2) places.
        waypoints: Name, (east, north), and whether it is visited.
        zones: Name, kind and (n, 2) corners.
        start: UTC of time 0.
        time_s, soc: (m,) the charge along the way, 0-1.
        reserve_soc: Never below.
        sun_time_s, sun_elevation_deg: (k,) the Sun over the same time.
        drive_deg: (least, greatest rising, greatest falling) elevation for driving.
        phases: (name, begin_s, end_s) of each nap, night and low Sun: `nap`, `night`, `low`.
        sleeps_s: Begin and end of each dormancy.
        slack: (time_s, share of its room that the tightest limit leaves, limit) along the way.
    """

    title: str
    lines: Sequence[str]
    dem: Dem
    lit: npt.NDArray[np.float32]
    lit_words: str
    sun_deg: tuple[float, float]
    path_m: Array
    start_m: Place
    goal_m: Place
    stops: Mapping[str, Array]
    zones: Sequence[ground.ZoneOutline]
    start: datetime
    time_s: Array
    soc: Array
    reserve_soc: float
    sun_time_s: Array
    sun_elevation_deg: Array
    drive_deg: tuple[float, float, float]
    phases: Sequence[tuple[str, float, float]]
    sleeps_s: Sequence[tuple[float, float]]
    slack: Sequence[tuple[float, float, str]]
    waypoints: Sequence[tuple[str, Place, bool]] = ()


def draw_traverse(sheet: TraverseSheet) -> Figure:
    """Return the picture of a traverse; long nights are drawn narrow."""
    with style.house_style():
        window = window_round(
            np.vstack([np.array([sheet.start_m, sheet.goal_m]), sheet.path_m, _waypoint_places(sheet)]),
            sheet.dem.geometry,
            aspect=1.25,
        )
        page_in, boxes = _layout(window)
        figure = style.blank_figure(*page_in)
        axes = {name: figure.add_axes(_in_parts(box, page_in)) for name, box in boxes.items()}
        _draw_map(figure, axes["map"], axes["column"], sheet, window)
        _draw_panels([axes[f"panel {i}"] for i in range(len(_PANELS))], sheet)
        draw_heading(figure, sheet.title, sheet.lines, colour=style.GREEN)
        return figure


def _layout(window: Window) -> tuple[tuple[float, float], dict[str, tuple[float, float, float, float]]]:
    """Return the page's size and boxes on it (left, bottom, width, height), all in inches."""
    room = _WIDTH_IN - _LEFT_IN - _COLUMN_IN - 0.3 - _RIGHT_IN
    scale = min(room / window.width, _MAP_IN / window.height)
    wide, high = max(4.2, window.width * scale), max(4.2, window.height * scale)
    boxes: dict[str, tuple[float, float, float, float]] = {}
    bottom, across = _BOTTOM_IN, _WIDTH_IN - _LEFT_IN - _RIGHT_IN - 1.1
    for i, (_, panel_in) in reversed(list(enumerate(_PANELS))):
        boxes[f"panel {i}"] = (_LEFT_IN, bottom, across, panel_in)
        bottom += panel_in + _GAP_IN
    bottom += _AXIS_IN
    boxes["map"] = (_LEFT_IN, bottom, wide, high)
    boxes["column"] = (_LEFT_IN + wide + 0.3, bottom, _WIDTH_IN - _LEFT_IN - wide - 0.3 - _RIGHT_IN, high)
    return (_WIDTH_IN, bottom + high + HEIGHT_IN), boxes


def _in_parts(
    box: tuple[float, float, float, float], page_in: tuple[float, float]
) -> tuple[float, float, float, float]:
    return box[0] / page_in[0], box[1] / page_in[1], box[2] / page_in[0], box[3] / page_in[1]


def _draw_map(figure: Figure, ax: Axes, column: Axes, sheet: TraverseSheet, window: Window) -> None:
    draw_lit(ax, sheet.dem, sheet.lit, window)
    frame.draw_coordinates(ax, window)
    zones = ground.draw_zones(ax, sheet.zones, window)
    entries = route.draw_planned(ax, sheet.path_m, solid=True)
    entries += [entry for kind in STOPS for entry in _draw_stops(ax, kind, sheet.stops.get(kind))]
    entries += _draw_waypoints(ax, sheet)
    route.draw_ends(ax, sheet.start_m, sheet.goal_m)
    busy = np.vstack([np.array([sheet.start_m, sheet.goal_m]), sheet.path_m, _waypoint_places(sheet)])
    placer = LabelPlacer(ax=ax, busy_m=busy)
    route.label_ends(placer, sheet.start_m, sheet.goal_m)
    for name, place, _ in sheet.waypoints:
        placer.place(place, name)
    draw_bright_scale_bar(ax, window)
    frame.draw_north(ax, window, sheet.dem.geometry.site.grid_north_rad)
    frame.draw_note(ax, 0.0)
    draw_sun(ax, window, *sheet.sun_deg, busy_m=busy)
    column.set_axis_off()
    frame.draw_legends(
        column,
        [("Traverse", entries), ("Zones", zones), ("Time under the map", _phase_entries(sheet))],
    )
    draw_lit_scale(figure, column, words=f"lit fraction of the solar disc (1)\n{sheet.lit_words}")


def _waypoint_places(sheet: TraverseSheet) -> Array:
    return np.array([place for _, place, _ in sheet.waypoints], np.float64).reshape(-1, 2)


def _draw_waypoints(ax: Axes, sheet: TraverseSheet) -> list[Artist]:
    """Mark waypoints, those that are left out empty; return their legend entries."""
    entries: list[Artist] = []
    for seen, face, words in (
        (True, style.YELLOW, "waypoint visited"),
        (False, style.PAPER, "waypoint left out"),
    ):
        places = np.array([place for _, place, visited in sheet.waypoints if visited is seen]).reshape(-1, 2)
        if len(places) == 0:
            continue
        line = Line2D(
            *places.T, marker="^", ms=10.0, mfc=face, mec=style.INK, mew=1.1, ls="", zorder=8, gid=words
        )
        line.set_label(f"{words} ({len(places)})")
        ax.add_line(line)
        entries.append(line)
    return entries


def _draw_stops(ax: Axes, kind: str, places_m: Array | None) -> list[Artist]:
    if places_m is None or len(places_m) == 0:
        return []
    mode, marker, size, words = STOPS[kind]
    edge = style.BLUE if kind == "command" else style.PAPER
    face = style.PAPER if kind == "command" else style.mode_colour(mode)
    line = Line2D(
        *places_m.T, marker=marker, ms=size, mfc=face, mec=edge, mew=1.1, ls="", zorder=7, gid=f"stops {kind}"
    )
    line.set_label(f"{words} ({len(places_m)})")
    ax.add_line(line)
    return [line]


def _phase_entries(sheet: TraverseSheet) -> list[Artist]:
    named = {name for name, _, _ in sheet.phases}
    looks = (("nap", NAP_SHADE, "noon nap"), ("night", NIGHT_SHADE, "night, dormant"))
    return [
        Patch(facecolor=colour, edgecolor=style.FAINT_INK, lw=0.5, label=words)
        for name, colour, words in looks
        if name in named
    ]


def _draw_panels(stack: Sequence[Axes], sheet: TraverseSheet) -> None:
    scale = _scale(sheet)
    for ax, (draw, _) in zip(stack, _PANELS, strict=True):
        draw_time_axis(ax, scale)
        shade_phases(ax, sheet.phases)
        draw(ax, sheet)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(direction="out", length=3, labelbottom=ax is stack[-1])
        ax.yaxis.set_label_coords(-0.055, 0.5)
    _name_narrowed(stack[0], scale)
    label_dates(stack[-1], scale, sheet.start)
    for ax in stack[:-1]:
        ax.xaxis.set_major_locator(stack[-1].xaxis.get_major_locator())
    top = label_days(stack[0], scale)
    top.spines[["right", "bottom", "left"]].set_visible(False)
    top.tick_params(direction="out", length=3)


def _name_narrowed(ax: Axes, scale: TimeScale) -> None:
    """Say in each night that is drawn narrow how much so."""
    for begin, end in scale.narrowed:
        words = f"drawn {scale.shrink((begin, end)):.0f}\u00d7\nnarrower"
        place = float(scale.place((begin + end) / 2)), 0.06
        ax.text(*place, words, transform=ax.transAxes, ha="center", va="bottom", fontsize=style.SMALL_PT - 1)


def _scale(sheet: TraverseSheet) -> TimeScale:
    begin, end = (float(sheet.time_s[i]) / SECONDS_PER_DAY for i in (0, -1))
    sleeps = [(a / SECONDS_PER_DAY, b / SECONDS_PER_DAY) for a, b in sheet.sleeps_s]
    inside = [(a + 0.03 * (b - a), b - 0.03 * (b - a)) for a, b in sleeps]
    return time_scale(begin, max(end, begin + 1 / 24), inside)
