"""Wheel odometry: how far the wheels turned, which is further than the rover came by what they slipped."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rover.core.boundary import Odometry
from rover.core.eyes import OdometryParams


@dataclass(frozen=True, slots=True, kw_only=True)
class OdometryState:
    """What is fixed of one set of wheels.

    Attributes:
        scale: Distance told per distance that the rims roll.
        turn_scale: The same of turns.
    """

    scale: float
    turn_scale: float


def init_odometry(params: OdometryParams, generator: np.random.Generator) -> OdometryState:
    """Return wheels whose radius and track are out by as much as such wheels are."""
    scale, turn = generator.standard_normal(2)
    return OdometryState(
        scale=1.0 + params.scale_error * float(scale), turn_scale=1.0 + params.turn_error * float(turn)
    )


def read_odometry(
    state: OdometryState,
    params: OdometryParams,
    *,
    rolled_m: float,
    turned_rad: float,
    generator: np.random.Generator,
) -> Odometry:
    """Return what the encoders tell of a motion.

    Args:
        state, params: Of the wheels.
        rolled_m: Way that the rims rolled, backwards negative: the rover's own way over one less the slip ratio.
        turned_rad: Turn in place, counter-clockwise.
        generator: Of the noise, whose variance grows with the way.
    """
    along, about = generator.standard_normal(2)
    per_root = math.radians(params.turn_noise_deg_per_sqrt_deg) * math.sqrt(math.degrees(abs(turned_rad)))
    return Odometry(
        forward_m=state.scale * rolled_m
        + params.noise_m_per_sqrt_m * math.sqrt(abs(rolled_m)) * float(along),
        turn_rad=state.turn_scale * turned_rad + per_root * float(about),
    )
