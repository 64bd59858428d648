"""How far a rover comes in each lunar day: by a timetable, or driving to and fro as long as Sun and battery allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rover.core.boundary import Mode
from rover.limits.base import Span, Timeline
from rover.planning.delay import dusks_of
from rover.planning.label_kernels import CHARGE, TIME
from rover.planning.timetable import Step, steps_of
from rover.planning.tour_legs import towards
from rover.planning.traverse_ground import ground_of
from rover.planning.traverse_search import run_search
from rover.planning.traverse_setup import Outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPace:
    """What is done of one lunar day, which ends with its dusk.

    Attributes:
        from_s, dusk_s: The dusk before it, or the beginning of the timeline, and its own.
        open_s: How long the Sun allows driving.
        length_m: Driven.
        drives: Drives without commands, nap or night between them.
        command_s: Time in command cycles.
        least_soc: Least state of charge, NaN where nothing is done.
    """

    from_s: float
    dusk_s: float
    open_s: float
    length_m: float
    drives: int
    command_s: float
    least_soc: float


def pace_of(steps: Sequence[Step], timeline: Timeline, cell_m: float) -> tuple[DayPace, ...]:
    """Return what is done in each lunar day up to the last step, the last one as far as it goes.

    Args:
        steps: Of a timetable, in order.
        timeline: Its time in bins.
        cell_m: Side of a cell.
    """
    ends = [*dusks_of(timeline).tolist(), math.inf]
    begins = [float(timeline.edge_s[0]), *ends[:-1]]
    days = [
        _day(from_s, dusk_s, [step for step in steps if from_s <= step.start_s < dusk_s], timeline, cell_m)
        for from_s, dusk_s in zip(begins, ends, strict=True)
        if steps and from_s < steps[-1].end_s
    ]
    return tuple(days)


def _day(from_s: float, dusk_s: float, steps: Sequence[Step], timeline: Timeline, cell_m: float) -> DayPace:
    spans = np.diff(np.clip(timeline.edge_s, from_s, dusk_s))
    moves = [step.mode is Mode.DRIVE for step in steps]
    return DayPace(
        from_s=from_s,
        dusk_s=dusk_s,
        open_s=float(spans[timeline.span == Span.DRIVE].sum()),
        length_m=math.fsum(
            math.dist(step.cell, step.to) * cell_m for step, moved in zip(steps, moves, strict=True) if moved
        ),
        drives=sum(now and not before for before, now in zip([False, *moves], moves, strict=False)),
        command_s=math.fsum(step.end_s - step.start_s for step in steps if step.mode is Mode.COMMAND),
        least_soc=min((min(step.soc, step.soc_after) for step in steps), default=math.nan),
    )


def to_and_fro(ready: Outlook, *, until_s: float) -> tuple[Step, ...]:
    """Return what a rover does that drives from start to goal and back, over and over, until a time.

    Each way is that of earliest arrival from the charge that the one before has left: what is driven is what Sun and
    battery allow, wherever there is to go.

    Args:
        ready: The problem.
        until_s: When to stop: the last way is broken off there.
    """
    problem, cols = ready.problem, ready.around.geometry.cols
    there = ground_of(ready.around, ready.rules(), ready.goal)
    back = towards(there, ready.start[0] * cols + ready.start[1])
    at, to, ground, then = ready.start, ready.goal, there, back
    time_s, charge_j = problem.depart_s, problem.soc * problem.vehicle.battery_j
    done: list[Step] = []
    while time_s < until_s:
        labels = next(iter(run_search(ground, at, depart_s=time_s, charge_j=charge_j)))
        if labels.found is None:
            break
        done += steps_of(labels, labels.found)
        time_s, charge_j = (float(labels.search.reals[labels.found, column]) for column in (TIME, CHARGE))
        at, to, ground, then = to, at, then, ground
    return tuple(step for step in done if step.end_s <= until_s)
