"""Kernels of `rover.terrain.derive`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel


@kernel
def derive_window(z, resolution, rough_half, step_half, slope, aspect, roughness, step):  # type: ignore[no-untyped-def]
    """Fill slope, aspect, roughness and step of every cell in one pass.

    Gradient by Horn (1981): 3 x 3, weights 1-2-1. Roughness is the largest deviation, over a window of
    `2 rough_half + 1` cells, from the plane through the window's mean with the Horn gradient. Step is the largest
    height difference over `2 step_half + 1` cells. A NaN in a window makes that figure NaN, as does the border.
    """
    rows, cols = z.shape
    for r in range(rows):
        for c in range(cols):
            slope[r, c] = np.nan
            aspect[r, c] = np.nan
            roughness[r, c] = np.nan
            step[r, c] = np.nan
            if r < 1 or c < 1 or r >= rows - 1 or c >= cols - 1:
                continue
            # As float64, with JIT on or off: float32 differences would round again.
            sw, s, se = np.float64(z[r - 1, c - 1]), np.float64(z[r - 1, c]), np.float64(z[r - 1, c + 1])
            w, e = np.float64(z[r, c - 1]), np.float64(z[r, c + 1])
            nw, n, ne = np.float64(z[r + 1, c - 1]), np.float64(z[r + 1, c]), np.float64(z[r + 1, c + 1])
            east = ((se - sw) + 2.0 * (e - w) + (ne - nw)) / (8.0 * resolution)
            north = ((nw - sw) + 2.0 * (n - s) + (ne - se)) / (8.0 * resolution)
            if not math.isnan(z[r, c]):
                slope[r, c] = math.atan(math.sqrt(east * east + north * north))
                if east == 0.0 and north == 0.0:
                    aspect[r, c] = 0.0
                elif not math.isnan(east + north):
                    aspect[r, c] = math.atan2(-east, -north) % (2.0 * math.pi)
            roughness[r, c] = _deviation(z, r, c, rough_half, east * resolution, north * resolution)
            step[r, c] = _relief(z, r, c, step_half)


@kernel
def _deviation(z, r, c, half, per_col, per_row):  # type: ignore[no-untyped-def]
    rows, cols = z.shape
    if r < half or c < half or r >= rows - half or c >= cols - half:
        return np.nan
    total = 0.0
    for i in range(-half, half + 1):
        for j in range(-half, half + 1):
            total += np.float64(z[r + i, c + j])
    if math.isnan(total):
        return np.nan
    mean = total / ((2 * half + 1) * (2 * half + 1))
    worst = 0.0
    for i in range(-half, half + 1):
        for j in range(-half, half + 1):
            off = abs(np.float64(z[r + i, c + j]) - mean - i * per_row - j * per_col)
            worst = max(worst, off)
    return worst


@kernel
def _relief(z, r, c, half):  # type: ignore[no-untyped-def]
    rows, cols = z.shape
    if r < half or c < half or r >= rows - half or c >= cols - half:
        return np.nan
    low = np.inf
    high = -np.inf
    for i in range(-half, half + 1):
        for j in range(-half, half + 1):
            value = np.float64(z[r + i, c + j])
            if math.isnan(value):
                return np.nan
            low = min(low, value)
            high = max(high, value)
    return high - low
