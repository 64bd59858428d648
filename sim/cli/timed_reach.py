"""What `farside plan SCENARIO --maps` finds out: reach before dusk, latest departures, havens; and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rover.core.errors import PlannerError
from rover.planning.havens import HavenQuality, haven_quality
from rover.planning.reach import (
    ArrivalMap,
    DepartureMap,
    LatestDeparture,
    Target,
    arrival_map,
    departure_map,
    latest_departure,
)
from rover.planning.traverse_ground import ground_of
from rover.planning.traverse_setup import Outlook
from sim.cli.timed_words import minute_of
from sim.run.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReachMaps:
    """Maps of a scenario's ground from its departure, up to the next dusk, or the deadline where that is earlier.

    Attributes:
        arrival: Earliest arrivals.
        leave: Latest departures for the goal, by driving times alone.
        havens: How good each cell is for the night, None where the plan's time holds no morning to judge by.
        latest: Latest departures from the start that were found to hold, charge and commands and all.
    """

    arrival: ArrivalMap
    leave: DepartureMap
    havens: HavenQuality | None
    latest: dict[Target, LatestDeparture]

    @property
    def by_s(self) -> float:
        """Return up to when the maps look."""
        return self.leave.by_s

    @property
    def reached(self) -> float:
        """Return the share of the map that is reached by then."""
        return float(np.isfinite(self.arrival.arrive_s).mean())


def reach_maps(ready: Outlook, *, tell: Callable[[str], None]) -> ReachMaps:
    """Make the maps.

    Args:
        ready: The problem made ready.
        tell: Told what is being made.

    Raises:
        TimeLimitError: The problem's time was over before all arrivals were known.
    """
    tell("latest departures")
    ground = ground_of(ready.around, ready.rules(), ready.goal)
    leave = departure_map(ready, ground=ground)
    latest = {target: latest_departure(ready, target, ground=ground) for target in Target}
    tell("arrivals before dusk")
    arrival = arrival_map(ready, until_s=leave.by_s, ground=ground, time_limit_s=ready.problem.time_limit_s)
    tell("havens")
    try:
        havens = haven_quality(ready)
    except PlannerError:
        havens = None
    return ReachMaps(arrival=arrival, leave=leave, havens=havens, latest=latest)


def reach_notes(setting: Setting, maps: ReachMaps) -> Iterator[str]:
    """Yield what the maps come to, a line each."""
    at = setting.epoch
    yield f"by {_end_words(setting, maps)} {100 * maps.reached:.0f} % of the map can be reached"
    for target, found in maps.latest.items():
        where = "the goal" if target is Target.GOAL else "a haven"
        if found.depart_s is None:
            yield f"no departure from the start comes to {where} by then"
        elif target is Target.HAVEN and found.depart_s == maps.by_s:
            yield "the start itself would do for the night"
        else:
            yield f"for {where} by then the start is left at {minute_of(at, found.depart_s)} UTC at the latest"
    if maps.havens is None:
        yield "the plan's time holds no morning by which to judge havens"
    else:
        yield f"{100 * maps.havens.allowed.mean():.0f} % of the map would do for the night"


def _end_words(setting: Setting, maps: ReachMaps) -> str:
    kind = "the dusk of" if maps.by_s == maps.arrival.dusk_s else "the deadline of"
    return f"{kind} {minute_of(setting.epoch, maps.by_s)} UTC"


def reach_fields(setting: Setting, maps: ReachMaps) -> dict[str, Any]:
    """Return what the maps come to, as fields of JSON."""
    at = setting.epoch.utc_at
    return {
        "by_utc": at(maps.by_s),
        "reached": maps.reached,
        "latest_departure_utc": {
            str(target): None if found.depart_s is None else at(found.depart_s)
            for target, found in maps.latest.items()
        },
        "havens": None if maps.havens is None else float(maps.havens.allowed.mean()),
    }
