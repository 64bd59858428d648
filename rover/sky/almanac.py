"""The Sun over the time ahead, sampled once and interpolated: what is uplinked to the rover."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rover.core.grid import Site
from rover.core.time import SYNODIC_MONTH_S, Epoch
from rover.sky.ephemeris import Target
from rover.sky.track import SplineTrack, spline_track


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """The Sun at an instant.

    Attributes:
        azimuth_rad: Clockwise from the raster's north.
        elevation_rad: Of its centre, above a sphere's horizon.
        distance_m: From the place.
        rising: Whether its elevation grows.
    """

    azimuth_rad: float
    elevation_rad: float
    distance_m: float
    rising: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Almanac:
    """The Sun from one place over a span of time.

    Attributes:
        site: The place.
        epoch: The instant that times are counted from.
        time_s: (n,) sample times.
        direction: (n, 3) towards the Sun: east, north (of the raster) and up, unit length.
        distance_m: (n,).
    """

    site: Site
    epoch: Epoch
    time_s: npt.NDArray[np.float64]
    direction: npt.NDArray[np.float64]
    distance_m: npt.NDArray[np.float64]
    _track: SplineTrack = field(init=False, repr=False)

    def __post_init__(self) -> None:
        track = SplineTrack(
            time_s=self.time_s,
            direction=self.direction,
            distance_m=self.distance_m,
            radius_m=Target.SUN.radius_m,
        )
        for name in ("time_s", "direction", "distance_m"):
            object.__setattr__(self, name, getattr(track, name))
        object.__setattr__(self, "_track", track)

    def sun_at(self, time_s: float) -> Sun:
        """Return the Sun at a time.

        Raises:
            ValueError: The time is outside the almanac.
        """
        if not self.time_s[0] <= time_s <= self.time_s[-1]:
            raise ValueError(f"time_s = {time_s} is outside the almanac, which ends at {self.time_s[-1]}")
        beside_s = time_s + (1.0 if time_s + 1.0 <= self.time_s[-1] else -1.0)
        now, beside = self._track.vectors((time_s, beside_s)).tolist()
        east, north, up, distance_m = now
        return Sun(
            azimuth_rad=math.atan2(east, north) % (2 * math.pi),
            elevation_rad=math.atan2(up, math.hypot(east, north)),
            distance_m=distance_m,
            rising=(beside[2] > up) == bool(beside_s > time_s),
        )

    def elevations(self, time_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the Sun's elevation in radians at many times.

        Raises:
            ValueError: A time is outside the almanac.
        """
        asked = np.asarray(time_s, np.float64)
        if not ((asked >= self.time_s[0]) & (asked <= self.time_s[-1])).all():
            raise ValueError(f"times outside the almanac, which ends at {self.time_s[-1]}")
        return self._track.elevations(asked)


def build_almanac(site: Site, epoch: Epoch, *, duration_s: float) -> Almanac:
    """Sample the Sun from `site` over `duration_s` from `epoch`.

    It begins a lunar day early, so that the noon before the epoch is known, and ends a little late.
    """
    track = spline_track(
        Target.SUN,
        site.latitude_rad,
        site.longitude_rad,
        epoch,
        from_s=-SYNODIC_MONTH_S,
        until_s=duration_s,
        grid_north_rad=site.grid_north_rad,
    )
    return Almanac(
        site=site,
        epoch=epoch,
        time_s=track.time_s,
        direction=track.direction,
        distance_m=track.distance_m,
    )


def next_crossing(
    elevation_at: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    level_rad: float,
    *,
    rising: bool,
    from_s: float,
    until_s: float,
    step_s: float = 3600.0,
) -> float | None:
    """Return the first time after `from_s` at which a function of time crosses a level, or None.

    Args:
        elevation_at: From (n,) times to (n,) values.
        level_rad: The level.
        rising: Whether upwards.
        from_s, until_s: The span searched.
        step_s: No two crossings may be closer than this.
    """
    times = np.append(np.arange(from_s, until_s, step_s), until_s)
    above = elevation_at(times) >= level_rad
    edges = np.flatnonzero((above[1:] == rising) & (above[:-1] != rising))
    if len(edges) == 0:
        return None
    low, high = times[edges[0]], times[edges[0] + 1]
    while high - low > 0.01:
        middle = (low + high) / 2
        is_above = bool(elevation_at(np.array([middle]))[0] >= level_rad)
        low, high = (low, middle) if is_above == rising else (middle, high)
    return float(high)
