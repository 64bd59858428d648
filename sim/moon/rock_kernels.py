"""Rocks that do not lie in one another, and lie closer together in fresh craters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.hash_kernels import lattice_hash
from sim.moon.scatter_kernels import SLOTS, diameter_at, draw, slot_bits, uniform, within

OUTSKIRTS = 1.5
"""Radii of a fresh crater within which there are more rocks: as many as inside at the rim, none more here."""

_HALF_MM = 2000.0


@kernel
def gather_rocks(
    keys: npt.NDArray[np.uint64],
    sides: npt.NDArray[np.int64],
    chances: npt.NDArray[np.float64],
    quantiles: npt.NDArray[np.float64],
    first: int,
    plain_share: float,
    fresh: npt.NDArray[np.float64],
    west: int,
    south: int,
    east: int,
    north: int,
    place: npt.NDArray[np.int64],
    size: npt.NDArray[np.float64],
) -> int:
    """Set the rocks that reach into a window, the largest sizes first, and return how many there are.

    A rock that would lie in a larger one is left out, so that rocks never overlap; what that takes away the
    density has been given beforehand.

    Args:
        keys, sides, chances, quantiles: Of the bins, small to large; quantiles is (bins, n).
        first: The smallest bin wanted.
        plain_share: Share of the candidates that lie on plain ground.
        fresh: (n, 4) fresh craters: east, north and radius in half-millimetres, and how many more rocks
            there are inside, in shares of the plain ones.
        west, south, east, north: Window, half-millimetres.
        place: (n, 2), set; n as many as there are candidates.
        size: (n, 3), set to diameter in metres and uniform numbers for the height and for being kept where rocks
            are thinned out.
    """
    found = 0
    for b in range(keys.shape[0] - 1, first - 1, -1):
        side = sides[b]
        reach = np.int64(quantiles[b, quantiles.shape[1] - 1] * (0.5 * _HALF_MM)) + 1
        for j in range((south - reach) // side, (north + reach) // side + 1):
            for i in range((west - reach) // side, (east + reach) // side + 1):
                cell = lattice_hash(keys[b], i, j)
                for slot in range(SLOTS):
                    bits = slot_bits(cell, slot)
                    if not uniform(bits) < chances[b]:
                        continue
                    x, y, diameter_m = _rock(bits, i, j, side, quantiles[b])
                    half = np.int64(diameter_m * (0.5 * _HALF_MM)) + 1
                    if x + half < west or x - half > east or y + half < south or y - half > north:
                        continue
                    if not _lies_there(bits, x, y, plain_share, fresh):
                        continue
                    if _in_a_larger_one(
                        keys, sides, chances, quantiles, plain_share, fresh, b, bits, x, y, diameter_m
                    ):
                        continue
                    place[found, 0], place[found, 1] = x, y
                    size[found, 0] = diameter_m
                    size[found, 1], size[found, 2] = uniform(draw(bits, 5)), uniform(draw(bits, 6))
                    found += 1
    return found


@kernel
def _rock(bits: Any, i: int, j: int, side: int, quantiles: npt.NDArray[np.float64]) -> tuple[int, int, float]:
    """Return place and diameter of the candidate in a slot."""
    x = i * side + within(draw(bits, 1), side)
    y = j * side + within(draw(bits, 2), side)
    return x, y, diameter_at(quantiles, uniform(draw(bits, 3)))


@kernel
def _lies_there(bits: Any, x: int, y: int, plain_share: float, fresh: npt.NDArray[np.float64]) -> bool:
    """Tell whether a candidate is a rock: on plain ground some are, in fresh craters more."""
    mark = uniform(draw(bits, 4))
    if mark < plain_share:
        return True
    more = 0.0
    for k in range(fresh.shape[0]):
        u, v = (x - fresh[k, 0]) / fresh[k, 2], (y - fresh[k, 1]) / fresh[k, 2]
        square = u * u + v * v
        if square < OUTSKIRTS * OUTSKIRTS:
            beyond = max(0.0, square - 1.0) / (OUTSKIRTS * OUTSKIRTS - 1.0)
            more = max(more, fresh[k, 3] * (1.0 - beyond))
    return bool(mark < plain_share * (1.0 + more))


@kernel
def _in_a_larger_one(
    keys: npt.NDArray[np.uint64],
    sides: npt.NDArray[np.int64],
    chances: npt.NDArray[np.float64],
    quantiles: npt.NDArray[np.float64],
    plain_share: float,
    fresh: npt.NDArray[np.float64],
    own_bin: int,
    own_bits: Any,
    x: int,
    y: int,
    diameter_m: float,
) -> bool:
    last = quantiles.shape[1] - 1
    for b in range(own_bin, keys.shape[0]):
        side = sides[b]
        reach = np.int64((diameter_m + quantiles[b, last]) * (0.5 * _HALF_MM)) + 1
        for j in range((y - reach) // side, (y + reach) // side + 1):
            for i in range((x - reach) // side, (x + reach) // side + 1):
                cell = lattice_hash(keys[b], i, j)
                for slot in range(SLOTS):
                    bits = slot_bits(cell, slot)
                    if bits == own_bits or not uniform(bits) < chances[b]:
                        continue
                    other_x, other_y, other_m = _rock(bits, i, j, side, quantiles[b])
                    if other_m <= diameter_m:
                        continue
                    apart = 0.5 * (diameter_m + other_m) * _HALF_MM
                    dx, dy = np.float64(other_x - x), np.float64(other_y - y)
                    if dx * dx + dy * dy < apart * apart and _lies_there(
                        bits, other_x, other_y, plain_share, fresh
                    ):
                        return True
    return False
