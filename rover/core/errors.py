"""Errors: one root, one class per cause, each with a code, an exit status and a remedy.

A refusal (no route, not enough energy) is an answer and is returned as `NoPlan`; these are for input that
cannot be used and resources that are not there.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong: where it stands, what it is and what to do about it."""

    what: str
    remedy: str
    file: str | None = None
    field: str | None = None
    value: object = None

    def __str__(self) -> str:
        parts = []
        if self.file is not None:
            parts.append(f"{self.file}: ")
        if self.field is not None:
            shown = "" if self.value is None else f" = {_shown(self.value)}"
            parts.append(f"{self.field}{shown}: ")
        parts.append(f"{self.what}; {self.remedy}" if self.remedy else self.what)
        return _one_line("".join(parts))


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, date):  # and datetime: TOML has both
        text = value.isoformat()
    return text if len(text) <= 60 else text[:57] + "..."


class FarsideError(Exception):
    """Root of every error that this package raises on purpose.

    Holds one or more `Problem`; `str()` gives the single line that the command line prints.
    """

    code: ClassVar[str] = "INTERNAL"
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str | list[Problem],
        *,
        remedy: str = "",
        file: object = None,
        field: str | None = None,
        value: object = None,
        listed_by: str | None = None,
    ) -> None:
        if isinstance(what, str):
            named = None if file is None else str(file)
            what = [Problem(what=what, remedy=remedy, file=named, field=field, value=value)]
        self._listed_by = listed_by
        self.problems: tuple[Problem, ...] = tuple(what)
        super().__init__(str(self))

    def by_the_names(self, names: Mapping[str, str]) -> Self:
        """Return the same error with fields by the names that whoever asked knows them by, where `names` has one."""
        renamed = [replace(p, field=names.get(p.field or "", p.field)) for p in self.problems]
        return type(self)(renamed, listed_by=self._listed_by)

    def __str__(self) -> str:
        first = self.problems[0]
        more = len(self.problems) - 1
        command = self._listed_by or (first.file and f"farside check {shlex.quote(first.file)}")
        where = f": {command} lists them" if command else ""
        tail = f" (+{more} more{where})" if more else ""
        return _one_line(f"farside: error[{self.code}]: {first}{tail}")

    def __reduce__(self) -> tuple[type[FarsideError], tuple[list[Problem]]]:
        return type(self), (list(self.problems),)  # so that a worker process can send it home


class UsageError(FarsideError):
    """A command-line argument that cannot be meant."""

    code = "USAGE"
    exit_code = 2


class TomlError(FarsideError):
    """A TOML file that is missing, empty, not UTF-8 or malformed."""

    code = "TOML"
    exit_code = 2


class ScenarioError(FarsideError):
    """A scenario with unknown, missing, mistyped or impossible values."""

    code = "SCENARIO"
    exit_code = 2


class FaultTableError(FarsideError):
    """A table of faults with unknown, missing, contradictory or impossible values."""

    code = "FAULTS"
    exit_code = 2


class VehicleError(FarsideError):
    """A vehicle file with unknown, missing, mistyped or impossible values."""

    code = "VEHICLE"
    exit_code = 2


class LanderError(FarsideError):
    """A lander file with unknown, missing, mistyped or impossible values."""

    code = "LANDER"
    exit_code = 2


class CameraError(FarsideError):
    """A camera that can see nothing from where it is put."""

    code = "CAMERA"
    exit_code = 2


class SiteError(FarsideError):
    """A site file with unknown, missing, mistyped or impossible values."""

    code = "SITE"
    exit_code = 2


class StationError(FarsideError):
    """A station file with unknown, missing, mistyped or impossible values."""

    code = "STATION"
    exit_code = 2


class TimeError(FarsideError):
    """A date that is none, or one outside the years that are served."""

    code = "TIME"
    exit_code = 2


class PlannerError(FarsideError):
    """A planner that cannot be found or loaded, or that broke its own contract."""

    code = "PLANNER"
    exit_code = 2


class PlaceError(FarsideError):
    """A start, goal or window that lies outside the terrain."""

    code = "PLACE"
    exit_code = 2


class PlanFileError(FarsideError):
    """A plan file that is missing, truncated, of a newer format or of another DEM, or waypoints that are none."""

    code = "PLAN_FILE"
    exit_code = 2


class ZoneError(FarsideError):
    """A zone that is no polygon, crosses itself or cannot be read."""

    code = "ZONE"
    exit_code = 2


class WaypointError(FarsideError):
    """A science waypoint that cannot be meant: no place, a negative dwell, a window that closes before it opens."""

    code = "WAYPOINT"
    exit_code = 2


class DemFileError(FarsideError):
    """A terrain file that is missing, unreadable, truncated or not of a served format."""

    code = "DEM_FILE"
    exit_code = 3


class DemFrameError(FarsideError):
    """Terrain in degrees, in feet, rotated, without a frame, on another body, or not square where it must be."""

    code = "DEM_FRAME"
    exit_code = 3


class DemValueError(FarsideError):
    """Terrain whose elevations cannot be meant: all no-data, infinite, an undeclared sentinel."""

    code = "DEM_VALUES"
    exit_code = 3


class RockListError(FarsideError):
    """A list of rocks that is missing, lacks a column or holds values that no rock has."""

    code = "ROCK_LIST"
    exit_code = 3


class LogError(FarsideError):
    """A list of published times that is missing, lacks a column or holds a lunar day that is none."""

    code = "LOG"
    exit_code = 2


class CostMapError(FarsideError):
    """Costs that no search can use: NaN, zero, negative, or not a raster."""

    code = "COST_MAP"
    exit_code = 3


class GridMapError(FarsideError):
    """A benchmark's grid map that is missing, truncated, not text or holds terrain of no known weight."""

    code = "GRID_MAP"
    exit_code = 3


class GridScenarioError(FarsideError):
    """A benchmark's scenarios that are cut off, of another map, or between cells that cannot be ends."""

    code = "GRID_SCENARIO"
    exit_code = 2


class BenchmarkError(FarsideError):
    """A set of benchmark problems that is damaged, or whose seeds no longer make the problems that it answers."""

    code = "BENCH_SET"
    exit_code = 8


class KernelError(FarsideError):
    """SPICE kernels that are missing, cannot be read or hold no Moon, Earth or Sun; or spiceypy is not installed."""

    code = "KERNELS"
    exit_code = 3


class ResourceError(FarsideError):
    """Not enough disk, memory, time or allowed cells."""

    code = "RESOURCE"
    exit_code = 5


class TimeLimitError(ResourceError):
    """A search that was given a time and did not end within it; the message states the best bound.

    Attributes:
        known_s: Cost of the best way that a search of the grid had found, None if none; a copy does not keep it.
    """

    code = "TIME_LIMIT"
    known_s: float | None = None


class ClusterError(ResourceError):
    """A cluster that is not there, has no workers, or whose workers would not come to the same results."""

    code = "CLUSTER"


class OutputError(ResourceError):
    """An output that cannot be written."""

    code = "OUTPUT"


class ResultsError(FarsideError):
    """A stored result that cannot be read: missing, truncated, or of a newer format."""

    code = "RESULTS"
    exit_code = 7
