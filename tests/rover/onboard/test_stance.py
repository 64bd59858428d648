"""A quick look at how the rover would stand, against clearance evaluation."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter

from rover.core.grid import Dem, GridGeometry, Site
from rover.hazard.walk_kernels import MARGINS as PASSED
from rover.io.vehicle import read_vehicle
from rover.onboard.heading_kernels import HEADINGS, bearing_off, nearest_heading
from rover.onboard.local_map import fuse_heights
from rover.onboard.stance import MARGINS, _disc, _extremes, slack_by_heading
from rover.onboard.stance_kernels import wheel_rests
from tests.rover.hazard.test_aligned import rocks
from tests.rover.onboard.test_local_planner import walked

YUTU_2 = read_vehicle("yutu-2").params
SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


def dem_of(z: np.ndarray) -> Dem:
    half = (len(z) - 1) / 2 * 0.05
    geometry = GridGeometry(
        rows=len(z), cols=len(z), resolution_m=0.05, east_m=-half, north_m=-half, site=SITE
    )
    return Dem(geometry=geometry, elevation_m=z.astype(np.float32), datum_m=0.0, source="a test")


def test_headings_are_found_by_their_nearest() -> None:
    angles = np.array([math.atan2(north, east) for east, north in HEADINGS])
    assert (np.diff(np.unwrap(angles)) > 0).all()
    for yaw in np.random.default_rng(0).uniform(-math.pi, math.pi, 500):
        off = np.angle(np.exp(1j * (yaw - angles)))
        nearest = nearest_heading(math.cos(yaw), math.sin(yaw))
        assert abs(off[nearest]) == np.abs(off).min()
        assert math.isclose(bearing_off(math.cos(yaw), math.sin(yaw), nearest), off[nearest], abs_tol=1e-12)


def test_on_level_ground_the_belly_or_the_step_has_the_least_slack() -> None:
    dem = dem_of(np.zeros((161, 161)))
    ground = fuse_heights(None, dem, here_m=(0.0, 0.0), sigma_m=0.0, reach_m=4.0, time_s=0.0)
    middle = np.array([[(len(ground.height_m) - 1) / 2] * 2])
    slack = slack_by_heading(ground, YUTU_2, middle)
    expected = min(
        min(YUTU_2.slope_limit_rad, YUTU_2.roll_limit_rad) / MARGINS[0],
        min(YUTU_2.rocker_limit_rad, YUTU_2.bogie_limit_rad) / MARGINS[1],
        YUTU_2.belly_clearance_m / MARGINS[2],
        YUTU_2.step_limit_m / MARGINS[3],
    )
    np.testing.assert_allclose(slack[:, 0], expected, rtol=1e-5)


def test_much_slack_passes_clearance_evaluation_and_none_fails() -> None:
    dem = dem_of(rocks(5, side=240))
    ground = fuse_heights(None, dem, here_m=(0.0, 0.0), sigma_m=0.0, reach_m=6.0, time_s=0.0)
    rng = np.random.default_rng(5)
    cells = rng.uniform(-3.0, 3.0, (300, 2))
    geometry = ground.geometry
    places = (cells - [geometry.east_m, geometry.north_m]) / geometry.resolution_m
    slack = slack_by_heading(ground, YUTU_2, places)
    angles = np.array([math.atan2(north, east) for east, north in HEADINGS])
    poses = np.column_stack([np.repeat(cells, len(HEADINGS), axis=0), np.tile(angles, len(cells))])
    passed = walked(dem, poses, 0.03, parts=30)[:, PASSED] > 0
    told = slack.T.ravel()
    assert 0.2 < passed.mean() < 0.95
    assert passed[told > 2.0].mean() > 0.95
    assert passed[told < 0.0].mean() < 0.15


def test_the_least_and_the_greatest_near_a_cell_are_those_of_a_plain_filter() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(0.0, 1.0, (30, 41)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    for radius in (1.0, 1.5, 2.0):
        near = _disc(radius)
        low, high = _extremes(values, near)
        mask = np.zeros((2 * int(radius) + 1,) * 2, np.bool_)
        mask[tuple((near + int(radius)).T)] = True
        known = np.isfinite(values)
        most = maximum_filter(np.where(known, values, -np.inf), footprint=mask)
        least = minimum_filter(np.where(known, values, np.inf), footprint=mask)
        np.testing.assert_array_equal(high, np.where(known, most, np.nan))
        np.testing.assert_array_equal(low, np.where(known, least, np.nan))


def test_a_wheel_rests_as_high_as_the_ground_within_its_rim_lifts_it() -> None:
    rng, radius, side = np.random.default_rng(4), 0.15, 0.05
    z = rng.normal(0.0, 0.05, (20, 24)).astype(np.float32)
    z[rng.random(z.shape) < 0.1] = np.nan
    rests = np.empty_like(z)
    wheel_rests(z, side, radius, rests, 0, len(z))
    for r, c in np.argwhere(np.isfinite(z)).tolist():
        heights = [
            float(z[i, j]) - (radius - math.sqrt(radius**2 - ((i - r) ** 2 + (j - c) ** 2) * side**2))
            for i in range(max(0, r - 2), min(20, r + 3))
            for j in range(max(0, c - 2), min(24, c + 3))
            if radius**2 - ((i - r) ** 2 + (j - c) ** 2) * side**2 > 0.19 * radius**2 and np.isfinite(z[i, j])
        ]
        assert math.isclose(float(rests[r, c]), max(heights), abs_tol=1e-7)
    assert np.isnan(rests[np.isnan(z)]).all()
