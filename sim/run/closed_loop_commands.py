"""Stops for commands in a run: what goes down when one begins, and what comes up when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rover.core.boundary import Mode, Observation
from rover.onboard.downlink import Downlink, Orders
from rover.onboard.executive_state import ExecutiveState
from rover.planning.schedule import path_length
from sim.mission.operations_legs import Station, plan_leg, received
from sim.run.closed_loop_mind import Mind
from sim.run.runlog import Severity
from sim.run.world import WorldState

Note = Callable[[WorldState, str, Severity, str], None]
"""Told the state, the event's name, its weight and its words."""

Panorama = Callable[[WorldState], Observation]
"""Takes a look all round from where the rover stands."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cycle:
    """A command cycle under way: what came down, and from when on what answers it can be on board."""

    down: Downlink
    due_s: float


class CommandCycles:
    """The traffic of command cycles: down as one begins, up as soon as it is over and the relay can be reached."""

    def __init__(self, station: Station, panorama: Panorama, note: Note, *, cycle_s: float) -> None:
        """Begin with nothing asked for.

        Args:
            station: The ground.
            panorama: The rover's mast.
            note: For events.
            cycle_s: From the downlink to the uplink that answers it.
        """
        self._station = station
        self._panorama = panorama
        self._note = note
        self._cycle_s = cycle_s
        self._under_way: _Cycle | None = None

    def answer(self, mind: Mind, state: WorldState, *, relay_out: bool) -> None:
        """Let what the ground has planned come up, before the rover decides; what is broken off is not answered."""
        cycle = self._under_way
        if cycle is None or relay_out or state.time_s < cycle.due_s - 1e-6:
            return
        self._under_way = None
        if (
            mind.state.asked_s is None
            or mind.state.mode is not Mode.COMMAND
            or mind.state.finished is not None
        ):
            return
        self._station, orders = plan_leg(self._station, cycle.down)
        self._note(state, "uplink", Severity.ACTIVITY, _words(orders, cycle.down))
        mind.take_up(orders)

    def ask(self, before: ExecutiveState, mind: Mind, state: WorldState) -> None:
        """Take what goes down, if a command cycle has begun by the last decision.

        Args:
            before: The executive's state before it.
            mind: What runs on board.
            state: Of the world.
        """
        asked_s = mind.state.asked_s
        if asked_s is None or asked_s == before.asked_s:
            return
        down = received(self._station, mind.downlink(self._panorama(state)))
        self._under_way = _Cycle(down=down, due_s=state.time_s + self._cycle_s)
        shown = (
            "telemetry alone" if down.seen.heights is None else f"a panorama of {self._station.pairs} pairs"
        )
        asked = "" if down.refused is None else f"; the leg is refused: {down.refused}"
        self._note(state, "panorama", Severity.ACTIVITY, f"down at the stop: {shown}{asked}")


def _words(orders: Orders, down: Downlink) -> str:
    """Return what is said of orders."""
    if orders.stop is not None:
        return f"up at the stop: stay, {orders.stop}"
    if orders.changed is None:
        return "up at the stop: the way as before"
    here = np.array([[down.seen.east_m, down.seen.north_m]])
    return f"up at the stop: a new way of {path_length(np.vstack([here, orders.path_m])):.1f} m"
