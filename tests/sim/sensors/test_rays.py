"""Rays meet the ground where it is: against planes, a brute march, and themselves under other levels and threads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.strips import THREADS_VARIABLE
from sim.moon.ground import Patch
from sim.sensors.camera import height_at
from sim.sensors.lens import Lens
from sim.sensors.scene import Scene, build_scene
from tests.sim.sensors.scenes import (
    Floats,
    eye,
    flat,
    heights_at,
    patch_of,
    pinhole,
    rough,
    scene_of,
    see,
    sunlight,
)


def rough_scene(seed: int = 3, *, inner: bool = True) -> Scene:
    """Rough ground of 1 m cells, with a finer and rougher patch off its middle."""
    wide = Patch(
        east_m=-64.0, north_m=-64.0, resolution_m=1.0, elevation_m=rough(seed, 129, 3.0).astype(np.float32)
    )
    fine = Patch(
        east_m=-9.9, north_m=-7.4, resolution_m=0.1, elevation_m=rough(seed + 1, 201, 0.6).astype(np.float32)
    )
    return build_scene([wide, fine] if inner else [wide], east_m=0.0, north_m=0.0)


def first_crossing(scene: Scene, place: Floats, way: Floats, step_m: float, end_m: float) -> float:
    """Where a ray first comes under the ground, by small steps and halving."""
    at = np.arange(0.0, end_m, step_m)
    points = place + at[:, None] * way
    under = points[:, 2] < heights_at(scene, points[:, 0], points[:, 1])
    if not under.any():
        return math.inf
    high = float(at[under.argmax()])
    low = high - step_m
    for _ in range(50):
        middle = 0.5 * (low + high)
        x, y, z = place + middle * way
        low, high = (low, middle) if z < height_at(scene, float(x), float(y)) else (middle, high)
    return high


@pytest.mark.parametrize("pitch_deg", [-90.0, -50.0, -20.0, -3.0])
def test_ranges_to_a_plane_are_exact(pitch_deg: float) -> None:
    where, lens = eye(0.3, -0.4, 1.5, yaw_deg=33.0, pitch_deg=pitch_deg), pinhole(65, 20.0)
    picture = see(flat(), where, lens)
    fall = -(lens.sights() @ where.axes)[..., 2]
    with np.errstate(divide="ignore"):
        expected = np.where(fall > 1.5 / 190.0, 1.5 / fall, np.inf)
    near = expected < 150.0
    np.testing.assert_allclose(picture.range_m[near], expected[near], rtol=2e-7)
    assert (picture.part[near] == -1).all()
    assert (picture.part[fall < 0] == -2).all() and np.isinf(picture.range_m[fall < 0]).all()


def test_depth_is_range_along_the_axis_and_points_lie_on_the_ground() -> None:
    where = eye(0.0, 0.0, 2.0, yaw_deg=140.0, pitch_deg=-30.0, roll_deg=7.0)
    picture = see(flat(), where, pinhole(32, 40.0))
    points = picture.points_m()
    np.testing.assert_allclose(points[..., 2], 0.0, atol=2e-6)
    axis = ((points - where.place_m) @ where.axes.T)[..., 0]
    np.testing.assert_allclose(picture.depth_m(), axis, rtol=1e-6)


@pytest.mark.parametrize("inner", [False, True])
def test_rough_ground_is_met_where_a_brute_march_meets_it(inner: bool) -> None:
    scene = rough_scene(inner=inner)
    top = height_at(scene, 1.3, 2.1)
    wrong, met = 0, 0
    for yaw in (0.0, 77.0, 200.0, 305.0):
        where, lens = eye(1.3, 2.1, top + 1.5, yaw_deg=yaw, pitch_deg=-12.0, roll_deg=4.0), pinhole(11, 50.0)
        picture = see(scene, where, lens, shaded=False)
        ways = lens.sights() @ where.axes
        for row in range(11):
            for col in range(11):
                expected = first_crossing(scene, where.place_m, ways[row, col], 0.01, 60.0)
                got = float(picture.range_m[row, col])
                if math.isinf(expected):
                    wrong += got < 60.0
                else:
                    met += 1
                    # Where the march steps over a crest, the ray is right and the march late.
                    wrong += abs(got - expected) > 1e-4 and not _is_crossing(
                        scene, where.place_m, ways[row, col], got
                    )
    assert met > 200
    assert wrong == 0


def _is_crossing(scene: Scene, place: Floats, way: Floats, t: float) -> bool:
    x, y, z = place + t * way
    return abs(z - height_at(scene, float(x), float(y))) < 1e-4


def test_a_fine_raster_counts_inside_and_leads_over_into_the_coarse_one_at_its_rim() -> None:
    wide = patch_of(lambda e, n: 0.02 * e, half_m=60.0, cell_m=1.0)
    fine = patch_of(lambda e, n: 0.02 * e + 0.5, half_m=20.0, cell_m=0.25)
    scene = build_scene([fine, wide], east_m=0.0, north_m=0.0)
    assert height_at(scene, 0.0, 0.0) == pytest.approx(0.5)
    assert height_at(scene, 20.0, 3.0) == pytest.approx(0.4)
    assert height_at(scene, 20.001, 3.0) == pytest.approx(0.4, abs=1e-4)
    at = np.arange(11.0, 21.0, 0.05)
    heights = np.array([height_at(scene, float(e), 0.0) - 0.02 * e for e in at])
    assert (np.diff(heights) <= 1e-6).all() and np.abs(np.diff(heights)).max() < 0.015


def test_a_sphere_falls_off_below_the_plane() -> None:
    wide = patch_of(lambda e, n: 0.0 * e, half_m=20_000.0, cell_m=200.0)
    scene = build_scene([wide], east_m=0.0, north_m=0.0, radius_m=1_737_400.0)
    assert height_at(scene, 12_000.0, 5_000.0) == pytest.approx(-(13_000.0**2) / 2 / 1_737_400.0, rel=1e-6)
    # The horizon of an eye at height h lies sqrt(2 R h) away, and dips by sqrt(2 h / R).
    lens = Lens.centred("pinhole", rows=2001, cols=3, fov_rad=math.radians(0.006))
    picture = see(scene, eye(0.0, 0.0, 10.0), lens, shaded=False)
    last = np.flatnonzero(picture.part[:, 1] == -1)[0]
    dip = (last - 1000) / lens.focal_px
    assert dip == pytest.approx(math.sqrt(2 * 10.0 / 1_737_400.0), rel=0.02)


def test_unknown_ground_is_looked_through() -> None:
    heights = np.zeros((41, 41), np.float32)
    heights[20:] = np.nan
    scene = build_scene(
        [Patch(east_m=-20.0, north_m=-20.0, resolution_m=1.0, elevation_m=heights)], east_m=0.0, north_m=0.0
    )
    picture = see(scene, eye(0.0, -10.5, 1.0, yaw_deg=90.0, pitch_deg=-20.0), pinhole(64, 40.0), shaded=False)
    north = picture.points_m()[..., 1]
    assert np.nanmax(north) < -1.0 + 1e-6
    assert (picture.part[0] == -2).all() and (picture.part[-1] == -1).all()


@pytest.mark.parametrize("projection", ["pinhole", "fisheye", "cylinder"])
def test_one_thread_and_two_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch, projection: str) -> None:
    scene = rough_scene()
    where = eye(0.0, 0.0, height_at(scene, 0.0, 0.0) + 1.5, pitch_deg=-15.0)
    lens = Lens.centred(projection, rows=90, cols=131, fov_rad=2.0)
    made = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv(THREADS_VARIABLE, threads)
        picture = see(scene, where, lens, sunlight(70.0, 12.0), lit=True)
        assert picture.lit is not None
        made.append(
            b"".join(a.tobytes() for a in (picture.radiance, picture.range_m, picture.part, picture.lit))
        )
    assert made[0] == made[1] == made[2]


def test_a_pixel_does_not_depend_on_its_tile() -> None:
    """Bundles only lead rays: the same rays in other bundles end alike."""
    scene = rough_scene()
    where = eye(0.0, 0.0, height_at(scene, 0.0, 0.0) + 1.5, pitch_deg=-10.0)
    lens = pinhole(96, 60.0)
    whole = see(scene, where, lens, sunlight(70.0, 12.0))
    shifted = Lens(
        projection="pinhole", rows=91, cols=93, focal_px=lens.focal_px, centre_row=lens.centre_row - 5,
        centre_col=lens.centre_col - 3,
    )  # fmt: skip
    part = see(scene, where, shifted, sunlight(70.0, 12.0))
    np.testing.assert_array_equal(part.part, whole.part[5:, 3:])
    np.testing.assert_allclose(part.range_m, whole.range_m[5:, 3:], rtol=1e-6)
    np.testing.assert_allclose(part.radiance, whole.radiance[5:, 3:], atol=1e-6)


def test_bilinear_patches_are_met_as_their_equation_says() -> None:
    """A saddle z = 0.05 x y is one bilinear patch per cell, and the quadratic is solvable by hand."""
    scene = scene_of(lambda e, n: 0.05 * e * n, half_m=20.0, cell_m=1.0)
    where, lens = eye(-6.3, 4.2, 3.0, yaw_deg=-40.0, pitch_deg=-25.0), pinhole(33, 40.0)
    picture = see(scene, where, lens, shaded=False)
    ways = lens.sights() @ where.axes
    x, y, z = where.place_m
    a = 0.05 * ways[..., 0] * ways[..., 1]
    b = 0.05 * (x * ways[..., 1] + y * ways[..., 0]) - ways[..., 2]
    c = 0.05 * x * y - z
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(b * b - 4 * a * c)
        both = np.stack([(-b - root) / (2 * a), (-b + root) / (2 * a)])
    both[~(both > 0)] = np.inf
    expected = both.min(axis=0)
    inside = np.isfinite(picture.range_m)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(picture.range_m[inside], expected[inside], rtol=1e-5)


def test_rasters_that_do_not_nest_are_refused() -> None:
    fine = patch_of(lambda e, n: 0.0 * e, half_m=5.0, cell_m=0.5, east_m=18.0)
    wide = patch_of(lambda e, n: 0.0 * e, half_m=20.0, cell_m=1.0)
    with pytest.raises(ValueError, match="not inside"):
        build_scene([fine, wide], east_m=0.0, north_m=0.0)
    with pytest.raises(ValueError, match="without ground"):
        build_scene([], east_m=0.0, north_m=0.0)
