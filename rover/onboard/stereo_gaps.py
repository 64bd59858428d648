"""Gaps in what stereo has seen: cells that no point fell into, among cells that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rover.onboard.local_map import LocalMap
from rover.onboard.stereo_gaps_kernels import bridge

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
    filled, doubt = np.empty_like(height), np.empty_like(sigma)
    for _ in range(PASSES):
        if bridge(height, sigma, LEAST_KNOWN, filled, doubt) == 0:
            break
        height, filled, sigma, doubt = filled, height, doubt, sigma
    return replace(local, height_m=height.astype(np.float32), variance_m2=(sigma**2).astype(np.float32))
