"""At which poses the rover stands within all limits on the true ground, settled exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from true_stance_kernels import stand_at

from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from sim.moon.ground import Patch
from sim.physics.suspension import Rig

Floats = npt.NDArray[np.float64]

SUNK_M = 0.008


def stands(
    patch: Patch,
    vehicle: VehicleParams,
    rig: Rig,
    poses: Floats,
    *,
    way: int = 1,
    stray_m: float = 0.0,
    belly_m: float = SUNK_M,
) -> npt.NDArray[np.bool_]:
    """Return (n,) at which of (n, 3) poses the rover stands within all limits, also where it strays.

    Args:
        patch: Of the true ground.
        vehicle: For its limits.
        rig: Of the vehicle.
        poses: East and north, m, and yaw, rad.
        way: 1 or -1, the way in which wheels look for steps.
        stray_m: How far ahead and aside it may be from where the pose puts it: the corners are looked at besides.
        belly_m: Least room under the belly.
    """
    limits = np.array(
        [
            *(vehicle.slope_limit_rad, vehicle.roll_limit_rad, vehicle.rocker_limit_rad),
            *(vehicle.bogie_limit_rad, vehicle.step_limit_m, belly_m),
        ]
    )
    corners = [[0.0, 0.0], *([a * stray_m, b * stray_m] for a in (-1, 1) for b in (-1, 1))]
    offsets = np.array(corners if stray_m > 0 else corners[:1])
    passes, held = np.zeros(len(poses), np.bool_), np.ascontiguousarray(poses)
    corner = np.array([patch.east_m, patch.north_m])
    given = (
        *(patch.elevation_m, corner, patch.resolution_m, held, way * 2 * rig.radius_m, offsets),
        *(rig.figures, rig.rim, rig.across, rig.belly, limits, passes),
    )
    if len(held) < 64:
        stand_at(*given, 0, len(held))
    else:
        by_strips(len(held), lambda first, last: stand_at(*given, first, last))
    return passes
