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
def fuse(sums, base, now, gate, floor, share, height, variance, seen):  # type: ignore[no-untyped-def]
    """Fuse a look's cells into a map's, in place.

    Args:
        sums: (4, rows, cols) as `bin_heights` leaves them.
        base: Height of the rover, that the sums are counted from.
        now: Time of the look.
        gate, share: As of `_fuse_cell`.
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
            seen[i, j] = now
            _fuse_cell(height, variance, i, j, base + mean, told, gate, share)


@kernel
def fuse_raster(sensed, told, shift, now, gate, share, height, variance, seen):  # type: ignore[no-untyped-def]
    """Fuse heights that were sensed cell by cell into the same cells of a map, in place.

    Args:
        sensed: (rows, cols) float32; NaN where nothing was sensed.
        told: (rows, cols) float32 their variance.
        shift: From what they are counted from to what the map's are.
        now, gate, share, height, variance, seen: As of `fuse`.
    """
    for i in range(sensed.shape[0]):
        for j in range(sensed.shape[1]):
            new, doubt = np.float64(sensed[i, j]) + shift, np.float64(told[i, j])
            if new == new and doubt >= 0.0:
                seen[i, j] = now
                _fuse_cell(height, variance, i, j, new, doubt, gate, share)


@kernel
def _fuse_cell(height, variance, i, j, new, told, gate, share):  # type: ignore[no-untyped-def]
    """Fuse a height into a cell, in place.

    Errors of looks are partly the same each time, so that no number of them makes a cell better known than `share` of
    the variance of one. What does not agree gives way to what is seen now, unless that is seen so much worse: then the
    cell is doubted.

    Args:
        height, variance: (rows, cols) float32 the map; NaN where nothing is known.
        i, j: The cell.
        new, told: What a look tells of it, and the variance of that.
        gate: Standard deviations of the difference beyond which old and new do not agree.
        share: Of a look's variance that is not averaged away.
    """
    old, doubt = np.float64(height[i, j]), np.float64(variance[i, j])
    if not doubt >= 0.0:
        height[i, j], variance[i, j] = new, told
        return
    apart = new - old
    if apart * apart <= gate * gate * (doubt + told):
        gain = doubt / (doubt + told)
        height[i, j] = old + gain * apart
        variance[i, j] = max(doubt * (1.0 - gain), min(doubt, share * told))
    elif share * told <= doubt * (1.0 + 1e-6):
        height[i, j], variance[i, j] = new, told
    else:
        # Neither is believed over the other until they agree: it takes as much doubt as covers both.
        variance[i, j] = max(doubt, apart * apart / (gate * gate))


@kernel
def even_out(height, variance, apart, even, doubt):  # type: ignore[no-untyped-def]
    """Fill the mean of each cell and its neighbours, as far as they agree, and its variance.

    Weights fall off as those of the binomial filter, and with what a neighbour differs by (Tomasi and Manduchi 1998,
    doi:10.1109/ICCV.1998.710815), to nothing where that is no noise.

    Args:
        height, variance: (rows, cols) float32 the map; NaN where nothing is known.
        apart: Standard deviations of a difference at which a neighbour has no weight.
        even, doubt: (rows, cols) float32.
    """
    rows, cols = height.shape
    for i in range(rows):
        for j in range(cols):
            even[i, j], doubt[i, j] = height[i, j], variance[i, j]
            here, own = np.float64(height[i, j]), np.float64(variance[i, j])
            if not own > 0.0:
                continue
            weights, sums, squares = 0.0, 0.0, 0.0
            for r in range(max(0, i - 1), min(rows, i + 2)):
                for c in range(max(0, j - 1), min(cols, j + 2)):
                    off, told = np.float64(height[r, c]) - here, np.float64(variance[r, c])
                    share = 1.0 - off * off / (apart * apart * (own + told))
                    if not share > 0.0:
                        continue
                    w = share * share * (2 - abs(r - i)) * (2 - abs(c - j))
                    weights += w
                    sums += w * off
                    squares += w * w * told
            even[i, j], doubt[i, j] = here + sums / weights, squares / (weights * weights)


@kernel
def refine_bounds(height, deviation, sigmas, factor, low, high):  # type: ignore[no-untyped-def]
    """Fill the surfaces `sigmas` standard deviations below and above a map's, bilinear on cells `factor` times as fine.

    Args:
        height: (rows, cols) float32; NaN where unknown.
        deviation: (rows, cols) float64 of the heights.
        sigmas: How many.
        factor: Fine cells to a cell; the outermost centres are the same.
        low, high: ((rows - 1) * factor + 1, (cols - 1) * factor + 1) float32.
    """
    rows, cols = height.shape
    for r in range(low.shape[0]):
        i = min(r // factor, rows - 2)
        up = (r - i * factor) / factor
        for j in range(cols - 1):
            for k in range(factor + 1 if j == cols - 2 else factor):
                along = k / factor
                middle, off = 0.0, 0.0
                for a in range(2):
                    for b in range(2):
                        share = (up if a == 1 else 1.0 - up) * (along if b == 1 else 1.0 - along)
                        if share > 0.0:
                            middle += share * np.float64(height[i + a, j + b])
                            off += share * deviation[i + a, j + b]
                c = j * factor + k
                low[r, c], high[r, c] = middle - sigmas * off, middle + sigmas * off
