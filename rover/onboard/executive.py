"""The mode machine on board: from what was sensed to the next command. Its functions are pure.

Modes and what may follow which are in `modes`; what is done about faults, in `fault_table`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rover.core.boundary import Command, DriveReading, Mode, Observation
from rover.limits.thermal import Phase
from rover.onboard import arc_driver, fault_watch
from rover.onboard.arc_driver import LocalState
from rover.onboard.closed_goal import aimed_by_arcs
from rover.onboard.corrections import all_along, along, local_along, watch_along
from rover.onboard.downlink import asks
from rover.onboard.driving import LOOK_EVERY_M
from rover.onboard.executive_state import ExecutiveState, aim_of, finish, gap, hold, stay
from rover.onboard.hops import go_on
from rover.onboard.local_map import LocalMap
from rover.onboard.mapping import BeliefState, update_map
from rover.onboard.path_watch import first_lethal, straying_m
from rover.onboard.planned_stops import ARRIVAL_M, nothing_planned
from rover.onboard.power_watch import STAY_S, wakes
from rover.onboard.protection import heed
from rover.onboard.rerouting import only_out, reroute
from rover.onboard.uplink import Driver, Uplink
from rover.planning.schedule import path_length

PLANNING_S = 60.0
"""The rover stands so long for a new way to be reckoned (assumption: a search over its maps, on a slow processor)."""


def init(uplink: Uplink, belief: BeliefState) -> ExecutiveState:
    """Return the state in which a traverse begins."""
    planned = nothing_planned(len(uplink.path_m)) if uplink.planned is None else uplink.planned
    local = LocalState() if uplink.driver is Driver.ARCS else None
    return ExecutiveState(belief=belief, path_m=uplink.path_m, planned=planned, local=local)


def step(
    state: ExecutiveState, seen: Observation, uplink: Uplink, perceived: LocalMap | None = None
) -> tuple[ExecutiveState, Command]:
    """Return the next state and what to do now.

    Args:
        state: As returned by `init` or the last `step`.
        seen: What the world answered to the last command.
        uplink: What the ground has sent.
        perceived: The local map, where one was perceived.
    """
    state = heed(_sense(state, seen, uplink, perceived), seen, uplink)
    if state.finished is not None:
        return _rest(state, seen, uplink)
    if state.mode is Mode.DORMANT and not wakes(seen, uplink):
        return state, stay(Mode.DORMANT, STAY_S)
    if state.mode is not Mode.DORMANT and seen.time_s < state.hold_until_s - 1e-6:
        return state, stay(state.mode, min(STAY_S, state.hold_until_s - seen.time_s))
    if state.mode is Mode.DORMANT:
        state = replace(state, mode=Mode.CHARGE)
    if state.asked_s is not None:  # the cycle is over or was broken off, and nothing has come up
        state = asks(state)
    if state.looks_first and uplink.forecaster.window.phase_at(seen.time_s) is Phase.DRIVE:
        return replace(state, mode=Mode.DRIVE, looks_first=False), Command(mode=Mode.DRIVE)
    state = _check_path(state, seen, uplink)
    if state.must_replan is None and gap(seen, aim_of(state, uplink.goal_m)) <= ARRIVAL_M:
        return finish(state, _arrival(state, uplink), arrived=True), stay(Mode.IDLE, STAY_S)
    if state.must_replan is None:
        state, command = go_on(state, seen, uplink)
        if command is not None:
            return state, command
    return _plan(state, seen, uplink)


def _plan(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Stand for a new way; told its way it takes it only until it has backed out of where it could not stay."""
    state = reroute(state, seen, uplink)
    if state.finished is not None:
        return state, stay(Mode.SAFE, STAY_S)
    if state.backing > 0 and _is_told_its_way(state, uplink):
        state = only_out(state, seen)
    return hold(state, Mode.PLAN, seen.time_s + PLANNING_S, seen)


def _is_told_its_way(state: ExecutiveState, uplink: Uplink) -> bool:
    """Tell whether the ground plans each leg; by arcs the rover goes round on it what closes it."""
    return uplink.teleoperated and state.local is None


def watch_drives(state: ExecutiveState, drives: DriveReading, uplink: Uplink) -> tuple[ExecutiveState, bool]:
    """Return the state after a reading of the drives in the middle of a motion, and whether that is to be ended."""
    watch = fault_watch.read_drives(state.watch, drives, uplink)
    return replace(state, watch=watch), bool(watch.halts)


def glance(state: ExecutiveState, seen: Observation) -> ExecutiveState:
    """Return the state after a look between two parts of a motion, at which nothing is decided."""
    state = _corrected(state, seen.corrected_m)
    return replace(state, watch=fault_watch.carried_on(state.watch, seen))


def clear(state: ExecutiveState) -> ExecutiveState:
    """Return the state as the ground leaves it when it clears what is latched: idle, with its path as it was.

    The ground has just sent commands, so that none are owed; what was left of the old ones is dropped, and it looks
    once from where it stands before it drives on. One in which nothing is latched stays as it is.
    """
    if state.watch.latched is None:
        return state
    return replace(
        state,
        mode=Mode.IDLE,
        hold_until_s=-math.inf,
        hop_left_m=0.0,
        owes_cycle=False,
        asked_s=None,
        looks_first=True,
        watch=fault_watch.cleared(state.watch),
        finished=None,
    )


def _arrival(state: ExecutiveState, uplink: Uplink) -> str:
    if state.aim_m is None:
        return "the goal is reached"
    away = math.dist(state.aim_m, uplink.goal_m)
    return f"the goal has been found closed, and the nearest open place, {away:.1f} m from it, is reached"


def _rest(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Stand for good: awake by day, asleep by night, cooling where it is too warm."""
    mode = Mode.IDLE if state.arrived else Mode.SAFE
    if not uplink.forecaster.window.almanac.covers(seen.time_s):  # by the array alone
        mode = Mode.DORMANT if seen.array_w < uplink.vehicle.charge_w else mode
    elif not wakes(seen, uplink) and _should_sleep(state, seen, uplink):
        mode = Mode.DORMANT
    elif state.mode is Mode.NAP and seen.time_s < state.hold_until_s - 1e-6:
        mode = Mode.NAP
    return replace(state, mode=mode), stay(mode, STAY_S)


def _should_sleep(state: ExecutiveState, seen: Observation, uplink: Uplink) -> bool:
    """Tell whether it is asleep already, or the Sun has it asleep."""
    asleep = state.mode is Mode.DORMANT
    return asleep or uplink.forecaster.waiting_mode(seen.time_s) is Mode.DORMANT


def _sense(
    state: ExecutiveState, seen: Observation, uplink: Uplink, perceived: LocalMap | None
) -> ExecutiveState:
    state = _corrected(state, seen.corrected_m)
    here = (seen.east_m, seen.north_m)
    if not state.track_m or math.dist(state.track_m[-1], here) > ARRIVAL_M:
        state = replace(state, track_m=(*state.track_m, here))
    if state.local is not None:
        return replace(state, local=arc_driver.sense(state.local, seen, uplink.vehicle, perceived))
    return replace(state, belief=update_map(state.belief, seen, uplink.vehicle))


def _corrected(state: ExecutiveState, shift_m: tuple[float, float]) -> ExecutiveState:
    """Have what it remembers of places go along with a correction of its own."""
    if shift_m == (0.0, 0.0):
        return state
    return replace(
        state,
        track_m=all_along(state.track_m, shift_m),
        steep_m=None if state.steep_m is None else along(state.steep_m, shift_m),
        local=None if state.local is None else local_along(state.local, shift_m),
        watch=watch_along(state.watch, shift_m),
    )


def _check_path(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Ask for a new path where a cell ahead has become lethal; the ground for it, where that plans each leg."""
    if state.must_replan is not None or len(state.path_m) == 0 or seen.heights is None:
        return state
    if state.local is not None:  # its arcs are judged one by one
        return aimed_by_arcs(state, seen, uplink)
    own = np.vstack([(seen.east_m, seen.north_m), state.path_m[: state.backing]])  # it has driven there
    reach_m = uplink.vehicle.sensing_range_m + LOOK_EVERY_M - path_length(own)  # beyond, nothing has changed
    if reach_m <= 0.0:
        return state
    blocked = first_lethal(
        state.path_m[state.backing :],
        state.belief.costmap,
        here=(float(own[-1, 0]), float(own[-1, 1])),
        track_m=state.track_m,
        reach_m=reach_m,
        stray_m=straying_m(seen, LOOK_EVERY_M),
    )
    if blocked is None:
        return state
    why = f"a hazard was seen on the path at ({blocked[0]:.1f}, {blocked[1]:.1f})"
    if _is_told_its_way(state, uplink):
        return replace(asks(state), refused=why)
    return replace(state, must_replan=why)
