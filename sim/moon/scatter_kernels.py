"""Slots of a hashed lattice: which are filled, and what lies in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.hash_kernels import GOLDEN, mix_kernel

SLOTS = 8
"""In a lattice cell."""

_S11, _S32 = np.uint64(11), np.uint64(32)
_FRACTION = 1.0 / 9007199254740992.0


@kernel
def uniform(bits: Any) -> Any:
    """Return a number in [0, 1) of 53 bits."""
    return np.float64(bits >> _S11) * _FRACTION


@kernel
def draw(slot: Any, number: Any) -> Any:
    """Return the bits of one of a slot's draws: 1 and 2 its place, 3 its size, from 4 on its marks."""
    return mix_kernel(slot + np.uint64(number) * GOLDEN)


@kernel
def within(bits: Any, side: int) -> Any:
    """Return a whole number in [0, side)."""
    return np.int64(((bits >> _S32) * np.uint64(side)) >> _S32)


@kernel
def slot_bits(cell: Any, slot: int) -> Any:
    """Return the bits of one slot of a lattice cell's hash."""
    return mix_kernel(cell + np.uint64(slot + 1) * GOLDEN)


@kernel
def diameter_at(quantiles: npt.NDArray[np.float64], u: float) -> float:
    """Return the diameter at a share `u` in [0, 1) of the cumulative distribution."""
    at = u * (quantiles.shape[0] - 1)
    low = np.int64(at)
    rest = at - low
    value: float = quantiles[low] * (1.0 - rest) + quantiles[low + 1] * rest
    return value
