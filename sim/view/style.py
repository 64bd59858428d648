"""How every picture looks: colours, type, sizes, and the file format's codes that have a colour.

Colours are those of Okabe and Ito (2008, Color Universal Design), which people with any of the common colour
deficiencies tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import AbstractPathEffect, withStroke

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

INK, FAINT_INK, PAPER = "#22252B", "#666B75", "#FFFFFF"
NO_DATA = "#C9CBD0"
NIGHT = "#2E3350"
CLOSED = "#7A2E1F"
"""Of ground that a rover must not stand on, where colours tell something else."""

DPI = 150
TEXT_PT, SMALL_PT, TITLE_PT = 9.5, 8.0, 14.0

GROUND = LinearSegmentedColormap.from_list("ground", ["#5A6274", "#8D9098", "#BDB8AC", "#EFE7D3"])
"""Low ground dark and cool, high ground light and warm; dull, so that what is drawn on it stands out."""

MODE_COLOURS = {
    "drive": BLUE,
    "command": SKY,
    "charge": GREEN,
    "nap": ORANGE,
    "dormant": NIGHT,
    "safe": VERMILLION,
    "idle": "#A3A7B0",
    "plan": PURPLE,
}
MODE_WORDS = {
    "command": "command cycle",
    "nap": "noon nap",
    "safe": "safe mode",
}
OTHER_MODE = PURPLE

RING = "#7A3B8F"
"""Of the ring that marks a replan: what caused it is drawn inside."""
EVENT_WORDS = {
    "hazard": "hazard seen on the path",
    "tilt_stop": "stopped by tilt",
    "stopped": "gave up",
    "give_up": "given up by the ground",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardLook:
    """How one bit of `RunLog.hazard_flags` is drawn.

    Attributes:
        bit: Its value.
        words: For the legend.
        colour: Fill.
        alpha: Opacity of the fill.
        hatched: Drawn in stripes.
    """

    bit: int
    words: str
    colour: str
    alpha: float = 0.62
    hatched: bool = False


HAZARD_LOOKS = (
    HazardLook(bit=16, words="unknown ground", colour="#6E727B", alpha=0.85, hatched=True),
    HazardLook(bit=32, words="closed by a zone", colour=PURPLE, alpha=0.42),
    HazardLook(bit=1, words="step too high", colour=YELLOW, alpha=0.72),
    HazardLook(bit=2, words="slope too steep", colour=VERMILLION),
    HazardLook(bit=4, words="ground too rough", colour=ORANGE),
    HazardLook(bit=8, words="belly would touch", colour=BLACK, alpha=0.5),
)
"""Where several bits are set in one cell, the first of these is drawn."""

_TYPE = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT_PT,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT_INK,
    "axes.linewidth": 0.8,
    "axes.labelsize": TEXT_PT,
    "axes.unicode_minus": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "hatch.linewidth": 1.2,
    "hatch.color": INK,
    "path.simplify": True,
}
_KEPT = ("backend", "interactive", "toolbar", "webagg", "tk.", "docstring", "date.epoch")


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with this look whatever the user's own matplotlib settings say, and put those back afterwards."""
    settings: Any = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(_KEPT)}
    settings |= _TYPE
    with mpl.rc_context(settings):
        yield


def blank_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that draws itself by Agg."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def halo(width_pt: float = 2.5, colour: str = PAPER) -> list[AbstractPathEffect]:
    """Return the effect that keeps a line or a word legible on any ground."""
    return [withStroke(linewidth=width_pt, foreground=colour)]


def mode_colour(name: str) -> str:
    """Return the colour of a mode; modes not known here share one."""
    return MODE_COLOURS.get(name, OTHER_MODE)


def mode_words(name: str) -> str:
    """Return a mode's name as a person would say it."""
    return MODE_WORDS.get(name, name.replace("_", " "))


def event_words(name: str) -> str:
    """Return an event's name as a person would say it."""
    return EVENT_WORDS.get(name, name.replace("_", " "))


def number(value: float, _position: object = None) -> str:
    """Return a number with spaced thousands and a true minus, for tick labels."""
    decimals = (
        0 if abs(value - round(value)) < 1e-6 else 1 if abs(value * 10 - round(value * 10)) < 1e-6 else 2
    )
    return f"{value:,.{decimals}f}".replace(",", "\u2009").replace("-", "\u2212")
