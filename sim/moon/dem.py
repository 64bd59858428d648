"""Windows of ground as DEMs: seeded ground of a site, or measured ground with seeded detail.

Any window equals the crop of any larger window at the same resolution whose cell centres coincide, bit for
bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry, Site, check_square
from sim.moon.bilinear import interpolate
from sim.moon.cells import Cells
from sim.moon.rocks import NO_ROCKS, Rocks, add_boulders, boulder_rocks
from sim.moon.scatter import HALF_MM
from sim.moon.site import SiteParams
from sim.moon.surface import GROUND_VERSION, Surface, detail_surface, surface

_MM = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle: south-west corner and sides, whole millimetres in its frame."""

    east_mm: int
    north_mm: int
    width_mm: int
    height_mm: int


def source_of(site: SiteParams, seed: int) -> str:
    """Return in one line what seeded ground is made from."""
    return f"{site.name}, seed {seed}, ground version {GROUND_VERSION}"


def geometry_of(window: Window, resolution_mm: int, place: Site) -> GridGeometry:
    """Return where the cells of a window are, east and north in its frame.

    Args:
        window: Whose sides are whole multiples of the resolution.
        resolution_mm: Side of a cell.
        place: Place and frame that the window's east and north are counted in.
    """
    return GridGeometry(
        rows=window.height_mm // resolution_mm,
        cols=window.width_mm // resolution_mm,
        resolution_m=resolution_mm / _MM,
        east_m=(2 * window.east_mm + resolution_mm) / (2 * _MM),
        north_m=(2 * window.north_mm + resolution_mm) / (2 * _MM),
        site=place,
    )


def cells_of(window: Window, resolution_mm: int, origin_mm: tuple[int, int]) -> Cells:
    """Return the cells of a window, counted in the site's frame.

    Raises:
        ValueError: A side that is not a whole, positive multiple of the resolution.
    """
    if resolution_mm < 1:
        raise ValueError(f"resolution_mm = {resolution_mm}")
    for side in (window.width_mm, window.height_mm):
        if side < resolution_mm or side % resolution_mm:
            near = max(1, round(side / resolution_mm)) * resolution_mm
            raise ValueError(f"side of {side} mm is no multiple of {resolution_mm} mm; {near} mm is")
    return Cells(
        east=2 * (origin_mm[0] + window.east_mm) + resolution_mm,
        north=2 * (origin_mm[1] + window.north_mm) + resolution_mm,
        step=2 * resolution_mm,
        rows=window.height_mm // resolution_mm,
        cols=window.width_mm // resolution_mm,
    )


def synthesize(
    site: SiteParams,
    *,
    seed: int,
    window: Window,
    resolution_mm: int,
    geometry_site: Site,
    origin_mm: tuple[int, int] = (0, 0),
    boulders: npt.ArrayLike | None = None,
    rocks: bool = True,
) -> Dem:
    """Return the seeded ground of a window, as a raster of that resolution shows it.

    Args:
        site: The site.
        seed: Any integer; the same seed gives the same ground.
        window: In the caller's frame.
        resolution_mm: Side of a cell.
        geometry_site: Place and frame for the result's geometry.
        origin_mm: East and north of the caller's origin in the site's frame.
        boulders: (n, 4) east, north (caller's frame), diameter and height above the ground of extra
            boulders, m.
        rocks: Whether the site's own rocks lie on it.

    Raises:
        ValueError: A side that is not a whole, positive multiple of the resolution.
    """
    cells = cells_of(window, resolution_mm, origin_mm)
    height = surface(site, seed).elevation_m(
        cells, boulder_rocks(boulders, (origin_mm[0] / _MM, origin_mm[1] / _MM)), rocks=rocks
    )
    return Dem(
        geometry=geometry_of(window, resolution_mm, geometry_site),
        elevation_m=height.astype(np.float32),
        datum_m=site.frame.datum_m,
        source=source_of(site, seed),
    )


def window_blocks(
    site: SiteParams, *, seed: int, window: Window, resolution_mm: int, origin_mm: tuple[int, int]
) -> Callable[[int, int, int, int], npt.NDArray[np.float64]]:
    """Return what makes parts of a window too large for memory.

    The result takes (row, col, rows, cols), row 0 being the southern one, and returns elevations above the
    site's datum, those of `synthesize` to the last bit. It may be called from several threads.
    """
    cells = cells_of(window, resolution_mm, origin_mm)
    ground = surface(site, seed)

    def block(row: int, col: int, rows: int, cols: int) -> npt.NDArray[np.float64]:
        return ground.elevation_m(cells.part(row, col, rows, cols), NO_ROCKS, rocks=True)

    return block


def rocks_in(site: SiteParams, *, seed: int, window: Window, origin_mm: tuple[int, int]) -> Rocks:
    """Return the rocks whose centres lie in a window, its west and south edges included, north and east not."""
    west, south = 2 * (origin_mm[0] + window.east_mm), 2 * (origin_mm[1] + window.north_mm)
    east, north = west + 2 * window.width_mm, south + 2 * window.height_mm
    found = surface(site, seed).rocks_in((west, south, east, north))
    x, y = found.place[:, 0], found.place[:, 1]
    return found.where((west <= x) & (x < east) & (south <= y) & (y < north))


def add_detail(
    dem: Dem,
    *,
    detail: SiteParams | None,
    seed: int,
    window: Window,
    resolution_mm: int,
    boulders: npt.ArrayLike | None = None,
    rocks: bool = True,
) -> Dem:
    """Return a finer window of measured ground: interpolated, plus seeded relief below its scale.

    Unknown where any of the four cells around is, and beyond the outermost cell centres.

    Args:
        dem: Measured ground.
        detail: The site whose small relief, small craters and rocks are added; None adds nothing but
            `boulders`.
        seed: Of the detail.
        window: Counted from the outer south-west corner of `dem`.
        resolution_mm: Side of a cell.
        boulders: (n, 4) east, north (the DEM's frame), diameter and height above the ground of extra
            boulders, m.
        rocks: Whether the site's rocks lie on it.

    Raises:
        DemFrameError: Measured cells that are not square.
    """
    check_square(dem.geometry, "a measured world")
    cells = cells_of(window, resolution_mm, (0, 0))
    west_m, south_m, _, _ = dem.geometry.bounds_m
    fine = None if detail is None else detail_surface(detail, seed)
    height = measured_m(dem, fine, cells, boulder_rocks(boulders, (-west_m, -south_m)), rocks=rocks)
    named = "" if detail is None else f", detail of {source_of(detail, seed)}"
    return Dem(
        geometry=GridGeometry(
            rows=cells.rows,
            cols=cells.cols,
            resolution_m=resolution_mm / _MM,
            east_m=west_m + cells.east / HALF_MM,
            north_m=south_m + cells.north / HALF_MM,
            site=dem.geometry.site,
        ),
        elevation_m=height.astype(np.float32),
        datum_m=dem.datum_m,
        source=f"{dem.source}, interpolated{named}",
    )


def measured_m(
    dem: Dem, fine: Surface | None, cells: Cells, boulders: Rocks, *, rocks: bool
) -> npt.NDArray[np.float64]:
    """Return (rows, cols) elevation above the DEM's datum of cells counted from its outer south-west corner.

    Args:
        dem: Measured ground.
        fine: Seeded ground whose relief below the DEM's resolution is added, or None.
        cells: Where.
        boulders: Counted from the same corner.
        rocks: Whether the seeded ground's rocks lie on it.
    """
    resolution_m = dem.geometry.resolution_m
    x_m = (cells.east + cells.step * np.arange(cells.cols, dtype=np.int64)) / HALF_MM
    y_m = (cells.north + cells.step * np.arange(cells.rows, dtype=np.int64)) / HALF_MM
    height = interpolate(
        dem.elevation_m, (y_m / resolution_m - 0.5)[:, None], (x_m / resolution_m - 0.5)[None, :]
    )
    if fine is not None:
        return height + fine.detail_m(cells, boulders, rocks=rocks, finer_than_m=resolution_m)
    add_boulders(height, boulders, cells.east, cells.north, cells.step)
    return height
