"""Kernels of `rover.terrain.derive`: roughness over windows wider than 3 x 3 cells.

Every cell of a window is passed over, so a block of columns is done at a time, from copies of its rows that stay in the
nearest cache, in slots that are used in turn. What was said in `derive_kernels` of vector instructions holds here: of a
block, `work` holds all but the heights, in parts a constant apart.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.terrain.derive_kernels import (
    ALONG,
    BLOCK,
    CURVE,
    EAST,
    MEAN,
    NORTH,
    RISE,
    columns_of_block,
    gradient_of_block,
    rim,
)

_ZERO = np.float32(0)
_NAN = np.float32(np.nan)
_HERE, _LEVEL, _HIGH, _LOW = MEAN, CURVE, RISE, ALONG
"""Parts of `work` that are used again when the gradient, which stays, has been made of them."""
_AT_ONCE = 3
"""Columns of a window passed over together, as many as the narrowest window has."""


@kernel
def roughness_rows(z, first, last, sides, rough, work, roughness):  # type: ignore[no-untyped-def]
    """Fill roughness, as `nine_rows` defines it but of the mean and the cells of a window of any size.

    Args:
        z, first, last, sides, work: As in `nine_rows`.
        rough: Cells from the middle to the edge of the window, north-south and east-west, at least 1.
        roughness: (rows, cols) float32 in metres.
    """
    rows, cols = z.shape
    along, across = rough
    least, greatest = max(first, along), min(last, rows - along)
    for r in range(first, last):
        if least <= r < greatest and cols > 2 * across:
            rim(across, roughness[r])
        else:
            rim(cols, roughness[r])
    if cols <= 2 * across or least >= greatest:
        return
    width = BLOCK + 2 * across
    # Not a whole number of 4096 bytes apart: cells of one column would share a set of the cache, of eight lines.
    slots = np.empty((2 * along + 1, (width + 1023) // 1024 * 1024 + 80), np.float32)
    wide = np.empty((2, width))
    for c in range(across, cols - across, BLOCK):
        part = slice(c - across, min(c + BLOCK, cols - across) + across)
        held = part.stop - part.start
        for r in range(least - along, least + along):
            _copy(z[r, part], slots[r % len(slots)])
        for r in range(least, greatest):
            _copy(z[r + along, part], slots[(r + along) % len(slots)])
            _block(slots, held, r, rough, sides, wide, work, roughness[r, c : part.stop - across])


@kernel
def _copy(row, slot):  # type: ignore[no-untyped-def]
    for c in range(row.size):
        slot[c] = row[c]


@kernel
def _block(slots, held, r, rough, sides, wide, work, roughness):  # type: ignore[no-untyped-def]
    count, across, width = len(slots), rough[1], roughness.size
    near = slice(across - 1, across + width + 1)
    south, here, north = slots[(r - 1) % count], slots[r % count], slots[(r + 1) % count]
    columns_of_block(south[near], here[near], north[near], work)
    gradient_of_block(width, sides, work)
    _begin(here[across:], width, work)
    _level(slots, r, across, wide[0, :held], wide[1, :width], work[_LEVEL:])
    for i in range(rough[0] + 1):
        one, other = slots[(r + i) % count], slots[(r - i) % count]
        up = np.float32(i * sides[0])
        # Of the middle row one half is opposite to the other.
        j = -across if i > 0 else 1
        while j <= across:
            j = min(j, across + 1 - _AT_ONCE)
            right = np.float32(j * sides[1]), np.float32((j + 1) * sides[1]), np.float32((j + 2) * sides[1])
            _reach(one[across + j :], other[across - j - 2 :], up, right, width, work)
            j += _AT_ONCE
    _end(work, roughness)


@kernel
def _begin(here, width, work):  # type: ignore[no-untyped-def]
    """The middle cell, which is 0 off the plane through itself."""
    for c in range(width):
        work[_HERE + c] = here[c]
        work[_HIGH + c] = _ZERO
        work[_LOW + c] = _ZERO


@kernel
def _level(slots, r, half, total, sums, level):  # type: ignore[no-untyped-def]
    """Mean of each window of a row above its middle cell, in metres; NaN where a cell of it is."""
    count = len(slots)
    _sum(slots[(r - 1) % count], slots[r % count], slots[(r + 1) % count], total)
    for i in range(2, count // 2 + 1):
        _add(slots[(r - i) % count], slots[(r + i) % count], total)
    _sum(total[half - 1 :], total[half:], total[half + 1 :], sums)
    for j in range(2, half + 1):
        _add(total[half - j :], total[half + j :], sums)
    _above(sums, np.float64(1 / (count * (2 * half + 1))), slots[r % count, half:], level)


@kernel
def _sum(one, middle, other, total):  # type: ignore[no-untyped-def]
    for c in range(total.size):
        total[c] = np.float64(one[c]) + np.float64(middle[c]) + np.float64(other[c])


@kernel
def _add(one, other, total):  # type: ignore[no-untyped-def]
    for c in range(total.size):
        total[c] += np.float64(one[c]) + np.float64(other[c])


@kernel
def _above(sums, share, row, level):  # type: ignore[no-untyped-def]
    for c in range(sums.size):
        level[c] = np.float32(sums[c] * share - np.float64(row[c]))


@kernel
def _reach(one, other, up, right, width, work):  # type: ignore[no-untyped-def]
    """Farthest above and below the plane through the middle cell, of three cells side by side and their opposites.

    Differences to the middle cell are exact to a part in 2e7 on whatever height.

    Args:
        one: Heights from the first cell's column on, `up` metres north of the middle.
        other: From the opposite of the last one on, as far south.
        up, right: Metres from the middle cell; of each cell eastwards.
        width, work: Of the block.
    """
    for c in range(width):
        h, rise, along = work[_HERE + c], work[NORTH + c] * up, work[EAST + c]
        first, second, third = rise + along * right[0], rise + along * right[1], rise + along * right[2]
        a, b = (one[c] - h) - first, (other[c + 2] - h) + first
        d, e = (one[c + 1] - h) - second, (other[c + 1] - h) + second
        f, g = (one[c + 2] - h) - third, (other[c] - h) + third
        high, low = max(max(max(a, b), max(d, e)), max(f, g)), min(min(min(a, b), min(d, e)), min(f, g))
        # Without the sum a value that stays is not stored, by masked stores, which some processors are slow at.
        work[_HIGH + c] = max(work[_HIGH + c], high) + _ZERO
        work[_LOW + c] = min(work[_LOW + c], low) + _ZERO


@kernel
def _end(work, roughness):  # type: ignore[no-untyped-def]
    """Off the plane through the mean; NaN where a cell of the window is."""
    for c in range(roughness.size):
        level = work[_LEVEL + c]
        worst = max(work[_HIGH + c] - level, level - work[_LOW + c])
        roughness[c] = worst if level == level else _NAN
