"""Vehicle files: every figure a value with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from rover.core.chassis import ChassisParams, misfits
from rover.core.errors import FarsideError, Problem, VehicleError
from rover.core.eyes import EyesParams
from rover.core.heat import HeatParams, PowerParams
from rover.core.tables import Source, validate
from rover.core.vehicle import VehicleParams
from rover.io.bundle import find_vehicle
from rover.io.toml import read_toml

PARTS: Mapping[str, type[BaseModel]] = {
    "chassis": ChassisParams,
    "heat": HeatParams,
    "power": PowerParams,
    "eyes": EyesParams,
}
"""Tables a vehicle file may have beside `[figures]`, and the record of each. Their leaves are figures too."""

Part = TypeVar("Part", bound=BaseModel)


class _Figure(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: Any
    source: Source


class _VehicleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Literal[1]
    name: str = Field(min_length=1)
    figures: dict[str, _Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A vehicle as read.

    Attributes:
        name: Its name.
        params: The figures.
        sources: Where each figure comes from; those of a part by dotted names, such as `eyes.navcam.rows`.
        parts: The record of each further table that the file has.
        file: It was read from.
    """

    name: str
    params: VehicleParams
    sources: Mapping[str, str]
    parts: Mapping[str, BaseModel]
    file: Path

    def part(self, name: str, record: type[Part]) -> Part:
        """Return the record of a further table of the file.

        Raises:
            VehicleError: The file does not have it.
        """
        if name not in self.parts:
            raise VehicleError(
                "missing", remedy="add this table, or take yutu-2, which has it", file=self.file, field=name
            )
        held = self.parts[name]
        assert isinstance(held, record)
        return held


def read_vehicle(spec: str | Path, overrides: Mapping[str, Any] | None = None) -> Vehicle:
    """Read a vehicle by path or bundled name.

    Args:
        spec: Path, or name such as `yutu-2`.
        overrides: Figures that replace those of the file.

    Raises:
        VehicleError: Unknown name or key, missing source, or an impossible value.
        TomlError: The file cannot be read.
    """
    path = find_vehicle(str(spec), VehicleError)
    read = read_toml(path)
    problems: list[Problem] = []
    table = params = None
    main = {key: value for key, value in read.items() if key not in PARTS}
    try:
        table = validate(_VehicleFile, main, file=str(path), error=VehicleError)
    except VehicleError as error:
        problems += error.problems
    try:
        values = {**_values(read), **(overrides or {})}
        params = validate(VehicleParams, values, file=str(path), error=VehicleError, prefix="vehicle.")
    except VehicleError as error:
        told = {problem.field for problem in problems}
        problems += [problem for problem in error.problems if told.isdisjoint(_tells_of(problem))]
    sources: dict[str, str] = {}
    parts: dict[str, BaseModel] = {}
    for name in PARTS.keys() & read.keys():
        try:
            parts[name] = _part(name, read[name], file=str(path), sources=sources)
        except VehicleError as error:
            problems += error.problems
    chassis = parts.get("chassis")
    if params is not None and isinstance(chassis, ChassisParams):
        problems += misfits(chassis, params, file=str(path))
    if problems or table is None or params is None:
        raise VehicleError(problems)
    sources |= {key: figure.source for key, figure in table.figures.items()}
    sources |= dict.fromkeys(overrides or {}, "set by the scenario")
    return Vehicle(name=table.name, params=params, sources=sources, parts=parts, file=path)


def _part(name: str, read: Any, *, file: str, sources: dict[str, str]) -> BaseModel:
    """Return the record of a further table, and note the source of each of its figures."""
    problems: list[Problem] = []
    values = plain_figures(name, read, file, sources, problems, error=VehicleError)
    if problems:
        raise VehicleError(problems)
    return validate(PARTS[name], values, file=file, error=VehicleError, prefix=f"{name}.")


def plain_figures(
    field: str,
    read: Any,
    file: str,
    sources: dict[str, str],
    problems: list[Problem],
    *,
    error: type[FarsideError],
) -> Any:
    """Return a table of figures as their values, and note their sources; what is no figure is a problem."""
    if not isinstance(read, dict):
        problems.append(
            Problem(
                what="no figure with its source",
                remedy='write { value = ..., source = "..." }',
                file=file,
                field=field,
                value=read,
            )
        )
        return None
    if "value" not in read:
        return {
            key: plain_figures(f"{field}.{key}", held, file, sources, problems, error=error)
            for key, held in read.items()
        }
    try:
        sources[field] = validate(_Figure, read, file=file, error=error, prefix=f"{field}.").source
    except FarsideError as wrong:
        problems += wrong.problems
    return read["value"]


def _values(read: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of those figures of a file that are tables with one."""
    figures = read.get("figures")
    held = figures.items() if isinstance(figures, dict) else ()
    return {key: figure["value"] for key, figure in held if isinstance(figure, dict) and "value" in figure}


def _tells_of(problem: Problem) -> tuple[str, ...]:
    """Return what in a file, wrong itself, leaves this figure of the vehicle without a value."""
    figure = f"figures.{(problem.field or '').removeprefix('vehicle.')}"
    return "figures", figure, f"{figure}.value"
