"""Station files: every figure a value with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rover.core.errors import StationError
from rover.core.station import Station
from rover.core.tables import validate
from rover.io.bundle import maps_folder
from rover.io.toml import read_toml


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Figure(_Table):
    source: str = Field(min_length=1)


class _Latitude(_Figure):
    value: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class _Longitude(_Figure):
    value: Annotated[float, Field(ge=-180, le=360, allow_inf_nan=False)]


class _Mask(_Figure):
    value: Annotated[float, Field(ge=0, lt=90, allow_inf_nan=False)]


class _StationTable(_Table):
    title: str = Field(min_length=1)
    latitude_deg: _Latitude
    longitude_deg: _Longitude
    mask_deg: _Mask


class _StationsFile(_Table):
    format: Literal[1]
    stations: dict[str, _StationTable] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """Ground stations as read.

    Attributes:
        stations: By name, in the file's order.
        sources: Where each figure comes from, by station and figure.
    """

    stations: Mapping[str, Station]
    sources: Mapping[str, Mapping[str, str]]


def read_stations(path: Path | None = None) -> Stations:
    """Read ground stations, the bundled ones unless another file is named.

    Raises:
        StationError: Unknown key, missing source, or an impossible value.
        TomlError: The file cannot be read.
    """
    named = path or maps_folder() / "stations.toml"
    read = validate(_StationsFile, read_toml(named), file=str(named), error=StationError)
    return Stations(
        stations={name: _station(name, table) for name, table in read.stations.items()},
        sources={name: _sources(table) for name, table in read.stations.items()},
    )


def _station(name: str, table: _StationTable) -> Station:
    return Station(
        name=name,
        title=table.title,
        latitude_rad=math.radians(table.latitude_deg.value),
        longitude_rad=math.radians(table.longitude_deg.value),
        mask_rad=math.radians(table.mask_deg.value),
    )


def _sources(table: _StationTable) -> dict[str, str]:
    figures = {
        "latitude_deg": table.latitude_deg,
        "longitude_deg": table.longitude_deg,
        "mask_deg": table.mask_deg,
    }
    return {key: figure.source for key, figure in figures.items()}
