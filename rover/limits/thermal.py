"""When the Sun lets the rover drive: above its least elevation, outside the noon nap, before the night."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rover.core.bodies import AU_M, SOLAR_CONSTANT_W_M2
from rover.limits.base import Leg, Margin, Span, Surroundings, Table, Timeline
from rover.sky.almanac import Almanac, Sun

_STEP_S = 600.0
"""No phase is shorter than this."""


class Phase(StrEnum):
    """What the Sun allows."""

    DRIVE = "drive"
    NAP = "nap"
    LOW = "low"
    """Awake, too low a Sun to drive in."""
    NIGHT = "night"
    """Asleep, from dormancy in the evening until the array wakes the rover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SunWindowParams:
    """Sun elevations that bound what is done, in radians.

    Attributes:
        min_drive_rad: Least for driving.
        nap_enter_rad: Rising through it begins the noon nap.
        nap_exit_rad: Falling through it ends the nap.
        dormant_rad: Falling through it begins dormancy.
        wake_rad: Rising through it is expected to end dormancy.
    """

    min_drive_rad: float
    nap_enter_rad: float
    nap_exit_rad: float
    dormant_rad: float
    wake_rad: float


class SunWindow:
    """The phases of the days of an almanac."""

    name = "sun_elevation_rad"

    def __init__(self, almanac: Almanac, params: SunWindowParams) -> None:
        self.almanac = almanac
        self.params = params
        self._noon_s, self._noon_rad = _noons(almanac)
        self._starts_s, self._phases = self._timetable()

    def _timetable(self) -> tuple[list[float], list[Phase]]:
        """Return when each phase of the almanac begins, and which it is."""
        time_s = np.arange(self.almanac.time_s[0], self.almanac.time_s[-1], _STEP_S)
        phases = self._classify(time_s)
        changes = np.flatnonzero(phases[1:] != phases[:-1])
        starts = [float(time_s[0]), *self._edges(time_s[changes], time_s[changes + 1]).tolist()]
        return starts, [_ORDER[phases[0]]] + [_ORDER[phases[i + 1]] for i in changes]

    def _edges(self, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the instants of the one change between each of (n,) pairs of times, to 0.1 s."""
        before = self._classify(low)
        while (wide := high - low > 0.1).any():
            middle = (low + high) / 2
            same = self._classify(middle) == before
            low, high = np.where(wide & same, middle, low), np.where(wide & ~same, middle, high)
        return high

    def _classify(self, time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return indices into `_ORDER` of the phases at (n,) times."""
        bounds = self.params
        elevation = self.almanac.elevations(time_s)
        rising = _is_rising(self.almanac, time_s)
        noon = np.searchsorted(self._noon_s, time_s, side="right") - 1
        # A Sun that never reached the upper bound that day brings no nap in the afternoon.
        napped = (noon >= 0) & (self._noon_rad[noon] >= bounds.nap_enter_rad)
        nap = np.where(rising, elevation >= bounds.nap_enter_rad, napped & (elevation > bounds.nap_exit_rad))
        night = np.where(rising, elevation < bounds.wake_rad, elevation <= bounds.dormant_rad)
        drive = elevation >= bounds.min_drive_rad
        return np.asarray(np.select([night, nap, drive], [0, 1, 2], default=3))

    def phase_at(self, time_s: float) -> Phase:
        """Return what the Sun allows at a time.

        Raises:
            ValueError: The time is outside the almanac.
        """
        if not self.almanac.time_s[0] <= time_s <= self.almanac.time_s[-1]:
            raise ValueError(
                f"time_s = {time_s} is outside the almanac, which ends at {self.almanac.time_s[-1]}"
            )
        return self._phases[bisect.bisect_right(self._starts_s, time_s) - 1]

    def next_change(self, time_s: float) -> float:
        """Return when the phase next changes; the almanac's end if it does not."""
        following = bisect.bisect_right(self._starts_s, time_s)
        ends = [*self._starts_s, float(self.almanac.time_s[-1])]
        return ends[following]

    @property
    def longest_night_s(self) -> float:
        """Return the longest night that begins and ends within the almanac, 0 if there is none."""
        spans = zip(pairwise(self._starts_s), self._phases, strict=False)
        return max((b - a for (a, b), phase in spans if phase is Phase.NIGHT), default=0.0)

    def timeline(
        self, from_s: float, until_s: float, *, step_s: float, edges_s: Sequence[float] = ()
    ) -> Timeline:
        """Return a span of time cut into bins: one for each night, of the rest none longer than a step.

        Args:
            from_s, until_s: The span, inside the almanac.
            step_s: Longest bin.
            edges_s: Times that must be edges as well, such as those at which a zone opens.

        Raises:
            ValueError: A time is outside the almanac.
        """
        marks = [t for t in (*self._starts_s, *edges_s) if from_s < t < until_s]
        edges = _cut(sorted({from_s, until_s, *marks}), step_s, lambda t: self.phase_at(t) is Phase.NIGHT)
        middle = (edges[:-1] + edges[1:]) / 2
        span = np.array([_SPAN_OF[self.phase_at(t)] for t in middle.tolist()], np.int8)
        suns = self.almanac.suns_at(middle.tolist())
        awake = span != Span.NIGHT
        return Timeline(
            edge_s=edges,
            span=span,
            sun=np.array([_direction(sun) for sun in suns]).reshape(-1, 3),
            flux_w_m2=np.array([SOLAR_CONSTANT_W_M2 * (AU_M / sun.distance_m) ** 2 for sun in suns]),
            column=np.where(awake, np.cumsum(awake) - 1, -1),
        )

    def table(self, around: Surroundings) -> Table:
        return Table(bins=around.timeline.span == Span.DRIVE)

    def margin(self, leg: Leg) -> Margin:
        """Return how far a driving leg's Sun stays inside the window; a parked leg has all the room."""
        low, high = leg.sun_elevation_rad
        if not leg.driving:
            return Margin(limit=self.name, value=low, bound=low, slack=math.inf, time_s=leg.start_s)
        from_below, from_above = low - self.params.min_drive_rad, self._ceiling(leg) - high
        if math.isnan(from_below) or from_below <= from_above:
            bound, value, slack = self.params.min_drive_rad, low, from_below
        else:
            bound, value, slack = self._ceiling(leg), high, from_above
        return Margin(limit=self.name, value=value, bound=bound, slack=slack, time_s=leg.start_s)

    def _ceiling(self, leg: Leg) -> float:
        noon = int(np.searchsorted(self._noon_s, leg.start_s, side="right")) - 1
        napped = noon >= 0 and self._noon_rad[noon] >= self.params.nap_enter_rad
        return self.params.nap_enter_rad if leg.sun_rising or not napped else self.params.nap_exit_rad


def _cut(marks: list[float], step_s: float, is_whole: Callable[[float], bool]) -> npt.NDArray[np.float64]:
    """Return marks and the evenly spaced times between them, none where a stretch is to stay whole."""
    edges = marks[:1]
    for begin, end in pairwise(marks):
        pieces = 1 if is_whole((begin + end) / 2) else math.ceil((end - begin) / step_s - 1e-9)
        edges += [begin + (end - begin) * (i + 1) / pieces for i in range(pieces - 1)] + [end]
    return np.array(edges)


def _direction(sun: Sun) -> tuple[float, float, float]:
    level = math.cos(sun.elevation_rad)
    return (
        level * math.sin(sun.azimuth_rad),
        level * math.cos(sun.azimuth_rad),
        math.sin(sun.elevation_rad),
    )


_SPAN_OF = {Phase.DRIVE: Span.DRIVE, Phase.LOW: Span.LOW, Phase.NAP: Span.NAP, Phase.NIGHT: Span.NIGHT}

_ORDER = (Phase.NIGHT, Phase.NAP, Phase.DRIVE, Phase.LOW)


def _noons(almanac: Almanac) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the times and elevations of the Sun's culminations within the almanac."""
    time_s = np.arange(almanac.time_s[0], almanac.time_s[-1], 1800.0)
    rising = _is_rising(almanac, time_s)
    before = np.flatnonzero(rising[:-1] & ~rising[1:])
    low, high = time_s[before], time_s[before + 1]
    while (high - low > 0.01).any():
        middle = (low + high) / 2
        up = _is_rising(almanac, middle)
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return high, almanac.elevations(high)


def _is_rising(almanac: Almanac, time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tell at (n,) times whether the Sun is higher a second later; at the almanac's very end it is not."""
    later = np.minimum(time_s + 1.0, almanac.time_s[-1])
    return np.asarray(almanac.elevations(later) > almanac.elevations(time_s))
