"""The heights seen lately: the mean of what the last looks told, on a grid that goes with the rover."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem, GridGeometry

HALF_WINDOW_M = 10.0
"""Further from the rover than this nothing is remembered."""

LOCAL_CELL_M = 0.2
"""Cells of the local costs; heights on finer cells are taken together."""

MOST_LOOKS = 30
"""Of a cell; the mean then follows what is seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenGround:
    """Heights round the rover.

    Attributes:
        dem: Heights on cells as they were sensed; NaN where nothing has been seen. Its rows and columns are whole
            multiples of `block`.
        looks: (rows, cols) int32 how many looks each mean is of.
        block: Cells of `dem` along a cell of the local costs.
        corner: Row and column of cell (0, 0), counted from the lattice's own origin.
        origin_m: East and north of the lattice's origin.
    """

    dem: Dem
    looks: npt.NDArray[np.int32]
    block: int
    corner: tuple[int, int]
    origin_m: tuple[float, float]

    def __post_init__(self) -> None:
        held = locked(self.looks, np.int32, self.dem.geometry.shape, "looks")
        object.__setattr__(self, "looks", held)


def add_look(before: SeenGround | None, heights: Dem, here_m: tuple[float, float]) -> SeenGround:
    """Return what is known after one more look.

    Heights that carry a variance are fused already: they replace what was known. Others are averaged.

    Args:
        before: What was known, None for nothing.
        heights: Just sensed; a look on other cells than those before it begins anew.
        here_m: East and north of the rover.
    """
    ground = _centred(before if before is not None and _shares(before, heights) else None, heights, here_m)
    low, there, here = _overlap(ground, heights)
    elevation, looks = ground.dem.elevation_m.copy(), ground.looks.copy()
    sensed, shift = heights.elevation_m[there], np.float32(heights.datum_m - ground.dem.datum_m)
    known = ~np.isnan(sensed)
    old, count = elevation[here], looks[here]
    if heights.variance_m2 is None:
        count = np.where(known, np.minimum(count + 1, MOST_LOOKS), count)
        first = np.isnan(old)
        mean = np.where(
            first, sensed + shift, old + (sensed + shift - old) / np.maximum(count, 1).astype(np.float32)
        )
    else:
        count = np.where(known, 1, count)
        mean = sensed + shift
    elevation[here] = np.where(known, mean, old)
    looks[here] = count
    dem = Dem(
        geometry=ground.dem.geometry,
        elevation_m=elevation,
        datum_m=ground.dem.datum_m,
        source="what was seen",
    )
    return SeenGround(dem=dem, looks=looks, block=ground.block, corner=low, origin_m=ground.origin_m)


def _shares(before: SeenGround, heights: Dem) -> bool:
    """Tell whether heights lie on the same lattice."""
    side = heights.geometry.resolution_m
    if side != before.dem.geometry.resolution_m:
        return False
    off = [
        (heights.geometry.east_m - before.origin_m[0]) / side,
        (heights.geometry.north_m - before.origin_m[1]) / side,
    ]
    return all(abs(value - round(value)) < 1e-3 for value in off)


def _centred(before: SeenGround | None, heights: Dem, here_m: tuple[float, float]) -> SeenGround:
    """Return what was known on a window about the rover."""
    side = heights.geometry.resolution_m
    block = max(1, math.floor(LOCAL_CELL_M / side + 1e-9)) if before is None else before.block
    origin = (heights.geometry.east_m, heights.geometry.north_m) if before is None else before.origin_m
    half = math.ceil(HALF_WINDOW_M / (side * block)) * block
    corner = tuple(
        math.floor((place - start) / (side * block)) * block - half
        for place, start in zip(reversed(here_m), reversed(origin), strict=True)
    )
    count = 2 * half + block
    elevation = np.full((count, count), np.nan, np.float32)
    looks = np.zeros((count, count), np.int32)
    if before is not None:
        up, along = corner[0] - before.corner[0], corner[1] - before.corner[1]
        if abs(up) < count and abs(along) < count:
            old = np.s_[max(0, up) : count + min(0, up), max(0, along) : count + min(0, along)]
            new = np.s_[max(0, -up) : count - max(0, up), max(0, -along) : count - max(0, along)]
            elevation[new], looks[new] = before.dem.elevation_m[old], before.looks[old]
    geometry = GridGeometry(
        rows=count,
        cols=count,
        resolution_m=side,
        east_m=origin[0] + corner[1] * side,
        north_m=origin[1] + corner[0] * side,
        site=heights.geometry.site,
    )
    datum_m = heights.datum_m if before is None else before.dem.datum_m
    dem = Dem(geometry=geometry, elevation_m=elevation, datum_m=datum_m, source="what was seen")
    return SeenGround(dem=dem, looks=looks, block=block, corner=(corner[0], corner[1]), origin_m=origin)


def _overlap(
    ground: SeenGround, heights: Dem
) -> tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]:
    """Return the window's corner, and the slices of a look and of the window that are the same cells."""
    side, geometry = heights.geometry.resolution_m, heights.geometry
    first = (
        round((geometry.north_m - ground.origin_m[1]) / side) - ground.corner[0],
        round((geometry.east_m - ground.origin_m[0]) / side) - ground.corner[1],
    )
    there, here = [], []
    for at, length, room in zip(first, geometry.shape, ground.dem.geometry.shape, strict=True):
        begin, end = max(0, at), max(0, min(room, at + length))
        end = max(begin, end)
        here.append(slice(begin, end))
        there.append(slice(begin - at, end - at))
    return ground.corner, (there[0], there[1]), (here[0], here[1])
