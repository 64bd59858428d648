"""The benchmark set farside-bench: its file, and each problem made again from its seed and held to its hash."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rover.core.errors import BenchmarkError
from rover.core.tables import Source, validate
from rover.core.vehicle import VehicleParams
from rover.io.bundle import maps_folder
from rover.io.plan_file import dem_digest
from rover.io.toml import read_toml
from rover.planning.problem import Cause, Planner, PlanningProblem
from sim.mission.operations import derive_maps
from sim.run.scenario import Scenario, scenario_from_table
from sim.run.scenario_ground import orbital_dem
from sim.run.setting import Setting, prepare

FILE = "farside-bench.toml"
MAX_CELLS = 4096 * 4096

Place = tuple[float, float]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(_Table):
    """A problem of the set.

    Attributes:
        name: Of it.
        suite: `small` is part of `full`.
        kind: `static` is of place alone, `timed` of place, time and charge.
        site, seed, cells, cell_m: The ground: a square about the site's anchor.
        start_m, goal_m: (east, north) from its middle; centres of cells.
        scenario: What else its scenario says: rover, Sun arc, charge, deadline, zones.
        ground_sha256: Of its DEM.
        free_cells: Cells of its cost map that are not lethal.
        feasible: Whether there is a way.
        why: Cause of the refusal where there is none.
        least_s: Least driving time between start and goal by the cost map, or the earliest arrival of a timed problem;
            None where there is no way.
        least_by_heading_s, why_by_heading: The same of planners that move by heading, which may pass where ground is
            closed to some headings; both None where that was not worked out.
        bound_s: Of a timed problem: nothing arrives before, in seconds after the departure.
        proof: Where these come from.
    """

    name: Annotated[str, Field(min_length=1)]
    suite: Literal["small", "full"]
    kind: Literal["static", "timed"]
    site: str
    seed: int
    cells: Annotated[int, Field(ge=64, le=4096)]
    cell_m: Annotated[float, Field(gt=0)]
    start_m: Place
    goal_m: Place
    scenario: dict[str, Any] = {}
    ground_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    free_cells: Annotated[int, Field(ge=0)]
    feasible: bool
    why: Cause | None = None
    least_s: float | None = None
    least_by_heading_s: float | None = None
    why_by_heading: Cause | None = None
    bound_s: float | None = None
    proof: Source

    @model_validator(mode="after")
    def _answered(self) -> Problem:
        if self.feasible != (self.least_s is not None) or self.feasible != (self.why is None):
            raise ValueError("a feasible problem has a least and no cause, another one a cause and no least")
        if (self.kind == "timed") != (self.bound_s is not None):
            raise ValueError("a timed problem has a bound, and a static one none beside its least")
        if self.least_s is not None and self.bound_s is not None and self.bound_s > self.least_s:
            raise ValueError("a bound above what is known to arrive")
        return self

    def proven_of(self, *, by_heading: bool) -> float | None:
        """Return what nothing comes below, s: the least of a static problem, the bound of a timed one."""
        if self.kind == "timed":
            return self.bound_s
        return self.known_of(by_heading=by_heading)[0]

    def known_of(self, *, by_heading: bool) -> tuple[float | None, Cause | None]:
        """Return the least that planners are measured by, or why there is no way; both None where it is not known."""
        if by_heading and self.kind == "static":
            return self.least_by_heading_s, self.why_by_heading
        return self.least_s, self.why


class BenchmarkSet(_Table):
    """The file."""

    format: Literal[1]
    problem: tuple[Problem, ...]

    @model_validator(mode="after")
    def _once(self) -> BenchmarkSet:
        names = [problem.name for problem in self.problem]
        if len(set(names)) < len(names):
            raise ValueError("a name comes twice")
        return self

    def of_suite(self, suite: str) -> tuple[Problem, ...]:
        """Return the problems of a suite, in order."""
        return tuple(one for one in self.problem if suite == "full" or one.suite == suite)


def read_set() -> BenchmarkSet:
    """Return the set that comes with the package.

    Raises:
        BenchmarkError: The file is damaged.
    """
    path = maps_folder() / FILE
    return validate(BenchmarkSet, read_toml(path), file=str(path), error=BenchmarkError)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posed:
    """A problem made ready.

    Attributes:
        problem: Of the set.
        asked: What a planner is asked.
        setting: Of a timed problem, by which its answer is checked.
    """

    problem: Problem
    asked: PlanningProblem
    setting: Setting | None


def scenario_of(problem: Problem) -> Scenario:
    """Return a problem as a scenario, which `farside plan` and `farside run` take too."""
    side_m = problem.cells * problem.cell_m
    table: dict[str, Any] = {
        "format": 1,
        "name": problem.name,
        "seed": problem.seed,
        "start_m": list(problem.start_m),
        "goal_m": list(problem.goal_m),
        "site": {"name": problem.site},
        "terrain": {"size_m": side_m, "resolution_m": problem.cell_m},
    }
    given = {"start_utc": "2019-01-03T14:22:00Z", **problem.scenario}
    for key, value in given.items():
        table[key] = {**table.get(key, {}), **value} if isinstance(value, dict) else value
    return scenario_from_table(table, file=FILE)


def pose(problem: Problem, planner: Planner, *, time_limit_s: float | None = None) -> Posed:
    """Make a problem from its seed, and hold it to its hash.

    Args:
        problem: Of the set.
        planner: Which will be asked.
        time_limit_s: Longest time that it may search.

    Raises:
        BenchmarkError: It is not the problem that its answer was worked out for.
    """
    if problem.kind == "static":
        asked, digest = static_problem(scenario_of(problem))
        setting = None
    else:
        setting = prepare(scenario_of(problem), max_cells=MAX_CELLS)
        asked, digest = setting.control.problem(planner), dem_digest(setting.dem)
    free = int(np.isfinite(asked.costmap.cost_s_per_m).sum())
    for what, held, found in (
        ("ground_sha256", problem.ground_sha256, digest),
        ("free_cells", problem.free_cells, free),
    ):
        if held != found:
            raise BenchmarkError(
                f"made again it comes to {found}: it is another problem",
                remedy="compare ground versions; benchmarks/build_farside_bench.py works the set out anew",
                file=f"{FILE}, {problem.name}",
                field=what,
                value=held,
            )
    return Posed(problem=problem, asked=_within(asked, time_limit_s), setting=setting)


def _within(asked: PlanningProblem, time_limit_s: float | None) -> PlanningProblem:
    return asked if time_limit_s is None else replace(asked, time_limit_s=time_limit_s)


def static_problem(scenario: Scenario) -> tuple[PlanningProblem, str]:
    """Return the question of place alone in a scenario, and the hash of its DEM."""
    dem, vehicle = orbital_dem(scenario, max_cells=MAX_CELLS), vehicle_of(scenario)
    maps = derive_maps(dem, vehicle, scenario.zone_polygons())
    asked = PlanningProblem(
        costmap=maps.costmap,
        hazards=maps.hazards,
        terrain=maps.terrain,
        vehicle=vehicle,
        start_m=scenario.start_m,
        goal_m=scenario.goal_m,
    )
    return asked, dem_digest(dem)


def vehicle_of(scenario: Scenario) -> VehicleParams:
    """Return a scenario's rover."""
    return scenario.read_vehicle().params
