"""What the executive does about what the watch over faults finds: one response for each action of the fault table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rover.core.boundary import Mode, Observation
from rover.hazard.detect import Hazard
from rover.onboard import arc_driver
from rover.onboard.executive_state import ExecutiveState, finish
from rover.onboard.fault_table import RECOVERY_S, Action, FaultRow
from rover.onboard.fault_watch import watch_over
from rover.onboard.local_cost import LOCAL_CELL_M
from rover.onboard.mapping import close_cell
from rover.onboard.path_watch import LEAVING_M
from rover.onboard.power_watch import STAY_S
from rover.onboard.rerouting import BACK_OFF_M
from rover.onboard.uplink import Uplink
from rover.planning.schedule import path_length

WORSE_RAD = math.radians(1.0)
"""Tilt may grow so much, noise included, on the way out of ground found too steep."""

Response = Callable[[ExecutiveState, FaultRow, Observation, Uplink], ExecutiveState]


def heed(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Watch over faults, and respond to those found as the fault table says."""
    watch, responding = watch_over(
        state.watch,
        seen,
        uplink,
        mode=state.mode,
        provided=state.provided,
        leaving=_leaves(state, seen),
        left_m=path_length(np.vstack([(seen.east_m, seen.north_m), state.path_m])),
    )
    if state.finished is not None:  # it stands for good, and looks after charge and warmth
        responding = tuple(row for row in responding if row.action in (Action.SLEEP, Action.COOL))
    state = replace(state, watch=watch)
    for row in responding:
        if watch.latched == row.name and state.finished is None:
            return finish(state, f"{row.name}: {row.trigger}")
        state = _RESPONSES[row.action](state, row, seen, uplink)
    return state


def _stand(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    return replace(
        state,
        mode=Mode.CHARGE,
        hop_left_m=0.0,
        hold_until_s=max(state.hold_until_s, seen.time_s + RECOVERY_S),
        looks_first=state.looks_first or not row.while_driving,
    )


def _back_out(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Close the cell under the rover on a tilt beyond the limits, else the one ahead, and ask for a new way."""
    if state.must_replan is not None:
        return state
    here = (seen.east_m, seen.north_m)
    if row.name == "tilt":
        pitch, roll = math.degrees(seen.pitch_rad), math.degrees(seen.roll_rad)
        why = f"measured pitch {pitch:.1f} and roll {roll:.1f} deg are beyond the limits"
        steep_rad = math.hypot(seen.pitch_rad, seen.roll_rad)
        state = replace(state, steep_m=here, steep_rad=steep_rad)
        return _closed(state, seen, 0.0, Hazard.TILT, why)
    ahead = uplink.vehicle.length_m / 2 + uplink.vehicle.wheel_radius_m
    blocked = "the wheels or the belly met what they could not pass"
    return _closed(state, seen, ahead, Hazard.STEP, blocked if row.name == "blocked" else row.trigger)


def _closed(
    state: ExecutiveState, seen: Observation, ahead_m: float, hazard: Hazard, why: str
) -> ExecutiveState:
    """Close the cell so far ahead, and remember the rover's next pose as one that is refused."""
    cos, sin = math.cos(seen.yaw_rad), math.sin(seen.yaw_rad)
    place = (seen.east_m + ahead_m * cos, seen.north_m + ahead_m * sin)
    next_m = min(ahead_m, LOCAL_CELL_M)
    pose = (seen.east_m + next_m * cos, seen.north_m + next_m * sin, seen.yaw_rad)
    local = None if state.local is None else arc_driver.met(state.local, pose)
    belief = close_cell(state.belief, *place, hazard)
    return replace(state, belief=belief, local=local, must_replan=why, back_off_m=BACK_OFF_M)


def _leaves(state: ExecutiveState, seen: Observation) -> bool:
    """Tell whether it is on its way out of ground that it found too steep, and finds none that is steeper yet."""
    if state.steep_m is None or math.dist(state.steep_m, (seen.east_m, seen.north_m)) >= LEAVING_M:
        return False
    return math.hypot(seen.pitch_rad, seen.roll_rad) <= state.steep_rad + WORSE_RAD


def _shed(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Break off a command cycle, owed again later, or a drive."""
    if state.mode is Mode.COMMAND:
        return replace(state, mode=Mode.CHARGE, hold_until_s=seen.time_s, owes_cycle=True)
    if state.mode is Mode.DRIVE:
        until_s = seen.time_s + STAY_S
        return replace(state, mode=Mode.CHARGE, hop_left_m=0.0, hold_until_s=until_s, provided=False)
    return replace(state, provided=False)


def _sleep(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    return replace(state, mode=Mode.DORMANT)


def _cool(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    if state.mode is Mode.DORMANT:
        return state
    owes = state.owes_cycle or state.mode is Mode.COMMAND
    return replace(state, mode=Mode.NAP, hop_left_m=0.0, hold_until_s=seen.time_s + STAY_S, owes_cycle=owes)


def _begin_anew(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    return replace(state, must_replan="the computer began anew and has lost its map")


def _wait(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    return replace(state, hold_until_s=state.hold_until_s + seen.out_of_link_s)


def _note(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    return state


def _safe(state: ExecutiveState, row: FaultRow, seen: Observation, uplink: Uplink) -> ExecutiveState:
    return finish(state, f"{row.name}: {row.trigger}")


_RESPONSES: dict[Action, Response] = {
    Action.STAND: _stand,
    Action.BACK_OUT: _back_out,
    Action.SHED: _shed,
    Action.SLEEP: _sleep,
    Action.COOL: _cool,
    Action.BEGIN_ANEW: _begin_anew,
    Action.WAIT: _wait,
    Action.NOTE: _note,
    Action.SAFE: _safe,
}
