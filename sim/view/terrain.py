"""The sheet of a DEM's statistics: slopes, structure function, craters, and rocks or the ground itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from rover.core.grid import Dem
from rover.core.targets import TargetRange
from sim.view import frame, ground, style
from sim.view.heading import draw_heading
from sim.view.window import whole

Array = npt.NDArray[np.float64]

_PAGE_IN = (12.0, 10.2)
_PANEL_IN = (4.75, 3.55)
_LEFT_IN, _BOTTOM_IN, _ACROSS_IN, _UP_IN = 0.9, 0.75, 6.05, 4.55
_PERCENT_COLOURS = (style.BLUE, style.GREEN, style.ORANGE, style.VERMILLION)
_COMPASS = {0: "N", 27: "NNE", 45: "NE", 63: "ENE", 90: "E", 117: "ESE", 135: "SE", 153: "SSE"}
_WAY_COLOURS = {0: style.BLUE, 45: style.SKY, 90: style.VERMILLION, 135: style.ORANGE}
_MOST_RINGS = 3000
_LEGEND: dict[str, Any] = {"fontsize": style.SMALL_PT, "handlelength": 1.8, "labelspacing": 0.3}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RockCurve:
    """Cumulative fractional area of rocks.

    Attributes:
        words: For the legend.
        diameter_m, fraction: (n,) sizes D, and the share of the ground under rocks of D or more.
        is_law: Drawn as a line and not as points.
    """

    words: str
    diameter_m: Array
    fraction: Array
    is_law: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TerrainSheet:
    """What the sheet shows.

    Attributes:
        title, lines: Heading.
        dem: The ground.
        percent: (p,) of the percentiles of slope.
        baseline_m, slope_deg, bidirectional_deg: (n,), (n, p) and (n,).
        lag_m, azimuth_deg, directed_m, overall_m: (m,), (w,), (m, w) and (m,).
        hurst: Exponent of the whole structure function.
        size_m, per_km2, error_per_km2, law_per_km2: (k,) cumulative counts of craters with their standard
            error, and the law.
        law_words: What the law is.
        craters_m: (c, 3) east, north and diameter of the craters, the largest first.
        rocks: Curves; the ground is drawn in their stead where there are none.
        rock_words: What is said where the ground is drawn.
        targets: Range by name of figure.
    """

    title: str
    lines: Sequence[str]
    dem: Dem
    percent: Sequence[float]
    baseline_m: Array
    slope_deg: Array
    bidirectional_deg: Array
    lag_m: Array
    azimuth_deg: Array
    directed_m: Array
    overall_m: Array
    hurst: float
    size_m: Array
    per_km2: Array
    error_per_km2: Array
    law_per_km2: Array
    law_words: str
    craters_m: Array
    rocks: Sequence[RockCurve] = ()
    rock_words: str = ""
    targets: Mapping[str, TargetRange] = field(default_factory=dict)


def draw_terrain(sheet: TerrainSheet) -> Figure:
    """Return the sheet of a DEM's statistics."""
    with style.house_style():
        figure = style.blank_figure(_PAGE_IN[0], _PAGE_IN[1])
        _draw_slopes(_panel(figure, 0, 1, "Slope by baseline"), sheet)
        _draw_structure(_panel(figure, 1, 1, "Height difference by lag"), sheet)
        _draw_craters(_panel(figure, 0, 0, "Craters by size"), sheet)
        if sheet.rocks:
            _draw_rocks(_panel(figure, 1, 0, "Ground under rocks"), sheet)
        else:
            _draw_ground(_panel(figure, 1, 0, "Craters found"), sheet)
        draw_heading(figure, sheet.title, sheet.lines, colour=style.FAINT_INK)
        return figure


def _panel(figure: Figure, col: int, row: int, title: str) -> Axes:
    width, height = (float(v) for v in figure.get_size_inches())
    left, bottom = _LEFT_IN + col * _ACROSS_IN, _BOTTOM_IN + row * _UP_IN
    ax = figure.add_axes((left / width, bottom / height, _PANEL_IN[0] / width, _PANEL_IN[1] / height))
    ax.set_title(title, loc="left", fontsize=style.TEXT_PT + 1, fontweight="bold")
    return ax


def _draw_slopes(ax: Axes, sheet: TerrainSheet) -> None:
    for i, (percent, colour) in enumerate(zip(sheet.percent, _PERCENT_COLOURS, strict=True)):
        words = "median" if percent == 50 else f"{percent:g} % below"
        ax.plot(
            sheet.baseline_m,
            sheet.slope_deg[:, i],
            "o-",
            ms=3.5,
            color=colour,
            label=words,
            gid=f"p{percent:g}",
        )
    ax.plot(
        sheet.baseline_m,
        sheet.bidirectional_deg,
        "s--",
        ms=3.5,
        color=style.INK,
        label="median, between two points",
        gid="bidirectional",
    )
    _draw_target(ax, sheet.targets.get("bidirectional_slope_deg"), "target of the dashed")
    ax.set_xscale("log")
    steepest = float(np.nanmax(sheet.slope_deg, initial=1.0))
    ax.set(xlabel="baseline (m)", ylabel="slope (deg)", ylim=(0, 1.32 * steepest))
    ax.xaxis.set_major_formatter(FuncFormatter(style.number))
    ax.legend(loc="upper center", ncols=2, **_LEGEND)


def _draw_structure(ax: Axes, sheet: TerrainSheet) -> None:
    for i, azimuth in enumerate(sheet.azimuth_deg):
        main = round(azimuth) in _WAY_COLOURS
        ax.plot(
            sheet.lag_m,
            sheet.directed_m[:, i],
            lw=1.3 if main else 0.7,
            color=_WAY_COLOURS.get(round(azimuth), style.FAINT_INK),
            label=f"to {_COMPASS.get(round(azimuth), f'{azimuth:.0f} deg')}" if main else None,
            gid=f"way {azimuth:.0f}",
        )
    words = f"all, Hurst exponent {sheet.hurst:.2f}" if np.isfinite(sheet.hurst) else "all"
    ax.plot(sheet.lag_m, sheet.overall_m, "o", ms=5, mfc="none", color=style.INK, label=words, gid="overall")
    if (sheet.overall_m > 0).any():
        _log_axes(ax)
    ax.set(xlabel="lag (m)", ylabel="rms height difference (m)")
    ax.legend(loc="upper left", **_LEGEND)


def _draw_craters(ax: Axes, sheet: TerrainSheet) -> None:
    ax.plot(sheet.size_m, sheet.law_per_km2, color=style.ORANGE, lw=2, label=sheet.law_words, gid="law")
    shown = sheet.per_km2 > 0
    if shown.any():
        below = np.minimum(sheet.error_per_km2, 0.9 * sheet.per_km2)[shown]
        ax.errorbar(
            sheet.size_m[shown],
            sheet.per_km2[shown],
            yerr=[below, sheet.error_per_km2[shown]],
            fmt="o",
            ms=4.5,
            color=style.BLUE,
            label="found in the DEM",
            gid="found",
        )
    else:
        ax.text(0.5, 0.5, "No craters were found.", transform=ax.transAxes, ha="center")
    _log_axes(ax)
    ax.set(xlabel="diameter D (m)", ylabel="craters of D or more per km²")
    ax.legend(loc="upper right", **_LEGEND)


def _draw_rocks(ax: Axes, sheet: TerrainSheet) -> None:
    marks = iter((("o", style.BLUE), ("s", style.VERMILLION)))
    for curve in sheet.rocks:
        if curve.is_law:
            ax.plot(
                curve.diameter_m, curve.fraction, color=style.ORANGE, lw=2, label=curve.words, gid="rock law"
            )
            continue
        marker, colour = next(marks)
        shown = curve.fraction > 0
        ax.plot(
            curve.diameter_m[shown],
            curve.fraction[shown],
            marker,
            ms=5,
            color=colour,
            label=curve.words if shown.any() else f"{curve.words}: none",
            gid=curve.words,
        )
    _draw_target(ax, sheet.targets.get("rock_fraction"), "target of all rocks")
    measured = [curve.fraction[curve.fraction > 0] for curve in sheet.rocks if not curve.is_law]
    known = np.concatenate([*measured, np.empty(0)])
    if known.size:
        ax.set_yscale("log")
        # Laws fall off to nothing: they must not set the scale.
        ax.set_ylim(float(known.min()) / 5, None)
        _log_axes(ax)
    ax.set(xlabel="diameter D (m)", ylabel="share of the ground under rocks of D or more")
    ax.legend(loc="lower left", **_LEGEND)


def _draw_ground(ax: Axes, sheet: TerrainSheet) -> None:
    window = whole(sheet.dem.geometry)
    ground.draw_relief(ax, sheet.dem, window)
    frame.draw_coordinates(ax, window)
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    rings = sheet.craters_m[:_MOST_RINGS]
    if len(rings):
        sizes = rings[:, 2]
        ax.add_collection(
            EllipseCollection(
                sizes,
                sizes,
                np.zeros(len(sizes)),
                units="xy",
                offsets=rings[:, :2],
                transOffset=ax.transData,
                facecolors="none",
                edgecolors=style.BLUE,
                linewidths=0.7,
                gid="craters",
            )
        )
    if sheet.rock_words:
        ax.annotate(
            sheet.rock_words,
            (0, 1),
            xycoords="axes fraction",
            xytext=(95, 6),
            textcoords="offset points",
            fontsize=style.SMALL_PT,
        )


def _draw_target(ax: Axes, target: TargetRange | None, words: str) -> None:
    """Draw the band that a figure should lie in, where the site gives one."""
    if target is not None:
        ax.axhspan(target.low, target.high, color=style.SKY, alpha=0.25, lw=0, label=words, gid="target")


def _log_axes(ax: Axes) -> None:
    ax.set(xscale="log", yscale="log")
    ax.xaxis.set_major_formatter(FuncFormatter(style.number))
    ax.yaxis.set_major_formatter(FuncFormatter(_short))
    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        narrow = high / max(low, 1e-30) < 30
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=12))
        axis.set_minor_formatter(NullFormatter())
    ax.grid(True, which="major", color=style.NO_DATA, lw=0.5)


def _short(value: float, _position: object = None) -> str:
    return f"{value:g}" if 1e-3 <= value < 1e5 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
