"""What it costs to cross a cell, in seconds per metre; lethal is infinite."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rover.core.arrays import locked
from rover.core.grid import GridGeometry, check_square
from rover.core.vehicle import VehicleParams
from rover.hazard.detect import HazardMap
from rover.hazard.trafficability import expected_speed_m_s
from rover.terrain.derive import Terrain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostMap:
    """Price of crossing each cell.

    Attributes:
        geometry: Where the cells are.
        cost_s_per_m: (rows, cols) float64, positive, +inf where lethal, never NaN.
    """

    geometry: GridGeometry
    cost_s_per_m: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        held = locked(self.cost_s_per_m, np.float64, self.geometry.shape, "cost_s_per_m")
        if not (held > 0).all():
            raise ValueError("cost_s_per_m holds a NaN or a value that is not positive")
        object.__setattr__(self, "cost_s_per_m", held)


def build_costmap(hazards: HazardMap, terrain: Terrain, vehicle: VehicleParams) -> CostMap:
    """Price every cell by the speed expected on its slope, and close those the footprint cannot stand on.

    A hazard may lie anywhere in its cell, so every cell is lethal from whose centre the circle round the footprint
    touches a hazardous cell. What has no slope is lethal too.

    Args:
        hazards: The flags.
        terrain: For the slope.
        vehicle: For speed and footprint.

    Raises:
        DemFrameError: Cells that are not square, of which inflation and search know nothing.
    """
    check_square(hazards.geometry, "a cost map")
    slope = np.nan_to_num(terrain.slope_rad, nan=0.0)
    cost = 1.0 / expected_speed_m_s(slope, vehicle)
    cost[inflate(hazards.flags != 0, footprint_reach_cells(terrain.geometry, vehicle))] = np.inf
    cost[np.isnan(terrain.slope_rad)] = np.inf
    return CostMap(geometry=hazards.geometry, cost_s_per_m=cost)


def footprint_reach_cells(geometry: GridGeometry, vehicle: VehicleParams) -> float:
    """Return the greatest distance between the centres of two cells of which the footprint, on one, touches the other.

    The square of a cell on the diagonal reaches further towards the footprint than that of one beside it, so this is
    a little more than needed straight ahead.
    """
    radius_cells = vehicle.footprint_radius_m / geometry.resolution_m
    apart = np.arange(math.ceil(radius_cells) + 2)
    to_square = np.maximum(apart - 0.5, 0.0)
    touched = np.hypot(to_square[:, None], to_square[None, :]) < radius_cells
    return float(np.hypot(apart[:, None], apart[None, :])[touched].max())


def inflate(mask: npt.NDArray[np.bool_], reach_cells: float) -> npt.NDArray[np.bool_]:
    """Return which cells have a marked cell within `reach_cells`, by exact distance between centres."""
    if not mask.any():
        return mask.copy()
    near: npt.NDArray[np.bool_] = distance_transform_edt(~mask) <= reach_cells
    return near
