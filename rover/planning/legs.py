"""What there is to say of a leg: length, time, slopes, climb and descent, turns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry
from rover.planning.problem import Plan
from rover.terrain.derive import Terrain

Points = npt.NDArray[np.float64]

_STRAIGHT_RAD = math.radians(0.5)
"""A heading that changes by less is no turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFigures:
    """Figures of a leg.

    Attributes:
        length_m: Along the map.
        drive_s: Driving time by the cost map.
        steepest_rad, mean_rad: Slope of the cells that the leg crosses, the mean by length; NaN where it has none.
        steepest_m: (east, north) of the steepest place.
        climb_m, descent_m: Sums of the rises and of the falls of the DEM along the leg, at steps of half a cell.
        waypoints: Places on it, both ends included.
        turns: Waypoints at which the heading changes by more than half a degree.
    """

    length_m: float
    drive_s: float
    steepest_rad: float
    mean_rad: float
    steepest_m: tuple[float, float]
    climb_m: float
    descent_m: float
    waypoints: int
    turns: int


def figures_of(leg: Plan, terrain: Terrain, dem: Dem) -> LegFigures:
    """Return the figures of a leg.

    Args:
        leg: The way, inside the maps.
        terrain, dem: Of one geometry.
    """
    points, weight_m = _samples(leg.waypoints_m, terrain.geometry)
    slope = _at_cells(terrain.slope_rad, points, terrain.geometry)
    steepest = int(np.nanargmax(slope)) if np.isfinite(slope).any() else 0
    rise = np.diff(elevation_along(dem, leg.waypoints_m))
    known = rise[np.isfinite(rise)]
    return LegFigures(
        length_m=leg.length_m,
        drive_s=leg.cost_s,
        steepest_rad=float(slope[steepest]),
        mean_rad=_mean(slope, weight_m),
        steepest_m=(float(points[steepest, 0]), float(points[steepest, 1])),
        climb_m=float(known[known > 0].sum()),
        descent_m=abs(float(known[known < 0].sum())),
        waypoints=len(leg.waypoints_m),
        turns=_turns(leg.waypoints_m),
    )


def _mean(slope: Points, weight_m: Points) -> float:
    known = np.isfinite(slope)
    if not known.any():
        return math.nan
    weight = weight_m[known] if weight_m[known].sum() > 0 else None
    return float(np.average(slope[known], weights=weight))


def _samples(waypoints_m: Points, geometry: GridGeometry) -> tuple[Points, Points]:
    """Return (n, 2) middles of pieces half a cell long at most, and their (n,) lengths; the place of a leg of none.

    Each stretch is cut into an even number, so that the middle of a diagonal, the corner of four cells, is no sample.
    """
    steps = np.diff(waypoints_m, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    keep = length > 0
    if not keep.any():
        return waypoints_m[:1], np.zeros(1)
    begin, steps, length = waypoints_m[:-1][keep], steps[keep], length[keep]
    pieces = 2 * np.ceil(length / geometry.resolution_m).astype(np.int64)
    stretch = np.repeat(np.arange(len(pieces)), pieces)
    index = np.arange(len(stretch)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = (index + 0.5) / pieces[stretch]
    return begin[stretch] + share[:, None] * steps[stretch], (length / pieces)[stretch]


def _at_cells(layer: npt.NDArray[np.float32], points: Points, geometry: GridGeometry) -> Points:
    row = np.floor((points[:, 1] - geometry.north_m) / geometry.resolution_north_m + 0.5).astype(np.int64)
    col = np.floor((points[:, 0] - geometry.east_m) / geometry.resolution_m + 0.5).astype(np.int64)
    row, col = np.clip(row, 0, geometry.rows - 1), np.clip(col, 0, geometry.cols - 1)
    return layer[row, col].astype(np.float64)


def elevation_along(dem: Dem, waypoints_m: Points) -> Points:
    """Return elevations relative to the datum along a way, at its waypoints and every half cell at most; bilinear."""
    steps = np.diff(waypoints_m, axis=0)
    pieces = np.maximum(1, np.ceil(2 * np.hypot(steps[:, 0], steps[:, 1]) / dem.geometry.resolution_m))
    corner = np.r_[0.0, np.cumsum(pieces)]
    at = np.arange(int(corner[-1]) + 1)
    points = np.column_stack([np.interp(at, corner, waypoints_m[:, axis]) for axis in (0, 1)])
    return _bilinear(dem, points)


def _bilinear(dem: Dem, points: Points) -> Points:
    geometry, z = dem.geometry, dem.elevation_m
    col = np.clip((points[:, 0] - geometry.east_m) / geometry.resolution_m, 0, geometry.cols - 1)
    row = np.clip((points[:, 1] - geometry.north_m) / geometry.resolution_north_m, 0, geometry.rows - 1)
    west = np.minimum(col.astype(np.int64), max(geometry.cols - 2, 0))
    south = np.minimum(row.astype(np.int64), max(geometry.rows - 2, 0))
    east, north = np.minimum(west + 1, geometry.cols - 1), np.minimum(south + 1, geometry.rows - 1)
    u, v = col - west, row - south
    below = z[south, west] * (1 - u) + z[south, east] * u
    above = z[north, west] * (1 - u) + z[north, east] * u
    return np.asarray(below * (1 - v) + above * v, np.float64)


def _turns(waypoints_m: Points) -> int:
    steps = np.diff(waypoints_m, axis=0)
    steps = steps[np.hypot(steps[:, 0], steps[:, 1]) > 0]
    heading = np.arctan2(steps[:, 1], steps[:, 0])
    change = np.abs(np.remainder(np.diff(heading) + math.pi, math.tau) - math.pi)
    return int((change > _STRAIGHT_RAD).sum())
