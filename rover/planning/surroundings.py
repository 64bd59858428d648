"""The sky over a map through the time of a plan: its bins, the light of every cell, the relay above every horizon."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rover.core.grid import GridGeometry
from rover.core.memory import check_memory
from rover.hazard.directional import directional_cost
from rover.limits.base import Surroundings, Timeline
from rover.limits.thermal import SunWindow
from rover.planning.problem import PlanningProblem
from rover.sky.almanac import Almanac
from rover.terrain.aim import elevations_over
from rover.terrain.horizon import STEP_RAD, UNKNOWN, HorizonMap
from rover.terrain.light import mean_light, sun_track

LOOKS = 2
"""Times in a bin that its light is the mean of: a shadow passes many cells within an hour, and half of it counts."""

_UNSEEN_CDEG = -9000


def surroundings_of(
    problem: PlanningProblem, window: SunWindow, *, step_s: float, edges_s: Sequence[float] = ()
) -> Surroundings:
    """Return what a problem's limits make their tables from.

    Args:
        problem: With an almanac, a horizon and a deadline.
        window: What the Sun allows.
        step_s: Longest bin by day; the light of a bin is the mean of a few times in it.
        edges_s: Times that must be edges of bins.

    Raises:
        ResourceError: More memory than there is.
    """
    if problem.almanac is None or problem.horizon is None or problem.deadline_s is None:
        raise ValueError("a timed plan needs an almanac, a horizon and a deadline")
    relay = problem.almanac.relay
    passes = [] if relay is None else relay.seen_s.ravel().tolist()
    geometry = problem.costmap.geometry
    check_room(geometry, problem.deadline_s - problem.depart_s, step_s=step_s, relayed=relay is not None)
    timeline = window.timeline(
        problem.depart_s, problem.deadline_s, step_s=step_s, edges_s=[*edges_s, *passes]
    )
    return Surroundings(
        terrain=problem.terrain,
        hazards=problem.hazards,
        costmap=problem.costmap,
        headings=directional_cost(problem.terrain, problem.vehicle),
        almanac=problem.almanac,
        timeline=timeline,
        lit=light_by_bin(problem.horizon, problem.almanac, timeline),
        relay_cdeg=None if relay is None else relay_by_bin(problem.horizon, problem.almanac, timeline),
    )


def check_room(geometry: GridGeometry, span_s: float, *, step_s: float, relayed: bool) -> None:
    """Refuse a span of time whose light does not fit into memory; half of it or more is day.

    It can be asked before terrain and horizon take their time.

    Args:
        geometry: Of the map.
        span_s: From the departure to the deadline.
        step_s: Longest bin by day.
        relayed: Whether the relay's height is kept as well.

    Raises:
        ResourceError: More memory than there is.
    """
    bins = span_s / step_s
    times = math.ceil(bins / 2)
    check_memory(
        geometry.rows * geometry.cols * times * (3 if relayed else 1),
        what=f"the light of {geometry.rows} x {geometry.cols} cells at {times} times",
        field="step_s",
        value=f"{bins:.0f} bins",
        remedy="take a longer step, a smaller map or an earlier deadline",
    )


def light_by_bin(horizon: HorizonMap, almanac: Almanac, timeline: Timeline) -> npt.NDArray[np.uint8]:
    """Return (rows, cols, columns) light of each bin but those of night, of 255; unknown is dark.

    It is the mean of `LOOKS` times evenly within the bin.
    """
    day = timeline.column >= 0
    if not day.any():
        return np.empty((*horizon.geometry.shape, 0), np.uint8)
    begin, spans = timeline.edge_s[:-1][day], np.diff(timeline.edge_s)[day]
    times = begin[:, None] + spans[:, None] * (np.arange(LOOKS) + 0.5) / LOOKS
    return mean_light(horizon, sun_track(almanac, times.ravel()), each=LOOKS)


def relay_by_bin(horizon: HorizonMap, almanac: Almanac, timeline: Timeline) -> npt.NDArray[np.int16]:
    """Return (rows, cols, columns) height of the relay above the horizon in the middle of each bin but those of night.

    In hundredths of a degree, rounded down; -9000 where no ground station sees it or the horizon is unknown.
    """
    if almanac.relay is None:
        raise ValueError("an almanac without a relay")
    times = timeline.middle_s[timeline.column >= 0]
    heights = np.empty((*horizon.geometry.shape, len(times)), np.int16)
    for t, time_s in enumerate(times.tolist()):
        relay = almanac.relay.relay_at(time_s)
        if not relay.seen:
            heights[:, :, t] = _UNSEEN_CDEG
            continue
        above = elevations_over(horizon.geometry, relay.azimuth_rad, relay.elevation_rad)
        above = above - _horizon_at(horizon, relay.azimuth_rad)
        hundredths = np.floor(np.degrees(above) * 100)
        heights[:, :, t] = np.where(np.isnan(hundredths), _UNSEEN_CDEG, hundredths)
    return heights


def _horizon_at(horizon: HorizonMap, azimuth_rad: float) -> npt.NDArray[np.float32]:
    """Return (rows, cols) elevation of the horizon at an azimuth from the raster's north; NaN where unknown."""
    place = azimuth_rad % math.tau / math.tau * horizon.azimuths
    before, weight = int(place) % horizon.azimuths, np.float32(place - int(place))
    low = horizon.steps[before].astype(np.float32)
    high = horizon.steps[(before + 1) % horizon.azimuths].astype(np.float32)
    steps = np.maximum(low + weight * (high - low), np.float32((math.pi / 2 - horizon.dip_rad) / STEP_RAD))
    elevation = steps * np.float32(STEP_RAD) - np.float32(math.pi / 2)
    return np.where(horizon.steps[before] == UNKNOWN, np.float32(np.nan), elevation)
