"""Sines without a library function: the same bits wherever they are compiled."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

SINE_ERROR = 7e-12
"""Most that `sine` is off."""

SINE_ERROR_32 = 3e-7
"""Most that `sine_32` is off, its rounding with it."""


@kernel
def sine(x):  # type: ignore[no-untyped-def]
    """Return the sine of `x` in -pi/2 to pi/2 as float64: its Taylor series to x^15."""
    t = x * x
    p = -1.0 / 1307674368000.0
    p = p * t + 1.0 / 6227020800.0
    p = p * t - 1.0 / 39916800.0
    p = p * t + 1.0 / 362880.0
    p = p * t - 1.0 / 5040.0
    p = p * t + 1.0 / 120.0
    p = p * t - 1.0 / 6.0
    return x + x * t * p


@kernel
def sine_32(x):  # type: ignore[no-untyped-def]
    """Return the sine of a float32 `x` in -pi/2 to pi/2 as float32: its Taylor series to x^11."""
    t = x * x
    p = np.float32(-1.0 / 39916800.0)
    p = p * t + np.float32(1.0 / 362880.0)
    p = p * t - np.float32(1.0 / 5040.0)
    p = p * t + np.float32(1.0 / 120.0)
    p = p * t - np.float32(1.0 / 6.0)
    return x + x * t * p


def _arcsine_series(terms: int) -> tuple[float, ...]:
    """Coefficients of x^3 / x, x^5 / x ... of the arcsine, the last first."""
    found = [1.0]
    for n in range(terms):
        found.append(found[-1] * (2 * n + 1) ** 2 / ((2 * n + 2) * (2 * n + 3)))
    return tuple(reversed(found[1:]))


ARCSINE_SERIES = _arcsine_series(22)

ARCSINE_ERROR = 1e-15
"""Most that `arcsine` is off."""

HALF_PI = 1.5707963267948966


@kernel
def arcsine(x):  # type: ignore[no-untyped-def]
    """Return the arcsine of `x` in -1 to 1 as float64: its Taylor series up to a half, half angles beyond."""
    near = abs(x)
    if near <= 0.5:
        return x + x * _arcsine_tail(x * x)
    half = (1.0 - near) / 2.0
    chord = math.sqrt(half)
    turned = HALF_PI - 2.0 * (chord + chord * _arcsine_tail(half))
    return turned if x > 0.0 else -turned


@kernel
def _arcsine_tail(t):  # type: ignore[no-untyped-def]
    p = 0.0
    for k in range(len(ARCSINE_SERIES)):
        p = (p + ARCSINE_SERIES[k]) * t
    return p
