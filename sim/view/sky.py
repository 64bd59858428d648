"""The sky over a place against time: Sun, relay and the passes of the ground stations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator

from rover.core.time import SECONDS_PER_DAY
from sim.view import style
from sim.view.panels import label_right
from sim.view.phases import utc_date
from sim.view.timeaxis import TimeScale, draw_time_axis, label_dates, time_scale

Array = npt.NDArray[np.float64]

_WIDTH_IN, _LEFT_IN, _RIGHT_IN = 12.0, 1.9, 1.25
_TOP_IN, _BOTTOM_IN, _GAP_IN = 1.35, 0.75, 0.18
_NIGHT_SHADE = "#D5D8E6"
_SUN, _AZIMUTH, _RELAY, _LIGHT = "#B8860B", style.VERMILLION, style.BLUE, style.GREEN
_BARS = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.SKY, style.VERMILLION)
_HOUR_STEPS = (0.5, 1, 2, 3, 6, 12, 24, 48, 72, 120, 240, 480, 720, 1440, 2880, 7200, 14400, 43200)
_MOST_HOURS = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkySheet:
    """What is drawn of the sky over a place.

    Attributes:
        title, lines: Heading, and what stands small below it.
        start_utc: UTC of time 0.
        time_s: (n,) ascending, two or more.
        sun_elevation_deg, sun_azimuth_deg, relay_elevation_deg: (n,).
        light_time_s: (n,) one way, through the relay to the Earth.
        sunrise_s, sunset_s, noon_s: When they are.
        elevations_deg: Of the Sun, marked.
        passes_s: (k, 2) AOS and LOS by station.
        any_station_s: (k, 2) when at least one station sees the relay.
        zero_s: What the hours on top are counted from.
        zero_words: What that is.
    """

    title: str
    lines: Sequence[str]
    start_utc: str
    time_s: Array
    sun_elevation_deg: Array
    sun_azimuth_deg: Array
    relay_elevation_deg: Array
    light_time_s: Array
    sunrise_s: Array
    sunset_s: Array
    noon_s: Array
    elevations_deg: Sequence[float]
    passes_s: Mapping[str, Array]
    any_station_s: Array
    zero_s: float
    zero_words: str


def draw_sky(sheet: SkySheet) -> Figure:
    """Return the picture of a sheet: four panels on one axis of time."""
    panels = (
        (_draw_sun, 2.3),
        (_draw_azimuth, 1.3),
        (_draw_relay, 1.6),
        (_draw_passes, 0.55 + 0.34 * len(sheet.passes_s)),
    )
    with style.house_style():
        height = _TOP_IN + _BOTTOM_IN + sum(h for _, h in panels) + _GAP_IN * (len(panels) - 1)
        figure = style.blank_figure(_WIDTH_IN, height)
        days = sheet.time_s / SECONDS_PER_DAY
        scale = time_scale(float(days[0]), max(float(days[-1]), float(days[0]) + 1e-4))
        start = utc_date(sheet.start_utc)
        stack: list[Axes] = []
        top = height - _TOP_IN
        for draw, panel_in in panels:
            width = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / _WIDTH_IN
            ax = figure.add_axes((_LEFT_IN / _WIDTH_IN, (top - panel_in) / height, width, panel_in / height))
            draw_time_axis(ax, scale)
            draw(ax, sheet)
            _finish(ax, sheet, scale, start, lowest=draw is panels[-1][0])
            stack.append(ax)
            top -= panel_in + _GAP_IN
        _label_hours(stack[0], scale, sheet)
        figure.align_ylabels(stack)
        _draw_heading(figure, sheet, height)
        return figure


def _draw_heading(figure: Figure, sheet: SkySheet, height_in: float) -> None:
    left = 0.35 / _WIDTH_IN
    figure.text(left, 1 - 0.18 / height_in, sheet.title, fontsize=style.TITLE_PT, weight="bold", va="top")
    below = 1 - 0.47 / height_in
    figure.text(left, below, "\n".join(sheet.lines), fontsize=style.SMALL_PT, color=style.FAINT_INK, va="top")


def _finish(ax: Axes, sheet: SkySheet, scale: TimeScale, start: datetime, *, lowest: bool) -> None:
    ax.set_xlim(float(scale.days[0]), float(scale.days[-1]))
    _shade_nights(ax, sheet)
    label_dates(ax, scale, start)
    if not lowest:
        ax.set_xlabel("")
    ax.tick_params(labelbottom=lowest)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", color="#E4E5E9", lw=0.7)
    ax.set_axisbelow(True)


def _shade_nights(ax: Axes, sheet: SkySheet) -> None:
    begins, ends = sheet.sunset_s, sheet.sunrise_s
    if sheet.sun_elevation_deg[0] < 0:
        begins = np.r_[sheet.time_s[0], begins]
    if len(ends) < len(begins):
        ends = np.r_[ends, sheet.time_s[-1]]
    for begin, end in zip(begins, ends, strict=True):
        edges = begin / SECONDS_PER_DAY, end / SECONDS_PER_DAY
        ax.axvspan(*edges, fc=_NIGHT_SHADE, lw=0, zorder=0, gid="night")


def _draw_sun(ax: Axes, sheet: SkySheet) -> None:
    days, elevation = sheet.time_s / SECONDS_PER_DAY, sheet.sun_elevation_deg
    ax.plot(days, elevation, color=_SUN, lw=2.0, gid="sun elevation")
    ax.fill_between(days, np.maximum(elevation, 0), 0, color=style.YELLOW, alpha=0.28, lw=0)
    ax.axhline(0, color=style.INK, lw=0.8, gid="horizon")
    low, high = float(elevation.min()), float(elevation.max())
    room = 0.16 * max(high - low, 1.0)
    ax.set(ylabel="Sun elevation (deg)", ylim=(low - 0.4 * room, high + 1.6 * room))
    shown = [e for e in sheet.elevations_deg if low < e < high]
    for level in shown:
        ax.axhline(level, color=style.FAINT_INK, lw=0.8, ls="--", gid=f"level {level:g}")
    label_right(ax, [(level, f"{level:g}\u00b0", style.FAINT_INK) for level in shown])
    if len(sheet.noon_s) <= 4:
        for noon in sheet.noon_s:
            value = float(np.interp(noon, sheet.time_s, elevation))
            ax.plot([noon / SECONDS_PER_DAY], [value], "o", color=_SUN, ms=5, gid="noon")
            words = f"noon, {style.number(round(value, 2))}\u00b0"
            place = (noon / SECONDS_PER_DAY, value)
            ax.annotate(words, place, xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8.5)


def _draw_azimuth(ax: Axes, sheet: SkySheet) -> None:
    ax.plot(*_unbroken(sheet), color=_AZIMUTH, lw=1.6, gid="sun azimuth")
    names = {0: "N 0", 90: "E 90", 180: "S 180", 270: "W 270", 360: "N 360"}
    ax.set_yticks(list(names), list(names.values()))
    ax.set(ylabel="Sun azimuth\n(deg from N)", ylim=(-8, 368))
    ax.grid(axis="y", color="#E4E5E9", lw=0.7)


def _unbroken(sheet: SkySheet) -> tuple[Array, Array]:
    """Return days and azimuths with a gap where the azimuth passes through north."""
    days, azimuth = sheet.time_s / SECONDS_PER_DAY, sheet.sun_azimuth_deg
    jumps = 1 + np.flatnonzero(np.abs(np.diff(azimuth)) > 180)
    return np.insert(days, jumps, days[jumps]), np.insert(azimuth, jumps, np.nan)


def _draw_relay(ax: Axes, sheet: SkySheet) -> None:
    days = sheet.time_s / SECONDS_PER_DAY
    ax.plot(days, sheet.relay_elevation_deg, color=_RELAY, lw=2.0, gid="relay elevation")
    low, high = float(sheet.relay_elevation_deg.min()), float(sheet.relay_elevation_deg.max())
    room = 0.1 * max(high - low, 1.0)
    ax.set_ylim(min(low - room, 0.0), high + room)
    ax.set_ylabel("relay elevation\n(deg)", color=_RELAY)
    if low < 0:
        ax.axhline(0, color=style.INK, lw=0.8, gid="horizon")
    right = ax.twinx()
    right.plot(days, sheet.light_time_s, color=_LIGHT, lw=1.4, ls="--", gid="light time")
    right.set_ylabel("one-way light time (s)", color=_LIGHT)
    right.spines[["top", "left"]].set_visible(False)


def _draw_passes(ax: Axes, sheet: SkySheet) -> None:
    rows = {
        "at least one station": sheet.any_station_s,
        **{name: sheet.passes_s[name] for name in reversed(list(sheet.passes_s))},
    }
    colours = [style.INK, *(_BARS[i % len(_BARS)] for i in reversed(range(len(sheet.passes_s))))]
    for level, (spans, colour) in enumerate(zip(rows.values(), colours, strict=True)):
        bars = [(aos / SECONDS_PER_DAY, (los - aos) / SECONDS_PER_DAY) for aos, los in spans]
        ax.broken_barh(bars, (level - 0.34, 0.68), facecolors=colour, lw=0, gid=f"passes {level}")
    ax.set_yticks(range(len(rows)), [_short(name) for name in rows])
    ax.tick_params(axis="y", length=0)
    ax.set(ylabel="relay seen by", ylim=(-0.6, len(rows) - 0.4))


def _short(title: str) -> str:
    return title.split(",")[0].split(" (")[0]


def _label_hours(ax: Axes, scale: TimeScale, sheet: SkySheet) -> None:
    top = ax.twiny()
    draw_time_axis(top, scale)
    zero = sheet.zero_s / SECONDS_PER_DAY
    first, last = ((float(day) - zero) * 24 for day in scale.days[[0, -1]])
    step = next((s for s in _HOUR_STEPS if (last - first) / s <= _MOST_HOURS), _HOUR_STEPS[-1])
    hours = np.arange(np.ceil(first / step - 1e-9), np.floor(last / step + 1e-9) + 1) * step + 0.0
    top.xaxis.set_major_locator(FixedLocator([float(zero + hour / 24) for hour in hours]))
    top.xaxis.set_major_formatter(FixedFormatter([style.number(float(hour)) for hour in hours]))
    top.set_xlabel(f"hours since {sheet.zero_words}")
    top.spines[["right", "bottom", "left"]].set_visible(False)
