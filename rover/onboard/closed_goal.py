"""Driving by arcs to a goal that has closed: aim for the open place next to it, as what is seen of the ground has it.

The maps do not show it. Their cells are open for as long as an arc may lead through them, and a boulder on the goal
closes none; the rover would go about it until the row `no progress` ends that. Nor does what is seen always: cameras
look onto the sides of a boulder, and what they have not seen on top of it is open. So where the rover has been about
the goal for a while, as near as is as good, and gets no nearer, that is near enough.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Observation
from rover.hazard.costmap import CostMap
from rover.onboard.executive_state import ExecutiveState, aim_of
from rover.onboard.local_cost import LocalCost
from rover.onboard.local_map import LocalMap
from rover.onboard.own_track import nearest_open
from rover.onboard.uplink import Uplink

Closed = npt.NDArray[np.bool_]
Place = tuple[float, float]

ABOUT_M = 20.0
"""Driven about a goal without coming a metre nearer to it, no way leads there (assumption: once round a boulder of two
or three metres)."""


def aimed_by_arcs(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Return the state with its way led to the open place next to the goal, where that is closed or walled in.

    A place once aimed for is kept to until it is closed itself: costs are noisy, and places as good lie side by side.
    """
    local, goal = state.local, uplink.goal_m
    if local is None or local.cost is None or local.ground is None or not uplink.goal_tolerance_m > 0.0:
        return state
    near = _near_enough(state, seen, uplink)
    if near is not None:
        return _towards(state, near, goal)
    cost = local.cost
    if cost.geometry.cell_at(*goal) is None:
        return state
    cell = None if state.aim_m is None else cost.geometry.cell_at(*state.aim_m)
    if cell is not None and not cost.blocked[cell]:
        return state
    aim = _nearest(cost, cost.blocked, seen, uplink)
    if aim != goal:  # a place that has been seen, if any is near enough: what has not may be closed as well
        over_seen = _nearest(cost, cost.blocked | _unseen(cost, local.ground), seen, uplink)
        aim = aim if over_seen == goal else over_seen
    return _towards(state, aim, goal)


def _near_enough(state: ExecutiveState, seen: Observation, uplink: Uplink) -> Place | None:
    """Return where it stands, or has stood nearest to the goal, if that will do and it has long come no nearer."""
    goal, here = uplink.goal_m, (seen.east_m, seen.north_m)
    if not state.watch.progress.since_m > ABOUT_M:
        return None
    nearest = min(state.track_m, key=lambda place: math.dist(place, goal))
    found = here if math.dist(here, goal) <= uplink.goal_tolerance_m else nearest
    return found if math.dist(found, goal) <= uplink.goal_tolerance_m else None


def _towards(state: ExecutiveState, aim_m: Place, goal_m: Place) -> ExecutiveState:
    if aim_m == aim_of(state, goal_m):
        return state
    path = np.vstack([state.path_m[:-1], aim_m])
    return replace(state, aim_m=None if aim_m == goal_m else aim_m, path_m=path)


def _nearest(cost: LocalCost, closed: Closed, seen: Observation, uplink: Uplink) -> Place:
    """Return the goal, or the open cell next to it that hangs together with the rover's."""
    around = CostMap(geometry=cost.geometry, cost_s_per_m=np.where(closed, np.inf, 1.0))
    here = ((seen.east_m, seen.north_m),)
    return nearest_open(around, uplink.goal_m, within_m=uplink.goal_tolerance_m, stood_m=here)


def _unseen(cost: LocalCost, ground: LocalMap) -> Closed:
    """Return (rows, cols) which cells of the costs have no height at their centre."""
    g, shape = ground.geometry, cost.geometry.shape
    places = cost.geometry.centres_of(np.argwhere(np.ones(shape, np.bool_)))
    cols, rows = np.rint((places - [g.east_m, g.north_m]) / g.resolution_m).astype(np.int64).T
    inside = (rows >= 0) & (rows < g.rows) & (cols >= 0) & (cols < g.cols)
    unseen = np.ones(len(places), np.bool_)
    unseen[inside] = np.isnan(ground.height_m[rows[inside], cols[inside]])
    return unseen.reshape(shape)
