"""What a traverse of a scenario is held to, as it stands in a plan's file."""

from __future__ import annotations

from rover.core.vehicle import VehicleParams
from rover.io.plan_file import PlanLimits
from rover.limits.mobility import clearance_limit
from sim.run.setting import Setting


def limits_of(
    setting: Setting,
    vehicle: VehicleParams,
    *,
    reserve_soc: float,
    stop_every_m: float,
    command_cycle_s: float,
    delay_margin_s: float | None = None,
) -> PlanLimits:
    """Return the limits of a plan.

    Args:
        setting: Its scenario made ready.
        vehicle, reserve_soc, stop_every_m, command_cycle_s: As the planner was asked with.
        delay_margin_s: Time in hand before each dusk, where it was asked for.
    """
    asked = setting.scenario.limits
    return PlanLimits(
        slope_deg=vehicle.slope_limit_deg,
        roll_deg=vehicle.roll_limit_deg,
        reach_m=clearance_limit(vehicle, setting.dem.geometry).reach_m,
        reserve_soc=reserve_soc,
        least_lit=asked.least_lit,
        longest_shadow_s=None if asked.longest_shadow_h is None else asked.longest_shadow_h * 3600.0,
        dusk_margin_s=asked.dusk_margin_h * 3600.0,
        haven_tilt_deg=asked.haven_tilt_deg,
        link_margin_deg=asked.link_margin_deg if asked.link else None,
        deadline_s=setting.deadline_s,
        stop_every_m=stop_every_m,
        command_cycle_s=command_cycle_s,
        delay_margin_s=delay_margin_s,
    )
