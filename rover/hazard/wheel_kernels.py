"""Kernels of the wheels: how low and how high each may stand on the ground in its box."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.cell_kernels import cell_window, row_span

PATCH_CELLS = 128
"""Most cells under a wheel that are looked at; any fewer only loosen the bound."""


@kernel
def wheel_patch(resolution, pose, radius, width, patch):  # type: ignore[no-untyped-def]
    """Fill the cells that a wheel is sure to lie over whose axle is above a cell or nearer to it than to others.

    Args:
        resolution: Side of a cell, m.
        pose: Column, row, cosine and sine of the yaw.
        radius, width: Of the wheel, m.
        patch: (PATCH_CELLS, 4) rows and columns from the axle's cell, what the rim is higher there at most, m, and how
            far ahead, m. The axle's own cell is the first.

    Returns:
        How many there are.
    """
    off = resolution * math.sqrt(0.5)
    length, half = radius - off, width / 2.0 - off
    patch[0, 0], patch[0, 1], patch[0, 3] = 0.0, 0.0, 0.0
    patch[0, 2] = radius - math.sqrt(max(0.0, radius * radius - off * off))
    count = 1
    reach = math.floor(radius / resolution)
    for r in range(-reach, reach + 1):
        for c in range(-reach, reach + 1):
            ahead = (c * pose[2] + r * pose[3]) * resolution
            left = (r * pose[2] - c * pose[3]) * resolution
            inside = abs(ahead) <= length and abs(left) <= half
            if inside and (r != 0 or c != 0) and count < PATCH_CELLS:
                rim = abs(ahead) + off
                patch[count, 0], patch[count, 1], patch[count, 3] = r, c, ahead
                patch[count, 2] = radius - math.sqrt(max(0.0, radius * radius - rim * rim))
                count += 1
    return count


@kernel
def rests_on(z, r, c, patch, cells):  # type: ignore[no-untyped-def]
    """Return how high a wheel stands at least, above its radius, whose axle is nearest to a cell."""
    rows, cols = z.shape
    most = -np.inf
    for k in range(cells):
        i, j = r + int(patch[k, 0]), c + int(patch[k, 1])
        if 0 <= i < rows and 0 <= j < cols:
            most = max(most, np.float64(z[i, j]) - patch[k, 2])
    return most


@kernel
def wheel_ground(low_z, high_z, resolution, pose, box, along, across, belly, patch, cells):  # type: ignore[no-untyped-def]
    """How low a wheel may stand, less its radius, and how high: over every cell that the surface leans on.

    What lies ahead of the axle is as much lower as the rim is higher there. At its lowest the wheel still stands on the
    highest of what is sure to be under it.
    """
    # A corner of a patch that reaches into the box lies beyond it by less than a cell, seen along either axis.
    more = resolution * (abs(pose[2]) + abs(pose[3]))
    radius = belly[5]
    loose = box[2] + along + more
    # The axle's nearest cell is no further from it than half a cell's diagonal.
    near = resolution * math.sqrt(0.5) + 1e-9
    under, aside = box[2] + along + near, box[3] + across + near
    length, width = box[2] + radius + along, box[3] + belly[6] / 2.0 + across
    col0, col1, row0, row1 = cell_window(high_z, resolution, pose, box[0], box[1], length, width)
    low, floor = np.inf, np.inf
    high = -np.inf
    total = 0.0
    square = radius * radius
    for r in range(row0, row1 + 1):
        north = (r - pose[1]) * resolution
        left, right = row_span(pose, resolution, north, box, length + more, width + more)
        for c in range(max(col0, left), min(col1, right) + 1):
            height, least = np.float64(high_z[r, c]), np.float64(low_z[r, c])
            total += height
            east = (c - pose[0]) * resolution
            ahead = abs(east * pose[2] + north * pose[3] - box[0])
            beyond = ahead - loose
            if beyond <= 0.0:
                beside = abs(north * pose[2] - east * pose[3] - box[1])
                # Straight below the axle is ground between cells as far away as the surface leans on.
                if beside <= box[3] + across + more:
                    floor = least if least < floor else floor
                if ahead <= under and beside <= aside and least - patch[0, 2] < low:
                    low = min(low, rests_on(low_z, r, c, patch, cells))
            else:
                height -= radius - math.sqrt(max(0.0, square - beyond * beyond))
            high = height if height > high else high
    if math.isnan(total) or low == np.inf:
        return np.nan, np.nan
    return max(low, floor), high
