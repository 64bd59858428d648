"""The horizon over a coarse regional DEM, for the cells of a fine one inside it.

Over far ground the tangent changes little from cell to cell of the fine DEM, and with the eye's height almost in
proportion. It is traced from the far DEM's own posts in and about the fine one, for eyes at a few heights that span
the fine DEM's relief, and taken linearly between them. What that costs grows as the fine DEM's edge nears, since the
first far ground then stands within a post or two: there it also inherits the disagreement of the two DEMs, over that
distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import DemFrameError, PlaceError
from rover.core.grid import Dem, GridGeometry
from rover.core.strips import by_strips
from rover.io.crs import is_same_frame
from rover.terrain.horizon_ground import Heights, Spacing, levels_of, samples_over, tops_of
from rover.terrain.horizon_kernels import trace_tangents

EYE_HEIGHTS = 5
"""From the lowest to the highest eye. Between heights the tangent is convex, hence never taken too low."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FarHorizon:
    """Tangents of the horizon over far ground, at nodes.

    Attributes:
        tangent: (azimuths, heights, rows, cols) float32, NaN where there is no far ground; no azimuths without far DEM.
        first_row, first_col: Where cell (0, 0) of the fine DEM lies among the nodes.
        per_cell: Nodes per cell.
        lowest_m: The first height of an eye, relative to the fine DEM's datum.
        per_metre: Heights per metre.
    """

    tangent: Heights
    first_row: float
    first_col: float
    per_cell: float
    lowest_m: float
    per_metre: float

    def __post_init__(self) -> None:
        held = locked(self.tangent, np.float32, (None, None, None, None), "tangent")
        object.__setattr__(self, "tangent", held)

    def axes_from(self, row: int, col: int) -> npt.NDArray[np.float64]:
        """Return first row and column, nodes per cell, lowest height and heights per metre, from a cell on."""
        first = self.first_row + row * self.per_cell, self.first_col + col * self.per_cell
        return np.array([*first, self.per_cell, self.lowest_m, self.per_metre])


NO_FAR = FarHorizon(
    tangent=np.empty((0, 2, 2, 2), np.float32),
    first_row=0.0,
    first_col=0.0,
    per_cell=1.0,
    lowest_m=0.0,
    per_metre=1.0,
)


def check_far(dem: Dem, far_dem: Dem) -> None:
    """Refuse a far DEM that is no surroundings of a DEM.

    Raises:
        DemFrameError: It is in another frame.
        PlaceError: It does not cover the DEM with two cells to spare.
    """
    near, far = dem.geometry, far_dem.geometry
    if near.site.body != far.site.body or not is_same_frame(near.site.crs_wkt, far.site.crs_wkt):
        raise DemFrameError(
            "the far DEM is in another frame than the DEM",
            file=far_dem.source,
            field="far_dem.crs",
            value=far.site.crs_wkt[:40] or far.site.body,
            remedy="give farside terrain a GeoTIFF, which it brings into the DEM's frame, or call reproject_around",
        )
    west, south, east, north = near.bounds_m
    room = 2 * far.resolution_m
    inside = (
        far.bounds_m[0] + room <= west
        and far.bounds_m[1] + room <= south
        and east <= far.bounds_m[2] - room
        and north <= far.bounds_m[3] - room
    )
    if not inside:
        raise PlaceError(
            "the far DEM does not cover the DEM with two of its cells to spare",
            file=far_dem.source,
            field="far_dem.bounds_m",
            value=", ".join(f"{edge:.10g}" for edge in far.bounds_m),
            remedy=f"give one that covers {west:.10g}, {south:.10g}, {east:.10g}, {north:.10g} with room around",
        )


def trace_far(
    dem: Dem, far_dem: Dem, *, azimuths: int, observer_height_m: float, radius_m: float, spacing: Spacing
) -> FarHorizon:
    """Trace the horizon over far ground, from nodes in and about a fine DEM.

    Args:
        dem, far_dem: As `check_far` lets pass.
        azimuths: A multiple of 4.
        observer_height_m: Of the eye above the ground.
        radius_m: Of the body's sphere.
        spacing: Of the samples.
    """
    near, far = dem.geometry, far_dem.geometry
    ground_m = _without(far_dem, near) + np.float32(far_dem.datum_m - dem.datum_m)
    ground_m.flags.writeable = False  # as a DEM's, so that kernels are compiled for one kind of array
    samples = samples_over(
        far.shape,
        far.resolution_m,
        azimuths=azimuths,
        radius_m=radius_m,
        datum_m=dem.datum_m,
        spacing=spacing,
    )
    levels, tops = levels_of(ground_m, int(samples.level.max())), tops_of(ground_m)
    row, col, rows, cols = _nodes_about(near, far)
    heights_m = _eye_heights(dem, observer_height_m)
    tangent = np.empty((azimuths, len(heights_m), rows, cols), np.float32)
    for k, height_m in enumerate(heights_m):
        march = (
            *(ground_m, levels.elevation_m, levels.first, tops.tile_m, tops.ahead_m),
            *(samples.offset, samples.level, samples.inverse, samples.drop),
            *(np.full((rows, cols), height_m, np.float32), row, col),
        )
        by_strips(rows, partial(_trace_layer, march, tangent[:, k]))
    return FarHorizon(
        tangent=tangent,
        first_row=(near.north_m - far.north_m) / far.resolution_m - row,
        first_col=(near.east_m - far.east_m) / far.resolution_m - col,
        per_cell=near.resolution_m / far.resolution_m,
        lowest_m=float(heights_m[0]),
        per_metre=1.0 / float(heights_m[1] - heights_m[0]),
    )


def _trace_layer(march: Any, layer: Heights, first: int, last: int) -> None:
    trace_tangents(*march, first, last, layer)  # type: ignore[call-arg]


def _without(far_dem: Dem, near: GridGeometry) -> Heights:
    """Far elevations, unknown at the posts inside the fine DEM."""
    far = far_dem.geometry
    east = far.east_m + np.arange(far.cols) * far.resolution_m
    north = far.north_m + np.arange(far.rows) * far.resolution_m
    west_m, south_m, east_m, north_m = near.bounds_m
    inside = ((north > south_m) & (north < north_m))[:, None] & ((east > west_m) & (east < east_m))[None, :]
    return np.where(inside, np.float32(np.nan), far_dem.elevation_m)


def _nodes_about(near: GridGeometry, far: GridGeometry) -> tuple[int, int, int, int]:
    """First row and column, rows and columns of the far posts that surround the fine DEM's cells."""
    row = math.floor((near.north_m - far.north_m) / far.resolution_m)
    col = math.floor((near.east_m - far.east_m) / far.resolution_m)
    last_north, last_east = near.centre_of(near.rows - 1, near.cols - 1)[::-1]
    row_end = math.floor((last_north - far.north_m) / far.resolution_m) + 2
    col_end = math.floor((last_east - far.east_m) / far.resolution_m) + 2
    return row, col, row_end - row, col_end - col


def _eye_heights(dem: Dem, observer_height_m: float) -> npt.NDArray[np.float64]:
    """(EYE_HEIGHTS,) that span the eyes, a metre apart at least."""
    low, high = np.fmin.reduce(dem.elevation_m, axis=None), np.fmax.reduce(dem.elevation_m, axis=None)
    if not np.isfinite(low):
        low = high = np.float32(0.0)
    span = max(float(high) - float(low), EYE_HEIGHTS - 1.0)
    return float(low) + observer_height_m + np.linspace(0.0, span, EYE_HEIGHTS)
