"""What a settled rover's stance means: loads on the wheels, room under the belly, steps ahead, distance from tipping."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.physics.suspension_kernels import PITCH, ROLL, UNKNOWNS, UP, WHEELS, ground_at, solve_rows

_RISES = 4
"""Places over the wheel's diameter ahead at which a step is looked for."""

Array = npt.NDArray[np.float64]


@kernel
def share_loads(
    yaw: float, weight: float, centre: Array, axes: Array, levers: Array, rows: Array, loads: Array
) -> bool:
    """Set the vertical force on each wheel, by virtual work: none of the six freedoms may do any.

    Args:
        yaw: Heading.
        weight: N, all of it in the body.
        centre: (2,) centre of mass forward of the body's centre and above level ground, m.
        axes: (3, 3) of the body.
        levers: (WHEELS, UNKNOWNS) as of `settle_wheels`.
        rows: (WHEELS, UNKNOWNS + 1), for the kernel's own use.
        loads: (WHEELS,) set, N; below 0 where a wheel would have to be held down.

    Returns:
        Whether the wheels bear the rover at all.
    """
    for k in range(UNKNOWNS):
        for wheel in range(WHEELS):
            rows[k, wheel] = levers[wheel, k]
        rows[k, WHEELS] = 0.0
    east = centre[0] * axes[0, 0] + centre[1] * axes[2, 0]
    north = centre[0] * axes[0, 1] + centre[1] * axes[2, 1]
    rows[UP, WHEELS] = weight
    rows[PITCH, WHEELS] = weight * (math.sin(yaw) * north + math.cos(yaw) * east)
    rows[ROLL, WHEELS] = weight * (axes[0, 0] * north - axes[0, 1] * east)
    held = solve_rows(rows)
    for wheel in range(WHEELS):
        loads[wheel] = rows[wheel, WHEELS] if held else np.nan
    return held


@kernel
def tip_margin(up: float, centre: Array, axes: Array, wheels: Array) -> float:
    """Return the angle through which gravity may lean before the rover tips over the nearest edge, rad.

    The force-angle measure of Papadopoulos and Rey (1996, doi:10.1109/ROBOT.1996.509185), under gravity alone: of the
    edges between the contacts of the four outer wheels, the least angle at the centre of mass between the weight and
    the edge. Negative beyond it.
    """
    least = np.inf
    mass_e = centre[0] * axes[0, 0] + centre[1] * axes[2, 0]
    mass_n = centre[0] * axes[0, 1] + centre[1] * axes[2, 1]
    mass_u = centre[0] * axes[0, 2] + centre[1] * axes[2, 2] + up
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
def belly_gap(
    z: npt.NDArray[np.float32], place: Array, up: float, clearance: float, belly: Array, axes: Array
) -> float:
    """Return the least gap between the belly and the ground under it, along the body's up; NaN over unknown ground.

    Args:
        z, place: As of `settle_wheels`.
        up: Height of the body's centre, on the plane of its wheels.
        clearance: Of the belly above that plane.
        belly: (n, 2) places on it, forward and left.
        axes: (3, 3) of the body.
    """
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
def highest_step(
    z: npt.NDArray[np.float32],
    place: Array,
    up: float,
    reach: float,
    radius: float,
    across: Array,
    axes: Array,
    wheels: Array,
) -> float:
    """Return the highest rise before any wheel above where it stands, the body's plane taken off; NaN if unknown.

    Args:
        z, place: As of `settle_wheels`.
        up: Height of the body's centre, on the plane of its wheels.
        reach: How far ahead of an axle it is looked for; negative backwards.
        radius: Of the wheels.
        across: (m,) metres along an axle.
        axes: (3, 3) of the body.
        wheels: (WHEELS, 6) as of `settle_wheels`.
    """
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
