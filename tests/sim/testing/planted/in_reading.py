"""Bugs in how the map is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rover.core.grid import GridGeometry
from rover.hazard.costmap import build_costmap, footprint_reach_cells, inflate
from rover.hazard.detect import Hazard, detect_hazards
from rover.planning.problem import NoPlan, Plan, PlanningProblem
from tests.sim.testing.planted.sound import Cell, Costs, PlainAStar


class TransposedMap(PlainAStar):
    """Reads rows for columns, as from a Fortran array."""

    def costs(self, problem: PlanningProblem) -> Costs:
        rows, cols = problem.costmap.geometry.shape
        costs: Costs = problem.costmap.cost_s_per_m.ravel(order="F").reshape(rows, cols).tolist()
        return costs


class NorthIsTheFirstRow(PlainAStar):
    """Takes the map for an image, whose first row is the top."""

    def costs(self, problem: PlanningProblem) -> Costs:
        return super().costs(problem)[::-1]


class WholeSeconds(PlainAStar):
    def costs(self, problem: PlanningProblem) -> Costs:
        costs: Costs = np.rint(problem.costmap.cost_s_per_m).tolist()
        return costs


class IgnoresLethal(PlainAStar):
    """Dear is not closed."""

    def costs(self, problem: PlanningProblem) -> Costs:
        cost = problem.costmap.cost_s_per_m
        costs: Costs = np.where(np.isinf(cost), 100.0, cost).tolist()
        return costs


class _Without(PlainAStar):
    flag: Hazard

    def costs(self, problem: PlanningProblem) -> Costs:
        """Open what is closed by one kind of hazard alone."""
        others = problem.hazards.flags & ~np.uint8(self.flag) != 0
        closed = inflate(others, footprint_reach_cells(problem.costmap.geometry, problem.vehicle))
        cost = problem.costmap.cost_s_per_m
        costs: Costs = np.where(np.isinf(cost) & ~closed, 25.0, cost).tolist()
        return costs


class IgnoresUnknown(_Without):
    """Goes by the hazards, and does not know one of their kinds."""

    flag = Hazard.UNKNOWN


class NanIsFree(PlainAStar):
    """Makes its own costs of the terrain, where `slope > limit` is false of NaN."""

    def costs(self, problem: PlanningProblem) -> Costs:
        layers = ("slope_rad", "aspect_rad", "roughness_m", "step_m")
        read: dict[str, Any] = {name: np.nan_to_num(getattr(problem.terrain, name)) for name in layers}
        terrain = replace(problem.terrain, **read)
        found = detect_hazards(terrain, problem.vehicle)
        flags = found.flags | problem.hazards.flags & np.uint8(Hazard.KEEP_OUT)
        hazards = replace(found, flags=flags)
        costs: Costs = build_costmap(hazards, terrain, problem.vehicle).cost_s_per_m.tolist()
        return costs


class IgnoresKeepOut(_Without):
    flag = Hazard.KEEP_OUT


class KeepsTheFirstMap(PlainAStar):
    """A cache by the map's shape."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], Costs] = {}

    def costs(self, problem: PlanningProblem) -> Costs:
        return self.kept.setdefault(problem.costmap.geometry.shape, super().costs(problem))


class KeepsTheFirstAnswer(PlainAStar):
    """A cache by start and goal."""

    def __init__(self) -> None:
        self.kept: dict[object, Plan | NoPlan] = {}

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        return self.kept.setdefault((problem.start_m, problem.goal_m), super().plan(problem))


class FloorsPlaces(PlainAStar):
    """Takes a cell's centre for its corner."""

    def cell(self, geometry: GridGeometry, place: tuple[float, float]) -> Cell:
        found = geometry.cell_at(place[0] - geometry.resolution_m / 2, place[1] - geometry.resolution_m / 2)
        return found or super().cell(geometry, place)
