"""The extremes of a cost map, in one pass without temporaries."""

from __future__ import annotations

from rover.core.jit import kernel


@kernel
def extremes(bits, infinity, first, last):  # type: ignore[no-untyped-def]
    """Least, greatest and greatest finite cost of rows `first` up to `last`, as the bits of floating-point numbers.

    Positive numbers lie in the order of their bits, with infinity after them and then NaN; negative ones are negative.
    A processor compares vectors of whole numbers, where the order of comparing numbers that may be NaN is fixed.

    Args:
        bits: (rows, cols) integers.
        infinity: That of infinity.
    """
    least = greatest = bits[first, 0]
    finite = bits[first, 0] - bits[first, 0]
    zero = finite
    for r in range(first, last):
        for c in range(bits.shape[1]):
            value = bits[r, c]
            least = min(least, value)
            greatest = max(greatest, value)
            finite = max(finite, value if value < infinity else zero)
    return least, greatest, finite
