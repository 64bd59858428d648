"""Runs that take no time, in the place of drives: functions of a module, which other processes can import."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sim.campaign.draws import parse_varied
from sim.campaign.task import FIGURES, Ended, Status, Task, without_drive

if TYPE_CHECKING:
    from sim.campaign.identity import Campaign

POISON, FAULTY, IMPOSSIBLE = 5, 7, 3
"""Runs that kill their process, that raise, and that come to no scenario."""


def campaign(seed: int = 1, **changes: object) -> Campaign:
    """Return a campaign of no scenario."""
    from sim.campaign.identity import (
        Campaign,  # workers, which begin often here, need none of what it imports
    )

    varied = parse_varied(["power.initial_soc=uniform(0.4, 0.9)", "vehicle.name=choice(yutu-2, other)"])
    plan: dict[str, object] = {
        "spec": "nowhere",
        "name": "nowhere",
        "digest": "d" * 64,
        "settings": ("a=1",),
        "seed": seed,
        "varied": varied,
        "versions": {"farside": "0"},
    }
    return Campaign(**{**plan, **changes})  # type: ignore[arg-type]


def quick(task: Task) -> Ended:
    """Return figures that follow from what was drawn."""
    run, soc = task.draw.run, float(task.draw.values[0])
    assert task.draw.seed is not None
    figures = {name: soc * place + task.draw.seed % 7 for place, name in enumerate(FIGURES)}
    arrived = soc > 0.45
    return Ended(
        run=run,
        seed=task.draw.seed,
        values=task.draw.values,
        status=Status.DONE,
        outcome="arrived" if arrived else "lost",
        reason=f"run {run}, of charge {soc}",
        figures={**figures, "min_soc": soc if run % 4 else None, "violations": 0},
        wall_s=time.perf_counter(),
    )


def quick_or_impossible(task: Task) -> Ended:
    """As `quick`, but for one run."""
    if task.draw.run == IMPOSSIBLE:
        return without_drive(task, Status.IMPOSSIBLE, "cannot be")
    return quick(task)


def slowly(task: Task) -> Ended:
    """As `quick`, in some milliseconds."""
    time.sleep(0.004)
    return quick(task)


def poisonous(task: Task) -> Ended:
    """As `quick`, but one run kills its process and one raises."""
    if task.draw.run == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return faulty(task)


def faulty(task: Task) -> Ended:
    """As `quick`, but one run raises."""
    if task.draw.run == FAULTY:
        raise ZeroDivisionError("of this run alone")
    return quick(task)


def leaving(task: Task) -> Ended:
    """As `quick`, but one run leaves as if all was well."""
    if task.draw.run == FAULTY:
        sys.exit(0)
    return quick(task)


def faulty_at_first(task: Task) -> Ended:
    """As `quick`, but one run raises the first time that it is done, told by a file; the campaign names the folder."""
    mark = Path(task.settings[0]) / f"{task.draw.run}"
    if task.draw.run == FAULTY and not mark.exists():
        mark.touch()
        raise MemoryError
    return quick(task)


def endless(task: Task) -> Ended:
    """As `quick`, but one run goes into code that neither comes back nor lets any thread of Python run."""
    if task.draw.run == FAULTY:
        ctypes.PyDLL(None).sleep(600)
    return quick(task)


def waiting_at_first(task: Task) -> Ended:
    """As `quick`, but one run says by a file whose process it is done in, and then waits to be killed; once."""
    mark = Path(task.settings[0]) / f"{task.draw.run}"
    if task.draw.run == FAULTY and not mark.exists():
        mark.with_suffix(".new").write_text(str(os.getpid()))
        mark.with_suffix(".new").rename(mark)
        time.sleep(60.0)
    return quick(task)
