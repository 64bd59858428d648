"""Kernels of `rover.hazard.detect`. Comparisons are `not (x <= limit)`: a NaN breaks every limit."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.angle_kernels import sine_32

STEP, TILT, ROUGHNESS, CLEARANCE, UNKNOWN = 1, 2, 4, 8, 16
"""As in `rover.hazard.detect.Hazard`."""

LARGEST = np.float32(3.4028235e38)
"""Of float32; beyond are the infinities."""

PI = np.float32(math.pi)
HALF_PI = np.float32(math.pi / 2)


@kernel
def flag_rows(  # type: ignore[no-untyped-def]
    slope, aspect, step, roughness, tilt_limit, step_limit, roughness_limit, belly, window, reads_step, reads_roughness,
    flags, first, last,
):  # fmt: skip
    """Set the flags of rows `first` up to `last` by slope, and by step and roughness where they are to be read.

    All layers and limits are float32; `window` is the side of the step window in metres.
    """
    for r in range(first, last):
        _tilt_row(slope, tilt_limit, flags, r)
        if reads_step:
            _step_row(slope, aspect, step, step_limit, window, flags, r)
        if reads_roughness:
            _roughness_row(roughness, roughness_limit, belly, flags, r)


@kernel
def _tilt_row(slope, limit, flags, r):  # type: ignore[no-untyped-def]
    for c in range(slope.shape[1]):
        value = slope[r, c]
        tilted = TILT if not (value <= limit) else 0
        flags[r, c] = tilted if abs(value) <= LARGEST else UNKNOWN


@kernel
def _step_row(slope, aspect, step, limit, window, flags, r):  # type: ignore[no-untyped-def]
    for c in range(slope.shape[1]):
        value = step[r, c] - _plane_relief(slope[r, c], aspect[r, c], window)
        high = STEP if not (value <= limit) else 0
        flags[r, c] |= high if abs(value) <= LARGEST else UNKNOWN


@kernel
def _roughness_row(roughness, limit, belly, flags, r):  # type: ignore[no-untyped-def]
    for c in range(roughness.shape[1]):
        value = roughness[r, c]
        rough = ROUGHNESS if not (value <= limit) else 0
        reaching = CLEARANCE if not (value <= belly) else 0
        flags[r, c] |= rough | reaching if abs(value) <= LARGEST else UNKNOWN


@kernel
def _plane_relief(slope, aspect, window):  # type: ignore[no-untyped-def]
    """Height difference over a square window that the slope alone makes; aspect in 0 to 2 pi."""
    turned = aspect - PI if aspect > PI else aspect
    turned = PI - turned if turned > HALF_PI else turned
    run = abs(sine_32(turned)) + abs(sine_32(HALF_PI - turned))
    return np.divide(sine_32(slope), sine_32(HALF_PI - slope)) * run * window


@kernel
def flag_abundance(abundance, step_bound, belly_bound, flags, first, last):  # type: ignore[no-untyped-def]
    """Add STEP and CLEARANCE where the abundance of rocks is beyond a bound, UNKNOWN where it is not known."""
    for r in range(first, last):
        for c in range(abundance.shape[1]):
            value = abundance[r, c]
            high = STEP if not (value <= step_bound) else 0
            reaching = CLEARANCE if not (value <= belly_bound) else 0
            flags[r, c] |= high | reaching if abs(value) <= LARGEST else UNKNOWN


@kernel
def flag_discs(row, col, radius, reason, flags):  # type: ignore[no-untyped-def]
    """Add each disc's reason to every cell whose square it touches; places and radii in cells."""
    rows, cols = flags.shape
    for k in range(row.size):
        if reason[k] == 0:
            continue
        low = max(0, math.floor(row[k] - radius[k] + 0.5))
        high = min(rows - 1, math.floor(row[k] + radius[k] + 0.5))
        left = max(0, math.floor(col[k] - radius[k] + 0.5))
        right = min(cols - 1, math.floor(col[k] + radius[k] + 0.5))
        for r in range(low, high + 1):
            down = max(0.0, abs(r - row[k]) - 0.5)
            for c in range(left, right + 1):
                along = max(0.0, abs(c - col[k]) - 0.5)
                if down * down + along * along <= radius[k] * radius[k]:
                    flags[r, c] |= reason[k]
