"""What is wrong with the world's machine and ground during a command: the faults of each of its models, together."""

from __future__ import annotations

from dataclasses import dataclass

from sim.physics.energy_faults import NO_FAULTS as SOUND_ENERGY
from sim.physics.energy_faults import EnergyFaults
from sim.physics.wheel_faults import NO_FAULTS as SOUND_MOBILITY
from sim.physics.wheel_faults import MobilityFaults


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldFaults:
    """Faults in force during a command; nothing unless given.

    Attributes:
        mobility: Of wheels and soil.
        energy: Of array, battery and heat.
    """

    mobility: MobilityFaults = SOUND_MOBILITY
    energy: EnergyFaults = SOUND_ENERGY


NOTHING_WRONG = WorldFaults()
