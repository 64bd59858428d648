"""When faults come: drawn ahead from a seed, as metres driven or seconds at which each begins."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rover.core.errors import FaultTableError
from sim.run.fault_table import FaultRow, FaultTable

FAULT_STREAM = 3
"""Of `SeedSequence(seed, spawn_key=(stream, row))`; senses and ground have streams of their own."""

MOST_FAULTS = 100_000

HOUR_S, KM_M = 3600.0, 1000.0

_DRAWS = 5
"""For each fault: the way or time since the last one, how long, how bad, and two of which or whither."""

_BLOCK = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledFault:
    """A fault that will come.

    Attributes:
        row: Of the table.
        begins_m: Metres driven at which it does, infinite where it waits for a time.
        begins_s: Seconds after the start at which it does, infinite where it waits for a distance.
        lasts_m, lasts_s: It ends when either is over; infinite where it does not end by it.
        magnitude: In the unit of its kind; 0 where it has none.
        which: (2,) shares, 0-1, that tell a wheel or a direction.
    """

    row: FaultRow
    begins_m: float
    begins_s: float
    lasts_m: float
    lasts_s: float
    magnitude: float
    which: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSchedule:
    """All faults of a run, those that wait for a distance and those that wait for a time, each in order."""

    by_distance: tuple[ScheduledFault, ...] = ()
    by_time: tuple[ScheduledFault, ...] = ()


NO_FAULTS = FaultSchedule()


def schedule_faults(
    table: FaultTable, *, seed: int, until_m: float, until_s: float, rate_factor: float = 1.0
) -> FaultSchedule:
    """Return when the faults of a table come.

    Faults at a rate are a Poisson process in metres driven or in time. Each row has a generator of its own, by its
    name, so that rows do not move one another's faults and further ends add faults without changing the earlier.

    Args:
        table: The rows.
        seed: Of the scenario.
        until_m: Distance that cannot be driven in the time allowed.
        until_s: The time allowed.
        rate_factor: All rates are multiplied by it; stated times stay.

    Raises:
        FaultTableError: More faults than a run can tell of.
    """
    _refuse_floods(table, until_m, until_s, rate_factor)
    faults = [
        fault
        for row, at_s in zip(table.rows, table.at_s, strict=True)
        for fault in _of_row(row, at_s, seed, until_m, until_s, rate_factor)
    ]
    return FaultSchedule(
        by_distance=tuple(sorted((f for f in faults if f.begins_m < math.inf), key=lambda f: f.begins_m)),
        by_time=tuple(sorted((f for f in faults if f.begins_s < math.inf), key=lambda f: f.begins_s)),
    )


def _refuse_floods(table: FaultTable, until_m: float, until_s: float, rate_factor: float) -> None:
    for row in table.rows:
        per_m, per_s = _rates(row, rate_factor)
        expected = per_m * until_m + per_s * until_s
        if expected > MOST_FAULTS:
            raise FaultTableError(
                f"about {expected:.2g} faults in the time allowed, more than {MOST_FAULTS}",
                remedy="lower its rate, or operations.max_lunar_days",
                field=row.name,
            )


def _rates(row: FaultRow, factor: float) -> tuple[float, float]:
    """Return faults per metre and per second."""
    per_km = row.per_km.value if row.per_km else 0.0
    per_hour = row.per_hour.value if row.per_hour else 0.0
    return factor * per_km / KM_M, factor * per_hour / HOUR_S


def _of_row(
    row: FaultRow, at_s: float | None, seed: int, until_m: float, until_s: float, factor: float
) -> Iterator[ScheduledFault]:
    draws = _draws(row, seed)
    per_m, per_s = _rates(row, factor)
    if at_s is not None:
        yield _fault(row, next(draws), begins_s=at_s)
    elif row.at_m is not None:
        yield _fault(row, next(draws), begins_m=row.at_m)
    elif per_m + per_s > 0:
        reached, end = 0.0, until_m if per_m else until_s
        for drawn in draws:
            reached -= math.log1p(-drawn[0]) / (per_m + per_s)
            if reached > end:
                return
            yield _fault(row, drawn, begins_m=reached) if per_m else _fault(row, drawn, begins_s=reached)


def _draws(row: FaultRow, seed: int) -> Iterator[list[float]]:
    """Yield the draws of fault after fault without end, in blocks of one stream."""
    key = int.from_bytes(hashlib.sha256(row.name.encode()).digest()[:4], "little")
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(FAULT_STREAM, key)))
    while True:
        yield from generator.random((_BLOCK, _DRAWS)).tolist()


def _fault(
    row: FaultRow, drawn: list[float], *, begins_m: float = math.inf, begins_s: float = math.inf
) -> ScheduledFault:
    lasts = math.inf if row.lasts is None else row.lasts.at(drawn[1])
    in_metres = row.lasts is not None and row.lasts.unit == "m"
    magnitude = 0.0
    if row.magnitude is not None and row.of.magnitude is not None:
        magnitude = min(max(row.magnitude.at(drawn[2]), row.of.magnitude[0]), row.of.magnitude[1])
    return ScheduledFault(
        row=row,
        begins_m=begins_m,
        begins_s=begins_s,
        lasts_m=lasts if in_metres else math.inf,
        lasts_s=math.inf if in_metres else lasts * HOUR_S,
        magnitude=magnitude,
        which=(drawn[3], drawn[4]),
    )
