"""The hash that all seeded ground comes from."""

from __future__ import annotations

from typing import Any

import numpy as np

from rover.core.jit import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
ALONG_I = np.uint64(0xD1342543DE82EF95)
ALONG_J = np.uint64(0xA24BAED4963EE407)
LIFT = 1 << 40
"""Added to a signed lattice index before it is hashed, so that it is never negative."""

_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mix(x: Any) -> Any:
    """Return 64 well-mixed bits of a uint64 or of an array of them.

    The finaliser of splitmix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
    """
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


mix_kernel = kernel(mix)
"""`mix` for use inside kernels."""


@kernel
def lattice_hash(key: Any, i: Any, j: Any) -> Any:
    """Return 64 bits that belong to lattice point (i, j), |i| and |j| < 2**40, under a uint64 key."""
    return mix_kernel(key + np.uint64(i + LIFT) * ALONG_I + np.uint64(j + LIFT) * ALONG_J)
