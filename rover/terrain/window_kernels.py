"""Kernels of `rover.terrain.derive`: slope over a longer baseline than 3 x 3 cells, step over a wider window.

What was said in `derive_kernels` of vector instructions holds here.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.terrain.derive_kernels import BLOCK, EAST, aspect_of_block, grade_of_block, rim, slope_of_block

_ZERO = np.float32(0)
_NAN, _INF = np.float32(np.nan), np.float32(np.inf)


@kernel
def angle_rows(z, first, last, sides, reach, wide, work, slope, aspect):  # type: ignore[no-untyped-def]
    """Fill slope and aspect, of the rows `first` up to but not `last`, of nine points that lie apart.

    Gradient by Horn (1981), weights 1-2-1. A NaN among the points or between them makes both NaN, as does a window
    that leaves the raster.

    Args:
        z, first, last, sides, work, slope, aspect: As in `nine_rows`.
        reach: Cells from the middle to the outer points, north-south and east-west, at least 1.
        wide: (2, BLOCK + 2 reach[1]) float64 that are used up.
    """
    rows, cols = z.shape
    along, across = reach
    for r in range(first, last):
        inside = along <= r < rows - along and cols > 2 * across
        rim(across if inside else cols, slope[r])
        rim(across if inside else cols, aspect[r])
        for c in range(across, cols - across if inside else 0, BLOCK):
            stop = min(c + BLOCK, cols - across)
            part, width = slice(c - across, stop + across), stop - c
            sums, rises = wide[0, : width + 2 * across], wide[1, : width + 2 * across]
            _by_column(z[r - along, part], z[r, part], z[r + along, part], sums, rises)
            for i in range(1, along):
                _mark(z[r - i, part], z[r + i, part], rises)
            _rise(
                sums, rises, across, (8 * along * sides[0], 8 * across * sides[1]), work[:width], work[EAST:]
            )
            grade_of_block(width, work)
            slope_of_block(work, slope[r, c:stop])
            aspect_of_block(work, aspect[r, c:stop])


@kernel
def step_rows(z, first, last, half, buffers, step):  # type: ignore[no-untyped-def]
    """Fill step: the largest height difference over a window of any size; NaN as above.

    Args:
        z, first, last: As in `nine_rows`.
        half: Cells from the middle to the edge of the window, north-south and east-west, at least 1.
        buffers: (3, cols or more) float32 that are used up.
        step: (rows, cols) float32 in metres.
    """
    rows, cols = z.shape
    high, low, spare = buffers[0, :cols], buffers[1, :cols], buffers[2, :cols]
    for r in range(first, last):
        if half[0] <= r < rows - half[0] and cols > 2 * half[1]:
            # Greatest and least of each column of the window; greatest is infinite where a cell is NaN.
            _extremes_of_three(z[r - 1], z[r], z[r + 1], high, low)
            for i in range(2, half[0] + 1):
                _more_extreme(z[r - i], z[r + i], high, low)
            _step(high, low, spare, half[1], step[r])
        else:
            rim(cols, step[r])


@kernel
def _by_column(south, here, north, sums, rises):  # type: ignore[no-untyped-def]
    """1-2-1 sums and rises of three rows in float64: of far heights a difference in float32 would be rounded."""
    for c in range(here.size):
        s, h, n = np.float64(south[c]), np.float64(here[c]), np.float64(north[c])
        sums[c] = s + 2.0 * h + n
        rises[c] = (n - s) + (h - h)


@kernel
def _mark(one, other, rises):  # type: ignore[no-untyped-def]
    for c in range(rises.size):
        rises[c] += np.float64((one[c] - one[c]) + (other[c] - other[c]))


@kernel
def _rise(sums, rises, half, lengths, north, east):  # type: ignore[no-untyped-def]
    """Rise per metre, of which the northward one is NaN where a cell of the window is."""
    per_north, per_east = np.float64(1 / lengths[0]), np.float64(1 / lengths[1])
    here, beyond, above = rises[half:], rises[2 * half :], sums[2 * half :]
    for c in range(north.size):
        north[c] = np.float32((rises[c] + 2.0 * here[c] + beyond[c]) * per_north)
        east[c] = np.float32((above[c] - sums[c]) * per_east)
    for j in range(1, half):
        west, mirrored = rises[half - j :], rises[half + j :]
        for c in range(north.size):
            north[c] += np.float32((west[c] - west[c]) + (mirrored[c] - mirrored[c]))


@kernel
def _extremes_of_three(south, here, north, high, low):  # type: ignore[no-untyped-def]
    for c in range(here.size):
        s, h, n = south[c], here[c], north[c]
        every = s + h + n
        high[c] = max(max(s, h), n) if every == every else _INF
        low[c] = min(min(s, h), n) if every == every else h


@kernel
def _more_extreme(one, other, high, low):  # type: ignore[no-untyped-def]
    for c in range(high.size):
        a, b = one[c], other[c]
        both = a + b
        top, bottom = max(high[c], max(a, b)), min(low[c], min(a, b))
        # The sums keep the compiler from leaving out the stores of values that stay, one by one.
        high[c] = (top if both == both else _INF) + _ZERO
        low[c] = (bottom if both == both else low[c]) + _ZERO


@kernel
def _step(high, low, spare, half, step):  # type: ignore[no-untyped-def]
    """Greatest less least of the window; what `high`, `low` and `spare` hold is used up."""
    rim(half, step)
    width = step.size - 2 * half
    into = step[half : half + width]
    # Windows of 2, 4, 8 ... columns from each on; two of the longest make the whole.
    length = 1
    while 2 * length <= 2 * half + 1:
        _higher(high, high[length:], spare[: high.size - length])
        high, spare = spare, high
        _lower(low, low[length:], spare[: low.size - length])
        low, spare = spare, low
        length *= 2
    shift = 2 * half + 1 - length
    _relief(high, high[shift : shift + width], low, low[shift : shift + width], into)


@kernel
def _higher(one, other, into):  # type: ignore[no-untyped-def]
    for c in range(into.size):
        into[c] = max(one[c], other[c])


@kernel
def _lower(one, other, into):  # type: ignore[no-untyped-def]
    for c in range(into.size):
        into[c] = min(one[c], other[c])


@kernel
def _relief(high, high_on, low, low_on, into):  # type: ignore[no-untyped-def]
    for c in range(into.size):
        top, bottom = max(high[c], high_on[c]), min(low[c], low_on[c])
        into[c] = top - bottom if top < _INF else _NAN
