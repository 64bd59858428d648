"""The picture of the validation table: where each figure lies in the range that it is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.view import style
from sim.view.heading import HEIGHT_IN, draw_heading

_WIDTH_IN, _LINE_IN, _BOTTOM_IN = 12.5, 0.235, 0.95
_LEFT, _RIGHT = 0.44, 0.79
_MOST = 2.0
"""Half widths of the range that are drawn; what lies beyond has an arrow."""
_COLOURS = {"holds": style.GREEN, "fails": style.VERMILLION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A figure.

    Attributes:
        label: What it is.
        at: Where it lies, -1 and 1 being the ends of its range; NaN where there is no value.
        verdict: In words.
        independent: Whether nothing was fitted to it.
        words: Value and range.
    """

    label: str
    at: float
    verdict: str
    independent: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationSheet:
    """What is drawn."""

    title: str
    lines: Sequence[str]
    holds: bool
    marks: Sequence[Mark]


def draw_validation(sheet: ValidationSheet) -> Figure:
    """Return the picture."""
    height_in = HEIGHT_IN + _LINE_IN * len(sheet.marks) + _BOTTOM_IN
    with style.house_style():
        figure = style.blank_figure(_WIDTH_IN, height_in)
        bottom = _BOTTOM_IN / height_in
        ax = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, _LINE_IN * len(sheet.marks) / height_in))
        for place, mark in enumerate(sheet.marks):
            _draw_mark(ax, place, mark)
        ax.set(xlim=(-1.1 * _MOST, 1.1 * _MOST), ylim=(len(sheet.marks) - 0.5, -0.5))
        ax.axvspan(-1, 1, color=style.GREEN, alpha=0.10, lw=0)
        ax.set_xticks([-1, 0, 1], ["least allowed", "middle", "most allowed"])
        ax.set_yticks(range(len(sheet.marks)), [mark.label for mark in sheet.marks], fontsize=style.SMALL_PT)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False)
        _draw_legend(figure, bottom)
        draw_heading(
            figure, sheet.title, sheet.lines, colour=style.GREEN if sheet.holds else style.VERMILLION
        )
        return figure


def _draw_mark(ax: Axes, place: int, mark: Mark) -> None:
    colour = _COLOURS.get(mark.verdict, style.FAINT_INK)
    ax.axhline(place, color=style.NO_DATA, lw=0.5, zorder=0)
    if np.isfinite(mark.at):
        beyond = abs(mark.at) > _MOST
        shape = ("<" if mark.at < 0 else ">") if beyond else ("o" if mark.verdict == "holds" else "X")
        face = colour if mark.independent else style.PAPER
        at = float(np.clip(mark.at, -_MOST, _MOST))
        ax.plot(at, place, shape, ms=6.5, mfc=face, mec=colour, mew=1.4, zorder=3)
    else:
        ax.text(0, place, mark.verdict, ha="center", va="center", fontsize=style.SMALL_PT, color=colour)
    ax.annotate(
        mark.words,
        (1.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL_PT,
        color=style.INK if mark.verdict == "holds" else colour,
        annotation_clip=False,
    )


def _draw_legend(figure: Figure, bottom: float) -> None:
    def key(shape: str, colour: str, face: str, label: str) -> Line2D:
        return Line2D([], [], ls="", marker=shape, ms=6.5, mfc=face, mec=colour, mew=1.4, label=label)

    figure.legend(
        handles=[
            key("o", style.GREEN, style.GREEN, "holds"),
            key("o", style.GREEN, style.PAPER, "holds, but fitted to it or set by it"),
            key("X", style.VERMILLION, style.VERMILLION, "fails"),
            key("<", style.VERMILLION, style.VERMILLION, "fails, beyond the picture"),
        ],
        loc="upper left",
        bbox_to_anchor=(0.03, bottom * 0.55),
        ncols=4,
        frameon=False,
        fontsize=style.SMALL_PT,
    )
