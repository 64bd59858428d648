"""Kernels of straight lines over cells of constant cost: `rover.planning.anyangle` and what it calls.

Positions are (row, col) on `flat`, the cost map with a lethal border of one cell all round, read row by row; a cell
covers [i, i + 1). What lies within a clearance of a line is touched by it, so that the very corner of four cells, an
edge shared with a lethal cell and the rim of the map are refused whatever the rounding of whoever looks at it again.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

CLEAR = 1e-5
"""Cells that a line is kept from lethal ground while it is sought."""
SURELY_CLEAR = 1e-6
"""The same once it is found, less than before by more than its places are rounded."""
CLEAR_OF_LENGTH = 4e-9
"""Of a line's length, to be kept in addition: a check by shares of the way rounds in proportion to it."""
ON_EDGE = 1e-9
"""Cells from the border of two cells within which a line runs along it, and pays the dearer one."""


@kernel
def line_cost(flat, width, row_a, col_a, row_b, col_b, most, clear):  # type: ignore[no-untyped-def]
    """Return the integral of cost along a line, lengths in cells; inf if it exceeds `most`.

    It is inf as well where a lethal cell lies within `clear` of the line, but for a line within one free cell: an end
    may lie on its border. The line is cut at the borders along its longer axis; within such a strip it crosses at most
    one border of the other. It is followed in one sense whichever end is given first, so that both ways cost the same
    to the last bit.
    """
    below, above = min(row_a, row_b), max(row_a, row_b)
    left, right = min(col_a, col_b), max(col_a, col_b)
    if not (below >= 1.0 and left >= 1.0 and above <= len(flat) // width - 1 and right <= width - 1):
        return np.inf
    row, col = math.floor(row_a), math.floor(col_a)
    if row == math.floor(row_b) and col == math.floor(col_b):
        price = flat[np.int64(row) * width + np.int64(col)]
        return np.inf if price == np.inf else price * math.hypot(row_b - row_a, col_b - col_a)
    along = abs(col_b - col_a) >= abs(row_b - row_a)
    u_a, v_a, u_b, v_b = (col_a, row_a, col_b, row_b) if along else (row_a, col_a, row_b, col_b)
    step_u, step_v = (1, width) if along else (width, 1)
    if u_a > u_b or (u_a == u_b and v_a > v_b):
        u_a, v_a, u_b, v_b = u_b, v_b, u_a, v_a
    run = u_b - u_a
    slope = (v_b - v_a) / run if run > 0.0 else 0.0
    stretch = math.sqrt(1.0 + slope * slope)
    pad = clear + CLEAR_OF_LENGTH * run * stretch
    total = 0.0
    v_from = v_a
    last = np.int64(math.floor(u_b + pad))
    for i in range(np.int64(math.floor(u_a - pad)), last + 1):
        till = min(max(np.float64(i + 1), u_a), u_b)
        v_till = v_b if till == u_b else v_a + slope * (till - u_a)
        length = (till - min(max(np.float64(i), u_a), u_b)) * stretch
        low, high = (v_from, v_till) if v_from <= v_till else (v_till, v_from)
        v_from = v_till
        first_v = np.int64(math.floor(low - pad))
        last_v = np.int64(math.floor(high + pad))
        at = i * step_u + first_v * step_v
        price = flat[at]
        if first_v != last_v:
            price = _mixed(flat, at, step_v, first_v, last_v, low, high)
        if price == np.inf:
            return np.inf
        total += length * price
        if total > most:
            return np.inf
    return total


@kernel
def _mixed(flat, at, step_v, first_v, last_v, low, high):  # type: ignore[no-untyped-def]
    """Return the mean cost over a strip in which the line touches more cells than one; inf if one is lethal."""
    for k in range(last_v - first_v + 1):
        if flat[at + k * step_v] == np.inf:
            return np.inf
    border = math.floor(high + ON_EDGE)
    upper = at + (np.int64(border) - first_v) * step_v
    if border - low <= ON_EDGE and high - border <= ON_EDGE:
        return max(flat[upper - step_v], flat[upper])
    if low >= border:
        return flat[upper]
    share = min(max((border - low) / (high - low), 0.0), 1.0)
    return share * flat[upper - step_v] + (1.0 - share) * flat[upper]


@kernel
def leg_costs(flat, width, points, clear):  # type: ignore[no-untyped-def]
    """Return (n - 1,) the integral along each leg of (n, 2) points."""
    costs = np.empty(max(len(points) - 1, 0), np.float64)
    for i in range(len(points) - 1):
        row, col = points[i, 0], points[i, 1]
        costs[i] = line_cost(flat, width, row, col, points[i + 1, 0], points[i + 1, 1], np.inf, clear)
    return costs


@kernel
def turn(heading_a, heading_b):  # type: ignore[no-untyped-def]
    """Return the angle between two headings, 0 to pi."""
    angle = abs(heading_a - heading_b)
    return min(angle, 2.0 * math.pi - angle)
