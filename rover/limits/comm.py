"""What the link to Earth lets the rover do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rover.limits.base import Leg, Margin, Surroundings, Table


@dataclass(frozen=True, slots=True)
class LinkLimit:
    """The rover drives and is commanded only where the relay stands so far above the horizon and a station sees it.

    Heights are kept in hundredths of a degree, and the bound is a whole one.
    """

    margin_rad: float
    name: str = "relay_rad"

    @property
    def hundredths_deg(self) -> int:
        """The bound, in hundredths of a degree."""
        return math.ceil(math.degrees(self.margin_rad) * 100 - 1e-9)

    def table(self, around: Surroundings) -> Table:
        if around.relay_cdeg is None:
            raise ValueError("a limit of the link, and no relay in the almanac")
        return Table(cells_by_bin=around.relay_cdeg >= self.hundredths_deg)

    def margin(self, leg: Leg) -> Margin:
        bound = math.radians(self.hundredths_deg / 100)
        linked = leg.driving or leg.commanding
        slack = leg.relay_rad - bound if linked else math.inf
        return Margin(limit=self.name, value=leg.relay_rad, bound=bound, slack=slack, time_s=leg.start_s)
