"""How good a place each cell is to spend the night: level, awake early, with light at dawn and charge to spare."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import PlannerError
from rover.limits.base import Span, Surroundings
from rover.limits.power import dawn_array_w, night_soc, parked_array_w
from rover.planning.traverse_setup import Outlook

Floats = npt.NDArray[np.float64]

FULL_DAWN = 3.0
"""Array at dawn, in times what wakes the rover, from which more is no better."""

LATE_WAKE_S = 48 * 3600.0
"""Waking so long after the night or later counts as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HavenQuality:
    """What each cell is as a haven, over the mornings of the plan's time, by the worst of them; all (rows, cols).

    Attributes:
        allowed: Where the limits let a night be spent.
        tilt_rad: Slope of the ground.
        dawn: Most that the array gives between night and nap, over what wakes the rover.
        wake_after_s: From the end of the night to waking; inf where the rover does not wake before the plan's end.
        night_soc: State of charge left on waking, of a battery that is full when the night begins; may be negative.
        score: 0 to 1: 0 where not allowed, and elsewhere the least of four shares: of the greatest tilt of any haven
            what is not used, of `FULL_DAWN` beyond waking what is there, of `LATE_WAKE_S` what is not slept, and of
            the charge above the reserve what is left.
    """

    allowed: npt.NDArray[np.bool_]
    tilt_rad: Floats
    dawn: Floats
    wake_after_s: Floats
    night_soc: Floats
    score: Floats

    def __post_init__(self) -> None:
        for held in fields(self):
            kind: type[np.generic] = np.bool_ if held.name == "allowed" else np.float64
            values: npt.NDArray[np.generic] = locked(getattr(self, held.name), kind, (None, None), held.name)
            object.__setattr__(self, held.name, values)


def haven_quality(ready: Outlook) -> HavenQuality:
    """Return what each cell is as a haven.

    Args:
        ready: The problem; its time must hold a night with the morning after it.

    Raises:
        PlannerError: It holds none.
    """
    around, table, vehicle = ready.around, ready.table, ready.problem.vehicle
    dawns = dawn_array_w(around, vehicle)
    if len(dawns) == 0:
        raise PlannerError(
            "no morning in the plan's time by which to judge havens",
            remedy="give a deadline after the next night",
            field="deadline_s",
            value=table.deadline_s,
        )
    shape = around.geometry.shape
    havens = np.ones(shape, np.bool_) if table.havens is None else np.asarray(table.havens)
    cells = np.ones(shape, np.bool_) if table.cells is None else np.asarray(table.cells)
    dawn = dawns.min(axis=0) / vehicle.wake_array_w
    nights_s, wake_after_s = _waking(around, ready)
    left = 1.0 - night_soc(vehicle, nights_s) - _asleep_soc(ready, wake_after_s)
    reserve = 0.0 if table.floor_soc is None else float(table.floor_soc.max())
    tilt = np.asarray(around.terrain.slope_rad, np.float64)
    allowed = havens & cells
    shares = (
        1.0 - tilt / max(1e-9, float(np.max(tilt[allowed], initial=0.0))),
        (dawn - 1.0) / (FULL_DAWN - 1.0),
        1.0 - wake_after_s / LATE_WAKE_S,
        (left - reserve) / (1.0 - reserve),
    )
    score = np.where(allowed, np.clip(np.minimum.reduce(shares), 0.0, 1.0), 0.0)
    return HavenQuality(
        allowed=allowed, tilt_rad=tilt, dawn=dawn, wake_after_s=wake_after_s, night_soc=left, score=score
    )


def _waking(around: Surroundings, ready: Outlook) -> tuple[float, Floats]:
    """Return the longest night, and how long after its end each cell's rover wakes, in the worst morning.

    It wakes with the first bin in which its array gives enough, as the search has it.
    """
    timeline, vehicle = around.timeline, ready.problem.vehicle
    longest_s, latest_s = 0.0, np.zeros(around.geometry.shape)
    for night in np.flatnonzero(timeline.span == Span.NIGHT):
        ends_s = float(timeline.edge_s[night + 1])
        wakes_s = np.full(around.geometry.shape, math.inf)
        k = int(night) + 1
        if k == len(timeline.span):
            continue  # a night without a morning
        while k < len(timeline.span) and timeline.span[k] != Span.NIGHT and np.isinf(wakes_s).any():
            enough = parked_array_w(around, vehicle, k) >= vehicle.wake_array_w
            wakes_s = np.where(enough & np.isinf(wakes_s), timeline.edge_s[k] - ends_s, wakes_s)
            k += 1
        longest_s = max(longest_s, ends_s - float(timeline.edge_s[night]))
        latest_s = np.maximum(latest_s, wakes_s)
    return longest_s, latest_s


def _asleep_soc(ready: Outlook, after_s: Floats) -> Floats:
    """Return the share of the battery that is spent asleep after the night; all of it by who never wakes."""
    vehicle = ready.problem.vehicle
    share = vehicle.dormant_w / vehicle.discharge_efficiency / vehicle.battery_j
    return np.where(np.isfinite(after_s), share * np.where(np.isfinite(after_s), after_s, 0.0), 1.0)
