"""Kernels of the belly: its plane over the axles, and the least gap between it and the ground under it."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.angle_kernels import sine
from rover.hazard.interval_kernels import least_square, most_square, times
from rover.hazard.linkage_kernels import BELLY, BODY, FIGURES, PITCH, ROLL, WHEELS, settle_axles, upright


@kernel
def belly_planes(links, belly, heights, planes):  # type: ignore[no-untyped-def]
    """Fill the belly's height over the middle of the axles, its grades along and across, and attitude and suspension.

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


@kernel
def belly_plane(belly, own):  # type: ignore[no-untyped-def]
    """Bound the belly's height over the middle of the axles; the grades of its plane along and across the heading."""
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
    over_low, over_high = times(belly[0], 1.0 / upright_high, 1.0 / upright_low)
    return (
        own[BODY, 0] + over_low, own[BODY, 1] + over_high,
        (along_low + along_high) / 2.0, (along_high - along_low) / 2.0,
        (left_low + left_high) / 2.0, (left_high - left_low) / 2.0,
    )  # fmt: skip


@kernel
def _doubts(weights, own):  # type: ignore[no-untyped-def]
    """What the weights may be off times half of each axle's range: of height, of grade along and of grade across."""
    height, along, across = 0.0, 0.0, 0.0
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        height += weights[1, 0, i] * half
        along += weights[1, 1, i] * half
        across += weights[1, 2, i] * half
    return height, along, across


@kernel
def belly_bounds(laid, rover, place, along, across, level, own):  # type: ignore[no-untyped-def]
    """Bound the least vertical gap between the belly's plane and the ground under it.

    By the mean value theorem: a point of the plane is no further from where it is with every axle in the middle of its
    range than the axles' half ranges times the most that a metre of each does to it.

    Args:
        laid, rover, place, along, across: As of `rover.hazard.standing_kernels.stand`.
        level: (FIGURES, 2) with every axle in the middle of its range.
        own: (FIGURES, 2) the bounds, but for the belly's.
    """
    belly, weights = rover.belly, rover.weights
    base_low, base_high, grade, grade_doubt, side, side_doubt = belly_plane(belly, level)
    doubt, along_doubt, across_doubt = _doubts(weights, own)
    along_doubt, across_doubt = along_doubt + grade_doubt, across_doubt + side_doubt
    doubt += _sway(own, along, across)
    n, spacing, cos, sin = len(laid.high), laid.spacing, place[2], place[3]
    length, width = belly[1] + along, belly[2] + across
    # Ground between samples is told by those all round it.
    more = spacing * (abs(cos) + abs(sin)) + 1e-9
    loosest = _loosest(weights, own, length + more, width + more)
    u, v = length * abs(cos) + width * abs(sin), length * abs(sin) + width * abs(cos)
    j0, j1 = math.floor((place[0] - u) / spacing) + n // 2, math.ceil((place[0] + u) / spacing) + n // 2
    i0, i1 = math.floor((place[1] - v) / spacing) + n // 2, math.ceil((place[1] + v) / spacing) + n // 2
    if not (min(i0, j0) >= 0 and max(i1, j1) < n):
        own[:] = np.nan
        return
    low, high, widest, top = np.inf, np.inf, -np.inf, -np.inf
    for i in range(i0, i1 + 1):
        north = (i - n // 2) * spacing - place[1]
        for j in range(j0, j1 + 1):
            east = (j - n // 2) * spacing - place[0]
            ahead, left = east * cos + north * sin, north * cos - east * sin
            if abs(ahead) > length + more or abs(left) > width + more:
                continue
            most, least = np.float64(laid.high[i, j]), np.float64(laid.low[i, j])
            top = max(top, most)
            plane = grade * ahead + side * left
            loose = doubt + along_doubt * abs(ahead) + across_doubt * abs(left)
            gap = base_low + plane - most - loose
            if gap - loosest < low:
                low = min(low, gap - _by_axles(weights, own, ahead, left))
            gap = base_high + plane - least + loose
            widest = max(widest, gap + loosest)
            if gap < high and abs(ahead) <= belly[3] - along and abs(left) <= belly[4] - across:
                high = min(high, gap + _by_axles(weights, own, ahead, left))
    if not top < np.inf:
        own[:] = np.nan
        return
    own[BELLY, 0] = low
    own[BELLY, 1] = high if high < np.inf else widest


@kernel
def _sway(own, along, across):  # type: ignore[no-untyped-def]
    """What the belly's plane may be off where the rover may be aside."""
    steepest = max(abs(math.tan(own[PITCH, 0])), abs(math.tan(own[PITCH, 1])))
    rolled = max(abs(math.tan(own[ROLL, 0])), abs(math.tan(own[ROLL, 1])))
    return along * steepest + across * rolled * math.sqrt(1.0 + steepest * steepest)


@kernel
def _by_axles(weights, own, ahead, left):  # type: ignore[no-untyped-def]
    """What half of each axle's range does to the height of a point of the belly's plane, in sum."""
    loose = 0.0
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        loose += half * abs(weights[0, 0, i] + weights[0, 1, i] * ahead + weights[0, 2, i] * left)
    return loose


@kernel
def _loosest(weights, own, length, width):  # type: ignore[no-untyped-def]
    """Most that `_by_axles` may be as far from the middle."""
    loose = 0.0
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        by_grades = abs(weights[0, 1, i]) * length + abs(weights[0, 2, i]) * width
        loose += half * (abs(weights[0, 0, i]) + by_grades)
    return loose
