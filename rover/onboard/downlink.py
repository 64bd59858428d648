"""A stop for commands as the rover has it: what it sends down, and what it does with what comes up.

Teleoperated, the rover drives one leg as it was told, up to its next stop. There it looks all round with its mast and
sends down what that shows, with its pose as believed, what it has found closed and, where what it saw made it stop
short of its leg's end, why. It stands until orders come up. Nothing that protects it waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.boundary import Observation
from rover.onboard.executive_state import ExecutiveState, finish
from rover.onboard.mapping import BeliefState
from rover.onboard.planned_stops import PlannedStops

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closed:
    """Cells of the map uplinked that the rover has closed since, by what it saw or met.

    Attributes:
        cells: (n, 2) row and column.
        flags: (n,) their `Hazard` flags.
        steep: (n,) whether for no other reason than that their slope was seen to be too steep.
    """

    cells: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    steep: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", locked(self.cells, np.int64, (None, 2), "cells"))
        shape = (len(self.cells),)
        object.__setattr__(self, "flags", locked(self.flags, np.uint8, shape, "flags"))
        object.__setattr__(self, "steep", locked(self.steep, np.bool_, shape, "steep"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Downlink:
    """What comes down at a stop for commands: all that the ground learns of the rover and its surroundings.

    Attributes:
        seen: Telemetry, with the place as the rover believes it, and the heights of its panorama; None in the dark.
        closed: By the rover itself.
        track_m: Places stood at, latest last.
        path_m, planned, backing, aim_m: What is left of the way that it was told, as in `ExecutiveState`.
        refused: Why it did not drive its leg to the end, or None.
        replans: New ways taken so far.
    """

    seen: Observation
    closed: Closed
    track_m: tuple[Place, ...]
    path_m: npt.NDArray[np.float64]
    planned: PlannedStops
    backing: int
    aim_m: Place | None
    refused: str | None
    replans: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Orders:
    """What comes up at the end of a command cycle.

    Attributes:
        path_m, planned, backing, aim_m: The way, as in `ExecutiveState`; up to its next stop it is the leg.
        changed: Why it is another than before, or None.
        stop: Why the rover is to go no further, or None.
    """

    path_m: npt.NDArray[np.float64]
    planned: PlannedStops
    backing: int = 0
    aim_m: Place | None = None
    changed: str | None = None
    stop: str | None = None


def downlink_of(state: ExecutiveState, seen: Observation, uplinked: BeliefState) -> Downlink:
    """Return what the rover sends down.

    Args:
        state: In which it begins the command cycle.
        seen: There, with the heights of its panorama.
        uplinked: The maps that it was sent.
    """
    belief = state.belief
    fresh = np.isinf(belief.costmap.cost_s_per_m) & np.isfinite(uplinked.costmap.cost_s_per_m)
    fresh |= belief.hazards.flags != uplinked.hazards.flags
    return Downlink(
        seen=replace(seen, stereo=()),
        closed=Closed(cells=np.argwhere(fresh), flags=belief.hazards.flags[fresh], steep=belief.steep[fresh]),
        track_m=state.track_m,
        path_m=state.path_m,
        planned=state.planned,
        backing=state.backing,
        aim_m=state.aim_m,
        refused=state.refused,
        replans=state.replans,
    )


def take_up(state: ExecutiveState, orders: Orders) -> ExecutiveState:
    """Return the state in which the orders that were waited for have come up."""
    state = replace(state, asked_s=None)
    if orders.stop is not None:
        return finish(state, orders.stop)
    return replace(
        state,
        path_m=orders.path_m,
        planned=orders.planned,
        backing=orders.backing,
        aim_m=orders.aim_m,
        refused=None,
        hop_left_m=0.0,
        replans=state.replans + (orders.changed is not None),
        replanned_for=orders.changed or state.replanned_for,
    )


def asks(state: ExecutiveState) -> ExecutiveState:
    """Return the state in which the rover drives no further before it has had orders."""
    return replace(state, asked_s=None, owes_cycle=True, hop_left_m=0.0)
