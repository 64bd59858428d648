"""What `farside vehicle` tells: the figures of a vehicle with their sources, and what is derived of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rover.core.chassis import ChassisParams
from rover.core.vehicle import VehicleParams
from rover.io.vehicle import Vehicle
from sim.moon.site import SiteParams
from sim.moon.soil import NOMINAL, SoilParams
from sim.physics.drivetrain import drivetrain_of
from sim.physics.performance import (
    STEEPEST_DEG,
    SlopePerformance,
    range_m,
    slope_performance,
    stance_on_slope,
    steepest_climb_rad,
)
from sim.physics.terramechanics import FIRMEST, LOOSEST, soil_of, wheel_forces, wheel_of

SOILS: Mapping[str, float] = {"softest": LOOSEST, "nominal": NOMINAL, "firmest": FIRMEST}

SLOPES_DEG = np.arange(-25.0, 30.1, 1.0)
_TOLD_DEG = (-20.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
SLIPS = np.linspace(0.0, 1.0, 41)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Derived:
    """What a vehicle can do on a site's soils, by the name of the soil.

    Attributes:
        site: Its title.
        by_slope: Slip, energy and speed.
        steepest_rad: Steepest slope climbed.
        range_m: On a full battery without Sun, on level ground, avionics and motors together.
        sinkage_m: (n,) of one wheel under its share of the weight on level ground, at `SLIPS`.
        wheel_load_n: That share.
        tip_side_rad, tip_ahead_rad, tip_back_rad: Slopes on which it tips over sideways, facing down, facing up.
    """

    site: str
    by_slope: Mapping[str, SlopePerformance]
    steepest_rad: Mapping[str, float]
    range_m: Mapping[str, float]
    sinkage_m: Mapping[str, np.ndarray[Any, np.dtype[np.float64]]]
    wheel_load_n: float
    tip_side_rad: float
    tip_ahead_rad: float
    tip_back_rad: float


def derive(vehicle: VehicleParams, chassis: ChassisParams, site: SiteParams, laws: SoilParams) -> Derived:
    """Return what the world's models make of a vehicle."""
    train = drivetrain_of(vehicle, chassis, site.regolith, laws)
    by_slope = {
        name: slope_performance(train, firmness=firmness, slope_rad=np.radians(SLOPES_DEG))
        for name, firmness in SOILS.items()
    }
    level = int(np.flatnonzero(SLOPES_DEG == 0.0)[0])
    load_n = sum(stance_on_slope(train, pitch_rad=0.0).load_n) / 6
    wheel = wheel_of(vehicle, chassis, laws)
    half = vehicle.wheelbase_m / 2
    up = chassis.mass_centre_up_m
    return Derived(
        site=site.title,
        by_slope=by_slope,
        steepest_rad={name: steepest_climb_rad(train, firmness=firmness) for name, firmness in SOILS.items()},
        range_m={
            name: range_m(
                battery_j=vehicle.battery_j,
                discharge_efficiency=vehicle.discharge_efficiency,
                motors_j_per_m=float(found.motors_j_per_m[level]),
                load_w=vehicle.drive_w,
                speed_m_s=float(found.speed_m_s[level]),
            )
            for name, found in by_slope.items()
        },
        sinkage_m={
            name: np.array(
                [
                    wheel_forces(
                        wheel, soil_of(site.regolith, laws, firmness), load_n=load_n, slip=slip
                    ).sinkage_m
                    for slip in SLIPS.tolist()
                ]
            )
            for name, firmness in SOILS.items()
        },
        wheel_load_n=load_n,
        tip_side_rad=math.atan(vehicle.track_m / 2 / up),
        tip_ahead_rad=math.atan((half - chassis.mass_centre_forward_m) / up),
        tip_back_rad=math.atan((half + chassis.mass_centre_forward_m) / up),
    )


def as_text(vehicle: Vehicle, derived: Derived) -> str:
    """Return the vehicle as a text of tables."""
    return "\n".join([*_head(vehicle), *_figure_lines(vehicle), *_derived_lines(vehicle, derived)])


def _head(vehicle: Vehicle) -> Iterator[str]:
    yield f"{vehicle.name}, {vehicle.file}"
    assumed = sum(source.startswith("assumption") for source in vehicle.sources.values())
    yield f"{len(vehicle.sources)} figures, {assumed} of them assumptions"


def _figure_lines(vehicle: Vehicle) -> Iterator[str]:
    rows = list(figures_of(vehicle))
    wide = max(len(name) for name, _, _ in rows)
    for name, value, source in rows:
        yield f"  {name:<{wide}}  {_number(value):>8}  {source}"


def figures_of(vehicle: Vehicle) -> Iterator[tuple[str, Any, str]]:
    """Yield name, value and source of every figure, those of further tables by dotted names."""
    for name, value in vehicle.params.model_dump().items():
        yield name, value, vehicle.sources[name]
    for part, record in vehicle.parts.items():
        for name, value in _leaves(part, record.model_dump(), vehicle.sources):
            yield name, value, vehicle.sources[name]


def _leaves(field: str, held: Any, sources: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if field in sources:
        yield field, held
    elif isinstance(held, dict):
        for key, value in held.items():
            yield from _leaves(f"{field}.{key}", value, sources)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _derived_lines(vehicle: Vehicle, derived: Derived) -> Iterator[str]:
    yield ""
    yield f"derived, on the soils of {derived.site}; {derived.wheel_load_n:.1f} N on a wheel on level ground"
    yield f"  {'':32}" + "".join(f"{name:>10}" for name in SOILS)
    rows = {
        "sinkage rolling, mm": lambda name: f"{1000 * derived.sinkage_m[name][0]:.1f}",
        "sinkage spinning, mm": lambda name: f"{1000 * derived.sinkage_m[name][-1]:.0f}",
        "steepest slope climbed, deg": lambda name: _climb(math.degrees(derived.steepest_rad[name])),
        "range on a charge, level, m": lambda name: f"{derived.range_m[name]:.0f}",
    }
    for words, told in rows.items():
        yield f"  {words:<32}" + "".join(f"{told(name):>10}" for name in SOILS)
    for words, field, form in (("slip", "slip", "{:+.3f}"), ("motors, J/m", "motors_j_per_m", "{:.0f}")):
        for degrees in _TOLD_DEG:
            row = int(np.flatnonzero(degrees == SLOPES_DEG)[0])
            cells = [getattr(derived.by_slope[name], field)[row] for name in SOILS]
            told_cells = ["stuck" if math.isnan(value) else form.format(value) for value in cells]
            label = f"{words} at {degrees:+.0f} deg"
            yield f"  {label:<32}" + "".join(f"{cell:>10}" for cell in told_cells)
    angles = (derived.tip_side_rad, derived.tip_ahead_rad, derived.tip_back_rad)
    side, ahead, back = (f"{math.degrees(angle):.0f}" for angle in angles)
    yield f"  tips over at {side} deg to the side, {ahead} deg facing down, {back} deg facing up"
    limit = vehicle.params
    yield f"  the vehicle's own limits: {limit.slope_limit_deg:g} deg of pitch, {limit.roll_limit_deg:g} deg of roll"


def _climb(degrees: float) -> str:
    return f"{degrees:.1f}" if degrees < STEEPEST_DEG else f"over {STEEPEST_DEG:g}"


def as_json_text(vehicle: Vehicle, derived: Derived) -> str:
    """Return the vehicle as JSON; what has no value (a slope that is not climbed) is null."""
    told = {
        "format": 1,
        "name": vehicle.name,
        "file": str(vehicle.file),
        "figures": {name: {"value": value, "source": source} for name, value, source in figures_of(vehicle)},
        "derived": {
            "site": derived.site,
            "wheel_load_n": derived.wheel_load_n,
            "tip_side_deg": math.degrees(derived.tip_side_rad),
            "tip_ahead_deg": math.degrees(derived.tip_ahead_rad),
            "tip_back_deg": math.degrees(derived.tip_back_rad),
            "slope_deg": SLOPES_DEG.tolist(),
            "soils": {name: _soil_json(name, derived) for name in SOILS},
        },
    }
    return json.dumps(told, indent=2)


def _soil_json(name: str, derived: Derived) -> dict[str, Any]:
    found = derived.by_slope[name]
    return {
        "firmness": SOILS[name],
        "sinkage_m": float(derived.sinkage_m[name][0]),
        "steepest_deg": math.degrees(derived.steepest_rad[name]),
        "range_m": derived.range_m[name],
        **{
            field: [None if math.isnan(value) else value for value in getattr(found, field).tolist()]
            for field in ("slip", "motors_j_per_m", "speed_m_s")
        },
    }
