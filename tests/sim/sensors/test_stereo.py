"""Stereo: its errors by range, its gaps, and the law held against a real matcher on the same pictures."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import uniform_filter

from rover.core.eyes import CameraParams, EyesParams, MatchingParams
from rover.core.strips import THREADS_VARIABLE
from rover.io.vehicle import read_vehicle
from sim.moon.ground import Patch
from sim.sensors.bodies import Part, attitude, set_down
from sim.sensors.camera import Sunlight
from sim.sensors.exposure import auto_exposure_s, electrons, expose, noise_variance_e2
from sim.sensors.grain import octaves
from sim.sensors.mount import BodyPose
from sim.sensors.scene import Scene, build_scene
from sim.sensors.stereo import Pair, StereoDepth, match_noise_px, match_pair, take_pair
from tests.sim.sensors.scenes import AU_M, OPTICS, rough, scene_of, sunlight

EYES = read_vehicle("yutu-2").part("eyes", EyesParams)
HERE = BodyPose(east_m=0.0, north_m=0.0, up_m=0.0, yaw_rad=0.4)
MORNING = sunlight(75.0, 25.0)


@pytest.fixture(scope="module")
def ground() -> Scene:
    """Gently rough ground with grain, 0.05 m cells about the rover."""
    near = Patch(
        east_m=-20.0, north_m=-20.0, resolution_m=0.05, elevation_m=rough(2, 801, 0.08).astype(np.float32)
    )
    far = Patch(
        east_m=-150.0, north_m=-150.0, resolution_m=1.0, elevation_m=rough(3, 301, 0.4).astype(np.float32)
    )
    return build_scene([near, far], east_m=0.0, north_m=0.0, grain=octaves(3.0, 0.7))


def standing(scene: Scene) -> BodyPose:
    from sim.sensors.camera import height_at

    return replace(HERE, up_m=height_at(scene, 0.0, 0.0))


def look(
    scene: Scene, camera: CameraParams, sun: Sunlight = MORNING, *, cols: int | None = None, seed: int = 1,
    matching: MatchingParams = EYES.matching, lost: float = 0.0,
) -> tuple[Pair, StereoDepth]:  # fmt: skip
    pair = take_pair(scene, camera, standing(scene), sun, OPTICS, cols=cols, both_shaded=False)
    return pair, match_pair(pair, camera, matching, AU_M, np.random.default_rng(seed), lost=lost)


@pytest.mark.parametrize(("name", "range_m", "bound_m"), [("navcam", 10.0, 0.11), ("hazcam", 5.0, 0.2)])
def test_depth_error_at_the_authorities_range(
    ground: Scene, name: str, range_m: float, bound_m: float
) -> None:
    pair, depth = look(ground, getattr(EYES, name))
    true = pair.left.depth_m()
    near = np.isfinite(depth.depth_m) & (np.abs(true / range_m - 1.0) < 0.05)
    error = depth.depth_m[near] - true[near]
    assert near.sum() > 1000
    assert float(np.sqrt((error**2).mean())) < bound_m
    assert float(np.sqrt((error**2).mean())) > 0.3 * bound_m  # and it is there


def test_error_grows_with_range_squared_and_is_known_to_the_matcher(ground: Scene) -> None:
    errors, ranges = [], (2.5, 4.0, 6.0, 9.0)
    pair, depth = look(ground, EYES.navcam)
    true = pair.left.depth_m()
    focal_base = pair.left.lens.focal_px * EYES.navcam.baseline_m
    known = np.isfinite(depth.depth_m)
    for range_m in ranges:
        near = known & (np.abs(true / range_m - 1.0) < 0.08)
        relative = (depth.depth_m[near] - true[near]) / true[near] ** 2 * focal_base
        errors.append(float(relative.std()))
        told = (depth.depth_m[near] - true[near]) / depth.sigma_m[near]
        assert told.std() == pytest.approx(1.0, abs=0.12)
        assert abs(told.mean()) < 0.25
    assert max(errors) / min(errors) < 1.3  # pixels of disparity, whatever the range
    assert EYES.matching.noise_px * 0.9 < min(errors)


def test_errors_of_neighbours_go_together_and_of_windows_apart_do_not(ground: Scene) -> None:
    pair, depth = look(ground, EYES.navcam)
    error = (depth.depth_m - pair.left.depth_m()) / depth.sigma_m
    shift = EYES.matching.window_px

    def related(by: int) -> float:
        both = np.isfinite(error[:, by:]) & np.isfinite(error[:, :-by])
        return float(np.corrcoef(error[:, by:][both], error[:, :-by][both])[0, 1])

    assert related(1) == pytest.approx(1.0 - 1.0 / shift, abs=0.05)
    assert abs(related(shift + 2)) < 0.05


def test_what_one_eye_only_sees_has_no_depth() -> None:
    """A post before rough ground: on its left the left eye sees ground that the right one does not."""
    heights = rough(2, 801, 0.05).astype(np.float32)
    patch = Patch(east_m=-20.0, north_m=-20.0, resolution_m=0.05, elevation_m=heights)
    post = Part(name="post", kind="box", at_m=(3.0, 0.0, 0.5), half_m=(0.05, 0.1, 1.5), albedo=0.3)
    scene = build_scene(
        [patch], east_m=0.0, north_m=0.0, grain=octaves(3.0, 0.7),
        bodies=set_down([([post], np.zeros(3), attitude(0.0, 0.0, 0.0))]),
    )  # fmt: skip
    pose = BodyPose(east_m=0.0, north_m=0.0, up_m=0.1, yaw_rad=0.0)
    pair = take_pair(scene, EYES.navcam, pose, sunlight(180.0, 60.0), OPTICS)
    depth = match_pair(pair, EYES.navcam, EYES.matching, AU_M, np.random.default_rng(1))
    right = pair.right
    # Every ground point that the left eye ranges is seen by the right eye too: nothing stands in its way.
    points = pair.left.points_m()
    way = points - right.eye.place_m
    pixel = right.lens.project(way @ right.eye.axes.T)
    ranged = np.isfinite(depth.depth_m)
    assert (pair.left.part[ranged] == -1).all()
    row, col = np.rint(pixel[ranged]).astype(int).T
    seen = right.range_m[np.clip(row, 0, 1023), np.clip(col, 0, 1023)]
    hidden = seen < np.linalg.norm(way[ranged], axis=-1) - 0.5
    assert hidden.mean() < 0.001
    # And there is a gap beside the post, in which only the left eye sees ground.
    middle = 500
    posts = np.flatnonzero(pair.left.part[middle] == 0)
    beside = depth.depth_m[middle, posts[0] - 30 : posts[0]]
    assert np.isnan(beside).mean() > 0.9
    other = depth.depth_m[middle, posts[-1] + 8 : posts[-1] + 16]
    assert np.isfinite(other).mean() > 0.7


def test_no_depth_on_ground_without_texture_in_deep_shadow_or_overexposed() -> None:
    smooth = scene_of(lambda e, n: 0.0 * e, half_m=100.0, cell_m=0.5)
    assert np.isfinite(look(smooth, EYES.navcam, cols=256)[1].depth_m).mean() < 0.02
    textured = replace(smooth, grain=octaves(3.0, 0.7))
    assert np.isfinite(look(textured, EYES.navcam, cols=256)[1].depth_m).mean() > 0.5
    # A cliff to the east, and the Sun low behind it: its shadow covers half of the picture.
    wall = scene_of(
        lambda e, n: np.where(n < -3.0, 1.3, 0.0), half_m=60.0, cell_m=0.25, grain=octaves(3.0, 0.7)
    )
    pose = BodyPose(east_m=0.0, north_m=0.0, up_m=0.0, yaw_rad=math.radians(20.0))
    sun = sunlight(180.0, 15.0)
    pair = take_pair(wall, EYES.navcam, pose, sun, OPTICS, cols=256)
    found = blocks_matched(*frames_of(pair), EYES.matching.window_px, 64)
    error = np.abs(found - pair.left.lens.focal_px * EYES.navcam.baseline_m / pair.left.depth_m())
    lit = take_lit(wall, pair, sun)
    depth = match_pair(pair, EYES.navcam, EYES.matching, AU_M, np.random.default_rng(1)).depth_m
    near = (pair.left.range_m < 8.0) & (pair.left.part == -1)
    inner = np.s_[20:-20, 40:-20]
    dark = uniform_filter(lit, 13) == 0
    bright = uniform_filter(lit, 13) > 0.99
    assert (near & dark)[inner].sum() > 300 and (near & bright)[inner].sum() > 300
    assert np.isfinite(depth[inner][(near & dark)[inner]]).mean() < 0.03
    assert np.isfinite(depth[inner][(near & bright)[inner]]).mean() > 0.8
    # A real matcher is lost in that shadow, and at home beside it.
    assert not np.nanmedian(error[inner][(near & dark)[inner]]) < 1.0
    assert np.nanmedian(error[inner][(near & bright)[inner]]) < 0.3
    light = np.minimum(electrons(pair.left, EYES.navcam, AU_M, 50.0), EYES.navcam.full_well_e)
    sigma = match_noise_px(light, noise_variance_e2(light, EYES.navcam), EYES.matching)
    assert np.isinf(sigma[200, 100:150]).all()


def take_lit(scene: Scene, pair: Pair, sun: Sunlight) -> npt.NDArray[np.float32]:
    from sim.sensors.camera import take_picture

    lit = take_picture(scene, pair.left.eye, pair.left.lens, sun, OPTICS, lit=True).lit
    assert lit is not None
    return lit


def blocks_matched(
    left: npt.NDArray[np.float64], right: npt.NDArray[np.float64], side: int, most: int
) -> npt.NDArray[np.float64]:
    """Disparity by least squared difference of blocks less their mean, a parabola between pixels; NaN at the ends."""
    left, right = (light - uniform_filter(light, side) for light in (left, right))
    cost = np.full((most, *left.shape), np.inf)
    for d in range(most):
        square = np.full(left.shape, 1e6)
        square[:, d:] = (left[:, d:] - right[:, : left.shape[1] - d]) ** 2
        cost[d] = uniform_filter(square, side)
    best = cost.argmin(axis=0)
    rows, cols = np.indices(left.shape)
    middle = np.clip(best, 1, most - 2)
    before, at, after = (cost[middle + k, rows, cols] for k in (-1, 0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = middle + 0.5 * (before - after) / (before - 2 * at + after)
    return np.where((best > 0) & (best < most - 1), found, np.nan)


def frames_of(pair: Pair) -> list[npt.NDArray[np.float64]]:
    """Both pictures as the sensors give them, by one exposure."""
    rng = np.random.default_rng(4)
    exposure = auto_exposure_s(pair.left, EYES.navcam, AU_M)
    return [
        expose(picture, EYES.navcam, AU_M, rng, exposure_s=exposure).number.astype(np.float64)
        for picture in (pair.left, pair.right)
    ]


@pytest.mark.parametrize("elevation_deg", [30.0, 9.0])
def test_the_law_of_errors_against_a_real_matcher_on_the_same_pictures(
    ground: Scene, elevation_deg: float
) -> None:
    sun, camera = sunlight(75.0, elevation_deg), EYES.navcam
    pair = take_pair(ground, camera, standing(ground), sun, OPTICS, cols=256)
    rng = np.random.default_rng(4)
    found = blocks_matched(*frames_of(pair), EYES.matching.window_px, 64)
    true = pair.left.lens.focal_px * camera.baseline_m / pair.left.depth_m()
    told = np.isfinite(match_pair(pair, camera, EYES.matching, AU_M, rng).depth_m)
    error = np.abs(found - true)
    good = told & np.isfinite(found)
    assert good.sum() > 20_000
    # A plain matcher makes no allowance for the slant of the ground in its blocks, which costs it a tenth of a pixel.
    assert 1.4826 * float(np.median(error[good])) < 1.7 * EYES.matching.noise_px
    assert float((error[good] > 1.0).mean()) < 0.1


def test_a_fault_loses_the_share_that_it_says(ground: Scene) -> None:
    whole = np.isfinite(look(ground, EYES.navcam, cols=256)[1].depth_m)
    less = np.isfinite(look(ground, EYES.navcam, cols=256, lost=0.4)[1].depth_m)
    assert (less & ~whole).sum() == 0
    assert less.sum() / whole.sum() == pytest.approx(0.6, abs=0.06)
    assert not np.isfinite(look(ground, EYES.navcam, cols=256, lost=1.0)[1].depth_m).any()


def test_points_lie_where_the_depth_says(ground: Scene) -> None:
    exact = EYES.matching.model_copy(update={"noise_px": 1e-9})
    pair, depth = look(ground, EYES.navcam, cols=256, matching=exact)
    points, sigma = depth.seen_m()
    assert len(points) == np.isfinite(depth.depth_m).sum() == len(sigma)
    place = pair.left.eye.place_m + points @ pair.left.eye.axes
    true = pair.left.points_m()[np.isfinite(depth.depth_m)]
    away = np.linalg.norm(place - true, axis=-1) / np.linalg.norm(true - pair.left.eye.place_m, axis=-1)
    assert np.median(away) < 5e-3


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(
    ground: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for threads in ("1", "2"):
        monkeypatch.setenv(THREADS_VARIABLE, threads)
        depth = look(ground, EYES.navcam, cols=256, seed=3)[1]
        made.append(depth.depth_m.tobytes() + depth.sigma_m.tobytes())
    assert made[0] == made[1]
    assert look(ground, EYES.navcam, cols=256, seed=4)[1].depth_m.tobytes() not in made[0]
