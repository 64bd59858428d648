"""What the light on the ground lets the rover do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rover.limits.base import Leg, Margin, Surroundings, Table


@dataclass(frozen=True, slots=True)
class LitLimit:
    """The rover drives only where at least so much of the Sun's disc is in view.

    Light by cell and bin is kept in 255 steps, and the bound is a whole one.
    """

    least: float
    name: str = "lit"

    @property
    def steps(self) -> int:
        """The bound, of 255."""
        return math.ceil(self.least * 255 - 1e-9)

    def table(self, around: Surroundings) -> Table:
        return Table(least_lit=self.steps)

    def margin(self, leg: Leg) -> Margin:
        bound = self.steps / 255
        slack = leg.lit - bound if leg.driving else math.inf
        return Margin(limit=self.name, value=leg.lit, bound=bound, slack=slack, time_s=leg.start_s)


@dataclass(frozen=True, slots=True)
class ShadowLimit:
    """Awake, the rover is never longer in shadow than so."""

    longest_s: float
    name: str = "dark_s"

    def table(self, around: Surroundings) -> Table:
        return Table(longest_dark_s=self.longest_s)

    def margin(self, leg: Leg) -> Margin:
        slack = self.longest_s - leg.dark_s if not leg.asleep else math.inf
        return Margin(limit=self.name, value=leg.dark_s, bound=self.longest_s, slack=slack, time_s=leg.end_s)


@dataclass(frozen=True, slots=True)
class DuskLimit:
    """The rover is parked so long before the Sun sinks too low for driving."""

    margin_s: float
    name: str = "dusk_s"

    def table(self, around: Surroundings) -> Table:
        timeline = around.timeline
        dusk_s = timeline.dusk_after(timeline.edge_s[:-1])
        return Table(bins=timeline.edge_s[1:] <= dusk_s - self.margin_s + 1e-6)

    def margin(self, leg: Leg) -> Margin:
        bound = leg.dusk_s - self.margin_s
        slack = bound - leg.end_s if leg.driving else math.inf
        return Margin(limit=self.name, value=leg.end_s, bound=bound, slack=slack, time_s=leg.end_s)
