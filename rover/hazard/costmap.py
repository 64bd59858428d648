"""What it costs to cross a cell, in seconds per metre; lethal is infinite."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import VehicleError
from rover.core.grid import GridGeometry, check_square
from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap_kernels import all_positive, near_rows, price_rows, row_distances
from rover.hazard.detect import HazardMap, resolves
from rover.hazard.trafficability import slip_per_grade2, undulation_grade2
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
        if not _all_positive(held):
            raise ValueError("cost_s_per_m holds a NaN or a value that is not positive")
        object.__setattr__(self, "cost_s_per_m", held)


def _all_positive(cost: npt.NDArray[np.float64]) -> bool:
    found: list[bool] = []
    by_strips(len(cost), lambda first, last: found.append(all_positive(cost, first, last)))
    return all(found)


def build_costmap(hazards: HazardMap, terrain: Terrain, vehicle: VehicleParams) -> CostMap:
    """Price every cell by the speed expected on its slope and roughness, and close those the footprint cannot stand on.

    A hazard may lie anywhere in its cell, so every cell is lethal from whose centre the circle round the footprint
    touches a hazardous cell. What has no slope is lethal too. Roughness slows where its window is narrow enough to show
    what the vehicle stands on.

    Args:
        hazards: The flags.
        terrain: For slope and roughness.
        vehicle: For speed, slip and footprint.

    Raises:
        DemFrameError: Cells that are not square, of which inflation and search know nothing.
    """
    check_square(hazards.geometry, "a cost map")
    near = _marked_near(hazards.flags, footprint_reach_cells(terrain.geometry, vehicle))
    cost = np.empty(terrain.geometry.shape, np.float64)
    given = (
        *(near, terrain.slope_rad, terrain.roughness_m, resolves(terrain.roughness_window_m, vehicle)),
        *(vehicle.speed_m_s, slip_per_grade2(vehicle), undulation_grade2(1.0, terrain.roughness_window_m)),
    )
    by_strips(len(cost), lambda first, last: price_rows(*given, cost, first, last))
    return CostMap(geometry=hazards.geometry, cost_s_per_m=cost)


def refuse_larger_than_map(vehicle: VehicleParams, geometry: GridGeometry) -> None:
    """Refuse a vehicle that could not turn round on a map.

    Raises:
        VehicleError: The circle round its footprint is wider than the map.
    """
    west, south, east, north = geometry.bounds_m
    room_m, wanted_m = min(east - west, north - south), 2 * vehicle.footprint_radius_m
    if not wanted_m <= room_m:
        raise VehicleError(
            f"the vehicle takes {wanted_m:.2f} m to turn round, and the map is {room_m:.2f} m across",
            remedy="give a larger map or a smaller vehicle",
            field="vehicle.length_m",
            value=vehicle.length_m,
        )


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
    return _marked_near(mask.view(np.uint8), reach_cells).view(np.bool_)


def _marked_near(marks: npt.NDArray[np.uint8], reach_cells: float) -> npt.NDArray[np.uint8]:
    """Return 1 for each cell that has a mark other than 0 within reach, 0 for the others.

    First the distance to the nearest mark along each row, then, for each row within reach, whether that is short enough
    for a row so far away: all in whole cells, and no more of either than the reach asks.
    """
    widths = _widths(reach_cells, marks.shape)
    far = int(widths[0]) + 1
    kind: Any = np.min_scalar_type(far)
    gap = np.empty(marks.shape, kind)
    by_strips(len(marks), lambda first, last: row_distances(marks, far, gap, first, last))
    near = np.empty(marks.shape, np.uint8)
    by_strips(len(marks), lambda first, last: near_rows(gap, widths.astype(kind), near, first, last))
    return near


def _widths(reach_cells: float, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return by rows apart, 0 and on, how many columns apart a cell may be to be within reach."""
    most = max(shape)
    reach = min(max(reach_cells, 0.0), float(2 * most))
    rows_apart = np.arange(min(math.floor(reach), shape[0] - 1) + 1)
    columns = np.arange(min(math.floor(reach), most) + 1)
    # The square root of a whole number is rounded right, so that this is the distance that anyone else finds.
    return np.array(
        [np.searchsorted(np.sqrt(columns**2 + k * k), reach, side="right") - 1 for k in rows_apart], np.int64
    )
