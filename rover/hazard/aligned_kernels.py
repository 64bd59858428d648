"""Kernels of ground laid out along a heading: how high wheels stand on it, for every place of an axle at once.

Heights are sampled on cells that lie along and across the heading, so that what lies under a wheel is a rectangle of
them: the highest over its width, then the highest over its length less what the rim is higher there. Rows go to the
left, columns ahead.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

HEADINGS = 24
"""In half a circle: a wheel's end lies a centimetre beside where the nearest of them has it."""

OFF = math.sin(math.pi / HEADINGS / 2)
"""Sine of the most that a wheel points off the nearest of them."""


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


@kernel
def _mixed(z, r, c, a, b):  # type: ignore[no-untyped-def]
    """Bilinear between four cells; what they have in common comes out as it is."""
    south = z[r, c] + a * (z[r, c + 1] - z[r, c])
    north = z[r + 1, c] + a * (z[r + 1, c + 1] - z[r + 1, c])
    return south + b * (north - south)


@kernel
def highest_across(z, reach, between, found):  # type: ignore[no-untyped-def]
    """Fill the highest of each sample and those up to `reach` samples to its left and right.

    Args:
        z: (n, n) float32.
        reach: Samples, as a fraction.
        between: Whether the ends that lie between two samples count.
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
        if between and part > 1e-3:
            for side in (-1, 1):
                last, beyond = i + side * whole, i + side * (whole + 1)
                if 0 <= last < n and 0 <= beyond < n:
                    for j in range(n):
                        value = _at_end(z[last, j], z[beyond, j], part)
                        found[i, j] = value if value > found[i, j] else found[i, j]


@kernel
def _at_end(last, beyond, part):  # type: ignore[no-untyped-def]
    """How high ground may be a part of a sample beyond the last."""
    if not (last < np.inf and beyond < np.inf):
        return max(last, beyond)
    return last + part * (beyond - last)


@kernel
def rests_along(z, drops, part, between, found):  # type: ignore[no-untyped-def]
    """Fill how high a wheel's lowest point is over each sample: the highest ahead and behind less the rim's height.

    Args:
        z: (n, n) float32 highest across the wheel.
        drops: (k,) float32 height of the rim 0, 1, ... samples ahead; the last at the end of the wheel.
        part: How far that lies beyond the one before, samples.
        between: Whether the end counts.
        found: (n, n) float32.
    """
    n, last = len(z), len(drops) - 1
    for i in range(n):
        for j in range(n):
            found[i, j] = z[i, j]
        for k in range(1, min(last, (n - 1) // 2 + 1)):
            drop = drops[k]
            # Neither by `max` nor by places less than another, which keep the loop from being done in vectors.
            behind, ahead, own = z[i, : n - 2 * k], z[i, 2 * k :], found[i, k : n - k]
            for j in range(n - 2 * k):
                value = (behind[j] if behind[j] > ahead[j] else ahead[j]) - drop
                own[j] = value if value > own[j] else own[j]
        if between and part > 1e-3:
            drop, w = drops[last], last - 1
            for j in range(last + 1, n - last - 1):
                before = _at_end(z[i, j + w], z[i, j + w + 1], part)
                behind = _at_end(z[i, j - w], z[i, j - w - 1], part)
                value = max(before, behind) - drop
                found[i, j] = value if value > found[i, j] else found[i, j]


@kernel
def within_box(rest_low, rest_high, u, v, half_u, half_v):  # type: ignore[no-untyped-def]
    """Bound how high a wheel stands with its axle in a box of samples.

    Args:
        rest_low, rest_high: (n, n) float32 bounds at each sample.
        u, v, half_u, half_v: Middle and half sides of the box along and across, in samples.

    Returns:
        Low, by the nearest samples; high, as between samples along; and how far apart the bounds are at samples on
        and about the box, more than what a rim bends between them leaves open. NaN off what is laid out or unknown.
    """
    n = len(rest_low)
    j0, j1 = math.floor(u - half_u), math.floor(u + half_u)
    i0, i1 = math.floor(v - half_v), math.ceil(v + half_v)
    if not (min(i0, j0) >= 0 and max(i1, j1 + 1) < n):
        return np.nan, np.nan, np.nan
    first, last = np.float32(u - half_u - j0), np.float32(u + half_u - j1)
    high, top, bottom = np.float32(-np.inf), np.float32(-np.inf), np.float32(np.inf)
    for i in range(i0, i1 + 1):
        high = max(high, _at_end(rest_high[i, j0], rest_high[i, j0 + 1], first))
        high = max(high, _at_end(rest_high[i, j1], rest_high[i, j1 + 1], last))
        for j in range(j0 + 1, j1 + 1):
            high = rest_high[i, j] if rest_high[i, j] > high else high
        top = max(top, max(rest_high[i, j0], rest_high[i, j1 + 1]))
        for j in range(j0, j1 + 2):
            bottom = rest_low[i, j] if rest_low[i, j] < bottom else bottom
    j0, j1 = math.ceil(u - half_u - 0.5), math.floor(u + half_u + 0.5)
    i0, i1 = math.ceil(v - half_v - 0.5), math.floor(v + half_v + 0.5)
    low = np.float32(np.inf)
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            low = rest_low[i, j] if rest_low[i, j] < low else low
    if not high < np.inf:
        return np.nan, np.nan, np.nan
    return np.float64(low), np.float64(high), np.float64(max(top, high)) - np.float64(bottom)
