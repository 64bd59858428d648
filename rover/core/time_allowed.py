"""One time limit for several pieces of work."""

from __future__ import annotations

import math
import time

from rover.core.errors import TimeLimitError


class TimeAllowed:
    """The time that is left of a limit, which runs from when this is made.

    Args:
        limit_s: Longest time for all, None for any.
    """

    def __init__(self, limit_s: float | None = None) -> None:
        self.limit_s = limit_s
        self._until = math.inf if limit_s is None else time.monotonic() + limit_s

    @property
    def left_s(self) -> float | None:
        """What is left, 0 at least; None for any."""
        return None if self.limit_s is None else max(0.0, self._until - time.monotonic())

    def check(self, what: str, *, remedy: str = "allow more time") -> None:
        """Go on if there is time left.

        Args:
            what: That has to be dropped otherwise, after "the time was over before".
            remedy: What to do then.

        Raises:
            TimeLimitError: There is none.
        """
        if self.left_s == 0.0:
            raise TimeLimitError(
                f"the time was over before {what}", remedy=remedy, field="time_limit_s", value=self.limit_s
            )
