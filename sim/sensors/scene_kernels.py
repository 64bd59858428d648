"""Kernels of `sim.sensors.scene`."""

from __future__ import annotations

import math

from rover.core.jit import kernel


@kernel
def lower_by_curvature(z, east, north, cell, per_m):  # type: ignore[no-untyped-def]
    """Lower nodes, in place, by what a sphere falls off from the level plane at the origin (second order)."""
    for i in range(z.shape[0]):
        y = north + i * cell
        for j in range(z.shape[1]):
            x = east + j * cell
            z[i, j] -= 0.5 * (x * x + y * y) * per_m


@kernel
def blend_rim(z, coarse, u0, v0, ratio, band):  # type: ignore[no-untyped-def]
    """Lead the outer nodes of a fine raster over to the coarse one around it, in place.

    Args:
        z: (rows, cols) float64 nodes.
        coarse: (rows, cols) float64 nodes of the coarser raster.
        u0, v0: Where node (0, 0) is in it, cells eastwards and northwards.
        ratio: Cells of the coarse raster per cell of the fine.
        band: Nodes over which it is led; the outermost is the coarse raster's own.
    """
    rows, cols = z.shape
    for i in range(rows):
        for j in range(cols):
            inwards = min(min(i, rows - 1 - i), min(j, cols - 1 - j))
            if inwards >= band:
                continue
            u, v = u0 + j * ratio, v0 + i * ratio
            c = min(max(math.floor(u), 0), coarse.shape[1] - 2)
            r = min(max(math.floor(v), 0), coarse.shape[0] - 2)
            a, b = u - c, v - r
            around = (1.0 - b) * ((1.0 - a) * coarse[r, c] + a * coarse[r, c + 1]) + b * (
                (1.0 - a) * coarse[r + 1, c] + a * coarse[r + 1, c + 1]
            )
            share = inwards / band
            share = share * share * (3.0 - 2.0 * share)
            z[i, j] = share * z[i, j] + (1.0 - share) * around
