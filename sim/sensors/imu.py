"""The inertial unit: turns about three axes and the pull of gravity along them, each with a bias that walks.

The model of errors is the common one of bias, random walk of the bias and white noise (IEEE Std 952-1997, annex C).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Inertial
from rover.core.eyes import ImuParams
from sim.sensors.faults import NO_FAULTS, SenseFaults

Floats = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImuState:
    """Biases now, about and along forward, left and up.

    Attributes:
        gyro_rad_s: Of the gyroscopes.
        accelerometer_m_s2: Of the accelerometers.
    """

    gyro_rad_s: Triple
    accelerometer_m_s2: Triple


def init_imu(params: ImuParams, generator: np.random.Generator) -> ImuState:
    """Return the biases with which a unit wakes up."""
    draws = generator.standard_normal(6)
    return ImuState(
        gyro_rad_s=_triple(math.radians(params.gyro_bias_deg_h) / _HOUR_S * draws[:3]),
        accelerometer_m_s2=_triple(params.accelerometer_bias_m_s2 * draws[3:]),
    )


def read_imu(
    state: ImuState,
    params: ImuParams,
    *,
    turned_rad: npt.ArrayLike,
    up: npt.ArrayLike,
    gravity_m_s2: float,
    elapsed_s: float,
    generator: np.random.Generator,
    faults: SenseFaults = NO_FAULTS,
) -> tuple[ImuState, Inertial]:
    """Return the state after a span, and what was read over it and at its end.

    Args:
        state, params: Of the unit.
        turned_rad: (3,) true turn about forward, left and up over the span.
        up: (3,) the local vertical at its end, in the body's frame: what accelerometers at rest feel, over gravity.
        gravity_m_s2: Of the place.
        elapsed_s: Length of the span.
        generator: Of noise and walk.
        faults: Biases of a fault.
    """
    hours = elapsed_s / _HOUR_S
    draws = generator.standard_normal((4, 3))
    gyro, level = np.array(state.gyro_rad_s), np.array(state.accelerometer_m_s2)
    rate = gyro + np.array(faults.gyro_bias_rad_s)
    angle = (
        np.asarray(turned_rad, np.float64)
        + rate * elapsed_s
        + math.radians(params.gyro_noise_deg_per_sqrt_h) * math.sqrt(hours) * draws[0]
    )
    felt = (
        gravity_m_s2 * np.asarray(up, np.float64)
        + level
        + np.array(faults.accelerometer_bias_m_s2)
        + params.accelerometer_noise_m_s2 * draws[1]
    )
    walk = math.radians(params.gyro_walk_deg_h_per_sqrt_h) / _HOUR_S
    after = ImuState(
        gyro_rad_s=_triple(gyro + walk * math.sqrt(hours) * draws[2]),
        accelerometer_m_s2=_triple(
            level + params.accelerometer_walk_m_s2_per_sqrt_h * math.sqrt(hours) * draws[3]
        ),
    )
    return after, Inertial(turned_rad=_triple(angle), felt_m_s2=_triple(felt), elapsed_s=elapsed_s)


def turn_between(before: Floats, after: Floats) -> Floats:
    """Return the (3,) rotation vector, in the body's frame, that leads from one attitude to another.

    Args:
        before, after: (3, 3) body axes forward, left and up as rows.
    """
    turn = before @ after.T
    angle = math.acos(max(-1.0, min(1.0, (float(np.trace(turn)) - 1.0) / 2.0)))
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    size = float(np.linalg.norm(axis))
    if size > 1e-9:
        return np.asarray(axis * (angle / size))
    if angle < 1.0:
        return 0.5 * axis
    # Half a turn: the axis is that of the symmetric part.
    whole = np.asarray((turn + np.eye(3)) / 2.0)
    column = whole[:, int(np.argmax(np.diag(whole)))]
    return np.asarray(angle * column / np.linalg.norm(column))


def _triple(values: Floats) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
