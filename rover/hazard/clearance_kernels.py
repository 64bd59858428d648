"""Kernels of `rover.hazard.clearance`: from the ground in the wheels' boxes to bounds on how the rover stands.

An interval is two numbers, low and high. Each side of the rover is a plane with two rigid links: the bogie, from the
rear to the middle axle, and the rocker, from the bogie's pivot to the front axle. The plane leans to the side by tau,
and every height in it is that of an upright plane times `lean` = cos(tau), the same on both sides.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.angle_kernels import arcsine, sine

NOWHERE = (0.0, 0.0)
WHEELS = 6
BODY, PITCH, ROLL, ROCKER, BOGIE_LEFT, BOGIE_RIGHT, BELLY = 6, 7, 8, 9, 10, 11, 12
FIGURES = 13
"""Rows of a pose's bounds: wheels (front left, front right, middle, rear), then these."""

LEVELS = 5
"""Shares of the vehicle's limits for which wheels' boxes are known: all, a half, and so on."""

PATCH_CELLS = 128
"""Most cells under a wheel that are looked at; any fewer only loosen the bound."""

PASSES = 4
"""Of narrowing `lean`. Its error goes with the square of the one before: after four it is nought on level ground."""

HALF_PI = math.pi / 2
FAR = 1e6
"""Metres: further than any box reaches."""


@kernel
def bound_poses(  # type: ignore[no-untyped-def]
    z, resolution, poses, boxes, limits, links, belly, weights, along, across, bounds, first, last
):
    """Fill `bounds` (n, FIGURES, 2) for poses `first` up to `last`.

    Wheels are looked for first wherever tilt and suspension up to their limits put them, and then again where the
    bounds found so put them, as long as that narrows their boxes.

    Args:
        z: (rows, cols) float32 heights; NaN is unknown.
        resolution: Side of a cell, m.
        poses: (n, 4) column and row as fractions, cosine and sine of the yaw.
        boxes: (LEVELS, LEVELS, 6, 4) of each wheel at shares of the limits of tilt and of suspension: forward and left
            of the middle of where its axle may be, half length and half width of that, m.
        limits: (5,) most pitch, roll, rocker and bogie angle, rad, and step, m.
        links: (10,) share, lift and length of the bogie, the same of the rocker, the rocker's rest angle; forward and
            up of its pivot from the middle of the axles; distance of the sides.
        belly: (7,) height above the axles; half length and half width, outer and inner; radius and width of the wheels.
        weights: (2, 3, 6) what a metre of each axle does to the belly's height over the middle, to its grade along and
            to its grade across, and how far that may be off.
        along, across: How far any part may be from where the pose puts it, m.
    """
    level, patch = np.empty((FIGURES, 2)), np.empty((PATCH_CELLS, 4))
    for k in range(first, last):
        _bound_pose(
            z,
            resolution,
            poses[k],
            boxes,
            limits,
            links,
            belly,
            weights,
            along,
            across,
            level,
            patch,
            bounds[k],
        )


@kernel
def _bound_pose(  # type: ignore[no-untyped-def]
    z, resolution, pose, boxes, limits, links, belly, weights, along, across, level, patch, own
):
    own[:] = np.nan
    cells = wheel_patch(resolution, pose, belly[5], belly[6], patch)
    tilt, turned = 0, 0
    while True:
        if not _wheel_bounds(
            z, resolution, pose, boxes[tilt, turned], along, across, belly, patch, cells, own
        ):
            return
        _settle(links, own)
        if not own[PITCH, 1] < np.inf:
            return
        narrower, shorter = narrowed_levels(own, limits)
        if narrower <= tilt and shorter <= turned:
            break
        tilt, turned = max(tilt, narrower), max(turned, shorter)
    for i in range(WHEELS):
        level[i, 0] = level[i, 1] = (own[i, 0] + own[i, 1]) / 2.0
    _settle(links, level)
    if level[PITCH, 1] < np.inf:
        _belly_bounds(z, resolution, pose, belly, weights, along, across, level, own)
    else:
        own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf


@kernel
def narrowed_levels(own, limits):  # type: ignore[no-untyped-def]
    """Levels of the boxes that hold the axles at the bounds of tilt, and of suspension."""
    tilts = max(_share(own[PITCH], limits[0]), _share(own[ROLL], limits[1]))
    bogies = max(_share(own[BOGIE_LEFT], limits[3]), _share(own[BOGIE_RIGHT], limits[3]))
    return _level(tilts), _level(max(_share(own[ROCKER], limits[2]), bogies))


@kernel
def _share(bound, limit):  # type: ignore[no-untyped-def]
    return max(abs(bound[0]), abs(bound[1])) / limit


@kernel
def _level(share):  # type: ignore[no-untyped-def]
    """The last of the shares of the limits, each half the one before, that is no less."""
    level = 0
    while level < LEVELS - 1 and share <= 0.5 ** (level + 1):
        level += 1
    return level


@kernel
def belly_planes(links, belly, heights, planes):  # type: ignore[no-untyped-def]
    """Fill the belly's height over the middle of the axles, its grades along and across, and attitude and suspension.

    Args:
        links, belly: As of `bound_poses`.
        heights: (n, 6) of the axles.
        planes: (n, 8) height, grade along, grade across, pitch, roll, rocker and bogies; NaN where it cannot stand.
    """
    own = np.empty((FIGURES, 2))
    for k in range(len(heights)):
        for i in range(WHEELS):
            own[i, 0] = own[i, 1] = heights[k, i]
        _settle(links, own)
        planes[k] = np.nan
        if not own[PITCH, 1] < np.inf:
            continue
        low, high, along, _, across, _ = _plane(belly, own)
        planes[k, 0], planes[k, 1], planes[k, 2] = (low + high) / 2.0, along, across
        for i in range(PITCH, BELLY):
            planes[k, 3 + i - PITCH] = (own[i, 0] + own[i, 1]) / 2.0


@kernel
def _wheel_bounds(z, resolution, pose, boxes, along, across, belly, patch, cells, own):  # type: ignore[no-untyped-def]
    """Bound the height of each wheel's axle; False, and NaN, where ground in a box is not known."""
    for i in range(WHEELS):
        low, high = _ground(z, resolution, pose, boxes[i], along, across, belly, patch, cells)
        if not low <= high:
            own[:] = np.nan
            return False
        own[i, 0] = low + belly[5]
        own[i, 1] = high + belly[5]
    return True


@kernel
def cell_window(z, resolution, pose, ahead, left, half_length, half_width):  # type: ignore[no-untyped-def]
    """First and last column and row of the cells round a turned box; off the raster, the first is beyond the last."""
    col = pose[0] + (ahead * pose[2] - left * pose[3]) / resolution
    row = pose[1] + (ahead * pose[3] + left * pose[2]) / resolution
    along = (half_length * abs(pose[2]) + half_width * abs(pose[3])) / resolution
    up = (half_length * abs(pose[3]) + half_width * abs(pose[2])) / resolution
    if not (math.floor(col - along) >= 0 and math.ceil(col + along) < z.shape[1]):
        return 1, 0, 1, 0
    if not (math.floor(row - up) >= 0 and math.ceil(row + up) < z.shape[0]):
        return 1, 0, 1, 0
    return math.floor(col - along), math.ceil(col + along), math.floor(row - up), math.ceil(row + up)


@kernel
def wheel_patch(resolution, pose, radius, width, patch):  # type: ignore[no-untyped-def]
    """Fill the cells that a wheel is sure to lie over whose axle is above a cell or nearer to it than to others.

    Args:
        resolution: Side of a cell, m.
        pose: Column, row, cosine and sine of the yaw.
        radius, width: Of the wheel, m.
        patch: (PATCH_CELLS, 4) rows and columns from the axle's cell, what the rim is higher there at most, m, and how
            far ahead, m. The axle's own cell is the first.

    Returns:
        How many there are.
    """
    off = resolution * math.sqrt(0.5)
    length, half = radius - off, width / 2.0 - off
    patch[0, 0], patch[0, 1], patch[0, 3] = 0.0, 0.0, 0.0
    patch[0, 2] = radius - math.sqrt(max(0.0, radius * radius - off * off))
    count = 1
    reach = math.floor(radius / resolution)
    for r in range(-reach, reach + 1):
        for c in range(-reach, reach + 1):
            ahead = (c * pose[2] + r * pose[3]) * resolution
            left = (r * pose[2] - c * pose[3]) * resolution
            inside = abs(ahead) <= length and abs(left) <= half
            if inside and (r != 0 or c != 0) and count < PATCH_CELLS:
                rim = abs(ahead) + off
                patch[count, 0], patch[count, 1], patch[count, 3] = r, c, ahead
                patch[count, 2] = radius - math.sqrt(max(0.0, radius * radius - rim * rim))
                count += 1
    return count


@kernel
def rests_on(z, r, c, patch, cells):  # type: ignore[no-untyped-def]
    """Return how high a wheel stands at least, above its radius, whose axle is nearest to a cell."""
    rows, cols = z.shape
    most = -np.inf
    for k in range(cells):
        i, j = r + int(patch[k, 0]), c + int(patch[k, 1])
        if 0 <= i < rows and 0 <= j < cols:
            most = max(most, np.float64(z[i, j]) - patch[k, 2])
    return most


@kernel
def _ground(z, resolution, pose, box, along, across, belly, patch, cells):  # type: ignore[no-untyped-def]
    """How low a wheel may stand, less its radius, and how high: over every cell that the surface leans on.

    What lies ahead of the axle is as much lower as the rim is higher there. At its lowest the wheel still stands on the
    highest of what is sure to be under it.
    """
    # A corner of a patch that reaches into the box lies beyond it by less than a cell, seen along either axis.
    more = resolution * (abs(pose[2]) + abs(pose[3]))
    radius = belly[5]
    loose = box[2] + along + more
    # The axle's nearest cell is no further from it than half a cell's diagonal.
    near = resolution * math.sqrt(0.5) + 1e-9
    under, aside = box[2] + along + near, box[3] + across + near
    length, width = box[2] + radius + along, box[3] + belly[6] / 2.0 + across
    col0, col1, row0, row1 = cell_window(z, resolution, pose, box[0], box[1], length, width)
    low, floor = np.inf, np.inf
    high = -np.inf
    total = 0.0
    square = radius * radius
    for r in range(row0, row1 + 1):
        north = (r - pose[1]) * resolution
        left, right = row_span(pose, resolution, north, box, length + more, width + more)
        for c in range(max(col0, left), min(col1, right) + 1):
            height = np.float64(z[r, c])
            total += height
            east = (c - pose[0]) * resolution
            ahead = abs(east * pose[2] + north * pose[3] - box[0])
            beyond = ahead - loose
            if beyond <= 0.0:
                beside = abs(north * pose[2] - east * pose[3] - box[1])
                # Straight below the axle is ground between cells as far away as the surface leans on.
                if beside <= box[3] + across + more:
                    floor = height if height < floor else floor
                if ahead <= under and beside <= aside and height - patch[0, 2] < low:
                    low = min(low, rests_on(z, r, c, patch, cells))
            else:
                height -= radius - math.sqrt(max(0.0, square - beyond * beyond))
            high = height if height > high else high
    if math.isnan(total) or low == np.inf:
        return np.nan, np.nan
    return max(low, floor), high


@kernel
def row_span(pose, resolution, north, box, half_length, half_width):  # type: ignore[no-untyped-def]
    """First and last column of a row, `north` of the pose, that lie in a turned box."""
    low, high = _chord(pose[2], box[0] - north * pose[3], half_length)
    from_side, to_side = _chord(-pose[3], box[1] - north * pose[2], half_width)
    low, high = max(low, from_side), min(high, to_side)
    if not low <= high:
        return 1, 0
    # Rounding must not lose a cell on the rim.
    return math.ceil(pose[0] + low / resolution - 1e-9), math.floor(pose[0] + high / resolution + 1e-9)


@kernel
def _chord(slope, middle, half):  # type: ignore[no-untyped-def]
    """Where `slope` times a distance is within `half` of `middle`; FAR stands for no bound."""
    if abs(slope) < 1e-9:
        return (-FAR, FAR) if abs(middle) <= half else (FAR, -FAR)
    one, other = (middle - half) / slope, (middle + half) / slope
    return max(-FAR, min(one, other)), min(FAR, max(one, other))


@kernel
def _settle(links, own):  # type: ignore[no-untyped-def]
    """Bound attitude, suspension and body from the heights of the axles."""
    lean_low, lean_high = 0.0, 1.0
    side_low, side_high = -1.0, 1.0
    for _ in range(PASSES):
        side_low, side_high = _side_slope(links, own, lean_low, lean_high)
        lean_high = math.sqrt(1.0 - _least_square(side_low, side_high))
        lean_low = math.sqrt(max(0.0, 1.0 - _most_square(side_low, side_high)))
    left = _side(links, own, 0, lean_low, lean_high)
    right = _side(links, own, 1, lean_low, lean_high)
    worst = max(_most_square(left[2], left[3]), _most_square(right[2], right[3]))
    worst = max(worst, max(_most_square(left[6], left[7]), _most_square(right[6], right[7])))
    if not worst < lean_low * lean_low:
        _beyond_bounds(own)
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


@kernel
def _beyond_bounds(own):  # type: ignore[no-untyped-def]
    """No standing is known to be possible: bounds that refuse everything."""
    for i in range(WHEELS, FIGURES):
        own[i, 0] = -np.inf
        own[i, 1] = np.inf


@kernel
def _attitude(links, own, low, high, lean_low, lean_high, side_low, side_high, up_low, up_high):  # type: ignore[no-untyped-def]
    """Bound pitch, roll and the middle of the axles from the pitch within the leaning sides."""
    if not (low > -HALF_PI and high < HALF_PI):
        _beyond_bounds(own)
        return
    sine_low, sine_high = sine(low), sine(high)
    sine_low *= lean_high if sine_low < 0.0 else lean_low
    sine_high *= lean_low if sine_high < 0.0 else lean_high
    cosine_low = math.sqrt(1.0 - _most_square(sine_low, sine_high))
    cosine_high = math.sqrt(1.0 - _least_square(sine_low, sine_high))
    roll_low = side_low / (cosine_low if side_low < 0.0 else cosine_high)
    roll_high = side_high / (cosine_high if side_high < 0.0 else cosine_low)
    if not (roll_low > -1.0 and roll_high < 1.0):
        _beyond_bounds(own)
        return
    own[PITCH, 0], own[PITCH, 1] = arcsine(sine_low), arcsine(sine_high)
    own[ROLL, 0], own[ROLL, 1] = arcsine(roll_low), arcsine(roll_high)
    upright_low, upright_high = _upright(sine_low, sine_high, side_low, side_high)
    ahead_low, ahead_high = _times(links[7], sine_low, sine_high)
    over_low, over_high = _times(links[8], upright_low, upright_high)
    own[BODY, 0] = up_low - ahead_high - over_high
    own[BODY, 1] = up_high - ahead_low - over_low


@kernel
def _upright(sine_low, sine_high, side_low, side_high):  # type: ignore[no-untyped-def]
    """Bound the vertical part of the body's own vertical."""
    low = max(0.0, 1.0 - _most_square(sine_low, sine_high) - _most_square(side_low, side_high))
    high = max(0.0, 1.0 - _least_square(sine_low, sine_high) - _least_square(side_low, side_high))
    return math.sqrt(low), math.sqrt(high)


@kernel
def _turned(low, high, lean_low, lean_high, rest):  # type: ignore[no-untyped-def]
    """Bound the angle of a link within its side, from that at rest, by its slope."""
    low /= lean_low if low < 0.0 else lean_high
    high /= lean_high if high < 0.0 else lean_low
    return arcsine(max(-1.0, low)) - rest, arcsine(min(1.0, high)) - rest


@kernel
def _side_slope(links, own, lean_low, lean_high):  # type: ignore[no-untyped-def]
    """Bound the slope of the line through both rockers' pivots.

    What the links' lifts add on the left is taken off by those on the right; their difference is bounded as one.
    """
    left = _side(links, own, 0, lean_low, lean_high)
    right = _side(links, own, 1, lean_low, lean_high)
    bogie = _lift_difference(left, right, 0)
    rocker = _lift_difference(left, right, 4)
    level_low, level_high = left[0] - right[1], left[1] - right[0]
    lift_low, lift_high = _times(links[1], bogie[0], bogie[1])
    low, high = _times(1.0 - links[3], level_low + lift_low, level_high + lift_high)
    front_low, front_high = _times(links[3], own[0, 0] - own[1, 1], own[0, 1] - own[1, 0])
    lift_low, lift_high = _times(links[4], rocker[0], rocker[1])
    low = (low + front_low + lift_low) / links[9]
    high = (high + front_high + lift_high) / links[9]
    return max(-1.0, low), min(1.0, high)


@kernel
def _lift_difference(left, right, at):  # type: ignore[no-untyped-def]
    """Bound the left link's upright share less the right one's.

    Both are sqrt(lean^2 - slope^2) with the same lean, so their difference is that of the squared slopes over their
    sum, and, the sum being no less than the difference, at most the root of it.
    """
    low = _least_square(right[at + 2], right[at + 3]) - _most_square(left[at + 2], left[at + 3])
    high = _most_square(right[at + 2], right[at + 3]) - _least_square(left[at + 2], left[at + 3])
    least, most = left[at + 10] + right[at + 10], left[at + 11] + right[at + 11]
    return -_over_sum(-low, least, most), _over_sum(high, least, most)


@kernel
def _over_sum(difference, least, most):  # type: ignore[no-untyped-def]
    if difference < 0.0:
        return difference / most if most > 0.0 else 0.0
    root = math.sqrt(difference)
    return min(root, difference / least) if least > 0.0 else root


@kernel
def _side(links, own, side, lean_low, lean_high):  # type: ignore[no-untyped-def]
    """Bounds of one side from the heights of its axles.

    Returned: 0, 1 the bogie's pivot without its lift; 2, 3 the bogie's slope; 4, 5 its pivot; 6, 7 the rocker's slope;
    8, 9 its pivot; 10, 11 upright share of the bogie; 14, 15 of the rocker.
    """
    rear_low, rear_high = own[4 + side, 0], own[4 + side, 1]
    middle_low, middle_high = own[2 + side, 0], own[2 + side, 1]
    front_low, front_high = own[side, 0], own[side, 1]
    tip_low, tip_high = (middle_low - rear_high) / links[2], (middle_high - rear_low) / links[2]
    tip_up = _upright_share(tip_low, tip_high, lean_low, lean_high)
    level_low, level_high = _between(links[0], rear_low, rear_high, middle_low, middle_high)
    lift_low, lift_high = _times(links[1], tip_up[0], tip_up[1])
    low, high = level_low + lift_low, level_high + lift_high
    rock_low, rock_high = (front_low - high) / links[5], (front_high - low) / links[5]
    rock_up = _upright_share(rock_low, rock_high, lean_low, lean_high)
    pivot_low, pivot_high = _between(links[3], low, high, front_low, front_high)
    lift_low, lift_high = _times(links[4], rock_up[0], rock_up[1])
    return (
        level_low, level_high, tip_low, tip_high, low, high, rock_low, rock_high,
        pivot_low + lift_low, pivot_high + lift_high, tip_up[0], tip_up[1], 0.0, 0.0, rock_up[0], rock_up[1],
    )  # fmt: skip


@kernel
def _upright_share(low, high, lean_low, lean_high):  # type: ignore[no-untyped-def]
    least = max(0.0, lean_low * lean_low - _most_square(low, high))
    most = max(0.0, lean_high * lean_high - _least_square(low, high))
    return math.sqrt(least), math.sqrt(most)


@kernel
def _between(share, low_a, high_a, low_b, high_b):  # type: ignore[no-untyped-def]
    from_a = _times(1.0 - share, low_a, high_a)
    from_b = _times(share, low_b, high_b)
    return from_a[0] + from_b[0], from_a[1] + from_b[1]


@kernel
def _times(factor, low, high):  # type: ignore[no-untyped-def]
    return min(factor * low, factor * high), max(factor * low, factor * high)


@kernel
def _most_square(low, high):  # type: ignore[no-untyped-def]
    return max(low * low, high * high)


@kernel
def _least_square(low, high):  # type: ignore[no-untyped-def]
    return 0.0 if low <= 0.0 <= high else min(low * low, high * high)


@kernel
def _plane(belly, own):  # type: ignore[no-untyped-def]
    """Bound the belly's height over the middle of the axles; the grades of its plane along and across the heading."""
    sine_low, sine_high = sine(own[PITCH, 0]), sine(own[PITCH, 1])
    cosine_low = math.sqrt(1.0 - _most_square(sine_low, sine_high))
    cosine_high = math.sqrt(1.0 - _least_square(sine_low, sine_high))
    across_low, across_high = sine(own[ROLL, 0]), sine(own[ROLL, 1])
    side_low = across_low * (cosine_high if across_low < 0.0 else cosine_low)
    side_high = across_high * (cosine_low if across_high < 0.0 else cosine_high)
    upright_low, upright_high = _upright(sine_low, sine_high, side_low, side_high)
    if not (upright_low > 0.0 and cosine_low > 0.0):
        return -np.inf, np.inf, 0.0, np.inf, 0.0, np.inf
    along_low = sine_low / (cosine_low if sine_low < 0.0 else cosine_high)
    along_high = sine_high / (cosine_high if sine_high < 0.0 else cosine_low)
    left_low = side_low / (cosine_low * upright_low if side_low < 0.0 else cosine_high * upright_high)
    left_high = side_high / (cosine_high * upright_high if side_high < 0.0 else cosine_low * upright_low)
    over_low, over_high = _times(belly[0], 1.0 / upright_high, 1.0 / upright_low)
    return (
        own[BODY, 0] + over_low, own[BODY, 1] + over_high,
        (along_low + along_high) / 2.0, (along_high - along_low) / 2.0,
        (left_low + left_high) / 2.0, (left_high - left_low) / 2.0,
    )  # fmt: skip


@kernel
def _doubts(weights, own):  # type: ignore[no-untyped-def]
    """What the weights may be off times half of each axle's range: of height, of grade along and of grade across."""
    height, along, across = 0.0, 0.0, 0.0
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        height += weights[1, 0, i] * half
        along += weights[1, 1, i] * half
        across += weights[1, 2, i] * half
    return height, along, across


@kernel
def _belly_bounds(z, resolution, pose, belly, weights, along, across, level, own):  # type: ignore[no-untyped-def]
    """Bound the least vertical gap between the belly's plane and the ground under it.

    By the mean value theorem: a point of the plane is no further from where it is with every axle in the middle of its
    range than the axles' half ranges times the most that a metre of each does to it.
    """
    base_low, base_high, grade, grade_doubt, side, side_doubt = _plane(belly, level)
    doubt, along_doubt, across_doubt = _doubts(weights, own)
    along_doubt, across_doubt = along_doubt + grade_doubt, across_doubt + side_doubt
    steepest = max(abs(math.tan(own[PITCH, 0])), abs(math.tan(own[PITCH, 1])))
    rolled = max(abs(math.tan(own[ROLL, 0])), abs(math.tan(own[ROLL, 1]))) * math.sqrt(
        1.0 + steepest * steepest
    )
    sway = along * steepest + across * rolled
    more = resolution * (abs(pose[2]) + abs(pose[3]))
    length, width = belly[1] + along, belly[2] + across
    col0, col1, row0, row1 = cell_window(z, resolution, pose, 0.0, 0.0, length, width)
    low, high, widest, total = np.inf, np.inf, -np.inf, 0.0
    for r in range(row0, row1 + 1):
        north = (r - pose[1]) * resolution
        first, last = row_span(pose, resolution, north, NOWHERE, length + more, width + more)
        for c in range(max(col0, first), min(col1, last) + 1):
            east = (c - pose[0]) * resolution
            ahead = east * pose[2] + north * pose[3]
            left = north * pose[2] - east * pose[3]
            height = np.float64(z[r, c])
            total += height
            loose = doubt + sway + along_doubt * abs(ahead) + across_doubt * abs(left)
            for i in range(WHEELS):
                half = (own[i, 1] - own[i, 0]) / 2.0
                loose += half * abs(weights[0, 0, i] + weights[0, 1, i] * ahead + weights[0, 2, i] * left)
            plane = grade * ahead + side * left - height
            low = min(low, base_low + plane - loose)
            gap = base_high + plane + loose
            widest = max(widest, gap)
            if abs(ahead) <= belly[3] - along and abs(left) <= belly[4] - across:
                high = min(high, gap)
    if math.isnan(total):
        own[:] = np.nan
        return
    if low == np.inf:
        own[:] = np.nan
        return
    own[BELLY, 0] = low
    own[BELLY, 1] = high if high < np.inf else widest
