"""Kernels of `sim.physics.light`."""

from __future__ import annotations

import math

from rover.core.jit import kernel


@kernel
def horizon_tangent(z, resolution, row, col, height, d_row, d_col):  # type: ignore[no-untyped-def]
    """Return the tangent of the horizon's elevation along one direction, by marching over bilinear ground.

    `row`, `col` are where the eye is, in cells; `height` its height; `d_row`, `d_col` a unit step. Unknown ground
    hides nothing.
    """
    rows, cols = z.shape
    best = -1.0e9
    distance = 1.0
    while True:
        r = row + d_row * distance
        c = col + d_col * distance
        if r < 0.0 or c < 0.0 or r >= rows - 1 or c >= cols - 1:
            return best
        i, j = int(r), int(c)
        u, v = r - i, c - j
        ground = (z[i, j] * (1 - v) + z[i, j + 1] * v) * (1 - u) + (
            z[i + 1, j] * (1 - v) + z[i + 1, j + 1] * v
        ) * u
        if not math.isnan(ground):
            best = max(best, (ground - height) / (distance * resolution))
        distance += 0.5
