"""How high the horizon stands, for each cell and azimuth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import GridGeometry

STEP_RAD = math.pi / 65534
"""Of a stored elevation: 0.0027 deg."""
UNKNOWN = 65535
"""Stored where the cell's own elevation is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HorizonMap:
    """Elevation of the horizon over each cell, seen from `observer_height_m` above the ground.

    Elevations are above the horizontal plane of the cell itself, which the body's curvature turns from cell to cell.

    Attributes:
        geometry: Where the cells are.
        steps: (azimuths, rows, cols) uint16: elevation is `steps * STEP_RAD - pi / 2`, or `UNKNOWN`. Azimuth k is
            `2 pi k / azimuths`, clockwise from the raster's north.
        observer_height_m: Height of the panel, mast or antenna above the ground.
    """

    geometry: GridGeometry
    steps: npt.NDArray[np.uint16]
    observer_height_m: float

    def __post_init__(self) -> None:
        azimuths = self.steps.shape[0]
        held = locked(self.steps, np.uint16, (azimuths, *self.geometry.shape), "steps")
        object.__setattr__(self, "steps", held)
