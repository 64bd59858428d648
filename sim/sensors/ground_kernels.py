"""What the ground looks like where a ray has met it: its slope, the grain that is finer than its cells, its light.

`grain` is (octaves, 4): wavelength, cosine and sine of the turn of its lattice, and rms height, of relief below the
scale of the cells; see `sim.sensors.grain`.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, bare_inlined

_ALONG_I = np.uint64(0x9E3779B97F4A7C15)
_ALONG_J = np.uint64(0xD1342543DE82EF95)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_S32, _S29, _S11 = np.uint64(32), np.uint64(29), np.uint64(11)
_LIFT = 1 << 40
_PER_BIT = 2.0**-52


@bare_inlined
def _lot(key, i, j):  # type: ignore[no-untyped-def]
    """Return a number in [-1, 1) that belongs to a lattice point under a key: one round of a mixing hash."""
    h = key + np.uint64(i + _LIFT) * _ALONG_I + np.uint64(j + _LIFT) * _ALONG_J
    h = (h ^ (h >> _S32)) * _MIX
    h = (h ^ (h >> _S29)) * _MIX
    return np.float64(np.int64(h >> _S11)) * _PER_BIT - 1.0  # a signed number turns into a float at once


@bare_inlined
def _noise(key, u, v):  # type: ignore[no-untyped-def]
    """Return value noise of a unit lattice and its two derivatives.

    Smooth to the first derivative's slope: lattice values are joined by quintics (Perlin 2002).
    """
    i, j = math.floor(v), math.floor(u)
    a, b = u - j, v - i
    i, j = int(i), int(j)
    p, q = a * a * a * (a * (6.0 * a - 15.0) + 10.0), b * b * b * (b * (6.0 * b - 15.0) + 10.0)
    dp, dq = 30.0 * a * a * (a - 1.0) * (a - 1.0), 30.0 * b * b * (b - 1.0) * (b - 1.0)
    n00, n01 = _lot(key, i, j), _lot(key, i, j + 1)
    n10, n11 = _lot(key, i + 1, j), _lot(key, i + 1, j + 1)
    along, up, twist = n01 - n00, n10 - n00, n11 - n01 - n10 + n00
    return n00 + along * p + (up + twist * p) * q, dp * (along + twist * q), dq * (up + twist * p)


@bare_inlined
def grain_slope(grain, east, north, finest, coarsest, beyond, rim):  # type: ignore[no-untyped-def]
    """Return the slope eastwards and northwards that grain adds at a point.

    Args:
        grain: See the module.
        east, north: In the ground's own frame.
        finest: Wavelength that is just told apart: what is shorter fades away.
        coarsest: Wavelengths from here on are in the level's cells already.
        beyond: The same of the next coarser level.
        rim: Share of the coarser level in the heights here, 0 to 1.
    """
    gx, gy = 0.0, 0.0
    for n in range(grain.shape[0]):
        length = grain[n, 0]
        if length <= finest:
            break
        missing = 1.0 if length < coarsest else (rim if length < beyond else 0.0)
        if missing == 0.0:
            continue
        seen = missing * grain[n, 3] / length * min(1.0, length / finest - 1.0)
        c, s = grain[n, 1], grain[n, 2]
        _, du, dv = _noise(np.uint64(n), (c * east + s * north) / length, (c * north - s * east) / length)
        gx += seen * (c * du - s * dv)
        gy += seen * (s * du + c * dv)
    return gx, gy


@bare
def add_grain(z, grain, east, north, cell, shortest, longest):  # type: ignore[no-untyped-def]
    """Add grain of some wavelengths to nodes, in place.

    Args:
        z: (rows, cols) float64.
        grain: See the module.
        east, north, cell: Node (0, 0) in the ground's own frame, and the side of a cell.
        shortest, longest: Wavelengths from the one up to but not the other are added.
    """
    for n in range(grain.shape[0]):
        length = grain[n, 0]
        if not shortest <= length < longest:
            continue
        c, s = grain[n, 1], grain[n, 2]
        for i in range(z.shape[0]):
            y = north + i * cell
            for j in range(z.shape[1]):
                x = east + j * cell
                value, _, _ = _noise(np.uint64(n), (c * x + s * y) / length, (c * y - s * x) / length)
                z[i, j] += grain[n, 3] * value


@bare_inlined
def slope_at(z, first, rows, cols, x, y, per_m):  # type: ignore[no-untyped-def]
    """Return the slope eastwards and northwards at a point: central differences at nodes, bilinear between.

    Args:
        z: Nodes, as `sim.sensors.ray_kernels` holds them.
        first, rows, cols: Where the level's nodes begin, and how many there are.
        x, y: The point, in cells from node (0, 0).
        per_m: Cells in a metre.
    """
    j = min(max(int(x), 1), cols - 3)
    i = min(max(int(y), 1), rows - 3)
    u, v = min(max(x - j, 0.0), 1.0), min(max(y - i, 0.0), 1.0)
    p = first + i * cols + j
    q = p + cols
    gx = (1.0 - v) * ((1.0 - u) * (z[p + 1] - z[p - 1]) + u * (z[p + 2] - z[p])) + v * (
        (1.0 - u) * (z[q + 1] - z[q - 1]) + u * (z[q + 2] - z[q])
    )
    gy = (1.0 - v) * ((1.0 - u) * (z[q] - z[p - cols]) + u * (z[q + 1] - z[p + 1 - cols])) + v * (
        (1.0 - u) * (z[q + cols] - z[p]) + u * (z[q + cols + 1] - z[p + 1])
    )
    return 0.5 * per_m * gx, 0.5 * per_m * gy


@bare_inlined
def phase_at(table, cosine):  # type: ignore[no-untyped-def]
    """Return the phase function for the cosine of the phase angle, from a table over the sine of half the angle."""
    at = math.sqrt(max(0.0, 0.5 - 0.5 * cosine)) * (len(table) - 1)
    k = min(int(at), len(table) - 2)
    return table[k] + (at - k) * (table[k + 1] - table[k])
