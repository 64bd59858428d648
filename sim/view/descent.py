"""A descent as curves, and the scan that the landing place was chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from sim.view import style

Floats = npt.NDArray[np.float64]

_PAGE_IN = (9.6, 7.0)
_CURVES_X, _CURVES_W = 0.075, 0.44
_CURVES_TOP, _CURVES_STEP, _CURVES_H = 0.665, 0.196, 0.155
_MAP_BOX = (0.61, 0.14, 0.375, 0.58)
_NAMES_APART = 0.052
"""Least distance between the names of phases, as a share of the time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DescentCurves:
    """What is drawn of a descent.

    Attributes:
        time_s: (n,) since ignition.
        height_m, down_m_s, level_m_s, thrust_n, tilt_deg, propellant_kg: (n,) each.
        phases: Name and begin of each phase.
    """

    time_s: Floats
    height_m: Floats
    down_m_s: Floats
    level_m_s: Floats
    thrust_n: Floats
    tilt_deg: Floats
    propellant_kg: Floats
    phases: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScanSheet:
    """The scan from the hover.

    Attributes:
        hazardous: (rows, cols) 0 free, 1 hazard, 2 unknown.
        extent_m: Left, right, lower and upper edge: ahead and left of the lander.
        footprint_m: Radius.
        below_m, chosen_m: Places that would have been, and is, come down on.
        words: What was found.
    """

    hazardous: npt.NDArray[np.uint8]
    extent_m: tuple[float, float, float, float]
    footprint_m: float
    below_m: tuple[float, float]
    chosen_m: tuple[float, float]
    words: str


def draw_descent(curves: DescentCurves, scan: ScanSheet | None, *, title: str) -> Figure:
    """Return a figure of a descent: height, speed, thrust, tilt and propellant; and the scan, if there was one."""
    with style.house_style():
        figure = style.blank_figure(*_PAGE_IN)
        figure.text(0.02, 0.955, title, fontsize=style.TITLE_PT, fontweight="bold", va="center")
        wide = _CURVES_W if scan is not None else 0.89
        boxes = [
            figure.add_axes((_CURVES_X, _CURVES_TOP - _CURVES_STEP * n, wide, _CURVES_H)) for n in range(4)
        ]
        _curves(boxes, curves)
        if scan is not None:
            _scan(figure.add_axes(_MAP_BOX), scan)
        return figure


def _curves(boxes: Sequence[Axes], curves: DescentCurves) -> None:
    time = curves.time_s
    high, speed, engine, rest = boxes
    high.plot(time, np.maximum(curves.height_m, 1.0), color=style.BLUE)
    high.set_yscale("log")
    high.set_ylabel("height, m")
    speed.plot(time, curves.level_m_s, color=style.BLUE, label="level")
    speed.plot(time, curves.down_m_s, color=style.VERMILLION, ls="--", label="down")
    speed.set_yscale("symlog", linthresh=10.0)
    speed.set_ylabel("speed, m/s")
    engine.plot(time, curves.thrust_n / 1000.0, color=style.BLUE)
    engine.set_ylabel("thrust, kN")
    engine.set_ylim(bottom=0.0)
    rest.plot(time, curves.propellant_kg, color=style.BLUE, label="propellant")
    rest.set_ylabel("propellant, kg")
    lean = rest.twinx()
    lean.plot(time, curves.tilt_deg, color=style.VERMILLION, ls="--")
    lean.set_ylabel("tilt, deg", color=style.VERMILLION)
    rest.plot([], [], color=style.VERMILLION, ls="--", label="tilt")
    rest.legend(loc="center left", fontsize=style.SMALL_PT, frameon=False, bbox_to_anchor=(0.0, 0.3))
    lean.spines["right"].set_visible(True)
    rest.set_xlabel("seconds since ignition")
    speed.legend(loc="center left", fontsize=style.SMALL_PT, frameon=False)
    for n, ax in enumerate(boxes):
        ax.set_xlim(time[0], time[-1])
        ax.tick_params(labelbottom=n == len(boxes) - 1, labelsize=style.SMALL_PT)
        for _, begin in curves.phases:
            ax.axvline(begin, color=style.FAINT_INK, lw=0.6, ls=":")
    lean.tick_params(labelsize=style.SMALL_PT)
    _name_phases(high, curves)


def _name_phases(ax: Axes, curves: DescentCurves) -> None:
    """Write each phase's name slanting up over its beginning, moved aside where beginnings crowd."""
    long = curves.time_s[-1] - curves.time_s[0]
    places: list[float] = []
    for _, begin in curves.phases:
        places.append(max(begin, places[-1] + _NAMES_APART * long) if places else begin)
    over = ax.get_xaxis_transform()
    for (name, begin), at in zip(curves.phases, places, strict=True):
        ax.plot([begin, at], [1.0, 1.1], transform=over, color=style.FAINT_INK, lw=0.6, clip_on=False)
        ax.text(
            at, 1.11, name, transform=over, rotation=38, rotation_mode="anchor", ha="left", va="center",
            fontsize=style.SMALL_PT, color=style.INK,
        )  # fmt: skip


def _scan(ax: Axes, scan: ScanSheet) -> None:
    colours = ListedColormap(["#E8E4DA", style.CLOSED, style.NO_DATA])
    ax.imshow(
        scan.hazardous.T[:, ::-1],
        origin="lower",
        extent=(-scan.extent_m[3], -scan.extent_m[2], scan.extent_m[0], scan.extent_m[1]),
        cmap=colours,
        vmin=-0.5,
        vmax=2.5,
        interpolation="nearest",
    )
    for (ahead, left), colour, line, words in (
        (scan.below_m, style.ORANGE, "--", "aimed at"),
        (scan.chosen_m, style.BLUE, "-", "chosen"),
    ):
        ax.add_patch(
            Circle((-left, ahead), scan.footprint_m, fill=False, ec=colour, lw=2.0, ls=line, label=words)
        )
    ax.plot([], [], "s", color=style.CLOSED, label="hazard")
    ax.set_xlabel("to the right, m")
    ax.set_ylabel("ahead, m")
    ax.set_title(scan.words, fontsize=style.TEXT_PT, loc="left")
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, fontsize=style.SMALL_PT, frameon=False
    )
    ax.set_aspect("equal")
