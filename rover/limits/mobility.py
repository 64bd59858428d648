"""Limits of the body on the ground."""

from __future__ import annotations

from dataclasses import dataclass

from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, clearance_m, swept_corridor
from rover.limits.base import Leg, Margin


@dataclass(frozen=True, slots=True)
class TiltLimit:
    """The ground under a leg must not be steeper than the vehicle bears at any heading."""

    vehicle: VehicleParams
    name: str = "tilt_rad"

    def margin(self, leg: Leg) -> Margin:
        bound = self.vehicle.tilt_limit_rad
        slack = bound - leg.tilt_rad
        return Margin(limit=self.name, value=leg.tilt_rad, bound=bound, slack=slack, time_s=leg.start_s)


@dataclass(frozen=True, slots=True)
class ZoneLimit:
    """What the rover sweeps on a leg must keep out of, or in, a zone."""

    zone: Zone
    vehicle: VehicleParams

    @property
    def name(self) -> str:
        return f"zone {self.zone.name} (m)"

    def margin(self, leg: Leg) -> Margin:
        room = clearance_m(self.zone, swept_corridor(self.vehicle, leg.path_m))
        return Margin(limit=self.name, value=room, bound=0.0, slack=room, time_s=leg.start_s)


def exceeds_attitude(pitch_rad: float, roll_rad: float, vehicle: VehicleParams) -> bool:
    """Tell whether a measured attitude is beyond the climbing or the side-slope limit."""
    within = abs(pitch_rad) <= vehicle.slope_limit_rad and abs(roll_rad) <= vehicle.roll_limit_rad
    return not within
