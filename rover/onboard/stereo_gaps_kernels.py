"""Kernel of `rover.onboard.stereo_gaps`."""

from __future__ import annotations

import numpy as np

from rover.core.jit import bare


@bare
def bridge(height, sigma, least_known, filled, doubt):  # type: ignore[no-untyped-def]
    """Fill a map with unknown cells between their neighbours, as uncertain as those range; return how many.

    Args:
        height, sigma: (rows, cols) float64 the map; NaN where unknown.
        least_known: Of a cell's eight neighbours; those with fewer stay unknown.
        filled, doubt: (rows, cols) float64 the same with what was bridged.
    """
    rows, cols = height.shape
    bridged = 0
    for i in range(rows):
        for j in range(cols):
            filled[i, j], doubt[i, j] = height[i, j], sigma[i, j]
            if height[i, j] == height[i, j]:
                continue
            known, low, high, worst = 0, np.inf, -np.inf, 0.0
            for r in range(max(0, i - 1), min(rows, i + 2)):
                for c in range(max(0, j - 1), min(cols, j + 2)):
                    value = height[r, c]
                    if value == value:
                        known += 1
                        low, high, worst = min(low, value), max(high, value), max(worst, sigma[r, c])
            if known >= least_known:
                filled[i, j], doubt[i, j] = (low + high) / 2, (high - low) / 2 + worst
                bridged += 1
    return bridged
