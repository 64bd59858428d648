"""Light, relay and array at single cells and times, in float64: circular segments, dot and cross products."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.bodies import BODIES
from rover.planning.check_day import Day
from rover.sky.almanac import Almanac
from rover.sky.ephemeris import Target
from rover.terrain.derive import Terrain
from rover.terrain.horizon import STEP_RAD, UNKNOWN, HorizonMap

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]
Bins = npt.NDArray[np.intp]

LIGHT_TOLERANCE = 0.5 / 255 + 3e-4
"""Of a share of the disc: planners keep it in 255 steps, of which half; float32 azimuths, elevations and a polynomial
for the segment are worth 1e-4, and edges of bins that are off by a second as much again."""

SURE = 3e-4
"""The same without the steps, for what is compared with half the disc: a half is the border between two steps."""


def heights_rad(horizon: HorizonMap, azimuth_rad: Floats, elevation_rad: Floats, cells: Cells) -> Floats:
    """Return (n,) heights of a body above the horizons of (n, 2) cells, NaN where a horizon is unknown.

    Args:
        horizon: The map.
        azimuth_rad, elevation_rad: (n,) over the map's middle, from the raster's north.
        cells: Rows and columns.
    """
    turn = np.mod(azimuth_rad, math.tau) / math.tau * horizon.azimuths
    before = np.floor(turn).astype(np.int64) % horizon.azimuths
    after, share = (before + 1) % horizon.azimuths, turn - np.floor(turn)
    rows, cols = cells[:, 0], cells[:, 1]
    low, high = horizon.steps[before, rows, cols], horizon.steps[after, rows, cols]
    stands = (1.0 - share) * low.astype(np.float64) + share * high.astype(np.float64)
    horizon_rad = np.maximum(stands * STEP_RAD - math.pi / 2, -horizon.dip_rad)
    return np.where(low == UNKNOWN, np.nan, _over(horizon, azimuth_rad, elevation_rad, cells) - horizon_rad)


def _over(horizon: HorizonMap, azimuth_rad: Floats, elevation_rad: Floats, cells: Cells) -> Floats:
    """Return (n,) elevations over cells of a body that stands as given over the map's middle."""
    geometry = horizon.geometry
    radius_m = next((body.radius_m for body in BODIES if body.name == geometry.site.body), math.inf)
    nearer_m = (geometry.centres_of(cells) - np.array(horizon.middle_m)) * np.column_stack(
        [np.sin(azimuth_rad), np.cos(azimuth_rad)]
    )
    return np.asarray(elevation_rad + nearer_m.sum(axis=1) / radius_m)


def light_at(horizon: HorizonMap, day: Day, cells: Cells, bins: Bins) -> Floats:
    """Return (n,) shares of the Sun's disc in view of (n, 2) cells in (n,) bins; unknown is dark.

    It is the mean of a quarter and three quarters through the bin.
    """
    looks = [_share(horizon, day, cells, bins, look) for look in (0, 1)]
    return np.asarray((looks[0] + looks[1]) / 2)


def _share(horizon: HorizonMap, day: Day, cells: Cells, bins: Bins, look: int) -> Floats:
    height = heights_rad(horizon, day.azimuth_rad[bins, look], day.elevation_rad[bins, look], cells)
    radii = np.clip(height / np.arcsin(Target.SUN.radius_m / day.distance_m[bins, look]), -1.0, 1.0)
    segment = 0.5 + (radii * np.sqrt(1.0 - radii**2) + np.arcsin(radii)) / math.pi
    return np.where(np.isnan(height), 0.0, segment)


def relay_rad(horizon: HorizonMap, almanac: Almanac, time_s: Floats, cells: Cells) -> Floats:
    """Return (n,) heights of the relay above the horizons of cells at (n,) times; -pi/2 where no station sees it.

    Raises:
        ValueError: An almanac without a relay.
    """
    if almanac.relay is None:
        raise ValueError("a margin of the link, and no relay in the almanac")
    stands = [almanac.relay.relay_at(t) for t in time_s.tolist()]
    azimuth, elevation = (
        np.array([getattr(relay, name) for relay in stands]) for name in ("azimuth_rad", "elevation_rad")
    )
    height = heights_rad(horizon, azimuth, elevation, cells)
    seen = np.array([relay.seen for relay in stands], np.bool_)
    return np.where(seen & ~np.isnan(height), height, -math.pi / 2)


def normals(terrain: Terrain, cells: Cells) -> Floats:
    """Return (n, 3) unit vectors out of the planes of cells, from slope and aspect."""
    at = cells[:, 0], cells[:, 1]
    slope, aspect = terrain.slope_rad[at].astype(np.float64), terrain.aspect_rad[at].astype(np.float64)
    # On level ground the aspect may be NaN, and matters to nobody.
    aspect = np.where(slope == 0.0, 0.0, aspect)
    lean = np.sin(slope)
    return np.column_stack([lean * np.sin(aspect), lean * np.cos(aspect), np.cos(slope)])


def facing_parked(normal: Floats, sun: Floats, lean_rad: float) -> Floats:
    """Return (n,) shares of the Sun's rays on an array that leans towards the Sun's bearing on the deck."""
    off = np.arccos(np.clip((normal * sun).sum(axis=1), -1.0, 1.0))
    return np.asarray(np.maximum(0.0, np.cos(off - lean_rad)))


def facing_driving(normal: Floats, sun: Floats, step: Cells, lean_rad: float) -> Floats:
    """Return (n,) shares of the Sun's rays on an array that leans to the left of (n, 2) steps in rows and columns."""
    level = np.column_stack([step[:, 1], step[:, 0], np.zeros(len(step))]).astype(np.float64)
    # The way ahead lies in the plane and above its line on the map: across the normal and the level line to the left.
    aside = np.cross(np.array([0.0, 0.0, 1.0]), level)
    ahead = np.cross(aside, normal)
    left = np.cross(normal, ahead / np.linalg.norm(ahead, axis=1)[:, None])
    leaning = normal * math.cos(lean_rad) + left * math.sin(lean_rad)
    return np.asarray(np.maximum(0.0, (leaning * sun).sum(axis=1)))
