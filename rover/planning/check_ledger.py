"""What a check of a traverse is about and what it finds: steps as arrays, and how near each comes to its bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone
from rover.hazard.detect import HazardMap
from rover.io.plan_file import PlanFile, PlanLimits
from rover.limits.thermal import SunWindowParams
from rover.sky.almanac import Almanac
from rover.terrain.derive import Terrain
from rover.terrain.horizon import HorizonMap

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What a plan is held against.

    Attributes:
        terrain, hazards, horizon: Maps on one geometry.
        almanac: Of the plan's whole time; with the relay where a margin of the link is asked for.
        vehicle, sun: The rover, and what the Sun allows.
        zones: Keep-in and keep-out.
        zone_times: When each of them holds, seconds since the almanac's epoch; None for always.
        start_m, goal_m: (east, north).
        soc: State of charge at departure.
        command_cycle_s: What each stop for commands takes at the least, 0 when autonomous.
    """

    terrain: Terrain
    hazards: HazardMap
    horizon: HorizonMap
    almanac: Almanac
    vehicle: VehicleParams
    sun: SunWindowParams
    zones: Sequence[Zone] = ()
    zone_times: Sequence[tuple[float, float]] | None = None
    start_m: tuple[float, float]
    goal_m: tuple[float, float]
    soc: float
    command_cycle_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """The steps of a plan as arrays of n.

    Attributes:
        mode: What is done.
        start_s, end_s: When.
        here, there: (n, 2) cells.
        soc, soc_after, harvest_j, load_j: As stated.
    """

    mode: npt.NDArray[np.object_]
    start_s: Floats
    end_s: Floats
    here: Cells
    there: Cells
    soc: Floats
    soc_after: Floats
    harvest_j: Floats
    load_j: Floats

    def __len__(self) -> int:
        return len(self.mode)

    @property
    def span_s(self) -> Floats:
        return self.end_s - self.start_s

    @property
    def legs(self) -> Indices:
        """Which steps drive."""
        return np.flatnonzero(self.mode == Mode.DRIVE)

    @property
    def stays(self) -> Indices:
        """Which do not."""
        return np.flatnonzero(self.mode != Mode.DRIVE)


def steps_of_file(plan: PlanFile) -> Steps:
    """Return a plan file's steps as arrays."""
    steps = plan.steps

    def column(name: str) -> Floats:
        return np.array([getattr(step, name) for step in steps], np.float64)

    return Steps(
        mode=np.array([step.mode for step in steps], object),
        start_s=column("start_s"),
        end_s=column("end_s"),
        here=np.array([step.cell for step in steps], np.int64).reshape(-1, 2),
        there=np.array([step.to for step in steps], np.int64).reshape(-1, 2),
        soc=column("soc"),
        soc_after=column("soc_after"),
        harvest_j=column("harvest_wh") * 3600.0,
        load_j=column("load_wh") * 3600.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How near a step comes to a bound.

    Attributes:
        limit, unit: Which.
        step: Number of the step, from 0; None of the plan as a whole.
        time_s: When it begins, since the scenario's epoch.
        cell: (row, col) where it begins.
        value, bound: What it reaches, and what it may.
        slack: Distance to the bound, negative beyond it.
        tolerance: What the stored layers and figures are worth; beyond it the limit is broken. Negative where the bound
            itself is too much.
    """

    limit: str
    unit: str
    step: int | None
    time_s: float
    cell: tuple[int, int] | None
    value: float
    bound: float
    slack: float
    tolerance: float

    @property
    def holds(self) -> bool:
        return self.slack >= -self.tolerance  # NaN does not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check comes to.

    Attributes:
        worst: The worst finding of each limit that was looked at, in the order of looking.
        broken: Every finding that does not hold.
    """

    worst: tuple[Finding, ...]
    broken: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return not self.broken


@dataclass(slots=True)
class Ledger:
    """Takes findings as arrays and keeps the worst of each limit and all that are broken."""

    steps: Steps
    worst: dict[str, Finding] = field(default_factory=dict)
    broken: list[Finding] = field(default_factory=list)

    def at_most(
        self, limit: str, unit: str, at: npt.ArrayLike, value: npt.ArrayLike, bound: npt.ArrayLike, *,
        tolerance: npt.ArrayLike = 0.0,
    ) -> None:  # fmt: skip
        """Note values that must not exceed a bound.

        Args:
            limit, unit: Which.
            at: (k,) steps.
            value, bound, tolerance: Numbers or (k,).
        """
        self._note(limit, unit, at, value, bound, np.subtract(bound, value), tolerance)

    def at_least(
        self, limit: str, unit: str, at: npt.ArrayLike, value: npt.ArrayLike, bound: npt.ArrayLike, *,
        tolerance: npt.ArrayLike = 0.0,
    ) -> None:  # fmt: skip
        """Note values that must not fall below a bound; arguments as of `at_most`."""
        self._note(limit, unit, at, value, bound, np.subtract(value, bound), tolerance)

    def _note(
        self, limit: str, unit: str, at: npt.ArrayLike, value: npt.ArrayLike, bound: npt.ArrayLike,
        slack: npt.ArrayLike, tolerance: npt.ArrayLike,
    ) -> None:  # fmt: skip
        where = np.atleast_1d(np.asarray(at, np.intp))
        if len(where) == 0:
            return
        table = np.stack(
            [
                np.broadcast_to(np.asarray(v, np.float64), where.shape)
                for v in (value, bound, slack, tolerance)
            ]
        )
        spare = np.where(np.isnan(table[2]), -math.inf, table[2] + table[3])
        noted = [int(spare.argmin()), *np.flatnonzero(~(spare >= 0)).tolist()]
        found = [self._finding(limit, unit, int(where[i]), table[:, i].tolist()) for i in noted]
        held = self.worst.get(limit)
        if held is None or not found[0].slack + found[0].tolerance >= held.slack + held.tolerance:
            self.worst[limit] = found[0]
        self.broken += found[1:]

    def _finding(self, limit: str, unit: str, step: int, figures: list[float]) -> Finding:
        value, bound, slack, tolerance = figures
        if step < 0:  # of the plan as a whole
            return Finding(
                limit=limit, unit=unit, step=None, time_s=math.nan, cell=None, value=value, bound=bound,
                slack=slack, tolerance=tolerance,
            )  # fmt: skip
        row, col = self.steps.here[step].tolist()
        return Finding(
            limit=limit, unit=unit, step=step, time_s=float(self.steps.start_s[step]), cell=(row, col),
            value=value, bound=bound, slack=slack, tolerance=tolerance,
        )  # fmt: skip

    def verdict(self) -> Verdict:
        """Return what has been noted; what is broken in the order of the steps."""
        order = sorted(self.broken, key=lambda finding: -1 if finding.step is None else finding.step)
        return Verdict(worst=tuple(self.worst.values()), broken=tuple(order))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One check under way: what is known, what the file says, and the ledger."""

    known: Known
    limits: PlanLimits
    steps: Steps
    ledger: Ledger
