"""What the executive remembers from step to step, and the few words in which it answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode, Observation
from rover.onboard.arc_driver import LocalState
from rover.onboard.fault_state import Watch
from rover.onboard.mapping import BeliefState
from rover.onboard.planned_stops import ARRIVAL_M, PlannedStops
from rover.onboard.power_watch import STAY_S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExecutiveState:
    """What the executive remembers.

    Attributes:
        belief: The maps.
        mode: Present mode.
        hold_until_s: End of the stay that is under way.
        path_m: (n, 2) waypoints still ahead.
        planned: Waits and command cycles that the plan has at each of them.
        waited: Whether it has waited for one since it last decided to drive.
        provided: Whether the plan has seen to the charge of what it has begun.
        track_m: Places stood at, latest last.
        hop_left_m: Of the present set of commands.
        owes_cycle: Whether it has driven since the last command cycle.
        asked_s: When the command cycle began to which no orders have come up yet; None where none is awaited.
        refused: Why it has not driven its leg to the end and asks the ground for another, or None.
        must_replan: Why the path is no longer good, or None.
        back_off_m: How far to back out before taking a new path.
        steep_m, steep_rad: Where it last found the ground too steep, and how steep.
        backing: How many of the waypoints ahead are of the own track, to be driven backwards.
        aim_m: Where it is going instead of a goal that has closed; None for the goal itself.
        replans: How many.
        replanned_for: Why the last of them.
        finished: Why it will do no more, or None.
        arrived: Whether that is because it is at the goal.
        local: What driving by arcs remembers; None where it drives its path leg by leg.
        watch: What watching for faults remembers.
        looks_first: Whether it looks once from where it stands before it drives on.
    """

    belief: BeliefState
    mode: Mode = Mode.IDLE
    hold_until_s: float = -math.inf
    path_m: npt.NDArray[np.float64]
    planned: PlannedStops
    waited: bool = False
    provided: bool = False
    track_m: tuple[tuple[float, float], ...] = ()
    hop_left_m: float = 0.0
    owes_cycle: bool = False
    asked_s: float | None = None
    refused: str | None = None
    must_replan: str | None = None
    back_off_m: float = 0.0
    steep_m: tuple[float, float] | None = None
    steep_rad: float = 0.0
    backing: int = 0
    aim_m: tuple[float, float] | None = None
    replans: int = 0
    replanned_for: str = ""
    finished: str | None = None
    arrived: bool = False
    local: LocalState | None = None
    watch: Watch = field(default_factory=Watch)
    looks_first: bool = False


def hold(
    state: ExecutiveState, mode: Mode, until_s: float, seen: Observation
) -> tuple[ExecutiveState, Command]:
    """Stay in a mode until a time, with looks in between."""
    state = replace(state, mode=mode, hold_until_s=until_s)
    return state, stay(mode, STAY_S if until_s <= seen.time_s else min(STAY_S, until_s - seen.time_s))


def stay(mode: Mode, duration_s: float) -> Command:
    """Return the command to stand still in a mode."""
    return Command(mode=mode, duration_s=duration_s)


def finish(state: ExecutiveState, reason: str, *, arrived: bool = False) -> ExecutiveState:
    """Return the end, with a reason: idle at the goal, in safe mode anywhere else."""
    return replace(state, mode=Mode.IDLE if arrived else Mode.SAFE, finished=reason, arrived=arrived)


def aim_of(state: ExecutiveState, goal_m: tuple[float, float]) -> tuple[float, float]:
    """Return where it is going: the goal, or what is as good."""
    return goal_m if state.aim_m is None else state.aim_m


def gap(seen: Observation, place: npt.NDArray[np.float64] | tuple[float, float]) -> float:
    """Return how far it is to a place, (east, north) in m."""
    return math.hypot(place[0] - seen.east_m, place[1] - seen.north_m)


def waypoints_here(state: ExecutiveState, seen: Observation) -> int:
    """Return at how many of the next waypoints the rover stands, the last one apart."""
    away = [gap(seen, place) > ARRIVAL_M for place in state.path_m[:-1]]
    return away.index(True) if True in away else len(away)
