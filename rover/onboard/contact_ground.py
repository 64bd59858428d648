"""What the rover knows of the ground by standing on it: under its wheels it has to be where the wheels are.

No camera sees the ground under the body. Where nothing was seen, or where it is known worse since the rover has moved,
cells under the wheels are put onto the plane of their contacts, as uncertain as wheels and suspension leave them; those
under the body between the wheels are less certain. Nothing else is: what lies beside the body has to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import StereoPoints
from rover.core.vehicle import VehicleParams
from rover.onboard.error_state import Estimate
from rover.onboard.local_map import LocalMap

Floats = npt.NDArray[np.float64]

WHEEL_SIGMA_M = 0.02
"""Of ground under wheels off the plane of their contacts: what the suspension takes up on ground to be driven on."""

BELLY_SIGMA_M = 0.03
"""Of that between them, over which the belly stands clear."""

BESIDE_M = 0.1
"""The ground that a wheel stands on is told so far beside its edge: a cell of the map."""


def lay_contacts(local: LocalMap, vehicle: VehicleParams, estimate: Estimate, time_s: float) -> LocalMap:
    """Return the map with the cells that the rover stands on, where not known better, on the plane of its wheels.

    Args:
        local: The map.
        vehicle: Its size.
        estimate: The pose believed in.
        time_s: Now.
    """
    geometry, axes = local.geometry, estimate.rotation
    east = geometry.east_m + np.arange(geometry.cols) * local.cell_m - estimate.place_m[0]
    north = geometry.north_m + np.arange(geometry.rows) * local.cell_m - estimate.place_m[1]
    upward = axes[:, 2]
    rise = -(upward[0] * east[None, :] + upward[1] * north[:, None]) / upward[2]
    offset = np.stack(np.broadcast_arrays(east[None, :], north[:, None], rise), axis=-1)
    ahead, left = np.abs(offset @ axes[:, 0]), np.abs(offset @ axes[:, 1])
    under = (ahead <= vehicle.length_m / 2 + BESIDE_M) & (left <= vehicle.width_m / 2 + BESIDE_M)
    inner = (vehicle.track_m - vehicle.wheel_width_m) / 2 - BESIDE_M
    sigma = np.where(left < inner, BELLY_SIGMA_M, WHEEL_SIGMA_M)
    under &= ~(local.variance_m2 <= sigma**2)
    if not under.any():
        return local
    height, variance, seen = local.height_m.copy(), local.variance_m2.copy(), local.seen_s.copy()
    height[under] = (estimate.place_m[2] - local.origin_m[2] + rise)[under]
    variance[under], seen[under] = sigma[under] ** 2, time_s
    return replace(local, height_m=height, variance_m2=variance, seen_s=seen)


def hidden_by_body(stereo: Sequence[StereoPoints], vehicle: VehicleParams) -> tuple[StereoPoints, ...]:
    """Return looks without the points under the body: its own deck is before them.

    Args:
        stereo: The looks.
        vehicle: Its size.
    """
    found = []
    for pair in stereo:
        ahead, left = np.abs(pair.points_m[:, 0]), np.abs(pair.points_m[:, 1])
        clear = (ahead > vehicle.length_m / 2) | (left > vehicle.width_m / 2)
        found.append(replace(pair, points_m=pair.points_m[clear], sigma_m=pair.sigma_m[clear]))
    return tuple(found)
