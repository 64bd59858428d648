"""Kernel of `rover.onboard.local_planner`: what the ground along many paths costs."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel


@kernel
def price_paths(cost, resolution, col, row, cos, sin, paths, spacing, stride, prices):  # type: ignore[no-untyped-def]
    """Fill `prices` with the integral of the costs along each path, s; +inf where it is lethal or leaves the raster.

    Args:
        cost: (rows, cols) s/m.
        resolution: Side of a cell, m.
        col, row, cos, sin: Where the rover stands, in cells as fractions, and its heading.
        paths: (m, n, 4) poses from there: forward, left, cosine and sine of the yaw.
        spacing: Of the poses, m.
        stride: Every so many poses are looked at, and the last.
        prices: (m,).
    """
    count = paths.shape[1]
    for m in range(len(paths)):
        total = 0.0
        k = 0
        while k < count - 1:
            before = k
            k = min(k + stride, count - 1)
            ahead, left = paths[m, k, 0] / resolution, paths[m, k, 1] / resolution
            c = math.floor(col + ahead * cos - left * sin + 0.5)
            r = math.floor(row + ahead * sin + left * cos + 0.5)
            if not (0 <= r < cost.shape[0] and 0 <= c < cost.shape[1]):
                total = np.inf
                break
            total += cost[r, c] * (k - before) * spacing
        prices[m] = total
