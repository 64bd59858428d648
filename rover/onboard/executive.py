"""The mode machine on board: from what was sensed to the next command. `init` and `step` are pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from rover.core.boundary import Command, Mode, Observation
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import CostMap
from rover.hazard.detect import Hazard
from rover.limits.base import Limit
from rover.limits.mobility import exceeds_attitude
from rover.limits.power import expected_array_w
from rover.limits.thermal import Phase
from rover.onboard.mapping import BeliefState, close_cell, update_map
from rover.planning.forecast import Forecaster, Hop
from rover.planning.problem import NoPlan, Planner, PlanningProblem
from rover.planning.schedule import path_length, split_path
from rover.terrain.derive import Terrain

ARRIVAL_M = 0.05
"""Nearer than this to a waypoint is at it."""

LOOK_EVERY_M = 1.0
"""Longest motion between two looks at the ground."""

STAY_S = 600.0
"""Longest stay between two looks at the battery and the Sun."""

MOST_REPLANS = 400

BOARD_MARGIN_SOC = 0.03
"""On board, loads are shed this far above the charge to keep."""

BACK_OFF_M = 1.0
"""After a stall the rover backs out this far at least before it turns."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Uplink:
    """What the ground has sent: everything the rover knows besides what it senses.

    Attributes:
        vehicle: Its own figures.
        terrain: The orbital map's layers, on the cells used on board.
        forecaster: Almanac and rules of operation.
        planner: Makes a new way when the old one closes.
        limits: For the planner.
        goal_m: (east, north).
        path_m: (n, 2) the way planned on the ground.
    """

    vehicle: VehicleParams
    terrain: Terrain
    forecaster: Forecaster
    planner: Planner
    limits: tuple[Limit, ...]
    goal_m: tuple[float, float]
    path_m: npt.NDArray[np.float64]

    @property
    def teleoperated(self) -> bool:
        return self.forecaster.operations.command_cycle_s > 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExecutiveState:
    """What the executive remembers.

    Attributes:
        belief: The maps.
        mode: Present mode.
        hold_until_s: End of the stay that is under way.
        path_m: (n, 2) waypoints still ahead.
        track_m: Places stood at, latest last.
        hop_left_m: Of the present set of commands.
        owes_cycle: Whether it has driven since the last command cycle.
        must_replan: Why the path is no longer good, or None.
        back_off_m: How far to back out before taking a new path.
        backing: How many of the waypoints ahead are of the own track, to be driven backwards.
        replans: How many.
        finished: Why it will do no more, or None.
        arrived: Whether that is because it is at the goal.
    """

    belief: BeliefState
    mode: Mode = Mode.CHARGE
    hold_until_s: float = -math.inf
    path_m: npt.NDArray[np.float64]
    track_m: tuple[tuple[float, float], ...] = ()
    hop_left_m: float = 0.0
    owes_cycle: bool = False
    must_replan: str | None = None
    back_off_m: float = 0.0
    backing: int = 0
    replans: int = 0
    finished: str | None = None
    arrived: bool = False


def init(uplink: Uplink, belief: BeliefState) -> ExecutiveState:
    """Return the state in which a traverse begins."""
    return ExecutiveState(belief=belief, path_m=uplink.path_m)


def step(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Return the next state and what to do now.

    Args:
        state: As returned by `init` or the last `step`.
        seen: What the world answered to the last command.
        uplink: What the ground has sent.
    """
    state = _sense(state, seen, uplink)
    if state.mode is Mode.DORMANT and not _wakes(seen, uplink):
        return state, _stay(Mode.DORMANT, STAY_S)
    if state.mode is Mode.COMMAND and _drains(seen, uplink):
        return _save_power(state, seen, uplink)
    if state.mode is Mode.CHARGE and _waits_in_vain(seen, uplink):
        return _hold(state, Mode.DORMANT, seen.time_s, seen)
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
    """Drive on while the present commands last, then see to the next."""
    if state.hop_left_m <= 1e-9:
        return _at_stop(state, seen, uplink)
    return _drive_on(state, seen, uplink)


def _sense(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    here = (seen.east_m, seen.north_m)
    if not state.track_m or math.dist(state.track_m[-1], here) > ARRIVAL_M:
        state = replace(state, track_m=(*state.track_m, here))
    return replace(state, belief=update_map(state.belief, seen, uplink.vehicle))


def _wakes(seen: Observation, uplink: Uplink) -> bool:
    rising = uplink.forecaster.window.almanac.sun_at(seen.time_s).rising
    return rising and seen.array_w >= uplink.vehicle.wake_array_w


def _array_gain(seen: Observation, uplink: Uplink) -> float:
    """Return what the array gives of what a level one in open light would: attitude and shadow as measured."""
    sun = uplink.forecaster.window.almanac.sun_at(seen.time_s)
    level_w = float(expected_array_w(sun.elevation_rad, uplink.vehicle, sun_distance_m=sun.distance_m))
    return seen.array_w / level_w if level_w > 0 else 0.0


def _drains(seen: Observation, uplink: Uplink) -> bool:
    """Tell whether a command cycle would take the battery near what is to be kept, before the next look."""
    forecaster = uplink.forecaster
    gain = _array_gain(seen, uplink)
    ahead = forecaster.stay_energy(seen.time_s, seen.time_s + STAY_S, seen.soc, Mode.COMMAND, array_gain=gain)
    return ahead.least_soc < forecaster.floor_soc(seen.time_s) + BOARD_MARGIN_SOC


def _waits_in_vain(seen: Observation, uplink: Uplink) -> bool:
    """Tell whether staying awake takes more than the array gives, towards evening or with little left to lose."""
    if seen.array_w >= uplink.vehicle.charge_w:
        return False
    forecaster = uplink.forecaster
    rising = forecaster.window.almanac.sun_at(seen.time_s).rising
    evening = not rising and forecaster.window.phase_at(seen.time_s) is not Phase.DRIVE
    return evening or seen.soc < forecaster.floor_soc(seen.time_s) + BOARD_MARGIN_SOC


def _save_power(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Break off a command cycle; it is owed again after charging."""
    charged_s = uplink.forecaster.charged_at(seen.time_s, seen.soc, array_gain=_array_gain(seen, uplink))
    state = replace(state, owes_cycle=True)
    return _hold(state, Mode.CHARGE, charged_s, seen)


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
        return replace(state, belief=belief, must_replan=why, back_off_m=BACK_OFF_M)
    if exceeds_attitude(seen.pitch_rad, seen.roll_rad, uplink.vehicle) and not _on_closed(state, seen):
        belief = close_cell(state.belief, seen.east_m, seen.north_m, Hazard.TILT)
        pitch, roll = math.degrees(seen.pitch_rad), math.degrees(seen.roll_rad)
        why = f"measured pitch {pitch:.1f} and roll {roll:.1f} deg are beyond the limits"
        return replace(state, belief=belief, must_replan=why)
    return state


def _on_closed(state: ExecutiveState, seen: Observation) -> bool:
    """Tell whether it stands on a closed cell: then it is on its way out already."""
    cell = state.belief.costmap.geometry.cell_at(seen.east_m, seen.north_m)
    return cell is None or not math.isfinite(state.belief.costmap.cost_s_per_m[cell])


def _check_path(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Ask for a new path where a cell ahead has become lethal."""
    if state.must_replan is not None or len(state.path_m) == 0 or seen.heights is None:
        return state
    # Only what is in view can have changed since the last look.
    blocked = _first_lethal(state, (seen.east_m, seen.north_m), uplink.vehicle.sensing_range_m + LOOK_EVERY_M)
    if blocked is None:
        return state
    why = f"a hazard was seen on the path at ({blocked[0]:.1f}, {blocked[1]:.1f})"
    return replace(state, must_replan=why)


def _first_lethal(
    state: ExecutiveState, here: tuple[float, float], reach_m: float
) -> tuple[float, float] | None:
    """Return the first place on the next `reach_m` of the path that is lethal, if the rover has not stood there."""
    geometry, cost = state.belief.costmap.geometry, state.belief.costmap.cost_s_per_m
    stood_on = {geometry.cell_at(*place) for place in (*state.track_m, here)}
    ahead = next(split_path(np.vstack([here, state.path_m]), reach_m), None)
    for point in sampled(ahead, geometry.resolution_m / 4).tolist() if ahead is not None else ():
        cell = geometry.cell_at(*point)
        if cell is None or (not math.isfinite(cost[cell]) and cell not in stood_on):
            return point[0], point[1]
    return None


def sampled(path_m: npt.NDArray[np.float64], spacing_m: float) -> npt.NDArray[np.float64]:
    """Return (n, 2) points along a polyline, no further apart than `spacing_m`, corners included."""
    parts = [path_m[:1]]
    for a, b in zip(path_m[:-1], path_m[1:], strict=True):
        count = max(1, math.ceil(math.dist(a, b) / spacing_m))
        parts.append(a + (b - a) * (np.arange(1, count + 1) / count)[:, None])
    return np.vstack(parts)


def _handle_replan(
    state: ExecutiveState, seen: Observation, uplink: Uplink
) -> tuple[ExecutiveState, Command]:
    """Take a new way round what closed the old one, or stop for good; the rover does so itself."""
    if state.replans >= MOST_REPLANS:
        return _finish(state, f"{MOST_REPLANS} new paths did not lead to the goal")
    back, start = _way_out(state, seen, uplink)
    answer = uplink.planner.plan(_problem(state, seen, uplink, start))
    if isinstance(answer, NoPlan):
        return _finish(state, f"{state.must_replan}, and there is {answer}")
    state = replace(
        state,
        path_m=np.vstack([back, answer.waypoints_m]),
        must_replan=None,
        back_off_m=0.0,
        backing=len(back) + (1 if len(back) else 0),
        replans=state.replans + 1,
    )
    return _go_on(state, seen, uplink)


def _way_out(
    state: ExecutiveState, seen: Observation, uplink: Uplink
) -> tuple[npt.NDArray[np.float64], tuple[float, float]]:
    """Return the (n, 2) places of the own track to back out over, and the place beyond them to plan from.

    That is the latest place stood at from which the goal can still be reached, far enough back if there was a stall.
    If there is none, the plan begins where the rover stands.
    """
    geometry = state.belief.costmap.geometry
    reachable = _reaches(state.belief.costmap, uplink.goal_m)
    here = (seen.east_m, seen.north_m)
    back: list[tuple[float, float]] = []
    for place in reversed(state.track_m):
        cell = geometry.cell_at(*place)
        if math.dist(here, place) >= state.back_off_m and cell is not None and reachable[cell]:
            return np.array(back[1:]).reshape(-1, 2), place  # the first of them is where it stands
        back.append(place)
    return np.empty((0, 2)), here


def _reaches(costmap: CostMap, goal_m: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Return (rows, cols) bool: from which cells a goal can be reached. Without cut corners that is 4-connectedness."""
    regions, _ = label(np.isfinite(costmap.cost_s_per_m))
    cell = costmap.geometry.cell_at(*goal_m)
    return np.asarray((regions == regions[cell]) & (regions > 0))


def _problem(
    state: ExecutiveState, seen: Observation, uplink: Uplink, start: tuple[float, float]
) -> PlanningProblem:
    return PlanningProblem(
        costmap=_with_a_place_to_stand(state.belief.costmap, start),
        hazards=state.belief.hazards,
        terrain=uplink.terrain,
        vehicle=uplink.vehicle,
        start_m=start,
        goal_m=uplink.goal_m,
        depart_s=seen.time_s,
        soc=seen.soc,
        limits=uplink.limits,
    )


def _with_a_place_to_stand(costmap: CostMap, start: tuple[float, float]) -> CostMap:
    """Open the cell that a plan begins in: the rover has stood there, whatever it has seen close by since."""
    cell = costmap.geometry.cell_at(*start)
    if cell is None or math.isfinite(costmap.cost_s_per_m[cell]):
        return costmap
    cost = costmap.cost_s_per_m.copy()
    cost[cell] = np.max(cost, where=np.isfinite(cost), initial=1.0)
    return replace(costmap, cost_s_per_m=cost)


def _at_stop(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """At the end of a set of commands: get the next, wait, or go."""
    operations = uplink.forecaster.operations
    if uplink.teleoperated and state.owes_cycle:
        state = replace(state, owes_cycle=False)
        return _hold(state, Mode.COMMAND, seen.time_s + operations.command_cycle_s, seen)
    here = np.array([[seen.east_m, seen.north_m]])
    length = min(operations.stop_every_m, path_length(np.vstack([here, state.path_m])))
    hop = Hop(length_m=length, speed_m_s=_slowest_ahead(state, seen, length))
    decision = uplink.forecaster.decide(seen.time_s, seen.soc, hop, array_gain=_array_gain(seen, uplink))
    if decision.mode is Mode.DORMANT and _wakes(seen, uplink):  # the array sees more Sun than a level one
        return _hold(state, Mode.CHARGE, seen.time_s + STAY_S, seen)
    if decision.mode is not Mode.DRIVE:
        return _hold(state, decision.mode, decision.until_s, seen)
    return _drive_on(replace(state, hop_left_m=length), seen, uplink)


def _slowest_ahead(state: ExecutiveState, seen: Observation, length_m: float) -> float:
    geometry, cost = state.belief.costmap.geometry, state.belief.costmap.cost_s_per_m
    route = sampled(np.vstack([(seen.east_m, seen.north_m), state.path_m]), geometry.resolution_m / 2)
    near = route[: max(1, math.ceil(length_m / (geometry.resolution_m / 2)))]
    cells = (geometry.cell_at(*point) for point in near)
    costs = [cost[cell] for cell in cells if cell is not None and math.isfinite(cost[cell])]
    return 1.0 / max(costs, default=float(np.min(cost)))


def _drive_on(state: ExecutiveState, seen: Observation, uplink: Uplink) -> tuple[ExecutiveState, Command]:
    """Drive towards the next waypoint, at most up to the next look or the end of the commands."""
    path, backing = state.path_m, state.backing
    while len(path) > 1 and _gap(seen, path[0]) <= ARRIVAL_M:
        path, backing = path[1:], max(0, backing - 1)
    bearing = math.atan2(path[0][1] - seen.north_m, path[0][0] - seen.east_m)
    ahead = 1 if backing == 0 else -1
    turn = math.remainder(bearing - seen.yaw_rad + (0.0 if ahead > 0 else math.pi), 2 * math.pi)
    drive = min(_gap(seen, path[0]), LOOK_EVERY_M, state.hop_left_m)
    state = replace(
        state,
        mode=Mode.DRIVE,
        path_m=path,
        backing=backing,
        hop_left_m=state.hop_left_m - drive,
        owes_cycle=True,
    )
    return state, Command(mode=Mode.DRIVE, turn_rad=turn, drive_m=ahead * drive)


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
