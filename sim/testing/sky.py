"""A Sun over small ground: what makes a problem one of time, light and charge.

Two places: Von Karman's latitude in the morning, and the rim of the south pole in its summer, where the Sun goes round
the horizon and the array stands upright.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from rover.core.grid import Dem, Site
from rover.core.time import parse_utc
from rover.core.vehicle import VehicleParams
from rover.limits.base import Limit
from rover.limits.light import LitLimit, ShadowLimit
from rover.limits.mobility import LevelLimit, RollLimit, SlopeLimit, clearance_limit
from rover.limits.power import ReserveLimit, WakeLimit
from rover.limits.thermal import SunWindow, SunWindowParams
from rover.planning.forecast import Forecaster, OperationsParams
from rover.planning.problem import PlanningProblem
from rover.sky.almanac import Almanac, build_almanac
from rover.terrain.horizon import trace_horizon

HOUR_S, DAY_S = 3600.0, 86_400.0
SPAN_S = 40 * DAY_S
"""Of the almanac, from its epoch."""

HELD_S = 12 * HOUR_S
"""From departure to the deadline."""

BIN_S = 1800.0
RESERVE_SOC, DEPART_SOC, HAVEN_TILT_DEG = 0.3, 0.9, 10.0
OPERATIONS = OperationsParams(stop_every_m=7.0, command_cycle_s=0.0, reserve_soc=RESERVE_SOC, resume_soc=0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """A day of an almanac and what the Sun lets a rover do in it.

    Attributes:
        epoch_utc: What times are counted from.
        bounds: The Sun's elevations between which is driven.
        depart_rad: The rising Sun's at departure, low enough for long shadows.
    """

    epoch_utc: str
    bounds: SunWindowParams
    depart_rad: float


SITE_BY_DAY = Site(latitude_rad=-0.79, longitude_rad=3.1, body="moon", crs_wkt="")
SITE_AT_THE_POLE = Site(latitude_rad=math.radians(-89.5), longitude_rad=0.0, body="moon", crs_wkt="")

BY_DAY = Sky(
    epoch_utc="2019-01-03T14:22:00Z",
    bounds=SunWindowParams(
        min_drive_rad=math.radians(10.0),
        nap_enter_rad=math.radians(42.0),
        nap_exit_rad=math.radians(30.0),
        dormant_rad=math.radians(8.7),
        wake_rad=math.radians(6.9),
    ),
    depart_rad=math.radians(12.0),
)
AT_THE_POLE = Sky(
    epoch_utc="2019-03-15T00:00:00Z",
    bounds=SunWindowParams(
        min_drive_rad=math.radians(0.3),
        nap_enter_rad=math.radians(60.0),
        nap_exit_rad=math.radians(50.0),
        dormant_rad=math.radians(-2.0),
        wake_rad=math.radians(-1.9),
    ),
    depart_rad=math.radians(1.3),
)


def sky_over(site: Site) -> Sky:
    """Return the sky of one of the two places."""
    return AT_THE_POLE if site == SITE_AT_THE_POLE else BY_DAY


def polar_rover(vehicle: VehicleParams) -> VehicleParams:
    """Return a rover whose array leans so far that a Sun on the horizon feeds it."""
    return vehicle.model_copy(update={"array_lean_deg": 75.0})


def with_sky(problem: PlanningProblem, dem: Dem) -> PlanningProblem:
    """Return a problem with a Sun, a horizon, the rules of operation, limits and a deadline.

    Args:
        problem: Without time.
        dem: The ground under its maps.
    """
    sky = sky_over(dem.geometry.site)
    window = _window(dem.geometry.site)
    depart_s = _rising_through(window.almanac, sky.depart_rad)
    timed = replace(
        problem,
        depart_s=depart_s,
        soc=DEPART_SOC,
        almanac=window.almanac,
        horizon=trace_horizon(dem),
        forecaster=Forecaster(window=window, vehicle=problem.vehicle, operations=OPERATIONS),
        deadline_s=depart_s + HELD_S,
        light_step_s=BIN_S,
    )
    return limits_again(timed)


def limits_again(problem: PlanningProblem, *more: Limit) -> PlanningProblem:
    """Return a problem in time held to the limits of its vehicle, and some more."""
    forecaster = problem.forecaster
    assert forecaster is not None
    vehicle = problem.vehicle
    limits: Sequence[Limit] = (
        SlopeLimit(vehicle.slope_limit_rad),
        RollLimit(vehicle.roll_limit_rad),
        clearance_limit(vehicle, problem.costmap.geometry),
        ReserveLimit(RESERVE_SOC),
        WakeLimit(vehicle),
        LevelLimit(math.radians(HAVEN_TILT_DEG)),
        forecaster.window,
        *more,
    )
    return replace(problem, forecaster=replace(forecaster, vehicle=vehicle), limits=limits)


def lit_only(problem: PlanningProblem, *, least: float, longest_shadow_s: float) -> PlanningProblem:
    """Return a problem in which is driven only where so much of the Sun is in view, and shadow is borne so long."""
    return limits_again(problem, LitLimit(least), ShadowLimit(longest_shadow_s))


def dark(problem: PlanningProblem) -> PlanningProblem:
    """Return a problem under a horizon that stands higher than the Sun all round, in which only lit ground is open."""
    assert problem.horizon is not None
    under = replace(
        problem, horizon=replace(problem.horizon, steps=np.full_like(problem.horizon.steps, 60_000))
    )
    return lit_only(under, least=0.3, longest_shadow_s=HELD_S)


def poorer(problem: PlanningProblem, *, soc: float, battery_wh: float) -> PlanningProblem:
    """Return a problem with another charge at departure, of another battery."""
    vehicle = problem.vehicle.model_copy(update={"battery_wh": battery_wh})
    return limits_again(replace(problem, vehicle=vehicle, soc=soc))


@lru_cache(maxsize=2)
def _window(site: Site) -> SunWindow:
    sky = sky_over(site)
    return SunWindow(build_almanac(site, parse_utc(sky.epoch_utc), duration_s=SPAN_S), sky.bounds)


def _rising_through(almanac: Almanac, elevation_rad: float) -> float:
    """Return the first time after the epoch, to ten minutes, at which the rising Sun stands so high."""
    time_s = np.arange(0.0, SPAN_S - 2 * DAY_S, 600.0)
    high = almanac.elevations(time_s) >= elevation_rad
    return float(time_s[1:][~high[:-1] & high[1:]][0])
