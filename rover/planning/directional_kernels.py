"""Kernels of `rover.planning.directional`.

Cells are nodes of a grid with a border of two closed cells all round, as far as a knight's move reaches: no bounds are
checked. `ground` holds a node's grades east and north and its mean square grade of roughness side by side, NaN where it
is closed, which closes every heading. A node is done once it is expanded or closed.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.directional_kernels import allowed, energy, pace
from rover.planning.heap_kernels import drop_first, push

BORDER = 2
DONE = 128
"""Set in `came_by` of a node whose price is final; the bits below are the move that reached it."""

UNREACHED = 127

TIME, ENERGY, DISTANCE = range(3)
"""What is priced."""

FOUND, EXHAUSTED, PAUSED, FULL = range(4)
"""How `advance` ends: at the goal, with nothing left, after as many nodes as it was given, or for want of room."""

OPEN, EXPANDED, GENERATED = range(3)
"""Places in `counts`."""


@kernel
def load_ground(grade_east, grade_north, rough_grade2, closed, ground, came_by):  # type: ignore[no-untyped-def]
    """Fill `ground`, (nodes, 3) float32, and `came_by`, (nodes,) uint8, from (rows, cols) layers."""
    rows, cols = closed.shape
    ground[:] = np.nan
    came_by[:] = DONE
    for r in range(rows):
        node = (r + BORDER) * (cols + 2 * BORDER) + BORDER
        for c in range(cols):
            e, n, rough = grade_east[r, c], grade_north[r, c], rough_grade2[r, c]
            if not closed[r, c] and abs(e) < np.inf and abs(n) < np.inf and rough >= 0.0:
                ground[node + c, 0] = e
                ground[node + c, 1] = n
                ground[node + c, 2] = rough
                came_by[node + c] = UNREACHED


@kernel
def price_at(ground, node, east, north, objective, rules, slip):  # type: ignore[no-untyped-def]
    """Price of a metre on a node's plane at a heading, inf where pitch or roll refuses it."""
    e, n = np.float64(ground[node, 0]), np.float64(ground[node, 1])
    if objective == DISTANCE:
        return 1.0 if allowed(e, n, east, north, rules) else np.inf
    rough = np.float64(ground[node, 2])
    if objective == TIME:
        return pace(e, n, rough, east, north, rules, slip)
    return energy(e, n, rough, east, north, rules, slip)


@kernel
def price_ahead(ground, node, k, steps, headings, objective, rules, slip):  # type: ignore[no-untyped-def]
    """Price of move `k` from a node: an exact line integral over the cells that it crosses, inf where one refuses.

    A diagonal passes the corner of two more cells, which must be free and allow its heading too.
    """
    east, north, length = headings[k]
    to, by, over = steps[k]
    price = price_at(ground, node + to, east, north, objective, rules, slip)
    if price == np.inf:
        return np.inf
    price += price_at(ground, node, east, north, objective, rules, slip)
    if k < 4 or price == np.inf:
        return price * length / 2.0
    if k >= 8:
        price += price_at(ground, node + by, east, north, objective, rules, slip)
        price += price_at(ground, node + over, east, north, objective, rules, slip)
        return price * length / 4.0
    for side in (node + by, node + over):
        if not allowed(np.float64(ground[side, 0]), np.float64(ground[side, 1]), east, north, rules):
            return np.inf
    return price * length / 2.0


@kernel
def advance(  # type: ignore[no-untyped-def]
    ground, came_by, reached, keys, items, counts, width, goal, steps, headings, objective, rules, slip, floor,
    informed, most,
):  # fmt: skip
    """Go on with A*, the open list a four-ary heap with stale entries left in.

    The bound is `floor` per metre times the length of the shortest way by the same moves over free ground. That length
    is a norm of which no move is longer than itself, and no move costs less than `floor` per metre, so it is consistent
    and what is expanded is final.

    Args:
        ground, came_by: From `load_ground`; `came_by` is written.
        reached: (nodes,) price of the best way known to each, inf at first; written.
        keys, items: The heap; written.
        counts: (3,) int64, as named above; written.
        width: Nodes in a row, border included.
        goal: A node, or one of the border to reach everything.
        steps: (moves, 3) int64 offsets of a move's end and of the two cells beside or under it.
        headings: (moves, 3) unit vector east, north and length. Turned about, the search is backwards from a goal.
        objective: As named above.
        rules, slip: Of `DirectionalCost`.
        floor: A lower bound of any price per metre.
        informed: Whether to search by the bound, or evenly all round.
        most: Nodes to expand before a pause.

    Returns:
        FOUND, EXHAUSTED, PAUSED or FULL.
    """
    size, expanded, generated = counts[OPEN], counts[EXPANDED], counts[GENERATED]
    moves = len(steps)
    cell = headings[0, 2]
    goal_row, goal_col = goal // width, goal % width
    status = EXHAUSTED
    stop = expanded + most
    while size > 0:
        u = items[0]
        if u == goal:
            status = FOUND
            break
        if came_by[u] >= DONE:
            size = drop_first(keys, items, size)
            continue
        if expanded >= stop:
            status = PAUSED
            break
        if size + moves > len(keys):
            status = FULL
            break
        size = drop_first(keys, items, size)
        expanded += 1
        came_by[u] |= DONE
        so_far = reached[u]
        for k in range(moves):
            v = u + steps[k, 0]
            if came_by[v] >= DONE or so_far + floor * headings[k, 2] >= reached[v]:
                continue
            price = so_far + price_ahead(ground, u, k, steps, headings, objective, rules, slip)
            if price < reached[v]:
                reached[v] = price
                came_by[v] = k
                bound = 0.0
                if informed:
                    row = v // width
                    bound = floor * cell * span(row - goal_row, v - row * width - goal_col, moves)
                size = push(keys, items, size, price + bound, v)
                generated += 1
    counts[OPEN], counts[EXPANDED], counts[GENERATED] = size, expanded, generated
    return status


@kernel
def span(down, across, moves):  # type: ignore[no-untyped-def]
    """Length in cells of the shortest way by 4, 8 or 16 moves over free ground."""
    down, across = abs(down), abs(across)
    short, long = float(min(down, across)), float(max(down, across))
    if moves == 4:
        return short + long
    if moves == 8:
        return long - short + math.sqrt(2.0) * short
    if long >= 2.0 * short:
        return long - 2.0 * short + math.sqrt(5.0) * short
    return math.sqrt(5.0) * (long - short) + math.sqrt(2.0) * (2.0 * short - long)


@kernel
def trace(came_by, steps, start, goal):  # type: ignore[no-untyped-def]
    """Return (n,) int64 nodes from `start` to `goal`, after a search that arrived."""
    count = 1
    at = goal
    while at != start:
        at -= steps[came_by[at] & (DONE - 1), 0]
        count += 1
    nodes = np.empty(count, np.int64)
    at = goal
    for i in range(count - 1, -1, -1):
        nodes[i] = at
        if i > 0:
            at -= steps[came_by[at] & (DONE - 1), 0]
    return nodes


@kernel
def add_up(ground, came_by, nodes, steps, headings, objective, rules, slip):  # type: ignore[no-untyped-def]
    """Price of the way that `trace` gave."""
    total = 0.0
    for i in range(1, len(nodes)):
        k = came_by[nodes[i]] & (DONE - 1)
        total += price_ahead(ground, nodes[i - 1], k, steps, headings, objective, rules, slip)
    return total
