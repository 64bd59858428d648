"""Drives of a rover that feels and sees the Sun but has no cameras: the truth, and what its senses told."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rover.core.boundary import Command, Mode, Observation
from rover.core.eyes import EyesParams
from rover.onboard.dead_reckoning import (
    ALONG_SHARE,
    ASIDE_SHARE,
    GRADE_SLIP,
    GRADE_SLIP_SIGMA,
    SIDE_SLIP,
    SIDE_SLIP_SIGMA,
    SLIDE_LENGTH_M,
    SLIDE_M_PER_RAD,
    SLIDE_SIGMA,
    SLIP_LENGTH_M,
    SLIP_SIGMA,
    TURNING_M_PER_RAD,
    UP_SHARE,
)
from rover.onboard.rotations import rotation_from_angles
from rover.sky.almanac import Sun
from sim.sensors.imu import init_imu, read_imu, turn_between
from sim.sensors.odometry import init_odometry, read_odometry
from sim.sensors.sun_sensor import read_sun_sensor

GRAVITY_M_S2 = 1.625
SUN = Sun(azimuth_rad=1.2, elevation_rad=math.radians(30.0), distance_m=1.496e11, rising=True)


@dataclass(frozen=True, slots=True)
class Moment:
    """The truth at the end of a command, and what was told."""

    command: Command | None
    seen: Observation
    place_m: np.ndarray
    rotation: np.ndarray


def sun_vector(sun: Sun) -> np.ndarray:
    level = math.cos(sun.elevation_rad)
    return np.array(
        [level * math.sin(sun.azimuth_rad), level * math.cos(sun.azimuth_rad), math.sin(sun.elevation_rad)]
    )


def blind_drive(
    eyes: EyesParams,
    seed: int,
    *,
    count: int = 40,
    sees_sun: bool = True,
    stay_s: float = 0.0,
    sun: Sun = SUN,
    own_laws: bool = False,
) -> list[Moment]:
    """Drive `count` metres, or stay so long `count` times, with the errors that the vehicle's file states.

    How far the rover slides on slopes, and how its wheels slip on them, is drawn as the filter thinks it is; with
    `own_laws` everything that the way is out by is.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(77, 0)))
    wheels, unit = init_odometry(eyes.odometry, rng), init_imu(eyes.imu, rng)
    place, yaw, pitch, roll, slip = np.zeros(3), 0.3, 0.0, 0.0, 0.0
    soil_rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(77, 1)))
    soil = soil_rng.standard_normal(3)
    slid, aside = SLIDE_SIGMA * soil[0], SIDE_SLIP + SIDE_SLIP_SIGMA * soil[1]
    grade_slip, stays = GRADE_SLIP + GRADE_SLIP_SIGMA * soil[2], math.exp(-1.0 / SLIDE_LENGTH_M)
    rotation = rotation_from_angles(yaw, pitch, roll)
    sigma = (ASIDE_SHARE, UP_SHARE, ALONG_SHARE, TURNING_M_PER_RAD) if own_laws else (0.03, 0.02, 0.0, 0.0)
    kept, slip_sigma = (math.exp(-1.0 / SLIP_LENGTH_M), SLIP_SIGMA) if own_laws else (0.8, 0.06)
    if own_laws:
        slip = SLIP_SIGMA * float(soil_rng.standard_normal())
    time_s, moments = 0.0, []
    for step in range(count + 1):
        command, rolled, turned, elapsed, before = None, 0.0, 0.0, 0.0, rotation
        if step and stay_s:
            elapsed, command = stay_s, Command(mode=Mode.CHARGE, duration_s=stay_s)
        elif step:
            turn = float(rng.normal(0.0, 0.2))
            command = Command(mode=Mode.DRIVE, turn_rad=turn, drive_m=1.0)
            slip = kept * slip + math.sqrt(1.0 - kept**2) * slip_sigma * float(rng.standard_normal())
            drift = float(rng.normal(0.0, 0.01))
            after_turn = rotation_from_angles(yaw + turn, pitch, roll)
            up = rotation[:, 2]
            place = place + (SLIDE_M_PER_RAD + slid) * abs(turn) * (up[2] * up - np.array([0.0, 0.0, 1.0]))
            yaw += turn + drift
            pitch, roll = rng.normal(0.0, 0.05, 2).tolist()
            rotation = rotation_from_angles(yaw, pitch, roll)
            ahead = after_turn[:, 0] + rotation[:, 0]
            ahead /= np.linalg.norm(ahead)
            place = (
                place
                + ahead * (1.0 + sigma[2] * soil_rng.standard_normal())
                + rotation[:, 1] * (rng.normal(0.0, sigma[0]) - aside * rotation[2, 1])
                + rotation[:, 2] * rng.normal(0.0, sigma[1])
                + sigma[3] * turn * soil_rng.standard_normal(3)
            )
            slid = stays * slid + math.sqrt(1.0 - stays**2) * SLIDE_SIGMA * soil_rng.standard_normal()
            rolled, turned, elapsed = 1.0 / (1.0 - slip - grade_slip * ahead[2]), turn + drift, 40.0
        time_s += elapsed
        unit, inertial = read_imu(
            unit, eyes.imu, turned_rad=turn_between(before.T, rotation.T), up=rotation[2], gravity_m_s2=GRAVITY_M_S2,
            elapsed_s=elapsed, generator=rng,
        )  # fmt: skip
        odometry = read_odometry(wheels, eyes.odometry, rolled_m=rolled, turned_rad=turned, generator=rng)
        direction = read_sun_sensor(
            eyes.sun_sensor, sun_in_body=rotation.T @ sun_vector(sun), sun_elevation_rad=sun.elevation_rad,
            lit=1.0, generator=rng,
        )  # fmt: skip
        seen = Observation(
            time_s=time_s, east_m=math.nan, north_m=math.nan, yaw_rad=math.nan, pitch_rad=math.nan, roll_rad=math.nan,
            soc=1.0, array_w=0.0, stalled=False, heights=None, odometry=odometry, inertial=inertial,
            sun_direction=direction if sees_sun else None,
        )  # fmt: skip
        moments.append(Moment(command, seen, place, rotation))
    return moments


def turn_error(true: np.ndarray, believed: np.ndarray) -> np.ndarray:
    """Return the (3,) rotation vector about east, north and up that takes the believed attitude to the true one."""
    return np.asarray(believed @ turn_between(believed.T, true.T))
