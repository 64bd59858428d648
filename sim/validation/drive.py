"""Wheels on the ground: rows 17 to 19, by drives in closed loop."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import load_scenario

Vector = npt.NDArray[np.float64]

_HOP, _SHORT = "short-hop", "campaign-short"
_MILD_RAD = math.radians(8.9)
_SITES_APART_M = 7.0
"""Of the places between which the visual distance is taken: as far as the rover drives on one set of commands."""


def wheels() -> Iterator[tuple[str, float]]:
    """Rows 18 and 19: 235 m over seeded mare, of which what is driven on mild slopes counts."""
    log = run_scenario(load_scenario(_HOP))
    told = log.telemetry
    tilt_rad = np.arccos(np.cos(told["pitch_rad"]) * np.cos(told["roll_rad"]))
    driving = told["mode"] == log.modes.index("drive")
    mild = driving & (tilt_rad <= _MILD_RAD)
    slip = told["slip"][mild]
    yield "slip_within_percent", 100.0 * float((np.abs(slip) <= 0.1).mean())
    yield "slip_median", float(np.median(slip))
    yield "sinkage_mean_mm", 1000.0 * float(told["sinkage_m"][driving].mean())


def odometer() -> Iterator[tuple[str, float]]:
    """Row 17: sixty metres with cameras and wheels as senses; how far by the wheels, and by the places found."""
    log = run_scenario(load_scenario(_SHORT, settings=["senses=real"]))
    rolled_m, seen_m = rolled(log), seen(log)
    yield "odometer_excess_percent", 100.0 * (rolled_m / seen_m - 1.0)


def rolled(log: RunLog) -> float:
    """Return the way that the rims of the wheels rolled, m.

    By what slip is: 1 - v / rw where wheels drive, rw / v - 1 where they skid.
    """
    told = log.telemetry
    slip = told["slip"][1:]
    return float((np.diff(told["distance_m"]) * np.where(slip < 0.0, 1.0 + slip, 1.0 / (1.0 - slip))).sum())


def seen(log: RunLog) -> float:
    """Return the length of the line through the places that the rover took itself to be at, site after site, m."""
    place = np.stack([log.telemetry["believed_east_m"], log.telemetry["believed_north_m"]], axis=1)
    kept = [place[0]]
    for here in place[1:]:
        if math.dist(kept[-1], here) >= _SITES_APART_M:
            kept.append(here)
    kept.append(place[-1])
    return math.fsum(math.dist(a, b) for a, b in zip(kept[:-1], kept[1:], strict=True))
