"""Commands to the far side: from when on what is asked for on Earth is known there, or why it never is.

Nothing that is commanded happens before its commands are there. They are sent some time before they are needed, take
their time at the rate of the way up, and wait in the meantime for the stretches in which it is open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.time import parse_utc
from sim.mission.relay_radio import EVENTS, STEP_S, Sight
from sim.run.mission_scenario import Mission

Floats = npt.NDArray[np.float64]

ALWAYS_S = np.array([[-math.inf, math.inf]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CommandWay:
    """The way up, by what it carries; empty, and commands are always there.

    Attributes:
        time_s: (n,) end of each step, since the mission's epoch.
        carried_bit: (n,) that get through until then, from the epoch on.
        light_time_s: (n,) one way.
        rate_bit_s: The highest.
        lead_s: By which commands are sent before they are needed.
        block_bit: Of a block of commands.
        closed: Why the way never opens, empty if it does.
    """

    time_s: Floats
    carried_bit: Floats
    light_time_s: Floats
    rate_bit_s: float
    lead_s: float
    block_bit: int
    closed: str

    def __post_init__(self) -> None:
        for name in ("time_s", "carried_bit", "light_time_s"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (len(self.time_s),), name))

    def there_s(self, needed_s: float, bits: int) -> float:
        """Return from when on commands are there that are needed at a time, infinite if they never are.

        They may be there before: what is needed at that time is done then.
        """
        if not len(self.time_s):
            return needed_s
        first = int(np.searchsorted(self.time_s, self.sent_s(needed_s, bits), side="right"))
        before = float(self.carried_bit[first - 1]) if first > 0 else 0.0
        done = int(np.searchsorted(self.carried_bit, before + bits))
        if done >= len(self.time_s):
            return math.inf
        return max(needed_s, float(self.time_s[done] + self.light_time_s[done]))

    def sent_s(self, needed_s: float, bits: int) -> float:
        """Return from when on commands are sent that are needed at a time."""
        return max(needed_s - self.lead_s - bits / self.rate_bit_s, 0.0)

    @property
    def why_never(self) -> str:
        """Why commands that are never there are not."""
        return f"no command gets through{f': {self.closed}' if self.closed else ' any more'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that is asked for at a time.

    Attributes:
        name: Of its commands.
        planned_s: When it is to be done, since the mission's epoch.
        time_s: When it is done: then, or when its commands are there; infinite if they never are.
        bits: Of its commands.
        why: Why they never are, empty if they are.
    """

    name: str
    planned_s: float
    time_s: float
    bits: int
    why: str

    @property
    def needed_s(self) -> float:
        """When its commands must be there."""
        return self.planned_s if self.why else self.time_s

    @property
    def waited_h(self) -> float:
        """By how much the link makes it late."""
        return 0.0 if self.why else (self.time_s - self.planned_s) / 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionOrders:
    """What is asked for at times that the mission file fixes.

    Attributes:
        panorama, ring, portraits: Pictures; the ring is the rover's.
        watering, off: Of the biosphere, None without one.
        pictures: Those that `[[link.picture]]` dates by themselves, by name.
    """

    panorama: Order
    ring: Order
    portraits: Order
    watering: Order | None
    off: Order | None
    pictures: dict[str, Order]

    @property
    def all(self) -> list[Order]:
        """All of them, the rover's ring apart."""
        found = [self.watering, self.off, self.portraits, self.panorama, *self.pictures.values()]
        return [one for one in found if one is not None]


def commands_s(mission: Mission, sight: Sight | None) -> Floats:
    """Return (k, 2) stretches in which commands get through to the Moon."""
    if sight is None or mission.link is None:
        return ALWAYS_S
    return sight.contacts_s(_up_bit_s(mission, sight) > 0.0)


def command_way(mission: Mission, sight: Sight | None) -> CommandWay:
    """Return the way up of a mission, one that is always open of a mission without a link."""
    link, nothing = mission.link, np.empty(0)
    if sight is None or link is None:
        return CommandWay(
            time_s=nothing, carried_bit=nothing, light_time_s=nothing, rate_bit_s=math.inf, lead_s=0.0, block_bit=0,
            closed="",
        )  # fmt: skip
    rate = _up_bit_s(mission, sight)
    return CommandWay(
        time_s=sight.time_s + STEP_S,
        carried_bit=np.cumsum(np.floor(rate * STEP_S)),
        light_time_s=sight.light_time_s,
        rate_bit_s=link.relay_forward.rates_bit_s[-1],
        lead_s=3600.0 * link.command_lead_h,
        block_bit=round(link.command_bit),
        closed="" if rate.any() else why_closed(mission, sight),
    )


def mission_orders(mission: Mission, way: CommandWay) -> MissionOrders:
    """Return what is asked for at the times of a mission file."""
    epoch = parse_utc(mission.descent.ignition_utc)

    def order(name: str, utc: str, blocks: int = 1) -> Order:
        planned, bits = epoch.seconds_until(parse_utc(utc)), blocks * way.block_bit
        there = way.there_s(planned, bits)
        return Order(
            name=name, planned_s=planned, time_s=there, bits=bits, why="" if math.isfinite(there) else way.why_never
        )  # fmt: skip

    bio, rows = mission.biosphere, mission.link.picture if mission.link is not None else ()
    return MissionOrders(
        panorama=order("take the panorama", mission.panorama.utc),
        ring=order("take the ring of pairs", mission.panorama.utc),
        portraits=order("take the portraits", mission.portraits.utc, blocks=2),
        watering=None if bio is None else order("water the biosphere", bio.watered_utc),
        off=None if bio is None else order("switch the biosphere off", bio.off_utc),
        pictures={row.name: order(f"take: {row.name}", row.at) for row in rows if row.at not in EVENTS},
    )


def as_ordered(mission: Mission, orders: MissionOrders) -> Mission:
    """Return the mission with its panorama when the commands for it are there, if they ever are."""
    order = orders.panorama
    if order.why or not order.waited_h > 0.0:
        return mission
    utc = parse_utc(mission.descent.ignition_utc).utc_at(order.time_s)
    return mission.model_copy(update={"panorama": mission.panorama.model_copy(update={"utc": utc})})


def why_closed(mission: Mission, sight: Sight) -> str:
    """Return why nothing ever gets through."""
    if not sight.station.any():
        return "no ground station ever sees the relay"
    if mission.link is not None and not sight.relay_up.any():
        return f"the relay is never above {mission.link.mask_deg:g} deg"
    if not (sight.station & sight.relay_up).any():
        return "the relay is never above the mask while a ground station sees it"
    return "no rate leaves the margin that is asked for"


def _up_bit_s(mission: Mission, sight: Sight) -> Floats:
    """Return (n,) the rate from a ground station through the relay to the far side."""
    link = mission.link
    assert link is not None
    forward = np.where(sight.relay_up, link.relay_forward.rate_bit_s(sight.range_m), 0.0)
    up = np.where(sight.station, link.station_up.rate_bit_s(sight.earth_range_m), 0.0)
    return np.asarray(np.minimum(forward, up))
