"""The layers of a plan's map beside its path: other ways, places on it, the place that bounds it.

Other ways are told apart by number and dashes as well as by colour.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.view import style
from sim.view.labels import LabelPlacer
from sim.view.profile import along

Points = npt.NDArray[np.float64]
Place = tuple[float, float]

_LOOKS = (
    (style.BLUE, (0, (7, 1.5, 1.5, 1.5))),
    ("#8A2D6B", (0, (1.2, 1.4))),
    ("#8A4B00", (0, (9, 3))),
    ("#00573F", (0, (4, 1.2, 1.2, 1.2, 1.2, 1.2))),
)
_LABEL_PARTS = 40
"""A number may stand beside any of so many places of its way."""


def draw_alternatives(ax: Axes, ways_m: Sequence[Points]) -> list[Artist]:
    """Draw other ways, each with dashes of its own; return a legend entry for each."""
    entries: list[Artist] = []
    for number, way in enumerate(ways_m, start=2):
        colour, dashes = _look(number)
        length = style.number(round(float(np.hypot(*np.diff(way, axis=0).T).sum())))
        line = Line2D(
            *way.T,
            color=colour,
            lw=1.9,
            ls=dashes,
            zorder=4.8,
            path_effects=style.halo(3.4),
            dash_capstyle="butt",
        )
        line.set_label(f"way {number}, {length} m")
        line.set_gid(f"way {number}")
        ax.add_line(line)
        entries.append(line)
    return entries


def label_ways(placer: LabelPlacer, planned_m: Points, ways_m: Sequence[Points]) -> None:
    """Number the ways, each where it is farthest from the others; none where there is only one."""
    if not ways_m:
        return
    every = [planned_m, *ways_m]
    for number, way in enumerate(every, start=1):
        others = np.vstack([other for i, other in enumerate(every, start=1) if i != number])
        _, places = along(way, max(1e-9, _length(way) / _LABEL_PARTS))
        apart = np.hypot(*(places[:, None] - others[None]).transpose(2, 0, 1)).min(axis=1)
        colour = style.INK if number == 1 else _look(number)[0]
        placer.place(places[np.argsort(-apart)[:5]], str(number), colour=colour, bold=True)


def draw_via(ax: Axes, via_m: Sequence[Place]) -> None:
    """Mark places on the way."""
    for i, place in enumerate(via_m, start=1):
        mark = Line2D(
            [place[0]], [place[1]], marker="D", ms=7, mfc=style.SKY, mec=style.INK, mew=1.2, ls="", zorder=8
        )
        mark.set_gid(f"via {i}")
        ax.add_line(mark)


def label_via(placer: LabelPlacer, via_m: Sequence[Place]) -> None:
    """Name places on the way; one that is passed more than once by all its numbers."""
    numbers: dict[Place, list[str]] = {}
    for i, place in enumerate(via_m, start=1):
        numbers.setdefault(place, []).append(str(i))
    for place, listed in numbers.items():
        placer.place(place, f"via {', '.join(listed)}", bold=True)


def draw_bound(ax: Axes, place_m: Place | None, words: str) -> list[Artist]:
    """Ring a place that decides; return its legend entry."""
    if place_m is None:
        return []
    mark = Line2D(
        [place_m[0]], [place_m[1]], marker="o", ms=15, mfc="none", mec=style.BLACK, mew=2.2, ls="", zorder=8.5
    )
    mark.set_path_effects(style.halo(4.6))
    mark.set_label(words)
    mark.set_gid("bound")
    ax.add_line(mark)
    entry = Line2D([], [], marker="o", ms=9, mfc="none", mec=style.BLACK, mew=1.8, ls="", label=words)
    return [entry]


def _look(number: int) -> tuple[str, tuple[int, tuple[float, ...]]]:
    return _LOOKS[(number - 2) % len(_LOOKS)]


def _length(way_m: Points) -> float:
    return float(np.hypot(*np.diff(way_m, axis=0).T).sum())
