"""Relief: the radial profile of a crater of crater's size, and self-affine ground at every scale."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
import numpy.typing as npt

from sim.moon.powers import interpolate_log
from sim.moon.relief_kernels import add_octaves
from sim.moon.scatter import HALF_MM, stream_key
from sim.moon.site import ProfileParams, ReliefParams

RELIEF_STREAM = 1
WARP_STREAM = 2
HILL_STREAM = 5

_SHORTEST_M = 0.1
_SHORT_M = 20.0
_OCTAVES = 21
_WARP_OCTAVES = 3
_HILL_STRAY = 0.12
_UNIT_RMS = 0.314
"""rms of one octave of the kernel's noise."""

_TRIPLES = (
    (4, 3, 5),
    (12, 5, 13),
    (8, 15, 17),
    (24, 7, 25),
    (20, 21, 29),
    (5, 12, 13),
    (15, 8, 17),
    (7, 24, 25),
)
_WARP_CORE_M = 30_000.0


def _directions() -> npt.NDArray[np.float64]:
    """Return 64 unit vectors round the circle, from half-angle formulas."""
    cosine = -1.0
    for _ in range(5):
        cosine = sqrt(0.5 * (1.0 + cosine))
    sine = sqrt(1.0 - cosine * cosine)
    vectors = [(1.0, 0.0)]
    for _ in range(63):
        x, y = vectors[-1]
        vectors.append((x * cosine - y * sine, x * sine + y * cosine))
    return np.array(vectors)


DIRECTIONS = _directions()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Octaves:
    """Octaves of noise.

    Attributes:
        keys: (n,) uint64 hash keys.
        lattices: (n, 3) int64, as `add_octaves` takes them.
        wavelength_m: (n,) lattice side.
        amplitudes: (n, layers) factor of the noise.
    """

    keys: npt.NDArray[np.uint64]
    lattices: npt.NDArray[np.int64]
    wavelength_m: npt.NDArray[np.float64]
    amplitudes: npt.NDArray[np.float64]

    def add_to(
        self,
        layers: npt.NDArray[np.float64],
        east: int,
        north: int,
        step: int,
        *,
        finer_than_m: float | None = None,
    ) -> None:
        """Add what a raster of cells of `step` half-millimetres sees of these octaves.

        Averaging over a cell lets 1 - (cell / wavelength)^2 of an octave through, and nothing shorter than a
        cell.

        Args:
            layers: (layers, rows, cols), added to; the first layers where there are fewer than the octaves
                have.
            east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
            finer_than_m: Leave out what a raster of this resolution has seen already.
        """
        share = _passed(step / HALF_MM, self.wavelength_m)
        if finer_than_m is not None:
            share = share - np.minimum(share, _passed(finer_than_m, self.wavelength_m))
        kept = share > 0
        amplitudes = np.ascontiguousarray(self.amplitudes[kept, : len(layers)] * share[kept, None])
        with np.errstate(over="ignore"):
            add_octaves(
                layers, east, north, step, self.keys[kept], self.lattices[kept], amplitudes, DIRECTIONS
            )


def _passed(cell_m: float, wavelength_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    ratio = cell_m / wavelength_m
    return np.maximum(0.0, 1.0 - ratio * ratio)


def _octaves(seed: int, stream: int, wavelengths_m: list[float], amplitudes: list[list[float]]) -> Octaves:
    sides = [round(wavelength * HALF_MM) for wavelength in wavelengths_m]
    triples = [_TRIPLES[k % len(_TRIPLES)] for k in range(len(sides))]
    lattices = [(a, b, c * side) for (a, b, c), side in zip(triples, sides, strict=True)]
    return Octaves(
        keys=np.array([stream_key(seed, stream, k) for k in range(len(sides))], dtype=np.uint64),
        lattices=np.array(lattices, dtype=np.int64),
        wavelength_m=np.array(wavelengths_m),
        amplitudes=np.array(amplitudes),
    )


def relief_octaves(relief: ReliefParams, seed: int) -> Octaves:
    """Return octaves from 0.1 m to 105 km in three layers: plain, rugged and the short part of plain."""
    wavelengths = [_SHORTEST_M * (1 << k) for k in range(_OCTAVES)]
    amplitudes = [
        [
            interpolate_log(w, relief.wavelength_m, rms) / _UNIT_RMS
            for rms in (relief.plain_rms_m, relief.rugged_rms_m)
        ]
        for w in wavelengths
    ]
    amplitudes = [
        [*both, both[0] if w < _SHORT_M else 0.0] for w, both in zip(wavelengths, amplitudes, strict=True)
    ]
    return _octaves(seed, RELIEF_STREAM, wavelengths, amplitudes)


def warp_octaves(profile: ProfileParams, seed: int) -> Octaves:
    """Return the octaves that bend the profile's rings."""
    wavelengths = [profile.warp_wavelength_m / (1 << k) for k in range(_WARP_OCTAVES)]
    amplitudes = [[profile.warp_rms_m / _UNIT_RMS / (1 << k)] for k in range(_WARP_OCTAVES)]
    return _octaves(seed, WARP_STREAM, wavelengths, amplitudes)


def hill_octaves(seed: int, index: int, diameter_m: float) -> Octaves:
    """Return the octaves, east and north, by which the foot of a hill strays from a circle."""
    wavelengths = [round(diameter_m / (2 << (k // 2))) * 1.0 for k in range(2 * _WARP_OCTAVES)]
    size = [_HILL_STRAY * wavelength / _UNIT_RMS for wavelength in wavelengths]
    amplitudes = [[0.0, a] if k % 2 else [a, 0.0] for k, a in enumerate(size)]
    return _octaves(seed, HILL_STREAM + index, wavelengths, amplitudes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A monotone cubic through knots (Fritsch and Butland 1984, doi:10.1137/0905021), level beyond the ends.

    Attributes:
        knots: (n,) growing.
        cubics: (n + 1, 4) coefficients, constant first, of the distance from the knot before; the first and
            last are the level ends.
    """

    knots: npt.NDArray[np.float64]
    cubics: npt.NDArray[np.float64]

    def at(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the curve's values."""
        piece = np.searchsorted(self.knots, x, side="right")
        along = x - self.knots[np.maximum(piece - 1, 0)]
        c = self.cubics
        value: npt.NDArray[np.float64] = (
            (c[piece, 3] * along + c[piece, 2]) * along + c[piece, 1]
        ) * along + c[piece, 0]
        return value


def curve(xs: tuple[float, ...], ys: tuple[float, ...]) -> Curve:
    """Return the monotone cubic through points."""
    gaps = [b - a for a, b in pairwise(xs)]
    rises = [(b - a) / gap for a, b, gap in zip(ys, ys[1:], gaps, strict=False)]
    slopes = [0.0]
    for k in range(1, len(xs) - 1):
        before, after = rises[k - 1], rises[k]
        share = (gaps[k - 1] + 2.0 * gaps[k]) / (3.0 * (gaps[k - 1] + gaps[k]))
        level = before * after <= 0
        slopes.append(0.0 if level else before * after / (share * after + (1.0 - share) * before))
    slopes.append(0.0)
    cubics = [(ys[0], 0.0, 0.0, 0.0)]
    for k, (gap, rise) in enumerate(zip(gaps, rises, strict=True)):
        square = (3.0 * rise - 2.0 * slopes[k] - slopes[k + 1]) / gap
        cube = (slopes[k] + slopes[k + 1] - 2.0 * rise) / (gap * gap)
        cubics.append((ys[k], slopes[k], square, cube))
    cubics.append((ys[-1], 0.0, 0.0, 0.0))
    return Curve(knots=np.array(xs), cubics=np.array(cubics))


def bent_radius_m(
    warp: Octaves, east: int, north: int, step: int, rows: int, cols: int
) -> npt.NDArray[np.float64]:
    """Return (rows, cols) distance from the site's origin, bent by the warp away from the centre."""
    x = (east + step * np.arange(cols, dtype=np.int64)) / HALF_MM
    y = (north + step * np.arange(rows, dtype=np.int64)) / HALF_MM
    square = x[None, :] * x[None, :] + y[:, None] * y[:, None]
    bend = np.zeros((1, rows, cols))
    warp.add_to(bend, east, north, step)
    bent: npt.NDArray[np.float64] = np.sqrt(square) + bend[0] * (
        square / (square + _WARP_CORE_M * _WARP_CORE_M)
    )
    return bent
