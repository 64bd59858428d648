"""Kernel of `sim.sensors.heights`."""

from __future__ import annotations

import math

from rover.core.jit import kernel


@kernel
def bin_points(points, variance, west, south, cell, weight, height, count):  # type: ignore[no-untyped-def]
    """Add points to the cells that hold them, in place, each weighed by one over its variance.

    Args:
        points: (n, 3) float64 east, north and height.
        variance: (n,) float64.
        west, south, cell: South-west corner of the grid, and side of a cell.
        weight, height, count: (rows, cols) float64 sums of weights and of weights times heights, and how many points.
    """
    rows, cols = weight.shape
    for n in range(len(points)):
        j = math.floor((points[n, 0] - west) / cell)
        i = math.floor((points[n, 1] - south) / cell)
        if not (0 <= i < rows and 0 <= j < cols):
            continue
        w = 1.0 / variance[n]
        weight[i, j] += w
        height[i, j] += w * points[n, 2]
        count[i, j] += 1.0
