"""Kernel of `sim.mission.lander`: the lander's equations of motion, integrated by the classical Runge-Kutta method.

A state is (15,): place and velocity (3 each) in a frame that turns with the Moon, quaternion (4, scalar first) from the
body's axes to it, rates about the body's axes (3), mass and thrust.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

PLACE, VELOCITY, TURN, RATE, MASS, THRUST, SIZE = 0, 3, 6, 10, 13, 14, 15

_TURN_PER_S, _RATE_PER_S = 1.0, 3.0
"""Of the attitude loop: rate asked for by angle, acceleration asked for by rate."""

_STOPPING = 0.5
"""Share of the greatest angular acceleration that a turn is planned to be stopped by."""


@kernel
def fly(state, wanted, thrust, figures, turning, step, count):  # type: ignore[no-untyped-def]
    """Integrate a state in place over a number of steps under one command.

    Args:
        state: See the module.
        wanted: (4,) quaternion that the attitude jets turn the lander to.
        thrust: Commanded; 0 is off, at once.
        figures: (7,) gravitational parameter, Moon's centre below the frame's origin, speed of the exhaust, mass
            without propellant, time constant of the thrust, greatest rate and angular acceleration.
        turning: (3,) the Moon's turning in the frame.
        step: Seconds.
        count: Of steps.
    """
    one, two, three, four = np.empty(SIZE), np.empty(SIZE), np.empty(SIZE), np.empty(SIZE)
    middle = np.empty(SIZE)
    for _ in range(count):
        _rates(state, wanted, thrust, figures, turning, one)
        middle[:] = state + 0.5 * step * one
        _rates(middle, wanted, thrust, figures, turning, two)
        middle[:] = state + 0.5 * step * two
        _rates(middle, wanted, thrust, figures, turning, three)
        middle[:] = state + step * three
        _rates(middle, wanted, thrust, figures, turning, four)
        state += step / 6.0 * (one + 2.0 * two + 2.0 * three + four)
        size = math.sqrt(state[6] ** 2 + state[7] ** 2 + state[8] ** 2 + state[9] ** 2)
        state[6:10] /= size
        if thrust == 0.0 or state[MASS] <= figures[3]:
            state[THRUST] = 0.0


@kernel
def _rates(state, wanted, thrust, figures, turning, out):  # type: ignore[no-untyped-def]
    """Fill the time derivative of a state."""
    x, y, z = state[0], state[1], state[2] + figures[1]
    vx, vy, vz = state[3], state[4], state[5]
    w, a, b, c = state[6], state[7], state[8], state[9]
    force = state[THRUST] if thrust > 0.0 and state[MASS] > figures[3] else 0.0
    push = force / state[MASS]
    distance = math.sqrt(x * x + y * y + z * z)
    pull = -figures[0] / distance**3
    # The body's z axis in the frame: the third column of the rotation.
    ux, uy, uz = 2.0 * (a * c + w * b), 2.0 * (b * c - w * a), 1.0 - 2.0 * (a * a + b * b)
    tx, ty, tz = turning[0], turning[1], turning[2]
    # Coriolis and centrifugal acceleration of a frame that turns.
    sx, sy, sz = ty * z - tz * y, tz * x - tx * z, tx * y - ty * x
    out[0], out[1], out[2] = vx, vy, vz
    out[3] = push * ux + pull * x - 2.0 * (ty * vz - tz * vy) - (ty * sz - tz * sy)
    out[4] = push * uy + pull * y - 2.0 * (tz * vx - tx * vz) - (tz * sx - tx * sz)
    out[5] = push * uz + pull * z - 2.0 * (tx * vy - ty * vx) - (tx * sy - ty * sx)
    p, q, r = state[10], state[11], state[12]
    out[6] = 0.5 * (-a * p - b * q - c * r)
    out[7] = 0.5 * (w * p + b * r - c * q)
    out[8] = 0.5 * (w * q + c * p - a * r)
    out[9] = 0.5 * (w * r + a * q - b * p)
    # What is left to turn, about the body's axes: conjugate of the attitude times the wanted one.
    ww, wa, wb, wc = wanted[0], wanted[1], wanted[2], wanted[3]
    left = w * ww + a * wa + b * wb + c * wc
    sign = 2.0 if left >= 0.0 else -2.0
    ea = sign * (w * wa - a * ww - b * wc + c * wb)
    eb = sign * (w * wb - b * ww - c * wa + a * wc)
    ec = sign * (w * wc - c * ww - a * wb + b * wa)
    out[10] = _turned_by(ea, p, figures[5], figures[6])
    out[11] = _turned_by(eb, q, figures[5], figures[6])
    out[12] = _turned_by(ec, r, figures[5], figures[6])
    out[MASS] = -force / figures[2]
    out[THRUST] = (thrust - state[THRUST]) / figures[4]


@kernel
def _turned_by(angle, rate, most_rate, most):  # type: ignore[no-untyped-def]
    """Return the angular acceleration of the jets: a rate by the angle, which they can stop, and one by the rate."""
    size = abs(angle)
    asked = min(min(_TURN_PER_S * size, math.sqrt(2.0 * _STOPPING * most * size)), most_rate)
    if angle < 0.0:
        asked = -asked
    return min(max(_RATE_PER_S * (asked - rate), -most), most)
