"""A mission's link: why it goes through the relay, when it is open, at which rates, and what waits in the stores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from sim.view import style

Floats = npt.NDArray[np.float64]

_PAGE_IN = (11.6, 9.2)
_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkSheet:
    """What is drawn.

    Attributes:
        days: (n,) since the beginning of the day of landing, UTC.
        earth_deg, relay_deg, sun_deg: (n,) elevations.
        rover_kbit_s, lander_kbit_s, earth_kbit_s: (n,) rates.
        stations: Name and (k, 2) passes in days.
        stores: Name and (n,) Mbit of each.
        made_gbit, arrived_gbit: (n,).
        sums: Of each kind of data: name, Mbit made, Mbit on Earth, and hours on its way at the most.
        late: Time in days and name of commands that were late.
        chord_km: How deep below the ground the straight line to the Earth runs at the least.
        words: Under the title.
        day: First day of the axis, for its label.
    """

    days: Floats
    earth_deg: Floats
    relay_deg: Floats
    sun_deg: Floats
    rover_kbit_s: Floats
    lander_kbit_s: Floats
    earth_kbit_s: Floats
    stations: Sequence[tuple[str, Floats]]
    stores: Sequence[tuple[str, Floats]]
    made_gbit: Floats
    arrived_gbit: Floats
    sums: Sequence[tuple[str, float, float, float]]
    late: Sequence[tuple[float, str]]
    chord_km: float
    words: str
    day: str


def draw_link(sheet: LinkSheet, *, title: str) -> Figure:
    """Return a figure of the link over a mission."""
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        figure.text(0.02, 0.97, title, fontsize=style.TITLE_PT, fontweight="bold", va="center")
        figure.text(0.02, 0.938, sheet.words, fontsize=style.TEXT_PT, va="center", color=style.FAINT_INK)
        boxes = [figure.add_axes((0.085, low, 0.58, high)) for low, high in
                 ((0.70, 0.20), (0.575, 0.095), (0.375, 0.17), (0.215, 0.13), (0.065, 0.12))]  # fmt: skip
        sky, passes, rates, stores, sums = boxes
        _sky(sky, sheet)
        _passes(passes, sheet)
        _rates(rates, sheet)
        _stores(stores, sheet)
        _sums(sums, sheet)
        for ax in boxes:
            ax.set_xlim(sheet.days[0], sheet.days[-1])
            ax.tick_params(labelsize=style.SMALL_PT, labelbottom=ax is sums)
            ax.set_xticks(np.arange(math.ceil(sheet.days[0]), math.floor(sheet.days[-1]) + 1))
        sums.set_xlabel(f"days from {sheet.day}, UTC")
        _geometry(figure.add_axes((0.70, 0.46, 0.285, 0.44)), sheet)
        _table(figure.add_axes((0.70, 0.05, 0.285, 0.36)), sheet)
        return figure


def _table(ax: Axes, sheet: LinkSheet) -> None:
    """Say what was sent down."""
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    ax.axis("off")
    rows = sheet.sums[:_ROWS]
    step = 1.0 / (_ROWS + 1.5)
    for x, words in ((0.74, "Mbit"), (1.0, "h at most")):
        ax.text(x, 1.0 - step / 2, words, fontsize=style.SMALL_PT, ha="right", fontweight="bold")
    ax.text(0.0, 1.0 - step / 2, "sent down", fontsize=style.SMALL_PT, fontweight="bold")
    for n, (name, made, arrived, hours) in enumerate(rows):
        y = 1.0 - step * (n + 1.5)
        ax.text(0.0, y, name, fontsize=7.5)
        whole = f"{made:,.1f}" if arrived >= 0.999999 * made else f"{arrived:,.1f} of {made:,.1f}"
        ax.text(0.74, y, whole, fontsize=7.5, ha="right")
        ax.text(1.0, y, f"{hours:.1f}", fontsize=7.5, ha="right")


def _sky(ax: Axes, sheet: LinkSheet) -> None:
    ax.axhspan(-90.0, 0.0, color="#8D9098", alpha=0.3, lw=0)
    ax.plot(sheet.days, sheet.relay_deg, color=style.BLUE, label="Queqiao")
    ax.plot(sheet.days, sheet.sun_deg, color=style.ORANGE, ls=":", label="Sun")
    ax.plot(sheet.days, sheet.earth_deg, color=style.VERMILLION, ls="--", label="Earth")
    ax.text(sheet.days[-1], -3.0, "below the horizon ", fontsize=style.SMALL_PT, va="top", ha="right")
    ax.set_ylim(-62.0, 62.0)
    ax.set_yticks([-60, -30, 0, 30, 60])
    ax.set_ylabel("elevation, deg")
    ax.legend(loc="center left", ncols=3, fontsize=style.SMALL_PT, bbox_to_anchor=(0.0, 0.36))


def _passes(ax: Axes, sheet: LinkSheet) -> None:
    for n, (_, spans) in enumerate(sheet.stations):
        ax.broken_barh(
            [(a, b - a) for a, b in spans.tolist()], (n - 0.32, 0.64), color=style.GREEN, ec="none"
        )
    ax.set_yticks(range(len(sheet.stations)), [name for name, _ in sheet.stations])
    ax.set_ylim(len(sheet.stations) - 0.4, -0.6)


def _rates(ax: Axes, sheet: LinkSheet) -> None:
    for values, colour, line, words in (
        (sheet.earth_kbit_s, style.INK, "-", "relay to Earth"),
        (sheet.lander_kbit_s, style.BLUE, "-", "lander to relay"),
        (sheet.rover_kbit_s, style.VERMILLION, "-", "rover to relay"),
    ):
        ax.plot(
            sheet.days, np.where(values > 0.0, values, np.nan), color=colour, ls=line, lw=1.3, label=words
        )
    ax.axhline(0.125, color=style.GREEN, ls="--", lw=1.0, label="commands up, 125 bit/s")
    ax.set_yscale("log")
    ax.set_ylim(0.06, 3e4)
    ax.set_ylabel("rate, kbit/s")
    ax.legend(loc="upper right", ncols=2, fontsize=7.5, bbox_to_anchor=(1.0, 1.05))


def _stores(ax: Axes, sheet: LinkSheet) -> None:
    for (name, values), colour, line in zip(
        sheet.stores, (style.VERMILLION, style.BLUE, style.INK), ("-", "-", "--"), strict=False
    ):
        ax.plot(
            sheet.days,
            np.maximum(values, 1e-3),
            color=colour,
            ls=line,
            lw=1.1,
            label=f"in the {name}'s store",
        )
    ax.set_yscale("log")
    ax.set_ylim(0.1, None)
    ax.set_ylabel("waiting, Mbit")
    ax.legend(loc="upper right", ncols=3, fontsize=7.5)


def _sums(ax: Axes, sheet: LinkSheet) -> None:
    ax.plot(sheet.days, sheet.made_gbit, color=style.ORANGE, lw=2.4, label="made")
    ax.plot(sheet.days, sheet.arrived_gbit, color=style.INK, ls="--", lw=1.2, label="on Earth")
    ax.set_ylim(bottom=0.0)
    ax.set_ylabel("sum, Gbit")
    ax.legend(loc="lower right", fontsize=style.SMALL_PT)
    for at, _ in sheet.late:
        ax.axvline(at, color=style.VERMILLION, lw=1.0)


def _geometry(ax: Axes, sheet: LinkSheet) -> None:
    """Draw the Moon in the plane of zenith and Earth, directions to scale, distances not."""
    ax.set_xlim(-2.7, 2.7)
    ax.set_ylim(-2.6, 3.4)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title("why nothing goes straight to the Earth", fontsize=style.TEXT_PT, loc="left")
    ax.add_patch(Circle((0.0, -1.0), 1.0, fc="#BDB8AC", ec=style.INK, lw=1.0))
    ax.text(0.0, -1.35, "Moon", ha="center", va="center", fontsize=style.TEXT_PT)
    ax.plot([-2.5, 2.5], [0.0, 0.0], color=style.FAINT_INK, lw=0.8, ls=":")
    ax.text(-2.5, 0.06, "horizon", fontsize=style.SMALL_PT, va="bottom", color=style.FAINT_INK)
    down = math.radians(float(sheet.earth_deg.max()))
    low, high = (math.radians(float(of(sheet.relay_deg))) for of in (np.min, np.max))
    far = 2.4
    ax.annotate(
        "", (far * math.cos(down), far * math.sin(down)), xytext=(0.0, 0.0),
        arrowprops={"arrowstyle": "->", "color": style.VERMILLION, "ls": "--", "lw": 1.6},
    )  # fmt: skip
    ax.text(
        far * math.cos(down) + 0.1, far * math.sin(down) - 0.12,
        f"Earth, {math.degrees(down):.1f}° at its\nhighest: the line runs\n{sheet.chord_km:.0f} km deep",
        fontsize=style.SMALL_PT, va="top", ha="center",
    )  # fmt: skip
    for angle in (low, high):
        ax.plot([0.0, far * math.cos(angle)], [0.0, far * math.sin(angle)], color=style.BLUE, lw=1.4)
    arc = np.linspace(low, high, 30)
    ax.fill(np.r_[0.0, far * np.cos(arc)], np.r_[0.0, far * np.sin(arc)], color=style.SKY, alpha=0.35, lw=0)
    middle = (low + high) / 2
    ax.text(
        1.12 * far * math.cos(middle), 1.12 * far * math.sin(middle),
        f"Queqiao,\n{math.degrees(low):.0f} to {math.degrees(high):.0f}° high", fontsize=style.SMALL_PT, ha="center",
        va="bottom",
    )  # fmt: skip
    ax.plot(0.0, 0.0, "^", color=style.INK, ms=9)
    ax.text(-0.12, 0.12, "Chang'e 4", fontsize=style.SMALL_PT, ha="right", va="bottom")
