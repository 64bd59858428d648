"""From one set of commands to the next: where the plan waits, when the rules let it drive, and how far."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rover.core.boundary import Command, Mode, Observation
from rover.limits.thermal import Phase
from rover.onboard.driving import LOOK_EVERY_M, drive_on
from rover.onboard.executive_state import ExecutiveState, hold, waypoints_here
from rover.onboard.path_watch import sampled
from rover.onboard.planned_stops import ARRIVAL_M
from rover.onboard.power_watch import STAY_S, array_gain, wakes
from rover.onboard.uplink import Uplink
from rover.planning.forecast import MARGIN_SOC, Decision, Hop
from rover.planning.schedule import path_length

OVER_M = 1.5
"""A drive up to where the plan asks for commands may be so much longer: the start is off the middle of its cell, or a
pebble was gone round."""

LATE_S = 1800.0
"""A rover is as good as on time after noon, if it is no later than this."""

LONGER = 1.5
"""A motion may take so many times what is expected of it: wheels slip, and ground is steeper than the maps have it."""


Answer = tuple[ExecutiveState, Command | None]
"""The next state and what to do now; None where the state says why a new way is needed first."""


def go_on(state: ExecutiveState, seen: Observation, uplink: Uplink) -> Answer:
    """Wait where the plan does, drive on while the present commands last, then see to the next."""
    here = waypoints_here(state, seen)
    if not state.owes_cycle:
        state = replace(state, planned=state.planned.commanded(here))
    elif state.planned.commands[:here].any():
        state = replace(state, hop_left_m=0.0)
    departs_s = _departs_s(state, here)
    if seen.time_s < departs_s - 1e-6:
        return _await_departure(state, seen, uplink, departs_s)
    if state.hop_left_m <= 1e-9:
        return _at_stop(state, seen, uplink)
    if state.waited:
        return _resume(state, seen, uplink)
    return _drive(state, seen, uplink)


def _drive(state: ExecutiveState, seen: Observation, uplink: Uplink) -> Answer:
    """Drive on, if the motion ends before the Sun forbids it; else wait until it allows it again.

    A set of commands is begun where it fits; turns, new ways and ways back on it take longer than that.
    """
    after, command = drive_on(state, seen, uplink)
    if command is None:
        return after, None
    speed_m_s = _slowest_ahead(state, seen, LOOK_EVERY_M)
    turn_s = abs(math.degrees(command.turn_rad)) / uplink.vehicle.turn_rate_deg_s
    ends_s = seen.time_s + LONGER * (turn_s + abs(command.drive_m) / speed_m_s)
    window = uplink.forecaster.window
    if window.phase_at(seen.time_s) is Phase.DRIVE and ends_s <= window.next_change(seen.time_s):
        return after, command
    return _await_departure(state, seen, uplink, math.inf)


def _departs_s(state: ExecutiveState, here: int) -> float:
    """Return until when the plan stays at the waypoints at which the rover stands; -inf where it does not.

    Where it asks for commands, that is until when it waits to do so; what it waits for after that comes afterwards.
    """
    asks_s = state.planned.command_s[:here]
    if state.owes_cycle and (asks_s < math.inf).any():
        return float(asks_s[asks_s < math.inf].max())
    return float(state.planned.leave_s[:here].max(initial=-math.inf))


def _await_departure(
    state: ExecutiveState, seen: Observation, uplink: Uplink, departs_s: float
) -> tuple[ExecutiveState, Command]:
    """Stay at a waypoint until the plan leaves it, as the Sun has it meanwhile."""
    mode, until_s = (
        uplink.forecaster.waiting_mode(seen.time_s),
        uplink.forecaster.window.next_change(seen.time_s),
    )
    if mode is Mode.DORMANT and wakes(seen, uplink):  # the array sees more Sun than a level one
        mode, until_s = Mode.CHARGE, seen.time_s + STAY_S
    return hold(replace(state, waited=True), mode, min(until_s, departs_s), seen)


def _resume(state: ExecutiveState, seen: Observation, uplink: Uplink) -> Answer:
    """After a wait on the way: ask once more whether what is left of the present drive can be driven."""
    hop = Hop(length_m=state.hop_left_m, speed_m_s=_slowest_ahead(state, seen, state.hop_left_m))
    state = replace(state, provided=_is_provided(state, seen, uplink))
    decision = _decide(state, seen, uplink, hop)
    if decision.mode is Mode.DORMANT and wakes(seen, uplink):
        return hold(state, Mode.CHARGE, seen.time_s + STAY_S, seen)
    if decision.mode is not Mode.DRIVE:
        return hold(state, decision.mode, decision.until_s, seen)
    return _drive(state, seen, uplink)


def _at_stop(state: ExecutiveState, seen: Observation, uplink: Uplink) -> Answer:
    """At the end of a set of commands: get the next, wait, or go."""
    hop = _next_hop(state, seen, uplink)
    if hop is None:
        return replace(state, must_replan="the path ends short of the goal"), None
    state = replace(state, provided=_is_provided(state, seen, uplink))
    decision = _decide(state, seen, uplink, hop)
    if decision.mode is Mode.DORMANT and wakes(seen, uplink):  # the array sees more Sun than a level one
        return hold(state, Mode.CHARGE, seen.time_s + STAY_S, seen)
    if decision.mode is not Mode.DRIVE:
        return hold(state, decision.mode, decision.until_s, seen)
    if hop.length_m == 0:
        state = replace(state, owes_cycle=False, asked_s=seen.time_s)
        return hold(state, Mode.COMMAND, decision.until_s, seen)
    return _drive(replace(state, hop_left_m=hop.length_m), seen, uplink)


def _decide(state: ExecutiveState, seen: Observation, uplink: Uplink, hop: Hop) -> Decision:
    """Ask the rules of operation."""
    return uplink.forecaster.decide(
        seen.time_s,
        seen.soc,
        hop,
        array_gain=array_gain(seen, uplink),
        provided=state.provided,
    )


def _is_provided(state: ExecutiveState, seen: Observation, uplink: Uplink) -> bool:
    """Tell whether the plan has seen to the charge ahead: the rover has what it expected here, and is not late.

    Before noon it may be: as long as the Sun rises, being late costs no charge.
    """
    here = max(0, waypoints_here(state, seen) - 1)
    if len(state.planned) <= here or not seen.soc >= state.planned.soc[here] - MARGIN_SOC:
        return False
    rising = uplink.forecaster.window.almanac.sun_at(seen.time_s).rising
    return rising or bool(seen.time_s <= state.planned.depart_s[here] + LATE_S)


def _next_hop(state: ExecutiveState, seen: Observation, uplink: Uplink) -> Hop | None:
    """Return the next drive, one of no length for a command cycle that is owed, None where the path has ended."""
    if uplink.teleoperated and state.owes_cycle:
        return Hop(length_m=0.0, speed_m_s=1.0)
    ahead = path_length(np.vstack([[seen.east_m, seen.north_m], state.path_m]))
    if ahead <= ARRIVAL_M:
        return None
    longest, planned = uplink.forecaster.operations.stop_every_m, _next_commands_m(state, seen)
    length = min(planned if planned <= longest + OVER_M else longest, ahead)
    return Hop(length_m=length, speed_m_s=_slowest_ahead(state, seen, length))


def _next_commands_m(state: ExecutiveState, seen: Observation) -> float:
    """Return how far it is along the path to where the plan next asks for commands; inf where it does no more."""
    here = waypoints_here(state, seen)
    further = np.flatnonzero(state.planned.commands[here:-1])
    if len(further) == 0:
        return math.inf
    return path_length(
        np.vstack([[seen.east_m, seen.north_m], state.path_m[here : here + int(further[0]) + 1]])
    )


def _slowest_ahead(state: ExecutiveState, seen: Observation, length_m: float) -> float:
    geometry, cost = state.belief.costmap.geometry, state.belief.costmap.cost_s_per_m
    route = sampled(np.vstack([(seen.east_m, seen.north_m), state.path_m]), geometry.resolution_m / 2)
    near = route[: max(1, math.ceil(length_m / (geometry.resolution_m / 2)))]
    cells = (geometry.cell_at(*point) for point in near)
    costs = [cost[cell] for cell in cells if cell is not None and math.isfinite(cost[cell])]
    return 1.0 / max(costs, default=float(np.min(cost)))
