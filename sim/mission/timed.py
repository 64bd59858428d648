"""The limits of a timed plan, made in one place from what a scenario says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rover.core.grid import GridGeometry
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone
from rover.limits.base import Limit
from rover.limits.comm import LinkLimit
from rover.limits.deadline import DeadlineLimit
from rover.limits.light import DuskLimit, LitLimit, ShadowLimit
from rover.limits.mobility import LevelLimit, RollLimit, SlopeLimit, ZoneLimit, clearance_limit
from rover.limits.power import ReserveLimit, WakeLimit
from rover.limits.thermal import SunWindow

ALWAYS = (-math.inf, math.inf)
"""Times of a zone that always holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRules:
    """What a timed plan is held to beside the vehicle's figures, the zones and the Sun.

    Attributes:
        least_lit: Share of the Sun's disc for driving.
        longest_shadow_s: Longest time awake in shadow, infinite for no bound.
        dusk_margin_s: Parked so long before the Sun sinks too low for driving.
        haven_tilt_rad: Steepest ground for a night.
        link_margin_rad: How far above the horizon the relay must stand for driving; None where it need not be seen.
        light_step_s: Longest bin by day.
    """

    least_lit: float = 0.0
    longest_shadow_s: float = math.inf
    dusk_margin_s: float = 0.0
    haven_tilt_rad: float = math.radians(10.0)
    link_margin_rad: float | None = None
    light_step_s: float = 1800.0


def timed_limits(
    rules: TimedRules,
    vehicle: VehicleParams,
    geometry: GridGeometry,
    *,
    window: SunWindow,
    reserve_soc: float,
    deadline_s: float,
    zones: Sequence[Zone],
    zone_times: Sequence[tuple[float, float]],
) -> tuple[Limit, ...]:
    """Return every limit of a timed plan; those that bound nothing are left out.

    Args:
        rules: The scenario's.
        vehicle: The rover's figures.
        geometry: Of the map planned on.
        window: The Sun's phases.
        reserve_soc: Charge never planned below.
        deadline_s: Latest arrival, seconds since the scenario's epoch.
        zones, zone_times: Polygons, and when each holds, seconds since the scenario's epoch.
    """
    limits: list[Limit] = [
        SlopeLimit(vehicle.slope_limit_rad),
        RollLimit(vehicle.roll_limit_rad),
        clearance_limit(vehicle, geometry),
        window,
        ReserveLimit(reserve_soc),
        LevelLimit(rules.haven_tilt_rad),
        WakeLimit(vehicle),
        DeadlineLimit(deadline_s),
    ]
    if rules.least_lit > 0:
        limits.append(LitLimit(rules.least_lit))
    if math.isfinite(rules.longest_shadow_s):
        limits.append(ShadowLimit(rules.longest_shadow_s))
    if rules.dusk_margin_s > 0:
        limits.append(DuskLimit(rules.dusk_margin_s))
    if rules.link_margin_rad is not None:
        limits.append(LinkLimit(rules.link_margin_rad))
    zoned = zip(zones, zone_times, strict=True)
    return (*limits, *(ZoneLimit(zone, vehicle, *times) for zone, times in zoned))
