"""Kernels of `rover.terrain.derive`: windows of 3 x 3 cells, and angles from any gradient.

Each inner loop runs over a block of the columns of one row, without a branch, with few arrays and a short chain of
operations: so it becomes vector instructions, of which the processor has several passes under way at once. What the
loops hand on is held in `work`, whose parts lie a constant apart and so count as one array; it stays in the nearest
cache and begins where a cache line does, since vectors stored across lines take twice as long. Divisions are
`np.divide`, since `/` is compiled with a test for zero, a branch. No library function is called: the arctangents are
polynomials.

What three rows have in common is found once for each column, of differences to the middle row, which are exact to a
part in 2e7 on whatever height. The farther of two heights p and q from a level m is off it by
|(p + q) / 2 - m| + |p - q| / 2, which takes half the comparisons.

NaN is carried by arithmetic, or told by it where a comparison would lose it: a part in which any of the nine heights
is has it in the end.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

# atan(t) = t + t u (A0 + A1 u + ... + A7 u^7), u = t t, within 8e-9 for |t| <= 1: least greatest error.
_A0, _A1, _A2, _A3, _A4, _A5, _A6, _A7 = (
    np.float32(value)
    for value in (
        -0.33332987058,
        0.19990396599,
        -0.14185975079,
        0.10573931219,
        -0.07366704249,
        0.04112183793,
        -0.01513252258,
        0.00262224129,
    )
)
# 2 atan(t) = 2 t + t u (B0 + B1 u + B2 u^2 + B3 u^3) likewise, within 1e-8 for |t| <= tan(pi / 8).
_B0, _B1, _B2, _B3 = (
    np.float32(value) for value in (-0.66665513315, 0.39943758495, -0.27648906293, 0.15805192462)
)
# A quarter of a turn and its float32; one of fewer digits, whose multiples are exact, and what of itself it lacks.
_QUARTER, _QUARTER_REST = np.float32(math.pi / 2), np.float32(float(np.float32(math.pi / 2)) - math.pi / 2)
_AXIS, _OPPOSITE, _AROUND = (np.float32(times * 1.5703125) for times in (1, 2, 4))
_AXIS_LACKS = np.float32(math.pi / 2 / 1.5703125 - 1)
_BELOW_TURN = np.nextafter(np.float32(2 * math.pi), np.float32(0))

_ZERO, _HALF, _ONE, _THREE_HALVES, _TWO = (np.float32(value) for value in (0, 0.5, 1, 1.5, 2))
_TWO_NINTHS = np.float32(2 / 9)
_LEAST = np.float32(1e-30)
_BITS_OF_ONE = np.float32(1).view(np.int32)
_NAN = np.float32(np.nan)

BLOCK = 512
"""Columns of a block."""
_PART = BLOCK + 16
NORTH, EAST, GRADE = 0, _PART, 2 * _PART
"""Where in `work` the rise per metre northwards and eastwards, and the steepest, begin."""
MEAN, CURVE, RISE, ALONG, HIGH, LOW = (part * _PART for part in range(3, 9))
"""Where begin the window's mean; by column half the sum and half the difference of the rises to the cells north and
south, the rise to the next column, and the extremes. The last are of columns from the one before the block on."""
_TANGENT, _NEAREST_AXIS = CURVE, RISE
"""Parts that are used again, for aspect, when roughness has been made."""
WORK_SIZE = 9 * _PART


@kernel
def nine_rows(z, first, last, sides, wanted, work, slope, aspect, roughness, step):  # type: ignore[no-untyped-def]
    """Fill the layers of 3 x 3 cells, of the rows `first` up to but not `last`.

    Gradient by Horn (1981): nine points, weights 1-2-1. Roughness is the largest deviation from the plane through the
    mean of the nine with that gradient, step their largest height difference. A NaN among the nine makes all NaN, as
    does a window that leaves the raster.

    Args:
        z: (rows, cols) float32 heights in metres.
        first, last: Rows to make.
        sides: Of a cell in metres, north-south and east-west.
        wanted: Whether roughness and step are to be made; otherwise their layers are left as they are.
        work: `WORK_SIZE` float32, which begin where a cache line does.
        slope, aspect, roughness, step: (rows, cols) float32: two angles in radians, two heights in metres.
    """
    rows, cols = z.shape
    for r in range(first, last):
        inside = 0 < r < rows - 1 and cols > 2
        rim(1 if inside else cols, slope[r])
        rim(1 if inside else cols, aspect[r])
        if wanted[0]:
            rim(1 if inside else cols, roughness[r])
        if wanted[1]:
            rim(1 if inside else cols, step[r])
        if not inside:
            continue
        for begin in range(1, cols - 1, BLOCK):
            # The last block lies over a part of the one before, rather than be of a length that leaves a rest.
            c = max(1, min(begin, cols - 1 - BLOCK))
            stop = min(c + BLOCK, cols - 1)
            columns_of_block(
                z[r - 1, c - 1 : stop + 1], z[r, c - 1 : stop + 1], z[r + 1, c - 1 : stop + 1], work
            )
            gradient_of_block(stop - c, sides, work)
            if wanted[0]:
                _roughness_of_block(sides, work, roughness[r, c:stop])
            if wanted[1]:
                _step_of_block(work, step[r, c:stop])
            slope_of_block(work, slope[r, c:stop])
            aspect_of_block(work, aspect[r, c:stop])


@kernel
def rim(half, layer):  # type: ignore[no-untyped-def]
    """Unknown where the window leaves the raster to the west or the east; all of it where `half` is its length."""
    for c in range(half):
        layer[c] = _NAN
        layer[layer.size - 1 - c] = _NAN


@kernel
def columns_of_block(south, here, north, work):  # type: ignore[no-untyped-def]
    """What the windows of a block need of each column.

    Args:
        south, here, north: (n + 2,) heights, the first and last of the columns beside the block.
        work: Filled from `CURVE`, `RISE`, `HIGH` and `LOW` on, and from `ALONG` on but for the last column.
    """
    for c in range(here.size):
        s, h, n = south[c], here[c], north[c]
        below, above = s - h, n - h
        work[CURVE + c], work[RISE + c] = (above + below) * _HALF, (above - below) * _HALF
        work[HIGH + c], work[LOW + c] = max(max(s, h), n), min(min(s, h), n)
    for c in range(here.size - 1):
        work[ALONG + c] = here[c + 1] - here[c]


@kernel
def gradient_of_block(length, sides, work):  # type: ignore[no-untyped-def]
    """Rise per metre northwards, eastwards and at the steepest, and mean height above the middle cell.

    All four are NaN, or all but the eastward one, where a height of the nine is.
    """
    per_north, per_east = np.float32(0.25 / sides[0]), np.float32(0.25 / sides[1])
    for c in range(length):
        to_here, from_here = work[ALONG + c], work[ALONG + c + 1]
        west, middle, east = work[CURVE + c], work[CURVE + c + 1], work[CURVE + c + 2]
        up = ((work[RISE + c] + work[RISE + c + 2]) + _TWO * work[RISE + c + 1]) * per_north
        along = ((east - west) + _TWO * (from_here + to_here)) * per_east
        work[MEAN + c] = ((west + east) + (middle + _THREE_HALVES * (from_here - to_here))) * _TWO_NINTHS
        work[NORTH + c], work[EAST + c] = up, along
        work[GRADE + c] = np.float32(math.sqrt(along * along + up * up))


@kernel
def _roughness_of_block(sides, work, roughness):  # type: ignore[no-untyped-def]
    """Farthest off the plane: of each column's outer cells together, and of the middle row's cells."""
    per_row, per_col = np.float32(sides[0]), np.float32(sides[1])
    for c in range(roughness.size):
        up, along, mean = work[NORTH + c] * per_row, work[EAST + c] * per_col, work[MEAN + c]
        west, east = (along - mean) - work[ALONG + c], work[ALONG + c + 1] - (along + mean)
        on_west = abs(west + work[CURVE + c]) + abs(work[RISE + c] - up)
        on_middle = abs(work[CURVE + c + 1] - mean) + abs(work[RISE + c + 1] - up)
        on_east = abs(east + work[CURVE + c + 2]) + abs(work[RISE + c + 2] - up)
        outer, row = max(max(on_west, on_east), on_middle), max(max(abs(west), abs(east)), abs(mean))
        roughness[c] = max(outer, row)


@kernel
def _step_of_block(work, step):  # type: ignore[no-untyped-def]
    for c in range(step.size):
        high = max(max(work[HIGH + c], work[HIGH + c + 1]), work[HIGH + c + 2])
        low = min(min(work[LOW + c], work[LOW + c + 1]), work[LOW + c + 2])
        step[c] = high - low if work[MEAN + c] == work[MEAN + c] else _NAN


@kernel
def grade_of_block(length, work):  # type: ignore[no-untyped-def]
    """The steepest rise per metre, where no more than the northward and the eastward one is known."""
    for c in range(length):
        up, along = work[NORTH + c], work[EAST + c]
        work[GRADE + c] = np.float32(math.sqrt(along * along + up * up))


@kernel
def slope_of_block(work, slope):  # type: ignore[no-untyped-def]
    """atan of the grade, or of its inverse the rest of a quarter; within 1.5e-7 rad of that of the same gradient.

    Where no cell of a block is steeper than 45 deg the inverse is left out, which changes no bit of the rest.
    """
    # Of floats that are not negative the greater is so as an integer; NaN is the greatest.
    bits, most = work.view(np.int32), np.int32(0)
    for c in range(slope.size):
        most = max(most, bits[GRADE + c])
    if most > _BITS_OF_ONE:
        _slope_of_any(work, slope)
    else:
        _slope_of_gentle(work, slope)


@kernel
def _slope_of_gentle(work, slope):  # type: ignore[no-untyped-def]
    for c in range(slope.size):
        t = work[GRADE + c]
        u = t * t
        slope[c] = t + t * u * _bend(u)


@kernel
def _slope_of_any(work, slope):  # type: ignore[no-untyped-def]
    for c in range(slope.size):
        grade = work[GRADE + c]
        steep = grade > _ONE
        t = np.divide(min(grade, _ONE), max(grade, _ONE))
        u = t * t
        made = t + (t * u * _bend(u) + (_QUARTER_REST if steep else _ZERO))
        slope[c] = _QUARTER - made if steep else made


@kernel
def _bend(u):  # type: ignore[no-untyped-def]
    """A0 + A1 u + ... in pairs, so that few of its operations wait for another."""
    v = u * u
    lower, upper = (_A0 + u * _A1) + v * (_A2 + u * _A3), (_A4 + u * _A5) + v * (_A6 + u * _A7)
    return lower + v * v * upper


@kernel
def aspect_of_block(work, aspect):  # type: ignore[no-untyped-def]
    """Azimuth of downhill from 0 to below a turn, 0 on the level; within 4e-7 rad, of which rounding is 2.4e-7.

    From the nearest axis on by twice the arctangent of the half angle, which is at most a sixteenth of a turn.
    """
    for c in range(aspect.size):
        north, east = work[NORTH + c], work[EAST + c]
        across, westward = abs(east) > abs(north), _AROUND if east > _ZERO else _ZERO
        far, near = (east, -north) if across else (north, east)
        grade = max(work[GRADE + c], _LEAST)
        work[_TANGENT + c] = np.divide(near, far + (-grade if far < _ZERO else grade))
        along = _OPPOSITE if north > _ZERO else westward
        work[_NEAREST_AXIS + c] = abs(westward - _AXIS) if across else along
    for c in range(aspect.size):
        t, axis = work[_TANGENT + c], work[_NEAREST_AXIS + c]
        u = t * t
        on = (t + t) + t * u * ((_B0 + u * _B1) + u * u * (_B2 + u * _B3))
        aspect[c] = min(axis + (axis * _AXIS_LACKS + on), _BELOW_TURN)
