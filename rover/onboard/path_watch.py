"""Watching the path on board: what closes it, where a detour rejoins it, and what opens underfoot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Observation
from rover.hazard.costmap import CostMap
from rover.onboard.dead_reckoning import ASIDE_SHARE
from rover.onboard.mapping import BeliefState
from rover.planning.schedule import split_path

Place = tuple[float, float]
Path = npt.NDArray[np.float64]

LEAVING_M = 2.5
"""As far as this from ground found too steep, the rover may cross more of what looked so, to leave it."""


STRAY_SIGMAS = 3.0


def straying_m(seen: Observation, way_m: float) -> float:
    """Return how far aside of its way the rover may be at the end of it, seen from where it last looked.

    What it has seen hangs on the place believed then: an error of that place moves both as one, and only what the drive
    itself leaves in doubt counts, the share of the way that the filter takes for it. With senses that tell the place as
    it is there is none.

    Args:
        seen: Of the last look.
        way_m: Until the next.
    """
    return STRAY_SIGMAS * ASIDE_SHARE * way_m if seen.place_sigma_m > 0.0 else 0.0


def first_lethal(
    path_m: Path,
    costmap: CostMap,
    *,
    here: Place,
    track_m: Sequence[Place],
    reach_m: float,
    stray_m: float = 0.0,
) -> Place | None:
    """Return the first place on the next `reach_m` of the path that is lethal, if the rover has not stood there.

    Args:
        path_m: (n, 2) waypoints ahead.
        costmap: The maps on board.
        here: Where the rover stands.
        track_m: Where it has stood.
        reach_m: How far to look.
        stray_m: How far aside of the path, to either side, as well.
    """
    geometry, cost = costmap.geometry, costmap.cost_s_per_m
    stood_on = {geometry.cell_at(*place) for place in (*track_m, here)}
    ahead = next(split_path(np.vstack([here, path_m]), reach_m), None)
    for point in beside(ahead, geometry.resolution_m / 4, stray_m).tolist() if ahead is not None else ():
        cell = geometry.cell_at(*point)
        if cell is None or (not math.isfinite(cost[cell]) and cell not in stood_on):
            return point[0], point[1]
    return None


def rejoins_at(path_m: Path, costmap: CostMap, *, here: Place, start: Place) -> int:
    """Return the waypoint at which a detour comes back to a path: the first beyond what closes it next.

    Where nothing on it is closed, it is the first that is further from `here`, and from where the detour begins, than
    the rover backs out.

    Args:
        path_m: (n, 2) waypoints ahead.
        costmap: The maps on board.
        here, start: Where the rover stands, and where the detour begins.
    """
    geometry, cost = costmap.geometry, costmap.cost_s_per_m

    def closed(a: Path, b: Path) -> bool:
        cells = [
            geometry.cell_at(*place)
            for place in sampled(np.array([a, b]), geometry.resolution_m / 4).tolist()
        ]
        return any(cell is None or not math.isfinite(cost[cell]) for cell in cells)

    shut = [closed(a, b) for a, b in zip(path_m[:-1], path_m[1:], strict=True)]
    last = len(path_m) - 1
    if True in shut:
        beyond = shut.index(True) + 1
        while beyond < last and shut[beyond]:
            beyond += 1
        return beyond
    away = [min(math.dist(here, place), math.dist(start, place)) > LEAVING_M for place in path_m.tolist()]
    return away.index(True) if True in away else last


def sampled(path_m: npt.NDArray[np.float64], spacing_m: float) -> npt.NDArray[np.float64]:
    """Return (n, 2) points along a polyline, no further apart than `spacing_m`, corners included."""
    parts = [path_m[:1]]
    for a, b in zip(path_m[:-1], path_m[1:], strict=True):
        count = max(1, math.ceil(math.dist(a, b) / spacing_m))
        parts.append(a + (b - a) * (np.arange(1, count + 1) / count)[:, None])
    return np.vstack(parts)


def beside(path_m: Path, spacing_m: float, aside_m: float) -> Path:
    """Return (n, 2) points along a polyline and, where `aside_m` is more than nothing, so far to either side of it."""
    if not aside_m > 0.0:
        return sampled(path_m, spacing_m)
    found = [path_m[:1]]
    for a, b in zip(path_m[:-1], path_m[1:], strict=True):
        length = math.dist(a, b)
        across = np.array([a[1] - b[1], b[0] - a[0]]) / length * aside_m if length > 0 else np.zeros(2)
        leg = sampled(np.array([a, b]), spacing_m)[1:]
        found.append(np.stack([leg, leg + across, leg - across], axis=1).reshape(-1, 2))
    return np.vstack(found)


def open_underfoot(belief: BeliefState, start: Place) -> CostMap:
    """Open what a plan that begins on a closed cell needs to get off it.

    The rover has stood there, whatever it has seen close by since: the cell itself is open, and round it what is
    closed only because it looked too steep, at the highest price. The tilt that is measured there still stops it.
    """
    costmap = belief.costmap
    geometry = costmap.geometry
    cell = geometry.cell_at(*start)
    if cell is None or math.isfinite(costmap.cost_s_per_m[cell]):
        return costmap
    cost = costmap.cost_s_per_m.copy()
    dearest = np.max(cost, where=np.isfinite(cost), initial=1.0)
    rows, cols = np.ogrid[: geometry.rows, : geometry.cols]
    near = np.hypot(rows - cell[0], cols - cell[1]) * geometry.resolution_m <= LEAVING_M
    cost[near & belief.steep] = dearest
    cost[cell] = dearest
    return replace(costmap, cost_s_per_m=cost)
