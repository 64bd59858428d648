"""The picture of a planner's check that failed: costs, lethal cells, and the way that was answered."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rover.core.grid import GridGeometry
from sim.view import style
from sim.view.heading import HEIGHT_IN, draw_heading
from sim.view.route import draw_ends

Points = npt.NDArray[np.float64]
Place = tuple[float, float]

_COSTS = LinearSegmentedColormap.from_list("costs", ["#FFFFFF", "#C9CBD0", "#6E727B"])
_MAP_IN, _LEFT_IN, _RIGHT_IN, _BOTTOM_IN = 6.2, 0.85, 2.9, 1.1
_FOOT_CHARACTERS = 112


def draw_failure(
    cost_s_per_m: Points,
    geometry: GridGeometry,
    start_m: Place,
    goal_m: Place,
    way_m: Points,
    *,
    title: str,
    lines: Sequence[str],
    foot: str,
) -> Figure:
    """Return a picture of a question and the way that was answered.

    Args:
        cost_s_per_m: (rows, cols), +inf where lethal.
        geometry: Where the cells are.
        start_m, goal_m: (east, north).
        way_m: (n, 2) waypoints; empty where no way was answered. It may leave the map.
        title, lines: What stands over it.
        foot: What stands under it: the command that shows it again.
    """
    with style.house_style():
        west, south, east, north = geometry.bounds_m
        height_in = _MAP_IN * min(1.6, max(0.3, (north - south) / (east - west)))
        page_w, page_h = _LEFT_IN + _MAP_IN + _RIGHT_IN, _BOTTOM_IN + height_in + HEIGHT_IN
        figure = style.blank_figure(page_w, page_h)
        box = _LEFT_IN / page_w, _BOTTOM_IN / page_h, _MAP_IN / page_w, height_in / page_h
        ax = figure.add_axes(box)
        _draw_costs(figure, ax, cost_s_per_m, geometry)
        entries: list[Line2D | Patch] = []
        if np.isinf(cost_s_per_m).any():
            entries.append(Patch(facecolor=style.CLOSED, label="lethal cell"))
        if len(way_m):
            entries += _draw_way(ax, way_m)
        draw_ends(ax, start_m, goal_m)
        ax.set(xlabel="east (m)", ylabel="north (m)", xlim=_shown(west, east, way_m, 0))
        ax.set(ylim=_shown(south, north, way_m, 1))
        handles = [*entries, *(line for line in ax.lines if line.get_label() in ("start", "goal"))]
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(box[0] + box[2] + 0.02, box[1] + box[3])
        )
        draw_heading(figure, title, lines, colour=style.VERMILLION)
        foot = "\n".join(textwrap.wrap(foot, _FOOT_CHARACTERS, break_on_hyphens=False))
        figure.text(
            0.55 / page_w, 0.12 / page_h, foot, fontsize=style.SMALL_PT, family="monospace", gid="foot"
        )
        return figure


def _draw_costs(figure: Figure, ax: Axes, cost: Points, geometry: GridGeometry) -> None:
    west, south, east, north = geometry.bounds_m
    free = np.ma.masked_invalid(cost)
    ax.set_facecolor(style.PAPER)
    colours = _COSTS.with_extremes(bad=style.CLOSED)
    image = ax.imshow(
        free, origin="lower", extent=(west, east, south, north), cmap=colours, interpolation="nearest"
    )
    left, bottom, width, _ = ax.get_position().bounds
    bar = figure.add_axes((left + width + 0.03, bottom + 0.02, 0.2, 0.02))
    figure.colorbar(image, cax=bar, orientation="horizontal", label="cost (s/m)")


def _draw_way(ax: Axes, way_m: Points) -> list[Line2D | Patch]:
    """Draw a way that may not be finite or on the map; return its legend entry."""
    line = Line2D(
        *way_m.T, color=style.BLUE, lw=1.8, marker=".", ms=4, zorder=5, path_effects=style.halo(3.2)
    )
    line.set_label(f"way answered ({len(way_m)} waypoints)")
    ax.add_line(line)
    return [line]


def _shown(low: float, high: float, way_m: Points, axis: int) -> tuple[float, float]:
    """Return limits that show the map, and what of the way lies within as much again beside it."""
    room = high - low
    values = way_m[np.isfinite(way_m).all(axis=1), axis] if len(way_m) else way_m[:, axis]
    near = values[(values > low - room) & (values < high + room)]
    margin = 0.01 * room
    return float(min([low, *near])) - margin, float(max([high, *near])) + margin
