"""Time that is over after so many looks at the clock, whatever the clock says."""

from __future__ import annotations

import math

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed


class LooksAllowed(TimeAllowed):
    """Time for `looks` looks by `check`; any search begun has all it needs."""

    def __init__(self, looks: float) -> None:
        super().__init__(None)
        self.looks = looks
        self.taken = 0

    def check(self, what: str, *, remedy: str = "allow more time") -> None:
        self.taken += 1
        if self.taken > self.looks:
            raise TimeLimitError(f"the time was over before {what}", remedy=remedy, field="time_limit_s")


def endless() -> LooksAllowed:
    """Return one that only counts."""
    return LooksAllowed(math.inf)
