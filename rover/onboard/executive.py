"""The mode machine on board: from what was sensed to the next command. `init` and `step` are pure."""

from __future__ import annotations

import math
from dataclasses import replace

from rover.core.boundary import Command, Mode, Observation
from rover.onboard import arc_driver
from rover.onboard.arc_driver import LocalState
from rover.onboard.executive_state import ExecutiveState, finish, gap, stay
from rover.onboard.hops import go_on
from rover.onboard.local_map import LocalMap
from rover.onboard.mapping import BeliefState, update_map
from rover.onboard.planned_stops import ARRIVAL_M, nothing_planned
from rover.onboard.power_watch import STAY_S, wakes
from rover.onboard.protection import check_attitude, check_path, heed_faults, shed
from rover.onboard.rerouting import reroute
from rover.onboard.uplink import Driver, Uplink


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
    state = _sense(state, seen, uplink, perceived)
    state = heed_faults(state, seen)
    state = shed(state, seen, uplink)
    if state.mode is Mode.DORMANT and not wakes(seen, uplink):
        return state, stay(Mode.DORMANT, STAY_S)
    if state.mode is not Mode.DORMANT and seen.time_s < state.hold_until_s - 1e-6:
        return state, stay(state.mode, min(STAY_S, state.hold_until_s - seen.time_s))
    if state.mode is Mode.DORMANT:
        state = replace(state, mode=Mode.CHARGE)
    state = check_attitude(state, seen, uplink)
    state = check_path(state, seen, uplink)
    if state.must_replan is None and gap(seen, uplink.goal_m) <= ARRIVAL_M:
        return finish(state, "the goal is reached", arrived=True), stay(Mode.SAFE, STAY_S)
    while True:  # each new way is counted, and their number is bounded
        if state.must_replan is not None:
            state = reroute(state, seen, uplink)
        if state.finished is not None:
            return state, stay(Mode.SAFE, STAY_S)
        state, command = go_on(state, seen, uplink)
        if command is not None:
            return state, command


def _sense(
    state: ExecutiveState, seen: Observation, uplink: Uplink, perceived: LocalMap | None
) -> ExecutiveState:
    here = (seen.east_m, seen.north_m)
    if not state.track_m or math.dist(state.track_m[-1], here) > ARRIVAL_M:
        state = replace(state, track_m=(*state.track_m, here))
    if state.local is not None:
        return replace(state, local=arc_driver.sense(state.local, seen, uplink.vehicle, perceived))
    return replace(state, belief=update_map(state.belief, seen, uplink.vehicle))
