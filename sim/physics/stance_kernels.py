"""What a settled rover's stance means: loads on the wheels, room under the belly, steps ahead, how near it tips."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.physics.suspension_kernels import (
    CLEARANCE,
    MASS_FORWARD,
    MASS_UP,
    PITCH,
    RADIUS,
    ROLL,
    UNKNOWNS,
    UP,
    WEIGHT,
    WHEELS,
    ground_at,
    settle_wheels,
    solve_rows,
)

BELLY_GAP, STEP, TIP_MARGIN, LOADS = UNKNOWNS, UNKNOWNS + 1, UNKNOWNS + 2, UNKNOWNS + 3
STANCE_FIGURES = LOADS + WHEELS
"""Figures of a stance: the unknowns of settling, then room under the belly, m, highest step, m, margin to tipping, rad,
and the vertical force on each wheel, N."""

_RISES = 4
"""Places over the wheel's diameter ahead at which a step is looked for."""

Array = npt.NDArray[np.float64]


@kernel
def stand(
    z: npt.NDArray[np.float32],
    place: Array,
    yaw: float,
    reach: float,
    rig: Array,
    rim: Array,
    across: Array,
    belly: Array,
    stance: Array,
    wheels: Array,
    levers: Array,
    work: Array,
    offsets: Array,
) -> bool:
    """Settle the rover and set the figures of its stance.

    Args:
        z, place, yaw, rig, rim, wheels, levers, work, offsets: As of `settle_wheels`.
        reach: How far ahead of its axle a wheel looks for steps; negative backwards.
        across: (m,) places along an axle, m.
        belly: (k, 2) places under the belly, forward and left, m.
        stance: (STANCE_FIGURES,) set.

    Returns:
        Whether it stands; if not, what `stance` holds is of no use.
    """
    if not settle_wheels(z, place, yaw, rig, rim, stance[:UNKNOWNS], wheels, levers, work, offsets):
        return False
    axes = work[WHEELS + 3 :, :3]
    if not _share_loads(yaw, rig, axes, levers, work[:WHEELS], stance[LOADS:]):
        return False
    stance[TIP_MARGIN] = _tip_margin(stance[UP], rig, axes, wheels)
    stance[BELLY_GAP] = _belly_gap(z, place, stance[UP], rig[CLEARANCE], belly, axes)
    stance[STEP] = _highest_step(z, place, stance[UP], reach, rig[RADIUS], across, axes, wheels)
    return True


@kernel
def _share_loads(yaw, rig, axes, levers, rows, loads):  # type: ignore[no-untyped-def]
    """Set the vertical force on each wheel, by virtual work: none of the six freedoms may do any.

    All of the weight is in the body. A force below 0 would have to hold a wheel down.
    """
    for k in range(UNKNOWNS):
        for wheel in range(WHEELS):
            rows[k, wheel] = levers[wheel, k]
        rows[k, WHEELS] = 0.0
    east = rig[MASS_FORWARD] * axes[0, 0] + rig[MASS_UP] * axes[2, 0]
    north = rig[MASS_FORWARD] * axes[0, 1] + rig[MASS_UP] * axes[2, 1]
    weight = rig[WEIGHT]
    rows[UP, WHEELS] = weight
    rows[PITCH, WHEELS] = weight * (math.sin(yaw) * north + math.cos(yaw) * east)
    rows[ROLL, WHEELS] = weight * (axes[0, 0] * north - axes[0, 1] * east)
    held = solve_rows(rows)
    for wheel in range(WHEELS):
        loads[wheel] = rows[wheel, WHEELS]
    return held


@kernel
def _tip_margin(up, rig, axes, wheels):  # type: ignore[no-untyped-def]
    """Return the angle through which gravity may lean before the rover tips over the nearest edge, rad.

    The force-angle measure of Papadopoulos and Rey (1996, doi:10.1109/ROBOT.1996.509185), under gravity alone: of the
    edges between the contacts of the four outer wheels, the least angle at the centre of mass between the weight and
    the edge. Negative beyond it.
    """
    least = np.inf
    mass_e = rig[MASS_FORWARD] * axes[0, 0] + rig[MASS_UP] * axes[2, 0]
    mass_n = rig[MASS_FORWARD] * axes[0, 1] + rig[MASS_UP] * axes[2, 1]
    mass_u = rig[MASS_FORWARD] * axes[0, 2] + rig[MASS_UP] * axes[2, 2] + up
    for edge in range(4):
        a, b = _corner(edge), _corner((edge + 1) % 4)
        e, n, u = wheels[b, 0] - wheels[a, 0], wheels[b, 1] - wheels[a, 1], wheels[b, 2] - wheels[a, 2]
        length = math.sqrt(e * e + n * n + u * u)
        e, n, u = e / length, n / length, u / length
        out_e, out_n, out_u = wheels[a, 0] - mass_e, wheels[a, 1] - mass_n, wheels[a, 2] - mass_u
        along = out_e * e + out_n * n + out_u * u
        out_e, out_n, out_u = out_e - along * e, out_n - along * n, out_u - along * u
        down_e, down_n, down_u = u * e, u * n, u * u - 1.0
        turn_e = down_n * out_u - down_u * out_n
        turn_n = down_u * out_e - down_e * out_u
        turn_u = down_e * out_n - down_n * out_e
        inside = -(turn_e * e + turn_n * n + turn_u * u)
        towards = down_e * out_e + down_n * out_n + down_u * out_u
        least = min(least, math.atan2(inside, towards))
    return least


@kernel
def _corner(number):  # type: ignore[no-untyped-def]
    """Return the outer wheels counter-clockwise from above: front left, rear left, rear right, front right."""
    if number == 0:
        return 0
    if number == 1:
        return 4
    return 5 if number == 2 else 1


@kernel
def _belly_gap(z, place, up, clearance, belly, axes):  # type: ignore[no-untyped-def]
    """Return the least gap between the belly and the ground under it, along the body's up; NaN over unknown ground."""
    least = np.inf
    scale = 1.0 / place[2]
    for k in range(belly.shape[0]):
        x, y = belly[k, 0], belly[k, 1]
        east = x * axes[0, 0] + y * axes[1, 0] + clearance * axes[2, 0]
        north = x * axes[0, 1] + y * axes[1, 1] + clearance * axes[2, 1]
        above = x * axes[0, 2] + y * axes[1, 2] + clearance * axes[2, 2] + up
        gap = (above - ground_at(z, place[0] + north * scale, place[1] + east * scale)) * axes[2, 2]
        if not gap >= least:
            least = gap
            if math.isnan(gap):
                return gap
    return least


@kernel
def _highest_step(z, place, up, reach, radius, across, axes, wheels):  # type: ignore[no-untyped-def]
    """Return the highest rise before any wheel above where it stands, the body's plane taken off; NaN if unknown."""
    most = -np.inf
    scale = 1.0 / place[2]
    for wheel in range(WHEELS):
        axle_e, axle_n, axle_u = wheels[wheel, 3], wheels[wheel, 4], wheels[wheel, 5] - up
        forward = axle_e * axes[0, 0] + axle_n * axes[0, 1] + axle_u * axes[0, 2]
        left = axle_e * axes[1, 0] + axle_n * axes[1, 1] + axle_u * axes[1, 2]
        stands = axle_e * axes[2, 0] + axle_n * axes[2, 1] + axle_u * axes[2, 2] - radius
        for k in range(1, _RISES + 1):
            x = forward + reach * k / _RISES
            for m in range(across.shape[0]):
                y = left + across[m]
                east, north = x * axes[0, 0] + y * axes[1, 0], x * axes[0, 1] + y * axes[1, 1]
                height = ground_at(z, place[0] + north * scale, place[1] + east * scale)
                rise = (height - up - x * axes[0, 2] - y * axes[1, 2]) * axes[2, 2] - stands
                if not rise <= most:
                    most = rise
                    if math.isnan(rise):
                        return rise
    return most
