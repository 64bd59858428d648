"""The way whose steepest pitch or roll is least: a kernel of `rover.planning.explain_heading`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.directional_kernels import allowed, pitch_grade, roll_sine
from rover.planning.directional_kernels import DONE
from rover.planning.heap_kernels import doubled, drop_first, push

_FIRST_ROOM = 4096


@kernel
def least_bottleneck(ground, came_by, worst, start, goal, steps, headings, rules, loosened):  # type: ignore[no-untyped-def]
    """Return the least, over all ways, of the greatest loosened angle of a way, rad; inf where there is no way.

    Dijkstra's search with a maximum for the sum. Moves and the cells that must allow their heading are those of
    `directional_kernels.price_ahead`.

    Args:
        ground, came_by: From `directional_kernels.load_ground`; `came_by` is written.
        worst: (nodes,) inf; written.
        start, goal: Nodes.
        steps, headings: As of `directional_kernels.advance`.
        rules: Of `DirectionalCost`, the loosened limits inf.
        loosened: Weights, 0 or 1, of the angles that count: climb, descent, roll.
    """
    keys, items = np.empty(_FIRST_ROOM), np.empty(_FIRST_ROOM, np.int64)
    size = push(keys, items, 0, 0.0, start)
    worst[start] = 0.0
    while size > 0:
        u = items[0]
        size = drop_first(keys, items, size)
        if came_by[u] >= DONE:
            continue
        if u == goal:
            return worst[u]
        came_by[u] |= DONE
        if size + len(steps) > len(keys):
            keys, items = doubled(keys), doubled(items)
        for k in range(len(steps)):
            v = u + steps[k, 0]
            if came_by[v] >= DONE or worst[u] >= worst[v]:
                continue
            steepest = worst[u]
            for node in (u, v, u + steps[k, 1], u + steps[k, 2]):
                steepest = max(
                    steepest, _angle(ground, node, headings[k, 0], headings[k, 1], rules, loosened)
                )
            if steepest < worst[v]:
                worst[v] = steepest
                size = push(keys, items, size, steepest, v)
    return np.inf


@kernel
def _angle(ground, node, east, north, rules, loosened):  # type: ignore[no-untyped-def]
    e, n = np.float64(ground[node, 0]), np.float64(ground[node, 1])
    if not allowed(e, n, east, north, rules):
        return np.inf
    pitch = math.atan(pitch_grade(e, n, east, north))
    roll = math.asin(roll_sine(e, n, east, north))
    return max(pitch * loosened[0], -pitch * loosened[1], abs(roll) * loosened[2])
