"""Lander files: every figure a value with its source, as in vehicle files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rover.core.errors import LanderError, Problem
from rover.core.lander import LanderParams
from rover.core.tables import validate
from rover.io.bundle import find_lander
from rover.io.toml import read_toml
from rover.io.vehicle import plain_figures


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Literal[1]
    name: str = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lander:
    """A lander as read.

    Attributes:
        name: Its name.
        params: The figures.
        sources: Where each figure comes from, by dotted names such as `engine.most_thrust_n`.
        file: It was read from.
    """

    name: str
    params: LanderParams
    sources: Mapping[str, str]
    file: Path


def read_lander(spec: str | Path) -> Lander:
    """Read a lander by path or bundled name, such as `chang-e-4`.

    Raises:
        LanderError: Unknown name or key, missing source, or an impossible value.
        TomlError: The file cannot be read.
    """
    path = find_lander(str(spec), LanderError)
    read = read_toml(path)
    problems: list[Problem] = []
    sources: dict[str, str] = {}
    head = {key: value for key, value in read.items() if key in _Head.model_fields}
    figures: dict[str, Any] = {
        key: plain_figures(key, value, str(path), sources, problems, error=LanderError)
        for key, value in read.items()
        if key not in head
    }
    found = params = None
    try:
        found = validate(_Head, head, file=str(path), error=LanderError)
    except LanderError as error:
        problems += error.problems
    if not problems:
        params = validate(LanderParams, figures, file=str(path), error=LanderError)
    if problems or found is None or params is None:
        raise LanderError(problems)
    return Lander(name=found.name, params=params, sources=sources, file=path)
