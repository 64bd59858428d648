"""A parked rover through a lunar day: the Sun, temperatures, power and charge on one axis of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rover.core.time import SECONDS_PER_DAY
from sim.view import style
from sim.view.panels import label_right

Columns = Mapping[str, npt.NDArray[np.float64]]

_WIDTH_IN, _HEIGHT_IN = 11.0, 9.2
_PARTS = (
    ("ground_k", "ground", "#8C6D46"),
    ("wheels_k", "wheels", style.FAINT_INK),
    ("array_k", "array", style.ORANGE),
    ("body_k", "body", style.VERMILLION),
)
_NIGHT_SHADE = "#D5D8E6"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergySheet:
    """What is drawn.

    Attributes:
        title: Of the picture.
        lines: Below it.
        columns: As `sim.run.parked.stay` returns them.
        others: Words, colour and (n,) days and temperatures of the body in other circumstances.
        limits_k: Words and temperatures that bound what the body bears.
        published: Words and days of what is published of this lunar day.
    """

    title: str
    lines: Sequence[str]
    columns: Columns
    others: Sequence[tuple[str, str, npt.NDArray[np.float64], npt.NDArray[np.float64]]]
    limits_k: Sequence[tuple[str, float]]
    published: Sequence[tuple[str, float]] = ()


def draw_energy(sheet: EnergySheet) -> Figure:
    """Return the picture of a lunar day."""
    with style.house_style():
        figure = style.blank_figure(_WIDTH_IN, _HEIGHT_IN)
        panels = [
            figure.add_axes((0.075, bottom, 0.76, height))
            for bottom, height in ((0.715, 0.165), (0.30, 0.40), (0.18, 0.105), (0.06, 0.105))
        ]
        for draw, ax in zip((_draw_sun, _draw_heat, _draw_power, _draw_charge), panels, strict=True):
            draw(ax, sheet)
            _finish(ax, sheet, lowest=ax is panels[-1])
        figure.align_ylabels(panels)
        figure.text(0.075, 0.965, sheet.title, fontsize=style.TITLE_PT, weight="bold", va="top")
        figure.text(
            0.075, 0.93, "\n".join(sheet.lines), fontsize=style.TEXT_PT, color=style.FAINT_INK, va="top"
        )
        return figure


def _days(sheet: EnergySheet) -> npt.NDArray[np.float64]:
    return np.asarray(sheet.columns["time_s"] / SECONDS_PER_DAY)


def _draw_sun(ax: Axes, sheet: EnergySheet) -> None:
    elevation = np.degrees(sheet.columns["sun_elevation_rad"])
    ax.plot(_days(sheet), elevation, color="#B8860B", lw=2.0, gid="sun elevation")
    ax.fill_between(_days(sheet), np.maximum(elevation, 0), 0, color=style.YELLOW, alpha=0.28, lw=0)
    ax.axhline(0, color=style.INK, lw=0.8)
    ax.set(ylabel="Sun elevation (deg)", ylim=(-50, 55), yticks=(-40, -20, 0, 20, 40))
    for words, day in sheet.published:
        ax.axvline(day, color=style.BLUE, lw=1.0, ls="--", gid="published")
        ax.annotate(
            words,
            (day, -42),
            xytext=(4, 0),
            textcoords="offset points",
            color=style.BLUE,
            fontsize=style.SMALL_PT,
        )


def _draw_heat(ax: Axes, sheet: EnergySheet) -> None:
    labels = []
    for name, words, colour in _PARTS:
        values = sheet.columns[name]
        ax.plot(_days(sheet), values, color=colour, lw=2.2 if name == "body_k" else 1.5, gid=name)
        labels.append((float(values[-1]), words, colour))
    for words, colour, days, kelvin in sheet.others:
        ax.plot(days, kelvin, color=colour, lw=1.3, ls=(0, (4, 2)), gid="other")
        labels.append((float(kelvin[-1]), words, colour))
    for words, kelvin_limit in sheet.limits_k:
        ax.axhline(kelvin_limit, color=style.INK, lw=0.9, ls=":", gid="limit")
        labels.append((kelvin_limit, words, style.INK))
    ax.set(ylabel="temperature (K)", ylim=(75, 385))
    label_right(ax, labels)


def _draw_power(ax: Axes, sheet: EnergySheet) -> None:
    array, load = sheet.columns["array_w"], sheet.columns["load_w"]
    ax.plot(_days(sheet), array, color=style.ORANGE, lw=1.6, gid="array")
    ax.fill_between(_days(sheet), array, 0, color=style.ORANGE, alpha=0.18, lw=0)
    ax.plot(_days(sheet), load, color=style.BLUE, lw=1.0, drawstyle="steps-pre", gid="load")
    top = 1.15 * float(array.max())
    ax.set(ylabel="power (W)", ylim=(0, top))
    label_right(ax, [(0.75 * top, "array output", style.ORANGE), (0.15 * top, "load", style.BLUE)])


def _draw_charge(ax: Axes, sheet: EnergySheet) -> None:
    soc = 100 * sheet.columns["soc"]
    ax.plot(_days(sheet), soc, color=style.GREEN, lw=1.6, gid="soc")
    ax.fill_between(_days(sheet), soc, 0, color=style.GREEN, alpha=0.15, lw=0)
    ax.set(ylabel="charge (%)", ylim=(0, 105), yticks=(0, 50, 100), xlabel="Earth days since the start")


def _finish(ax: Axes, sheet: EnergySheet, *, lowest: bool) -> None:
    days, asleep = _days(sheet), sheet.columns["asleep"] > 0
    ax.set_xlim(0.0, float(days[-1]))
    ax.fill_between(
        days,
        0,
        1,
        where=asleep,
        transform=ax.get_xaxis_transform(),
        color=_NIGHT_SHADE,
        lw=0,
        zorder=0,
        gid="asleep",
    )
    ax.tick_params(labelbottom=lowest)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", color="#E4E5E9", lw=0.7)
    ax.set_axisbelow(True)
