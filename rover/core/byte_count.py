"""How much disk or memory something takes, in words."""

from __future__ import annotations

_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_ROUNDS_UP = 0.99995
"""Part of a unit from which one decimal of it shows 1.0 rather than 1,000.0 of the unit below."""


def byte_words(count: float) -> str:
    """Return a number of bytes in the largest decimal unit that it fills, to a tenth."""
    for unit, size in _UNITS:
        if count >= _ROUNDS_UP * size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:.0f} bytes"
