"""What runs on the rover's computer: perceiving, where the senses do not tell its place, and the executive."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, DriveReading, Observation
from rover.onboard import executive
from rover.onboard.downlink import Downlink, Orders, downlink_of, take_up
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.fault_table import BY_NAME
from rover.onboard.mapping import BeliefState
from rover.onboard.panorama import heights_round
from rover.onboard.perception import (
    PerceptionParams,
    PerceptionState,
    by_wheels,
    init_perception,
    perceive,
    restarted,
)
from rover.onboard.restart import restart
from rover.onboard.turns import in_parts
from rover.onboard.uplink import Uplink
from sim.run.monitor import Account


@dataclass
class Perceiver:
    """The rover's perceiving, and where it has come to."""

    params: PerceptionParams
    state: PerceptionState

    @classmethod
    def begin(cls, params: PerceptionParams, *, start_m: tuple[float, float], yaw_rad: float) -> Perceiver:
        """Return it at the start of a traverse."""
        return cls(params, init_perception(params, start_m=start_m, yaw_rad=yaw_rad))

    def perceive(self, seen: Observation, command: Command | None) -> Observation:
        """Return an observation with what is believed of the place and the ground."""
        self.state, believed = perceive(self.state, seen, command, self.params)
        return believed

    @property
    def reach_m(self) -> float:
        """How far away ground may lie that it knows."""
        if self.params.vehicle is None:
            return self.params.sensing_range_m
        rows, cols = self.state.local.height_m.shape
        return math.hypot(rows, cols) / 2 * self.state.local.cell_m

    def by_wheels(self, command: Command) -> Command:
        """Return a command that ends when the wheels have rolled as far as the rover thinks it takes."""
        return by_wheels(self.state, command)

    def restart(self) -> None:
        """Lose what a reset of the computer loses."""
        self.state = restarted(self.state, self.params)


class Mind:
    """The executive with what it was sent, and the perceiving before it; None where perfect senses tell the place.

    Attributes:
        state: What the executive remembers.
        told: What the body was told last, None before the first.
        believed: East, north and the standard deviation of the place, m, of the last observation.
    """

    def __init__(self, uplink: Uplink, belief: BeliefState, perceiver: Perceiver | None) -> None:
        self._uplink = uplink
        self._belief = belief
        self._perceiver = perceiver
        self.state = executive.init(uplink, belief)
        self.told: Command | None = None
        self.believed = (0.0, 0.0, 0.0)
        self._seen: Observation | None = None

    def decide(self, seen: Observation) -> Command:
        """Take in an observation and return the next command."""
        perceived = None
        if self._perceiver is not None:
            seen = self._perceiver.perceive(seen, self.told)
            perceived = self._perceiver.state.local
        self.believed = (seen.east_m, seen.north_m, seen.place_sigma_m)
        self._seen = seen
        self.state, command = executive.step(self.state, seen, self._uplink, perceived)
        return command

    def in_parts(self, command: Command) -> tuple[Command, ...]:
        """Return what a command is carried out as, with a `glance` after each part but the last.

        With senses that tell the place as it is nothing has to be seen on the way: it is one part.
        """
        return (command,) if self._perceiver is None else in_parts(command)

    def tell(self, part: Command) -> Command:
        """Return a part of a command as the body can carry it out."""
        self.told = part if self._perceiver is None else self._perceiver.by_wheels(part)
        return self.told

    def glance(self, seen: Observation) -> None:
        """Take in a look between two parts of a command."""
        if self._perceiver is not None:
            self.state = executive.glance(self.state, self._perceiver.perceive(seen, self.told))

    def account(self, before: ExecutiveState) -> Account:
        """Return what it says of itself after a decision, for the monitor to hold against the truth.

        Args:
            before: The executive's state before it.
        """
        after, belief, vehicle = self.state, self.state.belief, self._uplink.vehicle
        suspected = (name for name, row in after.watch.rows if row.count and BY_NAME[name].while_driving)
        reasons = (
            *after.watch.found,
            *suspected,
            after.must_replan or after.refused or "",
            after.finished or "",
        )
        if after.replans > before.replans:
            reasons = (*reasons, after.replanned_for)
        return Account(
            believed_m=self.believed[:2],
            sigma_m=self.believed[2],
            learnt_m=_learnt_m(before, after),
            reach_m=(vehicle.sensing_range_m if self._perceiver is None else self._perceiver.reach_m)
            + vehicle.length_m
            + 2 * belief.costmap.geometry.resolution_m
            + 4 * self.believed[2],
            reasons=reasons,
            latched=after.watch.latched is not None,
        )

    def watch_drives(self, drives: DriveReading) -> bool:
        """Take in what the drives read in the middle of a motion, and say whether to end it."""
        self.state, halts = executive.watch_drives(self.state, drives, self._uplink)
        return halts

    def clear(self) -> None:
        """Take in that the ground clears what is latched."""
        self.state = executive.clear(self.state)

    @property
    def sent(self) -> tuple[Uplink, BeliefState]:
        """What the ground sent up to begin with."""
        return self._uplink, self._belief

    def downlink(self, panorama: Observation) -> Downlink:
        """Return what goes down at a stop for commands, with a look all round that was taken there."""
        assert self._seen is not None, "it has decided to stop"
        heights = panorama.heights
        if self._perceiver is not None:
            heights = heights_round(self._perceiver.state, panorama, self._perceiver.params)
        seen = replace(self._seen, heights=heights)
        return downlink_of(self.state, seen, self._belief)

    def take_up(self, orders: Orders) -> None:
        """Take in the orders that have come up."""
        self.state = take_up(self.state, orders)

    def restart(self) -> None:
        """Begin anew after a reset of the computer."""
        self.state = restart(self.state, self._uplink, self._belief)
        if self._perceiver is not None:
            self._perceiver.restart()


def _learnt_m(before: ExecutiveState, after: ExecutiveState) -> npt.NDArray[np.float64]:
    """Return (n, 2) the places of which the maps on board have changed, coarse ones and those for arcs."""
    places = np.empty((0, 2))
    then, now = before.belief.hazards, after.belief.hazards
    if then.flags is not now.flags:
        places = now.geometry.centres_of(np.argwhere(then.flags != now.flags))
    ground = None if after.local is None else after.local.ground
    if ground is None or (before.local is not None and before.local.ground is ground):
        return places
    return np.vstack([places, ground.geometry.centres_of(np.argwhere(np.isfinite(ground.height_m)))])
