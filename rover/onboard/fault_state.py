"""What watching for faults remembers, and what it looks at: `Watch` and `Sight`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from rover.core.boundary import DriveReading, Mode, Observation
from rover.onboard.progress import Progress
from rover.onboard.sky_watch import Anchor
from rover.onboard.uplink import Uplink

LOOKS_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RowState:
    """How far one row of the fault table has come.

    Attributes:
        count: Readings in a row that showed the trigger.
        since_s: When its response began; NaN where it is not under way.
        masked: It has lasted its longest and is driven with, until its trigger is gone.
        last_s: When it last responded.
    """

    count: int = 0
    since_s: float = math.nan
    masked: bool = False
    last_s: float = -math.inf

    @property
    def active(self) -> bool:
        return not math.isnan(self.since_s)


NOT_BEGUN = RowState()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watch:
    """What the watch over faults remembers.

    Attributes:
        rows: By name; a row that is not in it has not begun.
        found: Names of the rows that responded to the last observation.
        halts: Names of rows that ended the motion under way.
        latched: Name of the row that waits for the ground, None where none does.
        boots: How often the computer had begun when it was last heard.
        looks: Points that each stereo pair ranged, or cells with a height, of the last looks.
        anchor: Sun and vertical some while ago.
        time_s, soc: Of the last observation, NaN before the first.
        place_m: Where it stood then, or at a later look in the middle of a motion.
        progress: How near it has come to its goal, and what it has driven since.
    """

    rows: tuple[tuple[str, RowState], ...] = ()
    found: tuple[str, ...] = ()
    halts: tuple[str, ...] = ()
    latched: str | None = None
    boots: int = 1
    looks: tuple[tuple[int, ...], ...] = ()
    anchor: Anchor | None = None
    time_s: float = math.nan
    soc: float = math.nan
    place_m: tuple[float, float] = (math.nan, math.nan)
    progress: Progress = field(default_factory=Progress)

    def row(self, name: str) -> RowState:
        """Return how far a row has come."""
        return next((row for held, row in self.rows if held == name), NOT_BEGUN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """What a detector looks at.

    Attributes:
        seen: The observation; None while the drives are read.
        mode: Of the command that it ends.
        uplink: What the ground has sent.
        watch: What was remembered before it, the anchor carried on to it.
        drives: What the drives read; None at an observation.
        provided: Whether the plan has seen to the charge of what is under way.
        leaving: Whether the rover is on its way out of ground that it found too steep.
    """

    seen: Observation | None
    mode: Mode
    uplink: Uplink
    watch: Watch
    drives: DriveReading | None = None
    provided: bool = False
    leaving: bool = False
