"""What the ground sends up: everything the rover knows besides what it senses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams
from rover.hazard.detect import HazardMap
from rover.limits.base import Limit
from rover.limits.mobility import ZoneLimit
from rover.onboard.planned_stops import PlannedStops
from rover.planning.forecast import Forecaster
from rover.planning.problem import Planner
from rover.terrain.derive import Terrain


class Driver(StrEnum):
    """How the rover drives its way."""

    PATH = "path"
    """Leg by leg along the path, which is planned anew where what is seen closes it."""
    ARCS = "arcs"
    """By the arcs of the local planner, each held to clearance evaluation."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Uplink:
    """What the ground has sent: everything the rover knows besides what it senses.

    Attributes:
        vehicle: Its own figures.
        terrain: The orbital map's layers, on the cells used on board.
        forecaster: Almanac and rules of operation.
        planner: Makes a new way when the old one closes.
        limits: For the planner.
        goal_m: (east, north).
        path_m: (n, 2) the way planned on the ground.
        planned: Waits and command cycles at each waypoint, None where the rover has its own.
        driver: How the way is driven.
        work_max_k: Temperature of the body beyond which it may not drive or work.
        goal_tolerance_m: So near to a goal that has been found closed is as good.
        protected: Whether the fault table is heeded; without it nothing is.
        zones: To keep out of or in, each with the time in which it holds.
        charted: Hazards of the orbital map on the cells used on board; None where none are told.
    """

    vehicle: VehicleParams
    terrain: Terrain
    forecaster: Forecaster
    planner: Planner
    limits: tuple[Limit, ...]
    goal_m: tuple[float, float]
    path_m: npt.NDArray[np.float64]
    planned: PlannedStops | None = None
    driver: Driver = Driver.PATH
    work_max_k: float = math.inf
    goal_tolerance_m: float = 0.0
    protected: bool = True
    zones: tuple[ZoneLimit, ...] = ()
    charted: HazardMap | None = None

    @property
    def teleoperated(self) -> bool:
        return self.forecaster.operations.command_cycle_s > 0
