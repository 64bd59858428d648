"""Kernels of ground laid out along a heading: how high wheels stand on it, for every place of an axle at once.

Heights are sampled on cells that lie along and across the heading, so that what lies under a wheel is a rectangle of
them: the highest over its width, then the highest over its length less what the rim is higher there. Rows go to the
left, columns ahead.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel


@kernel
def lay_out(low_z, high_z, resolution, middle, cos, sin, spacing, low, high):  # type: ignore[no-untyped-def]
    """Sample two surfaces along a heading; -inf and +inf where they are not known.

    Args:
        low_z, high_z: (rows, cols) float32, bilinear between the cells' centres; NaN is unknown.
        resolution: Side of a cell, m.
        middle: (2,) column and row of the middle of what is laid out, as fractions.
        cos, sin: Of the heading.
        spacing: Of the samples, m.
        low, high: (n, n) float32, n odd.
    """
    rows, cols = low_z.shape
    n = len(low)
    half = n // 2
    step = spacing / resolution
    for i in range(n):
        for j in range(n):
            u, v = (j - half) * step, (i - half) * step
            col, row = middle[0] + u * cos - v * sin, middle[1] + u * sin + v * cos
            c, r = math.floor(col), math.floor(row)
            low[i, j], high[i, j] = -np.inf, np.inf
            if not (0 <= c < cols - 1 and 0 <= r < rows - 1):
                continue
            a, b = np.float32(col - c), np.float32(row - r)
            top = _mixed(high_z, r, c, a, b)
            least = _mixed(low_z, r, c, a, b)
            if top == top and least == least:
                low[i, j], high[i, j] = least, top
    # No sample may lie on a peak: each cell's own height goes to the sample nearest to it.
    reach = half * step
    for r in range(
        max(0, math.ceil(middle[1] - 1.5 * reach)), min(rows, math.floor(middle[1] + 1.5 * reach) + 1)
    ):
        for c in range(
            max(0, math.ceil(middle[0] - 1.5 * reach)), min(cols, math.floor(middle[0] + 1.5 * reach) + 1)
        ):
            east, north = c - middle[0], r - middle[1]
            j = math.floor((east * cos + north * sin) / step + half + 0.5)
            i = math.floor((north * cos - east * sin) / step + half + 0.5)
            if 0 <= i < n and 0 <= j < n and high_z[r, c] > high[i, j]:
                high[i, j] = high_z[r, c]


@kernel
def _mixed(z, r, c, a, b):  # type: ignore[no-untyped-def]
    """Bilinear between four cells; what they have in common comes out as it is."""
    south = z[r, c] + a * (z[r, c + 1] - z[r, c])
    north = z[r + 1, c] + a * (z[r + 1, c + 1] - z[r + 1, c])
    return south + b * (north - south)


@kernel
def highest_across(z, reach, found):  # type: ignore[no-untyped-def]
    """Fill the highest of each sample and those up to `reach` samples to its left and right, between samples as well.

    Args:
        z: (n, n) float32.
        reach: Samples, as a fraction.
        found: (n, n) float32.
    """
    n = len(z)
    whole = math.floor(reach + 1e-6)
    part = np.float32(reach - whole)
    for i in range(n):
        for j in range(n):
            found[i, j] = z[i, j]
        for k in range(max(0, i - whole), min(n, i + whole + 1)):
            for j in range(n):
                found[i, j] = z[k, j] if z[k, j] > found[i, j] else found[i, j]
        if part > 1e-3:
            for side in (-1, 1):
                inner, outer = i + side * whole, i + side * (whole + 1)
                if 0 <= inner < n and 0 <= outer < n:
                    for j in range(n):
                        value = z[inner, j] + part * (z[outer, j] - z[inner, j])
                        # NaN where both are infinite alike, which the ones before have told.
                        found[i, j] = value if value > found[i, j] else found[i, j]


@kernel
def rests_along(z, drops, part, found):  # type: ignore[no-untyped-def]
    """Fill how high a wheel's lowest point is over each sample: the highest ahead and behind less the rim's height.

    Args:
        z: (n, n) float32 highest across the wheel.
        drops: (k,) float32 height of the rim 0, 1, ... samples ahead; the last at the end of the wheel.
        part: How far the last lies beyond the one before, samples.
        found: (n, n) float32.
    """
    n, last = len(z), len(drops) - 1
    for i in range(n):
        for j in range(n):
            found[i, j] = z[i, j]
        for k in range(1, last + 1):
            drop = drops[k]
            if k < last:
                for j in range(k, n - k):
                    value = max(z[i, j - k], z[i, j + k]) - drop
                    found[i, j] = value if value > found[i, j] else found[i, j]
            else:
                for j in range(k, n - k):
                    behind = z[i, j - k + 1] + part * (z[i, j - k] - z[i, j - k + 1])
                    before = z[i, j + k - 1] + part * (z[i, j + k] - z[i, j + k - 1])
                    value = max(behind, before) - drop
                    found[i, j] = value if value > found[i, j] else found[i, j]


@kernel
def within_box(rest_low, rest_high, u, v, half_u, half_v):  # type: ignore[no-untyped-def]
    """Lowest and highest of a box of samples, all in samples as fractions; NaN off what is laid out or unknown."""
    n = len(rest_low)
    j0, j1 = math.floor(u - half_u), math.ceil(u + half_u)
    i0, i1 = math.floor(v - half_v), math.ceil(v + half_v)
    if not (min(i0, j0) >= 0 and max(i1, j1) < n):
        return np.nan, np.nan
    high = np.float32(-np.inf)
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            high = rest_high[i, j] if rest_high[i, j] > high else high
    j0, j1 = math.floor(u - half_u + 0.5), math.floor(u + half_u + 0.5)
    i0, i1 = math.floor(v - half_v + 0.5), math.floor(v + half_v + 0.5)
    low = np.float32(np.inf)
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            low = rest_low[i, j] if rest_low[i, j] < low else low
    if not high < np.inf:
        return np.nan, np.nan
    return np.float64(low), np.float64(high)
