"""Which cells a rover must not stand on, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import RockListError
from rover.core.grid import GridGeometry, check_square
from rover.core.strips import by_strips
from rover.core.zones import Zone, refused_by_zones
from rover.hazard.detect_kernels import flag_abundance, flag_discs, flag_rows
from rover.hazard.rock_risk import ROCK_RISK, greatest_abundance
from rover.terrain.derive import Terrain
from rover.terrain.rocks import Rocks

Flags = npt.NDArray[np.uint8]


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


class StandingLimits(Protocol):
    """What hazards are told by: the limits of a rover, or of a lander's feet."""

    @property
    def tilt_limit_rad(self) -> float: ...
    @property
    def step_limit_m(self) -> float: ...
    @property
    def roughness_limit_m(self) -> float: ...
    @property
    def belly_clearance_m(self) -> float: ...
    @property
    def length_m(self) -> float: ...
    @property
    def width_m(self) -> float: ...


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


def detect_hazards(
    terrain: Terrain,
    vehicle: StandingLimits,
    zones: Sequence[Zone] = (),
    *,
    rocks: Rocks | None = None,
    rock_abundance: npt.ArrayLike | None = None,
    rock_risk: float = ROCK_RISK,
) -> HazardMap:
    """Flag every cell that breaks a limit of the vehicle, is unknown, or lies where a zone forbids.

    A map without headings must refuse what any heading could break, so TILT compares the slope with the smaller of
    the climbing and the side-slope limit. A step or a roughness is what is left when the slope itself is
    taken off; a raster whose windows are wider than the vehicle cannot show either, and there slope alone
    speaks. In a step window of 3 x 3 cells a ledge between level grounds is all slope, and left to TILT.
    What is not known is refused: `not (x <= limit)`, so that NaN never reads as free.

    A rock of the list that is higher than a wheel climbs is a STEP on every cell that its disc touches, one higher than
    the belly CLEARANCE. Of rocks known by their abundance alone, a cell has either flag where the chance that such a
    rock is under the footprint is more than `rock_risk`.

    Args:
        terrain: The layers.
        vehicle: The limits.
        zones: Keep-in and keep-out zones, in the terrain's frame.
        rocks: In the terrain's frame.
        rock_abundance: (rows, cols) share of the ground under rocks of any size, 0 to 1, NaN where it is not known.
        rock_risk: Above 0, below 1.

    Raises:
        DemFrameError: Rocks of a list on cells that are not square.
        RockListError: A rock without a place, or an abundance or risk that is none or of another shape.
    """
    flags = np.empty(terrain.geometry.shape, np.uint8)
    _flag_ground(flags, terrain, vehicle)
    if rocks is not None:
        _flag_rocks(flags, rocks, terrain.geometry, vehicle)
    if rock_abundance is not None:
        _flag_abundance(flags, rock_abundance, vehicle, rock_risk)
    if zones:
        flags[refused_by_zones(zones, terrain.geometry)] |= np.uint8(Hazard.KEEP_OUT)
    return HazardMap(geometry=terrain.geometry, flags=flags)


def _flag_ground(flags: Flags, terrain: Terrain, vehicle: StandingLimits) -> None:
    slope, aspect, step, roughness = (
        terrain.slope_rad,
        terrain.aspect_rad,
        terrain.step_m,
        terrain.roughness_m,
    )
    tilt_limit, step_limit = np.float32(vehicle.tilt_limit_rad), np.float32(vehicle.step_limit_m)
    roughness_limit, belly = np.float32(vehicle.roughness_limit_m), np.float32(vehicle.belly_clearance_m)
    window = np.float32(terrain.step_window_m)
    reads_step = resolves(terrain.step_window_m, vehicle)
    reads_roughness = resolves(terrain.roughness_window_m, vehicle)

    def flag(first: int, last: int) -> None:
        flag_rows(
            slope, aspect, step, roughness, tilt_limit, step_limit, roughness_limit, belly, window,
            reads_step, reads_roughness, flags, first, last,
        )  # fmt: skip

    by_strips(len(flags), flag)


def resolves(window_m: float, vehicle: StandingLimits) -> bool:
    """Tell whether a window is narrow enough to show what the vehicle stands on: no longer than its diagonal."""
    return window_m <= math.hypot(vehicle.length_m, vehicle.width_m)


def _flag_rocks(flags: Flags, rocks: Rocks, geometry: GridGeometry, vehicle: StandingLimits) -> None:
    """Add what rocks higher than a limit are, in place."""
    check_square(geometry, "a list of rocks")
    row = (rocks.north_m - geometry.north_m) / geometry.resolution_m
    col = (rocks.east_m - geometry.east_m) / geometry.resolution_m
    radius = rocks.diameter_m / 2 / geometry.resolution_m
    if not (np.isfinite(row) & np.isfinite(col) & np.isfinite(radius)).all():
        raise RockListError(
            "a rock without a finite place and diameter", remedy="leave it out, or measure it", field="rocks"
        )
    step = ~(rocks.height_m <= vehicle.step_limit_m) * np.uint8(Hazard.STEP)
    belly = ~(rocks.height_m <= vehicle.belly_clearance_m) * np.uint8(Hazard.CLEARANCE)
    flag_discs(row, col, radius, step | belly, flags)


def _flag_abundance(flags: Flags, abundance: npt.ArrayLike, vehicle: StandingLimits, risk: float) -> None:
    """Add what rocks of an abundance are likely to be, in place."""
    if not 0 < risk < 1:
        raise RockListError(
            "not a chance", remedy="give more than 0, less than 1", field="rock_risk", value=risk
        )
    if np.shape(abundance) != flags.shape:
        raise RockListError(
            "not a share for each cell",
            remedy=f"give an array of shape {flags.shape}",
            field="rock_abundance",
            value=np.shape(abundance),
        )
    held = locked(abundance, np.float32, flags.shape, "rock_abundance")
    with np.errstate(invalid="ignore"):
        wrong = held[(held < 0) | (held > 1)]
    if len(wrong):
        raise RockListError(
            "not a share of the ground", remedy="give 0 to 1", field="rock_abundance", value=float(wrong[0])
        )
    area_m2 = vehicle.length_m * vehicle.width_m
    step = np.float32(greatest_abundance(vehicle.step_limit_m, area_m2, risk))
    belly = np.float32(greatest_abundance(vehicle.belly_clearance_m, area_m2, risk))
    by_strips(len(flags), lambda first, last: flag_abundance(held, step, belly, flags, first, last))
