"""The arcs that were driven, and the way back over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rover.onboard.local_candidates import Motion

Pose = tuple[float, float, float]

LOOP_M, LOOP_RAD = 0.06, math.radians(6.0)
"""Motions that begin so near to each other begin at one place: on the way back what lies between is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """A motion that was driven.

    Attributes:
        motion: As commanded; where it was stopped, as far as it went.
        begun: Pose at which it began, before its turn.
    """

    motion: Motion
    begun: Pose


def without_loops(driven: Sequence[Driven]) -> list[Driven]:
    """Return motions without those between two that begin at much the same pose: to and fro leads nowhere."""
    kept: list[Driven] = []
    for one in driven:
        east, north, yaw = one.begun
        for number, other in enumerate(kept):
            turned = math.remainder(other.begun[2] - yaw, 2 * math.pi)
            if math.dist(other.begun[:2], (east, north)) < LOOP_M and abs(turned) < LOOP_RAD:
                del kept[number:]
                break
        kept.append(one)
    return kept
