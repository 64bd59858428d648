"""What may be wrong with wheels and with the soil under them, as inputs of the models."""

from __future__ import annotations

from dataclasses import dataclass

from sim.physics.suspension_kernels import WHEELS
from sim.physics.terramechanics import FIRMEST, TRAP


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPatch:
    """A disc of other soil that somebody has put there.

    Attributes:
        east_m, north_m, radius_m: Where.
        firmness: -1 a trap, 0 the site's loosest soil, 1 its firmest.
    """

    east_m: float
    north_m: float
    radius_m: float
    firmness: float

    def __post_init__(self) -> None:
        if not self.radius_m > 0:
            raise ValueError(
                f"radius_m = {self.radius_m} of a slip patch: not a radius; give metres, more than 0"
            )
        if not TRAP <= self.firmness <= FIRMEST:
            raise ValueError(f"firmness = {self.firmness} of a slip patch: out of range; give -1 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityFaults:
    """What is wrong with wheels and soil; nothing unless given.

    Attributes:
        stalled: Wheels that do not turn: front left, front right, middle, rear.
        dead: Wheels that turn freely, without power.
        patches: Soft places.
    """

    stalled: frozenset[int] = frozenset()
    dead: frozenset[int] = frozenset()
    patches: tuple[SlipPatch, ...] = ()

    def __post_init__(self) -> None:
        for name in ("stalled", "dead"):
            wrong = sorted(wheel for wheel in getattr(self, name) if not 0 <= wheel < WHEELS)
            if wrong:
                raise ValueError(f"{name} = {wrong[0]}: no such wheel; give 0 to {WHEELS - 1}")


NO_FAULTS = MobilityFaults()
