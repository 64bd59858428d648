"""Sines without a library function: the same bits wherever they are compiled."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare

SINE_ERROR = 7e-12
"""Most that `sine` is off."""

SINE_ERROR_32 = 3e-7
"""Most that `sine_32` is off, its rounding with it."""


@bare
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


@bare
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


ARCSINE_SERIES = np.array(_arcsine_series(22))

ARCSINE_ERROR = 1e-15
"""Most that `arcsines` is off."""

HALF_PI = 1.5707963267948966


@bare
def arcsines(x, y):  # type: ignore[no-untyped-def]
    """Return the arcsines of two numbers in -1 to 1 as float64: their Taylor series up to a half, half angles beyond.

    Two take the time of one, as neither series waits for the other's sums.
    """
    near_x, near_y = abs(x), abs(y)
    t = x * x if near_x <= 0.5 else (1.0 - near_x) / 2.0
    u = y * y if near_y <= 0.5 else (1.0 - near_y) / 2.0
    p, q = 0.0, 0.0
    for k in range(len(ARCSINE_SERIES)):
        p, q = (p + ARCSINE_SERIES[k]) * t, (q + ARCSINE_SERIES[k]) * u
    return _from_tail(x, near_x, t, p), _from_tail(y, near_y, u, q)


@bare
def _from_tail(x, near, t, tail):  # type: ignore[no-untyped-def]
    """Return the arcsine from its series but for the first term: of the square up to a half, of half angles beyond."""
    if near <= 0.5:
        return x + x * tail
    chord = math.sqrt(t)
    turned = HALF_PI - 2.0 * (chord + chord * tail)
    return turned if x > 0.0 else -turned
