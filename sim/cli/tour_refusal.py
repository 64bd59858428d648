"""A tour whose legs keep to every limit and whose joined whole does not: which limit that is, and what loosens it."""

from __future__ import annotations

import math

from rover.core.time import Epoch
from rover.limits.base import Margin
from rover.planning.problem import Cause, NoPlan
from rover.planning.spare_charge import SPARE
from sim.cli.timed_words import excess_words, limit_words

_CHARGE = "a smaller power.reserve_soc or a larger vehicle.battery_wh"
_LOOSENED: dict[str, tuple[Cause, str]] = {
    "dark_s": (Cause.SHADOW, "a longer limits.longest_shadow_h"),
    "lit": (Cause.DAYLIGHT, "a smaller limits.least_lit"),
    "sun_elevation_rad": (
        Cause.DAYLIGHT,
        "a smaller operations.min_drive_sun_elevation_deg or a larger operations.nap_enter_sun_elevation_deg",
    ),
    "relay_rad": (Cause.LINK, "a smaller limits.link_margin_deg"),
    "reserve_soc": (Cause.ENERGY, _CHARGE),
    SPARE: (Cause.ENERGY, _CHARGE),
    "dusk_s": (Cause.NIGHT, "a shorter limits.dusk_margin_h"),
    "in_hand_s": (Cause.NIGHT, "a greater --delay"),
    "night_tilt_rad": (Cause.NIGHT, "a larger limits.haven_tilt_deg"),
    "dawn_w": (Cause.NIGHT, "a smaller vehicle.wake_array_w"),
    "deadline_s": (Cause.DEADLINE, "a later limits.arrive_by_utc or a larger operations.max_lunar_days"),
    "slope_rad": (Cause.NO_ROUTE, "a larger vehicle.slope_limit_deg"),
    "roll_rad": (Cause.NO_ROUTE, "a larger vehicle.roll_limit_deg"),
    "tilt_rad": (Cause.NO_ROUTE, "larger vehicle.slope_limit_deg and vehicle.roll_limit_deg"),
    "clearance_m": (Cause.NO_ROUTE, "other waypoints"),
}
"""Of each limit by its name, as what it cuts a tour off and what loosens it."""


def refusal_of_tour(broken: Margin, epoch: Epoch) -> NoPlan:
    """Return the refusal of a tour that breaks a limit as a whole.

    Args:
        broken: The margin that does not hold.
        epoch: Of its time.
    """
    cause, loosened = _LOOSENED.get(broken.limit, (Cause.NO_ROUTE, f"a looser {limit_words(broken.limit)}"))
    if broken.limit.startswith("zone "):
        cause, loosened = Cause.ZONE, "other times of the zone"
    when = f" on {epoch.utc_at(broken.time_s)}" if math.isfinite(broken.time_s) else ""
    return NoPlan(
        cause=cause,
        where=f"where legs of the tour join, the limit of {limit_words(broken.limit)} is broken "
        f"by {excess_words(broken)}{when}",
        remedy=f"take fewer waypoints, or {loosened}",
    )
