"""What came of the set farside-bench, in words, as CSV and JSON, and as a picture."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.bench.score import Score

CSV, JSON, PICTURE = "bench.csv", "bench.json", "bench.png"

_HEAD = (
    "planner", "problem", "kind", "cells", "feasible", "success", "answer", "cost_ratio", "over_proven", "seconds",
    "memory_mib", "violations", "first_violation",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What a planner comes to over all that it was asked.

    Attributes:
        planner: Its name.
        asked, succeeded, late, violations: How many.
        mean_ratio, worst_ratio: Of its plans that hold and have a least to be held to; NaN where there is none.
        seconds: Of all answers.
        memory_mib: The most.
    """

    planner: str
    asked: int
    succeeded: int
    late: int
    violations: int
    mean_ratio: float
    worst_ratio: float
    seconds: float
    memory_mib: float


def totals(scores: Sequence[Score]) -> list[Total]:
    """Return a total for each planner, in their order."""
    names = dict.fromkeys(score.planner for score in scores)
    return [_total(name, [score for score in scores if score.planner == name]) for name in names]


def _total(name: str, scores: Sequence[Score]) -> Total:
    ratios = [score.ratio for score in scores if math.isfinite(score.ratio)]
    return Total(
        planner=name,
        asked=len(scores),
        succeeded=sum(score.success for score in scores),
        late=sum(not score.success and not score.wrong for score in scores),
        violations=sum(len(score.violations) for score in scores),
        mean_ratio=math.fsum(ratios) / len(ratios) if ratios else math.nan,
        worst_ratio=max(ratios, default=math.nan),
        seconds=math.fsum(score.seconds for score in scores),
        memory_mib=max((score.memory_mib for score in scores), default=math.nan),
    )


def text_lines(scores: Sequence[Score]) -> Iterator[str]:
    """Yield a line for each answer and one for each planner."""
    if not scores:
        yield "nothing was asked: none of the planners takes problems of this kind"
        return
    who = max(len("planner"), *(len(score.planner) for score in scores))
    what = max(len("problem"), *(len(score.problem.name) for score in scores))
    yield f"{'planner':{who}}  {'problem':{what}}  cells  ok   cost ratio   seconds     MiB  answer"
    for score in scores:
        mark = "yes" if score.success else "NO"
        asked = f"{score.planner:{who}}  {score.problem.name:{what}}  {score.problem.cells:5d}"
        figures = f"{_ratio(score.ratio):>10}  {score.seconds:8.3f}  {_mib(score.memory_mib):>6}"
        yield f"{asked}  {mark:3}  {figures}  {score.told}"
        for violation in score.violations:
            yield f"{'':{who}}  {'':{what}}  {violation}"
    for total in totals(scores):
        late = f", {total.late} out of time" if total.late else ""
        yield (
            f"{total.planner}: {total.succeeded} of {total.asked} right{late}; cost ratio {_ratio(total.mean_ratio)} in"
            f" the mean, {_ratio(total.worst_ratio)} at worst; {total.seconds:.3g} s,"
            f" {_mib(total.memory_mib)} MiB at most; {total.violations} violations"
        )


def _ratio(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.6f}"


def _mib(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0f}"


def as_json_text(scores: Sequence[Score]) -> str:
    """Return one object: an entry for each answer and a total for each planner; what is not known is null."""
    told = {
        "answers": [
            {
                "planner": score.planner,
                "problem": score.problem.name,
                "kind": score.problem.kind,
                "cells": score.problem.cells,
                "feasible": score.problem.feasible,
                "success": score.success,
                "answer": score.told,
                "cost_ratio": _plain(score.ratio),
                "over_proven": _plain(score.over_proven),
                "seconds": score.seconds,
                "memory_mib": _plain(score.memory_mib),
                "violations": list(score.violations),
            }
            for score in scores
        ],
        "planners": [
            {name: _plain(getattr(total, name)) for name in Total.__slots__} for total in totals(scores)
        ],
    }
    return json.dumps(told, indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_csv(scores: Sequence[Score]) -> str:
    """Return a line for each answer."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    for score in scores:
        problem, first = score.problem, score.violations[0] if score.violations else ""
        asked = (score.planner, problem.name, problem.kind, problem.cells, problem.feasible)
        figures = (
            _shown(score.ratio),
            _shown(score.over_proven),
            f"{score.seconds:.6f}",
            _shown(score.memory_mib),
            len(score.violations),
        )
        writer.writerow([*asked, score.success, score.told, *figures, first])
    return text.getvalue()


def _shown(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def write_folder(scores: Sequence[Score], folder: Path) -> None:
    """Write the table and its picture into a folder."""
    from sim.view.bench import draw_bench
    from sim.view.save import save_figure

    (folder / CSV).write_text(as_csv(scores), encoding="utf-8", newline="\n")
    (folder / JSON).write_text(as_json_text(scores) + "\n", encoding="utf-8", newline="\n")
    save_figure(draw_bench(sheet_of(scores)), folder / PICTURE)


def sheet_of(scores: Sequence[Score]) -> Any:
    """Return what is drawn."""
    from sim.view.bench import Answered, BenchSheet

    found = totals(scores)
    right = sum(score.success for score in scores)
    problems = len({score.problem.name for score in scores})
    return BenchSheet(
        title="farside-bench",
        lines=[f"{problems} problems, {len(scores)} answers, {right} right"],
        well=all(score.success for score in scores),
        planners=[
            Answered(
                name=f"{total.planner} ({total.succeeded} of {total.asked})",
                cells=[score.problem.cells for score in of],
                success=[score.success for score in of],
                seconds=[score.seconds for score in of],
                memory_mib=[score.memory_mib for score in of],
                ratio=[score.ratio for score in of],
            )
            for total in found
            for of in ([score for score in scores if score.planner == total.planner],)
        ],
    )
