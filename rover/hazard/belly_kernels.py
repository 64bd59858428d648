"""Kernels of the belly: its plane over the axles, and the least gap between it and the ground under it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rover.core.jit import bare, kernel
from rover.hazard.angle_kernels import sine
from rover.hazard.interval_kernels import least_square, most_square, times
from rover.hazard.linkage_kernels import BELLY, BODY, FIGURES, PITCH, ROLL, WHEELS, settle_axles, upright

BLOCK = 8
"""Samples to a side of a block, whose highest ground is known."""

ROUNDING_M = 1e-9
"""More than what sums of some heights are rounded by."""


class Under(NamedTuple):
    """What bounds the gap between the belly's plane and the ground under a point of it.

    Attributes:
        place: Of the belly.
        ahead, left: Of its middle, from there.
        length, width: It reaches so far from its middle, half a sample with it.
        grade, side: Of its plane, along and to the left.
        doubt, along_doubt, across_doubt: What its height may be off in the middle, and more for each metre ahead and
            aside.
        loosest: Most that the axles' ranges do to any point.
        weights, own: As of `belly_bounds`.
    """

    place: Any
    ahead: Any
    left: Any
    length: Any
    width: Any
    grade: Any
    side: Any
    doubt: Any
    along_doubt: Any
    across_doubt: Any
    loosest: Any
    weights: Any
    own: Any


@kernel
def belly_planes(links, belly, heights, planes):  # type: ignore[no-untyped-def]
    """Fill the belly's height over the rover's place, its grades along and across, and attitude and suspension.

    Args:
        links, belly: As of `bound_poses`.
        heights: (n, 6) of the axles.
        planes: (n, 8) height, grade along, grade across, pitch, roll, rocker and bogies; NaN where it cannot stand.
    """
    own = np.empty((FIGURES, 2))
    for k in range(len(heights)):
        for i in range(WHEELS):
            own[i, 0] = own[i, 1] = heights[k, i]
        settle_axles(links, own)
        planes[k] = np.nan
        if not own[PITCH, 1] < np.inf:
            continue
        low, high, along, _, across, _ = belly_plane(belly, own)
        planes[k, 0], planes[k, 1], planes[k, 2] = (low + high) / 2.0, along, across
        for i in range(PITCH, BELLY):
            planes[k, 3 + i - PITCH] = (own[i, 0] + own[i, 1]) / 2.0


@bare
def belly_plane(belly, own):  # type: ignore[no-untyped-def]
    """Bound the belly's height over the rover's place; the grades of its plane along and across the heading.

    The place lies a wheel's radius below the middle of the axles, upright as the body is.
    """
    sine_low, sine_high = sine(own[PITCH, 0]), sine(own[PITCH, 1])
    cosine_low = math.sqrt(1.0 - most_square(sine_low, sine_high))
    cosine_high = math.sqrt(1.0 - least_square(sine_low, sine_high))
    across_low, across_high = sine(own[ROLL, 0]), sine(own[ROLL, 1])
    side_low = across_low * (cosine_high if across_low < 0.0 else cosine_low)
    side_high = across_high * (cosine_low if across_high < 0.0 else cosine_high)
    upright_low, upright_high = upright(sine_low, sine_high, side_low, side_high)
    if not (upright_low > 0.0 and cosine_low > 0.0):
        return -np.inf, np.inf, 0.0, np.inf, 0.0, np.inf
    along_low = sine_low / (cosine_low if sine_low < 0.0 else cosine_high)
    along_high = sine_high / (cosine_high if sine_high < 0.0 else cosine_low)
    left_low = side_low / (cosine_low * upright_low if side_low < 0.0 else cosine_high * upright_high)
    left_high = side_high / (cosine_high * upright_high if side_high < 0.0 else cosine_low * upright_low)
    over_low = belly[0] / upright_high - belly[5] * upright_high
    over_high = belly[0] / upright_low - belly[5] * upright_low
    return (
        own[BODY, 0] + over_low, own[BODY, 1] + over_high,
        (along_low + along_high) / 2.0, (along_high - along_low) / 2.0,
        (left_low + left_high) / 2.0, (left_high - left_low) / 2.0,
    )  # fmt: skip


@bare
def _doubts(weights, own):  # type: ignore[no-untyped-def]
    """What the weights may be off times half of each axle's range: of height, of grade along and of grade across."""
    height, along, across = 0.0, 0.0, 0.0
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        height += weights[1, 0, i] * half
        along += weights[1, 1, i] * half
        across += weights[1, 2, i] * half
    return height, along, across


@bare
def belly_bounds(laid, rover, place, along, across, level, room, own):  # type: ignore[no-untyped-def]
    """Bound the least vertical gap between the belly's plane and the ground under it.

    By the mean value theorem: a point of the plane is no further from where it is with every axle in the middle of its
    range than the axles' half ranges times the most that a metre of each does to it.

    Args:
        laid, rover, place, along, across: As of `rover.hazard.standing_kernels.stand`.
        level: (FIGURES, 2) with every axle in the middle of its range.
        room: Its `lows` holds a number for each block of samples where the low bound alone is wanted, which is found
            by the few blocks that come near it; too short, both bounds are.
        own: (FIGURES, 2) the bounds, but for the belly's.
    """
    belly, weights = rover.belly, rover.weights
    base_low, base_high, grade, grade_doubt, side, side_doubt = belly_plane(belly, level)
    doubt, along_doubt, across_doubt = _doubts(weights, own)
    along_doubt, across_doubt = along_doubt + grade_doubt, across_doubt + side_doubt
    doubt += _sway(own, along, across)
    (m, n), spacing, cos, sin = laid.high.shape, laid.spacing, place[2], place[3]
    ahead, left, length, width = _from_above(belly, own)
    length, width = length + along, width + across
    # Ground between samples is told by those all round it.
    more = spacing * (abs(cos) + abs(sin)) + 1e-9
    u, v = length * abs(cos) + width * abs(sin), length * abs(sin) + width * abs(cos)
    east, north = place[0] + ahead * cos - left * sin, place[1] + ahead * sin + left * cos
    j0, j1 = math.floor((east - u) / spacing) + n // 2, math.ceil((east + u) / spacing) + n // 2
    i0, i1 = math.floor((north - v) / spacing) + m // 2, math.ceil((north + v) / spacing) + m // 2
    if not (min(i0, j0) >= 0 and i1 < m and j1 < n):
        own[:] = np.nan
        return
    under = Under(
        place, ahead, left, length + more, width + more, grade, side, doubt, along_doubt, across_doubt,
        _loosest(weights, own, abs(ahead) + length + more, abs(left) + width + more), weights, own,
    )  # fmt: skip
    box = i0, i1, j0, j1
    blocks = (i1 // BLOCK - i0 // BLOCK + 1) * (j1 // BLOCK - j0 // BLOCK + 1)
    if blocks + j1 // BLOCK - j0 // BLOCK + 2 <= len(room.lows):
        low, high = _least_gap(laid, under, base_low, box, room.lows), np.inf
    else:
        low = _gap_within(laid, under, base_low, box, np.inf)
        high = _most_gap(laid, under, base_high, box, belly[3] - along, belly[4] - across)
    if low != low:
        own[:] = np.nan
        return
    own[BELLY, 0], own[BELLY, 1] = low, high


@bare
def _from_above(belly, own):  # type: ignore[no-untyped-def]
    """Return how far ahead and left of the rover's place the belly's middle lies, seen from above, and its half sides.

    A point of the body that is `x` ahead, `y` left and `z` up lies x cos(p) - sin(p) (y sin(r) + z cos(r)) ahead and
    y cos(r) - z sin(r) left, at pitch p and roll r.
    """
    up, length, width = belly[0], belly[7], belly[8]
    pitch_low, pitch_high = sine(own[PITCH, 0]), sine(own[PITCH, 1])
    roll_low, roll_high = sine(own[ROLL, 0]), sine(own[ROLL, 1])
    most_pitch, most_roll = most_square(pitch_low, pitch_high), most_square(roll_low, roll_high)
    flat = math.sqrt(1.0 - least_square(pitch_low, pitch_high))
    rolled_low, rolled_high = math.sqrt(1.0 - most_roll), math.sqrt(1.0 - least_square(roll_low, roll_high))
    # The product of two ranges, of which one is positive.
    low = min(pitch_low * rolled_low, pitch_low * rolled_high)
    high = max(pitch_high * rolled_low, pitch_high * rolled_high)
    ahead_low, ahead_high = times(-up, low, high)
    left_low, left_high = times(-up, roll_low, roll_high)
    twisted = width * math.sqrt(most_pitch * most_roll)
    return (
        (ahead_low + ahead_high) / 2.0, (left_low + left_high) / 2.0,
        length * flat + twisted + (ahead_high - ahead_low) / 2.0,
        width * rolled_high + (left_high - left_low) / 2.0,
    )  # fmt: skip


@bare
def _least_gap(laid, under, base, box, lows):  # type: ignore[no-untyped-def]
    """Return the least gap over a box of samples; NaN over unknown ground.

    Over a block of samples the plane less all doubts is least at a corner, for it bends downward; less the highest
    ground of the block that is no more than any gap in it. The block with the least such bound is looked at first, and
    of the others those whose bound is less than what has been found.
    """
    i0, i1, j0, j1 = box
    rows, cols = i1 // BLOCK - i0 // BLOCK + 1, j1 // BLOCK - j0 // BLOCK + 1
    corners = lows[rows * cols :]
    for b in range(cols + 1):
        corners[b] = _plane_at(laid, under, base, i0 // BLOCK * BLOCK, (j0 // BLOCK + b) * BLOCK)
    first = 0
    for a in range(rows):
        i = (i0 // BLOCK + a + 1) * BLOCK
        west = corners[0]
        corners[0] = _plane_at(laid, under, base, i, j0 // BLOCK * BLOCK)
        for b in range(cols):
            east = corners[b + 1]
            corners[b + 1] = _plane_at(laid, under, base, i, (j0 // BLOCK + b + 1) * BLOCK)
            least = min(min(west, east), min(corners[b], corners[b + 1]))
            west, at = east, a * cols + b
            lows[at] = least - np.float64(laid.tops[i0 // BLOCK + a, j0 // BLOCK + b]) - ROUNDING_M
            if lows[at] < lows[first]:
                first = at
    low = _gap_within(laid, under, base, _block(box, first // cols, first % cols), np.inf)
    for at in range(rows * cols):
        if at != first and not lows[at] > low:
            low = _gap_within(laid, under, base, _block(box, at // cols, at % cols), low)
    return low


@bare
def _block(box, a, b):  # type: ignore[no-untyped-def]
    """Return what of a box lies in one of its blocks."""
    i0, i1, j0, j1 = box
    i, j = (i0 // BLOCK + a) * BLOCK, (j0 // BLOCK + b) * BLOCK
    return max(i0, i), min(i1, i + BLOCK - 1), max(j0, j), min(j1, j + BLOCK - 1)


@bare
def _plane_at(laid, under, base, i, j):  # type: ignore[no-untyped-def]
    """Return the height of the belly's plane, less all that is in doubt, over a sample."""
    ahead, left = _off(laid, under, i, j)
    loose = under.doubt + under.along_doubt * abs(ahead) + under.across_doubt * abs(left)
    return (
        base
        + (under.grade * ahead + under.side * left)
        - loose
        - _by_axles(under.weights, under.own, ahead, left)
    )


@bare
def _off(laid, under, i, j):  # type: ignore[no-untyped-def]
    """Return how far ahead and left of the place a sample lies."""
    place = under.place
    cos, sin = place[2], place[3]
    north = (i - laid.high.shape[0] // 2) * laid.spacing - place[1]
    east = (j - laid.high.shape[1] // 2) * laid.spacing - place[0]
    return east * cos + north * sin, north * cos - east * sin


@bare
def _gap_within(laid, under, base, box, low):  # type: ignore[no-untyped-def]
    """Return the least gap over a box of samples, if less than `low`; NaN over unknown ground or of a NaN."""
    if low != low:
        return low
    i0, i1, j0, j1 = box
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            ahead, left = _off(laid, under, i, j)
            if abs(ahead - under.ahead) > under.length or abs(left - under.left) > under.width:
                continue
            most = np.float64(laid.high[i, j])
            if not most < np.inf:
                return np.nan
            plane = under.grade * ahead + under.side * left
            loose = under.doubt + under.along_doubt * abs(ahead) + under.across_doubt * abs(left)
            gap = base + plane - most - loose
            if gap - under.loosest < low:
                low = min(low, gap - _by_axles(under.weights, under.own, ahead, left))
    return low


@bare
def _most_gap(laid, under, base, box, length, width):  # type: ignore[no-untyped-def]
    """Bound how large the least gap may be: that of a point no further ahead and aside than is under the belly."""
    i0, i1, j0, j1 = box
    high, widest = np.inf, -np.inf
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            ahead, left = _off(laid, under, i, j)
            if abs(ahead - under.ahead) > under.length or abs(left - under.left) > under.width:
                continue
            plane = under.grade * ahead + under.side * left
            loose = under.doubt + under.along_doubt * abs(ahead) + under.across_doubt * abs(left)
            gap = base + plane - np.float64(laid.low[i, j]) + loose
            widest = max(widest, gap + under.loosest)
            if gap < high and abs(ahead) <= length and abs(left) <= width:
                high = min(high, gap + _by_axles(under.weights, under.own, ahead, left))
    return high if high < np.inf else widest


@bare
def _sway(own, along, across):  # type: ignore[no-untyped-def]
    """What the belly's plane may be off where the rover may be aside."""
    steepest = max(abs(math.tan(own[PITCH, 0])), abs(math.tan(own[PITCH, 1])))
    rolled = max(abs(math.tan(own[ROLL, 0])), abs(math.tan(own[ROLL, 1])))
    return along * steepest + across * rolled * math.sqrt(1.0 + steepest * steepest)


@bare
def _by_axles(weights, own, ahead, left):  # type: ignore[no-untyped-def]
    """What half of each axle's range does to the height of a point of the belly's plane, in sum."""
    loose = 0.0
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        loose += half * abs(weights[0, 0, i] + weights[0, 1, i] * ahead + weights[0, 2, i] * left)
    return loose


@bare
def _loosest(weights, own, length, width):  # type: ignore[no-untyped-def]
    """Most that `_by_axles` may be as far from the middle."""
    loose = 0.0
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        by_grades = abs(weights[0, 1, i]) * length + abs(weights[0, 2, i]) * width
        loose += half * (abs(weights[0, 0, i]) + by_grades)
    return loose
