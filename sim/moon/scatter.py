"""Things strewn over the ground by a hashed lattice: the same wherever one looks from.

Sizes are sorted into octaves (bins). Each bin has a square lattice; each lattice cell holds a few slots;
each slot is filled or not, and where and how large its thing is, by the hash of (seed, stream, bin, cell,
slot) alone. The slots of a lattice cell are filled independently, so that what lies in a cell is a binomial count
of the asked mean, whose variance is 1 - chance of a Poisson count's (0.75 to 0.94 of it where a cell holds 0.5 to 2
things); places within a cell are independent and even.

Lengths are whole half-millimetres (int64), so that the centre of a cell of odd resolution is whole too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, unique
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.moon.hash_kernels import GOLDEN, mix
from sim.moon.scatter_kernels import SLOTS

HALF_MM = 2000
"""Half-millimetres in a metre."""


@unique
class Stream(IntEnum):
    """What is drawn from a seed; each part of the ground has draws of its own, so that none moves another."""

    RELIEF = 1
    WARP_EAST = 2
    CRATERS = 3
    ROCKS = 4
    WARP_NORTH = 5
    LATTICES = 6
    REGOLITH = 7


QUANTILES = 33

_MEAN_PER_CELL = 2.0
_LARGEST_SIDE = 1 << 27
_STEPS = 256


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
class SizeBins:
    """Octaves of sizes, as kernels take them.

    Attributes:
        keys: (n,) uint64.
        sides: (n,) int64.
        chances: (n,) float64.
        quantiles: (n, QUANTILES) float64 diameters.
    """

    keys: npt.NDArray[np.uint64]
    sides: npt.NDArray[np.int64]
    chances: npt.NDArray[np.float64]
    quantiles: npt.NDArray[np.float64]

    def arrays(
        self, count: int | None = None
    ) -> tuple[
        npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]
    ]:
        """Return the four arrays in that order, of the first `count` bins."""
        return self.keys[:count], self.sides[:count], self.chances[:count], self.quantiles[:count]

    def most_in(self, window: tuple[int, int, int, int], reach: float, bins: slice) -> int:
        """Return how many things some bins could hold in the lattice cells within `reach` diameters of a window."""
        west, south, east, north = window
        slots = 0
        for k in range(*bins.indices(len(self.keys))):
            side, far = int(self.sides[k]), int(self.quantiles[k, -1] * (reach * HALF_MM)) + 1
            wide = (east + far) // side - (west - far) // side + 1
            high = (north + far) // side - (south - far) // side + 1
            slots += wide * high * SLOTS
        return slots


def stacked(bins: Sequence[SizeBin]) -> SizeBins:
    """Return bins as arrays, in the same order."""
    return SizeBins(
        keys=np.array([size.key for size in bins], dtype=np.uint64),
        sides=np.array([size.side for size in bins], dtype=np.int64),
        chances=np.array([size.chance for size in bins], dtype=np.float64),
        quantiles=np.array([size.diameter_m for size in bins], dtype=np.float64).reshape(-1, QUANTILES),
    )


def stream_key(seed: int, stream: Stream, index: int) -> np.uint64:
    """Return the hash key of one bin or octave of one stream."""
    with np.errstate(over="ignore"):
        key = mix(np.uint64(seed & 0xFFFFFFFFFFFFFFFF) + GOLDEN)
        key = mix(key + np.uint64(stream + 1) * GOLDEN)
        return np.uint64(mix(key + np.uint64(index + 1) * GOLDEN))


def site_seed(seed: int, site: str) -> int:
    """Return the seed of one site's streams, so that a seed means other ground at every site."""
    with np.errstate(over="ignore"):
        key = np.uint64(seed & 0xFFFFFFFFFFFFFFFF)
        for byte in site.encode():
            key = mix(key * GOLDEN + np.uint64(byte + 1))
    return int(key)


def size_bin(
    key: np.uint64,
    low_m: float,
    density_m3: Callable[[float], float],
    *,
    sided_by: Callable[[float], float] | None = None,
) -> SizeBin | None:
    """Build the bin of diameters from `low_m` to twice that, or None where there is nothing to strew.

    Args:
        key: From `stream_key`.
        low_m: A whole number of half-millimetres.
        density_m3: Things per square metre and per metre of diameter, of a diameter in metres.
        sided_by: The density that the lattice's side is chosen by, if another: where the density follows other
            laws too, things then stay where they are when those change, as far as they are still there.
    """
    edges = [low_m * (1.0 + k / _STEPS) for k in range(_STEPS + 1)]
    cumulative = _cumulative(edges, density_m3)
    per_m2 = cumulative[-1]
    if not per_m2 > 1e-15:
        return None
    common = per_m2 if sided_by is None else _cumulative(edges, sided_by)[-1]
    side = round(low_m * HALF_MM)
    while (
        side * 2 <= _LARGEST_SIDE and common * (side * 2 / HALF_MM) * (side * 2 / HALF_MM) <= _MEAN_PER_CELL
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


def _cumulative(edges: list[float], density_m3: Callable[[float], float]) -> list[float]:
    densities = [density_m3(edge) for edge in edges]
    total = [0.0]
    for (before, after), (low, high) in zip(pairwise(densities), pairwise(edges), strict=True):
        total.append(total[-1] + 0.5 * (before + after) * (high - low))
    return total


def _quantiles(edges: list[float], cumulative: list[float]) -> npt.NDArray[np.float64]:
    found = []
    for step in range(QUANTILES):
        want = cumulative[-1] * step / (QUANTILES - 1)
        k = next((k for k in range(1, len(edges) - 1) if cumulative[k] >= want), len(edges) - 1)
        span = cumulative[k] - cumulative[k - 1]
        found.append(edges[k - 1] + (edges[k] - edges[k - 1]) * (want - cumulative[k - 1]) / span)
    return np.array(found)
