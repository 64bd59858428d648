"""A scene: the ground about a place at several scales, and the bodies on it, made ready for rays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.moon.cells import Cells
from sim.moon.ground import Patch
from sim.moon.rocks import NO_ROCKS, Rocks
from sim.moon.scatter import HALF_MM
from sim.moon.surface import Surface
from sim.sensors.bodies import NO_BODIES, Bodies
from sim.sensors.grain import LONGEST_M
from sim.sensors.ground_kernels import add_grain
from sim.sensors.image_kernels import BAND_CELLS, HELD_CELLS
from sim.sensors.ray_kernels import STEPS, build_mips, cap_mips, raise_mips
from sim.sensors.scene_kernels import blend_rim, lower_by_curvature

Floats = npt.NDArray[np.float64]

_SMALLEST = 8
"""Nodes along a side of a raster, at least."""

NO_GRAIN: Floats = np.zeros((0, 4))

PICTURE_RINGS = ((8.0, 20), (60.0, 100), (1000.0, 1000), (16_000.0, 16_000), (160_000.0, 160_000))
"""Half sides in metres and cells in millimetres of the ground for a picture from a mast: to the horizon and beyond."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What may be seen from about a place.

    Attributes:
        east_m, north_m: The scene's origin in the frame of the ground; that of `bodies` too.
        ground: Arrays as `sim.sensors.ray_kernels` describes them.
        bodies: On the ground.
        grain: (n, 4) octaves of relief below the scale of the cells, `sim.sensors.grain.octaves`.
    """

    east_m: float
    north_m: float
    ground: tuple[npt.NDArray[Any], ...]
    bodies: Bodies
    grain: Floats

    @property
    def resolutions_m(self) -> Floats:
        """Sides of the cells by level, the finest first."""
        sides: Floats = self.ground[2][:, 0]
        return sides

    def with_bodies(self, bodies: Bodies) -> Scene:
        """Return the scene with other bodies on the same ground."""
        return replace(self, bodies=bodies)


def build_scene(
    patches: Sequence[Patch],
    *,
    east_m: float,
    north_m: float,
    radius_m: float = math.inf,
    grain: Floats = NO_GRAIN,
    bodies: Bodies = NO_BODIES,
) -> Scene:
    """Make rasters of ground ready for rays.

    Args:
        patches: Each inside the next coarser one; the finest that holds a place counts there, and is led over into the
            next at its rim.
        east_m, north_m: The scene's origin. Ground is lowered by the fall of a sphere about it.
        radius_m: Of that sphere; infinite for a level world.
        grain: Octaves of finer relief. Those that a raster can hold (4 cells and more) are added to its heights.
        bodies: In metres from the origin.

    Raises:
        ValueError: No raster, one too small, or one that is not inside the next.
    """
    ordered = sorted(patches, key=lambda patch: patch.resolution_m)
    _check(ordered)
    nodes: list[Floats] = []
    for patch in reversed(ordered):
        around = (ordered[len(ordered) - len(nodes)], nodes[0]) if nodes else None
        nodes.insert(0, _nodes(patch, around, (east_m, north_m), radius_m, grain))
    level = np.array(
        [_level(p, z, east_m, north_m) for p, z in zip(ordered, nodes, strict=True)], dtype=np.float64
    )
    level[:, 8] = level[:, 7].max()
    return Scene(
        east_m=east_m, north_m=north_m, ground=_pyramids(nodes, level), bodies=bodies, grain=np.array(grain)
    )


def site_patches(
    surface: Surface,
    *,
    east_m: float,
    north_m: float,
    rings: Sequence[tuple[float, int]] = PICTURE_RINGS,
    boulders: Rocks = NO_ROCKS,
    rocks: bool = True,
) -> list[Patch]:
    """Return seeded ground about a place of its own frame as nested rasters.

    Args:
        surface: A site under a seed.
        east_m, north_m: Their middle; each raster's cells are counted from the frame's origin, in whole cells.
        rings: Half side in metres and side of a cell in millimetres of each.
        boulders, rocks: As `Surface.elevation_m` takes them.
    """
    found = []
    for half_m, cell_mm in rings:
        cell_m = cell_mm / 1000.0
        first_col, first_row = (math.floor((at - half_m) / cell_m) for at in (east_m, north_m))
        count = 2 * math.ceil(half_m / cell_m) + 1
        step = round(2 * cell_mm)
        cells = Cells(
            east=first_col * step + step // 2,
            north=first_row * step + step // 2,
            step=step,
            rows=count,
            cols=count,
        )
        found.append(
            Patch(
                east_m=cells.east / HALF_MM,
                north_m=cells.north / HALF_MM,
                resolution_m=cell_m,
                elevation_m=surface.elevation_m(cells, boulders, rocks=rocks).astype(np.float32),
            )
        )
    return found


def _check(ordered: Sequence[Patch]) -> None:
    if not ordered:
        raise ValueError("a scene without ground")
    for patch in ordered:
        if min(patch.elevation_m.shape) < _SMALLEST:
            raise ValueError(f"a raster of {patch.elevation_m.shape} nodes; {_SMALLEST} a side is the least")
    for inner, outer in pairwise(ordered):
        a, b = _edges(inner), _edges(outer)
        if not (b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3]):
            raise ValueError(
                f"the raster of {inner.resolution_m} m is not inside that of {outer.resolution_m} m"
            )


def _edges(patch: Patch) -> tuple[float, float, float, float]:
    """West, south, east and north of the outermost nodes."""
    rows, cols = patch.elevation_m.shape
    return (
        patch.east_m,
        patch.north_m,
        patch.east_m + (cols - 1) * patch.resolution_m,
        patch.north_m + (rows - 1) * patch.resolution_m,
    )


def _nodes(
    patch: Patch,
    around: tuple[Patch, Floats] | None,
    origin_m: tuple[float, float],
    radius_m: float,
    grain: Floats,
) -> Floats:
    """Return a raster's heights with grain and curvature, led over into the one around it."""
    z = patch.elevation_m.astype(np.float64)
    cell = patch.resolution_m
    if len(grain) and HELD_CELLS * cell <= LONGEST_M:
        add_grain(z, grain, patch.east_m, patch.north_m, cell, HELD_CELLS * cell, math.inf)
    if math.isfinite(radius_m):
        lower_by_curvature(z, patch.east_m - origin_m[0], patch.north_m - origin_m[1], cell, 1.0 / radius_m)
    if around is not None:
        outer, coarse = around
        ratio = cell / outer.resolution_m
        u0 = (patch.east_m - outer.east_m) / outer.resolution_m
        v0 = (patch.north_m - outer.north_m) / outer.resolution_m
        band = min(math.ceil(BAND_CELLS / ratio), min(z.shape) // 4)
        blend_rim(z, coarse, u0, v0, ratio, band)
    return z


def _level(patch: Patch, z: Floats, east_m: float, north_m: float) -> list[float]:
    """Return a row of `level`, see `sim.sensors.ray_kernels`."""
    west, south, east, north = _edges(patch)
    known = z[np.isfinite(z)]
    return [
        patch.resolution_m,
        west - east_m,
        south - north_m,
        west - east_m,
        south - north_m,
        east - east_m,
        north - north_m,
        float(known.max()) if known.size else -math.inf,
        0.0,
    ]


def _pyramids(nodes: Sequence[Floats], level: Floats) -> tuple[npt.NDArray[Any], ...]:
    """Return the arrays of `ground`, see `sim.sensors.ray_kernels`."""
    shape = np.zeros((len(nodes), 4), np.int64)
    mip_at, mip_cols = np.zeros((len(nodes), STEPS), np.int64), np.zeros((len(nodes), STEPS), np.int64)
    flat, mips = [], []
    begin_z = begin_mip = 0
    finer: npt.NDArray[np.float32] | None = None
    for m, heights in enumerate(nodes):
        z = heights.astype(np.float32)
        rows, cols = _steps(z.shape[0] - 1, z.shape[1] - 1)
        at = np.concatenate([[0], np.cumsum(rows * cols)])
        mip = np.empty(at[-1], np.float32)
        build_mips(z, mip, at[:-1], rows, cols)
        if finer is not None:
            cap_mips(mip[: at[1]], int(cols[0]), finer, int(mip_cols[m - 1, 0]), level, m)
            raise_mips(mip, at[:-1], rows, cols)
        finer = mip[: at[1]]
        shape[m] = *z.shape, begin_z, len(rows)
        mip_at[m, : len(rows)], mip_cols[m, : len(rows)] = at[:-1] + begin_mip, cols
        flat.append(z.ravel())
        mips.append(mip)
        begin_z, begin_mip = begin_z + z.size, begin_mip + mip.size
    return np.concatenate(flat), np.concatenate(mips), level, shape, mip_at, mip_cols


def _steps(rows: int, cols: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return rows and cols of each step of a pyramid over so many cells."""
    shapes = [(rows, cols)]
    while max(shapes[-1]) > 1:
        shapes.append(((shapes[-1][0] + 1) // 2, (shapes[-1][1] + 1) // 2))
    pairs = np.array(shapes, dtype=np.int64)
    return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
