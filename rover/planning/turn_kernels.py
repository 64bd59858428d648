"""Directions along a grid, and where a way that comes in one of them may have to turn, looked up in a table.

The nine cells round one are nine bits, row by row from the least row and column: one look at a table says what took a
dozen branches that no processor foresees.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from rover.planning.bitmap_kernels import WORD

EAST, SOUTH, WEST, NORTH = 0, 1, 2, 3
DOWN = np.array([0, 1, 0, -1], np.int64)
ACROSS = np.array([1, 0, -1, 0], np.int64)

_PLACES = (1, 3, -1, -3)
"""How far apart two cells' bits are, by the direction from one to the other."""

SIDES, DIAGONAL = 3, 4
"""Bits of what `turns_at` returns: forced sides, the right 1 and the left 2; a free diagonal to one of them."""


def _turns() -> npt.NDArray[np.uint8]:
    """Return (4, 512): where a way may have to turn off, by its direction and the free cells round its cell.

    A side is forced where the cell on it is free and the one behind that is not. Bit 0 stands for the right and bit 1
    for the left; `DIAGONAL` for a free diagonal to a forced side, so that there may be more than one successor.
    """
    around = np.arange(512)

    def free(*moves: int) -> npt.NDArray[np.bool_]:
        return (around >> (4 + sum(_PLACES[move] for move in moves)) & 1).astype(np.bool_)

    table = np.zeros((4, 512), np.uint8)
    for way in range(4):
        for bit, side in ((1, (way + 1) & 3), (2, (way + 3) & 3)):
            forced = free(side) & ~free(side, (way + 2) & 3)
            table[way, forced] |= bit
            table[way, forced & free(way) & free(side, way)] |= DIAGONAL
    return table


_TURNS = _turns()


@kernel
def turns_at(bits, words, row, col, way):  # type: ignore[no-untyped-def]
    """Look up `_turns` for a way that has come to a cell."""
    first = col - 1
    w, shift = first >> 6, np.uint64(first & 63)
    around = np.uint64(0)
    for k in range(3):
        at = (row + k - 1) * words[0] + w
        three = bits[at] >> shift
        if shift > 61:
            three |= bits[at + 1] << (WORD - shift)
        around |= (three & np.uint64(7)) << np.uint64(3 * k)
    return np.int64(_TURNS[way, around])
