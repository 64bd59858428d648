"""Kernels of `rover.onboard.local_map`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel


@kernel
def bin_heights(points, sigma, eye, rotation, place, west, south, cell, grade, worst, sums):  # type: ignore[no-untyped-def]
    """Add the points of a stereo pair to the cells that hold them, in place.

    Args:
        points: (n, 3) float32 in the body's frame.
        sigma: (n,) float32 standard deviation along the line of sight.
        eye: (3,) float64 from which they are seen, in the body's frame.
        rotation, place: (3, 3), (3,) float64 body to map.
        west, south, cell: South-west corner of the grid, and side of a cell.
        grade: Of the ground, that turns an error across into one of height, root of the mean square.
        worst: Points with a greater sigma are left out.
        sums: (4, rows, cols) float64 of weights, weights times heights and times their squares, and points.
    """
    rows, cols = sums.shape[1], sums.shape[2]
    for n in range(len(points)):
        if not sigma[n] <= worst:
            continue
        x, y, z = np.float64(points[n, 0]), np.float64(points[n, 1]), np.float64(points[n, 2])
        east = place[0] + rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z
        north = place[1] + rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z
        j, i = math.floor((east - west) / cell), math.floor((north - south) / cell)
        if not (0 <= i < rows and 0 <= j < cols):
            continue
        rise = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z
        sx, sy, sz = x - eye[0], y - eye[1], z - eye[2]
        far = max(1e-9, math.sqrt(sx * sx + sy * sy + sz * sz))
        steep = (rotation[2, 0] * sx + rotation[2, 1] * sy + rotation[2, 2] * sz) / far
        spread = sigma[n] * sigma[n] * (steep * steep + grade * grade * (1.0 - steep * steep))
        w = 1.0 / max(1e-8, spread)
        sums[0, i, j] += w
        sums[1, i, j] += w * rise
        sums[2, i, j] += w * rise * rise
        sums[3, i, j] += 1.0


@kernel
def widen(variance, west, south, cell, east, north, motion, grade):  # type: ignore[no-untyped-def]
    """Add to the variance of every known cell what the rover's motion since the last look leaves in doubt, in place.

    Args:
        variance: (rows, cols) float32; NaN where nothing is known.
        west, south, cell: South-west corner of the grid, and side of a cell.
        east, north: Where the rover is.
        motion: (6, 6) float64 covariance of the motion: shift, and turn about east, north and up.
        grade: Of the ground, root of the mean square.
    """
    rows, cols = variance.shape
    aside = grade * grade * (motion[0, 0] + motion[1, 1])
    for i in range(rows):
        y = south + (i + 0.5) * cell - north
        for j in range(cols):
            if not variance[i, j] >= 0.0:
                continue
            x = west + (j + 0.5) * cell - east
            # Up at (x, y) goes by shift up + y (turn about east) - x (turn about north).
            turned = y * y * motion[3, 3] - 2.0 * x * y * motion[3, 4] + x * x * motion[4, 4]
            variance[i, j] += motion[2, 2] + turned + 2.0 * (y * motion[2, 3] - x * motion[2, 4]) + aside


@kernel
def fuse(sums, base, now, gate, floor, height, variance, seen):  # type: ignore[no-untyped-def]
    """Fuse a look's cells into a map's, in place.

    A cell that the look does not agree with gives way to it, unless the look knows it worse: then it is doubted.

    Args:
        sums: (4, rows, cols) as `bin_heights` leaves them.
        base: Height of the rover, that the sums are counted from.
        now: Time of the look.
        gate: Standard deviations of the difference beyond which old and new do not agree.
        floor: Least variance of a look's cell.
        height, variance: (rows, cols) float32 the map; NaN where nothing is known.
        seen: (rows, cols) float64 when each was last seen.
    """
    rows, cols = height.shape
    for i in range(rows):
        for j in range(cols):
            weight = sums[0, i, j]
            if not weight > 0.0:
                continue
            mean = sums[1, i, j] / weight
            told = sums[3, i, j] / weight
            within = sums[2, i, j] / weight - mean * mean
            told += max(0.0, within - told) + floor
            new = base + mean
            seen[i, j] = now
            old, doubt = np.float64(height[i, j]), np.float64(variance[i, j])
            if not doubt >= 0.0:
                height[i, j], variance[i, j] = new, told
                continue
            apart = new - old
            if apart * apart <= gate * gate * (doubt + told):
                gain = doubt / (doubt + told)
                height[i, j], variance[i, j] = old + gain * apart, doubt * (1.0 - gain)
            elif told <= doubt:
                height[i, j], variance[i, j] = new, told
            else:
                # Neither is believed over the other until they agree: it takes as much doubt as covers both.
                variance[i, j] = max(doubt, apart * apart / (gate * gate))
