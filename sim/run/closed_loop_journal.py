"""What is noted down of a run as it goes: rows of telemetry, events, new ways and what the local planner evaluated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.onboard.arc_driver import LocalState
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.fault_watch import words_of
from rover.onboard.local_planner import ArcChoice
from sim.run.faults import ActiveFault
from sim.run.replay import ReplayNotes
from sim.run.runlog import TELEMETRY_COLUMNS, Event, Severity
from sim.run.world import WorldState

MODES = tuple(Mode)

MOST_ARCS = 60
"""Of a choice, kept for a replay."""

OVERTHINK_CHECKS = 275
"""Candidates held to clearance evaluation in one choice; a choice that takes more is counted as overthinking."""

_SPOKEN = {
    Mode.NAP: "the Sun is high: noon nap",
    Mode.DORMANT: "the Sun sinks: dormant for the night",
}


@dataclass
class Tape:
    """Rows of telemetry as they come, and what the rover believed at each: east, north and standard deviation."""

    rows: list[tuple[float, ...]] = field(default_factory=list)
    beliefs: list[tuple[float, float, float]] = field(default_factory=list)

    def record(self, state: WorldState, battery_j: float) -> None:
        stance, power = state.stance, state.power
        self.rows.append(
            (
                state.time_s,
                state.east_m,
                state.north_m,
                stance.up_m,
                state.yaw_rad,
                stance.pitch_rad,
                stance.roll_rad,
                state.distance_m,
                power.stored_j / battery_j,
                state.array_w,
                state.load_w,
                power.harvest_j,
                power.load_j,
                state.lit,
                state.sun.azimuth_rad,
                state.sun.elevation_rad,
                state.slip,
                state.mean_sinkage_m,
                state.heat.body_k,
                state.heat.array_k,
                state.heat.mast_k,
                state.heat.wheels_k,
                state.ground_k,
                float(MODES.index(state.mode)),
            )
        )

    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        table = np.array(
            [(*row[:-1], *belief, row[-1]) for row, belief in zip(self.rows, self.beliefs, strict=True)],
            np.float64,
        ).reshape(-1, len(TELEMETRY_COLUMNS))
        named: dict[str, npt.NDArray[Any]] = {
            name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(TELEMETRY_COLUMNS)
        }
        named["mode"] = named["mode"].astype(np.uint8)
        return named


@dataclass
class ArcCount:
    """What the local planner had to evaluate, choice by choice."""

    checks: list[int] = field(default_factory=list)
    poses: list[int] = field(default_factory=list)
    last: object = None

    def note(self, local: LocalState | None) -> None:
        """Take in a choice, if one was made since the last."""
        if local is None or local.choice is None or local.choice is self.last:
            return
        self.last = local.choice
        self.checks.append(local.choice.considered.checks)
        self.poses.append(local.choice.considered.poses)

    def summary(self) -> dict[str, Any] | None:
        """Return how many choices there were, and the evaluations that they took; None without any."""
        if not self.checks:
            return None
        return {
            "cycles": len(self.checks),
            "checks_mean": float(np.mean(self.checks)),
            "checks_most": max(self.checks),
            "poses_mean": float(np.mean(self.poses)),
            "overthink": sum(count > OVERTHINK_CHECKS for count in self.checks),
        }


@dataclass
class Journal:
    """Everything that is noted down of a run.

    Attributes:
        tape: Rows of telemetry.
        arcs: What the local planner evaluated.
        events: In order of time.
        replanned_m: New ways, each (n, 2).
        stops_m: Where it stopped for commands.
        notes: For a replay.
    """

    tape: Tape = field(default_factory=Tape)
    arcs: ArcCount = field(default_factory=ArcCount)
    events: list[Event] = field(default_factory=list)
    replanned_m: list[npt.NDArray[np.float64]] = field(default_factory=list)
    stops_m: list[tuple[float, float]] = field(default_factory=list)
    notes: ReplayNotes = field(default_factory=ReplayNotes)

    def note_step(self, before: ExecutiveState, after: ExecutiveState, state: WorldState) -> None:
        """Note what is worth saying of a step of the executive."""
        self._note_for_replay(before, after)
        self.arcs.note(after.local)
        fresh = [name for name in after.watch.found if _begins(before, after, name)]
        if fresh:
            self.note(state, "response", Severity.WARNING, words_of(fresh))
        if after.replans > before.replans:
            self.note(state, "hazard", Severity.WARNING, after.replanned_for)
            self.replanned_m.append(np.array(after.path_m))
            self.note(state, "replan", Severity.ACTIVITY, "a new path is taken")
        if after.mode is before.mode:
            return
        if before.mode is Mode.DORMANT:
            elevation = math.degrees(state.sun.elevation_rad)
            self.note(state, "wake", Severity.ACTIVITY, f"the array wakes it, the Sun at {elevation:.1f} deg")
        if after.mode is Mode.COMMAND:
            self.stops_m.append((state.east_m, state.north_m))
        if after.mode in _SPOKEN:
            text = _SPOKEN[after.mode]
            if after.mode is Mode.DORMANT and state.sun.rising:
                text = "the array gives less than staying awake takes: dormant until it gives more"
            self.note(state, after.mode.value, Severity.ACTIVITY, text)
        if after.finished is not None:
            name, severity = (
                ("arrived", Severity.ACTIVITY) if after.arrived else ("stopped", Severity.WARNING)
            )
            self.note(state, name, severity, after.finished)

    def _note_for_replay(self, before: ExecutiveState, after: ExecutiveState) -> None:
        """Note arcs, way and closed ground at the present row."""
        row, notes = len(self.tape.rows) - 1, self.notes
        if row == 0 or after.path_m is not before.path_m:
            notes.note_places("way", row, after.path_m)
        then, now = before.belief.hazards, after.belief.hazards
        if then.flags is not now.flags:
            added = (now.flags != 0) & (then.flags == 0)
            notes.note_places("closed", row, now.geometry.centres_of(np.argwhere(added)))
        choice = None if after.local is None else after.local.choice
        if choice is None or (before.local is not None and choice is before.local.choice):
            return
        considered = choice.considered
        notes.note_arcs(row, considered.ends_m[:MOST_ARCS], considered.passed[:MOST_ARCS])
        notes.note_places("closed", row, considered.refused[:, :2])
        if isinstance(choice, ArcChoice):
            notes.note_places("chosen", row, choice.path[:, :2])

    def note_fault(self, state: WorldState, fault: ActiveFault, begins: bool) -> None:
        """Note that a fault begins or ends."""
        if begins:
            self.note(state, "fault", Severity.WARNING, fault.words)
        else:
            self.note(state, "fault_over", Severity.ACTIVITY, f"over: {fault.words}")

    def note(self, state: WorldState, name: str, severity: Severity, text: str) -> None:
        """Note an event."""
        self.events.append(
            Event(
                time_s=state.time_s,
                severity=severity,
                name=name,
                text=text,
                east_m=state.east_m,
                north_m=state.north_m,
            )
        )


_EVERY_DAY = ("awake in vain", "relay away")
"""Rows of which other events tell."""


def _begins(before: ExecutiveState, after: ExecutiveState, name: str) -> bool:
    """Tell whether a row that responds has only now begun to."""
    then, now = before.watch.row(name), after.watch.row(name)
    return name not in _EVERY_DAY and not (then.active and then.since_s == now.since_s)
