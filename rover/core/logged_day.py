"""What is published of a lunar day of a rover."""

from __future__ import annotations

from dataclasses import dataclass

from rover.core.time import Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDay:
    """Times of wake and sleep of one lunar day.

    Attributes:
        lunar_day: 1 is that of Chang'e 4's landing.
        wake, sleep: When, or None where no clock time is published.
        wake_standing, sleep_standing: "published", or how it came about ("converted", "inferred").
        source: Who says so.
    """

    lunar_day: int
    wake: Epoch | None
    sleep: Epoch | None
    wake_standing: str
    sleep_standing: str
    source: str

    @property
    def wake_counts(self) -> bool:
        """Whether the wake's clock time is as published."""
        return self.wake is not None and self.wake_standing == "published"

    @property
    def sleep_counts(self) -> bool:
        """Whether the sleep's clock time is as published."""
        return self.sleep is not None and self.sleep_standing == "published"
