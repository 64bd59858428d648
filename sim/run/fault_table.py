"""Tables of faults: what may go wrong with the rover and its world, how often, for how long and how badly.

A row draws its faults at a rate, per kilometre driven or per hour, or states when its one fault begins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Never

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from rover.core.errors import FaultTableError, Problem
from rover.core.tables import validate
from rover.core.time import Epoch, parse_utc
from rover.io.bundle import find_fault_table
from rover.io.toml import read_toml
from sim.run.scenario_limits import Finite, Table, Utc

FORMAT = 1

_MOST_PER_UNIT = 1000.0
"""Faults per kilometre or hour: one each metre, or each few seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a fault of one kind is.

    Attributes:
        effect: In words.
        magnitude: Least and greatest, None where it has none.
        unit: Of the magnitude.
        halts: Whether the rover's own protection stops for it, once it has found it.
        remains: It lasts for good.
        sized: It has a radius.
        timed: It lasts hours, not metres.
    """

    effect: str
    magnitude: tuple[float, float] | None = None
    unit: str = ""
    halts: bool = False
    remains: bool = False
    sized: bool = False
    timed: bool = False


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "wheels": {
        "stall": Kind(effect="a wheel does not turn", halts=True),
        "dead": Kind(effect="a wheel turns without power", halts=True),
    },
    "soil": {
        "slip_patch": Kind(
            effect="other soil ahead of the wheels",
            magnitude=(-1.0, 1.0),
            unit="firmness",
            remains=True,
            sized=True,
        )
    },
    "stereo": {
        "dropout": Kind(
            effect="stereo finds no depth", magnitude=(0.0, 1.0), unit="share of pixels", halts=True
        )
    },
    "imu": {"bias": Kind(effect="the gyroscopes drift", magnitude=(0.0, math.inf), unit="deg/h", halts=True)},
    "array": {
        "dust_step": Kind(effect="dust on the array", magnitude=(0.0, 1.0), unit="share of the light"),
        "fold_failure": Kind(effect="the array does not fold"),
    },
    "battery": {
        "cell_loss": Kind(effect="cells are lost", magnitude=(0.0, 1.0), unit="share of the capacity")
    },
    "relay": {"outage": Kind(effect="the relay cannot be reached", timed=True)},
    "computer": {
        "reset": Kind(
            effect="the computer begins anew without what it had not stored", halts=True, timed=True
        )
    },
}
"""By subsystem and kind."""


class Rate(Table):
    """How often, with its source."""

    value: Annotated[float, Field(ge=0, le=_MOST_PER_UNIT, allow_inf_nan=False)]
    source: str = Field(min_length=1)


class Radius(Table):
    """A radius in metres, with its source."""

    value: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    source: str = Field(min_length=1)


_FIGURES_OF = {"constant": ("value",), "uniform": ("low", "high"), "exponential": ("mean",)}


class Draw(Table):
    """A distribution, with its source: `value`, or `low` and `high`, or `mean`, as its law has it."""

    law: Literal["constant", "uniform", "exponential"]
    value: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    mean: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] | None = None
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _as_its_law(self) -> Draw:
        for name in ("value", "low", "high", "mean"):
            wanted = name in _FIGURES_OF[self.law]
            if wanted != (getattr(self, name) is not None):
                has = f"a {self.law} law has {' and '.join(_FIGURES_OF[self.law])}"
                raise ValueError(f"{name} is {'missing' if wanted else 'not of this law'}; {has}")
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise ValueError("low is above high; exchange them")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest of what may be drawn."""
        if self.law == "exponential":
            return 0.0, math.inf
        if self.low is not None and self.high is not None:
            return self.low, self.high
        assert self.value is not None
        return self.value, self.value

    def at(self, share: float) -> float:
        """Return what is drawn where a share, 0-1, of all draws is less."""
        low, high = self.bounds
        if self.mean is not None:
            return -self.mean * math.log1p(-share)
        return low + (high - low) * share


class Duration(Draw):
    """A distribution of how long a fault lasts, in metres driven or in hours."""

    unit: Literal["m", "h"]

    @model_validator(mode="after")
    def _not_negative(self) -> Duration:
        if not self.bounds[0] >= 0:
            raise ValueError("lasts less than nothing; give 0 or more")
        return self


class FaultRow(Table):
    """One kind of fault: how often it comes or when, how long it lasts and how bad it is."""

    name: Annotated[str, Field(pattern=r"^[\w][\w .+-]{0,59}$")]
    subsystem: str
    kind: str
    per_km: Rate | None = None
    per_hour: Rate | None = None
    at_s: Finite | None = Field(default=None, description="seconds after the start")
    at_m: Finite | None = Field(default=None, description="metres driven since the start")
    at_utc: Utc | None = None
    lasts: Duration | None = None
    persists: Annotated[bool, Field(strict=True)] = False
    magnitude: Draw | None = None
    radius_m: Radius | None = None
    wheel: Annotated[int, Field(strict=True, ge=0, le=5)] | None = Field(
        default=None, description="front left, front right, middle, rear; any if left out"
    )

    @model_validator(mode="after")
    def _is_one(self) -> FaultRow:
        if self.subsystem not in KINDS:
            self._refuse("subsystem", "no such subsystem", f"give one of {', '.join(KINDS)}")
        if self.kind not in KINDS[self.subsystem]:
            kinds = " or ".join(KINDS[self.subsystem])
            self._refuse("kind", f"not of the subsystem {self.subsystem}", f"give {kinds}")
        self._check_when()
        self._check_how_long()
        self._check_size()
        return self

    @property
    def of(self) -> Kind:
        """What its kind is."""
        return KINDS[self.subsystem][self.kind]

    def _check_when(self) -> None:
        given = [k for k in ("per_km", "per_hour", "at_s", "at_m", "at_utc") if getattr(self, k) is not None]
        if not given:
            self._refuse("name", "never comes", "give per_km, per_hour, at_s, at_m or at_utc")
        if len(given) > 1:
            self._refuse(given[1], f"contradicts {given[0]}", "leave one of them out")
        for key, unit in (("at_s", "seconds"), ("at_m", "metres")):
            at = getattr(self, key)
            if at is not None and at < 0:
                self._refuse(key, "before the start", f"give {unit} after it, 0 or more")

    def _check_how_long(self) -> None:
        if self.of.remains and not self.persists:
            self._refuse("persists", f"a {self.kind} stays", "say persists = true, without lasts")
        if self.persists and self.lasts is not None:
            self._refuse("persists", "contradicts lasts", "leave one of them out")
        if not self.persists and self.lasts is None:
            self._refuse("persists", "it neither ends nor stays", "give lasts, or persists = true")
        if self.kind == "reset" and self.persists:
            self._refuse("persists", "a computer that stays off ends the run", "give lasts, in hours")
        if self.of.timed and self.lasts is not None and self.lasts.unit != "h":
            self._refuse("lasts.unit", "it lasts a time", 'say unit = "h"', value=self.lasts.unit)

    def _check_size(self) -> None:
        if (self.of.magnitude is None) != (self.magnitude is None):
            if self.magnitude is None:
                self._refuse("magnitude", "missing", f"give it, in {self.of.unit}")
            self._refuse("magnitude", f"a {self.kind} has none", "leave it out")
        if self.magnitude is not None and self.of.magnitude is not None:
            (low, high), bounds = self.magnitude.bounds, self.of.magnitude
            beyond = high if math.isfinite(high) and high > bounds[1] else low
            if not bounds[0] <= beyond <= bounds[1]:
                remedy = f"give {bounds[0]:g} to {bounds[1]:g}, {self.of.unit}"
                self._refuse("magnitude", "out of range", remedy, value=beyond)
        if self.of.sized != (self.radius_m is not None):
            remedy = "give it" if self.of.sized else "leave it out"
            self._refuse("radius_m", "missing" if self.of.sized else f"a {self.kind} has none", remedy)
        if self.wheel is not None and self.subsystem != "wheels":
            self._refuse("wheel", f"the subsystem {self.subsystem} has none", "leave it out")

    def _refuse(self, field: str, what: str, remedy: str, *, value: object = None) -> Never:
        if value is None:
            value = getattr(self, field, None)
            value = None if isinstance(value, Table) or value is False else value
        raise PydanticCustomError("fault", "{what}; {remedy}", {
            "field": field, "value": value, "what": what, "remedy": remedy,
        })  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultTable:
    """A table as read.

    Attributes:
        name: Its own.
        rows: Kinds of fault.
        at_s: Of each row, when its one fault begins, seconds after the start; None where it is drawn.
    """

    name: str
    rows: tuple[FaultRow, ...]
    at_s: tuple[float | None, ...]


class _File(Table):
    format: Annotated[int, Field(strict=True, ge=FORMAT, le=FORMAT)]
    name: Annotated[str, Field(pattern=r"^[\w][\w .+-]{0,59}$")]
    faults: tuple[dict[str, Any], ...] = ()


def read_fault_table(spec: str, *, start: Epoch) -> FaultTable:
    """Read a table of faults by path or bundled name.

    Args:
        spec: Path, `none` or `nominal`.
        start: Of the run, from which stated times are counted.

    Raises:
        FaultTableError: With one problem for each thing wrong.
        TomlError: The file cannot be read.
    """
    name, rows = _read(spec, start)
    return FaultTable(name=name, rows=rows, at_s=tuple(_begins_s(row, start) for row in rows))


def check_fault_table(spec: str) -> None:
    """Check a table of faults that belongs to no run: its times are held against no start.

    Raises:
        FaultTableError, TomlError: As `read_fault_table`.
    """
    _read(spec, None)


def _read(spec: str, start: Epoch | None) -> tuple[str, tuple[FaultRow, ...]]:
    path = find_fault_table(spec, FaultTableError)
    file = validate(_File, read_toml(path), file=str(path), error=FaultTableError)
    rows: list[FaultRow] = []
    problems: list[Problem] = []
    for index, table in enumerate(file.faults):
        prefix = f"faults.{index}."
        try:
            row = validate(FaultRow, table, file=str(path), error=FaultTableError, prefix=prefix)
        except FaultTableError as error:
            problems += error.problems
            continue
        problems += _problems_among(row, rows, start, str(path), prefix)
        rows.append(row)
    if problems:
        raise FaultTableError(problems)
    return file.name, tuple(rows)


def _problems_among(
    row: FaultRow, others: list[FaultRow], start: Epoch | None, file: str, prefix: str
) -> list[Problem]:
    """Return what is wrong with a row beside those before it and the run's start."""
    problems = []
    if any(other.name == row.name for other in others):
        remedy = "give each row a name of its own, by which its faults are drawn"
        problems.append(
            Problem(
                what="twice in this table", remedy=remedy, file=file, field=f"{prefix}name", value=row.name
            )
        )
    problems += [
        Problem(
            what=f"contradicts {other.name!r}: a wheel is held or turns without power",
            remedy="leave one of them out, or give them other wheels or times",
            file=file,
            field=f"{prefix}kind",
            value=row.kind,
        )
        for other in others
        if _contradict(row, other)
    ]
    begins_s = None if start is None else _begins_s(row, start)
    if start is not None and begins_s is not None and begins_s < 0:
        what = f"before the start at {start.utc_at(0.0)}"
        field = f"{prefix}at_utc"
        problems.append(
            Problem(what=what, remedy="give a later time", file=file, field=field, value=row.at_utc)
        )
    return problems


def _contradict(row: FaultRow, other: FaultRow) -> bool:
    """Tell whether two rows say of one wheel at one stated instant both that it is held and that it has no power."""
    of_wheels = row.subsystem == other.subsystem == "wheels" and row.kind != other.kind
    when = [(r.at_s, r.at_m, r.at_utc) for r in (row, other)]
    stated = any(at is not None for at in when[0])
    return of_wheels and stated and when[0] == when[1] and row.wheel is not None and row.wheel == other.wheel


def _begins_s(row: FaultRow, start: Epoch) -> float | None:
    return row.at_s if row.at_utc is None else start.seconds_until(parse_utc(row.at_utc))
