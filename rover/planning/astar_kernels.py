"""Kernels of `rover.planning.astar`.

The cost map is copied once into `nodes`, one row of (best known cost, cost per metre) per cell with a lethal border
all round: a neighbour costs one cache line, and no bounds are checked. The best known cost is stored negated once a
cell is closed, so that "open and worse than this" is a single comparison.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

DIAGONAL = math.sqrt(2.0)
_FIRST_HEAP = 4096


@kernel
def load_nodes(cost, nodes):  # type: ignore[no-untyped-def]
    """Fill `nodes`, ((rows + 2) * (cols + 2), 2), from `cost`; return the least and greatest finite cost."""
    rows, cols = cost.shape
    least = np.inf
    greatest = 0.0
    i = 0
    for r in range(-1, rows + 1):
        for c in range(-1, cols + 1):
            value = np.inf
            if 0 <= r < rows and 0 <= c < cols:
                value = np.float64(cost[r, c])
            nodes[i, 0] = np.inf
            nodes[i, 1] = value
            i += 1
            if value < np.inf:
                least = min(least, value)
                greatest = max(greatest, value)
    return least, greatest


@kernel
def search(nodes, came_by, width, start, goal, step, floor, corner_cutting):  # type: ignore[no-untyped-def]
    """A* from node `start` to node `goal`, the open list a four-ary heap with stale entries left in.

    The octile distance at the least cost is consistent, so a closed cell is final. Rounding makes it so within a few
    parts in 1e16 of a route's cost per move, far inside 1e-9 for any route that fits in memory.

    Args:
        nodes: From `load_nodes`; written.
        came_by: (nodes,) uint8, written: the move that reached each node.
        width: Nodes in a row, border included.
        start, goal: Indices of free nodes.
        step: Length of an orthogonal move.
        floor: Least cost of an orthogonal move, a lower bound of every one.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal cell.

    Returns:
        Cost (inf where there is no way), nodes expanded, nodes generated.
    """
    offsets = np.array([width, 1, -width, -1, width + 1, 1 - width, -width - 1, width - 1])
    row_step = np.array([1, 0, -1, 0, 1, -1, -1, 1])
    col_step = np.array([0, 1, 0, -1, 1, 1, -1, -1])
    goal_row = goal // width
    goal_col = goal - goal_row * width
    keys = np.empty(_FIRST_HEAP, np.float64)
    items = np.empty(_FIRST_HEAP, np.int64)
    size = _push(keys, items, 0, 0.0, start)
    nodes[start, 0] = 0.0
    expanded = 0
    generated = 1
    while size > 0:
        u = items[0]
        size = _drop_first(keys, items, size)
        so_far = nodes[u, 0]
        if so_far < 0.0:
            continue  # closed already, by a better entry
        if u == goal:
            return so_far, expanded, generated
        expanded += 1
        nodes[u, 0] = -so_far
        if size + 8 > len(keys):
            keys = _doubled(keys)
            items = _doubled(items)
        price = nodes[u, 1]
        row = u // width
        col = u - row * width
        free = 0
        for k in range(8):
            v = u + offsets[k]
            other = nodes[v, 1]
            if other == np.inf:
                continue
            half = 0.5 * step
            if k < 4:
                free |= 1 << k
            else:
                corner = (1 << (k - 4)) | (1 << ((k - 3) & 3))
                if not corner_cutting and (free & corner) != corner:
                    continue
                half *= DIAGONAL
            reached = so_far + half * (price + other)
            if reached < nodes[v, 0]:
                nodes[v, 0] = reached
                came_by[v] = k
                down = abs(row + row_step[k] - goal_row)
                across = abs(col + col_step[k] - goal_col)
                bound = floor * (max(down, across) + (DIAGONAL - 1.0) * min(down, across))
                size = _push(keys, items, size, reached + bound, v)
                generated += 1
    return np.inf, expanded, generated


@kernel
def _doubled(values):  # type: ignore[no-untyped-def]
    longer = np.empty(2 * len(values), values.dtype)
    for k in range(
        len(values)
    ):  # a slice would compile numba's words for arrays that do not fit, 3 s of them
        longer[k] = values[k]
    return longer


@kernel
def _push(keys, items, size, key, item):  # type: ignore[no-untyped-def]
    """Sift up in a four-ary heap; return its new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if keys[above] <= key:
            break
        keys[at] = keys[above]
        items[at] = items[above]
        at = above
    keys[at] = key
    items[at] = item
    return size + 1


@kernel
def _drop_first(keys, items, size):  # type: ignore[no-untyped-def]
    """Remove the least entry; return the new size."""
    size -= 1
    key = keys[size]
    item = items[size]
    at = 0
    while True:
        first = 4 * at + 1
        if first >= size:
            break
        best = first
        for child in range(first + 1, min(first + 4, size)):
            if keys[child] < keys[best]:
                best = child
        if keys[best] >= key:
            break
        keys[at] = keys[best]
        items[at] = items[best]
        at = best
    keys[at] = key
    items[at] = item
    return size


@kernel
def trace(came_by, width, start, goal):  # type: ignore[no-untyped-def]
    """Return (n, 2) int64 rows and columns (border taken off) from `start` to `goal`, after a search that arrived."""
    offsets = np.array([width, 1, -width, -1, width + 1, 1 - width, -width - 1, width - 1])
    count = 1
    at = goal
    while at != start:
        at -= offsets[came_by[at]]
        count += 1
    cells = np.empty((count, 2), np.int64)
    at = goal
    for i in range(count - 1, -1, -1):
        cells[i, 0] = at // width - 1
        cells[i, 1] = at % width - 1
        if i > 0:
            at -= offsets[came_by[at]]
    return cells
