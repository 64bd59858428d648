"""The map of a refusal: what can be reached, the wall, and the way that a steeper limit would open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rover.core.grid import Dem
from sim.view import ground, route, style
from sim.view.heading import draw_heading
from sim.view.labels import LabelPlacer
from sim.view.profile import draw_profile
from sim.view.sheet import ASPECT, Sheet
from sim.view.ways import draw_bound
from sim.view.window import Window, piece_under, window_round

Points = npt.NDArray[np.float64]
Place = tuple[float, float]

_REACHED = style.SKY
_NO_HAZARD = "closed by the cost map"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refusal:
    """What a picture of a refusal shows.

    Attributes:
        reasons: In words, a sentence each; the first is the one to be read.
        reached: (rows, cols) bool, the cells that can be reached from the start.
        wall_m: (n, 2) east and north of the lethal cells where the wall is thinnest.
        wall_flags: (n,) uint8 kinds of hazard that close each; 0 where the cost map alone does.
        way_m: (m, 2) the way at the least slope limit that has one; empty where none has.
        way_limit_deg: That limit, or None.
        place_m: (east, north) of the steepest place of that way, or None.
    """

    reasons: tuple[str, ...]
    reached: npt.NDArray[np.bool_]
    wall_m: Points
    wall_flags: npt.NDArray[np.uint8]
    way_m: Points
    way_limit_deg: float | None
    place_m: Place | None


def draw_refusal(
    dem: Dem,
    hazard_flags: npt.NDArray[np.uint8],
    refusal: Refusal,
    start_m: Place,
    goal_m: Place,
    *,
    title: str,
    zones: Sequence[ground.ZoneOutline] = (),
    slope_limit_deg: float | None = None,
) -> Figure:
    """Return the map of a refusal with, where a limit opens a way, the profile of that way.

    Args:
        dem: The ground planned on.
        hazard_flags: (rows, cols) uint8 of `rover.hazard.detect.Hazard`.
        refusal: What is known of it.
        start_m, goal_m: (east, north).
        title: Heading.
        zones: (name, kind, (n, 2) corners) of each zone.
        slope_limit_deg: The vehicle's, drawn in the profile where it is given.
    """
    with style.house_style():
        every = np.vstack([np.array([start_m, goal_m]), refusal.way_m, refusal.wall_m])
        window = window_round(every, dem.geometry, aspect=ASPECT)
        sheet = Sheet(dem, window, profile=len(refusal.way_m) > 0)
        hazards = ground.draw_hazards(sheet.map, dem, hazard_flags, window)
        reached = _draw_reached(sheet.map, dem, refusal.reached, window)
        outlines = ground.draw_zones(sheet.map, zones, window)
        wall = _draw_wall(sheet.map, refusal)
        way = _draw_way(sheet.map, refusal)
        way += draw_bound(sheet.map, refusal.place_m, "its steepest place")
        route.draw_ends(sheet.map, start_m, goal_m)
        placer = LabelPlacer(ax=sheet.map, busy_m=every)
        route.label_ends(placer, start_m, goal_m)
        groups = [("Reach", reached), ("Thinnest wall", wall), ("What would open", way)]
        sheet.explain([*groups, ("Zones", outlines), ("No-go ground", hazards)])
        if sheet.profile:
            draw_profile(*sheet.profile, dem, refusal.way_m, slope_limit_deg=slope_limit_deg)
        draw_heading(sheet.figure, title, refusal.reasons, colour=style.VERMILLION)
        return sheet.figure


def _draw_reached(ax: Axes, dem: Dem, reached: npt.NDArray[np.bool_], window: Window) -> list[Artist]:
    piece = piece_under(window, dem.geometry)
    cells = reached[piece.rows, piece.cols]
    rgba = np.zeros((*cells.shape, 4))
    rgba[cells] = to_rgba(_REACHED, 0.38)
    image = ax.imshow(rgba, origin="lower", extent=piece.window.extent, interpolation="nearest")
    image.set_gid("reached")
    entry = Patch(
        facecolor=to_rgba(_REACHED, 0.38), edgecolor=style.FAINT_INK, lw=0.5, label="reached from the start"
    )
    return [entry]


def _draw_wall(ax: Axes, refusal: Refusal) -> list[Artist]:
    """Mark each cell of the wall by the first kind of hazard that closes it, outlined so as to stand out."""
    looks = {look.words: (look.bit, look.colour) for look in style.HAZARD_LOOKS}
    left = np.ones(len(refusal.wall_m), np.bool_)
    entries: list[Artist] = []
    for words, (bit, colour) in [*looks.items(), (_NO_HAZARD, (0, style.CLOSED))]:
        mine = left & ((refusal.wall_flags & bit != 0) if bit else True)
        left &= ~mine
        if not mine.any():
            continue
        label = f"{words} ({int(mine.sum())} cell{'s' if mine.sum() > 1 else ''})"
        marks = Line2D(
            *refusal.wall_m[mine].T, marker="s", ms=5.5, mfc=colour, mec=style.BLACK, mew=1.1, ls="", zorder=7
        )
        marks.set_label(label)
        marks.set_gid("wall")
        ax.add_line(marks)
        entries.append(marks)
    return entries


def _draw_way(ax: Axes, refusal: Refusal) -> list[Artist]:
    if len(refusal.way_m) == 0:
        return []
    way = np.repeat(refusal.way_m, 2, axis=0) if len(refusal.way_m) == 1 else refusal.way_m
    halo = style.halo(3.4)
    line = Line2D(*way.T, color="#5B2A86", lw=1.8, ls=(0, (1.5, 1.5)), zorder=5, path_effects=halo)
    line.set_label(f"way at a limit of {refusal.way_limit_deg:.2f}\u00b0")
    line.set_gid("opened way")
    ax.add_line(line)
    return [line]
