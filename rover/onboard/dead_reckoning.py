"""Dead reckoning: the pose carried on by wheels and gyroscopes, and what of it is in doubt.

The motion of one command is a turn in place, which is the body's to control, and a way along the mean of the headings
after it and at its end. Wheels turn further than the rover comes by the slip ratio, a first-order Gauss-Markov process
along the way; gyroscopes have a bias that walks (Sola 2017, section 5; Groves 2013, Principles of GNSS, Inertial, and
Multisensor Integrated Navigation Systems, section 14.2).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Observation
from rover.core.eyes import EyesParams
from rover.onboard.error_state import GYRO, LEVEL, PLACE, SIZE, SLIP, TURN, Estimate
from rover.onboard.rotations import cross_matrix, orthonormal, rotation_of

Floats = npt.NDArray[np.float64]

HOUR_S = 3600.0

SLIP_SIGMA, SLIP_LENGTH_M = 0.08, 4.0
"""Of the slip ratio along a way: standard deviation on such slopes as are driven, and length over which it is kept."""

ASIDE_SHARE, ALONG_SHARE, UP_SHARE = 0.06, 0.03, 0.05
"""Standard deviations by which one command's way goes aside, falls short and leaves the mean pitch, per way."""

TURNING_M_PER_RAD = 0.03
"""How far the middle of the body wanders in a turn in place."""

GYRO_SHARE = 0.002
"""Standard deviation of a turn's reading per turn: scale and alignment, and what one rotation vector loses."""


def carried_on(
    e: Estimate, seen: Observation, command: Command | None, eyes: EyesParams
) -> tuple[Estimate, float]:
    """Return the estimate carried on over a turn in place and the way after it, and the length of that way.

    Args:
        e: Before them.
        seen: What wheels and inertial unit told of them; without wheels the command is taken for it, ill trusted.
        command: What the body was told; None where it was told nothing.
        eyes: How good the senses are.
    """
    imu, wheels = eyes.imu, eyes.odometry
    inertial, odometry = seen.inertial, seen.odometry
    told_m = _told_way(command, seen) if odometry is None else odometry.forward_m
    turn_rad = 0.0 if command is None else command.turn_rad
    if inertial is None:
        about = 0.0 if odometry is None else odometry.turn_rad
        turned, elapsed_s = np.array([0.0, 0.0, about]), 0.0
        misread_rad = math.hypot(math.radians(5.0), wheels.turn_error * about) if about or told_m else 0.0
    else:
        elapsed_s = inertial.elapsed_s
        turned = np.array(inertial.turned_rad) - e.gyro_rad_s * elapsed_s
        walked = math.radians(imu.gyro_noise_deg_per_sqrt_h) * math.sqrt(elapsed_s / HOUR_S)
        misread_rad = math.hypot(walked, GYRO_SHARE * float(np.linalg.norm(turned)))
    rotation = orthonormal(e.rotation @ rotation_of(turned))
    ahead = _direction(e.rotation, rotation, turn_rad)
    way_m = told_m * (1.0 - e.slip)
    step = ahead * way_m

    kept = math.exp(-abs(told_m) / SLIP_LENGTH_M)
    onward = np.eye(SIZE)
    onward[PLACE, TURN] = -cross_matrix(step)
    onward[PLACE, SLIP] = -ahead * told_m
    onward[TURN, GYRO] = -rotation * elapsed_s
    onward[SLIP, SLIP] = kept
    noise = np.zeros((SIZE, SIZE))
    noise[PLACE, PLACE] = _way_noise(rotation, ahead, told_m, turn_rad, eyes, odometry is None)
    noise[TURN, TURN] = misread_rad**2 * np.eye(3)
    hours = elapsed_s / HOUR_S
    noise[GYRO, GYRO] = (math.radians(imu.gyro_walk_deg_h_per_sqrt_h) / HOUR_S) ** 2 * hours * np.eye(3)
    noise[LEVEL, LEVEL] = imu.accelerometer_walk_m_s2_per_sqrt_h**2 * hours * np.eye(3)
    noise[SLIP, SLIP] = (SLIP_SIGMA**2 + wheels.scale_error**2) * (1.0 - kept**2)
    estimate = replace(
        e,
        place_m=e.place_m + step,
        rotation=rotation,
        slip=e.slip * kept,
        covariance=onward @ e.covariance @ onward.T + noise,
    )
    return estimate, abs(told_m)


def _told_way(command: Command | None, seen: Observation) -> float:
    """Return the way that a command was to make, where no wheels tell it; half where it was cut short."""
    if command is None:
        return 0.0
    return command.drive_m * (0.5 if seen.stalled else 1.0)


def _direction(before: Floats, after: Floats, turn_rad: float) -> Floats:
    """Return the (3,) mean direction of a way that begins after a turn in place, times its chord's share of the arc."""
    first = before @ np.array([math.cos(turn_rad), math.sin(turn_rad), 0.0])
    mean = 0.5 * (first + after[:, 0])
    length = max(1e-6, float(np.linalg.norm(mean)))
    half = math.acos(min(1.0, length))
    return np.asarray(mean / length * (math.sin(half) / half if half > 1e-6 else 1.0))


def _way_noise(
    rotation: Floats, ahead: Floats, told_m: float, turn_rad: float, eyes: EyesParams, untold: bool
) -> Floats:
    """Return the (3, 3) covariance of a way's end."""
    way = abs(told_m)
    along = ALONG_SHARE**2 * way**2 + eyes.odometry.noise_m_per_sqrt_m**2 * way
    if untold:
        along += (0.3 * way) ** 2
    aside, up = rotation[:, 1], rotation[:, 2]
    wander = (TURNING_M_PER_RAD * turn_rad) ** 2
    spread = along * np.outer(ahead, ahead) + (ASIDE_SHARE * way) ** 2 * np.outer(aside, aside)
    spread += ((UP_SHARE * way) ** 2 + wander) * np.outer(up, up)
    return np.asarray(spread + wander * (np.eye(3) - np.outer(up, up)))
