"""The calendar of a lunar day: the map's lit share under the Sun, and when each cell has its light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from rover.core.grid import Dem
from rover.core.time import SECONDS_PER_DAY
from sim.view import frame, style
from sim.view.heading import HEIGHT_IN, draw_heading
from sim.view.light import draw_bright_scale_bar, relief_under
from sim.view.phases import utc_date
from sim.view.timeaxis import draw_time_axis, label_dates, time_scale
from sim.view.window import Window, piece_under, whole

Array = npt.NDArray[np.float64]
Layer = npt.NDArray[np.float32]

HOURS = LinearSegmentedColormap.from_list("hours", ["#FFF3C9", "#E3B778", "#B5726B", "#6B4A75", style.NIGHT])
"""Light for early and short, dark for late and long; lightness falls evenly, so that it reads without its hues."""
NEVER = "#5AAFA6"
"""Of cells that have no first or last light: a hue that the scale has not."""

_SUN = "#B8860B"
_WIDTH_IN, _LEFT_IN, _RIGHT_IN = 13.2, 0.85, 0.85
_SHARE_IN, _GAP_IN, _BAR_IN = 2.2, 1.05, 1.45
_ACROSS_IN = 0.55


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LightSheet:
    """What the calendar shows.

    Attributes:
        title, lines: Heading.
        dem: The ground.
        start_utc: UTC of time 0.
        time_s: (n,) ascending, two or more.
        lit_share: (n,) share of the map that is lit, 0 to 1.
        sun_elevation_deg: (n,) over the map's middle.
        first_light_s, last_light_s: (rows, cols) since `time_s[0]`; NaN where never, or unknown.
        longest_shadow_s: (rows, cols); NaN where unknown.
    """

    title: str
    lines: Sequence[str]
    dem: Dem
    start_utc: str
    time_s: Array
    lit_share: Array
    sun_elevation_deg: Array
    first_light_s: Layer
    last_light_s: Layer
    longest_shadow_s: Layer


def draw_light_calendar(sheet: LightSheet) -> Figure:
    """Return the picture: lit share and Sun over time, and maps of first light, last light and longest shadow."""
    with style.house_style():
        window = whole(sheet.dem.geometry)
        side = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN - 2 * _ACROSS_IN) / 3
        map_in = side * min(1.0, window.width / window.height), side * min(1.0, window.height / window.width)
        height = HEIGHT_IN + 0.15 + _SHARE_IN + _GAP_IN + map_in[1] + _BAR_IN
        figure = style.blank_figure(_WIDTH_IN, height)
        _draw_share(figure, sheet)
        begin = f"hours since {_begin_words(sheet)}"
        maps = (
            ("First light", sheet.first_light_s, begin, "first light"),
            ("Last light", sheet.last_light_s, begin, "last light"),
            ("Longest shadow", sheet.longest_shadow_s, "hours", "longest shadow"),
        )
        for col, (title, layer, unit, gid) in enumerate(maps):
            left = _LEFT_IN + col * (side + _ACROSS_IN)
            place = left / _WIDTH_IN, _BAR_IN / height, map_in[0] / _WIDTH_IN, map_in[1] / height
            ax = figure.add_axes(place)
            _draw_hours(ax, sheet, layer, window, gid)
            _finish(ax, sheet, window, title, first=col == 0)
            _draw_bar(figure, ax, layer, unit)
        _explain_never(figure, sheet, height)
        draw_heading(figure, sheet.title, sheet.lines, colour=_SUN)
        return figure


def _draw_share(figure: Figure, sheet: LightSheet) -> None:
    height = float(figure.get_size_inches()[1])
    bottom = height - HEIGHT_IN - 0.15 - _SHARE_IN
    width = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / _WIDTH_IN
    ax = figure.add_axes((_LEFT_IN / _WIDTH_IN, bottom / height, width, _SHARE_IN / height))
    days = sheet.time_s / SECONDS_PER_DAY
    scale = time_scale(float(days[0]), float(days[-1]))
    right = ax.twinx()
    draw_time_axis(ax, scale)
    ax.fill_between(days, sheet.lit_share, 0, color=style.BLUE, alpha=0.18, lw=0)
    ax.plot(days, sheet.lit_share, color=style.BLUE, lw=2, gid="lit share")
    ax.set(ylim=(0, 1.04))
    ax.set_ylabel("lit share of the map", color=style.BLUE)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    ax.grid(color="#E4E5E9", lw=0.7)
    ax.set_axisbelow(True)
    right.plot(days, sheet.sun_elevation_deg, color=_SUN, lw=1.6, ls="--", gid="sun elevation")
    right.axhline(0, color=_SUN, lw=0.7, ls=":", gid="level")
    right.set_ylabel("Sun elevation (deg)", color=_SUN)
    label_dates(ax, scale, utc_date(sheet.start_utc))
    for axes in (ax, right):
        axes.spines["top"].set_visible(False)


def _begin_words(sheet: LightSheet) -> str:
    """Return the UTC of the first time, to the minute."""
    begin = utc_date(sheet.start_utc) + timedelta(seconds=float(sheet.time_s[0]) + 30)
    return f"{begin:%Y-%m-%d %H:%M} UTC"


def _draw_hours(ax: Axes, sheet: LightSheet, layer: Layer, window: Window, gid: str) -> None:
    """Draw a layer in hours, lightly shaded by the ground."""
    piece = piece_under(window, sheet.dem.geometry)
    hours = layer[piece.rows, piece.cols].astype(np.float64) / 3600
    colours = HOURS(_norm(layer)(np.nan_to_num(hours)))[..., :3]
    never = np.isnan(hours) & np.isfinite(sheet.longest_shadow_s[piece.rows, piece.cols])
    colours[never] = to_rgba(NEVER)[:3]
    colours *= (0.75 + 0.35 * relief_under(sheet.dem, piece))[..., None]
    colours[np.isnan(hours) & ~never] = to_rgba(style.NO_DATA)[:3]
    image = ax.imshow(
        np.minimum(colours, 1), origin="lower", extent=piece.window.extent, interpolation="nearest"
    )
    image.set_gid(gid)


def _finish(ax: Axes, sheet: LightSheet, window: Window, title: str, *, first: bool) -> None:
    frame.draw_coordinates(ax, window)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ax.set_title(title, loc="left", fontsize=style.TEXT_PT + 1, fontweight="bold")
    draw_bright_scale_bar(ax, window)
    if first:
        frame.draw_north(ax, window, sheet.dem.geometry.site.grid_north_rad)
    else:
        ax.set_ylabel("")
        ax.tick_params(labelleft=False)


def _draw_bar(figure: Figure, ax: Axes, layer: Layer, unit: str) -> None:
    height = float(figure.get_size_inches()[1])
    place = ax.get_position()
    at = figure.add_axes((place.x0, 0.42 / height, place.width, 0.13 / height))
    bar = figure.colorbar(ScalarMappable(norm=_norm(layer), cmap=HOURS), cax=at, orientation="horizontal")
    bar.set_label(unit, fontsize=style.SMALL_PT)
    bar.locator = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
    bar.formatter = FuncFormatter(style.number)
    bar.update_ticks()
    at.tick_params(labelsize=style.SMALL_PT, length=3)


def _norm(layer: Layer) -> Normalize:
    known = layer[np.isfinite(layer)].astype(np.float64) / 3600
    low, high = (float(v) for v in np.percentile(known, [0.5, 99.5])) if known.size else (0.0, 1.0)
    return Normalize(low, max(high, low + 1.0), clip=True)


def _explain_never(figure: Figure, sheet: LightSheet, height_in: float) -> None:
    """Say what the colours off the scale mean, where there are such cells."""
    unknown = np.isnan(sheet.longest_shadow_s)
    never = np.isnan(sheet.first_light_s) & ~unknown
    said = ((NEVER, "never lit in this time", never), (style.NO_DATA, "unknown", unknown))
    entries = [
        Patch(facecolor=colour, edgecolor=style.FAINT_INK, lw=0.5, label=words)
        for colour, words, there in said
        if there.any()
    ]
    if entries:
        corner = _LEFT_IN / _WIDTH_IN, (_BAR_IN - 0.42) / height_in
        figure.legend(
            handles=entries, loc="upper left", bbox_to_anchor=corner, borderpad=0, borderaxespad=0, ncols=2
        )
