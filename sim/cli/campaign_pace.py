"""How fast the runs of a campaign go, and when they will have ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Pace:
    """The rate since the beginning of this process's part, and what follows from it.

    Args:
        runs: Of the campaign.
        clock: Seconds.
        now: The hour.
    """

    def __init__(
        self,
        runs: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._runs, self._clock, self._now = runs, clock, now
        self._began = clock()
        self.ended = 0

    def note(self, ended: int, done: int) -> str:
        """Take in how many runs have ended, and how many of them here; return what to say of it."""
        self.ended = ended
        words = f"{ended} of {self._runs} runs"
        passed = self._clock() - self._began
        if done == 0 or passed <= 0:
            return words
        rate, left = done / passed, self._runs - ended
        shown = f"{rate:.2g} runs/s" if rate >= 1 else f"{1 / rate:.2g} s a run"
        if left == 0:
            return f"{words}, {shown}"
        seconds = left / rate
        end = (self._now() + timedelta(seconds=seconds)).strftime("%H:%M:%S")
        return f"{words}, {shown}, {_span(seconds)} left, ends about {end} UTC"


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
