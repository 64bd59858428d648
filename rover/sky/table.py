"""The sky over one place on the Moon: Sun, Earth, relay and who sees it, as columns over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.place import check_place
from rover.core.station import Station
from rover.core.time import Epoch
from rover.sky.ephemeris import Ephemeris, Target
from rover.sky.labels import local_solar_time_h, lunar_day
from rover.sky.relay import RelayTrack, relay_from_moon
from rover.sky.stations import stations_see
from rover.sky.sun import SERIES, Track, earth_from_moon, sun_from_moon
from rover.sky.track import SAMPLE_S, spline_track

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyPlace:
    """A place on the Moon and what its sky is taken from.

    Attributes:
        latitude_rad: North positive, mean-Earth frame.
        longitude_rad: East positive.
        phase_at_epoch: Of the relay, as for `rover.sky.relay.relay_from_moon`.
        stations: Ground stations that may see the relay.
        ephemeris: Where Sun and Earth are taken from; the relay is always laid on the series.
    """

    latitude_rad: float
    longitude_rad: float
    phase_at_epoch: float
    stations: tuple[Station, ...] = ()
    ephemeris: Ephemeris = SERIES

    def __post_init__(self) -> None:
        check_place(self.latitude_rad, self.longitude_rad)
        if not 0.0 <= self.phase_at_epoch <= 1.0:
            raise ValueError(f"phase_at_epoch = {self.phase_at_epoch} is not within 0 to 1 turn")

    def sun_track(self, epoch: Epoch, from_s: float, until_s: float) -> Callable[[Vector], Track]:
        """Return the Sun from this place as a quick function of the times of a span, in seconds since `epoch`."""
        return _spline(self, Target.SUN, epoch, from_s, until_s)

    def relay_track(self, epoch: Epoch) -> Callable[[Vector], RelayTrack]:
        """Return the relay from this place as a function of times in seconds since `epoch`."""
        return lambda time_s: relay_from_moon(
            self.latitude_rad, self.longitude_rad, *epoch.tt_at(time_s), phase_at_epoch=self.phase_at_epoch
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkyTable:
    """The sky over a place at n times.

    Attributes:
        time_s: (n,) since the epoch asked for.
        sun, earth: Their tracks.
        relay: Its track.
        seen: (m, n) whether each station sees the relay.
        local_solar_time_h: (n,) 0 to 24.
        lunar_day: (n,) its number.
    """

    time_s: Vector
    sun: Track
    earth: Track
    relay: RelayTrack
    seen: npt.NDArray[np.bool_]
    local_solar_time_h: Vector
    lunar_day: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.time_s)
        for name, kind in (
            ("time_s", np.float64),
            ("local_solar_time_h", np.float64),
            ("lunar_day", np.int64),
        ):
            object.__setattr__(self, name, locked(getattr(self, name), kind, (count,), name))
        object.__setattr__(self, "seen", locked(self.seen, np.bool_, (None, count), "seen"))


def sky_table(place: SkyPlace, epoch: Epoch, time_s: npt.ArrayLike) -> SkyTable:
    """Return the sky over a place.

    Args:
        place: The place.
        epoch: What times are counted from.
        time_s: (n,) ascending.

    Raises:
        TimeError: A time that the ephemeris does not cover.
    """
    times = np.atleast_1d(np.asarray(time_s, np.float64))
    tt = epoch.tt_at(times)
    return SkyTable(
        time_s=times,
        sun=_track(place, Target.SUN, epoch, times),
        earth=_track(place, Target.EARTH, epoch, times),
        relay=place.relay_track(epoch)(times),
        seen=stations_see(place.stations, *tt, phase_at_epoch=place.phase_at_epoch),
        local_solar_time_h=local_solar_time_h(place.longitude_rad, *tt, ephemeris=place.ephemeris),
        lunar_day=lunar_day(place.longitude_rad, *tt, ephemeris=place.ephemeris),
    )


def _track(place: SkyPlace, target: Target, epoch: Epoch, time_s: Vector) -> Track:
    """Return a body by its spline where that needs fewer evaluations, and the ephemeris reaches beyond the times."""
    is_series = place.ephemeris is SERIES
    if is_series and len(time_s) > 20 and (time_s[-1] - time_s[0]) / SAMPLE_S < len(time_s) / 2:
        return _spline(place, target, epoch, float(time_s[0]), float(time_s[-1]))(time_s)
    from_moon = sun_from_moon if target is Target.SUN else earth_from_moon
    return from_moon(place.latitude_rad, place.longitude_rad, *epoch.tt_at(time_s), ephemeris=place.ephemeris)


def _spline(
    place: SkyPlace, target: Target, epoch: Epoch, from_s: float, until_s: float
) -> Callable[[Vector], Track]:
    return spline_track(
        target,
        place.latitude_rad,
        place.longitude_rad,
        epoch,
        from_s=from_s,
        until_s=until_s,
        ephemeris=place.ephemeris,
    ).at
