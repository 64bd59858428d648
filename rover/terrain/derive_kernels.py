"""Kernels of `rover.terrain.derive`.

Each inner loop runs over a block of the columns of one row, without a branch and with few arrays, so that it becomes
vector instructions: more than eight pairs of arrays that might overlap, and the compiler gives that up. What a block
needs in between is held in `work`, whose parts lie a constant apart and so count as one array, and which stays in the
nearest cache. Divisions are `np.divide`, since `/` is compiled with a test for zero, a branch. No library function is
called: the arctangent is a polynomial.

NaN is carried by arithmetic (`h - h` is 0 or NaN), or told by it where a comparison would lose it.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

# atan(t) = t + t u (A + u (B + u (C + u D))), u = t t, within 5e-9 rad for |t| <= tan(pi / 8): least greatest error.
_A = np.float32(-0.33332757)
_B = np.float32(0.19971879)
_C = np.float32(-0.13824454)
_D = np.float32(0.07902598)
_FOLD = np.float32(math.tan(math.pi / 8))
_STEEP = np.float32(1 / math.tan(math.pi / 8))
# An eighth of a turn in two parts; up to eight times the first is exact.
_EIGHTH = np.float32(0.78515625)
_EIGHTH_REST = np.float32(math.pi / 4 - 0.78515625)
_TURN = np.float32(2 * math.pi)

_ZERO, _ONE, _TWO, _FOUR, _EIGHT = (np.float32(value) for value in (0, 1, 2, 4, 8))
_LEAST = np.float32(1e-30)
_NINTH = np.float32(1 / 9)
_NAN, _INF = np.float32(np.nan), np.float32(np.inf)

BLOCK = 512
"""Columns of a block."""
EAST = BLOCK + 16
"""Where in `work` the eastward rise per metre begins; the northward one begins at 0."""
_PART, _EIGHTHS, _SIZE = 2 * EAST, 3 * EAST, 4 * EAST


@kernel
def derive_rows(z, first, last, sides, reach, nine, step, layers):  # type: ignore[no-untyped-def]
    """Fill slope, aspect, step and, of 3 x 3 cells, roughness, of the rows `first` up to but not `last`.

    Gradient by Horn (1981): nine points, weights 1-2-1. Roughness is the largest deviation, over its window, from the
    plane through the window's mean with the gradient from the neighbouring cells. Step is the largest height
    difference over its window. A NaN in a window makes that figure NaN, as does a window that leaves the raster.

    Args:
        z: (rows, cols) float32 heights in metres.
        first, last: Rows to make.
        sides: Of a cell in metres, north-south and east-west, as are the pairs that follow.
        reach: Cells from the middle to the outer points of the gradient, at least 1.
        nine: Whether roughness of 3 x 3 cells is made, where the gradient is of as many; otherwise its layer is left
            as it is.
        step: Cells from the middle to the edge of the window, at least 1.
        layers: Four (rows, cols) float32 arrays: slope and aspect in radians, roughness and step in metres.
    """
    rows, cols = z.shape
    work = np.empty(_SIZE, np.float32)
    wide = np.empty((2, BLOCK + 2 * reach[1] if reach[0] + reach[1] > 2 else 0))
    apart = _staggered(cols)
    thin = np.empty(3 * apart if step[0] + step[1] > 2 else 0, np.float32)
    slope, aspect, roughness, steps = layers
    for r in range(first, last):
        if _fits(r, rows, cols, reach):
            _angles_of_row(z, r, sides, reach, nine, work, wide, slope[r], aspect[r], roughness[r])
        else:
            slope[r], aspect[r] = _NAN, _NAN
            if nine:
                roughness[r] = _NAN
        if not _fits(r, rows, cols, step):
            steps[r] = _NAN
        elif step[0] + step[1] == 2:
            _step_of_nine(z, r, work, steps[r])
        else:
            high, low, spare = thin[:cols], thin[apart : apart + cols], thin[2 * apart : 2 * apart + cols]
            _extremes_by_column(z, r, step[0], high, low)
            _step(high, low, spare, step[1], steps[r])


@kernel
def _staggered(cols):  # type: ignore[no-untyped-def]
    """A length of row buffers that does not set them a whole number of 4096 bytes apart.

    Where it does, cells of one column share a set of the cache, which holds eight lines, and turn each other out.
    """
    return (cols + 1023) // 1024 * 1024 + 80


@kernel
def _fits(r, rows, cols, half):  # type: ignore[no-untyped-def]
    return half[0] <= r < rows - half[0] and cols > 2 * half[1]


@kernel
def rim(half, layer):  # type: ignore[no-untyped-def]
    """Unknown where the window leaves the raster to the west or the east."""
    layer[:half] = _NAN
    layer[layer.size - half :] = _NAN


@kernel
def _angles_of_row(z, r, sides, reach, nine, work, wide, slope, aspect, roughness):  # type: ignore[no-untyped-def]
    along, across = reach
    rim(across, slope)
    rim(across, aspect)
    if nine:
        rim(1, roughness)
    for c in range(across, slope.size - across, BLOCK):
        stop = min(c + BLOCK, slope.size - across)
        if nine:
            around = slice(c - 1, stop + 1)
            _gradient_and_roughness(
                z[r - 1, around], z[r, around], z[r + 1, around], sides, work, roughness[c:stop]
            )
        elif along == across == 1:
            around = slice(c - 1, stop + 1)
            gradient_of_nine(z[r - 1, around], z[r, around], z[r + 1, around], sides, work)
        else:
            _gradient(z[:, c - across : stop + across], r, reach, sides, wide, work)
        slope_of_row(work, slope[c:stop])
        aspect_of_row(work, aspect[c:stop])


@kernel
def _around(south, here, north, c):  # type: ignore[no-untyped-def]
    """Heights about column c + 1 over its own: exact to a part in 2e7 on whatever height."""
    h = here[c + 1]
    return (
        (south[c] - h, south[c + 1] - h, south[c + 2] - h),
        (here[c] - h, here[c + 2] - h),
        (north[c] - h, north[c + 1] - h, north[c + 2] - h),
    )


@kernel
def _rises(south, beside, north):  # type: ignore[no-untyped-def]
    """Horn's sums northwards and eastwards; the former is NaN where a cell of the nine is."""
    middle, across = north[1] - south[1], beside[1] - beside[0]
    unknown = across - across
    return (
        ((north[0] - south[0]) + (north[2] - south[2])) + ((middle + middle) + unknown),
        ((south[2] - south[0]) + (north[2] - north[0])) + (across + across),
    )


@kernel
def gradient_of_nine(south, here, north, sides, work):  # type: ignore[no-untyped-def]
    """Rise per metre of a block from its three rows; both are NaN, or the northward one, where a cell of nine is.

    Args:
        south, here, north: (n + 2,) heights, the first and last of the columns beside the block.
        sides: Of a cell in metres.
        work: The rises are written at 0 and at `EAST`.
    """
    per_north, per_east = np.float32(0.125 / sides[0]), np.float32(0.125 / sides[1])
    for c in range(here.size - 2):
        around = _around(south, here, north, c)
        up, along = _rises(around[0], around[1], around[2])
        work[c], work[EAST + c] = up * per_north, along * per_east


@kernel
def _gradient_and_roughness(south, here, north, sides, work, roughness):  # type: ignore[no-untyped-def]
    """As `gradient_of_nine`, and roughness of the 3 x 3 window."""
    per_north, per_east = np.float32(0.125 / sides[0]), np.float32(0.125 / sides[1])
    per_row, per_col = np.float32(sides[0]), np.float32(sides[1])
    for c in range(roughness.size):
        around = _around(south, here, north, c)
        up, along = _rises(around[0], around[1], around[2])
        up, along = up * per_north, along * per_east
        work[c], work[EAST + c] = up, along
        sw, s, se = around[0]
        w, e = around[1]
        nw, n, ne = around[2]
        mean = ((sw + s) + (se + w) + (e + nw) + (n + ne)) * _NINTH
        up, along = up * per_row, along * per_col
        rising, falling = up + along, up - along
        # Off the plane through the middle cell, which itself is 0 off it.
        w, e, s, n = w + along, e - along, s + up, n - up
        sw, ne, se, nw = sw + rising, ne - rising, se + falling, nw - falling
        high = max(max(max(w, e), max(s, n)), max(max(sw, ne), max(se, nw)))
        low = min(min(min(w, e), min(s, n)), min(min(sw, ne), min(se, nw)))
        worst = max(max(high, _ZERO) - mean, mean - min(low, _ZERO))
        roughness[c] = worst if mean == mean else _NAN


@kernel
def _gradient(z, r, reach, sides, wide, work):  # type: ignore[no-untyped-def]
    """As `gradient_of_nine`, of nine points farther apart; cells between them must be known."""
    along, across = reach
    sums, rises = wide[0, : z.shape[1]], wide[1, : z.shape[1]]
    _by_column(z[r - along], z[r], z[r + along], sums, rises)
    for i in range(1 - along, along):
        if i != 0:
            _mark(z[r + i], rises)
    width = z.shape[1] - 2 * across
    north, east = work[:width], work[EAST : EAST + width]
    _northward(rises, across, np.float64(1 / (8 * along * sides[0])), north)
    for j in range(1, across):
        _mark_beside(rises, across, j, north)
    _eastward(sums, across, np.float64(1 / (8 * across * sides[1])), east)


@kernel
def _by_column(south, here, north, sums, rises):  # type: ignore[no-untyped-def]
    """1-2-1 sums and rises of three rows in float64: of far heights a difference in float32 would be rounded."""
    for c in range(here.size):
        s, h, n = np.float64(south[c]), np.float64(here[c]), np.float64(north[c])
        sums[c] = s + 2.0 * h + n
        rises[c] = (n - s) + (h - h)


@kernel
def _mark(row, rises):  # type: ignore[no-untyped-def]
    for c in range(row.size):
        rises[c] += np.float64(row[c] - row[c])


@kernel
def _mark_beside(rises, half, j, north):  # type: ignore[no-untyped-def]
    west, east = rises[half - j :], rises[half + j :]
    for c in range(north.size):
        north[c] += np.float32((west[c] - west[c]) + (east[c] - east[c]))


@kernel
def _northward(rises, half, per, north):  # type: ignore[no-untyped-def]
    west, middle, east = rises, rises[half:], rises[2 * half :]
    for c in range(north.size):
        north[c] = np.float32((west[c] + 2.0 * middle[c] + east[c]) * per)


@kernel
def _eastward(sums, half, per, east_rise):  # type: ignore[no-untyped-def]
    west, east = sums, sums[2 * half :]
    for c in range(east_rise.size):
        east_rise[c] = np.float32((east[c] - west[c]) * per)


@kernel
def slope_of_row(work, slope):  # type: ignore[no-untyped-def]
    """atan of the grade, folded into |t| <= tan(pi / 8); within 1.5e-7 rad of that of the same gradient.

    In two loops: as one it would wait for its own root and quotient. Choices between a value and zero cost less than
    others.
    """
    for c in range(slope.size):
        north, east = work[c], work[EAST + c]
        grade = np.float32(math.sqrt(east * east + north * north))
        steep, folded = grade > _STEEP, grade > _FOLD
        # Of -1 / grade, (grade - 1) / (grade + 1) and grade itself.
        over = (_ZERO if steep else grade) - (_ONE if folded else _ZERO)
        under = (grade if folded else _ZERO) + (_ZERO if steep else _ONE)
        work[_PART + c] = np.divide(over, under)
        work[_EIGHTHS + c] = (_ONE if folded else _ZERO) + (_ONE if steep else _ZERO)
    _angle(work, slope)


@kernel
def aspect_of_row(work, aspect):  # type: ignore[no-untyped-def]
    """Azimuth of downhill from 0 to below a turn, 0 on the level; within 4e-7 rad, of which rounding is 2.4e-7.

    From the nearest axis on, clockwise or back, in eighths of a turn and the part.
    """
    for c in range(aspect.size):
        north, east = work[c], work[EAST + c]
        level = abs(north), abs(east)
        across, southward, westward = level[1] > level[0], north > _ZERO, east > _ZERO
        far, near = max(max(level[0], level[1]), _LEAST), min(level[0], level[1])
        folded = near > _FOLD * far
        t = np.divide(near - (far if folded else _ZERO), far + (near if folded else _ZERO))
        axis = abs((_EIGHT if westward else _ZERO) - (_TWO if across else (_FOUR if southward else _ZERO)))
        sense = -_ONE if across ^ southward ^ westward else _ONE
        work[_PART + c] = sense * t
        work[_EIGHTHS + c] = axis + sense * (_ONE if folded else _ZERO)
    _angle(work, aspect)


@kernel
def _angle(work, angle):  # type: ignore[no-untyped-def]
    """Eighths of a turn and the arctangent of the part, less than a turn; NaN where the northward rise is."""
    for c in range(angle.size):
        t, eighths = work[_PART + c], work[_EIGHTHS + c]
        u = t * t
        beside = t + t * u * (_A + u * (_B + u * (_C + u * _D)))
        made = eighths * _EIGHTH + (eighths * _EIGHTH_REST + beside)
        made = _ZERO if made >= _TURN else made
        angle[c] = made if work[c] == work[c] else _NAN


@kernel
def _step_of_nine(z, r, work, step):  # type: ignore[no-untyped-def]
    rim(1, step)
    for c in range(1, step.size - 1, BLOCK):
        stop = min(c + BLOCK, step.size - 1)
        high, low = work[: stop - c + 2], work[EAST : EAST + stop - c + 2]
        _extremes_of_three(
            z[r - 1, c - 1 : stop + 1], z[r, c - 1 : stop + 1], z[r + 1, c - 1 : stop + 1], high, low
        )
        _relief_of_three(high, low, step[c:stop])


@kernel
def _extremes_by_column(z, r, half, high, low):  # type: ignore[no-untyped-def]
    """Greatest and least of each column of the window; greatest is infinite where a cell is NaN."""
    _extremes_of_three(z[r - 1], z[r], z[r + 1], high, low)
    for i in range(2, half + 1):
        _more_extreme(z[r - i], z[r + i], high, low)


@kernel
def _extremes_of_three(south, here, north, high, low):  # type: ignore[no-untyped-def]
    for c in range(here.size):
        s, h, n = south[c], here[c], north[c]
        every = s + h + n
        high[c] = max(max(s, h), n) if every == every else _INF
        low[c] = min(min(s, h), n) if every == every else h


@kernel
def _more_extreme(one, other, high, low):  # type: ignore[no-untyped-def]
    for c in range(high.size):
        a, b = one[c], other[c]
        both = a + b
        top, bottom = max(high[c], max(a, b)), min(low[c], min(a, b))
        # The sums keep the compiler from leaving out the stores of values that stay, one by one.
        high[c] = (top if both == both else _INF) + _ZERO
        low[c] = (bottom if both == both else low[c]) + _ZERO


@kernel
def _step(high, low, spare, half, step):  # type: ignore[no-untyped-def]
    """Greatest less least of the window; what `high`, `low` and `spare` hold is used up."""
    rim(half, step)
    width = step.size - 2 * half
    into = step[half : half + width]
    # Windows of 2, 4, 8 ... columns from each on; two of the longest make the whole.
    length = 1
    while 2 * length <= 2 * half + 1:
        _higher(high, high[length:], spare[: high.size - length])
        high, spare = spare, high
        _lower(low, low[length:], spare[: low.size - length])
        low, spare = spare, low
        length *= 2
    shift = 2 * half + 1 - length
    _relief(high, high[shift : shift + width], low, low[shift : shift + width], into)


@kernel
def _relief_of_three(high, low, into):  # type: ignore[no-untyped-def]
    for c in range(into.size):
        top = max(max(high[c], high[c + 1]), high[c + 2])
        bottom = min(min(low[c], low[c + 1]), low[c + 2])
        into[c] = top - bottom if top < _INF else _NAN


@kernel
def _higher(one, other, into):  # type: ignore[no-untyped-def]
    for c in range(into.size):
        into[c] = max(one[c], other[c])


@kernel
def _lower(one, other, into):  # type: ignore[no-untyped-def]
    for c in range(into.size):
        into[c] = min(one[c], other[c])


@kernel
def _relief(high, high_on, low, low_on, into):  # type: ignore[no-untyped-def]
    for c in range(into.size):
        top, bottom = max(high[c], high_on[c]), min(low[c], low_on[c])
        into[c] = top - bottom if top < _INF else _NAN
