"""Kernels of the linkage: from the heights of the axles to bounds on attitude, suspension and body.

Each side of the rover is a plane with two rigid links: the bogie, from the rear to the middle axle, and the rocker,
from the bogie's pivot to the front axle. The plane leans to the side by tau, and every height in it is that of an
upright plane times `lean` = cos(tau), the same on both sides.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare
from rover.hazard.angle_kernels import arcsines, sine
from rover.hazard.interval_kernels import between, least_square, most_square, times

WHEELS = 6
BODY, PITCH, ROLL, ROCKER, BOGIE_LEFT, BOGIE_RIGHT, BELLY = 6, 7, 8, 9, 10, 11, 12
FIGURES = 13
"""Rows of a pose's bounds: wheels (front left, front right, middle, rear), then these."""

PASSES = 4
"""Of narrowing `lean`. Its error goes with the square of the one before: after four it is nought on level ground."""

HALF_PI = math.pi / 2


@bare
def settle_axles(links, own):  # type: ignore[no-untyped-def]
    """Bound attitude, suspension and body from the heights of the axles."""
    lean_low, lean_high = 0.0, 1.0
    side_low, side_high = -1.0, 1.0
    bogies = _bogie(links, own, 0), _bogie(links, own, 1)
    for _ in range(PASSES):
        side_low, side_high = _side_slope(links, own, bogies, lean_low, lean_high)
        lean_high = math.sqrt(1.0 - least_square(side_low, side_high))
        lean_low = math.sqrt(max(0.0, 1.0 - most_square(side_low, side_high)))
    left = _side(links, own, 0, bogies[0], lean_low, lean_high)
    right = _side(links, own, 1, bogies[1], lean_low, lean_high)
    worst = max(most_square(left[2], left[3]), most_square(right[2], right[3]))
    worst = max(worst, max(most_square(left[6], left[7]), most_square(right[6], right[7])))
    if not worst < lean_low * lean_low:
        beyond_bounds(own)
        return
    rock_left = _turned(left[6], left[7], lean_low, lean_high, links[6])
    rock_right = _turned(right[6], right[7], lean_low, lean_high, links[6])
    tip_left = _turned(left[2], left[3], lean_low, lean_high, 0.0)
    tip_right = _turned(right[2], right[3], lean_low, lean_high, 0.0)
    own[ROCKER, 0] = (rock_left[0] - rock_right[1]) / 2.0
    own[ROCKER, 1] = (rock_left[1] - rock_right[0]) / 2.0
    own[BOGIE_LEFT, 0] = tip_left[0] - rock_left[1]
    own[BOGIE_LEFT, 1] = tip_left[1] - rock_left[0]
    own[BOGIE_RIGHT, 0] = tip_right[0] - rock_right[1]
    own[BOGIE_RIGHT, 1] = tip_right[1] - rock_right[0]
    up_low, up_high = (left[8] + right[8]) / 2.0, (left[9] + right[9]) / 2.0
    low, high = (rock_left[0] + rock_right[0]) / 2.0, (rock_left[1] + rock_right[1]) / 2.0
    _attitude(links, own, low, high, lean_low, lean_high, side_low, side_high, up_low, up_high)


@bare
def beyond_bounds(own):  # type: ignore[no-untyped-def]
    """No standing is known to be possible: bounds that refuse everything."""
    for i in range(WHEELS, FIGURES):
        own[i, 0] = -np.inf
        own[i, 1] = np.inf


@bare
def _attitude(links, own, low, high, lean_low, lean_high, side_low, side_high, up_low, up_high):  # type: ignore[no-untyped-def]
    """Bound pitch, roll and the middle of the axles from the pitch within the leaning sides."""
    if not (low > -HALF_PI and high < HALF_PI):
        beyond_bounds(own)
        return
    sine_low, sine_high = sine(low), sine(high)
    sine_low *= lean_high if sine_low < 0.0 else lean_low
    sine_high *= lean_low if sine_high < 0.0 else lean_high
    cosine_low = math.sqrt(1.0 - most_square(sine_low, sine_high))
    cosine_high = math.sqrt(1.0 - least_square(sine_low, sine_high))
    roll_low = side_low / (cosine_low if side_low < 0.0 else cosine_high)
    roll_high = side_high / (cosine_high if side_high < 0.0 else cosine_low)
    if not (roll_low > -1.0 and roll_high < 1.0):
        beyond_bounds(own)
        return
    own[PITCH, 0], own[PITCH, 1] = arcsines(sine_low, sine_high)
    own[ROLL, 0], own[ROLL, 1] = arcsines(roll_low, roll_high)
    upright_low, upright_high = upright(sine_low, sine_high, side_low, side_high)
    ahead_low, ahead_high = times(links[7], sine_low, sine_high)
    over_low, over_high = times(links[8], upright_low, upright_high)
    own[BODY, 0] = up_low - ahead_high - over_high
    own[BODY, 1] = up_high - ahead_low - over_low


@bare
def upright(sine_low, sine_high, side_low, side_high):  # type: ignore[no-untyped-def]
    """Bound the vertical part of the body's own vertical."""
    low = max(0.0, 1.0 - most_square(sine_low, sine_high) - most_square(side_low, side_high))
    high = max(0.0, 1.0 - least_square(sine_low, sine_high) - least_square(side_low, side_high))
    return math.sqrt(low), math.sqrt(high)


@bare
def _turned(low, high, lean_low, lean_high, rest):  # type: ignore[no-untyped-def]
    """Bound the angle of a link within its side, from that at rest, by its slope."""
    low /= lean_low if low < 0.0 else lean_high
    high /= lean_high if high < 0.0 else lean_low
    least, most = arcsines(max(-1.0, low), min(1.0, high))
    return least - rest, most - rest


@bare
def _side_slope(links, own, bogies, lean_low, lean_high):  # type: ignore[no-untyped-def]
    """Bound the slope of the line through both rockers' pivots.

    What the links' lifts add on the left is taken off by those on the right; their difference is bounded as one.
    """
    left = _side(links, own, 0, bogies[0], lean_low, lean_high)
    right = _side(links, own, 1, bogies[1], lean_low, lean_high)
    bogie = _lift_difference(left, right, 0)
    rocker = _lift_difference(left, right, 4)
    level_low, level_high = left[0] - right[1], left[1] - right[0]
    lift_low, lift_high = times(links[1], bogie[0], bogie[1])
    low, high = times(1.0 - links[3], level_low + lift_low, level_high + lift_high)
    front_low, front_high = times(links[3], own[0, 0] - own[1, 1], own[0, 1] - own[1, 0])
    lift_low, lift_high = times(links[4], rocker[0], rocker[1])
    low = (low + front_low + lift_low) / links[9]
    high = (high + front_high + lift_high) / links[9]
    return max(-1.0, low), min(1.0, high)


@bare
def _lift_difference(left, right, at):  # type: ignore[no-untyped-def]
    """Bound the left link's upright share less the right one's.

    Both are sqrt(lean^2 - slope^2) with the same lean, so their difference is that of the squared slopes over their
    sum, and, the sum being no less than the difference, at most the root of it.
    """
    low = least_square(right[at + 2], right[at + 3]) - most_square(left[at + 2], left[at + 3])
    high = most_square(right[at + 2], right[at + 3]) - least_square(left[at + 2], left[at + 3])
    least, most = left[at + 10] + right[at + 10], left[at + 11] + right[at + 11]
    return -_over_sum(-low, least, most), _over_sum(high, least, most)


@bare
def _over_sum(difference, least, most):  # type: ignore[no-untyped-def]
    if difference < 0.0:
        return difference / most if most > 0.0 else 0.0
    root = math.sqrt(difference)
    return min(root, difference / least) if least > 0.0 else root


@bare
def _bogie(links, own, side):  # type: ignore[no-untyped-def]
    """Bounds of one bogie whichever way its side leans: 0, 1 its pivot without its lift; 2, 3 its slope."""
    rear_low, rear_high = own[4 + side, 0], own[4 + side, 1]
    middle_low, middle_high = own[2 + side, 0], own[2 + side, 1]
    level_low, level_high = between(links[0], rear_low, rear_high, middle_low, middle_high)
    return level_low, level_high, (middle_low - rear_high) / links[2], (middle_high - rear_low) / links[2]


@bare
def _side(links, own, side, bogie, lean_low, lean_high):  # type: ignore[no-untyped-def]
    """Bounds of one side from the heights of its axles.

    Returned: 0, 1 the bogie's pivot without its lift; 2, 3 the bogie's slope; 4, 5 its pivot; 6, 7 the rocker's slope;
    8, 9 its pivot; 10, 11 upright share of the bogie; 14, 15 of the rocker.
    """
    front_low, front_high = own[side, 0], own[side, 1]
    level_low, level_high, tip_low, tip_high = bogie
    tip_up = _upright_share(tip_low, tip_high, lean_low, lean_high)
    lift_low, lift_high = times(links[1], tip_up[0], tip_up[1])
    low, high = level_low + lift_low, level_high + lift_high
    rock_low, rock_high = (front_low - high) / links[5], (front_high - low) / links[5]
    rock_up = _upright_share(rock_low, rock_high, lean_low, lean_high)
    pivot_low, pivot_high = between(links[3], low, high, front_low, front_high)
    lift_low, lift_high = times(links[4], rock_up[0], rock_up[1])
    return (
        level_low, level_high, tip_low, tip_high, low, high, rock_low, rock_high,
        pivot_low + lift_low, pivot_high + lift_high, tip_up[0], tip_up[1], 0.0, 0.0, rock_up[0], rock_up[1],
    )  # fmt: skip


@bare
def _upright_share(low, high, lean_low, lean_high):  # type: ignore[no-untyped-def]
    least = max(0.0, lean_low * lean_low - most_square(low, high))
    most = max(0.0, lean_high * lean_high - least_square(low, high))
    return math.sqrt(least), math.sqrt(most)
