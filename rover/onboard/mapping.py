"""What the rover believes of the ground: the orbital map, and what it has seen since."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from rover.core.arrays import locked
from rover.core.boundary import Observation
from rover.core.grid import Dem, GridGeometry
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import CostMap, footprint_reach_cells, inflate
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.onboard.height_gaps import bridged
from rover.terrain.derive import Terrain, derive_terrain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BeliefState:
    """The rover's maps.

    Attributes:
        hazards: Flags by cell of the planning map, orbital and seen.
        costmap: What it plans on.
        steep: (rows, cols) bool, cells closed for no other reason than that their slope was seen to be too steep.
    """

    hazards: HazardMap
    costmap: CostMap
    steep: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        held = locked(self.steep, np.bool_, self.costmap.geometry.shape, "steep")
        object.__setattr__(self, "steep", held)


BOARD_CELL_M = 1.0
"""Cells on board are no wider: what the rover sees closes its own surroundings, not whole cells of a coarse map."""

MOST_BOARD_CELLS = 9_000_000
"""Round a long path over a coarse map the cells are as fine as this allows: 0.2 GB of maps."""

ROUND_THE_PATH_M = 200.0
"""What the rover is sent reaches this far to each side of its path, at least."""

SEEN_CELL_M = 0.2
"""Heights sensed on finer cells are averaged to this before they are judged, so that noise is not taken for rocks."""

SEEN_TILT_SHARE = 0.93
"""Ground is closed at this share of a tilt limit, 1 deg below 15: four sigma of the slope that 1 cm of noise makes."""


def begin_belief(
    terrain: Terrain,
    hazards: HazardMap,
    costmap: CostMap,
    vehicle: VehicleParams,
    path_m: npt.NDArray[np.float64],
    *,
    judged: bool = False,
) -> tuple[Terrain, BeliefState]:
    """Return the layers and maps that the rover is sent: round its path, on cells fine enough to be driven by.

    The finer cells lie nearer to the hazards than the coarse centres did, so the footprint's reach is taken anew.

    Args:
        terrain, hazards, costmap: Of the orbital map.
        vehicle: For its footprint.
        path_m: (n, 2) the way planned.
        judged: The path was judged by heading and corridor, which a cost map does not know: its own cells are open, at
            the highest price.
    """
    window = _window(costmap.geometry, path_m)
    coarse = _cut(costmap.geometry, window)
    factor = max(1, math.ceil(coarse.resolution_m / BOARD_CELL_M - 1e-9))
    factor = min(factor, max(1, math.isqrt(MOST_BOARD_CELLS // (coarse.rows * coarse.cols))))
    geometry = _split(coarse, factor)

    def fine(layer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return layer[window].repeat(factor, axis=0).repeat(factor, axis=1)

    flags, cost = fine(hazards.flags), fine(costmap.cost_s_per_m)
    cost[inflate(flags != 0, footprint_reach_cells(geometry, vehicle))] = np.inf
    if judged:
        _open_path(cost, geometry, path_m)
    belief = BeliefState(
        hazards=HazardMap(geometry=geometry, flags=flags),
        costmap=CostMap(geometry=geometry, cost_s_per_m=cost),
        steep=np.zeros(geometry.shape, np.bool_),
    )
    layers = replace(
        terrain,
        geometry=geometry,
        slope_rad=fine(terrain.slope_rad),
        aspect_rad=fine(terrain.aspect_rad),
        roughness_m=fine(terrain.roughness_m),
        step_m=fine(terrain.step_m),
    )
    return layers, belief


def _open_path(
    cost: npt.NDArray[np.float64], geometry: GridGeometry, path_m: npt.NDArray[np.float64]
) -> None:
    """Open, in place, the cells that a path leads through."""
    dearest = np.max(cost, where=np.isfinite(cost), initial=1.0)
    count = max(
        1, math.ceil(4 * float(np.hypot(*np.diff(path_m, axis=0).T).max(initial=0)) / geometry.resolution_m)
    )
    share = np.linspace(0.0, 1.0, count + 1)[:, None, None]
    along = (path_m[:-1] + (path_m[1:] - path_m[:-1]) * share).reshape(-1, 2)
    for place in np.vstack([path_m, along]).tolist():
        cell = geometry.cell_at(*place)
        if cell is not None and not math.isfinite(cost[cell]):
            cost[cell] = dearest


def _window(geometry: GridGeometry, path_m: npt.NDArray[np.float64]) -> tuple[slice, slice]:
    """Return the rows and columns round a path: half its length to each side, `ROUND_THE_PATH_M` at least."""
    length = float(np.hypot(*np.diff(path_m, axis=0).T).sum())
    margin = max(ROUND_THE_PATH_M, length / 2)
    origin = np.array([geometry.east_m, geometry.north_m])
    low = np.floor((path_m.min(axis=0) - margin - origin) / geometry.resolution_m).astype(int)
    high = np.ceil((path_m.max(axis=0) + margin - origin) / geometry.resolution_m).astype(int) + 1
    rows = slice(max(0, low[1]), min(geometry.rows, high[1]))
    cols = slice(max(0, low[0]), min(geometry.cols, high[0]))
    return rows, cols


def _cut(geometry: GridGeometry, window: tuple[slice, slice]) -> GridGeometry:
    rows, cols = window
    east_m, north_m = geometry.centre_of(rows.start, cols.start)
    return replace(
        geometry, rows=rows.stop - rows.start, cols=cols.stop - cols.start, east_m=east_m, north_m=north_m
    )


def _split(geometry: GridGeometry, factor: int) -> GridGeometry:
    fine_m = geometry.resolution_m / factor
    shift = (factor - 1) / 2 * fine_m
    return replace(
        geometry,
        rows=geometry.rows * factor,
        cols=geometry.cols * factor,
        resolution_m=fine_m,
        resolution_north_m=fine_m,
        east_m=geometry.east_m - shift,
        north_m=geometry.north_m - shift,
    )


def update_map(belief: BeliefState, observation: Observation, vehicle: VehicleParams) -> BeliefState:
    """Fuse sensed heights: close every planning cell from which a seen hazard could be touched.

    What is not in view keeps what the orbital map said of it.
    """
    if observation.heights is None:
        return belief
    factor = max(1, math.floor(SEEN_CELL_M / observation.heights.geometry.resolution_m + 1e-9))
    heights = bridged(observation.heights)
    heights = block_mean(heights, factor) if factor > 1 else heights
    seen = _seen_hazards(heights, vehicle)
    if not any(mask.any() for mask, _ in seen):
        return belief
    layers = _Layers.of(belief)
    for mask, hazard in seen:
        _close_near(_points(mask, heights.geometry), hazard, layers, belief, heights, vehicle)
    return layers.into(belief)


def close_cell(belief: BeliefState, east_m: float, north_m: float, hazard: Hazard) -> BeliefState:
    """Mark the planning cell under a place as lethal for a reason that was measured there."""
    cell = belief.costmap.geometry.cell_at(east_m, north_m)
    if cell is None:
        return belief
    layers = _Layers.of(belief)
    layers.flags[cell] |= np.uint8(hazard)
    layers.cost[cell] = np.inf
    layers.steep[cell] = False
    return layers.into(belief)


@dataclass(frozen=True, slots=True, eq=False)
class _Layers:
    """The arrays of a belief, copied to be written to."""

    flags: npt.NDArray[np.uint8]
    cost: npt.NDArray[np.float64]
    steep: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, belief: BeliefState) -> _Layers:
        return cls(belief.hazards.flags.copy(), belief.costmap.cost_s_per_m.copy(), belief.steep.copy())

    def into(self, belief: BeliefState) -> BeliefState:
        geometry = belief.costmap.geometry
        return replace(
            belief,
            hazards=HazardMap(geometry=geometry, flags=self.flags),
            costmap=CostMap(geometry=geometry, cost_s_per_m=self.cost),
            steep=self.steep,
        )


def _seen_hazards(heights: Dem, vehicle: VehicleParams) -> list[tuple[npt.NDArray[np.bool_], Hazard]]:
    """Return which sensed cells show a step or roughness, and which a tilt, of the size of the vehicle."""
    vehicle = vehicle.model_copy(
        update={
            "slope_limit_deg": vehicle.slope_limit_deg * SEEN_TILT_SHARE,
            "roll_limit_deg": vehicle.roll_limit_deg * SEEN_TILT_SHARE,
        }
    )
    fine = detect_hazards(
        derive_terrain(heights, footprint_m=vehicle.width_m, wheelbase_m=vehicle.wheelbase_m), vehicle
    )
    steps = (fine.flags & np.uint8(Hazard.STEP)) != 0
    rough = (fine.flags & np.uint8(Hazard.ROUGHNESS)) != 0
    # The body feels the slope between its wheels, not that of every pebble: tilt is read at that baseline.
    factor = max(1, round(vehicle.wheelbase_m / 2 / heights.geometry.resolution_m))
    coarse = block_mean(heights, factor)
    flags = detect_hazards(derive_terrain(coarse), vehicle).flags
    tilted = np.zeros(heights.geometry.shape, np.bool_)
    blocks = np.kron((flags & np.uint8(Hazard.TILT)) != 0, np.ones((factor, factor), np.bool_))
    tilted[: blocks.shape[0], : blocks.shape[1]] = blocks
    return [(steps, Hazard.STEP), (rough, Hazard.ROUGHNESS), (tilted, Hazard.TILT)]


def block_mean(dem: Dem, factor: int) -> Dem:
    """Return a DEM of cells `factor` times as large; a block with an unknown height is unknown."""
    rows, cols = dem.geometry.rows // factor, dem.geometry.cols // factor
    whole = dem.elevation_m[: rows * factor, : cols * factor]
    mean = whole.reshape(rows, factor, cols, factor).mean(axis=(1, 3), dtype=np.float64)
    old = dem.geometry
    shift = (factor - 1) / 2 * old.resolution_m
    geometry = GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=old.resolution_m * factor,
        east_m=old.east_m + shift,
        north_m=old.north_m + shift,
        site=old.site,
    )
    return Dem(geometry=geometry, elevation_m=mean.astype(np.float32), datum_m=dem.datum_m, source=dem.source)


def _points(mask: npt.NDArray[np.bool_], geometry: GridGeometry) -> npt.NDArray[np.float64]:
    return geometry.centres_of(np.argwhere(mask))


def clear_radius_m(vehicle: VehicleParams, planning_resolution_m: float, seen_resolution_m: float) -> float:
    """Return how far from a seen hazard the centre of every planning cell on the path must be.

    The rover turns in place at cell centres, so the circle round the footprint must be clear there. Between two
    neighbouring centres, at most a cell's diagonal apart, half the width must be clear: a point nearer to the
    segment than that lies within the hypotenuse below of one of its ends. The hazard fills its own cell.
    """
    half_diagonal = planning_resolution_m * math.sqrt(2) / 2
    between = math.hypot(vehicle.width_m / 2, half_diagonal)
    return max(vehicle.footprint_radius_m, between) + seen_resolution_m * math.sqrt(2) / 2


def _close_near(
    points: npt.NDArray[np.float64],
    hazard: Hazard,
    layers: _Layers,
    belief: BeliefState,
    heights: Dem,
    vehicle: VehicleParams,
) -> None:
    """Make lethal, in place, every planning cell whose centre is too near one of (n, 2) points."""
    if len(points) == 0:
        return
    geometry = belief.costmap.geometry
    if hazard is Hazard.TILT:
        # The body tilts by the ground that its centre passes over, wherever else that ground may touch it.
        radius = geometry.resolution_m * math.sqrt(2) / 2
    else:
        radius = clear_radius_m(vehicle, geometry.resolution_m, heights.geometry.resolution_m)
    origin = np.array([geometry.east_m, geometry.north_m])
    low = np.floor((points.min(axis=0) - radius - origin) / geometry.resolution_m).astype(int)
    high = np.ceil((points.max(axis=0) + radius - origin) / geometry.resolution_m).astype(int)
    col0, row0 = np.maximum(low, 0)
    col1, row1 = np.minimum(high, [geometry.cols - 1, geometry.rows - 1])
    rows, cols = np.mgrid[row0 : row1 + 1, col0 : col1 + 1]
    centres = origin + np.stack([cols, rows], axis=-1) * geometry.resolution_m
    gap, _ = cKDTree(points).query(centres)
    window = np.s_[row0 : row1 + 1, col0 : col1 + 1]
    near = gap <= radius
    if hazard is Hazard.TILT:
        layers.steep[window][near & np.isfinite(layers.cost[window])] = True
    else:
        layers.steep[window][near] = False
    layers.cost[window][near] = np.inf
    # The flag stands where the hazard is; the rest is closed by reach, as in the orbital cost map.
    layers.flags[window][gap <= geometry.resolution_m / 2] |= np.uint8(hazard)
