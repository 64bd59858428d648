"""Rays against nested height fields.

The ground is a list of levels, the finest first, each a raster of nodes with a bilinear surface between them; a level
holds outside the box of the next finer one. Of each there is a pyramid of maxima: a node of it that a ray passes
above is passed in one step (maximum mipmaps: Tevs, Ihrke and Seidel 2008, doi:10.1145/1342250.1342279). At the
bottom the ray is held against the bilinear patch itself, by its quadratic.

A pyramid's cells bound the ground of all finer levels too (`cap_mips`), so that a bundle of rays may be led by a coarse
level alone.

`ground` is a tuple of arrays:
    z: float32 nodes of all levels, one after the other, rows northwards.
    mip: float32 maxima of all levels.
    level: (levels, 9) cell side, east and north of node (0, 0), west, south, east and north edge, greatest height of
        the level, greatest height of all.
    shape: (levels, 4) int64 rows and cols of nodes, where `z` begins, steps of the pyramid.
    mip_at, mip_cols: (levels, STEPS) int64 where each step of the pyramid begins, and its columns.
Lengths are in metres from the scene's origin.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, bare_inlined

STEPS = 20
"""Most steps of a pyramid: a million cells a side."""

_FIRST_STEP = 1
"""Of the pyramid, where a ray begins: most are near the ground there."""

_NEAR_CELLS = 8
"""Cells that a ray near the ground goes through before it takes to the pyramid."""


@bare
def build_mips(z, mip, at, rows, cols):  # type: ignore[no-untyped-def]
    """Fill a pyramid: each cell with the greatest of its four nodes, each step above with the greatest of 2 x 2.

    A cell with an unknown node hides nothing: it is as low as can be.

    Args:
        z: (rows + 1, cols + 1) float32 nodes.
        mip: float32, filled.
        at, rows, cols: (steps,) where a step begins in `mip`, and its shape.
    """
    for i in range(rows[0]):
        for j in range(cols[0]):
            top = max(max(z[i, j], z[i, j + 1]), max(z[i + 1, j], z[i + 1, j + 1]))
            known = not math.isnan(z[i, j] + z[i, j + 1] + z[i + 1, j] + z[i + 1, j + 1])
            mip[at[0] + i * cols[0] + j] = top if known else -np.inf
    raise_mips(mip, at, rows, cols)


@bare
def raise_mips(mip, at, rows, cols):  # type: ignore[no-untyped-def]
    """Fill the steps of a pyramid above its cells; arguments as `build_mips` takes them."""
    for k in range(1, len(at)):
        below, wide = rows[k - 1], cols[k - 1]
        for i in range(rows[k]):
            for j in range(cols[k]):
                top = np.float32(-np.inf)
                for a in range(2 * i, min(2 * i + 2, below)):
                    for b in range(2 * j, min(2 * j + 2, wide)):
                        top = max(top, mip[at[k - 1] + a * wide + b])
                mip[at[k] + i * cols[k] + j] = top


@bare
def cap_mips(coarse, wide, fine, fine_wide, level, m):  # type: ignore[no-untyped-def]
    """Raise the cells of level `m` to the greatest of the cells of the next finer level that touch them.

    Args:
        coarse: float32 cells of level `m`, (rows * wide,).
        wide: Its columns of cells.
        fine, fine_wide: The same of level `m` - 1.
        level: See the module.
    """
    ratio = level[m - 1, 0] / level[m, 0]
    u0 = (level[m - 1, 1] - level[m, 1]) / level[m, 0]
    v0 = (level[m - 1, 2] - level[m, 2]) / level[m, 0]
    tall = len(coarse) // wide
    for i in range(len(fine) // fine_wide):
        low = min(max(math.floor(v0 + i * ratio - 1e-6), 0), tall - 1)
        high = min(max(math.floor(v0 + (i + 1) * ratio + 1e-6), 0), tall - 1)
        for j in range(fine_wide):
            top = fine[i * fine_wide + j]
            west = min(max(math.floor(u0 + j * ratio - 1e-6), 0), wide - 1)
            east = min(max(math.floor(u0 + (j + 1) * ratio + 1e-6), 0), wide - 1)
            for a in range(low, high + 1):
                for b in range(west, east + 1):
                    if top > coarse[a * wide + b]:
                        coarse[a * wide + b] = top


@bare_inlined
def box_span(level, m, x, y, per_x, per_y):  # type: ignore[no-untyped-def]
    """Return where a ray enters and leaves the box of a level; what is never is (inf, -inf).

    `per_x`, `per_y` are one over the ray's direction, infinite along the other axis.
    """
    west, south, east, north = level[m, 3], level[m, 4], level[m, 5], level[m, 6]
    enter, leave = -np.inf, np.inf
    if math.isinf(per_x):
        if x < west or x > east:
            return np.inf, -np.inf
    else:
        p, q = (west - x) * per_x, (east - x) * per_x
        enter, leave = min(p, q), max(p, q)
    if math.isinf(per_y):
        if y < south or y > north:
            return np.inf, -np.inf
    else:
        p, q = (south - y) * per_y, (north - y) * per_y
        enter, leave = max(enter, min(p, q)), min(leave, max(p, q))
    return enter, leave


@bare_inlined
def level_at(level, x, y, finest):  # type: ignore[no-untyped-def]
    """Return the finest level, from `finest` on, whose box holds a point; -1 outside all."""
    for m in range(finest, level.shape[0]):
        if level[m, 3] <= x <= level[m, 5] and level[m, 4] <= y <= level[m, 6]:
            return m
    return -1


@bare_inlined
def askew(d):  # type: ignore[no-untyped-def]
    """Return a component of a direction that is never zero: rays along the lattice are no case of their own."""
    return d if abs(d) > 1e-30 else 1e-30


@bare_inlined
def next_cell(x, y, sideways, beyond_x, beyond_y, col, row, k, cols, rows):  # type: ignore[no-untyped-def]
    """Return the column and row of the cell that a ray enters where it leaves a node of step `k`.

    Both ways out are worked out and one is chosen, since the processor cannot foresee which.

    Args:
        x, y: Where it leaves, in cells.
        sideways: Whether by the edge towards east or west.
        beyond_x, beyond_y: Column and row of the cells past its two edges ahead.
        col, row, k: The node.
        cols, rows: Of the cells.
    """
    aside = min(max(int(x), col << k), min(((col + 1) << k) - 1, cols - 1))
    above = min(max(int(y), row << k), min(((row + 1) << k) - 1, rows - 1))
    return (beyond_x, above) if sideways else (aside, beyond_y)


@bare
def _march(z, mip, first, wide, steps, rows, cols, mip_at, mip_cols, m, x, y, height, dx, dy, dz, begin, end):  # type: ignore[no-untyped-def]
    """Return where a ray first meets the bilinear surface of one level between `begin` and `end`, or infinity.

    Args:
        z, mip: See the module.
        first, wide: Where the level's nodes begin, and how many there are in a row.
        steps: Of its pyramid.
        rows, cols: Of its cells.
        mip_at, mip_cols, m: See the module, and the level.
        x, y: The ray's origin in cells from node (0, 0), eastwards and northwards.
        height: Of its origin.
        dx, dy, dz: How far it goes, in cells and in metres, per unit of its parameter.
        begin, end: Of its parameter.
    """
    dx, dy = askew(dx), askew(dy)
    per_x, per_y = 1.0 / dx, 1.0 / dy
    right, up = (1 if dx > 0.0 else 0), (1 if dy > 0.0 else 0)
    t = begin
    j = min(max(math.floor(x + dx * t), 0), cols - 1)
    i = min(max(math.floor(y + dy * t), 0), rows - 1)
    k = min(_FIRST_STEP, steps - 1)
    here = height + dz * t
    while True:
        col, row = j >> k, i >> k
        edge_x, edge_y = (col + right) << k, (row + up) << k
        over_x, over_y = (edge_x - x) * per_x, (edge_y - y) * per_y
        over = max(min(min(over_x, over_y), end), t)
        there = height + dz * over
        if not (min(here, there) > mip[mip_at[m, k] + row * mip_cols[m, k] + col]):
            if k > 0:
                k -= 1
                continue
            hit = _patch(
                z, first + i * wide + j, wide, x + dx * t - j, y + dy * t - i, here, dx, dy, dz, over - t
            )
            if hit < np.inf:
                return t + hit
        if over >= end:
            return np.inf
        aside, above = x + dx * over, y + dy * over
        j, i = next_cell(
            aside, above, over_x <= over_y, edge_x - 1 + right, edge_y - 1 + up, col, row, k, cols, rows
        )
        if j < 0 or j >= cols or i < 0 or i >= rows:
            return np.inf
        if k < steps - 1 and ((j >> (k + 1)) != col >> 1 or (i >> (k + 1)) != row >> 1):
            k += 1
        t, here = over, there


@bare_inlined
def _patch(z, p, wide, u, v, height, dx, dy, dz, span):  # type: ignore[no-untyped-def]
    """Return after how much of `span` a ray meets a bilinear patch, or infinity.

    Its height over the patch is a quadratic of its parameter. A ray that begins under the patch meets it at once.

    Args:
        z: Nodes; the patch's south-western one is `z[p]`, and `wide` nodes make a row.
        u, v, height: Where the ray enters, in cells from that node.
        dx, dy, dz: How far it goes per unit of its parameter.
        span: Of the parameter, within the patch.
    """
    south_west, south_east = np.float64(z[p]), np.float64(z[p + 1])
    along = south_east - south_west
    up = z[p + wide] - south_west
    twist = z[p + wide + 1] - south_east - up
    over = height - (south_west + along * u + (up + twist * u) * v)
    if over <= 0.0:
        return 0.0
    square = -twist * dx * dy
    rate = dz - along * dx - up * dy - twist * (u * dy + v * dx)
    after = over + (rate + square * span) * span
    root = rate * rate - 4.0 * square * over
    # Not `and`: the signs change from patch to patch, and a branch on each would be foreseen half of the time.
    dips = (square > 0.0) & (rate < 0.0) & (-rate < 2.0 * square * span) & (root >= 0.0)
    if (after <= 0.0) | dips:
        return 2.0 * over / (math.sqrt(max(root, 0.0)) - rate)
    return np.inf


@bare_inlined
def near_hit(ground, x, y, z, dx, dy, dz, begin, finest):  # type: ignore[no-untyped-def]
    """Return where a ray meets the ground within a few cells, the level, and how far it has been looked at.

    For rays that are led to the ground already: cell by cell without the pyramid, whose steps are not foreseen. The
    ground must not lie in a finer level than where the ray begins, as it does for no ray out of the finest one.

    Args:
        ground, x, y, z, dx, dy, dz, begin, finest: As `first_hit` takes them.

    Returns:
        As `first_hit`, and where it is to go on from if nothing was met.
    """
    nodes, _, level, shape, _, _ = ground
    m = level_at(level, x + dx * begin, y + dy * begin, finest)
    if m < 0:
        return np.inf, -1, begin
    per_m = 1.0 / level[m, 0]
    first, wide = shape[m, 2], shape[m, 1]
    rows, cols = shape[m, 0] - 1, wide - 1
    u, v = (x - level[m, 1]) * per_m, (y - level[m, 2]) * per_m
    du, dv = askew(dx * per_m), askew(dy * per_m)
    per_u, per_v = 1.0 / du, 1.0 / dv
    right, up = (1 if du > 0.0 else 0), (1 if dv > 0.0 else 0)
    t = begin
    j = min(max(math.floor(u + du * t), 0), cols - 1)
    i = min(max(math.floor(v + dv * t), 0), rows - 1)
    for _ in range(_NEAR_CELLS):
        over_u, over_v = (j + right - u) * per_u, (i + up - v) * per_v
        over = max(min(over_u, over_v), t)
        hit = _patch(
            nodes,
            first + i * wide + j,
            wide,
            u + du * t - j,
            v + dv * t - i,
            z + dz * t,
            du,
            dv,
            dz,
            over - t,
        )
        if hit < np.inf:
            return t + hit, m, t
        t = over
        sideways = over_u <= over_v
        j += 2 * right - 1 if sideways else 0
        i += 0 if sideways else 2 * up - 1
        if (j < 0) | (j >= cols) | (i < 0) | (i >= rows):
            break
    return np.inf, -1, t


@bare_inlined
def first_hit(ground, x, y, z, dx, dy, dz, begin, finest):  # type: ignore[no-untyped-def]
    """Return where a ray first meets the ground, and the level that it meets; (inf, -1) where it does not.

    Args:
        ground: See the module.
        x, y, z: Origin of the ray.
        dx, dy, dz: Its direction.
        begin: Parameter from which it is looked at.
        finest: Level below which none is used.
    """
    nodes, mip, level, shape, mip_at, mip_cols = ground
    last = level.shape[0] - 1
    per_x = 1.0 / dx if dx != 0.0 else np.inf
    per_y = 1.0 / dy if dy != 0.0 else np.inf
    t = begin
    m = level_at(level, x + dx * t, y + dy * t, finest)
    if m < 0:
        enter, leave = box_span(level, last, x, y, per_x, per_y)
        if not enter < leave or leave <= t:
            return np.inf, -1
        t, m = max(t, enter), last
    while True:
        enter, leave = box_span(level, m, x, y, per_x, per_y)
        inwards = False
        if m > finest:
            within, beyond = box_span(level, m - 1, x, y, per_x, per_y)
            if within < beyond and t < within < leave:
                leave, inwards = within, True
        if leave > t and not (min(z + dz * t, z + dz * leave) > level[m, 7]):
            per_m = 1.0 / level[m, 0]
            hit = _march(
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
                dz,
                t,
                leave,
            )
            if hit < np.inf:
                return hit, m
        t = max(t, leave)
        m += -1 if inwards else 1
        if m > last or (dz >= 0.0 and z + dz * t > level[last, 8]):
            return np.inf, -1
