"""The picture of a benchmark: time, memory and cost over the least, by the size of the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from sim.view import style
from sim.view.heading import HEIGHT_IN, draw_heading

_WIDTH_IN, _PANEL_IN, _BOTTOM_IN = 12.0, 3.3, 1.15
_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.SKY, style.BLACK)
_SHAPES = ("o", "s", "^", "D", "v", "P")
_APART = 0.05
"""Of planners side by side, in shares of the size."""
_LEAST_SECONDS, _LEAST_MIB = 1e-4, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A planner's answers.

    Attributes:
        name: Of the planner, and how it did.
        cells: A side of the map of each problem.
        success: Whether it was right.
        seconds, memory_mib, ratio: What it took, and cost over the least; NaN where that is not known.
    """

    name: str
    cells: Sequence[int]
    success: Sequence[bool]
    seconds: Sequence[float]
    memory_mib: Sequence[float]
    ratio: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSheet:
    """What is drawn."""

    title: str
    lines: Sequence[str]
    well: bool
    planners: Sequence[Answered]


def draw_bench(sheet: BenchSheet) -> Figure:
    """Return the picture."""
    height_in = HEIGHT_IN + 0.35 + _PANEL_IN + _BOTTOM_IN
    with style.house_style():
        figure = style.blank_figure(_WIDTH_IN, height_in)
        panels = [
            figure.add_axes((left, _BOTTOM_IN / height_in, 0.25, _PANEL_IN / height_in))
            for left in (0.07, 0.395, 0.72)
        ]
        sizes = sorted({cells for one in sheet.planners for cells in one.cells})
        for ax, label in zip(
            panels, ("time (s)", "memory beyond the map's (MiB)", "cost over the least"), strict=True
        ):
            _size_axis(ax, sizes)
            ax.set_ylabel(label)
        for place, one in enumerate(sheet.planners):
            at = np.array(one.cells) * (1 + _APART * (place - (len(sheet.planners) - 1) / 2))
            _scatter(panels[0], at, np.maximum(one.seconds, _LEAST_SECONDS), one.success, place)
            _scatter(panels[1], at, np.maximum(one.memory_mib, _LEAST_MIB), one.success, place)
            _scatter(panels[2], at, np.array(one.ratio, np.float64), one.success, place)
        for ax in panels[:2]:
            ax.set_yscale("log")
        panels[1].axhline(_LEAST_MIB, color=style.NO_DATA, lw=0.8, zorder=0)
        panels[1].text(0.98, 0.02, "at the foot: no more than that", transform=panels[1].transAxes, ha="right",
                       fontsize=style.SMALL_PT, color=style.FAINT_INK)  # fmt: skip
        panels[2].axhline(1.0, color=style.FAINT_INK, lw=0.8, zorder=0)
        panels[2].ticklabel_format(axis="y", useOffset=False)
        _legend(figure, sheet)
        colour = style.GREEN if sheet.well else style.VERMILLION
        draw_heading(figure, sheet.title, sheet.lines, colour=colour)
        return figure


def _size_axis(ax: Axes, sizes: Sequence[int]) -> None:
    ax.set_xscale("log", base=2)
    ax.set_xlabel("cells a side")
    ax.xaxis.set_major_locator(FixedLocator([float(size) for size in sizes]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _place: f"{value:.0f}")
    ax.yaxis.set_minor_formatter(NullFormatter())
    if sizes:
        ax.set_xlim(sizes[0] / 1.4, sizes[-1] * 1.4)


def _scatter(ax: Axes, at: np.ndarray, value: np.ndarray, success: Sequence[bool], place: int) -> None:
    colour, shape = _COLOURS[place % len(_COLOURS)], _SHAPES[place % len(_SHAPES)]
    right = np.array(success, np.bool_)
    ax.plot(at[right], value[right], shape, ms=5.5, mfc="none", mec=colour, mew=1.3)
    ax.plot(at[~right], value[~right], "X", ms=8, mfc=style.VERMILLION, mec=style.PAPER, mew=0.6, zorder=4)


def _legend(figure: Figure, sheet: BenchSheet) -> None:
    def key(shape: str, mfc: str, mec: str, label: str) -> Line2D:
        return Line2D([], [], ls="", marker=shape, ms=6, mfc=mfc, mec=mec, mew=1.3, label=label)

    handles = [
        key(_SHAPES[place % len(_SHAPES)], "none", _COLOURS[place % len(_COLOURS)], one.name)
        for place, one in enumerate(sheet.planners)
    ]
    if not sheet.well:
        handles.append(key("X", style.VERMILLION, style.PAPER, "wrong or out of time"))
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.06, 0.01), ncols=5, frameon=False)
