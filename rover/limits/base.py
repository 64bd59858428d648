"""What a limit is: a function from a leg to a margin. Negative slack refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """What is forecast, or was measured, of one stretch of a traverse.

    Attributes:
        start_s, end_s: Time since the scenario's epoch.
        path_m: (n, 2) east and north, n at least 1.
        tilt_rad: Largest tilt of the ground on the way.
        soc: Least state of charge on the way, 0-1.
        sun_elevation_rad: (least, greatest) Sun elevation on the way.
        sun_rising: Whether it is before local noon.
        driving: Whether the rover moves.
    """

    start_s: float
    end_s: float
    path_m: npt.NDArray[np.float64]
    tilt_rad: float
    soc: float
    sun_elevation_rad: tuple[float, float]
    sun_rising: bool
    driving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """How far a leg is from breaking a limit.

    Attributes:
        limit: Name of the limit.
        value: What the leg reaches, in the unit of the limit's name.
        bound: What it may reach.
        slack: Distance to the bound, negative beyond it.
        time_s: When, since the scenario's epoch.
    """

    limit: str
    value: float
    bound: float
    slack: float
    time_s: float

    @property
    def holds(self) -> bool:
        return self.slack >= 0  # NaN does not hold


class Limit(Protocol):
    """Something a leg must keep to."""

    @property
    def name(self) -> str:
        """What it is called in margins and reports."""
        ...

    def margin(self, leg: Leg) -> Margin:
        """Return how far `leg` is from breaking this limit."""
        ...
