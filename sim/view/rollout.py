"""The way off the lander: ground in plan with rails and run, the rails from the side, and the steps by the clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LightSource
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from sim.view import style

Floats = npt.NDArray[np.float64]

_PAGE_IN = (11.2, 7.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class RampSketch:
    """A pair of rails.

    Attributes:
        name: Of the ramp.
        words: What was found.
        rails_m: Corners, east and north from the lander.
        run_m: Corners of the ground that the rover drives over.
        stop_m: Where it turns.
        chosen, good: Whether it is taken, and whether it might be.
    """

    name: str
    words: str
    rails_m: Floats
    run_m: Floats
    stop_m: tuple[float, float]
    chosen: bool
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RolloutSheet:
    """What is drawn.

    Attributes:
        height_m: (rows, cols) of the ground, south-west first, over its mean.
        extent_m: West, east, south and north edge, from the lander.
        footprint_m, turn_m: Radii of the lander's footprint and of the rover's turning circle.
        sun_azimuth_rad: Clockwise from north.
        ramps: All of them.
        profile_m: (n, 2) along the chosen ramp and height of the ground, over the hinge's foot; empty without one.
        rail_m: (2, 2) hinge and foot in the same frame.
        steps: Name, reason, begin and end in hours of the day of landing, UTC.
        landed_h, published_h: Touchdown, and when the rover is told to have been down.
        words: What came of it.
    """

    height_m: Floats
    extent_m: tuple[float, float, float, float]
    footprint_m: float
    turn_m: float
    sun_azimuth_rad: float
    ramps: Sequence[RampSketch]
    profile_m: Floats
    rail_m: Floats
    steps: Sequence[tuple[str, str, float, float]]
    landed_h: float
    published_h: float
    words: str


def draw_rollout(sheet: RolloutSheet, *, title: str) -> Figure:
    """Return a figure of a rollout."""
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        figure.text(0.02, 0.965, title, fontsize=style.TITLE_PT, fontweight="bold", va="center")
        figure.text(0.02, 0.925, sheet.words, fontsize=style.TEXT_PT, va="center", color=style.FAINT_INK)
        _plan(figure.add_axes((0.065, 0.10, 0.44, 0.76)), sheet)
        if len(sheet.profile_m):
            _side(figure.add_axes((0.575, 0.64, 0.40, 0.22)), sheet)
        _steps(figure.add_axes((0.575, 0.10, 0.40, 0.43)), sheet)
        return figure


def _plan(ax: Axes, sheet: RolloutSheet) -> None:
    west, east, south, north = sheet.extent_m
    cell = (east - west) / sheet.height_m.shape[1]
    sun = LightSource(azdeg=math.degrees(sheet.sun_azimuth_rad), altdeg=35.0)
    shade = sun.hillshade(sheet.height_m[::-1], vert_exag=2.0, dx=cell, dy=cell)
    ax.imshow(shade, cmap="gray", vmin=-0.2, vmax=1.1, extent=sheet.extent_m, interpolation="nearest")
    span = float(np.ptp(sheet.height_m))
    step = next(s for s in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if span / s <= 14)
    axes = [np.linspace(a + cell / 2, b - cell / 2, n) for a, b, n in
            ((west, east, sheet.height_m.shape[1]), (south, north, sheet.height_m.shape[0]))]  # fmt: skip
    lines = ax.contour(
        *axes, sheet.height_m, levels=np.arange(-20.0, 20.0, step), colors=style.INK, linewidths=0.45
    )
    ax.clabel(lines, fontsize=6.5, fmt="%.1f")
    ax.add_patch(Circle((0, 0), sheet.footprint_m, fc=style.YELLOW, alpha=0.35, ec=style.INK, lw=1.2))
    ax.text(0.0, 0.0, "lander", ha="center", va="center", fontsize=style.SMALL_PT, path_effects=style.halo())
    for ramp in sheet.ramps:
        colour = style.BLUE if ramp.chosen else style.ORANGE if ramp.good else style.VERMILLION
        line = "-" if ramp.chosen else "--"
        ax.add_patch(Polygon(ramp.run_m, closed=True, fill=False, ec=colour, lw=1.2, ls=line))
        ax.add_patch(Polygon(ramp.rails_m, closed=True, fc=colour, alpha=0.45, ec=colour, lw=1.4, ls=line))
        ax.add_patch(Circle(ramp.stop_m, sheet.turn_m, fill=False, ec=colour, lw=1.0, ls=":"))
        state = "taken" if ramp.chosen else "would do" if ramp.good else "refused"
        side = 1.15 if ramp.stop_m[1] >= 0 else -1.15
        ax.text(
            ramp.stop_m[0], ramp.stop_m[1] + side * sheet.turn_m, f"{ramp.name}: {state}\n{ramp.words}",
            ha="center", va="bottom" if side > 0 else "top", fontsize=style.SMALL_PT, path_effects=style.halo(),
            color=style.INK, clip_on=True,
        )  # fmt: skip
    reach = 0.80 * min(east, north)
    sun_x, sun_y = math.sin(sheet.sun_azimuth_rad), math.cos(sheet.sun_azimuth_rad)
    ax.annotate(
        "Sun", (0.88 * reach * sun_x, 0.88 * reach * sun_y), xytext=(1.12 * reach * sun_x, 1.12 * reach * sun_y),
        fontsize=style.SMALL_PT, ha="center", va="center", path_effects=style.halo(),
        arrowprops={"arrowstyle": "->", "color": style.INK},
    )  # fmt: skip
    ax.set_xlabel("east of the lander, m")
    ax.set_ylabel("north of the lander, m")
    ax.set_title(f"ground as landed on; contours {step:g} m", fontsize=style.TEXT_PT, loc="left")


def _side(ax: Axes, sheet: RolloutSheet) -> None:
    ax.fill_between(sheet.profile_m[:, 0], sheet.profile_m[:, 1], -5.0, color="#8D9098", alpha=0.6, lw=0)
    ax.plot(sheet.profile_m[:, 0], sheet.profile_m[:, 1], color=style.INK, lw=1.0)
    ax.plot(
        sheet.rail_m[:, 0], sheet.rail_m[:, 1], color=style.BLUE, lw=3.0, solid_capstyle="butt", label="rail"
    )
    ax.plot(*sheet.rail_m[0], "o", color=style.INK, ms=5, label="hinge")
    ax.set_xlim(0.0, float(sheet.profile_m[-1, 0]))
    ax.set_ylim(float(sheet.profile_m[:, 1].min()) - 0.3, float(sheet.rail_m[0, 1]) + 0.4)
    ax.set_aspect("equal", adjustable="box")
    ax.set_xlabel("from the lander's middle, m", labelpad=1)
    ax.set_ylabel("height, m")
    ax.set_title("the chosen rails from the side", fontsize=style.TEXT_PT, loc="left")
    ax.legend(loc="upper right", fontsize=style.SMALL_PT)
    ax.tick_params(labelsize=style.SMALL_PT)


def _steps(ax: Axes, sheet: RolloutSheet) -> None:
    for n, (name, _, begin, end) in enumerate(sheet.steps):
        ax.barh(n, max(end - begin, 0.03), left=begin, height=0.62, color=style.SKY, ec=style.INK, lw=0.5)
        late = begin > (sheet.landed_h + sheet.published_h) / 2
        ax.text(
            begin - 0.12 if late else end + 0.12, n, name, va="center", ha="right" if late else "left",
            fontsize=style.SMALL_PT,
        )  # fmt: skip
    ax.axvline(sheet.landed_h, color=style.INK, lw=1.0)
    ax.axvline(sheet.published_h, color=style.VERMILLION, lw=1.2, ls="--")
    ax.text(sheet.landed_h + 0.1, -1.05, "touchdown", fontsize=style.SMALL_PT, ha="left", va="center")
    ax.text(sheet.published_h - 0.1, -1.05, "published", fontsize=style.SMALL_PT, ha="right", va="center",
            color=style.VERMILLION)  # fmt: skip
    ax.set_ylim(max(len(sheet.steps), 1) - 0.4, -1.6)
    ax.set_xlim(sheet.landed_h - 0.4, sheet.published_h + 0.6)
    ax.set_yticks([])
    ax.set_xlabel("hours of the day, UTC")
    ax.set_title("steps, each waiting for what it needs", fontsize=style.TEXT_PT, loc="left")
    ax.tick_params(labelsize=style.SMALL_PT)
