"""What the wheels are told: steering angles and rim speeds for arcs and turns in place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.physics.drivetrain import Drivetrain

MIDDLE_WHEELS = (2, 3)
"""They are not steered."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WheelCommands:
    """What the wheels are told.

    Attributes:
        steer_rad: (6,) counter-clockwise from straight ahead.
        rim_m_s: (6,) speed of each rim, negative backwards.
        twist: (3,) speeds of the body that this aims at: forward, left, m/s, counter-clockwise, rad/s.
    """

    steer_rad: Floats
    rim_m_s: Floats
    twist: Floats


def arc_commands(train: Drivetrain, *, curvature_per_m: float, backwards: bool = False) -> WheelCommands:
    """Return how to drive along an arc, as fast as the fastest wheel may.

    Args:
        train: The drivetrain.
        curvature_per_m: One over the radius of the body's centre's way, positive to the left of the heading.
        backwards: Whether it goes the other way along it.
    """
    ahead = -1.0 if backwards else 1.0
    return _commands(train, np.array([ahead, 0.0, ahead * curvature_per_m]), most=train.speed_m_s)


def turn_commands(train: Drivetrain, *, clockwise: bool = False) -> WheelCommands:
    """Return how to turn in place, at the vehicle's rate or as fast as its wheels may."""
    rate = -train.turn_rate_rad_s if clockwise else train.turn_rate_rad_s
    commands = _commands(train, np.array([0.0, 0.0, rate]), most=math.inf)
    fastest = float(np.abs(commands.rim_m_s).max())
    if fastest <= train.speed_m_s:
        return commands
    return _commands(train, commands.twist * (train.speed_m_s / fastest), most=math.inf)


def _commands(train: Drivetrain, aim: Floats, *, most: float) -> WheelCommands:
    """Point each wheel along its own way about the centre of turning; with a `most`, the fastest rim has that speed."""
    x, y = train.places.T
    along, across = aim[0] - aim[2] * y, aim[1] + aim[2] * x
    # A wheel turns no more than a quarter either way, and backwards instead.
    steer = np.where(along == 0, np.copysign(math.pi / 2, across), np.arctan2(across, along))
    steer = np.where(np.abs(steer) > math.pi / 2, steer - np.copysign(math.pi, steer), steer)
    steer = np.clip(steer, -train.steer_limit_rad, train.steer_limit_rad)
    steer[list(MIDDLE_WHEELS)] = 0.0
    rim = along * np.cos(steer) + across * np.sin(steer)
    scale = 1.0 if math.isinf(most) else most / float(np.abs(rim).max())
    return WheelCommands(steer_rad=steer, rim_m_s=rim * scale, twist=aim * scale)
