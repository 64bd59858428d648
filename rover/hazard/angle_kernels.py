"""Sines without a library function: the same bits wherever they are compiled."""

from __future__ import annotations

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
