"""What a stop for commands takes: its data sent down, work on the ground, commands sent up, light's way both times.

Nothing waits for a relay pass here: where the link is a limit, the search begins a cycle only where it stays open.
"""

from __future__ import annotations

from dataclasses import dataclass

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCycle:
    """The data, rates and working times of a stop.

    Attributes:
        data_bit: Of a stop: stereo pairs, panoramas, measurements.
        downlink_bit_s: From the rover to the relay, the slowest part of the way.
        uplink_bit: Of a block of commands.
        uplink_bit_s: From the relay to the rover, likewise.
        light_time_s: One way, from the rover through the relay to Earth.
        planning_s: Work on the ground for a drive: mapping, localisation, path, verification.
        science_s: Work on the ground and measurements on the Moon, of a stop, beside the drive.
        shift_s: Of each day of 24 h the time in which the ground works.
    """

    data_bit: float
    downlink_bit_s: float
    uplink_bit: float
    uplink_bit_s: float
    light_time_s: float
    planning_s: float
    science_s: float
    shift_s: float

    @property
    def downlink_s(self) -> float:
        return self.data_bit / self.downlink_bit_s

    @property
    def uplink_s(self) -> float:
        return self.uplink_bit / self.uplink_bit_s

    @property
    def light_s(self) -> float:
        """Down and up."""
        return 2.0 * self.light_time_s

    @property
    def ground_s(self) -> float:
        """Working time, and the rest between shifts in its share: a mean, as no shift has its clock here."""
        return (self.planning_s + self.science_s) * _DAY_S / self.shift_s

    @property
    def total_s(self) -> float:
        return self.downlink_s + self.light_s + self.ground_s + self.uplink_s
