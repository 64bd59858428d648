"""The picture of a Pareto front: what of one criterion costs what of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.view import style
from sim.view.heading import HEIGHT_IN, draw_heading

Array = npt.NDArray[np.float64]

_WIDTH_IN, _HEIGHT_IN = 7.2, 6.0
_MOST_NUMBERED = 15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParetoSheet:
    """What is drawn of a front.

    Attributes:
        title, lines: Heading.
        first, second: (n,) values of its members, in the units of the labels, members in the order of the first.
        labels: Quantities with their units.
        more_is_better: Of each.
        missing: Of a front whose search was cut short, what members that are not there have of either at the best; they
            also have better of the second than all that are.
    """

    title: str
    lines: Sequence[str]
    first: Array
    second: Array
    labels: tuple[str, str]
    more_is_better: tuple[bool, bool]
    missing: tuple[float, float] | None = None


def draw_pareto(sheet: ParetoSheet) -> Figure:
    """Return the picture of a front: its members, numbered, and what each of them rules out."""
    with style.house_style():
        figure = style.blank_figure(_WIDTH_IN, _HEIGHT_IN)
        room = 0.75 + HEIGHT_IN
        ax = figure.add_axes(
            (0.9 / _WIDTH_IN, 0.75 / _HEIGHT_IN, 5.95 / _WIDTH_IN, (_HEIGHT_IN - room) / _HEIGHT_IN)
        )
        known = np.isfinite(sheet.first) & np.isfinite(sheet.second)
        first, second = sheet.first[known], sheet.second[known]
        ax.plot(
            first, second, color=style.FAINT_INK, lw=1.2, drawstyle="steps-post", zorder=2, gid="front line"
        )
        ax.plot(
            first,
            second,
            ls="",
            marker="o",
            ms=7,
            mfc=style.BLUE,
            mec=style.PAPER,
            mew=1,
            zorder=3,
            gid="front",
        )
        if len(first) <= _MOST_NUMBERED:
            for number, place in enumerate(zip(first, second, strict=True), start=1):
                ax.annotate(
                    str(number), place, xytext=(6, 6), textcoords="offset points", fontsize=style.SMALL_PT
                )
        if sheet.missing is not None and len(first):
            _draw_missing(ax, sheet, first, float(second[-1]))
        better = ["more" if more else "less" for more in sheet.more_is_better]
        ax.set(
            xlabel=f"{sheet.labels[0]}, {better[0]} is better",
            ylabel=f"{sheet.labels[1]}, {better[1]} is better",
        )
        ax.margins(0.1)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.7g}".replace("-", "\u2212")))
        ax.grid(color=style.NO_DATA, lw=0.6, zorder=0)
        ax.spines[["top", "right"]].set_visible(False)
        draw_heading(figure, sheet.title, sheet.lines, colour=style.GREEN)
        return figure


def _draw_missing(ax: Axes, sheet: ParetoSheet, first: Array, last: float) -> None:
    """Shade where members may lie that were not searched for: as far to the worse of the first as there is room."""
    if sheet.missing is None:
        return
    begin, best = sheet.missing
    spread = max(float(np.ptp(first)), abs(begin - float(first[-1])), 1e-3 * abs(begin), 1e-9)
    far = begin + (-0.5 if sheet.more_is_better[0] else 0.5) * spread
    corner, size = (min(begin, far), min(best, last)), (abs(far - begin), abs(last - best))
    ax.add_patch(Rectangle(corner, *size, facecolor=style.NO_DATA, alpha=0.55, lw=0, zorder=1, gid="missing"))
    onward = "\u2192" if far > begin else "\u2190"
    words = ax.annotate(
        f"not searched, and on {onward}",
        (begin, (best + last) / 2),
        xytext=(8 if far > begin else -8, 0),
        textcoords="offset points",
        ha="left" if far > begin else "right",
        va="center",
        fontsize=style.SMALL_PT,
    )
    words.set_path_effects(style.halo(3))
