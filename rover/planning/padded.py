"""A cost map as the kernels of straight lines take it: with a lethal border, and positions counted from its corner."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.planning.line_kernels import SURELY_CLEAR, leg_costs

Points = npt.NDArray[np.float64]

TO_CORNER = 1.5
"""From a position whose whole numbers are cell centres to one counted from the border's corner."""
_INSET = 0.125
"""Cells from the border of its own cell to which an end is led first that touches lethal ground."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaddedCosts:
    """Costs with a lethal border of one cell.

    Attributes:
        flat: ((rows + 2) * (cols + 2),) float64 s/m, row by row.
        width: Cells in a row, border included.
        resolution_m: Side of a cell.
        least: Least cost of the map.
    """

    flat: npt.NDArray[np.float64]
    width: int
    resolution_m: float
    least: float

    @classmethod
    def of(cls, cost_s_per_m: npt.NDArray[np.floating], resolution_m: float) -> PaddedCosts:
        """Copy (rows, cols) costs, positive and +inf where lethal."""
        flat = bordered(cost_s_per_m)
        return cls(
            flat=flat, width=cost_s_per_m.shape[1] + 2, resolution_m=resolution_m, least=float(flat.min())
        )

    def drive_s(self, points: Points) -> float:
        """Return the integral of cost along (n, 2) points; inf where a leg touches lethal ground."""
        return math.fsum(leg_costs(self.flat, self.width, points, SURELY_CLEAR)) * self.resolution_m

    @staticmethod
    def placed(points: Points) -> Points:
        """Return (n, 2) positions counted from the border's corner, of such whose whole numbers are cell centres.

        Half a cell is added first, as wherever a point is given its cell, so that no rounding moves it into another.
        """
        cells = np.floor(points + 0.5) + 1.0
        return np.clip(points + TO_CORNER, cells, np.nextafter(cells + 1.0, 0.0))

    def index_of(self, point: Points) -> int:
        """Return where the cell that holds a point stands in `flat`."""
        row, col = math.floor(point[0]), math.floor(point[1])
        return int(row * self.width + col)

    def clear_of_lethal(self, point: Points, clear: float) -> Points:
        """Return a point, or one further inside the same cell if lethal ground lies within `clear` cells of it."""
        around = np.floor(point + clear * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])).astype(np.int64)
        if np.isfinite(self.flat[around[:, 0] * self.width + around[:, 1]]).all():
            return point
        cell = np.floor(point)
        return np.clip(point, cell + _INSET, cell + 1.0 - _INSET)


def bordered(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return (rows, cols) values row by row, with a border of +inf."""
    rows, cols = values.shape
    held = np.full((rows + 2, cols + 2), np.inf)
    held[1:-1, 1:-1] = values
    return held.ravel()


def turning_rad(points: Points) -> float:
    """Return the sum of the angles between the legs of (n, 2) points, no two of which that follow are one place."""
    steps = np.diff(points, axis=0)
    bends = np.abs(np.diff(np.arctan2(steps[:, 0], steps[:, 1])))
    return math.fsum(np.minimum(bends, 2.0 * math.pi - bends))


def distinct(points: Points) -> Points:
    """Leave out points that are the place before them."""
    keep = np.ones(len(points), np.bool_)
    keep[1:] = (np.abs(np.diff(points, axis=0)) > 0.0).any(axis=1)
    return points[keep]
