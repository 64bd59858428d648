"""Small windows of new costs, made good by sweeps: for `rover.planning.replan`.

All labels of such a window are dropped, and what hangs on them outside is raised and lifted as after any edit. A
rectangle round the windows and what was lifted, or each window where that would be too large, is then labelled anew by
sweeps from the quiet nodes in it and round it (`window_sweep_kernels`). What lies outside and is still without a label,
or can be bettered from inside, is left to the heap: the laws of `replan` hold when this is through, whatever the order.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import bare, kernel
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
from rover.planning.window_sweep_kernels import sweep

_COVERED_PER_LIFTED = 8
"""Nodes that a sweep may take in besides for each that the heap is spared: it costs some thirty times as much."""
_MOST_COVERED = 1 << 15
"""Nodes of a rectangle that takes in more than windows: in a maze it is swept many times."""
_INWARDS = (0b10010001, 0b1100100, 0b110010, 0b11001000)
"""From the ring's top, bottom, left and right, the moves that lead into what it encloses."""


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
        The list `raised`, which is empty again; the heap's keys, items and size; the number of labels taken away, and
        of nodes swept.
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
        return raised, keys, items, size, lifted, 0
    if lifted == 0 and len(windows) == 0:
        return raised, keys, items, size, lifted, 0
    row, col, down, across, dropped = _cover(windows, raised, lifted, width)
    area = down * across
    worth_it = area - dropped <= _COVERED_PER_LIFTED * lifted and area <= max(dropped, _MOST_COVERED)
    if worth_it and sweep(nodes, state, width, step, corner_cutting, row, col, down, across):
        keys, items, size = _offer_ring(
            nodes, state, offsets, width, step, corner_cutting, row, col, down, across, keys, items, size
        )
        return raised, keys, items, size, lifted, area
    swept = np.zeros(len(windows), np.bool_)
    for n in range(len(windows)):
        row, col, down, across = windows[n, 0], windows[n, 1], windows[n, 2], windows[n, 3]
        swept[n] = sweep(nodes, state, width, step, corner_cutting, row, col, down, across)
    keys, items, size = offer_lifted(
        nodes, state, offsets, step, corner_cutting, raised, lifted, keys, items, size
    )
    for n in range(len(windows)):
        row, col, down, across = windows[n, 0], windows[n, 1], windows[n, 2], windows[n, 3]
        keys, items, size = _offer(
            nodes, state, offsets, width, step, corner_cutting, row, col, down, across, not swept[n], keys, items, size
        )  # fmt: skip
    return raised, keys, items, size, lifted, dropped


@kernel
def _cover(windows, raised, lifted, width):  # type: ignore[no-untyped-def]
    """Return the least rectangle round windows and lifted nodes, of which there are some; and the windows' cells."""
    top = left = 1 << 62
    bottom = right = dropped = 0  # one past the last row and column
    for n in range(len(windows)):
        row, col, down, across = windows[n, 0], windows[n, 1], windows[n, 2], windows[n, 3]
        top, bottom = min(top, row), max(bottom, row + down)
        left, right = min(left, col), max(right, col + across)
        dropped += down * across
    per_row = 1.0 / width
    for i in range(lifted):
        row = int((raised[i] + 0.5) * per_row)  # half a node lies more than rounding from the next row
        col = raised[i] - row * width
        top, bottom = min(top, row - 1), max(bottom, row)
        left, right = min(left, col - 1), max(right, col)
    return top, left, bottom - top, right - left, dropped


@bare
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


@kernel
def _offer_ring(  # type: ignore[no-untyped-def]
    nodes, state, offsets, width, step, corner_cutting, row, col, down, across, keys, items, size
):
    """Open the nodes of the ring round a rectangle that can be bettered from inside it."""
    for side in range(4):
        whole = side < 2
        towards = _INWARDS[side]
        for i in range(across + 2 if whole else down):
            if whole:
                v = (row if side == 0 else row + down + 1) * width + col + i
            else:
                v = (row + 1 + i) * width + (col if side == 2 else col + across + 1)
            label, k = best_label(nodes, state, offsets, v, step, corner_cutting, towards)
            if label < nodes[v, 0]:
                nodes[v, 0] = label
                state[v] = OPEN | k
                keys, items, size = put(keys, items, size, label, v)
    return keys, items, size
