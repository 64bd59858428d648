"""When a body in the sky stands above the horizon of each cell, over a span of time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rover.core.errors import UsageError
from rover.core.strips import by_strips
from rover.terrain.aim import Aims
from rover.terrain.horizon import UNKNOWN, HorizonMap
from rover.terrain.light_kernels import PIECE, calendar_rows

Floats = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]


class Stretches(NamedTuple):
    """What is told of each cell, (rows, cols) float32 in seconds since the first time, and of the map.

    Attributes:
        begins, ends: First and last time above the horizon; NaN where never.
        longest_below, above: The longest stretch below it, and the time above it in all.
        share: (n,) of the cells with a known horizon, above it at each time; NaN where no horizon is known.
    """

    begins: Floats
    ends: Floats
    longest_below: Floats
    above: Floats
    share: Vector


def stretches_above(horizon: HorizonMap, aims: Aims, time_s: npt.ArrayLike) -> Stretches:
    """Return when a body stands above the horizon of each cell.

    Between two times the height above the horizon is taken to change evenly, so that rises and sets are told better
    than to a step. A body that rises and sets again within a step is missed. All stretches are cut at the first and
    the last time. Unknown cells are NaN.

    Args:
        horizon: The horizon map.
        aims: Where the body stands, n times.
        time_s: (n,) ascending.

    Raises:
        UsageError: Times that do not ascend, or another number of them.
    """
    since_first = checked_times(time_s, len(aims.weight))
    begins, ends, longest, total = (np.empty(horizon.geometry.shape, np.float32) for _ in range(4))
    by_strip: list[npt.NDArray[np.int64]] = []

    def work(first: int, last: int) -> None:
        counts, kept = np.zeros(len(since_first), np.int64), np.empty(6 * PIECE, np.float32)
        calendar_rows(
            horizon.steps, aims, since_first, begins, ends, longest, total, kept, counts, first, last
        )
        by_strip.append(counts)  # whole numbers: their sum does not depend on the order

    by_strips(horizon.geometry.rows, work)
    known = np.count_nonzero(horizon.steps[0] != UNKNOWN)
    share = np.sum(by_strip, axis=0) / known if known else np.full(len(since_first), np.nan)
    return Stretches(begins=begins, ends=ends, longest_below=longest, above=total, share=share)


def checked_times(time_s: npt.ArrayLike, count: int) -> Floats:
    """Return (n,) float32 seconds since the first of (n,) times.

    Raises:
        UsageError: They do not ascend, are not finite, or are not `count`.
    """
    times = np.atleast_1d(np.asarray(time_s, np.float64))
    if times.shape != (count,):
        remedy = "give one time for each direction"
        raise UsageError(
            f"not the {count} of the sky", remedy=remedy, field="time_s", value=f"{len(times)} times"
        )
    since_first: Floats = (times - times[0]).astype(np.float32)
    if not (np.isfinite(since_first).all() and (np.diff(since_first) > 0).all()):
        remedy = "give finite times in ascending order, a second or more apart"
        raise UsageError("times that do not ascend", remedy=remedy, field="time_s", value=times.tolist())
    return since_first
