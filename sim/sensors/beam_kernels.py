"""Bundles of rays, led together as far as all of them are free: what is found once need not be found by each ray.

A bundle goes through the pyramids of `sim.sensors.ray_kernels` by squares that hold all of it. It is never freer than
one of its rays, so results do not depend on how rays are bundled.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare_inlined

_MOST_STEPS = 200
_SLOW = 0.25
"""Horizontal share of a direction below which a step is no longer lengthened."""


@bare_inlined
def _top(ground, m, k, west, south, east, north):  # type: ignore[no-untyped-def]
    """Return the greatest height of level `m`, by step `k` of its pyramid, in a rectangle; -inf off its edge."""
    _, mip, level, shape, mip_at, mip_cols = ground
    rows, cols = shape[m, 0] - 1, shape[m, 1] - 1
    per_m = 1.0 / level[m, 0]
    j0 = math.floor((west - level[m, 1]) * per_m)
    j1 = math.floor((east - level[m, 1]) * per_m)
    i0 = math.floor((south - level[m, 2]) * per_m)
    i1 = math.floor((north - level[m, 2]) * per_m)
    top = -np.inf
    if j1 < 0 or i1 < 0 or j0 >= cols or i0 >= rows:
        return top
    j0, j1, i0, i1 = max(j0, 0) >> k, min(j1, cols - 1) >> k, max(i0, 0) >> k, min(i1, rows - 1) >> k
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            top = max(top, mip[mip_at[m, k] + i * mip_cols[m, k] + j])
    return top


@bare_inlined
def _inside(level, m, west, south, east, north):  # type: ignore[no-untyped-def]
    return west >= level[m, 3] and south >= level[m, 4] and east <= level[m, 5] and north <= level[m, 6]


@bare_inlined
def _gone(level, last, way, spread, low, high, edge):  # type: ignore[no-untyped-def]
    """Tell whether a cone has left the widest level for good along one axis, whose lower edge is column `edge`."""
    return (way > spread and low > level[last, edge + 2]) or (-way > spread and high < level[last, edge])


@bare_inlined
def cone_free(ground, x, y, z, dx, dy, dz, spread, begin, finest):  # type: ignore[no-untyped-def]
    """Return how far a cone of rays is free of the ground; infinity if it never meets any.

    Args:
        ground: See `sim.sensors.ray_kernels`.
        x, y, z: Its tip.
        dx, dy, dz: Its axis, of unit length.
        spread: Tangent of its half angle.
        begin: Distance up to which it is free already.
        finest: Level to begin at.
    """
    level, shape = ground[2], ground[3]
    last = level.shape[0] - 1
    m, k, t = finest, 4 if begin == 0.0 else 2, begin
    pace = 1.0 / max(math.hypot(dx, dy), _SLOW)
    for _ in range(_MOST_STEPS):
        k = min(k, shape[m, 3] - 1)
        side = level[m, 0] * (1 << k)
        over = t + side * pace
        wide = over * spread
        x0, x1 = x + dx * t, x + dx * over
        y0, y1 = y + dy * t, y + dy * over
        west, east = min(x0, x1) - wide, max(x0, x1) + wide
        south, north = min(y0, y1) - wide, max(y0, y1) + wide
        if m < last and not _inside(level, m, west, south, east, north):
            m, k = m + 1, max(0, k - 2)
            continue
        if _gone(level, last, dx, spread, west, east, 3) or _gone(level, last, dy, spread, south, north, 4):
            return np.inf
        if min(z + dz * t, z + dz * over) - wide > _top(ground, m, k, west, south, east, north):
            t, k = over, k + 1
            if dz > spread and z + dz * t - wide > level[last, 8]:
                return np.inf
        elif k == 0 or 0.5 * side < wide:
            return t
        else:
            k -= 1
    return t


@bare_inlined
def slab_free(ground, west, south, east, north, height, dx, dy, slope, m):  # type: ignore[no-untyped-def]
    """Return the distance beyond which no ground rises above rays towards the Sun that begin in a rectangle.

    And a height that the ground which may rise above one of them does not pass: who has reached it is free.

    Args:
        ground: See `sim.sensors.ray_kernels`.
        west, south, east, north: The rectangle.
        height: Of the lowest ray's origin.
        dx, dy: Unit direction towards the Sun, level.
        slope: Of the rays, above zero.
        m: Level to begin at.
    """
    level, shape = ground[2], ground[3]
    last = level.shape[0] - 1
    wide = max(east - west, north - south)
    k, t, blocked, crest = 0, 0.0, 0.0, -np.inf
    for _ in range(_MOST_STEPS):
        k = min(k, shape[m, 3] - 1)
        side = level[m, 0] * (1 << k)
        if side < wide and k < shape[m, 3] - 1:
            k += 1
            continue
        over = t + side
        x0, x1, y0, y1 = dx * t, dx * over, dy * t, dy * over
        w, e = west + min(x0, x1), east + max(x0, x1)
        s, n = south + min(y0, y1), north + max(y0, y1)
        if m < last and not _inside(level, m, w, s, e, n):
            m, k = m + 1, max(0, k - 2)
            continue
        top = _top(ground, m, k, w, s, e, n)
        if height + slope * t > top:
            t, k = over, k + 1
        elif k == 0 or 0.5 * side < wide:
            t = blocked = over
            crest = max(crest, np.float64(top))
        else:
            k -= 1
            continue
        if height + slope * t > level[last, 8]:
            return blocked, crest
    return np.inf, level[last, 8]
