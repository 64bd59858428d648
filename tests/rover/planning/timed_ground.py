"""Small ground under a real Sun, for planners that think in time."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

from rover.core.grid import Dem, GridGeometry, Site
from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import detect_hazards
from rover.limits.light import LitLimit
from rover.limits.mobility import LevelLimit, RollLimit, SlopeLimit, clearance_limit
from rover.limits.power import ReserveLimit, WakeLimit
from rover.limits.thermal import SunWindow, SunWindowParams
from rover.planning.forecast import Forecaster, OperationsParams
from rover.planning.problem import PlanningProblem
from rover.planning.traverse_setup import Outlook, outlook
from rover.sky.almanac import build_almanac
from rover.terrain.derive import derive_terrain
from rover.terrain.horizon import trace_horizon
from sim.testing.ground import ROVER

SITE = Site(
    latitude_rad=math.radians(-45.4446), longitude_rad=math.radians(177.5991), body="moon", crs_wkt=""
)
BOUNDS = SunWindowParams(
    min_drive_rad=math.radians(10.0),
    nap_enter_rad=math.radians(42.0),
    nap_exit_rad=math.radians(30.0),
    dormant_rad=math.radians(8.7),
    wake_rad=math.radians(6.9),
)
SIDE, CELL_M = 26, 4.0
RESERVE_SOC = 0.3
AUTONOMOUS = OperationsParams(stop_every_m=20.0, command_cycle_s=0.0, reserve_soc=RESERVE_SOC, resume_soc=0.6)


def place(row: int, col: int) -> tuple[float, float]:
    """Return the middle of a cell, east and north."""
    return (col - SIDE / 2) * CELL_M, (row - SIDE / 2) * CELL_M


def timed_dem(seed: int) -> Dem:
    """Return smooth hills of 26 x 26 cells of 4 m."""
    geometry = GridGeometry(
        rows=SIDE,
        cols=SIDE,
        resolution_m=CELL_M,
        east_m=place(0, 0)[0],
        north_m=place(0, 0)[1],
        site=SITE,
    )
    rng = np.random.default_rng(seed)
    heights = gaussian_filter(rng.normal(size=geometry.shape), 2.5)
    heights *= 2.2 / heights.std()
    return Dem(geometry=geometry, elevation_m=heights.astype(np.float32), datum_m=0.0, source=f"seed {seed}")


@lru_cache(maxsize=8)
def timed_outlook(
    *,
    seed: int = 0,
    days: float = 1.2,
    depart_h: float = 200.0,
    soc: float = 0.9,
    battery_wh: float = 130.0,
    least_lit: float = 0.0,
    operations: OperationsParams = AUTONOMOUS,
    start: tuple[int, int] = (4, 4),
    goal: tuple[int, int] = (21, 21),
    deadline_h: float | None = None,
) -> Outlook:
    """Return a problem of 26 x 26 cells of 4 m made ready; without a deadline it has `days` lunar days."""
    dem = timed_dem(seed)
    geometry = dem.geometry
    terrain = derive_terrain(dem)
    changed = {"slope_limit_deg": 22.0, "roll_limit_deg": 22.0, "step_limit_m": 9.0, "roughness_limit_m": 5.0}
    vehicle = ROVER.model_copy(update={"battery_wh": battery_wh, "belly_clearance_m": 5.0, **changed})
    hazards = detect_hazards(terrain, vehicle)
    almanac = build_almanac(SITE, parse_utc("2019-01-03T14:22:00Z"), duration_s=3 * SYNODIC_MONTH_S)
    window = SunWindow(almanac, BOUNDS)
    limits = (
        SlopeLimit(vehicle.slope_limit_rad),
        RollLimit(vehicle.roll_limit_rad),
        clearance_limit(vehicle, geometry),
        ReserveLimit(RESERVE_SOC),
        WakeLimit(vehicle),
        LevelLimit(math.radians(10.0)),
        window,
        *([LitLimit(least_lit)] if least_lit > 0 else []),
    )
    return outlook(
        PlanningProblem(
            costmap=build_costmap(hazards, terrain, vehicle),
            hazards=hazards,
            terrain=terrain,
            vehicle=vehicle,
            start_m=place(*start),
            goal_m=place(*goal),
            depart_s=3600.0 * depart_h,
            soc=soc,
            almanac=almanac,
            horizon=trace_horizon(dem),
            forecaster=Forecaster(window=window, vehicle=vehicle, operations=operations),
            limits=limits,
            deadline_s=3600.0 * deadline_h if deadline_h else 3600.0 * depart_h + days * SYNODIC_MONTH_S,
        )
    )
