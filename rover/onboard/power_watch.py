"""Watching the battery on board: what was forecast on level ground is held against what the array really gives."""

from __future__ import annotations

from rover.core.boundary import Mode, Observation
from rover.limits.power import expected_array_w
from rover.limits.thermal import Phase
from rover.onboard.uplink import Uplink

STAY_S = 600.0
"""Longest stay between two looks at the battery and the Sun."""


def wakes(seen: Observation, uplink: Uplink) -> bool:
    """Tell whether a dormant rover wakes: in the morning, once the array gives enough."""
    rising = uplink.forecaster.window.almanac.sun_at(seen.time_s).rising
    return rising and seen.array_w >= uplink.vehicle.wake_array_w


def array_gain(seen: Observation, uplink: Uplink) -> float:
    """Return what the array gives of what a level one in open light would: attitude and shadow as measured."""
    sun = uplink.forecaster.window.almanac.sun_at(seen.time_s)
    level_w = float(expected_array_w(sun.elevation_rad, uplink.vehicle, sun_distance_m=sun.distance_m))
    return seen.array_w / level_w if level_w > 0 else 0.0


def drains(seen: Observation, mode: Mode, uplink: Uplink, *, provided: bool = False) -> bool:
    """Tell whether going on in a mode takes the battery below what is to be kept, before the next look.

    Where a plan has seen to the charge of the coming night, that is the reserve.
    """
    forecaster = uplink.forecaster
    gain = array_gain(seen, uplink)
    ahead = forecaster.stay_energy(seen.time_s, seen.time_s + STAY_S, seen.soc, mode, array_gain=gain)
    losing = ahead.soc < seen.soc
    kept = forecaster.operations.reserve_soc if provided else forecaster.floor_soc(seen.time_s)
    return losing and ahead.least_soc < kept


def waits_in_vain(seen: Observation, uplink: Uplink) -> bool:
    """Tell whether staying awake takes more than the array gives, towards evening or with nothing left to lose."""
    if seen.array_w >= uplink.vehicle.charge_w:
        return False
    forecaster = uplink.forecaster
    rising = forecaster.window.almanac.sun_at(seen.time_s).rising
    evening = not rising and forecaster.window.phase_at(seen.time_s) is not Phase.DRIVE
    return evening or drains(seen, Mode.CHARGE, uplink)
