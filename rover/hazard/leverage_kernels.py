"""Kernels of leverage: what the heights of all six axles together do to attitude, to suspension and to where axles are.

By the mean value theorem: what follows from the heights is no further from what it is at some heights than these differ
times its derivatives there, and half the most that it bends by times their squares. Wheels that rise and fall may each
be in doubt, yet an axle is where the heights together put it: bounds on each angle by itself would allow it far more.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import bare, kernel
from rover.hazard.axle_kernels import place_axles
from rover.hazard.linkage_kernels import BODY, FIGURES, PITCH, WHEELS, settle_axles

ANGLES, PLACES = 5, 6
"""What follows from the heights: attitude and suspension in the order of `PITCH` and so on, the body's height, and then
forward and left of each axle."""
FOLLOWS = PLACES + 2 * WHEELS

BEYOND = 1.2
"""How many times the limits derivatives are known of."""

NUDGE_M = 0.001
"""Derivatives are taken over so much."""

ANY_RAD, ANY_M = 1.5, 10.0
"""More than any angle, and any place of an axle."""


@bare
def follow(links, arms, anywhere, heights, own, boxes, found):  # type: ignore[no-untyped-def]
    """Fill what follows from the heights of the axles; False where they cannot stand so.

    Args:
        links, arms: Of the suspension, as `rover.hazard.clearance_figures` has them.
        anywhere: (WHEELS + 1, 4) limits and boxes that are none, of `no_limits`.
        heights: (6,) of the axles.
        own, boxes: (FIGURES, 2) and (WHEELS, 4) room to work in.
        found: (FOLLOWS,).
    """
    for i in range(WHEELS):
        own[i, 0] = own[i, 1] = heights[i]
    settle_axles(links, own)
    if not own[PITCH, 1] < np.inf:
        return False
    place_axles(own, anywhere[WHEELS], arms, anywhere, boxes)
    for i in range(ANGLES):
        found[i] = (own[PITCH + i, 0] + own[PITCH + i, 1]) / 2.0
    found[ANGLES] = (own[BODY, 0] + own[BODY, 1]) / 2.0
    for i in range(WHEELS):
        found[PLACES + 2 * i], found[PLACES + 2 * i + 1] = boxes[i, 0], boxes[i, 1]
    return True


@bare
def no_limits(anywhere):  # type: ignore[no-untyped-def]
    """Fill (WHEELS + 1, 4) limits and boxes that are none."""
    for i in range(WHEELS):
        anywhere[i, 0] = anywhere[i, 1] = 0.0
        anywhere[i, 2] = anywhere[i, 3] = ANY_M
    for k in range(4):
        anywhere[WHEELS, k] = ANY_RAD


@bare
def expand(links, arms, anywhere, heights, own, boxes, values, slopes):  # type: ignore[no-untyped-def]
    """Fill what follows from heights, and its derivatives by each; False where they cannot stand so.

    Args:
        links, arms, anywhere, heights, own, boxes: As of `follow`; the heights are left as they are.
        values: (FOLLOWS,).
        slopes: (WHEELS, FOLLOWS).
    """
    if not follow(links, arms, anywhere, heights, own, boxes, values):
        return False
    for i in range(WHEELS):
        kept = heights[i]
        heights[i] = kept + NUDGE_M
        stands = follow(links, arms, anywhere, heights, own, boxes, slopes[i])
        heights[i] = kept
        if not stands:
            return False
        for k in range(FOLLOWS):
            slopes[i, k] = (slopes[i, k] - values[k]) / NUDGE_M
    return True


@bare
def bound_following(k, about, values, slopes, bends, heights):  # type: ignore[no-untyped-def]
    """Bound one of what follows from the heights of the axles.

    Args:
        k: Which.
        about: (6,) heights about which all is expanded.
        values, slopes: As `expand` fills them.
        bends: (FOLLOWS, WHEELS, WHEELS) most that second derivatives may be.
        heights: (6 or more, 2) bounds.
    """
    middle, half, bend = values[k], 0.0, 0.0
    for i in range(WHEELS):
        low, high = heights[i, 0] - about[i], heights[i, 1] - about[i]
        middle += slopes[i, k] * ((low + high) / 2.0)
        half += abs(slopes[i, k]) * ((high - low) / 2.0)
        # The nudge's half: so much the derivative may be off.
        away = max(abs(low), abs(high)) + NUDGE_M
        for j in range(i):
            other = max(abs(heights[j, 0] - about[j]), abs(heights[j, 1] - about[j])) + NUDGE_M
            bend += bends[k, i, j] * away * other
        bend += bends[k, i, i] * away * away / 2.0
    return middle - half - bend, middle + half + bend


@kernel
def follow_all(links, arms, heights, found):  # type: ignore[no-untyped-def]
    """Fill (n, FOLLOWS) what follows from (n, 6) heights of axles; NaN where they cannot stand so."""
    own, boxes, anywhere = np.empty((FIGURES, 2)), np.empty((WHEELS, 4)), np.empty((WHEELS + 1, 4))
    no_limits(anywhere)
    for k in range(len(heights)):
        if not follow(links, arms, anywhere, heights[k], own, boxes, found[k]):
            found[k] = np.nan
