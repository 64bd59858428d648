"""Odometry, inertial unit and Sun sensor: right in the mean, out by what is stated, each with its own stream."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.eyes import EyesParams
from rover.io.vehicle import read_vehicle
from sim.sensors.bodies import attitude
from sim.sensors.faults import SenseFaults
from sim.sensors.imu import ImuState, init_imu, read_imu, turn_between
from sim.sensors.odometry import OdometryState, init_odometry, read_odometry
from sim.sensors.sun_sensor import read_sun_sensor

EYES = read_vehicle("yutu-2").part("eyes", EyesParams)
STILL = {"turned_rad": np.zeros(3), "up": np.array([0.0, 0.0, 1.0]), "gravity_m_s2": 1.625}


def test_odometry_reads_the_rims_and_so_overreads_by_the_slip() -> None:
    exact = EYES.odometry.model_copy(update={"noise_m_per_sqrt_m": 0.0, "turn_noise_deg_per_sqrt_deg": 0.0})
    wheels = OdometryState(scale=1.0, turn_scale=1.0)
    driven, slip = 20.0, 0.2
    told = read_odometry(
        wheels, exact, rolled_m=driven / (1 - slip), turned_rad=-0.4, generator=np.random.default_rng(1)
    )
    assert told.forward_m == pytest.approx(25.0) and told.turn_rad == pytest.approx(-0.4)


@pytest.mark.parametrize("rolled_m", [1.0, 25.0, -9.0])
def test_noise_of_odometry_grows_with_the_root_of_the_way(rolled_m: float) -> None:
    rng, wheels = np.random.default_rng(2), OdometryState(scale=1.0, turn_scale=1.0)
    told = [
        read_odometry(wheels, EYES.odometry, rolled_m=rolled_m, turned_rad=1.0, generator=rng)
        for _ in range(4000)
    ]
    along = np.array([t.forward_m for t in told])
    assert along.mean() == pytest.approx(rolled_m, abs=0.01 * math.sqrt(abs(rolled_m)))
    assert along.std() == pytest.approx(0.01 * math.sqrt(abs(rolled_m)), rel=0.05)
    turn = np.degrees([t.turn_rad for t in told])
    assert turn.std() == pytest.approx(0.1 * math.sqrt(math.degrees(1.0)), rel=0.05)


def test_wheels_differ_by_their_scale_and_keep_it() -> None:
    rng = np.random.default_rng(3)
    scales = np.array([init_odometry(EYES.odometry, rng).scale for _ in range(4000)])
    assert scales.mean() == pytest.approx(1.0, abs=5e-4) and scales.std() == pytest.approx(0.005, rel=0.05)


def test_gyroscopes_drift_by_their_bias_and_wander_by_the_root_of_time() -> None:
    state = ImuState(gyro_rad_s=(1e-5, 0.0, -2e-5), accelerometer_m_s2=(0.01, 0.0, 0.0))
    rng = np.random.default_rng(4)
    read = [read_imu(state, EYES.imu, **STILL, elapsed_s=900.0, generator=rng)[1] for _ in range(3000)]  # type: ignore[arg-type]
    turned = np.array([r.turned_rad for r in read])
    np.testing.assert_allclose(turned.mean(axis=0), [9e-3, 0.0, -1.8e-2], atol=1e-4)
    expected = math.radians(EYES.imu.gyro_noise_deg_per_sqrt_h) * math.sqrt(0.25)
    np.testing.assert_allclose(turned.std(axis=0), expected, rtol=0.05)
    felt = np.array([r.felt_m_s2 for r in read])
    np.testing.assert_allclose(felt.mean(axis=0), [0.01, 0.0, 1.625], atol=2e-4)
    np.testing.assert_allclose(felt.std(axis=0), EYES.imu.accelerometer_noise_m_s2, rtol=0.05)


def test_biases_walk_as_far_in_many_short_spans_as_in_one_long() -> None:
    def after(spans: int, seed: int) -> float:
        rng = np.random.default_rng(seed)
        state = ImuState(gyro_rad_s=(0.0, 0.0, 0.0), accelerometer_m_s2=(0.0, 0.0, 0.0))
        for _ in range(spans):
            state, _ = read_imu(state, EYES.imu, **STILL, elapsed_s=7200.0 / spans, generator=rng)  # type: ignore[arg-type]
        return state.gyro_rad_s[2]

    expected = math.radians(EYES.imu.gyro_walk_deg_h_per_sqrt_h) / 3600 * math.sqrt(2.0)
    for spans in (1, 12):
        walks = np.array([after(spans, seed) for seed in range(600)])
        assert walks.std() == pytest.approx(expected, rel=0.1)


def test_biases_at_the_start_and_those_of_a_fault() -> None:
    rng = np.random.default_rng(5)
    states = [init_imu(EYES.imu, rng) for _ in range(2000)]
    gyro = np.degrees([s.gyro_rad_s for s in states]) * 3600
    assert gyro.std() == pytest.approx(EYES.imu.gyro_bias_deg_h, rel=0.05)
    faults = SenseFaults(gyro_bias_rad_s=(0.0, 0.0, 1e-3), accelerometer_bias_m_s2=(0.2, 0.0, 0.0))
    state = ImuState(gyro_rad_s=(0.0,) * 3, accelerometer_m_s2=(0.0,) * 3)
    sound = read_imu(state, EYES.imu, **STILL, elapsed_s=10.0, generator=np.random.default_rng(6))[1]  # type: ignore[arg-type]
    wrong = read_imu(
        state, EYES.imu, **STILL, elapsed_s=10.0, generator=np.random.default_rng(6), faults=faults  # type: ignore[arg-type]
    )[1]  # fmt: skip
    np.testing.assert_allclose(np.subtract(wrong.turned_rad, sound.turned_rad), [0.0, 0.0, 1e-2], atol=1e-12)
    np.testing.assert_allclose(np.subtract(wrong.felt_m_s2, sound.felt_m_s2), [0.2, 0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("angle", [-2.0, 0.3, 1e-7, math.pi])
def test_the_turn_between_two_attitudes(axis: int, angle: float) -> None:
    """A turn about one's own axis reads as that on that gyroscope alone."""
    before = attitude(0.7, 0.2, -0.1)
    cos, sin = math.cos(angle), math.sin(angle)
    own = np.eye(3)
    one, two = (axis + 1) % 3, (axis + 2) % 3
    own[one, one], own[one, two], own[two, one], own[two, two] = cos, sin, -sin, cos
    turn = turn_between(before, own @ before)
    expected = np.zeros(3)
    expected[axis] = angle
    if angle == math.pi:
        turn = np.abs(turn)
    np.testing.assert_allclose(turn, expected, atol=2e-8)


def test_yaw_reads_on_the_upward_gyroscope() -> None:
    np.testing.assert_allclose(
        turn_between(attitude(0.2, 0, 0), attitude(0.5, 0, 0)), [0, 0, 0.3], atol=1e-12
    )
    np.testing.assert_allclose(turn_between(attitude(0, 0, 0), attitude(0, 0.1, 0)), [0, -0.1, 0], atol=1e-12)
    np.testing.assert_allclose(turn_between(attitude(0, 0, 0), attitude(0, 0, 0.1)), [0.1, 0, 0], atol=1e-12)


def sun(
    elevation_deg: float = 30.0, lit: float = 1.0, seed: int = 7, **faults: bool
) -> tuple[float, ...] | None:
    height = math.radians(elevation_deg)
    return read_sun_sensor(
        EYES.sun_sensor, sun_in_body=[math.cos(height), 0.0, math.sin(height)], sun_elevation_rad=height, lit=lit,
        generator=np.random.default_rng(seed), faults=SenseFaults(**faults),  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_sun_is_seen_within_the_noise_and_as_a_unit_vector() -> None:
    told = np.array([sun(seed=seed) for seed in range(2000)])
    np.testing.assert_allclose(np.linalg.norm(told, axis=1), 1.0, atol=1e-12)
    true = np.array([math.cos(math.radians(30)), 0.0, 0.5])
    angle = np.degrees(np.arccos(np.clip(told @ true, -1, 1)))
    assert np.sqrt((angle**2).mean()) == pytest.approx(EYES.sun_sensor.noise_deg * math.sqrt(2), rel=0.05)


def test_the_sun_is_not_seen_in_shadow_below_the_horizon_out_of_view_or_when_off() -> None:
    assert sun() is not None
    assert sun(lit=0.3) is None
    assert sun(elevation_deg=-0.1) is None
    assert sun(elevation_deg=2.0) is None  # 88 deg from the deck's normal
    assert sun(sun_sensor_off=True) is None


def test_faults_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        SenseFaults(stereo_lost=1.2)
