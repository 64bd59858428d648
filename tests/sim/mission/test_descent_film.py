"""The film's geometry: what one frame shows lies in the next where the camera's motion says."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates, minimum_filter

from rover.core.time import parse_utc
from sim.mission.daylight import sunlight_at
from sim.mission.descent_film import DescentFilm
from sim.mission.descent_world import DescentWorld
from sim.mission.lander import LanderState, attitude_of
from sim.mission.lander_kernels import SIZE
from sim.run.mission_scenario import load_mission
from sim.sensors.camera import Eye, Picture
from sim.sensors.scene import Scene

Floats = npt.NDArray[np.float64]

MISSION = load_mission("chang-e-4")
LANDER = MISSION.read_lander().params
EPOCH = parse_utc(MISSION.descent.ignition_utc)
PIXELS = 256


@pytest.fixture(scope="module")
def world() -> DescentWorld:
    return DescentWorld(MISSION.read_site(), MISSION.seed, 0.0)


def state_at(ahead_m: float, left_m: float, up_m: float, lean_deg: float = 0.0) -> LanderState:
    values = np.zeros(SIZE)
    values[0:3] = ahead_m, left_m, up_m
    lean = math.radians(lean_deg)
    values[6:10] = attitude_of(np.array([-math.sin(lean), 0.0, math.cos(lean)]))
    return LanderState(time_s=600.0, values=values)


def frame(film: DescentFilm, world: DescentWorld, state: LanderState) -> tuple[Picture, Scene]:
    height = world.height_m(state)
    return film.picture(state, height, sunlight_at(world.site, EPOCH, 600.0)), film.scene(state, height)


def in_frame(world: DescentWorld, picture: Picture, scene: Scene) -> Floats:
    """Return (rows, cols, 3) what a picture shows, in the descent's own axes."""
    point, rows = world.frame.axes_at(scene.east_m - world.east_m, scene.north_m - world.north_m)
    return (picture.points_m() - np.array([scene.east_m, scene.north_m, world.origin_up_m])) @ rows + point


def seen_at(world: DescentWorld, points: Floats, picture: Picture, scene: Scene) -> Floats:
    """Return (rows, cols, 2) where another picture shows points."""
    point, rows = world.frame.axes_at(scene.east_m - world.east_m, scene.north_m - world.north_m)
    eye: Eye = picture.eye
    place = (points - point) @ rows.T + np.array([scene.east_m, scene.north_m, world.origin_up_m])
    return picture.lens.project((place - eye.place_m) @ eye.axes.T)


def residual_px(first: Picture, second: Picture, at: Floats) -> list[float]:
    """Return by how much patches of the second picture, put where they belong in the first, are displaced, pixels."""
    known = np.isfinite(at).all(axis=-1)
    there = map_coordinates(
        second.radiance.astype(np.float64),
        np.where(known, np.moveaxis(at, -1, 0), -1.0),
        order=1,
        cval=math.nan,
    )
    one, two = flat(first.radiance.astype(np.float64)), flat(np.where(np.isfinite(there), there, 0.0))
    inside = minimum_filter(np.isfinite(there), 49)  # as far as the edge of what is seen twice reaches
    down, right = np.gradient(two)
    found = []
    step = PIXELS // 4
    for row in range(8, PIXELS - step, step):
        for col in range(8, PIXELS - step, step):
            part = slice(row, row + step), slice(col, col + step)
            use = inside[part]
            if use.mean() < 0.5:
                continue
            design = np.column_stack([down[part][use], right[part][use]])
            shift = np.linalg.lstsq(design, (one - two)[part][use], rcond=None)[0]
            found.append(float(np.hypot(*shift)))
    return found


def flat(picture: Floats) -> Floats:
    """Return a picture smoothed to what both frames resolve, without its broad light and contrast."""
    fine, broad = gaussian_filter(picture, 1.5), gaussian_filter(picture, 8.0, truncate=2.0)
    left = fine - broad
    return left / np.sqrt(gaussian_filter(left**2, 8.0, truncate=2.0) + 1e-12)


@pytest.mark.parametrize(
    "before, after",
    [
        ((-200.0, 30.0, 5900.0, 2.0), (-190.0, 30.0, 5600.0, 0.0)),  # one scene
        ((0.0, 0.0, 4300.0, 0.0), (4.0, 0.0, 3900.0, 0.5)),  # ground made anew between the two
        ((0.0, 0.0, 1100.0, 1.0), (3.0, 4.0, 950.0, 0.0)),
        ((20.0, -10.0, 140.0, 0.0), (22.0, -8.0, 118.0, 3.0)),
        ((20.0, -10.0, 19.0, 0.0), (20.2, -10.0, 15.0, 0.0)),
        ((-60_000.0, 100.0, 12_500.0, 72.0), (-58_500.0, 100.0, 12_450.0, 72.0)),  # to the horizon
        (
            (-60_000.0, 100.0, 12_500.0, 72.0),
            (-45_000.0, 100.0, 11_900.0, 70.0),
        ),  # the same, ground made anew
    ],
)
def test_features_follow_the_camera_within_a_pixel(
    world: DescentWorld, before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    film = DescentFilm(world, LANDER.lcam, PIXELS)
    one, one_scene = frame(film, world, state_at(*before))
    two, two_scene = frame(film, world, state_at(*after))
    at = seen_at(world, in_frame(world, one, one_scene), two, two_scene)
    moved = np.abs(at - np.moveaxis(np.indices(at.shape[:2]), 0, -1))
    assert np.nanmax(moved) > 5.0, "the camera has not moved enough to tell"
    residual = residual_px(one, two, at)
    assert len(residual) >= 2
    assert max(residual) < 1.0


def seen_by_hand(world: DescentWorld, state: LanderState, pixels: int) -> Floats:
    """Return (pixels, pixels) light of the ground through a pinhole of the published field of view.

    Nothing of the renderer is used: no lens, mount, eye, scene or ray of its own. The ground's heights are met by
    fixed-point iteration, and lit by the cosine of incidence. The flight is northwards, so that ahead is north.
    """
    patch = world.patch(state.place_m, 0.7 * world.height_m(state), _cell_mm(world.height_m(state), pixels))
    heights = patch.elevation_m.astype(np.float64) - world.origin_up_m
    ahead, left, up = state.axes
    eye = state.place_m + LANDER.lcam.forward_m * ahead + LANDER.lcam.left_m * left + LANDER.lcam.up_m * up
    focal = pixels / 2.0 / math.tan(math.radians(45.3) / 2.0)
    off = ((pixels - 1) / 2.0 - np.arange(pixels)) / focal
    ways = off[:, None, None] * ahead + off[None, :, None] * left - up
    far = np.full((pixels, pixels), eye[2])
    for _ in range(12):
        x, y = (eye[axis] + far * ways[..., axis] for axis in (0, 1))
        at = np.stack(
            [
                (world.north_m + x - patch.north_m) / patch.resolution_m,
                (world.east_m - y - patch.east_m) / patch.resolution_m,
            ]
        )
        ground = np.asarray(map_coordinates(heights, at, order=1, mode="nearest"), np.float64)
        far = (eye[2] - ground + (x**2 + y**2) / 2.0 / world.frame.ground_radius_m) / -ways[..., 2]
    north, east = (
        map_coordinates(rise, at, order=1, mode="nearest")
        for rise in np.gradient(heights, patch.resolution_m)
    )
    sun = sunlight_at(world.site, EPOCH, 600.0).direction
    light = (sun[2] - east * sun[0] - north * sun[1]) / np.sqrt(1.0 + east**2 + north**2)
    return np.asarray(np.clip(light, 0.0, None), np.float64)


def _cell_mm(high_m: float, pixels: int) -> int:
    return max(8, round(1000.0 * high_m / pixels))


@pytest.mark.parametrize("where", [(0.0, 0.0, 1100.0, 1.0), (20.0, -10.0, 140.0, 3.0)])
def test_the_ground_is_where_a_camera_of_the_published_figures_has_it(
    world: DescentWorld, where: tuple[float, ...]
) -> None:
    """Frames that are wrong alike follow each other well: so one is held to a camera of another make.

    A frame that is shifted by a pixel, a focal length that is wrong by 0.5 % and a boresight that is off by a tenth of
    a degree each break one of the bounds.
    """
    pixels = 2 * PIXELS
    film = DescentFilm(world, LANDER.lcam, pixels)
    state = state_at(*where)
    picture, _ = frame(film, world, state)
    shown, wanted = flat(picture.radiance.astype(np.float64)), flat(seen_by_hand(world, state, pixels))
    shift, stretch = warp_px(shown, wanted)
    assert math.hypot(*shift) < 0.1
    assert abs(stretch) < 1e-3


def warp_px(shown: Floats, wanted: Floats) -> tuple[Floats, float]:
    """Return by how many pixels one picture is shifted against another, down and right, and by what share stretched."""
    down, right = np.gradient(wanted)
    inside = np.s_[24:-24, 24:-24]
    middle = (wanted.shape[0] - 1) / 2.0
    row, col = np.indices(wanted.shape) - middle
    design = np.column_stack([layer[inside].ravel() for layer in (down, right, down * row + right * col)])
    found: Floats = np.asarray(np.linalg.lstsq(design, (wanted - shown)[inside].ravel(), rcond=None)[0])
    return found[:2], float(found[2])
