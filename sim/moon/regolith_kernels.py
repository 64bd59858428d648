"""Patches of firm and loose soil."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.hash_kernels import lattice_hash
from sim.moon.scatter_kernels import uniform

SOFT_RADII = 2.0
"""Radii of a fresh crater within which the soil is looser."""


@kernel
def add_patches(
    noise: npt.NDArray[np.float64],
    place: npt.NDArray[np.int64],
    key: np.uint64,
    side: int,
    amplitude: float,
) -> None:
    """Add smooth noise at points: a cubic B-spline over white noise on a hashed lattice.

    Args:
        noise: (n,), added to.
        place: (n, 2) half-millimetres.
        key: Hash key.
        side: Lattice side, half-millimetres.
        amplitude: Of the white noise.
    """
    wx, wy = np.empty(4), np.empty(4)
    for k in range(noise.shape[0]):
        i, j = place[k, 0] // side, place[k, 1] // side
        _weights((place[k, 0] - i * side) / side, wx)
        _weights((place[k, 1] - j * side) / side, wy)
        total = 0.0
        for n in range(4):
            for m in range(4):
                white = 2.0 * uniform(lattice_hash(key, i + m - 1, j + n - 1)) - 1.0
                total += wx[m] * wy[n] * white
        noise[k] += amplitude * total


@kernel
def _weights(t: float, out: npt.NDArray[np.float64]) -> None:
    """Set the weights of the four coefficients about a point, `t` of a side after the second."""
    rest = 1.0 - t
    out[0] = rest * rest * rest / 6.0
    out[1] = 2.0 / 3.0 - t * t * (1.0 - 0.5 * t)
    out[2] = 2.0 / 3.0 - rest * rest * (1.0 - 0.5 * rest)
    out[3] = t * t * t / 6.0


@kernel
def loosen(
    firmness: npt.NDArray[np.float64],
    points: npt.NDArray[np.int64],
    place: npt.NDArray[np.int64],
    radius: npt.NDArray[np.float64],
    freshness: npt.NDArray[np.float64],
) -> None:
    """Lower the firmness of points in and round craters, the more the fresher; the loosest one counts.

    Args:
        firmness: (n,), lowered.
        points: (n, 2) half-millimetres.
        place: (m, 2) centres of craters, half-millimetres.
        radius: (m,) half-millimetres.
        freshness: (m,) 0 ghost to 1 fresh.
    """
    for k in range(firmness.shape[0]):
        softest = 0.0
        for m in range(place.shape[0]):
            x = (points[k, 0] - place[m, 0]) / radius[m]
            y = (points[k, 1] - place[m, 1]) / radius[m]
            square = x * x + y * y
            if square < SOFT_RADII * SOFT_RADII:
                beyond = max(0.0, square - 1.0) / (SOFT_RADII * SOFT_RADII - 1.0)
                softest = max(softest, freshness[m] * (1.0 - beyond))
        firmness[k] *= 1.0 - softest
