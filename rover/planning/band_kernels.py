"""Kernels that better a way of straight legs: drive and turns together, each in one pass of dynamic programming.

Both keep the way they are given among those they choose from, so that neither ever makes it worse.
Positions and costs are those of `rover.planning.line_kernels`; `turn_cost` is the price of a radian in the same unit.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.planning.line_kernels import CLEAR, line_cost, turn


@kernel
def thinned(flat, width, points, window, turn_cost, stop_cost):  # type: ignore[no-untyped-def]
    """Return which of (n, 2) points to keep, as indices: the cheapest way over some of them.

    A leg may pass over up to `window - 1` points. `total[j, d]` is the least cost of a way whose last leg goes from
    point j - d - 1 to j.

    Args:
        flat, width: As in `line_cost`.
        points: First and last are kept.
        window: Longest leg in points.
        turn_cost: Of a radian.
        stop_cost: Of a point kept, to decide between equals.
    """
    count = len(points)
    total = np.full((count, window), np.inf)
    heading = np.zeros((count, window))
    came_by = np.zeros((count, window), np.int64)
    for j in range(1, count):
        for d in range(min(window, j)):
            i = j - d - 1
            down = points[j, 0] - points[i, 0]
            across = points[j, 1] - points[i, 1]
            row, col = points[i, 0], points[i, 1]
            cost = line_cost(flat, width, row, col, row + down, col + across, np.inf, CLEAR)
            if cost == np.inf:
                continue
            heading[j, d] = math.atan2(down, across)
            if i == 0:
                total[j, d] = cost
                continue
            least = np.inf
            for e in range(min(window, i)):
                before = total[i, e]
                if before < least:
                    before += turn_cost * turn(heading[i, e], heading[j, d])
                    if before < least:
                        least = before
                        came_by[j, d] = e
            total[j, d] = least + cost + stop_cost
    return _kept(total[count - 1], came_by, count)


@kernel
def _kept(last, came_by, count):  # type: ignore[no-untyped-def]
    d = np.argmin(last)
    backwards = np.empty(count, np.int64)
    backwards[0] = count - 1
    j = count - 1
    kept = 1
    while j > 0:
        i = j - d - 1
        d = came_by[j, d]
        j = i
        backwards[kept] = j
        kept += 1
    return backwards[:kept][::-1].copy()


@kernel
def shifted(flat, width, points, step, half, turn_cost):  # type: ignore[no-untyped-def]
    """Return (n, 2) points, each moved sideways by a multiple of `step` so that drive and turns cost least.

    `total[a, b]` is the least cost of a way that goes from choice a of point i to choice b of point i + 1; which choice
    of the point before made it so is kept for every pair.

    Args:
        flat, width: As in `line_cost`.
        points: No two that follow each other are one place. First and last stay.
        step: Cells.
        half: Choices to either side.
        turn_cost: Of a radian.
    """
    count = len(points)
    choices = 2 * half + 1
    places = _places(points, step, half)
    came_by = np.zeros((count, choices, choices), np.int8)
    total = np.full((choices, choices), np.inf)
    heading = np.zeros((choices, choices))
    before = np.empty((choices, choices))
    heading_before = np.empty((choices, choices))
    for i in range(count - 1):
        for a in range(choices):  # assigning to a slice takes seconds to compile
            for b in range(choices):
                before[a, b], heading_before[a, b] = total[a, b], heading[a, b]
        for a in range(choices):
            for b in range(choices):
                total[a, b] = np.inf
                if (i == 0 and a != half) or (i == count - 2 and b != half):
                    continue
                down = places[i + 1, b, 0] - places[i, a, 0]
                across = places[i + 1, b, 1] - places[i, a, 1]
                if down == 0.0 and across == 0.0:
                    continue
                least = 0.0
                angle = math.atan2(down, across)
                if i > 0:
                    least = np.inf
                    for z in range(choices):
                        so_far = before[z, a]
                        if so_far < least:
                            so_far += turn_cost * turn(heading_before[z, a], angle)
                            if so_far < least:
                                least = so_far
                                came_by[i, a, b] = z
                    if least == np.inf:
                        continue
                heading[a, b] = angle
                row, col = places[i, a, 0], places[i, a, 1]
                total[a, b] = least + line_cost(
                    flat, width, row, col, row + down, col + across, np.inf, CLEAR
                )
    return _chosen(places, came_by, total, half)


@kernel
def _places(points, step, half):  # type: ignore[no-untyped-def]
    """Return (n, choices, 2) places on a line through each point, square to the way from the one before to the next."""
    count = len(points)
    places = np.empty((count, 2 * half + 1, 2))
    for i in range(count):
        before = points[max(i - 1, 0)]
        after = points[min(i + 1, count - 1)]
        down = after[0] - before[0]
        across = after[1] - before[1]
        length = math.sqrt(down * down + across * across)
        if length == 0.0:  # there and back
            down = points[i, 0] - before[0]
            across = points[i, 1] - before[1]
            length = math.sqrt(down * down + across * across)
        for k in range(2 * half + 1):
            places[i, k, 0] = points[i, 0] + (k - half) * step * across / length
            places[i, k, 1] = points[i, 1] - (k - half) * step * down / length
    return places


@kernel
def _chosen(places, came_by, total, half):  # type: ignore[no-untyped-def]
    count = len(places)
    a = np.argmin(total[:, half])
    b = half
    points = np.empty((count, 2))
    for i in range(count - 2, -1, -1):
        points[i + 1] = places[i + 1, b]
        points[i] = places[i, a]
        z = came_by[i, a, b]
        b = a
        a = z
    return points
