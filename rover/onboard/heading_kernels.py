"""The headings of the local costs, and kernels that find and follow them."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

HEADINGS = (
    (1, 0), (2, 1), (1, 1), (1, 2), (0, 1), (-1, 2), (-1, 1), (-2, 1),
    (-1, 0), (-2, -1), (-1, -1), (-1, -2), (0, -1), (1, -2), (1, -1), (2, -1),
)  # fmt: skip
"""Columns and rows that a move along each heading crosses, counter-clockwise from east: it ends on a cell's centre."""

TURNS_RAD = (math.atan2(1, 2), math.pi / 4 - math.atan2(1, 2))
"""From an even heading to the next, and from an odd one."""

_FIRST, _SECOND = math.tan(TURNS_RAD[0] / 2), math.tan((TURNS_RAD[0] + math.pi / 4) / 2)


@kernel
def nearest_heading(cos, sin):  # type: ignore[no-untyped-def]
    """Return which heading is nearest to a direction."""
    quarter, along, left = 0, cos, sin
    if along < 0.0:
        quarter, along, left = 2, -along, -left
    if left < 0.0:
        quarter, along, left = quarter + 3, -left, along
    if left <= _FIRST * along:
        return (4 * quarter) % 16
    if left <= _SECOND * along:
        return (4 * quarter + 1) % 16
    if along > _SECOND * left:
        return (4 * quarter + 2) % 16
    return (4 * quarter + (3 if along > _FIRST * left else 4)) % 16


@kernel
def bearing_off(cos, sin, heading):  # type: ignore[no-untyped-def]
    """Return how far a direction lies counter-clockwise of a heading, rad."""
    east, north = np.float64(HEADINGS[heading][0]), np.float64(HEADINGS[heading][1])
    return math.atan2(sin * east - cos * north, cos * east + sin * north)
