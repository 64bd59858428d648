"""The scenario: the real user interface. Every key, its bounds and its default."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from rover.core.errors import FarsideError, Problem, ScenarioError, UsageError, ZoneError
from rover.core.tables import validate
from rover.core.time import parse_utc
from rover.core.zones import Zone, zone_from_corners
from rover.io.bundle import fault_table_names, find_scenario
from rover.io.toml import read_toml
from rover.io.vehicle import Vehicle, read_vehicle
from sim.run.fault_table import FaultTable, read_fault_table
from sim.run.scenario_limits import Finite, LimitsTable, Place, Positive, Table, Utc, ZoneTable
from sim.run.scenario_operations import OperationsTable

FORMAT = 1


class SiteTable(Table):
    """Where on the Moon."""

    name: str = Field(default="von-karman", description="bundled site or site file of the synthetic ground")
    latitude_deg: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)] | None = Field(
        default=None, description="origin of the scenario's frame; the site's own if left out"
    )
    longitude_deg: Annotated[float, Field(strict=True, ge=-180, le=360, allow_inf_nan=False)] | None = None
    body: str = Field(default="moon", description="body that a measured DEM must be of")

    @model_validator(mode="after")
    def _both_or_none(self) -> SiteTable:
        if (self.latitude_deg is None) != (self.longitude_deg is None):
            raise ValueError("latitude_deg and longitude_deg go together; give both or none")
        return self


class Boulder(Table):
    """A rock put where the user wants it, on the world's ground only."""

    east_m: Finite
    north_m: Finite
    diameter_m: Positive
    height_m: Positive


class TerrainTable(Table):
    """The ground: seeded, or measured with seeded detail."""

    dem: str | None = Field(
        default=None, description="a GeoTIFF, npz or ESRI ASCII file; seeded ground if left out"
    )
    band: Annotated[int, Field(strict=True, ge=1)] = 1
    size_m: Annotated[float, Field(strict=True, ge=20, le=20_000, allow_inf_nan=False)] = Field(
        default=1000.0, description="side of the seeded map, centred on the frame's origin"
    )
    resolution_m: Annotated[float, Field(strict=True, ge=0.1, le=100, allow_inf_nan=False)] = Field(
        default=2.0, description="of the planner's map; a measured DEM keeps its own"
    )
    world_resolution_m: Annotated[float, Field(strict=True, ge=0.05, le=0.5, allow_inf_nan=False)] = Field(
        default=0.25, description="of the world's ground; coarser, and a rover would feel no rock"
    )
    detail: Literal["seeded", "none"] = Field(
        default="seeded", description="relief below the DEM's resolution: seeded, or none added"
    )
    boulders: tuple[Boulder, ...] = ()

    @model_validator(mode="after")
    def _finer_world(self) -> TerrainTable:
        if self.dem is None and self.world_resolution_m > self.resolution_m:
            raise ValueError(
                "world_resolution_m is coarser than resolution_m; the world must be the finer one"
            )
        for key in ("size_m", "resolution_m", "world_resolution_m"):
            value = getattr(self, key)
            if abs(value * 1000 - round(value * 1000)) > 1e-6:
                raise PydanticCustomError(
                    "millimetres",
                    "not a whole number of millimetres; round it",
                    {"field": f"terrain.{key}", "value": value},
                )
        if self.dem is None and round(self.size_m * 1000) % round(self.resolution_m * 1000):
            raise PydanticCustomError(
                "cells",
                "not a whole number of cells of terrain.resolution_m ({cell_m} m); change one of them",
                {"field": "terrain.size_m", "value": self.size_m, "cell_m": f"{self.resolution_m:g}"},
            )
        return self


class PowerTable(Table):
    """The battery at the start and what is kept in it."""

    initial_soc: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] = 0.9
    reserve_soc: Annotated[float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False)] = 0.3
    resume_soc: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] = Field(
        default=0.9, description="charge at which driving goes on after a halt to charge"
    )

    @model_validator(mode="after")
    def _ordered(self) -> PowerTable:
        if not self.reserve_soc < self.resume_soc:
            raise PydanticCustomError(
                "order",
                "is not below power.resume_soc ({resume}); lower it, or raise that",
                {"field": "power.reserve_soc", "value": self.reserve_soc, "resume": f"{self.resume_soc:g}"},
            )
        return self


class FaultsTable(Table):
    """What is broken, or may break on the way."""

    observations_off: bool = Field(default=False, strict=True, description="the rover sees no heights")
    protection: bool = Field(default=True, strict=True, description="the rover heeds its fault table")
    almanac_late_h: Annotated[float, Field(strict=True, ge=-720, le=720, allow_inf_nan=False)] = Field(
        default=0.0,
        description="the almanac on board has the Sun where it was so much earlier; the ground's is right",
    )
    table: str = Field(default="none", description="none, nominal or a file: what goes wrong and how often")
    rate_factor: Annotated[float, Field(strict=True, ge=0, le=1000, allow_inf_nan=False)] = Field(
        default=1.0, description="times the rates of that table"
    )


class VehicleTable(BaseModel):
    """Which vehicle, and figures of it to replace: `battery_wh = 60` and the like."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = "yutu-2"


class Scenario(Table):
    """A whole scenario, resolved: nothing is left to look up but the files it names."""

    format: Annotated[int, Field(strict=True, ge=FORMAT, le=FORMAT)] = Field(
        description="newer formats are refused by name"
    )
    name: Annotated[str, Field(pattern=r"^[\w][\w .+-]{0,59}$")] = Field(
        default="scenario", description="letters, digits, blanks, . + - and _; names the output folder"
    )
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 0
    start_utc: Utc = Field(description="UTC, as 2019-01-03T14:22:00Z")
    start_m: Place = Field(description="[E, N] in the terrain's frame")
    goal_m: Place = Field(description="[E, N] in the terrain's frame")
    planner: str = Field(default="astar", description="NAME, package.module:Class or file.py:Class")
    senses: Literal["perfect", "real"] = Field(
        default="perfect", description="real: heights are what the vehicle's stereo cameras see"
    )
    driver: Literal["path", "arcs"] = Field(
        default="path", description="arcs: the local planner's, each held to clearance evaluation"
    )
    site: SiteTable = SiteTable()
    terrain: TerrainTable = TerrainTable()
    vehicle: VehicleTable = VehicleTable()
    operations: OperationsTable = OperationsTable()
    power: PowerTable = PowerTable()
    limits: LimitsTable = LimitsTable()
    zones: tuple[ZoneTable, ...] = ()
    faults: FaultsTable = FaultsTable()

    @model_validator(mode="after")
    def _arrives_after_it_starts(self) -> Scenario:
        by = self.limits.arrive_by_utc
        if by is not None and not parse_utc(self.start_utc).seconds_until(parse_utc(by)) > 0:
            raise PydanticCustomError(
                "deadline",
                "is in the past: the start is at {start}; give a later limits.arrive_by_utc",
                {"field": "limits.arrive_by_utc", "value": by, "start": self.start_utc},
            )
        return self

    def read_vehicle(self) -> Vehicle:
        """Return the vehicle with the scenario's own figures put in."""
        figures = self.vehicle.model_dump()
        return read_vehicle(figures.pop("name"), figures)

    def read_faults(self) -> FaultTable:
        """Return the table of what goes wrong.

        Raises:
            FaultTableError, TomlError: It cannot be used.
        """
        return read_fault_table(self.faults.table, start=parse_utc(self.start_utc))

    def zone_polygons(self) -> list[Zone]:
        """Return the zones as polygons."""
        return [zone_from_corners(z.name, z.kind, z.polygon) for z in self.zones]


def load_scenario(spec: str | Path, *, settings: Sequence[str] = (), seed: int | None = None) -> Scenario:
    """Read a scenario by path or bundled name, and change what is asked.

    Args:
        spec: Path or name.
        settings: `key=value` each, such as `power.initial_soc=0.5`; the value as TOML would have it, or plain text.
        seed: Replaces the scenario's.

    Raises:
        ScenarioError, VehicleError, ZoneError: With one problem for each thing wrong.
        TomlError: The file cannot be read.
        UsageError: A setting without `=`, or one of the seed beside `seed`.
    """
    path = find_scenario(str(spec), ScenarioError)
    table = read_toml(path, shown_by="farside init")
    _change(table, settings, seed)
    _resolve_path(table, "terrain", "dem", path, settings)
    _resolve_path(table, "faults", "table", path, settings)
    words = [
        f"farside check {shlex.quote(str(path))}",
        *(f"--set {shlex.quote(setting)}" for setting in settings),
    ]
    return scenario_from_table(table, file=str(path), listed_by=" ".join(words))


def scenario_from_table(table: Mapping[str, Any], *, file: str, listed_by: str | None = None) -> Scenario:
    """Check a table against the model, the vehicle's figures and the zones included; collect every problem.

    Args:
        table: As TOML gives it.
        file: Named in messages.
        listed_by: The command that lists every problem.
    """
    _refuse_newer(table, file)
    problems: list[Problem] = []
    scenario: Scenario | None = None
    try:
        scenario = validate(Scenario, table, file=file, error=ScenarioError)
    except ScenarioError as error:
        problems += error.problems
    problems += _vehicle_problems(table, file)
    problems += _zone_problems(scenario, file)
    if problems:
        raise ScenarioError(problems, listed_by=listed_by)
    assert scenario is not None
    return scenario


def _refuse_newer(table: Mapping[str, Any], file: str) -> None:
    stated = table.get("format")
    if isinstance(stated, int) and not isinstance(stated, bool) and stated > FORMAT:
        raise ScenarioError(
            f"this farside reads formats up to {FORMAT}",
            remedy="upgrade farside, or write the scenario in format 1",
            file=file,
            field="format",
            value=stated,
        )


def _vehicle_problems(table: Mapping[str, Any], file: str) -> list[Problem]:
    """Return what is wrong with the vehicle: with its own file, or with figures that the scenario puts in."""
    figures = table.get("vehicle", {})
    if not isinstance(figures, dict) or not isinstance(figures.get("name", ""), str):
        return []  # the model has said so
    figures = dict(figures)
    name = figures.pop("name", "yutu-2")
    own = {problem.field for problem in _problems_of_vehicle(name, {})}
    return [
        problem if problem.file is not None and problem.field in own else replace(problem, file=file)
        for problem in _problems_of_vehicle(name, figures)
    ]


def _problems_of_vehicle(name: str, figures: dict[str, Any]) -> tuple[Problem, ...]:
    try:
        read_vehicle(name, figures)
    except FarsideError as error:
        return error.problems
    return ()


def _zone_problems(scenario: Scenario | None, file: str) -> list[Problem]:
    problems: list[Problem] = []
    for zone in scenario.zones if scenario else ():
        try:
            zone_from_corners(zone.name, zone.kind, zone.polygon, file=file)
        except ZoneError as error:
            problems += error.problems
    return problems


def _change(table: dict[str, Any], settings: Sequence[str], seed: int | None) -> None:
    """Put settings and a seed into a scenario's table, in place; a seed that is given twice is refused."""
    for setting in settings:
        _apply(table, setting)
        if seed is not None and setting.partition("=")[0].strip() == "seed":
            raise UsageError(
                "--seed says otherwise", remedy="leave one of them out", field="--set", value=setting
            )
    if seed is not None:
        table["seed"] = seed


def _apply(table: dict[str, Any], setting: str) -> None:
    """Put `a.b=value` into a table, in place."""
    key, equals, text = setting.partition("=")
    key = key.strip()
    if not equals or not key:
        raise UsageError(
            "not of the form key=value",
            remedy="write --set power.initial_soc=0.5",
            field="--set",
            value=setting,
        )
    place = table
    *parents, last = key.split(".")
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise UsageError(
                f"{parent} is no table", remedy="set a key of a table", field="--set", value=setting
            )
    place[last] = _value(text.strip())


def _value(text: str) -> Any:
    """Read a value as TOML would, or take it as plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _resolve_path(table: dict[str, Any], name: str, key: str, path: Path, settings: Sequence[str]) -> None:
    """A file named in a scenario is looked for beside it; one named on the command line, from here."""
    place = table.get(name)
    if not isinstance(place, dict) or not isinstance(place.get(key), str):
        return
    bundled = name == "faults" and place[key] in fault_table_names()
    if bundled or any(setting.partition("=")[0].strip() == f"{name}.{key}" for setting in settings):
        return
    place[key] = str(path.parent / place[key])


def scenario_schema() -> str:
    """Return the JSON schema of scenarios, as it is kept in docs/scenario.schema.json."""
    return json.dumps(Scenario.model_json_schema(), indent=2, sort_keys=True) + "\n"


def scenario_of_site(spec: str, *, settings: Sequence[str] = (), seed: int | None = None) -> Scenario:
    """Return a scenario about the middle of a site's own frame, for looking at its ground."""
    table: dict[str, Any] = {
        "format": FORMAT,
        "start_utc": "2019-01-03T14:22:00Z",
        "start_m": [0.0, 0.0],
        "goal_m": [0.0, 0.0],
        "site": {"name": spec},
    }
    _change(table, settings, seed)
    return scenario_from_table(table, file=spec)


if __name__ == "__main__":
    Path("docs/scenario.schema.json").write_text(scenario_schema(), encoding="utf-8")
