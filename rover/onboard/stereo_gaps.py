"""Gaps in what stereo has seen: cells that no point fell into, among cells that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

from rover.onboard.local_map import LocalMap

LEAST_KNOWN = 5
"""Of the eight neighbours of a gap."""

PASSES = 2
"""Gaps up to so many cells wide are bridged."""


def bridged(local: LocalMap) -> LocalMap:
    """Return the map with small gaps taken to lie between the lowest and the highest of their neighbours.

    A cell is left out where matching fails, or where a stone hides it. The stone is a neighbour then, and the gap is as
    uncertain as it is high. Its deviation holds the neighbours' range and the worst of their own.

    Args:
        local: The map; gaps wider than some cells stay unknown.
    """
    height, sigma = local.height_m.astype(np.float64), np.sqrt(local.variance_m2.astype(np.float64))
    for _ in range(PASSES):
        known = ~np.isnan(height)
        count = np.rint(9 * uniform_filter(known.astype(np.float64), 3, mode="constant"))
        gap = ~known & (count >= LEAST_KNOWN)
        if not gap.any():
            break
        high = maximum_filter(np.where(known, height, -np.inf), 3, mode="constant", cval=-np.inf)[gap]
        low = minimum_filter(np.where(known, height, np.inf), 3, mode="constant", cval=np.inf)[gap]
        worst = maximum_filter(np.where(known, sigma, 0.0), 3, mode="constant")[gap]
        height[gap], sigma[gap] = (low + high) / 2, (high - low) / 2 + worst
    return replace(local, height_m=height.astype(np.float32), variance_m2=(sigma**2).astype(np.float32))
