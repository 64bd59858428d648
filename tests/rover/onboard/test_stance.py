"""A quick look at how the rover would stand, against clearance evaluation."""

from __future__ import annotations

import math

import numpy as np

from rover.core.grid import Dem, GridGeometry, Site
from rover.hazard.clearance import evaluate_clearance
from rover.io.vehicle import read_vehicle
from rover.onboard.heading_kernels import HEADINGS, bearing_off, nearest_heading
from rover.onboard.local_map import fuse_heights
from rover.onboard.stance import MARGINS, slack_by_heading
from tests.rover.hazard.test_aligned import rocks

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
    passed = evaluate_clearance(dem, YUTU_2, poses, spread_m=0.03, belly_margin_m=0.02).safe
    told = slack.T.ravel()
    assert 0.2 < passed.mean() < 0.95
    assert passed[told > 2.0].mean() > 0.95
    assert passed[told < 0.0].mean() < 0.15
