"""Things strewn over the ground by a hashed lattice: the same wherever one looks from.

Sizes are sorted into octaves (bins). Each bin has a square lattice; each lattice cell holds a few slots;
each slot is filled or not, and where and how large its thing is, by the hash of (seed, stream, bin, cell,
slot) alone. The count in any area is close to a Poisson process with the asked density.

Lengths are whole half-millimetres (int64), so that the centre of a cell of odd resolution is whole too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.moon.hash_kernels import ALONG_I, ALONG_J, GOLDEN, LIFT, mix

HALF_MM = 2000
"""Half-millimetres in a metre."""

SLOTS = 8
QUANTILES = 33
MARKS = 4
"""Free uniform numbers that come with each thing."""

_MEAN_PER_CELL = 2.0
_LARGEST_SIDE = 1 << 27
_FRACTION = 1.0 / 9007199254740992.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizeBin:
    """One octave of sizes.

    Attributes:
        key: Hash key of (seed, stream, bin).
        low_m: Smallest diameter; the largest is twice that.
        side: Lattice side, half-millimetres.
        chance: Probability that a slot is filled.
        diameter_m: (QUANTILES,) diameters at even steps of the cumulative distribution.
    """

    key: np.uint64
    low_m: float
    side: int
    chance: float
    diameter_m: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strewn:
    """Things found in a window.

    Attributes:
        place: (n, 2) int64 east and north, half-millimetres.
        diameter_m: (n,) float64.
        marks: (n, MARKS) float64 uniform numbers in [0, 1), for shape.
    """

    place: npt.NDArray[np.int64]
    diameter_m: npt.NDArray[np.float64]
    marks: npt.NDArray[np.float64]

    def where(self, kept: npt.NDArray[np.bool_]) -> Strewn:
        """Return those of a boolean mask, in the same order."""
        return Strewn(place=self.place[kept], diameter_m=self.diameter_m[kept], marks=self.marks[kept])


def stream_key(seed: int, stream: int, index: int) -> np.uint64:
    """Return the hash key of one bin or octave of one stream; streams never share a key."""
    with np.errstate(over="ignore"):
        key = mix(np.uint64(seed & 0xFFFFFFFFFFFFFFFF) + GOLDEN)
        key = mix(key + np.uint64(stream + 1) * GOLDEN)
        return np.uint64(mix(key + np.uint64(index + 1) * GOLDEN))


def size_bin(key: np.uint64, low_m: float, density_m3: Callable[[float], float]) -> SizeBin | None:
    """Build the bin of diameters from `low_m` to twice that, or None where there is nothing to strew.

    Args:
        key: From `stream_key`.
        low_m: A whole number of half-millimetres.
        density_m3: Things per square metre and per metre of diameter, of a diameter in metres.
    """
    steps = 256
    edges = [low_m * (1.0 + k / steps) for k in range(steps + 1)]
    densities = [density_m3(edge) for edge in edges]
    cumulative = [0.0]
    for before, after in pairwise(densities):
        cumulative.append(cumulative[-1] + 0.5 * (before + after) * low_m / steps)
    per_m2 = cumulative[-1]
    if not per_m2 > 1e-15:
        return None
    side = round(low_m * HALF_MM)
    while (
        side * 2 <= _LARGEST_SIDE and per_m2 * (side * 2 / HALF_MM) * (side * 2 / HALF_MM) <= _MEAN_PER_CELL
    ):
        side *= 2
    mean = per_m2 * (side / HALF_MM) * (side / HALF_MM)
    return SizeBin(
        key=key,
        low_m=low_m,
        side=side,
        chance=min(1.0, mean / SLOTS),
        diameter_m=_quantiles(edges, cumulative),
    )


def _quantiles(edges: list[float], cumulative: list[float]) -> npt.NDArray[np.float64]:
    found = []
    for step in range(QUANTILES):
        want = cumulative[-1] * step / (QUANTILES - 1)
        k = next((k for k in range(1, len(edges) - 1) if cumulative[k] >= want), len(edges) - 1)
        span = cumulative[k] - cumulative[k - 1]
        found.append(edges[k - 1] + (edges[k] - edges[k - 1]) * (want - cumulative[k - 1]) / span)
    return np.array(found)


def strew(size: SizeBin, west: int, south: int, east: int, north: int) -> Strewn:
    """Return the things of one bin in every lattice cell that touches a window, in lattice order.

    The order (rows of the lattice from the south, columns from the west, slots) does not depend on the
    window, and so neither does the order of any sum over them.

    Args:
        size: The bin.
        west, south, east, north: Window, half-millimetres.
    """
    i = np.arange(west // size.side, east // size.side + 1, dtype=np.int64)
    j = np.arange(south // size.side, north // size.side + 1, dtype=np.int64)
    along_i = (i + LIFT).astype(np.uint64) * ALONG_I
    along_j = (j + LIFT).astype(np.uint64) * ALONG_J
    cells = mix(size.key + along_j[:, None] + along_i[None, :])
    slots = np.arange(1, SLOTS + 1, dtype=np.uint64) * GOLDEN
    hashes = mix(cells[:, :, None] + slots)
    row, col, slot = np.nonzero(_uniform(hashes) < size.chance)
    filled = hashes[row, col, slot]
    steps = np.arange(1, 4 + MARKS, dtype=np.uint64) * GOLDEN
    draws = [mix(filled + step) for step in steps]
    place = np.stack(
        [
            _within(draws[0], size.side) + i[col] * size.side,
            _within(draws[1], size.side) + j[row] * size.side,
        ],
        axis=1,
    )
    marks = np.stack([_uniform(draw) for draw in draws[3:]], axis=1)
    return Strewn(place=place, diameter_m=_diameter(size, _uniform(draws[2])), marks=marks)


def _uniform(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Return numbers in [0, 1) of 53 bits."""
    return (bits >> np.uint64(11)).astype(np.float64) * _FRACTION


def _within(bits: npt.NDArray[np.uint64], side: int) -> npt.NDArray[np.int64]:
    """Return whole numbers in [0, side)."""
    return (((bits >> np.uint64(32)) * np.uint64(side)) >> np.uint64(32)).astype(np.int64)


def _diameter(size: SizeBin, u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    at = u * (QUANTILES - 1)
    low = at.astype(np.int64)
    rest = at - low
    return size.diameter_m[low] * (1.0 - rest) + size.diameter_m[low + 1] * rest
