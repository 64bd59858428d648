"""What tables of figures of a mission file have in common: each figure or row states where it comes from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rover.core.tables import Source

Name = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Figures(BaseModel):
    """A table of figures, all of whose keys are known; sources are read apart."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Row(Figures):
    """One of a list of rows, with where it comes from."""

    source: Source
