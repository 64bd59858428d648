"""The rolling local map: stereo heights round the rover, with what is not certain of each and when it was last seen.

A map about the rover after Fankhauser, Bloesch and Hutter 2018, Probabilistic terrain mapping for mobile robots with
uncertain localization (doi:10.1109/LRA.2018.2849506): variances are those of a height as seen from where the rover
stands. What its motion since the last look leaves in doubt is added to what was seen before; what it sees now is as
certain as the eyes are. Cells that no point fell into are unknown: NaN, and nothing else is ever put into them. When
the place is corrected by the orbital map, the map goes along whole (`moved`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.boundary import StereoPoints
from rover.core.grid import Dem, GridGeometry, Site
from rover.onboard.local_map_kernels import bin_heights, fuse, fuse_raster, widen

Floats = npt.NDArray[np.float64]

CELL_M = 0.1

WORST_M = 0.5
"""Points whose range is known less well are left out."""

GRADE = 0.1
"""Root mean square grade of the ground, which turns an error across into one of height."""

LEAST_M = 0.005
"""A cell of a look is known no better: standard deviation of its mean by how its points happen to lie."""

SHARE = 0.25
"""Of a look's variance that further looks do not average away: errors of matching and of the pose are much the same."""

GATE = 3.0
"""Heights further apart than so many standard deviations do not agree."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalMap:
    """What was seen round the rover.

    Cells are whole multiples of their side from the map's origin, which lies at `origin_m` of the site frame.

    Attributes:
        site: Place and frame.
        datum_m: That heights are counted from.
        cell_m: Side of a cell.
        origin_m: (3,) east, north and up.
        corner: Row and column of the south-western cell, from the origin.
        height_m, variance_m2: (rows, cols) float32 above the origin; NaN where unknown.
        seen_s: (rows, cols) float64 when each cell was last seen; NaN where never.
    """

    site: Site
    datum_m: float
    cell_m: float
    origin_m: tuple[float, float, float]
    corner: tuple[int, int]
    height_m: npt.NDArray[np.float32]
    variance_m2: npt.NDArray[np.float32]
    seen_s: Floats

    def __post_init__(self) -> None:
        shape = np.shape(self.height_m)
        object.__setattr__(self, "height_m", locked(self.height_m, np.float32, (None, None), "height_m"))
        object.__setattr__(self, "variance_m2", locked(self.variance_m2, np.float32, shape, "variance_m2"))
        object.__setattr__(self, "seen_s", locked(self.seen_s, np.float64, shape, "seen_s"))

    @property
    def geometry(self) -> GridGeometry:
        """Where the cells are, in the site frame."""
        rows, cols = self.height_m.shape
        return GridGeometry(
            rows=rows,
            cols=cols,
            resolution_m=self.cell_m,
            east_m=self.origin_m[0] + (self.corner[1] + 0.5) * self.cell_m,
            north_m=self.origin_m[1] + (self.corner[0] + 0.5) * self.cell_m,
            site=self.site,
        )

    def age_s(self, time_s: float) -> Floats:
        """Return (rows, cols) how long ago each cell was last seen; NaN where never."""
        return np.asarray(time_s - self.seen_s)

    def moved(self, shift_m: Floats) -> LocalMap:
        """Return the same map as a whole elsewhere, by (3,) east, north and up."""
        east, north, up = (np.array(self.origin_m) + shift_m).tolist()
        return replace(self, origin_m=(east, north, up))

    def dem(self, east_m: float, north_m: float, reach_m: float) -> Dem:
        """Return what is known within reach of a place; the rest is NaN."""
        g = self.geometry
        east = g.east_m + np.arange(g.cols) * self.cell_m - east_m
        north = g.north_m + np.arange(g.rows) * self.cell_m - north_m
        rows, cols = (_within(offset, reach_m + self.cell_m / 2) for offset in (north, east))
        beyond = np.hypot(north[rows, None], east[None, cols]) > reach_m
        height = self.height_m[rows, cols].astype(np.float64) + self.origin_m[2]
        variance = self.variance_m2[rows, cols].copy()
        height[beyond], variance[beyond] = np.nan, np.nan
        east0, north0 = g.centre_of(rows.start, cols.start)
        cut = replace(g, rows=height.shape[0], cols=height.shape[1], east_m=east0, north_m=north0)
        return Dem(
            geometry=cut,
            elevation_m=height.astype(np.float32),
            datum_m=self.datum_m,
            variance_m2=variance,
            source="local map",
        )


def _within(offset_m: npt.NDArray[Any], reach_m: float) -> slice:
    near = np.flatnonzero(np.abs(offset_m) <= reach_m)
    return slice(int(near[0]), int(near[-1]) + 1) if len(near) else slice(0, 1)


def begin_local_map(
    *,
    site: Site,
    datum_m: float,
    reach_m: float,
    cell_m: float = CELL_M,
    origin_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> LocalMap:
    """Return a map on which nothing is known.

    Args:
        site: Place and frame.
        datum_m: That heights are counted from.
        reach_m: How far from the rover it reaches to each side, at least.
        cell_m: Side of a cell.
        origin_m: East, north and up of a corner of cells.
    """
    half = math.ceil(reach_m / cell_m)
    nothing = np.full((2 * half + 1, 2 * half + 1), np.nan)
    return LocalMap(
        site=site,
        datum_m=datum_m,
        cell_m=cell_m,
        origin_m=origin_m,
        corner=(-half, -half),
        height_m=nothing,
        variance_m2=nothing,
        seen_s=nothing,
    )


def fuse_look(
    local: LocalMap,
    stereo: Sequence[StereoPoints],
    *,
    place_m: Floats,
    rotation: Floats,
    motion: Floats,
    time_s: float,
) -> LocalMap:
    """Return the map after a look: rolled to the rover, widened by its motion, fused with what it sees.

    Args:
        local: Before it.
        stereo: What each pair ranged.
        place_m, rotation: (3,), (3, 3) the pose believed in.
        motion: (6, 6) covariance of the motion since the last look: shift, and turn about east, north and up.
        time_s: Now.
    """
    place = np.asarray(place_m, np.float64) - np.array(local.origin_m)
    local = _rolled(local, float(place[0]), float(place[1]))
    south, west = (index * local.cell_m for index in local.corner)
    height, variance, seen = local.height_m.copy(), local.variance_m2.copy(), local.seen_s.copy()
    widen(
        variance, west, south, local.cell_m, float(place[0]), float(place[1]), np.ascontiguousarray(motion), GRADE
    )  # fmt: skip
    sums = np.zeros((4, *height.shape))
    level = np.array([place[0], place[1], 0.0])
    for pair in stereo:
        bin_heights(
            pair.points_m, pair.sigma_m, np.array(pair.eye_m), np.ascontiguousarray(rotation), level,
            west, south, local.cell_m, GRADE, WORST_M, sums,
        )  # fmt: skip
    fuse(sums, float(place[2]), time_s, GATE, LEAST_M**2, SHARE, height, variance, seen)
    return replace(local, height_m=height, variance_m2=variance, seen_s=seen)


def fuse_heights(
    local: LocalMap | None,
    heights: Dem,
    *,
    here_m: tuple[float, float],
    sigma_m: float,
    reach_m: float,
    time_s: float,
) -> LocalMap:
    """Return the map after a look that tells heights cell by cell, on cells of its own.

    Args:
        local: Before it; None, or one of other cells, begins anew.
        heights: Where they are.
        here_m: East and north of the rover.
        sigma_m: Their standard deviation where they do not tell it.
        reach_m: How far from the rover a map that begins reaches to each side, at least.
        time_s: Now.
    """
    side = heights.geometry.resolution_m
    corner = (heights.geometry.east_m - side / 2, heights.geometry.north_m - side / 2)
    if local is None or not _shares(local, side, corner):
        local = begin_local_map(
            site=heights.geometry.site,
            datum_m=heights.datum_m,
            reach_m=reach_m,
            cell_m=side,
            origin_m=(*corner, 0.0),
        )
    local = _rolled(local, here_m[0] - local.origin_m[0], here_m[1] - local.origin_m[1])
    there, here = [], []
    for axis in range(2):
        first = round((corner[1 - axis] - local.origin_m[1 - axis]) / side) - local.corner[axis]
        room, length = local.height_m.shape[axis], heights.geometry.shape[axis]
        begin, end = max(0, first), max(0, first, min(room, first + length))
        here.append(slice(begin, end))
        there.append(slice(begin - first, end - first))
    told = heights.variance_m2
    if told is None:
        told = np.full(heights.geometry.shape, sigma_m**2, np.float32)
    height, variance, seen = local.height_m.copy(), local.variance_m2.copy(), local.seen_s.copy()
    shift = heights.datum_m - local.datum_m - local.origin_m[2]
    cells, own = (there[0], there[1]), (here[0], here[1])
    fuse_raster(
        heights.elevation_m[cells],
        told[cells],
        shift,
        time_s,
        GATE,
        SHARE,
        height[own],
        variance[own],
        seen[own],
    )
    return replace(local, height_m=height, variance_m2=variance, seen_s=seen)


def _shares(local: LocalMap, side_m: float, corner_m: tuple[float, float]) -> bool:
    """Tell whether cells of a side, one of which has its corner there, are the map's own."""
    apart = [(place - own) / side_m for place, own in zip(corner_m, local.origin_m, strict=False)]
    return abs(side_m - local.cell_m) < 1e-9 and all(abs(cells - round(cells)) < 1e-3 for cells in apart)


def _rolled(local: LocalMap, east_m: float, north_m: float) -> LocalMap:
    """Bring the map to where the rover is: what stays inside stays as it is, what leaves is forgotten."""
    half = (local.height_m.shape[0] - 1) // 2
    corner = math.floor(north_m / local.cell_m) - half, math.floor(east_m / local.cell_m) - half
    up, along = (new - old for new, old in zip(corner, local.corner, strict=True))
    if up == 0 and along == 0:
        return local

    def roll(layer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        moved = np.full_like(layer, np.nan)
        rows, cols = layer.shape
        if abs(up) < rows and abs(along) < cols:
            here = np.s_[max(0, -up) : rows - max(0, up), max(0, -along) : cols - max(0, along)]
            there = np.s_[max(0, up) : rows + min(0, up), max(0, along) : cols + min(0, along)]
            moved[here] = layer[there]
        return moved

    return replace(
        local,
        corner=corner,
        height_m=roll(local.height_m),
        variance_m2=roll(local.variance_m2),
        seen_s=roll(local.seen_s),
    )
