"""What stands round a map and explains it: coordinates, scale bar, north, inset, legends, colour bar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rover.core.grid import Dem
from sim.view import style
from sim.view.ground import LIGHT_NOTE, draw_relief, round_number
from sim.view.window import Window, whole

INSET_FROM = 1.5
"""The whole terrain is shown as an inset where it is this many times as wide or as high as the window."""

KILOMETRES_FROM_M = 100_000.0
"""Coordinates from here on are in kilometres: in metres they would take more room than there is."""

_LEGEND_GAP_IN = 0.13


def draw_coordinates(ax: Axes, window: Window) -> None:
    """Fix the map's limits and label its axes in metres of the terrain's frame, or in kilometres where it is wide."""
    wide = max(map(abs, window.extent)) >= KILOMETRES_FROM_M
    unit_m, unit = (1000.0, "km") if wide else (1.0, "m")
    ax.set(
        xlim=(window.west, window.east),
        ylim=(window.south, window.north),
        xlabel=f"east ({unit})",
        ylabel=f"north ({unit})",
    )
    ax.set_aspect("equal", adjustable="box", anchor="NW")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: style.number(value / unit_m)))
    ax.tick_params(direction="out", length=3)
    ax.apply_aspect()


def draw_scale_bar(ax: Axes, window: Window) -> None:
    """Draw a bar whose length is a round number of metres, a fifth of the map's width or a little less."""
    length = round_number(window.width / 5)
    west, south = window.west + 0.035 * window.width, window.south + 0.045 * window.height
    height = 0.009 * window.height
    for i, colour in enumerate((style.INK, style.PAPER)):
        half = Rectangle(
            (west + i * length / 2, south), length / 2, height, fc=colour, ec=style.INK, lw=0.8, zorder=10
        )
        half.set_gid("scale bar")
        ax.add_patch(half)
    words = f"{style.number(length)} m" if length < 10_000 else f"{style.number(length / 1000)} km"
    ax.text(
        west + length / 2,
        south + 2 * height,
        words,
        ha="center",
        va="bottom",
        zorder=10,
        path_effects=style.halo(3),
    ).set_gid("scale bar length")


def draw_north(ax: Axes, window: Window, grid_north_rad: float) -> None:
    """Draw an arrow to true north in the map's upper right corner.

    Args:
        ax: The map.
        window: Its limits.
        grid_north_rad: Azimuth of the raster's north, clockwise from true north.
    """
    half = 0.032 * min(window.width, window.height)
    east, north = window.east - 2.2 * half, window.north - 2.6 * half
    aim = (-half * math.sin(grid_north_rad), half * math.cos(grid_north_rad))
    ax.annotate(
        "",
        xy=(east + aim[0], north + aim[1]),
        xytext=(east - aim[0], north - aim[1]),
        arrowprops={
            "arrowstyle": "-|>,head_width=0.35,head_length=0.7",
            "color": style.INK,
            "lw": 2.2,
            "shrinkA": 0,
            "shrinkB": 0,
            "path_effects": style.halo(5),
        },
        zorder=10,
        gid="north arrow",
    )
    place = east + 1.7 * aim[0], north + 1.7 * aim[1]
    halo = style.halo(3)
    ax.text(
        *place, "N", ha="center", va="center", fontweight="bold", zorder=10, path_effects=halo, gid="north"
    )


def wants_inset(window: Window, dem: Dem) -> bool:
    """Tell whether the terrain is so much larger than the window that a reader would be lost."""
    full = whole(dem.geometry)
    return max(full.width / window.width, full.height / window.height) >= INSET_FROM


def draw_inset(ax: Axes, dem: Dem, window: Window) -> None:
    """Draw the whole terrain, small, with the map's window on it."""
    full = whole(dem.geometry)
    draw_relief(ax, dem, full)
    corner = window.west, window.south
    for colour, width in ((style.PAPER, 3.0), (style.VERMILLION, 1.6)):
        outline = Rectangle(corner, window.width, window.height, fill=False, ec=colour, lw=width)
        outline.set_gid("window")
        ax.add_patch(outline)
    ax.set(xlim=(full.west, full.east), ylim=(full.south, full.north), xticks=[], yticks=[])
    ax.set_aspect("equal", anchor="NW")
    size = f"{style.number(round(full.width))} m \u00d7 {style.number(round(full.height))} m"
    ax.set_title(f"all the terrain, {size}", fontsize=style.SMALL_PT, loc="left", pad=4, color=style.INK)


def draw_colour_bar(figure: Figure, ax: Axes, scale: ScalarMappable, label: str) -> None:
    """Explain the colours of the ground."""
    bar = figure.colorbar(scale, cax=ax, orientation="horizontal")
    bar.set_label(label, fontsize=style.SMALL_PT)
    bar.locator = MaxNLocator(4, steps=[1, 2, 3, 4, 5, 10])
    bar.formatter = FuncFormatter(style.number)
    bar.update_ticks()
    ax.tick_params(labelsize=style.SMALL_PT, length=3)


def draw_legends(ax: Axes, groups: Sequence[tuple[str, Sequence[Artist]]]) -> None:
    """List what the map shows, a legend for each group under the one before; empty groups are left out."""
    top = 1.0
    for heading, entries in groups:
        if not entries:
            continue
        legend = Legend(
            ax,
            list(entries),
            [str(entry.get_label()) for entry in entries],
            title=heading,
            title_fontproperties={"weight": "bold", "size": style.TEXT_PT},
            alignment="left",
            loc="upper left",
            bbox_to_anchor=(0, top),
            borderaxespad=0,
            borderpad=0,
            labelspacing=0.5,
            handlelength=2.2,
        )
        ax.add_artist(legend)
        bottom = legend.get_window_extent().y0
        top = (
            float(ax.transAxes.inverted().transform((0, bottom))[1])
            - _LEGEND_GAP_IN * ax.figure.dpi / ax.bbox.height
        )


def draw_note(ax: Axes, interval_m: float) -> None:
    """Say, small and under the map, how the ground is drawn."""
    contours = f"Contours every {style.number(interval_m)} m. " if interval_m > 0 else ""
    ax.annotate(
        contours + LIGHT_NOTE,
        (1, 0),
        xycoords="axes fraction",
        xytext=(0, -33),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=style.SMALL_PT,
        color=style.FAINT_INK,
        gid="note",
    )
