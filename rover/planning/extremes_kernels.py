"""The extremes of a cost map, in one pass without temporaries."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel


@kernel
def extremes(cost, first, last):  # type: ignore[no-untyped-def]
    """Least cost of rows `first` up to `last`, NaN if any is NaN, and the greatest finite one, 0 if none is."""
    least, greatest = np.inf, 0.0
    known = 0
    for r in range(first, last):
        for c in range(cost.shape[1]):
            value = np.float64(cost[r, c])
            known += value == value
            least = value if value < least else least
            finite = value if value < np.inf else 0.0
            greatest = finite if finite > greatest else greatest
    if known < (last - first) * cost.shape[1]:
        return np.nan, greatest
    return least, greatest
