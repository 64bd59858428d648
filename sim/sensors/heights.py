"""Heights from ranged points: a grid that goes with the rover and forgets what it leaves behind."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry, Site
from sim.sensors.height_kernels import bin_points

Floats = npt.NDArray[np.float64]

CELL_M = 0.1


class RollingHeights:
    """Means of the points in each cell round the rover; a cell that no point fell into is unknown.

    Cells are whole multiples of their side from the frame's origin: they stay what they are as the grid goes on.
    """

    def __init__(self, *, reach_m: float, site: Site, datum_m: float, cell_m: float = CELL_M) -> None:
        """Begin with nothing known.

        Args:
            reach_m: Cells further from the rover are left out.
            site: Place and frame of the heights.
            datum_m: That points' heights are counted from.
            cell_m: Side of a cell.
        """
        self._reach_m = reach_m
        self._site = site
        self._datum_m = datum_m
        self._cell_m = cell_m
        self._half = math.ceil(reach_m / cell_m)
        side = 2 * self._half + 1
        self._corner = (0, 0)
        self._sums = np.zeros((3, side, side))

    def centre(self, east_m: float, north_m: float) -> None:
        """Bring the grid to where the rover is; what leaves it is forgotten."""
        corner = (
            math.floor(north_m / self._cell_m) - self._half,
            math.floor(east_m / self._cell_m) - self._half,
        )
        up, along = (new - old for new, old in zip(corner, self._corner, strict=True))
        moved = np.zeros_like(self._sums)
        rows, cols = self._sums.shape[1:]
        if abs(up) < rows and abs(along) < cols:
            here = np.s_[:, max(0, -up) : rows - max(0, up), max(0, -along) : cols - max(0, along)]
            there = np.s_[:, max(0, up) : rows + min(0, up), max(0, along) : cols + min(0, along)]
            moved[here] = self._sums[there]
        self._sums, self._corner = moved, corner

    def add(self, points_m: Floats, sigma_m: npt.ArrayLike) -> None:
        """Add (n, 3) points east, north and height, with (n,) standard deviations."""
        south, west = (index * self._cell_m for index in self._corner)
        variance = np.maximum(np.asarray(sigma_m, np.float64), 1e-6) ** 2
        bin_points(
            np.ascontiguousarray(points_m, dtype=np.float64), variance, west, south, self._cell_m, *self._sums
        )

    def dem(self, east_m: float, north_m: float) -> Dem:
        """Return what is known within reach of a place.

        The variance of a cell is the harmonic mean of those of its points: errors of neighbouring matches go together,
        so that many points tell no more than one.
        """
        weight, height, count = self._sums
        rows, cols = weight.shape
        geometry = GridGeometry(
            rows=rows,
            cols=cols,
            resolution_m=self._cell_m,
            east_m=(self._corner[1] + 0.5) * self._cell_m,
            north_m=(self._corner[0] + 0.5) * self._cell_m,
            site=self._site,
        )
        east = geometry.east_m + np.arange(cols) * self._cell_m
        north = geometry.north_m + np.arange(rows) * self._cell_m
        within = np.hypot(north[:, None] - north_m, east[None, :] - east_m) <= self._reach_m
        seen = within & (weight > 0)
        mean, variance = np.full(weight.shape, np.nan), np.full(weight.shape, np.nan)
        mean[seen] = height[seen] / weight[seen]
        variance[seen] = count[seen] / weight[seen]
        return Dem(
            geometry=geometry,
            elevation_m=mean.astype(np.float32),
            datum_m=self._datum_m,
            variance_m2=variance.astype(np.float32),
            source="navigation stereo",
        )
