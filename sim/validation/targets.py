"""What the simulation is held to: published figures, the range allowed about them, and who says so."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rover.core.errors import SiteError
from rover.core.tables import Source, validate
from rover.io.bundle import maps_folder
from rover.io.toml import read_toml

Basis = Literal["independent", "left out", "fitted", "input"]
"""What an agreement is worth: nothing here knows the figure; a rule predicts it that was fitted to the other days;
a rule that was fitted to the same days; a figure of the site or the scenario was set by it."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Table):
    """A number that the simulation gives, and the range that it should lie in.

    Attributes:
        key: By which it is computed.
        what: Which of its row's, in words; may be empty.
        unit: Of all its numbers.
        published: As published.
        low, high: Ends of the range.
        basis: What an agreement is worth.
    """

    key: Annotated[str, Field(min_length=1)]
    what: str
    unit: str
    published: str
    low: float
    high: float
    basis: Basis

    @model_validator(mode="after")
    def _ordered(self) -> Figure:
        if not self.low <= self.high:
            raise ValueError(f"a range from {self.low} to {self.high}")
        return self


class Row(_Table):
    """A row of the table."""

    number: Annotated[int, Field(ge=1)]
    quantity: Annotated[str, Field(min_length=1)]
    source: Source
    note: str = ""
    figure: Annotated[tuple[Figure, ...], Field(min_length=1)]


class SunTimes(_Table):
    """Sunrise, noon and sunset of a lunar day at the landing site."""

    lunar_day: int
    sunrise_utc: str
    noon_utc: str
    sunset_utc: str


class Targets(_Table):
    """The file."""

    format: Literal[1]
    row: tuple[Row, ...]
    sun: tuple[SunTimes, ...]

    @model_validator(mode="after")
    def _once(self) -> Targets:
        numbers = [row.number for row in self.row]
        keys = [figure.key for row in self.row for figure in row.figure]
        if len(set(numbers)) < len(numbers) or len(set(keys)) < len(keys):
            raise ValueError("a number or a key comes twice")
        return self


def read_targets() -> Targets:
    """Return what comes with the package.

    Raises:
        SiteError: The file is damaged.
    """
    path = maps_folder() / "validation.toml"
    return validate(Targets, read_toml(path), file=str(path), error=SiteError)
