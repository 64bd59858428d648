"""A rover's suspension, wheels and motors on the soils of a site: what the models of its motion start from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.chassis import ChassisParams
from rover.core.vehicle import VehicleParams
from sim.moon.site_tables import RegolithParams
from sim.moon.soil import SoilParams
from sim.physics.suspension import Rig, rig_of, wheel_places
from sim.physics.suspension_kernels import WHEELS
from sim.physics.terramechanics import wheel_of
from sim.physics.wheel_table import WheelTable, wheel_table

_MOST_LOAD = 3.0
"""Loads are tabulated up to so many times a wheel's share of the weight."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drivetrain:
    """Body, suspension, wheels and motors on the soils of a site; made by `drivetrain_of`.

    Attributes:
        rig: Body and suspension.
        table: What a wheel does.
        places: (6, 2) wheels forward and left of the body's centre, m.
        radius_m: Of the wheels.
        speed_m_s: Of a rim at most.
        turn_rate_rad_s: Aimed at when turning in place.
        steer_limit_rad: Of the corner wheels, either way.
        efficiency: Of motors and gears.
        dead_torque_n_m: That turns a wheel without power.
    """

    rig: Rig
    table: WheelTable
    places: Floats
    radius_m: float
    speed_m_s: float
    turn_rate_rad_s: float
    steer_limit_rad: float
    efficiency: float
    dead_torque_n_m: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", locked(self.places, np.float64, (WHEELS, 2), "places"))


@lru_cache(maxsize=16)
def drivetrain_of(
    vehicle: VehicleParams, chassis: ChassisParams, regolith: RegolithParams, laws: SoilParams
) -> Drivetrain:
    """Return the drivetrain of a vehicle on the soils of a site, made once for the same of all four."""
    rig = rig_of(vehicle, chassis)
    wheel = wheel_of(vehicle, chassis, laws)
    return Drivetrain(
        rig=rig,
        table=wheel_table(wheel, regolith, laws, most_load_n=_MOST_LOAD * rig.weight_n / WHEELS),
        places=wheel_places(vehicle),
        radius_m=vehicle.wheel_radius_m,
        speed_m_s=vehicle.speed_m_s,
        turn_rate_rad_s=math.radians(vehicle.turn_rate_deg_s),
        steer_limit_rad=math.radians(chassis.steer_limit_deg),
        efficiency=vehicle.drive_efficiency,
        dead_torque_n_m=chassis.dead_torque_n_m,
    )
