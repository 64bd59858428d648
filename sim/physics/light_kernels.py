"""Kernels of `sim.physics.light`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel


@kernel
def horizon_tangent(z, resolution, row, col, height, d_row, d_col, begin=1.0, sink=0.0):  # type: ignore[no-untyped-def]
    """Return the tangent of the horizon's elevation along one direction, from `begin` cells away on.

    The ground is bilinear between cell centres, so its crests lie on the lines through them: it is asked wherever the
    ray crosses one, and half-way between. `row`, `col` are where the eye is, in cells; `height` its height;
    `d_row`, `d_col` a unit step; `sink` is what the ground sinks by over the square of a distance, 1/m. Unknown ground
    hides nothing.
    """
    rows, cols = z.shape
    best = -1.0e9
    if rows < 2 or cols < 2:
        return best
    per_row = 1.0 / abs(d_row) if d_row != 0.0 else np.inf
    per_col = 1.0 / abs(d_col) if d_col != 0.0 else np.inf
    # Distances at which the ray next crosses a line of each kind.
    next_row = ((math.floor(row) + 1.0 - row) if d_row > 0.0 else (row - math.ceil(row) + 1.0)) * per_row
    next_col = ((math.floor(col) + 1.0 - col) if d_col > 0.0 else (col - math.ceil(col) + 1.0)) * per_col
    before = begin
    if next_row < before:
        next_row += math.ceil((before - next_row) / per_row) * per_row
    if next_col < before:
        next_col += math.ceil((before - next_col) / per_col) * per_col
    distance = before
    while True:
        for half in range(2):
            at = distance if half == 1 else 0.5 * (before + distance)
            r = row + d_row * at
            c = col + d_col * at
            # A crossing may lie outside by a rounding only.
            if r < -1e-9 or c < -1e-9 or r > rows - 1 + 1e-9 or c > cols - 1 + 1e-9:
                return best
            i = min(max(int(r), 0), rows - 2)
            j = min(max(int(c), 0), cols - 2)
            u, v = r - i, c - j
            south = np.float64(z[i, j]) * (1 - v) + np.float64(z[i, j + 1]) * v
            north = np.float64(z[i + 1, j]) * (1 - v) + np.float64(z[i + 1, j + 1]) * v
            ground = south * (1 - u) + north * u
            if not math.isnan(ground):
                away = at * resolution
                best = max(best, (ground - height) / (away * (1.0 + 2.0 * sink * ground)) - sink * away)
        before = distance
        if next_row < next_col:
            distance = next_row
            next_row += per_row
        else:
            distance = next_col
            next_col += per_col
