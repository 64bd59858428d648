"""Kernels of `rover.terrain.horizon`.

For one azimuth and one distance the offset to the sample is the same for every cell, so that the weights of the four
posts around it are constants and the march runs along rows of cells side by side. Blocks of cells pass over stretches
of ground too low to rise above what they already see.

Everything is float32 and +-*/ alone, so that bytes do not depend on the machine code. `+ ZERO` after a maximum keeps
the compiler from turning the store into a masked one, which is ten times slower.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

BLOCK_ROWS = 4
BLOCK_COLS = 1024
"""Cells that march together: long rows, since what a row costs to set about is a good part of what it takes; few of
them, so that their eyes, horizons and the ground they look at stay in the nearest caches."""

TILE = 32
"""Side in cells of the tiles whose highest ground is known."""

STRETCH = 16
"""Samples that are passed over, or taken, together."""

ATAN = (
    0.9999993329,
    -0.3332985605,
    0.1994653599,
    -0.1390853351,
    0.0964200441,
    -0.0559098861,
    0.0218612288,
    -0.0040540580,
)
"""Of odd powers: Abramowitz and Stegun 1964, 4.4.49, within 2e-8 for |x| <= 1 but for float32's own roundings."""

ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_HALF_PI = np.float32(math.pi / 2)
_STEPS_PER_RAD = np.float32(65534 / math.pi)
_UNKNOWN = 65535
_NOTHING = np.float32(-np.inf)


@kernel
def trace_rows(  # type: ignore[no-untyped-def]
    z,
    coarse,
    coarse_first,
    tops,
    ahead,
    offset,
    level,
    inverse,
    drop,
    eye,
    row_0,
    col_0,
    far,
    far_axes,
    first,
    last,
    out,
):
    """Fill rows `first` to `last` of `out`, (azimuths, rows, cols) uint16, as `HorizonMap.steps` says.

    Args:
        z: (m, n) float32 elevations.
        coarse, coarse_first: Coarser levels of them, stacked, and each one's first row in the stack (`Levels`).
        tops, ahead: Highest ground by tile, and from a tile on by quadrant (`Tops`).
        offset, level, inverse, drop: Samples of each ray (`Samples`).
        eye: (rows, cols) float32 height of each observer, NaN unknown.
        row_0, col_0: The row and column of `z` that observer (0, 0) stands on.
        far, far_axes: Tangents over a far DEM by azimuth, eye height, row and column, and where those are
            (`FarHorizon`); of no azimuths where there is no far DEM.
        first, last: Rows of observers.
        out: What to fill.
    """
    cols = eye.shape[1]
    best = np.empty((BLOCK_ROWS, BLOCK_COLS), np.float32)
    for r in range(first, last, BLOCK_ROWS):
        r_end = min(r + BLOCK_ROWS, last)
        for c in range(0, cols, BLOCK_COLS):
            c_end = min(c + BLOCK_COLS, cols)
            for a in range(level.shape[0]):
                best[:] = _NOTHING
                if far.shape[0] > 0:
                    _start_from_far(far[a], far_axes, eye, r, r_end, c, c_end, best)
                _march(
                    z,
                    coarse,
                    coarse_first,
                    tops,
                    ahead,
                    offset[a],
                    level[a],
                    inverse[a],
                    drop[a],
                    eye,
                    row_0,
                    col_0,
                    r,
                    r_end,
                    c,
                    c_end,
                    best,
                )
                for i in range(r, r_end):
                    _encode(eye[i, c:c_end], best[i - r], out[a, i, c:c_end])


@kernel
def trace_tangents(  # type: ignore[no-untyped-def]
    z,
    coarse,
    coarse_first,
    tops,
    ahead,
    offset,
    level,
    inverse,
    drop,
    eye,
    row_0,
    col_0,
    first,
    last,
    out,
):
    """Fill rows of `out`, (azimuths, rows, cols) float32, with tangents; NaN where no ground is seen.

    The arguments are those of `trace_rows`.
    """
    cols = eye.shape[1]
    best = np.empty((BLOCK_ROWS, BLOCK_COLS), np.float32)
    for r in range(first, last, BLOCK_ROWS):
        r_end = min(r + BLOCK_ROWS, last)
        for c in range(0, cols, BLOCK_COLS):
            c_end = min(c + BLOCK_COLS, cols)
            for a in range(level.shape[0]):
                best[:] = _NOTHING
                _march(
                    z,
                    coarse,
                    coarse_first,
                    tops,
                    ahead,
                    offset[a],
                    level[a],
                    inverse[a],
                    drop[a],
                    eye,
                    row_0,
                    col_0,
                    r,
                    r_end,
                    c,
                    c_end,
                    best,
                )
                for i in range(r, r_end):
                    for j in range(c, c_end):
                        seen = best[i - r, j - c]
                        out[a, i, j] = seen if seen > _NOTHING else np.float32(np.nan)


@kernel
def _march(  # type: ignore[no-untyped-def]
    z,
    coarse,
    coarse_first,
    tops,
    ahead,
    offset,
    level,
    inverse,
    drop,
    eye,
    row_0,
    col_0,
    r,
    r_end,
    c,
    c_end,
    best,
):
    """Raise `best`, tangents of the observers `[r:r_end, c:c_end]`, by all samples along one azimuth."""
    count = level.shape[0]
    row_way, col_way = offset[count - 1, 0], offset[count - 1, 1]
    for k in range(0, count, STRETCH):
        k_end = min(k + STRETCH, count)
        # The rectangle of ground that the stretch can touch, with the reach of its coarsest level.
        reach = 1 << max(level[k], level[k_end - 1])
        near_row, far_row = offset[k, 0], offset[k_end - 1, 0]
        near_col, far_col = offset[k, 1], offset[k_end - 1, 1]
        south = row_0 + r + math.floor(min(near_row, far_row)) - reach
        north = row_0 + r_end + math.floor(max(near_row, far_row)) + reach
        west = col_0 + c + math.floor(min(near_col, far_col)) - reach
        east = col_0 + c_end + math.floor(max(near_col, far_col)) + reach
        if north < 0 or south >= z.shape[0] or east < 0 or west >= z.shape[1]:
            return
        if k > 0:
            top = _top_of(tops, south, north, west, east)
            if not _can_rise(eye, r, r_end, c, c_end, best, top, inverse[k], inverse[k_end - 1], drop[k]):
                top = _top_ahead(ahead, row_way, col_way, south, north, west, east)
                if not _can_rise(eye, r, r_end, c, c_end, best, top, inverse[k], inverse[count - 1], drop[k]):
                    return
                continue
        for s in range(k, k_end):
            d_row, d_col = offset[s, 0], offset[s, 1]
            if level[s] == 0:
                _sample_fine(
                    z, d_row, d_col, inverse[s], drop[s], eye, row_0, col_0, r, r_end, c, c_end, best
                )
            else:
                _sample_coarse(
                    z.shape[0],
                    coarse,
                    coarse_first,
                    level[s],
                    d_row,
                    d_col,
                    inverse[s],
                    drop[s],
                    eye,
                    row_0,
                    col_0,
                    r,
                    r_end,
                    c,
                    c_end,
                    best,
                )


@kernel
def _top_of(tops, south, north, west, east):  # type: ignore[no-untyped-def]
    """Highest ground of the tiles that touch a rectangle of cells."""
    top = _NOTHING
    rows, cols = tops.shape
    for i in range(max(0, south // TILE), min(rows - 1, north // TILE) + 1):
        for j in range(max(0, west // TILE), min(cols - 1, east // TILE) + 1):
            if tops[i, j] > top:
                top = tops[i, j]
    return top


@kernel
def _top_ahead(ahead, row_way, col_way, south, north, west, east):  # type: ignore[no-untyped-def]
    """Highest ground of the quadrant that a ray is headed for, from the near corner of a rectangle on."""
    rows, cols = ahead.shape[1:]
    i = south // TILE if row_way >= 0.0 else north // TILE
    j = west // TILE if col_way >= 0.0 else east // TILE
    quadrant = (0 if row_way >= 0.0 else 2) + (0 if col_way >= 0.0 else 1)
    return ahead[quadrant, min(max(i, 0), rows - 1), min(max(j, 0), cols - 1)]


@kernel
def _can_rise(eye, r, r_end, c, c_end, best, top, nearest, farthest, drop):  # type: ignore[no-untyped-def]
    """Tell whether ground of height `top`, between two distances, could rise above what some observer sees."""
    count = np.int32(0)
    for i in range(r, r_end):
        count += _count_below(eye[i, c:c_end], best[i - r], top, nearest, farthest, drop)
        if count > 0:
            break
    return count > 0


@kernel
def _count_below(eye, best, top, nearest, farthest, drop):  # type: ignore[no-untyped-def]
    count = np.int32(0)
    for j in range(eye.shape[0]):
        rise = top - eye[j]
        near, far = rise * nearest, rise * farthest
        bound = (near if near > far else far) - drop
        count += np.int32(bound > best[j])
    return count


@kernel
def _sample_fine(z, d_row, d_col, inverse, drop, eye, row_0, col_0, r, r_end, c, c_end, best):  # type: ignore[no-untyped-def]
    """Raise `best` by the bilinear surface at one offset.

    A post of no weight is read from its neighbour, so that unknown ground there, or the map's edge, does no harm.
    """
    rows, cols = z.shape
    i, j = math.floor(d_row), math.floor(d_col)
    up, along = np.float32(d_row - i), np.float32(d_col - j)
    one_up, one_along = int(up > ZERO), int(along > ZERO)
    from_col = max(c, -j - col_0)
    to_col = min(c_end, cols - one_along - j - col_0)
    if from_col >= to_col:
        return
    west, east = from_col + j + col_0, to_col + j + col_0
    for row in range(max(r, -i - row_0), min(r_end, rows - one_up - i - row_0)):
        south, north = row + i + row_0, row + i + row_0 + one_up
        eyes, held = eye[row, from_col:to_col], best[row - r, from_col - c : to_col - c]
        if one_up == 0:
            line, beside = z[south, west:east], z[south, west + one_along : east + one_along]
            _raise_between(line, beside, along, inverse, drop, eyes, held)
        elif one_along == 0:
            _raise_between(z[south, west:east], z[north, west:east], up, inverse, drop, eyes, held)
        else:
            _raise_fine(
                z[south, west:east],
                z[south, west + one_along : east + one_along],
                z[north, west:east],
                z[north, west + one_along : east + one_along],
                up,
                along,
                inverse,
                drop,
                eyes,
                held,
            )


@kernel
def _raise_fine(sw, se, nw, ne, up, along, inverse, drop, eye, best):  # type: ignore[no-untyped-def]
    """Raise tangents by what lies among four posts."""
    for j in range(best.shape[0]):
        a = sw[j]
        rise_along = se[j] - a
        ground = (
            (a - eye[j]) + along * rise_along + up * ((nw[j] - a) + along * ((ne[j] - nw[j]) - rise_along))
        )
        tangent = ground * inverse - drop
        held = best[j]
        if tangent > held:
            held = tangent
        best[j] = held + ZERO


@kernel
def _raise_between(one, other, part, inverse, drop, eye, best):  # type: ignore[no-untyped-def]
    """Raise tangents by what lies between two posts, `part` of the way to the other."""
    for j in range(best.shape[0]):
        a = one[j]
        ground = (a - eye[j]) + part * (other[j] - a)
        tangent = ground * inverse - drop
        held = best[j]
        if tangent > held:
            held = tangent
        best[j] = held + ZERO


@kernel
def _sample_coarse(  # type: ignore[no-untyped-def]
    rows,
    coarse,
    coarse_first,
    level,
    d_row,
    d_col,
    inverse,
    drop,
    eye,
    row_0,
    col_0,
    r,
    r_end,
    c,
    c_end,
    best,
):
    """Raise `best` by a coarser level at one offset: between its rows, in the nearest of its columns."""
    cols = coarse.shape[1]
    side = 1 << level
    start, count = coarse_first[level - 1], coarse_first[level] - coarse_first[level - 1]
    # The window of column c is centred half a cell west of it.
    j = math.floor(d_col + 1.0)
    from_col, to_col = max(c, -j - col_0), min(c_end, cols - j - col_0)
    if from_col >= to_col:
        return
    west, east = from_col + j + col_0, to_col + j + col_0
    for row in range(r, r_end):
        place = row + row_0 + d_row
        if place < 0.0 or place > rows - 1.0:
            continue
        place = (place + 0.5) / side - 0.5
        i = math.floor(place)
        up = np.float32(place - i)
        south, north = min(max(i, 0), count - 1), min(max(i + 1, 0), count - 1)
        _raise_between(
            coarse[start + south, west:east],
            coarse[start + north, west:east],
            up,
            inverse,
            drop,
            eye[row, from_col:to_col],
            best[row - r, from_col - c : to_col - c],
        )


@kernel
def _start_from_far(far, axes, eye, r, r_end, c, c_end, best):  # type: ignore[no-untyped-def]
    """Start `best` with far tangents, linear between the nodes' rows, columns and eye heights."""
    heights, rows, cols = far.shape
    for row in range(r, r_end):
        v = axes[0] + row * axes[2]
        i = min(max(math.floor(v), 0), rows - 2)
        up = np.float32(v - i)
        for col in range(c, c_end):
            if not eye[row, col] > _NOTHING:
                continue
            u = axes[1] + col * axes[2]
            j = min(max(math.floor(u), 0), cols - 2)
            along = np.float32(u - j)
            w = (np.float64(eye[row, col]) - axes[3]) * axes[4]
            h = min(max(math.floor(w), 0), heights - 2)
            above = np.float32(w - h)
            low = _between(far[h], i, j, up, along)
            high = _between(far[h + 1], i, j, up, along)
            seen = low + above * (high - low)
            if seen > _NOTHING:
                best[row - r, col - c] = seen


@kernel
def _between(nodes, i, j, up, along):  # type: ignore[no-untyped-def]
    south = nodes[i, j] + along * (nodes[i, j + 1] - nodes[i, j])
    north = nodes[i + 1, j] + along * (nodes[i + 1, j + 1] - nodes[i + 1, j])
    return south + up * (north - south)


@kernel
def _encode(eye, best, out):  # type: ignore[no-untyped-def]
    for j in range(out.shape[0]):
        steps = (arctan(best[j]) + _HALF_PI) * _STEPS_PER_RAD + _HALF
        out[j] = np.uint16(np.int32(steps)) if eye[j] > _NOTHING else np.uint16(_UNKNOWN)


@kernel
def arctan(x):  # type: ignore[no-untyped-def]
    """Return atan of a float32, -inf and inf included, within 3e-7 rad: a tenth of a percent of a stored step.

    Odd polynomial for |x| <= 1, and pi / 2 less that of 1 / x beyond.
    """
    size = abs(x)
    steep = size > _ONE
    # np.divide and not `/`, which numba guards against zero by an exception that keeps the loop from vectorising.
    y = np.divide(_ONE, size if steep else _ONE) if steep else size
    s = y * y
    p = np.float32(ATAN[7])
    p = p * s + np.float32(ATAN[6])
    p = p * s + np.float32(ATAN[5])
    p = p * s + np.float32(ATAN[4])
    p = p * s + np.float32(ATAN[3])
    p = p * s + np.float32(ATAN[2])
    p = p * s + np.float32(ATAN[1])
    p = p * s + np.float32(ATAN[0])
    angle = p * y
    angle = _HALF_PI - angle if steep else angle
    return -angle if x < ZERO else angle
