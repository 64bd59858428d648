"""What the filter does not believe: senses refused by the gate, and how a covariance that they prove wrong is widened.

A measurement far outside its covariance is refused, for it may be false. Refused again and again, what is false is more
likely the covariance: a bias has jumped, soil gives way as none before. From the third on the states by which the
sense could be wrong are widened by what a fault of that kind makes of the time or the way since it was last heard, no
more: a Sun that is not where the almanac has it stays refused (fading memory against divergence: Bar-Shalom, Li and
Kirubarajan 2001, Estimation with Applications to Tracking and Navigation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rover.onboard.error_state import GYRO, LEVEL, PLACE, SIZE, SLIP, TURN, Estimate, widened

Sense = Literal["rest", "level", "sun", "look", "match"]

IN_A_ROW = 3
"""So many refused one after the other are no chance: the gate passes 99.99 % of good ones."""

GYRO_FAULT_RAD_S = math.radians(20.0) / 3600.0
"""Standard deviation of a step in the bias of gyroscopes: twenty times what tactical ones drift (assumed)."""

LEVEL_FAULT_M_S2 = 0.05
"""The same of accelerometers: 2 deg of tilt on the Moon (assumed)."""

SLIP_FAULT = 0.3
"""Standard deviation of the slip ratio on soil that is another than expected."""

DRIFT_FAULT = 0.03
"""Standard deviation of the place per way since the orbital map last agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What was refused lately.

    Attributes:
        rest, level, sun, look, match: How many of the last readings of gyroscopes at rest, accelerometers and Sun, of
            looks and of matches with the orbital map one after the other the gate refused.
        unheard_s: Time since the Sun was last taken.
        unmatched_m: Way since the orbital map was.
    """

    rest: int = 0
    level: int = 0
    sun: int = 0
    look: int = 0
    match: int = 0
    unheard_s: float = 0.0
    unmatched_m: float = 0.0

    @property
    def uncertain(self) -> bool:
        """Whether any sense has been refused so often that chance does not explain it."""
        return max(self.rest, self.level, self.sun, self.look, self.match) >= IN_A_ROW

    def later(self, elapsed_s: float, way_m: float) -> Doubt:
        """Return the same after a time and a way."""
        return replace(self, unheard_s=self.unheard_s + elapsed_s, unmatched_m=self.unmatched_m + way_m)

    def heard(self, sense: Sense, taken: bool) -> Doubt:
        """Return what it is after a sense has told something, taken or refused."""
        after = replace(self, **{sense: 0 if taken else getattr(self, sense) + 1})
        if taken and sense == "sun":
            after = replace(after, unheard_s=0.0)
        if taken and sense == "match":
            after = replace(after, unmatched_m=0.0)
        return after


NO_DOUBT = Doubt()


def biases_doubted(estimate: Estimate, before: Doubt, after: Doubt, sense: Sense) -> Estimate:
    """Return the estimate, widened where a sense of the attitude or of the motion has been refused too often.

    Args:
        estimate: As it is.
        before, after: The doubt before the sense was heard, and after it.
        sense: Which.
    """
    if getattr(after, sense) < IN_A_ROW:
        return estimate
    along = np.zeros((10, SIZE))
    # A bias that has jumped has turned the attitude ever since the Sun was last believed.
    for axis in range(3):
        body = estimate.rotation[:, axis]
        along[axis, GYRO.start + axis] = GYRO_FAULT_RAD_S
        along[axis, TURN] = -body * GYRO_FAULT_RAD_S * (0.0 if sense == "rest" else before.unheard_s)
        if sense == "level":
            along[3 + axis, LEVEL.start + axis] = LEVEL_FAULT_M_S2
    if sense == "look":
        along[6, SLIP] = SLIP_FAULT
    return widened(estimate, along)


def place_doubted(estimate: Estimate, before: Doubt, after: Doubt) -> Estimate:
    """Return the estimate, its place widened where the orbital map has been refused too often."""
    if after.match < IN_A_ROW:
        return estimate
    along = np.zeros((2, SIZE))
    along[:, PLACE.start : PLACE.start + 2] = DRIFT_FAULT * before.unmatched_m * np.eye(2)
    return widened(estimate, along)
