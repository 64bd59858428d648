"""What a mission sends: every command up and every picture, trace and count down, through the relay and its stores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.eyes import CameraParams, EyesParams
from rover.core.lander import LanderParams
from rover.core.time import Epoch, parse_utc
from rover.io.vehicle import Vehicle
from sim.mission.biosphere import Biosphere, camera_times
from sim.mission.daylight import sunlight_at
from sim.mission.radar import RadarParams, traces_along
from sim.mission.relay_queue import Item, Sent, Traffic, carry
from sim.mission.relay_radio import STEP_S, LinkParams, PictureRow, Sight
from sim.run.mission_commands import CommandWay, MissionOrders, command_way, mission_orders
from sim.run.mission_drive import Leg
from sim.run.mission_rollout import RolloutDone, nights_s
from sim.run.mission_scenario import Mission
from sim.run.mission_surface import SurfaceDays
from sim.run.scenario_operations import OperationsTable

Floats = npt.NDArray[np.float64]

_GBIT = 1e9
_ENDLESS_BIT = 1e15
_LAST_WORDS_S = 2.0 * STEP_S
"""For which radios stay on when all else sleeps, so that the last housekeeping is sent."""

HEALTH, COMMAND, ROLLOUT_PICTURES, RING, SCIENCE, RADAR, CANISTER = 0, 0, 1, 2, 3, 4, 5
"""Priorities: 0 goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Commands that must be there by a time.

    Attributes:
        name: What for.
        sent_s: From when on they are sent.
        needed_s: By when.
        bits: How many.
    """

    name: str
    sent_s: float
    needed_s: float
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkDays:
    """All that went through the link.

    Attributes:
        sight: The ways.
        rates_bit_s: By way, (n,) in each step: rover, lander, relay_down, forward, station_up.
        down, up: What became of everything.
        commands: In the order of `up.sent`.
    """

    sight: Sight
    rates_bit_s: dict[str, Floats]
    down: Traffic
    up: Traffic
    commands: tuple[Command, ...]

    @property
    def late(self) -> list[tuple[Command, Sent]]:
        """Commands that came too late or not at all."""
        pairs = zip(self.commands, self.up.sent, strict=True)
        return [(command, sent) for command, sent in pairs if not sent.done_s <= command.needed_s]


def rates_of(
    link: LinkParams,
    sight: Sight,
    silent_s: Sequence[tuple[float, float]],
    low_s: Sequence[tuple[float, float]],
    lander_off_s: float = math.inf,
) -> dict[str, Floats]:
    """Return the rate of each way in each step.

    Args:
        link: The radios.
        sight: The ways.
        silent_s: When the rover's radio is off.
        low_s: When the rover drives: its dish is not steered, and it sends at its lowest rate.
        lander_off_s: When the lander is put to sleep.
    """
    up = sight.relay_up
    rover = np.where(up, link.rover.rate_bit_s(sight.range_m), 0.0)
    for begin, end in low_s:
        inside = (sight.time_s + STEP_S > begin) & (sight.time_s < end)
        rover[inside] = np.minimum(rover[inside], link.rover.rates_bit_s[0])
    for begin, end in silent_s:
        rover[(sight.time_s + STEP_S > begin) & (sight.time_s < end)] = 0.0
    return {
        "rover": rover,
        "lander": np.where(up & (sight.time_s < lander_off_s), link.lander.rate_bit_s(sight.range_m), 0.0),
        "relay_down": np.where(sight.station, link.relay_down.rate_bit_s(sight.earth_range_m), 0.0),
        "forward": np.where(up, link.relay_forward.rate_bit_s(sight.range_m), 0.0),
        "station_up": np.where(sight.station, link.station_up.rate_bit_s(sight.earth_range_m), 0.0),
    }


def picture_bits(camera: CameraParams, link: LinkParams) -> int:
    """Return the bits of a picture as it is sent."""
    return math.ceil(camera.rows * camera.cols * camera.bits / link.picture_compression)


def camera_of(name: str, params: LanderParams, vehicle: Vehicle) -> tuple[CameraParams, str]:
    """Return a camera by name, and whose it is."""
    eyes = vehicle.part("eyes", EyesParams)
    return {
        "lcam": (params.lcam, "lander"),
        "tcam": (params.tcam, "lander"),
        "pcam": (eyes.pcam, "rover"),
        "navcam": (eyes.navcam, "rover"),
    }[name]


def send_all(
    mission: Mission,
    params: LanderParams,
    vehicle: Vehicle,
    sight: Sight,
    *,
    touchdown_s: float,
    rollout: RolloutDone,
    days: SurfaceDays | None,
    bio: Biosphere | None,
    portraits_s: float | None,
) -> LinkDays:
    """Return what becomes of everything that a mission sends up and down.

    Args:
        mission, params, vehicle: With a link.
        sight: The ways to the Earth.
        touchdown_s: When the lander stands.
        rollout, days, bio: What was done.
        portraits_s: When the portraits were taken, None if they were not.
    """
    link = mission.link
    assert link is not None
    epoch = parse_utc(mission.descent.ignition_utc)
    legs = days.legs if days is not None else []
    silent, low = _rover_radio(mission, rollout, legs, epoch, float(sight.time_s[-1]))
    until = float(sight.time_s[-1])
    way = command_way(mission, sight)
    orders = mission_orders(mission, way)
    rover_off, lander_off = (min(until, at) for at in nights_s(mission))
    silent.append((rover_off + _LAST_WORDS_S, math.inf))
    rates = rates_of(link, sight, silent, low, lander_off + _LAST_WORDS_S)
    items = [
        *_lander_items(mission, params, rollout, bio, touchdown_s, lander_off),
        *_picture_items(
            mission,
            params,
            vehicle,
            orders,
            down_s=math.inf if days is None else rollout.down_s,
            touchdown_s=touchdown_s,
            portraits_s=portraits_s,
        ),
        *_rover_items(mission, rollout, days, rover_off),
    ]
    stores = {"rover": link.store_gbit_rover * _GBIT, "lander": link.store_gbit_lander * _GBIT}

    def through(
        items: Sequence[Item], first: dict[str, Floats], second: Floats, store_bit: dict[str, float]
    ) -> Traffic:
        return carry(
            items,
            first,
            second,
            time_s=sight.time_s,
            step_s=STEP_S,
            store_bit=store_bit,
            relay_store_bit=link.store_gbit_relay * _GBIT,
            light_time_s=sight.light_time_s,
        )

    down = through(items, {name: rates[name] for name in stores}, rates["relay_down"], stores)
    asleep = dict(zip(("rover", "lander"), nights_s(mission), strict=True)) if days is not None else {}
    commands = tuple(_commands(way, orders, rollout, days, portraits_s, asleep))
    sent = [
        Item(
            name=one.name,
            source="earth",
            bits=one.bits,
            priority=COMMAND,
            ready_s=one.sent_s,
        )
        for one in commands
    ]
    up = through(sent, {"earth": rates["station_up"]}, rates["forward"], {"earth": _ENDLESS_BIT})
    return LinkDays(sight=sight, rates_bit_s=rates, down=down, up=up, commands=commands)


def _rover_radio(
    mission: Mission, rollout: RolloutDone, legs: Sequence[Leg], epoch: Epoch, until_s: float
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return when the rover's radio is off, and when it can send at its lowest rate only."""
    on = until_s + STEP_S if rollout.stays else rollout.down_s
    silent = [(-STEP_S, on)]
    if mission.drive is not None:
        nap = [
            epoch.seconds_until(parse_utc(utc)) for utc in (mission.drive.nap_from, mission.drive.nap_until)
        ]
        silent.append((nap[0], nap[1]))
    low: list[tuple[float, float]] = []
    for leg in legs:
        spans = zip(leg.time_s[:-1].tolist(), leg.time_s[1:].tolist(), leg.moving[1:].tolist(), strict=True)
        low += [(begin, end) for begin, end, moving in spans if moving]
    return silent, low


def _at(
    row: PictureRow,
    mission: Mission,
    orders: MissionOrders,
    source: str,
    *,
    touchdown_s: float,
    portraits_s: float | None,
) -> float | None:
    """Return when pictures are taken, None if they are not: none is without a command or without the Sun."""
    if row.at == "touchdown":
        return touchdown_s  # the film runs by itself
    if row.at == "portraits":
        return portraits_s
    if row.at == "panorama":
        order = orders.ring if source == "rover" else orders.panorama
    else:
        order = orders.pictures[row.name]
    if order.why:
        return None
    sun = sunlight_at(mission.read_site(), parse_utc(mission.descent.ignition_utc), order.time_s)
    return order.time_s if sun.elevation_rad > 0.0 else None


def _picture_items(
    mission: Mission,
    params: LanderParams,
    vehicle: Vehicle,
    orders: MissionOrders,
    *,
    down_s: float,
    touchdown_s: float,
    portraits_s: float | None,
) -> Iterator[Item]:
    """Yield the pictures of the mission file that are taken: the rover's from `down_s` on, if it ever is."""
    assert mission.link is not None
    for row in mission.link.picture:
        camera, source = camera_of(row.camera, params, vehicle)
        at = _at(row, mission, orders, source, touchdown_s=touchdown_s, portraits_s=portraits_s)
        if at is not None and (source == "lander" or at >= down_s):
            bits = row.count * picture_bits(camera, mission.link)
            yield Item(name=row.name, source=source, bits=bits, priority=row.priority, ready_s=at)


def _health(link: LinkParams, source: str, from_s: float, until_s: float) -> Iterator[Item]:
    """Yield housekeeping by the hour."""
    for begin in np.arange(from_s, until_s, 3600.0).tolist():
        end = min(begin + 3600.0, until_s)
        bits = round(link.health_bit_s * (end - begin))
        if bits > 0:
            yield Item(
                name=f"health of the {source}",
                source=source,
                bits=bits,
                priority=HEALTH,
                ready_s=begin,
                until_s=end,
            )


def _lander_items(
    mission: Mission,
    params: LanderParams,
    rollout: RolloutDone,
    bio: Biosphere | None,
    touchdown_s: float,
    until_s: float,
) -> Iterator[Item]:
    link = mission.link
    assert link is not None
    yield from _health(link, "lander", touchdown_s, until_s)
    for step in rollout.steps.steps:
        if step.row.pictures:
            yield Item(
                name=f"pictures: {step.row.name}", source="lander", priority=ROLLOUT_PICTURES,
                bits=step.row.pictures * picture_bits(params.tcam, link), ready_s=step.start_s + 60.0,
            )  # fmt: skip
    if bio is not None and mission.biosphere is not None:
        bits = math.ceil(mission.biosphere.picture_bit / link.picture_compression)
        for at in camera_times(mission.biosphere, bio):
            yield Item(
                name="picture of the biosphere", source="lander", bits=bits, priority=CANISTER, ready_s=at
            )


def _rover_items(
    mission: Mission, rollout: RolloutDone, days: SurfaceDays | None, until_s: float
) -> Iterator[Item]:
    link = mission.link
    assert link is not None
    if rollout.stays or days is None:
        return
    yield from _health(link, "rover", rollout.down_s, until_s)
    ring = round(OperationsTable().data_mbit_per_stop * 1e6)
    for leg in days.legs:
        for at in leg.command_s.tolist():
            yield Item(
                name=f"ring at a stop: {leg.name}", source="rover", bits=ring, priority=RING, ready_s=at
            )
        if mission.radar is not None:
            bits, first, last = radar_bits(mission.radar, leg)
            if bits:
                yield Item(
                    name=f"radar: {leg.name}",
                    source="rover",
                    bits=bits,
                    priority=RADAR,
                    ready_s=first,
                    until_s=last,
                )
    for one in days.measurements:
        if one.done and one.row.data_bit:
            end = one.start_s + 60.0 * one.row.minutes
            yield Item(
                name=one.row.name, source="rover", bits=one.row.data_bit, priority=SCIENCE, ready_s=end
            )


def radar_bits(radar: RadarParams, leg: Leg) -> tuple[int, float, float]:
    """Return the bits of a drive's traces, and when the first and the last of them are taken."""
    at, _, _ = traces_along(leg.time_s, leg.place_m, leg.distance_m, leg.moving, radar.trace_s)
    if not len(at):
        return 0, leg.start_s, leg.end_s
    return len(at) * sum(channel.trace_bit for channel in radar.channel), float(at[0]), float(at[-1])


def _commands(
    way: CommandWay,
    orders: MissionOrders,
    rollout: RolloutDone,
    days: SurfaceDays | None,
    portraits_s: float | None,
    asleep_s: Mapping[str, float],
) -> Iterator[Command]:
    """Yield all that is sent up, also what never gets there."""

    def by(name: str, needed_s: float, bits: int = way.block_bit) -> Command:
        return Command(name=name, sent_s=way.sent_s(needed_s, bits), needed_s=needed_s, bits=bits)

    for step in rollout.steps.steps:
        if step.row.command_bit:
            yield by(step.row.name, step.end_s, round(step.row.command_bit))
    for order in orders.all if days is None else [*orders.all, orders.ring]:
        needed = order.needed_s
        if order is orders.portraits and portraits_s is not None:
            needed = portraits_s
        yield Command(
            name=order.name, sent_s=way.sent_s(order.planned_s, order.bits), needed_s=needed, bits=order.bits
        )
    for name, at in asleep_s.items():
        if math.isfinite(at):
            yield by(f"sleep, {name}", at)
    if days is not None:
        for name, at in _on_the_way(days):
            yield by(name, at)


def _on_the_way(days: SurfaceDays) -> Iterator[tuple[str, float]]:
    """Yield what the rover is commanded to do on the ground, and by when."""
    for leg in days.legs:
        yield f"drive: {leg.name}", leg.start_s
        for at in leg.command_s.tolist()[:-1]:  # after the last stop nothing is driven
            yield f"on from a stop: {leg.name}", at + OperationsTable().cycle_s
    for one in days.measurements:
        if one.done:
            yield one.row.name, one.start_s
