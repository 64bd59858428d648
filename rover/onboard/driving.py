"""The next motion: along the path leg by leg, or by the best safe arc."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rover.core.boundary import Command, Mode, Observation
from rover.onboard import arc_driver
from rover.onboard.arc_driver import LocalState
from rover.onboard.executive_state import ExecutiveState, gap
from rover.onboard.planned_stops import ARRIVAL_M
from rover.onboard.uplink import Uplink

LOOK_EVERY_M = 1.0
"""Longest motion between two looks at the ground."""


def drive_on(
    state: ExecutiveState, seen: Observation, uplink: Uplink
) -> tuple[ExecutiveState, Command | None]:
    """Drive towards the next waypoint, at most up to the next look or the end of the commands.

    Returns:
        The next state and the motion, None where no arc is known to be safe, of which the state tells.
    """
    if state.local is not None:
        return _drive_arc(state, state.local, seen, uplink)
    path, planned, backing = state.path_m, state.planned, state.backing
    while len(path) > 1 and gap(seen, path[0]) <= ARRIVAL_M:
        path, planned, backing = path[1:], planned.beyond(1), max(0, backing - 1)
    bearing = math.atan2(path[0][1] - seen.north_m, path[0][0] - seen.east_m)
    ahead = 1 if backing == 0 else -1
    turn = math.remainder(bearing - seen.yaw_rad + (0.0 if ahead > 0 else math.pi), 2 * math.pi)
    drive = min(gap(seen, path[0]), LOOK_EVERY_M, state.hop_left_m)
    state = replace(
        state,
        mode=Mode.DRIVE,
        path_m=path,
        planned=planned,
        waited=False,
        backing=backing,
        hop_left_m=state.hop_left_m - drive,
        owes_cycle=True,
    )
    return state, Command(mode=Mode.DRIVE, turn_rad=turn, drive_m=ahead * drive)


def _drive_arc(
    state: ExecutiveState, local: LocalState, seen: Observation, uplink: Uplink
) -> tuple[ExecutiveState, Command | None]:
    """Drive the best safe arc towards the next planned stop or the goal, up to the next look or the commands' end."""
    last = _next_stop(state)
    if gap(seen, state.path_m[last]) <= ARRIVAL_M and last < len(state.path_m) - 1:
        state = replace(
            state, path_m=state.path_m[last + 1 :], planned=state.planned.beyond(last + 1)
        )  # it is left
        last = _next_stop(state)
    gone = arc_driver.passed_waypoints(state.path_m, (seen.east_m, seen.north_m), last)
    state = replace(state, path_m=state.path_m[gone:], planned=state.planned.beyond(gone), waited=False)
    local, command = arc_driver.next_motion(
        local,
        seen,
        state.belief,
        uplink.vehicle,
        state.path_m[: last - gone + 1],
        keeps_to_path=uplink.planned is not None,
        most_m=min(LOOK_EVERY_M, state.hop_left_m),
    )
    state = replace(state, local=local)
    if command is None:
        return replace(state, must_replan="no arc is known to be safe"), None
    left = state.hop_left_m - abs(command.drive_m)
    return replace(state, mode=Mode.DRIVE, hop_left_m=left, owes_cycle=True), command


def _next_stop(state: ExecutiveState) -> int:
    """Return the first waypoint ahead at which anything is planned, else the last."""
    stops = np.flatnonzero(state.planned.stops)
    return int(stops[0]) if len(stops) else len(state.path_m) - 1
