"""What a figure should be: a range, and who says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRange:
    """The range in which a figure of a place was measured, or is published.

    Attributes:
        low, high: Ends of the range, in the figure's unit; either may be infinite.
        source: Where it comes from.
    """

    low: float
    high: float
    source: str

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a range from {self.low} to {self.high}")

    def holds(self, value: float) -> bool:
        """Tell whether a figure is in the range; an unknown one (NaN) is not."""
        return self.low <= value <= self.high
