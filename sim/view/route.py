"""The layers of a map that belong to a traverse: paths, start and goal, stops, rests, events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.run.runlog import Event, RunLog, Severity
from sim.view import style
from sim.view.labels import LabelPlacer
from sim.view.phases import Span, column, date_at, day_month, driven_m, rests

Points = npt.NDArray[np.float64]

START, GOAL = "start", "goal"
_SAID_OTHERWISE = frozenset({"nap", "dormant", "wake", "replan"})
"""Events that the map shows in another way."""
_MOST_KINDS, _REST = 3, "other warnings"


def draw_planned(
    ax: Axes, planned_m: Points, *, over: bool = False, name: str = "planned path", solid: bool = False
) -> list[Artist]:
    """Draw the plan as a dashed line; return its legend entry, or none where there is no plan.

    Args:
        ax: The map.
        planned_m: (n, 2) east and north.
        over: It will lie on a driven path, which should show between its dashes.
        name: For the legend.
        solid: Draw it thick and without gaps, on ground too dark for a dashed line, where the heading has its length.
    """
    if len(planned_m) == 0:
        return []
    if solid:
        line = Line2D(
            *planned_m.T,
            color=style.BLUE,
            lw=2.4,
            zorder=5,
            path_effects=style.halo(4.6),
            solid_capstyle="round",
        )
        return _added(ax, line, name, "planned")
    dashes, halo = ((0, (4, 5)), None) if over else ((0, (5, 2.5)), style.halo(2.8))
    line = Line2D(*planned_m.T, color=style.BLACK, lw=1.3, ls=dashes, zorder=5, path_effects=halo)
    return _added(ax, line, f"{name}, {_length(planned_m)}", "planned")


def draw_replanned(ax: Axes, paths: Sequence[Points]) -> list[Artist]:
    """Draw later plans as thin lines; return one legend entry for all."""
    entries: list[Artist] = []
    for path in paths:
        line = Line2D(*path.T, color="#3D2A78", lw=0.8, ls="-", zorder=4)
        entries += _added(ax, line, f"replanned path ({len(paths)})", "replanned")
    return entries[:1]


def draw_driven(ax: Axes, log: RunLog) -> list[Artist]:
    """Draw where the rover truly went; return its legend entry, or none where it never moved."""
    path = driven_m(log)
    if len(path) < 2:
        return []
    halo = style.halo(5)
    line = Line2D(*path.T, color=style.BLUE, lw=2.8, zorder=4.5, path_effects=halo, solid_capstyle="round")
    distance = float(column(log, "distance_m")[-1])
    return _added(ax, line, f"driven path, {style.number(round(distance))} m", "driven")


def draw_ends(ax: Axes, start_m: tuple[float, float], goal_m: tuple[float, float]) -> None:
    """Mark start and goal; their names are placed by `label_ends`."""
    looks = ((START, start_m, "s", style.GREEN, 9.0), (GOAL, goal_m, "*", style.YELLOW, 19.0))
    for name, point, marker, colour, size in looks:
        line = Line2D(
            *_xy(point), marker=marker, ms=size, mfc=colour, mec=style.INK, mew=1.2, ls="", zorder=8
        )
        _added(ax, line, name, name)


def label_ends(placer: LabelPlacer, start_m: tuple[float, float], goal_m: tuple[float, float]) -> None:
    """Name start and goal on the map."""
    if start_m == goal_m:
        placer.place(start_m, "start and goal", bold=True)
        return
    placer.place(start_m, START, bold=True)
    placer.place(goal_m, GOAL, bold=True)


def draw_stops(ax: Axes, stops_m: Points) -> list[Artist]:
    """Mark command cycles; return their legend entry."""
    if len(stops_m) == 0:
        return []
    near_pt = np.hypot(*np.diff(ax.transData.transform(stops_m), axis=0).T) * 72 / ax.figure.dpi
    size = 4.2 if len(near_pt) == 0 or np.median(near_pt) > 5.5 else 2.2
    line = Line2D(*stops_m.T, marker="o", ms=size, mfc=style.PAPER, mec=style.BLUE, mew=1.0, ls="", zorder=6)
    return _added(ax, line, f"stop for a command cycle ({len(stops_m)})", "stops")


def draw_rests(ax: Axes, log: RunLog) -> list[Artist]:
    """Mark where the rover napped and where it slept; return a legend entry for each that happened."""
    entries: list[Artist] = []
    spans = rests(log)
    for mode, words in (("nap", "noon nap"), ("dormant", "dormant through the night")):
        places = np.array([place_of(log, span) for span in spans if span.name == mode])
        if len(places) == 0:
            continue
        colour, size = style.mode_colour(mode), 11.0 if mode == "dormant" else 9.0
        line = Line2D(*places.T, marker="o", ms=size, mfc=colour, mec=style.PAPER, mew=1.4, ls="", zorder=7.8)
        entries += _added(ax, line, words, mode)
    return entries


def label_rests(placer: LabelPlacer, log: RunLog) -> None:
    """Say at each resting place what it was and when; rests at one place share a label."""
    for place, spans in groupby(rests(log), key=lambda span: place_of(log, span)):
        placer.place(place, "\n".join(_rest_words(log, span) for span in spans))


def _rest_words(log: RunLog, span: Span) -> str:
    begin, end = (day_month(date_at(log, time_s)) for time_s in (span.begin_s, span.end_s))
    first = begin.split()[0] if begin.split()[1] == end.split()[1] else begin
    when = end if begin == end else f"{first}\u2013{end}"
    return f"{span.name} {when}"


def place_of(log: RunLog, span: Span) -> tuple[float, float]:
    """Return east and north of the rover at the beginning of a span, to the metre's tenth."""
    east, north = (float(log.telemetry[name][span.row]) for name in ("east_m", "north_m"))
    return round(east, 1), round(north, 1)


def draw_events(ax: Axes, log: RunLog) -> list[Artist]:
    """Mark replans, and events of weight by name; return a legend entry for each kind."""
    replans = [event for event in log.events if event.name == "replan"]
    weighty = [e for e in log.events if e.severity >= Severity.WARNING and e.name not in _SAID_OTHERWISE]
    entries = _draw_kind(
        ax, replans, "replan", {"marker": "o", "ms": 13, "mfc": "none", "mec": style.RING, "mew": 2}
    )
    count = Counter(event.name for event in weighty)
    named = [name for name, _ in count.most_common(_MOST_KINDS)]
    for name in [*named, _REST]:
        kind = [e for e in weighty if e.name == name or (name == _REST and e.name not in named)]
        look = {"marker": "X", "ms": 8.5, "mfc": style.VERMILLION, "mec": style.PAPER, "mew": 0.9}
        entries += _draw_kind(ax, kind, name, look)
    return entries


def _draw_kind(ax: Axes, events: Sequence[Event], name: str, look: dict[str, Any]) -> list[Artist]:
    if not events:
        return []
    line = Line2D([e.east_m for e in events], [e.north_m for e in events], ls="", zorder=7.5, **look)
    return _added(ax, line, f"{style.event_words(name)} ({len(events)})", name)


def _added(ax: Axes, line: Line2D, label: str, gid: str) -> list[Artist]:
    line.set_label(label)
    line.set_gid(gid)
    ax.add_line(line)
    return [line]


def _xy(point: tuple[float, float]) -> tuple[list[float], list[float]]:
    return [point[0]], [point[1]]


def _length(path_m: Points) -> str:
    return f"{style.number(round(float(np.hypot(*np.diff(path_m, axis=0).T).sum())))} m"
