"""What the executive heeds before anything else: halts, an empty battery, tilt, stalls and what blocks its path."""

from __future__ import annotations

import math
from dataclasses import replace

from rover.core.boundary import Mode, Observation
from rover.hazard.detect import Hazard
from rover.limits.mobility import exceeds_attitude
from rover.onboard import arc_driver
from rover.onboard.driving import LOOK_EVERY_M
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.mapping import close_cell
from rover.onboard.path_watch import LEAVING_M, first_lethal
from rover.onboard.power_watch import drains, waits_in_vain
from rover.onboard.rerouting import BACK_OFF_M
from rover.onboard.uplink import Uplink

WORSE_RAD = math.radians(1.0)
"""Tilt may grow so much, noise included, on the way out of ground found too steep."""

RECOVERY_S = 1800.0
"""A rover that halted itself stands so long: motors, cameras and inertial unit are switched off and on again."""


def heed_faults(state: ExecutiveState, seen: Observation) -> ExecutiveState:
    """After a halt drop the rest of the drive and stand; a command cycle takes as much longer as the relay was away."""
    if seen.halted:
        until_s = max(
            state.hold_until_s, seen.time_s + RECOVERY_S
        )  # a computer that begins anew may take longer
        state = replace(state, mode=Mode.CHARGE, hop_left_m=0.0, hold_until_s=until_s)
    if seen.out_of_link_s and state.mode is Mode.COMMAND:
        state = replace(state, hold_until_s=state.hold_until_s + seen.out_of_link_s)
    return state


def shed(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
    """Break off what takes too much charge: a command cycle, owed again later, and waking where waiting is in vain."""
    if state.mode is Mode.COMMAND and drains(seen, Mode.COMMAND, uplink, provided=state.provided):
        state = replace(state, mode=Mode.CHARGE, hold_until_s=seen.time_s, owes_cycle=True)
    dim = state.mode is Mode.CHARGE and waits_in_vain(seen, uplink)
    if dim or (state.mode is Mode.NAP and drains(seen, Mode.NAP, uplink)):
        state = replace(state, mode=Mode.DORMANT)
    return state


def check_attitude(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
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


def check_path(state: ExecutiveState, seen: Observation, uplink: Uplink) -> ExecutiveState:
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
    )
    if blocked is None:
        return state
    why = f"a hazard was seen on the path at ({blocked[0]:.1f}, {blocked[1]:.1f})"
    return replace(state, must_replan=why)
