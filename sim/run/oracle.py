"""What could have been done for a rover, everything known: from the instant of a fault, does it live to see a morning?

Exhaustive over what to do at once, to stay or to drive back over the own track to ground that a night may be spent on,
and over two ways to pass the night: folded at once, or awake for as long as the array carries it. All that goes wrong
later goes wrong here as well. Truth alone: nothing of what the rover believes is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rover.core.boundary import Command, Mode
from rover.core.vehicle import VehicleParams
from sim.physics.thermal import Fate
from sim.run.fault_schedule import FaultSchedule
from sim.run.injection import FaultInstant, Injection
from sim.run.world import World, WorldState

STAY_S = 600.0

LONGEST_S = 40 * 86400.0
"""There is a morning in any such time."""

MOST_HAVENS = 3

HAVENS_APART_M = 2.0

STEP_M = 1.0

Place = tuple[float, float]


def way_out(
    world: World,
    vehicle: VehicleParams,
    schedule: FaultSchedule,
    instant: FaultInstant,
    *,
    track: Sequence[tuple[float, float, float]],
    haven_tilt_rad: float,
) -> str | None:
    """Return what saves the rover, in words; None where nothing does.

    Args:
        world: What is really there.
        vehicle: The machine.
        schedule: All faults of the run.
        instant: From which on.
        track: (east, north, tilt) that it has stood at before, in order, tilt in radians.
        haven_tilt_rad: Steepest ground for a night.
    """
    for haven in (None, *_havens(track, instant.state, haven_tilt_rad)):
        for at_once in (True, False):
            injection = Injection(schedule, vehicle, _nobody, state=instant.faults)
            state: WorldState | None = instant.state
            if haven is not None:
                state = _driven(world, injection, instant.state, _back_to(haven, track, instant.state))
            if state is not None and _sees_morning(world, vehicle, injection, state, at_once=at_once):
                where = "stays" if haven is None else f"drives to ({haven[0]:.1f}, {haven[1]:.1f})"
                return f"{where} and sleeps {'at once' if at_once else 'when it is dim'}"
    return None


def _nobody(*_: object) -> None:
    """Nobody is told."""


def _havens(
    track: Sequence[tuple[float, float, float]], state: WorldState, haven_tilt_rad: float
) -> list[Place]:
    """Return the nearest places of the track that a night may be spent on, some way apart, the latest first."""
    found: list[Place] = []
    for east, north, tilt in reversed(track):
        far = all(math.dist(place, (east, north)) >= HAVENS_APART_M for place in found)
        if tilt <= haven_tilt_rad and far and math.dist((east, north), (state.east_m, state.north_m)) > 0.1:
            found.append((east, north))
        if len(found) == MOST_HAVENS:
            break
    return found


def _back_to(haven: Place, track: Sequence[tuple[float, float, float]], state: WorldState) -> list[Place]:
    """Return the way over the own track back to a place of it, in steps of a metre or so."""
    way: list[Place] = []
    for east, north, _ in reversed(track):
        last = way[-1] if way else (state.east_m, state.north_m)
        if (east, north) == haven:
            return [*way, haven]
        if math.dist(last, (east, north)) >= STEP_M:
            way.append((east, north))
    return way


def _driven(world: World, injection: Injection, state: WorldState, way: Sequence[Place]) -> WorldState | None:
    """Return the state after driving backwards along a way; None where it does not get there."""
    for east, north in way:
        length = math.dist((east, north), (state.east_m, state.north_m))
        bearing = math.atan2(north - state.north_m, east - state.east_m)
        turn = math.remainder(bearing + math.pi - state.yaw_rad, 2 * math.pi)
        state = injection.carry_out(world, state, Command(mode=Mode.DRIVE, turn_rad=turn, drive_m=-length))
        if state.stalled or _is_lost(state):
            return None
    return state


def _sees_morning(
    world: World, vehicle: VehicleParams, injection: Injection, state: WorldState, *, at_once: bool
) -> bool:
    """Tell whether a rover that stays where it is lives to see the Sun rise and its array wake it."""
    slept, until_s = False, state.time_s + LONGEST_S
    while not _is_lost(state) and state.time_s < until_s:
        night = state.sun.elevation_rad < 0
        slept |= night
        woken = slept and state.sun.rising and state.array_w >= vehicle.wake_array_w
        if woken:
            return True
        mode = Mode.DORMANT if night or at_once or state.array_w < vehicle.charge_w else Mode.SAFE
        state = injection.carry_out(world, state, Command(mode=mode, duration_s=STAY_S))
    return False


def _is_lost(state: WorldState) -> bool:
    return state.power.unserved_j > 0 or state.heat.fate is not Fate.SOUND
