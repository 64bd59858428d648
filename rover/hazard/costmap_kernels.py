"""Kernels of `rover.hazard.costmap`: exact-distance inflation and the price of each cell.

`np.divide` is a plain division; `/` tests for a zero divisor first, which keeps a loop from being vectorised.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.angle_kernels import sine

HALF_PI = math.pi / 2
MOST_SLIP = 0.95


@kernel
def row_distances(mask, far, gap, first, last):  # type: ignore[no-untyped-def]
    """Fill `gap` with the distance in cells to the nearest marked cell of the same row, `far` at most."""
    cols = mask.shape[1]
    for r in range(first, last):
        run = far
        for c in range(cols):
            run = 0 if mask[r, c] != 0 else min(far, run + 1)
            gap[r, c] = run
        run = far
        for c in range(cols - 1, -1, -1):
            run = min(np.int64(gap[r, c]), run + 1)
            gap[r, c] = run


@kernel
def near_rows(gap, widths, near, first, last):  # type: ignore[no-untyped-def]
    """Fill `near` with 1 for the cells that have a marked one within reach, 0 for the others.

    `gap` is of `row_distances`; `widths[k]`, of its type, is how far the reach goes along a row `k` rows away.
    """
    for r in range(first, last):
        near[r, :] = 0
        for k in range(widths.size):
            if r >= k:
                _reach_from(gap, widths[k], near, r - k, r)
            if k > 0 and r + k < gap.shape[0]:
                _reach_from(gap, widths[k], near, r + k, r)


@kernel
def _reach_from(gap, width, near, source, r):  # type: ignore[no-untyped-def]
    for c in range(gap.shape[1]):
        near[r, c] |= gap[source, c] <= width


@kernel
def price_rows(  # type: ignore[no-untyped-def]
    near, slope, roughness, reads_roughness, speed, slip_per_grade2, undulation, cost, first, last
):
    """Fill `cost` with seconds per metre, +inf where `near` is marked or the slope, or a roughness read, is not known.

    Slip is `slip_per_grade2` times the square of the grade, to which roughness adds `undulation` times its own square.
    """
    for r in range(first, last):
        if reads_roughness:
            for c in range(slope.shape[1]):
                rough = np.float64(roughness[r, c])
                cost[r, c] = _pace(
                    near[r, c], slope[r, c], undulation * rough * rough, speed, slip_per_grade2
                )
        else:
            for c in range(slope.shape[1]):
                cost[r, c] = _pace(near[r, c], slope[r, c], 0.0, speed, slip_per_grade2)


@kernel
def _pace(near, slope, grade2, speed, slip_per_grade2):  # type: ignore[no-untyped-def]
    angle = np.float64(slope)
    grade = np.divide(sine(angle), sine(HALF_PI - angle))
    slip = slip_per_grade2 * (grade * grade + grade2)
    known = slip >= 0.0
    slip = min(slip, MOST_SLIP) if known else 0.0
    pace = np.divide(1.0, speed * (1.0 - slip))
    return np.inf if (near != 0) | (not known) else pace


@kernel
def all_positive(cost, first, last):  # type: ignore[no-untyped-def]
    """Tell whether every cost of rows `first` up to `last` is above zero; a NaN is not."""
    wrong = 0
    for r in range(first, last):
        for c in range(cost.shape[1]):
            wrong += not (cost[r, c] > 0.0)
    return wrong == 0
