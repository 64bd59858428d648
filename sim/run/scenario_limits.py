"""The tables of a scenario that bound where and when the rover may be: zones, and the limits of a timed plan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rover.core.errors import FarsideError
from rover.core.time import FIRST_YEAR_OF_WHOLE_LEAP_SECONDS, parse_utc, with_z

Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Place = tuple[Finite, Finite]


class Table(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def utc_text(value: Any) -> Any:
    """Return a time as UTC in text; a TOML date and time, written without quotes, is as good as its text.

    Raises:
        ValueError: No such time, or one without a zone.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without zone; write UTC as 2019-01-03T14:22:00Z")
        value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if not isinstance(value, str):
        return value
    try:
        parse_utc(value, first_year=FIRST_YEAR_OF_WHOLE_LEAP_SECONDS)
    except FarsideError as error:
        problem = error.problems[0]
        raise ValueError(f"{problem.what}; {problem.remedy}") from None
    return with_z(value)


Utc = Annotated[str, BeforeValidator(utc_text)]


class ZoneTable(Table):
    """A polygon to stay in, or out of."""

    name: str = Field(min_length=1)
    kind: Literal["keep-in", "keep-out"]
    polygon: tuple[Place, ...] = Field(description="corners [E, N] in order round it")
    from_utc: Utc | None = Field(
        default=None, description="when it begins to hold; always, if both are left out"
    )
    until_utc: Utc | None = Field(default=None, description="when it ceases to hold")

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> ZoneTable:
        if self.from_utc is None or self.until_utc is None:
            return self
        if not parse_utc(self.from_utc).seconds_until(parse_utc(self.until_utc)) > 0:
            raise ValueError(
                f"zone {self.name} closes at {self.until_utc}, before it opens at {self.from_utc}; "
                "give an until_utc later than from_utc"
            )
        return self

    @property
    def is_timed(self) -> bool:
        """Whether it holds for a part of the time only."""
        return self.from_utc is not None or self.until_utc is not None


class LimitsTable(Table):
    """What a timed plan is held to beside the vehicle's limits."""

    least_lit: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)] = Field(
        default=0.0, description="share of the Sun's disc that must be in view for driving"
    )
    longest_shadow_h: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="longest time awake in shadow; no bound if left out"
    )
    dusk_margin_h: Annotated[float, Field(strict=True, ge=0, le=720, allow_inf_nan=False)] = Field(
        default=0.0, description="parked so long before the Sun sinks too low for driving"
    )
    haven_tilt_deg: Annotated[float, Field(strict=True, gt=0, lt=90, allow_inf_nan=False)] = Field(
        default=10.0, description="steepest ground that a night is spent on"
    )
    link: bool = Field(default=False, strict=True, description="drive only with the relay in view")
    link_margin_deg: Annotated[float, Field(strict=True, ge=0, lt=90, allow_inf_nan=False)] = Field(
        default=5.0, description="how far above the horizon the relay must stand for that"
    )
    light_step_h: Annotated[float, Field(strict=True, ge=0.1, le=24, allow_inf_nan=False)] = Field(
        default=0.5, description="longest time by day for which light and power are taken as constant"
    )
    arrive_by_utc: Utc | None = Field(
        default=None, description="latest arrival, where that is sooner than operations.max_lunar_days"
    )
