"""Dead reckoning: the pose carried on by wheels and gyroscopes, and what of it is in doubt.

The motion of one command is a turn in place, which is the body's to control, and a way along the mean of the headings
after it and at its end. Wheels turn further than the rover comes by the slip ratio, a first-order Gauss-Markov process
along the way; gyroscopes have a bias that walks (Sola 2017, section 5; Groves 2013, Principles of GNSS, Inertial, and
Multisensor Integrated Navigation Systems, section 14.2). On a slope the wheels step sideways as they turn the body, and
give way to the side as they roll across: both carry it down the slope, in proportion to its steepness. How much is a
figure of the soil, estimated on the way (side slip on slopes: Ishigami, Nagatani and Yoshida 2009, Journal of Field
Robotics 26, doi:10.1002/rob.20277): the same error is made at each turn, and does not average out. At rest nothing
moves, and what the gyroscopes tell is their bias (zero-rotation update, Groves 2013, section 15.3).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Observation
from rover.core.eyes import EyesParams
from rover.onboard.error_state import GRADE, GYRO, LEVEL, PLACE, SIDE, SIZE, SLIDE, SLIP, TURN, Estimate
from rover.onboard.rotations import cross_matrix, orthonormal, rotation_of

Floats = npt.NDArray[np.float64]
Measured = tuple[Floats, Floats, Floats]

HOUR_S = 3600.0

SLIP_SIGMA, SLIP_LENGTH_M = 0.08, 4.0
"""Of the slip ratio along a way: standard deviation on such slopes as are driven, and length over which it is kept."""

GRADE_SLIP, GRADE_SLIP_SIGMA = 0.4, 0.2
"""Slip ratio per sine of the way's rise, less than none downhill: mean and standard deviation over soils. Traction
grows evenly with small slips, and gravity asks for as much as the sine of the rise (Wong 2008, Theory of Ground
Vehicles). Yutu-2's wheels skidded by 0 to 0.075, and none by 0.1, on slopes to 8.9 deg (Ding et al. 2024, Nature
Communications). Over six grounds of 7 and 10 deg it was 0.31 to 0.43, which leaves 0.02 of a spread of 0.05."""

ASIDE_SHARE, ALONG_SHARE, UP_SHARE = 0.05, 0.03, 0.05
"""Standard deviations by which one command's way goes aside, falls short and leaves the mean pitch, per way."""

SLIDE_M_PER_RAD, SLIDE_SIGMA, SLIDE_LENGTH_M = 0.20, 0.06, 8.0
"""Way down the slope in a turn in place, per radian and sine of the tilt: mean and standard deviation over soils, and
length over which soil is the same. Over six grounds of 7 and 10 deg it was 0.16 to 0.22 in the mean, 0.01 to 0.05 about
that within each (1,400 turns), alike to 0.7 to 1.0 within 4 m and to -0.1 to 0.4 beyond 8 m."""

SIDE_SLIP, SIDE_SLIP_SIGMA = 0.15, 0.10
"""Way down the slope across the heading, per metre and sine of the roll: the same."""

TURNING_M_PER_RAD = 0.005
"""Standard deviation by which the middle of the body wanders aside in a turn in place, per radian: soil and stones. As
reckoned, 519 turns of 0.6 rad in the mean on 3 and 10 deg were out by 2.3 to 2.8 mm along either axis."""

REST_RAD, REST_M = 1e-5, 1e-4
"""Standard deviations of what a rover at rest turns and moves between two readings: it settles and warms."""

LEAST_LEVEL, LEAST_GAIN = 0.8, 0.4
"""No drive is made longer for the rise of the ground, or for slip, than by these: what does not come so far is seen."""

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
    if seen.inertial is not None and _at_rest(command, seen):
        return _rested(e, seen.inertial.elapsed_s, eyes), 0.0
    odometry = seen.odometry
    told_m = _told_way(command, seen) if odometry is None else odometry.forward_m
    turn_rad = 0.0 if command is None else command.turn_rad
    turned, misread_rad, elapsed_s = _turned(e, seen, told_m, eyes)
    rotation = orthonormal(e.rotation @ rotation_of(turned))
    ahead = _direction(e.rotation, rotation, turn_rad)
    slid = abs(turn_rad) * _downhill(e.rotation)
    left = rotation[:, 1]
    aside = -abs(told_m) * float(left[2]) * left
    rise = math.copysign(1.0, told_m) * float(ahead[2])
    came_m = told_m * (1.0 - e.slip - e.grade_slip * rise)
    step = ahead * came_m + slid * e.slide_m_per_rad + aside * e.side_slip

    kept = math.exp(-abs(told_m) / SLIP_LENGTH_M)
    onward = np.eye(SIZE)
    onward[PLACE, TURN] = -cross_matrix(step)
    onward[PLACE, SLIP] = -ahead * told_m
    onward[PLACE, GRADE] = -ahead * (told_m * rise)
    onward[PLACE, SLIDE] = slid
    onward[PLACE, SIDE] = aside
    onward[TURN, GYRO] = -rotation * elapsed_s
    onward[SLIP, SLIP] = kept
    stays = math.exp(-abs(told_m) / SLIDE_LENGTH_M)
    onward[SLIDE, SLIDE] = stays
    noise = _walks(elapsed_s, eyes)
    noise[PLACE, PLACE] = _way_noise(rotation, ahead, told_m, turn_rad, eyes, odometry is None)
    noise[TURN, TURN] = misread_rad**2 * np.eye(3)
    noise[SLIDE, SLIDE] = SLIDE_SIGMA**2 * (1.0 - stays**2)
    noise[SLIP, SLIP] = (SLIP_SIGMA**2 + eyes.odometry.scale_error**2) * (1.0 - kept**2)
    estimate = replace(
        e,
        place_m=e.place_m + step,
        rotation=rotation,
        slip=e.slip * kept,
        slide_m_per_rad=SLIDE_M_PER_RAD + (e.slide_m_per_rad - SLIDE_M_PER_RAD) * stays,
        covariance=onward @ e.covariance @ onward.T + noise,
    )
    return estimate, abs(told_m)


def _at_rest(command: Command | None, seen: Observation) -> bool:
    """Tell whether the rover has stood since the last observation: it was told no motion, and no wheel has turned."""
    moved = command is not None and bool(command.turn_rad or command.drive_m)
    rolled = seen.odometry is not None and abs(seen.odometry.forward_m) > 1e-6
    return not moved and not rolled


def _rested(e: Estimate, elapsed_s: float, eyes: EyesParams) -> Estimate:
    noise = _walks(elapsed_s, eyes)
    if elapsed_s > 0.0:
        noise[PLACE, PLACE] = REST_M**2 * np.eye(3)
        noise[TURN, TURN] = REST_RAD**2 * np.eye(3)
    return replace(e, covariance=e.covariance + noise)


def still(e: Estimate, command: Command | None, seen: Observation, eyes: EyesParams) -> Measured | None:
    """Return what the gyroscopes of a rover at rest tell of their bias: residual, slope and noise; None on the move."""
    inertial = seen.inertial
    if inertial is None or not inertial.elapsed_s > 0.0 or not _at_rest(command, seen):
        return None
    elapsed_s = inertial.elapsed_s
    slope = np.zeros((3, SIZE))
    slope[:, GYRO] = elapsed_s * np.eye(3)
    noise = (_gyro_noise_rad(elapsed_s, eyes) ** 2 + REST_RAD**2) * np.eye(3)
    return np.array(inertial.turned_rad) - e.gyro_rad_s * elapsed_s, slope, noise


def _turned(e: Estimate, seen: Observation, told_m: float, eyes: EyesParams) -> tuple[Floats, float, float]:
    """Return the (3,) turn about forward, left and up, its standard deviation, and the time that it took."""
    inertial, odometry = seen.inertial, seen.odometry
    if inertial is None:
        about = 0.0 if odometry is None else odometry.turn_rad
        misread = math.hypot(math.radians(5.0), eyes.odometry.turn_error * about) if about or told_m else 0.0
        return np.array([0.0, 0.0, about]), misread, 0.0
    turned = np.array(inertial.turned_rad) - e.gyro_rad_s * inertial.elapsed_s
    misread = math.hypot(
        _gyro_noise_rad(inertial.elapsed_s, eyes), GYRO_SHARE * float(np.linalg.norm(turned))
    )
    return turned, misread, inertial.elapsed_s


def _gyro_noise_rad(elapsed_s: float, eyes: EyesParams) -> float:
    return math.radians(eyes.imu.gyro_noise_deg_per_sqrt_h) * math.sqrt(elapsed_s / HOUR_S)


def _walks(elapsed_s: float, eyes: EyesParams) -> Floats:
    """Return the (24, 24) covariance by which biases walk in a time."""
    imu, hours = eyes.imu, elapsed_s / HOUR_S
    noise = np.zeros((SIZE, SIZE))
    noise[GYRO, GYRO] = (math.radians(imu.gyro_walk_deg_h_per_sqrt_h) / HOUR_S) ** 2 * hours * np.eye(3)
    noise[LEVEL, LEVEL] = imu.accelerometer_walk_m_s2_per_sqrt_h**2 * hours * np.eye(3)
    return noise


def _downhill(rotation: Floats) -> Floats:
    """Return the (3,) direction down the plane that the rover stands on, times the sine of its tilt."""
    up = rotation[:, 2]
    return np.asarray(float(up[2]) * up - np.array([0.0, 0.0, 1.0]))


def rolls_per_m(e: Estimate, turn_rad: float, way_m: float) -> float:
    """Return how far the wheels are expected to roll per metre on the map, after a turn in place.

    Args:
        e: What is believed before the turn.
        turn_rad: In place, counter-clockwise.
        way_m: After it, backwards negative.
    """
    ahead = e.rotation @ np.array([math.cos(turn_rad), math.sin(turn_rad), 0.0])
    level = max(LEAST_LEVEL, math.hypot(float(ahead[0]), float(ahead[1])))
    rise = math.copysign(1.0, way_m) * float(ahead[2])
    return 1.0 / (level * max(LEAST_GAIN, 1.0 - e.slip - e.grade_slip * rise))


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
