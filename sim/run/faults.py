"""What is wrong with the rover and its world at an instant: the faults of each of its models, together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.physics.energy_faults import NO_FAULTS as SOUND_ENERGY
from sim.physics.energy_faults import EnergyFaults
from sim.physics.suspension_kernels import WHEELS
from sim.physics.wheel_faults import NO_FAULTS as SOUND_MOBILITY
from sim.physics.wheel_faults import MobilityFaults, SlipPatch
from sim.run.fault_schedule import HOUR_S, FaultSchedule, ScheduledFault
from sim.sensors.faults import NO_FAULTS as SOUND_SENSES
from sim.sensors.faults import SenseFaults

WHEEL_NAMES = ("front left", "front right", "middle left", "middle right", "rear left", "rear right")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """When and where the rover is.

    Attributes:
        time_s: Since the start.
        distance_m: Driven since then.
        east_m, north_m: Of its front, ahead of which other soil may begin.
        yaw_rad: Whither it looks.
    """

    time_s: float
    distance_m: float
    east_m: float
    north_m: float
    yaw_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveFault:
    """A fault that has begun, and where."""

    fault: ScheduledFault
    since: Instant

    @property
    def ends_s(self) -> float:
        return self.since.time_s + self.fault.lasts_s

    @property
    def ends_m(self) -> float:
        return self.since.distance_m + self.fault.lasts_m

    @property
    def wheel(self) -> int:
        """Which wheel it is of, where it is of one."""
        stated = self.fault.row.wheel
        return int(self.fault.which[0] * WHEELS) if stated is None else stated

    @property
    def words(self) -> str:
        """One sentence on what it is."""
        row, kind = self.fault.row, self.fault.row.of
        which = f" ({WHEEL_NAMES[self.wheel]})" if row.subsystem == "wheels" else ""
        size = f", {self.fault.magnitude:.3g} {kind.unit}" if kind.magnitude is not None else ""
        return f"{row.name}: {kind.effect}{which}{size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultState:
    """How far a schedule has come.

    Attributes:
        next_m, next_s: Places of the next faults in the schedule's two lists.
        active: Those that have begun and not ended.
    """

    next_m: int = 0
    next_s: int = 0
    active: tuple[ActiveFault, ...] = ()


def advance(
    schedule: FaultSchedule, state: FaultState, now: Instant
) -> tuple[FaultState, tuple[ActiveFault, ...], tuple[ActiveFault, ...]]:
    """Return the faults at an instant, those that have begun since the last one, and those that have ended."""
    next_m, next_s = state.next_m, state.next_s
    while (
        next_m < len(schedule.by_distance) and schedule.by_distance[next_m].begins_m <= now.distance_m + 1e-9
    ):
        next_m += 1
    while next_s < len(schedule.by_time) and schedule.by_time[next_s].begins_s <= now.time_s + 1e-6:
        next_s += 1
    due = (*schedule.by_distance[state.next_m : next_m], *schedule.by_time[state.next_s : next_s])
    begun = tuple(ActiveFault(fault=fault, since=now) for fault in due)
    over = tuple(
        a for a in state.active if a.ends_s <= now.time_s + 1e-6 or a.ends_m <= now.distance_m + 1e-9
    )
    left = tuple(a for a in state.active if a not in over)
    return FaultState(next_m=next_m, next_s=next_s, active=(*left, *begun)), begun, over


def next_change(schedule: FaultSchedule, state: FaultState) -> tuple[float, float]:
    """Return the distance and the time at which a fault begins or ends next, infinite where none does by it."""
    ends_m = min((a.ends_m for a in state.active), default=math.inf)
    ends_s = min((a.ends_s for a in state.active), default=math.inf)
    to_come_m = schedule.by_distance[state.next_m : state.next_m + 1]
    to_come_s = schedule.by_time[state.next_s : state.next_s + 1]
    return (
        min([ends_m, *(fault.begins_m for fault in to_come_m)]),
        min([ends_s, *(fault.begins_s for fault in to_come_s)]),
    )


def world_faults(active: Sequence[ActiveFault]) -> WorldFaults:
    """Return what is wrong with machine and ground, all active faults together."""
    if not active:
        return NOTHING_WRONG
    stalled = frozenset(a.wheel for a in _of(active, "stall"))
    mobility = MobilityFaults(
        stalled=stalled,
        dead=frozenset(a.wheel for a in _of(active, "dead")) - stalled,
        patches=tuple(_patch(a) for a in _of(active, "slip_patch")),
    )
    energy = EnergyFaults(
        dust=_together(_of(active, "dust_step")),
        cells_lost=_together(_of(active, "cell_loss")),
        fold_stuck=bool(_of(active, "fold_failure")),
    )
    return WorldFaults(mobility=mobility, energy=energy)


def sense_faults(active: Sequence[ActiveFault]) -> SenseFaults:
    """Return what is wrong with the senses."""
    lost, drifts = _of(active, "dropout"), _of(active, "bias")
    if not lost and not drifts:
        return SOUND_SENSES
    biases = [_bias(a) for a in drifts]
    return SenseFaults(
        stereo_lost=_together(lost),
        gyro_bias_rad_s=(sum(b[0] for b in biases), sum(b[1] for b in biases), sum(b[2] for b in biases)),
    )


def relay_is_out(active: Sequence[ActiveFault]) -> bool:
    """Tell whether the relay cannot be reached."""
    return bool(_of(active, "outage"))


def _of(active: Sequence[ActiveFault], kind: str) -> list[ActiveFault]:
    return [a for a in active if a.fault.row.kind == kind]


def _together(active: Sequence[ActiveFault]) -> float:
    """Return the share that several shares take, each of what the others leave."""
    left = 1.0
    for fault in active:
        left *= 1.0 - fault.fault.magnitude
    return 1.0 - left


def _patch(active: ActiveFault) -> SlipPatch:
    """Other soil whose rim is where the rover's front was."""
    radius, since = active.fault.row.radius_m, active.since
    assert radius is not None
    return SlipPatch(
        east_m=since.east_m + radius.value * math.cos(since.yaw_rad),
        north_m=since.north_m + radius.value * math.sin(since.yaw_rad),
        radius_m=radius.value,
        firmness=active.fault.magnitude,
    )


def _bias(active: ActiveFault) -> tuple[float, float, float]:
    """Return a rate about forward, left and up in whatever direction, rad/s."""
    rate = math.radians(active.fault.magnitude) / HOUR_S
    up, around = 2.0 * active.fault.which[0] - 1.0, 2.0 * math.pi * active.fault.which[1]
    level = math.sqrt(1.0 - up * up)
    return rate * level * math.cos(around), rate * level * math.sin(around), rate * up
