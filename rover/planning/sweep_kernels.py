"""Relaxing a tile of labels row by row: the inner loops of the grid search.

A label is the least cost known from the source to a cell. A row is relaxed from the row beside it, for all columns at
once, and then along itself both ways where a look at it shows that this changes anything; sweeps up and down the tile
follow until nothing changes. None of the inner loops branches or waits for memory, so a cell costs a few nanoseconds,
where taking it from an open list costs a hundred. Three things keep them at vectors:

- Kernels of one loop take whole arrays and the numbers of rows. A view of a row, or a kernel that calls another one,
  counts references by locked instructions, which takes longer than to relax a row.
- A label is stored whether it changed or not, and is the result of two minima, of which only one has the old label:
  else the compiler makes of it a masked store, which some processors are slow at.
- Loops over a row have a constant length of whole vectors.

Arrays of a tile are (SPAN, SPAN): SIDE cells each way and HALO cells of its neighbours round them. Prices are in cost
per metre, +inf lethal; a move costs its length times the mean price of the cells that it passes, two for a move to a
neighbour and four for a knight's move. A sum with an infinite price is infinite, which closes the move.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.bits_kernels import highest_bit, lowest_bit
from rover.core.jit import kernel

SIDE = 48
HALO = 2
SPAN = SIDE + 2 * HALO
"""No more than 64: rows are the bits of a word. Sides of whole vectors of the processor are swept soonest."""

DIAGONAL = math.sqrt(2.0)
KNIGHT = math.sqrt(5.0)

UP, DOWN, ALONG = range(3)
"""Columns of a tile's dirty rows, as words of a bit per row: changed since the row above was relaxed from it, since the
row below was, and changed at an end, so that it has to be relaxed along itself. Up is towards greater rows."""

_COST, _RIGHTWARDS, _LEFTWARDS = range(3)
_MIDDLE = HALO + SIDE // 2
_NONE, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)
_INNER = np.uint64(((1 << SIDE) - 1) << HALO)
_BELOW = np.uint64((1 << (SIDE + HALO - 1)) - 1)
_ABOVE = np.uint64((((1 << SPAN) - 1) >> (HALO + 1)) << (HALO + 1))


@kernel
def settle(labels, prices, dirty, step, moves, cutting, upwards, scratch):  # type: ignore[no-untyped-def]
    """Sweep a tile until no move within it and its halo improves a label inside; return how many rows were relaxed.

    Args:
        labels, prices: (SPAN, SPAN) of the tile; labels are written, those of the halo are not.
        dirty: (3,) uint64 rows to begin with; zero afterwards.
        step: Length of an orthogonal move.
        moves: 4, 8 or 16.
        cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        upwards: Which way to sweep first.
        scratch: (3, SPAN).
    """
    up, down, along = dirty[UP], dirty[DOWN], dirty[ALONG]
    half, slant, leg = 0.5 * step, 0.5 * DIAGONAL * step, 0.25 * KNIGHT * step
    relaxed = 0
    while (up | down | along) != 0:
        unseen = _INNER
        while True:
            beside = _next_to(up, down, upwards, moves)
            due = (beside | along) & unseen
            if due == 0:
                break
            row = lowest_bit(due) if upwards else highest_bit(due)
            here = _ONE << row
            unseen &= ~(here | (here - _ONE)) if upwards else here - _ONE
            i = np.int64(row)
            way = -1 if upwards else 1  # to the row that row i is relaxed from
            changed = False
            if beside & here != 0:
                relaxed += 1
                if moves == 4:
                    changed = _straight(labels, prices, i, i + way, half)
                elif cutting:
                    changed = _straight_and_cutting(labels, prices, i, i + way, half, slant)
                else:
                    changed = _straight_and_diagonal(labels, prices, i, i + way, half, slant)
                if moves == 16:
                    changed = _knights(labels, prices, i, i + way, i + 2 * way, leg) or changed
            if (changed or along & here != 0) and not _is_settled(labels, prices, i, half, scratch):
                _carry(labels, i, scratch)
                changed = True
            if changed:
                up |= here
                down |= here
            along &= ~here
        if upwards:
            up = _NONE  # what is left is of the last rows, from which none inside is relaxed
        else:
            down = _NONE
        up &= _BELOW
        down &= _ABOVE
        upwards = not upwards
    dirty[:] = np.uint64(0)
    return relaxed


@kernel
def _next_to(up, down, upwards, moves):  # type: ignore[no-untyped-def]
    """Return the rows that are relaxed from changed ones: the one beside, and by knight's moves the second."""
    if upwards:
        return up << _ONE | (up << _TWO if moves == 16 else _NONE)
    return down >> _ONE | (down >> _TWO if moves == 16 else _NONE)


@kernel
def mark(dirty, tile, row):  # type: ignore[no-untyped-def]
    """Note in (n, 3) dirty rows that a label of a tile's row, of the halo or not, has changed from outside."""
    bit = _ONE << np.uint64(row)
    dirty[tile, UP] |= bit & _BELOW
    dirty[tile, DOWN] |= bit & _ABOVE
    dirty[tile, ALONG] |= bit & _INNER


@kernel
def _straight(labels, prices, i, b, half):  # type: ignore[no-untyped-def]
    changed = 0
    for j in range(HALO, HALO + SIDE):
        old = labels[i, j]
        straight = labels[b, j] + half * (prices[i, j] + prices[b, j])
        best = min(straight, old)
        changed |= best < old
        labels[i, j] = best
    return changed != 0


@kernel
def _straight_and_diagonal(labels, prices, i, b, half, slant):  # type: ignore[no-untyped-def]
    changed = 0
    for j in range(HALO, HALO + SIDE):
        here, old = prices[i, j], labels[i, j]
        straight = labels[b, j] + half * (here + prices[b, j])
        left = labels[b, j - 1] + slant * (here + prices[b, j - 1])
        right = labels[b, j + 1] + slant * (here + prices[b, j + 1])
        left = left if prices[i, j - 1] + prices[b, j] < np.inf else np.inf
        right = right if prices[i, j + 1] + prices[b, j] < np.inf else np.inf
        best = min(min(left, right), min(straight, old))
        changed |= best < old
        labels[i, j] = best
    return changed != 0


@kernel
def _straight_and_cutting(labels, prices, i, b, half, slant):  # type: ignore[no-untyped-def]
    changed = 0
    for j in range(HALO, HALO + SIDE):
        here, old = prices[i, j], labels[i, j]
        straight = labels[b, j] + half * (here + prices[b, j])
        left = labels[b, j - 1] + slant * (here + prices[b, j - 1])
        right = labels[b, j + 1] + slant * (here + prices[b, j + 1])
        best = min(min(left, right), min(straight, old))
        changed |= best < old
        labels[i, j] = best
    return changed != 0


@kernel
def _knights(labels, prices, i, b, f, leg):  # type: ignore[no-untyped-def]
    """The four knight's moves into row i from the two rows on one side of it, b and the far one f."""
    changed = 0
    for j in range(HALO, HALO + SIDE):
        here, old = prices[i, j], labels[i, j]
        wide_left = labels[b, j - 2] + leg * (prices[b, j - 2] + prices[b, j - 1] + prices[i, j - 1] + here)
        wide_right = labels[b, j + 2] + leg * (prices[b, j + 2] + prices[b, j + 1] + prices[i, j + 1] + here)
        tall_left = labels[f, j - 1] + leg * (prices[f, j - 1] + prices[b, j - 1] + prices[b, j] + here)
        tall_right = labels[f, j + 1] + leg * (prices[f, j + 1] + prices[b, j + 1] + prices[b, j] + here)
        best = min(min(wide_left, wide_right), min(min(tall_left, tall_right), old))
        changed |= best < old
        labels[i, j] = best
    return changed != 0


@kernel
def _is_settled(labels, prices, i, half, scratch):  # type: ignore[no-untyped-def]
    """Whether no label of row i improves the next one; note the costs of the moves along it from left to right."""
    improved = 0
    for j in range(HALO, HALO + SIDE):
        left, right = half * (prices[i, j - 1] + prices[i, j]), half * (prices[i, j + 1] + prices[i, j])
        scratch[_COST, j] = left
        reached = min(labels[i, j - 1] + left, labels[i, j + 1] + right)
        improved |= reached < labels[i, j]
    scratch[_COST, HALO + SIDE] = half * (prices[i, HALO + SIDE - 1] + prices[i, HALO + SIDE])
    return improved == 0


@kernel
def _carry(labels, i, scratch):  # type: ignore[no-untyped-def]
    """Carry labels along row i, both ways over both halves at once, since a sum has to wait for the one before it.

    What the first half then improves in the second is carried on cell by cell.
    """
    end = HALO + SIDE
    outer_right, inner_right = labels[i, HALO - 1], labels[i, _MIDDLE - 1]
    outer_left, inner_left = labels[i, end], labels[i, _MIDDLE]
    for k in range(SIDE // 2):
        a, b, c, d = HALO + k, _MIDDLE + k, end - 1 - k, _MIDDLE - 1 - k
        outer_right = min(outer_right + scratch[_COST, a], labels[i, a])
        inner_right = min(inner_right + scratch[_COST, b], labels[i, b])
        outer_left = min(outer_left + scratch[_COST, c + 1], labels[i, c])
        inner_left = min(inner_left + scratch[_COST, d + 1], labels[i, d])
        scratch[_RIGHTWARDS, a], scratch[_RIGHTWARDS, b] = outer_right, inner_right
        scratch[_LEFTWARDS, c], scratch[_LEFTWARDS, d] = outer_left, inner_left
    a, c = _MIDDLE, _MIDDLE - 1
    while a < end and outer_right + scratch[_COST, a] < scratch[_RIGHTWARDS, a]:
        outer_right += scratch[_COST, a]
        scratch[_RIGHTWARDS, a] = outer_right
        a += 1
    while c >= HALO and outer_left + scratch[_COST, c + 1] < scratch[_LEFTWARDS, c]:
        outer_left += scratch[_COST, c + 1]
        scratch[_LEFTWARDS, c] = outer_left
        c -= 1
    for j in range(HALO, end):
        labels[i, j] = min(scratch[_RIGHTWARDS, j], scratch[_LEFTWARDS, j])
