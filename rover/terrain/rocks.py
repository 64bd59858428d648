"""How much of the ground is under rocks, from a list of them or from the DEM itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from rover.core.arrays import locked
from rover.core.grid import Dem, check_square

Floats = npt.NDArray[np.float64]
RockLaw = Callable[[Floats], Floats]
"""Share of the ground under rocks of (n,) diameters in metres or more."""

COARSEST_M = 0.3
"""Cells wider than this do not show rocks: the largest of a quiet site would be two or three cells."""

STEP_M = 0.05
"""How far a rock must stand out of the local ground to be told from it."""

SMALLEST_CELLS = 2.0
"""Diameter of the smallest rocks that a DEM is trusted to show, in cells."""

_WIDEST_M = 1.5
_FITS = 0.75
_LEAST_RATIO = 0.2
_HALF_HEIGHT_WIDTH = math.sqrt(0.75)
"""Of a half spheroid: its width at half its height over that at the ground."""

_LADDER_M = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rocks:
    """A list of rocks.

    Attributes:
        east_m, north_m: (n,) centres in a DEM's frame.
        diameter_m: (n,) seen from above.
        height_m: (n,) above the ground.
    """

    east_m: Floats
    north_m: Floats
    diameter_m: Floats
    height_m: Floats

    def __post_init__(self) -> None:
        for name in ("east_m", "north_m", "diameter_m", "height_m"):
            held = locked(getattr(self, name), np.float64, (len(self.east_m),), name)
            object.__setattr__(self, name, held)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RockCoverage:
    """Cumulative fractional area (CFA) of rocks by diameter.

    Attributes:
        diameter_m: (n,) sizes D.
        fraction: (n,) share of the known ground under rocks of D or more.
        count: (n,) how many these are.
        law_fraction: (n,) by the site's law, or None where there is none.
        from_dem: Measured in the DEM, or else taken from a list.
    """

    diameter_m: Floats
    fraction: Floats
    count: npt.NDArray[np.int64]
    law_fraction: Floats | None
    from_dem: bool

    def __post_init__(self) -> None:
        size = (len(self.diameter_m),)
        object.__setattr__(self, "count", locked(self.count, np.int64, size, "count"))
        for name in ("diameter_m", "fraction", "law_fraction"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, locked(getattr(self, name), np.float64, size, name))


def rock_coverage(
    rocks: Rocks, dem: Dem, *, from_dem: bool = False, law: RockLaw | None = None
) -> RockCoverage:
    """Return the area of rocks whose centres lie on a DEM's known ground, over the area of that ground.

    Sizes are those of a fixed ladder from 0.05 m up to the widest rock; with `from_dem`, only those that the
    DEM is trusted to show.
    """
    on_it = _on_known_ground(rocks, dem)
    diameter = rocks.diameter_m[on_it]
    cell_m2 = dem.geometry.resolution_m * dem.geometry.resolution_north_m
    known_m2 = int(np.isfinite(dem.elevation_m).sum()) * cell_m2
    least = SMALLEST_CELLS * dem.geometry.resolution_m if from_dem else 0.0
    sizes = _ladder(least, float(diameter.max(initial=0.0)))
    wide = diameter[None, :] >= sizes[:, None]
    return RockCoverage(
        diameter_m=sizes,
        fraction=wide @ (np.pi / 4 * diameter**2) / known_m2,
        count=wide.sum(axis=1),
        law_fraction=None if law is None else law(sizes),
        from_dem=from_dem,
    )


def find_rocks(dem: Dem) -> Rocks | None:
    """Return the rocks that stand out of a DEM, or None where its cells are wider than `COARSEST_M`.

    What stands out is the white top-hat: elevation less its grey opening, along lines of 1.5, 0.75 ... m in
    four directions, of which the least counts. Lines show rocks of up to three quarters of their length, the
    largest first. A rock is a connected piece, down to half its height, that stands out by `STEP_M` and by a
    fifth of its diameter at least: broader rises are ground. Wider rocks are not seen, nor those near unknown
    ground.
    """
    check_square(dem.geometry, "a search for rocks")
    cell_m = dem.geometry.resolution_m
    if cell_m > COARSEST_M:
        return None
    taken = np.zeros(dem.geometry.shape, bool)
    found = [_standing_out(_top_hat(dem.elevation_m, side), taken, side, cell_m) for side in _lines(cell_m)]
    row, col, diameter, height = np.concatenate(found, axis=1)
    return Rocks(
        east_m=dem.geometry.east_m + col * cell_m,
        north_m=dem.geometry.north_m + row * cell_m,
        diameter_m=diameter,
        height_m=height,
    )


def _lines(cell_m: float) -> list[int]:
    """Lengths in cells, odd, the largest first, down to what shows rocks of `SMALLEST_CELLS`."""
    sides = []
    side = _WIDEST_M / cell_m
    while side * _FITS > SMALLEST_CELLS:
        sides.append(2 * round(side / 2) + 1)
        side /= 2
    return sides


def _standing_out(
    hat_m: npt.NDArray[np.float32], taken: npt.NDArray[np.bool_], side: int, cell_m: float
) -> Floats:
    """(4, n) row, column, diameter and height of rocks that lines of one length show; their cells become taken."""
    label, count = ndimage.label((hat_m >= STEP_M / 2) & ~taken, structure=np.ones((3, 3)))
    every = np.arange(1, count + 1)
    if count == 0:
        return np.empty((4, 0))
    height = np.concatenate([[0.0], np.asarray(ndimage.maximum(hat_m, label, every), np.float64)])
    label[hat_m < height[label] / 2] = 0
    cells = np.bincount(label.ravel(), minlength=count + 1)
    diameter = 2 * np.sqrt(cells / np.pi) * cell_m / _HALF_HEIGHT_WIDTH
    rock = (height >= np.maximum(STEP_M, _LEAST_RATIO * diameter)) & (diameter <= _FITS * side * cell_m)
    rock[0] = False
    # With a rock goes its skirt, less than half as high, which shorter lines would take for more rocks.
    taken |= ndimage.maximum_filter(rock[label], 3)
    kept = np.flatnonzero(rock)
    middle = np.array(ndimage.center_of_mass(label > 0, label, kept), np.float64).reshape(-1, 2)
    return np.stack([middle[:, 0], middle[:, 1], diameter[kept], height[kept]])


def _top_hat(elevation_m: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """(rows, cols) height above the local ground, 0 near unknown ground.

    The least of the top-hats along rows, columns and both diagonals: a ridge has none along itself. A smooth
    surface is taken off first, of whose slope the lines would else take some for the rock's.
    """
    gap = np.isnan(elevation_m)
    known = np.where(gap, np.float32(0), elevation_m)
    weight = ndimage.uniform_filter((~gap).astype(np.float32), side, mode="nearest")
    smooth = ndimage.uniform_filter(known, side, mode="nearest") / np.maximum(weight, np.float32(1e-6))
    known = np.where(gap, np.float32(0), elevation_m - smooth)
    diagonal = np.eye(2 * round(side / 2 / math.sqrt(2)) + 1, dtype=bool)
    opened = ndimage.grey_opening(known, size=(1, side), mode="nearest")
    np.maximum(opened, ndimage.grey_opening(known, size=(side, 1), mode="nearest"), out=opened)
    for line in (diagonal, diagonal[::-1]):
        np.maximum(opened, ndimage.grey_opening(known, footprint=line, mode="nearest"), out=opened)
    hat = known - opened
    if gap.any():
        hat[ndimage.maximum_filter(gap, 2 * side + 1)] = 0
    return np.asarray(hat, np.float32)


def _on_known_ground(rocks: Rocks, dem: Dem) -> npt.NDArray[np.bool_]:
    geometry = dem.geometry
    row = np.floor((rocks.north_m - geometry.north_m) / geometry.resolution_north_m + 0.5)
    col = np.floor((rocks.east_m - geometry.east_m) / geometry.resolution_m + 0.5)
    inside = (row >= 0) & (row < geometry.rows) & (col >= 0) & (col < geometry.cols)
    cell = tuple(np.where(inside, at, 0).astype(np.int64) for at in (row, col))
    return np.asarray(inside & np.isfinite(dem.elevation_m[cell]))


def _ladder(least: float, most: float) -> Floats:
    sizes = [size for size in _LADDER_M if least <= size <= most]
    first = next((size for size in _LADDER_M if size >= least), _LADDER_M[-1])
    return np.array(sizes or [first])
