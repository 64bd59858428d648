"""What a limit is: a function from a leg to a margin, and a table that a search reads. Negative slack refuses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import GridGeometry
from rover.hazard.costmap import CostMap
from rover.hazard.detect import HazardMap
from rover.hazard.directional import DirectionalCost
from rover.sky.almanac import Almanac
from rover.terrain.derive import Terrain

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOVES = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))
"""Rows and columns to the neighbours, in the order of everything that has eight of something."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """What is forecast, or was measured, of one stretch of a traverse; NaN is what nobody looked at.

    Attributes:
        start_s, end_s: Time since the scenario's epoch.
        path_m: (n, 2) east and north, n at least 1.
        tilt_rad: Largest tilt of the ground on the way.
        soc: Least state of charge on the way, 0-1.
        sun_elevation_rad: (least, greatest) Sun elevation on the way.
        sun_rising: Whether it is before local noon.
        driving: Whether the rover moves.
        asleep: Whether it is dormant.
        commanding: Whether it is a stop for commands.
        climb_rad, descent_rad: Steepest pitch up and down, neither negative.
        roll_rad: Greatest side-slope, not negative.
        clearance_m: Least distance from the middle of the rover to a hazardous cell.
        lit: Least share of the Sun's disc in view, 0-1.
        dark_s: Longest time in shadow, from its beginning to the leg's end at the most.
        relay_rad: Least height of the relay above the horizon, -pi/2 where no ground station sees it.
        dawn_w: Most that the array gives on the place in the first morning after it, in the bins of the plan.
        dusk_s: When the Sun next sinks too low for driving.
    """

    start_s: float
    end_s: float
    path_m: npt.NDArray[np.float64]
    tilt_rad: float
    soc: float
    sun_elevation_rad: tuple[float, float]
    sun_rising: bool
    driving: bool
    asleep: bool = False
    commanding: bool = False
    climb_rad: float = math.nan
    descent_rad: float = math.nan
    roll_rad: float = math.nan
    clearance_m: float = math.nan
    lit: float = math.nan
    dark_s: float = math.nan
    relay_rad: float = math.nan
    dawn_w: float = math.nan
    dusk_s: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """How far a leg is from breaking a limit.

    Attributes:
        limit: Name of the limit.
        value: What the leg reaches, in the unit of the limit's name.
        bound: What it may reach.
        slack: Distance to the bound, negative beyond it.
        time_s: When, since the scenario's epoch.
    """

    limit: str
    value: float
    bound: float
    slack: float
    time_s: float

    @property
    def holds(self) -> bool:
        return self.slack >= 0  # NaN does not hold


class Span(IntEnum):
    """What the Sun allows in a bin of a timeline."""

    DRIVE = 0
    LOW = 1
    """Awake, too low a Sun to drive in."""
    NAP = 2
    NIGHT = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """The time of a plan, cut where what the Sun allows changes, and finely enough for its light.

    Attributes:
        edge_s: (k + 1,) ascending; bin i lasts from edge i to edge i + 1.
        span: (k,) int8 of `Span`.
        sun: (k, 3) direction to the Sun in the middle of each bin: east, north, up.
        flux_w_m2: (k,) irradiance.
        column: (k,) int32 column of the light by cell and bin, -1 at night.
    """

    edge_s: Floats
    span: npt.NDArray[np.int8]
    sun: Floats
    flux_w_m2: Floats
    column: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        count = len(self.span)
        for name, kind, shape in (
            ("edge_s", np.float64, (count + 1,)),
            ("span", np.int8, (count,)),
            ("sun", np.float64, (count, 3)),
            ("flux_w_m2", np.float64, (count,)),
            ("column", np.int32, (count,)),
        ):
            object.__setattr__(self, name, locked(getattr(self, name), kind, shape, name))

    @property
    def middle_s(self) -> Floats:
        """Return the (k,) middles of the bins."""
        return np.asarray((self.edge_s[:-1] + self.edge_s[1:]) / 2)

    def dusk_after(self, time_s: npt.ArrayLike) -> Floats:
        """Return when driving next ends for the evening after each time: where low Sun or night follows driving.

        Infinite where that is past the end.
        """
        ends = (self.span[:-1] == Span.DRIVE) & np.isin(self.span[1:], (Span.LOW, Span.NIGHT))
        dusks = np.append(self.edge_s[1:-1][ends], math.inf)
        return np.asarray(dusks[np.searchsorted(dusks, np.asarray(time_s, np.float64), side="right")])

    def bin_at(self, time_s: float) -> int:
        """Return the bin of a time; of an edge the one that begins there."""
        found = int(np.searchsorted(self.edge_s, time_s, side="right")) - 1
        return min(max(found, 0), len(self.span) - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """What tables are made from.

    Attributes:
        terrain, hazards, costmap: Maps on one geometry.
        headings: What moves cost by heading.
        almanac, timeline: The sky, and the plan's time.
        lit: (rows, cols, columns) uint8 light by cell and bin, of 255.
        relay_cdeg: (rows, cols, columns) int16 height of the relay above the cell's horizon in hundredths of a degree,
            -9000 where no station sees it; None where no relay is asked for.
    """

    terrain: Terrain
    hazards: HazardMap
    costmap: CostMap
    headings: DirectionalCost
    almanac: Almanac
    timeline: Timeline
    lit: npt.NDArray[np.uint8]
    relay_cdeg: npt.NDArray[np.int16] | None = None

    @property
    def geometry(self) -> GridGeometry:
        return self.costmap.geometry


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """What a limit says to a search, which keeps to the strictest of all; None says nothing.

    Attributes:
        cells: (rows, cols) where the rover may be.
        moves: (8, rows, cols) headings, as `MOVES`, at which it may cross a cell.
        halves: (8, rows, cols) headings at which it may go from a cell's centre to its edge, or come in by it.
        bins: (k,) when it may drive.
        cells_by_bin: (rows, cols, columns) where it may drive when.
        floor_soc: (k,) least charge.
        havens: (rows, cols) where a night may be spent.
        least_lit: Least light for driving, of 255.
        longest_dark_s: Longest time in shadow, awake.
        deadline_s: Latest arrival.
    """

    cells: Mask | None = None
    moves: Mask | None = None
    halves: Mask | None = None
    bins: Mask | None = None
    cells_by_bin: Mask | None = None
    floor_soc: Floats | None = None
    havens: Mask | None = None
    least_lit: int = 0
    longest_dark_s: float = math.inf
    deadline_s: float = math.inf


class Limit(Protocol):
    """Something a leg must keep to."""

    @property
    def name(self) -> str:
        """What it is called in margins and reports."""
        ...

    def table(self, around: Surroundings) -> Table:
        """Return what a search reads of this limit."""
        ...

    def margin(self, leg: Leg) -> Margin:
        """Return how far `leg` is from breaking this limit."""
        ...


def combine(tables: list[Table]) -> Table:
    """Return the strictest of all tables, in each respect."""
    return Table(
        cells=_all([table.cells for table in tables]),
        moves=_all([table.moves for table in tables]),
        halves=_all([table.halves for table in tables]),
        bins=_all([table.bins for table in tables]),
        cells_by_bin=_all([table.cells_by_bin for table in tables]),
        floor_soc=_most([table.floor_soc for table in tables]),
        havens=_all([table.havens for table in tables]),
        least_lit=max((table.least_lit for table in tables), default=0),
        longest_dark_s=min((table.longest_dark_s for table in tables), default=math.inf),
        deadline_s=min((table.deadline_s for table in tables), default=math.inf),
    )


def _all(masks: list[Mask | None]) -> Mask | None:
    said = [mask for mask in masks if mask is not None]
    if len(said) < 2:
        return said[0] if said else None
    return np.asarray(np.logical_and.reduce(said))


def _most(floors: list[Floats | None]) -> Floats | None:
    said = [floor for floor in floors if floor is not None]
    return np.asarray(np.maximum.reduce(said)) if said else None
