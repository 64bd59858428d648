"""The panorama of a camera on a mast: frames all round, put together on a cylinder of azimuth and elevation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates, uniform_filter

from rover.core.eyes import CameraParams
from sim.mission.landing_place import LandingPlace
from sim.moon.optics import OpticsParams
from sim.sensors.bodies import Bodies, attitude
from sim.sensors.camera import Eye, Picture, Sunlight, take_picture
from sim.sensors.exposure import auto_exposure_s, expose
from sim.sensors.lens import Lens
from sim.sensors.mount import BodyPose, eye_at, lens_of
from sim.sensors.scene import Scene

Floats = npt.NDArray[np.float64]
Colours = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A panorama's raster: all azimuths, column 0 beginning at the ground's north; row 0 is the uppermost.

    Attributes:
        rows, cols: Of it.
        top_deg, bottom_deg: Elevations of its edges.
    """

    rows: int
    cols: int
    top_deg: float
    bottom_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Which frames a panorama is of: at each tilt so many, evenly all round, clockwise from the camera's rest.

    Attributes:
        count: Of a ring.
        tilts_deg: Of the rings, beside the mount's own pitch.
    """

    count: int
    tilts_deg: tuple[float, ...]

    def __len__(self) -> int:
        return self.count * len(self.tilts_deg)

    def pan_tilt_rad(self, number: int) -> tuple[float, float]:
        """Return where a frame looks, from 0 on, ring by ring."""
        ring, turn = divmod(number, self.count)
        return -math.tau * turn / self.count, math.radians(self.tilts_deg[ring])


ROWS, COLS = 600, 3600
TOP_DEG, BOTTOM_DEG = 10.0, -50.0
SPAN = Span(rows=ROWS, cols=COLS, top_deg=TOP_DEG, bottom_deg=BOTTOM_DEG)
"""Of the lander's panorama: a tenth of a degree a pixel, across and up."""

TURNS = Turns(count=20, tilts_deg=(1.8, -13.2, -28.2, -43.2))
"""Eighty frames: four rings of twenty, which overlap by a fifth across and a ninth up and down."""

_FEATHER_PX = 0.5
_CLIPPED_MEAN, _DARK_NOISES = np.float32(1.0 / math.sqrt(math.tau)), np.float32(3.0)
"""Mean of noise of deviation 1 whose lower half is cut to nothing, and below how much of it a pixel counts as dark."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """One frame of a panorama.

    Attributes:
        number: Which, from 0.
        picture: What was seen.
        light: (rows, cols, 3) float32 red, green and blue radiance as the sensor had it, noise and all.
    """

    number: int
    picture: Picture
    light: Colours


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Share:
    """What a frame adds to a panorama.

    Attributes:
        rows, cols: (n,) and (m,) int64 of the window that it lies in; no column beyond the last.
        light: (n, m, 3) float32, each pixel by its weight.
        weight: (n, m) float32; zero where the frame shows nothing.
    """

    rows: npt.NDArray[np.int64]
    cols: npt.NDArray[np.int64]
    light: Colours
    weight: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panorama:
    """A panorama on the raster of its `Span`.

    Attributes:
        light: (rows, cols, 3) float32 radiance.
        shots: How many frames hold each pixel, (rows, cols) uint8.
    """

    light: Colours
    shots: npt.NDArray[np.uint8]


Noise = Callable[[int], np.random.Generator]
"""The generator of a frame's noise by its number, so that a frame is the same whichever were taken before."""

Look = Callable[[float, float], tuple[Scene, Eye]]
"""What there is to see, and from where, for a camera that is panned and tilted by so many radians."""


def shoot(
    look: Look,
    camera: CameraParams,
    sun: Sunlight,
    optics: OpticsParams,
    *,
    turns: Turns,
    cols: int,
    noise: Noise,
    wanted: Iterable[int] | None = None,
) -> Iterator[Shot]:
    """Yield the frames of a panorama, ring by ring.

    Args:
        look: By pan and tilt.
        camera: That turns.
        sun: Light.
        optics: Of the ground.
        turns: Which frames there are.
        cols: Of a frame.
        noise: By frame.
        wanted: Numbers of frames; all of them if left out.
    """
    lens = lens_of(camera, cols=cols)
    for number in range(len(turns)) if wanted is None else wanted:
        scene, eye = look(*turns.pan_tilt_rad(number))
        picture = take_picture(scene, eye, lens, sun, optics)
        tints = tints_of(scene.bodies, optics)
        yield Shot(number=number, picture=picture, light=_sensed(picture, camera, sun, tints, noise(number)))


def looks_of(place: LandingPlace, camera: CameraParams) -> Look:
    """Return what a camera on a lander has to see."""
    return lambda pan, tilt: (place.scene, eye_at(camera, place.lander, pan_rad=pan, tilt_rad=tilt))


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


def level_eye(camera: CameraParams, pose: BodyPose) -> Eye:
    """Return an eye at a camera's place that looks north, level: what a panorama's angles are counted from."""
    offset = np.array([camera.forward_m, camera.left_m, camera.up_m])
    return Eye(place_m=pose.place_m + offset @ pose.axes, axes=attitude(math.pi / 2, 0.0, 0.0))


def put_together(shots: Iterable[Shot | Share], span: Span = SPAN) -> Panorama:
    """Return the panorama of frames: where they overlap, each counts by how far it is from its edge."""
    light = np.zeros((span.rows, span.cols, 3))
    weight, count = np.zeros((span.rows, span.cols)), np.zeros((span.rows, span.cols), np.uint8)
    for shot in shots:
        share = shot if isinstance(shot, Share) else share_of(shot, span)
        window = np.ix_(share.rows, share.cols)
        light[window] += share.light
        weight[window] += share.weight
        count[window] += share.weight > 0.0
    light /= np.maximum(weight, 1e-9)[..., None]
    return Panorama(light=light.astype(np.float32), shots=count)


def from_true_north(raster: npt.NDArray[Any], grid_north_rad: float) -> npt.NDArray[Any]:
    """Return a panorama's raster turned by whole columns, so that azimuths count from true north, not the ground's.

    Args:
        raster: (rows, cols, ...), column 0 beginning at the ground's north.
        grid_north_rad: Azimuth of that, clockwise from true north.
    """
    return np.roll(raster, round(grid_north_rad / math.tau * raster.shape[1]), axis=1)


def share_of(shot: Shot, span: Span = SPAN) -> Share:
    """Return what a frame adds to a panorama."""
    lens, axes = shot.picture.lens, shot.picture.eye.axes
    rows, cols = _window(lens, axes, span)
    azimuth = math.tau * (cols + 0.5) / span.cols
    elevation = np.radians(span.top_deg - (rows + 0.5) * (span.top_deg - span.bottom_deg) / span.rows)
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
    weight = np.zeros(inside.shape, np.float32)
    weight[inside] = inwards[inside] / min(lens.rows, lens.cols)
    light = np.zeros((*inside.shape, 3), np.float32)
    # A pixel of the panorama is wider than one of the frame's: it takes the mean of those under it.
    width = max(1, round(lens.focal_px * math.tau / span.cols))
    for band in range(3):
        even = uniform_filter(shot.light[..., band], width)
        light[inside, band] = weight[inside] * map_coordinates(even, at[inside].T, order=1, mode="nearest")
    return Share(rows=rows, cols=cols % span.cols, light=light, weight=weight)


def _window(lens: Lens, axes: Floats, span: Span) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return rows and columns of the panorama that a frame may reach; columns go on past the last one."""
    half = math.atan(math.hypot(lens.cols, lens.rows) / 2.0 / lens.focal_px)
    azimuth, elevation = math.atan2(axes[0, 0], axes[0, 1]), math.asin(axes[0, 2])
    per_rad, down = span.cols / math.tau, span.rows / math.radians(span.top_deg - span.bottom_deg)
    top = math.floor((math.radians(span.top_deg) - elevation - half) * down)
    rows = np.arange(max(0, top), min(span.rows, math.ceil(top + 2 * half * down) + 1))
    steepest = min(abs(elevation) + half, math.radians(85.0))
    wide = min(math.pi, math.asin(min(1.0, math.sin(half) / math.cos(steepest))))
    first = math.floor((azimuth - wide) * per_rad)
    return rows, np.arange(first, first + min(span.cols, math.ceil(2 * wide * per_rad) + 1))
