"""One run of a campaign: its scenario made, driven, and what is kept of it."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rover.core.errors import FarsideError, PlannerError, ResourceError
from rover.io.toml import read_once
from sim.campaign.draws import Draw, Value, value_text


class Status(StrEnum):
    """What became of a run."""

    DONE = "done"
    """It was driven, whatever the outcome."""
    IMPOSSIBLE = "impossible"
    """What was drawn makes no scenario that can be used."""
    QUARANTINED = "quarantined"
    """It failed, and once more when it was alone."""


FIGURES = (
    "distance_m",
    "planned_length_m",
    "elapsed_s",
    "min_soc",
    "harvest_j",
    "load_j",
    "stops",
    "naps",
    "dormancies",
    "wakes",
    "replans",
    "faults",
    "violations",
)
"""Of a run that was driven, in the words of its `summary.json`; of violations their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A run to be done.

    Attributes:
        spec: Of the scenario: a path or a bundled name.
        settings: `key=value` each, the same for every run.
        keys: That vary.
        draw: What they are, and the seed.
        files: Contents of the TOML files that the campaign was begun with, by path.
        limit_s: Longest that it may take by the clock, None for any; its process is ended then.
    """

    spec: str
    settings: tuple[str, ...]
    keys: tuple[str, ...]
    draw: Draw
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    limit_s: float | None = None

    def all_settings(self) -> list[str]:
        """Return the settings of this run: those of all, and what was drawn."""
        drawn = zip(self.keys, self.draw.values, strict=True)
        return [*self.settings, *(f"{key}={value_text(value)}" for key, value in drawn)]

    def command(self) -> str:
        """Return the command that drives this run again."""
        words = ["farside", "run", self.spec]
        if self.draw.seed is not None:
            words += ["--seed", str(self.draw.seed)]
        for setting in self.all_settings():
            words += ["--set", setting]
        return shlex.join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that has ended.

    Attributes:
        run: Its number.
        seed: Of its scenario, None where it came to none.
        values: Drawn, in the order of the keys.
        status: What became of it.
        outcome: Of the drive, in the words of `Outcome`; empty unless done.
        reason: One sentence.
        figures: By the names of `FIGURES`; empty unless done.
        wall_s: How long it took, in no table.
    """

    run: int
    seed: int | None
    values: tuple[Value, ...]
    status: Status
    outcome: str
    reason: str
    figures: Mapping[str, float | None]
    wall_s: float


Perform = Callable[[Task], Ended]
"""Does a run; where it goes to another process, a function of a module."""


def perform(task: Task) -> Ended:
    """Drive a run, of the files as they were when the campaign began.

    A scenario that cannot be used is an answer. Anything else that goes wrong is raised.

    Raises:
        FarsideError: A file could not be read, which may pass.
        PlannerError: The planner broke its contract, which is no fault of the scenario's.
        ResourceError: Not enough memory, disk or time.
    """
    from sim.run.closed_loop import run_scenario
    from sim.run.scenario import load_scenario

    began = time.perf_counter()
    try:
        with read_once(dict(task.files)):
            scenario = load_scenario(task.spec, settings=task.all_settings(), seed=task.draw.seed)
            log = run_scenario(scenario)
    except (PlannerError, ResourceError):
        raise
    except FarsideError as error:
        if _comes_of_the_system(error):
            raise
        return without_drive(task, Status.IMPOSSIBLE, _why_impossible(error, task.keys))
    return Ended(
        run=task.draw.run,
        seed=scenario.seed,
        values=task.draw.values,
        status=Status.DONE,
        outcome=log.outcome.value,
        reason=log.reason,
        figures=_figures(log.summary),
        wall_s=time.perf_counter() - began,
    )


def _why_impossible(error: FarsideError, keys: Sequence[str]) -> str:
    """Return what was wrong, and for a key whose values fall between its steps the distribution that does not."""
    why = str(error).removeprefix("farside: ")
    between = [p for p in error.problems if p.field in keys and "whole number" in f"{p.what} {p.remedy}"]
    return f"{why} (to vary it: uniform(A, B, STEP), integers(A, B) or choice(A, B, ...))" if between else why


def _comes_of_the_system(error: BaseException) -> bool:
    """Whether an error was raised over one of the system's, such as a disk that did not answer."""
    beneath = error.__cause__ or error.__context__
    return isinstance(beneath, OSError) or (beneath is not None and _comes_of_the_system(beneath))


def without_drive(task: Task, status: Status, reason: str) -> Ended:
    """Return a run of which nothing was driven."""
    return Ended(
        run=task.draw.run,
        seed=task.draw.seed,
        values=task.draw.values,
        status=status,
        outcome="",
        reason=reason,
        figures={},
        wall_s=0.0,
    )


def _figures(summary: Mapping[str, Any]) -> dict[str, float | None]:
    held = {**summary, "violations": len(summary["violations"])}
    return {name: _finite(held[name]) for name in FIGURES}


def _finite(value: float | None) -> float | None:
    """Return a number as JSON gives it back."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int) else float(value)
