"""The bins of a plan's time, worked out anew from the Sun's culminations.

Between two of them it only rises or falls, and crosses each limit of elevation once: a root, found to a microsecond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from rover.core.bodies import AU_M, SOLAR_CONSTANT_W_M2
from rover.limits.thermal import SunWindowParams
from rover.sky.almanac import Almanac

Floats = npt.NDArray[np.float64]

EDGE_S = 1.0
"""Edges of bins are no surer than this: planners find those of phases to 0.1 s, those at a culmination to 1 s."""

_SAMPLE_S = 900.0


class Allowed(Enum):
    """What the Sun allows."""

    DRIVE = "driving"
    LOW = "waiting for a higher Sun"
    NAP = "the noon nap"
    NIGHT = "sleep"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """The bins of a plan.

    Attributes:
        edge_s: (k + 1,) bin i lasts from edge i to edge i + 1.
        allowed: What the Sun allows in each.
        sun: (k, 3) direction to the Sun in the middle of each: east, north, up.
        azimuth_rad, elevation_rad, distance_m: (k, 2) where it stands a quarter and three quarters through each bin,
            from the raster's north.
        flux_w_m2: (k,) irradiance.
    """

    edge_s: Floats
    allowed: tuple[Allowed, ...]
    sun: Floats
    azimuth_rad: Floats
    elevation_rad: Floats
    distance_m: Floats
    flux_w_m2: Floats

    def __len__(self) -> int:
        return len(self.allowed)

    @property
    def middle_s(self) -> Floats:
        return np.asarray((self.edge_s[:-1] + self.edge_s[1:]) / 2)

    def bins_at(self, start_s: npt.ArrayLike, end_s: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the bins in which spans begin; of one that begins at an edge, as far as edges are sure, the later."""
        begin, end = np.asarray(start_s, np.float64), np.asarray(end_s, np.float64)
        asked = np.minimum(begin + EDGE_S, (begin + end) / 2)
        return np.clip(np.searchsorted(self.edge_s, asked, side="right") - 1, 0, len(self) - 1)

    def overlaps(self, start_s: float, end_s: float) -> list[tuple[int, float]]:
        """Return (bin, seconds) of each bin that a span has part in."""
        first = max(0, int(np.searchsorted(self.edge_s, start_s, side="right")) - 1)
        found = []
        for k in range(first, len(self)):
            shared = min(end_s, self.edge_s[k + 1]) - max(start_s, self.edge_s[k])
            if self.edge_s[k] >= end_s:
                break
            if shared > 0:
                found.append((k, float(shared)))
        return found

    def dusk_after(self, time_s: Floats) -> Floats:
        """Return when driving next gives way to low Sun or night after each time; infinite past the end."""
        ends = [
            self.edge_s[k + 1]
            for k, (now, then) in enumerate(pairwise(self.allowed))
            if now is Allowed.DRIVE and then in (Allowed.LOW, Allowed.NIGHT)
        ]
        dusks = np.array([*ends, math.inf])
        return np.asarray(dusks[np.searchsorted(dusks, time_s, side="right")])


def _suns(almanac: Almanac, times_s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (n,) azimuths, elevations and distances."""
    suns = almanac.suns_at(times_s.tolist())
    columns = [(sun.azimuth_rad, sun.elevation_rad, sun.distance_m) for sun in suns]
    azimuth, elevation, distance = np.array(columns, np.float64).reshape(-1, 3).T
    return azimuth, elevation, distance


def day_of(
    almanac: Almanac,
    params: SunWindowParams,
    *,
    from_s: float,
    until_s: float,
    bin_s: float,
    edges_s: Sequence[float] = (),
) -> Day:
    """Return the bins of a span.

    Args:
        almanac: The Sun; where it has a relay, passes begin and end bins.
        params: The limits of its elevation.
        from_s, until_s: The span.
        bin_s: Longest bin; a night is one.
        edges_s: Further edges.

    Raises:
        ValueError: The span is outside the almanac.
    """
    phases = phases_of(almanac, params, from_s, until_s)
    passes = [] if almanac.relay is None else almanac.relay.seen_s.ravel().tolist()
    asked = [t for t in (*edges_s, *passes) if from_s < t < until_s]
    edges, allowed = [from_s], []
    for begin, end, phase in phases:
        inside = sorted({t for t in asked if begin < t < end})
        for a, b in pairwise([begin, *inside, end]):
            pieces = 1 if phase is Allowed.NIGHT else max(1, math.ceil((b - a) / bin_s - 1e-9))
            edges += [a + (b - a) * i / pieces for i in range(1, pieces)] + [b]
            allowed += [phase] * pieces
    edge_s = np.array(edges)
    azimuth, elevation, distance = _suns(almanac, (edge_s[:-1] + edge_s[1:]) / 2)
    level = np.cos(elevation)
    quarters = [_suns(almanac, edge_s[:-1] + part * np.diff(edge_s)) for part in (0.25, 0.75)]
    looks = [np.column_stack(values) for values in zip(*quarters, strict=True)]
    return Day(
        edge_s=edge_s,
        allowed=tuple(allowed),
        sun=np.column_stack([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)]),
        azimuth_rad=looks[0],
        elevation_rad=looks[1],
        distance_m=looks[2],
        flux_w_m2=SOLAR_CONSTANT_W_M2 * (AU_M / distance) ** 2,
    )


def phases_of(
    almanac: Almanac, params: SunWindowParams, from_s: float, until_s: float
) -> list[tuple[float, float, Allowed]]:
    """Return (begin, end, what the Sun allows) from one time to another."""
    turns = _turns(almanac)
    bounds = [float(almanac.time_s[0]), *turns, float(almanac.time_s[-1])]
    pieces: list[tuple[float, float, Allowed]] = []
    for begin, end in pairwise(bounds):
        pieces += _half_day(almanac, params, begin, end)
    joined: list[tuple[float, float, Allowed]] = []
    for begin, end, phase in pieces:
        begin, end = max(begin, from_s), min(end, until_s)
        if end <= begin:
            continue
        if joined and joined[-1][2] is phase:
            joined[-1] = (joined[-1][0], end, phase)
        else:
            joined.append((begin, end, phase))
    if not joined or joined[0][0] > from_s or joined[-1][1] < until_s:
        raise ValueError(f"{from_s} s to {until_s} s is outside the almanac")
    return joined


def _half_day(
    almanac: Almanac, params: SunWindowParams, begin: float, end: float
) -> list[tuple[float, float, Allowed]]:
    """Return the phases between two culminations."""
    low, high = _height(almanac, begin), _height(almanac, end)
    rising = high > low
    # In the afternoon there is a nap only where the Sun has reached the nap's height at noon.
    naps = max(low, high) >= params.nap_enter_rad
    nap_rad = (params.nap_enter_rad if rising else params.nap_exit_rad) if naps else math.inf
    night_rad = params.wake_rad if rising else params.dormant_rad
    marks = [begin, end]
    for bound in (nap_rad, night_rad, params.min_drive_rad):
        if min(low, high) < bound < max(low, high):
            root = brentq(
                lambda t, bound=bound: _height(almanac, t) - bound, begin, end, xtol=1e-6, rtol=1e-14
            )
            marks.append(float(root))
    found = []
    for a, b in pairwise(sorted(marks)):
        height = _height(almanac, (a + b) / 2)
        if height < night_rad:
            phase = Allowed.NIGHT
        elif height >= nap_rad:
            phase = Allowed.NAP
        else:
            phase = Allowed.DRIVE if height >= params.min_drive_rad else Allowed.LOW
        found.append((a, b, phase))
    return found


def _turns(almanac: Almanac) -> list[float]:
    """Return the times at which the Sun is highest or lowest, by the roots of its speed."""
    first, last = float(almanac.time_s[0]), float(almanac.time_s[-1])
    time_s = np.linspace(first, last, max(3, math.ceil((last - first) / _SAMPLE_S) + 1))[1:-1]
    speed = np.array(almanac.elevations(time_s + 0.5) - almanac.elevations(time_s - 0.5))
    found = []
    for i in np.flatnonzero(np.sign(speed[:-1]) * np.sign(speed[1:]) < 0):
        root = brentq(lambda t: _speed(almanac, t), time_s[i], time_s[i + 1], xtol=1e-3)
        found.append(float(root))
    return found


def _height(almanac: Almanac, time_s: float) -> float:
    return float(almanac.elevations(time_s))


def _speed(almanac: Almanac, time_s: float) -> float:
    return _height(almanac, time_s + 0.5) - _height(almanac, time_s - 0.5)
