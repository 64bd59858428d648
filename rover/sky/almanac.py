"""Sun and relay over the time ahead, sampled once and interpolated: what is uplinked to the rover."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rover.core.grid import Site
from rover.core.station import Station
from rover.core.time import SYNODIC_MONTH_S, Epoch
from rover.sky.ephemeris import Target
from rover.sky.link import RelayAlmanac, build_relay_almanac
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
    """Sun and relay from one place over a span of time.

    Attributes:
        site: The place.
        epoch: The instant that times are counted from.
        time_s: (n,) sample times.
        direction: (n, 3) towards the Sun: east, north (of the raster) and up, unit length.
        distance_m: (n,).
        relay: The relay over the same span and when the ground sees it; None where nobody asked for it.
    """

    site: Site
    epoch: Epoch
    time_s: npt.NDArray[np.float64]
    direction: npt.NDArray[np.float64]
    distance_m: npt.NDArray[np.float64]
    relay: RelayAlmanac | None = None
    _track: SplineTrack = field(init=False, repr=False)
    _first_s: float = field(init=False, repr=False)
    _last_s: float = field(init=False, repr=False)

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
        object.__setattr__(self, "_first_s", float(self.time_s[0]))
        object.__setattr__(self, "_last_s", float(self.time_s[-1]))

    def covers(self, time_s: float) -> bool:
        """Tell whether a time is inside the almanac."""
        return self._first_s <= time_s <= self._last_s

    def sun_at(self, time_s: float) -> Sun:
        """Return the Sun at a time.

        Raises:
            ValueError: The time is outside the almanac.
        """
        return self.suns_at((time_s,))[0]

    def suns_at(self, times_s: Sequence[float]) -> list[Sun]:
        """Return the Sun at a few times, in one go.

        Raises:
            ValueError: A time is outside the almanac.
        """
        last_s, asked = self._last_s, []
        for time_s in times_s:
            if not self._first_s <= time_s <= last_s:
                raise ValueError(f"time_s = {time_s} is outside the almanac, which ends at {last_s}")
            asked += [time_s, time_s + (1.0 if time_s + 1.0 <= last_s else -1.0)]
        found = self._track.vectors(asked).tolist()
        suns = []
        for k in range(0, len(asked), 2):
            east, north, up, distance_m = found[k]
            suns.append(
                Sun(
                    azimuth_rad=math.atan2(east, north) % (2 * math.pi),
                    elevation_rad=math.atan2(up, math.hypot(east, north)),
                    distance_m=distance_m,
                    rising=bool((found[k + 1][2] > up) == (asked[k + 1] > asked[k])),
                )
            )
        return suns

    def suns(self, time_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return (n, 4) the Sun at n times: unit vector towards it (east, north, up), and its distance in m.

        A time outside the almanac is taken for the nearest inside.
        """
        asked = np.clip(np.asarray(time_s, np.float64), self.time_s[0], self.time_s[-1])
        found = self._track.vectors(asked)
        length = np.linalg.norm(found[:, :3], axis=1, keepdims=True)
        return np.concatenate([found[:, :3] / length, found[:, 3:]], axis=1)

    def elevations(self, time_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the Sun's elevation in radians at many times.

        Raises:
            ValueError: A time is outside the almanac.
        """
        asked = np.asarray(time_s, np.float64)
        if not ((asked >= self.time_s[0]) & (asked <= self.time_s[-1])).all():
            raise ValueError(f"times outside the almanac, which ends at {self.time_s[-1]}")
        return self._track.elevations(asked)


def build_almanac(
    site: Site,
    epoch: Epoch,
    *,
    duration_s: float,
    relay_phase: float | None = None,
    stations: Sequence[Station] = (),
) -> Almanac:
    """Sample the Sun from `site` over `duration_s` from `epoch`, and the relay if its phase is given.

    It begins a lunar day early, so that the noon before the epoch is known, and ends a little late.

    Args:
        site: The place.
        epoch: The instant that times are counted from.
        duration_s: How far ahead.
        relay_phase: As `phase_at_epoch` for `rover.sky.relay.relay_from_moon`; None leaves the relay out.
        stations: That see the relay.
    """
    span = -SYNODIC_MONTH_S, duration_s
    track = spline_track(
        Target.SUN,
        site.latitude_rad,
        site.longitude_rad,
        epoch,
        from_s=span[0],
        until_s=span[1],
        grid_north_rad=site.grid_north_rad,
    )
    relay = None
    if relay_phase is not None:
        relay = build_relay_almanac(
            site, epoch, from_s=span[0], until_s=span[1], phase_at_epoch=relay_phase, stations=stations
        )
    return Almanac(
        site=site,
        epoch=epoch,
        time_s=track.time_s,
        direction=track.direction,
        distance_m=track.distance_m,
        relay=relay,
    )
