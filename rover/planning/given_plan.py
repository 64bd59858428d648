"""A plan that is brought along, a traverse with its timetable or somebody's waypoints, made what a planner answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.core.errors import PlanFileError
from rover.core.grid import Dem, GridGeometry
from rover.io.plan_file import PlanFile, PlanMargin, PlanStep, dem_digest, plan_in, read_plan
from rover.io.way_file import read_way
from rover.limits.base import Margin
from rover.planning.problem import Objective, Plan
from rover.planning.timetable import Step, Timetable, stages_of
from rover.terrain.derive import Terrain

GIVEN = "given"
"""Name of the planner of waypoints that nobody planned here."""

SAME_PLACE_M = 0.05
"""Waypoints nearer than this to start or goal are at it; a GeoJSON file has millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """A plan brought along; one of its two kinds.

    Attributes:
        file: Where from.
        traverse: With its times.
        way_m: (n, 2) waypoints without.
    """

    file: Path
    traverse: PlanFile | None = None
    way_m: npt.NDArray[np.float64] | None = None

    @property
    def planner(self) -> str:
        """Who planned it, as far as the file says."""
        return GIVEN if self.traverse is None else self.traverse.planner


def read_given(path: Path) -> Given:
    """Read a traverse, or the one in the folder of a plan, or waypoints, told apart by the suffix: .geojson is those.

    Raises:
        PlanFileError: It cannot be read.
    """
    path = plan_in(path)
    if path.suffix.lower() == ".geojson":
        return Given(file=path, way_m=read_way(path))
    return Given(file=path, traverse=read_plan(path))


def plan_of_file(
    plan_file: PlanFile, terrain: Terrain, *, start_m: tuple[float, float], goal_m: tuple[float, float]
) -> Plan:
    """Return a traverse with its own timetable, from the start to the goal themselves; its cells must be on the map."""
    geometry = terrain.geometry
    steps = tuple(_step(step) for step in plan_file.steps)
    legs = [step for step in steps if step.to != step.cell]
    start = steps[0].cell if steps else (0, 0)
    cells = np.array([start, *(step.to for step in legs)], np.int64)
    rows, cols = np.indices(geometry.shape)
    places = geometry.centres_of(np.stack([rows.ravel(), cols.ravel()], axis=-1)).reshape(*geometry.shape, 2)
    return Plan(
        planner=plan_file.planner,
        cells=cells,
        waypoints_m=between(geometry.centres_of(cells), start_m, goal_m),
        cost_s=math.fsum(step.end_s - step.start_s for step in legs),
        expanded=0,
        schedule=Timetable(
            stages=stages_of(steps, places, terrain.slope_rad),
            margins=tuple(_margin(margin) for margin in plan_file.margins),
            steps=steps,
        ),
        objective=_objective(plan_file.criterion),
        price=plan_file.value,
    )


def between(
    path_m: npt.NDArray[np.float64], start_m: tuple[float, float], goal_m: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Return a way with its ends put where they are meant to be."""
    moved = path_m.copy()
    moved[0], moved[-1] = start_m, goal_m
    return moved


def _step(step: PlanStep) -> Step:
    return Step(
        mode=step.mode,
        start_s=step.start_s,
        end_s=step.end_s,
        cell=step.cell,
        to=step.to,
        bin=0,  # of no use once it is driven
        soc=step.soc,
        soc_after=step.soc_after,
        harvest_j=step.harvest_wh * 3600.0,
        load_j=step.load_wh * 3600.0,
    )


def _margin(margin: PlanMargin) -> Margin:
    value, bound, slack, time_s = (
        math.inf if held is None else held
        for held in (margin.value, margin.bound, margin.slack, margin.time_s)
    )
    return Margin(limit=margin.limit, value=value, bound=bound, slack=slack, time_s=time_s)


def _objective(criterion: str) -> Objective:
    return Objective(criterion) if criterion in tuple(Objective) else Objective.TIME


def check_given(given: Given, dem: Dem, *, start_m: tuple[float, float], goal_m: tuple[float, float]) -> None:
    """Refuse a plan that cannot be followed from a start to a goal on a DEM.

    Raises:
        PlanFileError: Of another DEM, with a place or cell off the map, a jump between cells, or other ends.
    """
    file, steps, reach_m = given.file, () if given.traverse is None else given.traverse.steps, SAME_PLACE_M
    if given.way_m is not None:
        path = [(east, north) for east, north in given.way_m.tolist()]
        _check_places(path, dem.geometry, file)
    elif given.traverse is not None and steps:
        _check_file(given.traverse, dem, file)
        path = [steps[0].from_m, steps[-1].to_m]
        reach_m += dem.geometry.resolution_m * math.sqrt(0.5)  # start and goal are anywhere in their cells
    else:
        raise PlanFileError("no step in it", remedy="plan again", file=file, field="steps")
    for name, number, asked in (("start_m", 1, start_m), ("goal_m", len(path), goal_m)):
        place = path[number - 1]
        apart_m = math.dist(place, asked)
        if apart_m > reach_m:
            raise PlanFileError(
                f"{apart_m:.2f} m from the scenario's {name}, which is {list(asked)}",
                remedy=f"move it there, or say --set {name}=[{place[0]:.3f},{place[1]:.3f}]",
                file=file,
                field=f"waypoint {number}",
                value=list(place),
            )


def _check_places(path: Sequence[tuple[float, float]], geometry: GridGeometry, file: Path) -> None:
    west, south, east, north = geometry.bounds_m
    for number, place in enumerate(path, start=1):
        if geometry.cell_at(*place) is None:
            raise PlanFileError(
                "outside the terrain",
                remedy=f"choose E in {west:.1f}..{east:.1f} and N in {south:.1f}..{north:.1f}",
                file=file,
                field=f"waypoint {number}",
                value=list(place),
            )


def _check_file(plan: PlanFile, dem: Dem, file: Path) -> None:
    require_same_dem(plan, dem, file)
    rows, cols = dem.geometry.shape
    at = None
    for number, step in enumerate(plan.steps):
        inside = all(cell[0] < rows and cell[1] < cols for cell in (step.cell, step.to))
        apart = max(abs(step.to[0] - step.cell[0]), abs(step.to[1] - step.cell[1]))
        if not inside or apart > 1 or (at is not None and step.cell != at):
            raise PlanFileError(
                "off the map, a jump over cells, or not where the step before ends",
                remedy="plan again rather than edit the file; farside check says more",
                file=file,
                field=f"steps.{number}.to",
                value=list(step.to),
            )
        at = step.to


def require_same_dem(plan: PlanFile, dem: Dem, file: Path) -> None:
    """Refuse a plan of another DEM.

    Raises:
        PlanFileError: Its digest is another.
    """
    found = dem_digest(dem)
    if found != plan.dem.sha256:
        raise PlanFileError(
            f"a plan of another DEM ({plan.dem.rows} x {plan.dem.cols} cells of {plan.dem.resolution_m:g} m, "
            f"{plan.dem.source}); here it is {found[:12]}...",
            remedy="name the DEM that it was made on, or plan again",
            file=file,
            field="dem.sha256",
            value=f"{plan.dem.sha256[:12]}...",
        )
