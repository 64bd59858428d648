"""Whether the place is known well enough to keep clear of what only the map shows.

Rocks and slopes are seen before they are met, wherever the rover takes itself to be; the edge of a zone is not. Of
ground that the map has as lethal the rover keeps clear by what it sees, as long as the senses agree on the place.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.boundary import Observation
from rover.core.vehicle import VehicleParams
from rover.core.zones import clearance_m, footprint
from rover.hazard.detect import HazardMap
from rover.limits.mobility import ZoneLimit
from rover.onboard.uplink import Uplink

CLEAR_SIGMAS = 4.0
"""A zone is kept clear of by so many standard deviations of the place: one more than it is held to, to turn back in."""


def place_is_unsure(seen: Observation, uplink: Uplink) -> bool:
    """Tell whether the place may be out by more than the gap to a zone or, with senses at odds, to lethal ground."""
    doubt_m = CLEAR_SIGMAS * seen.place_sigma_m
    if not doubt_m > 0.0:
        return False
    if any(_gap_m(zone, seen) < doubt_m for zone in uplink.zones):
        return True
    if not seen.uncertain or uplink.charted is None:
        return False
    return lethal_within(uplink.charted, seen, uplink.vehicle, doubt_m)


def _gap_m(limit: ZoneLimit, seen: Observation) -> float:
    """Return how far the footprint keeps from the forbidden side of a zone, infinite while that does not hold."""
    if not limit.from_s <= seen.time_s <= limit.until_s:
        return math.inf
    return clearance_m(limit.zone, footprint(limit.vehicle, seen.east_m, seen.north_m, seen.yaw_rad))


def lethal_within(charted: HazardMap, seen: Observation, vehicle: VehicleParams, reach_m: float) -> bool:
    """Tell whether the circle round the footprint is nearer than `reach_m` to the centre of a cell of lethal ground."""
    g, radius_m = charted.geometry, vehicle.footprint_radius_m + reach_m
    row = round((seen.north_m - g.north_m) / g.resolution_north_m)
    col = round((seen.east_m - g.east_m) / g.resolution_m)
    far_rows, far_cols = (math.ceil(radius_m / cell) + 1 for cell in (g.resolution_north_m, g.resolution_m))
    rows = np.arange(max(0, row - far_rows), min(g.rows, row + far_rows + 1))
    cols = np.arange(max(0, col - far_cols), min(g.cols, col + far_cols + 1))
    north_m = g.north_m + rows * g.resolution_north_m - seen.north_m
    east_m = g.east_m + cols * g.resolution_m - seen.east_m
    near = np.hypot(north_m[:, None], east_m[None, :]) < radius_m
    return bool((near & (charted.flags[np.ix_(rows, cols)] != 0)).any())
