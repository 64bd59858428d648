"""Heights by the stereo pairs of a rover on its way, through one Observation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rover.core.boundary import Observation, StereoPoints
from rover.core.eyes import EyesParams
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.vehicle import read_vehicle
from rover.sky.almanac import Sun
from sim.moon.ground import Ground
from sim.sensors.eyesight import Eyesight
from sim.sensors.faults import SenseFaults
from sim.sensors.heights import RollingHeights
from sim.sensors.suite import Draws, SensorSuite
from tests.sim.sensors.scenes import AU_M, OPTICS, rough

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
VEHICLE = read_vehicle("yutu-2")
EYES = VEHICLE.part("eyes", EyesParams)
SUN = Sun(azimuth_rad=1.2, elevation_rad=0.5, distance_m=AU_M, rising=True)


def dem_of(heights: np.ndarray, cell_m: float) -> Dem:
    geometry = GridGeometry(
        rows=len(heights),
        cols=len(heights),
        resolution_m=cell_m,
        east_m=cell_m / 2,
        north_m=cell_m / 2,
        site=SITE,
    )
    return Dem(geometry=geometry, elevation_m=heights, datum_m=-5900.0, source="a test")


@pytest.fixture(scope="module")
def world() -> tuple[Ground, Dem]:
    """100 m of gently rough ground of 0.5 m posts, with a wall-like boulder before the rover at (50, 50)."""
    dem = dem_of(rough(6, 200, 0.25), 0.5)
    ground = Ground.measured(
        dem, detail=None, seed=1, resolution_mm=50, boulders=[[53.0, 50.0, 1.0, 0.8]], rocks=False
    )
    return ground, dem


def suite(
    world: tuple[Ground, Dem], *, seed: int = 5, real: bool = True, locates: bool = True
) -> SensorSuite:
    ground, dem = world
    draws = Draws.of(seed, 1)
    sight = Eyesight(ground, dem, EYES, OPTICS, generator=draws.stereo) if real else None
    return SensorSuite(
        ground,
        VEHICLE.params,
        SITE,
        generator=np.random.default_rng(seed),
        eyes=EYES,
        draws=draws,
        sight=sight,
        locates=locates,
    )


def look(senses: SensorSuite, world: tuple[Ground, Dem], **other: Any) -> Observation:
    east, north = other.get("east_m", 50.0), other.get("north_m", 50.0)
    pose = {
        "time_s": 5.0, "east_m": 50.0, "north_m": 50.0, "yaw_rad": 0.0, "pitch_rad": 0.0, "roll_rad": 0.0,
        "up_m": float(world[0].heights(east, north)), "soc": 0.6, "array_w": 55.0, "stalled": False, "looking": True,
        "rolled_m": 0.0, "lit": 1.0, "sun": SUN,
    }  # fmt: skip
    return senses.observe(**(pose | other))


def test_seen_heights_are_those_of_the_ground_and_the_rest_is_unknown(world: tuple[Ground, Dem]) -> None:
    errors = []
    for seed in range(5, 11):  # the errors of one look hang together
        heights = look(suite(world, seed=seed), world).heights
        assert heights is not None and heights.variance_m2 is not None
        g = heights.geometry
        rows, cols = np.mgrid[: g.rows, : g.cols]
        east, north = g.east_m + cols * g.resolution_m, g.north_m + rows * g.resolution_m
        known = np.isfinite(heights.elevation_m)
        true = world[0].heights(east, north)
        errors.append((heights.elevation_m - true)[known & (np.hypot(east - 53.0, north - 50.0) > 1.0)])
        assert known.sum() > 500
        behind = east < 49.0
        assert not known[behind].any()
        far = np.hypot(east - 50.0, north - 50.0) > VEHICLE.params.sensing_range_m
        assert not known[far].any()
        np.testing.assert_array_equal(known, np.isfinite(heights.variance_m2))
    error = np.concatenate(errors)
    assert abs(np.median(error)) < 0.01 and np.percentile(np.abs(error), 95) < 0.06


def test_what_a_boulder_hides_stays_unknown(world: tuple[Ground, Dem]) -> None:
    heights = look(suite(world), world).heights
    assert heights is not None
    g = heights.geometry
    at = lambda e, n: heights.elevation_m[  # noqa: E731
        round((n - g.north_m) / g.resolution_m), round((e - g.east_m) / g.resolution_m)
    ]
    top = world[0].heights(53.0, 50.0) - world[0].heights(52.0, 50.0)
    assert top > 0.5
    hidden = [at(e, n) for e in (53.75, 54.0, 54.3) for n in (49.9, 50.0, 50.1)]
    assert np.isnan(hidden).all()
    beside = [at(53.5, n) for n in (48.2, 48.4, 51.6, 51.8)]
    assert np.isfinite(beside).any()


def test_heights_gather_while_driving_and_are_forgotten_behind(world: tuple[Ground, Dem]) -> None:
    senses = suite(world)
    first = look(senses, world, east_m=44.0).heights
    second = look(senses, world, east_m=45.0).heights
    alone = look(suite(world), world, east_m=45.0).heights
    assert first is not None and second is not None and alone is not None
    count = lambda dem: int(np.isfinite(dem.elevation_m).sum())  # noqa: E731
    assert count(second) > count(alone)
    off = look(senses, world, east_m=70.0).heights
    fresh = look(suite(world), world, east_m=70.0).heights
    assert off is not None and fresh is not None
    assert count(off) < 1.3 * count(fresh)


def test_points_are_in_the_bodys_frame_ahead_of_it(world: tuple[Ground, Dem]) -> None:
    seen = look(suite(world), world, yaw_rad=2.0, east_m=40.0, north_m=60.0)
    assert [s.camera for s in seen.stereo] == ["hazcam", "navcam"]
    for pair in seen.stereo:
        assert (pair.points_m[:, 0] > 0).all()
        near = pair.points_m[np.hypot(pair.points_m[:, 0], pair.points_m[:, 1]) < 4.0]
        assert abs(np.median(near[:, 2])) < 0.4
        assert pair.eye_m[2] > 0.3 and len(pair.sigma_m) == len(pair.points_m)


def test_without_a_place_told_nothing_that_was_told_hangs_on_it(world: tuple[Ground, Dem]) -> None:
    blind, told = (look(suite(world, locates=locates), world) for locates in (False, True))
    assert np.isnan([blind.east_m, blind.north_m, blind.yaw_rad]).all() and blind.heights is None
    assert (told.east_m, told.north_m, told.yaw_rad) == (50.0, 50.0, 0.0) and told.heights is not None
    for one, other in zip(blind.stereo, told.stereo, strict=True):
        assert one.points_m.tobytes() == other.points_m.tobytes()


def test_the_picture_shows_each_point_where_its_lens_has_it(world: tuple[Ground, Dem]) -> None:
    for pair in look(suite(world), world).stereo:
        picture = pair.picture
        assert picture is not None and picture.light.shape == (256, 256)
        seen = (pair.points_m - np.array(pair.eye_m)) @ picture.axes.T
        cols = picture.centre_col - picture.focal_px * seen[:, 1] / seen[:, 0]
        rows = picture.centre_row - picture.focal_px * seen[:, 2] / seen[:, 0]
        for at in (rows, cols):
            np.testing.assert_allclose(at, np.rint(at), atol=0.02)
            assert at.min() > -0.5 and at.max() < 255.5
        assert 0.1 < picture.light.mean() <= picture.light.max() <= 1.0


def test_cameras_that_failed_and_darkness_see_nothing(world: tuple[Ground, Dem]) -> None:
    one = look(suite(world), world, faults=SenseFaults(cameras_failed=frozenset({"navcam"})))
    assert [s.camera for s in one.stereo] == ["hazcam"]
    none = look(suite(world), world, faults=SenseFaults(cameras_failed=frozenset({"navcam", "hazcam"})))
    assert none.stereo == () and none.heights is not None
    assert not np.isfinite(none.heights.elevation_m).any()
    low = Sun(azimuth_rad=1.2, elevation_rad=-0.1, distance_m=AU_M, rising=True)
    dark = look(suite(world), world, sun=low)
    seen_by_day = look(suite(world), world).stereo
    assert sum(len(s.points_m) for s in dark.stereo) < 0.02 * sum(len(s.points_m) for s in seen_by_day)
    assert dark.sun_direction is None
    parked = look(suite(world), world, looking=False)
    assert parked.stereo == () and parked.heights is None


def test_one_sense_does_not_move_anothers_numbers(world: tuple[Ground, Dem]) -> None:
    """Streams are apart: whether the cameras look or not, the other senses read the same."""
    one, other = suite(world), suite(world, real=False)
    for step in range(3):
        a = look(one, world, time_s=10.0 * step, rolled_m=0.5 * step)
        b = look(other, world, time_s=10.0 * step, rolled_m=0.5 * step, looking=False)
        assert (a.odometry, a.inertial, a.sun_direction) == (b.odometry, b.inertial, b.sun_direction)


def test_increments_count_from_the_last_observation(world: tuple[Ground, Dem]) -> None:
    senses = suite(world)
    first = look(senses, world, looking=False)
    assert first.odometry is not None and first.odometry.forward_m == 0.0
    second = look(senses, world, looking=False, time_s=65.0, rolled_m=3.0, yaw_rad=0.5)
    assert second.odometry is not None and second.inertial is not None
    assert second.odometry.forward_m == pytest.approx(3.0, abs=0.15)
    assert second.odometry.turn_rad == pytest.approx(0.5, abs=0.1)
    assert second.inertial.elapsed_s == 60.0
    assert second.inertial.turned_rad[2] == pytest.approx(0.5, abs=0.01)
    off = look(
        senses, world, looking=False, time_s=66.0, faults=SenseFaults(odometry_off=True, sun_sensor_off=True)
    )
    assert off.odometry is None and off.sun_direction is None


def test_the_sun_is_told_in_the_bodys_frame(world: tuple[Ground, Dem]) -> None:
    told = look(suite(world), world, yaw_rad=math.pi / 2 - SUN.azimuth_rad, looking=False).sun_direction
    assert told is not None
    np.testing.assert_allclose(told, [math.cos(0.5), 0.0, math.sin(0.5)], atol=0.01)


def test_the_same_seed_gives_the_same_bytes(world: tuple[Ground, Dem]) -> None:
    def bytes_of(seed: int) -> bytes:
        seen = look(suite(world, seed=seed), world)
        assert seen.heights is not None
        return (
            seen.heights.elevation_m.tobytes()
            + repr((seen.odometry, seen.inertial, seen.sun_direction)).encode()
        )

    assert bytes_of(1) == bytes_of(1)
    assert bytes_of(1) != bytes_of(2)


def test_rolling_heights_average_by_weight_and_keep_their_cells() -> None:
    rolling = RollingHeights(reach_m=2.0, site=SITE, datum_m=0.0, cell_m=0.1)
    rolling.centre(10.0, 20.0)
    rolling.add(np.array([[10.55, 20.25, 1.0], [10.56, 20.26, 2.0], [99.0, 0.0, 5.0]]), [0.1, 0.2, 0.1])
    for east in (10.0, 10.4, 9.3):
        rolling.centre(east, 20.0)
        dem = rolling.dem(east, 20.0)
        cell = dem.geometry.cell_at(10.55, 20.25)
        assert cell is not None
        assert dem.elevation_m[cell] == pytest.approx((1.0 * 100 + 2.0 * 25) / 125)
        assert dem.variance_m2 is not None and dem.variance_m2[cell] == pytest.approx(2 / 125)
        assert np.isfinite(dem.elevation_m).sum() == 1
    rolling.centre(14.0, 20.0)
    rolling.centre(10.0, 20.0)
    assert not np.isfinite(rolling.dem(10.0, 20.0).elevation_m).any()


def test_records_of_points_are_locked_and_shaped() -> None:
    with pytest.raises(ValueError, match="sigma_m"):
        StereoPoints(camera="navcam", points_m=np.zeros((3, 3)), sigma_m=np.zeros(2), eye_m=(0.0, 0.0, 1.0))
