"""Moving a place that a rover cannot stand on to the nearest one that it can."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rover.hazard.costmap import CostMap
from rover.planning.bottleneck import Cell, Mask, reached_from

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snap:
    """A place that was moved.

    Attributes:
        asked_m: (east, north) as asked for.
        moved_m: (east, north) of the centre of the free cell.
        away_m: How far that is.
    """

    asked_m: Place
    moved_m: Place
    away_m: float


def nearest_free_place(costmap: CostMap, place_m: Place, *, among: Mask | None = None) -> Snap | None:
    """Return the free cell whose centre is nearest to a place, the first in row order among equals; None without one.

    Args:
        costmap: What is free.
        place_m: (east, north), inside the map or not.
        among: (rows, cols) bool, free cells that may be taken; by default all.
    """
    geometry = costmap.geometry
    free = np.isfinite(costmap.cost_s_per_m) if among is None else among
    if not free.any():
        return None
    east_m = geometry.east_m + np.arange(geometry.cols) * geometry.resolution_m - place_m[0]
    north_m = geometry.north_m + np.arange(geometry.rows) * geometry.resolution_north_m - place_m[1]
    squared = (north_m * north_m)[:, None] + (east_m * east_m)[None, :]
    squared[~free] = np.inf
    row, col = np.unravel_index(int(squared.argmin()), free.shape)
    moved_m = geometry.centre_of(int(row), int(col))
    return Snap(asked_m=place_m, moved_m=moved_m, away_m=math.dist(place_m, moved_m))


def snap_places(costmap: CostMap, places: Mapping[str, Place], *, within_m: float) -> dict[str, Snap]:
    """Return, by name, where places on lethal cells move to, in the order that they are given.

    A place moves to the nearest free cell that hangs together with the first place that lies on a free cell or found
    one, so that the nearest pocket of free ground does not cut it off; where none is within reach, to the nearest
    free cell of all. A place with no free cell within reach stays.

    Args:
        costmap: What is free.
        places: (east, north) by name, inside the map.
        within_m: How far a place may move.

    Raises:
        ValueError: A place is outside the map.
    """
    free = np.isfinite(costmap.cost_s_per_m)
    cells = {name: _cell_of(costmap, place) for name, place in places.items()}
    anchor = next((cell for cell in cells.values() if free[cell]), None)
    moved: dict[str, Snap] = {}
    for name, place in places.items():
        if free[cells[name]]:
            continue
        joined = None if anchor is None else reached_from(costmap, anchor)
        for among in (free,) if joined is None else (joined, free):
            snap = nearest_free_place(costmap, place, among=among)
            if snap is not None and snap.away_m <= within_m:
                moved[name] = snap
                anchor = anchor or _cell_of(costmap, snap.moved_m)
                break
    return moved


def _cell_of(costmap: CostMap, place_m: Place) -> Cell:
    cell = costmap.geometry.cell_at(*place_m)
    if cell is None:
        raise ValueError(f"{place_m} is outside the map")
    return cell
