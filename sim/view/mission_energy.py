"""The rover's energy over a mission: state of charge, array and loads by the day, and what each load came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.view import style

Floats = npt.NDArray[np.float64]

_PAGE_IN = (11.2, 5.6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergySheet:
    """What is drawn.

    Attributes:
        days: (n,) since the beginning of the day of landing, UTC.
        soc, array_w, load_w: (n,).
        spans: Name, begin and end in days, and colour's name in `sim.view.style.MODE_COLOURS`.
        loads_wh: By what asked for it.
        sums_wh: What came in and where it went, for the last lines of the table.
        day: First day of the axis.
        words: Under the title.
    """

    days: Floats
    soc: Floats
    array_w: Floats
    load_w: Floats
    spans: Sequence[tuple[str, float, float, str]]
    loads_wh: Sequence[tuple[str, float]]
    sums_wh: Sequence[tuple[str, float]]
    day: str
    words: str


def draw_mission_energy(sheet: EnergySheet, *, title: str) -> Figure:
    """Return a figure of the rover's energy."""
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        figure.text(0.02, 0.95, title, fontsize=style.TITLE_PT, fontweight="bold", va="center")
        figure.text(0.02, 0.895, sheet.words, fontsize=style.TEXT_PT, va="center", color=style.FAINT_INK)
        charge = figure.add_axes((0.07, 0.52, 0.60, 0.31))
        watts = figure.add_axes((0.07, 0.12, 0.60, 0.35))
        charge.plot(sheet.days, 100.0 * sheet.soc, color=style.BLUE)
        charge.set_ylabel("charge, %")
        charge.set_ylim(0.0, 105.0)
        watts.plot(sheet.days, sheet.array_w, color=style.ORANGE, lw=1.2, label="array, as it could give")
        watts.plot(sheet.days, sheet.load_w, color=style.INK, lw=0.9, ls="--", label="loads")
        watts.set_ylabel("power, W")
        watts.set_ylim(0.0, 1.25 * float(max(sheet.array_w.max(), sheet.load_w.max())))
        watts.set_xlabel(f"days from {sheet.day}, UTC")
        watts.legend(loc="upper left", fontsize=style.SMALL_PT, ncols=2)
        seen: set[str] = set()
        for name, begin, end, kind in sheet.spans:
            for ax in (charge, watts):
                ax.axvspan(begin, end, color=style.mode_colour(kind), alpha=0.22, lw=0)
            charge.text(
                (begin + end) / 2, 4.0, "" if name in seen else name, fontsize=style.SMALL_PT, ha="center", va="bottom",
                rotation=90, path_effects=style.halo(),
            )  # fmt: skip
            seen.add(name)
        for ax in (charge, watts):
            ax.set_xlim(sheet.days[0], sheet.days[-1])
            ax.tick_params(labelsize=style.SMALL_PT, labelbottom=ax is watts)
        _table(figure.add_axes((0.71, 0.10, 0.275, 0.75)), sheet)
        return figure


def _table(ax: Axes, sheet: EnergySheet) -> None:
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    ax.axis("off")
    rows = [*sheet.loads_wh, ("", 0.0), *sheet.sums_wh]
    step = 1.0 / max(len(rows) + 1, 14)
    ax.text(0.0, 1.0 - step / 2, "asked for by", fontsize=style.SMALL_PT, fontweight="bold")
    ax.text(1.0, 1.0 - step / 2, "Wh", fontsize=style.SMALL_PT, fontweight="bold", ha="right")
    for n, (name, wh) in enumerate(rows, start=1):
        y = 1.0 - step * (n + 0.5)
        ax.text(0.0, y, name, fontsize=style.SMALL_PT)
        ax.text(1.0, y, f"{wh:,.1f}" if name else "", fontsize=style.SMALL_PT, ha="right")
