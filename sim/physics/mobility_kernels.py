"""The balance of forces on six driven wheels: how fast the body goes along, sideways and round."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.physics.suspension_kernels import WHEELS, ground_at, solve_rows
from sim.physics.terramechanics_kernels import PULL, SIDE, SINKAGE, TORQUE
from sim.physics.wheel_table_kernels import read_table

WORKING, DEAD, STALLED = range(3)
"""What a wheel's motor does: turns it as told, lets it turn, holds it."""

SLIP_OUT, SINKAGE_OUT, TORQUE_OUT, PULL_OUT, RIM_OUT = range(5)
WHEEL_OUTCOMES = 5

FORCES = 3
"""Along, across (to the left) and round (counter-clockwise)."""

MOST_SLIP = 0.98
"""A common slip beyond which the rover is stuck."""

_LEAST_SLIP = -0.95
_SCAN = 40
_TURNS = 30
_BALANCED = 1e-9
_HARDLY_BALANCED = 1e-4
"""Of the weight: what the balance is out by. Entries of the table are joined by straight lines, whose kinks may hold
Newton's method up; a force as small as the second is within the table's own error."""

_STEP = 1e-7

Array = npt.NDArray[np.float64]


@kernel
def firmness_of_wheels(
    soil: npt.NDArray[np.float32],
    place: Array,
    axes: Array,
    wheels: Array,
    patches: Array,
    pose: Array,
    firmness: Array,
) -> None:
    """Set the firmness under each wheel.

    Args:
        soil: (rows, cols) firmness at nodes.
        place: (3,) row and column of the body's centre, as fractions, and the distance of nodes, m.
        axes: (2,) cosine and sine of the yaw.
        wheels: (WHEELS, 2) forward and left of the body's centre, m.
        patches: (n, 4) east, north, radius and firmness of discs where the soil is another; the last one counts.
        pose: (2,) east and north of the body's centre.
        firmness: (WHEELS,) set.
    """
    for wheel in range(WHEELS):
        east = wheels[wheel, 0] * axes[0] - wheels[wheel, 1] * axes[1]
        north = wheels[wheel, 0] * axes[1] + wheels[wheel, 1] * axes[0]
        firmness[wheel] = ground_at(soil, place[0] + north / place[2], place[1] + east / place[2])
        for k in range(patches.shape[0]):
            x, y = pose[0] + east - patches[k, 0], pose[1] + north - patches[k, 1]
            if x * x + y * y <= patches[k, 2] * patches[k, 2]:
                firmness[wheel] = patches[k, 3]


@kernel
def balance(
    table: Array,
    axes: Array,
    wheels: Array,
    commands: Array,
    conditions: Array,
    motors: npt.NDArray[np.int64],
    drag_torque: float,
    twist: Array,
    gravity: Array,
    speeds: Array,
    out: Array,
    work: Array,
) -> bool:
    """Find the speeds of the body at which the wheels' forces and gravity's part along the ground are in balance.

    Args:
        table, axes: As of `read_table`.
        wheels: (WHEELS, 2) forward and left of the body's centre, m.
        commands: (WHEELS, 3) cosine and sine of the steering angle, and speed of the rim, m/s.
        conditions: (WHEELS, 3) firmness, load, N, and resistance of the hole that it stands in over the load.
        motors: (WHEELS,) WORKING, DEAD or STALLED.
        drag_torque: That turns a wheel without power, N m.
        twist: (FORCES,) speeds that the commands aim at: along, across, m/s, and round, rad/s.
        gravity: (FORCES,) its force in the plane of the wheels, N, and its moment about the body's centre, N m.
        speeds: (FORCES,) set.
        out: (WHEELS, WHEEL_OUTCOMES) set: slip, sinkage, torque, pull and speed of the rim.
        work: (FORCES + 4, FORCES + 2), for the kernel's own use.

    Returns:
        Whether there is such a motion; if not, the speeds are 0 and the wheels spin.
    """
    borne = 0.0
    for wheel in range(WHEELS):
        borne += max(0.0, conditions[wheel, 1])
    scale = abs(gravity[0]) + abs(gravity[1]) + borne
    given = (table, axes, wheels, commands, conditions, motors, drag_torque, gravity)
    # In the air any speed is a balance.
    slip = _common_slip(given, twist, out, work) if borne > 0.0 else np.nan
    if math.isnan(slip):
        speeds[:] = 0.0
        _forces(given, speeds, out, work, work[0])
        return False
    for k in range(FORCES):
        speeds[k] = _share_of_rim(slip) * twist[k]
    arm = max(abs(wheels[0, 0]), abs(wheels[0, 1]))
    rim = abs(twist[0]) + abs(twist[2]) * arm
    off = _newton(given, speeds, out, work, scale, arm, rim)
    _forces(given, speeds, out, work, work[0])
    moves = speeds[0] * twist[0] + speeds[2] * twist[2] * arm * arm > (1.0 - MOST_SLIP) * rim * rim
    if off <= _HARDLY_BALANCED * scale and moves:
        return True
    speeds[:] = 0.0
    _forces(given, speeds, out, work, work[0])
    return False


@kernel
def _newton(given, speeds, out, work, scale, arm, rim):  # type: ignore[no-untyped-def]
    """Set the speeds to where the forces balance; return by how much they do not, N."""
    rows, force, tried, moved = work[:FORCES, : FORCES + 1], work[FORCES], work[FORCES + 1], work[FORCES + 2]
    _forces(given, speeds, out, work, force)
    off = _size(force, arm)
    for _ in range(_TURNS):
        if off <= _BALANCED * scale:
            break
        for k in range(FORCES):
            step = _STEP * (rim if k < 2 else rim / arm)
            before = speeds[k]
            speeds[k] = before + step
            _forces(given, speeds, out, work, tried)
            speeds[k] = before
            for n in range(FORCES):
                rows[n, k] = (tried[n] - force[n]) / step
        for n in range(FORCES):
            rows[n, FORCES] = -force[n]
        if not solve_rows(rows):
            break
        share = 1.0
        better = False
        for _ in range(12):
            for k in range(FORCES):
                moved[k] = speeds[k] + share * rows[k, FORCES]
            _forces(given, moved, out, work, tried)
            size = _size(tried, arm)
            if size < off:
                better = True
                break
            share *= 0.5
        if not better:
            break
        off = size
        for k in range(FORCES):
            speeds[k], force[k] = moved[k], tried[k]
    return off


@kernel
def _size(force, arm):  # type: ignore[no-untyped-def]
    return abs(force[0]) + abs(force[1]) + abs(force[2]) / arm


@kernel
def _common_slip(given, twist, out, work):  # type: ignore[no-untyped-def]
    """Return the least slip, of all wheels alike, at which they get on with the motion; NaN where none is enough."""
    low = high = _LEAST_SLIP
    for k in range(_SCAN + 1):
        # Finer about none: entries of the table lie as the squares.
        root = -math.sqrt(-_LEAST_SLIP) + (math.sqrt(-_LEAST_SLIP) + math.sqrt(MOST_SLIP)) * k / _SCAN
        high = root * abs(root)
        if _drive(given, twist, high, out, work) >= 0.0:
            break
        if k == _SCAN:
            return np.nan
        low = high
    for _ in range(6):
        middle = 0.5 * (low + high)
        if _drive(given, twist, middle, out, work) >= 0.0:
            high = middle
        else:
            low = middle
    return high


@kernel
def _share_of_rim(slip):  # type: ignore[no-untyped-def]
    """Return the speed over the ground over that of the rim."""
    return 1.0 - slip if slip >= 0.0 else 1.0 / (1.0 + slip)


@kernel
def _drive(given, twist, slip, out, work):  # type: ignore[no-untyped-def]
    """Return the power of all forces along the motion aimed at, were it made with a common slip."""
    share = _share_of_rim(slip)
    speeds, force = work[FORCES + 2], work[FORCES + 1]
    for k in range(FORCES):
        speeds[k] = share * twist[k]
    _forces(given, speeds, out, work, force)
    return force[0] * twist[0] + force[1] * twist[1] + force[2] * twist[2]


@kernel
def _forces(given, speeds, out, work, force):  # type: ignore[no-untyped-def]
    """Set `force` to the sum of the wheels' forces and gravity's, and `out` to what each wheel does."""
    table, axes, wheels, commands, conditions, motors, drag_torque, gravity = given
    for k in range(FORCES):
        force[k] = gravity[k]
    does = work[FORCES + 3]
    for wheel in range(WHEELS):
        x, y = wheels[wheel, 0], wheels[wheel, 1]
        along, across = speeds[0] - speeds[2] * y, speeds[1] + speeds[2] * x
        cos, sin = commands[wheel, 0], commands[wheel, 1]
        rolls, slides = along * cos + across * sin, across * cos - along * sin
        rim = commands[wheel, 2]
        firmness, load = conditions[wheel, 0], conditions[wheel, 1]
        if motors[wheel] == WORKING:
            way = 1.0 if rim >= 0.0 else -1.0
            slip, reference = _slip(rolls * way, abs(rim))
        else:
            way = 1.0 if rolls >= 0.0 else -1.0
            slip = -1.0
            if motors[wheel] == DEAD:
                slip = _free_slip(table, axes, firmness, load, drag_torque, does)
            reference = math.sqrt(rolls * rolls + slides * slides)
            rim = way * abs(rolls) * (1.0 + slip)
        lateral = abs(slides) / reference if reference > 0.0 else 0.0
        read_table(table, axes, firmness, load, slip, lateral, does)
        pull = way * does[PULL]
        side = -does[SIDE] if slides > 0.0 else does[SIDE]
        moving = math.sqrt(rolls * rolls + slides * slides)
        if motors[wheel] == STALLED:  # all of it drags against the way it goes
            drag = -abs(does[PULL]) / moving if moving > 0.0 else 0.0
            pull, side = drag * rolls, drag * slides
        if moving > 0.0:
            hole = conditions[wheel, 2] * max(0.0, load) / moving
            pull -= hole * rolls
            side -= hole * slides
        force_x, force_y = pull * cos - side * sin, pull * sin + side * cos
        force[0] += force_x
        force[1] += force_y
        force[2] += x * force_y - y * force_x
        out[wheel, SLIP_OUT] = slip
        out[wheel, SINKAGE_OUT] = does[SINKAGE]
        out[wheel, TORQUE_OUT] = way * does[TORQUE] if motors[wheel] == WORKING else 0.0
        out[wheel, PULL_OUT] = pull
        out[wheel, RIM_OUT] = rim


@kernel
def _slip(rolls, rim):  # type: ignore[no-untyped-def]
    """Return slip and the speed that side slip is counted by, of a wheel that is turned."""
    if rolls <= rim:
        return (1.0 - max(rolls, 0.0) / rim if rim > 0.0 else 0.0), rim
    return rim / rolls - 1.0, rolls


@kernel
def _free_slip(table, axes, firmness, load, drag_torque, does):  # type: ignore[no-untyped-def]
    """Return the slip at which the soil turns a wheel that resists with a torque; -1 where it cannot."""
    low, high = -1.0, 0.5
    read_table(table, axes, firmness, load, low, 0.0, does)
    if does[TORQUE] > -drag_torque:
        return low
    for _ in range(40):
        middle = 0.5 * (low + high)
        read_table(table, axes, firmness, load, middle, 0.0, does)
        if does[TORQUE] > -drag_torque:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)
