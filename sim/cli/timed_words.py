"""Limits, criteria and times of a traverse as a reader knows them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rover.core.time import Epoch
from rover.core.vehicle import VehicleParams
from rover.limits.base import Margin
from rover.planning.spare_charge import SPARE
from rover.planning.traverse_ground import Criterion

_J_PER_WH, _HOUR_S = 3600.0, 3600.0
_DEG, _PERCENT, _HOURS = (180.0 / math.pi, "deg"), (100.0, "%"), (1.0 / _HOUR_S, "h")

_LIMITS: dict[str, tuple[str, tuple[float, str]]] = {
    "slope_rad": ("slope", _DEG),
    "roll_rad": ("roll", _DEG),
    "tilt_rad": ("tilt", _DEG),
    "night_tilt_rad": ("night tilt", _DEG),
    "clearance_m": ("clearance", (1.0, "m")),
    "sun_elevation_rad": ("Sun", _DEG),
    "reserve_soc": ("charge", _PERCENT),
    SPARE: ("charge kept", _PERCENT),
    "dawn_w": ("dawn", (1.0, "W")),
    "lit": ("light", _PERCENT),
    "dark_s": ("shadow", _HOURS),
    "dusk_s": ("dusk", _HOURS),
    "in_hand_s": ("time in hand", _HOURS),
    "deadline_s": ("deadline", _HOURS),
    "relay_rad": ("link", _DEG),
}
"""What a limit is called, and the unit that a reader thinks of it in."""

MORE_IS_BETTER = (Criterion.CHARGE, Criterion.CLEARANCE)

_CRITERIA: dict[Criterion, tuple[str, str]] = {
    Criterion.TIME: ("earliest arrival", "h"),
    Criterion.ENERGY: ("least energy", "Wh"),
    Criterion.CHARGE: ("greatest smallest charge", "%"),
    Criterion.SHADOW: ("least time in shadow", "h"),
    Criterion.CLEARANCE: ("greatest clearance", "m"),
    Criterion.DISTANCE: ("least distance", "m"),
}
_QUANTITIES: dict[Criterion, str] = {
    Criterion.TIME: "time to arrival",
    Criterion.ENERGY: "energy for driving",
    Criterion.CHARGE: "smallest charge",
    Criterion.SHADOW: "time in shadow",
    Criterion.CLEARANCE: "smallest clearance",
    Criterion.DISTANCE: "distance",
}


def limit_words(name: str) -> str:
    """Return what a limit is called."""
    return _LIMITS[name][0] if name in _LIMITS else name.removesuffix(" (m)")


def slack_words(margin: Margin | None) -> str:
    """Return a limit and how far it is from broken, such as `roll 4.3 deg`; a dash where none applies."""
    if margin is None:
        return "-"
    per, unit = _unit_of(margin.limit)
    return f"{limit_words(margin.limit)} {margin.slack * per:.1f} {unit}".rstrip()


def excess_words(margin: Margin) -> str:
    """Return by how much a limit is broken, with its unit."""
    if not math.isfinite(margin.slack):
        return "nobody knows how much"
    per, unit = _unit_of(margin.limit)
    return f"{-margin.slack * per:.3g} {unit}".rstrip()


def _unit_of(name: str) -> tuple[float, str]:
    """Return what a margin in SI is multiplied by for a reader, and the unit that it then has."""
    if name in _LIMITS:
        return _LIMITS[name][1]
    return 1.0, "m" if name.endswith("(m)") else ""


def criterion_words(criterion: Criterion) -> str:
    """Return what a plan has most or least of."""
    return _CRITERIA[criterion][0]


def quantity_words(criterion: Criterion) -> str:
    """Return what is measured by a criterion, with its unit."""
    return f"{_QUANTITIES[criterion]} ({_CRITERIA[criterion][1]})"


def quantity(criterion: Criterion, value: float, vehicle: VehicleParams, depart_s: float) -> float:
    """Return a value in its criterion's unit; the smallest charge as a share of the battery, per cent."""
    if criterion is Criterion.TIME:
        return (value - depart_s) / _HOUR_S
    if criterion is Criterion.ENERGY:
        return value / _J_PER_WH
    if criterion is Criterion.CHARGE:
        return 100.0 * value / vehicle.battery_j
    return value / _HOUR_S if criterion is Criterion.SHADOW else value


def value_words(criterion: Criterion, value: float, vehicle: VehicleParams, depart_s: float) -> str:
    """Return a value with its unit."""
    shown = quantity(criterion, value, vehicle, depart_s)
    return f"{shown:.4g} {_CRITERIA[criterion][1]}" if math.isfinite(shown) else "unbounded"


def missing_words(
    criteria: Sequence[Criterion], missing: Sequence[float], vehicle: VehicleParams, depart_s: float
) -> str:
    """Say what traverses of a front can have that are not there.

    Args:
        criteria: The two of the front.
        missing: What they have of either at the best.
        vehicle, depart_s: As `quantity`.
    """
    told = []
    for kind, value in zip(criteria, missing, strict=True):
        word = "more" if kind in MORE_IS_BETTER else "less"
        told.append(f"{word} {_QUANTITIES[kind]} than {value_words(kind, value, vehicle, depart_s)}")
    return f"the time was up: there may be more of them, none with {told[0]} or {told[1]}"


def with_article(words: str) -> str:
    """Return words with `a` or `an` before them."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def minute_of(epoch: Epoch, time_s: float) -> str:
    """Return a time as `2019-01-03 14:22`."""
    return epoch.utc_at(time_s)[:16].replace("T", " ")
