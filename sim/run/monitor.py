"""What must never happen, judged from the truth by none of the rover's own code."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rover.core.boundary import Mode
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, ZoneKind, clearance_m, footprint
from sim.run.runlog import Violation
from sim.run.world import WorldState


class Monitor:
    """Watches every state of the world and notes what breaks a rule, once for each stretch that it is broken."""

    def __init__(
        self,
        vehicle: VehicleParams,
        *,
        zones: Sequence[Zone],
        zone_times: Sequence[tuple[float, float]] | None = None,
        reserve_soc: float,
        min_drive_sun_rad: float,
        nap_enter_sun_rad: float,
        nap_exit_sun_rad: float,
        work_max_k: float = math.inf,
    ) -> None:
        self._vehicle = vehicle
        always = [(-math.inf, math.inf)] * len(zones)
        self._zones = list(zip(zones, always if zone_times is None else zone_times, strict=True))
        self._reserve_soc = reserve_soc
        self._sun_rad = (min_drive_sun_rad, nap_enter_sun_rad, nap_exit_sun_rad)
        self._work_max_k = work_max_k
        self._peaked = False
        self._broken: set[str] = set()
        self._unserved_j = 0.0
        self.violations: list[Violation] = []

    def watch(self, state: WorldState) -> None:
        """Judge one state."""
        vehicle, stance, deg = self._vehicle, state.stance, math.degrees
        self._at_most("pitch", state, abs(deg(stance.pitch_rad)), vehicle.slope_limit_deg, "deg")
        self._at_most("roll", state, abs(deg(stance.roll_rad)), vehicle.roll_limit_deg, "deg")
        self._at_most("contact", state, stance.step_m, vehicle.step_limit_m, "m")
        self._at_least("belly", state, stance.belly_gap_m, 0.0, "m")
        self._at_least("tip-over", state, deg(stance.tip_margin_rad), 0.0, "deg")
        self._at_least("reserve", state, state.power.stored_j / vehicle.battery_j, self._reserve_soc, "soc")
        self._at_most("empty", state, state.power.unserved_j - self._unserved_j, 0.0, "J not served")
        self._unserved_j = state.power.unserved_j
        for zone, (from_s, until_s) in self._zones:
            if not from_s <= state.time_s <= until_s or self._passes(zone, state):
                self._broken.discard(f"zone {zone.name}")
                continue
            covered = footprint(vehicle, state.east_m, state.north_m, state.yaw_rad)
            self._at_least(f"zone {zone.name}", state, clearance_m(zone, covered), 0.0, "m")
        elevation_rad = state.sun.elevation_rad
        self._peaked = elevation_rad >= self._sun_rad[1] or (self._peaked and elevation_rad > 0)
        if state.mode in (Mode.DRIVE, Mode.COMMAND):
            self._at_most("too warm to work", state, state.heat.body_k, self._work_max_k, "K")
        if state.mode is Mode.DRIVE:
            elevation = deg(state.sun.elevation_rad)
            self._at_least("drive in low Sun", state, elevation, deg(self._sun_rad[0]), "deg")
            self._at_most("drive in high Sun", state, elevation, deg(self._ceiling_rad(state)), "deg")

    def _ceiling_rad(self, state: WorldState) -> float:
        """Return the highest Sun to drive in: the nap's begin, and after a noon above it the nap's end."""
        return self._sun_rad[2] if self._peaked and not state.sun.rising else self._sun_rad[1]

    def _passes(self, zone: Zone, state: WorldState) -> bool:
        """Tell cheaply of a keep-out zone that is out of reach, as most are most of the time."""
        west, south, east, north = zone.polygon.bounds
        reach = self._vehicle.footprint_radius_m
        beside = state.east_m < west - reach or state.east_m > east + reach
        above = state.north_m < south - reach or state.north_m > north + reach
        return zone.kind is ZoneKind.KEEP_OUT and (beside or above)  # NaN passes nothing

    def _at_most(self, rule: str, state: WorldState, value: float, bound: float, unit: str) -> None:
        self._note(rule, state, value, bound, unit, holds=value <= bound + 1e-9)

    def _at_least(self, rule: str, state: WorldState, value: float, bound: float, unit: str) -> None:
        self._note(rule, state, value, bound, unit, holds=value >= bound - 1e-9)

    def _note(
        self, rule: str, state: WorldState, value: float, bound: float, unit: str, *, holds: bool
    ) -> None:
        if holds:
            self._broken.discard(rule)
        elif rule not in self._broken:
            self._broken.add(rule)
            self.violations.append(
                Violation(rule=rule, time_s=state.time_s, value=value, bound=bound, unit=unit)
            )
