"""From a vehicle and what is derived of it to the sheet that is drawn."""

from __future__ import annotations

import math

import numpy as np

from rover.core.chassis import ChassisParams
from rover.io.vehicle import Vehicle
from sim.cli.vehicle_tables import SLIPS, SOILS, Derived
from sim.physics.performance import STEEPEST_DEG
from sim.view.vehicle import SoilCurve, VehicleSheet


def sheet_of(vehicle: Vehicle, chassis: ChassisParams, derived: Derived) -> VehicleSheet:
    """Return what is drawn of a vehicle."""
    return VehicleSheet(
        name=vehicle.name,
        site=derived.site,
        vehicle=vehicle.params,
        chassis=chassis,
        curves=tuple(
            SoilCurve(
                name=name,
                slope_deg=np.degrees(derived.by_slope[name].slope_rad),
                slip=derived.by_slope[name].slip,
                motors_j_per_m=derived.by_slope[name].motors_j_per_m,
                steepest_deg=math.degrees(derived.steepest_rad[name]),
                most_deg=STEEPEST_DEG,
                wheel_slip=SLIPS,
                wheel_sinkage_m=derived.sinkage_m[name],
            )
            for name in SOILS
        ),
        wheel_load_n=derived.wheel_load_n,
    )
