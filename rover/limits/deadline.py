"""When a traverse must be over."""

from __future__ import annotations

from dataclasses import dataclass

from rover.limits.base import Leg, Margin, Surroundings, Table


@dataclass(frozen=True, slots=True)
class DeadlineLimit:
    """Nothing ends later than the latest arrival, seconds since the scenario's epoch."""

    latest_s: float
    name: str = "deadline_s"

    def table(self, around: Surroundings) -> Table:
        return Table(deadline_s=self.latest_s)

    def margin(self, leg: Leg) -> Margin:
        slack = self.latest_s - leg.end_s
        return Margin(limit=self.name, value=leg.end_s, bound=self.latest_s, slack=slack, time_s=leg.end_s)
