"""Kernels of intervals: two numbers, low and high."""

from __future__ import annotations

from rover.core.jit import bare


@bare
def between(share, low_a, high_a, low_b, high_b):  # type: ignore[no-untyped-def]
    from_a = times(1.0 - share, low_a, high_a)
    from_b = times(share, low_b, high_b)
    return from_a[0] + from_b[0], from_a[1] + from_b[1]


@bare
def times(factor, low, high):  # type: ignore[no-untyped-def]
    return min(factor * low, factor * high), max(factor * low, factor * high)


@bare
def most_square(low, high):  # type: ignore[no-untyped-def]
    return max(low * low, high * high)


@bare
def least_square(low, high):  # type: ignore[no-untyped-def]
    return 0.0 if low <= 0.0 <= high else min(low * low, high * high)
