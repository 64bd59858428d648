"""The validation table: every row computed, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sim.validation.targets import Figure, Row, Targets


class Verdict(StrEnum):
    """What came of a row, the worst of its figures."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_MODELLED = "not modelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A figure and what the simulation gives for it, None where it gives nothing."""

    figure: Figure
    value: float | None

    @property
    def verdict(self) -> Verdict:
        """Whether it lies in its range; what is not a number does not."""
        if self.value is None:
            return Verdict.NOT_MODELLED
        return Verdict.HOLDS if self.figure.low <= self.value <= self.figure.high else Verdict.FAILS


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A row of the table, computed."""

    row: Row
    figures: tuple[Held, ...]

    @property
    def verdict(self) -> Verdict:
        """Fails if a figure does; not modelled if none does and one is not."""
        found = {held.verdict for held in self.figures}
        return next(v for v in (Verdict.FAILS, Verdict.NOT_MODELLED, Verdict.HOLDS) if v in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What computes some of the figures, all at once.

    Attributes:
        name: What is done, in words.
        rows: Numbers of the rows whose figures it gives.
        cost: About how long it takes beside others, for progress.
        compute: Yields figures by their keys.
    """

    name: str
    rows: tuple[int, ...]
    cost: float
    compute: Callable[[Targets], Iterator[tuple[str, float]]]


def parts() -> tuple[Part, ...]:
    """Return all of them, the quick ones first."""
    from sim.validation import dormancy, drive, ground, heat, pace, sky

    return (
        Part(name="Sun at touchdown", rows=(1,), cost=0.1, compute=lambda _: sky.touchdown()),
        Part(name="sub-solar point", rows=(2,), cost=0.1, compute=lambda _: sky.meeus()),
        Part(name="sunrises and sunsets", rows=(3,), cost=1.0, compute=lambda t: sky.sun_table(t.sun)),
        Part(name="noons and days", rows=(4, 5), cost=2.0, compute=lambda _: sky.days()),
        Part(name="wakes and sleeps", rows=(6, 7, 9), cost=0.5, compute=lambda _: dormancy.wakes()),
        Part(name="the lander's wakes", rows=(8,), cost=0.2, compute=lambda _: dormancy.lander_wakes()),
        Part(name="time awake", rows=(10,), cost=0.5, compute=lambda _: dormancy.awake()),
        Part(name="noon nap", rows=(11,), cost=0.1, compute=lambda _: dormancy.nap()),
        Part(name="halo orbit", rows=(23,), cost=0.1, compute=lambda _: sky.halo()),
        Part(name="relay", rows=(24, 25), cost=0.3, compute=lambda _: sky.relay()),
        Part(name="Earth", rows=(26,), cost=3.0, compute=lambda _: sky.earth()),
        Part(name="ground's heat", rows=(27,), cost=0.3, compute=lambda _: heat.surface()),
        Part(name="rocks", rows=(20,), cost=0.3, compute=lambda _: ground.rocks()),
        Part(name="small craters", rows=(21,), cost=5.0, compute=lambda _: ground.craters()),
        Part(name="slopes", rows=(22,), cost=0.3, compute=lambda _: ground.slopes()),
        Part(name="a drive on wheels", rows=(18, 19), cost=4.0, compute=lambda _: drive.wheels()),
        Part(name="a drive with cameras", rows=(17,), cost=10.0, compute=lambda _: drive.odometer()),
        Part(
            name="a year of lunar days", rows=(12, 13, 14, 15, 16), cost=60.0, compute=lambda _: pace.paced()
        ),
    )


def validate_rows(
    targets: Targets, numbers: Sequence[int], told: Callable[[float, str], None]
) -> tuple[HeldRow, ...]:
    """Compute rows of the table.

    Args:
        targets: What they are held to.
        numbers: Which.
        told: Told how much is done, 0 to 1, and what comes next.
    """
    asked = [part for part in parts() if set(part.rows) & set(numbers)]
    whole, done = sum(part.cost for part in asked) or 1.0, 0.0
    values: dict[str, float] = {}
    for part in asked:
        told(done / whole, part.name)
        values |= dict(part.compute(targets))
        done += part.cost
    told(1.0, "done")
    return tuple(
        HeldRow(row=row, figures=tuple(Held(figure=f, value=values.get(f.key)) for f in row.figure))
        for row in targets.row
        if row.number in numbers
    )


def counts(rows: Sequence[HeldRow]) -> dict[Verdict, int]:
    """Return how many rows have each verdict."""
    return {verdict: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
