"""Ways out when the path has closed: back over the own track, and to where a goal that is closed can be come near."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from rover.hazard.costmap import CostMap

Place = tuple[float, float]


def way_back(track_m: Sequence[Place], *, same_m: float) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Return how far it is from the latest place stood at back to each, and over which it leads.

    Without the second kind of leg a rover that goes to and fro would have to drive all of it again to get away, and
    each time that it turns back the way would be twice as long.

    Args:
        track_m: Places stood at, the latest last; straight from one to the next is ground that was driven.
        same_m: Places no further apart are as good as one: the wheels stand in their own ruts. Each place to be
            stopped and turned at counts as so much more way.

    Returns:
        (n,) metres for each place; and for each the next one on the way to the latest, itself for that one.
    """
    places = np.array(track_m, np.float64).reshape(-1, 2)
    count = len(places)
    legs = np.column_stack([np.arange(count - 1), np.arange(1, count)])
    same = cKDTree(places).query_pairs(same_m, output_type="ndarray").reshape(-1, 2)
    a, b = np.unique(np.vstack([legs, same]), axis=0).T
    lengths = np.hypot(*(places[a] - places[b]).T) + same_m
    graph = coo_array((lengths, (a, b)), shape=(count, count))
    (way_m,), (before,) = dijkstra(
        graph.tocsr(), directed=False, indices=[count - 1], return_predecessors=True
    )
    return way_m, [k if before[k] < 0 else int(before[k]) for k in range(count)]


def way_out(
    costmap: CostMap,
    *,
    here: Place,
    track_m: Sequence[Place],
    goal_m: Place,
    back_off_m: float,
    same_m: float,
) -> tuple[npt.NDArray[np.float64], Place]:
    """Return the (n, 2) places of the own track to back out over, and the place beyond them to plan from.

    That is the nearest over the own track from which the goal can still be reached, `back_off_m` away at least. If
    there is none, the plan begins where the rover stands.

    Args:
        costmap: The maps on board.
        here: Where the rover stands, which is the latest of the track.
        track_m: Where it has stood.
        goal_m: Where it is to get to.
        back_off_m: How far away from here at least.
        same_m: Places of the track no further apart are as good as one.
    """
    geometry, regions = costmap.geometry, _regions(costmap)
    goal = geometry.cell_at(*goal_m)
    cells = [geometry.cell_at(*place) for place in track_m]
    open_ = [
        k
        for k, (place, cell) in enumerate(zip(track_m, cells, strict=True))
        if math.dist(here, place) >= back_off_m and cell is not None and 0 < regions[cell] == regions[goal]
    ]
    if not open_:
        return np.empty((0, 2)), here
    way_m, towards = way_back(track_m, same_m=same_m)
    nearest = min(reversed(open_), key=lambda k: way_m[k])
    between = places_between(track_m, towards, nearest)
    return np.array(between).reshape(-1, 2), track_m[nearest]


def nearest_open(costmap: CostMap, goal_m: Place, *, within_m: float, stood_m: Sequence[Place]) -> Place:
    """Return the goal, or if it cannot be reached any more the middle of the open cell next to it that can.

    Args:
        costmap: The maps on board.
        goal_m: The goal.
        within_m: Cells further from it will not do; without any, the answer is the goal.
        stood_m: Places stood at, from which the way leads.
    """
    if not within_m > 0.0:
        return goal_m
    geometry, regions = costmap.geometry, _regions(costmap)
    cells = [geometry.cell_at(*place) for place in stood_m]
    reached = {int(regions[cell]) for cell in cells if cell is not None} - {0}
    if int(regions[geometry.cell_at(*goal_m)]) in reached:
        return goal_m
    reachable = np.isin(regions, list(reached))
    centres = geometry.centres_of(np.argwhere(reachable))
    if len(centres) == 0:
        return goal_m
    away = np.hypot(*(centres - goal_m).T)
    best = int(away.argmin())
    return (float(centres[best, 0]), float(centres[best, 1])) if away[best] <= within_m else goal_m


def _regions(costmap: CostMap) -> npt.NDArray[np.int64]:
    """Return (rows, cols) numbers of what hangs together, 0 where it is closed: without cut corners, by four sides."""
    regions, _ = label(np.isfinite(costmap.cost_s_per_m))
    return np.asarray(regions, np.int64)


def places_between(track_m: Sequence[Place], towards: Sequence[int], place: int) -> list[Place]:
    """Return the places from the latest to one of the track, in the order in which they are driven, without both."""
    found: list[Place] = []
    at = towards[place]
    while towards[at] != at:
        found.append(track_m[at])
        at = towards[at]
    return found[::-1]
