"""The Sun sensor: the direction to the Sun in the body's frame, where the Sun is seen."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.eyes import SunSensorParams
from sim.sensors.faults import NO_FAULTS, SenseFaults

Triple = tuple[float, float, float]


def read_sun_sensor(
    params: SunSensorParams,
    *,
    sun_in_body: npt.ArrayLike,
    sun_elevation_rad: float,
    lit: float,
    generator: np.random.Generator,
    faults: SenseFaults = NO_FAULTS,
) -> Triple | None:
    """Return the (3,) unit vector to the Sun, forward, left and up; None where it is not seen.

    Args:
        params: Of the sensor.
        sun_in_body: (3,) true unit vector.
        sun_elevation_rad: Of the Sun's centre above the level horizon.
        lit: Share of the Sun's disc that the relief lets through to the sensor.
        generator: Of the noise; drawn whether or not the Sun is seen, so that what is seen later does not hang on it.
        faults: Whether it is off.
    """
    aside = math.radians(params.noise_deg) * generator.standard_normal(2)
    true = np.asarray(sun_in_body, dtype=np.float64)
    in_view = true[2] >= math.cos(math.radians(params.half_view_deg))
    if faults.sun_sensor_off or sun_elevation_rad <= 0.0 or lit < params.least_lit or not in_view:
        return None
    first = np.cross(true, [0.0, 0.0, 1.0] if abs(true[2]) < 0.9 else [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    told = true + aside[0] * first + aside[1] * np.cross(true, first)
    told /= np.linalg.norm(told)
    return float(told[0]), float(told[1]), float(told[2])
