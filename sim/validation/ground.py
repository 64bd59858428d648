"""Rocks, small craters and slopes of the seeded ground about the landing point: rows 20 to 22."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem
from rover.terrain.crater_efficiency import measure_efficiency
from rover.terrain.craters import find_craters
from sim.moon.craters import crater_ratio
from sim.moon.dem import Window, rocks_in, synthesize
from sim.moon.site import SiteParams
from sim.run.scenario_ground import load_site, site_frame

_SITE, _SEED = "von-karman", 4
_ROCKS_MM, _LEAST_ROCK_M = 256_000, 0.05
_CRATERS_MM, _CRATER_CELL_MM = 256_000, 250
_SLOPES_CELLS, _SLOPE_CELL_MM = 448, 18_500
_MILD_RAD = math.radians(5.0)


def rocks() -> Iterator[tuple[str, float]]:
    """Row 20: area of rocks of 5 cm and more, over a square about the landing point."""
    site = load_site(_SITE)
    found = rocks_in(site, seed=_SEED, window=_about_landing(site, _ROCKS_MM), origin_mm=(0, 0))
    diameter = found.diameter_m[found.diameter_m >= _LEAST_ROCK_M]
    covered_m2 = 0.25 * math.pi * float(np.square(diameter).sum())
    yield "rock_area_percent", 100.0 * covered_m2 / (_ROCKS_MM / 1000) ** 2


def craters() -> Iterator[tuple[str, float]]:
    """Row 21: craters that are found in a DEM of 0.25 m."""
    site = load_site(_SITE)
    dem = _dem(site, _CRATERS_MM, _CRATER_CELL_MM)
    search = find_craters(dem)
    law = np.vectorize(partial(crater_ratio, site.craters), otypes=[np.float64])
    factor = measure_efficiency(dem, search, ratio=law).depth_factor
    yield "crater_ratio", factor * float(search.craters.ratio.mean())


def slopes() -> Iterator[tuple[str, float]]:
    """Row 22: slopes by central differences over 37 m, outside the craters that the same DEM shows."""
    dem = _dem(load_site(_SITE), _SLOPES_CELLS * _SLOPE_CELL_MM, _SLOPE_CELL_MM)
    north, east = np.gradient(dem.elevation_m.astype(np.float64), _SLOPE_CELL_MM / 1000)
    slope_rad = np.arctan(np.hypot(north, east))[1:-1, 1:-1]
    outside = ~inside_craters(dem)[1:-1, 1:-1]
    yield "slope_below_5_percent", 100.0 * float((slope_rad[outside] < _MILD_RAD).mean())


def _dem(site: SiteParams, side_mm: int, cell_mm: int) -> Dem:
    return synthesize(
        site,
        seed=_SEED,
        window=_about_landing(site, side_mm),
        resolution_mm=cell_mm,
        geometry_site=site_frame(site),
    )


def _about_landing(site: SiteParams, side_mm: int) -> Window:
    """Return a square about the site's anchor, to a metre, in the site's frame."""
    east, north = (round(mm / 1000) * 1000 - side_mm // 2 for mm in site.anchor_mm)
    return Window(east_mm=east, north_mm=north, width_mm=side_mm, height_mm=side_mm)


def inside_craters(dem: Dem) -> npt.NDArray[np.bool_]:
    """Return (rows, cols) whether a cell lies within the rim of a crater that is found in a DEM."""
    found, geometry = find_craters(dem).craters, dem.geometry
    row, col = np.ogrid[: geometry.rows, : geometry.cols]
    north_m = geometry.north_m + row * geometry.resolution_m
    east_m = geometry.east_m + col * geometry.resolution_m
    inside = np.zeros(geometry.shape, np.bool_)
    for east, north, diameter in zip(found.east_m, found.north_m, found.diameter_m, strict=True):
        inside |= (east_m - east) ** 2 + (north_m - north) ** 2 <= (diameter / 2) ** 2
    return inside
