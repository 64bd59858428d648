"""Cameras: an eye somewhere, a lens, and the picture that it gets of a scene in sunlight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import SUN_RADIUS_M
from rover.core.errors import CameraError
from rover.core.strips import by_strips
from sim.moon.optics import OpticsParams
from sim.sensors.image_kernels import TILE, see
from sim.sensors.lens import PROJECTIONS, Lens
from sim.sensors.photometry import phase_table
from sim.sensors.scene import NO_GRAIN, Scene

Floats = npt.NDArray[np.float64]

_FINER_THAN_PIXEL = 0.25
"""Levels whose cells are finer than this share of the nearest pixel's footprint are left out."""


_MOST_TILES = 4
"""Rows of tiles that a thread takes at once. Sky costs little and the horizon much, and who ends last is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eye:
    """Where a camera is and which way it looks.

    Attributes:
        place_m: (3,) east and north in the ground's frame, and height above its datum.
        axes: (3, 3) unit vectors forward, left and up as rows, each east, north and up.
    """

    place_m: Floats
    axes: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "place_m", locked(self.place_m, np.float64, (3,), "place_m"))
        object.__setattr__(self, "axes", locked(self.axes, np.float64, (3, 3), "axes"))
        if not np.allclose(self.axes @ self.axes.T, np.eye(3), atol=1e-9):
            raise ValueError("axes are not at right angles and of unit length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sunlight:
    """Where the Sun is, seen from the scene.

    Attributes:
        azimuth_rad: Clockwise from the ground's north.
        elevation_rad: Of its centre above the level plane.
        distance_m: Gives its size.
    """

    azimuth_rad: float
    elevation_rad: float
    distance_m: float

    @property
    def direction(self) -> Floats:
        """(3,) unit vector east, north, up."""
        level = math.cos(self.elevation_rad)
        return np.array(
            [
                level * math.sin(self.azimuth_rad),
                level * math.cos(self.azimuth_rad),
                math.sin(self.elevation_rad),
            ]
        )

    def for_kernels(self) -> Floats:
        """Return `sun` as `sim.sensors.image_kernels` takes it."""
        radius = math.asin(SUN_RADIUS_M / self.distance_m)
        low, middle, high = (
            math.tan(min(max(self.elevation_rad + share * radius, -1.57), 1.57)) for share in (-1.0, 0.0, 1.0)
        )
        ahead = math.sin(self.azimuth_rad), math.cos(self.azimuth_rad)
        return np.array([*self.direction, middle, *ahead, low, high])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """What an eye sees, before any sensor.

    Attributes:
        lens, eye: It was seen through.
        radiance: (rows, cols) float32 radiance factor I/F, sunlight at 1 au being 1 on a white surface; zeros where it
            was not asked for.
        range_m: (rows, cols) float32 along each pixel's ray; infinite in the sky.
        part: (rows, cols) int16 index into the scene's bodies, -1 for ground, -2 for sky.
        lit: (rows, cols) float32 share of the Sun's disc seen by what a pixel shows, or None.
    """

    lens: Lens
    eye: Eye
    radiance: npt.NDArray[np.float32]
    range_m: npt.NDArray[np.float32]
    part: npt.NDArray[np.int16]
    lit: npt.NDArray[np.float32] | None = None

    def depth_m(self) -> npt.NDArray[np.float32]:
        """Return (rows, cols) distance along the optical axis."""
        return np.asarray(self.range_m * self.lens.axis_cosines())

    def points_m(self) -> Floats:
        """Return (rows, cols, 3) east, north and height of what each pixel shows; NaN in the sky."""
        far = np.where(np.isfinite(self.range_m), self.range_m, np.nan).astype(np.float64)
        return np.asarray(self.eye.place_m + far[..., None] * (self.lens.sights() @ self.eye.axes))


def take_picture(
    scene: Scene,
    eye: Eye,
    lens: Lens,
    sun: Sunlight,
    optics: OpticsParams,
    *,
    shaded: bool = True,
    lit: bool = False,
    samples: int = 1,
) -> Picture:
    """Return what an eye sees of a scene.

    Args:
        scene: Ground and bodies.
        eye: Above the ground.
        lens: Of the camera.
        sun: A Sun below the horizon gives no light.
        optics: Of the ground.
        shaded: Whether radiance is wanted; without it shadows and light cost nothing.
        lit: Whether the share of the Sun's disc is wanted too.
        samples: Rays along each side of a pixel whose radiance is averaged; ranges are those of the upper left one.

    Raises:
        CameraError: The eye is in or under the ground.
    """
    require_above(scene, eye)
    fine = lens.scaled(samples) if samples > 1 else lens
    shape = fine.rows, fine.cols
    nothing = np.zeros((0, 0), np.float32)
    radiance = np.zeros(shape, np.float32) if shaded else nothing
    share = np.zeros(shape, np.float32) if lit else nothing
    distance, part = np.empty(shape, np.float32), np.empty(shape, np.int16)
    place = eye.place_m - np.array([scene.east_m, scene.north_m, 0.0])
    seen_by = np.concatenate([place, eye.axes.ravel()])
    through = np.array([PROJECTIONS[fine.projection], fine.focal_px, fine.centre_row, fine.centre_col])
    figures = np.array(
        [optics.normal_albedo, optics.scattered, 1.0 / fine.focal_px, scene.east_m, scene.north_m]
    )
    table, light = phase_table(optics), sun.for_kernels()
    grain = scene.grain if shaded else NO_GRAIN
    finest = _finest(scene, place, fine)

    def work(first: int, last: int) -> None:
        see(
            scene.ground, scene.bodies.arrays, grain, table, through, seen_by, light, figures, finest, shaded or lit,
            (first, last), _room(len(scene.bodies.arrays[0])), radiance, distance, part, share,
        )  # fmt: skip

    by_strips(-(-fine.rows // TILE), work, least=2, most=_MOST_TILES)
    picture = Picture(
        lens=fine,
        eye=eye,
        radiance=radiance if shaded else np.zeros(shape, np.float32),
        range_m=distance,
        part=part,
        lit=share if lit else None,
    )
    return picture if samples == 1 else _averaged(picture, lens, samples)


def _room(bodies: int) -> tuple[npt.NDArray[Any], ...]:
    """Return the arrays that a thread works in, tile by tile: `room` of `sim.sensors.image_kernels.see`."""
    pixels = TILE * TILE
    which = np.empty((2, pixels), np.int64)
    ways = np.empty((2, pixels, 3))
    return ways[0], np.empty(pixels), ways[1], which[0], which[1], np.empty(max(1, bodies), np.int64)


def _averaged(picture: Picture, lens: Lens, samples: int) -> Picture:
    blocks = picture.radiance.reshape(lens.rows, samples, lens.cols, samples)
    share = picture.lit
    return Picture(
        lens=lens,
        eye=picture.eye,
        radiance=blocks.mean(axis=(1, 3), dtype=np.float32),
        range_m=np.ascontiguousarray(picture.range_m[::samples, ::samples]),
        part=np.ascontiguousarray(picture.part[::samples, ::samples]),
        lit=None if share is None else np.ascontiguousarray(share[::samples, ::samples]),
    )


def _finest(scene: Scene, place: Floats, lens: Lens) -> int:
    """Return the finest level worth looking at: not far finer than a pixel's footprint where it is nearest."""
    level = scene.ground[2]
    for m in range(len(level) - 1):
        west, south, east, north, top = level[m, 3:8]
        away = math.dist(
            place, (np.clip(place[0], west, east), np.clip(place[1], south, north), min(place[2], top))
        )
        if level[m, 0] >= _FINER_THAN_PIXEL * away / lens.focal_px:
            return m
    return len(level) - 1


def require_above(scene: Scene, eye: Eye) -> None:
    """Refuse an eye that is in or under the ground.

    Raises:
        CameraError: Saying by how much.
    """
    over = float(eye.place_m[2] - height_at(scene, float(eye.place_m[0]), float(eye.place_m[1])))
    if over <= 0.0:
        raise CameraError(
            f"the camera is {-over:.3f} m below ground", remedy="place it higher", field="eye.place_m",
            value=[round(float(v), 3) for v in eye.place_m],
        )  # fmt: skip


def height_at(scene: Scene, east_m: float, north_m: float) -> float:
    """Return the height of the scene's ground at a place, curvature included; -inf where there is none."""
    z, _, level, shape, _, _ = scene.ground
    x, y = east_m - scene.east_m, north_m - scene.north_m
    for m in range(len(level)):
        if level[m, 3] <= x <= level[m, 5] and level[m, 4] <= y <= level[m, 6]:
            u, v = (x - level[m, 1]) / level[m, 0], (y - level[m, 2]) / level[m, 0]
            rows, cols, first, _ = (int(n) for n in shape[m])
            j, i = min(int(u), cols - 2), min(int(v), rows - 2)
            a, b = u - j, v - i
            south, north = first + i * cols + j, first + (i + 1) * cols + j
            found = (1 - b) * ((1 - a) * z[south] + a * z[south + 1]) + b * (
                (1 - a) * z[north] + a * z[north + 1]
            )
            return -math.inf if math.isnan(found) else float(found)
    return -math.inf
