"""Kernels of `sim.sensors.stereo`."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, kernel

_ROWS_AT_ONCE = 16


@bare
def _add(sums, terms):  # type: ignore[no-untyped-def]
    """Add numbers to others, in place. One array at a time, so that the processor does many numbers at once."""
    for j in range(len(sums)):
        sums[j] += terms[j]


@bare
def _add_square(sums, terms):  # type: ignore[no-untyped-def]
    for j in range(len(sums)):
        sums[j] += terms[j] * terms[j]


@kernel
def across(light, variance, half, first, last, texture, ramp, noise):  # type: ignore[no-untyped-def]
    """Sum, over windows along rows, differences between neighbours, their squares, and the noise.

    Args:
        light: (rows, cols) float32.
        variance: (rows, cols) float32 of its noise.
        half: Pixels to each side of a window's middle.
        first, last: Rows to be done, the last not included.
        texture, ramp, noise: (rows, cols) float32 sums of squares, of differences and of variances, filled; windows
            that the picture does not hold are NaN.
    """
    cols = light.shape[1]
    low, high = half, cols - half - 1
    step = np.zeros(cols, np.float32)
    for i in range(first, last):
        for j in range(cols - 1):
            step[j] = light[i, j + 1] - light[i, j]
        texture[i], ramp[i], noise[i] = np.nan, np.nan, np.nan
        texture[i, low:high], ramp[i, low:high], noise[i, low:high] = 0.0, 0.0, 0.0
        for n in range(-half, half + 1):
            _add_square(texture[i, low:high], step[low + n : high + n])
            _add(ramp[i, low:high], step[low + n : high + n])
            _add(noise[i, low:high], variance[i, low + n : high + n])


@kernel
def disparity_noise(texture, ramp, noise, half, first, last, sigma):  # type: ignore[no-untyped-def]
    """Fill the standard deviation of a match of windows, from sums along rows as `across` makes them.

    Args:
        texture, ramp, noise: (rows, cols) sums.
        half: As in `across`.
        first, last: Rows to be done.
        sigma: (rows, cols) float32 pixels; infinite where nothing is told apart.
    """
    rows, cols = sigma.shape
    count = np.float32((2 * half + 1) * (2 * half + 1))
    steep, along, rough = np.empty(cols, np.float32), np.empty(cols, np.float32), np.empty(cols, np.float32)
    for i in range(first, last):
        if i < half or i >= rows - half:
            sigma[i] = np.inf
            continue
        steep[:], along[:], rough[:] = 0.0, 0.0, 0.0
        for n in range(i - half, i + half + 1):
            _add(steep, texture[n])
            _add(along, ramp[n])
            _add(rough, noise[n])
        for j in range(cols):
            held = steep[j] - along[j] * along[j] / count
            # What is left of a smooth ramp after rounding is no texture.
            sigma[i, j] = math.sqrt(2.0 * (rough[j] / count) / held) if held > 1e-6 * steep[j] else np.inf


@kernel
def box_mean(values, half, first, last, means):  # type: ignore[no-untyped-def]
    """Fill means over windows along rows, which wrap round.

    Args:
        values: (rows, cols) float32.
        half: Pixels to each side of a window's middle.
        first, last: Rows to be done.
        means: (cols, rows) float32, filled: turned, so that a second call does the other axis.
    """
    cols = values.shape[1]
    side = 2 * half + 1
    totals = np.empty(_ROWS_AT_ONCE)
    # Some rows together down the columns: what is written then lies side by side, and the sums do not wait for another.
    for top in range(first, last, _ROWS_AT_ONCE):
        tall = min(_ROWS_AT_ONCE, last - top)
        totals[:] = 0.0
        for n in range(-half, half + 1):
            for i in range(tall):
                totals[i] += values[top + i, n % cols]
        for j in range(cols):
            ahead, behind = (j + half + 1) % cols, (j - half) % cols
            for i in range(tall):
                means[j, top + i] = totals[i] / side
                totals[i] += np.float64(values[top + i, ahead]) - values[top + i, behind]


@kernel
def match(depth, other, part, sigma, error, focal_base, least, limit, floor, first, last, found, doubt):  # type: ignore[no-untyped-def]
    """Fill the depths that matching finds.

    Args:
        depth: (rows, cols) float32 true distance along the axis, from the left eye; infinite in the sky.
        other: The same from the right eye.
        part: (rows, cols) int16 what is seen; only what is -1, ground, is kept.
        sigma: (rows, cols) float32 pixels by the pictures' noise.
        error: (rows, cols) float32 normal numbers, related over windows.
        focal_base: Focal length in pixels times the distance of the eyes.
        least: Least disparity told.
        limit: Greatest `sigma` of a match.
        floor: Standard deviation of the best match, pixels.
        first, last: Rows to be done.
        found: (rows, cols) float32, filled; NaN where nothing is matched.
        doubt: (rows, cols) float32 standard deviation of it, filled.
    """
    cols = depth.shape[1]
    for i in range(first, last):
        for j in range(cols):
            found[i, j], doubt[i, j] = np.nan, np.nan
            true = focal_base / depth[i, j]
            if part[i, j] != -1 or not sigma[i, j] <= limit or not true >= least:
                continue
            # Seen by both eyes: the right one sees the same disparity where the left one's point lies in its picture.
            there = j - true
            n = math.floor(there)
            if n < 0 or n + 1 >= cols:
                continue
            near = min(abs(focal_base / other[i, n] - true), abs(focal_base / other[i, n + 1] - true))
            if not near <= 1.0:
                continue
            spread = math.sqrt(sigma[i, j] * sigma[i, j] + floor * floor)
            told = true + spread * error[i, j]
            if told >= least:
                found[i, j] = focal_base / told
                doubt[i, j] = found[i, j] * found[i, j] / focal_base * spread
