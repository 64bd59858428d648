"""The mode machine on board: from what was sensed to the next command. `init` and `step` are pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode, Observation
from rover.hazard.detect import Hazard
from rover.limits.mobility import exceeds_attitude
from rover.onboard import arc_driver
from rover.onboard.arc_driver import LocalState
from rover.onboard.corrections import all_along, along, local_along
from rover.onboard.mapping import BeliefState, close_cell, update_map
from rover.onboard.path_watch import (
    LEAVING_M,
    first_lethal,
    open_underfoot,
    rejoins_at,
    sampled,
    straying_m,
    way_out,
)
from rover.onboard.planned_stops import ARRIVAL_M, PlannedStops, joined, nothing_planned, with_stops
from rover.onboard.power_watch import STAY_S, array_gain, drains, waits_in_vain, wakes
from rover.onboard.uplink import Driver, Uplink
from rover.planning.ask import ask
from rover.planning.forecast import MARGIN_SOC, Decision, Hop
from rover.planning.problem import NoPlan, PlanningProblem
from rover.planning.schedule import path_length

LOOK_EVERY_M = 1.0
"""Longest motion between two looks at the ground."""

WORSE_RAD = math.radians(1.0)
"""Tilt may grow so much, noise included, on the way out of ground found too steep."""

OVER_M = 1.5
"""A drive up to where the plan asks for commands may be so much longer: the start is off the middle of its cell, or a
pebble was gone round."""

LATE_S = 1800.0
"""A rover is as good as on time after noon, if it is no later than this."""

MOST_REPLANS = 400

RECOVERY_S = 1800.0
"""A rover that halted itself stands so long: motors, cameras and inertial unit are switched off and on again."""

BACK_OFF_M = 1.0
"""After a stall, or a tilt beyond the limit, the rover backs out this far at least before it turns."""


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
        must_replan: Why the path is no longer good, or None.
        back_off_m: How far to back out before taking a new path.
        steep_m, steep_rad: Where it last found the ground too steep, and how steep.
        backing: How many of the waypoints ahead are of the own track, to be driven backwards.
        replans: How many.
        replanned_for: Why the last of them.
        finished: Why it will do no more, or None.
        arrived: Whether that is because it is at the goal.
        local: What driving by arcs remembers; None where it drives its path leg by leg.
    """

    belief: BeliefState
    mode: Mode = Mode.CHARGE
    hold_until_s: float = -math.inf
    path_m: npt.NDArray[np.float64]
    planned: PlannedStops
    waited: bool = False
    provided: bool = False
    track_m: tuple[tuple[float, float], ...] = ()
    hop_left_m: float = 0.0
    owes_cycle: bool = False
    must_replan: str | None = None
    back_off_m: float = 0.0
    steep_m: tuple[float, float] | None = None
    steep_rad: float = 0.0
    backing: int = 0
    replans: int = 0
    replanned_for: str = ""
    finished: str | None = None
    arrived: bool = False
    local: LocalState | None = None


def init(uplink: Uplink, belief: BeliefState) -> ExecutiveState:
    """Return the state in which a traverse begins."""
    planned = nothing_planned(len(uplink.path_m)) if uplink.planned is None else uplink.planned
    local = LocalState() if uplink.driver is Driver.ARCS else None
    return ExecutiveState(belief=belief, path_m=uplink.path_m, planned=planned, local=local)


def step(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Return the next state and what to do now.

    Args:
        state: As returned by `init` or the last `step`.
        seen: What the world answered to the last command.
        uplink: What the ground has sent.
    """
    state = _sense(state, seen, uplink)
    state = _heed_faults(state, seen)
    state = _shed(state, seen, uplink)
    if state.mode is Mode.DORMANT and not wakes(seen, uplink):
        return state, _stay(Mode.DORMANT, STAY_S)
    if state.mode is not Mode.DORMANT and seen.time_s < state.hold_until_s - 1e-6:
        return state, _stay(state.mode, min(STAY_S, state.hold_until_s - seen.time_s))
    if state.mode is Mode.DORMANT:
        state = replace(state, mode=Mode.CHARGE)
    state = _check_attitude(state, seen, uplink)
    state = _check_path(state, seen, uplink)
    if state.must_replan is None and _gap(seen, uplink.goal_m) <= ARRIVAL_M:
        return _finish(state, "the goal is reached", arrived=True)
    if state.must_replan is not None:
        return _handle_replan(state, seen, uplink)
    return _go_on(state, seen, uplink)


def _go_on(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Wait where the plan does, drive on while the present commands last, then see to the next."""
    here = _waypoints_here(state, seen)
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
    return _drive_on(state, seen, uplink)


def _waypoints_here(state: ExecutiveState, seen: Observation) -> int:
    """Return at how many of the next waypoints the rover stands, the last one apart."""
    away = [_gap(seen, place) > ARRIVAL_M for place in state.path_m[:-1]]
    return away.index(True) if True in away else len(away)


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
    return _hold(replace(state, waited=True), mode, min(until_s, departs_s), seen)


def _resume(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """After a wait on the way: ask once more whether what is left of the present drive can be driven."""
    hop = Hop(length_m=state.hop_left_m, speed_m_s=_slowest_ahead(state, seen, state.hop_left_m))
    state = replace(state, provided=_is_provided(state, seen, uplink))
    decision = _decide(state, seen, uplink, hop)
    if decision.mode is Mode.DORMANT and wakes(seen, uplink):
        return _hold(state, Mode.CHARGE, seen.time_s + STAY_S, seen)
    if decision.mode is not Mode.DRIVE:
        return _hold(state, decision.mode, decision.until_s, seen)
    return _drive_on(state, seen, uplink)


def _sense(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    if seen.corrected_m != (0.0, 0.0):
        state = _corrected(state, seen.corrected_m)
    here = (seen.east_m, seen.north_m)
    if not state.track_m or math.dist(state.track_m[-1], here) > ARRIVAL_M:
        state = replace(state, track_m=(*state.track_m, here))
    if state.local is not None:
        return replace(state, local=arc_driver.sense(state.local, seen))
    return replace(state, belief=update_map(state.belief, seen, uplink.vehicle))


def _corrected(state: ExecutiveState, shift_m: tuple[float, float]) -> ExecutiveState:
    """Have what it remembers of places go along with a correction of its own."""
    return replace(
        state,
        track_m=all_along(state.track_m, shift_m),
        steep_m=None if state.steep_m is None else along(state.steep_m, shift_m),
        local=None if state.local is None else local_along(state.local, shift_m),
    )


def _heed_faults(state: ExecutiveState, seen: Observation) -> ExecutiveState:
    """After a halt drop the rest of the drive and stand; a command cycle takes as much longer as the relay was away."""
    if seen.halted:
        until_s = max(
            state.hold_until_s, seen.time_s + RECOVERY_S
        )  # a computer that begins anew may take longer
        state = replace(state, mode=Mode.CHARGE, hop_left_m=0.0, hold_until_s=until_s)
    if seen.out_of_link_s and state.mode is Mode.COMMAND:
        state = replace(state, hold_until_s=state.hold_until_s + seen.out_of_link_s)
    return state


def _shed(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Break off what takes too much charge: a command cycle, owed again later, and waking where waiting is in vain."""
    if state.mode is Mode.COMMAND and drains(seen, Mode.COMMAND, uplink, provided=state.provided):
        state = replace(state, mode=Mode.CHARGE, hold_until_s=seen.time_s, owes_cycle=True)
    dim = state.mode is Mode.CHARGE and waits_in_vain(seen, uplink)
    if dim or (state.mode is Mode.NAP and drains(seen, Mode.NAP, uplink)):
        state = replace(state, mode=Mode.DORMANT)
    return state


def _check_attitude(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Close the cell under the rover on a tilt beyond the limits, the one ahead on a stall."""
    if state.mode is not Mode.DRIVE or state.must_replan is not None:
        return state
    if seen.stalled:
        ahead = uplink.vehicle.length_m / 2 + uplink.vehicle.wheel_radius_m
        east = seen.east_m + ahead * math.cos(seen.yaw_rad)
        north = seen.north_m + ahead * math.sin(seen.yaw_rad)
        belief = close_cell(state.belief, east, north, Hazard.STEP)
        why = "the wheels or the belly met what they could not pass"
        state = replace(state, belief=belief, must_replan=why, back_off_m=BACK_OFF_M)
        return _met(state, (east, north))
    if exceeds_attitude(seen.pitch_rad, seen.roll_rad, uplink.vehicle) and not _leaves(state, seen):
        belief = close_cell(state.belief, seen.east_m, seen.north_m, Hazard.TILT)
        pitch, roll = math.degrees(seen.pitch_rad), math.degrees(seen.roll_rad)
        why = f"measured pitch {pitch:.1f} and roll {roll:.1f} deg are beyond the limits"
        steep, tilt = (seen.east_m, seen.north_m), math.hypot(seen.pitch_rad, seen.roll_rad)
        state = replace(
            state, belief=belief, must_replan=why, back_off_m=BACK_OFF_M, steep_m=steep, steep_rad=tilt
        )
        return _met(state, steep)
    return state


def _met(state: ExecutiveState, place: tuple[float, float]) -> ExecutiveState:
    """Have the local planner remember what was met."""
    return state if state.local is None else replace(state, local=arc_driver.met(state.local, place))


def _leaves(state: ExecutiveState, seen: Observation) -> bool:
    """Tell whether it is on its way out of ground that it found too steep, and finds none that is steeper yet."""
    if state.steep_m is None or math.dist(state.steep_m, (seen.east_m, seen.north_m)) >= LEAVING_M:
        return False
    return math.hypot(seen.pitch_rad, seen.roll_rad) <= state.steep_rad + WORSE_RAD


def _check_path(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Ask for a new path where a cell ahead has become lethal."""
    if state.must_replan is not None or len(state.path_m) == 0 or seen.heights is None:
        return state
    if state.local is not None:  # its arcs are judged one by one
        return state
    blocked = first_lethal(
        state.path_m,
        state.belief.costmap,
        here=(seen.east_m, seen.north_m),
        track_m=state.track_m,
        reach_m=uplink.vehicle.sensing_range_m + LOOK_EVERY_M,  # beyond, nothing has changed
        stray_m=straying_m(seen, LOOK_EVERY_M),
    )
    if blocked is None:
        return state
    why = f"a hazard was seen on the path at ({blocked[0]:.1f}, {blocked[1]:.1f})"
    return replace(state, must_replan=why)


def _handle_replan(
    state: ExecutiveState, seen: Observation, uplink: Uplink
) -> tuple[ExecutiveState, Command]:
    """Take a new way round what closed the old one, or stop for good; the rover does so itself."""
    if state.replans >= MOST_REPLANS:
        return _finish(state, f"{MOST_REPLANS} new paths did not lead to the goal")
    if state.local is not None:
        return _back_out(state, state.local, seen, uplink)
    back, start = way_out(
        state.belief.costmap,
        here=(seen.east_m, seen.north_m),
        track_m=state.track_m,
        goal_m=uplink.goal_m,
        back_off_m=state.back_off_m,
    )
    way = _new_way(state, seen, uplink, start)
    if isinstance(way, NoPlan):
        return _finish(state, f"{state.must_replan}, and there is {way}")
    path = np.vstack([back, with_stops(way, state.path_m, state.planned)])
    state = replace(
        state,
        path_m=path,
        planned=_carried(state, back, path),
        must_replan=None,
        back_off_m=0.0,
        backing=0 if start == (seen.east_m, seen.north_m) else len(back) + 1,
        replans=state.replans + 1,
        replanned_for=state.must_replan or "",
    )
    return _go_on(state, seen, uplink)


def _back_out(
    state: ExecutiveState, local: LocalState, seen: Observation, uplink: Uplink
) -> tuple[ExecutiveState, Command]:
    """Back out over the own arcs, and plan a new path over the maps with what was found lethal closed."""
    backed = arc_driver.back_out(local, BACK_OFF_M)
    if backed is None:
        return _finish(state, f"{state.must_replan}, and there is no way back")
    here = (seen.east_m, seen.north_m)
    closed = replace(state, belief=arc_driver.with_lethal(state.belief, local.cost), local=backed)
    way = _new_way(closed, seen, uplink, here) if closed.belief is not state.belief else None
    if way is None or isinstance(way, NoPlan):
        # The map is coarser than the arcs: where it is closed there may yet be a way between.
        closed = replace(closed, belief=state.belief)
    else:
        path = with_stops(way, state.path_m, state.planned)
        closed = replace(closed, path_m=path, planned=state.planned.on(state.path_m, path))
    closed = replace(
        closed,
        must_replan=None,
        back_off_m=0.0,
        replans=state.replans + 1,
        replanned_for=state.must_replan or "",
    )
    return _go_on(closed, seen, uplink)


def _new_way(
    state: ExecutiveState, seen: Observation, uplink: Uplink, start: tuple[float, float]
) -> npt.NDArray[np.float64] | NoPlan:
    """Return a way round what closed the path: back to a traverse, whose light and stops the ground knows, or anew."""
    if uplink.planned is not None and len(state.path_m) > 1:
        here = (seen.east_m, seen.north_m)
        back_at = rejoins_at(state.path_m, state.belief.costmap, here=here, start=start)
        east, north = state.path_m[back_at].tolist()
        answer = ask(uplink.planner, _problem(state, seen, uplink, start, (east, north)))
        if not isinstance(answer, NoPlan):
            return np.vstack([answer.waypoints_m, state.path_m[back_at + 1 :]])
    answer = ask(uplink.planner, _problem(state, seen, uplink, start, uplink.goal_m))
    return answer if isinstance(answer, NoPlan) else answer.waypoints_m


def _carried(
    state: ExecutiveState, back_m: npt.NDArray[np.float64], path_m: npt.NDArray[np.float64]
) -> PlannedStops:
    """Return what is planned on a new path, none of it on the way back that it begins with."""
    return joined(nothing_planned(len(back_m)), state.planned.on(state.path_m, path_m[len(back_m) :]))


def _problem(
    state: ExecutiveState,
    seen: Observation,
    uplink: Uplink,
    start: tuple[float, float],
    goal: tuple[float, float],
) -> PlanningProblem:
    return PlanningProblem(
        costmap=open_underfoot(state.belief, start),
        hazards=state.belief.hazards,
        terrain=uplink.terrain,
        vehicle=uplink.vehicle,
        start_m=start,
        goal_m=goal,
        depart_s=seen.time_s,
        soc=seen.soc,
        limits=uplink.limits,
    )


def _at_stop(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """At the end of a set of commands: get the next, wait, or go."""
    hop = _next_hop(state, seen, uplink)
    if hop is None:
        return _handle_replan(replace(state, must_replan="the path ends short of the goal"), seen, uplink)
    state = replace(state, provided=_is_provided(state, seen, uplink))
    decision = _decide(state, seen, uplink, hop)
    if decision.mode is Mode.DORMANT and wakes(seen, uplink):  # the array sees more Sun than a level one
        return _hold(state, Mode.CHARGE, seen.time_s + STAY_S, seen)
    if decision.mode is not Mode.DRIVE:
        return _hold(state, decision.mode, decision.until_s, seen)
    if hop.length_m == 0:
        return _hold(replace(state, owes_cycle=False), Mode.COMMAND, decision.until_s, seen)
    return _drive_on(replace(state, hop_left_m=hop.length_m), seen, uplink)


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
    here = max(0, _waypoints_here(state, seen) - 1)
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
    here = _waypoints_here(state, seen)
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


def _drive_on(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Drive towards the next waypoint, at most up to the next look or the end of the commands."""
    if state.local is not None:
        return _drive_arc(state, state.local, seen, uplink)
    path, planned, backing = state.path_m, state.planned, state.backing
    while len(path) > 1 and _gap(seen, path[0]) <= ARRIVAL_M:
        path, planned, backing = path[1:], planned.beyond(1), max(0, backing - 1)
    bearing = math.atan2(path[0][1] - seen.north_m, path[0][0] - seen.east_m)
    ahead = 1 if backing == 0 else -1
    turn = math.remainder(bearing - seen.yaw_rad + (0.0 if ahead > 0 else math.pi), 2 * math.pi)
    drive = min(_gap(seen, path[0]), LOOK_EVERY_M, state.hop_left_m)
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
) -> tuple[ExecutiveState, Command]:
    """Drive the best safe arc towards the next planned stop or the goal, up to the next look or the commands' end."""
    last = _next_stop(state)
    if _gap(seen, state.path_m[last]) <= ARRIVAL_M and last < len(state.path_m) - 1:
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
        return _handle_replan(replace(state, must_replan="no arc is known to be safe"), seen, uplink)
    left = state.hop_left_m - abs(command.drive_m)
    return replace(state, mode=Mode.DRIVE, hop_left_m=left, owes_cycle=True), command


def _next_stop(state: ExecutiveState) -> int:
    """Return the first waypoint ahead at which anything is planned, else the last."""
    stops = np.flatnonzero(state.planned.stops)
    return int(stops[0]) if len(stops) else len(state.path_m) - 1


def _hold(
    state: ExecutiveState, mode: Mode, until_s: float, seen: Observation
) -> tuple[ExecutiveState, Command]:
    state = replace(state, mode=mode, hold_until_s=until_s)
    return state, _stay(mode, STAY_S if until_s <= seen.time_s else min(STAY_S, until_s - seen.time_s))


def _stay(mode: Mode, duration_s: float) -> Command:
    return Command(mode=mode, duration_s=duration_s)


def _finish(state: ExecutiveState, reason: str, *, arrived: bool = False) -> tuple[ExecutiveState, Command]:
    """End in safe mode, with a reason."""
    state = replace(state, mode=Mode.SAFE, finished=reason, arrived=arrived)
    return state, _stay(Mode.SAFE, STAY_S)


def _gap(seen: Observation, place: npt.NDArray[np.float64] | tuple[float, float]) -> float:
    return math.hypot(place[0] - seen.east_m, place[1] - seen.north_m)
