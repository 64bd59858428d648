"""Cubic B-spline surfaces on nested lattices: noise, refinement and means over cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.hash_kernels import lattice_hash

_LOW32 = np.uint64(0xFFFFFFFF)
_HIGH = np.uint64(32)
_S13, _S16 = np.uint32(13), np.uint32(16)
_SPREAD = np.uint32(0x9E3779B1)
_M1, _M2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)
_TOP = np.uint32(0x80000000)
_UNIT = np.float32(1.0 / 2147483648.0)
_SIDE, _MIDDLE = np.float32(0.25), np.float32(0.5)
"""Weights of the mean that is taken off the noise: with these the power of a sum of octaves is the same along the
lattice and across it, within a twentieth."""


@kernel
def add_noise(
    coefficients: npt.NDArray[np.float64],
    i0: int,
    j0: int,
    key: np.uint64,
    amplitude: npt.NDArray[np.float64],
    shift: int,
    first_col: int,
    first_row: int,
) -> None:
    """Add one octave of noise to the coefficients of a lattice window.

    White noise less its mean over the neighbours: what is left has little power at wavelengths of many
    lattice sides, so that an octave neither drifts nor leaks into the means of large cells.

    Args:
        coefficients: (rows, cols), added to.
        i0, j0: Lattice indices of coefficient (0, 0), east and north.
        key: Hash key of the octave.
        amplitude: (blocks north, blocks east) amplitude, one for each block of 2^shift lattice points.
        shift: As above.
        first_col, first_row: The block of a column is ((i0 + col + first_col) >> shift) less that of column 0;
            likewise north.
    """
    rows, cols = coefficients.shape
    white, mean = np.empty((3, cols + 2), np.float32), np.empty((3, cols), np.float32)
    scale, octave, held_block = np.empty(cols, np.float32), np.empty(cols, np.float32), -1
    west, south = (i0 + first_col) >> shift, (j0 + first_row) >> shift
    for row in range(-2, rows):
        _noise_row(white, mean, row, i0, j0, key)
        if row < 0:
            continue
        block = ((j0 + row + first_row) >> shift) - south
        if block != held_block:
            held_block = block
            for col in range(cols):
                scale[col] = amplitude[block, ((i0 + col + first_col) >> shift) - west]
        _octave_row(white, mean, row, scale, octave)
        out = coefficients[row]
        for col in range(cols):
            out[col] += octave[col]


@kernel
def add_noise_means(
    height: npt.NDArray[np.float64],
    lattice_rows: int,
    lattice_cols: int,
    i0: int,
    j0: int,
    key: np.uint64,
    amplitude: npt.NDArray[np.float64],
    shift: int,
    first_col: int,
    first_row: int,
    rows_from: npt.NDArray[np.int64],
    row_weights: npt.NDArray[np.float64],
    cols_from: npt.NDArray[np.int64],
    col_weights: npt.NDArray[np.float64],
    at_once: int,
) -> None:
    """Add the means over cells of one octave, without keeping its coefficients.

    What `add_noise` and `mean_over_cells` would do, a lattice row at a time; arguments as theirs.

    Args:
        height: (rows, cols), added to.
        lattice_rows, lattice_cols: Size of the lattice window.
        at_once: Most rows of cells that one lattice row counts for.
    """
    rows, cols, taps = height.shape[0], lattice_cols, row_weights.shape[1]
    white, mean = np.empty((3, cols + 2), np.float32), np.empty((3, cols), np.float32)
    scale, octave, held_block = np.empty(cols, np.float32), np.empty(cols, np.float32), -1
    west, south = (i0 + first_col) >> shift, (j0 + first_row) >> shift
    lines = np.zeros((at_once, cols), np.float32)
    first = 0  # the southernmost row of cells that is not finished
    for row in range(-2, lattice_rows):
        _noise_row(white, mean, row, i0, j0, key)
        if row < 0:
            continue
        block = ((j0 + row + first_row) >> shift) - south
        if block != held_block:
            held_block = block
            for col in range(cols):
                scale[col] = amplitude[block, ((i0 + col + first_col) >> shift) - west]
        _octave_row(white, mean, row, scale, octave)
        at = first
        while at < rows and rows_from[at] <= row:
            line, weight = lines[at % lines.shape[0]], np.float32(row_weights[at, row - rows_from[at]])
            for col in range(cols):
                line[col] += weight * octave[col]
            at += 1
        while first < rows and rows_from[first] + taps - 1 <= row:
            line = lines[first % lines.shape[0]]
            _add_row_means(line, cols_from, col_weights, height[first])
            line[:] = 0.0
            first += 1


@kernel
def _noise_row(
    white: npt.NDArray[np.float32],
    mean: npt.NDArray[np.float32],
    row: int,
    i0: int,
    j0: int,
    key: np.uint64,
) -> None:
    """Set the white noise one row ahead of lattice row `row` and its mean along the row, in rings of three."""
    ahead = (row + 3) % 3
    _white_row(white[ahead], i0 - 1, lattice_hash(key, 0, j0 + row + 1))
    _mean_row(white[ahead], mean[ahead])


@kernel
def _octave_row(
    white: npt.NDArray[np.float32],
    mean: npt.NDArray[np.float32],
    row: int,
    scale: npt.NDArray[np.float32],
    octave: npt.NDArray[np.float32],
) -> None:
    """Set the coefficients of a lattice row: white noise less its mean over the neighbours, scaled."""
    below, here, above = mean[(row + 1) % 3], mean[(row + 2) % 3], mean[row % 3]
    own = white[(row + 2) % 3]
    for col in range(octave.shape[0]):
        around = _SIDE * (below[col] + above[col]) + _MIDDLE * here[col]
        octave[col] = scale[col] * (own[col + 1] - around)


@kernel
def _white_row(line: npt.NDArray[np.float32], i0: int, key: np.uint64) -> None:
    """Set a lattice row to white noise in [-1, 1): 32-bit mixing (Appleby's murmur3 finaliser), keyed twice.

    Two keys of 32 bits each, so that no two rows of a world are copies of one another, shifted or not.
    """
    first, second = np.uint32(key & _LOW32), np.uint32(key >> _HIGH)
    for k in range(line.shape[0]):
        x = np.uint32((i0 + k) & 0xFFFFFFFF)
        x = np.uint32(x * _SPREAD) ^ first
        x = np.uint32(x ^ (x >> _S16))
        x = np.uint32(x * _M1) ^ second
        x = np.uint32(x ^ (x >> _S13))
        x = np.uint32(x * _M2)
        x = np.uint32(x ^ (x >> _S16))
        line[k] = np.float32(np.int32(x ^ _TOP)) * _UNIT


@kernel
def _mean_row(line: npt.NDArray[np.float32], out: npt.NDArray[np.float32]) -> None:
    for k in range(out.shape[0]):
        out[k] = _SIDE * (line[k] + line[k + 2]) + _MIDDLE * line[k + 1]


@kernel
def refine(
    parent: npt.NDArray[np.float64], east_offset: int, north_offset: int, child: npt.NDArray[np.float64]
) -> None:
    """Set `child` to the coefficients of the same surface on the lattice of half the side.

    The two-scale relation of cubic B-splines: (1, 6, 1) / 8 on the parent's points, (1, 1) / 2 between them.

    Args:
        parent: (rows, cols) reaching one point further than the child's on every side.
        east_offset, north_offset: Column and row of child (0, 0) in half sides of the parent, from parent
            (0, 0).
        child: (rows, cols), set.
    """
    rows, cols = child.shape
    wide = np.empty((parent.shape[0], cols))
    for row in range(parent.shape[0]):
        _refine_row(parent[row], east_offset, wide[row])
    for row in range(rows):
        at, out = (row + north_offset) >> 1, child[row]
        if (row + north_offset) & 1:
            below, above = wide[at], wide[at + 1]
            for col in range(cols):
                out[col] = 0.5 * (below[col] + above[col])
        else:
            below, here, above = wide[at - 1], wide[at], wide[at + 1]
            for col in range(cols):
                out[col] = 0.125 * (below[col] + above[col]) + 0.75 * here[col]


@kernel
def _refine_row(parent: npt.NDArray[np.float64], offset: int, child: npt.NDArray[np.float64]) -> None:
    cols = child.shape[0]
    on = offset & 1  # first child column that stands on a parent
    at = (offset + on) >> 1
    for k in range((cols - on + 1) // 2):
        child[2 * k + on] = 0.125 * (parent[at + k - 1] + parent[at + k + 1]) + 0.75 * parent[at + k]
    between = 1 - on
    at = (offset + between) >> 1
    for k in range((cols - between + 1) // 2):
        child[2 * k + between] = 0.5 * (parent[at + k] + parent[at + k + 1])


@kernel
def mean_over_cells(
    coefficients: npt.NDArray[np.float64],
    first_row: npt.NDArray[np.int64],
    row_weights: npt.NDArray[np.float64],
    first_col: npt.NDArray[np.int64],
    col_weights: npt.NDArray[np.float64],
    height: npt.NDArray[np.float64],
) -> None:
    """Set `height` (rows, cols) to the exact means of a spline surface over cells.

    Args:
        coefficients: Of a lattice window.
        first_row, first_col: (rows,), (cols,) first coefficient that counts for a cell.
        row_weights, col_weights: (rows, taps), (cols, taps) weights from there on.
        height: Set.
    """
    line = np.empty(coefficients.shape[1])
    for row in range(height.shape[0]):
        line[:] = 0.0
        for tap in range(row_weights.shape[1]):
            weight, held = row_weights[row, tap], coefficients[first_row[row] + tap]
            for k in range(line.shape[0]):
                line[k] += weight * held[k]
        height[row, :] = 0.0
        _add_row_means(line, first_col, col_weights, height[row])


@kernel
def _add_row_means(
    line: npt.NDArray[np.float64],
    first_col: npt.NDArray[np.int64],
    col_weights: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
) -> None:
    for col in range(out.shape[0]):
        total, first = 0.0, first_col[col]
        for tap in range(col_weights.shape[1]):
            total += col_weights[col, tap] * line[first + tap]
        out[col] += total
