"""Stereo: the depth that matching a pair of pictures gives, with its errors and its gaps.

Not a matcher run on the pictures but the law of its errors, driven by what the pictures show. The match of two windows
moves by their noise with variance 2 s2 / sum(gx2), s2 being the mean variance of a pixel's noise and gx the differences
along the row less their mean (Foerstner 1982; Matthies 1992, doi:10.1007/BF00128133): matchers take off slow shading,
which goes with the direction of view. Beside it stands a floor of what the matching itself is worth. Depth then is out
by its square over baseline and focal length. No depth is told where the noise alone would move a match by more than a
limit (on ground without texture, in deep shadow, in what is overexposed), where one eye only sees the point, and where
the window or the match leaves the pictures. A window's errors are related to its neighbours', since they share pixels.
`tests/sim/sensors/test_stereo.py` holds the law against a real matcher of blocks on the same pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.eyes import CameraParams, MatchingParams
from rover.core.strips import by_strips
from sim.moon.optics import OpticsParams
from sim.sensors.camera import Picture, Sunlight, take_picture
from sim.sensors.exposure import auto_exposure_s, electrons, noise_variance_e2
from sim.sensors.lens import Lens
from sim.sensors.mount import BodyPose, eye_at, lens_of
from sim.sensors.scene import Scene
from sim.sensors.stereo_kernels import across, box_mean, disparity_noise, match

Map = npt.NDArray[np.float32]

QUICK_COLS = 256
"""Columns of a pair that is matched on board while driving."""

_BLOCK_ROWS = 64
"""Rows whose errors have a stream of their own."""


@lru_cache(maxsize=8)
def _sights(lens: Lens) -> npt.NDArray[np.float64]:
    """Return what the pixels of a lens look at, reckoned once for pairs that look at every stop."""
    sights = lens.sights()
    sights.flags.writeable = False
    return sights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """What both eyes of a camera see.

    Attributes:
        left: Of the left eye, with light.
        right: Of the right eye; without light if only depth is wanted.
    """

    left: Picture
    right: Picture


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StereoDepth:
    """Depth as matched, seen from the left eye.

    Attributes:
        picture: Of the left eye.
        depth_m: (rows, cols) float32 distance along the optical axis; NaN where there is none.
        sigma_m: (rows, cols) float32 its standard deviation as the matcher knows it.
    """

    picture: Picture
    depth_m: Map
    sigma_m: Map

    def __post_init__(self) -> None:
        shape = self.picture.range_m.shape
        for name in ("depth_m", "sigma_m"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float32, shape, name))

    def seen_m(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return (n, 3) points forward, left and up of the left eye, and (n,) standard deviations along the axis."""
        known = np.isfinite(self.depth_m)
        lens = self.picture.lens
        sights = (_sights(lens) if lens.cols <= QUICK_COLS else lens.sights())[known]
        points = sights * (self.depth_m[known] / sights[:, 0])[:, None]
        return points, self.sigma_m[known].astype(np.float64)


def take_pair(
    scene: Scene,
    camera: CameraParams,
    pose: BodyPose,
    sun: Sunlight,
    optics: OpticsParams,
    *,
    cols: int | None = None,
    pan_rad: float = 0.0,
    tilt_rad: float = 0.0,
    both_shaded: bool = True,
) -> Pair:
    """Return what a pair of eyes sees.

    Args:
        scene, sun, optics: What there is to be seen.
        camera: With a baseline.
        pose: Of the rover.
        cols: Columns instead of the camera's own.
        pan_rad, tilt_rad: Of the mast.
        both_shaded: Whether the right picture is wanted too; for depth the left one's light is enough.

    Raises:
        CameraError: An eye is below ground.
    """
    lens = lens_of(camera, cols=cols)
    eyes = [eye_at(camera, pose, side=side, pan_rad=pan_rad, tilt_rad=tilt_rad) for side in (1.0, -1.0)]
    left, right = (
        take_picture(scene, eye, lens, sun, optics, shaded=shaded)
        for eye, shaded in zip(eyes, (True, both_shaded), strict=True)
    )
    return Pair(left=left, right=right)


def match_pair(
    pair: Pair,
    camera: CameraParams,
    matching: MatchingParams,
    sun_distance_m: float,
    generator: np.random.Generator,
    *,
    lost: float = 0.0,
) -> StereoDepth:
    """Return the depth that matching gives.

    Args:
        pair: As seen.
        camera: Baseline and noise.
        matching: How good the matcher is.
        sun_distance_m: Scales the light.
        generator: Of the errors.
        lost: Share of the pixels that a fault leaves without depth, in patches of the window's size.
    """
    left = pair.left
    exposure = auto_exposure_s(left, camera, sun_distance_m)
    light = electrons(left, camera, sun_distance_m, exposure)
    sigma = match_noise_px(light, noise_variance_e2(light, camera), matching)
    error = _related(generator, sigma.shape, matching.window_px // 2)
    depth, other = left.depth_m(), pair.right.depth_m()
    found, doubt = np.empty_like(sigma), np.empty_like(sigma)
    focal_base = left.lens.focal_px * camera.baseline_m

    def work(first: int, last: int) -> None:
        match(
            depth, other, left.part, sigma, error, focal_base, matching.least_px, matching.limit_px,
            matching.noise_px, first, last, found, doubt,
        )  # fmt: skip

    by_strips(sigma.shape[0], work)
    if lost > 0.0:
        found[_patches(generator, sigma.shape, matching.window_px) < lost] = np.nan
    return StereoDepth(picture=left, depth_m=found, sigma_m=doubt)


def match_noise_px(light: Map, variance: Map, matching: MatchingParams) -> Map:
    """Return (rows, cols) standard deviation of a match by the picture's noise; infinite without texture.

    Args:
        light: (rows, cols) float32 electrons.
        variance: (rows, cols) float32 of their noise.
        matching: For the window.
    """
    half, rows = matching.window_px // 2, light.shape[0]
    texture, ramp, noise, sigma = (np.empty_like(light) for _ in range(4))
    by_strips(rows, lambda first, last: across(light, variance, half, first, last, texture, ramp, noise))
    by_strips(rows, lambda first, last: disparity_noise(texture, ramp, noise, half, first, last, sigma))
    return sigma


def _related(generator: np.random.Generator, shape: tuple[int, int], half: int) -> Map:
    """Return normal numbers of variance 1, each the mean of a window of independent ones."""
    white = _white(generator, shape)
    turned, related = np.empty(shape[::-1], np.float32), np.empty(shape, np.float32)
    by_strips(shape[0], lambda first, last: box_mean(white, half, first, last, turned))
    by_strips(shape[1], lambda first, last: box_mean(turned, half, first, last, related))
    related *= 2 * half + 1
    return related


def _white(generator: np.random.Generator, shape: tuple[int, int]) -> Map:
    """Return independent normal numbers, a stream of its own for each block of rows: the same on any thread."""
    white = np.empty(shape, np.float32)
    seeds = generator.integers(2**63, size=-(-shape[0] // _BLOCK_ROWS))

    def work(first: int, last: int) -> None:
        for block in range(first, last):
            rows = white[block * _BLOCK_ROWS : (block + 1) * _BLOCK_ROWS]
            np.random.default_rng(seeds[block]).standard_normal(dtype=np.float32, out=rows)

    by_strips(len(seeds), work, least=1)
    return white


def _patches(generator: np.random.Generator, shape: tuple[int, int], side: int) -> Map:
    """Return uniform numbers that are the same over square patches."""
    coarse = generator.random((-(-shape[0] // side), -(-shape[1] // side)), dtype=np.float32)
    return coarse.repeat(side, axis=0).repeat(side, axis=1)[: shape[0], : shape[1]]
