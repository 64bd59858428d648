"""What a march over ground needs besides the ground: where to sample, coarser levels, and where the high ground is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.terrain.horizon_kernels import TILE

Heights = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """How densely rays sample the ground.

    Attributes:
        near_cells: Way that goes in half-cell steps. From there on a ray is sampled where it crosses rows, or columns
            if it crosses more of those.
        per_octave: Samples from there to twice as far, and so on: one per cell of the level it looks at.
    """

    near_cells: int
    per_octave: int


FAST = Spacing(near_cells=24, per_octave=56)
EXACT = Spacing(near_cells=64, per_octave=256)

PEAK_SHARE = 0.4
"""Of the way from a block's mean to its highest ground, what stands for it. The mean alone sees too low over rough
ground, and the highest too high over slopes; between the two errors are least (median over both about zero)."""

_NOTHING = np.float32(-np.inf)
_PARTS = 2.0**20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Where the rays sample the ground.

    Attributes:
        offset: (azimuths, s, 2) rows and columns from the observer, in cells of the map, ever farther.
        level: (azimuths, s) of `Levels`; 0 is the ground itself.
        inverse: (azimuths, s) float32 tangent per metre of height: 1 / (q sin angle).
        drop: (azimuths, s) float32 tangent by which the curved ground sinks: tan(angle / 2).
    """

    offset: Floats
    level: Ints
    inverse: Heights
    drop: Heights

    def __post_init__(self) -> None:
        size = self.offset.shape[:2]
        object.__setattr__(self, "offset", locked(self.offset, np.float64, (*size, 2), "offset"))
        object.__setattr__(self, "level", locked(self.level, np.int64, size, "level"))
        for name in ("inverse", "drop"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float32, size, name))


def samples_over(
    shape: tuple[int, int],
    resolution_m: float,
    *,
    azimuths: int,
    radius_m: float,
    datum_m: float,
    spacing: Spacing,
) -> Samples:
    """Return the samples that reach across a raster.

    A point at an angle t from the observer, seen from the body's centre, and heights z and e of both above the datum
    are at radii q + z and q + e, q = radius + datum. It then stands at the tangent
    ((q + z) cos t - q - e) / ((q + z) sin t), which for heights that are small beside q is
    (z - e) / (q sin t) - tan(t / 2). Metres of the map count as metres at the datum, as they do in slopes.

    Args:
        shape: Rows and columns.
        resolution_m: Side of a cell.
        azimuths: A multiple of 4.
        radius_m, datum_m: Of the body, and of the elevations above that.
        spacing: Of the samples.
    """
    towards = directions_of(azimuths)
    major = np.abs(towards).max(axis=1)
    near = np.arange(1, 2 * spacing.near_cells + 1) * 0.5
    crossed = [_lines_crossed(spacing, float(part), max(shape)) for part in major]
    count = max(len(lines) for lines, _ in crossed)
    # A ray that needs fewer samples has left the raster by the time it comes to the rest.
    lines = np.stack([_filled(lines, count, np.inf) for lines, _ in crossed])
    level = np.stack([_filled(level, count, 0) for _, level in crossed])
    lines = np.where(np.isinf(lines), 2.0 * max(shape), lines)
    crossings = lines[:, :, None] * (towards / major[:, None])[:, None, :]
    offset = np.concatenate([near[None, :, None] * towards[:, None, :], crossings], axis=1)
    way = np.concatenate([np.broadcast_to(near, (azimuths, len(near))), lines / major[:, None]], axis=1)
    angle = np.minimum(way * resolution_m / (radius_m + datum_m), math.pi / 2)
    return Samples(
        # Rounded, so that what falls on a row or column does so exactly and has no weight beyond it.
        offset=np.round(offset * _PARTS) / _PARTS,
        level=np.concatenate([np.zeros((azimuths, len(near)), np.int64), level], axis=1),
        inverse=(1.0 / ((radius_m + datum_m) * np.sin(angle))).astype(np.float32),
        drop=np.tan(angle / 2).astype(np.float32),
    )


def _lines_crossed(spacing: Spacing, major: float, longest: int) -> tuple[Floats, Ints]:
    """Which rows (or columns) beyond the near field are looked at, counted from the observer's, and at which level.

    Args:
        spacing: Of the samples.
        major: Rows per cell of way.
        longest: Rows that the raster has.
    """
    lines, level = [], []
    line = math.floor(spacing.near_cells * major) + 1
    while line < longest:
        octave = max(0, math.floor(math.log2(line / (major * spacing.per_octave))))
        lines.append(line)
        level.append(octave)
        line += 2**octave
    return np.array(lines, np.float64), np.array(level, np.int64)


def _filled(values: npt.NDArray[Any], count: int, filler: float) -> npt.NDArray[Any]:
    return np.concatenate([values, np.full(count - len(values), filler, values.dtype)])


def directions_of(azimuths: int) -> Floats:
    """Return (azimuths, 2) rows and columns per cell of way: cosines and sines of azimuths clockwise from north.

    Of one octant, and turned and mirrored to the others, so that rays along rows, columns and diagonals are exactly so.

    Args:
        azimuths: A multiple of 4.
    """
    quarter = azimuths // 4
    turn = np.arange(quarter) * (2 * math.pi / azimuths)
    north, east = np.cos(turn), np.sin(turn)
    beyond = np.arange(quarter) * 8 > azimuths
    mirrored = (quarter - np.arange(quarter)) * (2 * math.pi / azimuths)
    north, east = np.where(beyond, np.sin(mirrored), north), np.where(beyond, np.cos(mirrored), east)
    if azimuths % 8 == 0:
        north[quarter // 2] = east[quarter // 2] = math.sqrt(0.5)
    first = np.stack([north, east], axis=1)
    quarters = [first, first[:, ::-1] * (-1, 1), -first, first[:, ::-1] * (1, -1)]
    return np.ascontiguousarray(np.concatenate(quarters) + 0.0)  # no -0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """Ground at a half, a quarter ... of its rows, each value over a square of as many columns, every column kept.

    The columns are kept so that a march over coarse ground runs along them as it does over the ground itself; all
    levels together hold as many values as the ground.

    Attributes:
        elevation_m: (sum of rows, cols) levels 1, 2 ... one above the other. Row i of level l stands for rows
            `i 2^l` on; column j for the `2^l` columns that begin `2^(l - 1)` before it. Unknown ground is left out; NaN
            where there is no other.
        first: (levels + 1,) where each begins, and the last ends.
    """

    elevation_m: Heights
    first: Ints

    def __post_init__(self) -> None:
        held = locked(self.elevation_m, np.float32, (None, None), "elevation_m")
        object.__setattr__(self, "elevation_m", held)
        object.__setattr__(self, "first", locked(self.first, np.int64, (None,), "first"))


def levels_of(elevation_m: Heights, count: int) -> Levels:
    """Return the first `count` coarser levels of some ground."""
    rows = [elevation_m.shape[0]]
    for _ in range(count):
        rows.append((rows[-1] + 1) // 2)
    first = np.cumsum([0, *rows[1:]])
    stack = np.empty((int(first[-1]), elevation_m.shape[1]), np.float32)
    mean = top = elevation_m
    for level in range(1, count + 1):
        mean, top = _coarser(mean, level, _mean_of), _coarser(top, level, _higher_of)
        stack[first[level - 1] : first[level]] = mean + np.float32(PEAK_SHARE) * (top - mean)
    return Levels(elevation_m=stack, first=first)


def _coarser(layer: Heights, level: int, join: Callable[[Heights, Heights], Heights]) -> Heights:
    """Half the rows of a level, over squares twice as wide; what a window lacks at the edges is left out."""
    south, north = layer[0::2], layer[1::2]
    if len(north) < len(south):
        north = np.concatenate([north, south[-1:]])
    rows = join(south, north)
    step, cols = 2 ** (level - 2), rows.shape[1]
    at = np.arange(cols)
    if level == 1:
        return join(rows[:, np.maximum(at - 1, 0)], rows)
    return join(rows[:, np.maximum(at - step, 0)], rows[:, np.minimum(at + step, cols - 1)])


def _mean_of(one: Heights, other: Heights) -> Heights:
    """Mean of what is known of two."""
    both = (one + other) * np.float32(0.5)
    return np.where(np.isnan(one), other, np.where(np.isnan(other), one, both))


def _higher_of(one: Heights, other: Heights) -> Heights:
    return np.fmax(one, other)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tops:
    """The highest ground by square tiles of `TILE` cells; -inf where none is known.

    Attributes:
        tile_m: (tile rows, tile cols).
        ahead_m: (4, tile rows, tile cols) of each tile and all beyond: to the north-east, north-west, south-east and
            south-west.
    """

    tile_m: Heights
    ahead_m: Heights

    def __post_init__(self) -> None:
        held = locked(self.tile_m, np.float32, (None, None), "tile_m")
        object.__setattr__(self, "tile_m", held)
        object.__setattr__(self, "ahead_m", locked(self.ahead_m, np.float32, (4, *held.shape), "ahead_m"))


def tops_of(elevation_m: Heights) -> Tops:
    """Return the tops of some ground, raised by more than interpolation between posts can round up."""
    rows, cols = elevation_m.shape
    by_row = np.fmax.reduceat(elevation_m, np.arange(0, rows, TILE), axis=0)
    tile = np.fmax.reduceat(by_row, np.arange(0, cols, TILE), axis=1)
    known = np.isfinite(tile)
    low = np.fmin.reduce(elevation_m, axis=None)
    largest = np.abs(tile[known]).max(initial=abs(low) if np.isfinite(low) else 0.0)
    tile = np.where(known, tile + np.float32(2e-6) * np.float32(largest), _NOTHING).astype(np.float32)
    return Tops(
        tile_m=tile, ahead_m=np.stack([_ahead(tile, north, east) for north in (1, 0) for east in (1, 0)])
    )


def _ahead(tile: Heights, north: int, east: int) -> Heights:
    turn = (slice(None, None, -1 if north else 1), slice(None, None, -1 if east else 1))
    beyond = np.maximum.accumulate(np.maximum.accumulate(tile[turn], axis=0), axis=1)
    return np.ascontiguousarray(beyond[turn])
