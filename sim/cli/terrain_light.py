"""`farside terrain --light` and `--at`: the horizon, and from it where the ground is lit and when."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.bodies import MOON
from rover.core.errors import DemFrameError, PlaceError, UsageError
from rover.core.grid import Dem, Site
from rover.core.time import Epoch, parse_utc
from rover.io.raster import read_dem
from rover.io.reproject import reproject_around
from rover.io.source import Format, format_of_source
from rover.sky.sun import Track, sun_from_moon
from rover.terrain.far_horizon import check_far
from rover.terrain.horizon import HorizonMap, Window, check_azimuths, check_height, trace_tiles
from rover.terrain.light import light_over, lit_fraction, lit_maps

Floats = npt.NDArray[np.float32]
MOST_TIMES = 1000
FRAME_CELLS = 480
"""Longer side of a frame of the animation at most, as many as it has pixels; larger maps are thinned to it."""
REACH_M = 150_000.0
"""How far beyond the DEM the far one is looked at: the Moon's curvature hides ground 5 km high at 132 km."""

_FULL, _UNKNOWN = 250, 255
"""Of a frame's cell: the whole disc in view; no known horizon."""
_HOUR_S = 3600.0
_TRACED = 0.6
"""Share of a tile's work that is its horizon, about."""
_LAYERS = ("first_light_s", "last_light_s", "longest_shadow_s", "lit_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class LightRequest:
    """Which light to map, as asked on the command line.

    Attributes:
        at: UTC of maps at an instant.
        begin, end: UTC of the calendar and the animation, or None.
        step_h: Hours between their times.
        far_dem: Map of the region for the far horizon, or None.
        azimuths, observer_height_m, exact: Of the horizon.
        tile: Side of the squares that are traced one by one, or None.
    """

    at: tuple[str, ...]
    begin: str | None
    end: str | None
    step_h: float
    far_dem: Path | None
    azimuths: int
    observer_height_m: float
    exact: bool
    tile: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The instants that light is mapped at, seconds since an epoch.

    Attributes:
        epoch: The first of them all.
        at_s: (n,) of single maps.
        span_s: (m,) of calendar and animation, evenly spaced; empty where none was asked for.
    """

    epoch: Epoch
    at_s: npt.NDArray[np.float64]
    span_s: npt.NDArray[np.float64]


def times_of(asked: LightRequest) -> Times | None:
    """Read the times asked for, and refuse what cannot be meant before any work; None where there are no times.

    Raises:
        TimeError: No such time.
        UsageError: Times that do not go together, or a horizon that cannot be traced.
    """
    check_azimuths(asked.azimuths)
    check_height(asked.observer_height_m)
    if (asked.begin is None) != (asked.end is None):
        missing = "--from" if asked.begin is None else "--to"
        raise UsageError("--from and --to go together", field=missing, remedy="give both")
    if not (math.isfinite(asked.step_h) and asked.step_h > 0):
        raise UsageError("no step", field="--step", value=asked.step_h, remedy="give hours above 0")
    instants = list(dict.fromkeys(parse_utc(text, field="--at") for text in asked.at))  # each time once
    ends = []
    if asked.begin is not None and asked.end is not None:
        ends = [parse_utc(asked.begin, field="--from"), parse_utc(asked.end, field="--to")]
    if not instants and not ends:
        return None
    epoch = [*ends, *instants][0]
    return Times(
        epoch=epoch,
        at_s=np.array([epoch.seconds_until(instant) for instant in instants]),
        span_s=_span(epoch.seconds_until(ends[1]), asked) if ends else np.empty(0),
    )


def _span(length_s: float, asked: LightRequest) -> npt.NDArray[np.float64]:
    if not length_s > 0:
        raise UsageError("is not after --from", field="--to", value=asked.end, remedy="give a later time")
    count = math.floor(length_s / (asked.step_h * _HOUR_S) + 1e-9) + 1
    if not 2 <= count <= MOST_TIMES:
        remedy = f"choose a step that gives 2 to {MOST_TIMES} times, or another span"
        raise UsageError(
            f"makes {count} times of the span", field="--step", value=asked.step_h, remedy=remedy
        )
    return np.arange(count, dtype=np.float64) * (asked.step_h * _HOUR_S)


def check_under_sun(site: Site) -> None:
    """Refuse a site that the Sun's place is not known over.

    Raises:
        DemFrameError: A place on no map, or not on the Moon.
    """
    if site.body != MOON.name:
        remedy = "leave --at and --light out"
        raise DemFrameError(
            "the Sun is known over the Moon only", field="body", value=site.body, remedy=remedy
        )
    if math.isnan(site.latitude_rad):
        remedy = "give a DEM with a frame: the Sun depends on the place"
        raise DemFrameError("the DEM does not say where it is", field="crs", remedy=remedy)


def sun_at(site: Site, times: Times, time_s: npt.NDArray[np.float64]) -> Track:
    """Return the Sun over a site that `check_under_sun` lets pass, azimuths from true north."""
    jd1, jd2 = times.epoch.tt_at(time_s)
    return sun_from_moon(site.latitude_rad, site.longitude_rad, jd1, jd2)


def read_far(asked: LightRequest, dem: Dem, *, max_cells: int) -> Dem | None:
    """Return the region about a DEM in the DEM's own frame, out of a map in any frame; None where none is named.

    Raises:
        PlaceError: It does not cover the DEM.
        DemFrameError: It cannot be brought into the DEM's frame.
    """
    if asked.far_dem is None:
        return None
    try:
        if format_of_source(asked.far_dem) is Format.GEOTIFF:
            far = reproject_around(asked.far_dem, dem.geometry, reach_m=REACH_M, max_cells=max_cells)
        else:
            far = replace(read_dem(asked.far_dem, max_cells=max_cells), source=str(asked.far_dem))
        check_far(dem, far)
    except (PlaceError, DemFrameError) as error:
        names = ("path", "body", "crs", "far_dem.crs", "far_dem.bounds_m")
        raise error.by_the_names(dict.fromkeys(names, "--far-dem")) from error
    return far


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LightMaps:
    """What was mapped.

    Attributes:
        lit: (rows, cols) lit fraction at each single instant.
        calendar: The layers of `Light` by name, and the lit share by time; None without a span.
        frames: (k, high, wide) of the animation's times, of a map thinned by `stride`; empty without a span.
        shown: (k,) which of the times those are.
        stride: Cells that one cell of a frame stands for, along a side.
    """

    lit: list[Floats]
    calendar: dict[str, npt.NDArray[Any]] | None
    frames: npt.NDArray[np.uint8]
    shown: npt.NDArray[np.int64]
    stride: int

    def lit_at(self, k: int) -> Floats:
        """Return (high, wide) lit fraction of a frame, NaN where unknown."""
        frame = self.frames[k]
        return np.where(frame == _UNKNOWN, np.float32(np.nan), frame.astype(np.float32) / np.float32(_FULL))


def map_light(
    dem: Dem,
    asked: LightRequest,
    times: Times | None,
    *,
    far_dem: Dem | None,
    keep: Callable[[HorizonMap, Window], None],
    tell: Callable[[float], None],
) -> LightMaps:
    """Trace the horizon tile by tile, and map the light over each.

    Args:
        dem: The ground.
        asked: What to map.
        times: When.
        far_dem: The region, in the frame of the DEM.
        keep: Told each tile's horizon, to write it.
        tell: Told the fraction done.
    """
    maker = _Maker(dem, times)
    tile = asked.tile or max(dem.geometry.shape)
    total = math.prod(-(-side // tile) for side in dem.geometry.shape)
    tiles = trace_tiles(
        dem,
        tile=tile,
        azimuths=asked.azimuths,
        observer_height_m=asked.observer_height_m,
        far_dem=far_dem,
        exact=asked.exact,
    )
    for done, (window, horizon) in enumerate(tiles):
        tell((done + _TRACED) / total)
        keep(horizon, window)
        maker.add(horizon, window)
        tell((done + 1) / total)
    return maker.made()


class _Maker:
    """Puts the light of tiles together."""

    def __init__(self, dem: Dem, times: Times | None) -> None:
        shape, site = dem.geometry.shape, dem.geometry.site
        at_s = np.empty(0) if times is None else times.at_s
        self._span_s = np.empty(0) if times is None else times.span_s
        self._at = [sun_at(site, times, at_s[i : i + 1]) for i in range(len(at_s))] if times else []
        self._sun = sun_at(site, times, self._span_s) if times and len(self._span_s) else None
        self._lit = [np.empty(shape, np.float32) for _ in self._at]
        self._layers = {name: np.empty(shape, np.float32) for name in _LAYERS} if self._sun else {}
        self._known = np.zeros(len(self._span_s))
        self._shone = np.zeros(len(self._span_s))
        self._stride = max(1, -(-max(shape) // FRAME_CELLS))
        thinned = [-(-side // self._stride) for side in shape]
        self._shown = _shown_of(len(self._span_s)) if self._sun else np.empty(0, np.int64)
        self._frames = np.full((len(self._shown), *thinned), _UNKNOWN, np.uint8)

    def add(self, horizon: HorizonMap, window: Window) -> None:
        first, last, west, east = window
        there = np.s_[first:last, west:east]
        for lit, sun in zip(self._lit, self._at, strict=True):
            lit[there] = lit_fraction(horizon, sun)
        if self._sun is None:
            return
        light = light_over(horizon, self._sun, self._span_s)
        for name, layer in self._layers.items():
            layer[there] = getattr(light, name)
        known = float(np.isfinite(light.lit_s).sum())
        self._known += known
        self._shone += np.nan_to_num(light.lit_share) * known
        self._add_frames(horizon, window)

    def _add_frames(self, horizon: HorizonMap, window: Window) -> None:
        first, last, west, east = window
        k = self._stride
        rows, cols = np.arange(-(-first // k) * k, last, k), np.arange(-(-west // k) * k, east, k)
        assert self._sun is not None
        scratch = np.empty(horizon.geometry.shape, np.float32)
        suns, times_s = _chosen(self._sun, self._shown), self._span_s[self._shown]
        for i, (_, lit) in enumerate(lit_maps(horizon, suns, times_s, out=scratch)):
            part = lit[np.ix_(rows - first, cols - west)]
            held = np.where(np.isnan(part), _UNKNOWN, np.rint(_FULL * np.nan_to_num(part)))
            self._frames[i][np.ix_(rows // k, cols // k)] = held.astype(np.uint8)

    def made(self) -> LightMaps:
        calendar: dict[str, npt.NDArray[Any]] | None = None
        if self._sun is not None:
            share = np.divide(
                self._shone, self._known, out=np.full(len(self._known), math.nan), where=self._known > 0
            )
            calendar = {
                **self._layers,
                "time_s": self._span_s,
                "lit_share": share,
                "sun_elevation_rad": self._sun.elevation_rad,
            }
        return LightMaps(
            lit=self._lit, calendar=calendar, frames=self._frames, shown=self._shown, stride=self._stride
        )


def _shown_of(count: int) -> npt.NDArray[np.int64]:
    """Return which times the animation shows."""
    from sim.view.animation import chosen_frames  # matplotlib only where a picture is asked for

    return chosen_frames(count)


def _chosen(sun: Track, which: npt.NDArray[np.int64]) -> Track:
    """Return the Sun at some of its times."""
    return Track(
        azimuth_rad=sun.azimuth_rad[which],
        elevation_rad=sun.elevation_rad[which],
        distance_m=sun.distance_m[which],
        angular_diameter_rad=sun.angular_diameter_rad[which],
    )
