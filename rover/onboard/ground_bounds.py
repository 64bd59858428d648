"""Between which heights the ground lies, as far as the local map tells, on cells fine enough for wheels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.onboard.local_map import LocalMap
from rover.onboard.local_map_kernels import even_out, refine_bounds

SIGMAS = 1.0
"""Standard deviations to either side. A wheel's bound is that of the highest and the lowest of some dozens of cells,
which their own noise puts apart already."""

FINEST_M = 0.03
"""Cells are no wider: a bound takes in all of every cell that a wheel may touch."""


EVEN_M = 0.05
"""Neighbours no further apart are taken together: over more than that small rocks would lose their tops."""

APART = 4.0
"""Neighbours that differ by so many standard deviations are two heights, not one with noise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroundBounds:
    """Two surfaces with the ground between them, bilinear between the cells' centres.

    Attributes:
        east_m, north_m: Centre of cell (0, 0).
        side_m: Of a cell.
        low_m, high_m: (rows, cols) float32; NaN where unknown.
    """

    east_m: float
    north_m: float
    side_m: float
    low_m: npt.NDArray[np.float32]
    high_m: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = np.shape(self.low_m)
        for name in ("low_m", "high_m"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float32, shape, name))


def evened(local: LocalMap) -> LocalMap:
    """Return a local map with less noise: of cells as fine as wheels want them, what agrees with its neighbours is one.

    The highest of dozens of cells under a wheel would else be that of the greatest error among them.
    """
    if local.cell_m > EVEN_M + 1e-9:
        return local
    even, doubt = np.empty_like(local.height_m), np.empty_like(local.variance_m2)
    even_out(local.height_m, local.variance_m2, APART, even, doubt)
    return replace(local, height_m=even, variance_m2=doubt)


def ground_bounds(local: LocalMap, *, sigmas: float = SIGMAS) -> GroundBounds:
    """Return the bounds of a local map.

    Args:
        local: With the variance of its heights.
        sigmas: Standard deviations to either side.
    """
    factor = max(1, math.ceil(local.cell_m / FINEST_M - 1e-9))
    rows, cols = ((count - 1) * factor + 1 for count in local.height_m.shape)
    low, high = np.empty((rows, cols), np.float32), np.empty((rows, cols), np.float32)
    deviation = np.sqrt(local.variance_m2.astype(np.float64))
    refine_bounds(local.height_m, deviation, sigmas, factor, low, high)
    geometry = local.geometry
    return GroundBounds(
        east_m=geometry.east_m,
        north_m=geometry.north_m,
        side_m=local.cell_m / factor,
        low_m=low,
        high_m=high,
    )
