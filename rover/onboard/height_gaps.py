"""Gaps in sensed heights: cells left without depth between others that have it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem

PASSES = 6
"""Each fills what its last has left between cells that are known: of half the cells lost by chance a fiftieth remains.

Tilt is read off patches of 0.6 m, of which one cell without depth spoils the whole: two passes left a third of them.
"""

_PAIRS = (((0, 1), (0, -1)), ((1, 0), (-1, 0)), ((1, 1), (-1, -1)), ((1, -1), (-1, 1)))
"""Rows and columns to neighbours that lie opposite one another."""


def bridged(heights: Dem) -> Dem:
    """Return sensed heights with small gaps filled by the mean of what lies on opposite sides of them.

    A step between two cells that have depth is seen whether or not the cell between them has; left as they are, a third
    of the cells without depth would leave no patch of ground whole, and no stone would be seen. Beyond the range, which
    bulges outwards, nothing lies on opposite sides and nothing is made up.

    Args:
        heights: NaN where no depth is known.
    """
    height = heights.elevation_m.astype(np.float64)
    for _ in range(PASSES):
        gap = np.isnan(height)
        if not gap.any():
            return heights
        filled = np.where(gap, _opposite_mean(height), height)
        if np.isnan(filled).sum() == gap.sum():
            break
        height = filled
    if np.array_equal(np.isnan(height), np.isnan(heights.elevation_m)):
        return heights
    return Dem(
        geometry=heights.geometry,
        elevation_m=height.astype(np.float32),
        datum_m=heights.datum_m,
        source=heights.source,
    )


def _opposite_mean(height: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (rows, cols) means over the pairs of opposite neighbours that are both known; NaN where no pair is."""
    rows, cols = height.shape
    padded = np.pad(height, 1, constant_values=np.nan)
    total, count = np.zeros((rows, cols)), np.zeros((rows, cols), np.int64)
    for opposite in _PAIRS:
        one, other = (padded[1 + row : 1 + row + rows, 1 + col : 1 + col + cols] for row, col in opposite)
        pair = (one + other) / 2.0
        known = ~np.isnan(pair)
        total[known] += pair[known]
        count += known
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
