"""What the senses report: right in the mean, noisy as stated, and nothing from beyond their range."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rover.core.boundary import Observation
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.io.vehicle import read_vehicle
from sim.moon.ground import Ground
from sim.sensors.suite import SensorSuite

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
YUTU_2 = read_vehicle("yutu-2").params


def changed(**figures: float) -> VehicleParams:
    return VehicleParams.model_validate(YUTU_2.model_dump() | figures)


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A hill of 100 m side and 1 m posts, served in cells of 0.25 m."""
    rows, cols = np.mgrid[:100, :100]
    heights = np.sin(rows / 9.0) + 0.05 * cols
    geometry = GridGeometry(rows=100, cols=100, resolution_m=1.0, east_m=0.5, north_m=0.5, site=SITE)
    dem = Dem(geometry=geometry, elevation_m=heights, datum_m=-5900.0, source="a test")
    return Ground.measured(dem, detail=None, seed=1, rocks=False)


def suite(
    ground: Ground, vehicle: VehicleParams = YUTU_2, *, seed: int = 7, sees: bool = True
) -> SensorSuite:
    return SensorSuite(ground, vehicle, SITE, generator=np.random.default_rng(seed), sees_heights=sees)


def look(senses: SensorSuite, **other: Any) -> Observation:
    pose = {
        "time_s": 5.0,
        "east_m": 40.3,
        "north_m": 51.7,
        "yaw_rad": 0.4,
        "pitch_rad": 0.1,
        "roll_rad": -0.05,
    }
    rest = {"soc": 0.6, "array_w": 55.0, "stalled": False, "looking": True}
    return senses.observe(**(pose | rest | other))


def true_heights(ground: Ground, heights: Dem) -> np.ndarray:
    geometry = heights.geometry
    rows, cols = np.mgrid[: geometry.rows, : geometry.cols]
    return ground.heights(
        geometry.east_m + cols * geometry.resolution_m, geometry.north_m + rows * geometry.resolution_m
    )


def seen(observation: Observation) -> Dem:
    assert observation.heights is not None
    return observation.heights


def test_height_noise_is_unbiased_normal_and_of_the_stated_size(ground: Ground) -> None:
    senses = suite(ground, changed(height_noise_m=0.03))
    errors = []
    for step in range(20):
        heights = seen(look(senses, east_m=30.0 + step))
        error = heights.elevation_m - true_heights(ground, heights)
        errors.append(error[np.isfinite(error)])
    pooled = np.concatenate(errors)
    count = len(pooled)
    assert count > 20_000
    assert abs(pooled.mean()) < 4 * 0.03 / math.sqrt(count)
    assert pooled.std() == pytest.approx(0.03, rel=4 / math.sqrt(2 * count))
    assert (np.abs(pooled) < 0.03).mean() == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.02)
    neighbours = np.corrcoef(pooled[:-1], pooled[1:])[0, 1]
    assert abs(neighbours) < 0.03


def test_tilt_noise_is_of_the_stated_size_and_its_own_on_each_axis(ground: Ground) -> None:
    senses = suite(ground, changed(tilt_noise_deg=0.5))
    reports = [look(senses, looking=False) for _ in range(4000)]
    pitch = np.degrees([r.pitch_rad - 0.1 for r in reports])
    roll = np.degrees([r.roll_rad + 0.05 for r in reports])
    for errors in (pitch, roll):
        assert abs(errors.mean()) < 4 * 0.5 / math.sqrt(4000)
        assert errors.std() == pytest.approx(0.5, rel=0.05)
    assert abs(np.corrcoef(pitch, roll)[0, 1]) < 0.06


def test_without_noise_the_truth_is_seen(ground: Ground) -> None:
    report = look(suite(ground, changed(height_noise_m=0.0, tilt_noise_deg=0.0)))
    heights = seen(report)
    known = np.isfinite(heights.elevation_m)
    np.testing.assert_allclose(heights.elevation_m[known], true_heights(ground, heights)[known], atol=1e-5)
    assert (report.pitch_rad, report.roll_rad) == (0.1, -0.05)
    assert heights.datum_m == ground.datum_m


@pytest.mark.parametrize("range_m", [1.0, 5.0, 8.3])
def test_everything_within_the_range_is_seen_and_nothing_beyond(ground: Ground, range_m: float) -> None:
    heights = seen(look(suite(ground, changed(sensing_range_m=range_m))))
    geometry = heights.geometry
    rows, cols = np.mgrid[: geometry.rows, : geometry.cols]
    east, north = geometry.east_m + cols * 0.25, geometry.north_m + rows * 0.25
    away = np.hypot(east - 40.3, north - 51.7)
    np.testing.assert_array_equal(np.isfinite(heights.elevation_m), away <= range_m)
    west, south, east_edge, north_edge = geometry.bounds_m
    assert min(40.3 - west, 51.7 - south, east_edge - 40.3, north_edge - 51.7) >= range_m - 0.25


def test_what_lies_beyond_the_range_cannot_be_told_from_the_report(ground: Ground) -> None:
    """The same rover on two grounds that differ only out of its sight."""
    rows, cols = np.mgrid[:100, :100]
    heights = np.sin(rows / 9.0) + 0.05 * cols
    far = np.hypot(rows + 0.5 - 51.7, cols + 0.5 - 40.3) > 5.0 + 2.0
    geometry = GridGeometry(rows=100, cols=100, resolution_m=1.0, east_m=0.5, north_m=0.5, site=SITE)
    moved = Dem(
        geometry=geometry, elevation_m=np.where(far, 77.0, heights), datum_m=-5900.0, source="moved far"
    )
    other = Ground.measured(moved, detail=None, seed=1, rocks=False)
    here, there = (seen(look(suite(g))).elevation_m for g in (ground, other))
    np.testing.assert_array_equal(here, there)


def test_sensors_off_or_parked_see_no_heights(ground: Ground) -> None:
    assert look(suite(ground, sees=False)).heights is None
    assert look(suite(ground), looking=False).heights is None


def test_the_same_generator_gives_the_same_bytes_and_another_others(ground: Ground) -> None:
    def bytes_of(seed: int) -> bytes:
        senses = suite(ground, seed=seed)
        reports = [look(senses, east_m=40.0 + i) for i in range(3)]
        return b"".join(
            seen(r).elevation_m.tobytes() + repr((r.pitch_rad, r.roll_rad)).encode() for r in reports
        )

    assert bytes_of(1) == bytes_of(1)
    assert bytes_of(1) != bytes_of(2)


def test_noise_is_fresh_each_time(ground: Ground) -> None:
    senses = suite(ground)
    assert not np.array_equal(seen(look(senses)).elevation_m, seen(look(senses)).elevation_m, equal_nan=True)


def test_what_is_exact_so_far_is_passed_on(ground: Ground) -> None:
    report = look(suite(ground), stalled=True)
    assert (report.time_s, report.east_m, report.north_m, report.yaw_rad) == (5.0, 40.3, 51.7, 0.4)
    assert (report.soc, report.array_w, report.stalled) == (0.6, 55.0, True)


def test_looking_leaves_the_ground_as_it_was(ground: Ground) -> None:
    before = ground.heights(40.0, 50.0)
    look(suite(ground))
    assert ground.heights(40.0, 50.0) == before
