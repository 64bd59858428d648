"""What happened in the biosphere's canister: warmth, degree-hours, and what its camera would show at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch, Rectangle

from sim.view import style

Floats = npt.NDArray[np.float64]

_PAGE_IN = (11.2, 7.4)
_LINES = ((style.BLUE, "-"), (style.VERMILLION, "--"), (style.GREEN, "-."), (style.PURPLE, ":"), (style.ORANGE, "-"),
          (style.INK, "--"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrowthCurve:
    """One species.

    Attributes:
        name, stage, record: For people.
        share: (n,) degree-hours over those that the stage takes.
        reached_h: When it was reached, hours since the watering; NaN if it was not.
    """

    name: str
    stage: str
    record: str
    share: Floats
    reached_h: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BiosphereSheet:
    """What is drawn.

    Attributes:
        hours: (n,) since it began.
        canister_c, deck_c, heater_w, sun_deg: (n,).
        off_h, frozen_h: When it is switched off, infinite if it never is, and ice first forms; NaN if it does not.
        design_c: Lowest and highest temperature of the design.
        growth: Of each species.
        words: Under the title.
        begun: From when hours count.
    """

    hours: Floats
    canister_c: Floats
    deck_c: Floats
    heater_w: Floats
    sun_deg: Floats
    off_h: float
    frozen_h: float
    design_c: tuple[float, float]
    growth: Sequence[GrowthCurve]
    words: str
    begun: str = "the watering"


def draw_biosphere(sheet: BiosphereSheet, *, title: str) -> Figure:
    """Return a figure: temperatures, Sun and heater, degree-hours with sprout marks, and the canister as it ends."""
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        figure.text(0.02, 0.965, title, fontsize=style.TITLE_PT, fontweight="bold", va="center")
        figure.text(0.02, 0.925, sheet.words, fontsize=style.TEXT_PT, va="center", color=style.FAINT_INK)
        warm = figure.add_axes((0.065, 0.60, 0.54, 0.285))
        power = figure.add_axes((0.065, 0.46, 0.54, 0.105))
        grown = figure.add_axes((0.065, 0.085, 0.54, 0.335))
        _warmth(warm, sheet)
        _power(power, sheet)
        _growth(grown, sheet)
        for ax in (warm, power, grown):
            ax.set_xlim(0.0, sheet.hours[-1])
            if math.isfinite(sheet.off_h):
                ax.axvline(sheet.off_h, color=style.INK, lw=0.9)
            if not math.isnan(sheet.frozen_h):
                ax.axvline(sheet.frozen_h, color=style.SKY, lw=1.2, ls="--")
            ax.tick_params(labelsize=style.SMALL_PT, labelbottom=ax is grown)
        _camera(figure.add_axes((0.675, 0.355, 0.30, 0.53)), sheet)
        _told(figure.add_axes((0.665, 0.05, 0.33, 0.29)), sheet)
        return figure


def _warmth(ax: Axes, sheet: BiosphereSheet) -> None:
    low, high = sheet.design_c
    ax.axhspan(low, high, color=style.GREEN, alpha=0.12, lw=0, label=f"design, {low:g} to {high:g} °C")
    ax.plot(sheet.hours, sheet.canister_c, color=style.BLUE, label="canister")
    ax.plot(sheet.hours, sheet.deck_c, color=style.VERMILLION, ls="--", label="lander's deck")
    ax.set_ylabel("temperature, °C")
    ax.set_ylim(-60.0, 40.0)
    if not math.isnan(sheet.frozen_h):  # told in the legend: beside its line the curves fall
        ax.plot([], [], color=style.SKY, lw=1.2, ls="--", label="water freezes")
    ax.legend(loc="best", fontsize=style.SMALL_PT)
    if math.isfinite(sheet.off_h):
        ax.text(sheet.off_h + 0.01 * sheet.hours[-1], 36.0, "off", fontsize=style.SMALL_PT, va="top")


def _power(ax: Axes, sheet: BiosphereSheet) -> None:
    per_hour = max(1, round(1.0 / (sheet.hours[1] - sheet.hours[0])))
    whole = len(sheet.heater_w) // per_hour * per_hour
    mean = sheet.heater_w[:whole].reshape(-1, per_hour).mean(axis=1)
    ax.fill_between(sheet.hours[:whole:per_hour], mean, step="post", color=style.ORANGE, alpha=0.55, lw=0)
    ax.set_ylabel("heater, W\n(hourly mean)", fontsize=style.SMALL_PT)
    ax.set_ylim(bottom=0.0)
    sun = ax.twinx()
    sun.plot(sheet.hours, sheet.sun_deg, color=style.INK, lw=1.0, ls=":")
    sun.set_ylabel("Sun, deg", fontsize=style.SMALL_PT)
    sun.set_ylim(min(0.0, float(sheet.sun_deg.min())), 50.0)
    sun.spines["right"].set_visible(True)
    sun.tick_params(labelsize=style.SMALL_PT)


def _growth(ax: Axes, sheet: BiosphereSheet) -> None:
    ax.axhline(1.0, color=style.FAINT_INK, lw=0.8)
    for curve, (colour, line) in zip(sheet.growth, _LINES * 8, strict=False):
        ax.plot(sheet.hours, curve.share, color=colour, ls=line)
        if not math.isnan(curve.reached_h):
            ax.plot([curve.reached_h], [1.0], "^", color=colour, ms=8, mec=style.PAPER, zorder=5)
    ax.set_ylabel("degree-hours over those needed")
    ax.set_xlabel(f"hours since {sheet.begun}")
    ax.set_ylim(0.0, 1.65)


def _told(ax: Axes, sheet: BiosphereSheet) -> None:
    """Say in words what came of each species, and what is told of the real one."""
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    ax.axis("off")
    row = 1.0 / max(len(sheet.growth), 1)
    for n, (curve, (colour, line)) in enumerate(zip(sheet.growth, _LINES * 8, strict=False)):
        y = 1.0 - row * (n + 0.5)
        ax.plot([0.0, 0.09], [y + 0.2 * row, y + 0.2 * row], color=colour, ls=line)
        reached = not math.isnan(curve.reached_h)
        when = f"{curve.stage} after {curve.reached_h:.0f} h" if reached else f"no {curve.stage} by then"
        ax.text(0.11, y + 0.2 * row, f"{curve.name}: {when}", fontsize=style.TEXT_PT, va="center")
        if curve.record:
            ax.text(
                0.11, y - 0.25 * row, f"the real one: {curve.record}", fontsize=style.SMALL_PT, va="center",
                color=style.FAINT_INK,
            )  # fmt: skip


def _camera(ax: Axes, sheet: BiosphereSheet) -> None:
    """Draw the canister in section as it is when it is switched off; sizes go with the degree-hours."""
    ax.set_xlim(0.0, 173.0)
    ax.set_ylim(-12.0, 215.0)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.text(0.0, 218.0, "as the camera would see it when it is switched off", fontsize=style.SMALL_PT)
    box = FancyBboxPatch(
        (6.0, 0.0), 161.0, 196.0, boxstyle="round,pad=0,rounding_size=10", fc="#20242C", ec=style.INK, lw=2.0
    )
    ax.add_patch(box)
    ax.add_patch(Rectangle((12.0, 8.0), 149.0, 46.0, fc="#6B4F35", ec="none"))
    rng = np.random.default_rng(3)
    for x, y in zip(rng.uniform(14, 159, 160), rng.uniform(10, 52, 160), strict=True):
        ax.add_patch(Circle((x, y), 0.8, fc="#8B6B4A" if rng.uniform() < 0.5 else "#4E3824", ec="none"))
    ax.add_patch(Rectangle((80.0, 188.0), 13.0, 8.0, fc="#FFF3C4", ec=style.PAPER))
    ax.text(86.5, 199.0, "light pipe", ha="center", va="bottom", fontsize=style.SMALL_PT)
    at = int(np.searchsorted(sheet.hours, sheet.off_h)) - 1
    places = np.linspace(26.0, 147.0, max(len(sheet.growth), 2))
    for n, (curve, x) in enumerate(zip(sheet.growth, places.tolist(), strict=False)):
        share = float(curve.share[max(at, 0)])
        _plant(ax, x, share, sprouts="sprout" in curve.stage)
        ax.text(x, 2.0 if n % 2 else -5.5, curve.name, ha="center", va="center", fontsize=6.5,
                color=style.PAPER if n % 2 else style.INK)  # fmt: skip


def _plant(ax: Axes, x: float, share: float, *, sprouts: bool) -> None:
    """Draw a seed in the soil, and above it what came of it: stem and two seed leaves, or an insect or a colony."""
    ax.add_patch(Ellipse((x, 40.0), 6.0, 4.5, fc="#D9C089", ec=style.INK, lw=0.6))
    if share < 1.0:
        return
    if not sprouts:
        ax.add_patch(Ellipse((x, 62.0), 7.0, 3.2, fc="#C9C3B6", ec=style.INK, lw=0.6))
        return
    high = 8.0 + 30.0 * min(share - 1.0, 1.5)
    bend = np.linspace(0.0, 1.0, 20)
    ax.plot(x + 2.5 * np.sin(2.0 * bend), 40.0 + (14.0 + high) * bend, color="#9CC77B", lw=2.0)
    top_x, top_y = x + 2.5 * math.sin(2.0), 54.0 + high
    wide = 5.0 + 4.0 * min(share - 1.0, 1.5)
    for side in (1.0, -1.0):
        leaf = (top_x + side * wide / 2, top_y + 1.0)
        ax.add_patch(Ellipse(leaf, wide, 0.55 * wide, angle=side * 18.0, fc="#5FA84E", ec="#2F5E2A", lw=0.8))
