"""A rectangle of labels made anew by sweeps, a row at a time as in `sweep_kernels`: for `window_kernels`.

They take a few nanoseconds a node where the heap takes two hundred.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import bare, kernel
from rover.planning.replan_kernels import DIAGONAL, OPEN


@kernel
def sweep(nodes, state, width, step, corner_cutting, row, col, down, across):  # type: ignore[no-untyped-def]
    """Label a rectangle from the quiet nodes in it and round it; return whether that was done.

    A node that is bettered, or made up to its label, is quiet then. One that is open or raised with less than it is
    offered stays so, and waits in the heap. It is not done where moves are too cheap to change a sum, since a parent's
    label has to be less.

    Args:
        row, col: First cell.
        down, across: Rows and columns.
    """
    labels = np.empty((down + 2, across + 2), np.float64)
    prices = np.empty((down + 2, across + 2), np.float64)
    least, greatest = _load(nodes, state, width, row, col, labels, prices)
    half = 0.5 * step
    _relax_all(labels, prices, half, corner_cutting)
    for i in range(1, down + 1):
        for j in range(1, across + 1):
            if greatest < labels[i, j] < np.inf:
                greatest = labels[i, j]
    if not greatest + least * half > greatest:  # half of the least move
        return False
    _store(nodes, state, width, row, col, labels, prices, half, corner_cutting)
    return True


@kernel
def _relax_all(labels, prices, half, corner_cutting):  # type: ignore[no-untyped-def]
    """Relax row from row, upwards and downwards by turns, until nothing changes; first from the side that is nearer."""
    down = labels.shape[0] - 2
    # Rows from which the next above, or below, is still to be relaxed.
    waiting = np.ones((2, down + 2), np.bool_)
    turn = 0 if _least_of(labels, 0) <= _least_of(labels, down + 1) else 1
    fresh = changed = True
    while fresh or changed:
        changed = fresh
        for n in range(down):
            i = 1 + n if turn == 0 else down - n
            before = i - 1 + 2 * turn
            better = False
            if waiting[turn, before]:
                waiting[turn, before] = False
                better = _relax(labels, prices, i, before, half, corner_cutting)
            if better or fresh:
                _carry(labels, prices, i, half)
                waiting[0, i] = waiting[1, i] = changed = True
        fresh = False
        turn = 1 - turn


@bare
def _least_of(labels, i):  # type: ignore[no-untyped-def]
    """Return the least label of row i."""
    least = np.inf
    for j in range(labels.shape[1]):
        least = min(least, labels[i, j])
    return least


@bare
def _load(nodes, state, width, row, col, labels, prices):  # type: ignore[no-untyped-def]
    """Copy a rectangle and the ring round it, labels of quiet nodes only; return the least price and greatest label."""
    least, greatest = np.inf, 0.0
    for i in range(labels.shape[0]):
        first = (row + i) * width + col
        for j in range(labels.shape[1]):
            label, price = nodes[first + j, 0], nodes[first + j, 1]
            label = label if state[first + j] < OPEN else np.inf
            labels[i, j], prices[i, j] = label, price
            least = price if price < least else least
            greatest = label if greatest < label < np.inf else greatest
    return least, greatest


@bare
def _relax(labels, prices, i, b, half, corner_cutting):  # type: ignore[no-untyped-def]
    """Relax row i from row b beside it; return whether a label has changed."""
    changed = 0
    free = np.inf
    for j in range(1, labels.shape[1] - 1):
        here, old = prices[i, j], labels[i, j]
        straight = labels[b, j] + half * (here + prices[b, j])
        left = labels[b, j - 1] + half * (here + prices[b, j - 1]) * DIAGONAL
        right = labels[b, j + 1] + half * (here + prices[b, j + 1]) * DIAGONAL
        if not corner_cutting:
            left = left if prices[i, j - 1] + prices[b, j] < free else np.inf
            right = right if prices[i, j + 1] + prices[b, j] < free else np.inf
        best = min(min(left, right), min(straight, old))
        changed |= best < old
        labels[i, j] = best
    return changed != 0


@bare
def _carry(labels, prices, i, half):  # type: ignore[no-untyped-def]
    """Carry labels along row i, both ways at once: neither waits for the other, and what one adds does not better."""
    end = labels.shape[1] - 1
    right, left = labels[i, 0], labels[i, end]
    price, other = prices[i, 0], prices[i, end]
    for j in range(1, end):
        k = end - j
        here, there = prices[i, j], prices[i, k]
        right = min(right + half * (price + here), labels[i, j])
        labels[i, j] = right
        left = min(left + half * (other + there), labels[i, k])
        labels[i, k] = left
        price, other = here, there


@kernel
def _store(nodes, state, width, row, col, labels, prices, half, corner_cutting):  # type: ignore[no-untyped-def]
    """Write back the labels that are new, each with the move from a node that makes it up."""
    across = labels.shape[1] - 2
    moves = np.empty(across + 2, np.int64)
    for i in range(1, labels.shape[0] - 1):
        _find_moves(labels, prices, i, half, corner_cutting, moves)
        first = (row + i) * width + col
        for j in range(1, across + 1):
            v = first + j
            label = labels[i, j]
            if label < nodes[v, 0] or (state[v] >= OPEN and label == nodes[v, 0] < np.inf):
                nodes[v, 0] = label
                state[v] = moves[j]


@bare
def _find_moves(labels, prices, i, half, corner_cutting, moves):  # type: ignore[no-untyped-def]
    """Write the number of a move that makes up each label of row i, as `offsets_of` numbers them."""
    for j in range(1, labels.shape[1] - 1):
        here, label = prices[i, j], labels[i, j]
        move = 0
        move = 1 if labels[i, j - 1] + half * (here + prices[i, j - 1]) == label else move
        move = 2 if labels[i + 1, j] + half * (here + prices[i + 1, j]) == label else move
        move = 3 if labels[i, j + 1] + half * (here + prices[i, j + 1]) == label else move
        for k in range(4):
            down = 1 if k == 0 or k == 3 else -1  # rows and columns of diagonal move k + 4
            across = 1 if k < 2 else -1
            came = labels[i - down, j - across] + half * (here + prices[i - down, j - across]) * DIAGONAL
            allowed = corner_cutting or prices[i - down, j] + prices[i, j - across] < np.inf
            move = k + 4 if allowed and came == label else move
        moves[j] = move
