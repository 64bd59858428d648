"""Kernels that walk along poses by clearance evaluation, up to the first at which the rover might not stand.

Beside attitude, suspension and belly, which `clearance_kernels` bounds, the step before each wheel is bounded here:
what rises above the ground that the wheel may stand on, off the body's plane, up to a wheel's diameter ahead.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.angle_kernels import sine
from rover.hazard.cell_kernels import cell_window, row_span
from rover.hazard.clearance_kernels import bound_poses, narrowed_levels
from rover.hazard.linkage_kernels import BELLY, BOGIE_LEFT, BOGIE_RIGHT, PITCH, ROCKER, ROLL, WHEELS
from rover.hazard.wheel_kernels import PATCH_CELLS, rests_on, wheel_patch

TILT, SUSPENSION, BELLY_ROOM, STEP = 0, 1, 2, 3
MARGINS = 4
"""Least slack found on a walk: of attitude and suspension, rad, of the room under the belly and of steps, m."""


@kernel
def walk(  # type: ignore[no-untyped-def]
    low_z,
    high_z,
    resolution,
    poses,
    spreads,
    boxes,
    limits,
    links,
    belly,
    weights,
    belly_margin,
    ahead,
    bounds,
    margins,
):
    """Return how many poses pass before the first that does not.

    Args:
        low_z, high_z: (rows, cols) float32 bounds of the heights; NaN is unknown and refuses.
        resolution: Side of a cell, m.
        poses: (n, 4) column and row as fractions, cosine and sine of the yaw.
        spreads: (n, 2) how far any part may be along and across from where the pose puts it, m.
        boxes, limits, links, belly, weights: As `rover.hazard.clearance_figures` has them.
        belly_margin: Room that must be left under the belly, m.
        ahead: 1 or -1, the way that the wheels look for steps; 0 for either.
        bounds: (1, FIGURES, 2) room to work in.
        margins: (MARGINS,) lowered to the least slacks of the poses that were looked at; NaN where unknown.
    """
    patch = np.empty((PATCH_CELLS, 4))
    for k in range(len(poses)):
        along, across = spreads[k, 0], spreads[k, 1]
        given = (
            low_z,
            high_z,
            resolution,
            poses[k : k + 1],
            boxes,
            limits,
            links,
            belly,
            weights,
            along,
            across,
        )
        bound_poses(*given, bounds, 0, 1)
        own = bounds[0]
        if not _within(own, limits, belly_margin, margins):
            return k
        step = _step_bound(
            low_z, high_z, resolution, poses[k], boxes, belly, along, across, ahead, limits, patch, own
        )
        slack = limits[4] - step
        if not slack >= margins[STEP]:
            margins[STEP] = slack
        if not slack >= 0.0:
            return k
    return len(poses)


@kernel
def _within(own, limits, belly_margin, margins):  # type: ignore[no-untyped-def]
    """Tell whether bounds keep to the limits; lower the margins."""
    tilt = min(limits[0] - _most(own[PITCH]), limits[1] - _most(own[ROLL]))
    bogies = max(_most(own[BOGIE_LEFT]), _most(own[BOGIE_RIGHT]))
    suspension = min(limits[2] - _most(own[ROCKER]), limits[3] - bogies)
    room = own[BELLY, 0] - belly_margin
    if not tilt >= margins[TILT]:
        margins[TILT] = tilt
    if not suspension >= margins[SUSPENSION]:
        margins[SUSPENSION] = suspension
    if not room >= margins[BELLY_ROOM]:
        margins[BELLY_ROOM] = room
    return tilt >= 0.0 and suspension >= 0.0 and room >= 0.0


@kernel
def _most(pair):  # type: ignore[no-untyped-def]
    """The larger magnitude of a pair; NaN of an unknown one, which `max` might lose."""
    if math.isnan(pair[0]) or math.isnan(pair[1]):
        return np.nan
    return max(abs(pair[0]), abs(pair[1]))


@kernel
def _grades(own):  # type: ignore[no-untyped-def]
    """Middle and half width of the body's plane's grade along the heading, and to the left of it."""
    sine_low, sine_high = sine(own[PITCH, 0]), sine(own[PITCH, 1])
    low = sine_low / math.sqrt(1.0 - sine_low * sine_low)
    high = sine_high / math.sqrt(1.0 - sine_high * sine_high)
    worst = max(sine_low * sine_low, sine_high * sine_high)
    steeper = 1.0 / math.sqrt(1.0 - worst)
    across_low, across_high = sine(own[ROLL, 0]), sine(own[ROLL, 1])
    left_low = across_low / math.sqrt(1.0 - across_low * across_low)
    left_high = across_high / math.sqrt(1.0 - across_high * across_high)
    left_low *= steeper if left_low < 0.0 else 1.0
    left_high *= 1.0 if left_high < 0.0 else steeper
    return (low + high) / 2.0, (high - low) / 2.0, (left_low + left_high) / 2.0, (left_high - left_low) / 2.0


@kernel
def _step_bound(  # type: ignore[no-untyped-def]
    low_z, high_z, resolution, pose, boxes, belly, along, across, ahead, limits, patch, own
):
    """Bound the highest rise before any wheel above where it stands, off the body's plane; NaN over unknown ground.

    It is looked for up to the wheel's diameter ahead of wherever the axle may be. A bound beyond the limit ends the
    search.
    """
    grade, grade_doubt, side, side_doubt = _grades(own)
    tilt, turned = narrowed_levels(own, limits)
    cells = wheel_patch(resolution, pose, belly[5], belly[6], patch)
    most = -np.inf
    for i in range(WHEELS):
        box = boxes[tilt, turned, i]
        doubt = grade_doubt * 2.0 * (belly[5] + box[2] + along)
        doubt += side_doubt * 2.0 * (belly[6] / 2.0 + box[3] + across)
        for turn in range(2 if ahead == 0 else 1):
            way = 1.0 - 2.0 * turn if ahead == 0 else 1.0 * ahead
            step = doubt + _rise(
                low_z, high_z, resolution, pose, box, belly, along, across, way, grade, side, patch, cells
            )
            if not step <= most:
                most = step
            if not step <= limits[4]:
                return step
    return most


@kernel
def _rise(  # type: ignore[no-untyped-def]
    low_z, high_z, resolution, pose, box, belly, along, across, way, grade, side, patch, cells
):
    """Highest ground over a wheel's diameter `way` of an axle less the lowest that it may stand, both off a plane."""
    more = resolution * (abs(pose[2]) + abs(pose[3]))
    middle = box[0] + way * belly[5]
    length, width = box[2] + belly[5] + along, box[3] + belly[6] / 2.0 + across
    loose, aside = box[2] + along + more, box[3] + across + more
    near = resolution * math.sqrt(0.5) + 1e-9 - more
    col0, col1, row0, row1 = cell_window(high_z, resolution, pose, middle, box[1], length, width)
    low, floor, high, total = np.inf, np.inf, -np.inf, 0.0
    for r in range(row0, row1 + 1):
        north = (r - pose[1]) * resolution
        first, last = row_span(pose, resolution, north, (middle, box[1]), length + more, width + more)
        for c in range(max(col0, first), min(col1, last) + 1):
            east = (c - pose[0]) * resolution
            forward = east * pose[2] + north * pose[3]
            left = north * pose[2] - east * pose[3]
            height, least = np.float64(high_z[r, c]), np.float64(low_z[r, c])
            total += height
            plane = grade * forward + side * left
            high = max(high, height - plane)
            ahead, beside = abs(forward - box[0]), abs(left - box[1])
            if ahead <= loose and beside <= aside:
                floor = min(floor, least - plane)
                if ahead <= loose + near and beside <= aside + near and least - patch[0, 2] - plane < low:
                    low = min(low, rests_on(low_z, r, c, patch, cells) - plane)
    if math.isnan(total) or low == np.inf:
        return np.nan
    return high - max(low, floor)
