"""Kernels of crests: where a surface that is bilinear between cells rises above what samples of it, joined, would have.

Between samples a surface is taken for the bilinear one through them. Where it bends upward that lies above it; where it
bends downward, at the lines between cells' centres and within cells that are twisted, that may cut off a crest. Points
of the crests are found once; the samples round each are raised by what it lacks.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare

CUT_M = 0.0005
"""Most that samples may cut off a crest."""


@bare
def find_crests(z, least, found):  # type: ignore[no-untyped-def]
    """Return how many points of crests there are; fill column, row and height of as many as there is room for.

    Args:
        z: (rows, cols) float32, bilinear between the cells' centres; NaN is unknown.
        least: Bends downward by less than this from cell to cell are left out, m.
        found: (n, 3) float32.
    """
    rows, cols = z.shape
    count = 0
    for r in range(1, rows - 1):
        for c in range(1, cols - 1):
            here = z[r, c]
            up_east, up_north = _bend(z[r, c - 1], here, z[r, c + 1]), _bend(z[r - 1, c], here, z[r + 1, c])
            count = _noted(found, count, c, r, here, (up_east < -least) | (up_north < -least))
            if c + 2 < cols:
                beside = z[r, c + 1]
                bend = up_north + _bend(z[r - 1, c + 1], beside, z[r + 1, c + 1])
                bends = bend < np.float32(-2.0) * least
                count = _noted(found, count, c + 0.5, r, (here + beside) / np.float32(2.0), bends)
            if r + 2 < rows:
                beyond = z[r + 1, c]
                bend = up_east + _bend(z[r + 1, c - 1], beyond, z[r + 1, c + 1])
                bends = bend < np.float32(-2.0) * least
                count = _noted(found, count, c, r + 0.5, (here + beyond) / np.float32(2.0), bends)
            twist = (here + z[r + 1, c + 1]) - (z[r, c + 1] + z[r + 1, c])
            middle = ((here + z[r + 1, c + 1]) + (z[r, c + 1] + z[r + 1, c])) / np.float32(4.0)
            twists = abs(twist) > np.float32(2.0) * least
            count = _noted(found, count, c + 0.5, r + 0.5, middle, twists)
    return count


@bare
def _bend(before, here, after):  # type: ignore[no-untyped-def]
    """Second difference: negative where it bends downward."""
    return (before + after) - (here + here)


@bare
def _noted(found, count, col, row, height, holds):  # type: ignore[no-untyped-def]
    """Note a point, and count it if it is one: written over by the next if not, which takes less than a branch."""
    if count < len(found):
        found[count, 0], found[count, 1], found[count, 2] = col, row, height
    return count + (1 if holds else 0)


@bare
def raise_to_crests(crests, middle, cos, sin, step, half, first, more, high):  # type: ignore[no-untyped-def]
    """Raise samples so that what is bilinear between them is no lower than any point of a crest.

    Args:
        crests: (n, 3) float32 column, row and height.
        middle, cos, sin: As of `rover.hazard.aligned_kernels.lay_out`.
        step: Spacing of the samples, in cells.
        half: (2,) row and column, of all samples, of the one in the middle.
        first: (2,) row and column, of all samples, of the first of these.
        more: (m, n) float32 room to work in.
        high: (m, n) float32 samples.
    """
    m, n = high.shape
    for i in range(m):
        for j in range(n):
            more[i, j] = 0.0
    for k in range(len(crests)):
        east, north = (crests[k, 0] - middle[0]) / step, (crests[k, 1] - middle[1]) / step
        u, v = east * cos + north * sin + half[1], north * cos - east * sin + half[0]
        whole_u, whole_v = math.floor(u), math.floor(v)
        i, j = whole_v - first[0], whole_u - first[1]
        if not (0 <= i < m - 1 and 0 <= j < n - 1):
            continue
        a, b = np.float32(u - whole_u), np.float32(v - whole_v)
        south = high[i, j] + a * (high[i, j + 1] - high[i, j])
        far = high[i + 1, j] + a * (high[i + 1, j + 1] - high[i + 1, j])
        lacks = crests[k, 2] - (south + b * (far - south))
        # Not by branches: of some hundred thousand points about half lack anything, and none is foreseen.
        more[i, j] = lacks if lacks > more[i, j] else more[i, j]
        more[i, j + 1] = lacks if lacks > more[i, j + 1] else more[i, j + 1]
        more[i + 1, j] = lacks if lacks > more[i + 1, j] else more[i + 1, j]
        more[i + 1, j + 1] = lacks if lacks > more[i + 1, j + 1] else more[i + 1, j + 1]
    for i in range(m):
        for j in range(n):
            high[i, j] += more[i, j]
