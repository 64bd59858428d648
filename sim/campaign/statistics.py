"""What a campaign's table tells: how often it went well, how sure that is, and which runs went worst."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.campaign.results import CampaignTable
from sim.campaign.task import Status
from sim.run.runlog import Outcome

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""The normal distribution has 95 % within this many standard deviations of its mean."""

_WORST_FIRST = (
    Outcome.LOST,
    Outcome.VIOLATED,
    Outcome.STOPPED_SAFE,
    Outcome.TIMED_OUT,
    Outcome.NO_PLAN,
    Outcome.INTERRUPTED,
    Outcome.ARRIVED,
)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of how many, and the interval of its probability, at `CONFIDENCE`."""

    count: int
    of: int
    low: float
    high: float


def wilson(count: int, of: int) -> Share:
    """Return a share with Wilson's score interval (Wilson 1927, J. Am. Stat. Assoc. 22); 0 to 1 of none."""
    if of == 0:
        return Share(count=0, of=0, low=0.0, high=1.0)
    share, z2 = count / of, _Z**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    low = 0.0 if count == 0 else max(0.0, middle - half)
    return Share(count=count, of=of, low=low, high=1.0 if count == of else min(1.0, middle + half))


def failure_bound(failures: int, of: int) -> float:
    """Return what the probability of a failure is below, at `CONFIDENCE` and one-sided (Clopper and Pearson 1934).

    Without a failure that is `1 - 0.05 ** (1 / n)`, of which the rule of three, 3 / n, is the approximation.
    """
    if failures >= of:
        return 1.0
    if failures == 0:
        return -math.expm1(math.log1p(-CONFIDENCE) / of)
    from scipy.special import betaincinv

    return float(betaincinv(failures + 1, of - failures, CONFIDENCE))


def driven(table: CampaignTable) -> Mask:
    """Return (n,) whether a run was driven, or planned and answered."""
    return np.asarray(table.status == Status.DONE.value)


def counted(table: CampaignTable) -> Mask:
    """Return (n,) whether a run counts for success: its scenario was possible. One that was quarantined has failed."""
    return np.asarray(table.status != Status.IMPOSSIBLE.value)


def succeeded(table: CampaignTable) -> Mask:
    """Return (n,) whether a run arrived and broke no rule."""
    arrived = driven(table) & (table.outcome == Outcome.ARRIVED.value)
    return np.asarray(arrived & (table.figures["violations"] == 0))


def success(table: CampaignTable) -> Share:
    """Return how many runs went well, of those whose scenario was possible: those in quarantine did not."""
    return wilson(int(succeeded(table).sum()), int(counted(table).sum()))


def outcomes(table: CampaignTable) -> dict[str, int]:
    """Return how many runs had each outcome that occurs, the worst first."""
    held = table.outcome[driven(table)]
    counts = {outcome.value: int((held == outcome.value).sum()) for outcome in _WORST_FIRST}
    return {name: count for name, count in counts.items() if count}


def worst_runs(table: CampaignTable, most: int = 5) -> list[int]:
    """Return the rows of the worst runs that were driven, the worst first.

    Lost, then those that broke rules, then by outcome; among equals more rules, less charge, longer. Runs that went
    well are not among them unless all did.
    """
    rank = {outcome.value: place for place, outcome in enumerate(_WORST_FIRST)}
    well = succeeded(table)
    rows = [int(row) for row in np.flatnonzero(driven(table) & (~well | bool(well[driven(table)].all())))]

    def badness(row: int) -> tuple[float, float, float, float, int]:
        charge, elapsed = table.figures["min_soc"][row], table.figures["elapsed_s"][row]
        broken, outcome = float(table.figures["violations"][row]), str(table.outcome[row])
        return (
            rank[outcome] if broken == 0 else min(rank[outcome], rank[Outcome.VIOLATED.value]),
            -broken,
            math.inf if math.isnan(charge) else float(charge),
            -float(elapsed),
            row,
        )

    return sorted(rows, key=badness)[:most]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Success against a varied key.

    Attributes:
        key: What varied.
        labels: (k,) of the groups, where its values are words; empty where they are numbers.
        at: (k,) middle of the values of each group, or its place.
        shares: One for each group.
    """

    key: str
    labels: tuple[str, ...]
    at: Floats
    shares: tuple[Share, ...]


def curve_of(table: CampaignTable, place: int, *, groups: int = 8) -> Curve | None:
    """Return success against the key at a place of the table's keys; None where no run counts.

    Numbers of more than `groups` values are grouped, in their order, into as many groups of as many runs.
    """
    values, kept, well = table.values[place], counted(table), succeeded(table)
    if not kept.any():
        return None
    values, well = values[kept], well[kept]
    distinct = np.unique(values)
    if values.dtype.kind != "f" or len(distinct) <= groups:
        members = [values == value for value in distinct]
    else:
        parts = np.array_split(np.argsort(values, kind="stable"), groups)
        members = [np.isin(np.arange(len(values)), part) for part in parts]
    words = values.dtype.kind != "f"
    return Curve(
        key=table.keys[place],
        labels=tuple(str(value) for value in distinct) if words else (),
        at=np.arange(len(members), dtype=np.float64)
        if words
        else np.array([np.mean(values[m]) for m in members]),
        shares=tuple(wilson(int(well[member].sum()), int(member.sum())) for member in members),
    )
