"""A traverse with its times on disk: `plan.json`, written whole or not at all, and refused by name where it is damaged.

The file says what was planned for (the scenario, resolved, and the DEM by its hash), within what limits, and every
single step, so that it can be checked and driven by somebody who has nothing else.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rover.core.atomic import text_output
from rover.core.boundary import Mode
from rover.core.errors import FarsideError, PlanFileError
from rover.core.grid import Dem, GridGeometry
from rover.core.tables import validate
from rover.core.time import parse_utc

FORMAT = 1
KIND: Literal["traverse"] = "traverse"

OVERLAP_S = 1e-3
"""A step may begin so long before the one before it ends: what is lost where times are written as text and added up."""

LEAST_BIN_S = 10.0
"""Shorter bins would be millions."""

Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
WattHours = Annotated[float, Field(strict=True, ge=0, le=1e12, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Angle = Annotated[float, Field(strict=True, gt=0, lt=90, allow_inf_nan=False)]
Index = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
Count = Annotated[int, Field(strict=True, ge=1)]
Text = Annotated[str, Field(strict=True, min_length=1)]
CriterionName = Annotated[str, Field(strict=True, pattern="^(time|energy|charge|shadow|clearance|distance)$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanDem(_Record):
    """Which DEM a plan is of: `dem_digest`, and what a reader is told when another is given."""

    sha256: Annotated[str, Field(strict=True, min_length=64, max_length=64)]
    rows: Count
    cols: Count
    resolution_m: Positive
    source: Annotated[str, Field(strict=True)]


class PlanLimits(_Record):
    """What a plan keeps to. Null is no such limit."""

    slope_deg: Angle
    roll_deg: Angle
    reach_m: NotNegative
    """Greatest distance from the middle of the rover's cell to a hazardous one at which they touch."""
    reserve_soc: Share
    least_lit: Share
    longest_shadow_s: NotNegative | None
    dusk_margin_s: NotNegative
    haven_tilt_deg: Angle
    link_margin_deg: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)] | None
    deadline_s: Positive
    """Since the scenario's epoch; the bins end there as well."""
    stop_every_m: Positive
    command_cycle_s: NotNegative
    """0 when autonomous."""
    delay_margin_s: NotNegative | None = None
    """Time in hand before each dusk for what delays a drive; asked for beside the scenario, which does not say it."""


class PlanStep(_Record):
    """One leg between neighbouring cells, or a stay in one mode within one bin; times since the scenario's epoch."""

    mode: Mode
    start_s: Finite
    end_s: Finite
    cell: tuple[Index, Index]
    to: tuple[Index, Index]
    from_m: tuple[Finite, Finite]
    to_m: tuple[Finite, Finite]
    soc: Share
    soc_after: Share
    harvest_wh: WattHours
    load_wh: WattHours

    @model_validator(mode="after")
    def _in_order(self) -> PlanStep:
        if self.end_s < self.start_s:
            raise ValueError("a step ends before it begins; plan again rather than edit the file")
        return self

    @property
    def moves(self) -> bool:
        """Whether it goes from one cell to another."""
        return self.cell != self.to


class PlanMargin(_Record):
    """The worst margin of a limit as its planner saw it; null is infinite or unknown."""

    limit: Text
    value: Finite | None
    bound: Finite | None
    slack: Finite | None
    time_s: Finite | None


class PlanFile(_Record):
    """A traverse as it stands in its file.

    `value` is what the plan has of its `criterion`, in SI. `bin_s` is the longest bin by day; `edges_s` are times that
    are edges of bins as well, such as those at which a zone opens.
    """

    format: Annotated[int, Field(strict=True, ge=FORMAT, le=FORMAT)] = FORMAT
    kind: Literal["traverse"] = KIND
    scenario: dict[str, Any]
    dem: PlanDem
    planner: Text
    criterion: CriterionName
    value: Finite
    depart_utc: Text
    arrive_utc: Text
    depart_s: Finite = 0.0
    bin_s: Annotated[float, Field(strict=True, ge=LEAST_BIN_S, allow_inf_nan=False)]
    edges_s: tuple[Finite, ...] = ()
    limits: PlanLimits
    steps: tuple[PlanStep, ...]
    margins: tuple[PlanMargin, ...] = ()

    @field_validator("depart_utc", "arrive_utc")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        try:
            parse_utc(text)
        except FarsideError as error:
            raise ValueError(f"{error.problems[0].what}; {error.problems[0].remedy}") from None
        return text

    @model_validator(mode="after")
    def _ordered(self) -> PlanFile:
        for number, (before, after) in enumerate(pairwise(self.steps), start=1):
            if after.start_s < before.end_s - OVERLAP_S:
                raise ValueError(
                    f"steps.{number} begins at {after.start_s} s, before steps.{number - 1} ends at {before.end_s} s; "
                    "plan again rather than edit the file"
                )
        return self

    @property
    def arrive_s(self) -> float:
        """When the goal is reached, since the scenario's epoch; the departure where there is no step."""
        return self.steps[-1].end_s if self.steps else self.depart_s


class StepLike(Protocol):
    """A step as planners have it, by cells and in joules."""

    @property
    def mode(self) -> Mode: ...
    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def cell(self) -> tuple[int, int]: ...
    @property
    def to(self) -> tuple[int, int]: ...
    @property
    def soc(self) -> float: ...
    @property
    def soc_after(self) -> float: ...
    @property
    def harvest_j(self) -> float: ...
    @property
    def load_j(self) -> float: ...


class MarginLike(Protocol):
    """A margin as limits state it."""

    @property
    def limit(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def bound(self) -> float: ...
    @property
    def slack(self) -> float: ...
    @property
    def time_s(self) -> float: ...


def plan_steps(steps: Sequence[StepLike], geometry: GridGeometry) -> tuple[PlanStep, ...]:
    """Return a timetable's steps as they stand in a file."""
    return tuple(
        PlanStep(
            mode=step.mode,
            start_s=step.start_s,
            end_s=step.end_s,
            cell=step.cell,
            to=step.to,
            from_m=geometry.centre_of(*step.cell),
            to_m=geometry.centre_of(*step.to),
            soc=step.soc,
            soc_after=step.soc_after,
            harvest_wh=step.harvest_j / 3600.0,
            load_wh=step.load_j / 3600.0,
        )
        for step in steps
    )


def plan_margins(margins: Sequence[MarginLike]) -> tuple[PlanMargin, ...]:
    """Return margins as they stand in a file."""
    names = ("value", "bound", "slack", "time_s")
    return tuple(
        PlanMargin(limit=m.limit, **{name: _finite(getattr(m, name)) for name in names}) for m in margins
    )


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def plan_dem(dem: Dem) -> PlanDem:
    """Return what a plan file says of its DEM."""
    geometry = dem.geometry
    return PlanDem(
        sha256=dem_digest(dem),
        rows=geometry.rows,
        cols=geometry.cols,
        resolution_m=geometry.resolution_m,
        source=dem.source,
    )


def dem_digest(dem: Dem) -> str:
    """Return the SHA-256 of a DEM's ground and place: where its cells are, where on which body, and every elevation.

    All that is unknown is one NaN and zero has no sign, so that equal grounds have equal digests on every machine.
    """
    geometry, site = dem.geometry, dem.geometry.site
    figures = (
        *(geometry.resolution_m, geometry.resolution_north_m, geometry.east_m, geometry.north_m),
        *(dem.datum_m, site.latitude_rad, site.longitude_rad, site.grid_north_rad),
    )
    digest = hashlib.sha256(f"farside dem {geometry.rows} x {geometry.cols} {site.body}\n".encode())
    digest.update(struct.pack(f"<{len(figures)}d", *(_canonical(value) for value in figures)))
    for row in dem.elevation_m:
        held = np.where(np.isnan(row), np.float32(np.nan), row + np.float32(0.0))
        digest.update(held.astype("<f4").tobytes())
    return digest.hexdigest()


def _canonical(value: float) -> float:
    return math.nan if math.isnan(value) else value + 0.0


def write_plan(path: Path | str, plan_file: PlanFile) -> None:
    """Write a plan as JSON, whole or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    text = json.dumps(plan_file.model_dump(mode="json"), allow_nan=False, indent=1)
    with text_output(path) as file:
        file.write(f"{text}\n")


def plan_in(path: Path) -> Path:
    """Return the plan file of a folder that a plan was written into; any other path as it is."""
    return path / "plan.json" if (path / "plan.json").is_file() else path


def read_plan(path: Path | str) -> PlanFile:
    """Read a plan back.

    Raises:
        PlanFileError: Missing, truncated, not a plan, of a newer format, or with a value that is missing, unknown, of
            the wrong kind, not finite, out of range or out of order; one problem for each.
    """
    return plan_from_table(_read_json(Path(path)), file=str(path))


def plan_from_table(table: object, *, file: str) -> PlanFile:
    """Check what was read of a plan file; raises as `read_plan`."""
    if not isinstance(table, dict) or table.get("kind") != KIND:
        raise PlanFileError(
            "not a traverse", remedy="name a plan.json that farside plan has written", file=file, field="kind"
        )
    stated = table.get("format")
    if isinstance(stated, int) and not isinstance(stated, bool) and stated > FORMAT:
        raise PlanFileError(
            f"this farside reads formats up to {FORMAT}",
            remedy="upgrade farside, or plan again",
            file=file,
            field="format",
            value=stated,
        )
    return validate(PlanFile, table, file=file, error=PlanFileError)


def _read_json(path: Path) -> object:
    try:
        return json.loads(
            path.read_text(encoding="utf-8"), parse_constant=_refuse_number, parse_float=_finite_number
        )
    except OSError as error:
        raise PlanFileError(
            f"cannot be read: {error.strerror}", remedy="correct the name", file=path
        ) from None
    except (ValueError, RecursionError) as error:
        raise PlanFileError(
            f"truncated or not JSON ({error})", remedy="plan again, or copy the whole file", file=path
        ) from None


def _finite_number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_number(text)


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text} is not a finite number")
