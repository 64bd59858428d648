"""The panorama of a camera on a mast: frames all round, put together on a cylinder of azimuth and elevation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates, uniform_filter

from rover.core.eyes import CameraParams
from sim.mission.landing_place import LandingPlace, NearCrater
from sim.moon.optics import OpticsParams
from sim.sensors.bodies import Bodies, attitude
from sim.sensors.camera import Eye, Picture, Sunlight, take_picture
from sim.sensors.exposure import auto_exposure_s, expose
from sim.sensors.lens import Lens
from sim.sensors.mount import BodyPose, eye_at, lens_of

Floats = npt.NDArray[np.float64]
Colours = npt.NDArray[np.float32]

ROWS, COLS = 600, 3600
TOP_DEG, BOTTOM_DEG = 10.0, -50.0
"""Elevations of the panorama's edges: a tenth of a degree a pixel, as across."""

TURNS, TILTS_DEG = 20, (1.8, -13.2, -28.2, -43.2)
"""Eighty frames: four rings of twenty, which overlap by a fifth across and a ninth up and down."""

_FEATHER_PX = 0.5
_CLIPPED_MEAN, _DARK_NOISES = np.float32(1.0 / math.sqrt(math.tau)), np.float32(3.0)
"""Mean of noise of deviation 1 whose lower half is cut to nothing, and below how much of it a pixel counts as dark."""

_OVERVIEW_STEP = 4
_MOST_CRATERS, _LOOKED_AT, _LEAST_PIXELS = 4, 200, 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """One frame of a panorama.

    Attributes:
        picture: What was seen.
        light: (rows, cols, 3) float32 red, green and blue radiance as the sensor had it, noise and all.
    """

    picture: Picture
    light: Colours


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panorama:
    """A panorama: column 0 begins at azimuth 0, clockwise from the ground's north; row 0 is the uppermost.

    Attributes:
        light: (ROWS, COLS, 3) float32 radiance.
        shots: How many frames hold each pixel, (ROWS, COLS) uint8.
    """

    light: Colours
    shots: npt.NDArray[np.uint8]


def shoot(
    place: LandingPlace,
    camera: CameraParams,
    sun: Sunlight,
    optics: OpticsParams,
    *,
    cols: int,
    generator: np.random.Generator,
) -> Iterator[Shot]:
    """Yield the frames of a panorama, ring by ring from the uppermost.

    Args:
        place: With the camera's lander on it.
        camera: On the lander.
        sun: Light.
        optics: Of the ground.
        cols: Of a frame.
        generator: Of the noise.
    """
    lens = lens_of(camera, cols=cols)
    tints = tints_of(place.scene.bodies, optics)
    for tilt_deg in TILTS_DEG:
        for turn in range(TURNS):
            pan = -math.tau * turn / TURNS
            eye = eye_at(camera, place.lander, pan_rad=pan, tilt_rad=math.radians(tilt_deg))
            picture = take_picture(place.scene, eye, lens, sun, optics)
            yield Shot(picture=picture, light=_sensed(picture, camera, sun, tints, generator))


def tints_of(bodies: Bodies, optics: OpticsParams) -> Colours:
    """Return colours by what a pixel shows, from -2 (sky) on."""
    return np.array([(1.0, 1.0, 1.0), optics.tint, *(part.tint for part in bodies.parts)], np.float32)


def _sensed(
    picture: Picture, camera: CameraParams, sun: Sunlight, tints: Colours, generator: np.random.Generator
) -> Colours:
    """Return what the sensor had of a picture, by the exposure that it chose."""
    exposure = auto_exposure_s(picture, camera, sun.distance_m)
    frame = expose(picture, camera, sun.distance_m, generator, exposure_s=exposure)
    grey = frame.number.astype(np.float32)
    # No number is below zero, so that noise alone has a mean, the more the shorter the exposure is.
    noise = np.float32(camera.read_noise_e * frame.full / camera.full_well_e)
    grey -= (grey < _DARK_NOISES * noise) * (_CLIPPED_MEAN * noise)
    grey /= np.float32(frame.full * exposure)
    return grey[..., None] * tints[picture.part + 2]


def level_eye(place: LandingPlace, camera: CameraParams) -> Eye:
    """Return an eye at the camera's place that looks north, level: what a panorama's angles are counted from."""
    offset = np.array([camera.forward_m, camera.left_m, camera.up_m])
    return Eye(
        place_m=place.lander.place_m + offset @ place.lander.axes, axes=attitude(math.pi / 2, 0.0, 0.0)
    )


def put_together(shots: Iterable[Shot]) -> Panorama:
    """Return the panorama of frames: where they overlap, each counts by how far it is from its edge."""
    light = np.zeros((ROWS, COLS, 3))
    weight, count = np.zeros((ROWS, COLS)), np.zeros((ROWS, COLS), np.uint8)
    for shot in shots:
        _add(shot, light, weight, count)
    light /= np.maximum(weight, 1e-9)[..., None]
    return Panorama(light=light.astype(np.float32), shots=count)


def _add(shot: Shot, light: Floats, weight: Floats, count: npt.NDArray[np.uint8]) -> None:
    """Add a frame to sums of light and weight, in the window of the panorama that it can reach."""
    lens, axes = shot.picture.lens, shot.picture.eye.axes
    rows, cols = _window(lens, axes)
    azimuth = math.tau * (cols + 0.5) / COLS
    elevation = np.radians(TOP_DEG - (rows + 0.5) * (TOP_DEG - BOTTOM_DEG) / ROWS)
    level, up = np.cos(elevation)[:, None], np.sin(elevation)[:, None]
    ways = np.stack(
        np.broadcast_arrays(level * np.sin(azimuth), level * np.cos(azimuth), up + 0.0 * azimuth), axis=-1
    )
    at = lens.project(ways @ axes.T)
    with np.errstate(invalid="ignore"):
        inwards = np.minimum(
            np.minimum(at[..., 0] + 0.5, lens.rows - 0.5 - at[..., 0]),
            np.minimum(at[..., 1] + 0.5, lens.cols - 0.5 - at[..., 1]),
        )
    inside = inwards > _FEATHER_PX
    if not inside.any():
        return
    share = inwards[inside] / min(lens.rows, lens.cols)
    row, col = np.nonzero(inside)
    to = rows[row], cols[col] % COLS
    # A pixel of the panorama is wider than one of the frame's: it takes the mean of those under it.
    width = max(1, round(lens.focal_px * math.tau / COLS))
    for band in range(3):
        even = uniform_filter(shot.light[..., band], width)
        light[(*to, band)] += share * map_coordinates(even, at[inside].T, order=1, mode="nearest")
    weight[to] += share
    count[to] += 1


def _window(lens: Lens, axes: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return rows and columns of the panorama that a frame may reach; columns go on past the last one."""
    half = math.atan(math.hypot(lens.cols, lens.rows) / 2.0 / lens.focal_px)
    azimuth, elevation = math.atan2(axes[0, 0], axes[0, 1]), math.asin(axes[0, 2])
    per_rad = COLS / math.tau
    top = math.floor((math.radians(TOP_DEG) - elevation - half) * per_rad)
    rows = np.arange(max(0, top), min(ROWS, math.ceil(top + 2 * half * per_rad) + 1))
    steepest = min(abs(elevation) + half, math.radians(85.0))
    wide = min(math.pi, math.asin(min(1.0, math.sin(half) / math.cos(steepest))))
    first = math.floor((azimuth - wide) * per_rad)
    return rows, np.arange(first, first + min(COLS, math.ceil(2 * wide * per_rad) + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something to be named on a panorama.

    Attributes:
        words: What it is.
        azimuth_deg, elevation_deg: Where it is seen.
    """

    words: str
    azimuth_deg: float
    elevation_deg: float


def overview(place: LandingPlace, camera: CameraParams, sun: Sunlight, optics: OpticsParams) -> Picture:
    """Return what the panorama shows where, without its light, on a grid `_OVERVIEW_STEP` times as wide."""
    lens = Lens(
        projection="cylinder",
        rows=ROWS // _OVERVIEW_STEP,
        cols=COLS // _OVERVIEW_STEP,
        focal_px=COLS / _OVERVIEW_STEP / math.tau,
        centre_row=TOP_DEG * COLS / 360.0 / _OVERVIEW_STEP - 0.5,
        centre_col=-0.5,
    )
    return take_picture(place.scene, level_eye(place, camera), lens, sun, optics, shaded=False)


def ground_light(panorama: Panorama, seen: Picture, percentile: float) -> float:
    """Return a percentile of the ground's radiance, by which a panorama with bright bodies on it is shown."""
    sampled = panorama.light[_OVERVIEW_STEP // 2 :: _OVERVIEW_STEP, _OVERVIEW_STEP // 2 :: _OVERVIEW_STEP]
    return float(np.percentile(sampled[seen.part == -1], percentile))


def marks_on(place: LandingPlace, seen: Picture, craters: Sequence[NearCrater]) -> list[Mark]:
    """Return what may be named: the rover where it is seen, and the craters that take up most of the picture.

    Args:
        place: With the rover on it.
        seen: Of `overview`.
        craters: About the place.
    """
    points, ground = seen.points_m(), seen.part == -1
    first, last = place.rover_parts
    found = []
    rover = (seen.part >= first) & (seen.part < last)
    if rover.any():
        found.append(_mark("rover", rover))
    here = place.lander.east_m, place.lander.north_m

    def wide(crater: NearCrater) -> float:
        return crater.diameter_m / max(math.dist((crater.east_m, crater.north_m), here), crater.diameter_m)

    shown = []
    for crater in sorted(craters, key=wide, reverse=True)[:_LOOKED_AT]:
        away = np.hypot(points[..., 0] - crater.east_m, points[..., 1] - crater.north_m)
        inside = ground & (away < 0.5 * crater.diameter_m)
        distance = math.dist((crater.east_m, crater.north_m), here)
        if np.count_nonzero(inside) >= _LEAST_PIXELS and distance > crater.diameter_m:
            words = f"crater {_metres(crater.diameter_m)} wide, {_metres(distance)} away"
            shown.append((int(np.count_nonzero(inside)), _mark(words, inside)))
    shown.sort(key=lambda pair: -pair[0])
    return found + [mark for _, mark in shown[:_MOST_CRATERS]]


def _mark(words: str, where: npt.NDArray[np.bool_]) -> Mark:
    """Return a mark over the middle of what is seen, at its upper edge; azimuths go round."""
    rows, cols = np.nonzero(where)
    turn = math.tau * (cols + 0.5) / where.shape[1]
    azimuth = math.degrees(math.atan2(np.sin(turn).mean(), np.cos(turn).mean())) % 360.0
    step = (TOP_DEG - BOTTOM_DEG) / where.shape[0]
    return Mark(words=words, azimuth_deg=azimuth, elevation_deg=TOP_DEG - float(rows.min()) * step)


def _metres(length_m: float) -> str:
    return f"{length_m / 1000:.1f} km" if length_m >= 999.5 else f"{length_m:.0f} m"


def body_azimuth_deg(pose: BodyPose) -> float:
    """Return where a body faces, clockwise from the ground's north."""
    return math.degrees(math.pi / 2 - pose.yaw_rad) % 360.0
