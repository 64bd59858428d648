"""Costs as 16-bit codes, and what is read off the codes block by block.

A code holds an exponent over `MANTISSA_BITS` bits of mantissa: a cost is rounded down to a multiple of the least cost
over `UNIT`, to `MANTISSA_BITS` + 1 significant bits. A move costs the sum of its two cells' weights times `ALONG`, or
`ACROSS` on a diagonal, over 2 ** `SHIFT`, rounded down; 41 / 29 is just under the square root of 2. So no move costs
more, in units, than it does in truth, and none less by more than 0.2 %, clamped costs apart.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel

LETHAL = 0xFFFF
MANTISSA_BITS = 10
UNIT = 1 << MANTISSA_BITS
GREATEST_EXPONENT = 15
GREATEST_RATIO = 2.0 ** (GREATEST_EXPONENT + 1)
"""Costs this many times the least, or more, are clamped."""
ALONG, ACROSS, SHIFT = 29, 41, 5
BLOCK_BITS = 4
BLOCK = 1 << BLOCK_BITS


@kernel
def survey_rows(cost, first, last):  # type: ignore[no-untyped-def]
    """Return the least and greatest finite cost of rows `first` to `last`, and the flat index of a bad one or -1."""
    least = np.inf
    greatest = 0.0
    for r in range(first, last):
        for c in range(cost.shape[1]):
            value = np.float64(cost[r, c])
            if not value > 0.0:
                return least, greatest, r * cost.shape[1] + c
            if value < np.inf:
                least = min(least, value)
                greatest = max(greatest, value)
    return least, greatest, -1


@kernel
def encode_rows(cost, least, codes, width, first_node_row):  # type: ignore[no-untyped-def]
    """Write the codes of `cost`, whole rows of a map, into the raster of nodes from row `first_node_row` of it."""
    rows, cols = cost.shape
    for r in range(rows):
        base = (first_node_row + r) * width + 1
        for c in range(cols):
            codes[base + c] = _code(np.float64(cost[r, c]), least)


@kernel
def _code(cost, least):  # type: ignore[no-untyped-def]
    if cost == np.inf:
        return np.uint16(LETHAL)
    value = cost / least * UNIT
    exponent = 0
    while value >= 2 * UNIT and exponent < GREATEST_EXPONENT:
        value *= 0.5
        exponent += 1
    # Rounding may leave the least cost a hair under UNIT.
    mantissa = min(max(np.int64(value), np.int64(UNIT)), np.int64(2 * UNIT - 1)) - UNIT
    return np.uint16((exponent << MANTISSA_BITS) | mantissa)


@kernel
def guide_rows(codes, width, guide, free, first, last):  # type: ignore[no-untyped-def]
    """Fill rows of blocks: the mean cost of free cells over their share, in least costs, and how many are free.

    A block without a free cell is infinite. The share counts as a sixteenth at least.
    """
    cells = BLOCK * BLOCK
    for i in range(first, last):
        for j in range(guide.shape[1]):
            total = 0.0
            count = 0
            for r in range(BLOCK):
                at = (i * BLOCK + r) * width + j * BLOCK
                for u in range(at, at + BLOCK):
                    if codes[u] != LETHAL:
                        code = np.int64(codes[u])
                        total += np.float64((UNIT + (code & (UNIT - 1))) << (code >> MANTISSA_BITS))
                        count += 1
            free[i, j] = count
            guide[i, j] = np.inf
            if count > 0:
                guide[i, j] = total / count / UNIT / max(count / cells, 0.0625)


@kernel
def field_rows(room, limit, width, low, high, first, last):  # type: ignore[no-untyped-def]
    """Fill rows of blocks with the least and greatest cost from a source; `high` is -1 where it came to none."""
    for i in range(first, last):
        for j in range(low.shape[1]):
            least = np.int64(2) ** 62
            greatest = np.int64(-1)
            for r in range(BLOCK):
                at = (i * BLOCK + r) * width + j * BLOCK
                for u in range(at, at + BLOCK):
                    here = np.int64(room[u])
                    if here != 0:
                        cost = limit - here
                        least = min(least, cost)
                        greatest = max(greatest, cost)
            low[i, j] = least
            high[i, j] = greatest


@kernel
def mark_reached(room, bits, first, last):  # type: ignore[no-untyped-def]
    """Fill bytes `first` to `last` of a mask of nodes, eight to a byte, the lowest bit first."""
    for b in range(first, last):
        byte = 0
        for k in range(8):
            if room[8 * b + k] != 0:
                byte |= 1 << k
        bits[b] = byte
