"""Kinds of regolith as heat sees them, read from the file that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from rover.core.errors import SiteError
from rover.core.tables import Source, validate
from rover.io.bundle import maps_folder
from rover.io.toml import read_toml
from sim.physics.regolith_heat import RegolithHeatParams


class _Figure(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: Any
    source: Source


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: Literal[1]
    kinds: dict[str, dict[str, _Figure]]


def read_regolith_heat(kind: str, path: Path | None = None) -> RegolithHeatParams:
    """Return the figures of a kind of regolith, from the bundled file unless another is named.

    Raises:
        SiteError: No such kind, a missing source, or an impossible value.
        TomlError: The file cannot be read.
    """
    named = path or maps_folder() / "regolith_heat.toml"
    read = validate(_File, read_toml(named), file=str(named), error=SiteError)
    if kind not in read.kinds:
        raise SiteError(
            "no such kind of regolith",
            remedy=f"name one of: {', '.join(sorted(read.kinds))}",
            file=named,
            field="regolith_heat",
            value=kind,
        )
    values = {name: figure.value for name, figure in read.kinds[kind].items()}
    if isinstance(values.get("specific_heat"), list):
        values["specific_heat"] = tuple(values["specific_heat"])
    return validate(RegolithHeatParams, values, file=str(named), error=SiteError, prefix=f"kinds.{kind}.")
