"""Figures of merit of a run, from its columns and events."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.time import SYNODIC_MONTH_S
from sim.run.runlog import FORMAT, Event, Violation

Columns = Mapping[str, npt.NDArray[Any]]


def summarize(
    *,
    telemetry: Columns,
    modes: Sequence[str],
    events: Sequence[Event],
    violations: Sequence[Violation],
    planned_m: npt.NDArray[np.float64],
) -> dict[str, Any]:
    """Return the figures that follow from what was recorded.

    Args:
        telemetry: Columns of `TELEMETRY_COLUMNS`; empty where nothing was driven.
        modes: Names of the mode codes.
        events: What happened.
        violations: What broke a rule.
        planned_m: (n, 2) the first plan.
    """
    count = len(telemetry["time_s"])
    steps = np.diff(planned_m, axis=0)
    return {
        "distance_m": _last(telemetry, "distance_m"),
        "planned_length_m": float(np.hypot(steps[:, 0], steps[:, 1]).sum()),
        "elapsed_s": _last(telemetry, "time_s"),
        "lunar_days": _last(telemetry, "time_s") / SYNODIC_MONTH_S,
        "lunar_day_at_end": 1 + _sunrises(telemetry),
        "min_soc": float(telemetry["soc"].min()) if count else None,
        "harvest_j": _last(telemetry, "harvest_j"),
        "load_j": _last(telemetry, "load_j"),
        "stops": _stays(telemetry, modes, "command"),
        "naps": _stays(telemetry, modes, "nap"),
        "dormancies": _stays(telemetry, modes, "dormant"),
        "wakes": sum(event.name == "wake" for event in events),
        "replans": sum(event.name == "replan" for event in events),
        "violations": [asdict(violation) for violation in violations],
    }


def versions() -> dict[str, str]:
    """Return what made a result: this package, Python and the libraries that compute."""
    named = {name: metadata.version(name) for name in ("farside", "numpy", "scipy", "numba", "pyerfa")}
    return {**named, "python": platform.python_version(), "format": str(FORMAT)}


def _last(telemetry: Columns, name: str) -> float:
    column = telemetry[name]
    return float(column[-1]) if len(column) else 0.0


def _stays(telemetry: Columns, modes: Sequence[str], mode: str) -> int:
    """Count the stretches spent in a mode."""
    inside = telemetry["mode"] == list(modes).index(mode)
    return int(inside[:1].sum() + (inside[1:] & ~inside[:-1]).sum())


def _sunrises(telemetry: Columns) -> int:
    up = telemetry["sun_elevation_rad"] > 0
    return int((up[1:] & ~up[:-1]).sum())
