"""The far horizon: against one march over both grounds, at the real lander site, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rover.core.errors import DemFrameError, PlaceError, UsageError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.crs import local_crs_wkt, site_at
from rover.io.reproject import reproject_around, reproject_dem
from rover.io.site_horizon import read_site_horizon
from rover.terrain.far_horizon import EYE_HEIGHTS, check_far
from rover.terrain.horizon import trace_horizon
from tests.builders.far_horizon import far_horizon_deg

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
LANDER = -45.457, 177.588
"""In the frame of LRO's maps."""


def dem_at(heights: object, resolution_m: float, east_m: float, north_m: float, datum_m: float = 0.0) -> Dem:
    held = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=held.shape[0],
        cols=held.shape[1],
        resolution_m=resolution_m,
        east_m=east_m,
        north_m=north_m,
        site=SITE,
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=datum_m, source="a test")


def wall(height_m: float = 800.0) -> Dem:
    """Level ground to 30 km, and a wall about it; 500 m posts."""
    place = (np.arange(141) - 70) * 500.0
    distance = np.maximum(np.abs(place)[:, None], np.abs(place)[None, :])
    return dem_at(np.where(distance >= 30_000, height_m, 0.0), 500.0, -35_000.0, -35_000.0, datum_m=-50.0)


def near_ground(relief_m: float, side: int = 60) -> Dem:
    heights = np.random.default_rng(3).uniform(0.0, relief_m, (side, side))
    return dem_at(heights, 50.0, -1475.0, -1475.0, datum_m=-50.0)


@pytest.mark.parametrize("exact", [False, True])
def test_a_wall_far_away_in_closed_form(exact: bool) -> None:
    """From each cell its tangent is (wall - eye) / (q sin t) - tan(t / 2), whatever the cell's place and height."""
    near, far = near_ground(40.0), wall()
    alone = trace_horizon(near, azimuths=4, observer_height_m=1.5, exact=exact)
    both = trace_horizon(near, azimuths=4, observer_height_m=1.5, far_dem=far, exact=exact)
    assert (both.steps >= alone.steps).all()
    east = near.geometry.east_m + np.arange(60) * 50.0
    angle = (30_000.0 - east)[None, :] / 1_737_350.0
    wanted = (800.0 - near.elevation_m - 1.5) / ((1_737_400.0 - 50.0) * np.sin(angle)) - np.tan(angle / 2)
    wanted_deg = np.degrees(np.arctan(wanted))
    behind = np.degrees(alone.elevation_rad(1)) < wanted_deg
    assert behind[:, -3:].any()
    error = np.abs(np.degrees(both.elevation_rad(1)) - wanted_deg)[behind]
    assert error.max() < (0.01 if exact else 0.05)


def test_far_ground_inside_the_near_dem_is_not_looked_at() -> None:
    """A tower of the far DEM inside the near one, which the near one does not have, hides nothing."""
    near = near_ground(1.0)
    heights = np.zeros((41, 41))
    plain = dem_at(heights, 500.0, -10_000.0, -10_000.0, datum_m=-50.0)
    heights[20, 20] = 5000.0
    tower = dem_at(heights, 500.0, -10_000.0, -10_000.0, datum_m=-50.0)
    assert np.array_equal(*(trace_horizon(near, azimuths=8, far_dem=far).steps for far in (plain, tower)))


def test_datums_are_reconciled() -> None:
    near, far = near_ground(10.0), wall()
    shifted = replace(far, elevation_m=far.elevation_m - np.float32(1000.0), datum_m=far.datum_m + 1000.0)
    one, other = (trace_horizon(near, azimuths=4, far_dem=dem).steps.astype(int) for dem in (far, shifted))
    assert np.abs(one - other).max() <= 1


def test_relief_of_the_near_ground_is_spanned() -> None:
    """Nodes at a few heights of the eye: what lies between is convex, so it errs upward and little."""
    assert EYE_HEIGHTS >= 3
    heights = np.zeros((60, 60))
    heights[30, 30] = 2000.0
    near = dem_at(heights, 50.0, -1475.0, -1475.0, datum_m=-50.0)
    found = math.degrees(float(trace_horizon(near, azimuths=4, far_dem=wall()).elevation_rad(1)[30, 30]))
    # From 2 km up the far edge of the wall's top stands higher than its near one.
    way = 35_000.0 - 25.0
    angle = way / 1_737_350.0
    wanted = math.degrees(math.atan((800.0 - 2000.0) / (1_737_350.0 * math.sin(angle)) - math.tan(angle / 2)))
    assert found == pytest.approx(wanted, abs=0.05)


def test_the_lander_site_on_the_real_map(reference: Path) -> None:
    """1.1 deg on average and 2.95 at most, seen over level ground at the lander's elevation of -5935 m.

    The map has posts each 474 m, good to 34 m rms: at the 30 km at which the highest hills stand 0.07 deg. The mean
    over all directions is far better known; 1.1 is given to a tenth.
    """
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    window = reproject_dem(
        path, latitude_deg=LANDER[0], longitude_deg=LANDER[1], size_m=5000.0, resolution_m=100.0
    )
    near = replace(window, elevation_m=np.zeros(window.geometry.shape, np.float32), datum_m=-5935.0)
    far = reproject_around(path, near.geometry, reach_m=200_000.0)
    assert far.geometry.site.crs_wkt == near.geometry.site.crs_wkt
    horizon = trace_horizon(near, azimuths=360, far_dem=far, window=(25, 26, 25, 26))
    found = np.degrees([float(horizon.elevation_rad(k)[0, 0]) for k in range(360)])

    assert found.mean() == pytest.approx(1.1, abs=0.05)
    assert found.max() == pytest.approx(2.95, abs=0.07)


def test_the_surroundings_end_where_the_map_does(reference: Path) -> None:
    path = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    near = reproject_dem(path, latitude_deg=-35.0, longitude_deg=177.6, size_m=5000.0)
    far = reproject_around(path, near.geometry, reach_m=100_000.0)
    check_far(near, far)
    west, south, _, north = far.geometry.bounds_m
    inner = near.geometry.bounds_m
    assert 99_000 < inner[0] - west < 101_000
    assert 99_000 < inner[1] - south < 101_000
    # 1 deg of latitude is 30 km, less the half window.
    assert 24_000 < north - inner[3] < 30_000
    at = near.geometry.centre_of(5, 5)
    cell = far.geometry.cell_at(*at)
    assert cell is not None
    assert abs(far.elevation_m[cell] + far.datum_m - near.elevation_m[5, 5] - near.datum_m) < 60.0
    with pytest.raises(UsageError, match="reach_m"):
        reproject_around(path, near.geometry, reach_m=0.0)
    with pytest.raises(DemFrameError, match="no frame"):
        reproject_around(path, replace(near.geometry, site=SITE), reach_m=1000.0)


def test_a_far_dem_in_another_frame_is_refused() -> None:
    wkt = local_crs_wkt(-0.7, 3.0)
    elsewhere = site_at(wkt, 0.0, 0.0, 100.0)
    far = wall()
    moved = replace(far, geometry=replace(far.geometry, site=elsewhere))
    with pytest.raises(DemFrameError, match=r"far_dem.crs = .*another frame.*reproject"):
        trace_horizon(near_ground(1.0), azimuths=4, far_dem=moved)


@pytest.mark.parametrize("side", range(4))
def test_a_far_dem_that_does_not_cover_is_refused(side: int) -> None:
    far = wall()
    east_m, north_m = (
        (-2000.0, -35_000.0),
        (-68_000.0, -35_000.0),
        (-35_000.0, -2000.0),
        (-35_000.0, -68_000.0),
    )[side]
    moved = replace(far, geometry=replace(far.geometry, east_m=east_m, north_m=north_m))
    with pytest.raises(PlaceError, match=r"far_dem.bounds_m = .*does not cover"):
        trace_horizon(near_ground(1.0), azimuths=4, far_dem=moved)


def test_the_bundled_horizon_of_the_lander_is_what_the_map_shows(reference: Path) -> None:
    azimuth_rad, elevation_rad = read_site_horizon()
    assert np.degrees(azimuth_rad) == pytest.approx(np.arange(72) * 5.0)
    assert np.degrees(elevation_rad) == pytest.approx(far_horizon_deg(reference), abs=0.006)
