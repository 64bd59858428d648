"""Maps of what is derived from a DEM: its layers, and which ground is refused, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rover.core.grid import Dem
from sim.view import ground, style
from sim.view.heading import draw_heading
from sim.view.layer import Layer
from sim.view.sheet import Sheet
from sim.view.window import whole


def draw_layer_map(dem: Dem, layer: Layer, *, title: str, lines: Sequence[str]) -> Figure:
    """Return the map of one layer.

    Args:
        dem: The ground it is of.
        layer: What to show.
        title, lines: Heading; how the layer was made belongs here.
    """
    with style.house_style():
        window = whole(dem.geometry)
        sheet = Sheet(dem, window, layer=layer)
        sheet.explain([("Ground", _plain_entries(layer.values))])
        draw_heading(sheet.figure, title, lines, colour=style.BLUE)
        return sheet.figure


def draw_hazard_map(dem: Dem, flags: npt.NDArray[np.uint8], *, title: str, lines: Sequence[str]) -> Figure:
    """Return the map of hazard flags over the ground, with the share of the map that each kind takes.

    Args:
        dem: The ground.
        flags: (rows, cols) uint8 of `rover.hazard.detect.Hazard`.
        title, lines: Heading.
    """
    with style.house_style():
        window = whole(dem.geometry)
        sheet = Sheet(dem, window)
        ground.draw_hazards(sheet.map, dem, flags, window)
        sheet.explain([("No-go ground", _hazard_entries(flags))])
        draw_heading(sheet.figure, title, lines, colour=style.VERMILLION)
        return sheet.figure


def _plain_entries(values: npt.NDArray[np.floating]) -> list[Artist]:
    """Entries for what has no colour of the bar, where there is some."""
    kinds = ((np.isposinf(values), style.CLOSED, "closed"), (np.isnan(values), style.NO_DATA, "unknown"))
    return [
        Patch(facecolor=colour, edgecolor=style.FAINT_INK, lw=0.5, label=f"{words}: {_share(cells)}")
        for cells, colour, words in kinds
        if cells.any()
    ]


def _hazard_entries(flags: npt.NDArray[np.uint8]) -> list[Artist]:
    """Entries for each kind there is, with its share; a cell may be of several kinds."""
    entries: list[Artist] = []
    for look in style.HAZARD_LOOKS:
        cells = flags & look.bit != 0
        if cells.any():
            entry = ground.hazard_entry(look)
            entry.set_label(f"{look.words}: {_share(cells)}")
            entries.append(entry)
    free = Patch(
        facecolor=style.PAPER, edgecolor=style.FAINT_INK, lw=0.5, label=f"free: {_share(flags == 0)}"
    )
    return [*entries, free]


def _share(cells: npt.NDArray[np.bool_]) -> str:
    percent = 100.0 * float(cells.mean())
    return f"{percent:.1f} %" if percent >= 0.1 else "under 0.1 %"
