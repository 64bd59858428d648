"""Mission control at a stop for commands: from what came down to the next orders, by its own maps alone.

It stands on Earth. What it knows is the orbital map, what it has sent up, and what has come down since; the truth it
has no way to ask. Its planning is the rover's own code on other maps: those of panoramas, which reach further than the
looks of a rover on the move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rover.core.boundary import Observation
from rover.hazard.costmap import CostMap
from rover.hazard.detect import HazardMap
from rover.onboard.downlink import Closed, Downlink, Orders
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.mapping import BeliefState, update_map
from rover.onboard.panorama import PANORAMA_M, sent_sectors
from rover.onboard.path_watch import first_lethal, straying_m
from rover.onboard.rerouting import reroute
from rover.onboard.uplink import Uplink
from rover.planning.schedule import path_length

RING = 8
"""Navcam pairs of a panorama all round."""

PAIR_BIT = 2 * 1024 * 1024 * 8
"""A Navcam pair as it is sent: two pictures of 1024 x 1024 pixels of 8 bit."""

KNOWN_M = 0.05
"""Heights of a panorama known less well, as a standard deviation, are not looked at for steps: far from the rover they
are noise, and it will see that ground better from nearer by."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Station:
    """What the ground works by.

    Attributes:
        uplink: As sent up: limits, rules, planner and the orbital map's layers.
        belief: Its maps: orbital, and what has come down.
        data_bit: Sent down at a stop; so many pairs of the ring are among it as fit.
    """

    uplink: Uplink
    belief: BeliefState
    data_bit: float

    @property
    def pairs(self) -> int:
        """How many pairs of the panorama come down at a stop."""
        return min(RING, math.floor(self.data_bit / PAIR_BIT))


def received(station: Station, down: Downlink) -> Downlink:
    """Return what the link has carried of a downlink: telemetry, and as many pairs as the data of a stop are."""
    heights = down.seen.heights
    if heights is None:
        return down
    if station.pairs == 0:
        return replace(down, seen=replace(down.seen, heights=None))
    here = (down.seen.east_m, down.seen.north_m)
    ahead = _ahead_rad(down)
    sent = sent_sectors(heights, here, ahead, pairs=station.pairs, ring=RING)
    return replace(down, seen=replace(down.seen, heights=sent))


def plan_leg(station: Station, down: Downlink) -> tuple[Station, Orders]:
    """Return the ground with its maps as they are after a downlink, and what it sends up.

    The way stays as it is where nothing that came down closes it within the panorama's reach. Where something does, it
    is planned anew. Where the rover has refused its leg, what refused it came down as well, and there is a new way or
    the rover is told to stay.

    Args:
        station: Before.
        down: What the link has carried.
    """
    belief = update_map(_with(station.belief, down.closed), _well_known(down.seen), station.uplink.vehicle)
    station = replace(station, belief=belief)
    as_before = Orders(path_m=down.path_m, planned=down.planned, backing=down.backing, aim_m=down.aim_m)
    why = down.refused or _closed_ahead(belief, down)
    if why is None:
        return station, as_before
    after = reroute(_as_told(belief, down, why), down.seen, station.uplink)
    if after.finished is None:
        return station, Orders(
            path_m=after.path_m,
            planned=after.planned,
            backing=after.backing,
            aim_m=after.aim_m,
            changed=why,
        )
    if down.refused is None:  # what was seen from afar is looked at again from nearer by
        return station, as_before
    return station, replace(as_before, stop=after.finished)


def _as_told(belief: BeliefState, down: Downlink, why: str) -> ExecutiveState:
    """Return the rover as telemetry has it, on the ground's maps."""
    return ExecutiveState(
        belief=belief,
        path_m=down.path_m,
        planned=down.planned,
        backing=down.backing,
        track_m=down.track_m,
        aim_m=down.aim_m,
        must_replan=why,
        replans=down.replans,
    )


def _with(belief: BeliefState, closed: Closed) -> BeliefState:
    """Close what the rover has closed, and take over what it says of it."""
    rows, cols = closed.cells.T
    cost, flags, steep = belief.costmap.cost_s_per_m.copy(), belief.hazards.flags.copy(), belief.steep.copy()
    cost[rows, cols] = np.inf
    flags[rows, cols] |= closed.flags
    steep[rows, cols] = closed.steep
    geometry = belief.costmap.geometry
    return replace(
        belief,
        hazards=HazardMap(geometry=geometry, flags=flags),
        costmap=CostMap(geometry=geometry, cost_s_per_m=cost),
        steep=steep,
    )


def _well_known(seen: Observation) -> Observation:
    heights = seen.heights
    if heights is None or heights.variance_m2 is None:
        return seen
    known = heights.variance_m2 <= KNOWN_M**2
    return replace(
        seen, heights=replace(heights, elevation_m=np.where(known, heights.elevation_m, np.float32(np.nan)))
    )


def _closed_ahead(belief: BeliefState, down: Downlink) -> str | None:
    """Return what closes the way within the panorama's reach, in words."""
    seen, path = down.seen, down.path_m[down.backing :]
    here = (seen.east_m, seen.north_m)
    reach_m = PANORAMA_M - path_length(np.vstack([here, down.path_m[: down.backing]]))
    if len(path) == 0 or not reach_m > 0.0:
        return None
    blocked = first_lethal(
        path,
        belief.costmap,
        here=here,
        track_m=down.track_m,
        reach_m=reach_m,
        stray_m=straying_m(seen, 1.0),
    )
    if blocked is None:
        return None
    return f"a panorama shows a hazard on the path at ({blocked[0]:.1f}, {blocked[1]:.1f})"


def _ahead_rad(down: Downlink) -> float:
    """Return the direction in which the way goes on, over the next few metres."""
    here = np.array([down.seen.east_m, down.seen.north_m])
    away = down.path_m - here
    far = np.flatnonzero(np.hypot(*away.T) > 1.0)
    east, north = away[far[0]] if len(far) else (math.cos(down.seen.yaw_rad), math.sin(down.seen.yaw_rad))
    return math.atan2(north, east)
