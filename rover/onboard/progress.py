"""Whether driving gets anywhere: how far the rover has driven since it was last nearest to its goal.

Near is meant along the way that is planned, which grows where ground is found closed, or as the crow flies: on a detour
the one may shrink and not the other. A detour round what nobody has seen yet is driven before it pays, the longer the
further the goal; so what is allowed is a multiple of the way that was left, and a length besides for what stands close
before the goal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SHRINKS_M = 1.0
"""The way left has shrunk if it is so much less than ever before: a motion, and more than the place wavers by."""

ALLOWED_M, ALLOWED_TIMES = 200.0, 4.0
"""What may be driven without getting nearer: this, and so many times the way that was left when it was nearest.

Assumptions, about twice what was measured to be needed: of 853 drives over 60 m of ground that no map shows,
none that arrived took more than 0.48 of it, and none at all more than 0.72 (docs/onboard.md).
"""

MOTIONS_PER_M = 4.0
"""A motion, or a look, counts as a quarter of a metre at least: the rover may be at it without getting off the spot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How near the rover has come to its goal, and what it has driven since.

    Attributes:
        left_m: Least way left along the path planned.
        gap_m: Least distance to the goal.
        since_m: Driven since one of them last shrank.
        motions: Motions and looks since then.
    """

    left_m: float = math.inf
    gap_m: float = math.inf
    since_m: float = 0.0
    motions: int = 0

    @property
    def spent(self) -> float:
        """Share of what may be driven without getting nearer."""
        return max(self.since_m, self.motions / MOTIONS_PER_M) / (ALLOWED_M + ALLOWED_TIMES * self.left_m)


def driven(progress: Progress, way_m: float) -> Progress:
    """Return it after a way; one that nobody can tell, as just after a reset, counts as none."""
    return replace(progress, since_m=progress.since_m + (way_m if math.isfinite(way_m) else 0.0))


def arrived_at(progress: Progress, *, left_m: float, gap_m: float) -> Progress:
    """Return it at the end of a motion.

    Args:
        progress: With the motion's way in it.
        left_m: Way left along the path planned.
        gap_m: Distance to the goal.
    """
    if left_m <= progress.left_m - SHRINKS_M or gap_m <= progress.gap_m - SHRINKS_M:
        return Progress(left_m=min(left_m, progress.left_m), gap_m=min(gap_m, progress.gap_m))
    return replace(progress, motions=progress.motions + 1)
