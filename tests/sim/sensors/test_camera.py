"""Lenses, mounts, light and exposure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core.errors import CameraError
from rover.core.eyes import CameraParams, EyesParams
from rover.io.vehicle import read_vehicle
from sim.sensors.bodies import attitude
from sim.sensors.exposure import auto_exposure_s, electrons, expose, noise_variance_e2
from sim.sensors.grain import LONGEST_M, octaves
from sim.sensors.ground_kernels import add_grain
from sim.sensors.lens import Lens
from sim.sensors.mount import BodyPose, eye_at, lens_of
from sim.sensors.photometry import phase
from tests.sim.sensors.scenes import AU_M, OPTICS, eye, flat, pinhole, scene_of, see, sunlight

EYES = read_vehicle("yutu-2").part("eyes", EyesParams)


@pytest.mark.parametrize("projection", ["pinhole", "fisheye", "cylinder"])
def test_projecting_undoes_looking(projection: str) -> None:
    lens = Lens.centred(projection, rows=31, cols=47, fov_rad=2.0)
    back = lens.project(3.7 * lens.sights())
    rows, cols = np.indices((31, 47))
    np.testing.assert_allclose(back[..., 0], rows, atol=1e-9)
    np.testing.assert_allclose(back[..., 1], cols, atol=1e-9)


def test_fields_of_view_are_those_of_the_facts() -> None:
    nav, haz, pan = lens_of(EYES.navcam), lens_of(EYES.hazcam), lens_of(EYES.pcam)
    assert (nav.rows, nav.cols) == (1024, 1024) and nav.focal_px == pytest.approx(1194.6, abs=0.1)
    assert 2 * math.degrees(math.atan(haz.cols / 2 / haz.focal_px)) == pytest.approx(120.0)
    assert 2 * math.degrees(math.atan(pan.rows / 2 / pan.focal_px)) == pytest.approx(14.5, abs=0.1)
    assert (EYES.navcam.baseline_m, EYES.hazcam.baseline_m) == (0.27, 0.1)
    quick = lens_of(EYES.navcam, cols=256)
    assert quick.rows == 256 and quick.focal_px == pytest.approx(nav.focal_px / 4)
    np.testing.assert_allclose(quick.sights().mean(axis=(0, 1)), nav.sights().mean(axis=(0, 1)), atol=1e-5)


@given(st.floats(-3, 3), st.floats(-1.2, 1.2), st.floats(-1.2, 1.2))
def test_attitudes_are_rotations_with_the_houses_signs(yaw: float, pitch: float, roll: float) -> None:
    axes = attitude(yaw, pitch, roll)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes[0, 2] == pytest.approx(math.sin(pitch))
    assert axes[1, 2] == pytest.approx(math.sin(roll) * math.cos(pitch))


def test_eyes_of_a_pair_stand_a_baseline_apart_and_turn_with_mast_and_body() -> None:
    pose = BodyPose(east_m=3.0, north_m=-2.0, up_m=0.4, yaw_rad=0.7, pitch_rad=0.1, roll_rad=-0.05)
    left, right = (eye_at(EYES.navcam, pose, side=side, pan_rad=0.5, tilt_rad=-0.1) for side in (1.0, -1.0))
    apart = left.place_m - right.place_m
    np.testing.assert_allclose(apart, 0.27 * left.axes[1], atol=1e-12)
    np.testing.assert_allclose(left.axes, right.axes)
    level = eye_at(EYES.navcam, BodyPose(east_m=3.0, north_m=-2.0, up_m=0.4, yaw_rad=0.0))
    np.testing.assert_allclose(level.place_m, [3.45, -2.0, 1.9])
    assert math.asin(level.axes[0, 2]) == pytest.approx(math.radians(-18.0))


def test_a_camera_below_ground_is_refused() -> None:
    with pytest.raises(CameraError, match=r"0\.250 m below ground; place it higher"):
        see(flat(), eye(0.0, 0.0, -0.25), pinhole(4, 40.0))
    figures = EYES.navcam.model_dump()
    with pytest.raises(ValueError, match="below ground"):
        CameraParams.model_validate(figures | {"up_m": -0.1})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fov_deg": 175.0}, "too wide for a pinhole"),
        ({"shortest_exposure_s": 9.0}, "longer than longest_exposure_s"),
        ({"bits": 9}, "8, 10 or 12"),
        ({"read_noise_e": -1.0}, "greater than or equal to 0"),
        ({"baseline_m": -0.2}, "greater than or equal to 0"),
        ({"rows": 0}, "greater than or equal to 1"),
    ],
)
def test_impossible_cameras_are_refused(change: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CameraParams.model_validate(EYES.navcam.model_dump() | change)


def test_a_pair_without_a_baseline_and_a_fisheye_pair_are_refused() -> None:
    whole = EYES.model_dump()
    with pytest.raises(ValueError, match="no stereo pair"):
        EyesParams.model_validate(whole | {"navcam": whole["navcam"] | {"baseline_m": 0.0}})
    with pytest.raises(ValueError, match="rectif"):
        EyesParams.model_validate(whole | {"hazcam": whole["hazcam"] | {"projection": "fisheye"}})


def test_the_phase_function_is_one_at_zero_and_falls() -> None:
    angles = np.radians(np.arange(0.0, 90.0, 0.5))
    found = phase(OPTICS, angles)
    assert found[0] == pytest.approx(1.0)
    assert (np.diff(found) < 0).all()
    # Published lunar phase curves fall to a third or a quarter at 60 deg, by half of that within the first 20.
    assert 0.2 < found[120] < 0.45 and 0.4 < found[40] < 0.75


def test_flat_ground_has_the_light_of_lommel_and_seeliger() -> None:
    sun = sunlight(60.0, 35.0)
    where, lens = eye(0.0, 0.0, 10.0, yaw_deg=20.0, pitch_deg=-45.0), pinhole(21, 40.0)
    picture = see(flat(), where, lens, sun)
    ways = lens.sights() @ where.axes
    seen, facing = -ways[..., 2], sun.direction[2]
    angle = np.arccos(-(ways @ sun.direction))
    expected = 2 * 0.08 * facing / (facing + seen) * phase(OPTICS, angle) + 0.08 * 0.004
    np.testing.assert_allclose(picture.radiance, expected, rtol=2e-3)
    overhead = see(flat(), eye(0.0, 0.0, 10.0, pitch_deg=-90.0), pinhole(1, 0.01), sunlight(0.0, 89.99))
    assert float(overhead.radiance[0, 0]) == pytest.approx(0.08, rel=0.02)


def test_grain_has_the_slopes_it_says_and_belongs_to_its_place() -> None:
    table = octaves(4.0, 0.7)
    one = np.ascontiguousarray(table[np.isclose(table[:, 0], 0.08)])
    heights = np.zeros((400, 400))
    add_grain(heights, one, 10.0, 20.0, 0.004, 0.0, math.inf)
    slope = np.gradient(heights, 0.004)[1]
    assert np.degrees(np.arctan(slope.std())) == pytest.approx(4.0 * 0.8 ** (0.7 - 1.0), rel=0.05)
    again = np.zeros((100, 100))
    add_grain(again, one, 10.0 + 50 * 0.004, 20.0 + 30 * 0.004, 0.004, 0.0, math.inf)
    np.testing.assert_allclose(again, heights[30:130, 50:150], atol=1e-9)
    assert table[0, 0] == LONGEST_M and len(octaves(0.0, 0.7)) == 0


def test_grain_shows_alike_whether_heights_hold_it_or_not() -> None:
    """The same octave in the cells' heights and in the slope that pixels add gives the same picture."""
    table = np.ascontiguousarray(octaves(4.0, 0.7)[2:3])  # 0.16 m
    fine = scene_of(lambda e, n: 0.0 * e, half_m=2.0, cell_m=0.01, grain=table)
    coarse = scene_of(lambda e, n: 0.0 * e, half_m=2.0, cell_m=0.05, grain=table)
    where, lens, sun = eye(0.0, 0.0, 1.5, pitch_deg=-90.0), pinhole(128, 60.0), sunlight(30.0, 50.0)
    light = [see(scene, where, lens, sun).radiance.ravel() for scene in (fine, coarse)]
    assert light[0].std() / light[0].mean() > 0.03
    assert np.corrcoef(light[0], light[1])[0, 1] > 0.98


def test_supersampling_is_the_mean_of_finer_pixels() -> None:
    scene = scene_of(lambda e, n: 0.1 * np.sin(e), half_m=30.0, cell_m=0.25)
    where, lens = eye(0.0, 0.0, 2.0, pitch_deg=-20.0), pinhole(32, 40.0)
    fine = see(scene, where, lens.scaled(2)).radiance.reshape(32, 2, 32, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(see(scene, where, lens, samples=2).radiance, fine, rtol=1e-6)


def test_auto_exposure_fills_the_brightest_and_noise_is_what_is_stated() -> None:
    picture = see(flat(), eye(0.0, 0.0, 5.0, pitch_deg=-90.0), pinhole(256, 3.0), sunlight(0.0, 45.0))
    camera = EYES.pcam
    exposure = auto_exposure_s(picture, camera, AU_M)
    held = electrons(picture, camera, AU_M, exposure)
    assert held.max() == pytest.approx(0.85 * camera.full_well_e, rel=0.02)
    rng = np.random.default_rng(1)
    frames = [expose(picture, camera, AU_M, rng).number.astype(np.float64) for _ in range(8)]
    step = camera.full_well_e / 1023
    expected = float(np.sqrt(noise_variance_e2(held, camera).mean())) / step
    assert np.std(np.array(frames) - held / step) == pytest.approx(expected, rel=0.03)
    nearer = auto_exposure_s(picture, camera, 0.98 * AU_M)
    assert nearer == pytest.approx(exposure * 0.98**2)


def test_a_dark_scene_is_noise_at_the_longest_exposure_and_a_long_one_is_full() -> None:
    where, lens = eye(0.0, 0.0, 5.0, pitch_deg=-90.0), pinhole(64, 3.0)
    dark = see(flat(), where, lens, sunlight(0.0, 45.0))
    black = type(dark)(
        lens=dark.lens, eye=dark.eye, radiance=0.0 * dark.radiance, range_m=dark.range_m, part=dark.part
    )
    frame = expose(black, EYES.navcam, AU_M, np.random.default_rng(2))
    assert frame.exposure_s == EYES.navcam.longest_exposure_s and frame.number.max() <= 3
    full = expose(dark, EYES.navcam, AU_M, np.random.default_rng(2), exposure_s=100.0)
    assert full.number.mean() > 254
