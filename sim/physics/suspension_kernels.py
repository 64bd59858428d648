"""The rocker-bogie on the ground: where each wheel touches, and the six unknowns that make all of them touch."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel

WHEELS = 6
"""Front left, front right, middle left, middle right, rear left, rear right."""

RADIUS, HALF_TRACK, FRONT, MIDDLE, REAR, ROCKER, ROCKER_UP, BOGIE, BOGIE_UP = range(9)
CLEARANCE, MASS_FORWARD, MASS_UP, WEIGHT = range(9, 13)
RIG_FIGURES = 13
"""Figures of a rig: the wheels, then axles and pivots forward of the body's centre and above level ground, then the
belly and the centre of mass, likewise, all in m; and the weight, N."""

UP, PITCH, ROLL, ROCKER_TURN, BOGIE_LEFT, BOGIE_RIGHT = range(6)
UNKNOWNS = 6
"""What settling solves for, m and rad. The left rocker turns nose up by its angle, the right one nose down."""

WORK_ROWS = WHEELS + 6

_MOST_SEARCHES = 60
_MOST_TURNS = 4
"""Steps of Newton's method between two searches for the contacts."""

_DAMPED_FROM = 12
_AS_NEAR_M = 1e-6
"""Of two points of the rim that are as near to the ground, the first listed touches: the middle of a line."""

_SETTLED_M = 1e-11
_HARDLY_SETTLED_M = 1e-4
"""On broken ground the rim's nearest point may leap for ever; gaps as small as these do no harm."""

_BIGGEST_TURN_RAD = 0.3

Array = npt.NDArray[np.float64]


@kernel
def ground_at(z, row, col):  # type: ignore[no-untyped-def]
    """Return the height at a fractional row and column, bilinear between cell centres; NaN outside."""
    rows, cols = z.shape
    if not (0.0 <= row <= rows - 1.0 and 0.0 <= col <= cols - 1.0):
        return np.nan
    i, j = min(int(row), rows - 2), min(int(col), cols - 2)
    u, v = row - i, col - j
    south = np.float64(z[i, j]) * (1.0 - v) + np.float64(z[i, j + 1]) * v
    north = np.float64(z[i + 1, j]) * (1.0 - v) + np.float64(z[i + 1, j + 1]) * v
    return south * (1.0 - u) + north * u


@kernel
def body_axes(yaw: float, pitch: float, roll: float, axes: Array) -> None:
    """Set the rows of `axes` (3, 3) to forward, left and up of the body: yaw, then nose up, then left side up."""
    cy, sy = math.cos(yaw), math.sin(yaw)
    cp, sp = math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    axes[0, 0], axes[0, 1], axes[0, 2] = cy * cp, sy * cp, sp
    axes[1, 0], axes[1, 1], axes[1, 2] = -sy * cr - cy * sp * sr, cy * cr - sy * sp * sr, cp * sr
    axes[2, 0], axes[2, 1], axes[2, 2] = sy * sr - cy * sp * cr, -cy * sr - sy * sp * cr, cp * cr


@kernel
def settle_wheels(
    z: npt.NDArray[np.float32],
    place: Array,
    yaw: float,
    rig: Array,
    rim: Array,
    unknowns: Array,
    wheels: Array,
    levers: Array,
    work: Array,
    offsets: Array,
) -> bool:
    """Find height, attitude and angles of the suspension at which every wheel's rim just touches the ground.

    Newton's method on the six gaps, each that of the rim's point which is nearest to the ground or deepest in it; that
    point is looked for anew whenever the last ones have closed. Nothing of this is small-angle: wheels, pivots and
    contacts are carried round by the rotations themselves.

    Args:
        z: (rows, cols) heights of cells.
        place: (3,) row and column of the body's centre, as fractions, and the side of a cell, m.
        yaw: Heading.
        rig: (RIG_FIGURES,).
        rim: (n, 3) points of a rim from its axle, forward, left and up, m; of those as near the first one counts.
        unknowns: (UNKNOWNS,) set.
        wheels: (WHEELS, 6) set: contact and axle, east and north of the body's centre and height.
        levers: (WHEELS, UNKNOWNS) set: by how much each unknown raises each contact.
        work: (WORK_ROWS, UNKNOWNS + 1), for the kernel's own use; its last three rows hold the body's axes.
        offsets: (n, 3) likewise.

    Returns:
        Whether the wheels came to rest. On unknown ground they do not, and the unknowns are NaN.
    """
    axes, rows = work[WHEELS + 3 :, :3], work[:WHEELS]
    unknowns[:] = 0.0
    unknowns[UP] = ground_at(z, place[0], place[1])
    worst = np.inf
    for search in range(_MOST_SEARCHES):
        body_axes(yaw, unknowns[PITCH], unknowns[ROLL], axes)
        _turn_rim(rim, axes, offsets)
        worst = 0.0
        for wheel in range(WHEELS):
            _place_axle(rig, unknowns, axes, wheel, wheels, work)
            touching = _touching(z, place, offsets, wheel, wheels)
            if touching < 0:
                unknowns[:] = np.nan
                return False
            work[WHEELS + 2, wheel] = touching
            worst = max(worst, abs(_gap(z, place, offsets, touching, wheel, wheels)))
        if worst <= _SETTLED_M:
            _levers_of_all(z, place, yaw, rig, rim, axes, offsets, unknowns, wheels, levers, work)
            return True
        for _ in range(_MOST_TURNS):
            most = _levers_of_all(z, place, yaw, rig, rim, axes, offsets, unknowns, wheels, levers, work)
            if most <= _SETTLED_M or not most < np.inf or not solve_rows(rows):
                break
            _take_step(unknowns, rows, 1.0 if search < _DAMPED_FROM else 0.5)
            if search >= _DAMPED_FROM:
                break
    if worst <= _HARDLY_SETTLED_M:
        _levers_of_all(z, place, yaw, rig, rim, axes, offsets, unknowns, wheels, levers, work)
        return True
    unknowns[:] = np.nan
    return False


@kernel
def _levers_of_all(z, place, yaw, rig, rim, axes, offsets, unknowns, wheels, levers, work):  # type: ignore[no-untyped-def]
    """Set the levers and the equations for the next step of Newton's; return the widest gap of the present contacts."""
    body_axes(yaw, unknowns[PITCH], unknowns[ROLL], axes)
    most = 0.0
    for wheel in range(WHEELS):
        _place_axle(rig, unknowns, axes, wheel, wheels, work)
        touching = int(work[WHEELS + 2, wheel])
        _to_site(axes, rim[touching, 0], rim[touching, 1], rim[touching, 2], offsets[touching])
        gap = _gap(z, place, offsets, touching, wheel, wheels)
        if math.isnan(gap):
            return np.inf
        for k in range(3):
            wheels[wheel, k] = wheels[wheel, 3 + k] + offsets[touching, k]
        _levers(z, place, yaw, axes, unknowns, wheel, wheels, levers, work)
        work[wheel, UNKNOWNS] = -gap
        most = max(most, abs(gap))
    return most


@kernel
def _take_step(unknowns, rows, share):  # type: ignore[no-untyped-def]
    most = 0.0
    for k in range(1, UNKNOWNS):
        most = max(most, abs(rows[k, UNKNOWNS]))
    if most * share > _BIGGEST_TURN_RAD:
        share = _BIGGEST_TURN_RAD / most
    for k in range(UNKNOWNS):
        unknowns[k] += share * rows[k, UNKNOWNS]


@kernel
def _place_axle(rig, unknowns, axes, wheel, wheels, work):  # type: ignore[no-untyped-def]
    """Set where a wheel's axle is, and in `work` where the pivots that carry it are."""
    left = wheel % 2 == 0
    turn = unknowns[ROCKER_TURN] if left else -unknowns[ROCKER_TURN]
    y = rig[HALF_TRACK] if left else -rig[HALF_TRACK]
    cos, sin = math.cos(turn), math.sin(turn)
    pivot = work[WHEELS]
    _to_site(axes, rig[ROCKER], y, rig[ROCKER_UP], pivot)
    if wheel < 2:
        ahead, above = rig[FRONT] - rig[ROCKER], rig[RADIUS] - rig[ROCKER_UP]
        x, up = rig[ROCKER] + ahead * cos - above * sin, rig[ROCKER_UP] + ahead * sin + above * cos
    else:
        ahead, above = rig[BOGIE] - rig[ROCKER], rig[BOGIE_UP] - rig[ROCKER_UP]
        x, up = rig[ROCKER] + ahead * cos - above * sin, rig[ROCKER_UP] + ahead * sin + above * cos
        _to_site(axes, x, y, up, work[WHEELS + 1])
        turn += unknowns[BOGIE_LEFT] if left else unknowns[BOGIE_RIGHT]
        cos, sin = math.cos(turn), math.sin(turn)
        ahead = (rig[MIDDLE] if wheel < 4 else rig[REAR]) - rig[BOGIE]
        above = rig[RADIUS] - rig[BOGIE_UP]
        x, up = x + ahead * cos - above * sin, up + ahead * sin + above * cos
    _to_site(axes, x, y, up, wheels[wheel, 3:])
    wheels[wheel, 5] += unknowns[UP]


@kernel
def _to_site(axes, forward, left, up, out):  # type: ignore[no-untyped-def]
    """Set `out` to a point of the body in the site's directions, from the body's centre."""
    for k in range(3):
        out[k] = forward * axes[0, k] + left * axes[1, k] + up * axes[2, k]


@kernel
def _turn_rim(rim, axes, offsets):  # type: ignore[no-untyped-def]
    """Set a rim's points from its axle in the site's directions: the same for all wheels."""
    for k in range(rim.shape[0]):
        _to_site(axes, rim[k, 0], rim[k, 1], rim[k, 2], offsets[k])


@kernel
def _touching(z, place, offsets, wheel, wheels):  # type: ignore[no-untyped-def]
    """Return which point of the rim is nearest to the ground; -1 where some of that is unknown."""
    scale = 1.0 / place[2]
    row, col = place[0] + wheels[wheel, 4] * scale, place[1] + wheels[wheel, 3] * scale
    rows, cols = z.shape
    least, touching = np.inf, 0
    for k in range(offsets.shape[0]):
        r, c = row + offsets[k, 1] * scale, col + offsets[k, 0] * scale
        if not (0.0 <= r <= rows - 1.0 and 0.0 <= c <= cols - 1.0):
            return -1
        i, j = min(int(r), rows - 2), min(int(c), cols - 2)
        u, v = r - i, c - j
        low = np.float64(z[i, j]) + (np.float64(z[i, j + 1]) - np.float64(z[i, j])) * v
        high = np.float64(z[i + 1, j]) + (np.float64(z[i + 1, j + 1]) - np.float64(z[i + 1, j])) * v
        gap = offsets[k, 2] - (low + (high - low) * u)
        if not gap >= least - _AS_NEAR_M:
            if math.isnan(gap):
                return -1
            least, touching = gap, k
    return touching


@kernel
def _gap(z, place, offsets, touching, wheel, wheels):  # type: ignore[no-untyped-def]
    """Return the gap between a point of a wheel's rim and the ground."""
    scale = 1.0 / place[2]
    east, north = wheels[wheel, 3] + offsets[touching, 0], wheels[wheel, 4] + offsets[touching, 1]
    height = ground_at(z, place[0] + north * scale, place[1] + east * scale)
    return wheels[wheel, 5] + offsets[touching, 2] - height


@kernel
def _levers(z, place, yaw, axes, unknowns, wheel, wheels, levers, work):  # type: ignore[no-untyped-def]
    """Set by how much each unknown raises a contact, and in `work` by how much it opens its gap."""
    east, north, up = wheels[wheel, 0], wheels[wheel, 1], wheels[wheel, 2] - unknowns[UP]
    scale = 1.0 / place[2]
    row, col = place[0] + north * scale, place[1] + east * scale
    rows, cols = z.shape
    i, j = min(int(row), rows - 2), min(int(col), cols - 2)
    u, v = row - i, col - j
    a, b = np.float64(z[i, j]), np.float64(z[i, j + 1])
    c, d = np.float64(z[i + 1, j]), np.float64(z[i + 1, j + 1])
    per_east = ((b - a) * (1.0 - u) + (d - c) * u) * scale
    per_north = ((c - a) * (1.0 - v) + (d - b) * v) * scale
    for k in range(UNKNOWNS):
        levers[wheel, k] = 0.0
        work[wheel, k] = 0.0
    levers[wheel, UP] = work[wheel, UP] = 1.0
    cy, sy = math.cos(yaw), math.sin(yaw)
    grade = per_east, per_north
    # Nose up is a turn about level right, left side up one about forward, and the links' about the body's right.
    _turn(levers, work, wheel, PITCH, (east, north, up), (sy, -cy, 0.0), grade)
    _turn(levers, work, wheel, ROLL, (east, north, up), (axes[0, 0], axes[0, 1], axes[0, 2]), grade)
    sign = 1.0 if wheel % 2 == 0 else -1.0
    right = (-axes[1, 0], -axes[1, 1], -axes[1, 2])
    rocker = (-sign * axes[1, 0], -sign * axes[1, 1], -sign * axes[1, 2])
    arm = (east - work[WHEELS, 0], north - work[WHEELS, 1], up - work[WHEELS, 2])
    _turn(levers, work, wheel, ROCKER_TURN, arm, rocker, grade)
    if wheel >= 2:
        arm = (east - work[WHEELS + 1, 0], north - work[WHEELS + 1, 1], up - work[WHEELS + 1, 2])
        _turn(levers, work, wheel, BOGIE_LEFT if wheel % 2 == 0 else BOGIE_RIGHT, arm, right, grade)


@kernel
def _turn(levers, work, wheel, unknown, arm, axis, grade):  # type: ignore[no-untyped-def]
    """Set what a turn about an axis does to a contact at the end of an arm: their cross product."""
    east = axis[1] * arm[2] - axis[2] * arm[1]
    north = axis[2] * arm[0] - axis[0] * arm[2]
    up = axis[0] * arm[1] - axis[1] * arm[0]
    levers[wheel, unknown] = up
    work[wheel, unknown] = up - grade[0] * east - grade[1] * north


@kernel
def solve_rows(rows: Array) -> bool:
    """Solve linear equations in place: (n, n + 1) coefficients and right-hand side, the answer in the last column.

    Returns:
        Whether there is one.
    """
    n = rows.shape[0]
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(rows[i, k]) > abs(rows[best, k]):
                best = i
        if not abs(rows[best, k]) > 1e-12:
            return False
        if best != k:
            for j in range(k, n + 1):
                rows[k, j], rows[best, j] = rows[best, j], rows[k, j]
        for i in range(k + 1, n):
            factor = rows[i, k] / rows[k, k]
            for j in range(k, n + 1):
                rows[i, j] -= factor * rows[k, j]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            rows[k, n] -= rows[k, j] * rows[j, n]
        rows[k, n] /= rows[k, k]
    return True
