"""The ground of a scenario: the map it is planned on, the region about it, and the world finer than both."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np

from rover.core.bodies import MOON
from rover.core.errors import DemFileError, DemFrameError, ResourceError, SiteError
from rover.core.grid import Dem, Site, check_square
from rover.io.bundle import find_site
from rover.io.crs import local_crs_wkt
from rover.io.elevation import DEFAULT_MAX_CELLS
from rover.io.raster import UNPLACED, read_dem
from rover.io.toml import read_toml
from sim.moon.dem import Window, synthesize
from sim.moon.ground import Ground
from sim.moon.site import SiteParams, site_from_table
from sim.moon.soil import Soil
from sim.run.scenario import Scenario
from sim.run.window import PYTHON, check_cells, check_fit, check_seed, exactly, resolution_of, window_of

REGION_REACH_M, REGION_CELL_M = 60_000, 400
"""Of the map of the region. Twice as fine it costs twice as much and moves the horizon by 0.01 deg."""


def load_site(spec: str) -> SiteParams:
    """Read a site by path or bundled name."""
    path = find_site(spec, SiteError)
    return site_from_table(read_toml(path), file=str(path))


def orbital_dem(scenario: Scenario, *, allow_body: bool = False, max_cells: int = DEFAULT_MAX_CELLS) -> Dem:
    """Return a scenario's map as it is: read from a file, or a view of the seeded ground.

    Raises:
        DemFrameError: The file is of another body than the scenario's.
        ResourceError: More cells than allowed.
    """
    if scenario.terrain.dem is not None:
        try:
            return read_dem_of_body(
                Path(scenario.terrain.dem),
                band=scenario.terrain.band,
                body=None if allow_body else scenario.site.body,
                max_cells=max_cells,
                default_site=frame_of(scenario, load_site(scenario.site.name)),
            )
        except DemFileError as error:
            raise error.by_the_names({"DEM": "terrain.dem", "band": "terrain.band"}) from error
    site = load_site(scenario.site.name)
    window, cell_mm = seeded_view(scenario)
    count = (window.width_mm // cell_mm) ** 2
    if count > max_cells:
        raise ResourceError(
            f"{count} cells are more than the {max_cells} allowed",
            remedy="take a smaller terrain.size_m or a coarser terrain.resolution_m, or raise --max-cells",
            field="terrain.size_m",
            value=scenario.terrain.size_m,
        )
    return synthesize(
        site,
        seed=scenario.seed,
        window=window,
        resolution_mm=cell_mm,
        geometry_site=frame_of(scenario, site),
        origin_mm=origin_mm_of(scenario, site),
    )


def seeded_view(scenario: Scenario) -> tuple[Window, int]:
    """Return the window of seeded ground that a scenario plans on, and the side of a cell, mm."""
    side_mm, cell_mm = round(scenario.terrain.size_m * 1000), round(scenario.terrain.resolution_m * 1000)
    half_mm = -side_mm // 2
    return Window(east_mm=half_mm, north_mm=half_mm, width_mm=side_mm, height_mm=side_mm), cell_mm


def region_dem(scenario: Scenario) -> Dem | None:
    """Return seeded ground far around the map, in its frame, for the horizon; None about a measured DEM."""
    if scenario.terrain.dem is not None:
        return None
    site = load_site(scenario.site.name)
    return _region(site, scenario.seed, frame_of(scenario, site), origin_mm_of(scenario, site))


@lru_cache(maxsize=2)
def _region(site: SiteParams, seed: int, frame: Site, origin_mm: tuple[int, int]) -> Dem:
    """Return the region, made once for the planner and for the world."""
    half_mm, cell_mm = REGION_REACH_M * 1000, REGION_CELL_M * 1000
    return synthesize(
        site,
        seed=seed,
        window=Window(east_mm=-half_mm, north_mm=-half_mm, width_mm=2 * half_mm, height_mm=2 * half_mm),
        resolution_mm=cell_mm,
        geometry_site=frame,
        origin_mm=origin_mm,
    )


def seeded_dem(
    site: str,
    *,
    seed: int,
    window_m: tuple[float, float, float, float],
    resolution_m: float,
    max_cells: int = DEFAULT_MAX_CELLS,
) -> Dem:
    """Return a window of a site's seeded ground, the same to the last bit whoever asks.

    Args:
        site: A bundled name or the path of a site file.
        seed: Any 64-bit integer.
        window_m: West, south, east and north edge, from the site's origin; whole millimetres.
        resolution_m: Side of a cell, 0.01 or more; whole millimetres, of which the window's sides are multiples.
        max_cells: A larger window is refused.

    Raises:
        SiteError: No such site, or one that cannot be used.
        UsageError: A seed, a window or a resolution that `farside synth` would refuse as well.
        ResourceError: More cells than allowed.
    """
    check_seed(seed, names=PYTHON)
    edges, asked = [exactly(edge_m) for edge_m in window_m], tuple(window_m)
    window = window_of(edges, origin_mm=(0, 0), names=PYTHON, asked=asked)
    cell_mm = resolution_of(exactly(resolution_m), names=PYTHON, asked=resolution_m)
    check_fit(window, cell_mm, asked=asked, names=PYTHON)
    shape = window.height_mm // cell_mm, window.width_mm // cell_mm
    check_cells(shape, max_cells, remedy="take a smaller window or a coarser resolution", names=PYTHON)
    params = load_site(site)
    return synthesize(
        params, seed=seed, window=window, resolution_mm=cell_mm, geometry_site=site_frame(params)
    )


def read_dem_of_body(
    path: Path, *, band: int, body: str | None, max_cells: int, default_site: Site = UNPLACED
) -> Dem:
    """Read a DEM of square cells and refuse one of another body; None accepts any.

    `default_site` places one without a frame.
    """
    dem = read_dem(path, band=band, max_cells=max_cells, default_site=default_site)
    if body is not None and dem.geometry.site.body != body:
        raise DemFrameError(
            f"terrain of another body than the scenario's ({body})",
            remedy="name the right DEM, or say --allow-body",
            file=path,
            field="body",
            value=dem.geometry.site.body,
        )
    check_square(dem.geometry, "a traverse", file=path)
    return dem


def _place(scenario: Scenario, site: SiteParams) -> tuple[float, float]:
    """Return latitude and longitude in degrees of the scenario's origin."""
    if scenario.site.latitude_deg is None or scenario.site.longitude_deg is None:
        return site.frame.latitude_deg, site.frame.longitude_deg
    return scenario.site.latitude_deg, scenario.site.longitude_deg


def frame_of(scenario: Scenario, site: SiteParams) -> Site:
    """Return place and frame of the scenario's origin."""
    return _frame_at(*_place(scenario, site))


def site_frame(site: SiteParams) -> Site:
    """Return place and frame of a site's own origin."""
    return _frame_at(site.frame.latitude_deg, site.frame.longitude_deg)


def anchor_frame(site: SiteParams) -> Site:
    """Return place and frame of a site's anchor, which it must have: where a mission comes down."""
    assert site.anchor is not None
    return _frame_at(site.anchor.latitude_deg, site.anchor.longitude_deg)


def _frame_at(latitude_deg: float, longitude_deg: float) -> Site:
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    return Site(
        latitude_rad=latitude,
        longitude_rad=longitude,
        body=MOON.name,
        crs_wkt=local_crs_wkt(latitude, longitude),
    )


def origin_mm_of(scenario: Scenario, site: SiteParams) -> tuple[int, int]:
    """Return the scenario's origin in the site's frame, to a whole metre."""
    east_m, north_m = site.project(*_place(scenario, site))
    return round(east_m) * 1000, round(north_m) * 1000


def world_ground(scenario: Scenario, dem: Dem) -> Ground:
    """Return the ground that is really there: finer than the map, with what the map does not show."""
    boulders = np.array(
        [[b.east_m, b.north_m, b.diameter_m, b.height_m] for b in scenario.terrain.boulders]
    ).reshape(-1, 4)
    site = load_site(scenario.site.name)
    resolution_mm = round(scenario.terrain.world_resolution_m * 1000)
    if scenario.terrain.dem is not None:
        return Ground.measured(
            dem,
            detail=site if scenario.terrain.detail == "seeded" else None,
            seed=scenario.seed,
            resolution_mm=resolution_mm,
            boulders=boulders,
        )
    return Ground.synthetic(
        site,
        seed=scenario.seed,
        origin_mm=origin_mm_of(scenario, site),
        resolution_mm=resolution_mm,
        boulders=boulders,
        rocks=scenario.terrain.detail == "seeded",
    )


def world_soil(scenario: Scenario, dem: Dem) -> Soil:
    """Return how firm the soil of the world's ground is; of a measured DEM without detail nothing is known of it."""
    site = load_site(scenario.site.name)
    if scenario.terrain.dem is None:
        return Soil.synthetic(site, seed=scenario.seed, origin_mm=origin_mm_of(scenario, site))
    if scenario.terrain.detail == "seeded":
        west_m, south_m, _, _ = dem.geometry.bounds_m
        return Soil.detail(site, seed=scenario.seed, corner_m=(west_m, south_m))
    return Soil.uniform()
