"""A scenario's limits of a timed plan in SI units, and its times in seconds since its epoch."""

from __future__ import annotations

import math

from rover.core.time import SYNODIC_MONTH_S, Epoch, parse_utc
from sim.mission.timed import TimedRules
from sim.run.scenario import Scenario
from sim.run.scenario_limits import LimitsTable, ZoneTable

HOUR_S = 3600.0


def deadline_of(scenario: Scenario, epoch: Epoch) -> float:
    """Return the latest arrival, seconds since the epoch."""
    longest_s, by = scenario.operations.max_lunar_days * SYNODIC_MONTH_S, scenario.limits.arrive_by_utc
    return longest_s if by is None else min(longest_s, epoch.seconds_until(parse_utc(by)))


def times_of(zone: ZoneTable, epoch: Epoch) -> tuple[float, float]:
    """Return when a zone holds, seconds since the epoch."""
    begin, end = (
        None if text is None else epoch.seconds_until(parse_utc(text))
        for text in (zone.from_utc, zone.until_utc)
    )
    return -math.inf if begin is None else begin, math.inf if end is None else end


def timed_rules(limits: LimitsTable) -> TimedRules:
    """Return a scenario's limits of a timed plan, SI."""
    shadow_h = limits.longest_shadow_h
    return TimedRules(
        least_lit=limits.least_lit,
        longest_shadow_s=math.inf if shadow_h is None else shadow_h * HOUR_S,
        dusk_margin_s=limits.dusk_margin_h * HOUR_S,
        haven_tilt_rad=math.radians(limits.haven_tilt_deg),
        link_margin_rad=math.radians(limits.link_margin_deg) if limits.link else None,
        light_step_s=limits.light_step_h * HOUR_S,
    )
