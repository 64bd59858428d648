"""Octaves of gradient noise on hashed, turned lattices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.hash_kernels import lattice_hash

_DIRECTION = np.uint64(58)
_VALUE_MASK = np.uint64(0xFFFFFFFF)
_VALUE_SCALE = 1.0 / 4294967296.0


@kernel
def add_octaves(
    layers: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    keys: npt.NDArray[np.uint64],
    lattices: npt.NDArray[np.int64],
    amplitudes: npt.NDArray[np.float64],
    directions: npt.NDArray[np.float64],
) -> None:
    """Add octaves of noise to every layer, each with its own amplitude.

    Each octave's lattice is turned by the angle of a Pythagorean triple, so that lattice coordinates are
    whole and the lattices of different octaves never line up. Noise is a random plane per lattice point,
    blended with the quintic of Perlin (2002, doi:10.1145/566570.566636).

    Args:
        layers: (layers, rows, cols), added to.
        east, north: Centre of cell (0, 0), half-millimetres.
        step: Side of a cell, half-millimetres.
        keys: (octaves,) hash keys.
        lattices: (octaves, 3) both legs (positive) of the triple and the lattice side times its hypotenuse.
        amplitudes: (octaves, layers) factor of the noise in each layer.
        directions: (64, 2) unit vectors.
    """
    depth, rows, cols = layers.shape
    line = np.empty(cols)
    for octave in range(keys.shape[0]):
        a, b, side = lattices[octave, 0], lattices[octave, 1], lattices[octave, 2]
        for row in range(rows):
            y = north + row * step
            _noise_line(
                line, a * east + b * y, a * y - b * east, a * step, b * step, side, keys[octave], directions
            )
            for layer in range(depth):
                amplitude = amplitudes[octave, layer]
                if amplitude != 0.0:
                    for col in range(cols):
                        layers[layer, row, col] += amplitude * line[col]


@kernel
def _noise_line(
    line: npt.NDArray[np.float64],
    u: int,
    v: int,
    du: int,
    dv: int,
    side: int,
    key: np.uint64,
    directions: npt.NDArray[np.float64],
) -> None:
    """Set a line of cells to the noise at lattice coordinates (u + k du, v - k dv).

    Inside a lattice cell all coordinates are whole numbers under 2**53, exact as floats.
    """
    i, j = u // side, v // side
    u -= i * side
    v -= j * side
    per_side = 1.0 / side
    col = 0
    while col < line.shape[0]:
        c00, x00, y00 = _plane(key, i, j, directions)
        c10, x10, y10 = _plane(key, i + 1, j, directions)
        c01, x01, y01 = _plane(key, i, j + 1, directions)
        c11, x11, y11 = _plane(key, i + 1, j + 1, directions)
        run = min((side - u + du - 1) // du, v // dv + 1, line.shape[0] - col)
        u0, v0, fast_u, fast_v = np.float64(u), np.float64(v), np.float64(du), np.float64(dv)
        for k in range(run):
            s, t = (u0 + fast_u * k) * per_side, (v0 - fast_v * k) * per_side
            ws, wt = _quintic(s), _quintic(t)
            low = c00 + x00 * s + y00 * t
            low += ws * (c10 + x10 * (s - 1.0) + y10 * t - low)
            high = c01 + x01 * s + y01 * (t - 1.0)
            high += ws * (c11 + x11 * (s - 1.0) + y11 * (t - 1.0) - high)
            line[col + k] = low + wt * (high - low)
        col += run
        u += du * run
        v -= dv * run
        i, j = i + u // side, j + v // side
        u, v = u % side, v % side


@kernel
def _plane(key: np.uint64, i: int, j: int, directions: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return height in [-0.5, 0.5] and unit gradient of the random plane at a lattice point."""
    bits = lattice_hash(key, i, j)
    direction = np.int64(bits >> _DIRECTION)
    height = np.float64(bits & _VALUE_MASK) * _VALUE_SCALE - 0.5
    return height, directions[direction, 0], directions[direction, 1]


@kernel
def _quintic(t: float) -> float:
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
