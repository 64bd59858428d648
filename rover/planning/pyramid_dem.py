"""Costs of a DEM that no memory holds, a band of rows at a time, for `write_pyramid`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.grid import check_square
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import build_costmap, footprint_reach_cells, refuse_larger_than_map
from rover.hazard.detect import detect_hazards
from rover.io.bands import DemBands
from rover.terrain.derive import derive_terrain


class DemCosts:
    """The cost map of a DEM in a file, made as its rows are asked for.

    Each band is derived with as many rows beyond it as windows and footprint reach, so that it is bit for bit that of
    the cost map of the whole: no seam.

    Attributes:
        shape: Rows and columns.
        dtype: float64.

    Raises:
        DemFrameError: Cells that are not square.
        VehicleError: The vehicle does not fit on the map.
    """

    dtype: np.dtype[Any] = np.dtype(np.float64)

    def __init__(self, bands: DemBands, vehicle: VehicleParams) -> None:
        check_square(bands.geometry, "a cost map", file=bands.path)
        refuse_larger_than_map(vehicle, bands.geometry)
        self._bands, self._vehicle = bands, vehicle
        self._halo = _halo(bands, vehicle)

    @property
    def shape(self) -> tuple[int, int]:
        return self._bands.geometry.shape

    def rows(self, first: int, last: int) -> npt.NDArray[np.float64]:
        """Return the costs of rows `first` up to but not `last`."""
        low, high = max(0, first - self._halo), min(self.shape[0], last + self._halo)
        dem, vehicle = self._bands.dem(low, high), self._vehicle
        terrain = derive_terrain(dem, footprint_m=vehicle.length_m, wheelbase_m=vehicle.wheelbase_m)
        costmap = build_costmap(detect_hazards(terrain, vehicle), terrain, vehicle)
        return costmap.cost_s_per_m[first - low : last - low]


def _halo(bands: DemBands, vehicle: VehicleParams) -> int:
    """Return the rows beyond a band that its costs depend on: a window's half, seen from a footprint away."""
    cell_m = bands.geometry.resolution_m
    half_window = max(1, *(round(side_m / 2 / cell_m) for side_m in (vehicle.length_m, vehicle.wheelbase_m)))
    return half_window + math.ceil(footprint_reach_cells(bands.geometry, vehicle)) + 1
