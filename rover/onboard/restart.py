"""What is left of the executive's memory when its computer begins anew."""

from __future__ import annotations

from dataclasses import replace

from rover.core.boundary import Mode
from rover.onboard.executive import init
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.mapping import BeliefState
from rover.onboard.uplink import Uplink


def restart(state: ExecutiveState, uplink: Uplink, belief: BeliefState, *, ready_s: float) -> ExecutiveState:
    """Return the state in which the executive wakes up after a reset.

    Stored, and so kept: what was uplinked, the waypoints and stops still ahead, how often it has planned anew, and that
    it is asleep. Lost: the map it made, its track, the rest of its commands. So it stands, plans anew on the map that
    was uplinked, and, teleoperated, waits for commands.

    Args:
        state: Before.
        uplink: As stored.
        belief: The maps as uplinked.
        ready_s: When it heeds the world again.
    """
    asleep = state.mode is Mode.DORMANT
    return replace(
        init(uplink, belief),
        mode=Mode.DORMANT if asleep else Mode.CHARGE,
        hold_until_s=ready_s,
        path_m=state.path_m,
        planned=state.planned,
        owes_cycle=True,
        must_replan="the computer began anew and has lost its map",
        replans=state.replans,
        finished=state.finished,
        arrived=state.arrived,
    )
