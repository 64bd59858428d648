"""Time kept in hand before night, for what delays a drive."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rover.core.errors import UsageError
from rover.limits.base import Leg, Margin, Surroundings, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayLimit:
    """No leg ends less than so long before driving ends for the night.

    Attributes:
        dusks_s: When driving ends in each evening of the plan.
        margin_s: Time in hand, not negative.

    Raises:
        UsageError: A margin that is not a time.
    """

    dusks_s: tuple[float, ...]
    margin_s: float
    name: str = "in_hand_s"

    def __post_init__(self) -> None:
        if not (self.margin_s >= 0 and math.isfinite(self.margin_s)):
            raise UsageError(
                "not a time", remedy="give seconds, 0 or more", field="margin_s", value=self.margin_s
            )

    def edges_s(self) -> tuple[float, ...]:
        """Return times that must be edges of a plan's bins."""
        return tuple(dusk - self.margin_s for dusk in self.dusks_s) if self.margin_s > 0 else ()

    def table(self, around: Surroundings) -> Table:
        middle = around.timeline.middle_s
        dusks = np.array([*self.dusks_s, math.inf])
        following = dusks[np.searchsorted(dusks, middle, side="right")]
        return Table(bins=middle <= following - self.margin_s)

    def margin(self, leg: Leg) -> Margin:
        left = leg.dusk_s - leg.end_s
        slack = left - self.margin_s if leg.driving else math.inf
        return Margin(limit=self.name, value=left, bound=self.margin_s, slack=slack, time_s=leg.end_s)
