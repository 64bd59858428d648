"""How high the horizon stands, for each cell and azimuth.

The horizon at an azimuth is the largest elevation at which ground stands, seen from a height above the cell's own, over
the bilinear surface through the cells' centres; from half a cell away on, to the edge of the DEM, and then over the far
DEM. Where all ground falls away it is negative. Beyond the last known ground nothing stands: the edge of a DEM without
a far one is open sky, and a cell on the edge that looks outward sees no ground at all, -90 deg.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import BODIES
from rover.core.errors import DemFrameError, PlaceError, UsageError
from rover.core.grid import Dem, GridGeometry, Site, check_square
from rover.core.memory import check_memory
from rover.core.strips import by_strips
from rover.terrain.far_horizon import NO_FAR, FarHorizon, check_far, trace_far
from rover.terrain.horizon_ground import EXACT, FAST, Levels, Samples, Tops, levels_of, samples_over, tops_of
from rover.terrain.horizon_kernels import trace_rows

STEP_RAD = math.pi / 65534
"""Of a stored elevation: 0.0027 deg."""
UNKNOWN = 65535
"""Stored where the cell's own elevation is unknown."""

MOST_AZIMUTHS = 3600

_AT_ONCE, _LEAST_ROWS = 10_000_000, 16
"""Cells and directions of a strip, some half a second's work; rows of one at least."""

Window = tuple[int, int, int, int]
"""First row, end row, first column, end column."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HorizonMap:
    """Elevation of the horizon over each cell, seen from `observer_height_m` above the ground.

    Elevations are above the horizontal plane of the cell itself, which the body's curvature turns from cell to cell.

    Attributes:
        geometry: Where the cells are.
        steps: (azimuths, rows, cols) uint16: elevation is `steps * STEP_RAD - pi / 2`, or `UNKNOWN`. Azimuth k is
            `2 pi k / azimuths`, clockwise from the raster's north.
        observer_height_m: Height of the panel, mast or antenna above the ground.
        dip_rad: How far below the level plane the horizon stands that a sphere through the lowest ground has, seen
            from the highest. Where the ground known ends before that, what shines takes this for the horizon: beyond
            the edge of a map lies more of the body, not the sky.
        middle_m: (east, north) of the place that the geometry's site tells of: the middle of the DEM that was traced,
            of which this map may be a window. By default this map's own.
    """

    geometry: GridGeometry
    steps: npt.NDArray[np.uint16]
    observer_height_m: float
    dip_rad: float = math.pi / 2
    middle_m: tuple[float, float] = cast("tuple[float, float]", None)

    def __post_init__(self) -> None:
        if getattr(self, "middle_m") is None:  # noqa: B009 - declared a place, and one from here on
            object.__setattr__(self, "middle_m", middle_of(self.geometry))
        azimuths = self.steps.shape[0]
        held = locked(self.steps, np.uint16, (azimuths, *self.geometry.shape), "steps")
        object.__setattr__(self, "steps", held)

    @property
    def azimuths(self) -> int:
        """How many directions there are."""
        return len(self.steps)

    def azimuth_rad(self, k: int) -> float:
        """Return the azimuth of direction k, clockwise from the raster's north."""
        return 2 * math.pi * k / self.azimuths

    def elevation_rad(self, k: int) -> npt.NDArray[np.float32]:
        """Return (rows, cols) elevations of the horizon at direction k, NaN where unknown."""
        steps = self.steps[k]
        elevation = steps * np.float64(STEP_RAD) - math.pi / 2
        return np.where(steps == UNKNOWN, np.nan, elevation).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ground:
    """A DEM made ready for marches over it."""

    dem: Dem
    samples: Samples
    levels: Levels
    tops: Tops
    far: FarHorizon
    observer_height_m: float
    dip_rad: float


def trace_horizon(
    dem: Dem,
    *,
    azimuths: int = 72,
    observer_height_m: float = 0.0,
    far_dem: Dem | None = None,
    exact: bool = False,
    window: Window | None = None,
) -> HorizonMap:
    """Trace the horizon of every cell.

    Args:
        dem: The ground. Unknown cells hide nothing; their own horizon is `UNKNOWN`.
        azimuths: Directions, evenly from the raster's north clockwise: a multiple of 4 that divides the circle into
            whole ten-thousandths of a degree, 3600 at most (72, 360, 64 ...).
        observer_height_m: Of the eye above the ground. It raises the eye only: ground at the same place stands lower
            before it, so a horizon never rises with it.
        far_dem: A coarser DEM in the same frame that covers this one, for the ground beyond. Its cells inside this DEM
            are not looked at.
        exact: Sample more densely: within 0.1 deg of half-cell steps all the way at 99.9 % of cells and directions,
            against 99 %, in two to three times the time.
        window: First and end row, first and end column of the cells wanted. All of the DEM is looked at all the same,
            so that tiles are exactly what they are in the whole.

    Returns:
        The map; of the window where one is given.

    Raises:
        UsageError: Azimuths that do not divide the circle, or a height that is negative or no number.
        PlaceError: A window that leaves the DEM, or a far DEM that does not cover it.
        DemFrameError: A far DEM in another frame, or a body of unknown size.
        ResourceError: More memory than there is.
    """
    check_square(dem.geometry, "a horizon")
    check_azimuths(azimuths)
    check_height(observer_height_m)
    window = _window_in(dem.geometry, window)
    seen = window_geometry(dem.geometry, window)
    _check_room(dem.geometry, seen, azimuths)
    ground = _ready(dem, azimuths, observer_height_m, far_dem, exact)
    return _trace(ground, azimuths, window)


def trace_tiles(
    dem: Dem,
    *,
    tile: int,
    azimuths: int = 72,
    observer_height_m: float = 0.0,
    far_dem: Dem | None = None,
    exact: bool = False,
) -> Iterator[tuple[Window, HorizonMap]]:
    """Yield the horizon tile by tile, southern row of tiles first: the window and its map.

    What is made once for the whole DEM is kept from tile to tile.

    Args:
        tile: Side in cells; those at the northern and eastern edges may be smaller.

    Raises:
        As `trace_horizon`, and UsageError for a tile of no cells.
    """
    check_square(dem.geometry, "a horizon")
    check_azimuths(azimuths)
    check_height(observer_height_m)
    if tile < 1:
        raise UsageError("a tile of no cells", field="--tile", value=tile, remedy="give its side in cells")
    rows, cols = dem.geometry.shape
    largest = window_geometry(dem.geometry, (0, min(tile, rows), 0, min(tile, cols)))
    _check_room(dem.geometry, largest, azimuths)
    ground = _ready(dem, azimuths, observer_height_m, far_dem, exact)
    for row in range(0, rows, tile):
        for col in range(0, cols, tile):
            window = (row, min(row + tile, rows), col, min(col + tile, cols))
            yield window, _trace(ground, azimuths, window)


def horizon_bytes(geometry: GridGeometry, azimuths: int) -> int:
    """Return the bytes that a horizon map takes."""
    return 2 * azimuths * geometry.rows * geometry.cols


def working_bytes(geometry: GridGeometry) -> int:
    """Return the bytes that tracing over a DEM takes beside the map: coarser levels, and their making."""
    return 12 * geometry.rows * geometry.cols


def window_geometry(geometry: GridGeometry, window: Window) -> GridGeometry:
    """Return the geometry of a window's cells; the site stays the whole's."""
    row, row_end, col, col_end = window
    east_m, north_m = geometry.centre_of(row, col)
    return replace(geometry, rows=row_end - row, cols=col_end - col, east_m=east_m, north_m=north_m)


def middle_of(geometry: GridGeometry) -> tuple[float, float]:
    """Return (east_m, north_m) of the middle of a raster."""
    east_m, north_m = geometry.east_m, geometry.north_m
    return (
        east_m + (geometry.cols - 1) / 2 * geometry.resolution_m,
        north_m + (geometry.rows - 1) / 2 * geometry.resolution_north_m,
    )


def radius_of(site: Site) -> float:
    """Return the radius of the sphere that a site's elevations are counted from.

    Raises:
        DemFrameError: A body that is not known, without a frame that would tell.
    """
    for body in BODIES:
        if body.name == site.body:
            return body.radius_m
    if site.crs_wkt:
        from rover.io.crs import ellipsoid_of

        return ellipsoid_of(site.crs_wkt).radius_m
    remedy = "give the DEM a frame, or name a body that is known"
    raise DemFrameError("a body of unknown size", field="body", value=site.body, remedy=remedy)


def check_azimuths(azimuths: int) -> None:
    """Refuse counts of directions that do not divide the circle.

    Raises:
        UsageError: Not a multiple of 4 from 4 to 3600 with a step of whole ten-thousandths of a degree.
    """
    if not 4 <= azimuths <= MOST_AZIMUTHS or azimuths % 4 or 3_600_000 % azimuths:
        raise UsageError(
            f"directions that do not divide the circle evenly, or more than {MOST_AZIMUTHS}",
            field="azimuths",
            value=azimuths,
            remedy=f"give a multiple of 4 up to {MOST_AZIMUTHS}, such as 36, 64, 72, 120 or 360",
        )


def check_height(height_m: float) -> None:
    """Refuse heights of the eye above the ground that are none.

    Raises:
        UsageError: Negative, or not finite.
    """
    if not (height_m >= 0 and math.isfinite(height_m)):
        remedy = "give the height above the ground in metres, 0 or more"
        raise UsageError("no height of an eye", field="observer_height_m", value=height_m, remedy=remedy)


def _window_in(geometry: GridGeometry, window: Window | None) -> Window:
    if window is None:
        return 0, geometry.rows, 0, geometry.cols
    row, row_end, col, col_end = window
    if not (0 <= row < row_end <= geometry.rows and 0 <= col < col_end <= geometry.cols):
        remedy = f"keep within 0, {geometry.rows}, 0, {geometry.cols}"
        raise PlaceError("a window that is not in the DEM", field="window", value=window, remedy=remedy)
    return window


def _check_room(whole: GridGeometry, seen: GridGeometry, azimuths: int) -> None:
    check_memory(
        horizon_bytes(seen, azimuths) + working_bytes(whole),
        what=f"the horizon of {seen.rows} x {seen.cols} cells",
        field="azimuths",
        value=azimuths,
        remedy="use --tile, or fewer azimuths",
    )


def _ready(dem: Dem, azimuths: int, height_m: float, far_dem: Dem | None, exact: bool) -> _Ground:
    radius_m, spacing = radius_of(dem.geometry.site), EXACT if exact else FAST
    if far_dem is not None:
        check_far(dem, far_dem)
    samples = samples_over(
        dem.geometry.shape,
        dem.geometry.resolution_m,
        azimuths=azimuths,
        radius_m=radius_m,
        datum_m=dem.datum_m,
        spacing=spacing,
    )
    far = NO_FAR
    if far_dem is not None:
        far = trace_far(
            dem, far_dem, azimuths=azimuths, observer_height_m=height_m, radius_m=radius_m, spacing=spacing
        )
    return _Ground(
        dem=dem,
        samples=samples,
        levels=levels_of(dem.elevation_m, int(samples.level.max())),
        tops=tops_of(dem.elevation_m),
        far=far,
        observer_height_m=height_m,
        dip_rad=_dip(dem, far_dem, height_m, radius_m + dem.datum_m),
    )


def _dip(dem: Dem, far_dem: Dem | None, height_m: float, radius_m: float) -> float:
    """Return the dip of the horizon of a sphere through the lowest ground, from the highest that is traced."""
    if np.isnan(dem.elevation_m).all():
        return 0.0
    lowest_m = float(np.nanmin(dem.elevation_m))
    if far_dem is not None and not np.isnan(far_dem.elevation_m).all():
        lowest_m = min(lowest_m, float(np.nanmin(far_dem.elevation_m)) + far_dem.datum_m - dem.datum_m)
    over_m = float(np.nanmax(dem.elevation_m)) + height_m - lowest_m
    return math.acos(1.0 / (1.0 + over_m / (radius_m + lowest_m)))


def _trace(ground: _Ground, azimuths: int, window: Window) -> HorizonMap:
    row, row_end, col, col_end = window
    seen = window_geometry(ground.dem.geometry, window)
    eye_m = ground.dem.elevation_m[row:row_end, col:col_end] + np.float32(ground.observer_height_m)
    steps = np.empty((azimuths, *seen.shape), np.uint16)
    march = (
        *(ground.dem.elevation_m, ground.levels.elevation_m, ground.levels.first),
        *(ground.tops.tile_m, ground.tops.ahead_m),
        *(ground.samples.offset, ground.samples.level, ground.samples.inverse, ground.samples.drop),
        *(eye_m, row, col, ground.far.tangent, ground.far.axes_from(row, col)),
    )
    at_once = max(_LEAST_ROWS, _AT_ONCE // (seen.cols * azimuths))
    by_strips(seen.rows, lambda first, last: trace_rows(*march, first, last, steps), most=at_once)
    return HorizonMap(
        geometry=seen,
        steps=steps,
        observer_height_m=ground.observer_height_m,
        dip_rad=ground.dip_rad,
        middle_m=middle_of(ground.dem.geometry),
    )
