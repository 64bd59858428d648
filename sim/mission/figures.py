"""What tables of figures of a mission file have in common: each figure or row states where it comes from."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rover.core.errors import FarsideError
from rover.core.tables import Source
from rover.core.time import FIRST_YEAR_OF_WHOLE_LEAP_SECONDS, parse_utc, with_z


def _instant(text: str) -> str:
    try:
        parse_utc(text, first_year=FIRST_YEAR_OF_WHOLE_LEAP_SECONDS)
    except FarsideError as error:
        problem = error.problems[0]
        raise ValueError(f"{problem.what}; {problem.remedy}") from None
    return with_z(text)


Utc = Annotated[str, AfterValidator(_instant)]
"""A time in UTC, as 2019-01-03T14:22:00Z."""

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
