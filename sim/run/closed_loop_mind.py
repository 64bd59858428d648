"""What runs on the rover's computer: perceiving, where the senses do not tell its place, and the executive."""

from __future__ import annotations

from dataclasses import dataclass

from rover.core.boundary import Command, Observation
from rover.onboard import executive
from rover.onboard.mapping import BeliefState
from rover.onboard.perception import PerceptionParams, PerceptionState, init_perception, perceive, restarted
from rover.onboard.restart import restart
from rover.onboard.uplink import Uplink


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

    def restart(self) -> None:
        """Lose what a reset of the computer loses."""
        self.state = restarted(self.state, self.params)


class Mind:
    """The executive with what it was sent, and the perceiving before it; None where perfect senses tell the place.

    Attributes:
        state: What the executive remembers.
        command: What it asked for last, None before the first.
        believed: East, north and the standard deviation of the place, m, of the last observation.
    """

    def __init__(self, uplink: Uplink, belief: BeliefState, perceiver: Perceiver | None) -> None:
        self._uplink = uplink
        self._belief = belief
        self._perceiver = perceiver
        self.state = executive.init(uplink, belief)
        self.command: Command | None = None
        self.believed = (0.0, 0.0, 0.0)

    def decide(self, seen: Observation) -> Command:
        """Take in an observation and return the next command."""
        sigma_m, perceived = 0.0, None
        if self._perceiver is not None:
            seen = self._perceiver.perceive(seen, self.command)
            sigma_m, perceived = self._perceiver.state.located.sigma_m, self._perceiver.state.local
        self.believed = (seen.east_m, seen.north_m, sigma_m)
        self.state, self.command = executive.step(self.state, seen, self._uplink, perceived)
        return self.command

    def restart(self, ready_s: float) -> None:
        """Begin anew after a reset of the computer, which heeds the world again at a time."""
        self.state = restart(self.state, self._uplink, self._belief, ready_s=ready_s)
        if self._perceiver is not None:
            self._perceiver.restart()
