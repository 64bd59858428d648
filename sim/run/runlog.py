"""What a run leaves: columns of truth and telemetry, events, and what was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem
from sim.run.replay import Replay

FORMAT = 1


class Outcome(StrEnum):
    """How a run ended."""

    ARRIVED = "arrived"
    NO_PLAN = "no_plan"
    STOPPED_SAFE = "stopped_safe"
    LOST = "lost"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    VIOLATED = "violated"


class Severity(IntEnum):
    """Of an event, as in F Prime."""

    ACTIVITY = 1
    WARNING = 2
    FATAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth saying happened.

    Attributes:
        time_s: Since the scenario's epoch.
        severity: Its weight.
        name: Short, in the project's words: `replan`, `nap`, `dormant`, `wake`, `tilt_stop`, ...
        text: One sentence.
        east_m, north_m: Where.
    """

    time_s: float
    severity: Severity
    name: str
    text: str
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that the truth broke, as the monitor saw it.

    Attributes:
        rule: Its name.
        time_s: When.
        value, bound: What was reached, and what was allowed, in the rule's unit.
        unit: Of both.
    """

    rule: str
    time_s: float
    value: float
    bound: float
    unit: str

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"the rule {self.rule!r} was broken: {self.value:.4g}{unit}, the bound is {self.bound:.4g}{unit}"
        )


TELEMETRY_COLUMNS: Mapping[str, str] = {
    "time_s": "s since start_utc",
    "east_m": "m, terrain frame",
    "north_m": "m, terrain frame",
    "up_m": "m above the datum",
    "yaw_rad": "rad, counter-clockwise from east",
    "pitch_rad": "rad, nose up positive",
    "roll_rad": "rad, left side up positive",
    "distance_m": "m driven since the start",
    "soc": "state of charge, 0-1",
    "array_w": "W",
    "load_w": "W",
    "harvest_j": "J since the start, into the bus",
    "load_j": "J since the start",
    "lit": "share of the solar disc in view, 0-1",
    "sun_azimuth_rad": "rad, clockwise from the raster's north",
    "sun_elevation_rad": "rad",
    "slip": "slip ratio of the last drive, mean of the wheels",
    "sinkage_m": "m, mean of the wheels, holes that they have dug with it",
    "body_k": "K, of the body and the battery in it",
    "array_k": "K",
    "mast_k": "K",
    "wheels_k": "K",
    "ground_k": "K, surface of the ground around",
    "believed_east_m": "m, terrain frame, as the rover believes",
    "believed_north_m": "m, terrain frame, as the rover believes",
    "believed_sigma_m": "m, standard deviation of the place along its widest direction, as the rover believes",
    "mode": "name in telemetry.npz; in memory its place in `RunLog.modes`",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunLog:
    """A finished run. Everything that pictures and reports are made from.

    Attributes:
        outcome: How it ended.
        reason: One sentence on why.
        scenario: The resolved scenario, as it would be written to a file.
        summary: Figures of merit, as in summary.json.
        telemetry: Columns of `TELEMETRY_COLUMNS`, each (n,).
        modes: Names of the mode codes.
        events: In order of time.
        violations: In order of time.
        dem: The orbital map that the ground planned on.
        hazard_flags: (rows, cols) uint8 of `rover.hazard.detect.Hazard`, as first planned on.
        planned_m: (n, 2) the first plan; empty where there was none.
        replanned_m: Later plans, each (n, 2).
        stops_m: (n, 2) where the rover stopped for a command cycle.
        start_m, goal_m: (east, north).
        zones: (name, kind, (n, 2) corners) of each zone.
        replay: What a replay is drawn from; None of a run that kept nothing.
    """

    outcome: Outcome
    reason: str
    scenario: Mapping[str, Any]
    summary: Mapping[str, Any]
    telemetry: Mapping[str, npt.NDArray[Any]]
    modes: Sequence[str]
    events: Sequence[Event]
    violations: Sequence[Violation]
    dem: Dem
    hazard_flags: npt.NDArray[np.uint8]
    planned_m: npt.NDArray[np.float64]
    replanned_m: Sequence[npt.NDArray[np.float64]] = ()
    stops_m: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    start_m: tuple[float, float]
    goal_m: tuple[float, float]
    zones: Sequence[tuple[str, str, npt.NDArray[np.float64]]] = ()
    replay: Replay | None = None
