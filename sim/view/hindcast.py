"""Predicted wakes and sleeps beside published ones: Sun elevations, and errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.view import style

Array = npt.NDArray[np.float64]

_PAGE_IN = (9.6, 6.4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Published:
    """Published events of one kind.

    Attributes:
        lunar_day: (n,).
        sun_deg: (n,) elevation of the Sun at the published time.
        counts: (n,) whether the clock time is as published.
        error_h, constant_error_h: (n,) how much later this rule, and that of a constant elevation, has it.
    """

    lunar_day: Array
    sun_deg: Array
    counts: npt.NDArray[np.bool_]
    error_h: Array
    constant_error_h: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HindcastSheet:
    """What is drawn.

    Attributes:
        lunar_day: (n,).
        wake_deg, sleep_deg: (n,) elevation of the Sun at the predicted times; NaN where there is none.
        constant_wake_deg: Of the rule with a constant elevation.
        wakes, sleeps: What is published.
        fitted_days: First and last of those that the rules were fitted to.
        lines: Words at the head.
    """

    lunar_day: Array
    wake_deg: Array
    sleep_deg: Array
    constant_wake_deg: float
    wakes: Published
    sleeps: Published
    fitted_days: tuple[int, int]
    lines: list[str]


def draw_hindcast(sheet: HindcastSheet) -> Figure:
    """Return the picture: above the Sun at wake and sleep, below how far off the predictions are."""
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.15, 1.0])
        figure.subplots_adjust(left=0.075, right=0.985, top=0.86, bottom=0.085, hspace=0.1)
        figure.text(
            0.012, 0.965, "Yutu-2: predicted and published", fontsize=style.TITLE_PT, fontweight="bold"
        )
        figure.text(
            0.012,
            0.945,
            "\n".join(sheet.lines),
            fontsize=style.SMALL_PT,
            va="top",
            color=style.FAINT_INK,
            wrap=True,
        )
        for ax in (upper, lower):
            ax.axvspan(
                sheet.fitted_days[0] - 0.5, sheet.fitted_days[1] + 0.5, color=style.NO_DATA, alpha=0.35, lw=0
            )
        upper.text(
            sheet.fitted_days[0],
            0.97,
            "fitted to these lunar days",
            transform=upper.get_xaxis_transform(),
            va="top",
            fontsize=style.SMALL_PT,
            color=style.FAINT_INK,
            clip_on=True,
        )
        _draw_elevations(upper, sheet)
        _draw_errors(lower, sheet)
        lower.set_xlabel("lunar day since the landing")
        lower.xaxis.set_major_locator(MaxNLocator(24, integer=True))
        lower.set_xlim(sheet.lunar_day[0] - 0.7, sheet.lunar_day[-1] + 0.7)
        return figure


def _draw_elevations(ax: Axes, sheet: HindcastSheet) -> None:
    ax.axhline(
        sheet.constant_wake_deg,
        color=style.FAINT_INK,
        lw=1.2,
        ls=(0, (5, 3)),
        label="best constant for wakes",
    )
    ax.plot(sheet.lunar_day, sheet.wake_deg, color=style.BLUE, lw=1.8, label="wake, predicted")
    ax.plot(sheet.lunar_day, sheet.sleep_deg, color=style.VERMILLION, lw=1.8, label="sleep, predicted")
    for found, colour, marker, words in (
        (sheet.wakes, style.BLUE, "o", "wake, published"),
        (sheet.sleeps, style.VERMILLION, "s", "sleep, published"),
    ):
        _mark(ax, found.lunar_day, found.sun_deg, found.counts, colour, marker, words)
    ax.set_ylabel("Sun elevation (deg)")
    ax.grid(color=style.NO_DATA, lw=0.5)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.38 * (high - low))
    ax.legend(loc="upper right", ncols=3, handlelength=1.8, labelspacing=0.35, columnspacing=1.2)


def _draw_errors(ax: Axes, sheet: HindcastSheet) -> None:
    ax.axhline(0.0, color=style.INK, lw=0.8)
    for k, (found, colour, marker) in enumerate(
        ((sheet.wakes, style.BLUE, "o"), (sheet.sleeps, style.VERMILLION, "s"))
    ):
        place = found.lunar_day + 0.18 * k
        ax.vlines(place, 0.0, found.error_h, color=colour, lw=1.4)
        if k == 0:
            ax.plot(
                place,
                found.constant_error_h,
                "_",
                color=style.FAINT_INK,
                ms=11,
                mew=1.8,
                label="best constant for wakes",
            )
        _mark(ax, place, found.error_h, found.counts, colour, marker, ("wake", "sleep")[k])
    ax.set_ylabel("predicted less published (h)")
    ax.grid(color=style.NO_DATA, lw=0.5)
    ax.set_axisbelow(True)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.15 * (high - low))
    ax.legend(loc="upper right", ncols=4, handlelength=1.4, columnspacing=1.2)


def _mark(
    ax: Axes, x: Array, y: Array, counts: npt.NDArray[np.bool_], colour: str, marker: str, words: str
) -> None:
    ax.plot(
        x[counts], y[counts], marker, color=colour, ms=6.5, mec=style.PAPER, mew=0.8, label=words, zorder=3
    )
    if not counts.all():
        ax.plot(
            x[~counts],
            y[~counts],
            marker,
            color=style.PAPER,
            ms=6.0,
            mec=colour,
            mew=1.4,
            label=f"{words}, not scored",
            zorder=3,
        )
