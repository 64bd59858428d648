"""Kernels of `rover.planning.replan`: labels of the cost to the goal, kept true under edits.

`nodes` has a row of (label, cost per metre) per cell, with a lethal border all round. `state` has a byte per node: in
the low three bits the move by which its parent leads to it, above them OPEN, RAISED or neither, which is quiet. An open
node has a label that its neighbours have not been told of, a raised one a label that has lost its support. Every open
or raised node has an entry in the heap, its label the key, or stands on the list `raised`, which is gone through before
anything is taken off the heap. Entries that no longer match their node are passed over.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, kernel
from rover.planning.heap_kernels import doubled, drop_first, push, put

DIAGONAL = math.sqrt(2.0)
OPEN = 8
RAISED = 16
MOVE = 7
ALL_MOVES = 255
_KEPT = 32


@kernel
def offsets_of(width):  # type: ignore[no-untyped-def]
    """Eight moves, orthogonal first; move k is undone by k ^ 2, and a diagonal k passes the moves k - 4 and k - 3."""
    return np.array([width, 1, -width, -1, width + 1, 1 - width, -width - 1, width - 1])


@bare
def price_of(nodes, offsets, u, k, step, corner_cutting):  # type: ignore[no-untyped-def]
    """Cost of move `k` from node `u`, inf where it is not allowed."""
    price = 0.5 * step * (nodes[u, 1] + nodes[u + offsets[k], 1])
    if k < 4:
        return price
    if not corner_cutting and (
        nodes[u + offsets[k - 4], 1] == np.inf or nodes[u + offsets[(k - 3) & 3], 1] == np.inf
    ):
        return np.inf
    return DIAGONAL * price


@bare
def plus(label, price):  # type: ignore[no-untyped-def]
    """Their sum, but never so little that rounding leaves the label as it was: a parent's label is always less."""
    total = label + price
    return total if total > label else np.nextafter(label, np.inf)


@kernel
def replace_window(  # type: ignore[no-untyped-def]
    nodes, state, width, goal, step, corner_cutting, row, col, window, raised, count, keys, items, size
):
    """Replace the costs of the window whose first cell is (row, col), and make good what the new prices have broken.

    The moves whose price may change join two nodes of the window or of the ring of nodes round it, since a diagonal
    passes two cells beside its ends. A node whose parent's label and move now come to more than its own label is raised
    and put on the list `raised`; one that a quiet neighbour can better is opened. What is raised already goes on the
    list again: whether a neighbour can better it is for `lift` to see.

    Returns:
        The list and its length; the heap's keys, items and size.
    """
    offsets = offsets_of(width)
    down, across = window.shape
    for r in range(down):
        for c in range(across):
            nodes[(row + r + 1) * width + col + 1 + c, 1] = window[r, c]
    for r in range(
        row, row + down + 2
    ):  # with the ring, and the border adding one: the map's own border does no harm
        for v in range(r * width + col, r * width + col + across + 2):
            label = nodes[v, 0]
            if label == np.inf or v == goal:
                continue
            if state[v] < RAISED:
                k = state[v] & MOVE
                parent = v - offsets[k]
                if plus(nodes[parent, 0], price_of(nodes, offsets, parent, k, step, corner_cutting)) <= label:
                    continue
                state[v] = RAISED | k
            if count == len(raised):
                raised = doubled(raised)
            raised[count] = v
            count += 1
    for r in range(row, row + down + 2):
        for v in range(r * width + col, r * width + col + across + 2):
            if state[v] >= RAISED:
                continue  # `lift` will look
            label, k = best_label(nodes, state, offsets, v, step, corner_cutting)
            if label < nodes[v, 0]:
                nodes[v, 0] = label
                state[v] = OPEN | k
                keys, items, size = put(keys, items, size, label, v)
    return raised, count, keys, items, size


@bare
def best_label(nodes, state, offsets, v, step, corner_cutting, moves=ALL_MOVES):  # type: ignore[no-untyped-def]
    """Return the least label that quiet neighbours offer `v`, inf if none does, and the move that leads to it.

    Args:
        moves: Neighbours to ask, bit k for the one that move k leads to.
    """
    best = np.inf
    by = 0
    if nodes[v, 1] == np.inf:
        return best, by
    for k in range(8):
        u = v + offsets[k]
        if not moves >> k & 1 or state[u] >= OPEN or nodes[u, 0] >= best:
            continue
        label = plus(nodes[u, 0], price_of(nodes, offsets, v, k, step, corner_cutting))
        if label < best:
            best = label
            by = k ^ 2
    return best, by


@bare
def raise_children(nodes, state, offsets, v, raised, count):  # type: ignore[no-untyped-def]
    """Raise the nodes whose parent is `v` and put them on the list, which must have room for eight."""
    label = nodes[v, 0]
    for k in range(8):
        w = v + offsets[k]
        if state[w] & (MOVE | RAISED) == k and label < nodes[w, 0] < np.inf:
            state[w] = RAISED | k
            raised[count] = w
            count += 1
    return count


@kernel
def lift(nodes, state, width, bound, step, corner_cutting, raised, count, keys, items, size):  # type: ignore[no-untyped-def]
    """Take away the labels of raised nodes, and of all that hang on them, that are less than `bound`.

    What hangs on them from there on stays raised, in the heap.

    Returns:
        The list `raised`, of those that are without a label now; the heap's keys, items and size; how many they are.
    """
    offsets = offsets_of(width)
    lifted = 0
    at = 0
    while at < count:
        v = raised[at]
        at += 1
        if state[v] < RAISED:
            continue  # bettered by a later edit
        if nodes[v, 0] >= bound and bound < np.inf:
            label, k = best_label(nodes, state, offsets, v, step, corner_cutting)
            if label < nodes[v, 0]:
                nodes[v, 0] = label
                state[v] = OPEN | k
            keys, items, size = put(keys, items, size, nodes[v, 0], v)
            continue
        if count + 8 > len(raised):
            raised = doubled(raised)
        count = raise_children(nodes, state, offsets, v, raised, count)
        nodes[v, 0] = np.inf
        state[v] &= MOVE
        raised[lifted] = v
        lifted += 1
    return raised, keys, items, size, lifted


@kernel
def offer_lifted(nodes, state, offsets, step, corner_cutting, raised, lifted, keys, items, size):  # type: ignore[no-untyped-def]
    """Give nodes without a label what their quiet neighbours offer; return the heap's keys, items and size.

    Those inside a lifted region wait until the labels come in from its rim.
    """
    for i in range(lifted):
        v = raised[i]
        label, k = best_label(nodes, state, offsets, v, step, corner_cutting)
        if label < nodes[v, 0]:
            nodes[v, 0] = label
            state[v] = OPEN | k
            keys, items, size = put(keys, items, size, label, v)
    return keys, items, size


@kernel
def settle(nodes, state, width, start, step, corner_cutting, keys, items, size, most):  # type: ignore[no-untyped-def]
    """Take nodes off the heap until `start` is quiet and none is left whose key is less than its label.

    Args:
        most: Give up beyond this many.

    Returns:
        The heap's keys, items and size; nodes expanded (more than `most` if given up), nodes generated.
    """
    offsets = offsets_of(width)
    children = np.empty(8, np.int64)
    expanded = 0
    generated = 0
    while size > 0 and expanded <= most and (state[start] >= OPEN or keys[0] < nodes[start, 0]):
        so_far = keys[0]
        u = items[0]
        size = drop_first(keys, items, size)
        if state[u] < OPEN or nodes[u, 0] != so_far:
            continue
        expanded += 1
        if size + 9 > len(keys):
            keys = doubled(keys)
            items = doubled(items)
        if state[u] >= RAISED:
            count = raise_children(nodes, state, offsets, u, children, 0)
            for i in range(count):
                size = push(keys, items, size, nodes[children[i], 0], children[i])
            label, k = best_label(nodes, state, offsets, u, step, corner_cutting)
            nodes[u, 0] = label
            state[u] = k
            if label < np.inf:
                state[u] = OPEN | k
                size = push(keys, items, size, label, u)
                generated += 1
            continue
        state[u] &= MOVE
        price = nodes[u, 1]
        free = 0
        for k in range(8):
            v = u + offsets[k]
            other = nodes[v, 1]
            if other == np.inf:
                continue
            move = 0.5 * step * (price + other)
            if k < 4:
                free |= 1 << k
            else:
                corner = (1 << (k - 4)) | (1 << ((k - 3) & 3))
                if not corner_cutting and (free & corner) != corner:
                    continue
                move *= DIAGONAL
            if so_far + move < nodes[v, 0]:
                label = plus(so_far, move)
                if label < nodes[v, 0]:
                    nodes[v, 0] = label
                    state[v] = OPEN | k
                    size = push(keys, items, size, label, v)
                    generated += 1
    return keys, items, size, expanded, generated


@kernel
def tidy(nodes, state, keys, items, size):  # type: ignore[no-untyped-def]
    """Drop the entries that match no node, and all but one of each node; return the new size."""
    kept = 0
    for i in range(size):
        v = items[i]
        if OPEN <= state[v] < _KEPT and nodes[v, 0] == keys[i]:
            state[v] |= _KEPT
            keys[kept] = keys[i]
            items[kept] = v
            kept += 1
    heaped = 0
    for i in range(kept):
        state[items[i]] ^= _KEPT
        heaped = push(keys, items, heaped, keys[i], items[i])
    return heaped


@kernel
def descend(nodes, width, start, goal, step, corner_cutting):  # type: ignore[no-untyped-def]
    """Return (n, 2) int64 rows and columns (border taken off) from `start` to `goal` down settled labels.

    The next node is the first, in the order of moves, whose label and move come to the present label: what the
    way is depends on the costs alone, and not on the order in which they were learnt.
    """
    offsets = offsets_of(width)
    way = np.empty(4096, np.int64)
    way[0] = start
    count = 1
    at = start
    while at != goal:
        label = nodes[at, 0]
        for k in range(8):
            before = nodes[at + offsets[k], 0]
            # A neighbour that is no less is not looked into: no price comes to the label from there.
            if before < label and label == plus(
                before, price_of(nodes, offsets, at, k, step, corner_cutting)
            ):
                at += offsets[k]
                break
        if count == len(way):
            way = doubled(way)
        way[count] = at
        count += 1
    cells = np.empty((count, 2), np.int64)
    for i in range(count):
        cells[i, 0] = way[i] // width - 1
        cells[i, 1] = way[i] % width - 1
    return cells


@kernel
def changed_in_rows(nodes, cost):  # type: ignore[no-untyped-def]
    """Return (rows, 2) int64: of each row the first column where `cost` is another, and the last and one; or 0, 0."""
    rows, cols = cost.shape
    found = np.zeros((rows, 2), np.int64)
    for r in range(rows):
        first = (r + 1) * (cols + 2) + 1
        for c in range(cols):
            if nodes[first + c, 1] != cost[r, c]:
                if found[r, 1] == 0:
                    found[r, 0] = c
                found[r, 1] = c + 1
    return found
