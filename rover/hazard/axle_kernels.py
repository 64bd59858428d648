"""Kernel of the axles: within which boxes, seen from above, attitude and suspension leave each."""

from __future__ import annotations

import math

from rover.core.jit import kernel
from rover.hazard.angle_kernels import HALF_PI, sine
from rover.hazard.linkage_kernels import BOGIE_LEFT, PITCH, ROCKER, ROLL


@kernel
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
    pitch, roll = _range(own[PITCH], limits[0]), _range(own[ROLL], limits[1])
    for side in range(2):
        rock = _range(own[ROCKER], limits[2])
        if side == 1:
            rock = -rock[0], rock[1]
        bogie = _range(own[BOGIE_LEFT + side], limits[3])
        tip = rock[0] + bogie[0], rock[1] + bogie[1]
        pivot = _turned(arms[4], arms[5], rock)
        for axle in range(3):
            place = _turned(arms[2], arms[3], rock)
            if axle > 0:
                arm = _turned(arms[5 + axle], arms[9], tip)
                place = pivot[0] + arm[0], pivot[1] + arm[1], pivot[2] + arm[2], pivot[3] + arm[3]
            left = arms[8] * (1.0 - 2.0 * side)
            box = boxes[2 * axle + side]
            _from_above(arms[0] + place[0], left, arms[1] + place[1], place, pitch, roll, box)
            _cut(box, reach[2 * axle + side], 0)
            _cut(box, reach[2 * axle + side], 1)


@kernel
def _cut(box, reach, axis):  # type: ignore[no-untyped-def]
    """Cut a box to another along an axis."""
    low = max(box[axis] - box[axis + 2], reach[axis] - reach[axis + 2])
    high = min(box[axis] + box[axis + 2], reach[axis] + reach[axis + 2])
    box[axis], box[axis + 2] = (low + high) / 2.0, max(0.0, (high - low) / 2.0)


@kernel
def _range(pair, limit):  # type: ignore[no-untyped-def]
    """Middle and half width of a pair of bounds within a limit."""
    low, high = max(-limit, min(limit, pair[0])), max(-limit, min(limit, pair[1]))
    return (low + high) / 2.0, (high - low) / 2.0


@kernel
def _turned(arm, lift, angle):  # type: ignore[no-untyped-def]
    """How far ahead and up a link puts its end, turned nose up by an angle, and how far either may be off."""
    s, c = _direction(angle[0])
    ahead, up = arm * c - lift * s, arm * s + lift * c
    more = math.sqrt(arm * arm + lift * lift) * angle[1]
    return ahead, up, (abs(up) + more) * angle[1], (abs(ahead) + more) * angle[1]


@kernel
def _direction(angle):  # type: ignore[no-untyped-def]
    s = sine(max(-HALF_PI, min(HALF_PI, angle)))
    return s, math.sqrt(1.0 - s * s)


@kernel
def _from_above(ahead, left, up, place, pitch, roll, box):  # type: ignore[no-untyped-def]
    """Fill the box of a point of the body that is `ahead`, `left` and `up`, tilted."""
    ps, pc = _direction(pitch[0])
    rs, rc = _direction(roll[0])
    over = left * rs + up * rc
    box[0], box[1] = ahead * pc - ps * over, left * rc - up * rs
    most_ps, most_rs = abs(ps) + pitch[1], abs(rs) + roll[1]
    most_over = abs(over) + place[3] + (abs(left) + abs(up)) * roll[1]
    by_pitch = (abs(ahead) + place[2]) * most_ps + most_over
    by_roll = most_ps * (abs(left) + abs(up) + place[3])
    box[2] = place[2] + most_ps * place[3] + by_pitch * pitch[1] + by_roll * roll[1]
    box[3] = most_rs * place[3] + (abs(left) * most_rs + abs(up) + place[3]) * roll[1]
