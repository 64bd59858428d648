"""What is left of the executive's memory when its computer begins anew."""

from __future__ import annotations

from dataclasses import replace

from rover.core.boundary import Mode
from rover.onboard.executive import init
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.fault_watch import after_reset
from rover.onboard.mapping import BeliefState
from rover.onboard.uplink import Uplink


def restart(state: ExecutiveState, uplink: Uplink, belief: BeliefState) -> ExecutiveState:
    """Return the state in which the executive wakes up after a reset.

    Stored, and so kept: what was uplinked, the waypoints and stops still ahead, how often it has planned anew and has
    begun, what its watch over faults has counted and latched, and that it is asleep. Lost: the map it made, its track,
    the rest of its commands. That it has begun anew it finds by its own count of beginnings.

    Args:
        state: Before.
        uplink: As stored.
        belief: The maps as uplinked.
    """
    begun = init(uplink, belief)
    return replace(
        begun,
        mode=Mode.DORMANT if state.mode is Mode.DORMANT else begun.mode,
        path_m=state.path_m,
        planned=state.planned,
        owes_cycle=True,
        replans=state.replans,
        finished=state.finished,
        arrived=state.arrived,
        watch=after_reset(state.watch),
    )
