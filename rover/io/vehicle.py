"""Vehicle files: every figure a value with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rover.core.errors import VehicleError
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
    table = validate(_VehicleFile, read_toml(path), file=str(path), error=VehicleError)
    values = {key: figure.value for key, figure in table.figures.items()}
    sources = {key: figure.source for key, figure in table.figures.items()}
    for key, value in (overrides or {}).items():
        values[key] = value
        sources[key] = "set by the scenario"
    params = validate(VehicleParams, values, file=str(path), error=VehicleError, prefix="vehicle.")
    return Vehicle(name=table.name, params=params, sources=sources)
