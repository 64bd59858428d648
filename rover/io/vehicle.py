"""Vehicle files: every figure a value with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rover.core.errors import Problem, VehicleError
from rover.core.tables import validate
from rover.core.vehicle import VehicleParams
from rover.io.bundle import find_vehicle
from rover.io.toml import read_toml


class _Figure(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: Any
    source: str = Field(min_length=1)


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
        sources: Where each figure comes from.
    """

    name: str
    params: VehicleParams
    sources: Mapping[str, str]


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
    try:
        table = validate(_VehicleFile, read, file=str(path), error=VehicleError)
    except VehicleError as error:
        problems += error.problems
    try:
        values = {**_values(read), **(overrides or {})}
        params = validate(VehicleParams, values, file=str(path), error=VehicleError, prefix="vehicle.")
    except VehicleError as error:
        told = {problem.field for problem in problems}
        problems += [problem for problem in error.problems if told.isdisjoint(_tells_of(problem))]
    if table is None or params is None:
        raise VehicleError(problems)
    sources = {key: figure.source for key, figure in table.figures.items()}
    sources |= dict.fromkeys(overrides or {}, "set by the scenario")
    return Vehicle(name=table.name, params=params, sources=sources)


def _values(read: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of those figures of a file that are tables with one."""
    figures = read.get("figures")
    held = figures.items() if isinstance(figures, dict) else ()
    return {key: figure["value"] for key, figure in held if isinstance(figure, dict) and "value" in figure}


def _tells_of(problem: Problem) -> tuple[str, ...]:
    """Return what in a file, wrong itself, leaves this figure of the vehicle without a value."""
    figure = f"figures.{(problem.field or '').removeprefix('vehicle.')}"
    return "figures", figure, f"{figure}.value"
