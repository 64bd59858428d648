"""Self-affine relief as one cubic B-spline surface, made from coarse to fine.

Level k is a square lattice of side 16 mm x 2^k. Its octave of noise is a set of coefficients; the octaves of all
coarser levels are carried down by the two-scale relation of B-splines, so that the sum is again one set of
coefficients, and the mean of the surface over any cell is a short weighted sum of them, exact. A raster of any
resolution and anchor therefore holds the means of the same surface; all it leaves out are octaves whose
wavelength is well under a cell.

Lattices are nested, each shifted against the next finer one by nothing or by one side, east and north, as the
seed says, so that no place is a point of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from sim.moon.cells import Cells
from sim.moon.powers import interpolate_log
from sim.moon.relief_kernels import add_noise, add_noise_means, mean_over_cells, refine
from sim.moon.scatter import HALF_MM, Stream, stream_key
from sim.moon.site_tables import ReliefParams

LEVELS = 24
FINEST_SIDE = 32
"""Half-millimetres."""
WAVES_PER_SIDE = 3.24
"""Wavelength at which an octave is strongest, in lattice sides."""
UNIT_RMS = 0.1462
"""rms of an octave whose coefficients have amplitude one."""

_FINEST_SHARE = 0.3
_LEFT_OUT = 0.0265
_ONE_BLOCK = 62
"""Shift that puts all points of any window into one block."""

Field = npt.NDArray[np.float64]


def side_of(level: int) -> int:
    """Return the lattice side of a level, half-millimetres."""
    return FINEST_SIDE << level


def wavelength_m(level: int) -> float:
    """Return the wavelength at which the octave of a level is strongest."""
    return WAVES_PER_SIDE * side_of(level) / HALF_MM


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeWindow:
    """Lattice points of one level: indices of the south-west one, east and north, and how many."""

    level: int
    i0: int
    j0: int
    rows: int
    cols: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Amplitude:
    """The factor of an octave's noise by place, one for each block of 2^shift lattice points a side.

    Attributes:
        values: (blocks north, blocks east) from the block of the window's south-west point on.
        shift: As above.
        first_col, first_row: Added to a point's indices before they are shifted.
    """

    values: Field
    shift: int = 0
    first_col: int = 0
    first_row: int = 0

    def blocks(self, window: LatticeWindow) -> tuple[Field, int, int, int]:
        """Return what kernels take."""
        if self.values.size == 1:
            return self.values, _ONE_BLOCK, -window.i0, -window.j0
        return self.values, self.shift, self.first_col, self.first_row

    def at_points(self, window: LatticeWindow) -> Field:
        """Return (rows, cols) factors of a window's points."""
        values, shift, east, north = self.blocks(window)
        i = (window.i0 + east + np.arange(window.cols, dtype=np.int64)) >> shift
        j = (window.j0 + north + np.arange(window.rows, dtype=np.int64)) >> shift
        spread: Field = values[(j - j[0])[:, None], (i - i[0])[None, :]]
        return spread


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Octaves:
    """Noise at every level.

    Attributes:
        keys: (LEVELS,) uint64 hash keys.
        bits: For each level, how far (0 or 1 sides, east and north) the next coarser lattice is shifted.
        offsets: For each level, place of lattice point (0, 0), half-millimetres.
        plain, rugged: (LEVELS,) amplitude of the coefficients where ruggedness is 0 and 1.
    """

    keys: npt.NDArray[np.uint64]
    bits: tuple[tuple[int, int], ...]
    offsets: tuple[tuple[int, int], ...]
    plain: Field
    rugged: Field

    def finest_of(self, step: int) -> int:
        """Return the finest level that a raster of cells of `step` half-millimetres needs.

        The mean of an octave over a cell many times its side is what its edges cut off: as the side over the cell
        to the power 3/2. An octave is left out where that is under `_LEFT_OUT` of the octave whose wavelength
        is about a cell, on plain and on rugged ground: where relief hardly grows with its wavelength, one octave
        more is kept.
        """
        level = 0
        while level + 1 < LEVELS and side_of(level + 1) <= _FINEST_SHARE * step:
            level += 1
        if level == 0:
            return level
        share = side_of(level - 1) / step
        least = _LEFT_OUT / (share * sqrt(share))
        kept = any(column[level - 1] > least * column[level] for column in (self.plain, self.rugged))
        return level - 1 if kept else level

    def points_under(self, cells: Cells, level: int) -> LatticeWindow:
        """Return the lattice points of a level whose splines reach into cells."""
        side, (east, north) = side_of(level), self.offsets[level]
        west, south = cells.east - cells.step // 2 - east, cells.north - cells.step // 2 - north
        i0, j0 = west // side - 1, south // side - 1
        return LatticeWindow(
            level=level,
            i0=i0,
            j0=j0,
            rows=(south + cells.rows * cells.step) // side + 4 - j0,
            cols=(west + cells.cols * cells.step) // side + 4 - i0,
        )

    def parent_of(self, child: LatticeWindow) -> LatticeWindow:
        """Return the points of the next coarser level that `refine` and `means` need for a window."""
        east, north = self.bits[child.level]
        i0, j0 = (child.i0 - east) // 2 - 1, (child.j0 - north) // 2 - 1
        return LatticeWindow(
            level=child.level + 1,
            i0=i0,
            j0=j0,
            rows=(child.j0 + child.rows - 1 - north) // 2 + 3 - j0,
            cols=(child.i0 + child.cols - 1 - east) // 2 + 3 - i0,
        )

    def refined(self, parent: LatticeWindow, coefficients: Field, child: LatticeWindow) -> Field:
        """Return the coefficients of a parent's surface on a child's lattice."""
        east, north = self.bits[child.level]
        out = np.empty((child.rows, child.cols))
        refine(coefficients, child.i0 - east - 2 * parent.i0, child.j0 - north - 2 * parent.j0, out)
        return out

    def places_m(self, window: LatticeWindow) -> tuple[Field, Field]:
        """Return east (cols,) and north (rows,) of lattice points from the site's origin."""
        side, (east, north) = side_of(window.level), self.offsets[window.level]
        x = (east + side * (window.i0 + np.arange(window.cols, dtype=np.int64))) / HALF_MM
        y = (north + side * (window.j0 + np.arange(window.rows, dtype=np.int64))) / HALF_MM
        return x, y

    def add_to(self, coefficients: Field, window: LatticeWindow, amplitude: Amplitude) -> None:
        """Add a level's noise to the coefficients of a window."""
        if amplitude.values.any():
            with np.errstate(over="ignore"):
                add_noise(
                    coefficients, window.i0, window.j0, self.keys[window.level], *amplitude.blocks(window)
                )

    def add_means(self, height: Field, window: LatticeWindow, cells: Cells, amplitude: Amplitude) -> None:
        """Add the means over cells of a level's noise to (rows, cols) heights."""
        if amplitude.values.any():
            size, place = (window.rows, window.cols), (window.i0, window.j0)
            key = self.keys[window.level]
            weights = self._cell_weights(window, cells)
            at_once = weights[1].shape[1] * side_of(window.level) // cells.step + 2
            with np.errstate(over="ignore"):
                add_noise_means(height, *size, *place, key, *amplitude.blocks(window), *weights, at_once)  # type: ignore[arg-type]

    def amplitude(self, window: LatticeWindow, blocks: LatticeWindow, values: Field) -> Amplitude:
        """Return amplitudes for a window out of those for the points of a coarser one, block by block."""
        shift = blocks.level - window.level
        east, north = (
            (own - coarse) // side_of(window.level)
            for own, coarse in zip(self.offsets[window.level], self.offsets[blocks.level], strict=True)
        )
        west, south = ((window.i0 + east) >> shift) - blocks.i0, ((window.j0 + north) >> shift) - blocks.j0
        held = np.ascontiguousarray(values[south:, west:])
        return Amplitude(values=held, shift=shift, first_col=east, first_row=north)

    def means(self, coefficients: Field, window: LatticeWindow, cells: Cells) -> Field:
        """Return (rows, cols) means of the surface over cells."""
        height = np.empty((cells.rows, cells.cols))
        mean_over_cells(coefficients, *self._cell_weights(window, cells), height)
        return height

    def _cell_weights(
        self, window: LatticeWindow, cells: Cells
    ) -> tuple[npt.NDArray[np.int64], Field, npt.NDArray[np.int64], Field]:
        """Return, for rows and for columns, the first coefficient that counts for a cell and the weights."""
        side, (east, north) = side_of(window.level), self.offsets[window.level]
        half = cells.step // 2
        first_row, row_weights = _weights(cells.north - half - north, cells.step, cells.rows, side)
        first_col, col_weights = _weights(cells.east - half - east, cells.step, cells.cols, side)
        return first_row - window.j0, row_weights, first_col - window.i0, col_weights


@lru_cache(maxsize=64)
def _weights(edge: int, step: int, count: int, side: int) -> tuple[npt.NDArray[np.int64], Field]:
    """Return, for cells from `edge` on, the first lattice index that counts and (count, taps) weights from it.

    The weight of a coefficient is the mean of its spline over the cell: a difference of the spline's integral.
    Blocks beside and above one another share those of their rows and columns, so the last few are kept.
    """
    edges = edge + step * np.arange(count, dtype=np.int64)
    first = edges // side - 1
    low = (edges - (first + 1) * side) / side
    high = low + step / side
    taps = np.arange(-1, step // side + 4)
    share = _integral(high[:, None] - taps) - _integral(low[:, None] - taps)
    return first, np.ascontiguousarray(share * (side / step))


def _integral(x: Field) -> Field:
    """Return the integral of the cubic B-spline from its left end to `x`."""
    y = np.minimum(np.abs(x), 2.0)
    inner = y * (2.0 / 3.0) - y * y * y * (1.0 / 3.0) + y * y * y * y * 0.125
    rest = 2.0 - y
    outer = 0.5 - rest * rest * rest * rest * (1.0 / 24.0)
    half = np.where(y < 1.0, inner, outer)
    total: Field = np.where(x < 0, 0.5 - half, 0.5 + half)
    return total


def chain(noise: Octaves, window: LatticeWindow, coarsest: int) -> list[LatticeWindow]:
    """Return a window and what each coarser level up to one needs for it, the coarsest last."""
    windows = [window]
    while windows[-1].level < coarsest:
        windows.append(noise.parent_of(windows[-1]))
    return windows


def summed(noise: Octaves, window: LatticeWindow, coarsest: int = LEVELS - 1) -> Field:
    """Return the plain noise of a level and all coarser ones as coefficients on its lattice."""
    windows = chain(noise, window, coarsest)
    coefficients = np.zeros((windows[-1].rows, windows[-1].cols))
    noise.add_to(coefficients, windows[-1], Amplitude(values=noise.plain[coarsest : coarsest + 1, None]))
    for child, parent in zip(reversed(windows[:-1]), reversed(windows[1:]), strict=True):
        coefficients = noise.refined(parent, coefficients, child)
        noise.add_to(coefficients, child, Amplitude(values=noise.plain[child.level : child.level + 1, None]))
    return coefficients


def relief_octaves(relief: ReliefParams, seed: int) -> Octaves:
    """Return the octaves of a site's relief."""
    plain, rugged = (
        [interpolate_log(wavelength_m(k), relief.wavelength_m, rms) / UNIT_RMS for k in range(LEVELS)]
        for rms in (relief.plain_rms_m, relief.rugged_rms_m)
    )
    return octaves(seed, Stream.RELIEF, plain, rugged)


def octaves(seed: int, stream: Stream, plain: list[float], rugged: list[float]) -> Octaves:
    """Return octaves of given amplitudes; all streams of a seed share their lattices."""
    bits, offsets = [], [(0, 0)]
    for level in range(LEVELS):
        word = int(stream_key(seed, Stream.LATTICES, level))
        bits.append((word >> 40 & 1, word >> 41 & 1))
        (east, north), side = offsets[-1], side_of(level)
        offsets.append((east + bits[-1][0] * side, north + bits[-1][1] * side))
    return Octaves(
        keys=np.array([stream_key(seed, stream, level) for level in range(LEVELS)]),
        bits=tuple(bits),
        offsets=tuple(offsets),
        plain=np.array(plain),
        rugged=np.array(rugged),
    )
