"""The panels under the map of a traverse: charge, Sun and slack against days since its scenario's epoch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rover.core.time import SECONDS_PER_DAY
from sim.view import style

Array = npt.NDArray[np.float64]

NIGHT_SHADE, NAP_SHADE = "#D5D8E6", "#FBE8C6"
_SUN = "#B8860B"
_LIMIT_COLOURS = (
    style.BLUE,
    style.VERMILLION,
    style.GREEN,
    style.PURPLE,
    style.ORANGE,
    style.SKY,
    style.BLACK,
)
_LIMIT_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Limits are told apart by marker as well as by colour."""

_LIMITS = ("Sun", "charge", "roll", "dusk", "slope", "shadow", "clearance")
"""Those met most have a look of their own in every picture; any other has one by its name."""


class Told(Protocol):
    """What the panels read of a `TraverseSheet`."""

    @property
    def time_s(self) -> Array: ...
    @property
    def soc(self) -> Array: ...
    @property
    def reserve_soc(self) -> float: ...
    @property
    def sun_time_s(self) -> Array: ...
    @property
    def sun_elevation_deg(self) -> Array: ...
    @property
    def drive_deg(self) -> tuple[float, float, float]: ...
    @property
    def slack(self) -> Sequence[tuple[float, float, str]]: ...


def shade_phases(ax: Axes, phases: Sequence[tuple[str, float, float]]) -> None:
    """Shade naps and nights over the whole height of a panel."""
    for name, begin_s, end_s in phases:
        colour = {"nap": NAP_SHADE, "night": NIGHT_SHADE}.get(name)
        if colour is not None:
            ax.axvspan(
                begin_s / SECONDS_PER_DAY, end_s / SECONDS_PER_DAY, fc=colour, lw=0, zorder=0, gid=name
            )


def draw_charge(ax: Axes, sheet: Told) -> None:
    """Draw the state of charge and the reserve that it never falls below."""
    ax.plot(sheet.time_s / SECONDS_PER_DAY, 100 * sheet.soc, color=style.GREEN, lw=1.8, gid="charge")
    ax.axhline(100 * sheet.reserve_soc, color=style.VERMILLION, lw=1.2, ls="--", gid="reserve")
    ax.axhspan(0, 100 * sheet.reserve_soc, fc=style.VERMILLION, alpha=0.10, lw=0, zorder=0)
    ax.set(ylabel="charge (%)", ylim=(0, 105), yticks=(0, 25, 50, 75, 100))
    _beside(ax, 100 * sheet.reserve_soc, "reserve", style.VERMILLION)


def draw_sun_elevation(ax: Axes, sheet: Told) -> None:
    """Draw the Sun's elevation, and the elevations between which the rover may drive."""
    days, elevation = sheet.sun_time_s / SECONDS_PER_DAY, sheet.sun_elevation_deg
    low, rising, falling = sheet.drive_deg
    top = max(1.15 * float(elevation.max()), 1.15 * rising)
    ax.axhspan(low, rising, fc=style.BLUE, alpha=0.09, lw=0, zorder=0.5, gid="driving window")
    ax.plot(days, elevation, color=_SUN, lw=1.8, gid="sun elevation")
    looks = (
        (low, "drives above", style.BLUE, "--"),
        (rising, "nap, rising", style.ORANGE, "--"),
        (falling, "nap ends, falling", style.ORANGE, ":"),
    )
    for bound, words, colour, dashes in looks:
        ax.axhline(bound, color=colour, lw=1.0, ls=dashes)
        _beside(ax, bound, words, colour)
    bottom = min(-5.0, max(-20.0, 1.1 * float(elevation.min())))
    ax.set(ylabel="Sun (deg)", ylim=(bottom, top))
    ax.set_yticks([tick for tick in range(-20, 91, 20) if bottom <= tick <= top])


def draw_slack(ax: Axes, sheet: Told) -> None:
    """Draw how much of its room the tightest limit leaves, and which limit it is."""
    ax.axhline(0, color=style.INK, lw=0.8)
    ax.set(ylabel="slack (%)", ylim=(-4, 105), yticks=(0, 50, 100))
    names = sorted({name for _, _, name in sheet.slack}, key=_look)
    for name in names:
        own = np.array(
            [(time_s / SECONDS_PER_DAY, 100 * share) for time_s, share, held in sheet.slack if held == name]
        )
        look = _look(name)[0] % len(_LIMIT_COLOURS)
        ax.plot(
            *own.T,
            marker=_LIMIT_MARKERS[look],
            ms=3.6,
            ls="",
            mfc=_LIMIT_COLOURS[look],
            mec=style.PAPER,
            mew=0.3,
            label=name,
            gid=f"slack {name}",
        )
    if names:
        ax.legend(
            loc="center left",
            bbox_to_anchor=(1.005, 0.5),
            fontsize=style.SMALL_PT,
            handletextpad=0.1,
            borderpad=0,
            borderaxespad=0,
            title="tightest limit",
            title_fontsize=style.SMALL_PT,
            alignment="left",
        )


def _look(name: str) -> tuple[int, str]:
    """Return which of the looks a limit has, and its name to order those that share one."""
    return (_LIMITS.index(name) if name in _LIMITS else zlib.crc32(name.encode()) % len(_LIMITS), name)


def _beside(ax: Axes, height: float, words: str, colour: str) -> None:
    ax.annotate(
        words,
        (1, height),
        xycoords=("axes fraction", "data"),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL_PT,
        color=colour,
        annotation_clip=False,
    )
