"""Two looks laid upon one another: the motion between them, as sure as it is, and nothing where nothing is seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from rover.core.boundary import RectifiedPicture, StereoPoints
from rover.core.eyes import EyesParams
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.vehicle import read_vehicle
from rover.onboard.looks import Look, look_of
from rover.onboard.registration import Registration, register
from rover.onboard.rotations import rotation_from_angles, rotation_of
from sim.moon.ground import Ground
from sim.sensors.camera import Sunlight
from sim.sensors.eyesight import Eyesight
from sim.sensors.mount import BodyPose
from tests.sim.sensors.scenes import AU_M, OPTICS, rough

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
EYES = read_vehicle("yutu-2").part("eyes", EyesParams)
WINDOW = EYES.matching.window_px
SUN = Sunlight(azimuth_rad=1.2, elevation_rad=0.5, distance_m=AU_M)
PRIOR = np.diag([0.06**2] * 3 + [0.004**2] * 3)

Stop = tuple[tuple[StereoPoints, ...], np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def stops() -> list[Stop]:
    """Looks at three stops a metre apart, with the true place and rotation of each."""
    heights = rough(6, 200, 0.25)
    geometry = GridGeometry(rows=200, cols=200, resolution_m=0.5, east_m=0.25, north_m=0.25, site=SITE)
    dem = Dem(geometry=geometry, elevation_m=heights, datum_m=-5900.0, source="a test")
    ground = Ground.measured(dem, detail=None, seed=1, resolution_mm=100, rocks=False)
    sight = Eyesight(ground, dem, EYES, OPTICS, generator=np.random.default_rng(4))
    found = []
    for k, yaw in enumerate((0.0, 0.08, 0.02)):
        east = 50.0 + k
        pose = BodyPose(
            east_m=east, north_m=50.0, up_m=float(ground.heights(east, 50.0)), yaw_rad=yaw, pitch_rad=0.01 * k
        )
        found.append((sight.look(pose, SUN), pose.place_m, rotation_from_angles(yaw, 0.01 * k, 0.0)))
    return found


def looked(stop: Stop) -> Look:
    return look_of(stop[0], stop[2], WINDOW)


def laid(old: Stop, new: Stop, error: np.ndarray, **other) -> Registration | None:  # type: ignore[no-untyped-def]
    """Lay a stop on another from a prediction that is out by an error: shift, turn."""
    given = {"old": looked(old), "new": looked(new)} | other
    predicted = new[1] - error[:3], rotation_of(-error[3:]) @ new[2]
    return register(given["old"], given["new"], reference=(old[1], old[2]), predicted=predicted, prior=PRIOR)


def posterior(found: Registration) -> tuple[np.ndarray, np.ndarray]:
    """Return the (6,) error that prior and looks tell together, and its covariance."""
    told = found.directions.T / found.variance
    covariance = np.linalg.inv(told @ found.directions + np.linalg.inv(PRIOR))
    return covariance @ told @ found.moved, covariance


@pytest.mark.parametrize("seed", range(4))
def test_the_motion_is_found_from_a_prediction_that_is_out(stops: list[Stop], seed: int) -> None:
    error = np.random.default_rng(seed).standard_normal(6) * np.sqrt(np.diag(PRIOR))
    for old, new in zip(stops[:-1], stops[1:], strict=True):
        found = laid(old, new, error)
        assert found is not None and found.inliers > 1000
        told, covariance = posterior(found)
        apart = told - error
        assert np.hypot(*apart[:2]) < 0.03 and abs(apart[2]) < 0.01
        assert math.degrees(np.abs(apart[3:]).max()) < 0.4
        assert float(apart @ np.linalg.solve(covariance, apart)) < 40.0


def test_looks_with_nothing_in_common_tell_nothing(stops: list[Stop]) -> None:
    look, place, rotation = stops[1]
    away = (look, place + np.array([30.0, 0.0, 0.0]), rotation)
    assert laid(stops[0], away, np.zeros(6)) is None


def test_flat_ground_without_light_tells_height_and_tilt_and_leaves_the_rest(stops: list[Stop]) -> None:
    def flat(stop: Stop) -> Stop:
        pair = stop[0][1]
        points = pair.points_m.copy()
        points[:, 2] = 0.0
        return (replace(pair, points_m=points, picture=None),), stop[1] * [1.0, 1.0, 0.0], np.eye(3)

    old, new = flat(stops[0]), flat(stops[1])
    error = np.array([0.05, -0.04, 0.02, 0.003, -0.002, 0.004])
    found = laid(old, new, error)
    assert found is not None
    told, covariance = posterior(found)
    sigma, before = np.sqrt(np.diag(covariance)), np.sqrt(np.diag(PRIOR))
    assert (np.abs(told - error)[2:5] < 3.0 * sigma[2:5]).all()
    assert sigma[2] < 0.2 * before[2] and (sigma[3:5] < 0.9 * before[3:5]).all()
    np.testing.assert_allclose(told[[0, 1, 5]], 0.0, atol=1e-3)
    np.testing.assert_allclose(sigma[[0, 1, 5]], before[[0, 1, 5]], rtol=0.03)


def test_light_that_goes_along_with_the_rover_is_not_believed_against_shape(stops: list[Stop]) -> None:
    """The picture of the first stop with the heights of the second: light says that the rover has not moved.

    So does the bright patch about the rover's own shadow, away from the Sun.
    """
    (pairs, _, _), (there, place, rotation) = stops[0], stops[1]
    mixed = tuple(replace(new, picture=old.picture) for old, new in zip(pairs, there, strict=True))
    wide = PRIOR + np.diag([0.4**2, 0, 0, 0, 0, 0])
    given = {"reference": (stops[0][1], stops[0][2]), "predicted": (place, rotation), "prior": wide}
    beside = np.array([-1.0, 0, 0, 0, 0, 0])
    assert register(looked(stops[0]), looked((mixed, place, rotation)), **given, start=beside) is None
    assert register(looked(stops[0]), looked(stops[1]), **given) is not None


def test_the_range_of_points_is_told_without_the_bias_of_triangulation() -> None:
    """Disparities known to a tenth, with even errors: their mean range is too long by a hundredth."""
    disparity = 1.0 + 0.1 * norm.ppf((np.arange(2000) + 0.5) / 2000)
    depth = 1.0 / disparity
    pair = StereoPoints(
        camera="hazcam", points_m=np.outer(depth, [1.0, 0.5, 0.0]), sigma_m=0.1 * depth**2, eye_m=(0.0, 0.0, 0.0),
        picture=RectifiedPicture(
            light=np.full((64, 64), 0.5), axes=np.eye(3), focal_px=32.0, centre_row=31.5, centre_col=31.5
        ),
    )  # fmt: skip
    sight = look_of((pair,), np.eye(3), WINDOW).sights[0]
    assert depth.mean() == pytest.approx(1.0103, abs=2e-4)
    assert sight.sought[-1].points_m[:, 0].mean() == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(sight.sought[-1].errors_m[:, 0], 0.1 * depth**2, rtol=1e-5)
    np.testing.assert_allclose(
        sight.sought[-1].errors_m[:, 1], 0.5 * sight.sought[-1].errors_m[:, 0], rtol=1e-6
    )


def test_it_is_pure(stops: list[Stop]) -> None:
    one, other = (laid(stops[0], stops[1], np.full(6, 0.002)) for _ in range(2))
    assert one is not None and other is not None
    assert one.moved.tobytes() == other.moved.tobytes()
