"""The way back over the own track: the shortest over places stood at, whatever loops the rover has driven."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

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


def places_between(track_m: Sequence[Place], towards: Sequence[int], place: int) -> list[Place]:
    """Return the places from the latest to one of the track, in the order in which they are driven, without both."""
    found: list[Place] = []
    at = towards[place]
    while towards[at] != at:
        found.append(track_m[at])
        at = towards[at]
    return found[::-1]
