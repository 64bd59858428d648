"""Kernel of the axles: within which boxes, seen from above, attitude and suspension leave each."""

from __future__ import annotations

import math

from rover.core.jit import bare
from rover.hazard.angle_kernels import HALF_PI, sine
from rover.hazard.linkage_kernels import BOGIE_LEFT, PITCH, ROCKER, ROLL


@bare
def place_axles(own, limits, arms, reach, boxes):  # type: ignore[no-untyped-def]
    """Fill where the bounds of attitude and suspension leave each axle.

    By the mean value theorem: an axle is no further from where it is with every angle in the middle of its bounds than
    half of each angle's range times the most that a radian of it does.

    Args:
        own: (FIGURES, 2) a pose's bounds.
        limits: (5,) most pitch, roll, rocker and bogie angle, rad; what is beyond them is not looked at.
        arms: (10,) as `rover.hazard.clearance_figures` has them.
        reach: (6, 4) boxes that hold each axle at all limits.
        boxes: (6, 4) forward and left of the middle of each axle's box, half length and half width, m.
    """
    for side in range(2):
        place_axles_beside(own, limits, arms, reach, side, 0, boxes)


@bare
def place_axles_beside(own, limits, arms, reach, side, first, boxes):  # type: ignore[no-untyped-def]
    """Fill the boxes of one side: of all its axles, or of its bogie's alone, which hang on that bogie's angle besides.

    Args:
        own, limits, arms, reach, boxes: As of `place_axles`.
        side: 0 for the left one, 1 for the right one.
        first: The first axle that is wanted: 0 the front one, 1 the middle one.
    """
    pitch, roll = _range(own, PITCH, limits[0]), _range(own, ROLL, limits[1])
    tilt = _direction(pitch[0]), _direction(roll[0])
    angle, doubt = _range(own, ROCKER, limits[2])
    angle = angle if side == 0 else -angle
    bogie = _range(own, BOGIE_LEFT + side, limits[3])
    rocked, tipped = _direction(angle), _direction(angle + bogie[0])
    pivot = _turned(arms[4], arms[5], rocked, doubt)
    left = arms[8] * (1.0 - 2.0 * side)
    for axle in range(first, 3):
        if axle == 0:
            place = _turned(arms[2], arms[3], rocked, doubt)
        else:
            arm = _turned(arms[5 + axle], arms[9], tipped, doubt + bogie[1])
            place = pivot[0] + arm[0], pivot[1] + arm[1], pivot[2] + arm[2], pivot[3] + arm[3]
        row = 2 * axle + side
        _from_above(arms[0] + place[0], left, arms[1] + place[1], place, tilt, pitch[1], roll[1], boxes, row)
        _cut(boxes, reach, row, 0)
        _cut(boxes, reach, row, 1)


@bare
def _cut(boxes, reach, row, axis):  # type: ignore[no-untyped-def]
    """Cut a box to another along an axis."""
    low = max(boxes[row, axis] - boxes[row, axis + 2], reach[row, axis] - reach[row, axis + 2])
    high = min(boxes[row, axis] + boxes[row, axis + 2], reach[row, axis] + reach[row, axis + 2])
    boxes[row, axis], boxes[row, axis + 2] = (low + high) / 2.0, max(0.0, (high - low) / 2.0)


@bare
def _range(own, row, limit):  # type: ignore[no-untyped-def]
    """Middle and half width of a pair of bounds within a limit."""
    low, high = max(-limit, min(limit, own[row, 0])), max(-limit, min(limit, own[row, 1]))
    return (low + high) / 2.0, (high - low) / 2.0


@bare
def _turned(arm, lift, direction, doubt):  # type: ignore[no-untyped-def]
    """How far ahead and up a link puts its end, turned nose up to a direction, and how far either may be off."""
    s, c = direction
    ahead, up = arm * c - lift * s, arm * s + lift * c
    more = math.sqrt(arm * arm + lift * lift) * doubt
    return ahead, up, (abs(up) + more) * doubt, (abs(ahead) + more) * doubt


@bare
def _direction(angle):  # type: ignore[no-untyped-def]
    """Sine and cosine."""
    s = sine(max(-HALF_PI, min(HALF_PI, angle)))
    return s, math.sqrt(1.0 - s * s)


@bare
def _from_above(ahead, left, up, place, tilt, pitch, roll, boxes, row):  # type: ignore[no-untyped-def]
    """Fill the box of a point of the body that is `ahead`, `left` and `up`, tilted; pitch and roll are half ranges."""
    (ps, pc), (rs, rc) = tilt
    over = left * rs + up * rc
    boxes[row, 0], boxes[row, 1] = ahead * pc - ps * over, left * rc - up * rs
    most_ps, most_rs = abs(ps) + pitch, abs(rs) + roll
    most_over = abs(over) + place[3] + (abs(left) + abs(up)) * roll
    by_pitch = (abs(ahead) + place[2]) * most_ps + most_over
    by_roll = most_ps * (abs(left) + abs(up) + place[3])
    boxes[row, 2] = place[2] + most_ps * place[3] + by_pitch * pitch + by_roll * roll
    boxes[row, 3] = most_rs * place[3] + (abs(left) * most_rs + abs(up) + place[3]) * roll
