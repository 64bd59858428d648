"""Kernels of ground laid out along a heading: how high wheels stand on it, for every place of an axle at once.

Heights are sampled on cells that lie along and across the heading, so that what lies under a wheel is a rectangle of
them: the highest over its width, then the highest over its length less what the rim is higher there. Rows go to the
left, columns ahead.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare
from rover.hazard.belly_kernels import BLOCK

HEADINGS = 24
"""In half a circle: a wheel's end lies a centimetre beside where the nearest of them has it."""

STRIP = 32

SMOOTH_M = 0.002
"""Bounds that are further apart are so because of the ground."""

SKEW_RAD = math.radians(1.0)
"""Wheels of a body that pitches and rolls point off its heading, by the product of both: so far as is allowed for."""

OFF = math.sin(math.pi / HEADINGS / 2 + SKEW_RAD)
"""Sine of the most that a wheel points off the nearest of them."""


@bare
def lay_out(low_z, high_z, alike, resolution, middle, cos, sin, spacing, left, ahead, low, high):  # type: ignore[no-untyped-def]
    """Sample two surfaces along a heading; -inf and +inf where they are not known.

    Args:
        low_z, high_z: (rows, cols) float32, bilinear between the cells' centres; NaN is unknown.
        alike: Whether both are the same.
        resolution: Side of a cell, m.
        middle: (2,) column and row of the middle of what is laid out, as fractions.
        cos, sin: Of the heading.
        spacing: Of the samples, m.
        left, ahead: Row and column of the sample that lies in the middle; beyond the arrays, if they are a part.
        low, high: (m, n) float32.
    """
    rows, cols = low_z.shape
    step = spacing / resolution
    last_left, last_ahead = low.shape[0] - 1 - left, low.shape[1] - 1 - ahead
    inside = True
    for way in (-ahead, last_ahead):
        for side in (-left, last_left):
            u, v = way * step, side * step
            col, row = middle[0] + u * cos - v * sin, middle[1] + u * sin + v * cos
            inside = inside and 1.0 <= col < cols - 2 and 1.0 <= row < rows - 2
    # In strips as wide as stays in the nearest cache whichever way they lie on the raster.
    for begin in range(0, low.shape[1], STRIP):
        for i in range(low.shape[0]):
            for j in range(begin, min(low.shape[1], begin + STRIP)):
                u, v = (j - ahead) * step, (i - left) * step
                col, row = middle[0] + u * cos - v * sin, middle[1] + u * sin + v * cos
                if inside or (0.0 <= col < cols - 1 and 0.0 <= row < rows - 1):
                    c, r = int(col), int(row)
                    a, b = np.float32(col - c), np.float32(row - r)
                    top = _mixed(high_z, r, c, a, b)
                    least = top if alike else _mixed(low_z, r, c, a, b)
                    known = (top == top) & (least == least)
                    low[i, j], high[i, j] = least if known else -np.inf, top if known else np.inf
                else:
                    low[i, j], high[i, j] = -np.inf, np.inf


@bare
def _mixed(z, r, c, a, b):  # type: ignore[no-untyped-def]
    """Bilinear between four cells; what they have in common comes out as it is."""
    south = z[r, c] + a * (z[r, c + 1] - z[r, c])
    north = z[r + 1, c] + a * (z[r + 1, c + 1] - z[r + 1, c])
    return south + b * (north - south)


@bare
def highest_of_blocks(z, tops):  # type: ignore[no-untyped-def]
    """Fill the highest of each block of `BLOCK` x `BLOCK` samples.

    Args:
        z: (m, n) float32.
        tops: (rows, cols) float32, of which as many as there are blocks are filled.
    """
    m, n = z.shape
    for a in range((m + BLOCK - 1) // BLOCK):
        for b in range((n + BLOCK - 1) // BLOCK):
            most = np.float32(-np.inf)
            for i in range(a * BLOCK, min(m, (a + 1) * BLOCK)):
                for j in range(b * BLOCK, min(n, (b + 1) * BLOCK)):
                    most = z[i, j] if z[i, j] > most else most
            tops[a, b] = most


@bare
def highest_across(z, first, reach, between, lean, work, found):  # type: ignore[no-untyped-def]
    """Fill the highest of each sample and those up to `reach` samples to its left and right, off a plane that leans.

    The highest of twice as many rows is that of two halves: as many steps do as the number has digits.

    Args:
        z: (m, n) float32.
        first: Row of the first that is filled.
        reach: Samples, as a fraction.
        between: Whether the ends that lie between two samples count.
        lean: How much lower what is a sample further left counts: so far the wheel's side there is raised, m.
        work: (m, n) float32 room to work in.
        found: (k, n) float32.
    """
    m, n = z.shape
    whole = math.floor(reach + 1e-6)
    part = np.float32(reach - whole)
    begin, end = max(0, first - whole), min(m, first + len(found) + whole)
    for i in range(begin, end):
        raised, own, here = np.float32((i - first) * lean), work[i], z[i]
        for j in range(n):
            own[j] = here[j] - raised
    held, rows = 1, 2 * whole + 1
    while 2 * held <= rows:
        for i in range(begin, end - held):
            own, other = work[i], work[i + held]
            for j in range(n):
                own[j] = other[j] if other[j] > own[j] else own[j]
        held *= 2
    for row in range(len(found)):
        i, own = first + row, found[row]
        raised = np.float32(row * lean)
        lowest, highest = work[max(begin, i - whole)], work[max(begin, min(end - 1, i + whole) - held + 1)]
        for j in range(n):
            own[j] = (lowest[j] if lowest[j] > highest[j] else highest[j]) + raised
        if between and part > 1e-3:
            for side in (-1, 1):
                last, beyond = i + side * whole, i + side * (whole + 1)
                if 0 <= last < m and 0 <= beyond < m:
                    inner, outer = z[last], z[beyond]
                    near, far = np.float32((last - i) * lean), np.float32((beyond - i) * lean)
                    for j in range(n):
                        value = _at_end(inner[j] - near, outer[j] - far, part)
                        own[j] = value if value > own[j] else own[j]


@bare
def _at_end(last, beyond, part):  # type: ignore[no-untyped-def]
    """How high ground may be a part of a sample beyond the last."""
    between = last + part * (beyond - last)
    higher = last if last > beyond else beyond
    # One of both, not a branch, which would keep loops from being done in vectors.
    return between if (last < np.inf) & (beyond < np.inf) else higher


@bare
def rests_along(z, first, cols, drops, shifts, part, between, found):  # type: ignore[no-untyped-def]
    """Fill how high a wheel's lowest point is over each sample: the highest ahead and behind less the rim's height.

    Args:
        z: (m, n) float32 highest across the wheel.
        first: Row of the first that is filled.
        cols: The columns from and up to which they are.
        drops: (k,) float32 height of the rim 0, 1, ... samples ahead; the last at the end of the wheel.
        shifts: (k,) int64 rows further that the rim of a wheel that leans lies there.
        part: How far the end lies beyond the sample before, samples.
        between: Whether the end counts.
        found: (k, n) float32.
    """
    m, n = z.shape
    last = len(drops) - 1
    for row in range(len(found)):
        i, here = first + row, found[row]
        for j in range(cols[0], cols[1]):
            here[j] = z[i, j]
        for k in range(1, min(last, (n - 1) // 2 + 1)):
            drop, rim = drops[k], z[min(max(i + shifts[k], 0), m - 1)]
            begin, end = max(k, cols[0]), min(n - k, cols[1])
            # Neither by `max` nor by places less than another, which keep the loop from being done in vectors.
            behind, ahead, own = rim[begin - k :], rim[begin + k :], here[begin:end]
            for j in range(end - begin):
                value = (behind[j] if behind[j] > ahead[j] else ahead[j]) - drop
                own[j] = value if value > own[j] else own[j]
        if between and part > 1e-3:
            drop, rim = drops[last], z[min(max(i + shifts[last], 0), m - 1)]
            begin, end = max(last + 1, cols[0]), min(n - last - 1, cols[1])
            inner_ahead, outer_ahead = rim[begin + last - 1 :], rim[begin + last :]
            inner_behind, outer_behind, own = rim[begin - last + 1 :], rim[begin - last :], here[begin:end]
            for j in range(end - begin):
                there = _at_end(inner_ahead[j], outer_ahead[j], part)
                back = _at_end(inner_behind[j], outer_behind[j], part)
                value = (there if there > back else back) - drop
                own[j] = value if value > own[j] else own[j]


@bare
def within_box(rest_low, rest_high, u, v, half_u, half_v):  # type: ignore[no-untyped-def]
    """Bound how high a wheel stands with its axle in a box of samples.

    Args:
        rest_low, rest_high: (m, n) float32 bounds at each sample.
        u, v, half_u, half_v: Middle and half sides of the box along and across, in samples.

    Returns:
        Low, by the nearest samples; high, as between samples along; and how far apart the bounds are at samples on
        and about the box, more than what a rim bends between them leaves open. NaN off what is laid out or unknown.
    """
    m, n = rest_low.shape
    j0, j1 = math.floor(u - half_u), math.floor(u + half_u)
    i0, i1 = math.floor(v - half_v), math.ceil(v + half_v)
    if not (min(i0, j0) >= 0 and i1 < m and j1 + 1 < n):
        return np.nan, np.nan, np.nan
    first, last = np.float32(u - half_u - j0), np.float32(u + half_u - j1)
    high, top = np.float32(-np.inf), np.float32(-np.inf)
    for i in range(i0, i1 + 1):
        own = rest_high[i]
        high = max(high, _at_end(own[j0], own[j0 + 1], first))
        high = max(high, _at_end(own[j1], own[j1 + 1], last))
        top = max(top, max(own[j0], own[j1 + 1]))
    high = max(high, _highest(rest_high, i0, i1, j0 + 1, j1))
    if not high < np.inf:
        return np.nan, np.nan, np.nan
    low = _lowest(
        rest_low,
        math.ceil(v - half_v - 0.5),
        math.floor(v + half_v + 0.5),
        math.ceil(u - half_u - 0.5),
        math.floor(u + half_u + 0.5),
    )
    apart = np.float64(max(top, high)) - np.float64(low)
    # What they are apart matters on the smoothest ground alone.
    if not apart < SMOOTH_M:
        return np.float64(low), np.float64(high), np.inf
    low_about = min(low, _lowest(rest_low, i0, i1, j0, j1 + 1))
    return np.float64(low), np.float64(high), np.float64(max(top, high)) - np.float64(low_about)


@bare
def _highest(z, i0, i1, j0, j1):  # type: ignore[no-untyped-def]
    """Return the highest of samples, by four at once: none waits for the one before."""
    one = two = three = four = np.float32(-np.inf)
    for i in range(i0, i1 + 1):
        own, j = z[i], j0
        while j + 3 <= j1:
            one = own[j] if own[j] > one else one
            two = own[j + 1] if own[j + 1] > two else two
            three = own[j + 2] if own[j + 2] > three else three
            four = own[j + 3] if own[j + 3] > four else four
            j += 4
        while j <= j1:
            one = own[j] if own[j] > one else one
            j += 1
    return max(max(one, two), max(three, four))


@bare
def _lowest(z, i0, i1, j0, j1):  # type: ignore[no-untyped-def]
    """Return the lowest of samples, by four at once."""
    one = two = three = four = np.float32(np.inf)
    for i in range(i0, i1 + 1):
        own, j = z[i], j0
        while j + 3 <= j1:
            one = own[j] if own[j] < one else one
            two = own[j + 1] if own[j + 1] < two else two
            three = own[j + 2] if own[j + 2] < three else three
            four = own[j + 3] if own[j + 3] < four else four
            j += 4
        while j <= j1:
            one = own[j] if own[j] < one else one
            j += 1
    return min(min(one, two), min(three, four))
