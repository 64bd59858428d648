"""A body's way over one place's sky, sampled every two hours and interpolated: for loops and long spans."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from rover.core.arrays import locked
from rover.core.time import Epoch
from rover.sky.ephemeris import Ephemeris, Target
from rover.sky.sun import SERIES, Track, earth_from_moon, sun_from_moon

Vector = npt.NDArray[np.float64]

SAMPLE_S = 7200.0
"""A cubic through samples two hours apart is within 1e-6 deg of what is sampled (tested)."""

_MARGIN = 3
"""Samples before and after the span: a spline is less good at its ends."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplineTrack:
    """The sky track of a body as a cubic spline over direction and distance.

    Attributes:
        time_s: (n,) sample times, four or more.
        direction: (n, 3) towards the body: east, north and up, unit length.
        distance_m: (n,).
        radius_m: Of the body.
    """

    time_s: Vector
    direction: Vector
    distance_m: Vector
    radius_m: float
    _spline: CubicSpline = field(init=False, repr=False)

    def __post_init__(self) -> None:
        count = len(self.time_s)
        for name, shape in (("time_s", (count,)), ("direction", (count, 3)), ("distance_m", (count,))):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))
        samples = np.column_stack([self.direction, self.distance_m])
        object.__setattr__(self, "_spline", CubicSpline(self.time_s, samples))

    def at(self, time_s: npt.ArrayLike) -> Track:
        """Return the body at (n,) times.

        Raises:
            ValueError: A time is outside the samples.
        """
        east, north, up, distance = self.vectors(np.atleast_1d(time_s)).T
        return Track(
            azimuth_rad=np.arctan2(east, north) % (2 * np.pi),
            elevation_rad=np.arctan2(up, np.hypot(east, north)),
            distance_m=distance,
            angular_diameter_rad=2 * np.arcsin(self.radius_m / distance),
        )

    def elevations(self, time_s: npt.ArrayLike) -> Vector:
        """Return the elevation in radians at times of any shape.

        Raises:
            ValueError: A time is outside the samples.
        """
        vectors = self.vectors(time_s)
        return np.asarray(np.arctan2(vectors[..., 2], np.hypot(vectors[..., 0], vectors[..., 1])))

    def vectors(self, time_s: npt.ArrayLike) -> Vector:
        """Return (..., 4) east, north, up, of unit length but for 1e-9, and the distance in metres.

        Raises:
            ValueError: A time is outside the samples.
        """
        asked = np.asarray(time_s, np.float64)
        if not ((asked >= self.time_s[0]) & (asked <= self.time_s[-1])).all():
            raise ValueError(f"times outside the track, which ends at {self.time_s[-1]}")
        return np.asarray(self._spline(asked))


def sample_times(from_s: float, until_s: float) -> Vector:
    """Return (n,) times to sample at, on whole steps, from a little before a span to a little after it."""
    return np.arange(from_s // SAMPLE_S - _MARGIN, until_s // SAMPLE_S + _MARGIN + 2) * SAMPLE_S


def directions(azimuth_rad: Vector, elevation_rad: Vector) -> Vector:
    """Return (n, 3) unit vectors east, north and up."""
    level = np.cos(elevation_rad)
    return np.column_stack([level * np.sin(azimuth_rad), level * np.cos(azimuth_rad), np.sin(elevation_rad)])


def spline_track(
    target: Target,
    latitude_rad: float,
    longitude_rad: float,
    epoch: Epoch,
    *,
    from_s: float,
    until_s: float,
    grid_north_rad: float = 0.0,
    ephemeris: Ephemeris = SERIES,
) -> SplineTrack:
    """Sample Sun or Earth over a place on the Moon, from a little before `from_s` to a little after `until_s`.

    Args:
        target: What is looked at.
        latitude_rad, longitude_rad: The place, mean-Earth frame.
        epoch: The instant that times are counted from.
        from_s, until_s: The span.
        grid_north_rad: Azimuth of the north that directions are counted from.
        ephemeris: Where positions come from.

    Raises:
        TimeError: A time that the ephemeris does not cover.
    """
    time_s = sample_times(from_s, until_s)
    from_moon = sun_from_moon if target is Target.SUN else earth_from_moon
    track = from_moon(latitude_rad, longitude_rad, *epoch.tt_at(time_s), ephemeris=ephemeris)
    direction = directions(track.azimuth_rad - grid_north_rad, track.elevation_rad)
    return SplineTrack(
        time_s=time_s, direction=direction, distance_m=track.distance_m, radius_m=target.radius_m
    )
