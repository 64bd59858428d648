"""What shines on a rover: the Sun, the ground's reflection of it, and the ground's own glow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.bodies import AU_M, SOLAR_CONSTANT_W_M2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure:
    """Light and glow at a place and time.

    Attributes:
        sun_direction: (3,) east, north, up, unit length.
        flux_w_m2: Of sunlight on a plane that faces it; nothing in shadow.
        reflected_w_m2: Sunlight that leaves a square metre of the ground around, towards all sides alike.
        infrared_w_m2: Glow of a square metre of that ground.
    """

    sun_direction: npt.NDArray[np.float64]
    flux_w_m2: float
    reflected_w_m2: float = 0.0
    infrared_w_m2: float = 0.0


def sun_flux_w_m2(sun_distance_m: float) -> float:
    """Return the irradiance of a plane that faces the Sun."""
    return SOLAR_CONSTANT_W_M2 * (AU_M / sun_distance_m) ** 2


def sun_direction(azimuth_rad: float, elevation_rad: float) -> npt.NDArray[np.float64]:
    """Return (3,) east, north, up."""
    level = math.cos(elevation_rad)
    return np.array([level * math.sin(azimuth_rad), level * math.cos(azimuth_rad), math.sin(elevation_rad)])
