"""Limits of the body on the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.grid import GridGeometry
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, clearance_m, moves_within, swept_corridor
from rover.hazard.costmap import footprint_reach_cells, inflate
from rover.hazard.detect import Hazard
from rover.hazard.directional import ROUNDING, heading_vector
from rover.limits.base import MOVES, Leg, Margin, Surroundings, Table

Mask = npt.NDArray[np.bool_]

_TOUCHING_M = 1e-6
"""Centres just as far apart as the footprint reaches touch."""


@dataclass(frozen=True, slots=True)
class TiltLimit:
    """The ground under a leg must not be steeper than the vehicle bears at any heading."""

    vehicle: VehicleParams
    name: str = "tilt_rad"

    def table(self, around: Surroundings) -> Table:
        return Table(cells=around.terrain.slope_rad <= np.float32(self.vehicle.tilt_limit_rad))

    def margin(self, leg: Leg) -> Margin:
        bound = self.vehicle.tilt_limit_rad
        slack = bound - leg.tilt_rad
        return Margin(limit=self.name, value=leg.tilt_rad, bound=bound, slack=slack, time_s=leg.start_s)


@dataclass(frozen=True, slots=True)
class SlopeLimit:
    """No leg climbs or descends more steeply than the vehicle may.

    The bound is the vehicle's but for what float32 layers are worth.
    """

    limit_rad: float
    name: str = "slope_rad"

    def table(self, around: Surroundings) -> Table:
        along, _ = _along_and_across(around)
        return Table(moves=np.abs(along) <= math.tan(self.limit_rad) * ROUNDING)

    def margin(self, leg: Leg) -> Margin:
        steepest = max(leg.climb_rad, leg.descent_rad)
        bound = math.atan(math.tan(self.limit_rad) * ROUNDING)
        slack = bound - steepest if leg.driving else math.inf
        return Margin(limit=self.name, value=steepest, bound=bound, slack=slack, time_s=leg.start_s)


@dataclass(frozen=True, slots=True)
class LevelLimit:
    """A night is spent only where the ground is so level."""

    limit_rad: float
    name: str = "night_tilt_rad"

    def table(self, around: Surroundings) -> Table:
        return Table(havens=around.terrain.slope_rad <= np.float32(self.limit_rad))

    def margin(self, leg: Leg) -> Margin:
        slack = float(np.float32(self.limit_rad)) - leg.tilt_rad if leg.asleep else math.inf
        return Margin(
            limit=self.name, value=leg.tilt_rad, bound=self.limit_rad, slack=slack, time_s=leg.start_s
        )


@dataclass(frozen=True, slots=True)
class RollLimit:
    """No leg crosses a slope that rolls the vehicle further than it may."""

    limit_rad: float
    name: str = "roll_rad"

    def table(self, around: Surroundings) -> Table:
        _, across = _along_and_across(around)
        headings = around.headings
        steep2 = headings.grade_east.astype(np.float64) ** 2 + headings.grade_north.astype(np.float64) ** 2
        return Table(moves=np.abs(across) <= math.sin(self.limit_rad) * ROUNDING * np.sqrt(1.0 + steep2))

    def margin(self, leg: Leg) -> Margin:
        bound = math.asin(math.sin(self.limit_rad) * ROUNDING)
        slack = bound - leg.roll_rad if leg.driving else math.inf
        return Margin(limit=self.name, value=leg.roll_rad, bound=bound, slack=slack, time_s=leg.start_s)


def _along_and_across(around: Surroundings) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the (8, rows, cols) grade along each heading, and to its left."""
    east, north = np.array([heading_vector(math.atan2(*move)) for move in MOVES]).T[:, :, None, None]
    grade_east = around.headings.grade_east.astype(np.float64)
    grade_north = around.headings.grade_north.astype(np.float64)
    return grade_east * east + grade_north * north, grade_north * east - grade_east * north


@dataclass(frozen=True, slots=True)
class ClearanceLimit:
    """The circle round the footprint touches no hazard but a slope, which other limits judge by heading.

    Attributes:
        reach_m: Least distance between the centres of the rover's cell and a hazardous one at which they do not touch.
    """

    vehicle: VehicleParams
    reach_m: float
    name: str = "clearance_m"

    def table(self, around: Surroundings) -> Table:
        reach = self.reach_m / around.geometry.resolution_m
        flagged = around.hazards.flags != 0
        by_map_alone = np.isinf(around.costmap.cost_s_per_m) & ~inflate(flagged, reach)
        return Table(cells=~(inflate(hazardous(around, self.vehicle), reach) | by_map_alone))

    def margin(self, leg: Leg) -> Margin:
        bound = self.reach_m + _TOUCHING_M
        slack = leg.clearance_m - bound
        return Margin(limit=self.name, value=leg.clearance_m, bound=bound, slack=slack, time_s=leg.start_s)


def clearance_limit(vehicle: VehicleParams, geometry: GridGeometry) -> ClearanceLimit:
    """Return the clearance that a vehicle needs on cells of a size."""
    return ClearanceLimit(vehicle, footprint_reach_cells(geometry, vehicle) * geometry.resolution_m)


def hazardous(around: Surroundings, vehicle: VehicleParams) -> Mask:
    """Return (rows, cols) cells with a hazard that no heading takes away: any but a slope too steep for some."""
    flags, slope = around.hazards.flags, around.terrain.slope_rad
    by_slope = (flags == Hazard.TILT) & ~(slope <= np.float32(vehicle.tilt_limit_rad))
    return np.asarray((flags != 0) & ~(by_slope & ~np.isnan(slope)))


@dataclass(frozen=True, slots=True)
class ZoneLimit:
    """What the rover sweeps on a leg must keep out of, or in, a zone: always, or between two times."""

    zone: Zone
    vehicle: VehicleParams
    from_s: float = -math.inf
    until_s: float = math.inf

    @property
    def name(self) -> str:
        return f"zone {self.zone.name} (m)"

    def edges_s(self) -> tuple[float, ...]:
        """Return the times at which it begins and ceases to hold, as far as it does."""
        return tuple(time_s for time_s in (self.from_s, self.until_s) if math.isfinite(time_s))

    def table(self, around: Surroundings) -> Table:
        halves = moves_within(self.zone, self.vehicle, around.geometry, MOVES)
        if self.from_s == -math.inf and self.until_s == math.inf:
            return Table(halves=halves)
        # By time there is a mask of cells only: closed where any heading is.
        timeline = around.timeline
        holds = (timeline.edge_s[1:] > self.from_s) & (timeline.edge_s[:-1] < self.until_s)
        columns = np.zeros(around.lit.shape[2], np.bool_)
        columns[timeline.column[holds & (timeline.column >= 0)]] = True
        open_always = np.asarray(halves.all(axis=0))
        return Table(cells_by_bin=open_always[:, :, None] | ~columns)

    def margin(self, leg: Leg) -> Margin:
        if leg.end_s <= self.from_s or leg.start_s >= self.until_s:
            return Margin(limit=self.name, value=math.inf, bound=0.0, slack=math.inf, time_s=leg.start_s)
        room = clearance_m(self.zone, swept_corridor(self.vehicle, leg.path_m))
        return Margin(limit=self.name, value=room, bound=0.0, slack=room, time_s=leg.start_s)


def exceeds_attitude(pitch_rad: float, roll_rad: float, vehicle: VehicleParams) -> bool:
    """Tell whether a measured attitude is beyond the climbing or the side-slope limit."""
    within = abs(pitch_rad) <= vehicle.slope_limit_rad and abs(roll_rad) <= vehicle.roll_limit_rad
    return not within
