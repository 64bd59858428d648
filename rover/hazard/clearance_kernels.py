"""Kernels of `rover.hazard.clearance`: from the ground in the wheels' boxes to bounds on how the rover stands."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.hazard.belly_kernels import belly_bounds
from rover.hazard.linkage_kernels import (
    BELLY,
    BOGIE_LEFT,
    BOGIE_RIGHT,
    FIGURES,
    PITCH,
    ROCKER,
    ROLL,
    WHEELS,
    settle_axles,
)
from rover.hazard.wheel_kernels import PATCH_CELLS, wheel_ground, wheel_patch

LEVELS = 9
"""Shares of the vehicle's limits for which wheels' boxes are known: all, and each `LEVEL_SHARE` of the one before."""

LEVEL_SHARE = 0.7


@kernel
def bound_poses(  # type: ignore[no-untyped-def]
    low_z, high_z, resolution, poses, boxes, limits, links, belly, weights, along, across, bounds, first, last
):
    """Fill `bounds` (n, FIGURES, 2) for poses `first` up to `last`.

    Wheels are looked for first wherever tilt and suspension up to their limits put them, and then again where the
    bounds found so put them, as long as that narrows their boxes.

    Args:
        low_z, high_z: (rows, cols) float32 bounds of the heights; NaN is unknown.
        resolution: Side of a cell, m.
        poses: (n, 4) column and row as fractions, cosine and sine of the yaw.
        boxes: (LEVELS, LEVELS, 6, 4) of each wheel at shares of the limits of tilt and of suspension: forward and left
            of the middle of where its axle may be, half length and half width of that, m.
        limits: (5,) most pitch, roll, rocker and bogie angle, rad, and step, m.
        links: (10,) share, lift and length of the bogie, the same of the rocker, the rocker's rest angle; forward and
            up of its pivot from the middle of the axles; distance of the sides.
        belly: (7,) height above the axles; half length and half width, outer and inner; radius and width of the wheels.
        weights: (2, 3, 6) what a metre of each axle does to the belly's height over the middle, to its grade along and
            to its grade across, and how far that may be off.
        along, across: How far any part may be from where the pose puts it, m.
    """
    level, patch = np.empty((FIGURES, 2)), np.empty((PATCH_CELLS, 4))
    for k in range(first, last):
        _bound_pose(
            low_z,
            high_z,
            resolution,
            poses[k],
            boxes,
            limits,
            links,
            belly,
            weights,
            along,
            across,
            level,
            patch,
            bounds[k],
        )


@kernel
def _bound_pose(  # type: ignore[no-untyped-def]
    low_z, high_z, resolution, pose, boxes, limits, links, belly, weights, along, across, level, patch, own
):
    own[:] = np.nan
    cells = wheel_patch(resolution, pose, belly[5], belly[6], patch)
    tilt, turned = 0, 0
    while True:
        if not _wheel_bounds(
            low_z, high_z, resolution, pose, boxes[tilt, turned], along, across, belly, patch, cells, own
        ):
            return
        settle_axles(links, own)
        if not own[PITCH, 1] < np.inf:
            return
        narrower, shorter = narrowed_levels(own, limits)
        if narrower <= tilt and shorter <= turned:
            break
        tilt, turned = max(tilt, narrower), max(turned, shorter)
    for i in range(WHEELS):
        level[i, 0] = level[i, 1] = (own[i, 0] + own[i, 1]) / 2.0
    settle_axles(links, level)
    if level[PITCH, 1] < np.inf:
        belly_bounds(low_z, high_z, resolution, pose, belly, weights, along, across, level, own)
    else:
        own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf


@kernel
def narrowed_levels(own, limits):  # type: ignore[no-untyped-def]
    """Levels of the boxes that hold the axles at the bounds of tilt, and of suspension."""
    tilts = max(_share(own[PITCH], limits[0]), _share(own[ROLL], limits[1]))
    bogies = max(_share(own[BOGIE_LEFT], limits[3]), _share(own[BOGIE_RIGHT], limits[3]))
    return _level(tilts), _level(max(_share(own[ROCKER], limits[2]), bogies))


@kernel
def _share(bound, limit):  # type: ignore[no-untyped-def]
    return max(abs(bound[0]), abs(bound[1])) / limit


@kernel
def _level(share):  # type: ignore[no-untyped-def]
    """The last of the shares of the limits, each `LEVEL_SHARE` of the one before, that is no less."""
    level = 0
    while level < LEVELS - 1 and share <= LEVEL_SHARE ** (level + 1):
        level += 1
    return level


@kernel
def _wheel_bounds(low_z, high_z, resolution, pose, boxes, along, across, belly, patch, cells, own):  # type: ignore[no-untyped-def]
    """Bound the height of each wheel's axle; False, and NaN, where ground in a box is not known."""
    for i in range(WHEELS):
        low, high = wheel_ground(
            low_z, high_z, resolution, pose, boxes[i], along, across, belly, patch, cells
        )
        if not low <= high:
            own[:] = np.nan
            return False
        own[i, 0] = low + belly[5]
        own[i, 1] = high + belly[5]
    return True
