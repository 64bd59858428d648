"""Room for an error of the grades: how many standard deviations a leg keeps from the limits of pitch and roll."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.errors import UsageError
from rover.hazard.directional import ROUNDING, heading_vector
from rover.limits.base import MOVES, Leg, Margin, Surroundings, Table

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimit:
    """No leg comes nearer to the limits of pitch and roll than so many standard deviations of the grade's error.

    Counted in tangents, whose errors are those of the grade: of the pitch, exactly; of the roll,
    `across / sqrt(1 + along^2)`, at most.

    Attributes:
        slope_limit_rad, roll_limit_rad: Of the vehicle.
        grade_sigma: Standard deviation of either component of the measured grade, positive.
        least_sigmas: Room to keep, not negative.

    Raises:
        UsageError: Another figure.
    """

    slope_limit_rad: float
    roll_limit_rad: float
    grade_sigma: float
    least_sigmas: float
    name: str = "attitude_sigmas"

    def __post_init__(self) -> None:
        for field, value, good, wanted in (
            (
                "grade_sigma",
                self.grade_sigma,
                self.grade_sigma > 0,
                "above 0, such as DemError.grade_sigma gives",
            ),
            ("least_sigmas", self.least_sigmas, self.least_sigmas >= 0, "0 or more"),
        ):
            if not (good and math.isfinite(value)):
                raise UsageError("cannot be", remedy=f"give a number {wanted}", field=field, value=value)

    def table(self, around: Surroundings) -> Table:
        east, north = np.array([heading_vector(math.atan2(*move)) for move in MOVES]).T[:, :, None, None]
        grade_east = around.headings.grade_east.astype(np.float64)
        grade_north = around.headings.grade_north.astype(np.float64)
        along = grade_east * east + grade_north * north
        roll = np.abs(grade_north * east - grade_east * north) / np.sqrt(1.0 + along * along)
        return Table(moves=self._room(np.abs(along), roll) >= self.least_sigmas)

    def margin(self, leg: Leg) -> Margin:
        pitch = math.tan(max(leg.climb_rad, leg.descent_rad)) if leg.driving else 0.0
        roll = math.tan(leg.roll_rad) if leg.driving else 0.0
        room = float(self._room(np.array(pitch), np.array(roll)))
        slack = room - self.least_sigmas if leg.driving else math.inf
        return Margin(limit=self.name, value=room, bound=self.least_sigmas, slack=slack, time_s=leg.start_s)

    def _room(self, pitch: Floats, roll: Floats) -> Floats:
        """Return (...) standard deviations from tangents of pitch and roll, neither negative, to their limits."""
        to_pitch = math.tan(self.slope_limit_rad) * ROUNDING - pitch
        to_roll = math.tan(self.roll_limit_rad) * ROUNDING - roll
        return np.asarray(np.minimum(to_pitch, to_roll) / self.grade_sigma)
