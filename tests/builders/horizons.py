"""Horizon maps: of given elevations, and of ground by a slow march that shares no code with the package's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from rover.core.grid import Dem, GridGeometry, Site
from rover.sky.sun import Track
from rover.terrain.horizon import STEP_RAD, UNKNOWN, HorizonMap

Floats = npt.NDArray[np.float64]

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
SUN_DIAMETER_RAD = math.radians(0.53)


def site_with(grid_north_deg: float) -> Site:
    return Site(
        latitude_rad=0.0,
        longitude_rad=0.0,
        body="moon",
        crs_wkt="",
        grid_north_rad=math.radians(grid_north_deg),
    )


def horizon_of(elevation_rad: npt.ArrayLike, *, resolution_m: float = 1.0, site: Site = SITE) -> HorizonMap:
    """From (azimuths, rows, cols) elevations; NaN is unknown."""
    elevation = np.asarray(elevation_rad, np.float64)
    _, rows, cols = elevation.shape
    steps = np.where(np.isnan(elevation), UNKNOWN, np.round((elevation + math.pi / 2) / STEP_RAD))
    geometry = GridGeometry(
        rows=rows, cols=cols, resolution_m=resolution_m, east_m=0.0, north_m=0.0, site=site
    )
    return HorizonMap(geometry=geometry, steps=steps.astype(np.uint16), observer_height_m=0.0)


def level_horizon(rows: int = 3, cols: int = 4, *, azimuths: int = 8, site: Site = SITE) -> HorizonMap:
    """Of a plain without end, curvature apart: 0 everywhere."""
    return horizon_of(np.zeros((azimuths, rows, cols)), site=site)


def wavy_horizon(
    rows: int = 21,
    cols: int = 33,
    *,
    azimuths: int = 36,
    seed: int = 5,
    site: Site = SITE,
    highest_deg: float = 9.0,
    waves: Sequence[int] = (1, 2, 3, 5),
) -> HorizonMap:
    """A few waves in azimuth, different in each cell; two cells unknown. Its stored steps are the truth."""
    rng = np.random.default_rng(seed)
    azimuth = np.arange(azimuths) * 2 * math.pi / azimuths
    total = np.zeros((azimuths, rows, cols))
    for wave in waves:
        phase = rng.uniform(0, 2 * math.pi, (rows, cols))
        total += rng.uniform(0, 1, (rows, cols)) * np.cos(wave * azimuth[:, None, None] + phase) / wave
    total *= math.radians(highest_deg) / np.abs(total).max()
    total[:, rows // 2, 3] = total[:, rows - 1, cols - 1] = np.nan
    return horizon_of(total, site=site)


def traced_horizon(dem: Dem, azimuths: int) -> HorizonMap:
    """March half a cell at a time over the bilinear surface, from every cell along every azimuth, flat Moon."""
    z = dem.elevation_m.astype(np.float64)
    rows, cols = z.shape
    row, col = np.mgrid[:rows, :cols].astype(np.float64)
    elevation = np.full((azimuths, rows, cols), -math.pi / 2)
    for k in range(azimuths):
        azimuth = 2 * math.pi * k / azimuths
        north, east = round(math.cos(azimuth), 12), round(math.sin(azimuth), 12)
        for distance in np.arange(0.5, math.hypot(rows, cols), 0.5):
            at = np.array([row + distance * north, col + distance * east])
            inside = (at[0] >= 0) & (at[0] <= rows - 1) & (at[1] >= 0) & (at[1] <= cols - 1)
            there = map_coordinates(z, at, order=1, mode="nearest")
            seen = np.arctan2(there - z, distance * dem.geometry.resolution_m)
            elevation[k] = np.where(inside, np.maximum(elevation[k], seen), elevation[k])
    elevation[:, ~np.isfinite(z)] = np.nan
    return horizon_of(elevation, resolution_m=dem.geometry.resolution_m, site=dem.geometry.site)


def sun_at(
    azimuth_deg: npt.ArrayLike,
    elevation_deg: npt.ArrayLike,
    *,
    diameter_rad: float = SUN_DIAMETER_RAD,
    distance_m: float = 149_597_870_700.0,
) -> Track:
    """A Sun put anywhere, n times; azimuths from true north."""
    azimuth, elevation = np.broadcast_arrays(
        np.atleast_1d(np.radians(azimuth_deg)), np.atleast_1d(np.radians(elevation_deg))
    )
    return Track(
        azimuth_rad=azimuth % (2 * math.pi),
        elevation_rad=elevation,
        distance_m=np.full(azimuth.shape, distance_m),
        angular_diameter_rad=np.full(azimuth.shape, diameter_rad),
    )


def rising_sun(noon_deg: float) -> Callable[[Floats], Track]:
    """The Sun of a day of 360 h over a place where it culminates at `noon_deg` in the north, rising at 0 h."""

    def at(hours: Floats) -> Track:
        angle = np.asarray(hours) / 360 * math.pi
        tilt = math.radians(90 - noon_deg)
        east, out, up = np.cos(angle), np.sin(angle) * math.sin(tilt), np.sin(angle) * math.cos(tilt)
        return sun_at(np.degrees(np.arctan2(east, out)), np.degrees(np.arcsin(up)))

    return at


def segment(x: npt.ArrayLike) -> Floats:
    """Share of a disc above an edge that its centre stands `x` radii over, by the textbook's formula."""
    held = np.clip(np.asarray(x, np.float64), -1, 1)
    return np.asarray((np.arccos(-held) + held * np.sqrt(1 - held**2)) / math.pi)


def elevations_above(horizon: HorizonMap, azimuth_rad: float, elevation_rad: float) -> Floats:
    """Elevation of a body above the horizon of each cell in radians, cell by cell, from stored steps; NaN unknown."""
    geometry, planes = horizon.geometry, horizon.steps.shape[0]
    at_azimuth = np.arange(planes + 1) * 2 * math.pi / planes
    result = np.full(geometry.shape, np.nan)
    on_raster = (azimuth_rad - geometry.site.grid_north_rad) % (2 * math.pi)
    for row in range(geometry.rows):
        for col in range(geometry.cols):
            stored = horizon.steps[:, row, col]
            if (stored == UNKNOWN).any():
                continue
            elevation = np.append(stored, stored[0]) * STEP_RAD - math.pi / 2
            x = (col - (geometry.cols - 1) / 2) * geometry.resolution_m
            y = (row - (geometry.rows - 1) / 2) * geometry.resolution_north_m
            nearer = (x * math.sin(on_raster) + y * math.cos(on_raster)) / 1_737_400.0
            result[row, col] = elevation_rad + nearer - np.interp(on_raster, at_azimuth, elevation)
    return result
