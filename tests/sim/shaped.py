"""Ground and soil given by formulas, and the vehicle that stands on them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.chassis import ChassisParams
from rover.core.vehicle import VehicleParams
from rover.io.toml import read_toml
from rover.io.vehicle import read_vehicle
from sim.moon.cells import Cells
from sim.moon.ground import Ground
from sim.moon.scatter import HALF_MM
from sim.physics.drivetrain import Drivetrain, drivetrain_of
from sim.run.scenario_ground import load_site
from sim.run.setting import load_soil

ROOT = Path(__file__).parents[2]

Floats = npt.NDArray[np.float64]
Shape = Callable[[Floats, Floats], npt.ArrayLike]

FIGURES = {
    "mass_kg": 135.0,
    "length_m": 1.5,
    "width_m": 1.0,
    "wheelbase_m": 1.1,
    "track_m": 0.9,
    "wheel_radius_m": 0.15,
    "wheel_width_m": 0.15,
    "belly_clearance_m": 0.25,
    "middle_axle_back_m": 0.55,
    "speed_m_s": 0.0556,
    "drive_efficiency": 0.35,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand in tests, whatever its file comes to say."""

CHASSIS = ChassisParams(
    mass_centre_up_m=0.4,
    mass_centre_forward_m=0.0,
    lug_height_m=0.01,
    dead_torque_n_m=0.3,
    steer_limit_deg=60.0,
)


def ground(shape: Shape, *, resolution_mm: int = 50) -> Ground:
    """Ground whose cells have the height of a formula of east and north at their centres."""

    def made(cells: Cells) -> Floats:
        east = (cells.east + cells.step * np.arange(cells.cols)) / HALF_MM
        north = (cells.north + cells.step * np.arange(cells.rows)) / HALF_MM
        return np.broadcast_to(
            np.asarray(shape(east[None, :], north[:, None]), np.float64), (cells.rows, cells.cols)
        )

    return Ground(made, resolution_mm=resolution_mm, datum_m=0.0, corner_m=(0.0, 0.0), first_mm=(0, 0))


def plane(per_east: float, per_north: float, *, resolution_mm: int = 50) -> Ground:
    return ground(lambda east, north: per_east * east + per_north * north, resolution_mm=resolution_mm)


def leaning(pitch_deg: float, roll_deg: float, yaw_rad: float = 0.0) -> Ground:
    """A plane on which a rover of this heading has this pitch and roll."""
    ahead = math.tan(math.radians(pitch_deg))
    left = math.tan(math.radians(roll_deg)) / math.cos(math.radians(pitch_deg))
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    return plane(ahead * cos - left * sin, ahead * sin + left * cos)


def train(vehicle: VehicleParams = YUTU_2, chassis: ChassisParams = CHASSIS, **changes: Any) -> Drivetrain:
    """A drivetrain on the soils of Von Karman, figures of the chassis changed by name."""
    regolith = load_site("von-karman").regolith
    return drivetrain_of(vehicle, chassis.model_copy(update=changes), regolith, load_soil())


def laws_with(**wheels: float) -> Any:
    """The soil file's table, figures of its `[wheels]` changed by name."""
    table = read_toml(ROOT / "maps" / "soil.toml")
    for name, value in wheels.items():
        table["wheels"][name] = {"value": value, "source": "a test"}
    return table
