"""Commands carried out under a schedule of faults: cut where one begins or ends, each part under what is wrong then."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from rover.core.boundary import Command, Mode
from rover.core.vehicle import VehicleParams
from sim.run.fault_schedule import FaultSchedule
from sim.run.faults import ActiveFault, FaultState, Instant, advance, next_change, relay_is_out, world_faults
from sim.run.world import Guard, World, WorldState

LEAST_PART_M = 0.01
"""No drive is cut shorter: by how much the wheels slip is not known ahead, so that a time may be missed by this way."""

Told = Callable[[WorldState, ActiveFault, bool], None]
"""Told the state, the fault, and whether it has begun or ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInstant:
    """The truth at the instant at which a fault begins.

    Attributes:
        state: Of the world.
        faults: How far the schedule has come, that fault begun.
    """

    state: WorldState
    faults: FaultState


class Injection:
    """The faults of one run as it goes."""

    def __init__(
        self, schedule: FaultSchedule, vehicle: VehicleParams, told: Told, *, state: FaultState | None = None
    ) -> None:
        """Begin.

        Args:
            schedule: When faults come.
            vehicle: Whose speed tells how far it drives in a time, and where its front is.
            told: Called at each beginning and end.
            state: How far the schedule has come; None at the start.
        """
        self._schedule = schedule
        self._vehicle = vehicle
        self._told = told
        self._state = state or FaultState()
        self.begun = 0
        self.boots = 1
        self.out_of_link_s = 0.0
        self.halted = False
        self._back_s: float | None = None

    @property
    def active(self) -> tuple[ActiveFault, ...]:
        """Faults in force."""
        return self._state.active

    @property
    def state(self) -> FaultState:
        """How far the schedule has come."""
        return self._state

    def begin(self, state: WorldState) -> None:
        """Let come what comes at the start."""
        self._advance(state)

    def carry_out(
        self, world: World, state: WorldState, command: Command, *, guard: Guard | None = None
    ) -> WorldState:
        """Carry out a command. Sets what the rover's own electronics tell after it.

        `out_of_link_s` is how long the relay could not be reached meanwhile, `halted` whether the motion was ended by
        `guard`, which watches the drives, or by a computer that went down, and `boots` how often that has begun. While
        it is down the rover stays as it is, awake or asleep, and nobody decides anything.
        """
        self.out_of_link_s, self.halted = 0.0, False
        state = self._carry_out(world, state, command, guard)
        while self._back_s is not None:
            self.halted |= command.mode is Mode.DRIVE
            down = Mode.DORMANT if state.mode is Mode.DORMANT else Mode.SAFE
            self.boots, left_s, self._back_s = self.boots + 1, self._back_s - state.time_s, None
            if left_s > 0:  # another reset meanwhile begins the wait anew
                state = self._carry_out(world, state, Command(mode=down, duration_s=left_s), None)
        return state

    def _carry_out(
        self, world: World, state: WorldState, command: Command, guard: Guard | None
    ) -> WorldState:
        left: Command | None = command
        while left is not None and self._back_s is None:
            part, left = self._cut(state, left)
            after = world.step(state, part, faults=world_faults(self.active), guard=guard)
            if relay_is_out(self.active):
                self.out_of_link_s += after.time_s - state.time_s
            state = after
            self._advance(state)
            self.halted |= state.halted
            if state.stalled or state.halted:
                break
        return state

    def _cut(self, state: WorldState, command: Command) -> tuple[Command, Command | None]:
        """Return what is done up to the next beginning or end of a fault, and what is left of the command."""
        at_m, at_s = next_change(self._schedule, self._state)
        if command.mode is not Mode.DRIVE:
            until_s = at_s - state.time_s
            if not 0.0 < until_s < command.duration_s - 1e-6:
                return command, None
            rest = replace(command, duration_s=command.duration_s - until_s)
            return replace(command, duration_s=until_s), rest
        turn_s = abs(command.turn_rad) / math.radians(self._vehicle.turn_rate_deg_s)
        by_time_m = (at_s - state.time_s - turn_s) * self._vehicle.speed_m_s
        reach = max(min(at_m - state.distance_m, by_time_m), LEAST_PART_M)
        if not reach < abs(command.drive_m) - LEAST_PART_M:
            return command, None
        ahead = math.copysign(reach, command.drive_m)
        rest = replace(command, turn_rad=0.0, drive_m=command.drive_m - ahead)
        return replace(command, drive_m=ahead), rest

    def _advance(self, state: WorldState) -> None:
        self._state, begun, over = advance(self._schedule, self._state, self._instant(state))
        for fault in over:
            self._told(state, fault, False)
        for fault in begun:
            self.begun += 1
            self._told(state, fault, True)
            if fault.fault.row.kind == "reset":
                self._back_s = max(self._back_s or -math.inf, fault.ends_s)

    def _instant(self, state: WorldState) -> Instant:
        front = self._vehicle.length_m / 2
        return Instant(
            time_s=state.time_s,
            distance_m=state.distance_m,
            east_m=state.east_m + front * math.cos(state.yaw_rad),
            north_m=state.north_m + front * math.sin(state.yaw_rad),
            yaw_rad=state.yaw_rad,
        )
