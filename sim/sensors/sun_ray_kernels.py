"""How much of the Sun's disc the ground lets through to a point."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, bare_inlined
from sim.sensors.ray_kernels import askew, box_span, next_cell

_FIRST_STEP = 0


@bare
def _skyline(  # type: ignore[no-untyped-def]
    z,
    mip,
    first,
    wide,
    steps,
    rows,
    cols,
    mip_at,
    mip_cols,
    m,
    x,
    y,
    height,
    dx,
    dy,
    begin,
    end,
    best,
    enough,
):
    """Return the tangent of the skyline of one level, seen from a point along one direction.

    Arguments as `sim.sensors.ray_kernels._march` takes them, the parameter being the level distance, and:

    Args:
        best: Tangent that the skyline has at least; what lies below it is passed over.
        enough: Tangent at which to stop.

    The surface is bilinear, so its crests lie on the lines through the nodes: a cell is asked where the ray enters,
    half-way and where it leaves.
    """
    dx, dy = askew(dx), askew(dy)
    per_x, per_y = 1.0 / dx, 1.0 / dy
    right, up = (1 if dx > 0.0 else 0), (1 if dy > 0.0 else 0)
    s = begin
    j = min(max(math.floor(x + dx * s), 0), cols - 1)
    i = min(max(math.floor(y + dy * s), 0), rows - 1)
    k = min(_FIRST_STEP, steps - 1)
    while True:
        col, row = j >> k, i >> k
        edge_x, edge_y = (col + right) << k, (row + up) << k
        over_x, over_y = (edge_x - x) * per_x, (edge_y - y) * per_y
        over = max(min(min(over_x, over_y), end), s)
        if not (height + best * (s if best > 0.0 else over) > mip[mip_at[m, k] + row * mip_cols[m, k] + col]):
            if k > 0:
                k -= 1
                continue
            p = first + i * wide + j
            south_west, south_east = np.float64(z[p]), np.float64(z[p + 1])
            along = south_east - south_west
            rise = z[p + wide] - south_west
            twist = z[p + wide + 1] - south_east - rise
            for half in range(3):
                there = s + 0.5 * half * (over - s)
                u, v = x + dx * there - j, y + dy * there - i
                rise_there = south_west + along * u + (rise + twist * u) * v - height
                if rise_there > best * there:
                    best = rise_there / there
            if best >= enough:
                return best
        if over >= end:
            return best
        aside, above = x + dx * over, y + dy * over
        j, i = next_cell(
            aside, above, over_x <= over_y, edge_x - 1 + right, edge_y - 1 + up, col, row, k, cols, rows
        )
        if j < 0 or j >= cols or i < 0 or i >= rows:
            return best
        if k < steps - 1 and ((j >> (k + 1)) != col >> 1 or (i >> (k + 1)) != row >> 1):
            k += 1
        s = over


@bare_inlined
def skyline_tangent(ground, x, y, z, m, begin, end, dx, dy, low, high):  # type: ignore[no-untyped-def]
    """Return the tangent of the skyline from a point, between `low` and `high`.

    Args:
        ground: See `sim.sensors.ray_kernels`.
        x, y, z: The point.
        m: Finest level that holds it.
        begin, end: Level distances between which ground counts.
        dx, dy: Unit direction, level.
        low, high: Tangents below which nothing matters, and above which all is hidden.
    """
    nodes, mip, level, shape, mip_at, mip_cols = ground
    last = level.shape[0] - 1
    per_x = 1.0 / dx if dx != 0.0 else np.inf
    per_y = 1.0 / dy if dy != 0.0 else np.inf
    best, s = low, begin
    while s < end:
        _, leave = box_span(level, m, x, y, per_x, per_y)
        inwards = False
        if m > 0:
            within, beyond = box_span(level, m - 1, x, y, per_x, per_y)
            if within < beyond and s < within < leave:
                leave, inwards = within, True
        if leave > s:
            stop = min(leave, end)
            if best > 0.0:
                stop = min(stop, (level[m, 7] - z) / best)
            if stop > s:
                per_m = 1.0 / level[m, 0]
                best = _skyline(
                    nodes,
                    mip,
                    shape[m, 2],
                    shape[m, 1],
                    shape[m, 3],
                    shape[m, 0] - 1,
                    shape[m, 1] - 1,
                    mip_at,
                    mip_cols,
                    m,
                    (x - level[m, 1]) * per_m,
                    (y - level[m, 2]) * per_m,
                    z,
                    dx * per_m,
                    dy * per_m,
                    s,
                    stop,
                    best,
                    high,
                )
                if best >= high:
                    return best
            s = leave
        m += -1 if inwards else 1
        if m > last or (best > 0.0 and z + best * s > level[last, 8]):
            return best
    return best


@bare_inlined
def disc_share(above):  # type: ignore[no-untyped-def]
    """Return the share of a disc above a level edge, `above` radii under its centre (circular segment)."""
    a = max(-1.0, min(1.0, above))
    return 0.5 + (a * math.sqrt(1.0 - a * a) + math.asin(a)) / math.pi
