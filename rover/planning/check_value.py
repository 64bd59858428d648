"""What a plan states of its criterion, against what its own steps come to over the maps."""

from __future__ import annotations

import math

import numpy as np

from rover.planning.check_day import Day
from rover.planning.check_ground import hazard_distance_m
from rover.planning.check_ledger import Case
from rover.planning.check_light import SURE, light_at
from rover.planning.check_sky import HALF_THE_DISC, awake

_EXACT = 1e-3
"""Of seconds and metres."""

_SHARE = 1e-5
"""Of joules, whose legs a planner keeps in float32, and of metres from a hazard."""


def check_value(case: Case, day: Day, *, criterion: str, value: float) -> None:
    """Note how far a stated value is from that of the steps.

    Args:
        case: What is checked, with one step at the least.
        day: Its bins.
        criterion: What the plan has least of, or most; one that is not known is not held against anything.
        value: Stated, s, J or m.
    """
    steps = case.steps
    if criterion == "shadow":
        least_s, most_s = _in_shadow_s(case, day)
        off = max(0.0, least_s - value, value - most_s)
        case.ledger.at_most("value stated", "s off", -1, off, 0.0, tolerance=_EXACT + _SHARE * most_s)
        return
    own, unit, tolerance = {
        "time": (float(steps.end_s[-1]), "s off", _EXACT),
        "distance": (_length_m(case), "m off", _EXACT),
        "energy": (math.fsum(steps.load_j[steps.legs]), "J off", _SHARE * abs(value)),
        "charge": (_least_charge_j(case), "J off", _SHARE * case.known.vehicle.battery_j),
        "clearance": (_clearance_m(case), "m off", _SHARE * abs(value)),
    }.get(criterion, (math.inf, "", 0.0))
    if math.isfinite(own):
        case.ledger.at_most("value stated", unit, -1, abs(value - own), 0.0, tolerance=tolerance)


def _length_m(case: Case) -> float:
    moved = (case.steps.there - case.steps.here).astype(np.float64)
    return float(np.hypot(*moved.T).sum() * case.known.terrain.geometry.resolution_m)


def _least_charge_j(case: Case) -> float:
    return float(min(case.known.soc, case.steps.soc_after.min()) * case.known.vehicle.battery_j)


def _clearance_m(case: Case) -> float:
    """Return the least distance of the cells that are stood on, inf where there is no hazard."""
    away_m = hazard_distance_m(case.known)
    return float(min(away_m[cells[:, 0], cells[:, 1]].min() for cells in (case.steps.here, case.steps.there)))


def _in_shadow_s(case: Case, day: Day) -> tuple[float, float]:
    """Return the least and the most time awake in shadow: light near half of the disc may be either."""
    steps = case.steps
    bins = day.bins_at(steps.start_s, steps.end_s)
    lit = light_at(case.known.horizon, day, steps.there, bins)
    span_s = np.where(awake(case, day, bins), steps.span_s, 0.0)
    sure, perhaps = lit < HALF_THE_DISC - SURE, lit < HALF_THE_DISC + SURE
    return float(span_s[sure].sum()), float(span_s[perhaps].sum())
