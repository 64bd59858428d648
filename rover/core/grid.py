"""The raster that everything stands on: where its cells are, and the elevations in them.

Conventions (docs/conventions.md): arrays are `[row, col]`, row grows north, col grows east, values belong to
cell centres, elevations are relative to `datum_m` so that float32 keeps better than a millimetre.
"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import DemFrameError


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place a raster's frame belongs to.

    Attributes:
        latitude_rad: Planetocentric latitude of the raster's middle, north positive.
        longitude_rad: Longitude of the raster's middle, east positive.
        body: Name of the body, as in `rover.core.bodies`.
        crs_wkt: The frame of `east_m`, `north_m` as WKT; empty where none is known.
        grid_north_rad: Azimuth of the raster's north, clockwise from true north. A true azimuth less this is
            an azimuth on the raster.
    """

    latitude_rad: float
    longitude_rad: float
    body: str
    crs_wkt: str
    grid_north_rad: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GridGeometry:
    """Where the cells of a raster are.

    Attributes:
        rows, cols: Number of cells, each at least 1.
        resolution_m: East-west side of a cell.
        resolution_north_m: North-south side of a cell; by default the same, and the cells are square.
        east_m, north_m: Centre of cell (0, 0), the south-west one.
        site: The place and frame.
    """

    rows: int
    cols: int
    resolution_m: float
    east_m: float
    north_m: float
    site: Site
    resolution_north_m: float = cast("float", None)

    def __post_init__(self) -> None:
        if self.rows < 1 or self.cols < 1:
            raise ValueError(f"a raster of {self.rows} x {self.cols} cells")
        if getattr(self, "resolution_north_m") is None:  # noqa: B009 - declared a float, and one from here on
            object.__setattr__(self, "resolution_north_m", self.resolution_m)
        for name in ("resolution_m", "resolution_north_m"):
            if not (getattr(self, name) > 0 and math.isfinite(getattr(self, name))):
                raise ValueError(f"{name} = {getattr(self, name)}")
        if not (math.isfinite(self.east_m) and math.isfinite(self.north_m)):
            raise ValueError(f"east_m, north_m = {self.east_m}, {self.north_m}")

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.cols

    @property
    def is_square(self) -> bool:
        """Whether a cell is as long as it is wide."""
        return self.resolution_north_m == self.resolution_m

    def cell_at(self, east_m: float, north_m: float) -> tuple[int, int] | None:
        """Return (row, col) of the cell that holds a point, or None outside the raster."""
        up = (north_m - self.north_m) / self.resolution_north_m + 0.5
        along = (east_m - self.east_m) / self.resolution_m + 0.5
        inside = 0 <= up < self.rows and 0 <= along < self.cols  # false for NaN
        return (math.floor(up), math.floor(along)) if inside else None

    def centre_of(self, row: int, col: int) -> tuple[float, float]:
        """Return (east_m, north_m) of a cell's centre."""
        return self.east_m + col * self.resolution_m, self.north_m + row * self.resolution_north_m

    def centres_of(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return (n, 2) east and north in metres of (n, 2) rows and columns."""
        origin = np.array([self.east_m, self.north_m])
        sides = np.array([self.resolution_m, self.resolution_north_m])
        centres: npt.NDArray[np.float64] = origin + cells[:, ::-1].astype(np.float64) * sides
        return centres

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """West, south, east and north edges of the outermost cells."""
        west, south = self.east_m - self.resolution_m / 2, self.north_m - self.resolution_north_m / 2
        return (
            west,
            south,
            west + self.cols * self.resolution_m,
            south + self.rows * self.resolution_north_m,
        )


def check_square(geometry: GridGeometry, needed_by: str, *, file: object = None) -> None:
    """Refuse cells that are not square, for what counts distance in cells.

    Args:
        geometry: Where the cells are.
        needed_by: What cannot do with them, for the message.
        file: Where they come from, if from a file.

    Raises:
        DemFrameError: The sides of a cell differ.
    """
    if geometry.is_square:
        return
    raise DemFrameError(
        f"cells are not square, as {needed_by} needs them",
        file=file,
        field="resolution",
        value=f"{geometry.resolution_m:g} x {geometry.resolution_north_m:g} m",
        remedy=f"make a local DEM with square cells: {_reproject_command(geometry, file)}",
    )


def _reproject_command(geometry: GridGeometry, file: object) -> str:
    """Return the command that makes square cells of the middle of a raster."""
    site = geometry.site
    place = "LAT,LON"
    if not math.isnan(site.latitude_rad):
        place = f"{math.degrees(site.latitude_rad):.4f},{math.degrees(site.longitude_rad):.4f}"
    sides_m = geometry.cols * geometry.resolution_m, geometry.rows * geometry.resolution_north_m
    power = 10.0 ** math.floor(math.log10(0.8 * min(sides_m)))
    inside_m = math.floor(0.8 * min(sides_m) / power) * power
    source = "FILE.tif" if file is None else shlex.quote(str(file))
    return f"farside reproject {source} --center {place} --size {inside_m:g} --out local.tif"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dem:
    """A digital elevation model.

    Attributes:
        geometry: Where the cells are.
        elevation_m: (rows, cols) float32, relative to `datum_m`; NaN is unknown.
        datum_m: Height of zero above the body's reference sphere.
        variance_m2: (rows, cols) float32 variance of the elevation, or None where it is not known.
        source: What it was made from, for reports.
    """

    geometry: GridGeometry
    elevation_m: npt.NDArray[np.float32]
    datum_m: float
    variance_m2: npt.NDArray[np.float32] | None = None
    source: str

    def __post_init__(self) -> None:
        shape = self.geometry.shape
        held = locked(self.elevation_m, np.float32, shape, "elevation_m")
        object.__setattr__(self, "elevation_m", held)
        if self.variance_m2 is not None:
            held = locked(self.variance_m2, np.float32, shape, "variance_m2")
            object.__setattr__(self, "variance_m2", held)
