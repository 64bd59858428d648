"""Moving a place that a rover cannot stand on to the nearest one that it can."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rover.hazard.costmap import CostMap

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


def nearest_free_place(costmap: CostMap, place_m: Place) -> Snap | None:
    """Return the free cell whose centre is nearest to a place, the first in row order among equals; None without one.

    Args:
        costmap: What is free.
        place_m: (east, north), inside the map or not.
    """
    geometry = costmap.geometry
    free = np.isfinite(costmap.cost_s_per_m)
    if not free.any():
        return None
    east_m = geometry.east_m + np.arange(geometry.cols) * geometry.resolution_m - place_m[0]
    north_m = geometry.north_m + np.arange(geometry.rows) * geometry.resolution_north_m - place_m[1]
    squared = (north_m * north_m)[:, None] + (east_m * east_m)[None, :]
    squared[~free] = np.inf
    row, col = np.unravel_index(int(squared.argmin()), free.shape)
    moved_m = geometry.centre_of(int(row), int(col))
    return Snap(asked_m=place_m, moved_m=moved_m, away_m=math.dist(place_m, moved_m))


def snap_place(costmap: CostMap, place_m: Place, *, within_m: float) -> Snap | None:
    """Return where a place on a lethal cell moves to; None where it is free, or no free cell is near enough.

    Raises:
        ValueError: The place is outside the map.
    """
    cell = costmap.geometry.cell_at(*place_m)
    if cell is None:
        raise ValueError(f"{place_m} is outside the map")
    if np.isfinite(costmap.cost_s_per_m[cell]):
        return None
    snap = nearest_free_place(costmap, place_m)
    return snap if snap is not None and snap.away_m <= within_m else None
