"""Relaxing a tile of labels row by row: the inner loops of the grid search.

A label is the least cost known from the source to a cell. A row is relaxed from the row beside it, for all columns at
once, and then along itself both ways; sweeps up and down the tile follow until nothing changes. None of the inner loops
branches or waits for memory, so a cell costs a few nanoseconds, where taking it from an open list costs a hundred.

Arrays of a tile are (SPAN, SPAN): SIDE cells each way and HALO cells of its neighbours round them. Prices are in cost
per metre, +inf lethal; a move costs its length times the mean price of the cells that it passes, two for a move to a
neighbour and four for a knight's move. A sum with an infinite price is infinite, which closes the move.
"""

from __future__ import annotations

import math

import numpy as np

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

_ONE = np.uint64(1)
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
    relaxed = 0
    while (up | down | along) != 0:
        for k in range(SIDE):
            i = HALO + k if upwards else HALO + SIDE - 1 - k
            way = -1 if upwards else 1  # to the row that row i is relaxed from
            here, beside = _ONE << np.uint64(i), _ONE << np.uint64(i + way)
            after = _ONE << np.uint64(i + 2 * way)
            sources = (beside | after) if moves == 16 else beside
            changed_beside = ((up if upwards else down) & sources) != 0
            changed_ends = (along & here) != 0
            if changed_beside or changed_ends:
                changed = False
                if changed_beside:
                    changed = _from_beside(labels, prices, i, way, step, moves, cutting)
                    relaxed += 1
                if changed or changed_ends:
                    changed = _along(labels[i], prices[i], step, scratch) or changed
                if changed:
                    up |= here
                    down |= here
                along &= ~here
            if upwards:
                up &= ~(after if moves == 16 else beside)
            else:
                down &= ~(after if moves == 16 else beside)
        if upwards:
            up = np.uint64(0)  # what is left is of the last rows, from which none inside is relaxed
        else:
            down = np.uint64(0)
        up &= _BELOW
        down &= _ABOVE
        upwards = not upwards
    dirty[:] = np.uint64(0)
    return relaxed


@kernel
def mark(dirty, row):  # type: ignore[no-untyped-def]
    """Note that a label of a row, of the halo or not, has changed from outside."""
    bit = _ONE << np.uint64(row)
    dirty[UP] |= bit & _BELOW
    dirty[DOWN] |= bit & _ABOVE
    dirty[ALONG] |= bit & _INNER


@kernel
def _from_beside(labels, prices, i, way, step, moves, cutting):  # type: ignore[no-untyped-def]
    mine, other, price, beside = labels[i], labels[i + way], prices[i], prices[i + way]
    if moves == 4:
        return _straight(mine, other, price, beside, 0.5 * step)
    if cutting:
        changed = _straight_and_cutting(mine, other, price, beside, 0.5 * step, 0.5 * DIAGONAL * step)
    else:
        changed = _straight_and_diagonal(mine, other, price, beside, 0.5 * step, 0.5 * DIAGONAL * step)
    if moves == 16:
        leg = 0.25 * KNIGHT * step
        far, far_price = labels[i + 2 * way], prices[i + 2 * way]
        changed = _knights(mine, other, far, price, beside, far_price, leg) or changed
    return changed


@kernel
def _straight(mine, other, price, beside, half):  # type: ignore[no-untyped-def]
    changed = 0
    for j in range(HALO, HALO + SIDE):
        reached = other[j] + half * (price[j] + beside[j])
        old = mine[j]
        changed |= reached < old
        mine[j] = reached if reached < old else old
    return changed != 0


@kernel
def _straight_and_diagonal(mine, other, price, beside, half, half_diagonal):  # type: ignore[no-untyped-def]
    changed = 0
    for j in range(HALO, HALO + SIDE):
        here = price[j]
        straight = other[j] + half * (here + beside[j])
        left = other[j - 1] + half_diagonal * (here + beside[j - 1])
        right = other[j + 1] + half_diagonal * (here + beside[j + 1])
        left = left if price[j - 1] + beside[j] < np.inf else np.inf
        right = right if price[j + 1] + beside[j] < np.inf else np.inf
        slanted = left if left < right else right
        reached = straight if straight < slanted else slanted
        old = mine[j]
        changed |= reached < old
        mine[j] = reached if reached < old else old
    return changed != 0


@kernel
def _straight_and_cutting(mine, other, price, beside, half, half_diagonal):  # type: ignore[no-untyped-def]
    changed = 0
    for j in range(HALO, HALO + SIDE):
        here = price[j]
        straight = other[j] + half * (here + beside[j])
        left = other[j - 1] + half_diagonal * (here + beside[j - 1])
        right = other[j + 1] + half_diagonal * (here + beside[j + 1])
        slanted = left if left < right else right
        reached = straight if straight < slanted else slanted
        old = mine[j]
        changed |= reached < old
        mine[j] = reached if reached < old else old
    return changed != 0


@kernel
def _knights(mine, other, far, price, beside, far_price, leg):  # type: ignore[no-untyped-def]
    """The four knight's moves into a row from the two rows on one side of it."""
    changed = 0
    for j in range(HALO, HALO + SIDE):
        here = price[j]
        wide_left = other[j - 2] + leg * (beside[j - 2] + beside[j - 1] + price[j - 1] + here)
        wide_right = other[j + 2] + leg * (beside[j + 2] + beside[j + 1] + price[j + 1] + here)
        tall_left = far[j - 1] + leg * (far_price[j - 1] + beside[j - 1] + beside[j] + here)
        tall_right = far[j + 1] + leg * (far_price[j + 1] + beside[j + 1] + beside[j] + here)
        wide = wide_left if wide_left < wide_right else wide_right
        tall = tall_left if tall_left < tall_right else tall_right
        reached = wide if wide < tall else tall
        old = mine[j]
        changed |= reached < old
        mine[j] = reached if reached < old else old
    return changed != 0


@kernel
def _along(mine, price, step, scratch):  # type: ignore[no-untyped-def]
    """Carry labels along a row both ways. The two ways are two chains of sums that the processor runs at once."""
    cost, rightwards, leftwards = scratch[0], scratch[1], scratch[2]
    for j in range(HALO, HALO + SIDE + 1):
        cost[j] = 0.5 * step * (price[j - 1] + price[j])
    right, left = mine[HALO - 1], mine[HALO + SIDE]
    for k in range(HALO, HALO + SIDE):
        reached, old = right + cost[k], mine[k]
        right = reached if reached < old else old
        rightwards[k] = right
        m = SPAN - 1 - k
        reached, old = left + cost[m + 1], mine[m]
        left = reached if reached < old else old
        leftwards[m] = left
    changed = 0
    for j in range(HALO, HALO + SIDE):
        reached = rightwards[j] if rightwards[j] < leftwards[j] else leftwards[j]
        changed |= reached < mine[j]
        mine[j] = reached
    return changed != 0
