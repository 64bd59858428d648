"""A rover that obeys exactly, with the executive on it, and what may be amiss with it: a stimulus for each row.

Nothing of the world is in it: what is sensed is what Sun, array and level ground give, changed by the stimulus.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from rover.core.boundary import Command, DriveReading, Inertial, Mode, Observation, Odometry
from rover.core.grid import Dem
from rover.core.zones import ZoneKind, zone_from_corners
from rover.limits.mobility import ZoneLimit
from rover.limits.power import expected_array_w
from rover.limits.thermal import SunWindow
from rover.onboard import executive
from rover.onboard.downlink import downlink_of, take_up
from rover.onboard.executive_state import ExecutiveState
from rover.onboard.fault_table import FaultRow
from rover.onboard.mapping import BeliefState
from rover.onboard.rotations import rotation_from_angles
from rover.onboard.uplink import Uplink
from rover.planning.astar import AStarPlanner
from rover.planning.forecast import Forecaster
from rover.planning.problem import Plan
from sim.mission.operations_legs import Station, plan_leg
from sim.mission.stale import stale_almanac
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare

SPEED_M_S, STEP_M = 0.05, 0.1

SOUND = DriveReading(told_m_s=(0.05,) * 6, rim_m_s=(0.05,) * 6, motor_w=(2.0,) * 6)


@lru_cache(maxsize=1)
def long_way() -> Setting:
    """Return a long way over level ground, with commands for each 20 m."""
    ask = ["terrain.size_m=400", "goal_m=[-120, 120]", "operations.stop_every_m=20"]
    return prepare(load_scenario("first-drive", settings=ask))


@dataclass
class Rover:
    """A body that obeys, and the executive on it.

    Attributes:
        amiss: Changes what is sensed, by the row's stimulus, while `on`.
        modes: Of each command.
        responses: (time, names) of rows that responded.
    """

    setting: Setting
    uplink: Uplink
    sound: Uplink
    state: ExecutiveState
    view: Observation
    amiss: Callable[[Observation, Rover], Observation]
    drives: Callable[[DriveReading], DriveReading]
    on: bool = False
    command: Command = field(default_factory=lambda: Command(mode=Mode.IDLE))
    modes: list[Mode] = field(default_factory=list)
    responses: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)

    def sensed(self) -> Observation:
        view, self.uplink = self.lit(self.view), self.sound
        return self.amiss(view, self) if self.on else view

    def lit(self, view: Observation) -> Observation:
        """Put in what Sun, array and cameras give on level ground."""
        sun = self.setting.almanac.sun_at(view.time_s)
        watts = float(
            expected_array_w(sun.elevation_rad, self.setting.vehicle, sun_distance_m=sun.distance_m)
        )
        level = math.cos(sun.elevation_rad)
        there = np.array(
            [
                level * math.sin(sun.azimuth_rad),
                level * math.cos(sun.azimuth_rad),
                math.sin(sun.elevation_rad),
            ]
        )
        direction = rotation_from_angles(view.yaw_rad, view.pitch_rad, view.roll_rad).T @ there
        seen = tuple(direction.tolist()) if sun.elevation_rad > 0 else None
        return replace(
            view,
            array_w=watts,
            sun_direction=seen,
            heights=self._ground() if self.command.mode is Mode.DRIVE else None,
            folded=self.command.mode is Mode.DORMANT,
        )

    def _ground(self) -> Dem:
        dem, (row, col) = self.setting.dem, self._cell()
        geometry = replace(
            dem.geometry,
            rows=6,
            cols=6,
            east_m=dem.geometry.east_m + (col - 3) * dem.geometry.resolution_m,
            north_m=dem.geometry.north_m + (row - 3) * dem.geometry.resolution_m,
        )
        return Dem(
            geometry=geometry, elevation_m=np.zeros((6, 6), np.float32), datum_m=dem.datum_m, source="plane"
        )

    def _cell(self) -> tuple[int, int]:
        cell = self.setting.dem.geometry.cell_at(self.view.east_m, self.view.north_m)
        assert cell is not None
        return cell

    def step(self) -> Command:
        """Let it decide and obey once."""
        seen = self.sensed()
        before = self._answered(seen)
        self.state, self.command = executive.step(before, seen, self.uplink)
        self.modes.append(self.command.mode)
        if self.state.watch.found:
            self.responses.append((seen.time_s, self.state.watch.found))
        self.view = self._obeyed(seen)
        return self.command

    def _answered(self, seen: Observation) -> ExecutiveState:
        """Return the state with the ground's orders, where a command cycle is over."""
        state = self.state
        if state.asked_s is None or state.mode is not Mode.COMMAND or seen.time_s < state.hold_until_s - 1e-6:
            return state
        _, belief = _sent(self.setting)
        down = downlink_of(state, replace(seen, heights=None), belief)
        return take_up(state, plan_leg(Station(uplink=self.sound, belief=belief, data_bit=0.0), down)[1])

    def _obeyed(self, seen: Observation) -> Observation:
        command, rolled = self.command, 0.0
        halted = False
        yaw = seen.yaw_rad + command.turn_rad
        while rolled < abs(command.drive_m) - 1e-9 and not halted:
            rolled = min(abs(command.drive_m), rolled + STEP_M)
            reading = self.drives(SOUND) if self.on else SOUND
            self.state, halted = executive.watch_drives(self.state, reading, self.uplink)
        way = math.copysign(rolled, command.drive_m)
        elapsed = command.duration_s + rolled / SPEED_M_S
        return replace(
            seen,
            yaw_rad=yaw,
            east_m=seen.east_m + way * math.cos(yaw),
            north_m=seen.north_m + way * math.sin(yaw),
            pitch_rad=0.0,
            roll_rad=0.0,
            soc=0.9,
            body_k=300.0,
            place_sigma_m=0.1,
            stalled=False,
            time_s=seen.time_s + elapsed,
            halted=halted,
            out_of_link_s=0.0,
            odometry=Odometry(forward_m=way, turn_rad=command.turn_rad),
            inertial=Inertial(
                turned_rad=(0.0, 0.0, command.turn_rad), felt_m_s2=(0.0, 0.0, 1.62), elapsed_s=elapsed
            ),
        )

    def until(self, done: Callable[[], bool], most: int = 20_000) -> None:
        """Go on until something is so."""
        for _ in range(most):
            if done():
                return
            self.step()
        raise AssertionError(f"not so after {most} commands")


Stimulus = Callable[[Observation, Rover], Observation]


def _turned(seen: Observation, rover: Rover) -> Observation:
    assert seen.inertial is not None
    drift = math.radians(60.0) / 3600.0 * seen.inertial.elapsed_s if rover.command.mode is Mode.DRIVE else 0.0
    x, y, z = seen.inertial.turned_rad
    return replace(seen, inertial=replace(seen.inertial, turned_rad=(x, y, z + drift)))


@lru_cache(maxsize=1)
def _stale(forecaster: Forecaster) -> Forecaster:
    almanac = stale_almanac(forecaster.window.almanac, late_s=16 * 3600.0)
    return replace(forecaster, window=SunWindow(almanac, forecaster.window.params))


def _late(seen: Observation, rover: Rover) -> Observation:
    """The almanac on board has the Sun where it was sixteen hours ago."""
    rover.uplink = replace(rover.sound, forecaster=_stale(rover.sound.forecaster))
    return seen


def _during(mode: Mode, **changes: object) -> Stimulus:
    """What is sensed at the end of a command of one mode."""
    return lambda seen, rover: (
        replace(seen, **changes) if rover.command.mode is mode else seen  # type: ignore[arg-type]
    )


def _always(**changes: object) -> Stimulus:
    return lambda seen, rover: replace(seen, **changes)  # type: ignore[arg-type]


def _slipped(seen: Observation, rover: Rover) -> Observation:
    """It has rolled ten times as far as it has come."""
    if rover.command.mode is not Mode.DRIVE or seen.odometry is None or rover.command.drive_m == 0:
        return seen
    return replace(
        seen, odometry=replace(seen.odometry, forward_m=10.0 * max(0.3, abs(seen.odometry.forward_m)))
    )


def _out(wheels: int, *, held: bool) -> Callable[[DriveReading], DriveReading]:
    def changed(drives: DriveReading) -> DriveReading:
        if held:
            return replace(drives, rim_m_s=(0.0,) * wheels + drives.rim_m_s[wheels:])
        return replace(drives, motor_w=(0.0,) * wheels + drives.motor_w[wheels:])

    return changed


def _beside_a_zone(seen: Observation, rover: Rover) -> Observation:
    """Wherever it goes, a zone lies 1.5 m from its middle, and its place is known to half a metre."""
    west, south = seen.east_m + 1.5, seen.north_m - 20.0
    corners = [(west, south), (west + 9.0, south), (west + 9.0, south + 40.0), (west, south + 40.0)]
    zone = zone_from_corners("keep off", ZoneKind.KEEP_OUT, corners)
    rover.uplink = replace(rover.sound, zones=(ZoneLimit(zone, rover.sound.vehicle),))
    return replace(seen, place_sigma_m=0.5)


def _to_and_fro(seen: Observation, rover: Rover) -> Observation:
    """Each motion ends a long way aside of where it was to, on the one side and on the other."""
    if rover.command.mode is not Mode.DRIVE:
        return seen
    aside = 45.0 if len(rover.modes) % 2 else -40.0
    return replace(seen, east_m=-20.0 + aside, north_m=20.0 + aside)


STIMULI: dict[str, Stimulus] = {
    "clock": lambda seen, rover: replace(seen, time_s=seen.time_s - 1e5),
    "reset": lambda seen, rover: replace(seen, boots=seen.boots + 1),
    "no depth": lambda seen, rover: replace(seen, heights=None),
    "drift": _turned,
    "stale almanac": _late,
    "near a zone": _beside_a_zone,
    "no place": _always(place_sigma_m=9.0),
    "to and fro": _to_and_fro,
    "obstacle": _during(Mode.DRIVE, stalled=True),
    "soft ground": _slipped,
    "steep ground": lambda seen, rover: rover.lit(
        replace(seen, roll_rad=math.radians(16.0 + len(rover.responses) % 8 * 2.0))
    ),
    "low charge": _during(Mode.DRIVE, soc=0.29),
    "dim light": _always(array_w=1.0),
    "heat": _always(body_k=330.0),
    "no relay": lambda seen, rover: replace(
        seen, out_of_link_s=600.0 if rover.command.mode is Mode.COMMAND else 0.0
    ),
    "stuck hinge": _always(folded=False),
    "dust": lambda seen, rover: replace(seen, array_w=0.4 * seen.array_w),
    "lost cells": lambda seen, rover: replace(seen, soc=seen.soc - 0.2 * (1 + len(rover.responses))),
}
DRIVES = {
    "three wheels": _out(3, held=True),
    "held wheel": _out(1, held=True),
    "dead wheel": _out(1, held=False),
}

AT_H = {"stuck hinge": 230.0, "dim light": 219.6}
"""Stimuli that only show towards night, and at which hour."""


@lru_cache(maxsize=1)
def _sent(setting: Setting) -> tuple[Uplink, BeliefState]:
    plan = setting.control.plan(AStarPlanner())
    assert isinstance(plan, Plan)
    return setting.control.uplink(plan, AStarPlanner())


def rover_at(setting: Setting, row: FaultRow, *, protected: bool = True) -> Rover:
    """Return a rover under way, or asleep where that is what the row is of."""
    uplink, belief = _sent(setting)
    uplink = replace(uplink, work_max_k=323.15, protected=protected)
    state = executive.init(uplink, belief)
    east, north = uplink.path_m[0].tolist()
    away = uplink.path_m[1] - uplink.path_m[0]
    view = Observation(
        time_s=0.0, east_m=east, north_m=north, yaw_rad=math.atan2(away[1], away[0]), pitch_rad=0.0,
        roll_rad=0.0, soc=0.9, array_w=80.0, stalled=False, heights=None, body_k=300.0,
        inertial=Inertial(turned_rad=(0.0, 0.0, 0.0), felt_m_s2=(0.0, 0.0, 1.62), elapsed_s=0.0),
    )  # fmt: skip
    rover = Rover(
        setting=setting,
        uplink=uplink,
        sound=uplink,
        state=state,
        view=view,
        amiss=STIMULI.get(row.test, lambda seen, rover: seen),
        drives=DRIVES.get(row.test, lambda drives: drives),
    )
    if row.test in AT_H:
        rover.view = replace(view, time_s=AT_H[row.test] * 3600.0)
    for _ in range(6):
        rover.step()
    assert not any(row.name in names for _, names in rover.responses)
    rover.responses.clear()
    if row.test == "no relay":  # which is of command cycles
        rover.until(lambda: rover.command.mode is Mode.COMMAND)
    return rover
