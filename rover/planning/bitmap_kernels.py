"""Free cells of a map as bits, in rows and in columns, and the cells at which a jump along a line has to stop.

Bitmaps are framed by a lethal cell: cell (row, col) is bit col + 1 of line row + 1, 64 cells a word, lowest bit
first.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel

ONE, WORD, LAST = np.uint64(1), np.uint64(64), np.uint64(63)
_ODD, _PAIRS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_NIBBLES, _BYTES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_TWO, _FOUR, _TOP_BYTE = np.uint64(2), np.uint64(4), np.uint64(56)


@kernel
def count_bits(word):  # type: ignore[no-untyped-def]
    """Number of bits that are set; compilers know this sum and make one instruction of it."""
    word = word - ((word >> ONE) & _ODD)
    word = (word & _PAIRS) + ((word >> _TWO) & _PAIRS)
    word = (word + (word >> _FOUR)) & _NIBBLES
    return np.int64((word * _BYTES) >> _TOP_BYTE)


@kernel
def pack(cost, free, first, last):  # type: ignore[no-untyped-def]
    """Write the bits of free cells of rows `first` up to `last` of (rows, cols) costs; the frame's are left alone.

    Compilers use vectors where an index cannot count from the end, being unsigned.
    """
    cols = cost.shape[1]
    for r in range(first, last):
        row = np.uint64(r)
        for w in range(free.shape[1]):
            begin = 64 * w - 1
            word = np.uint64(0)
            if begin >= 0 and begin + 64 <= cols:
                at = np.uint64(begin)
                for k in range(64):
                    bit = np.uint64(k)
                    word |= np.uint64(cost[row, at + bit] < np.inf) << bit
            else:
                for x in range(max(begin, 0), min(begin + 64, cols)):
                    word |= np.uint64(cost[r, x] < np.inf) << np.uint64(x - begin)
            free[r + 1, w] = word


@kernel
def mark_stops(free, east, west, south, north, corner, first, last):  # type: ignore[no-untyped-def]
    """Mark where jumps stop, of lines `first` up to `last`: at lethal cells, and past an obstacle's end beside them.

    A cell is a corner on one of its diagonals where the cell there is lethal and both between are free: a way may have
    to turn there. Jumps towards the east stop at corners on their two western diagonals, and so on.

    Args:
        free: (lines, words) bitmap, framed.
        east, west, south, north: As `free`, written to: stops of jumps in this direction; south is along rows.
        corner: As `free`, written to: corners on any diagonal.
    """
    words = free.shape[1]
    for line in range(first, last):
        framing = line == 0 or line == len(free) - 1
        for w in range(words):
            if framing:
                lethal = ~np.uint64(0)
                east[line, w] = west[line, w] = south[line, w] = north[line, w] = lethal
                corner[line, w] = 0
                continue
            here, above, below = free[line, w], free[line - 1, w], free[line + 1, w]
            left, left_above, left_below = here << ONE, above << ONE, below << ONE
            right, right_above, right_below = here >> ONE, above >> ONE, below >> ONE
            if w > 0:
                left |= free[line, w - 1] >> LAST
                left_above |= free[line - 1, w - 1] >> LAST
                left_below |= free[line + 1, w - 1] >> LAST
            if w + 1 < words:
                right |= free[line, w + 1] << LAST
                right_above |= free[line - 1, w + 1] << LAST
                right_below |= free[line + 1, w + 1] << LAST
            from_above, from_below = here & above, here & below
            a = from_above & left & ~left_above
            b = from_above & right & ~right_above
            c = from_below & left & ~left_below
            d = from_below & right & ~right_below
            east[line, w] = ~here | a | c
            west[line, w] = ~here | b | d
            south[line, w] = ~here | a | b
            north[line, w] = ~here | c | d
            corner[line, w] = a | b | c | d


@kernel
def transpose(plane, turned, first, last):  # type: ignore[no-untyped-def]
    """Write the words of columns `first` up to `last` of a bitmap, 64 cells wide each, as lines of its transpose.

    By halves, quarters and so on of squares of 64 cells (H. S. Warren, Hacker's Delight, 7-3).
    """
    square = np.empty(64, np.uint64)
    for w in range(first, last):
        for block in range(turned.shape[1]):
            for k in range(64):
                line = 64 * block + k
                square[k] = plane[line, w] if line < len(plane) else np.uint64(0)
            width = 32
            mask = np.uint64(0x00000000FFFFFFFF)
            while width > 0:
                shift = np.uint64(width)
                for start in range(0, 64, 2 * width):
                    for k in range(start, start + width):
                        swap = ((square[k] >> shift) ^ square[k + width]) & mask
                        square[k] ^= swap << shift
                        square[k + width] ^= swap
                width >>= 1
                mask ^= mask << np.uint64(max(width, 1))
            for k in range(min(64, len(turned) - 64 * w)):
                turned[64 * w + k, block] = square[k]


@kernel
def number_corners(corner, before):  # type: ignore[no-untyped-def]
    """Write how many corners lie in the words before each, squares of 64 cells one by one; return how many there are.

    So those that follow one another on a way lie close together in memory, whichever way it leads.
    """
    total = 0
    for first in range(0, len(corner), 64):
        for w in range(corner.shape[1]):
            for line in range(first, min(first + 64, len(corner))):
                before[line, w] = total
                total += count_bits(corner[line, w])
    return total
