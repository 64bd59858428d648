"""What can go wrong with power and heat. Who schedules it, and when, is not known here."""

from __future__ import annotations

from dataclasses import dataclass

from rover.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyFaults:
    """Faults in force during a step; by default there are none.

    Attributes:
        dust: Share of the light that new dust keeps from the cells, 0-1; the radiator takes up as much more sunlight as
            dark dust on that share of it does.
        cells_lost: Share of the battery's capacity that is gone, 0-1.
        fold_stuck: The array cannot be folded: open in the evening, it stays so through the night.
        rhu_lost: Share of the radioisotope units' heat that does not reach the body, 0-1.

    Raises:
        UsageError: A share outside 0 to 1.
    """

    dust: float = 0.0
    cells_lost: float = 0.0
    fold_stuck: bool = False
    rhu_lost: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dust", "cells_lost", "rhu_lost"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise UsageError("no share", remedy="give 0 to 1", field=f"faults.{name}", value=value)


NO_FAULTS = EnergyFaults()
