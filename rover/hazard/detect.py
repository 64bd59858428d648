"""Which cells a rover must not stand on, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import GridGeometry
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, refused_by_zones
from rover.terrain.derive import Terrain


class Hazard(IntFlag):
    """Reasons to refuse a cell; several may hold at once."""

    STEP = 1
    TILT = 2
    ROUGHNESS = 4
    CLEARANCE = 8
    UNKNOWN = 16
    KEEP_OUT = 32

    @property
    def words(self) -> str:
        """The flags as a person would say them."""
        return " and ".join(
            flag.name.lower().replace("_", "-") for flag in Hazard if flag in self and flag.name
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardMap:
    """Hazard flags by cell.

    Attributes:
        geometry: Where the cells are.
        flags: (rows, cols) uint8 of `Hazard`; 0 is free.
    """

    geometry: GridGeometry
    flags: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        object.__setattr__(self, "flags", locked(self.flags, np.uint8, self.geometry.shape, "flags"))

    def at(self, row: int, col: int) -> Hazard:
        return Hazard(int(self.flags[row, col]))


def detect_hazards(terrain: Terrain, vehicle: VehicleParams, zones: Sequence[Zone] = ()) -> HazardMap:
    """Flag every cell that breaks a limit of the vehicle, is unknown, or lies where a zone forbids.

    A map without headings must refuse what any heading could break, so TILT compares the slope with the smaller of
    the climbing and the side-slope limit. A step or a roughness is what is left when the slope itself is
    taken off; a raster whose windows are wider than the vehicle cannot show either, and there slope alone
    speaks. In a step window of 3 x 3 cells a ledge between level grounds is all slope, and left to TILT.
    What is not known is refused: `not (x <= limit)`, so that NaN never reads as free.

    Args:
        terrain: The layers.
        vehicle: The limits.
        zones: Keep-in and keep-out zones, in the terrain's frame.
    """
    flags = np.zeros(terrain.geometry.shape, np.uint8)
    _flag(flags, terrain.slope_rad, vehicle.tilt_limit_rad, Hazard.TILT)
    if _resolves(terrain.step_window_m, vehicle):
        _flag(flags, terrain.step_m - _plane_relief(terrain), vehicle.step_limit_m, Hazard.STEP)
    if _resolves(terrain.roughness_window_m, vehicle):
        _flag(flags, terrain.roughness_m, vehicle.belly_clearance_m, Hazard.CLEARANCE)
        _flag(flags, terrain.roughness_m, vehicle.roughness_limit_m, Hazard.ROUGHNESS)
    flags[refused_by_zones(zones, terrain.geometry)] |= np.uint8(Hazard.KEEP_OUT)
    return HazardMap(geometry=terrain.geometry, flags=flags)


def _flag(flags: npt.NDArray[np.uint8], value: npt.NDArray[np.float32], limit: float, hazard: Hazard) -> None:
    known = np.isfinite(value)
    flags[~known] |= np.uint8(Hazard.UNKNOWN)
    flags[known & ~(value <= limit)] |= np.uint8(hazard)


def _resolves(window_m: float, vehicle: VehicleParams) -> bool:
    return window_m <= math.hypot(vehicle.length_m, vehicle.width_m)


def _plane_relief(terrain: Terrain) -> npt.NDArray[np.float32]:
    """Height difference over the step window that the slope alone makes."""
    run = np.abs(np.sin(terrain.aspect_rad)) + np.abs(np.cos(terrain.aspect_rad))
    relief: npt.NDArray[np.float32] = np.tan(terrain.slope_rad) * run * np.float32(terrain.step_window_m)
    return relief
