"""The world's ground: fine, endless, made tile by tile where it is asked for.

One `Ground` serves seeded sites and measured DEMs alike. Its cells are anchored at whole multiples of the
resolution from the frame's origin (seeded) or from the DEM's outer south-west corner (measured); tiles are
kept, the least recently used one goes first, and a tile's bits do not depend on when or in which order it
was made.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem, check_square
from sim.moon.bilinear import interpolate
from sim.moon.cells import Cells
from sim.moon.dem import measured_m
from sim.moon.rocks import boulder_rocks
from sim.moon.site import SiteParams
from sim.moon.surface import detail_surface, surface

TILE_CELLS = 256
KEPT_TILES = 256
"""256 tiles of 256 x 256 float32 cells are 64 MiB; at 0.25 m they cover one square kilometre."""

NEAR_M = 2.0
"""Side of the squares that have a patch of their own about them."""

_MM = 1000.0

Heights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """A rectangle of the world's own cells.

    Attributes:
        east_m, north_m: Centre of cell (0, 0), the south-west one.
        resolution_m: Side of a cell.
        elevation_m: (rows, cols) float32 above the ground's datum; NaN is unknown.
    """

    east_m: float
    north_m: float
    resolution_m: float
    elevation_m: Heights

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "elevation_m", locked(self.elevation_m, np.float32, (None, None), "elevation_m")
        )


class Ground:
    """Ground that a simulated rover drives on.

    Attributes:
        resolution_m: Side of a cell.
        datum_m: Elevation of zero above the body's sphere, that of the scenario's DEM.
    """

    def __init__(
        self,
        made: Callable[[Cells], npt.NDArray[np.float64]],
        *,
        resolution_mm: int,
        datum_m: float,
        corner_m: tuple[float, float],
        first_mm: tuple[int, int],
        kept_tiles: int = KEPT_TILES,
    ) -> None:
        """Serve `made`, which gives elevations of cells; see `synthetic` and `measured`.

        Args:
            made: Elevations above the datum of a block of cells.
            resolution_mm: Side of a cell.
            datum_m: Of the elevations.
            corner_m: South-west corner of cell (0, 0) in the frame of the queries.
            first_mm: The same corner in the frame of `made`.
            kept_tiles: How many tiles are held in memory.
        """
        self.resolution_m = resolution_mm / _MM
        self.datum_m = datum_m
        self._made = made
        self._resolution_mm = resolution_mm
        self._corner_m = corner_m
        self._first_mm = first_mm
        self._kept_tiles = max(1, kept_tiles)
        self._tiles: OrderedDict[tuple[int, int], Heights] = OrderedDict()
        self._near: tuple[tuple[int, int, float], Patch] | None = None

    @classmethod
    def synthetic(
        cls,
        site: SiteParams,
        *,
        seed: int,
        origin_mm: tuple[int, int] = (0, 0),
        resolution_mm: int = 250,
        boulders: npt.ArrayLike | None = None,
        rocks: bool = True,
        kept_tiles: int = KEPT_TILES,
    ) -> Ground:
        """Return seeded ground; arguments as `sim.moon.dem.synthesize` takes them."""
        whole = surface(site, seed)
        lying = boulder_rocks(boulders, (origin_mm[0] / _MM, origin_mm[1] / _MM))
        return cls(
            lambda cells: whole.elevation_m(cells, lying, rocks=rocks),
            resolution_mm=resolution_mm,
            datum_m=site.frame.datum_m,
            corner_m=(0.0, 0.0),
            first_mm=origin_mm,
            kept_tiles=kept_tiles,
        )

    @classmethod
    def measured(
        cls,
        dem: Dem,
        *,
        detail: SiteParams | None,
        seed: int,
        resolution_mm: int = 250,
        boulders: npt.ArrayLike | None = None,
        rocks: bool = True,
        kept_tiles: int = KEPT_TILES,
    ) -> Ground:
        """Return measured ground with seeded detail; arguments as `sim.moon.dem.add_detail` takes them."""
        check_square(dem.geometry, "a measured world")
        fine = None if detail is None else detail_surface(detail, seed)
        west_m, south_m, _, _ = dem.geometry.bounds_m
        lying = boulder_rocks(boulders, (-west_m, -south_m))
        return cls(
            lambda cells: measured_m(dem, fine, cells, lying, rocks=rocks),
            resolution_mm=resolution_mm,
            datum_m=dem.datum_m,
            corner_m=(west_m, south_m),
            first_mm=(0, 0),
            kept_tiles=kept_tiles,
        )

    def heights(self, east_m: npt.ArrayLike, north_m: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return elevations above the datum at points, bilinear between the world's cells; NaN where unknown.

        Args:
            east_m, north_m: Finite; any shapes that broadcast together.
        """
        east, north = np.broadcast_arrays(np.asarray(east_m, np.float64), np.asarray(north_m, np.float64))
        col = ((east - self._corner_m[0]) / self.resolution_m - 0.5).ravel()
        row = ((north - self._corner_m[1]) / self.resolution_m - 0.5).ravel()
        if row.size == 0:
            return np.zeros(east.shape)
        if max(np.ptp(row), np.ptp(col)) < TILE_CELLS:
            return self._between(row, col).reshape(east.shape)
        tiles = np.stack([np.floor(row), np.floor(col)]).astype(np.int64) // TILE_CELLS
        value = np.empty(row.size)
        for j, i in set(zip(*tiles.tolist(), strict=True)):
            here = (tiles[0] == j) & (tiles[1] == i)
            value[here] = self._between(row[here], col[here])
        return value.reshape(east.shape)

    def _between(self, row: npt.NDArray[np.float64], col: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        row0, col0 = math.floor(row.min()), math.floor(col.min())
        near = self.block(row0, col0, math.floor(row.max()) - row0 + 2, math.floor(col.max()) - col0 + 2)
        return interpolate(near, row - row0, col - col0)

    def patch(self, east_m: float, north_m: float, half_m: float) -> Patch:
        """Return the world's cells whose centres lie in the square of half side `half_m` about a point."""
        first_col = math.ceil((east_m - half_m - self._corner_m[0]) / self.resolution_m - 0.5)
        last_col = math.floor((east_m + half_m - self._corner_m[0]) / self.resolution_m - 0.5)
        first_row = math.ceil((north_m - half_m - self._corner_m[1]) / self.resolution_m - 0.5)
        last_row = math.floor((north_m + half_m - self._corner_m[1]) / self.resolution_m - 0.5)
        rows, cols = last_row - first_row + 1, last_col - first_col + 1
        if rows < 1 or cols < 1:
            raise ValueError(f"no cell of {self.resolution_m} m has its centre within {half_m} m")
        return Patch(
            east_m=self._corner_m[0] + (first_col + 0.5) * self.resolution_m,
            north_m=self._corner_m[1] + (first_row + 0.5) * self.resolution_m,
            resolution_m=self.resolution_m,
            elevation_m=self.block(first_row, first_col, rows, cols),
        )

    def near(self, east_m: float, north_m: float, reach_m: float) -> Patch:
        """Return a patch that holds everything within a reach of a point.

        Which patch that is depends on the point alone: one for each square of side `NEAR_M`, and the last one is kept,
        so that who moves about in it copies nothing.
        """
        square = math.floor(east_m / NEAR_M), math.floor(north_m / NEAR_M), reach_m
        if self._near is None or self._near[0] != square:
            half_m = NEAR_M / 2 + reach_m + self.resolution_m
            patch = self.patch((square[0] + 0.5) * NEAR_M, (square[1] + 0.5) * NEAR_M, half_m)
            self._near = square, patch
        return self._near[1]

    def block(self, row0: int, col0: int, rows: int, cols: int) -> Heights:
        """Return (rows, cols) elevations from cell (row0, col0) on; indices may be negative."""
        out = np.empty((rows, cols), dtype=np.float32)
        for j in range(row0 // TILE_CELLS, (row0 + rows - 1) // TILE_CELLS + 1):
            for i in range(col0 // TILE_CELLS, (col0 + cols - 1) // TILE_CELLS + 1):
                south, west = j * TILE_CELLS, i * TILE_CELLS
                r0, r1 = max(row0, south), min(row0 + rows, south + TILE_CELLS)
                c0, c1 = max(col0, west), min(col0 + cols, west + TILE_CELLS)
                tile = self._tile(j, i)
                out[r0 - row0 : r1 - row0, c0 - col0 : c1 - col0] = tile[
                    r0 - south : r1 - south, c0 - west : c1 - west
                ]
        return out

    def _tile(self, j: int, i: int) -> Heights:
        held = self._tiles.get((j, i))
        if held is None:
            step = self._resolution_mm
            cells = Cells(
                east=2 * (self._first_mm[0] + i * TILE_CELLS * step) + step,
                north=2 * (self._first_mm[1] + j * TILE_CELLS * step) + step,
                step=2 * step,
                rows=TILE_CELLS,
                cols=TILE_CELLS,
            )
            held = self._made(cells).astype(np.float32)
            self._tiles[j, i] = held
            if len(self._tiles) > self._kept_tiles:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end((j, i))
        return held
