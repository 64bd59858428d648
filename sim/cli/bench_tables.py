"""What came of a benchmark, by map and in all, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rover.io.movingai_scenarios import GridScenario

MOST_SHOWN = 10
"""Mismatches that get a line of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A scenario and the answer to it.

    Attributes:
        scenario: What was asked.
        length: Least length found; None where no way was.
        seconds: Of the search.
        expanded: Cells whose neighbours were looked at.
    """

    scenario: GridScenario
    length: float | None
    seconds: float
    expanded: int

    @property
    def error(self) -> float | None:
        """Difference from the listed length, without sign; None where no way was found."""
        return None if self.length is None else abs(self.length - self.scenario.length)

    @property
    def differs(self) -> bool:
        """Whether by more than the listed length's rounding."""
        return self.error is None or not self.error <= self.scenario.rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class MapScore:
    """The scenarios of one file, and the map that they are of."""

    file: Path
    map_file: Path
    solved: tuple[Solved, ...]

    @property
    def mismatches(self) -> int:
        """How many differ from what is listed."""
        return sum(one.differs for one in self.solved)

    @property
    def worst_error(self) -> float | None:
        """Greatest error; None where a way that is listed was not found."""
        errors = [one.error for one in self.solved]
        found = [error for error in errors if error is not None]
        return max(found, default=0.0) if len(found) == len(errors) else None

    @property
    def seconds(self) -> float:
        """Of all searches."""
        return sum(one.seconds for one in self.solved)

    @property
    def expanded(self) -> int:
        """Cells expanded by all searches."""
        return sum(one.expanded for one in self.solved)


def as_json_text(scores: Sequence[MapScore]) -> str:
    """Return one object of totals; `worst_error` is null where a way that is listed was not found."""
    total = _total(scores)
    fields = {
        "maps": len({score.map_file for score in scores}),
        "scenarios": len(total.solved),
        "mismatches": total.mismatches,
        "worst_error": total.worst_error,
        "seconds": round(total.seconds, 6),
        "expanded": total.expanded,
    }
    return json.dumps(fields)


def as_text(scores: Sequence[MapScore]) -> str:
    """Return a table, a file a line and a line of totals."""
    names = [score.file.name.removesuffix(".scen") for score in scores]
    width = max(map(len, [*names, "all"]))
    head = f"{'map':<{width}}  scenarios  mismatches  worst error  seconds      expanded"
    lines = [_line(name, width, score) for name, score in zip(names, scores, strict=True)]
    return "\n".join([head, *lines, _line("all", width, _total(scores))])


def mismatch_lines(scores: Sequence[MapScore]) -> Iterator[str]:
    """Yield a line for each of the first mismatches, and how many more there are."""
    found = [(score, one) for score in scores for one in score.solved if one.differs]
    for score, one in found[:MOST_SHOWN]:
        asked = one.scenario
        got = "no way" if one.length is None else f"length {one.length:.9g}"
        (row, col), (goal_row, goal_col) = asked.start, asked.goal
        ends = f"x, y {col}, {row} to {goal_col}, {goal_row}"
        yield f"farside: mismatch: {score.file}, line {asked.line}: {ends}: {got}, listed {asked.length:.9g}"
    if len(found) > MOST_SHOWN:
        yield f"farside: {len(found) - MOST_SHOWN} more mismatches"


def _total(scores: Sequence[MapScore]) -> MapScore:
    return MapScore(
        file=Path(), map_file=Path(), solved=tuple(one for score in scores for one in score.solved)
    )


def _line(name: str, width: int, score: MapScore) -> str:
    worst = "no way" if score.worst_error is None else f"{score.worst_error:.2g}"
    counts = f"{len(score.solved):>9}  {score.mismatches:>10}  {worst:>11}"
    return f"{name:<{width}}  {counts}  {score.seconds:>7.2f}  {score.expanded:>12,}"
