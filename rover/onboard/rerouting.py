"""A new way where the old one has closed: over the maps, back on the own track, or none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Observation
from rover.onboard import arc_driver
from rover.onboard.arc_driver import LocalState
from rover.onboard.executive_state import ExecutiveState, aim_of, finish
from rover.onboard.own_track import nearest_open, way_out
from rover.onboard.path_watch import open_underfoot, rejoins_at
from rover.onboard.planned_stops import PlannedStops, joined, nothing_planned, with_stops
from rover.onboard.uplink import Uplink
from rover.planning.ask import ask
from rover.planning.problem import NoPlan, PlanningProblem
from rover.planning.schedule import path_length

MOST_REPLANS = 400

BACK_OFF_M = 1.0
"""After a stall, or a tilt beyond the limit, the rover backs out this far at least before it turns."""


def reroute(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Return the state with a new way round what closed the old one, or stopped for good; the rover does so itself."""
    if state.replans >= MOST_REPLANS:
        return finish(state, f"{MOST_REPLANS} new paths did not lead to the goal")
    state = _aimed(state, seen, uplink)
    if state.local is not None:
        return _back_out(state, state.local, seen, uplink)
    back, start = way_out(
        state.belief.costmap,
        here=(seen.east_m, seen.north_m),
        track_m=state.track_m,
        goal_m=aim_of(state, uplink.goal_m),
        back_off_m=state.back_off_m,
        same_m=uplink.vehicle.wheel_width_m,
    )
    way = _new_way(state, seen, uplink, start)
    if isinstance(way, NoPlan):
        return finish(state, f"{state.must_replan}, and there is {way}")
    path = np.vstack([back, with_stops(way, state.path_m, state.planned)])
    return replace(
        state,
        path_m=path,
        planned=_carried(state, back, path),
        must_replan=None,
        back_off_m=0.0,
        backing=0 if start == (seen.east_m, seen.north_m) else len(back) + 1,
        replans=state.replans + 1,
        replanned_for=state.must_replan or "",
    )


def only_out(state: ExecutiveState, seen: Observation) -> ExecutiveState:
    """Return the state with commands for the way back out alone: the ground says where to go from there."""
    out = np.vstack([(seen.east_m, seen.north_m), state.path_m[: state.backing]])
    return replace(state, hop_left_m=path_length(out), owes_cycle=True)


def _aimed(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Aim for the open place next to the goal where that itself has closed, if so near is as good."""
    stood = (*state.track_m, (seen.east_m, seen.north_m))
    aim = nearest_open(state.belief.costmap, uplink.goal_m, within_m=uplink.goal_tolerance_m, stood_m=stood)
    return replace(state, aim_m=None if aim == uplink.goal_m else aim)


def _back_out(state: ExecutiveState, local: LocalState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Back out over the own arcs, and plan a new path over the maps with what was found lethal closed."""
    backed = arc_driver.back_out(local, BACK_OFF_M)
    if backed is None:
        return finish(state, f"{state.must_replan}, and there is no way back")
    here = (seen.east_m, seen.north_m)
    closed = replace(state, belief=arc_driver.with_lethal(state.belief, local.cost), local=backed)
    closed = _aimed(closed, seen, uplink)
    way = _new_way(closed, seen, uplink, here) if closed.belief is not state.belief else None
    if way is None or isinstance(way, NoPlan):
        # The map is coarser than the arcs: where it is closed there may yet be a way between.
        closed = replace(closed, belief=state.belief, aim_m=state.aim_m)
    else:
        path = with_stops(way, state.path_m, state.planned)
        closed = replace(closed, path_m=path, planned=state.planned.on(state.path_m, path))
    return replace(
        closed,
        must_replan=None,
        back_off_m=0.0,
        replans=state.replans + 1,
        replanned_for=state.must_replan or "",
    )


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
    answer = ask(uplink.planner, _problem(state, seen, uplink, start, aim_of(state, uplink.goal_m)))
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
