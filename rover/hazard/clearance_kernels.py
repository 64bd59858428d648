"""Kernel of `rover.hazard.clearance`: bounds on how a rover stands at many poses."""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.hazard.linkage_kernels import FIGURES, WHEELS, beyond_bounds
from rover.hazard.standing_kernels import room_to_work, stand
from rover.hazard.wheel_kernels import laid_along


@kernel
def bound_places(spacing, layers, wheels, bins, rover, places, spread, bounds, first, last):  # type: ignore[no-untyped-def]
    """Fill `bounds` (n, FIGURES, 2) for places `first` up to `last`, each of a rover that has stood there.

    Args:
        spacing, layers, wheels, bins, rover, places: As of `rover.hazard.walk_kernels.walk`.
        spread: How far any part may be from where the place puts it, m.
    """
    room, held = room_to_work(0), np.empty((FIGURES, 2))
    for k in range(first, last):
        b = bins[k]
        laid = laid_along(spacing, layers, wheels, b)
        held[:] = np.nan
        stand(laid, rover, places[k], spread, spread, held, room, bounds[k], False)
        if bounds[k, 0, 0] > bounds[k, 0, 1]:
            # It does not stand there within its limits or near them.
            for i in range(WHEELS):
                bounds[k, i, 0], bounds[k, i, 1] = -np.inf, np.inf
            beyond_bounds(bounds[k])
