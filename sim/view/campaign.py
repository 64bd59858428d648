"""The picture of a campaign: how often it went well, how its runs spread, and what that depends on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.view import style
from sim.view.heading import HEIGHT_IN, draw_heading

Array = npt.NDArray[np.float64]

_WIDTH_IN, _ROW_IN, _GAP_IN = 10.5, 2.0, 0.95
_LEFT_IN, _RIGHT_IN, _BETWEEN_IN, _BOTTOM_IN = 0.85, 0.3, 0.75, 0.6
_BAR_IN = 0.75
_IN_A_ROW = 3
_BINS = 24
_MOST_LABELS, _LABEL_LETTERS = 8, 14

OUTCOME_COLOURS = {
    "arrived": style.GREEN,
    "stopped_safe": style.ORANGE,
    "timed_out": style.PURPLE,
    "no_plan": style.SKY,
    "interrupted": style.NO_DATA,
    "violated": style.BLACK,
    "lost": style.VERMILLION,
    "quarantined": style.YELLOW,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """A quantity of the runs.

    Attributes:
        label: With its unit.
        values: (n,) NaN where a run has none.
    """

    label: str
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SuccessCurve:
    """Success against what varied.

    Attributes:
        label: What varied.
        words: (k,) of the groups, where values are words; else empty.
        at: (k,) values, or places of the words.
        share, low, high: (k,) 0-1, and the interval.
    """

    label: str
    words: Sequence[str]
    at: Array
    share: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CampaignSheet:
    """What is drawn of a campaign.

    Attributes:
        title, lines: Heading.
        share, low, high: Success, 0-1, and its interval; NaN where nothing was driven.
        outcome: (n,) of each run that counts; `quarantined` where it failed.
        well: (n,) whether it went well.
        spreads: Quantities of these.
        curves: One for each key that varied.
    """

    title: str
    lines: Sequence[str]
    share: float
    low: float
    high: float
    outcome: npt.NDArray[np.str_]
    well: npt.NDArray[np.bool_]
    spreads: Sequence[Spread]
    curves: Sequence[SuccessCurve]


def draw_campaign(sheet: CampaignSheet) -> Figure:
    """Return the picture of a campaign."""
    rows = 1 + -(-len(sheet.curves) // _IN_A_ROW)
    height_in = HEIGHT_IN + 0.3 + _BAR_IN + rows * (_ROW_IN + _GAP_IN) + _BOTTOM_IN
    with style.house_style():
        figure = style.blank_figure(_WIDTH_IN, height_in)
        top_in = height_in - HEIGHT_IN - 0.3
        _draw_success(_axes(figure, top_in - _BAR_IN, _LEFT_IN, _inside_in(), _BAR_IN), sheet)
        panels = _panels(figure, top_in - _BAR_IN - _GAP_IN)
        for place, (spread, ax) in enumerate(zip(sheet.spreads, panels, strict=False)):
            _draw_spread(ax, spread, sheet, first=place == 0)
        panels = _panels(figure, top_in - _BAR_IN - _GAP_IN - _ROW_IN - _GAP_IN)
        for place, (curve, ax) in enumerate(zip(sheet.curves, panels, strict=False)):
            _draw_curve(ax, curve, sheet, first=place % _IN_A_ROW == 0)
        colour = style.GREEN if sheet.well.all() and len(sheet.well) else style.VERMILLION
        draw_heading(figure, sheet.title, sheet.lines, colour=colour)
        return figure


def _inside_in() -> float:
    return _WIDTH_IN - _LEFT_IN - _RIGHT_IN


def _axes(figure: Figure, bottom_in: float, left_in: float, width_in: float, height_in: float) -> Axes:
    whole = float(figure.get_size_inches()[1])
    return figure.add_axes((left_in / _WIDTH_IN, bottom_in / whole, width_in / _WIDTH_IN, height_in / whole))


def _panels(figure: Figure, top_in: float) -> Iterator[Axes]:
    """Yield axes from left to right, row under row, made as they are taken."""
    width_in = (_inside_in() - (_IN_A_ROW - 1) * _BETWEEN_IN) / _IN_A_ROW
    place = 0
    while True:
        row, col = divmod(place, _IN_A_ROW)
        bottom_in = top_in - _ROW_IN - row * (_ROW_IN + _GAP_IN)
        yield _axes(figure, bottom_in, _LEFT_IN + col * (width_in + _BETWEEN_IN), width_in, _ROW_IN)
        place += 1


def _draw_success(ax: Axes, sheet: CampaignSheet) -> None:
    """Draw shares of outcomes as one bar, and success with its interval over it."""
    begun = 0.0
    for name, colour in OUTCOME_COLOURS.items():
        count = int((sheet.outcome == name).sum())
        if not count:
            continue
        width = count / len(sheet.outcome)
        label = f"{name.replace('_', ' ')} {count}"
        ax.barh(
            0, 100 * width, left=100 * begun, height=0.7, color=colour, label=label, gid=f"outcome {name}"
        )
        begun += width
    if np.isfinite(sheet.share):
        error = [[100 * (sheet.share - sheet.low)], [100 * (sheet.high - sheet.share)]]
        looks: dict[str, Any] = {
            "color": style.INK,
            "capsize": 4,
            "ms": 6,
            "mfc": style.PAPER,
            "mec": style.INK,
        }
        bar = ax.errorbar(
            [100 * sheet.share],
            [0],
            xerr=error,
            fmt="o",
            label="success, 95 %",
            zorder=3,
            clip_on=False,
            **looks,
        )
        bar.lines[0].set_gid("success")
    ax.set(xlim=(0, 100), ylim=(-0.5, 0.5), yticks=[], xlabel="share of the runs (%)")
    if len(sheet.outcome):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(OUTCOME_COLOURS) + 1, borderaxespad=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _draw_spread(ax: Axes, spread: Spread, sheet: CampaignSheet, *, first: bool) -> None:
    """Draw how many runs had which values, those that went well under the others."""
    known = np.isfinite(spread.values)
    well, badly = spread.values[known & sheet.well], spread.values[known & ~sheet.well]
    if known.any():
        bins = np.histogram_bin_edges(spread.values[known], bins=_BINS)
        ax.hist(
            [well, badly],
            bins=list(bins),
            stacked=True,
            color=[style.GREEN, style.VERMILLION],
            label=["went well", "did not"],
        )
        middle = float(np.median(spread.values[known]))
        ax.axvline(middle, color=style.INK, lw=1, ls="--", gid="median", label="median")
    ax.set(xlabel=spread.label, ylabel="runs" if first else "")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    if first and known.any():
        ax.legend(loc="upper right", fontsize=style.SMALL_PT)
    ax.spines[["top", "right"]].set_visible(False)


def _draw_curve(ax: Axes, curve: SuccessCurve, sheet: CampaignSheet, *, first: bool) -> None:
    """Draw the share of success of each group, with its interval."""
    error = [100 * np.maximum(curve.share - curve.low, 0), 100 * np.maximum(curve.high - curve.share, 0)]
    line = "none" if curve.words else "-"
    bars = ax.errorbar(
        curve.at, 100 * curve.share, yerr=error, fmt="o", ls=line, lw=1.2, color=style.BLUE, capsize=3
    )
    bars.lines[0].set_gid(f"curve {curve.label}")
    ax.axhline(100 * sheet.share, color=style.FAINT_INK, lw=0.8, ls=":")
    ax.set(
        xlabel=curve.label, ylabel="success (%)" if first else "", ylim=(-4, 104), yticks=range(0, 101, 25)
    )
    if curve.words:
        shown = [
            word if len(word) <= _LABEL_LETTERS else word[: _LABEL_LETTERS - 1] + "\u2026"
            for word in curve.words
        ]
        few = len(shown) <= _MOST_LABELS
        ax.set_xticks(curve.at if few else [], shown if few else [])
        ax.margins(x=0.25)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="y", color=style.NO_DATA, lw=0.6, zorder=0)
    ax.spines[["top", "right"]].set_visible(False)
