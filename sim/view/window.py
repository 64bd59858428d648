"""Which piece of the terrain a map shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.grid import GridGeometry, check_square

Points = npt.NDArray[np.float64]

LEAST_WIDTH_M = 150.0
MOST_CELLS = 1000
"""A picture cannot show more along one side; larger rasters are thinned to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle in the terrain's frame, metres."""

    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        return self.east - self.west

    @property
    def height(self) -> float:
        return self.north - self.south

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, east, south, north: matplotlib's order."""
        return self.west, self.east, self.south, self.north

    def grown(self, by_m: float) -> Window:
        """Return a window larger by so much on each side."""
        west, south, east, north = self.west - by_m, self.south - by_m, self.east + by_m, self.north + by_m
        return Window(west=west, south=south, east=east, north=north)

    def holds(self, points_m: Points) -> npt.NDArray[np.bool_]:
        """Tell of (n, 2) points whether each lies inside."""
        east, north = points_m[:, 0], points_m[:, 1]
        return (east > self.west) & (east < self.east) & (north > self.south) & (north < self.north)


def whole(geometry: GridGeometry) -> Window:
    """Return the window of all the terrain."""
    west, south, east, north = geometry.bounds_m
    return Window(west=west, south=south, east=east, north=north)


def window_round(points_m: Points, geometry: GridGeometry, *, aspect: float) -> Window:
    """Return a window with all points, room around them, and the wanted shape as far as the terrain allows.

    Args:
        points_m: (n, 2) east and north; points that are not finite do not count.
        geometry: The terrain.
        aspect: Width over height.
    """
    full = whole(geometry)
    points = points_m[np.isfinite(points_m).all(axis=1)]
    if len(points) == 0:
        return full
    low, high = points.min(axis=0), points.max(axis=0)
    size = high - low
    margin = max(15.0, 0.12 * float(size.max()))
    width, height = np.maximum(size + 2 * margin, LEAST_WIDTH_M)
    width, height = max(width, height * aspect), max(height, width / aspect)
    middle = (low + high) / 2
    west, east = _fit(float(middle[0]), float(width), full.west, full.east)
    south, north = _fit(float(middle[1]), float(height), full.south, full.north)
    return Window(west=west, south=south, east=east, north=north)


def _fit(middle: float, size: float, low: float, high: float) -> tuple[float, float]:
    """Return an interval of `size` round `middle`, moved, and at last cut, to fit `low` to `high`."""
    if size >= high - low:
        return low, high
    begin = min(max(middle - size / 2, low), high - size)
    return begin, begin + size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """The cells under a window.

    Attributes:
        rows, cols: Slices that cut them, thinned, from an array of the terrain's shape: the first cell of
            each block stands for it.
        east_m, north_m: Centres of the columns and rows that are left.
        window: The outer edges of the blocks.
        resolution_m: Side of a block.
    """

    rows: slice
    cols: slice
    east_m: Points
    north_m: Points
    window: Window
    resolution_m: float


def piece_under(window: Window, geometry: GridGeometry) -> Piece:
    """Return the cells that a window touches, thinned to `MOST_CELLS` along the longer side."""
    check_square(geometry, "a map")
    cell = geometry.resolution_m
    origin = np.array(geometry.bounds_m[:2])
    first = np.floor((np.array([window.west, window.south]) - origin) / cell + 1e-9).astype(int)
    last = np.ceil((np.array([window.east, window.north]) - origin) / cell - 1e-9).astype(int)
    first, last = np.maximum(first, 0), np.minimum(last, [geometry.cols, geometry.rows])
    stride = max(1, -(-int((last - first).max()) // MOST_CELLS))
    cols, rows = (slice(int(a), int(b), stride) for a, b in zip(first, last, strict=True))
    east: Points = geometry.east_m + np.arange(geometry.cols)[cols] * np.float64(cell)
    north: Points = geometry.north_m + np.arange(geometry.rows)[rows] * np.float64(cell)
    west, south = float(east[0]) - cell / 2, float(north[0]) - cell / 2
    block = cell * stride
    edges = Window(west=west, south=south, east=west + block * len(east), north=south + block * len(north))
    return Piece(rows=rows, cols=cols, east_m=east, north_m=north, window=edges, resolution_m=block)
