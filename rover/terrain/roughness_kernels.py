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
    CURVE,
    EAST,
    MEAN,
    NORTH,
    RISE,
    columns_of_block,
    gradient_of_block,
)

_ZERO = np.float32(0)
_NAN = np.float32(np.nan)
_HERE, _LEVEL, _HIGH, _LOW = MEAN, CURVE, RISE, ALONG
"""Parts of `work` that are used again when the gradient, which stays, has been made of them."""
_AT_ONCE = 3
"""Columns of a window passed over together, as many as the narrowest window has."""


@kernel
def roughness_of_columns(z, rows, columns, sides, half, slots, wide, work, roughness):  # type: ignore[no-untyped-def]
    """Fill roughness, as `nine_rows` defines it but of the mean and the cells of a window of any size.

    Args:
        z, sides, work: As in `nine_rows`.
        rows, columns: First and beyond the last, of cells whose windows lie within the raster; at most `BLOCK` columns.
        half: Cells from the middle to the edge of the window, north-south and east-west, at least 1.
        slots: (rows of a window, columns + 2 half[1] or more) float32, of which some copies of rows are held.
        wide: (2, columns + 2 half[1] or more) float64 that are used up.
        roughness: (rows, cols) float32 in metres.
    """
    count, across = len(slots), half[1]
    begin, end = columns
    for r in range(rows[0] - half[0], rows[0] + half[0]):
        _copy(z[r, begin - across : end + across], slots[r % count])
    for r in range(rows[0], rows[1]):
        _copy(z[r + half[0], begin - across : end + across], slots[(r + half[0]) % count])
        columns_of_block(
            z[r - 1, begin - 1 : end + 1], z[r, begin - 1 : end + 1], z[r + 1, begin - 1 : end + 1], work
        )
        gradient_of_block(end - begin, sides, work)
        _begin(z[r, begin:end], work)
        _level(slots, r, across, wide[0, : end - begin + 2 * across], wide[1, : end - begin], work[_LEVEL:])
        for i in range(half[0] + 1):
            one, other = slots[(r + i) % count], slots[(r - i) % count]
            up = np.float32(i * sides[0])
            # Of the middle row one half is opposite to the other.
            j = -across if i > 0 else 1
            while j <= across:
                j = min(j, across + 1 - _AT_ONCE)
                right = (
                    np.float32(j * sides[1]),
                    np.float32((j + 1) * sides[1]),
                    np.float32((j + 2) * sides[1]),
                )
                _reach(one[across + j :], other[across - j - 2 :], up, right, end - begin, work)
                j += _AT_ONCE
        _end(work, roughness[r, begin:end])


@kernel
def _copy(row, slot):  # type: ignore[no-untyped-def]
    for c in range(row.size):
        slot[c] = row[c]


@kernel
def _begin(here, work):  # type: ignore[no-untyped-def]
    """The middle cell, which is 0 off the plane through itself."""
    for c in range(here.size):
        work[_HERE + c] = here[c]
        work[_HIGH + c] = _ZERO
        work[_LOW + c] = _ZERO


@kernel
def _level(slots, r, half, total, sums, level):  # type: ignore[no-untyped-def]
    """Mean of each window of a row above its middle cell, in metres; NaN where a cell of it is."""
    count = len(slots)
    south, here, north = slots[(r - 1) % count], slots[r % count], slots[(r + 1) % count]
    for c in range(total.size):
        total[c] = np.float64(south[c]) + np.float64(here[c]) + np.float64(north[c])
    for i in range(2, count // 2 + 1):
        _add(slots[(r - i) % count], slots[(r + i) % count], total)
    west, middle, east = total[half - 1 :], total[half:], total[half + 1 :]
    for c in range(sums.size):
        sums[c] = west[c] + middle[c] + east[c]
    for j in range(2, half + 1):
        _add(total[half - j :], total[half + j :], sums)
    share, middles = np.float64(1 / (count * (2 * half + 1))), here[half:]
    for c in range(sums.size):
        level[c] = np.float32(sums[c] * share - np.float64(middles[c]))


@kernel
def _add(one, other, total):  # type: ignore[no-untyped-def]
    for c in range(total.size):
        total[c] += np.float64(one[c]) + np.float64(other[c])


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
