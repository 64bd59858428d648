"""Exponential, logarithm and power from + - * / alone, so that tables come out with the same bits everywhere.

The C library's `exp`, `log` and `pow` differ in the last bit between platforms; a crater that falls on the
other side of a rounding would be another crater. These are for building small tables, not for inner loops.
"""

from __future__ import annotations

import math

_LN2 = 0.6931471805599453


def exp(x: float) -> float:
    """Return e to the `x`, to a relative error under 1e-14 for |x| < 700 (Taylor series after halving)."""
    twos = math.floor(x / _LN2 + 0.5)
    rest = x - twos * _LN2
    total, term = 1.0, 1.0
    for order in range(1, 22):
        term = term * rest / order
        total = total + term
    return math.ldexp(total, twos)


def log(x: float) -> float:
    """Return the natural logarithm of `x` > 0, to an absolute error under 1e-14 (area tangent series)."""
    mantissa, twos = math.frexp(x)
    ratio = (mantissa - 0.75) / (mantissa + 0.75)
    square = ratio * ratio
    total = 0.0
    for order in range(29, 0, -2):
        total = total * square + 1.0 / order
    return 2.0 * ratio * total + _LN_THREE_QUARTERS + twos * _LN2


_LN_THREE_QUARTERS = -0.2876820724517809


def power(base: float, exponent: float) -> float:
    """Return `base` > 0 to the `exponent`."""
    return exp(exponent * log(base))


def interpolate_log(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """Return y at `x` on straight lines between points in log-log axes, extended at both ends.

    Args:
        x: Positive.
        xs: Positive and growing, two or more.
        ys: Positive, as many.
    """
    after = next((k for k in range(1, len(xs) - 1) if x < xs[k]), len(xs) - 1)
    x0, x1, y0, y1 = xs[after - 1], xs[after], ys[after - 1], ys[after]
    slope = log(y1 / y0) / log(x1 / x0)
    return y0 * exp(slope * log(x / x0))
