"""Kernels of `rover.terrain.derive`.

Each inner loop runs over the columns of one row, without a branch and with few arrays, so that it becomes vector
instructions: more than eight pairs of arrays that might overlap, and the compiler gives that up. What a row needs in
between is held in row buffers, which stay in the cache. Divisions are `np.divide`, since `/` is compiled with a test
for zero, a branch. No library function is called: the arctangent is a polynomial.

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

_ZERO, _ONE, _TWO, _FOUR, _SIX, _EIGHT = (np.float32(value) for value in (0, 1, 2, 4, 6, 8))
_LEAST = np.float32(1e-30)
_BLOCK = 512
"""Columns at a time of wide windows: seven rows of them and what goes with them take 24 KiB."""
_NINTH = np.float32(1 / 9)
_NAN, _INF = np.float32(np.nan), np.float32(np.inf)


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
    apart = _staggered(cols)
    wide, thin = np.empty(2 * apart), np.empty(5 * apart, np.float32)
    sums, rises = wide[:cols], wide[apart : apart + cols]
    north, east, high = thin[:cols], thin[apart : apart + cols], thin[2 * apart : 2 * apart + cols]
    low, spare = thin[3 * apart : 3 * apart + cols], thin[4 * apart : 4 * apart + cols]
    slope, aspect, roughness, steps = layers
    for r in range(first, last):
        if _fits(r, rows, cols, reach):
            _gradient(z, r, reach, sides, sums, rises, north, east)
            _slope(north, east, reach[1], slope[r])
            _aspect(north, east, reach[1], aspect[r])
            if nine:
                _roughness_of_nine(z, r, sides, north, east, roughness[r])
        else:
            slope[r], aspect[r] = _NAN, _NAN
            if nine:
                roughness[r] = _NAN
        if _fits(r, rows, cols, step):
            _extremes_by_column(z, r, step[0], high, low)
            _step(high, low, spare, step[1], steps[r])
        else:
            steps[r] = _NAN


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
def _rim(half, layer):  # type: ignore[no-untyped-def]
    """Unknown where the window leaves the raster to the west or the east."""
    layer[:half] = _NAN
    layer[layer.size - half :] = _NAN


@kernel
def _gradient(z, r, reach, sides, sums, rises, north, east):  # type: ignore[no-untyped-def]
    """Rise per metre northwards and eastwards of a row; north is NaN where any cell of the window is."""
    along, across = reach
    _by_column(z[r - along], z[r], z[r + along], sums, rises)
    for i in range(1 - along, along):
        if i != 0:
            _mark(z[r + i], rises)
    _northward(rises, across, np.float64(1 / (8 * along * sides[0])), north)
    for j in range(1, across):
        _mark_beside(rises, across, j, north)
    _eastward(sums, across, np.float64(1 / (8 * across * sides[1])), east)


@kernel
def _by_column(south, here, north, sums, rises):  # type: ignore[no-untyped-def]
    """1-2-1 sums and rises of three rows in float64: of float32 differences these would be rounded again."""
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
    width = rises.size - 2 * half
    west, east, into = rises[half - j :], rises[half + j :], north[half:]
    for c in range(width):
        into[c] += np.float32((west[c] - west[c]) + (east[c] - east[c]))


@kernel
def _northward(rises, half, per, north):  # type: ignore[no-untyped-def]
    width = rises.size - 2 * half
    west, middle, east, into = rises, rises[half:], rises[2 * half :], north[half:]
    for c in range(width):
        into[c] = np.float32((west[c] + 2.0 * middle[c] + east[c]) * per)


@kernel
def _eastward(sums, half, per, east_rise):  # type: ignore[no-untyped-def]
    width = sums.size - 2 * half
    west, east, into = sums, sums[2 * half :], east_rise[half:]
    for c in range(width):
        into[c] = np.float32((east[c] - west[c]) * per)


@kernel
def _slope(north, east, half, slope):  # type: ignore[no-untyped-def]
    """atan of the grade, folded into |t| <= tan(pi / 8); within 1.5e-7 rad of that of the same gradient."""
    _rim(half, slope)
    width = slope.size - 2 * half
    north, east, into = north[half:], east[half:], slope[half:]
    for c in range(width):
        grade = np.float32(math.sqrt(east[c] * east[c] + north[c] * north[c]))
        steep, folded = grade > _STEEP, grade > _FOLD
        over = -_ONE if steep else (grade - _ONE if folded else grade)
        under = grade if steep else (grade + _ONE if folded else _ONE)
        eighths = _TWO if steep else (_ONE if folded else _ZERO)
        t = np.divide(over, under)
        u = t * t
        part = t + t * u * (_A + u * (_B + u * (_C + u * _D)))
        angle = eighths * _EIGHTH + (eighths * _EIGHTH_REST + part)
        into[c] = angle if north[c] == north[c] else _NAN


@kernel
def _aspect(north, east, half, aspect):  # type: ignore[no-untyped-def]
    """Azimuth of downhill from 0 to below a turn, 0 on the level; within 4e-7 rad, of which rounding is 2.4e-7."""
    _rim(half, aspect)
    width = aspect.size - 2 * half
    north, east, into = north[half:], east[half:], aspect[half:]
    for c in range(width):
        level = abs(north[c]), abs(east[c])
        across, southward, westward = level[1] > level[0], north[c] > _ZERO, east[c] > _ZERO
        far = max(level[1] if across else level[0], _LEAST)
        near = level[0] if across else level[1]
        folded = near > _FOLD * far
        t = np.divide(near - far if folded else near, near + far if folded else far)
        u = t * t
        part = t + t * u * (_A + u * (_B + u * (_C + u * _D)))
        # From the nearest axis on, clockwise or back, in eighths of a turn and the part.
        beside = _SIX if westward else _TWO
        ahead = _FOUR if southward else (_EIGHT if westward else _ZERO)
        back = across ^ southward ^ westward
        fold = _ONE if folded else _ZERO
        eighths = (beside if across else ahead) + (-fold if back else fold)
        azimuth = eighths * _EIGHTH + (eighths * _EIGHTH_REST + (-part if back else part))
        azimuth = _ZERO if azimuth >= _TURN else azimuth
        into[c] = azimuth if north[c] == north[c] else _NAN


@kernel
def _roughness_of_nine(z, r, sides, north, east, roughness):  # type: ignore[no-untyped-def]
    """The 3 x 3 window, from differences to its middle: these are exact to a part in 2e7 on whatever height."""
    _rim(1, roughness)
    south_row, row, north_row, into = z[r - 1], z[r], z[r + 1], roughness[1:]
    north, east = north[1:], east[1:]
    per_row, per_col = np.float32(sides[0]), np.float32(sides[1])
    for c in range(row.size - 2):
        h = row[c + 1]
        sw, s, se = south_row[c] - h, south_row[c + 1] - h, south_row[c + 2] - h
        nw, n, ne = north_row[c] - h, north_row[c + 1] - h, north_row[c + 2] - h
        w, e = row[c] - h, row[c + 2] - h
        mean = ((sw + s) + (se + w) + (e + nw) + (n + ne)) * _NINTH
        up, along = north[c] * per_row, east[c] * per_col
        rising, falling = up + along, up - along
        # Off the plane through the middle cell, which itself is 0 off it.
        w, e, s, n = w + along, e - along, s + up, n - up
        sw, ne, se, nw = sw + rising, ne - rising, se + falling, nw - falling
        high = max(max(max(w, e), max(s, n)), max(max(sw, ne), max(se, nw)))
        low = min(min(min(w, e), min(s, n)), min(min(sw, ne), min(se, nw)))
        worst = max(max(high, _ZERO) - mean, mean - min(low, _ZERO))
        into[c] = worst if mean == mean else _NAN


@kernel
def roughness_rows(z, first, last, sides, rough, offsets, roughness):  # type: ignore[no-untyped-def]
    """Fill roughness, as `derive_rows` defines it, over a window of any size.

    Every cell of a window is passed over, so a block of columns is done at a time, from copies of its rows that stay
    in the nearest cache, in slots that are used in turn.

    Args:
        z, first, last, sides: As in `derive_rows`.
        rough: Cells from the middle to the edge of the window, north-south and east-west, at least 1.
        offsets: (n, 2) int64 rows and columns from the middle of every other cell of the window of which none lies
            opposite another; n is even, so that one of them may stand there twice.
        roughness: (rows, cols) float32 in metres.
    """
    rows, cols = z.shape
    along, across = rough
    least, greatest = max(first, along), min(last, rows - along)
    for r in range(first, last):
        if least <= r < greatest and cols > 2 * across:
            _rim(across, roughness[r])
        else:
            roughness[r] = _NAN
    if cols <= 2 * across or least >= greatest:
        return
    width = _BLOCK + 2 * across
    slots = np.empty((2 * along + 1, _staggered(width)), np.float32)
    wide, thin = np.empty((2, width)), np.empty((3, width + 80), np.float32)
    for c in range(across, cols - across, _BLOCK):
        part = slice(c - across, min(c + _BLOCK, cols - across) + across)
        held = part.stop - part.start
        for r in range(least - along, least + along):
            slots[r % len(slots), :held] = z[r, part]
        for r in range(least, greatest):
            slots[(r + along) % len(slots), :held] = z[r + along, part]
            inner = slice(c, part.stop - across)
            _roughness_of_block(slots, held, r, rough, offsets, sides, wide, thin, roughness[r, inner])


@kernel
def _roughness_of_block(slots, held, r, rough, offsets, sides, wide, thin, roughness):  # type: ignore[no-untyped-def]
    """The window by pairs of cells that lie opposite each other, two pairs at a time."""
    count, half = len(slots), rough[1]
    sums, rises = wide[0, :held], wide[1, :held]
    north, east, level = thin[0, :held], thin[1, :held], thin[2, : roughness.size]
    row = slots[r % count, :held]
    _by_column(slots[(r - 1) % count, :held], row, slots[(r + 1) % count, :held], sums, rises)
    _northward(rises, 1, np.float64(1 / (8 * sides[0])), north)
    _eastward(sums, 1, np.float64(1 / (8 * sides[1])), east)
    row, north, east = row[half:], north[half:], east[half:]
    _level(slots, held, r, row, half, rises, sums, level)
    for c in range(roughness.size):
        roughness[c] = abs(level[c])
    for k in range(0, offsets.shape[0], 2):
        i, j, i_on, j_on = offsets[k, 0], offsets[k, 1], offsets[k + 1, 0], offsets[k + 1, 1]
        one, other = slots[(r + i) % count, half + j :], slots[(r - i) % count, half - j :]
        one_on, other_on = slots[(r + i_on) % count, half + j_on :], slots[(r - i_on) % count, half - j_on :]
        up, up_on = np.float32(i * sides[0]), np.float32(i_on * sides[0])
        right, right_on = np.float32(j * sides[1]), np.float32(j_on * sides[1])
        _farther(one, other, row, level, north, east, up, right, one_on, other_on, up_on, right_on, roughness)
    for c in range(roughness.size):
        roughness[c] = roughness[c] if level[c] == level[c] else _NAN


@kernel
def _level(slots, held, r, row, half, total, sums, level):  # type: ignore[no-untyped-def]
    """Mean of each window of a row above its middle cell, in metres; NaN where a cell of it is."""
    count = len(slots)
    _sum(slots[(r - 1) % count, :held], slots[r % count, :held], slots[(r + 1) % count, :held], total)
    for i in range(2, count // 2 + 1):
        _add(slots[(r - i) % count, :held], slots[(r + i) % count, :held], total)
    sums = sums[: level.size]
    _sum(total[half - 1 :], total[half:], total[half + 1 :], sums)
    for j in range(2, half + 1):
        _add(total[half - j :], total[half + j :], sums)
    _above(sums, np.float64(1 / (count * (2 * half + 1))), row, level)


@kernel
def _sum(one, middle, other, total):  # type: ignore[no-untyped-def]
    for c in range(total.size):
        total[c] = np.float64(one[c]) + np.float64(middle[c]) + np.float64(other[c])


@kernel
def _add(one, other, total):  # type: ignore[no-untyped-def]
    for c in range(total.size):
        total[c] += np.float64(one[c]) + np.float64(other[c])


@kernel
def _above(sums, share, row, level):  # type: ignore[no-untyped-def]
    for c in range(level.size):
        level[c] = np.float32(sums[c] * share - np.float64(row[c]))


@kernel
def _farther(  # type: ignore[no-untyped-def]
    one, other, row, level, north, east, up, right, one_on, other_on, up_on, right_on, worst
):
    for c in range(worst.size):
        h, mean = row[c], level[c]
        tilt, tilt_on = north[c] * up + east[c] * right, north[c] * up_on + east[c] * right_on
        first = max(abs((one[c] - h) - (mean + tilt)), abs((other[c] - h) - (mean - tilt)))
        second = max(abs((one_on[c] - h) - (mean + tilt_on)), abs((other_on[c] - h) - (mean - tilt_on)))
        worst[c] = max(worst[c], max(first, second))


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
        high[c] = max(high[c], max(a, b)) if both == both else _INF
        low[c] = min(low[c], min(a, b)) if both == both else low[c]


@kernel
def _step(high, low, spare, half, step):  # type: ignore[no-untyped-def]
    """Greatest less least of the window; what `high`, `low` and `spare` hold is used up."""
    _rim(half, step)
    width = step.size - 2 * half
    into = step[half : half + width]
    if half == 1:
        _relief_of_three(high, low, into)
        return
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
        top = max(high[c], high_on[c])
        into[c] = top - min(low[c], low_on[c]) if top < _INF else _NAN
