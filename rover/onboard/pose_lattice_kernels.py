"""Kernel of `rover.onboard.pose_lattice`: clearance evaluation of many poses, each by itself."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.hazard.walk_kernels import MARGINS, walk


@kernel
def try_places(spacing, layers, wheels, bins, rover, places, spread, belly_margin, units, slack):  # type: ignore[no-untyped-def]
    """Fill the least slack of each place over its unit: below 0 it does not pass; NaN over unknown ground.

    Args:
        spacing, layers, wheels, bins, rover, places, belly_margin: As of `rover.hazard.walk_kernels.walk`.
        spread: How far any part may be from where the place puts it, m.
        units: (MARGINS,) what counts as one.
        slack: (n,) float32.
    """
    spreads, margins = np.full((1, 2), spread), np.empty(MARGINS)
    for k in range(len(places)):
        margins[:] = np.inf
        passed = walk(
            spacing, layers, wheels, bins[k : k + 1], rover, places[k : k + 1], spreads, 0, belly_margin, 1, margins
        )  # fmt: skip
        least = np.inf
        for i in range(MARGINS):
            share = margins[i] / units[i]
            if not share >= least:
                least = share
        if passed == 0 and least >= 0.0:
            least = -1.0
        slack[k] = least if not least < -1.0 else -1.0
