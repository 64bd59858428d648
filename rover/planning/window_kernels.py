"""Small windows of new costs, made good by sweeps: for `rover.planning.replan`.

All labels of such a window are dropped, and what hangs on them outside is raised and lifted as after any edit. The
window is then labelled anew by sweeps from the quiet nodes round it, a row at a time as in `sweep_kernels`, which
takes a few nanoseconds a node where the heap takes two hundred. What lies outside and is still without a label, or can
be bettered from inside, is left to the heap: the laws of `replan` hold when this is through, whatever the order.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.planning.heap_kernels import doubled, put
from rover.planning.replan_kernels import (
    MOVE,
    OPEN,
    RAISED,
    best_label,
    lift,
    offer_lifted,
    offsets_of,
    plus,
    price_of,
)

DIAGONAL = math.sqrt(2.0)


@kernel
def put_prices(nodes, width, row, col, window):  # type: ignore[no-untyped-def]
    """Write the costs of a window whose first cell is (row, col)."""
    for r in range(window.shape[0]):
        for c in range(window.shape[1]):
            nodes[(row + r + 1) * width + col + 1 + c, 1] = window[r, c]


@kernel
def mend(  # type: ignore[no-untyped-def]
    nodes, state, width, start, goal, step, corner_cutting, windows, raised, count, keys, items, size, most
):
    """Make good what windows of new costs and raised nodes have broken, up to what `settle` does.

    Args:
        windows: (n, 4) first row and column, rows and columns, of costs that are written already.
        raised, count: The list of raised nodes.
        most: Give up where more nodes are lifted; all is then to be searched anew.

    Returns:
        The list `raised`, which is empty again; the heap's keys, items and size; the number of labels taken away.
    """
    offsets = offsets_of(width)
    bound = nodes[start, 0]
    for n in range(len(windows)):
        _drop(nodes, state, width, goal, windows[n, 0], windows[n, 1], windows[n, 2], windows[n, 3])
    for n in range(len(windows)):
        row, col, down, across = windows[n, 0], windows[n, 1], windows[n, 2], windows[n, 3]
        while count + 2 * (down + across) + 4 > len(raised):
            raised = doubled(raised)
        count = _raise_ring(
            nodes, state, offsets, width, goal, step, corner_cutting, row, col, down, across, raised, count
        )
    raised, keys, items, size, lifted = lift(
        nodes, state, width, bound, step, corner_cutting, raised, count, keys, items, size
    )
    if lifted > most:
        return raised, keys, items, size, lifted
    swept = np.zeros(len(windows), np.bool_)
    for n in range(len(windows)):
        row, col, down, across = windows[n, 0], windows[n, 1], windows[n, 2], windows[n, 3]
        swept[n] = _sweep(nodes, state, width, goal, step, corner_cutting, row, col, down, across)
    keys, items, size = offer_lifted(
        nodes, state, offsets, step, corner_cutting, raised, lifted, keys, items, size
    )
    for n in range(len(windows)):
        row, col, down, across = windows[n, 0], windows[n, 1], windows[n, 2], windows[n, 3]
        keys, items, size = _offer(
            nodes, state, offsets, width, step, corner_cutting, row, col, down, across, not swept[n], keys, items, size
        )  # fmt: skip
    return raised, keys, items, size, lifted


@kernel
def _drop(nodes, state, width, goal, row, col, down, across):  # type: ignore[no-untyped-def]
    """Take away all labels of a window but the goal's."""
    for r in range(row + 1, row + down + 1):
        for v in range(r * width + col + 1, r * width + col + across + 1):
            if v != goal:
                nodes[v, 0] = np.inf
                state[v] = 0


@kernel
def _raise_ring(  # type: ignore[no-untyped-def]
    nodes, state, offsets, width, goal, step, corner_cutting, row, col, down, across, raised, count
):
    """Raise the nodes round a window that have lost their parent or whose move from it has become dearer."""
    for r in range(row, row + down + 2):
        whole = r == row or r == row + down + 1
        for c in range(col, col + across + 2, 1 if whole else across + 1):
            v = r * width + c
            label = nodes[v, 0]
            if label == np.inf or v == goal or state[v] >= RAISED:
                continue
            k = state[v] & MOVE
            parent = v - offsets[k]
            if plus(nodes[parent, 0], price_of(nodes, offsets, parent, k, step, corner_cutting)) > label:
                state[v] = RAISED | k
                raised[count] = v
                count += 1
    return count


@kernel
def _sweep(nodes, state, width, goal, step, corner_cutting, row, col, down, across):  # type: ignore[no-untyped-def]
    """Label a window, which is without labels, from the quiet nodes round it; return whether that was done.

    It is not where moves are too cheap to change a sum, since a parent's label has to be less.
    """
    labels = np.empty((down + 2, across + 2), np.float64)
    prices = np.empty((down + 2, across + 2), np.float64)
    least, greatest = _load(nodes, state, width, row, col, labels, prices)
    half = 0.5 * step
    upwards = np.ones(down + 2, np.bool_)  # rows that those above have not yet been relaxed from
    downwards = np.ones(down + 2, np.bool_)
    for i in range(1, down + 1):
        _carry(labels, prices, i, half)
    again = True
    while again:
        again = False
        for i in range(1, down + 1):
            if upwards[i - 1]:
                upwards[i - 1] = False
                if _relax(labels, prices, i, i - 1, half, corner_cutting):
                    _carry(labels, prices, i, half)
                    upwards[i] = downwards[i] = True
        for i in range(down, 0, -1):
            if downwards[i + 1]:
                downwards[i + 1] = False
                if _relax(labels, prices, i, i + 1, half, corner_cutting):
                    _carry(labels, prices, i, half)
                    upwards[i] = downwards[i] = again = True
    for i in range(1, down + 1):
        for j in range(1, across + 1):
            if greatest < labels[i, j] < np.inf:
                greatest = labels[i, j]
    if not greatest + least * half > greatest:  # half of the least move
        return False
    _store(nodes, state, width, goal, row, col, labels, prices, half, corner_cutting)
    return True


@kernel
def _load(nodes, state, width, row, col, labels, prices):  # type: ignore[no-untyped-def]
    """Copy a window and the ring round it, labels of quiet nodes only; return the least price and greatest label."""
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


@kernel
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


@kernel
def _carry(labels, prices, i, half):  # type: ignore[no-untyped-def]
    """Carry labels along row i, both ways."""
    last = labels.shape[1] - 2
    label, price = labels[i, 0], prices[i, 0]
    for j in range(1, last + 1):
        here = prices[i, j]
        label = min(label + half * (price + here), labels[i, j])
        labels[i, j] = label
        price = here
    label, price = labels[i, last + 1], prices[i, last + 1]
    for j in range(last, 0, -1):
        here = prices[i, j]
        label = min(label + half * (price + here), labels[i, j])
        labels[i, j] = label
        price = here


@kernel
def _store(nodes, state, width, goal, row, col, labels, prices, half, corner_cutting):  # type: ignore[no-untyped-def]
    """Write a window's labels back, each with the move from a node that makes it up."""
    across = labels.shape[1] - 2
    moves = np.empty(across + 2, np.int64)
    for i in range(1, labels.shape[0] - 1):
        _find_moves(labels, prices, i, half, corner_cutting, moves)
        first = (row + i) * width + col
        for j in range(1, across + 1):
            if first + j != goal:
                nodes[first + j, 0] = labels[i, j]
                state[first + j] = moves[j]


@kernel
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


@kernel
def _offer(  # type: ignore[no-untyped-def]
    nodes, state, offsets, width, step, corner_cutting, row, col, down, across, inside, keys, items, size
):
    """Open the nodes of the ring round a window and of the outermost one inside, or all, that can be bettered."""
    for r in range(row, row + down + 2):
        inner = not inside and row + 1 < r < row + down
        for c in range(col, col + across + 2):
            if inner and col + 1 < c < col + across:
                continue
            v = r * width + c
            label, k = best_label(nodes, state, offsets, v, step, corner_cutting)
            if label < nodes[v, 0]:
                nodes[v, 0] = label
                state[v] = OPEN | k
                keys, items, size = put(keys, items, size, label, v)
    return keys, items, size
