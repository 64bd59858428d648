"""Small scenes whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sim.moon.ground import Patch
from sim.moon.optics import OpticsParams
from sim.sensors.bodies import NO_BODIES, Bodies, attitude
from sim.sensors.camera import Eye, Picture, Sunlight, take_picture
from sim.sensors.lens import Lens
from sim.sensors.scene import NO_GRAIN, Scene, build_scene

Floats = npt.NDArray[np.float64]

AU_M = 1.495978707e11
OPTICS = OpticsParams(
    normal_albedo=0.08,
    phase_b=0.24,
    phase_c=0.3,
    surge=1.5,
    surge_width=0.07,
    scattered=0.004,
    grain_slope_deg=4.0,
    grain_hurst=0.7,
    tint=(1.1, 1.0, 0.9),
    source="a test",
)


def patch_of(
    height: Callable[[Floats, Floats], Floats | float], *, half_m: float, cell_m: float, east_m: float = 0.0
) -> Patch:
    """A raster of a function of east and north, about (east_m, 0)."""
    at = np.arange(-round(half_m / cell_m), round(half_m / cell_m) + 1) * cell_m
    east, north = np.meshgrid(at + east_m, at)
    values = np.broadcast_to(np.asarray(height(east, north), np.float64), east.shape)
    return Patch(
        east_m=float(at[0] + east_m), north_m=float(at[0]), resolution_m=cell_m,
        elevation_m=values.astype(np.float32),
    )  # fmt: skip


def flat(half_m: float = 200.0, cell_m: float = 1.0, bodies: Bodies = NO_BODIES) -> Scene:
    """A level plane at height zero."""
    return scene_of(lambda e, n: 0.0 * e, half_m=half_m, cell_m=cell_m, bodies=bodies)


def scene_of(
    height: Callable[[Floats, Floats], Floats | float],
    *,
    half_m: float,
    cell_m: float,
    bodies: Bodies = NO_BODIES,
    grain: Floats = NO_GRAIN,
) -> Scene:
    """A scene of one raster."""
    return build_scene(
        [patch_of(height, half_m=half_m, cell_m=cell_m)], east_m=0.0, north_m=0.0, bodies=bodies, grain=grain
    )


def rough(seed: int, cells: int, rms_m: float) -> Floats:
    """Self-affine ground of so many nodes a side."""
    frequency = np.hypot(np.fft.fftfreq(cells)[:, None], np.fft.rfftfreq(cells)[None, :])
    frequency[0, 0] = math.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).standard_normal((cells, cells)))
    heights = np.fft.irfft2(noise * frequency**-1.8, s=(cells, cells))
    return np.asarray(heights / heights.std() * rms_m)


def sunlight(azimuth_deg: float, elevation_deg: float, distance_m: float = AU_M) -> Sunlight:
    return Sunlight(
        azimuth_rad=math.radians(azimuth_deg),
        elevation_rad=math.radians(elevation_deg),
        distance_m=distance_m,
    )


def eye(
    east_m: float,
    north_m: float,
    up_m: float,
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
) -> Eye:
    return Eye(
        place_m=np.array([east_m, north_m, up_m]),
        axes=attitude(math.radians(yaw_deg), math.radians(pitch_deg), math.radians(roll_deg)),
    )


def see(scene: Scene, where: Eye, lens: Lens, sun: Sunlight | None = None, **other: object) -> Picture:
    return take_picture(scene, where, lens, sun or sunlight(0.0, 45.0), OPTICS, **other)  # type: ignore[arg-type]


def pinhole(side: int, fov_deg: float) -> Lens:
    return Lens.centred("pinhole", rows=side, cols=side, fov_rad=math.radians(fov_deg))


def heights_at(scene: Scene, east: Floats, north: Floats) -> Floats:
    """Heights of a scene's surface at many points, by numpy; NaN off it."""
    z, _, level, shape, _, _ = scene.ground
    found = np.full(east.shape, np.nan)
    for m in reversed(range(len(level))):
        x, y = east - scene.east_m, north - scene.north_m
        inside = (x >= level[m, 3]) & (x <= level[m, 5]) & (y >= level[m, 4]) & (y <= level[m, 6])
        rows, cols, first, _ = (int(n) for n in shape[m])
        nodes = z[first : first + rows * cols].reshape(rows, cols).astype(np.float64)
        u, v = ((x - level[m, 1]) / level[m, 0])[inside], ((y - level[m, 2]) / level[m, 0])[inside]
        j, i = np.minimum(u.astype(int), cols - 2), np.minimum(v.astype(int), rows - 2)
        a, b = u - j, v - i
        south = nodes[i, j] * (1 - a) + nodes[i, j + 1] * a
        north_of = nodes[i + 1, j] * (1 - a) + nodes[i + 1, j + 1] * a
        found[inside] = south * (1 - b) + north_of * b
    return found
